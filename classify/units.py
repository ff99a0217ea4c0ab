"""The units that the taggers read: the sentences and log lines of a mail, each with its layout and what the rules found in it.

Pure. At most `MOST` units of a mail are read, the first and the last ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classify.segment import sentences
from models.assessment import Facet, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from classify.scorer import Voice
    from classify.segment import Document, Line

MOST = 90
_SECTIONS = tuple(Section)
_FACETS = tuple(Facet)
LAYOUT = 2 * len(_SECTIONS) + len(_FACETS) + 9  # columns of `layout`


@dataclass(frozen=True, slots=True)
class Unit:
    """[start, end) of the folded text, within one line."""

    start: int
    end: int
    text: str
    line: Line


def units_of(doc: Document) -> tuple[Unit, ...]:
    """The mail's units in order, the subject first; greetings, rules and bare headings left out."""
    found = list(_units(doc))
    return tuple(found if len(found) <= MOST else found[: MOST * 2 // 3] + found[-MOST // 3 :])


def _units(doc: Document) -> Iterator[Unit]:
    for line in doc.spoken():
        whole = doc.text[line.value_start : line.end]
        cuts = [(line.value_start, line.end)] if line.is_log else sentences(whole, line.value_start)
        for start, end in cuts:
            text = doc.text[start:end].strip()
            if text:
                yield Unit(start, end, text, line)


def units_within(units: tuple[Unit, ...], spans: Sequence[tuple[int, int]]) -> list[int]:
    """The places of the units that touch these spans of the folded text."""
    return [place for place, unit in enumerate(units) if any(unit.start < b and a < unit.end for a, b in spans)]


def layout(units: tuple[Unit, ...], voice: Voice) -> NDArray[np.float32]:
    """Of shape (n_units, LAYOUT): the headings above, what the rules found inside, where and what the line is."""
    table = np.zeros((len(units), LAYOUT), np.float32)
    for row, unit in enumerate(units):
        line = unit.line
        table[row, : len(_SECTIONS)] = [section in line.heading for section in _SECTIONS]
        table[row, len(_SECTIONS) : 2 * len(_SECTIONS)] = [_most(voice.sections.get(s, ()), unit) for s in _SECTIONS]
        at = 2 * len(_SECTIONS)
        table[row, at : at + len(_FACETS)] = [_most(voice.facets.get(f, ()), unit) for f in _FACETS]
        at += len(_FACETS)
        table[row, at:] = (
            line.is_log,
            line.is_bullet,
            line.item is not None,
            line.number == 0,
            row / max(1, len(units)),
            row == len(units) - 1,
            min(1.0, len(unit.text) / 120),
            _most(voice.questions, unit),
            bool(line.heading_text),
        )
    return table


def _most(hits: tuple, unit: Unit) -> float:  # type: ignore[type-arg]
    """The weightiest hit that touches the unit."""
    if not hits:  # as of most sections and facets
        return 0.0
    return max((hit.weight for hit in hits if hit.start < unit.end and hit.end > unit.start), default=0.0)
