"""Two voices become one probability: what the rules found, and what the models think.

A certain rule (an id, a date, an error code) proves presence alone. Without proof both voices count, and an absence is
sure only if both say so: that is what keeps the desk from asking for what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.hits import together
from models.assessment import Finding, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classify.hits import Hit
    from classify.segment import Document

CERTAIN = 0.93
_RULES_ALONE_ABSENT = 0.12  # how often something is there although no rule saw it
MOST_SPANS = 6


def present_probability(rules: float, model: float | None, *, floor: float = _RULES_ALONE_ABSENT) -> float:
    """The probability of presence.

    Args:
        rules: What the rules' hits amount to, in [0, 1]; 0 is no hit.
        model: The model's probability, or None without one.
        floor: The rate of presence where rules see nothing and no model speaks.
    """
    if model is None:
        return rules if rules >= 0.5 else max(rules, floor)
    if rules >= CERTAIN:
        return max(0.9, 0.75 * rules + 0.25 * model)
    return 0.5 * max(rules, 0.04) + 0.5 * model


def finding(
    doc: Document,
    hits: Iterable[Hit],
    model: float | None,
    *,
    answered: bool = False,
    threshold: float = 0.5,
    floor: float = _RULES_ALONE_ABSENT,
) -> Finding:
    """One section or facet: present or not, how sure, with the words that prove it."""
    hits = list(hits)
    probability = present_probability(together(hits), model, floor=floor)
    present = probability >= threshold
    confidence = probability if present else 1.0 - probability
    best = sorted(hits, key=lambda hit: (-hit.weight, hit.start))[:MOST_SPANS] if present else []
    proof = [f"rule:{name}" for name in dict.fromkeys(hit.rule for hit in best)]
    if model is not None:
        proof.append(f"model:{model:.2f}")
    return Finding(
        present=present,
        answered=present or answered,
        confidence=round(min(0.995, max(0.5, confidence)), 4),
        spans=_spans(doc, best),
        proof=tuple(proof),
    )


def _spans(doc: Document, hits: list[Hit]) -> tuple[Span, ...]:
    """Spans of the assessed text, in order, overlaps merged."""
    out: list[Span] = []
    for start, end in sorted(doc.back(hit.start, hit.end) for hit in hits):
        if out and start < out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, end))
        else:
            out.append(Span(start, end))
    return tuple(out)
