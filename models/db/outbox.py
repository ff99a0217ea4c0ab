"""The outbox: lease queued letters, mark what became of them, let agents release or discard what is held."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from models.assessment import Category
from models.controls import Judgement, Verdict
from models.db.base import Shelf
from models.db.bell import Topic
from models.db.bell import note as ring_for
from models.db.desk_rules import are_letters_on, verdicts_for
from models.db.filing import READING, add_event, change_state, locked_ticket, write_reply
from models.db.leases import is_free, take
from models.db.limits import BLOCKED, MACHINE, silence_by_now
from models.db.locks import share_switch
from models.db.rows import names, reply_view
from models.db.threads import REPLY, TICKET, folded_address, has_person, has_written_since, is_merged, is_unread_from
from models.decision import AGENT, LetterKind, ReplyState
from models.errors import ClaimLost, IllegalMove, LettersStopped, NotFound
from models.mail import Trust
from models.states import Cause, TicketState, moves_by
from models.ticket import STANDS_ON_LETTER
from models.views import DueReminder, OutboxClaim

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any

    from sqlalchemy.engine import Connection, RowMapping

    from models.decision import LetterLimits, Reply
    from models.views import ReplyView

_LIGHT = [column for column in REPLY.c if column.name != "raw"]
REPLIED = "replied"  # why a ticket moves where an agent has written
# Where a ticket stands once its letter has gone.
_AFTER_RELEASE = {
    LetterKind.REQUEST_INFORMATION.value: TicketState.WAITING_CUSTOMER,
    LetterKind.FOLLOW_UP.value: TicketState.WAITING_CUSTOMER,
    LetterKind.SPLIT.value: TicketState.WAITING_CUSTOMER,
    LetterKind.ACCOUNT_NOTICE.value: TicketState.WAITING_CUSTOMER,
    LetterKind.RECURRENCE.value: TicketState.WAITING_RECURRENCE,
    LetterKind.OUT_OF_SCOPE.value: TicketState.ANSWERED,
    LetterKind.POLICY_NOTICE.value: TicketState.ANSWERED,
    LetterKind.ACKNOWLEDGEMENT.value: TicketState.READY,
    LetterKind.COMPLETED.value: TicketState.READY,
    LetterKind.REMINDER.value: TicketState.WAITING_CUSTOMER,
}


class Outbox(Shelf):
    """Letters."""

    def claim_replies(self, *, limit: int, lease: timedelta, now: datetime) -> tuple[OutboxClaim, ...]:
        """Lease up to `limit` queued letters that are due, oldest first; none while someone has stopped all letters."""
        token = secrets.token_hex(16)
        due = (
            select(REPLY.c.id)
            .where(REPLY.c.state == ReplyState.QUEUED.value, REPLY.c.next_at <= now)
            .where(is_free(REPLY, now))
            .order_by(REPLY.c.next_at, REPLY.c.id)
            .limit(limit)
        )
        with self.write() as connection:
            share_switch(connection)
            if not are_letters_on(connection):
                return ()
            taken = take(connection, REPLY, due, until=now + lease, token=token)
        return tuple(
            OutboxClaim(
                reply_id=row.id,
                token=token,
                attempts=row.attempts,
                ref=row.ref,
                to=row.to_address,
                mail_from=row.mail_from,
                raw=bytes(row.raw),
                cc=names(row.cc),
            )
            for row in taken
        )

    def reply_sent(self, claim: OutboxClaim, *, now: datetime, note: str = "") -> None:
        """The smarthost took it; why it was held or had to wait stays in the ticket's history. `note`: what it said of a Cc.

        Raises:
            ClaimLost: The lease ran out and another process has the letter.
        """
        with self.write() as connection:
            ticket = _locked_of(connection, claim)
            sent = {"state": ReplyState.SENT.value, "sent_at": now, "reason": note[:500]}
            _end(connection, claim, ticket, now, "reply_sent", note, **sent)

    def reply_deferred(self, claim: OutboxClaim, *, now: datetime, next_at: datetime, error: str) -> None:
        """Not now: try again at `next_at`, unless the address was blocked meanwhile.

        Raises:
            ClaimLost: The lease ran out and another process has the letter.
        """
        with self.write() as connection:
            share_switch(connection)
            ticket = _locked_of(connection, claim)
            is_blocked = Verdict.BLOCK in verdicts_for(connection, claim.to, ticket["sender"])
            if (
                not is_blocked or _kind_of(connection, claim.reply_id) == AGENT
            ):  # an agent has seen the block, and sent it
                _end(connection, claim, ticket, now, "reply_deferred", error, next_at=next_at, reason=error[:500])
                return
            silenced = {"state": ReplyState.SUPPRESSED.value, "reason": BLOCKED}
            _give_up(connection, claim, ticket, now, "reply_suppressed", BLOCKED, **silenced)

    def reply_failed(self, claim: OutboxClaim, *, now: datetime, error: str) -> None:
        """Never: the letter is marked, its address spared, and a ticket that stands on it needs review.

        Raises:
            ClaimLost: The lease ran out and another process has the letter.
        """
        with self.write() as connection:
            ticket = _locked_of(connection, claim)
            failed = {"state": ReplyState.FAILED.value, "reason": error[:500]}
            _give_up(connection, claim, ticket, now, "reply_failed", error, **failed)

    def release_reply(self, reply_id: int, *, by: str, now: datetime) -> None:
        """Let a held letter go; its ticket then stands where it would stand had the letter gone by itself.

        Raises:
            NotFound: No such letter.
            IllegalMove: It is not held, or its ticket is closed: then open the ticket first, or discard the letter.
            LettersStopped: Someone has stopped all letters.
        """
        self._settle(reply_id, by, now, ReplyState.QUEUED)

    def discard_reply(self, reply_id: int, *, by: str, now: datetime) -> None:
        """A held letter will not go.

        Raises:
            NotFound: No such letter.
            IllegalMove: It is not held.
        """
        self._settle(reply_id, by, now, ReplyState.DISCARDED)

    def _settle(self, reply_id: int, by: str, now: datetime, to: ReplyState) -> None:
        with self.write() as connection:
            share_switch(connection)
            row = connection.execute(select(REPLY.c.ref, REPLY.c.state).where(REPLY.c.id == reply_id)).first()
            if row is None:
                raise NotFound(f"no letter {reply_id}")
            if row.state != ReplyState.HELD.value:
                raise IllegalMove(ref=row.ref, was=row.state, to=to.value)
            if to is ReplyState.QUEUED and not are_letters_on(connection):
                raise LettersStopped
            judgement = Judgement.RELEASED if to is ReplyState.QUEUED else Judgement.DISCARDED
            settle_held(connection, reply_id, by, now, to, judgement=judgement.value)

    def replies(self, *, limit: int = 100, before: int | None = None, state: str = "") -> tuple[ReplyView, ...]:
        """Letters, newest first, all or those in one state; `before` is the id of the last one of the page before."""
        query = select(*_LIGHT).order_by(REPLY.c.id.desc()).limit(limit)
        if state:
            query = query.where(REPLY.c.state == state)
        if before is not None:
            query = query.where(REPLY.c.id < before)
        with self.read() as connection:
            return tuple(reply_view(row) for row in connection.execute(query).mappings())

    def reply(self, reply_id: int) -> ReplyView:
        """One letter.

        Raises:
            NotFound: No such letter.
        """
        with self.read() as connection:
            row = connection.execute(select(*_LIGHT).where(REPLY.c.id == reply_id)).mappings().first()
        if row is None:
            raise NotFound(f"no letter {reply_id}")
        return reply_view(row)

    def raw_reply(self, reply_id: int) -> bytes:
        """The complete message as it goes out.

        Raises:
            NotFound: No such letter.
        """
        with self.read() as connection:
            raw = connection.execute(select(REPLY.c.raw).where(REPLY.c.id == reply_id)).scalar()
        if raw is None:
            raise NotFound(f"no letter {reply_id}")
        return bytes(raw)

    def due_reminders(self, *, sent_before: datetime, limit: int = 100, after: int = 0) -> tuple[DueReminder, ...]:
        """Tickets that wait for a customer who was asked once before that instant; `after` is the last page's last `reply_id`.

        Not where a follow-up or reminder went since, an agent has written by hand, where he has written anything since, or
        where nothing is missing.
        """
        later = select(REPLY.c.ref).where(REPLY.c.kind.in_((LetterKind.REMINDER.value, LetterKind.FOLLOW_UP.value)))
        query = (
            select(
                REPLY,
                TICKET.c.missing,
                TICKET.c.categories,
                TICKET.c.products,
                READING.c.mail.label("read"),
            )
            .join(TICKET, TICKET.c.ref == REPLY.c.ref)
            .join(READING, READING.c.mail_id == REPLY.c.mail_id)
            .where(TICKET.c.state == TicketState.WAITING_CUSTOMER.value, TICKET.c.missing != "[]")
            .where(REPLY.c.kind == LetterKind.REQUEST_INFORMATION.value, REPLY.c.state == ReplyState.SENT.value)
            .where(REPLY.c.sent_at < sent_before, REPLY.c.ref.not_in(later))
            .where(REPLY.c.id > after, ~has_written_since(REPLY.c.ref, REPLY.c.mail_id))
            .where(~is_unread_from(REPLY.c.ref, REPLY.c.mail_id, REPLY.c.to_folded), ~has_person(REPLY.c.ref))
            .order_by(REPLY.c.id)
            .limit(limit)
        )
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_due(row) for row in rows)

    def file_reminder(
        self, due: DueReminder, reply: Reply, *, now: datetime, limits: LetterLimits | None = None
    ) -> bool:
        """Queue a reminder unless the ticket moved on, has one, or a limit is reached; True if it was written.

        What a limit, the block list or the stop keeps back is tried again at the next call.
        """
        with self.write() as connection:
            share_switch(connection)
            ticket = locked_ticket(connection, due.ref)
            if ticket["state"] != TicketState.WAITING_CUSTOMER.value or not due.asked:
                return False
            is_unread = is_unread_from(due.ref, due.mail_id, folded_address(due.to))
            is_overtaken = has_written_since(due.ref, due.mail_id) | is_unread | has_person(due.ref)
            if connection.execute(select(is_overtaken)).scalar():
                return False
            if silence_by_now(connection, reply, due.ref, limits, now, sender=ticket["sender"]) is not None:
                return False
            return write_reply(connection, reply, mail_id=due.mail_id, ref=due.ref, asked=list(due.asked), now=now)


def settle_held(
    connection: Connection, reply_id: int, by: str, now: datetime, to: ReplyState, *, judgement: str
) -> None:
    """Queue or discard a held letter; the caller shares the switch, so that nobody stops the letters meanwhile.

    Raises:
        IllegalMove: It is not held any more, or is to go and its ticket is closed.
    """
    ticket = ticket_of_letter(connection, reply_id)
    wanted = (REPLY.c.ref, REPLY.c.state, REPLY.c.kind, REPLY.c.then_state, REPLY.c.mail_id)
    row = connection.execute(select(*wanted).where(REPLY.c.id == reply_id)).one()
    if to is ReplyState.QUEUED and ticket["state"] == TicketState.CLOSED.value and row.kind != AGENT:
        raise IllegalMove(ref=row.ref, was=TicketState.CLOSED.value, to=f"{row.kind} {to.value}")
    why_held = {"reason": ""} if to is ReplyState.QUEUED else {}
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.id == reply_id, REPLY.c.state == ReplyState.HELD.value)
        .values(state=to.value, next_at=now, judgement=judgement, **why_held)
    )
    if done.rowcount != 1:
        raise IllegalMove(ref=row.ref, was=row.state, to=to.value)
    if to is ReplyState.QUEUED:
        ring_for(connection, Topic.LETTER)
    if row.kind == AGENT:
        # Where the customer has written since, the agent wanted it so without having seen that.
        is_overtaken = connection.execute(select(has_written_since(row.ref, row.mail_id))).scalar()
        if to is ReplyState.QUEUED and not is_overtaken:
            move_as_written(connection, ticket, row.then_state, now, by=by)
    elif (
        to is ReplyState.QUEUED
        and ticket["state"] == TicketState.NEEDS_REVIEW.value
        and not _holds_another(connection, row.ref)
    ):
        change_state(connection, ticket, after_release(row.kind, ticket), now, cause=Cause.LETTER, by=by)
    add_event(connection, row.ref, now, by, f"reply_{to.value}", row.kind)


def move_as_written(connection: Connection, ticket: RowMapping, to: str, now: datetime, *, by: str) -> None:
    """Take a locked ticket where the agent who wrote on it wants it; where it cannot go any more, it stays."""
    was = TicketState(ticket["state"])
    if is_merged(connection, ticket["ref"]):
        return
    if to and to != was.value and TicketState(to) in moves_by(Cause.AGENT, was):
        change_state(connection, ticket, TicketState(to), now, cause=Cause.AGENT, by=by, why=REPLIED)


def ticket_of_letter(connection: Connection, reply_id: int) -> RowMapping:
    """The ticket of a letter, locked before the letter as everywhere; the one that it belongs to by then.

    An agent may merge the ticket or move the mail while we wait for the lock: then the letter is another ticket's.

    Raises:
        NotFound: No such letter.
    """
    query = select(REPLY.c.ref).where(REPLY.c.id == reply_id)
    while True:
        ref = connection.execute(query).scalar()
        if ref is None:
            raise NotFound(f"no letter {reply_id}")
        attempt = connection.begin_nested()  # its end lets go of the wrong lock: two held out of order make a ring
        ticket = locked_ticket(connection, ref)
        if connection.execute(query).scalar() == ref:
            attempt.commit()
            return ticket
        attempt.rollback()


def _locked_of(connection: Connection, claim: OutboxClaim) -> RowMapping:
    """The ticket of a letter in someone's hands, locked.

    Raises:
        ClaimLost: There is no such letter any more.
    """
    try:
        return ticket_of_letter(connection, claim.reply_id)
    except NotFound as error:
        raise ClaimLost(f"letter {claim.reply_id}") from error


def _kind_of(connection: Connection, reply_id: int) -> str:
    return str(connection.execute(select(REPLY.c.kind).where(REPLY.c.id == reply_id)).scalar_one())


def _holds_another(connection: Connection, ref: str) -> bool:
    """Does a letter of the ticket wait for an agent still?"""
    held = select(REPLY.c.id).where(REPLY.c.ref == ref, REPLY.c.state == ReplyState.HELD.value)
    return connection.execute(held.limit(1)).first() is not None


def _end(
    connection: Connection,
    claim: OutboxClaim,
    ticket: RowMapping,
    now: datetime,
    what: str,
    detail: str,
    **values: Any,  # noqa: ANN401 - columns
) -> None:
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.id == claim.reply_id, REPLY.c.token == claim.token, REPLY.c.state == ReplyState.QUEUED.value)
        .values(token=None, claimed_until=None, **values)
    )
    if done.rowcount != 1:
        raise ClaimLost(f"letter {claim.reply_id}")
    add_event(connection, ticket["ref"], now, MACHINE, what, detail)


def _give_up(
    connection: Connection,
    claim: OutboxClaim,
    ticket: RowMapping,
    now: datetime,
    what: str,
    detail: str,
    **values: str,
) -> None:
    """The letter will never go; its ticket, locked by the caller, goes to an agent if it stands on it."""
    _end(connection, claim, ticket, now, what, detail, **values)
    is_closed_by_it = ticket["state"] == TicketState.CLOSED.value and _kind_of(connection, claim.reply_id) == AGENT
    if is_closed_by_it or _stands_on(connection, ticket, claim.reply_id):
        change_state(connection, ticket, TicketState.NEEDS_REVIEW, now, cause=Cause.UNDELIVERED)


def _stands_on(connection: Connection, ticket: RowMapping, reply_id: int) -> bool:
    """Does the ticket stand where it stands because of that letter, no later one being out?"""
    if TicketState(ticket["state"]) not in STANDS_ON_LETTER:
        return False
    went = (ReplyState.QUEUED.value, ReplyState.SENT.value)
    later = select(REPLY.c.id).where(REPLY.c.ref == ticket["ref"], REPLY.c.id > reply_id, REPLY.c.state.in_(went))
    if connection.execute(later.limit(1)).first() is not None:
        return False
    kind = _kind_of(connection, reply_id)
    return kind == AGENT or after_release(kind, ticket) in STANDS_ON_LETTER


def _due(row: RowMapping) -> DueReminder:
    read = json.loads(row["read"])
    return DueReminder(
        reply_id=row["id"],
        ref=row["ref"],
        language=row["language"],
        to=row["to_address"],
        subject=row["subject"],
        asked=names(row["missing"]),
        message_id=row["message_id"],
        mail_id=row["mail_id"],
        categories=tuple(Category(name) for name in names(row["categories"])),
        products=names(row["products"]),
        sender_name=read["sender_name"],
        trust=Trust(read["trust"]),
    )


def after_release(kind: str, ticket: RowMapping) -> TicketState:
    """Where a ticket stands once its letter has gone; an outage is worked on whatever its letter asks."""
    is_incident = Category.INCIDENT.value in names(ticket["categories"])
    return TicketState.READY if is_incident else _AFTER_RELEASE[kind]
