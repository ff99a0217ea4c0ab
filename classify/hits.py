"""What a rule found: where, by which name, and how much it weighs as evidence that something is present."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from models.needles import are_met, needs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classify.segment import Document, Line


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


def find(regex: str, lines: Iterable[Line], doc: Document, rule: str, weight: float) -> Iterator[Hit]:
    """Every match within these lines of the mail."""
    needs = needs_of(regex)
    if not are_met(needs, doc.pieces):
        return
    pattern = compiled(regex)
    for line in lines:
        if are_met(needs, line.pieces):
            for match in pattern.finditer(doc.text, line.start, line.end):
                if match.end() > match.start():
                    yield Hit(match.start(), match.end(), rule, weight)


def one_of(words: Sequence[str], behind: Callable[[str], str] | None = None) -> str:
    """An expression for any of these words, earlier ones preferred; each first letter is looked at once, not once a word.

    Args:
        words: At least one letter each; none gives an expression that never matches.
        behind: Makes the expression that must follow a word; a space in a word may then be left out.
    """
    groups: dict[str, list[str]] = {}
    for word in words:
        rest = re.escape(word[1:])
        groups.setdefault(word[0].lower(), []).append(rest.replace(r"\ ", r"\s?") + behind(word) if behind else rest)
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items()) or "(?!)"


def together(hits: Iterable[Hit]) -> float:
    """The chance that at least one of the hits is right, rules of one name counted once (they repeat, not confirm)."""
    best: dict[str, float] = {}
    for hit in hits:
        best[hit.rule] = max(best.get(hit.rule, 0.0), hit.weight)
    doubt = 1.0
    for weight in best.values():
        doubt *= 1.0 - weight
    return 1.0 - doubt
