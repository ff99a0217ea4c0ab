"""What goes for good: tickets whose time is over, and all of one person.

Promises: a ticket goes with all that belongs to it, in one transaction with its line in the books and in the audit log; few
tickets go at a time, so that mails come in meanwhile; whoever dies leaves what is done, and the next one goes on there. What a
table says of a ticket is found by its columns, not by a list: a table of tomorrow with a `ref` is emptied by itself.

Of an erased mail a stone stays in `inbound` for a while, without sender, text, time or ticket: the hash of its content, so that
the same mail delivered again is known and opens no ticket, and its id, so that no new ticket ever has the reference that an old
letter was signed for. In a stone `size` is the number of deliveries that were booked as deleted, `received_at` is when.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlmodel import SQLModel

from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf
from models.db.books import DOOR, ERASED
from models.db.desk_rules import ADDRESS_RULE, DESK_EVENT, add_desk_event
from models.db.filing import EVENT, add_event
from models.db.ledger import REPORT
from models.db.locks import lock_erasing, share_words
from models.db.memos import MEMO, NOTICE
from models.db.peek import PEEK_BYTES, is_written_by
from models.db.rows import names
from models.db.search import LETTER, MAIL, SEARCH
from models.db.tables import CorrectionRow, TicketPartRow, UndoRow
from models.db.threads import CUSTOMER_ACCOUNT, REPLY, THREAD, TICKET, TICKET_LINK, folded_address
from models.db.tokens import API_CALL
from models.decision import ReplyState
from models.erasing import Erased, Erasure, Order, Traces, Why, detail_of, erasure_of, key_of
from models.states import TicketState
from models.ticket import LinkKind, MailState
from models.wire import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection

_UNDO = UndoRow.__table__  # type: ignore[attr-defined]
_PART = TicketPartRow.__table__  # type: ignore[attr-defined]
_CORRECTION = CorrectionRow.__table__  # type: ignore[attr-defined]
LOGGED = "erased"  # in the audit log
MACHINE = "uketsuke"
STONE_LASTS = timedelta(days=400)
_BATCH = 20  # tickets in one transaction: tens of milliseconds
_GONE, _NO_ADDRESS = "(erased)", "erased@invalid"
_IN_ADDRESS = r"\w.!#$%&'*+/=?^`{|}~-"  # what the local part of an address is made of
_NOBODY = dump({"mail_from": "", "rcpt_tos": [], "received_at": "1970-01-01T00:00:00+00:00"})
_EMPTY_MAIL = (
    b"Subject: (erased)\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n(erased at its sender's request)\r\n"
)
_BLANK: dict[str, Any] = {
    **dict.fromkeys(("sha256", "sender", "subject", "message_id", "message_hash", "body_hash", "error"), ""),
    **dict.fromkeys(("token", "claimed_until", "waited_since")),
    "envelope": _NOBODY,
}
# What is left of an erased mail, besides its hash and how often it came; and of an erased line of history.
STONE: dict[str, Any] = {**_BLANK, "raw": b"", "ref": None, "state": ERASED, "attempts": 0, "is_automatic": False}
EMPTY_LINE = {"ref": "", "by": "", "what": LOGGED, "detail": ""}
# What is not simply emptied of a ticket's lines: see `_erase`.
_WITH_CARE = frozenset({"inbound", "ticket", "event", "customer_account"})
_AT_THE_DOOR = (INBOUND.c.state.in_((MailState.RECEIVED.value, MailState.PARKED.value)), INBOUND.c.ref.is_(None))
_HEADS = 200  # of mails that are looked at in one go
_MERGE_STEP = 200  # pages of the index of words in one transaction


class Erasing(Shelf):
    """Deleting for good."""

    def erase_closed(self, *, closed_before: datetime, now: datetime, by: str = MACHINE) -> Erased:
        """Erase a few tickets that were closed before that instant and have not changed since; nothing once none is left.

        Not one that was merged into another (it goes with that one), whose mails a younger ticket stands on, or whose letter
        is still to go.
        """
        with self.write() as connection:
            _begin(connection)
            query = _due(closed_before).limit(_BATCH)
            if connection.dialect.name == "postgresql":
                query = query.with_for_update(skip_locked=True, of=TICKET)
            refs = connection.execute(query).scalars().all()
            if not refs:
                return Erased()
            erased = _erase(connection, _with_merged(connection, refs), now)
            _log(connection, Order(why=Why.RETENTION, by=by), erased, now)
            return erased

    def sweep(self, *, now: datetime) -> None:
        """Take away stones that have lain long enough, and subjects that reports quote of tickets that are gone."""
        with self.write() as connection:
            _begin(connection)
            _drop_old_stones(connection, now)
            _forget_examples(connection)

    def traces(self, address: str) -> Traces:
        """Where an address stands; changes nothing."""
        with self.read() as connection:
            return _traces(connection, folded_address(address))

    def forget_person(self, address: str, order: Order, *, now: datetime) -> Iterator[Erased]:
        """Erase all of one person, a few tickets at a time; yields what went. To be gone through to its end; may be called again.

        Their own tickets go whole. In tickets of others their mails lose their content and the letters to them go; the address
        goes from those who take part, from lists and from the desk's own history.
        """
        whose, is_done = folded_address(address), False
        while not is_done:
            with self.write() as connection:
                _begin(connection)
                if refs := tickets_of(connection, whose, limit=_BATCH):
                    erased = _erase(connection, _with_dependants(connection, refs), now)
                else:
                    erased = _forget_elsewhere(connection, whose, now)
                    # A mail that lay at the door may have become a ticket before it could be taken from there.
                    is_done = not tickets_of(connection, whose, limit=1)
                _log(connection, order, erased, now)
            yield erased
        self.sweep(now=now)
        self._clean_up()

    def addresses(self) -> Iterator[str]:
        """Every address that owns a ticket, or has a mail; a page at a time."""
        last = ""
        while True:
            with self.read() as connection:
                page = connection.execute(
                    select(INBOUND.c.sender)
                    .where(INBOUND.c.sender > last)
                    .distinct()
                    .order_by(INBOUND.c.sender)
                    .limit(1000)
                )
                found = page.scalars().all()
            yield from found
            if not found:
                return
            last = found[-1]

    def erasures(self, *, limit: int = 1000, before: int | None = None) -> tuple[tuple[int, Erasure], ...]:
        """A page of what was erased, the newest first, each with its number; `before` is the last page's last number."""
        query = select(DESK_EVENT).where(DESK_EVENT.c.what == LOGGED).order_by(DESK_EVENT.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(DESK_EVENT.c.id < before)
        with self.read() as connection:
            rows = connection.execute(query).all()
        return tuple((row.id, erasure_of(row.at, row.by, row.detail)) for row in rows)

    def _clean_up(self) -> None:
        """SQLite: take the words of what is gone out of the index, and what is gone out of the log."""
        if not self.is_sqlite:
            return
        merge = "INSERT INTO search_words (search_words, rank) VALUES ('merge', {})"
        with self.sqlite_cursor() as cursor:
            connection = cursor.connection
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute(merge.format(-_MERGE_STEP))
            while True:
                before = connection.total_changes
                cursor.execute(merge.format(_MERGE_STEP))
                if connection.total_changes - before < 2:  # FTS5's own sign that nothing was left to merge
                    break
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin(connection: Connection) -> None:
    """One erases at a time. SQLite: what is deleted on this connection is overwritten with zeros, not only let go of."""
    lock_erasing(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _due(closed_before: datetime) -> Any:  # noqa: ANN401 - a Select of one column
    other, mail = TICKET.alias(), INBOUND.alias()
    is_due = and_(TICKET.c.state == TicketState.CLOSED.value, TICKET.c.updated_at < closed_before)
    other_is_due = and_(other.c.state == TicketState.CLOSED.value, other.c.updated_at < closed_before)
    merged = exists().where(
        TICKET_LINK.c.ref == TICKET.c.ref,
        TICKET_LINK.c.kind == LinkKind.MERGED.value,
        TICKET_LINK.c.other == other.c.ref,
    )
    stands_on = exists().where(
        mail.c.ref == TICKET.c.ref,
        _PART.c.mail_id == mail.c.id,
        _PART.c.ref != TICKET.c.ref,
        other.c.ref == _PART.c.ref,
        ~other_is_due,
    )
    near, far, waits = TICKET_LINK.alias(), TICKET_LINK.alias(), REPLY.c.state == ReplyState.QUEUED.value
    joined = (near.c.other == TICKET.c.ref, near.c.kind == LinkKind.MERGED.value)
    joined_far = (*joined, far.c.other == near.c.ref, far.c.kind == LinkKind.MERGED.value)
    is_to_go = or_(
        exists().where(REPLY.c.ref == TICKET.c.ref, waits),
        exists().where(REPLY.c.ref == near.c.ref, waits, *joined),  # what was merged into it goes with it
        exists().where(REPLY.c.ref == far.c.ref, waits, *joined_far),
    )
    return (
        select(TICKET.c.ref).where(is_due, ~merged, ~stands_on, ~is_to_go).order_by(TICKET.c.updated_at, TICKET.c.ref)
    )


def tickets_of(connection: Connection, address: str, *, limit: int | None = None) -> Sequence[str]:
    """The references of a person's own tickets, in order."""
    query = select(TICKET.c.ref).where(TICKET.c.sender == address).order_by(TICKET.c.ref)
    return connection.execute(query.limit(limit) if limit else query).scalars().all()


def _with_merged(connection: Connection, refs: Sequence[str]) -> list[str]:
    """These tickets and those that were merged into them, however often."""
    found = dict.fromkeys(refs)
    newest = list(found)
    while newest:
        merged = (TICKET_LINK.c.kind == LinkKind.MERGED.value, TICKET_LINK.c.other.in_(newest))
        more = connection.execute(select(TICKET_LINK.c.ref).where(*merged).order_by(TICKET_LINK.c.ref)).scalars()
        newest = [ref for ref in more if ref not in found]
        found |= dict.fromkeys(newest)
    return list(found)


def _with_dependants(connection: Connection, refs: Sequence[str]) -> list[str]:
    """These tickets, those merged into them, and those that agents split off: their text is in the same mails."""
    found = _with_merged(connection, refs)
    parts = select(_PART.c.ref).join(INBOUND, INBOUND.c.id == _PART.c.mail_id).where(INBOUND.c.ref.in_(found))
    more = connection.execute(parts.distinct().order_by(_PART.c.ref)).scalars().all()
    return list(dict.fromkeys((*found, *_with_merged(connection, more))))


def _erase(connection: Connection, refs: Sequence[str], now: datetime) -> Erased:
    """Everything of these tickets, and their line in the books."""
    locked = select(TICKET.c.ref).where(TICKET.c.ref.in_(refs)).order_by(TICKET.c.ref)
    if connection.dialect.name == "postgresql":
        locked = locked.with_for_update()
    connection.execute(locked).all()
    share_words(connection)
    mails = connection.execute(select(INBOUND.c.id).where(INBOUND.c.ref.in_(refs))).scalars().all()
    letters = connection.execute(select(func.count()).select_from(REPLY).where(REPLY.c.ref.in_(refs))).scalar_one()
    told = select(NOTICE.c.memo_id).where(NOTICE.c.ref.in_(refs), NOTICE.c.memo_id > 0)
    connection.execute(delete(MEMO).where(MEMO.c.id.in_(told)))
    for table in (_UNDO, API_CALL):  # they live for minutes, or a day
        column = table.c.before if table is _UNDO else table.c.answer
        connection.execute(delete(table).where(or_(*(column.contains(f'"{ref}"', autoescape=True) for ref in refs))))
    _let_accounts_go(connection, refs)
    for table in SQLModel.metadata.sorted_tables:
        if "ref" in table.c and table.name not in _WITH_CARE:
            connection.execute(delete(table).where(table.c.ref.in_(refs)))
        if "mail_id" in table.c and table.name != REPLY.name and mails:
            connection.execute(delete(table).where(table.c.mail_id.in_(mails)))
    connection.execute(delete(TICKET_LINK).where(TICKET_LINK.c.other.in_(refs)))
    connection.execute(update(TICKET).where(TICKET.c.split_from.in_(refs)).values(split_from=None))
    _drop_lines(connection, refs)
    _make_stones(connection, mails, now)
    gone = connection.execute(delete(TICKET).where(TICKET.c.ref.in_(refs)))
    return Erased(tickets=gone.rowcount, mails=len(mails), letters=letters)


def _let_accounts_go(connection: Connection, refs: Sequence[str]) -> None:
    """Accounts that were confirmed on a ticket: they stay, without it, as long as their owner has another one."""
    theirs = CUSTOMER_ACCOUNT.c.ref.in_(refs)
    another = exists().where(TICKET.c.sender == CUSTOMER_ACCOUNT.c.address, TICKET.c.ref.not_in(refs))
    connection.execute(delete(CUSTOMER_ACCOUNT).where(theirs, ~another))
    connection.execute(update(CUSTOMER_ACCOUNT).where(theirs).values(ref=""))


def _drop_lines(connection: Connection, refs: Sequence[str]) -> None:
    """The history; but its last line of all keeps its place, empty: readers remember how far they are by its id."""
    last = connection.execute(select(func.max(EVENT.c.id))).scalar() or 0
    connection.execute(update(EVENT).where(EVENT.c.id == last, EVENT.c.ref.in_(refs)).values(**EMPTY_LINE))
    connection.execute(delete(EVENT).where(EVENT.c.ref.in_(refs)))
    connection.execute(delete(EVENT).where(EVENT.c.ref == "", EVENT.c.what == LOGGED, EVENT.c.id < last))


def _make_stones(connection: Connection, mails: Sequence[int], now: datetime, *still: ColumnElement[bool]) -> int:
    """Blank these mails and book their deliveries as deleted, in one step; how many there were of which `still` is true."""
    if not mails:
        return 0
    in_order = (INBOUND.c.content_hash, INBOUND.c.desk_address)  # the door's: neither waits for the other in a ring
    there = select(INBOUND.c.id).where(INBOUND.c.id.in_(mails), *still).order_by(*in_order)
    if connection.dialect.name == "postgresql":  # a delivery that is counted just now waits for us, and we for a filing
        there = there.with_for_update()
    found = connection.execute(there).scalars().all()
    if not found:
        return 0
    which = INBOUND.c.id.in_(found)
    deliveries = connection.execute(select(func.sum(INBOUND.c.deliveries)).where(which)).scalar_one()
    connection.execute(update(INBOUND).where(which).values(**STONE, received_at=now, size=INBOUND.c.deliveries))
    connection.execute(insert(DOOR).values(accepted=0, deleted=int(deliveries)))
    return len(found)


def _drop_old_stones(connection: Connection, now: datetime) -> None:
    """Never the last row: its id must not be given again."""
    last = connection.execute(select(func.max(INBOUND.c.id))).scalar() or 0
    which = (INBOUND.c.state == ERASED, INBOUND.c.received_at < now - STONE_LASTS, INBOUND.c.id < last)
    again = connection.execute(
        select(func.coalesce(func.sum(INBOUND.c.deliveries - INBOUND.c.size), 0)).where(*which)
    ).scalar_one()
    if connection.execute(delete(INBOUND).where(*which)).rowcount and again:
        connection.execute(insert(DOOR).values(accepted=0, deleted=int(again)))


def _forget_examples(connection: Connection) -> None:
    """Reports keep their figures; the subjects that they quote of tickets that are gone go."""
    for report_id in connection.execute(select(REPORT.c.id).where(REPORT.c.value != "")).scalars().all():
        kept = connection.execute(select(REPORT.c.value).where(REPORT.c.id == report_id)).scalar_one()
        try:
            value = json.loads(kept)
            lists = [
                some for figures in (value.get("figures"), *value.get("before", ())) for some in _examples(figures)
            ]
        except (ValueError, TypeError, AttributeError):
            continue  # another version's: it is made anew before anybody reads it
        refs = {one[0] for some in lists for one in some if one[1]}
        there = set(connection.execute(select(TICKET.c.ref).where(TICKET.c.ref.in_(refs))).scalars()) if refs else refs
        if refs <= there:
            continue
        for some in lists:
            for one in some:
                if one[0] not in there:
                    one[1] = ""
        connection.execute(update(REPORT).where(REPORT.c.id == report_id).values(value=dump(value)))


def _examples(figures: Any) -> Iterator[list[list[str]]]:  # noqa: ANN401 - JSON
    """The lists of [ref, subject] in a report's figures, as `reports.figures` writes them."""
    if isinstance(figures, dict):
        for *_, some in figures.get("examples", ()):
            yield some


def _log(connection: Connection, order: Order, erased: Erased, now: datetime) -> None:
    """One line of the audit log for each order and day, in the transaction of what it tells."""
    if not erased:
        return
    day = f"{now:%Y-%m-%d}"
    key = key_of(order, day)
    same = (DESK_EVENT.c.what == LOGGED, DESK_EVENT.c.by == order.by[:64], DESK_EVENT.c.detail.startswith(f"{key} "))
    row = connection.execute(select(DESK_EVENT).where(*same).order_by(DESK_EVENT.c.id.desc()).limit(1)).first()
    if row is None:
        add_desk_event(connection, now, order.by, LOGGED, detail_of(order, day, erased))
        return
    so_far = erasure_of(row.at, row.by, row.detail).erased
    detail = detail_of(order, day, so_far + erased)
    connection.execute(update(DESK_EVENT).where(DESK_EVENT.c.id == row.id).values(detail=detail, at=now))


# One person in what is others'


def _traces(connection: Connection, address: str) -> Traces:
    refs = _with_dependants(connection, tickets_of(connection, address))

    def count(table: Table, *which: ColumnElement[bool]) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one())

    closed = TICKET.c.state == TicketState.CLOSED.value
    still_open = select(TICKET.c.ref).where(TICKET.c.ref.in_(refs), ~closed).order_by(TICKET.c.ref)
    lines = count(CUSTOMER_ACCOUNT, CUSTOMER_ACCOUNT.c.address == address)
    lines += count(ADDRESS_RULE, ADDRESS_RULE.c.pattern == address) + len(_told_of(connection, address))
    return Traces(
        tickets=tuple(refs),
        open_tickets=tuple(connection.execute(still_open).scalars()),
        mails=count(INBOUND, INBOUND.c.ref.in_(refs)),
        letters=count(REPLY, REPLY.c.ref.in_(refs)),
        unread=tuple(unread_of(connection, address)),
        elsewhere=tuple(row.id for row in connection.execute(mails_elsewhere_of(address, refs))),
        letters_elsewhere=tuple(row.id for row in connection.execute(letters_elsewhere_of(address, refs))),
        named_in=tuple(row.ref for row in connection.execute(_taking_part(address, refs))),
        lines=lines,
    )


def unread_of(connection: Connection, address: str) -> list[int]:
    """Mails of a person that have no ticket, at the door or parked: by their envelope, or by the From that nobody has read yet."""
    found, last = [], 0
    head = func.substr(INBOUND.c.raw, 1, PEEK_BYTES).label("head")
    query = select(INBOUND.c.id, INBOUND.c.sender, head).where(*_AT_THE_DOOR).order_by(INBOUND.c.id).limit(_HEADS)
    while rows := connection.execute(query.where(INBOUND.c.id > last)).all():
        found += [
            int(row.id)
            for row in rows
            if folded_address(row.sender) == address or is_written_by(bytes(row.head), address)
        ]
        last = rows[-1].id
    return found


def mails_elsewhere_of(address: str, refs: Sequence[str]) -> Any:  # noqa: ANN401 - a Select
    """Mails of a person in tickets of others than these."""
    theirs = (INBOUND.c.sender == address, INBOUND.c.ref.is_not(None), INBOUND.c.ref.not_in(refs))
    return select(INBOUND.c.id, INBOUND.c.ref).where(*theirs).order_by(INBOUND.c.id)


def letters_elsewhere_of(address: str, refs: Sequence[str]) -> Any:  # noqa: ANN401 - a Select
    """Letters to a person in tickets of others than these."""
    theirs = (REPLY.c.to_folded == address, REPLY.c.ref.not_in(refs))
    return select(REPLY.c.id, REPLY.c.ref, REPLY.c.message_id).where(*theirs).order_by(REPLY.c.id)


def _taking_part(address: str, refs: Sequence[str]) -> Any:  # noqa: ANN401 - a Select
    named = TICKET.c.participants.contains(dump(address), autoescape=True)
    return select(TICKET.c.ref, TICKET.c.participants).where(named, TICKET.c.ref.not_in(refs)).order_by(TICKET.c.ref)


def _told_of(connection: Connection, address: str) -> list[int]:
    """Lines of the audit log that name an address; not those that name one which only ends or begins like it."""
    near = func.lower(DESK_EVENT.c.detail).contains(address, autoescape=True)
    named = _named(address)
    rows = connection.execute(select(DESK_EVENT.c.id, DESK_EVENT.c.detail).where(near)).all()
    return [int(row.id) for row in rows if named.search(row.detail)]


def _named(address: str) -> re.Pattern[str]:
    """Finds an address where it stands for itself: neither xtaro@example.com nor taro@example.com.evil."""
    return re.compile(rf"(?<![{_IN_ADDRESS}]){re.escape(address)}(?!\.?[\w-])", re.IGNORECASE)


def _forget_elsewhere(connection: Connection, address: str, now: datetime) -> Erased:
    share_words(connection)
    unread = _make_stones(connection, unread_of(connection, address), now, *_AT_THE_DOOR)
    # Those of a ticket of their own that came in this very moment go with it.
    theirs = set(tickets_of(connection, address))
    mails = [mail for mail in connection.execute(mails_elsewhere_of(address, ())).all() if mail.ref not in theirs]
    for mail in mails:
        _blank_mail(connection, mail.id, mail.ref, address, now)
    letters = connection.execute(letters_elsewhere_of(address, ())).all()
    for letter in letters:
        connection.execute(delete(REPLY).where(REPLY.c.id == letter.id))
        connection.execute(delete(SEARCH).where(SEARCH.c.source == LETTER, SEARCH.c.source_id == letter.id))
        connection.execute(delete(THREAD).where(THREAD.c.message_hash == message_hash(letter.message_id)))
        connection.execute(delete(_CORRECTION).where(_CORRECTION.c.target == f"letter:{letter.id}"))
        add_event(connection, letter.ref, now, MACHINE, "letter_erased")
    for ticket in connection.execute(_taking_part(address, ())).all():
        left = [one for one in names(ticket.participants) if one != address]
        connection.execute(update(TICKET).where(TICKET.c.ref == ticket.ref).values(participants=dump(left)))
    _take_off_copies(connection, address)
    connection.execute(delete(CUSTOMER_ACCOUNT).where(CUSTOMER_ACCOUNT.c.address == address))
    connection.execute(delete(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == address))
    # The whole line: what was noted beside the address is about the person, too.
    connection.execute(
        update(DESK_EVENT).where(DESK_EVENT.c.id.in_(_told_of(connection, address))).values(detail=_GONE)
    )
    return Erased(mails=unread + len(mails), letters=len(letters))


def _blank_mail(connection: Connection, mail_id: int, ref: str, address: str, now: datetime) -> None:
    """Take a mail's content; that there was one stays, in the ticket of somebody else."""
    blank = {**_BLANK, "raw": _EMPTY_MAIL, "size": len(_EMPTY_MAIL)}
    connection.execute(update(INBOUND).where(INBOUND.c.id == mail_id, INBOUND.c.ref == ref).values(**blank))
    for table in SQLModel.metadata.sorted_tables:
        if "mail_id" in table.c and table.name not in {REPLY.name, _PART.name}:
            connection.execute(delete(table).where(table.c.mail_id == mail_id))
    connection.execute(delete(SEARCH).where(SEARCH.c.source == MAIL, SEARCH.c.source_id == mail_id))
    connection.execute(delete(THREAD).where(THREAD.c.ref == ref, THREAD.c.sender == address))
    add_event(connection, ref, now, MACHINE, "mail_erased")


def _take_off_copies(connection: Connection, address: str) -> None:
    """Letters to others of which this address had a copy: it goes from their heads."""
    copied = func.lower(REPLY.c.cc).contains(address, autoescape=True)
    named = _named(address)
    for letter in connection.execute(select(REPLY.c.id, REPLY.c.cc, REPLY.c.raw).where(copied)).all():
        left = [one for one in names(letter.cc) if folded_address(one) != address]
        if len(left) == len(names(letter.cc)):
            continue
        text = bytes(letter.raw).decode("utf-8", "surrogateescape")
        raw = named.sub(_NO_ADDRESS, text).encode("utf-8", "surrogateescape")
        connection.execute(update(REPLY).where(REPLY.c.id == letter.id).values(cc=dump(left), raw=raw))
