"""The queue: what agents see, page by page; moves and notes."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.exc import NoResultFound

from models.conversation import items_from_value
from models.db.base import Shelf
from models.db.filing import EVENT, READING, add_event, change_state, locked_ticket
from models.db.intake import INBOUND
from models.db.rows import event_view, full_mail_view, mail_view, names, reply_view, stray_row, ticket_row
from models.db.tables import TicketTallyRow
from models.db.threads import REPLY, TICKET, TICKET_LINK, accounts_of, is_merged
from models.errors import IllegalMove, NotFound
from models.states import Cause, TicketState
from models.ticket import PLACES, MailState
from models.views import LinkView, TicketView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection, RowMapping

    from models.views import MailView, QueueRow, ReplyView

TALLY = TicketTallyRow.__table__  # type: ignore[attr-defined]
MAIL_COLUMNS = [
    INBOUND.c[name]
    for name in (
        "id",
        "message_id",
        "sha256",
        "received_at",
        "state",
        "deliveries",
        "sender",
        "subject",
        "error",
        "size",
        "ref",
    )
]
_LETTER = [column for column in REPLY.c if column.name not in {"raw", "text"}]
STRAY_STATES = {"parked": MailState.PARKED.value, "needs_review": MailState.RECEIVED.value}


class Queue(Shelf):
    """Tickets as agents see them."""

    def queue(
        self,
        *,
        states: Iterable[str] | None = None,
        limit: int = 50,
        after: int | None = None,
        include_closed: bool = False,
    ) -> tuple[QueueRow, ...]:
        """A page of the queue, newest first. `after` is the key of the last row of the page before.

        Without `states` it holds all open tickets and fresh mails; closed and parked ones only if asked for.
        """
        wanted = set(states) if states is not None else {state.value for state in TicketState}
        if states is None and not include_closed:
            wanted -= {TicketState.CLOSED.value, TicketState.PARKED.value}
        with self.read() as connection:
            tickets = _tickets(connection, wanted, limit, after)
            strays = _strays(connection, wanted, limit, after)
        return tuple(sorted((*tickets, *strays), key=lambda row: -row.key)[:limit])

    def counts(self) -> dict[str, int]:
        """Tickets by state; fresh mails count as needs_review, parked mails as parked."""
        with self.read() as connection:
            tallied = select(TALLY.c.state, func.sum(TALLY.c.count)).group_by(TALLY.c.state)
            found = defaultdict(int, _counts(connection, tallied))
            is_stray = INBOUND.c.ref.is_(None) & INBOUND.c.state.in_(STRAY_STATES.values())  # not all of the table
            strays = select(INBOUND.c.state, func.count()).where(is_stray).group_by(INBOUND.c.state)
            stray = _counts(connection, strays)
        for ticket_state, mail_state in STRAY_STATES.items():
            found[ticket_state] += stray.get(mail_state, 0)
        return {state.value: found[state.value] for state in TicketState}

    def ticket(self, ref: str) -> TicketView:
        """One ticket whole.

        Raises:
            NotFound: No such ticket.
        """
        with self.read() as connection:
            row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
            if row is None:
                raise NotFound(f"no ticket {ref}")
            mails = connection.execute(
                select(*MAIL_COLUMNS, READING.c.mail, READING.c.assessment, READING.c.decision)
                .outerjoin(READING, READING.c.mail_id == INBOUND.c.id)
                .where(INBOUND.c.ref == ref)
                .order_by(INBOUND.c.id)
            ).mappings()
            full = tuple(full_mail_view(mail) for mail in mails)
            letters = connection.execute(
                select(*_LETTER, REPLY.c.text).where(REPLY.c.ref == ref).order_by(REPLY.c.id)
            ).mappings()
            replies = tuple(reply_view(letter) for letter in letters)
            events = connection.execute(select(EVENT).where(EVENT.c.ref == ref).order_by(EVENT.c.id)).mappings()
            return TicketView(
                row=ticket_row(row, full, replies),
                mails=full,
                replies=replies,
                events=tuple(event_view(event) for event in events),
                links=_links(connection, ref),
                items=items_from_value(json.loads(row["items"])),
                asked=names(row["asked"]),
                participants=names(row["participants"]),
                known_accounts=accounts_of(connection, row["sender"]),
            )

    def stray_mail(self, mail_id: int) -> MailView:
        """A mail that is no ticket: just received, or parked.

        Raises:
            NotFound: No such mail, or it became a ticket.
        """
        query = select(*MAIL_COLUMNS).where(INBOUND.c.id == mail_id, INBOUND.c.ref.is_(None))
        with self.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"no stray mail {mail_id}")
        return mail_view(row)

    def move(self, ref: str, to: TicketState, *, by: str, now: datetime, why: str = "") -> None:
        """Move a ticket to another state, by an agent's hand.

        Raises:
            NotFound: No such ticket.
            IllegalMove: The table of legal moves does not hold it, or the ticket was merged into another.
        """
        with self.write() as connection:
            row = _held(connection, ref)
            if is_merged(connection, ref):
                raise IllegalMove(ref=ref, was=row["state"], to=to.value)
            change_state(connection, row, to, now, cause=Cause.AGENT, by=by, why=why)

    def snooze(self, ref: str, until: datetime, *, by: str, now: datetime) -> None:
        """Put a ticket aside until then, or until its customer writes.

        Raises:
            NotFound: No such ticket.
            IllegalMove: A closed ticket does not sleep.
        """
        with self.write() as connection:
            row = _held(connection, ref)
            why = f"until {until:%Y-%m-%d %H:%M}"
            change_state(connection, row, TicketState.SNOOZED, now, cause=Cause.AGENT, by=by, why=why, wake_at=until)

    def add_note(self, ref: str, text: str, *, by: str, now: datetime) -> None:
        """A note of an agent in the ticket's history.

        Raises:
            NotFound: No such ticket.
        """
        with self.write() as connection:
            if connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(updated_at=now)).rowcount != 1:
                raise NotFound(f"no ticket {ref}")
            add_event(connection, ref, now, by, "note", text[:10_000])


def _counts(connection: Connection, query: Select[Any]) -> dict[str, int]:
    """A two-column answer as a dictionary."""
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def _tickets(connection: Connection, states: set[str], limit: int, after: int | None) -> list[QueueRow]:
    query = select(TICKET).where(TICKET.c.state.in_(states)).order_by(TICKET.c.place.desc()).limit(limit)
    if after is not None:
        query = query.where(TICKET.c.place < after)
    return rows_of(connection, connection.execute(query).mappings().all())


def rows_of(connection: Connection, rows: Sequence[RowMapping]) -> list[QueueRow]:
    """Lines of the queue for these rows of tickets, with their mails and letters."""
    refs = [row["ref"] for row in rows]
    mails: dict[str, list[MailView]] = defaultdict(list)
    for row in connection.execute(
        select(*MAIL_COLUMNS).where(INBOUND.c.ref.in_(refs)).order_by(INBOUND.c.id)
    ).mappings():
        mails[row["ref"]].append(mail_view(row))
    letters: dict[str, list[ReplyView]] = defaultdict(list)
    for row in connection.execute(select(*_LETTER).where(REPLY.c.ref.in_(refs)).order_by(REPLY.c.id)).mappings():
        letters[row["ref"]].append(reply_view(row))
    return [ticket_row(row, mails[row["ref"]], letters[row["ref"]]) for row in rows]


def _strays(connection: Connection, states: set[str], limit: int, after: int | None) -> list[QueueRow]:
    wanted = [mail_state for ticket_state, mail_state in STRAY_STATES.items() if ticket_state in states]
    if not wanted:
        return []
    query = (
        select(*MAIL_COLUMNS)
        .where(INBOUND.c.ref.is_(None), INBOUND.c.state.in_(wanted))
        .order_by(INBOUND.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(INBOUND.c.id < -(-after // PLACES))
    return [stray_row(mail_view(row)) for row in connection.execute(query).mappings()]


def _links(connection: Connection, ref: str) -> tuple[LinkView, ...]:
    """Both ways, the older tickets first."""
    query = (
        select(TICKET_LINK, TICKET.c.state, TICKET.c.subject)
        .join(TICKET, TICKET.c.ref == case((TICKET_LINK.c.ref == ref, TICKET_LINK.c.other), else_=TICKET_LINK.c.ref))
        .where(or_(TICKET_LINK.c.ref == ref, TICKET_LINK.c.other == ref))
        .order_by(TICKET.c.place)
    )
    return tuple(
        LinkView(
            ref=row["other"] if row["ref"] == ref else row["ref"],
            kind=row["kind"],
            is_from_here=row["ref"] == ref,
            state=row["state"],
            subject=row["subject"],
        )
        for row in connection.execute(query).mappings()
    )


def _held(connection: Connection, ref: str) -> RowMapping:
    """The ticket's row, locked.

    Raises:
        NotFound: No such ticket.
    """
    try:  # looked for once: between two looks it might be erased
        return locked_ticket(connection, ref)
    except NoResultFound:
        raise NotFound(f"no ticket {ref}") from None
