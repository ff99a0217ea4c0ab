"""Which commits are made in the event loop, which in the thread, and what the sessions hear."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from ingest.committer import Committer
from models.arrival import Arrival
from models.errors import StoreUnavailable
from models.mail import Envelope


def mail(number: int, size: int = 10) -> tuple[Arrival, ...]:
    envelope = Envelope(
        mail_from="a@x.example", rcpt_tos=("b@x.example",), received_at=datetime(2026, 11, 25, tzinfo=UTC)
    )
    return (Arrival(raw=b"%d" % number + b"x" * size, envelope=envelope, desk_address="b@x.example"),)


@dataclass
class Spy:
    """A store that says where it was called from."""

    is_quick: bool = True
    pause_s: float = 0.0
    error: Exception | None = None
    calls: list[tuple[str, bool, int]] = field(default_factory=list)  # method, in the main thread, how many

    def prepare(self, arrival: Arrival) -> Arrival:
        return arrival

    def accept_prepared(self, prepared: Sequence[Arrival]) -> None:
        self._note("prepared", prepared)

    def accept_at_once(self, prepared: Sequence[Arrival]) -> bool:
        self._note("at once", prepared)
        return self.is_quick

    def _note(self, method: str, prepared: Sequence[Arrival]) -> None:
        self.calls.append((method, threading.current_thread() is threading.main_thread(), len(prepared)))
        time.sleep(self.pause_s)
        if self.error is not None:
            raise self.error


def keep(store: Spy, *groups: list[tuple[Arrival, ...]], under_way: Callable[[], int] = lambda: 0) -> list[object]:
    async def run() -> list[object]:
        committer = Committer(store, under_way=under_way)
        said: list[object] = []
        for group in groups:
            said += await asyncio.gather(*(committer.keep(one) for one in group), return_exceptions=True)
        await committer.close()
        return said

    return asyncio.run(run())


def test_what_came_in_the_same_breath_is_one_quick_commit() -> None:
    store = Spy()
    assert keep(store, [mail(1), mail(2), mail(3)]) == [None] * 3
    assert store.calls == [("at once", True, 3)]


def test_a_store_that_would_have_to_wait_is_waited_for_in_the_thread() -> None:
    store = Spy(is_quick=False)
    assert keep(store, [mail(1), mail(2)]) == [None] * 2
    assert store.calls == [("at once", True, 2), ("prepared", False, 2)]


def test_large_mails_are_written_in_the_thread() -> None:
    store = Spy()
    assert keep(store, [mail(1, size=1_000_001)]) == [None]
    assert store.calls == [("prepared", False, 1)]


def test_after_a_slow_commit_the_loop_is_spared() -> None:
    store = Spy(pause_s=0.06)
    assert keep(store, [mail(1)], [mail(2)]) == [None] * 2
    assert store.calls == [("at once", True, 1), ("prepared", False, 1)]


@pytest.mark.parametrize("size", [10, 1_000_001])
def test_a_failed_commit_fails_every_mail_of_its_group_and_no_other(size: int) -> None:
    store = Spy(error=StoreUnavailable("full"))

    async def run() -> None:
        committer = Committer(store)
        said = await asyncio.gather(committer.keep(mail(1, size)), committer.keep(mail(2)), return_exceptions=True)
        assert [type(one) for one in said] == [StoreUnavailable] * 2
        store.error = None
        await committer.keep(mail(3))
        await committer.close()

    asyncio.run(run())


def test_a_group_waits_a_little_for_mails_that_are_coming_in() -> None:
    store = Spy()
    coming = [1]

    async def run() -> None:
        committer = Committer(store, under_way=lambda: coming[0])
        first = asyncio.ensure_future(committer.keep(mail(1)))
        await asyncio.sleep(0)
        assert store.calls == []
        coming[0] = 0
        await asyncio.gather(first, committer.keep(mail(2)))
        await committer.close()

    asyncio.run(run())
    assert store.calls == [("at once", True, 2)]


def test_it_does_not_wait_for_ever() -> None:
    store = Spy()
    assert keep(store, [mail(1)], under_way=lambda: 1) == [None]
    assert store.calls == [("at once", True, 1)]
