"""The database goes away between the smarthost's 250 and our note of it: the letter does not go out again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from models.db.store import Store
from models.errors import ClaimLost, StoreUnavailable
from models.memos import MemoKind, NewMemo
from runtime.memos import MemoBox
from runtime.outbox import Outbox
from runtime.owed import Owed
from runtime.postman import LEASE
from tests.support.clocks import Clock
from tests.support.filings import NOW, file_one
from tests.support.smarthost import Catcher, catching

SECRET = b"s" * 32


class Away:
    """Lets a store's method fail so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Store, method: str, times: int) -> None:
        self.left, work = times, getattr(store, method)

        def fails(*arguments: object, **named: object) -> object:
            if self.left:
                self.left -= 1
                raise StoreUnavailable("connection refused")
            return work(*arguments, **named)

        monkeypatch.setattr(store, method, fails)


def test_a_letter_that_was_taken_is_noted_when_the_database_is_back(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    catcher, clock = Catcher(), Clock(NOW)
    for number in (1, 2):
        file_one(sqlite_store, number, sender=f"e{number}@r{number}.example")
    Away(monkeypatch, sqlite_store, "reply_sent", 3)
    with catching(catcher) as smarthost:
        outbox = Outbox(sqlite_store, smarthost, SECRET, clock)
        with pytest.raises(StoreUnavailable):
            outbox.run_batch()
        for _ in range(2):  # away still: nothing else is begun
            with pytest.raises(StoreUnavailable):
                outbox.run_batch()
            clock.advance(timedelta(minutes=5))
        while outbox.run_batch():
            pass
        clock.advance(LEASE)
        assert Outbox(sqlite_store, smarthost, SECRET, clock).run_batch() == 0
    assert sorted(one.rcpt_tos for one in catcher.taken) == [["e1@r1.example"], ["e2@r2.example"]]
    assert {one.state for one in sqlite_store.replies()} == {"sent"}


def test_a_letter_that_was_refused_or_has_to_wait_is_noted_too(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    catcher, clock = Catcher(), Clock(NOW)
    catcher.answers = "550 5.1.1 nobody here"
    file_one(sqlite_store)
    Away(monkeypatch, sqlite_store, "reply_failed", 1)
    with catching(catcher) as smarthost:
        outbox = Outbox(sqlite_store, smarthost, SECRET, clock)
        with pytest.raises(StoreUnavailable):
            outbox.run_batch()
        outbox.run_batch()
    assert [one.state for one in sqlite_store.replies()] == ["failed"]


def test_a_memo_that_was_taken_is_noted_when_the_database_is_back(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    catcher, clock = Catcher(), Clock(NOW)
    memo = NewMemo(
        kind=MemoKind.NOTICE, key="k", ref="", to="a@example.com", mail_from="", raw=b"Subject: x\r\n\r\nx\r\n"
    )
    assert sqlite_store.queue_memo(memo, now=NOW)
    Away(monkeypatch, sqlite_store, "memo_sent", 1)
    with catching(catcher) as smarthost:
        box = MemoBox(sqlite_store, None, smarthost, clock)  # type: ignore[arg-type]
        with pytest.raises(StoreUnavailable):
            box.run_batch()
        assert box.run_batch() == 0
        clock.advance(LEASE)
        assert box.run_batch() == 0
    assert len(catcher.taken) == 1


def test_a_note_that_another_process_has_made_void_is_let_go_and_one_that_fails_stands_in_nobodys_way() -> None:
    written: list[int] = []
    owed, is_away = Owed(), threading.Event()
    is_away.set()

    def note(number: int, error: Exception | None = None) -> None:
        if is_away.is_set():
            raise StoreUnavailable("away")
        if error is not None:
            raise error
        written.append(number)

    for number, error in ((1, None), (2, ClaimLost("letter 2")), (3, RuntimeError("a bug")), (4, None)):
        with pytest.raises(StoreUnavailable):
            owed.write(lambda number=number, error=error: note(number, error))  # type: ignore[misc]
    with pytest.raises(StoreUnavailable):
        owed.settle()
    is_away.clear()
    with pytest.raises(RuntimeError):
        owed.settle()
    owed.settle()
    assert written == [1, 4]


def test_who_ends_tries_for_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.owed._PAUSE_S", 0.0)
    tries: list[int] = []

    def note() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise StoreUnavailable("away")

    owed = Owed()
    with pytest.raises(StoreUnavailable):
        owed.write(note)
    owed.settle_at_end()
    assert len(tries) == 4
