"""Is a port free? Asked before the roles start, so that the answer is one clear line."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound


def require_free(host: str, port: int, setting: str) -> None:
    """Bind and let go.

    Raises:
        ConfigError: Another program listens there, or the address is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{setting}: {host}:{port}: {reason}; end the other program or set another port") from None


def require_apart(listeners: Iterable[tuple[str, int, str]]) -> None:
    """No two of our own listeners are to have the same port (0: any free one): each of them would find it free.

    Args:
        listeners: Host, port and setting of each.

    Raises:
        ConfigError: Two are the same.
    """
    taken: list[tuple[str, int, str]] = []
    for host, port, setting in listeners:
        for other, same, its in taken:
            if port and port == same and (host == other or not _EVERYWHERE.isdisjoint((host, other))):
                raise ConfigError(f"{setting}: {host}:{port}: is that of {its} as well; set another port")
        taken.append((host, port, setting))
