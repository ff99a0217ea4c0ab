"""What agents set for all letters: the stop, the block and allow list, modes, and the history of all that.

Promises: from the commit of a stop on no letter is handed out and none is filed as queued; whatever is set says who
set it and when.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from models.controls import AddressRule, Alarms, DeskEvent, Stop, Verdict, normal_pattern, patterns_for
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
    verdicts_for,
)
from models.db.filing import add_event, change_state, locked_ticket
from models.db.leases import is_free
from models.db.limits import BLOCKED, MODE, STOPPED, TOTAL
from models.db.locks import lock_rules, own_switch, share_switch
from models.db.outbox import settle_held
from models.db.threads import REPLY, TICKET, has_written_since
from models.decision import AGENT, LetterKind, LetterMode, ReplyState, most_careful
from models.errors import IllegalMove, LettersStopped, NotFound
from models.states import Cause, TicketState
from models.ticket import STANDS_ON_LETTER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Row
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
            held = _keep_back(connection, _waiting(connection, now), by, now, ReplyState.HELD, STOPPED)
            add_desk_event(connection, now, by, "letters_stopped", str(held))
        return held

    def hold_waiting(self, why: str, *, by: str, now: datetime) -> int:
        """Hold every queued letter that is in nobody's hands, and say why; returns how many."""
        with self.write() as connection:
            own_switch(connection)
            return _keep_back(connection, _waiting(connection, now), by, now, ReplyState.HELD, why)

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
            REPLY.c.state.concat("") == ReplyState.HELD.value,  # by time, not through all that were ever held
            REPLY.c.reason.startswith(TOTAL),
        )
        with self.read() as connection:
            return Alarms(stop=_stop(connection), held_for_total=int(connection.execute(held).scalar_one()))

    def held_by_stop(self) -> int:
        """How many letters a stop holds."""
        with self.read() as connection:
            return len(_held_by_stop(connection))

    def release_stopped(
        self, *, by: str, now: datetime, mode: str = LetterMode.AUTO.value, modes: Mapping[str, str] | None = None
    ) -> int:
        """Let all letters go that a stop held and that would go today; returns how many.

        What must not go by itself any more stays held for an agent's eye, and says why: its ticket is closed, its customer
        has written since or is blocked by now, its kind is not sent by itself any more, an earlier letter of it stays held.

        Args:
            by: The agent.
            now: The time.
            mode: The whole installation's.
            modes: The pack's by kind; what is set at the desk stands in its place.

        Raises:
            LettersStopped: They are stopped still.
        """
        released = 0
        with self.write() as connection:
            share_switch(connection)
            if not are_letters_on(connection):
                raise LettersStopped
            set_modes = {**(modes or {}), **modes_now(connection)}
            staying: set[str] = set()  # tickets of which a letter stays: a later one may build on it
            for reply_id, ref in _held_by_stop(connection):
                why_not = _why_not_now(connection, reply_id, ref, mode, set_modes)
                if not why_not and ref in staying:
                    why_not = f"{STOPPED}: an earlier letter of the ticket is held still"
                if why_not:
                    stays = update(REPLY).where(REPLY.c.id == reply_id, REPLY.c.state == ReplyState.HELD.value)
                    connection.execute(stays.values(reason=why_not))
                    staying.add(ref)
                    continue
                try:
                    settle_held(connection, reply_id, by, now, ReplyState.QUEUED, judgement="")
                except IllegalMove:  # an agent was quicker
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

        A block silences the letters to it that are queued, too, but for one that is in someone's hands.

        Raises:
            ValueError: It is neither.
        """
        kept = normal_pattern(pattern)
        if kept is None:
            raise ValueError("neither an address nor @domain")
        plain = " ".join(note.replace("\x00", "").split())[:_LONGEST_NOTE]
        with self.write() as connection:
            own_switch(connection)  # who files a letter has seen the rule, or has filed it and we see the letter
            lock_rules(connection)
            connection.execute(delete(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == kept))
            connection.execute(
                insert(ADDRESS_RULE).values(pattern=kept, verdict=verdict.value, note=plain, by=by, at=now)
            )
            _silence_blocked(connection, kept, by, now)
            add_desk_event(connection, now, by, f"rule_{verdict.value}", f"{kept} {plain}".strip())
        return kept

    def drop_address_rule(self, pattern: str, *, by: str, now: datetime) -> None:
        """Take a rule off the list. What an exception from a block let go and is queued still is silenced.

        Raises:
            NotFound: It is not there.
        """
        kept = normal_pattern(pattern) or ""
        with self.write() as connection:
            own_switch(connection)
            lock_rules(connection)
            if connection.execute(delete(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == kept)).rowcount != 1:
                raise NotFound("no such rule")
            _silence_blocked(connection, kept, by, now)
            add_desk_event(connection, now, by, "rule_dropped", kept)

    def letter_modes(self) -> dict[str, str]:
        """The modes set at the desk, by letter kind; a kind that is not there has the pack's."""
        with self.read() as connection:
            return modes_now(connection)

    def set_letter_mode(self, kind: LetterKind, mode: LetterMode | None, *, by: str, now: datetime) -> None:
        """Say how far letters of one kind may go; None goes back to the pack's word. May be called twice."""
        with self.write() as connection:
            own_switch(connection)  # a letter is filed with what is set before or after, never with half of it
            lock_rules(connection)
            before = modes_now(connection).get(kind.value)
            if before == (mode.value if mode else None):
                return
            connection.execute(delete(LETTER_MODE).where(LETTER_MODE.c.kind == kind.value))
            if mode is not None:
                connection.execute(insert(LETTER_MODE).values(kind=kind.value, mode=mode.value))
            add_desk_event(connection, now, by, "mode_set", f"{kind.value} {mode.value if mode else 'pack'}")

    def desk_event_kinds(self) -> tuple[str, ...]:
        """The kinds of lines that the desk's own history holds, by name."""
        with self.read() as connection:
            return tuple(connection.execute(select(DESK_EVENT.c.what).distinct().order_by(DESK_EVENT.c.what)).scalars())

    def desk_events(
        self,
        limit: int = 50,
        *,
        before: int | None = None,
        by: str = "",
        kinds: Collection[str] | None = None,
    ) -> tuple[DeskEvent, ...]:
        """The desk's own history, newest first.

        Args:
            limit: How many lines at most.
            before: Only lines older than the one of this number.
            by: Only what this person did; empty: everybody.
            kinds: Only lines of these kinds; None: all.
        """
        query = select(DESK_EVENT).order_by(DESK_EVENT.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(DESK_EVENT.c.id < before)
        if by:
            query = query.where(DESK_EVENT.c.by == by)
        if kinds is not None:
            query = query.where(DESK_EVENT.c.what.in_(kinds))
        with self.read() as connection:
            rows = connection.execute(query).all()
        return tuple(DeskEvent(number=row.id, at=row.at, by=row.by, what=row.what, detail=row.detail) for row in rows)


def _turn(connection: Connection, by: str, now: datetime, *, is_on: bool) -> None:
    connection.execute(delete(SWITCH).where(SWITCH.c.name == LETTERS))
    connection.execute(insert(SWITCH).values(name=LETTERS, is_on=is_on, by=by, at=now))


def _stop(connection: Connection) -> Stop | None:
    query = select(SWITCH.c.by, SWITCH.c.at).where(SWITCH.c.name == LETTERS, SWITCH.c.is_on.is_(False))
    row = connection.execute(query).first()
    return Stop(by=row.by, at=row.at) if row else None


def _waiting(connection: Connection, now: datetime) -> list[Row[Any]]:
    """The letters that are queued and in nobody's hands."""
    query = (
        select(REPLY.c.id, REPLY.c.ref, REPLY.c.kind, REPLY.c.to_address, TICKET.c.sender)
        .join(TICKET, TICKET.c.ref == REPLY.c.ref)
        .where(REPLY.c.state == ReplyState.QUEUED.value, is_free(REPLY, now))
        .order_by(REPLY.c.ref, REPLY.c.id)
    )
    return list(connection.execute(query))


def _silence_blocked(connection: Connection, pattern: str, by: str, now: datetime) -> None:
    """Silence the queued letters that the rule of this pattern, or its end, leaves blocked."""
    blocked = [
        row
        for row in _waiting(connection, now)
        if pattern in {*patterns_for(row.to_address), *patterns_for(row.sender)}
        and Verdict.BLOCK in verdicts_for(connection, row.to_address, row.sender)
    ]
    _keep_back(connection, blocked, by, now, ReplyState.SUPPRESSED, BLOCKED)


def _keep_back(
    connection: Connection, letters: list[Row[Any]], by: str, now: datetime, to: ReplyState, why: str
) -> int:
    """Hold or silence queued letters; a ticket that stands only on such a letter goes to an agent. Returns how many.

    A ticket is locked before its letter, as everywhere.
    """
    kept = 0
    for letter in letters:
        ticket = locked_ticket(connection, letter.ref)
        done = connection.execute(
            update(REPLY)
            .where(REPLY.c.id == letter.id, REPLY.c.state == ReplyState.QUEUED.value, is_free(REPLY, now))
            .values(state=to.value, reason=why, token=None, claimed_until=None)
        )
        if not done.rowcount:  # it failed or was returned meanwhile
            continue
        kept += 1
        add_event(connection, letter.ref, now, by, f"reply_{to.value}", f"{letter.kind} {why}")
        if TicketState(ticket["state"]) in STANDS_ON_LETTER:
            change_state(connection, ticket, TicketState.NEEDS_REVIEW, now, cause=Cause.AGENT, by=by, why=why)
    return kept


def _why_not_now(connection: Connection, reply_id: int, ref: str, mode: str, modes: Mapping[str, str]) -> str:
    """Why a letter that the stop held would not go by itself today; empty if it would. Holds its ticket's lock."""
    ticket = locked_ticket(connection, ref)
    query = select(REPLY.c.kind, REPLY.c.mail_id, REPLY.c.to_address).where(REPLY.c.id == reply_id)
    row = connection.execute(query).one()
    chosen = most_careful(mode, modes.get(row.kind, LetterMode.AUTO.value))
    if row.kind == AGENT:  # a person has decided on it, seeing the ticket, the address and the modes
        return _overtaken(connection, ref, row.mail_id)
    if ticket["state"] == TicketState.CLOSED.value:
        return f"{STOPPED}: the ticket is closed by now"
    if chosen is not LetterMode.AUTO:
        return f"{MODE}: {chosen.value}"
    if Verdict.BLOCK in verdicts_for(connection, row.to_address, ticket["sender"]):
        return BLOCKED
    return _overtaken(connection, ref, row.mail_id)


def _overtaken(connection: Connection, ref: str, mail_id: int) -> str:
    is_old = connection.execute(select(has_written_since(ref, mail_id))).scalar()
    return f"{STOPPED}: the customer has written since" if is_old else ""


def _held_by_stop(connection: Connection) -> list[tuple[int, str]]:
    """(id, ticket) of the letters, by ticket: in the order in which their tickets may be locked."""
    query = select(REPLY.c.id, REPLY.c.ref).where(REPLY.c.state == ReplyState.HELD.value, REPLY.c.reason == STOPPED)
    return [(row.id, row.ref) for row in connection.execute(query.order_by(REPLY.c.ref, REPLY.c.id))]
