"""What an earlier conversation means for a new mail: is it an answer, what is settled, which letters may still go.

Letters to one ticket (the contract): a first request; one follow-up if the customer wrote back and something required
is still missing; one reminder if he did not; then a person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import ASKING, REQUESTS, UNSEEN, LetterKind, ReplyState
from models.mail import Trust
from responders.items import Checked, Presence, is_given

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.assessment import Assessment, Issue
    from models.decision import OpenTicket
    from models.mail import Mail

_SURE_ANSWERS = 2  # so many asked items in a mail of thanks make it an answer without doubt


def letters_written(ticket: OpenTicket | None) -> frozenset[LetterKind]:
    """The kinds of letters that this ticket has had, or that wait for an agent's release.

    A question that still waits is none of them: the customer has not seen it, and what he writes meanwhile overtakes it.
    """
    if ticket is None:
        return frozenset()
    return frozenset(
        letter.kind
        for letter in ticket.letters
        if letter.kind is not None
        and letter.state not in UNSEEN
        and not letter.is_overtaken
        and not (letter.state is ReplyState.HELD and letter.kind in ASKING)
    )


def as_seen_by(mail: Mail, ticket: OpenTicket) -> OpenTicket:
    """The ticket with those of our questions marked that still wait to go and that this mail's writer has not seen.

    He has seen what he quotes, and what a reference in his subject can only come from.
    """
    if mail.automation.kind is not None or mail.trust is Trust.FAILED:
        return ticket
    quoted = {mail.in_reply_to, *mail.references}
    has_had_others = any(one.state is ReplyState.SENT for one in ticket.letters)
    is_seen = bool(mail.thread_refs) and not has_had_others
    letters = tuple(
        replace(
            one, is_overtaken=one.is_waiting and one.kind in ASKING and not is_seen and one.message_id not in quoted
        )
        for one in ticket.letters
    )
    return replace(ticket, letters=letters)


def is_addendum(mail: Mail, ticket: OpenTicket | None) -> bool:
    """Does the mail go on with the customer's own, without a sign that he has seen our letter?"""
    if ticket is None or not ticket.letters or mail.thread_refs:
        return False
    quoted = {mail.in_reply_to, *mail.references}
    return not any(letter.message_id in quoted for letter in ticket.letters)


def has_asked(ticket: OpenTicket | None) -> bool:
    """Does the ticket have its first request?"""
    return bool(letters_written(ticket) & REQUESTS)


def awaits_answer(ticket: OpenTicket | None) -> bool:
    """Was the customer asked, or about to be, and not yet told that all is there?"""
    if ticket is None or LetterKind.COMPLETED in letters_written(ticket):
        return False
    return has_asked(ticket) or any(letter.is_overtaken for letter in ticket.letters)


def settled_by(seen: Assessment, ticket: OpenTicket | None, placed: Collection[str]) -> frozenset[str]:
    """The items that need no question: given in earlier mails, answered in this one by their place or by its words."""
    if ticket is None:
        return frozenset()
    looked_for = ticket.asked.union(ticket.items)
    return ticket.settled.union(placed, (item for item in looked_for if is_given(item, seen)))


def new_answers(seen: Assessment, ticket: OpenTicket | None, placed: Collection[str]) -> frozenset[str]:
    """The items that we asked for, or were unsure of, and that this mail settles for the first time."""
    if ticket is None or not awaits_answer(ticket):
        return frozenset()
    return (settled_by(seen, ticket, placed) - ticket.settled) & ticket.asked.union(ticket.unsure)


def is_half_answer(seen: Assessment, answers: frozenset[str], *, says_something: bool) -> bool:
    """Thanks that name one asked thing in passing, or words that settle nothing: an agent looks before we ask on.

    `says_something` is false of a promise and of a question back: then one thing alone was hardly meant as an answer.
    """
    is_thanks = all(issue.category is Category.ACKNOWLEDGEMENT for issue in seen.issues)
    return is_thanks and len(answers) < (1 if says_something else _SURE_ANSWERS)


def is_same_matter(issue: Issue, ticket: OpenTicket) -> bool:
    """Does an issue of a joining mail go on with the ticket's own matter, as far as its labels tell?"""
    return issue.category in ticket.categories or bool(set(issue.products) & set(ticket.products))


def may_ask(item: str, seen: Assessment, ticket: OpenTicket | None) -> bool:
    """May this item be asked for, seeing that the mail goes on with that ticket's matter?

    Only what the earlier mails were read for, and facets of a kind that this mail has revealed: any other item may stand
    in them.
    """
    if ticket is None or item in ticket.asked or item in ticket.items:
        return True
    return item.startswith("facet:") and ticket.symptom_kind is None and seen.symptom_kind is not None


def in_view_of(one: Checked, seen: Assessment, ticket: OpenTicket | None, ask: float) -> Checked:
    """An item of this mail in view of what the ticket's earlier mails told of it.

    Absent only if it is surely absent from all of them. What no earlier reading looked for is taken as there, and so is,
    for the sureness of this decision, what an earlier one was unsure of: its letter has gone by that.
    """
    if ticket is None or one.presence is Presence.THERE:
        return one
    if not may_ask(one.item, seen, ticket):
        return Checked(item=one.item, presence=Presence.THERE, absence=0.0)
    known = ticket.items.get(one.item)
    absence = min(one.absence, known.absence) if known else one.absence
    if one.presence is Presence.ABSENT and absence >= ask:
        return Checked(item=one.item, presence=Presence.ABSENT, absence=absence)
    is_doubt_of_before = known is not None and known.absence < ask and one.item not in ticket.asked
    return Checked(item=one.item, presence=Presence.UNSURE, absence=0.0 if is_doubt_of_before else absence)
