"""Brings a database to the present shape. Safe to call from several processes at once, and again at any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.db.engine import make_engine, transaction
from models.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x756B6574  # "uket": the advisory lock that lets one process migrate at a time


def upgrade(url: str) -> None:
    """Create or migrate the database.

    Raises:
        StoreUnavailable: It cannot be reached or written.
        ConfigError: It has a shape that this version does not know.
    """
    engine = make_engine(url)
    try:
        with transaction(engine, writes=True) as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            _upgrade(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = config_for(connection)
    shape = MigrationContext.configure(connection).get_current_revision()
    if shape is not None and shape not in {
        one.revision for one in ScriptDirectory.from_config(config).walk_revisions()
    }:
        raise ConfigError(
            f"the database has the shape {shape}, which this version of uketsuke does not know: it belongs to a newer one;"
            " install that one, or name another database in UKETSUKE_DATABASE_URL"
        )
    command.upgrade(config, "head")


def config_for(connection: Connection) -> Config:
    """Alembic's configuration, bound to an open transaction."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
