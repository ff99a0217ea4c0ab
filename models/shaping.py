"""Which part of a mail a ticket is about, and what can be said of that part alone. Pure.

Promises: what has its proof in another ticket's part is not this one's; what stands in no issue (a signature's account, a
region named once for all) is everybody's; what has no place in the text stays with the ticket that keeps the mail. What
is not found in a part is never held for surely absent: the proof that a reading keeps is not all that there may be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from models.assessment import Category, Finding, Section
from models.correcting import still_linked
from models.decision import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.assessment import Assessment, Issue, Span, SymptomKind
    from models.conversation import Items
    from models.correcting import Words
    from models.views import MailView

_PERHAPS = Finding(present=False, confidence=0.5)
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})


class Refusal(StrEnum):
    """Why tickets keep their shape; an expected outcome, nothing was written."""

    CHANGED = "changed"  # someone else was quicker
    SAME = "same"  # into itself
    CLOSED = "closed"  # the other ticket is closed: open it first
    MERGED = "merged"  # the ticket was merged into another
    OTHER_CUSTOMER = "other_customer"  # and nobody has confirmed it
    NOTHING_LEFT = "nothing_left"  # the ticket would be left without a mail
    NOTHING_CHOSEN = "nothing_chosen"
    NO_ROOM = "no_room"  # a mail has places for 999 tickets
    NOT_BY_HAND = "not_by_hand"  # this link is no agent's


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitIssue:
    """An issue of a mail, by its number from 0, that becomes a ticket of that title."""

    number: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPart:
    """The mail that a ticket is about in part, with the stretches that are its own."""

    mail: MailView
    holder: str  # the ticket that keeps the mail
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReading:
    """One mail as it speaks for one ticket: corrected by agents, and only the part that is the ticket's."""

    mail_id: int
    seen: Assessment
    words: Words  # of agents, that count here
    latest: int  # the newest correction of the mail; 0: none
    is_machine: bool
    is_own: bool  # the ticket keeps the mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a ticket is about and has, as far as the question goes what it lacks."""

    categories: tuple[Category, ...]
    kind: SymptomKind | None
    items: Items
    has_permission_error: bool = False
    missing: tuple[str, ...] = ()  # as it was held before
    unsure: tuple[str, ...] = ()


class Lacks(Protocol):
    """The policy's answer to what a ticket lacks: (missing, unsure). Pure."""

    def __call__(self, whole: Whole, /) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Items in the guide's order."""


def is_within(issue: Issue, spans: Iterable[Span]) -> bool:
    """Does the greater part of the issue lie within these spans?"""
    taken = list(spans)
    length = sum(end - start for start, end in issue.spans)
    return bool(length) and 2 * sum(_overlap(one, other) for one in issue.spans for other in taken) > length


def part_of(seen: Assessment, own: Sequence[Span], others: Sequence[Span], *, keeps_rest: bool) -> Assessment:
    """The reading of a part of the mail.

    Args:
        seen: Of the whole mail.
        own: The part; unused where the part is the rest.
        others: The parts of other tickets.
        keeps_rest: The part is whatever no other ticket has.
    """
    if keeps_rest and not others:
        return seen
    issues = tuple(one for one in seen.issues if (not is_within(one, others) if keeps_rest else is_within(one, own)))
    foreign = list(others)
    if not keeps_rest:  # what no ticket has taken is not this one's either
        foreign += [span for one in seen.issues if one not in issues for span in one.spans]
    mine = list(own) if not keeps_rest else [span for one in issues for span in one.spans]

    def here(span: Span) -> bool:
        return any(_overlap(span, one) for one in mine) or not any(_overlap(span, one) for one in foreign)

    def found(finding: Finding) -> Finding:
        if not (finding.present or finding.answered):
            return finding
        if not finding.spans:
            return finding if keeps_rest else _PERHAPS
        spans = tuple(span for span in finding.spans if here(span))
        return replace(finding, spans=spans) if spans else _PERHAPS

    trouble = next((one for one in seen.issues if one.category in _TROUBLE), None)
    has_kind = trouble is not None and trouble in issues
    sections = {section: found(finding) for section, finding in seen.sections.items()}
    texts = [seen.text[start:end] for start, end in mine]
    account_is_here = {one for one in seen.accounts if any(one in text for text in texts) or not texts}
    named_elsewhere = {issue.account for issue in seen.issues if issue not in issues and issue.account}
    accounts = tuple(one for one in seen.accounts if one in account_is_here or one not in named_elsewhere)
    return replace(
        seen,
        issues=issues,
        sections=sections,
        symptom_kind=seen.symptom_kind if has_kind else None,
        facets={facet: found(finding) for facet, finding in seen.facets.items()} if has_kind else {},
        evidence_linked=still_linked(Section.EVIDENCE, sections, linked=seen.evidence_linked),
        goal_linked=still_linked(Section.GOAL, sections, linked=seen.goal_linked),
        accounts=accounts,
        multiple_accounts=len(accounts) > 1 and seen.multiple_accounts,
        hints=tuple(hint for hint in seen.hints if hint.span is None or here(hint.span)),
    )


def disposition_of(categories: Sequence[Category], missing: Sequence[str]) -> Disposition:
    """What the desk makes of a part, as the order of decision has it."""
    asking = [one for one in categories if one not in {Category.ACKNOWLEDGEMENT, Category.OUT_UNRELATED}]
    if not asking:
        return Disposition.NO_REPLY
    if not any(one.is_answerable for one in asking):
        return Disposition.OUT_OF_SCOPE if all(one.is_out for one in asking) else Disposition.POLICY_NOTICE
    return Disposition.REQUEST_INFORMATION if missing else Disposition.ACCEPT


def _overlap(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
