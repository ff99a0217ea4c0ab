"""What a mail is about, as the desk's order of decision needs it: its issues sorted, its ticket taken into account.

Leaves out acknowledgements and unrelated issues (the contract); tells answers to our questions from new matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.assessment import Category
from responders.joined import awaits_answer, is_same_matter, new_answers, settled_by
from responders.placed import placed_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.assessment import Assessment, Issue, SymptomKind
    from models.conversation import How
    from models.decision import History, OpenTicket
    from models.mail import Mail
    from policy.pack import CategoryPolicy, Pack

_LEFT_OUT = frozenset({Category.ACKNOWLEDGEMENT, Category.OUT_UNRELATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One mail's issues, sorted."""

    answerable: tuple[Issue, ...]
    beside: tuple[Issue, ...]  # out.* and undisclosed.* issues
    ticket: OpenTicket | None  # the ticket whose matter the mail goes on with
    is_answer: bool  # to our questions
    answers: frozenset[str]  # asked items that this mail settles
    settled: frozenset[str]  # items that need no question
    placed: Mapping[str, How]  # asked items that the mail answers by their place
    joins: bool = False
    begins: bool = False  # the ticket begins with it, though other mails came before it

    @property
    def is_empty(self) -> bool:
        """Nothing left to decide about."""
        return not (self.answerable or self.beside or self.is_answer)

    @property
    def is_new_in_thread(self) -> bool:
        """The mail joins a ticket, yet is about something else."""
        return self.joins and self.ticket is None

    @property
    def is_several(self) -> bool:
        """More than one answerable issue; in an answer, only if one of them is not the ticket's."""
        if not self.is_answer or self.ticket is None or self.begins:
            return len(self.answerable) > 1
        ticket = self.ticket
        return len(self.answerable) > 1 and not all(is_same_matter(issue, ticket) for issue in self.answerable)

    def policies(self, pack: Pack) -> tuple[CategoryPolicy, ...]:
        """The policies that say what is required: the ticket's where the mail goes on with it, else the issue's."""
        known = [category for category in self.ticket.categories if category.is_answerable] if self.ticket else []
        own = [issue.category for issue in self.answerable]
        categories = (own or known) if self.begins else (known or own)
        return tuple(pack.categories[category] for category in dict.fromkeys(categories) if category in pack.categories)

    def kind(self, seen: Assessment) -> SymptomKind | None:
        """The kind of symptom: the ticket's, once it is known."""
        known = self.ticket.symptom_kind if self.ticket else None
        return (seen.symptom_kind or known) if self.begins else (known or seen.symptom_kind)


def matter_of(mail: Mail, seen: Assessment, history: History, pack: Pack) -> Matter:
    """Sort the issues of a mail that joins a ticket, or none."""
    joined = history.ticket
    issues = [issue for issue in seen.issues if issue.category not in _LEFT_OUT]
    answerable = tuple(issue for issue in issues if issue.category.is_answerable)
    placed = placed_answers(mail, seen, joined, pack)
    answers = new_answers(seen, joined, placed)
    is_wordless_issue = not seen.issues and bool(mail.reply_text.strip())
    goes_on = joined is not None and (history.is_awaited or _goes_on(answerable, joined, answers))
    ticket = joined if goes_on else None
    return Matter(
        answerable=answerable,
        beside=tuple(issue for issue in issues if not issue.category.is_answerable),
        ticket=ticket,
        is_answer=ticket is not None and awaits_answer(ticket) and bool(answers or answerable or is_wordless_issue),
        answers=answers,
        settled=settled_by(seen, ticket, placed),
        placed=placed,
        joins=joined is not None,
        begins=history.is_awaited,
    )


def _goes_on(answerable: tuple[Issue, ...], joined: OpenTicket, answers: frozenset[str]) -> bool:
    """A mail that answers something, names no issue of its own, or shares a label goes on with the ticket's matter."""
    return bool(answers) or not answerable or any(is_same_matter(issue, joined) for issue in answerable)
