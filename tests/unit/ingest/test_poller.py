"""The poller against servers that misbehave in ways that a real one cannot be made to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from imaplib import IMAP4
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from ingest import imap_client
from ingest.imap import MOST_IN_BATCH, Poller, PollSettings
from ingest.mailbox import parse_after
from models.arrival import Arrival
from models.db.accept import accept_rows
from models.db.store import Store
from models.mail import Envelope
from tests.support.clocks import Clock
from tests.support.filings import DESK, NOW

BOX = "imaps://support@imap.example:993/INBOX"


class Server:
    """A folder; `answers` of a UID, if any, are raised or given in place of its text."""

    def __init__(self, *uids: int) -> None:
        self.mails = {uid: f"Subject: {uid}\r\n\r\n{uid}\r\n".encode() for uid in uids}
        self.answers: dict[int, Any] = {}
        self.sizes: dict[int, Any] = {}
        self.capabilities = {"MOVE", "UIDPLUS"}
        self.said: list[tuple[Any, ...]] = []
        self.uidnext = 1000
        self.uidvalidity = 1

    def select_folder(self, folder: str, readonly: bool = False) -> dict[bytes, Any]:
        self.said.append(("select", folder, readonly))
        return {b"UIDVALIDITY": self.uidvalidity, b"UIDNEXT": self.uidnext, b"EXISTS": len(self.mails)}

    def search(self, criteria: Sequence[Any]) -> list[int]:
        self.said.append(("search", *criteria))
        if criteria[0] != "UID":
            return sorted(self.mails, reverse=True)
        if ":" not in criteria[1]:
            return [uid for uid in map(int, criteria[1].split(",")) if uid in self.mails]
        low, high = map(int, criteria[1].split(":"))
        return [uid for uid in self.mails if low <= uid <= high]

    def fetch(self, messages: Sequence[int], data: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        self.said.append(("fetch", tuple(messages), *data))
        planted = self.sizes if data == ["RFC822.SIZE"] else self.answers
        for uid in messages:
            if isinstance(planted.get(uid), Exception):
                raise planted[uid]
        there = [uid for uid in messages if uid in self.mails and planted.get(uid, 0) is not None]
        if data == ["RFC822.SIZE"]:
            return {uid: {b"RFC822.SIZE": self.sizes.get(uid, len(self.mails[uid]))} for uid in there}
        return {uid: {b"BODY[]": self.answers.get(uid, self.mails[uid])} for uid in there}

    def add_flags(self, messages: Sequence[int], flags: Sequence[bytes], silent: bool = False) -> None:
        self.said.append(("flag", tuple(messages), *flags))

    def move(self, messages: Sequence[int], folder: str) -> None:
        self.said.append(("move", tuple(messages), folder))
        for uid in messages:
            self.mails.pop(uid, None)

    def copy(self, messages: Sequence[int], folder: str) -> None:
        self.said.append(("copy", tuple(messages), folder))

    def uid_expunge(self, messages: Sequence[int]) -> None:
        self.said.append(("expunge", tuple(messages)))
        for uid in messages:
            self.mails.pop(uid, None)

    def has_capability(self, capability: str) -> bool:
        return capability in self.capabilities

    def verbs(self) -> list[str]:
        said, self.said = self.said, []
        return [str(one[0]) for one in said]

    def fetched(self) -> list[tuple[int, ...]]:
        return [one[1] for one in self.said if one[0] == "fetch" and one[2] == "BODY.PEEK[]"]


class Desk:
    """A poller with its store and its clock."""

    def __init__(self, store: Store, after: str = "keep", max_bytes: int = 1000) -> None:
        self.store, self.clock = store, Clock(NOW)
        self.settings = PollSettings(mailbox=BOX, folder="INBOX", after=parse_after(after), max_bytes=max_bytes)
        self.restart()

    def restart(self) -> None:
        self.poller = Poller(self.store, self.settings, self.arrive, self.clock)

    def arrive(self, raw: bytes) -> Arrival:
        if raw == b"unreadable":
            raise ValueError(raw)
        envelope = Envelope(mail_from="a@example.com", rcpt_tos=(DESK,), received_at=self.clock())
        return Arrival(raw=raw, envelope=envelope, desk_address=DESK)

    def kept(self) -> list[str]:
        return sorted(row.subject for row in self.store.queue(limit=500))

    def left(self) -> dict[int, tuple[str, int]]:
        return {mark.uid: (mark.error.partition(":")[0], mark.attempts) for mark in self.store.left_mails(BOX)}


def test_a_folder_that_has_not_changed_is_not_searched(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2)
    assert desk.poller.poll(server) == 2
    server.verbs()
    assert desk.poller.poll(server) == 0
    assert server.verbs() == ["select"]
    server.mails[3] = b"Subject: 3\r\n\r\n"
    server.uidnext += 1
    assert desk.poller.poll(server) == 1
    assert desk.kept() == ["1", "2", "3"]


def test_a_mail_that_comes_below_the_highest_uid_is_taken_too(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1, 9)
    desk.poller.poll(server)
    server.mails[5] = b"Subject: 5\r\n\r\n"
    assert desk.poller.poll(server) == 1
    assert desk.kept() == ["1", "5", "9"]


@pytest.mark.parametrize("planted", ["sizes", "answers"])
@pytest.mark.parametrize("error", [IMAP4.abort("BYE"), ConnectionResetError(), TimeoutError()])
def test_a_mail_that_breaks_every_connection_is_left_and_the_others_come(
    planted: str, error: Exception, sqlite_store: Store
) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2, 3, 4)
    getattr(server, planted)[2] = error
    for _ in range(2):  # the batch, then the mail alone
        with pytest.raises(type(error)):
            desk.poller.poll(server)
    server.mails[5] = b"Subject: 5\r\n\r\n"
    desk.poller.poll(server)
    assert desk.kept() == ["1", "3", "4", "5"]
    assert desk.left() == {2: ("the connection broke while it was fetched", 1)}
    desk.poller.poll(server)  # not yet again
    getattr(server, planted).clear()
    desk.clock.advance(timedelta(minutes=1))
    desk.poller.poll(server)
    assert desk.kept() == ["1", "2", "3", "4", "5"]
    assert desk.left() == {}


@pytest.mark.parametrize("planted", ["sizes", "answers"])
@pytest.mark.parametrize("error", [IMAP4.error("NO [SERVERBUG]"), ValueError("not read")])
def test_a_mail_that_the_server_refuses_is_left_and_the_others_come(
    planted: str, error: Exception, sqlite_store: Store
) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2, 3)
    getattr(server, planted)[2] = error
    assert desk.poller.poll(server) == 2
    assert desk.kept() == ["1", "3"]
    assert desk.left() == {2: ("the server does not give it", 1)}


def test_tries_grow_rarer_and_are_counted(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1)
    server.answers[1] = IMAP4.error("NO")
    minutes = 0
    for _ in range(10 * 24 * 60):
        server.said.clear()
        desk.poller.poll(server)
        minutes += bool(server.fetched())
        desk.clock.advance(timedelta(minutes=1))
    assert minutes == desk.left()[1][1]
    assert 12 <= minutes <= 16  # 0, 1, 5, 21, 85, 341 minutes, 1 day and then daily
    desk.restart()  # someone may have mended it
    server.said.clear()
    desk.poller.poll(server)
    assert server.fetched() == [(1,)]


def test_no_text_is_left_and_a_mail_that_went_away_is_no_matter(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2, 3)
    server.answers[1] = b""
    server.answers[2] = None
    server.sizes[3] = None
    assert desk.poller.poll(server) == 0
    assert desk.left() == {1: ("the server gave no text", 1), 2: ("the server gave no text", 1)}
    del server.mails[1], server.mails[2]
    desk.poller.poll(server)
    assert desk.left() == {}


def test_a_mail_without_a_byte_comes_in(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server()
    server.mails[1] = b""
    assert desk.poller.poll(server) == 1


def test_a_size_that_was_a_lie_is_noticed(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2)
    server.answers[1] = b"x" * 1001
    server.sizes[2] = 1001
    assert desk.poller.poll(server) == 0
    assert desk.left() == {1: ("too large", 1), 2: ("too large", 1)}


def test_what_cannot_be_read_or_stored_is_left(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def never_two(connection: Connection, rows: Sequence[dict[str, Any]]) -> tuple[int, ...]:
        if b"Subject: 2" in rows[0]["raw"]:
            raise ValueError("no such text")
        return accept_rows(connection, rows)

    monkeypatch.setattr("models.db.mailboxes.accept_rows", never_two)
    desk, server = Desk(sqlite_store, "delete"), Server(1, 2, 3)
    server.answers[3] = b"unreadable"
    assert desk.poller.poll(server) == 1
    assert desk.left() == {2: ("the store cannot hold it", 1), 3: ("not readable", 1)}
    assert sorted(server.mails) == [2, 3]


def test_batches_are_bounded_in_mails_and_bytes(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.imap.MOST_BYTES_IN_BATCH", 10_000)
    desk, server = Desk(sqlite_store, max_bytes=20_000), Server(*range(1, 121))
    server.mails[5] = b"Subject: 5\r\n\r\n" + b"x" * 15_000
    desk.poller.poll(server)
    batches = server.fetched()
    assert sorted(uid for batch in batches for uid in batch) == list(range(1, 121))
    assert max(map(len, batches)) == MOST_IN_BATCH
    assert (5,) in batches


def test_a_large_folder_is_searched_in_windows(monkeypatch: pytest.MonkeyPatch, sqlite_store: Store) -> None:
    monkeypatch.setattr(imap_client, "_UIDS_AT_ONCE", 10)
    desk, server = Desk(sqlite_store), Server(*range(5, 35))
    server.uidnext = 35
    assert desk.poller.poll(server) == 30
    windows = [one for one in server.said if one[0] == "search"]
    assert windows == [("search", "UID", f"{start}:{start + 9}") for start in (1, 11, 21, 31)]


def test_a_stop_between_two_batches_is_heard(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(*range(1, 2 * MOST_IN_BATCH + 1))
    answers = iter([False, True])
    assert desk.poller.poll(server, lambda: next(answers)) == MOST_IN_BATCH
    assert desk.poller.poll(server) == MOST_IN_BATCH


def test_keeping_opens_the_folder_for_reading_only(sqlite_store: Store) -> None:
    server = Server(1)
    Desk(sqlite_store).poller.poll(server)
    assert server.said[0] == ("select", "INBOX", True)
    assert {one[0] for one in server.said} == {"select", "search", "fetch"}
    assert all(one[2] in {"RFC822.SIZE", "BODY.PEEK[]"} for one in server.said if one[0] == "fetch")


def test_without_move_and_uidplus_nobody_elses_mails_are_expunged(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store, "move:Done"), Server(1)
    server.capabilities = set()
    desk.poller.poll(server)
    assert server.said[-2:] == [("copy", (1,), "Done"), ("flag", (1,), rb"\Deleted")]
    server.verbs()
    desk.restart()
    assert desk.poller.poll(server) == 0
    assert "copy" not in server.verbs()


def test_a_refused_mark_is_tried_again_and_no_mail_waits_for_it(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, server = Desk(sqlite_store, "move:Done"), Server(1, 2)
    move = server.move

    def refuse(*_: object) -> None:
        raise IMAP4.error("NO [OVERQUOTA]")

    monkeypatch.setattr(server, "move", refuse)
    assert desk.poller.poll(server) == 2
    server.mails[3] = b"Subject: 3\r\n\r\n"
    assert desk.poller.poll(server) == 1
    monkeypatch.setattr(server, "move", move)
    assert desk.poller.poll(server) == 0
    assert server.mails == {}
    assert desk.kept() == ["1", "2", "3"]
    assert desk.store.books().duplicates == 0


def test_turning_from_keep_to_delete_spares_what_was_taken_before(sqlite_store: Store) -> None:
    server = Server(1)
    Desk(sqlite_store).poller.poll(server)
    server.mails[2] = b"Subject: 2\r\n\r\n"
    Desk(sqlite_store, "delete").poller.poll(server)
    assert sorted(server.mails) == [1]


def test_a_server_whose_uids_never_last_doubles_and_counts_nothing(sqlite_store: Store) -> None:
    desk, server = Desk(sqlite_store), Server(1, 2)
    for _ in range(5):
        server.uidvalidity += 1
        desk.poller.poll(server)
    assert desk.kept() == ["1", "2"]
    assert desk.store.books().duplicates == 0
