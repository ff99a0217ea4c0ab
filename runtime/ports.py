"""Is a port free? Asked before the roles start, so that the answer is one clear line."""

from __future__ import annotations

import socket

from models.errors import ConfigError


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
