"""The place of a text that a search found, cut out with its hits: what the search page and the command line show.

Promises: nothing that the desk masks stands in a snippet; the text of the pieces is plain, whoever prints it escapes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from desk.masking import hidden, without_words
from models.words import stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.found import FoundText
    from models.words import Phrase, Stretch

BEFORE = 40  # characters in front of the first hit
LONGEST = 180
_MOST_READ = 100_000  # characters of a text
_BLANKS = re.compile(r"\s+")


class Piece(NamedTuple):
    """A piece of a snippet; is it what was looked for?"""

    text: str
    is_hit: bool


def snippet(found: FoundText, phrases: Sequence[Phrase]) -> tuple[Piece, ...]:
    """The text around its first hits; around those in its subject or names where the text has none."""
    for one in (found.text[:_MOST_READ], found.subject, *found.names):
        # Masking is dear, and never adds a hit.
        if stretches(one, phrases) and (hits := stretches(text := _masked(one, found), phrases)):
            return _around(text, hits)
    return _around(_masked(found.text[:_MOST_READ], found), ())


def marked(text: str, phrases: Sequence[Phrase], secrets: Sequence[str] = ()) -> tuple[Piece, ...]:
    """A whole line, a subject for instance, with its hits."""
    plain = without_words(hidden(text), secrets)
    return tuple(_pieces(plain, 0, len(plain), stretches(plain, phrases)))


def _masked(text: str, found: FoundText) -> str:
    return without_words(hidden(text), found.secrets)


def _around(text: str, hits: Sequence[Stretch]) -> tuple[Piece, ...]:
    start = max(0, hits[0].start - BEFORE) if hits else 0
    line = text.rfind("\n\n", start, hits[0].start) if hits else -1
    start = line + 2 if line >= 0 else start  # a paragraph of its own says enough
    end = min(len(text), start + LONGEST)
    pieces = list(_pieces(text, start, end, hits))
    if start > 0 and text[:start].strip():
        pieces.insert(0, Piece("…", is_hit=False))
    if text[end:].strip():
        pieces.append(Piece("…", is_hit=False))
    return tuple(pieces)


def _pieces(text: str, start: int, end: int, hits: Sequence[Stretch]) -> list[Piece]:
    out: list[Piece] = []
    at = start
    for hit in hits:
        if hit.end <= start:
            continue
        if hit.start >= end:
            break
        out += [
            Piece(text[at : hit.start], is_hit=False),
            Piece(text[max(at, hit.start) : min(hit.end, end)], is_hit=True),
        ]
        at = min(hit.end, end)
    out.append(Piece(text[at:end], is_hit=False))
    return [Piece(_BLANKS.sub(" ", text), is_hit) for text, is_hit in out if text]
