"""Two voices become one finding: what the rules found, and what the models think.

The models weigh the rules' hits among their features; where a certain rule (an id, an attached log) finds
what they do not, nobody is asked: on unseen writers the models were right in two of three such cases. Where no model speaks, the rules decide alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.hits import together
from models.assessment import Finding, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classify.hits import Hit
    from classify.scorer import Opinion
    from classify.segment import Document

CERTAIN = 0.93
LEAST_WHEN_CERTAIN = 0.45  # what a certain rule is worth against any model: enough not to ask
_RULES_ALONE_ABSENT = 0.12  # how often something is there although no rule saw it
MOST_SPANS = 6


def finding(
    doc: Document,
    hits: Iterable[Hit],
    opinion: Opinion | None,
    *,
    answered: bool = False,
    floor: float = _RULES_ALONE_ABSENT,
    least: float = 0.0,
    whole: bool = False,
) -> Finding:
    """One section or facet: present or not, how sure, with the words that prove it.

    Args:
        doc: The mail.
        hits: What the rules found.
        opinion: The learned probability, which has weighed the rules too; None where no model speaks.
        answered: The sender said that he does not know, or that there is none.
        floor: The rate of presence where rules see nothing and no model speaks.
        least: The least probability of presence, where something else makes it sure.
        whole: Sentences prove it, not single words.
    """
    hits = list(hits)
    rules = together(hits)
    if opinion is None:
        probability = rules if rules >= 0.5 else max(rules, floor)
    else:
        probability = opinion.probability
        if rules >= CERTAIN:  # never surely absent, but present only if the models think so
            probability = max(probability, min(LEAST_WHEN_CERTAIN, opinion.threshold - 0.01))
    probability = max(probability, least)
    present = probability >= (opinion.threshold if opinion else 0.5)
    tagged = opinion.spans if opinion is not None else ()
    best = (
        sorted(hits, key=lambda hit: (not _touches(hit, tagged), -hit.weight, hit.start))[:MOST_SPANS]
        if present
        else []
    )
    if tagged:  # what no tagger sees is no proof, unless it is certain
        best = [hit for hit in best if hit.weight >= CERTAIN or hit.start == hit.end or _touches(hit, tagged)]
    if present and not best and not tagged:
        best = sorted(hits, key=lambda hit: (-hit.weight, hit.start))[:MOST_SPANS]
    spans = [(hit.start, hit.end) for hit in best]
    proof = [f"rule:{name}" for name in dict.fromkeys(hit.rule for hit in best)]
    if opinion is not None:
        proof += [f"model:{opinion.probability:.2f}", *([f"rules:{rules:.2f}"] if rules and not present else [])]
        if present and tagged and (whole or not any(end > start for start, end in spans)):
            spans = [*tagged, *((hit.start, hit.end) for hit in best if hit.weight >= CERTAIN)]
    confidence = probability if present else 1.0 - probability
    return Finding(
        present=present,
        answered=present or answered,
        confidence=round(min(0.995, max(0.5, confidence)), 4),
        spans=_merged(doc, spans),
        proof=tuple(proof),
    )


def _touches(hit: Hit, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < hit.end and hit.start < end for start, end in spans)


def _merged(doc: Document, spans: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Spans of the assessed text, in order, overlaps merged."""
    out: list[Span] = []
    for start, end in sorted(doc.back(start, end) for start, end in spans):
        if out and start < out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, end))
        else:
            out.append(Span(start, end))
    return tuple(out)
