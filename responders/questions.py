"""Which questions a letter asks: only what is missing, at most the pack's number, a section and its facets as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.decision import LetterKind

if TYPE_CHECKING:
    from models.assessment import Assessment
    from models.decision import Decision
    from policy.pack import Pack

_ASKING = frozenset({LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.REMINDER, LetterKind.RECURRENCE})


def questions_for(decision: Decision, seen: Assessment, pack: Pack, language: str) -> list[dict[str, object]]:
    """The numbered questions: n, heading, text, example, item."""
    if decision.letter not in _ASKING:
        return []
    groups = grouped(asked_items(decision, pack), pack)[: pack.limits.max_questions]
    return [_question(number, items, pack, language) for number, items in enumerate(groups, 1)]


def asked_items(decision: Decision, pack: Pack) -> tuple[str, ...]:
    """What a letter asks: everything missing, then (to fill up) what is asked along; most valuable first within both."""
    order = {item: place for place, item in enumerate(pack.question_order)}

    def by_value(items: tuple[str, ...]) -> list[str]:
        return sorted(items, key=lambda item: order.get(item, len(order)))

    return tuple(dict.fromkeys([*by_value(decision.missing), *by_value(decision.asked_along)]))


def grouped(items: tuple[str, ...], pack: Pack) -> list[tuple[str, ...]]:
    """Items that make one question: the symptom with its facets; a link with its section."""
    groups: list[list[str]] = []
    places: dict[str, int] = {}
    for item in items:
        if item not in pack.questions:
            continue
        key = "symptom" if item == "symptom" or item.startswith("facet:") else item.removeprefix("link:")
        if key in places:
            groups[places[key]].append(item)
        else:
            places[key] = len(groups)
            groups.append([item])
    return [tuple(group) for group in groups]


def _question(number: int, items: tuple[str, ...], pack: Pack, language: str) -> dict[str, object]:
    entries = [pack.questions[item] for item in items]
    joiner = "、" if language == "ja" else " / "
    return {
        "n": number,
        "items": list(items),
        "heading": joiner.join(dict.fromkeys(entry.heading[language] for entry in entries)),
        "text": ("" if language == "ja" else " ").join(dict.fromkeys(entry.text[language] for entry in entries)),
        "example": joiner.join(dict.fromkeys(entry.example[language] for entry in entries[:2])),
    }
