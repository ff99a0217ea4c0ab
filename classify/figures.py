"""Figures over mails read and labelled: shares with intervals, precision and recall by label, confusion, reliability, coverage. Pure.

Shares are of mails; the F1 of a label is the mean of the F1 of present and of absent. Intervals are bootstrap percentiles
(95 %) over mails.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classify.precision import curve_of
from models.assessment import FACETS_OF_KIND, Facet, Section
from models.decision import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from classify.labelled import LabelledMail
    from classify.precision import PrecisionCurve
    from models.assessment import Assessment
    from models.decision import Decision, LetterKind

_ROUNDS = 400
BINS = 8
COVERAGES = (1.0, 0.9, 0.8, 0.6)
WANTED = (0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One mail as labelled and as read."""

    truth: LabelledMail
    seen: Assessment
    decision: Decision
    right: Decision  # what the same rules decide on the labels

    @property
    def is_right(self) -> bool:
        """The disposition is the one that the labels lead to."""
        return self.decision.disposition is self.right.disposition

    @property
    def asks_in_vain(self) -> bool:
        """A letter would go out by itself that asks for what the mail holds or answers."""
        return self.is_request and bool(self._there & {*self.decision.missing})

    @property
    def is_right_letter(self) -> bool:
        """Nobody would take the letter back: the disposition is right, and it asks for nothing that the mail holds or answers."""
        return self.is_right and not self._there & {*self.decision.missing, *self.decision.asked_along}

    @property
    def _there(self) -> frozenset[str]:
        """The items that the mail holds or answers, by the labels."""
        sections = {section.value for section in self.truth.sections | self.truth.answered}
        return frozenset(sections | {f"facet:{facet.value}" for facet in self.truth.facets})

    @property
    def is_request(self) -> bool:
        """A request for information would go out by itself."""
        return self.decision.disposition is Disposition.REQUEST_INFORMATION and not self.decision.hold


def report(reads: Sequence[Read]) -> Iterator[str]:
    """Every figure, a line each."""
    yield share("issue count exact", [len(r.seen.issues) == len(r.truth.issues) for r in reads])
    yield share("category of the first issue", [_first(r) for r in reads if r.truth.issues])
    yield share("products exact (all issues together)", [_products(r) for r in reads])
    yield share("symptom kind", [r.seen.symptom_kind == r.truth.kind for r in reads])
    yield share("several accounts", [r.seen.multiple_accounts == r.truth.multiple_accounts for r in reads])
    yield share("refers elsewhere", [r.seen.refers_elsewhere == r.truth.refers_elsewhere for r in reads])
    yield share("language", [r.seen.language == r.truth.language for r in reads])
    yield share("link of the evidence", _links(reads, Section.EVIDENCE))
    yield share("link of the goal", _links(reads, Section.GOAL))
    yield share("disposition", [r.is_right for r in reads])
    yield share("  of those not held for an agent", [r.is_right for r in reads if not r.decision.hold])
    yield share("letters that ask for what is there (less is better)", [r.asks_in_vain for r in reads if r.is_request])
    yield _items(reads)
    yield from _labels("sections", section_pairs(reads))
    yield from _labels("facets, of the right kind", facet_pairs(reads))
    yield from _confusion("category of the first issue", _categories(reads))
    yield from _confusion("symptom kind", [(str(r.truth.kind), str(r.seen.symptom_kind)) for r in reads])
    yield from _confusion("disposition", [(r.right.disposition.value, r.decision.disposition.value) for r in reads])
    yield "reliability of the confidence: mean said, share right, mails"
    yield from (f"  {said:.2f}  {right:.2f}  {n}" for said, right, n in reliability(reads))
    yield "wrong dispositions among the surest mails: share of mails, share wrong"
    yield from (f"  {part:.0%}  {wrong:.3f}" for part, wrong in error_at_coverage(reads))


def headline(reads: Sequence[Read]) -> dict[str, float]:
    """The figures that the learning curve follows."""
    return {
        "sections, macro-F1": macro_f1(section_pairs(reads)),
        "facets, macro-F1": macro_f1(facet_pairs(reads)),
        "category of the first issue": float(np.mean([_first(r) for r in reads if r.truth.issues])),
        "symptom kind": float(np.mean([r.seen.symptom_kind == r.truth.kind for r in reads])),
        "issue count": float(np.mean([len(r.seen.issues) == len(r.truth.issues) for r in reads])),
        "disposition": float(np.mean([r.is_right for r in reads])),
    }


def section_pairs(reads: Sequence[Read]) -> dict[str, list[tuple[bool, bool]]]:
    """(truth, said) of each section in every mail."""
    return {s.value: [(s in r.truth.sections, r.seen.sections[s].present) for r in reads] for s in Section}


def facet_pairs(reads: Sequence[Read]) -> dict[str, list[tuple[bool, bool]]]:
    """(truth, said) of each facet in the mails whose kind was read right."""
    pairs: dict[str, list[tuple[bool, bool]]] = {facet.value: [] for facet in Facet}
    for r in reads:
        if r.truth.kind is not None and r.truth.kind == r.seen.symptom_kind:
            for facet in FACETS_OF_KIND[r.truth.kind]:
                pairs[facet.value].append((facet in r.truth.facets, r.seen.facets[facet].present))
    return {name: found for name, found in pairs.items() if found}


def macro_f1(pairs: dict[str, list[tuple[bool, bool]]]) -> float:
    """The mean over the labels."""
    return float(np.mean([f1(found) for found in pairs.values()])) if pairs else 1.0


def f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Mean of the F1 of present and of absent; a side that never occurs and is never said counts 1."""
    return (_side(pairs, side=True)[2] + _side(pairs, side=False)[2]) / 2


def reliability(reads: Sequence[Read], bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, mails) in groups of equal size by said confidence, the least sure first."""
    ordered = sorted(reads, key=lambda r: r.decision.confidence)
    groups = [group for group in np.array_split(np.arange(len(ordered)), bins) if len(group)]
    return [
        (
            float(np.mean([ordered[place].decision.confidence for place in group])),
            float(np.mean([ordered[place].is_right for place in group])),
            len(group),
        )
        for group in groups
    ]


def error_at_coverage(reads: Sequence[Read], coverages: Iterable[float] = COVERAGES) -> list[tuple[float, float]]:
    """(share of mails, share of wrong dispositions among the surest of them)."""
    ordered = sorted(reads, key=lambda r: -r.decision.confidence)
    return [
        (part, float(np.mean([not r.is_right for r in ordered[: max(1, round(part * len(ordered)))]])))
        for part in coverages
        if ordered
    ]


def letter_curves(reads: Iterable[Read]) -> dict[LetterKind, PrecisionCurve]:
    """The precision of the letters that the mails call for, held for an agent or not, by kind of letter."""
    pairs: dict[LetterKind, list[tuple[float, bool]]] = {}
    for r in reads:
        if r.decision.letter is not None:
            pairs.setdefault(r.decision.letter, []).append((r.decision.confidence, r.is_right_letter))
    return {kind: curve_of(kind, found) for kind, found in sorted(pairs.items())}


def letters_report(curves: Mapping[LetterKind, PrecisionCurve], wanted: Sequence[float] = WANTED) -> Iterator[str]:
    """From which confidence on letters go by themselves, for each kind and wanted precision."""
    yield "letters: wanted precision, threshold, measured precision, its 95 % lower bound, share of letters that go, letters"
    for kind, curve in curves.items():
        every = curve.steps[0]
        yield f"  {kind.value:<22} all: {every.precision:.3f}  {every.at_least:.3f}  n {every.letters}"
        for precision in wanted:
            threshold = curve.threshold_for(precision)
            step = None if threshold is None else curve.at(threshold)
            yield f"    {precision:.2f}  " + (
                f"{step.threshold:.2f}  {step.precision:.3f}  {step.at_least:.3f}"
                f"  {curve.coverage_at(threshold):>4.0%}  n {step.letters}"
                if step
                else "none: every letter waits for an agent"
            )


def share(name: str, hits: Sequence[bool]) -> str:
    """A share with its interval."""
    if not hits:
        return f"{name:<52} none"
    rng = np.random.default_rng(7)
    values = np.array(hits, dtype=float)
    draws = rng.choice(values, size=(_ROUNDS, len(values))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{name:<52} {values.mean():.3f}  [{low:.3f}, {high:.3f}]  n {len(values)}"


def _side(pairs: Sequence[tuple[bool, bool]], *, side: bool) -> tuple[float, float, float]:
    """Precision, recall and F1 of one side."""
    hit = sum(truth is side and said is side for truth, said in pairs)
    true, claimed = sum(truth is side for truth, _ in pairs), sum(said is side for _, said in pairs)
    return (
        hit / claimed if claimed else 1.0,
        hit / true if true else 1.0,
        2 * hit / (true + claimed) if true + claimed else 1.0,
    )


def _labels(name: str, pairs: dict[str, list[tuple[bool, bool]]]) -> Iterator[str]:
    yield f"{name}: F1 [interval], precision and recall of present, of absent, mails"
    for label, found in pairs.items():
        low, high = _interval(found, f1)
        present, absent = _side(found, side=True), _side(found, side=False)
        yield (
            f"  {label:<15} {f1(found):.3f} [{low:.3f}, {high:.3f}]  {present[0]:.3f} {present[1]:.3f}"
            f"  {absent[0]:.3f} {absent[1]:.3f}  n {len(found)}"
        )
    yield f"  macro-F1        {macro_f1(pairs):.3f}"


def _interval(
    pairs: Sequence[tuple[bool, bool]], figure: Callable[[Sequence[tuple[bool, bool]]], float]
) -> tuple[float, float]:
    rng = np.random.default_rng(7)
    draws = [figure([pairs[place] for place in rng.integers(0, len(pairs), len(pairs))]) for _ in range(_ROUNDS // 4)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def _confusion(name: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The commonest mistakes."""
    wrong = Counter((truth, said) for truth, said in pairs if truth != said)
    yield f"{name}: most often mistaken (truth, said, mails)"
    yield from (f"  {truth:<28} {said:<28} {n}" for (truth, said), n in wrong.most_common(12))


def _categories(reads: Sequence[Read]) -> list[tuple[str, str]]:
    return [
        (r.truth.issues[0].category.value, r.seen.issues[0].category.value if r.seen.issues else "none")
        for r in reads
        if r.truth.issues
    ]


def _items(reads: Sequence[Read]) -> str:
    """Of the requests: which of the items asked for are really missing, which of the missing ones are asked for."""
    both = [
        (set(r.decision.missing), set(r.right.missing))
        for r in reads
        if r.decision.disposition is r.right.disposition is Disposition.REQUEST_INFORMATION
    ]
    hit = sum(len(said & true) for said, true in both)
    said, true = sum(len(said) for said, _ in both), sum(len(true) for _, true in both)
    return f"items asked for: precision {hit / max(1, said):.3f} of {said}, recall {hit / max(1, true):.3f} of {true}"


def _links(reads: Sequence[Read], section: Section) -> list[bool]:
    """Of the mails that have both sides, by the labels and as read."""
    pairs = [
        (r.truth.evidence_linked, r.seen.evidence_linked)
        if section is Section.EVIDENCE
        else (r.truth.goal_linked, r.seen.goal_linked)
        for r in reads
    ]
    return [truth == said for truth, said in pairs if truth is not None and said is not None]


def _first(read: Read) -> bool:
    return bool(read.seen.issues) and read.seen.issues[0].category is read.truth.issues[0].category


def _products(read: Read) -> bool:
    said = {product for issue in read.seen.issues for product in issue.products}
    return said == {product for issue in read.truth.issues for product in issue.products}
