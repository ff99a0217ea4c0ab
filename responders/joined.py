"""What an earlier conversation means for a new mail: is it an answer, what is settled, which letters may still go.

Letters to one ticket (the contract): a first request; one follow-up if the customer wrote back and something required
is still missing; one reminder if he did not; then a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import REQUESTS, UNSEEN, LetterKind
from responders.answers import completed_in_quote, completed_items
from responders.items import is_given

if TYPE_CHECKING:
    from models.assessment import Assessment, Issue
    from models.decision import OpenTicket
    from models.mail import Mail
    from policy.pack import Pack

_SURE_ANSWERS = 2  # so many asked items in a mail of thanks make it an answer without doubt


def letters_written(ticket: OpenTicket | None) -> frozenset[LetterKind]:
    """The kinds of letters that this ticket has had, or that wait for an agent's release."""
    return frozenset(letter.kind for letter in ticket.letters if letter.state not in UNSEEN) if ticket else frozenset()


def has_asked(ticket: OpenTicket | None) -> bool:
    """Does the ticket have its first request?"""
    return bool(letters_written(ticket) & REQUESTS)


def awaits_answer(ticket: OpenTicket | None) -> bool:
    """Was the customer asked, and not yet told that all is there?"""
    return has_asked(ticket) and LetterKind.COMPLETED not in letters_written(ticket)


def settled_by(mail: Mail, seen: Assessment, ticket: OpenTicket | None, pack: Pack) -> frozenset[str]:
    """The items that need no question: settled in earlier mails, or completed in this one's fill-in block."""
    if ticket is None:
        return frozenset()
    done = completed_items(mail.reply_text, ticket.asked, pack) | completed_in_quote(mail.text, ticket.asked, pack)
    return ticket.settled | done | {item for item in ticket.asked if is_given(item, seen)}


def new_answers(mail: Mail, seen: Assessment, ticket: OpenTicket | None, pack: Pack) -> frozenset[str]:
    """The asked items that this mail settles for the first time."""
    if ticket is None or not awaits_answer(ticket):
        return frozenset()
    return (settled_by(mail, seen, ticket, pack) - ticket.settled) & ticket.asked


def is_half_answer(seen: Assessment, answers: frozenset[str]) -> bool:
    """Thanks that name one asked thing in passing, or words that settle nothing: an agent looks before we ask on."""
    is_thanks = all(issue.category is Category.ACKNOWLEDGEMENT for issue in seen.issues)
    return is_thanks and len(answers) < _SURE_ANSWERS


def is_same_matter(issue: Issue, ticket: OpenTicket) -> bool:
    """Does an issue of a joining mail go on with the ticket's own matter, as far as its labels tell?"""
    return issue.category in ticket.categories or bool(set(issue.products) & set(ticket.products))


def may_ask(item: str, seen: Assessment, ticket: OpenTicket | None) -> bool:
    """May this item be asked for, seeing that the mail goes on with that ticket's matter?

    Only what was known to be missing before, and facets of a kind that this mail has revealed: any other item may stand
    in the earlier mails, which this reading has not seen.
    """
    if ticket is None or item in ticket.asked:
        return True
    return item.startswith("facet:") and ticket.symptom_kind is None and seen.symptom_kind is not None
