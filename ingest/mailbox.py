"""Which mailbox is read, and what becomes of a mail there once it is taken: texts of the settings as records. Pure.

Promise: what is shown of a mailbox never holds its password.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit

_PORTS = {"imap": 143, "imaps": 993}
_SHAPE = "write imaps://user@host/Folder, or imap:// for STARTTLS; an @ in the user may stand as it is or as %40"
_AFTER_SHAPE = "write keep, seen, move:FOLDER or delete"


class Action(StrEnum):
    """What becomes of a mail in the mailbox."""

    KEEP = "keep"  # it lies there as it was, unread if it was unread
    SEEN = "seen"  # it lies there as read
    MOVE = "move"  # it goes to another folder
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What becomes of a mail in the mailbox after the store has it; `folder` only with MOVE."""

    action: Action
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One folder of one account. The password is in no text form of it."""

    host: str
    port: int
    user: str
    folder: str
    is_tls: bool  # from the first byte; else STARTTLS comes first, but on this machine
    password: str = field(default="", repr=False, compare=False)

    @property
    def is_loopback(self) -> bool:
        """The server is this machine: nobody on the way can listen."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def shown(self) -> str:
        """The URL without the password; names the mailbox for people and in the database."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"imap{'s' * self.is_tls}://{quote(self.user, safe='@')}@{host}:{self.port}/{quote(self.folder)}"


def parse_mailbox(url: str) -> Mailbox:
    """The mailbox of a URL; without a folder it is INBOX.

    Raises:
        ValueError: It names no mailbox. The message does not repeat the URL: a password may stand in it.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"is not readable as a URL; {_SHAPE}") from None
    if parts.scheme not in _PORTS:
        raise ValueError(f"begins with neither imaps:// nor imap://; {_SHAPE}")
    user = unquote(parts.username or "")
    if not host or not user:
        raise ValueError(f"names no {'user' if host else 'host'}; {_SHAPE}")
    if parts.query or parts.fragment:
        raise ValueError(f"holds a ? or a #: write them as %3F and %23; {_SHAPE}")
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    if any(char < " " for char in user + folder):
        raise ValueError(f"holds a control character; {_SHAPE}")
    return Mailbox(
        host=host,
        port=port or _PORTS[parts.scheme],
        user=user,
        folder=folder,
        is_tls=parts.scheme == "imaps",
        password=unquote(parts.password or ""),
    )


def parse_after(text: str) -> After:
    """What becomes of a taken mail.

    Raises:
        ValueError: It is none of the four.
    """
    name, _, folder = text.strip().partition(":")
    action = next((one for one in Action if one.value == name.strip().lower()), None)
    folder = folder.strip()
    if action is None or (action is Action.MOVE) != bool(folder):
        raise ValueError(f"is not known; {_AFTER_SHAPE}")
    return After(action=action, folder=folder)
