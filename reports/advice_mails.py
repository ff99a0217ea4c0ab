"""Advice on what customers write: what they leave out, what they are asked in vain, what gets a notice. Pure.

Promises: an advice says that it spares requests only by tickets that lacked this one item and nothing else; where these are
too few, it says in how many more the item would be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.book import halves
from reports.comparing import (
    Advice,
    Rate,
    against_rest,
    deviations_for,
    less,
    low,
    part_of,
    rates_of,
    shares_of,
    surely_above,
    surely_below,
)
from reports.figures import Cell
from reports.intervals import wilson
from reports.trend import ENOUGH, Part, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.figures import Figures

LEAST = 1.0  # of a gain: what surely spares less than one ticket is not worth a sentence
_SELDOM = 0.5  # a question that is surely answered less often than this
_OFTEN = 1 / 3  # a share that is worth a line of what customers are shown
_NOTICES = ("split", "out_of_scope", "not_disclosed", "other_account")
_NONE = Part(0, 0)


def of_questions(figures: Figures) -> Iterator[Advice]:
    """Questions that customers surely answer seldom, and less often than the others."""
    rates = rates_of(figures, "item", "item_answered", "item_due")
    for item, rate in against_rest(rates).items():
        change = surely_below(rate, len(rates))
        is_seldom = (wilson(*rate.own, deviations_for(len(rates))).high or 1.0) < _SELDOM
        if change > 0 and is_seldom:
            asked = figures.count("item_asked", "item", item)
            yield Advice(
                code="question_unanswered",
                names={"item": item},
                numbers={"asked": asked, "due": rate.own.of, "answered": rate.own.hits, **shares_of(rate)},
                gain=change * rate.own.of,
                unit="answers",
                cell=Cell("item_due", "item", item),
                cells={"due": Cell("item_due", "item", item), "answered": Cell("item_answered", "item", item)},
            )


def of_groups_that_lack(figures: Figures) -> Iterator[Advice]:
    """Customers and products whose mails leave an item out, or unclear, more often than the others'.

    What is unclear counts: who never says since when often says "recently". The others' mails are read by the same models.
    """
    everywhere = rates_of(figures, "item", "not_given", "needed")
    answers = _answers(figures)
    for group_dimension in ("domain", "product"):
        dimension = f"{group_dimension}_item"
        rates = rates_of(figures, dimension, "not_given", "needed")
        for value, own in rates.items():
            group, item = halves(value)
            rate = Rate(own, less(everywhere.get(item, _NONE), own))
            change = surely_above(rate, len(rates))
            if change > 0:
                lacking = figures.count("lacking", dimension, value)
                there = change * own.of
                requests = _requests_spared(figures, dimension, value, own.of, answers.get(item, _NONE))
                yield Advice(
                    code=f"{group_dimension}_{'lacks' if lacking else 'unclear'}",
                    names={group_dimension: group, "item": item},
                    numbers={
                        "needed": own.of,
                        "not_given": own.hits,
                        **_counts(figures, dimension, value, "lacking", "unsure", "lacking_only"),
                        **shares_of(rate),
                    },
                    gain=requests or there,
                    unit="requests" if requests else "clear",
                    besides=there if requests else 0.0,
                    cell=Cell("not_given", dimension, value),
                    cells=_cells(dimension, value, "needed", "not_given", "lacking", "unsure", "lacking_only"),
                )


def of_forms(figures: Figures) -> Iterator[Advice]:
    """Items that a category's mails surely lack often, and that customers give when asked: worth a line where they look."""
    rates = rates_of(figures, "category_item", "lacking", "needed")
    answers = _answers(figures)
    deviations = deviations_for(len(rates))
    for value, own in rates.items():
        category, item = halves(value)
        answered = answers.get(item, _NONE)
        if low(own, deviations) < _OFTEN or not answered.of:
            continue
        there = low(own) * low(answered) * own.of
        requests = _requests_spared(figures, "category_item", value, own.of, answered)
        yield Advice(
            code="category_lacks",
            names={"category": category, "item": item},
            numbers={
                "needed": own.of,
                "lacking": own.hits,
                **_counts(figures, "category_item", value, "lacking_only"),
                **shares_of(Rate(own, _rest_of_item(rates, item, own))),
                "answer_share": answered.hits / answered.of,
            },
            gain=requests or there,
            unit="requests" if requests else "clear",
            besides=there if requests else 0.0,
            cell=Cell("lacking", "category_item", value),
            cells=_cells("category_item", value, "needed", "lacking", "lacking_only"),
        )


def of_notices(figures: Figures) -> Iterator[Advice]:
    """Customers and products whose mails get a notice more often than the others': split, out of scope and the like."""
    for dimension in ("domain", "product"):
        for measure in _NOTICES:
            total = part_of(figures.count(measure), figures.count("people"))
            rates = rates_of(figures, dimension, measure, "people")
            for value, own in rates.items():
                rate = Rate(own, less(total, own))
                change = surely_above(rate, len(rates) * len(_NOTICES))
                if change > 0:
                    yield Advice(
                        code=f"{dimension}_notice",
                        names={dimension: value, "measure": measure},
                        numbers={"people": own.of, "count": own.hits, **shares_of(rate)},
                        gain=change * own.of,
                        unit="notices",
                        cell=Cell(measure, dimension, value),
                        cells={"people": Cell("people", dimension, value), "count": Cell(measure, dimension, value)},
                    )


def _answers(figures: Figures) -> dict[str, Part]:
    """How often items are given when they are asked for; of few nothing is known."""
    found = rates_of(figures, "item", "item_answered", "item_due")
    return {item: part for item, part in found.items() if part.of >= ENOUGH}


def _requests_spared(figures: Figures, dimension: str, value: str, needed: int, answered: Part) -> float:
    """How many requests are not needed if customers write the item at once; 0 where that is not surely one.

    A request is spared where this item alone was missing and customers give it when they are asked; both by the lower bound.
    """
    alone = part_of(figures.count("lacking_only", dimension, value), needed)
    requests = low(alone) * low(answered) * needed
    return requests if requests >= LEAST else 0.0


def _counts(figures: Figures, dimension: str, value: str, *measures: str) -> dict[str, float]:
    return {measure: figures.count(measure, dimension, value) for measure in measures}


def _cells(dimension: str, value: str, *measures: str) -> dict[str, Cell]:
    return {measure: Cell(measure, dimension, value) for measure in measures}


def _rest_of_item(rates: Mapping[str, Part], item: str, own: Part) -> Part:
    """What other categories' mails did with an item."""
    return less(whole([rate for value, rate in rates.items() if halves(value)[1] == item]), own)
