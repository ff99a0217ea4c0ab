"""Which commits are made in the event loop, which in the thread, and what the sessions hear."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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


class Plane:
    """A flight that takes some steps; each begins when somebody has said something at the other end."""

    def __init__(self) -> None:
        self.here, self.there = socket.socketpair()
        self.left, self.sends_in, self.has_more_to_send = 1, 0, False
        self.is_abandoned = False
        self.error: Exception | None = None
        self.threads: set[str] = set()

    def fileno(self) -> int:
        return self.here.fileno()

    def abandon(self) -> None:
        self.is_abandoned = True

    def close(self) -> None:
        self.here.close()
        self.there.close()

    def step(self) -> bool:
        self.threads.add(threading.current_thread().name)
        if self.has_more_to_send:  # the socket takes more at any time
            self.sends_in -= 1
            self.has_more_to_send = self.sends_in > 0
            return False
        self.here.recv(1)
        self.left -= 1
        if self.error is not None:
            raise self.error
        return self.left == 0


@dataclass
class Spy:
    """A store that says where it was called from."""

    is_quick: bool = True
    pause_s: float = 0.0
    error: Exception | None = None
    planes: list[Plane] = field(default_factory=list)
    calls: list[tuple[str, bool, int]] = field(default_factory=list)  # method, in the main thread, how many

    def prepare(self, arrival: Arrival) -> Arrival:
        return arrival

    def accept_prepared(self, prepared: Sequence[Arrival]) -> None:
        self._note("prepared", prepared)

    def send_off(self, prepared: Sequence[Arrival]) -> Plane | None:
        if not self.planes:
            return None
        self._note("sent off", prepared)
        return self.planes.pop()

    def accept_at_once(self, prepared: Sequence[Arrival]) -> bool:
        self._note("at once", prepared)
        return self.is_quick

    def _note(self, method: str, prepared: Sequence[Arrival]) -> None:
        self.calls.append((method, threading.current_thread() is threading.main_thread(), len(prepared)))
        time.sleep(self.pause_s)
        if self.error is not None:
            raise self.error


@pytest.fixture
def plane() -> Iterator[Plane]:
    made = Plane()
    yield made
    made.close()


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


def test_a_group_that_is_sent_off_keeps_no_session_waiting(plane: Plane) -> None:
    plane.left, plane.sends_in, plane.has_more_to_send = 2, 3, True
    store = Spy(planes=[plane])

    async def run() -> None:
        committer = Committer(store)
        waiting = [asyncio.ensure_future(committer.keep(mail(number))) for number in (1, 2)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        assert plane.sends_in == 0, "what the socket did not take at once goes out when it does"
        later = asyncio.ensure_future(committer.keep(mail(3)))
        plane.there.send(b"1")
        await asyncio.sleep(0.01)
        assert not any(one.done() for one in waiting)
        plane.there.send(b"2")
        await asyncio.gather(*waiting, later)
        await committer.close()

    asyncio.run(run())
    assert store.calls == [("sent off", True, 2), ("at once", True, 1)], "the third waited for the two under way"
    assert plane.threads == {threading.main_thread().name}


def test_a_flight_that_fails_is_done_again_in_the_thread(plane: Plane) -> None:
    plane.error = OSError("reset")
    plane.there.send(b"1")
    store = Spy(planes=[plane])
    assert keep(store, [mail(1), mail(2)], [mail(3)]) == [None] * 3
    # The thread does the next ones too, for a while: what has just failed may fail again.
    assert store.calls == [("sent off", True, 2), ("prepared", False, 2), ("prepared", False, 1)]
    assert plane.is_abandoned


def test_a_flight_that_cannot_be_heard_of_is_done_in_the_thread(plane: Plane) -> None:
    plane.has_more_to_send = True
    store = Spy(planes=[plane])

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.add_writer = refuse  # type: ignore[method-assign,assignment]
        committer = Committer(store)
        await committer.keep(mail(1))
        await committer.close()

    def refuse(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    asyncio.run(run())
    assert store.calls == [("sent off", True, 1), ("prepared", False, 1)]
    assert plane.is_abandoned


def test_large_mails_are_not_sent_off(plane: Plane) -> None:
    store = Spy(planes=[plane])
    assert keep(store, [mail(1, size=1_000_001)]) == [None]
    assert store.calls == [("prepared", False, 1)]
