"""Where a mail belongs that names a ticket: to it, or to a ticket of its own that is linked with it.

A closed ticket is done: what has a matter opens a new one (the guide: 別のチケットを起票する). In an open ticket a mail of
another matter alone does too; one that answers and asks something else stays, and the decision splits it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from models.assessment import Category
from models.states import TicketState
from models.ticket import Link, LinkKind, is_thanks
from responders.joined import new_answers
from responders.placed import placed_answers
from responders.replies import begins_with_another, leads_to_another, read_as_reply
from responders.thanks import says_only_thanks

if TYPE_CHECKING:
    from models.assessment import Assessment, Issue
    from models.decision import History, OpenTicket
    from models.mail import Mail
    from policy.pack import Pack

_ANSWERING = re.compile(r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|aw|sv|vs|antw|返信|回复|答复|回覆)\s*[:：]", re.IGNORECASE)
_SURE = 0.6  # how sure a category must be to open a ticket of its own
_SURE_THANKS = 0.5
_FOR_PEOPLE = frozenset({"complaint", "security", "sensitive", "urgent"})
_WITHOUT_MATTER = frozenset({Category.ACKNOWLEDGEMENT, Category.OUT_UNRELATED})


def may_lead_elsewhere(mail: Mail, seen: Assessment, ticket: OpenTicket, pack: Pack) -> bool:
    """Is a second look worth it? A closed ticket, words that lead to another matter, or a category that the ticket has not."""
    if mail.automation.kind is not None:
        return False
    is_new = any(one.category.is_answerable and one.category not in ticket.categories for one in seen.issues)
    return ticket.state == TicketState.CLOSED.value or is_new or leads_to_another(mail, pack)


def is_inherited(mail: Mail) -> bool:
    """Is the subject that of the mail that this one answers?"""
    return _ANSWERING.match(mail.subject) is not None or bool(mail.in_reply_to and mail.thread_refs)


def place(mail: Mail, seen: Assessment, history: History, pack: Pack) -> History:
    """The history as this mail should be decided in: with its ticket, or with a link in the ticket's place."""
    ticket = history.ticket
    if ticket is None:
        return history
    kind = _apart(mail, seen, ticket, pack)
    if kind is None:
        return history
    link = Link(other=ticket.ref, kind=kind)
    return replace(history, ticket=None, ref=history.new_ref or history.ref, link=link)


def _apart(mail: Mail, seen: Assessment, ticket: OpenTicket, pack: Pack) -> LinkKind | None:
    """How the ticket of its own would hang together with this one; None if the mail belongs to this one."""
    matters = [issue for issue in seen.issues if issue.category not in _WITHOUT_MATTER]
    if ticket.state == TicketState.CLOSED.value:
        is_answer = bool(placed_answers(mail, read_as_reply(seen, ticket), ticket, pack) or mail.inline_answers)
        return None if not is_answer and _says_nothing_new(mail, seen) else LinkKind.FOLLOWS
    answerable = [issue for issue in matters if issue.category.is_answerable]
    if not answerable or len(answerable) != len(matters):
        return None
    reply, leads = read_as_reply(seen, ticket), leads_to_another(mail, pack)
    placed = placed_answers(mail, reply, ticket, pack)
    # A mail that begins with another matter tells that one's time and place: only answers by their place are ours then.
    is_other = begins_with_another(mail, pack)
    if new_answers(reply, ticket, placed) & (set(placed) if is_other else ticket.asked.union(ticket.unsure)):
        return None
    return LinkKind.SPLIT if all(_is_another(one, ticket, leads=leads) for one in answerable) else None


def _says_nothing_new(mail: Mail, seen: Assessment) -> bool:
    """Nothing at all, or thanks without a doubt: whatever else is written on a closed ticket must be seen."""
    own = (hint.kind for hint in seen.hints if hint.span is None or hint.span.start > len(mail.subject))
    if mail.attachments or not _FOR_PEOPLE.isdisjoint(own):
        return False
    is_sure = all(issue.confidence >= _SURE_THANKS for issue in seen.issues)
    return not mail.reply_text.strip() or (is_thanks(seen) and is_sure and says_only_thanks(mail.reply_text))


def _is_another(issue: Issue, ticket: OpenTicket, *, leads: bool) -> bool:
    """Surely not the ticket's matter: announced as another one, or of another category and about other products."""
    known = set(ticket.products)
    is_elsewhere = bool(issue.products and known) and not known & set(issue.products)
    is_of_another_kind = issue.category not in ticket.categories
    if leads:
        return is_elsewhere or is_of_another_kind
    return is_elsewhere and is_of_another_kind and issue.confidence >= _SURE
