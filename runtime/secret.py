"""The key of the signed ids: read from its file, made once when absent, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from models.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 32


def load_secret(path: Path) -> bytes:
    """The secret's bytes; every machine of one installation must read the same.

    Raises:
        ConfigError: The file is empty, too short or not readable.
    """
    try:
        make_secret(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"UKETSUKE_SECRET_FILE: {path}: {error.strerror}; name a file this user may read") from None
    if len(secret) < _BYTES:
        raise ConfigError(f"UKETSUKE_SECRET_FILE: {path}: holds fewer than {_BYTES} bytes; remove it to have one made")
    return secret


def make_secret(path: Path) -> None:
    """Write a new secret unless there is one. Two processes starting together agree: the link is made only once."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails if another process was first, and never shows a half-written file
    except FileExistsError:
        pass
    finally:
        draft.unlink()
