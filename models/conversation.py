"""What a conversation has brought together: for each item, how surely it is absent, and which mail gave it.

Turns the readings of single mails into one record by `merged`. Promises: merging is commutative, associative and
idempotent, so that mails may come in any order and twice; an item that one mail gave is never lost again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.assessment import Assessment

# By item: a section id, `facet:<id>`, or `link:evidence|goal`.
Items: TypeAlias = "Mapping[str, Known]"


class How(StrEnum):
    """By what a mail gave an item; wire values."""

    WORDS = "words"  # read from its own words
    UNKNOWN = "unknown"  # the customer says that he does not know, or that there is none (不明, 特になし)
    FORM = "form"  # a line of the fill-in block
    INLINE = "inline"  # below the question, between the quoted lines
    NUMBERED = "numbered"  # under the number of the question
    ONLY = "only"  # the only thing that was asked
    AGENT = "agent"  # an agent found it in the mail, where the reading had not


_RANK = {how: rank for rank, how in enumerate(How)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One item: given by a mail, or absent with that probability in every mail that was read for it."""

    absence: float  # in [0, 1]; 0 where it is given
    mail_id: int | None = None  # the first mail that gave it, or that said it is unknown where none gave it
    how: How | None = None

    @property
    def is_given(self) -> bool:
        """Did some mail give it?"""
        return self.mail_id is not None


def items_of(mail_id: int, seen: Assessment, answers: Mapping[str, How]) -> dict[str, Known]:
    """What one mail says of every item that was looked for in it, and of those that it answers by their place."""
    found: dict[str, Known] = {}
    findings = {section.value: finding for section, finding in seen.sections.items()}
    findings |= {f"facet:{facet.value}": finding for facet, finding in seen.facets.items()}
    for item, finding in findings.items():
        if finding.present or finding.answered:
            found[item] = given(mail_id, How.WORDS if finding.present else How.UNKNOWN)
        else:
            found[item] = Known(absence=round(finding.confidence, 4))
    for item, is_linked in (("link:evidence", seen.evidence_linked), ("link:goal", seen.goal_linked)):
        if is_linked:
            found[item] = given(mail_id, How.WORDS)
    for item, how in answers.items():
        found[item] = _surer(found.get(item), given(mail_id, how))
    return found


def given(mail_id: int, how: How) -> Known:
    """An item that this mail gives."""
    return Known(absence=0.0, mail_id=mail_id, how=how)


def merged(*parts: Items) -> dict[str, Known]:
    """All of it together, in a fixed order."""
    whole: dict[str, Known] = {}
    for part in parts:
        for item, known in part.items():
            whole[item] = _surer(whole.get(item), known)
    return dict(sorted(whole.items()))


def given_items(items: Items) -> frozenset[str]:
    """The items that need no question any more."""
    return frozenset(item for item, known in items.items() if known.is_given)


def _surer(one: Known | None, other: Known) -> Known:
    """The surer presence of the two; of two that give it, what tells more, then the earlier mail."""
    if one is None:
        return other
    if one.is_given or other.is_given:
        return min((known for known in (one, other) if known.is_given), key=_place)
    return one if one.absence <= other.absence else other


def _place(known: Known) -> tuple[bool, int, int]:
    """Something told before "unknown", then the earlier mail."""
    return known.how is How.UNKNOWN, known.mail_id or 0, _RANK[known.how or How.WORDS]


def items_to_value(items: Items) -> dict[str, list[object]]:
    """The record as JSON: [absence, id of the mail that gave it or null, how]."""
    return {item: [known.absence, known.mail_id, known.how.value if known.how else ""] for item, known in items.items()}


def items_from_value(value: Mapping[str, Iterable[object]]) -> dict[str, Known]:
    """The record that `items_to_value` wrote."""
    found: dict[str, Known] = {}
    for item, (absence, mail_id, how) in value.items():
        found[item] = Known(
            absence=float(str(absence)),
            mail_id=int(str(mail_id)) if mail_id is not None else None,
            how=How(str(how)) if how else None,
        )
    return found
