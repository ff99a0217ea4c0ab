"""The items a category requires, and whether a mail holds them: the checklist behind every request for information."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from models.assessment import FACETS_OF_KIND, Category, Facet, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.assessment import Assessment, Finding, SymptomKind
    from models.decision import OpenTicket
    from policy.pack import Pack


class Answer(Enum):
    """What the mail says to one item."""

    SETTLED = auto()  # present, or answered with "unknown", here or in an earlier mail
    MISSING = auto()  # surely absent
    UNSURE = auto()  # neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """Items by their answer, in the guide's order; `certainty` is the product of the settled and missing items' confidences."""

    missing: tuple[str, ...]
    unsure: tuple[str, ...]
    along: tuple[str, ...]
    certainty: float


def guide_order(pack: Pack) -> dict[str, int]:
    """Every item's place: sections in the guide's order, facets behind the symptom, links behind their section."""
    order: list[str] = []
    for section in pack.sections:
        order.append(section.value)
        if section is Section.SYMPTOM:
            order.extend(f"facet:{facet.value}" for facet in Facet)
        if section in {Section.EVIDENCE, Section.GOAL}:
            order.append(f"link:{section.value}")
    return {item: place for place, item in enumerate(order)}


def required_items(categories: Iterable[Category], kind: SymptomKind | None, pack: Pack, *, permission_error: bool) -> tuple[str, ...]:
    """What these categories require together, `facets` opened to the kind's required facets, in the guide's order."""
    wanted: set[str] = set()
    for category in categories:
        policy = pack.categories[category]
        for item in policy.required:
            wanted |= _facets(kind, pack, required=True) if item == "facets" else {item}
        if permission_error and policy.who_on_permission_error:
            wanted.add(Section.WHO.value)
    places = guide_order(pack)
    return tuple(sorted(wanted, key=lambda item: places.get(item, len(places))))


def along_items(categories: Iterable[Category], kind: SymptomKind | None, pack: Pack) -> tuple[str, ...]:
    """What is asked along: never a reason to ask."""
    wanted = {item for category in categories for item in pack.categories[category].along}
    if any("facets" in pack.categories[category].required for category in categories):
        wanted |= _facets(kind, pack, required=False)
    places = guide_order(pack)
    return tuple(sorted(wanted, key=lambda item: places.get(item, len(places))))


def _facets(kind: SymptomKind | None, pack: Pack, *, required: bool) -> set[str]:
    if kind is None:
        return set()
    policy = pack.kinds[kind]
    allowed = set(FACETS_OF_KIND[kind])
    return {f"facet:{facet.value}" for facet in (policy.required if required else policy.along) if facet in allowed}


def check(seen: Assessment, ticket: OpenTicket | None, required: tuple[str, ...], along: tuple[str, ...], pack: Pack) -> Checklist:
    """Compare a mail (and what its ticket settled before) with what is required."""
    settled = ticket.settled if ticket else frozenset()
    missing, unsure = [], []
    certainty = 1.0
    for item in required:
        answer, confidence = answer_to(item, seen, settled, pack.thresholds.ask)
        if answer is Answer.MISSING:
            missing.append(item)
        elif answer is Answer.UNSURE:
            unsure.append(item)
        certainty = min(certainty, confidence)
    rest = [item for item in along if item not in required and answer_to(item, seen, settled, pack.thresholds.ask)[0] is Answer.MISSING]
    return Checklist(missing=tuple(missing), unsure=tuple(unsure), along=tuple(rest), certainty=certainty)


def answer_to(item: str, seen: Assessment, settled: frozenset[str], ask: float) -> tuple[Answer, float]:
    """One item's answer and how sure it is."""
    if item in settled:
        return Answer.SETTLED, 1.0
    if item.startswith("link:"):
        linked = seen.evidence_linked if item == "link:evidence" else seen.goal_linked
        return (Answer.MISSING, 0.9) if linked is False else (Answer.SETTLED, 1.0)
    finding = _finding(item, seen)
    if finding is None or finding.present or finding.answered:
        return Answer.SETTLED, finding.confidence if finding else 1.0
    return (Answer.MISSING if finding.confidence >= ask else Answer.UNSURE), finding.confidence


def _finding(item: str, seen: Assessment) -> Finding | None:
    if item.startswith("facet:"):
        return seen.facets.get(Facet(item.removeprefix("facet:")))
    return seen.sections.get(Section(item))
