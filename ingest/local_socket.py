"""The socket file of the local inlet: only its owner and group may write to it, and a dead one is replaced.

Promises: the file never exists with wider rights, not even for an instant; a socket that someone still listens on, and
anything that is no socket, stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from typing import TYPE_CHECKING

from models.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_NOT_FOR_OTHERS = 0o117  # leaves rw-rw----


def bound_socket(path: Path) -> socket.socket:
    """A socket bound to the path, not yet listening.

    Raises:
        ConfigError: The path is taken, or cannot be.
    """
    _clear(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_NOT_FOR_OTHERS)
    try:
        made.bind(str(path))
    except OSError as error:
        made.close()
        raise ConfigError(
            f"UKETSUKE_LMTP: {path}: {error.strerror or error}; name a file in a folder that this user may write"
        ) from None
    finally:
        os.umask(before)
    return made


def is_answered(path: Path) -> bool:
    """Does someone listen on this socket?"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _clear(path: Path) -> None:
    """Take a dead socket away; a killed listener leaves one."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"UKETSUKE_LMTP: {path}: is there and no socket; name another file or move it away")
    if is_answered(path):
        raise ConfigError(f"UKETSUKE_LMTP: {path}: another program listens there; end it or name another file")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
