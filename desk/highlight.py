"""A mail's text with its proof marked: overlapping spans become flat segments, everything escaped.

Promise: the result without its tags, unescaped, is the text with secrets masked — nothing of a mail is ever HTML here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from desk.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """[start, end) of the text and the name of what it proves: `name` for the style sheet, `title` for a person."""

    start: int
    end: int
    name: str
    title: str = ""


def highlighted(text: str, marks: Sequence[Mark], secrets: Iterable[tuple[int, int]] = ()) -> Markup:
    """Escaped text with `<mark class="p-...">` around every proven stretch."""
    text = masked(text, secrets)
    edges = sorted(
        {
            0,
            len(text),
            *(min(max(m.start, 0), len(text)) for m in marks),
            *(min(max(m.end, 0), len(text)) for m in marks),
        }
    )
    out = []
    for start, end in pairwise(edges):
        here = [mark for mark in marks if mark.start <= start and end <= mark.end]
        piece = escape(text[start:end])
        if here:
            classes = " ".join(f"p-{name}" for name in dict.fromkeys(mark.name for mark in here))
            titles = ", ".join(dict.fromkeys(mark.title or mark.name for mark in here))
            out.append(Markup('<mark class="{}" title="{}">{}</mark>').format(classes, titles, piece))
        else:
            out.append(piece)
    return Markup("").join(out)
