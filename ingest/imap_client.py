"""What is said to an IMAP server: select a folder, list its UIDs, ask for sizes, act on mails that the store has.

Promises: no answer grows without bounds, and no mail is touched that was not named. Follows RFC 3501, RFC 4315 (UIDPLUS)
and RFC 6851 (MOVE), with what each allows where a server lacks the latter two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ingest.mailbox import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from ingest.mailbox import After

_UIDS_AT_ONCE = 50_000  # an answer is one line, and the client reads no line over a megabyte
_SEEN, _DELETED = rb"\Seen", rb"\Deleted"


class Client(Protocol):
    """What a connection must know; imapclient's does."""

    def select_folder(self, folder: str, readonly: bool = ...) -> Mapping[bytes, Any]: ...  # noqa: D102, FBT001
    def search(self, criteria: Sequence[Any]) -> Sequence[int]: ...  # noqa: D102
    def fetch(self, messages: Sequence[int], data: Sequence[str]) -> Mapping[int, Mapping[bytes, Any]]: ...  # noqa: D102
    def add_flags(self, messages: Sequence[int], flags: Sequence[bytes], silent: bool = ...) -> object: ...  # noqa: D102, FBT001
    def move(self, messages: Sequence[int], folder: str) -> object: ...  # noqa: D102
    def copy(self, messages: Sequence[int], folder: str) -> object: ...  # noqa: D102
    def uid_expunge(self, messages: Sequence[int]) -> object: ...  # noqa: D102
    def has_capability(self, capability: str) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The folder at one moment: equal values mean the same mails in it."""

    uidvalidity: int
    uidnext: int | None
    exists: int


def select(client: Client, folder: str, after: After) -> Selected:
    """Open the folder, for reading only where nothing is to be changed in it.

    A server without UIDVALIDITY has no lasting UIDs: there the store's hash alone tells its mails apart.
    """
    answer = client.select_folder(folder, after.action is Action.KEEP)
    return Selected(
        uidvalidity=int(answer.get(b"UIDVALIDITY", 0)),
        uidnext=answer.get(b"UIDNEXT"),
        exists=int(answer.get(b"EXISTS", 0)),
    )


def uids_in(client: Client, box: Selected, since: date | None) -> Iterator[int]:
    """The UIDs of the folder's mails, of those that reached it on that day or later."""
    wanted = ["SINCE", since] if since else []
    if box.exists <= _UIDS_AT_ONCE or box.uidnext is None:
        yield from client.search(wanted or ["ALL"])
        return
    for start in range(1, box.uidnext, _UIDS_AT_ONCE):
        yield from client.search(["UID", f"{start}:{start + _UIDS_AT_ONCE - 1}", *wanted])


def among(client: Client, uids: Sequence[int]) -> Sequence[int]:
    """Those of these UIDs that the folder still has."""
    return client.search(["UID", ",".join(map(str, uids))]) if uids else ()


def sizes_of(client: Client, uids: Sequence[int]) -> dict[int, int]:
    """Sizes in bytes by UID, in the order asked for; a mail that went away meanwhile is not in it."""
    found = client.fetch(list(uids), ["RFC822.SIZE"])
    return {uid: int(found[uid].get(b"RFC822.SIZE", 0)) for uid in uids if uid in found}


def texts_of(client: Client, uids: Sequence[int]) -> dict[int, bytes]:
    """The mails' bytes by UID, without a trace in the mailbox; empty where the server gave none."""
    found = client.fetch(list(uids), ["BODY.PEEK[]"])
    return {uid: found[uid].get(b"BODY[]") or b"" for uid in uids if uid in found}


def act(client: Client, uids: Sequence[int], after: After) -> None:
    """Do with these mails what is to be done with mails that the store has; may be repeated."""
    match after.action:
        case Action.KEEP:
            return
        case Action.SEEN:
            client.add_flags(uids, [_SEEN], silent=True)
        case Action.MOVE if client.has_capability("MOVE"):
            client.move(uids, after.folder)
        case Action.MOVE:
            client.copy(uids, after.folder)
            _delete(client, uids)
        case Action.DELETE:
            _delete(client, uids)


def _delete(client: Client, uids: Sequence[int]) -> None:
    """Without UIDPLUS the mails stay marked as deleted: a plain EXPUNGE would take what others have marked."""
    client.add_flags(uids, [_DELETED], silent=True)
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)
