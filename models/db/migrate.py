"""Brings a database to the shape that this version needs. Safe to call from several processes at once, and at any time.

Each step of `migrations/versions` says when it may run. A step of the phase `pre` leaves the version before at work: it
adds, and what it adds has a default. A step of the phase `post` takes away what that version still used: it waits until no
process runs that does not know it. So old and new processes work side by side, and an upgrade stops nobody.

Promises: all steps that may run are one transaction; a step that waits is named with those it waits for; an older version
goes on with a newer shape as long as that was made for both, and is refused in one line where it was not.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, update

from models.db.engine import make_engine, transaction
from models.db.presence import SHAPE, processes_in
from models.errors import ConfigError, StoreUnavailable
from models.presence import named_once

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alembic.script import Script
    from sqlalchemy.engine import Connection

    from models.presence import Process

SCRIPTS = Path(__file__).parent / "migrations"
PRE, POST = "pre", "post"
_BEGAN = "0009"  # the first step that says when it may run; those before ran when nobody else did
_LOCK = 0x756B6574  # "uket": the advisory lock that lets one process migrate at a time
_WAITS = "5s"  # for a table that others use; who comes after us must not wait for long
_TRIES, _PAUSE_S = 12, 5.0
_LOCKED_OUT = "lock timeout"  # in PostgreSQL's words


def upgrade(url: str, now: datetime | None = None, *, scripts: Path = SCRIPTS) -> tuple[str, ...]:
    """Create or migrate the database; returns the steps that wait for older processes to end.

    Args:
        url: The database.
        now: Whoever said so within the last minute runs still; without it nobody is waited for.
        scripts: Alembic's folder.

    Raises:
        StoreUnavailable: It cannot be reached or written.
        ConfigError: It has a shape that this version cannot work with, or waits for a process of an older version.
    """
    engine = make_engine(url)
    try:
        with transaction(engine, writes=False) as connection:
            if not _is_behind(connection, scripts):
                return ()
        for tries_left in reversed(range(_TRIES)):
            try:
                with transaction(engine, writes=True) as connection:
                    if connection.dialect.name == "postgresql":
                        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAITS}'")
                    return _upgrade(connection, now, scripts)
            except StoreUnavailable as error:
                if not tries_left or _LOCKED_OUT not in str(error):
                    raise
            time.sleep(_PAUSE_S)
    finally:
        engine.dispose()
    raise AssertionError


def newest(scripts: Path = SCRIPTS) -> str:
    """The newest shape that this code knows."""
    return _steps(scripts)[-1].revision


def known_shapes(scripts: Path = SCRIPTS) -> frozenset[str]:
    """The shapes that this code has a step to."""
    return frozenset(one.revision for one in _steps(scripts))


def serves(connection: Connection, shape: str, scripts: Path = SCRIPTS) -> bool:
    """Can this code work with a shape: one of its own, or a newer version's that was made for both?"""
    known = known_shapes(scripts)
    if shape in known:
        return True
    if not inspect(connection).has_table(SHAPE.name):
        return False
    return str(connection.execute(select(SHAPE.c.runs_from)).scalar_one()) <= max(known)


def shape_of(url: str) -> tuple[str, bool]:
    """The shape that a database has ("" if it has none yet), and whether it is a newer version's that we may work with.

    Changes nothing; a file that is not there is not made.

    Raises:
        StoreUnavailable: It cannot be reached.
        ConfigError: It is a newer version's, and that one has left us behind.
    """
    engine = make_engine(url)
    try:
        file = engine.url.database
        if engine.dialect.name == "sqlite" and file and not Path(file).exists():
            return "", False
        with transaction(engine, writes=False) as connection:
            is_behind = _is_behind(connection, SCRIPTS)
            shape = MigrationContext.configure(connection).get_current_revision() or ""
        return shape, not is_behind and shape != newest()
    finally:
        engine.dispose()


def bring_to(connection: Connection, revision: str, *, scripts: Path = SCRIPTS) -> None:
    """Within a transaction: take every step up to this one, or to "head", whoever runs.

    Raises:
        ConfigError: This version does not know that shape.
    """
    steps = _steps(scripts)
    wanted = steps[-1].revision if revision == "head" else revision
    if wanted not in known_shapes(scripts):
        raise ConfigError(f"the shape {wanted} belongs to a newer version of uketsuke: install that one")
    command.upgrade(config_for(connection, scripts), wanted)
    left_behind = [one.revision for one in steps if _BEGAN < one.revision <= wanted and phase_of(one) == POST]
    if left_behind:
        connection.execute(update(SHAPE).where(SHAPE.c.runs_from < left_behind[-1]).values(runs_from=left_behind[-1]))


def config_for(connection: Connection, scripts: Path = SCRIPTS) -> Config:
    """Alembic's configuration, bound to an open transaction."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = connection
    return config


def _is_behind(connection: Connection, scripts: Path) -> bool:
    """Is there a step to be taken?

    Raises:
        ConfigError: The shape is a newer version's, and that one has left us behind.
    """
    shape, head = MigrationContext.configure(connection).get_current_revision(), newest(scripts)
    if shape is None or shape in known_shapes(scripts):
        return shape != head
    if not serves(connection, shape, scripts):
        raise ConfigError(
            f"the database has the shape {shape}, which this version of uketsuke (up to {head}) cannot work with: it belongs to"
            " a newer one; install that one, or name another database in UKETSUKE_DATABASE_URL"
        )
    return False


def _upgrade(connection: Connection, now: datetime | None, scripts: Path) -> tuple[str, ...]:
    if not _is_behind(connection, scripts):  # somebody was quicker
        return ()
    shape = MigrationContext.configure(connection).get_current_revision()
    ahead = [one for one in _steps(scripts) if shape is None or one.revision > shape]
    # Before that step nobody said that he runs: then everything had to be stopped first.
    running = () if shape is None or shape < _BEGAN or now is None else processes_in(connection, now)
    may = list(ahead)
    for number, step in enumerate(ahead):
        old = [one for one in running if one.shape < step.revision]
        if phase_of(step) == POST and old:
            may = ahead[:number]
            _require_enough(ahead[number:], old)
            break
    if may:
        bring_to(connection, may[-1].revision, scripts=scripts)
    return tuple(step.revision for step in ahead[len(may) :])


def phase_of(step: Script) -> str:
    """When a step may run, as its module says; those of before said nothing."""
    return str(getattr(step.module, "phase", POST))


def _require_enough(waiting: Sequence[Script], old: Sequence[Process]) -> None:
    """Steps that wait are for later; one among them that this version needs is not.

    Raises:
        ConfigError: This version cannot begin before the old processes have ended.
    """
    if all(phase_of(step) == POST for step in waiting):
        return
    named = ", ".join(named_once(old))
    raise ConfigError(
        f"the database cannot be brought to {waiting[-1].revision} while older processes run ({named}): stop them, or install"
        " the version between first"
    )


@lru_cache(maxsize=8)
def _steps(scripts: Path) -> tuple[Script, ...]:
    """All steps, first to last; read once."""
    return tuple(reversed(list(ScriptDirectory(str(scripts)).walk_revisions())))
