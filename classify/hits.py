"""What a rule found: where, by which name, and how much it weighs as evidence that something is present."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from classify.segment import Line


@dataclass(frozen=True, slots=True)
class Hit:
    """[start, end) in the folded text; `weight` in (0, 1] is the chance that this alone settles it."""

    start: int
    end: int
    rule: str
    weight: float


@lru_cache(maxsize=4096)
def compiled(regex: str) -> re.Pattern[str]:
    """A compiled expression; cases never matter in mails."""
    return re.compile(regex, re.IGNORECASE)


def find(regex: str, lines: Iterable[Line], text: str, rule: str, weight: float) -> Iterator[Hit]:
    """Every match within these lines."""
    pattern = compiled(regex)
    for line in lines:
        for match in pattern.finditer(text, line.start, line.end):
            if match.end() > match.start():
                yield Hit(match.start(), match.end(), rule, weight)


def together(hits: Iterable[Hit]) -> float:
    """The chance that at least one of the hits is right, rules of one name counted once (they repeat, not confirm)."""
    best: dict[str, float] = {}
    for hit in hits:
        best[hit.rule] = max(best.get(hit.rule, 0.0), hit.weight)
    doubt = 1.0
    for weight in best.values():
        doubt *= 1.0 - weight
    return 1.0 - doubt
