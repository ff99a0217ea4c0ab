"""What agents set for all letters: the stop, the block and allow list, modes, and the history of all that.

Promises: from the commit of a stop on no letter is handed out and none is filed as queued; whatever is set says who
set it and when.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, or_, select, update

from models.controls import AddressRule, Alarms, DeskEvent, Stop, Verdict, normal_pattern
from models.db.base import Shelf
from models.db.desk_rules import (
    ADDRESS_RULE,
    DESK_EVENT,
    LETTER_MODE,
    LETTERS,
    SWITCH,
    add_desk_event,
    are_letters_on,
    modes_now,
)
from models.db.filing import add_event, change_state, locked_ticket
from models.db.limits import STOPPED, TOTAL
from models.db.locks import lock_rules, own_switch, share_switch
from models.db.outbox import settle_held
from models.db.threads import REPLY
from models.decision import LetterKind, LetterMode, ReplyState
from models.errors import IllegalMove, LettersStopped, NotFound
from models.ticket import STANDS_ON_LETTER, TicketState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

_TEN_MINUTES = timedelta(minutes=10)
_LONGEST_NOTE = 500


class Controls(Shelf):
    """The switch, the rules and the modes."""

    def stop_letters(self, *, by: str, now: datetime) -> int:
        """Stop all letters; returns how many queued ones are held by it. A letter in someone's hands may still go.

        May be called twice: the second call changes nothing.
        """
        with self.write() as connection:
            own_switch(connection)
            if not are_letters_on(connection):
                return 0
            _turn(connection, by, now, is_on=False)
            held = _hold_queued(connection, by, now)
            add_desk_event(connection, now, by, "letters_stopped", str(held))
        return held

    def resume_letters(self, *, by: str, now: datetime) -> None:
        """Let letters go again; what the stop held stays held until it is released. May be called twice."""
        with self.write() as connection:
            own_switch(connection)
            if are_letters_on(connection):
                return
            _turn(connection, by, now, is_on=True)
            add_desk_event(connection, now, by, "letters_resumed")

    def letters_stopped(self) -> Stop | None:
        """Who stopped all letters, and when; None if they go."""
        with self.read() as connection:
            return _stop(connection)

    def alarms(self, now: datetime) -> Alarms:
        """What every page of the desk warns of."""
        held = select(func.count()).where(
            REPLY.c.created_at > now - _TEN_MINUTES,
            REPLY.c.state == ReplyState.HELD.value,
            REPLY.c.reason.startswith(TOTAL),
        )
        with self.read() as connection:
            return Alarms(stop=_stop(connection), held_for_total=int(connection.execute(held).scalar_one()))

    def held_by_stop(self) -> int:
        """How many letters a stop holds."""
        with self.read() as connection:
            return len(_held_by_stop(connection))

    def release_stopped(self, *, by: str, now: datetime) -> int:
        """Let all letters go that a stop held, but for those of closed tickets; returns how many.

        Raises:
            LettersStopped: They are stopped still.
        """
        released = 0
        with self.write() as connection:
            share_switch(connection)
            if not are_letters_on(connection):
                raise LettersStopped
            for reply_id in _held_by_stop(connection):
                try:
                    settle_held(connection, reply_id, by, now, ReplyState.QUEUED, judgement="")
                except IllegalMove:  # its ticket is closed, or an agent was quicker
                    continue
                released += 1
            add_desk_event(connection, now, by, "stopped_released", str(released))
        return released

    def address_rules(self) -> tuple[AddressRule, ...]:
        """The block and allow list, by pattern."""
        with self.read() as connection:
            rows = connection.execute(select(ADDRESS_RULE).order_by(ADDRESS_RULE.c.pattern)).all()
        return tuple(
            AddressRule(pattern=row.pattern, verdict=Verdict(row.verdict), note=row.note, by=row.by, at=row.at)
            for row in rows
        )

    def set_address_rule(self, pattern: str, verdict: Verdict, *, note: str = "", by: str, now: datetime) -> str:
        """Block or allow an address or an `@domain` with its sub-domains; returns the pattern as it is kept.

        Raises:
            ValueError: It is neither.
        """
        kept = normal_pattern(pattern)
        if kept is None:
            raise ValueError("neither an address nor @domain")
        plain = " ".join(note.replace("\x00", "").split())[:_LONGEST_NOTE]
        with self.write() as connection:
            lock_rules(connection)
            connection.execute(delete(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == kept))
            connection.execute(
                insert(ADDRESS_RULE).values(pattern=kept, verdict=verdict.value, note=plain, by=by, at=now)
            )
            add_desk_event(connection, now, by, f"rule_{verdict.value}", f"{kept} {plain}".strip())
        return kept

    def drop_address_rule(self, pattern: str, *, by: str, now: datetime) -> None:
        """Take a rule off the list.

        Raises:
            NotFound: It is not there.
        """
        kept = normal_pattern(pattern) or ""
        with self.write() as connection:
            lock_rules(connection)
            if connection.execute(delete(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == kept)).rowcount != 1:
                raise NotFound("no such rule")
            add_desk_event(connection, now, by, "rule_dropped", kept)

    def letter_modes(self) -> dict[str, str]:
        """The modes set at the desk, by letter kind; a kind that is not there has the pack's."""
        with self.read() as connection:
            return modes_now(connection)

    def set_letter_mode(self, kind: LetterKind, mode: LetterMode | None, *, by: str, now: datetime) -> None:
        """Say how far letters of one kind may go; None goes back to the pack's word. May be called twice."""
        with self.write() as connection:
            lock_rules(connection)
            before = modes_now(connection).get(kind.value)
            if before == (mode.value if mode else None):
                return
            connection.execute(delete(LETTER_MODE).where(LETTER_MODE.c.kind == kind.value))
            if mode is not None:
                connection.execute(insert(LETTER_MODE).values(kind=kind.value, mode=mode.value))
            add_desk_event(connection, now, by, "mode_set", f"{kind.value} {mode.value if mode else 'pack'}")

    def desk_events(self, limit: int = 50) -> tuple[DeskEvent, ...]:
        """The desk's own history, newest first."""
        with self.read() as connection:
            rows = connection.execute(select(DESK_EVENT).order_by(DESK_EVENT.c.id.desc()).limit(limit)).all()
        return tuple(DeskEvent(at=row.at, by=row.by, what=row.what, detail=row.detail) for row in rows)


def _turn(connection: Connection, by: str, now: datetime, *, is_on: bool) -> None:
    connection.execute(delete(SWITCH).where(SWITCH.c.name == LETTERS))
    connection.execute(insert(SWITCH).values(name=LETTERS, is_on=is_on, by=by, at=now))


def _stop(connection: Connection) -> Stop | None:
    query = select(SWITCH.c.by, SWITCH.c.at).where(SWITCH.c.name == LETTERS, SWITCH.c.is_on.is_(False))
    row = connection.execute(query).first()
    return Stop(by=row.by, at=row.at) if row else None


def _hold_queued(connection: Connection, by: str, now: datetime) -> int:
    """Hold what is queued and in nobody's hands; a ticket that stands only on such a letter goes to an agent."""
    held = connection.execute(
        update(REPLY)
        .where(REPLY.c.state == ReplyState.QUEUED.value)
        .where(or_(REPLY.c.claimed_until.is_(None), REPLY.c.claimed_until <= now))
        .values(state=ReplyState.HELD.value, reason=STOPPED, token=None, claimed_until=None)
        .returning(REPLY.c.id, REPLY.c.ref, REPLY.c.kind)
    ).all()
    for row in sorted(held, key=lambda one: one.id):
        add_event(connection, row.ref, now, by, "reply_held", f"{row.kind} {STOPPED}")
        ticket = locked_ticket(connection, row.ref)
        if TicketState(ticket["state"]) in STANDS_ON_LETTER:
            change_state(connection, ticket, TicketState.NEEDS_REVIEW, now, by=by)
    return len(held)


def _held_by_stop(connection: Connection) -> list[int]:
    query = select(REPLY.c.id).where(REPLY.c.state == ReplyState.HELD.value, REPLY.c.reason == STOPPED)
    return list(connection.execute(query.order_by(REPLY.c.id)).scalars())
