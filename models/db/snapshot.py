"""A database as it stands at one moment, table by table, and the way back into an empty one, whichever engine either is.

Promises: one snapshot, that waits for nobody who writes and keeps nobody from writing; every table that the database has is
in it by itself, but for the index of words, which is made anew out of the texts; at most `_MOST_BYTES` of rows and one row
more are in memory; what is loaded is one transaction, so that a database is whole or as empty as before. What a restored
database would do a second time is kept back (`settle`).

The shape comes from the database, not from the code: a database that was not brought along yet can be kept before it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from models.db.accept import INBOUND
from models.db.books import DOOR, books_of
from models.db.desk_rules import add_desk_event
from models.db.engine import make_engine, transaction
from models.db.erasing import EMPTY_LINE, STONE
from models.db.filing import EVENT
from models.db.memos import FAILED, MEMO, QUEUED
from models.db.migrate import bring_to
from models.db.presence import processes_in
from models.db.tables import UtcDateTime
from models.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from models.db.store import Store
    from models.views import Books

RESTORE = "restore"  # who stopped the letters then
RESTORED = "restored: it waited in a backup of {}, and may have gone since"
_VERSIONS = "alembic_version"
# The index of words: each engine has its own, made of the texts.
_WORDS, _MADE_ANEW = "search_words", frozenset({"search", "search_backlog"})
_OF_PROCESSES = frozenset({"process"})  # who runs: nobody does in a database that was just restored
# What a database holds that nothing has come to yet: by its migrations, by `prepare`, by roles that ran before.
_IN_A_NEW_ONE = frozenset({"event_reader", "door_tally", "sign_in_link", "process", "shape"})
NUMBERS_SKIPPED = 10_000  # far more mails than come between two backups
_LINES_A_MAIL = 10
LOCK = 0x756B6574  # "uket": under which one process migrates at a time, as in `models.db.migrate`
_MOST_BYTES = 8 * 2**20
_MOST_ROWS = 500
_KEYS = 2000  # rows whose sizes are asked for at once


class Kind(StrEnum):
    """What a column holds; wire values."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    BYTES = "bytes"
    INSTANT = "instant"
    DAY = "day"


_TYPES: dict[Kind, Callable[[], sa.types.TypeEngine[Any]]] = {
    Kind.NUMBER: sa.BigInteger,
    Kind.TEXT: sa.Text,
    Kind.FLAG: sa.Boolean,
    Kind.BYTES: sa.LargeBinary,
    Kind.INSTANT: UtcDateTime,
    Kind.DAY: sa.Date,
}
_KIND_OF: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
    (sa.Boolean, Kind.FLAG),
    (sa.DateTime, Kind.INSTANT),
    (sa.Date, Kind.DAY),
    (sa.LargeBinary, Kind.BYTES),
    (sa.Integer, Kind.NUMBER),
    (sa.String, Kind.TEXT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One table: its columns in order with what they hold, and those that tell its rows apart."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    @property
    def table(self) -> sa.TableClause:
        """It as SQL knows it; always the same one."""
        return _table_of(self)


@lru_cache(maxsize=128)
def _table_of(shape: Shape) -> sa.TableClause:
    return sa.table(shape.name, *(sa.column(name, _TYPES[kind]()) for name, kind in shape.columns))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database at one moment; to be used within `snapshot`."""

    connection: Connection
    revision: str
    shapes: tuple[Shape, ...]

    @property
    def engine(self) -> str:
        """Which database it is: `sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def count(self, shape: Shape) -> int:
        """How many rows a table has."""
        return int(self.connection.execute(sa.select(sa.func.count()).select_from(shape.table)).scalar_one())

    def rows(self, shape: Shape) -> Iterator[Sequence[Any]]:
        """The rows of a table in the order of its key, each as its columns; few of them in memory at a time."""
        if self.engine == "sqlite":  # its driver walks: a row at a time
            yield from self.connection.execute(sa.select(shape.table).order_by(*_key(shape)))
            return
        for group in _groups(self.connection, shape):
            yield from self.connection.execute(sa.select(shape.table).where(group).order_by(*_key(shape))).all()

    def books(self) -> Books | None:
        """The balance of all deliveries; None of a database that has a shape of before there were any."""
        names = {shape.name for shape in self.shapes}
        return books_of(self.connection, None) if "door_tally" in names else None


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """The database as it stands now, for as long as this lasts.

    Raises:
        ConfigError: There is none yet.
        StoreUnavailable: It cannot be reached.
    """
    require_file(url)
    engine = make_engine(url)
    try:
        at_one_moment = engine
        if engine.dialect.name == "postgresql":
            at_one_moment = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with transaction(at_one_moment, writes=False) as connection:
            if engine.dialect.name == "postgresql":
                # The disk that the archive is written to may be slow.
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision is None:
                raise ConfigError("the database is empty: there is nothing to keep; see UKETSUKE_DATABASE_URL")
            yield Snapshot(connection, revision, shapes_of(connection))
    finally:
        engine.dispose()


def require_file(url: str) -> None:
    """Nothing, where the database is a server's or its file is there: SQLite would make one.

    Raises:
        ConfigError: There is no such file.
    """
    read = sa.make_url(url) if url.startswith("sqlite") else None
    if read is None or not read.database:
        return
    if not Path(read.database).is_file():
        raise ConfigError(
            f"UKETSUKE_DATABASE_URL: {read.database}: there is no database; start uketsuke once, or mend it"
        )


def shapes_of(connection: Connection) -> tuple[Shape, ...]:
    """Every table of the database but the index of words, by name."""
    inspector = sa.inspect(connection)
    names = sorted(inspector.get_table_names())
    kept = [name for name in names if name not in {_VERSIONS, *_MADE_ANEW} and not name.startswith(_WORDS)]
    return tuple(
        Shape(
            name=name,
            columns=tuple((column["name"], _kind(name, column)) for column in inspector.get_columns(name)),
            key=tuple(inspector.get_pk_constraint(name)["constrained_columns"]),
        )
        for name in kept
    )


def _kind(table: str, column: Any) -> Kind:  # noqa: ANN401 - SQLAlchemy's dict
    for known, kind in _KIND_OF:
        if isinstance(column["type"], known):
            return kind
    raise ConfigError(
        f"the database's table {table} has a column {column['name']} that no backup can hold: it is none of ours;"
        " keep other tables in another database"
    )


def _key(shape: Shape) -> list[sa.ColumnElement[Any]]:
    return [shape.table.c[name] for name in shape.key]


def _groups(connection: Connection, shape: Shape) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that part a table, along its key, into groups that fit into memory together, or are one row."""
    table, keys = shape.table, _key(shape)
    wide = [table.c[name] for name, kind in shape.columns if kind in {Kind.TEXT, Kind.BYTES}]
    size = sum((sa.func.coalesce(sa.func.octet_length(one), 0) for one in wide), sa.literal(0))
    query = sa.select(*keys, size.label("size")).order_by(*keys).limit(_KEYS)
    last: tuple[Any, ...] | None = None
    while rows := connection.execute(query if last is None else query.where(_behind(keys, last))).all():
        first, total, count = last, 0, 0
        for row in rows:
            if count and (total + row.size > _MOST_BYTES or count == _MOST_ROWS):
                assert last is not None
                yield _between(keys, first, last)
                first, total, count = last, 0, 0
            last, total, count = tuple(row)[:-1], total + row.size, count + 1
        assert last is not None
        yield _between(keys, first, last)


def _between(keys: Sequence[Any], first: tuple[Any, ...] | None, last: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    upto = sa.tuple_(*keys) <= sa.tuple_(*_bound(keys, last))
    return upto if first is None else sa.and_(_behind(keys, first), upto)


def _behind(keys: Sequence[Any], last: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    return sa.tuple_(*keys) > sa.tuple_(*_bound(keys, last))


def _bound(keys: Sequence[Any], values: tuple[Any, ...]) -> list[Any]:
    return [sa.literal(value, key.type) for key, value in zip(keys, values, strict=True)]


# The way back


def load(
    store: Store,
    revision: str,
    tables: Iterable[tuple[Shape, Iterable[Sequence[Any]]]],
    *,
    settle: Callable[[Connection], None],
    now: datetime,
) -> dict[str, int]:
    """Write these tables into an empty database, in one transaction: all of it or nothing. Returns the rows of each.

    The database is first made as it was when the tables were kept, then brought to the present shape.

    Args:
        store: Of the database.
        revision: The shape of the tables.
        tables: Each with its rows; they are taken one by one.
        settle: What else is to be done in the same transaction, once all is there.
        now: The time; whoever said within the last minute that it runs on this database does.

    Raises:
        ConfigError: The database is not empty, something runs on it, or this version does not know the shape.
        StoreError: A row does not fit.
        StoreUnavailable: The database cannot be reached or written.
    """
    loaded: dict[str, int] = {}
    with store.together() as connection:
        if connection.dialect.name == "postgresql":
            # Nobody migrates meanwhile, and the disk that the archive lies on may be slow.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            # A role that starts by now waits: what it took in before the tables are emptied would be lost.
            for shape in shapes_of(connection):
                connection.exec_driver_sql(f'LOCK TABLE "{shape.name}" IN SHARE ROW EXCLUSIVE MODE')
        require_empty(connection)
        _require_alone(connection, now)
        if MigrationContext.configure(connection).get_current_revision() not in {None, revision}:
            _clear(connection)
        bring_to(connection, revision)
        known = {shape.name: shape for shape in shapes_of(connection)}
        triggers = _without_triggers(connection, known)
        for shape in known.values():  # of what the migrations wrote
            connection.execute(sa.delete(shape.table))
        for shape, rows in tables:
            there = known.get(shape.name)
            if there is None or {name for name, _ in shape.columns} - {name for name, _ in there.columns}:
                raise ConfigError(f"the archive holds the table {shape.name}, which is none of the shape {revision}")
            loaded[shape.name] = _load(connection, shape, rows)
        triggers()
        bring_to(connection, "head")
        _count_on(connection)
        settle(connection)
        store.begin_reindex()
    return loaded


def require_empty(connection: Connection) -> None:
    """Nothing has come to this database yet.

    Raises:
        ConfigError: Something has. Names a table that holds rows.
    """
    for shape in shapes_of(connection):
        if shape.name not in SQLModel.metadata.tables:
            raise ConfigError(
                f"the database holds the table {shape.name}, which is none of ours; give uketsuke one of its own"
            )
        found = connection.execute(sa.select(sa.literal(1)).select_from(shape.table).limit(1)).first()
        if found is not None and (shape.name not in _IN_A_NEW_ONE or _has_counted(connection, shape)):
            raise ConfigError(
                f"the database is not empty (the table {shape.name} has rows): a backup is restored into an empty one only;"
                " name another in UKETSUKE_DATABASE_URL, or move this one away"
            )


def _require_alone(connection: Connection, now: datetime) -> None:
    """No role runs on this database: what it takes in meanwhile would be lost.

    Raises:
        ConfigError: One does.
    """
    if "process" not in {shape.name for shape in shapes_of(connection)}:
        return
    running = sorted({f"{one.role} on {one.host}" for one in processes_in(connection, now)})
    if running:
        raise ConfigError(
            f"the database is in use ({', '.join(running)}): stop every role, wait a minute, restore then"
        )


def _has_counted(connection: Connection, shape: Shape) -> bool:
    if shape.name != "door_tally":
        return False
    accepted = sa.func.coalesce(sa.func.sum(shape.table.c.accepted), 0)
    return bool(connection.execute(sa.select(accepted)).scalar_one())


def _clear(connection: Connection) -> None:
    """Take the empty tables away, so that they can be made in the shape of the archive."""
    if connection.dialect.name == "postgresql":
        names = [*SQLModel.metadata.tables, _VERSIONS]
        of_triggers = sa.text(
            "SELECT DISTINCT CAST(CAST(tgfoid AS regprocedure) AS text) FROM pg_trigger"
            " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND relname = ANY(:names)"
        )
        functions = connection.execute(of_triggers, {"names": names}).scalars().all()
        for name in names:
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        for function in functions:
            connection.exec_driver_sql(f"DROP FUNCTION {function}")
        return
    for which in ("sql LIKE 'CREATE VIRTUAL%'", "name NOT LIKE 'sqlite_%'"):  # a virtual one takes its shadows along
        query = f"SELECT name FROM sqlite_master WHERE type = 'table' AND {which}"  # noqa: S608 - words of ours
        for name in connection.exec_driver_sql(query).scalars().all():
            connection.exec_driver_sql(f'DROP TABLE "{name}"')


def _without_triggers(connection: Connection, shapes: Iterable[str]) -> Callable[[], None]:
    """Let no trigger count what is loaded: it was counted when it came. Returns what lets them count again."""
    if connection.dialect.name == "postgresql":
        names = list(shapes)
        for name in names:
            connection.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')

        def enable() -> None:
            for name in names:
                connection.exec_driver_sql(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')

        return enable
    made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in made:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')

    def make() -> None:
        for _, sql in made:
            connection.exec_driver_sql(sql)

    return make


def _load(connection: Connection, shape: Shape, rows: Iterable[Sequence[Any]]) -> int:
    names = [name for name, _ in shape.columns]
    texts = [place for place, (_, kind) in enumerate(shape.columns) if kind is Kind.TEXT]
    wide = [place for place, (_, kind) in enumerate(shape.columns) if kind in {Kind.TEXT, Kind.BYTES}]
    is_postgresql = connection.dialect.name == "postgresql"
    count = size = 0
    batch: list[dict[str, Any]] = []

    def write() -> None:
        try:
            connection.execute(sa.insert(shape.table), batch)
        except (sa.exc.DataError, sa.exc.IntegrityError) as error:
            said = str(error.orig).partition("\n")[0]
            raise StoreError(f"the table {shape.name}: a row does not fit: {said[:200]}") from None

    for row in rows:
        values = list(row)
        if is_postgresql:  # which keeps no NUL in a text
            for place in texts:
                if values[place] is not None and "\0" in values[place]:
                    values[place] = values[place].replace("\0", "\ufffd")
        batch.append(dict(zip(names, values, strict=True)))
        size += sum(len(values[place] or "") for place in wide)
        count += 1
        if len(batch) == _MOST_ROWS or size > _MOST_BYTES:
            write()
            batch, size = [], 0
    if batch:
        write()
    return count


def _count_on(connection: Connection) -> None:
    """Let the next row of each table have the id behind the last."""
    if connection.dialect.name != "postgresql":
        return  # which counts by what is there
    for shape in shapes_of(connection):
        if len(shape.key) != 1 or dict(shape.columns)[shape.key[0]] is not Kind.NUMBER:
            continue
        (key,) = shape.key
        named = {"table": f'"{shape.name}"', "key": key}
        sequence = connection.execute(sa.text("SELECT pg_get_serial_sequence(:table, :key)"), named).scalar()
        if sequence is None:
            continue
        last = connection.execute(sa.select(sa.func.max(shape.table.c[key]))).scalar()
        wanted = {"sequence": sequence, "last": last or 1, "is_used": last is not None}
        connection.execute(sa.text("SELECT setval(CAST(:sequence AS regclass), :last, :is_used)"), wanted)


def _skip_numbers(connection: Connection, now: datetime) -> None:
    """Give no number again that a ticket had after the backup: an answer to that one's letter would come into a stranger's.

    Nor that of a line of history, by which receivers of webhooks know what they have. What is left of an erased mail and of an
    erased line holds the place: the id behind the last row is the next one on both engines.
    """
    last = connection.execute(sa.select(sa.func.max(INBOUND.c.id))).scalar() or 0
    came_once = {"deliveries": 1, "size": 1, "received_at": now}
    stone = {**STONE, **came_once, "content_hash": f"restored {now.isoformat()}", "desk_address": ""}
    connection.execute(sa.insert(INBOUND).values(**stone, id=last + NUMBERS_SKIPPED))
    line = (connection.execute(sa.select(sa.func.max(EVENT.c.id))).scalar() or 0) + _LINES_A_MAIL * NUMBERS_SKIPPED
    connection.execute(sa.insert(EVENT).values(**EMPTY_LINE, id=line, at=now))
    # Nobody delivered it, though the door's count took it for one: the books stay as they were.
    connection.execute(sa.insert(DOOR).values(accepted=-1, deleted=0))
    _count_on(connection)


def settle(store: Store, connection: Connection, *, taken_at: datetime, now: datetime, is_same_moment: bool) -> int:
    """Let nothing that a restored database holds be done a second time; returns how many letters wait for an agent by it.

    Leases are ended: whoever had them is gone. Unless the desk goes on at the very moment at which it was kept, letters and
    memos that waited may have gone since: the letters wait for an agent, the memos are shown as failed, and all letters are
    stopped until somebody lets them go again, because mails that were not read yet may have been answered since, too. And the
    numbers of tickets go on far behind the last.

    Args:
        store: Of the database; `connection` is its transaction.
        connection: The transaction that everything was loaded in.
        taken_at: When the backup was made.
        now: The time.
        is_same_moment: The roles were stopped when it was made, and have not run since.
    """
    for shape in shapes_of(connection):
        columns = {name for name, _ in shape.columns}
        if shape.name in _OF_PROCESSES:
            connection.execute(sa.delete(shape.table))
        if {"token", "claimed_until"} <= columns:
            table = shape.table
            free: dict[str, Any] = {"token": None, "claimed_until": None}
            if shape.name == "inbound":  # that its worker is gone is not the mail's fault
                free["attempts"] = sa.case((table.c.attempts > 0, table.c.attempts - 1), else_=0)
            connection.execute(sa.update(table).where(table.c.token.is_not(None)).values(**free))
    if is_same_moment:
        return 0
    _skip_numbers(connection, now)
    why = RESTORED.format(taken_at.isoformat(timespec="minutes"))
    held = store.hold_waiting(why, by=RESTORE, now=now)
    memos = {"state": FAILED, "error": why}
    connection.execute(sa.update(MEMO).where(MEMO.c.state == QUEUED).values(**memos))
    store.stop_letters(by=RESTORE, now=now)
    add_desk_event(connection, now, RESTORE, "restored", taken_at.isoformat(timespec="minutes"))
    return held
