"""Is a port free? Asked before the roles start, so that the answer is one clear line."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.settings import Settings

_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_FIRST_FREE = 1024  # ports below are for privileged programs
# Every address of this machine, and where what listens there is reached from it.
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound


def roles_of(settings: Settings) -> list[str]:
    """The roles that `serve` starts, in the order of their watch ports."""
    return ["smtp", "desk", *["worker"] * settings.workers, "deliver", "scheduler", *["imap"] * bool(settings.imap)]


def listeners_of(settings: Settings) -> list[tuple[str, int, str]]:
    """Host, port and setting of each listener that `serve` starts: SMTP, the desk, and what watches each role."""
    count = len(roles_of(settings)) if settings.watch_port else 0
    return [
        (settings.smtp_host, settings.smtp_port, "UKETSUKE_SMTP_PORT"),
        (settings.desk_host, settings.desk_port, "UKETSUKE_DESK_PORT"),
        *((settings.watch_host, settings.watch_port + number, "UKETSUKE_WATCH_PORT") for number in range(count)),
    ]


def reached_at(host: str) -> str:
    """Where a listener bound there is reached from this machine."""
    return _EVERYWHERE.get(host, host)


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
    except (OSError, UnicodeError) as error:
        raise ConfigError(why_not_bound(host, port, setting, error)) from None


def why_not_bound(host: str, port: int, setting: str, error: Exception) -> str:
    """Why nothing can listen there, which setting says so, and the mend, in one line.

    Args:
        host: Where it was to listen.
        port: On which port.
        setting: The setting of the port; that of the host is called alike.
        error: What the system said.
    """
    where, reason = f"{host}:{port}", getattr(error, "strerror", None) or str(error)
    of_host = f"{setting.removesuffix('_PORT')}_HOST" if setting.endswith("_PORT") else setting
    own = "write 127.0.0.1 for this machine alone, 0.0.0.0 for all of its addresses, or one of these"
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"{of_host}: {where}: no such host is known ({reason}); {own}"
    number = error.errno if isinstance(error, OSError) else None
    if number in _NOT_OURS:
        return f"{of_host}: {where}: is no address of this machine; {own}"
    if number in {errno.EACCES, errno.EPERM} and port < _FIRST_FREE:
        mend = f"set a port from {_FIRST_FREE} on, or let this user have the lower ones (CAP_NET_BIND_SERVICE)"
        return f"{setting}: {where}: {reason}; {mend}"
    return f"{setting}: {where}: {reason}; end the other program or set another port"


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
            if port and port == same and (host == other or host in _EVERYWHERE or other in _EVERYWHERE):
                raise ConfigError(f"{setting}: {host}:{port}: is that of {its} as well; set another port")
        taken.append((host, port, setting))
