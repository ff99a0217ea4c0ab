"""The first start: an agent to sign in as, his password in a file that only this user reads."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from models.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from models.db.store import Store
    from runtime.settings import Settings

NAME = "admin"


def sign_in_line(store: Store, settings: Settings, now: datetime) -> str:
    """How to sign in at the desk; makes the first agent when there is none.

    Raises:
        ConfigError: The file of the first password cannot be written.
    """
    file = settings.data_dir / "first-sign-in.txt"
    if not store.agents():
        password = secrets.token_urlsafe(12)
        # The file first: an agent whose password nobody knows would lock everybody out.
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(f"{NAME}\n{password}\n")
        except OSError as error:
            raise ConfigError(
                f"UKETSUKE_DATA_DIR: {file}: {error.strerror}; name a folder that this user may write"
            ) from None
        store.add_agent(NAME, password, now)
        return f"sign in as {NAME} with {password}"
    if file.exists():
        return f"sign in as {NAME}, password in {file}"
    return "sign in with your name"
