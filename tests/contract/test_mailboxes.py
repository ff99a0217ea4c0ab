"""What the store promises about mails that were fetched from a mailbox, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from models.db.accept import accept_rows
from models.db.store import Store
from models.mailbox import UidState
from tests.support.filings import NOW, arrival

BOX = "imaps://support@imap.example:993/INBOX"
VALIDITY = 4_294_967_295  # UIDs and UIDVALIDITY are unsigned numbers of 32 bits


def states(store: Store, uidvalidity: int = VALIDITY) -> dict[int, str]:
    return {uid: mark.state.value for uid, mark in store.marks(BOX, uidvalidity).items()}


def test_a_mail_and_its_mark_are_one_and_a_second_take_changes_nothing(store: Store) -> None:
    assert store.take(BOX, VALIDITY, [(8, arrival(2)), (7, arrival(1))]) == (7, 8)
    assert store.take(BOX, VALIDITY, [(7, arrival(1)), (9, arrival(3))]) == (9,)
    assert states(store) == {7: "taken", 8: "taken", 9: "taken"}
    books = store.books()
    assert (books.accepted, books.waiting, books.duplicates) == (3, 3, 0)


def test_a_take_that_fails_leaves_neither_mail_nor_mark(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_at_the_second(connection: Connection, rows: Sequence[dict[str, Any]]) -> tuple[int, ...]:
        if rows[0]["raw"] == arrival(2).raw:
            raise RuntimeError("planted")
        return accept_rows(connection, rows)

    monkeypatch.setattr("models.db.mailboxes.accept_rows", fails_at_the_second)
    with pytest.raises(RuntimeError, match="planted"):
        store.take(BOX, VALIDITY, [(1, arrival(1)), (2, arrival(2))])
    assert states(store) == {}
    assert store.books().accepted == 0


def test_two_pollers_at_once_take_each_mail_once(store: Store) -> None:
    fetched = [(number, arrival(number)) for number in range(1, 41)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda part: store.take(BOX, VALIDITY, part), [fetched, fetched[::-1]] * 2))
    assert sorted(uid for part in taken for uid in part) == list(range(1, 41))
    books = store.books()
    assert (books.accepted, books.duplicates) == (40, 0)


def test_the_same_bytes_under_another_uid_are_no_further_delivery(store: Store) -> None:
    store.take(BOX, VALIDITY, [(1, arrival(1))])
    assert store.take(BOX, 5, [(1, arrival(1))]) == (1,)
    assert store.take(BOX, VALIDITY, [(2, arrival(1))]) == (2,)
    assert (store.books().accepted, store.books().duplicates) == (1, 0)


def test_a_true_second_delivery_is_counted_once(store: Store) -> None:
    one = arrival(1)
    other_way = type(one)(raw=b"Received: by mx2\r\n" + one.raw, envelope=one.envelope, desk_address=one.desk_address)
    store.accept([one])
    for _ in range(3):
        store.take(BOX, VALIDITY, [(1, other_way)])
    assert (store.books().accepted, store.books().waiting, store.books().duplicates) == (2, 1, 1)


def test_what_was_left_is_counted_until_it_is_taken(store: Store) -> None:
    store.leave(BOX, VALIDITY, 3, error="too large", next_at=NOW)
    store.leave(BOX, VALIDITY, 3, error="still too large", next_at=NOW + timedelta(hours=1))
    (mark,) = store.left_mails(BOX)
    assert (mark.uid, mark.state, mark.attempts, mark.error) == (3, UidState.LEFT, 2, "still too large")
    assert mark.next_at == NOW + timedelta(hours=1)
    assert store.take(BOX, VALIDITY, [(3, arrival(3))]) == (3,)
    store.leave(BOX, VALIDITY, 3, error="a slower poller", next_at=NOW)
    assert store.left_mails(BOX) == ()
    assert states(store) == {3: "taken"}


def test_only_taken_mails_can_be_done(store: Store) -> None:
    store.take(BOX, VALIDITY, [(1, arrival(1))])
    store.leave(BOX, VALIDITY, 2, error="x", next_at=NOW)
    store.finish(BOX, VALIDITY, [1, 2, 3])
    assert states(store) == {1: "done", 2: "left"}


def test_marks_go_with_their_mails_and_with_their_uidvalidity(store: Store) -> None:
    store.take(BOX, VALIDITY, [(number, arrival(number)) for number in range(1, 4)])
    store.take("imaps://other@imap.example:993/INBOX", 1, [(1, arrival(9))])
    store.forget(BOX, VALIDITY, range(2, 2000))
    assert states(store) == {1: "taken"}
    store.forget(BOX, 7, [])
    assert states(store) == {}
    assert len(store.marks("imaps://other@imap.example:993/INBOX", 1)) == 1
