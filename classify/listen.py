"""The rules' voice on one mail: every hit for every section and facet, the kinds' and the categories' scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.categories import category_scores, goes_on, own_words_of
from classify.goal import questions
from classify.hits import Hit
from classify.kinds import facet_hits, kind_scores
from classify.scorer import IssueVoice, Voice
from classify.sections import is_answered, section_hits
from models.assessment import Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classify.issues import Piece
    from classify.products import Mention
    from classify.segment import Document
    from models.assessment import Facet
    from policy.pack import Pack

_LONGEST = 20_000  # characters of one issue that the rules read


def listen(doc: Document, pack: Pack) -> Voice:
    """What the rules say of a mail."""
    asked = tuple(Hit(start, end, "question", 0.9) for start, end in questions(doc))
    facets: dict[Facet, tuple[Hit, ...]] = {}
    for kind in SymptomKind:
        facets |= {facet: tuple(hits) for facet, hits in facet_hits(doc, kind, pack).items()}
    return Voice(
        sections={section: tuple(hits) for section, hits in section_hits(doc, pack, asked).items()},
        facets=facets,
        questions=asked,
        answered=frozenset(section for section in Section if is_answered(doc, section)),
    )


def listen_to_issues(
    doc: Document, parts: Sequence[Piece], named: Sequence[Mention], pack: Pack
) -> tuple[IssueVoice, ...]:
    """What the rules say of each issue."""
    has_product = any(mention.is_strong or mention.is_id for mention in named)
    subject = doc.lines[0].text if doc.lines else ""
    own = own_words_of(pack)
    return tuple(
        IssueVoice(
            text=text,
            spans=part.spans,
            kinds=kind_scores(text, subject if len(parts) == 1 else ""),
            categories=category_scores(text, has_product=has_product, subject=subject, own=own),
            goes_on=goes_on(text.removeprefix(subject)),
        )
        for part in parts
        for text in [_words_of(part, doc)]
    )


def _words_of(part: Piece, doc: Document) -> str:
    """An issue's words; of a very long one those of the lines that are read (`classify.segment`)."""
    text = part.text(doc)
    if len(text) <= _LONGEST:
        return text
    lines = (line for line in doc.lines if any(start < line.end and line.start < end for start, end in part.spans))
    return "\n".join(doc.text[line.start : line.end] for line in lines)[:_LONGEST]
