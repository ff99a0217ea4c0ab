"""The items a ticket needs, and whether each is there: sections, facets (`facet:steps`) and links (`link:goal`).

Turns a category's policy and the findings of a mail into `Checked` items in the contract's order: sections in the
guide's order (チケット起票の推奨記載内容について), then facets, then links. Does not decide what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from models.assessment import Facet, Section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from models.assessment import Assessment, Finding, SymptomKind
    from policy.pack import CategoryPolicy, Pack

_ORDER = {
    item: rank
    for rank, item in enumerate(
        (
            *(section.value for section in Section),
            *(f"facet:{facet.value}" for facet in Facet),
            "link:evidence",
            "link:goal",
        )
    )
}


class Presence(Enum):
    """What we dare say of an item."""

    THERE = auto()
    ABSENT = auto()
    UNSURE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One item; `absence` is the probability in [0, 1] that the customer has not given it."""

    item: str
    presence: Presence
    absence: float


def in_guide_order(items: Iterable[str]) -> tuple[str, ...]:
    """The items, each once, in the contract's order; unknown ones last."""
    return tuple(sorted(dict.fromkeys(items), key=lambda item: _ORDER.get(item, len(_ORDER))))


def required_items(
    policies: Iterable[CategoryPolicy], kind: SymptomKind | None, pack: Pack, *, has_permission_error: bool
) -> tuple[str, ...]:
    """What these categories require of a mail about a symptom of that kind (the default policy's table)."""
    wanted: list[str] = []
    for policy in policies:
        wanted += _without_facets(policy.required)
        if "facets" in policy.required and kind is not None and kind in pack.kinds:
            wanted += [f"facet:{facet.value}" for facet in pack.kinds[kind].required]
        if policy.who_on_permission_error and has_permission_error:
            wanted.append(Section.WHO.value)
    return in_guide_order(wanted)


def items_along(policies: Iterable[CategoryPolicy], kind: SymptomKind | None, pack: Pack) -> tuple[str, ...]:
    """What may be asked besides, where something is asked anyway."""
    wanted: list[str] = []
    for policy in policies:
        wanted += _without_facets(policy.along)
        if "facets" in policy.required and kind is not None and kind in pack.kinds:
            wanted += [f"facet:{facet.value}" for facet in pack.kinds[kind].along]
    return in_guide_order(wanted)


def check(item: str, seen: Assessment, settled: Collection[str], ask: float) -> Checked:
    """Is this item there? `ask` is the least sureness (a probability) of a verdict either way.

    Settled in an earlier mail, or answered with "unknown": there, without doubt. A facet that nobody looked for (the
    mail has another kind of symptom) is unsure.
    """
    if item in settled:
        return Checked(item=item, presence=Presence.THERE, absence=0.0)
    if item.startswith("link:"):
        return _check_link(item, seen, ask)
    finding = finding_of(item, seen)
    if finding is None:
        return Checked(item=item, presence=Presence.UNSURE, absence=0.5)
    if finding.answered and not finding.present:
        return Checked(item=item, presence=Presence.THERE, absence=0.0)
    absence = 1 - finding.confidence if finding.present else finding.confidence
    return Checked(item=item, presence=_verdict(absence, ask, is_present=finding.present), absence=absence)


def finding_of(item: str, seen: Assessment) -> Finding | None:
    """What the assessment says of a section or facet; None where it says nothing."""
    if item.startswith("facet:"):
        return seen.facets.get(Facet(item.removeprefix("facet:")))
    return seen.sections.get(Section(item)) if item in set(Section) else None


def is_given(item: str, seen: Assessment) -> bool:
    """Does this mail itself give the item, or say that it is unknown?"""
    if item.startswith("link:"):
        return _linked(item, seen) is True
    finding = finding_of(item, seen)
    return finding is not None and (finding.present or finding.answered)


def _check_link(item: str, seen: Assessment, ask: float) -> Checked:
    """The guide's ★ checks: only what is present can fail to be linked, so we are no surer than of its presence."""
    if _linked(item, seen) is not False:
        return Checked(item=item, presence=Presence.THERE, absence=0.0)
    section = item.removeprefix("link:")
    base = finding_of(section, seen)
    absence = base.confidence if base is not None and base.present else 0.0
    absence = min(absence, seen.link_confidence.get(Section(section), 1.0))
    presence = Presence.ABSENT if absence >= ask else Presence.UNSURE if absence else Presence.THERE
    return Checked(item=item, presence=presence, absence=absence)


def _linked(item: str, seen: Assessment) -> bool | None:
    return seen.evidence_linked if item == "link:evidence" else seen.goal_linked


def _verdict(absence: float, ask: float, *, is_present: bool) -> Presence:
    if is_present:
        return Presence.THERE if 1 - absence >= ask else Presence.UNSURE
    return Presence.ABSENT if absence >= ask else Presence.UNSURE


def _without_facets(items: Iterable[str]) -> list[str]:
    return [item for item in items if item != "facets"]
