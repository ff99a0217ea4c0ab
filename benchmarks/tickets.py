"""Tickets by the hundred thousand: copies of tickets that were filed by the worker, row by row, with ids and names of their own.

Promises: a copy's rows are those that filing would have written for the same mail (tests/contract/test_bulk_tickets.py), but for
hashes and the trace of the way it came in. Mails name their own number in words of one length, so that every span stays true.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from models.db.accept import INBOUND
from models.db.search import LETTER, MAIL, SEARCH, id_for, vector_of
from models.db.tables import EventRow, ReadingRow, ReplyRow, ThreadRow, TicketRow, TicketTagRow
from models.db.threads import ref_of
from models.ticket import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from models.db.store import Store

TICKET, TAG, REPLY, EVENT, READING, THREAD = (
    row.__table__  # type: ignore[union-attr]
    for row in (TicketRow, TicketTagRow, ReplyRow, EventRow, ReadingRow, ThreadRow)
)
_TABLES = (INBOUND, READING, TICKET, TAG, REPLY, EVENT, THREAD, SEARCH)
_COUNTED = (INBOUND, REPLY, EVENT, THREAD)  # their ids are counted on
_BATCH = 250
Row = dict[str, Any]


def own_words(number: int) -> tuple[str, str, str]:
    """What stands in the mail of one ticket and in no other: an id, the writer's name, the ticket's reference."""
    return f"uniq{number:06d}", f"cust{number:06d}", ref_of(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The rows of one filed ticket, by table. `number` is that of its first mail, `mails` their ids."""

    number: int
    opened_at: datetime
    mails: tuple[int, ...]
    rows: Mapping[str, Sequence[Row]]


@dataclass(slots=True, kw_only=True)
class Ids:
    """The next free id of each table."""

    inbound: int = 1
    reply: int = 1
    event: int = 1
    thread: int = 1


def patterns_of(store: Store) -> dict[str, Pattern]:
    """Every ticket of a store, as a pattern, by reference."""
    with store.read() as connection:
        refs = connection.execute(select(TICKET.c.ref).order_by(TICKET.c.number)).scalars().all()
        return {ref: _pattern(connection, ref) for ref in refs}


def _pattern(connection: Connection, ref: str) -> Pattern:
    rows: dict[str, list[Row]] = {}
    mails = tuple(connection.execute(select(INBOUND.c.id).where(INBOUND.c.ref == ref).order_by(INBOUND.c.id)).scalars())
    for table in _TABLES:
        which = table.c.mail_id.in_(mails) if table is READING else table.c.ref == ref
        first = next(iter(table.primary_key.columns))
        found = connection.execute(select(table).where(which).order_by(first)).mappings()
        rows[table.name] = [dict(row) for row in found]
    (ticket,) = rows["ticket"]
    return Pattern(number=ticket["number"], opened_at=ticket["opened_at"], mails=mails, rows=rows)


def copied(pattern: Pattern, ids: Ids, *, customer: int, opened_at: datetime) -> dict[str, list[Row]]:
    """The rows of one more ticket like the pattern, with the next ids."""
    made = _Copy(pattern=pattern, ids=ids, customer=customer, shift=opened_at - pattern.opened_at)
    return {table: made.rows_of(table) for table in pattern.rows}


@dataclass(slots=True, kw_only=True)
class _Copy:
    pattern: Pattern
    ids: Ids
    customer: int
    shift: timedelta
    number: int = 0
    moved: dict[tuple[str, int], int] = field(default_factory=dict)
    swaps: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.number = self.ids.inbound
        for table in _COUNTED:
            for row in self.pattern.rows[table.name]:
                self.moved[(table.name, row["id"])] = getattr(self.ids, table.name)
                setattr(self.ids, table.name, getattr(self.ids, table.name) + 1)
        mark, _, ref = own_words(self.pattern.number)
        new_mark, _, new_ref = own_words(self.number)
        _, writer, _ = own_words(self.pattern.number)
        _, new_writer, _ = own_words(self.customer)
        self.swaps = [(mark, new_mark), (writer, new_writer), (ref, new_ref), (ref.casefold(), new_ref.casefold())]

    def rows_of(self, table: str) -> list[Row]:
        return [self._row(table, row) for row in self.pattern.rows[table]]

    def _row(self, table: str, row: Row) -> Row:
        new = {name: self._value(name, value) for name, value in row.items()}
        if "id" in row and (table, row["id"]) in self.moved:
            new["id"] = self.moved[(table, row["id"])]
        if "mail_id" in row:
            new["mail_id"] = self._mail(row["mail_id"])
        if "place" in row:
            new["place"] = place_of(self.number)
        if table == "ticket":
            new["number"] = self.number
            items = json.loads(new["items"])
            new["items"] = json.dumps(
                {
                    name: [absence, self._mail(mail) if mail else mail, how]
                    for name, (absence, mail, how) in items.items()
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
        if table == "search":
            kind = {MAIL: "inbound", LETTER: "reply"}.get(row["source"], "event")
            new["source_id"] = self.moved[(kind, row["source_id"])]
            new["id"] = id_for(place_of(self.number), row["source"], new["source_id"])
        return new

    def _mail(self, mail_id: int) -> int:
        return self.moved[("inbound", mail_id)]

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
        if isinstance(value, datetime):
            return value + self.shift
        if name == "sha256" or name.endswith("_hash"):
            return hashlib.sha256(f"{value}{self.number}".encode()).hexdigest() if value else value
        if isinstance(value, bytes):
            for old, new in self.swaps:
                value = value.replace(old.encode(), new.encode())
            return value
        if isinstance(value, str):
            for old, new in self.swaps:
                value = value.replace(old, new)
        return value


def write_copies(store: Store, copies: Iterable[dict[str, list[Row]]]) -> None:
    """Insert them all, some hundreds of tickets in a transaction, and let the database look at its tables."""
    batch: list[dict[str, list[Row]]] = []
    for one in copies:
        batch.append(one)
        if len(batch) == _BATCH:
            _write(store, batch)
            batch = []
    _write(store, batch)
    settle(store)


def _write(store: Store, batch: Sequence[dict[str, list[Row]]]) -> None:
    with store.write() as connection:
        for table in _TABLES:
            rows = [row for one in batch for row in one[table.name]]
            if table is SEARCH and not store.is_sqlite:
                rows = [{**row, "words": vector_of(row["words"].split(" "))} for row in rows]
            if rows:
                connection.execute(insert(table), rows)


def settle(store: Store) -> None:
    """What a database that has grown for a year has: sequences that have counted, sums folded, statistics."""
    store.fold_tallies()
    if store.is_sqlite:  # where nobody gathers statistics
        return
    with store.write() as connection:
        for table in _COUNTED:
            last = connection.execute(select(func.max(table.c.id))).scalar_one()
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"), {"table": table.name, "last": last}
            )
    engine = store._engine.execution_options(isolation_level="AUTOCOMMIT")  # noqa: SLF001 - no store's method does this
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
