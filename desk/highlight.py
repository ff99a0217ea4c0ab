"""A mail's text with its proof marked: overlapping spans become flat segments, everything escaped.

Promise: the result without its tags, unescaped, is the text with secrets masked — nothing of a mail is ever HTML here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """[start, end) of the text and the names of what it proves."""

    start: int
    end: int
    name: str


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
        names = [mark.name for mark in marks if mark.start <= start and end <= mark.end]
        piece = escape(text[start:end])
        if names:
            classes = " ".join(f"p-{name}" for name in dict.fromkeys(names))
            out.append(
                Markup('<mark class="{}" title="{}">{}</mark>').format(classes, ", ".join(dict.fromkeys(names)), piece)
            )
        else:
            out.append(piece)
    return Markup("").join(out)


def masked(text: str, secrets: Iterable[tuple[int, int]]) -> str:
    """The text with each secret's characters replaced, its length kept so that other spans stay true."""
    for one_start, one_end in secrets:
        start, end = max(0, one_start), min(one_end, len(text))
        if start >= end:
            continue
        text = text[:start] + "•" * (end - start) + text[end:]
    return text
