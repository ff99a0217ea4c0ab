"""Width and form folding that remembers where every character came from.

NFKC changes lengths (㍻ becomes 平成, ｶﾞ becomes ガ), so offsets found in folded text mean nothing in the original.
`Folded.back` maps them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from models.assessment import Span

# Runs that folding leaves as they are, but for a combining mark behind their end.
_PLAIN = re.compile("[\n\x20-\x7e\u3001-\u3002\u300c-\u300f\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff]+")
_MARKS = frozenset("\uff9e\uff9f\u3099\u309a")
# One sign for each family that writers mix freely: wave dashes, minus signs and hyphens, full-width colon by NFKC.
_SAME = str.maketrans(
    {
        "\u0131": "i",  # dotless i, dotted I: they match i where case is ignored, and are no key of any table
        "\u0130": "I",
        "\u301c": "~",
        "\uff5e": "~",
        "\u2212": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u00a0": " ",
        "\u3000": " ",
        "\t": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; `origin[i]` is the place in the original of folded character i, with one more for the end."""

    text: str
    origin: tuple[int, ...]

    def back(self, start: int, end: int) -> Span:
        """The span of the original that the folded [start, end) came from."""
        if start >= end:
            return Span(self.origin[start], self.origin[start])
        last = end
        while last < len(self.origin) - 1 and self.origin[last] == self.origin[end - 1]:
            last += 1
        return Span(self.origin[start], self.origin[last])


def fold(text: str) -> Folded:
    """NFKC cluster by cluster; the case stays."""
    out: list[str] = []
    origin: list[int] = []
    at, end = 0, len(text)
    while at < end:
        plain = _PLAIN.match(text, at)
        if plain:
            stop = plain.end()
            # The last one may belong to a mark that follows it.
            stop -= stop < end and (text[stop] in _MARKS or unicodedata.combining(text[stop]) > 0)
            if stop > at:
                out.append(text[at:stop])
                origin.extend(range(at, stop))
                at = stop
                continue
        after = at + 1
        while after < end and (text[after] in _MARKS or unicodedata.combining(text[after])):
            after += 1
        cluster = text[at:after]
        piece = (
            cluster
            if cluster.isascii() and cluster != "\t"
            else unicodedata.normalize("NFKC", cluster.translate(_SAME)).translate(_SAME)
        )
        piece = piece.replace("\r", "\n") if piece != "\n" else piece
        out.append(piece)
        origin.extend([at] * len(piece))
        at = after
    origin.append(end)
    return Folded("".join(out), tuple(origin))
