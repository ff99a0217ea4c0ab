"""[shell] Figures on mails of writers left out: how well the whole reads, with rules alone and with the models.

Shares are of mails; macro-F1 is the mean over labels of the mean of the F1 of present and of absent. Intervals are
bootstrap percentiles (95 %).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from classify.assess import assess
from classify.examples import examples_of
from classify.features import SentenceEncoder
from classify.learned import LearnedScorer
from classify.scorer import NoModels
from classify.train import fit
from models.assessment import FACETS_OF_KIND, Finding, Issue, Section
from models.decision import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from classify.labelled import LabelledMail
    from classify.scorer import Scorer
    from models.assessment import Assessment
    from models.decision import Decision
    from models.mail import Mail
    from policy.pack import Pack

_ROUNDS = 300
_SURE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One mail as labelled and as read."""

    truth: LabelledMail
    seen: Assessment
    decision: Decision
    right: Decision  # what the same rules decide on the labels


def evaluate(mails: Sequence[LabelledMail], pack: Pack, decide: Callable[[Mail, Assessment], Decision]) -> str:
    """A report in plain text: rules alone, then rules and models with each writer left out in turn."""
    lines = [f"{len(mails)} mails by {len({one.writer for one in mails})} writers"]
    for name, reads in (
        ("rules alone", _by_rules(mails, pack, decide)),
        ("rules and models, writer left out", _left_out(mails, pack, decide)),
    ):
        lines += ["", f"== {name}", *_report(reads)]
    return "\n".join(lines)


def _by_rules(mails: Sequence[LabelledMail], pack: Pack, decide: Callable[[Mail, Assessment], Decision]) -> list[Read]:
    return [_read(one, pack, NoModels(), decide) for one in mails]


def _left_out(mails: Sequence[LabelledMail], pack: Pack, decide: Callable[[Mail, Assessment], Decision]) -> list[Read]:
    encoder = SentenceEncoder()
    examples = examples_of(mails, pack)
    reads: list[Read] = []
    for writer in sorted({one.writer for one in mails}):
        rest = [one for one in examples if one.truth.writer != writer]
        if not rest:
            return []
        fitted = fit(rest, encoder, pack)
        scorer = LearnedScorer(fitted.features, fitted.ridges, fitted.combiners)
        reads += [_read(one, pack, scorer, decide) for one in mails if one.writer == writer]
    return reads


def _read(one: LabelledMail, pack: Pack, scorer: Scorer, decide: Callable[[Mail, Assessment], Decision]) -> Read:
    seen = assess(one.mail, pack, scorer)
    return Read(truth=one, seen=seen, decision=decide(one.mail, seen), right=decide(one.mail, as_labelled(one, seen)))


def as_labelled(truth: LabelledMail, seen: Assessment) -> Assessment:
    """The assessment that the labels describe, without doubt; what has no label is kept as it was read."""
    return replace(
        seen,
        issues=tuple(
            Issue(gist="", category=issue.category, products=tuple(sorted(issue.products)), confidence=_SURE)
            for issue in truth.issues
        ),
        sections={one: _labelled(present=one in truth.sections, said=one in truth.answered) for one in Section},
        symptom_kind=truth.kind,
        facets={
            one: _labelled(present=one in truth.facets, said=False)
            for one in (FACETS_OF_KIND[truth.kind] if truth.kind else ())
        },
        evidence_linked=truth.evidence_linked,
        goal_linked=truth.goal_linked,
        multiple_accounts=truth.multiple_accounts,
        refers_elsewhere=truth.refers_elsewhere,
        confidence=_SURE,
    )


def _labelled(*, present: bool, said: bool) -> Finding:
    return Finding(present=present, answered=present or said, confidence=_SURE)


def _report(reads: list[Read]) -> Iterator[str]:
    if not reads:
        yield "nothing to leave out: one writer only"
        return
    yield _line("issue count exact", [len(r.seen.issues) == len(r.truth.issues) for r in reads])
    yield _line("category of the first issue", [_first(r) for r in reads if r.truth.issues])
    yield _line("products exact (all issues together)", [_products(r) for r in reads])
    yield _line("symptom kind", [r.seen.symptom_kind == r.truth.kind for r in reads])
    yield _line("several accounts", [r.seen.multiple_accounts == r.truth.multiple_accounts for r in reads])
    yield _line("refers elsewhere", [r.seen.refers_elsewhere == r.truth.refers_elsewhere for r in reads])
    yield _line("language", [r.seen.language == r.truth.language for r in reads])
    yield _line("disposition", [_is_right(r) for r in reads])
    yield _line("  of those not held for an agent", [_is_right(r) for r in reads if not r.decision.hold] or [False])
    yield from _items(reads)
    asked = [r for r in reads if r.decision.disposition is Disposition.REQUEST_INFORMATION and not r.decision.hold]
    yield _line("letters that ask for what is there (less is better)", [_asks_in_vain(r) for r in asked] or [False])
    scores = []
    for section in Section:
        pairs = [(section in r.truth.sections, r.seen.sections[section].present) for r in reads]
        scores.append(_f1(pairs))
        yield f"  section {section.value:<10} F1 {scores[-1]:.3f}   said {sum(p for _, p in pairs)} true {sum(t for t, _ in pairs)}"
    yield f"sections macro-F1 {np.mean(scores):.3f}"
    yield from _facets(reads)


def _is_right(read: Read) -> bool:
    return read.decision.disposition is read.right.disposition


def _items(reads: list[Read]) -> Iterator[str]:
    """Of the requests: which of the items asked for are really missing, which of the missing ones are asked for."""
    both = [
        (set(r.decision.missing), set(r.right.missing))
        for r in reads
        if r.decision.disposition is r.right.disposition is Disposition.REQUEST_INFORMATION
    ]
    hit = sum(len(said & true) for said, true in both)
    said, true = sum(len(said) for said, _ in both), sum(len(true) for _, true in both)
    yield f"items asked for: precision {hit / max(1, said):.3f} of {said}, recall {hit / max(1, true):.3f} of {true}"


def _facets(reads: list[Read]) -> Iterator[str]:
    pairs: dict[str, list[tuple[bool, bool]]] = {}
    for r in reads:
        if r.truth.kind is not None and r.truth.kind == r.seen.symptom_kind:
            for facet in FACETS_OF_KIND[r.truth.kind]:
                pairs.setdefault(facet.value, []).append((facet in r.truth.facets, r.seen.facets[facet].present))
    for name, found in pairs.items():
        yield f"  facet {name:<15} F1 {_f1(found):.3f}   n {len(found)}"
    if pairs:
        yield f"facets macro-F1 {np.mean([_f1(found) for found in pairs.values()]):.3f}"


def _first(read: Read) -> bool:
    return bool(read.seen.issues) and read.seen.issues[0].category is read.truth.issues[0].category


def _products(read: Read) -> bool:
    said = {product for issue in read.seen.issues for product in issue.products}
    return said == {product for issue in read.truth.issues for product in issue.products}


def _asks_in_vain(read: Read) -> bool:
    there = {section.value for section in read.truth.sections | read.truth.answered} | {
        f"facet:{facet.value}" for facet in read.truth.facets
    }
    return bool(set(read.decision.missing) & there)


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Mean of the F1 of present and of absent; a side that never occurs and is never said counts 1."""
    sides = []
    for side in (True, False):
        hit = sum(1 for truth, said in pairs if truth is side and said is side)
        total = sum(1 for truth, _ in pairs if truth is side) + sum(1 for _, said in pairs if said is side)
        sides.append(2 * hit / total if total else 1.0)
    return sum(sides) / 2


def _line(name: str, hits: Sequence[bool]) -> str:
    rng = np.random.default_rng(7)
    values = np.array(hits, dtype=float)
    draws = rng.choice(values, size=(_ROUNDS, len(values))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{name:<52} {values.mean():.3f}  [{low:.3f}, {high:.3f}]  n {len(values)}"
