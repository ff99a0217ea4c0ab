"""What a letter asks: items become few numbered questions, the most valuable first, never more than the pack allows.

A section and its facets are one question; a link is asked in its section's place; time and zone are one; an aside joins
a question that is asked anyway. Each item keeps its own line in the fill-in block, because that line is read back from
the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.assessment import Category

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from models.assessment import Assessment, SymptomKind
    from models.decision import Decision
    from policy.pack import Localised, Pack, Question
    from responders.about import About

MAX_ALONG = 1  # questions of their own that a letter asks besides the required ones
_FOLLOWS = {"materials": ("evidence", "symptom")}  # a line at the end of these questions, never one of its own (S47)
_INCIDENT_ITEMS = ("when", "where")  # an outage report is never delayed by more than these


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One numbered question: the items it asks for, in the order of its lines."""

    slot: str
    items: tuple[str, ...]

    def headings(self, pack: Pack, language: str, about: About) -> list[str]:
        """The items' headings, each a line of the fill-in block."""
        return [said(about.heading(question, pack), language, pack) for question in self._questions(pack)]

    def heading(self, pack: Pack, language: str, about: About) -> str:
        """The items' headings, joined as one title."""
        return ("・" if language in {"ja", "zh"} else " / ").join(self.headings(pack, language, about))

    def text(self, pack: Pack, language: str, about: About) -> str:
        """The question, in words that fit the product, one sentence a line."""
        return "\n".join(said(about.text(question, pack), language, pack) for question in self._questions(pack))

    def example(self, pack: Pack, language: str, about: About) -> str:
        """A sample answer that fits symptom and product; of several items each on its own line, behind its heading.

        The heading stands in brackets: with a colon it would be read back as an answer from an unmarked quote.
        """
        answers = [said(about.example(question, pack), language, pack) for question in self._questions(pack)]
        if len(answers) == 1:
            return answers[0]
        named = zip(self.headings(pack, language, about), answers, strict=True)
        indent = "\n　　" if language in {"ja", "zh"} else "\n  "
        return indent.join(f"({heading}) {answer}" for heading, answer in named)

    def find(self, pack: Pack, language: str, about: About) -> str:
        """A way to get at the answer, of the first item that has one; empty if none has."""
        ways = (about.find(question, pack) for question in self._questions(pack))
        return next((said(way, language, pack) for way in ways if way is not None), "")

    def _questions(self, pack: Pack) -> list[Question]:
        return [pack.questions[item] for item in self.items]


def slot_of(item: str) -> str:
    """The question an item belongs to: all facets to the symptom's, a link to its section's, the zone to the time's."""
    if item.startswith("facet:"):
        return "symptom"
    return "when" if item == "zone" else item.removeprefix("link:")


def questions_for(decision: Decision, seen: Assessment, pack: Pack) -> tuple[Asked, ...]:
    """The questions of the letter that this decision calls for, at most `max_questions`.

    An incident asks for time and place only, or for what happened where that alone is missing.
    """
    if is_incident(seen):
        urgent = [item for item in decision.missing if item in _INCIDENT_ITEMS]
        return grouped(urgent or decision.missing, pack)
    required = grouped(decision.missing, pack)
    along = [item for item in decision.asked_along if item not in decision.missing]
    return grouped(
        (*(item for asked in required for item in asked.items), *along), pack, first=[one.slot for one in required]
    )


def grouped(items: Iterable[str], pack: Pack, *, first: Sequence[str] = ()) -> tuple[Asked, ...]:
    """Items as questions in the pack's order, those of the slots `first` before the others; the rest is dropped."""
    rank = {item: number for number, item in enumerate(pack.question_order)}
    slots: dict[str, list[str]] = {}
    known = sorted(
        (one for one in dict.fromkeys(items) if one in pack.questions), key=lambda one: rank.get(one, len(rank))
    )
    for item in known:
        if item not in pack.asides and item not in _FOLLOWS:
            slots.setdefault(slot_of(item), []).append(item)
    ordered = sorted(slots, key=lambda slot: slot not in first if first else False)[: pack.limits.max_questions]
    free = set(ordered)
    for item in known:
        home = _home(item, free, pack)
        if home is not None:
            free.discard(home)
            slots[home].append(item)
    for item in known:
        home = next((slot for slot in _FOLLOWS.get(item, ()) if slot in ordered), None)
        if home is not None:
            slots[home].append(item)
    return tuple(Asked(slot=slot, items=tuple(slots[slot])) for slot in ordered)


def along_that_fits(missing: Sequence[str], along: Sequence[str], pack: Pack) -> tuple[str, ...]:
    """Which of the items `along` the letter has room for: those that join a question, and `MAX_ALONG` new ones."""
    slots = {asked.slot for asked in grouped(missing, pack)}
    if len({slot_of(item) for item in missing}) > len(slots):
        return tuple(item for item in along if slot_of(item) in slots)  # the letter is full
    room = min(MAX_ALONG, pack.limits.max_questions - len(slots))
    chosen: list[str] = []
    for item in along:
        if item not in pack.questions or item in missing:
            continue
        if item in _FOLLOWS:
            if slots & set(_FOLLOWS[item]):
                chosen.append(item)
            continue
        if slot_of(item) not in slots:
            if room <= 0:
                continue
            room -= 1
            slots.add(slot_of(item))
        chosen.append(item)
    return tuple(chosen)


def asides_that_fit(asked: Sequence[str], about: About, pack: Pack) -> tuple[str, ...]:
    """The asides for a mail whose letter asks for these items, at most one a question."""
    free = {one.slot for one in grouped(asked, pack)}
    chosen: list[str] = []
    for aside in pack.asides.values():
        home = _home(aside.item, free, pack)
        if home is not None and about.needs(aside, asked, pack):
            free.discard(home)
            chosen.append(aside.item)
    return tuple(chosen)


def _home(item: str, free: Collection[str], pack: Pack) -> str | None:
    """The question that an aside joins: the first it may stand in that has no aside yet; None for any other item."""
    return next((slot for slot in pack.asides[item].joins if slot in free), None) if item in pack.asides else None


def kind_of_items(items: Iterable[str], pack: Pack) -> SymptomKind | None:
    """The kind of symptom whose facets are among the items; None where none is."""
    wanted = {item.removeprefix("facet:") for item in items if item.startswith("facet:")}
    return next((kind for kind, traits in pack.kinds.items() if wanted & {*traits.required, *traits.along}), None)


def is_incident(seen: Assessment) -> bool:
    """Does the mail report a suspected outage?"""
    return any(issue.category is Category.INCIDENT for issue in seen.issues)


def said(text: Localised, language: str, pack: Pack) -> str:
    """A pack's text in that language, else in its default one."""
    return text[language] if language in text else text[pack.default_language]
