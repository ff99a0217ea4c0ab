"""From scores to one answer: category, kind, and how sure the reading as a whole is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from models.assessment import Category, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.assessment import Issue

Key = TypeVar("Key")

_SHARPNESS = 1.1


def best_category(rules: Mapping[Category, float], learned: Mapping[Category, float]) -> tuple[Category, float]:
    """The category and its probability: the model's, which has weighed the rules too, or the rules' alone."""
    mixed = dict(learned) or _softmax(rules)
    if not learned:
        mixed.pop(Category.ACKNOWLEDGEMENT, None)
        if not any(rules.values()):
            return Category.HOW_TO, 0.3
    best = max(mixed, key=lambda category: mixed[category])
    return best, min(0.99, mixed[best] / (sum(mixed.values()) or 1.0))


def best_kind(rules: Mapping[SymptomKind, float], learned: Mapping[SymptomKind, float]) -> SymptomKind:
    """The kind of symptom; an error where nothing speaks for any."""
    mixed = dict(learned) or _softmax(rules)
    if not any(rules.values()) and not learned:
        return SymptomKind.ERROR
    return max(mixed, key=lambda kind: mixed[kind])


def _softmax(scores: Mapping[Key, float]) -> dict[Key, float]:
    top = max(scores.values(), default=0.0)
    powers = {key: math.exp((score - top) * _SHARPNESS) for key, score in scores.items()}
    total = sum(powers.values()) or 1.0
    return {key: power / total for key, power in powers.items()}


def reading_confidence(issues: tuple[Issue, ...], several: float | None, *, is_silent: bool = True) -> float:
    """That issues and categories are right: the least sure issue, lowered where the model doubts their number.

    A mail without a word may say all by its attachments (not `is_silent`): that nobody can read but an agent.
    """
    if not issues:
        return 0.6 if is_silent else 0.3
    least = min(issue.confidence for issue in issues)
    doubt = 1.0
    if several is not None:
        agreed = several if len(issues) > 1 else 1.0 - several
        doubt = 0.6 + 0.4 * agreed
    return round(max(0.05, min(0.99, (0.35 + 0.65 * least) * doubt)), 4)
