"""Locks that no row stands for, on PostgreSQL; SQLite lets one transaction write at a time anyway.

Promises: whoever takes several takes them in the order of this module, after the switch and before nothing else of it,
so that no two transactions wait for each other in a ring. All are held until the transaction ends.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_DOMAINS = 0x756B6574  # "uket": our class of advisory locks, by domain
_DESK = 0x756B6575  # and the next one, for what there is one of
_SWITCH, _TOTAL, _TEXTS, _RULES, _WORDS, _CHILDREN, _ERASING = 1, 2, 3, 4, 5, 6, 7


def share_switch(connection: Connection) -> None:
    """Nobody stops the letters while this transaction lasts. Before any row is locked: who stops waits for us first."""
    _take(connection, _DESK, _SWITCH, is_shared=True)


def own_switch(connection: Connection) -> None:
    """Nobody files, claims or releases a letter while this transaction lasts; those who do have committed."""
    _take(connection, _DESK, _SWITCH)


def lock_domain(connection: Connection, domain: str) -> None:
    """Letters to this domain are counted and written one after the other."""
    _take(connection, _DOMAINS, int.from_bytes(sha256(domain.encode()).digest()[:4], "big", signed=True))


def lock_total(connection: Connection) -> None:
    """All letters that go by themselves are counted and written one after the other."""
    _take(connection, _DESK, _TOTAL)


def lock_texts(connection: Connection) -> None:
    """Texts are saved one after the other, so that the largest id is always the latest to be seen."""
    _take(connection, _DESK, _TEXTS)


def lock_rules(connection: Connection) -> None:
    """Rules and modes are set one after the other."""
    _take(connection, _DESK, _RULES)


def share_words(connection: Connection) -> None:
    """Nobody writes the index of the search anew while this transaction lasts. Whoever does waits for nobody meanwhile."""
    _take(connection, _DESK, _WORDS, is_shared=True)


def try_own_words(connection: Connection) -> bool:
    """Nobody writes words of the search while this transaction lasts; False, without waiting, if somebody does."""
    if connection.dialect.name != "postgresql":
        return True
    found = connection.execute(text("SELECT pg_try_advisory_xact_lock(:of, :key)"), {"of": _DESK, "key": _WORDS})
    return bool(found.scalar_one())


def lock_children(connection: Connection) -> None:
    """Tickets that no mail opened get their references one after the other."""
    _take(connection, _DESK, _CHILDREN)


def lock_erasing(connection: Connection) -> None:
    """Whoever erases takes turns: two of them would meet in the history and in the audit log, each with the other's line."""
    _take(connection, _DESK, _ERASING)


def _take(connection: Connection, of: int, key: int, *, is_shared: bool = False) -> None:
    if connection.dialect.name == "postgresql":
        how = "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock"
        connection.execute(text(f"SELECT {how}(:of, :key)"), {"of": of, "key": key})
