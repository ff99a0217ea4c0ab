"""The changes that would help most, each with its numbers; none where nothing is sure. Pure.

Promises: what an advice would spare (`gain`) is the lower bound of a 95 % interval, never more than the tickets or letters it
is about. Chance gives none: one mail of one is nothing, and whether somebody stands out is asked of an interval as wide as the
number of candidates needs (Bonferroni), so that of a hundred reports in which nobody does fewer than five give an advice of a sort.

Whoever is compared (a customer, a product, a category, a question) is compared with all the others of this report. Words are
chosen elsewhere (`reports.words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from models.controls import Judgement
from reports.counting import SEPARATOR
from reports.drift import corrected_line, should_train
from reports.figures import Cell
from reports.intervals import difference, normal_quantile, wilson
from reports.trend import BAD, ENOUGH, Part, share_line, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.figures import Figures, Report

_MOST_OF_A_CODE = 2
_LEAST = 1.0  # of the gain: what surely spares less than one ticket is not worth a sentence
_ERROR = 0.05  # chance that a sort of advice is given where nothing stands out
_FEWEST = 5  # of a group; smaller ones are not looked at, so that the others' intervals need not be wider for them
_SELDOM = 0.5  # a question that is surely answered less often than this
_OFTEN = 1 / 3  # a share that is worth a field of a form
_REWORKED = 0.2  # share of letters that agents surely rework, from which their text wants a look
_TRUSTED = 0.85  # the pack's least wanted precision (docs/decisions/0012): surely that many were right
_WRONG = 0.05  # share of letters that surely were wrong and went
_LOST = 0.02  # share of letters that surely did not arrive
# What one of the gain is worth: a ticket that is asked back costs a day and two people's minutes, a wrong letter a customer's trust,
# a click on "release" some seconds.
_WORTH = {"kind_wrong": 2.0, "kind_let_go": 0.25, "kind_hold_less": 0.25, "kind_reworked": 0.5}
_NOTICES = ("split", "out_of_scope", "not_disclosed", "other_account")
_LACKS = {"domain": "domain_lacks", "product": "product_lacks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One change that would help."""

    code: str
    names: Mapping[str, str]  # ids: item, product, domain, category, kind, measure, reasons
    numbers: Mapping[str, float]  # shares in [0, 1]
    gain: float  # tickets or letters of a period this long that it would surely spare
    cell: Cell  # what to look into


class Rate(NamedTuple):
    """A group against the rest: how often, of how many."""

    own: Part
    rest: Part


def advice(report: Report, most: int = 3) -> tuple[Advice, ...]:
    """The changes that would help most, the best first: at most two of a sort, one for each item or customer of a sort."""
    figures = report.figures
    found = [
        *_of_questions(figures),
        *_of_groups_that_lack(figures),
        *_of_forms(figures),
        *_of_notices(figures),
        *_of_kinds(figures),
        *_of_lost_letters(figures),
        *_of_training(report),
    ]
    found.sort(key=lambda one: (-one.gain * _WORTH.get(one.code, 1.0), one.code, one.cell))
    chosen: list[Advice] = []
    said: set[tuple[str, str, str]] = set()
    for one in found:
        keys = {(one.code, name, value) for name, value in one.names.items() if name != "measure"}
        if (
            one.gain >= _LEAST
            and said.isdisjoint(keys)
            and sum(other.code == one.code for other in chosen) < _MOST_OF_A_CODE
        ):
            chosen.append(one)
            said |= keys
    return tuple(chosen[:most])


def _of_questions(figures: Figures) -> Iterator[Advice]:
    """Questions that customers surely answer seldom, and less often than the others."""
    rates = _rates(figures, "item", "item_answered", "item_due")
    for item, rate in _against_rest(rates).items():
        change = _surely_below(rate, len(rates))
        is_seldom = (wilson(*rate.own, _deviations(len(rates))).high or 1.0) < _SELDOM
        if change > 0 and is_seldom:
            asked = figures.count("item_asked", "item", item)
            yield Advice(
                code="question_unanswered",
                names={"item": item},
                numbers={"asked": asked, "due": rate.own.of, "answered": rate.own.hits, **_shares(rate)},
                gain=change * rate.own.of,
                cell=Cell("item_due", "item", item),
            )


def _of_groups_that_lack(figures: Figures) -> Iterator[Advice]:
    """Customers and products whose mails leave an item out, or unclear, more often than the others'.

    What is unclear counts: who never says since when often says "recently". The others' mails are read by the same models.
    """
    everywhere = _not_given(figures, "item")
    for dimension, code in _LACKS.items():
        rates = _not_given(figures, f"{dimension}_item")
        for value, own in rates.items():
            group, _, item = value.partition(SEPARATOR)
            rate = Rate(own, _less(everywhere[item], own))
            change = _surely_above(rate, len(rates))
            if change > 0:
                lacking, unsure = (
                    figures.count(measure, f"{dimension}_item", value) for measure in ("lacking", "unsure")
                )
                yield Advice(
                    code=code,
                    names={dimension: group, "item": item},
                    numbers={"needed": own.of, "lacking": own.hits, "unsure": unsure, **_shares(rate)},
                    gain=change * own.of,
                    cell=Cell("lacking" if lacking >= unsure else "unsure", f"{dimension}_item", value),
                )


def _of_forms(figures: Figures) -> Iterator[Advice]:
    """Items that a category's mails surely lack often, and that customers give when asked: worth a field of the contact form."""
    rates = _rates(figures, "category_item", "lacking", "needed")
    answers = _rates(figures, "item", "item_answered", "item_due")
    deviations = _deviations(len(rates))
    for value, own in rates.items():
        category, _, item = value.partition(SEPARATOR)
        answered = answers.get(item, Part(0, 0))
        if _low(own, deviations) >= _OFTEN and answered.of >= ENOUGH:
            rest = _rest_of_item(rates, item, own)
            numbers = {"needed": own.of, "lacking": own.hits, **_shares(Rate(own, rest))}
            numbers["answer_share"] = answered.hits / answered.of
            yield Advice(
                code="category_lacks",
                names={"category": category, "item": item},
                numbers=numbers,
                gain=_low(own) * _low(answered) * own.of,
                cell=Cell("lacking", "category_item", value),
            )


def _of_notices(figures: Figures) -> Iterator[Advice]:
    """Customers and products whose mails get a notice more often than the others': split, out of scope and the like."""
    for dimension in ("domain", "product"):
        for measure in _NOTICES:
            total = Part(figures.count(measure), figures.count("people"))
            rates = _rates(figures, dimension, measure, "people")
            for value, own in rates.items():
                rate = Rate(own, _less(total, own))
                change = _surely_above(rate, len(rates) * len(_NOTICES))
                if change > 0:
                    yield Advice(
                        code=f"{dimension}_notice",
                        names={dimension: value, "measure": measure},
                        numbers={"people": own.of, "count": own.hits, **_shares(rate)},
                        gain=change * own.of,
                        cell=Cell(measure, dimension, value),
                    )


def _of_kinds(figures: Figures) -> Iterator[Advice]:
    """Kinds of letters that may go more freely, or less."""
    kinds = figures.by("letters", "kind")
    deviations = _deviations(len(kinds))
    for kind in kinds:
        yield from _of_held(figures, kind, deviations)
        yield from _of_shown(figures, kind, deviations)
        went = figures.count("went", "kind", kind) + figures.count("went_by_hand", "kind", kind)
        wrong = Part(figures.count("heard_wrong", "kind", kind), went)
        if _low(wrong, deviations) > _WRONG:
            numbers: dict[str, float] = {"went": went, "heard_wrong": wrong.hits}
            numbers |= {measure: figures.count(measure, "kind", kind) for measure in ("objected", "repeated")}
            yield _of_kind("kind_wrong", kind, wrong, "heard_wrong", numbers=numbers)


def _of_held(figures: Figures, kind: str, deviations: float) -> Iterator[Advice]:
    """What agents made of the letters that waited for them."""
    judged = {judgement: figures.count(f"judged_{judgement.value}", "kind", kind) for judgement in Judgement}
    shown = judged[Judgement.RIGHT]
    released, edited, discarded = (judged[one] for one in (Judgement.RELEASED, Judgement.EDITED, Judgement.DISCARDED))
    went = figures.count("went", "kind", kind)
    count = sum(judged.values()) - shown
    fine, reworked = Part(released, count), Part(edited + discarded, count)
    numbers: dict[str, float]
    if _low(fine, deviations) >= _TRUSTED:
        code = "kind_hold_less" if went else "kind_let_go"
        numbers = {"judged": count, "released": released, "went": went}
        yield _of_kind(code, kind, fine, "judged_released", numbers=numbers)
    if _low(reworked, deviations) > _REWORKED:
        measure = "judged_edited" if edited >= discarded else "judged_discarded"
        numbers = {"judged": count, "edited": edited, "discarded": discarded}
        yield _of_kind("kind_reworked", kind, reworked, measure, numbers=numbers)


def _of_shown(figures: Figures, kind: str, deviations: float) -> Iterator[Advice]:
    """Letters that were only shown, and that agents call right."""
    hits = figures.count("judged_right", "kind", kind)
    right = Part(hits, hits + figures.count("judged_wrong", "kind", kind))
    shadow = figures.count("letters_shadow", "kind", kind)
    if _low(right, deviations) >= _TRUSTED:
        numbers = {"judged": right.of, "right": right.hits, "shadow": shadow}
        yield _of_kind("kind_shadow_right", kind, right, "letters_shadow", of=shadow, numbers=numbers)


def _of_kind(
    code: str, kind: str, found: Part, measure: str, *, numbers: Mapping[str, float], of: int | None = None
) -> Advice:
    """An advice on letters of a kind: the lower bound of the share that was found, of so many."""
    return Advice(
        code=code,
        names={"kind": kind},
        numbers={**numbers, "share": found.hits / found.of},
        gain=_low(found) * (found.of if of is None else of),
        cell=Cell(measure, "kind", kind),
    )


def _of_lost_letters(figures: Figures) -> Iterator[Advice]:
    """Letters that came back, or could not be sent."""
    bounced, failed = figures.by("letters_bounced", "kind"), figures.by("letters_failed", "kind")
    went = sum(sum(figures.by(measure, "kind").values()) for measure in ("went", "went_by_hand"))
    tried = went + sum(failed.values())
    for code, counts, base, of in (
        ("letters_bounced", bounced, "went", went),
        ("letters_failed", failed, "tried", tried),
    ):
        lost = Part(sum(counts.values()), of)
        if _low(lost) > _LOST:
            numbers = {base: of, code.removeprefix("letters_"): lost.hits}
            yield _of_kind(code, next(iter(counts)), lost, code, numbers=numbers)


def _of_training(report: Report) -> Iterator[Advice]:
    """To train again, where readings were corrected or held so much more often that it can be told in tickets."""
    reasons = should_train(report)
    lines = {"corrected": corrected_line(report), "held": share_line("held", report, "people", BAD)}
    people = report.figures.count("people")
    spared = {
        name: min(1.0, difference(line.now, line.usual).low or 0.0) * people
        for name, line in lines.items()
        if name in reasons
    }
    if not spared:
        return
    best = max(spared, key=lambda name: spared[name])
    numbers: dict[str, float] = {"people": people}
    for name, line in lines.items():
        numbers |= {name: line.now.value or 0.0, f"{name}_usual": line.usual.value or 0.0}
    yield Advice(
        code="train_again",
        names={"reasons": ",".join(reasons)},
        numbers=numbers,
        gain=spared[best],
        cell=Cell(best),
    )


def _rates(figures: Figures, dimension: str, measure: str, base: str) -> dict[str, Part]:
    """How often, of how many, by value of a dimension; small ones left out."""
    hits = figures.by(measure, dimension)
    bases = figures.by(base, dimension).items()
    return {value: Part(hits.get(value, 0), of) for value, of in bases if of >= _FEWEST}


def _not_given(figures: Figures, dimension: str) -> dict[str, Part]:
    """How often an item was missing or unclear."""
    missing, unclear = (_rates(figures, dimension, measure, "needed") for measure in ("lacking", "unsure"))
    return {value: Part(part.hits + unclear[value].hits, part.of) for value, part in missing.items()}


def _against_rest(rates: Mapping[str, Part]) -> dict[str, Rate]:
    """Each of them beside all others."""
    total = whole(list(rates.values()))
    return {value: Rate(own, _less(total, own)) for value, own in rates.items()}


def _rest_of_item(rates: Mapping[str, Part], item: str, own: Part) -> Part:
    """What other categories' mails did with an item."""
    return _less(whole([rate for value, rate in rates.items() if value.partition(SEPARATOR)[2] == item]), own)


def _less(total: Part, own: Part) -> Part:
    return Part(total.hits - own.hits, total.of - own.of)


def _shares(rate: Rate) -> dict[str, float]:
    own, rest = wilson(*rate.own).value, wilson(*rate.rest).value
    return {"share": own or 0.0} | ({"rest_share": rest} if rest is not None else {})


def _low(part: Part, deviations: float | None = None) -> float:
    """The lower bound of a share; 0 of nothing."""
    return (wilson(*part) if deviations is None else wilson(*part, deviations)).low or 0.0


def _surely_above(rate: Rate, candidates: int) -> float:
    """By how much the share exceeds that of the rest, by the lower bound; 0 where it is not surely the worst of so many.

    Who stands out is found by the wide interval, how much that is told by the usual one: else the same tickets would weigh less
    where there are more customers.
    """
    deviations = _deviations(candidates)
    change = difference(wilson(*rate.own, deviations), wilson(*rate.rest, deviations))
    if rate.rest.of < ENOUGH or (change.low or 0.0) <= 0:
        return 0.0
    return difference(wilson(*rate.own), wilson(*rate.rest)).low or 0.0


def _surely_below(rate: Rate, candidates: int) -> float:
    """The same of what falls short."""
    turned = Rate(*(Part(part.of - part.hits, part.of) for part in rate))
    return _surely_above(turned, candidates)


def _deviations(candidates: int) -> float:
    """How wide an interval must be, in standard deviations, where so many are looked at to find the worst."""
    return normal_quantile(1 - _ERROR / max(1, candidates))
