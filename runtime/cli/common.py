"""What several commands share: settings with logs set up, the store, JSON lines, who runs them."""

from __future__ import annotations

import json
import os
import pwd
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from models.errors import ConfigError, StoreUnavailable, Unreachable
from runtime.logs import set_up_logs
from runtime.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.db.store import Store
    from runtime.settings import Settings


def settings_with_logs() -> Settings:
    """The settings in force, with the logs speaking at their level."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return settings


def make_data_dir(settings: Settings) -> None:
    """The data folder, made when absent.

    Raises:
        ConfigError: It cannot be made, or is no folder.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = "is a file" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(
            f"UKETSUKE_DATA_DIR: {settings.data_dir}: {reason}; name a folder that this user may write"
        ) from None


def open_store(settings: Settings) -> Store:
    """The store; what is wrong with folder or database is one clear line.

    Raises:
        ConfigError: The data folder or the database's URL is wrong, or its server does not answer.
        StoreUnavailable: The database cannot be used now; also where it does not answer a process that will be started again.
    """
    from runtime import wiring

    make_data_dir(settings)
    with reachable(settings):
        return wiring.open_store(settings)


@contextmanager
def reachable(settings: Settings) -> Iterator[None]:
    """Within, the database is asked for the first time.

    Raises:
        Unreachable: It does not answer; names the setting and the mend.
        StoreUnavailable: It cannot be used now; also where it does not answer a process that will be started again.
    """
    from runtime.stopping import is_supervised

    try:
        yield
    except StoreUnavailable as error:
        if is_supervised() or isinstance(error, ConfigError) or "locked" in str(error):
            raise
        raise Unreachable(_away(settings, error)) from None


def store_as_it_is(settings: Settings) -> Store:
    """The store, whose database is neither made nor migrated; from here on the process goes by its clock.

    Raises:
        Unreachable: It does not answer.
        StoreUnavailable: As with `open_store`.
    """
    from models.db.store import Store
    from runtime.clock import follow

    store = Store(settings.url)
    with reachable(settings):
        follow(store.shared_time())
    return store


def open_signing_store(settings: Settings) -> Store:
    """As `open_store`, for who signs or reads signatures: this machine has the installation's secret.

    Raises:
        ConfigError: It has another; or as with `open_store`.
        StoreUnavailable: As with `open_store`.
    """
    from runtime import wiring

    store = open_store(settings)
    try:
        wiring.require_secret(store, settings)
    except BaseException:
        store.close()
        raise
    return store


def _away(settings: Settings, error: StoreUnavailable) -> str:
    if settings.url.startswith("sqlite"):
        return f"the database: {error}"
    return f"UKETSUKE_DATABASE_URL: {error}; start the database, or mend the setting"


def operator() -> str:
    """Who runs this command, for the audit log."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a user of a container, without a name
        return f"cli:{os.getuid()}"


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout, in UTF-8 whatever the locale says."""
    print_text(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def print_text(text: str) -> None:
    """Text on stdout, in UTF-8 whatever the locale says."""
    print_bytes(text.encode("utf-8", "replace") + b"\n")


def print_bytes(content: bytes) -> None:
    """Bytes on stdout. Where nobody reads on, as behind `| head`, the command is done: exit 0 without a word."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
