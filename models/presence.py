"""Who runs, as the processes of an installation say themselves, and on what database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SAYS_SO_EVERY = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=60)  # a process that has not said so for that long runs no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of one role on one machine."""

    id: str  # of this start: another start has another one
    role: str
    host: str
    pid: int
    version: str
    shape: str  # the newest shape of the database that its code knows
    started_at: datetime
    seen_at: datetime


def named_once(processes: Iterable[Process]) -> list[str]:
    """Each kind of process on each machine in a few words, sorted."""
    return sorted({f"{one.role} {one.version} on {one.host}" for one in processes})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standbys:
    """Who follows the database's server, and whom its commits wait for."""

    named: str  # those that a commit waits for, as the server's setting names them; empty: none
    is_waited_for: bool  # by this installation's own commits
    following: int
    waiting: int  # connections whose commit waits now
    waiting_s: float  # the longest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What the database says of itself."""

    engine: str  # "SQLite 3.45.1", "PostgreSQL 15.18"
    shape: str
    now: datetime | None  # by a clock that all machines share, if there is one
    unsafe: tuple[str, ...]  # settings by which it could lose what it has confirmed
    most_connections: int  # 0: it does not count
    standbys: Standbys | None = None  # of PostgreSQL
