"""A database with a million mails in minutes: the closed tickets that are there, copied by SQL within the database, doubled until there are enough.

A copy differs where a column is unique or says which row it is: ids, references, places, hashes, Message-IDs, addresses. What no
measured operation reads is cut short (raw mails, readings, letters' texts, words of the search); times stay those of the first
copy. So its rows and indexes are as many as a desk's of that size, its bytes are fewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from benchmarks.tickets import settle
from models.db.accept import INBOUND
from models.db.search import LETTER, MAIL, SEARCH
from models.db.tables import EventRow, ReadingRow, ReplyRow, ThreadRow, TicketRow, TicketTagRow
from models.ticket import PLACES

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from models.db.store import Store

_TABLES = {
    str(table.name): tuple(column.name for column in table.columns)
    for table in (
        INBOUND,
        *(
            row.__table__  # type: ignore[union-attr]
            for row in (ReadingRow, TicketRow, TicketTagRow, ReplyRow, EventRow, ThreadRow)
        ),
        SEARCH,
    )
}
_IDS = ("inbound", "reply", "event", "thread")
_WORDS_KEPT = 200
_TEXTS = 1 << 22  # ids that the texts of one ticket have: models.db.search.id_for


def mails_in(store: Store) -> int:
    """How many mails it holds."""
    with store.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM inbound")).scalar_one())


def grow(store: Store, mails: int) -> None:
    """Copy closed tickets until there are about as many mails; every second time, all that are there."""
    while (there := mails_in(store)) < mails:
        with store.write() as connection:
            _double(connection, min(1.0, (mails - there) / there))
    settle(store)


def _double(connection: Connection, share: float) -> None:
    """The closed tickets among the first `share` of all once more, behind the last."""
    last = {name: _last(connection, name) for name in _IDS}
    upto = _last(connection, "ticket", "number")
    limit = int(upto * share)
    chosen = f"SELECT ref FROM ticket WHERE state = 'closed' AND number <= {limit}"
    for name, columns in _TABLES.items():
        which = (
            f"mail_id IN (SELECT id FROM inbound WHERE ref IN ({chosen}))"
            if name == "reading"
            else f"ref IN ({chosen})"
        )
        if name == "search":
            # Notes are few, and their ids would have to be those of events.
            which += f" AND source IN ('{MAIL}', '{LETTER}')"
        values = ", ".join(_value(name, column, last, connection.dialect.name) for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        connection.exec_driver_sql(f"INSERT INTO {name} ({names}) SELECT {values} FROM {name} WHERE {which} ORDER BY 1")


def _last(connection: Connection, table: str, column: str = "id") -> int:
    return int(connection.exec_driver_sql(f"SELECT coalesce(max({column}), 0) FROM {table}").scalar_one())


def _value(table: str, column: str, last: dict[str, int], dialect: str) -> str:
    """What a column of the copy holds, in SQL that both engines know."""
    shift, new_id = last["inbound"], f"id + {last.get(table, 0)}"
    number = f"(CAST(substr(ref, 2) AS BIGINT) + {shift})"
    padded = f"substr(CAST(1000000 + {number} AS TEXT), 2)"
    new_ref = f"'T' || CASE WHEN {number} < 1000000 THEN {padded} ELSE CAST({number} AS TEXT) END"
    source = f"(source_id + CASE source WHEN '{MAIL}' THEN {shift} ELSE {last['reply']} END)"
    place = f"({number} * {PLACES})"
    tag = f"CASE WHEN substr(tag, 1, 7) IN ('sender:', 'domain:') THEN replace(tag, '@', '@{shift}.') ELSE tag END"
    within = f"({source} * 3 + CASE source WHEN '{MAIL}' THEN 0 ELSE 1 END)"
    texts = {
        "id": new_id,
        "ref": new_ref,
        "mail_id": f"mail_id + {shift}",
        "number": f"number + {shift}",
        "place": f"place + {shift * PLACES}",
        "tag": tag,
        "source_id": source,
        **{name: f"replace({name}, '@', '@{shift}.')" for name in ("sender", "to_folded", "to_address")},
        **{name: _hashed(name, new_id) for name in ("content_hash", "message_hash")},
        "message_id": f"'<copy.' || ({new_id}) || '@shouji.example>'",
        "split_from": "NULL",
    }
    short = {
        ("inbound", "raw"): "substr(raw, 1, 400)",
        ("reply", "raw"): "substr(raw, 1, 200)",
        ("reply", "text"): "substr(text, 1, 200)",
        **{("reading", name): f"substr({name}, 1, 200)" for name in ("mail", "assessment", "decision")},
        ("search", "id"): f"{place} * {_TEXTS} + {within} - {within} / {_TEXTS} * {_TEXTS}",
        ("search", "words"): f"substr(words, 1, {_WORDS_KEPT})" if dialect == "sqlite" else "words",
    }
    return short.get((table, column)) or texts.get(column) or f'"{column}"'


def _hashed(name: str, new_id: str) -> str:
    """Another hash, not far from the old one in its index, which hashes fill evenly."""
    return f"CASE WHEN {name} = '' THEN '' ELSE substr({name}, 1, 48) || '-' || CAST({new_id} AS TEXT) END"
