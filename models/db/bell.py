"""Wake-ups between processes: who has written rings, who waits for work hears it (PostgreSQL's NOTIFY and LISTEN).

Promises: a ring comes after the commit and never within it, because PostgreSQL lets the commits of transactions that
notify through one by one, each with its sync; rings of one process are bundled, the last one always goes out; no ring is
ever needed: who waits looks again by itself after a while, also where the database is SQLite, which has no such thing.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.db.engine import driver_connection
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, Engine

_BUNDLED_S = 0.02  # between two rings of one process
_LAST_S = 1.0  # for the last ring of a process that ends
_LOOKS_AGAIN_S = 1.0  # who hears need not look more often
_TOPICS = "uketsuke_topics"
_FAILURES = (psycopg.Error, DBAPIError, PoolTimeout, ConfigError)


class Topic(StrEnum):
    """What there is to do: the names of the channels."""

    MAIL = "uketsuke_mail"
    LETTER = "uketsuke_letter"


def note(connection: Connection, topic: Topic) -> None:
    """Ring for this once the transaction has been committed."""
    connection.info.setdefault(_TOPICS, set()).add(topic)


def noted(connection: Connection) -> frozenset[Topic]:
    """What this transaction is to ring for; forgotten here."""
    return frozenset(connection.info.pop(_TOPICS, ()))


class Bell:
    """Rings for a process; its thread begins with the first ring."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_needed = engine.dialect.name == "postgresql"
        self._lock = threading.Lock()
        self._topics: set[Topic] = set()
        self._is_rung, self._is_quiet = threading.Event(), threading.Event()
        self._is_quiet.set()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ring(self, topics: Iterable[Topic]) -> None:
        """Tell whoever waits for one of these. Returns at once; never fails."""
        wanted = set(topics)
        if not wanted or not self._is_needed or self._is_closed:
            return
        with self._lock:
            self._topics |= wanted
            self._is_quiet.clear()
            self._is_rung.set()
            if self._thread is None:
                thread = threading.Thread(target=self._ring_on, name="bell", daemon=True)
                with suppress(RuntimeError):  # no room for another thread: the next ring tries again
                    thread.start()
                    self._thread = thread

    def close(self) -> None:
        """Let the last ring go out, for a second at most."""
        self._is_quiet.wait(_LAST_S)
        self._is_closed = True
        self._is_rung.set()
        if self._thread is not None:
            self._thread.join(_LAST_S)

    def _ring_on(self) -> None:
        connection: psycopg.Connection | None = None
        while True:
            self._is_rung.wait()
            if self._is_closed:
                break
            with self._lock:
                topics, self._topics = self._topics, set()
                self._is_rung.clear()
            # One that fails is not made up for: who waits looks by itself.
            try:
                connection = connection or driver_connection(self._engine)
                for topic in topics:
                    connection.execute("SELECT pg_notify(%s, '')", (topic.value,))
            except _FAILURES:
                _closed(connection)
                connection = None
            with self._lock:
                if not self._topics:
                    self._is_quiet.set()
            time.sleep(_BUNDLED_S)
        _closed(connection)


class Ear:
    """Waits for rings. One thread's own."""

    def __init__(self, engine: Engine, *topics: Topic) -> None:
        self._engine, self._topics = engine, topics
        self._hears = engine.dialect.name == "postgresql"
        self._connection: psycopg.Connection | None = None

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Until a ring, `stop` or so many seconds, a second at least where rings are heard; sooner is always possible.

        A signal ends it after a second at most.
        """
        if not self._hears:
            stop.wait(seconds)
            return
        try:
            if self._connection is None:
                self._connection = self._listening()
                return  # what was rung before may have been missed
            for _ in self._connection.notifies(timeout=max(seconds, _LOOKS_AGAIN_S), stop_after=1):
                pass
        except _FAILURES:
            self.close()
            stop.wait(min(seconds, _LOOKS_AGAIN_S))

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        _closed(connection)

    def _listening(self) -> psycopg.Connection:
        connection = driver_connection(self._engine)
        try:
            for topic in self._topics:
                connection.execute(f"LISTEN {topic.value}")
        except psycopg.Error:
            connection.close()
            raise
        return connection


def _closed(connection: psycopg.Connection | None) -> None:
    """Let go of it, if there is one."""
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
