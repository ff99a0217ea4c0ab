"""Group commit: messages that wait at the same moment share one commit.

Small groups are committed in the event loop: at once where the store is quick (SQLite on a disk of its own), sent off and
heard of later where it is a server (PostgreSQL); all others in a thread.

Promises: `keep` returns only after the mail is durably stored, and raises if it is not; a failed commit fails every
mail of its group, and each sender tries again; `on_kept` hears of every mail that was stored, even of one whose session
has gone meanwhile. A mail waits for the commit under way and, a millisecond at most, for others that are coming in.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.arrival import Arrival

_LARGEST_GROUP = 64
_LARGEST_GROUP_BYTES = 16 * 2**20
_PATIENCE_S = 0.001  # for mails that are coming in while a group waits
_SMALL = 262_144  # to hash more would keep the other sessions waiting
_LARGEST_QUICK_BYTES = 1_000_000  # more are written in the thread
_SLOW_S, _AVOIDED_S = 0.05, 1.0  # after a slow commit the thread does them for so long


class Flight(Protocol):
    """A group that is under way to the store."""

    has_more_to_send: bool

    def fileno(self) -> int:
        """The socket that has something to say when there is something to do."""

    def step(self) -> bool:
        """Go on without a wait; True once the group is stored. Raises: it is not stored, or nobody can know."""

    def abandon(self) -> None:
        """It is heard of no more; others may be sent off. May be called at any time."""


class Accepts(Protocol):
    """Where mails are kept."""

    def prepare(self, arrival: Arrival) -> Any:  # noqa: ANN401 - the store's own
        """All that is to be stored of a mail, worked out beforehand."""

    def accept_prepared(self, prepared: Sequence[Any]) -> None:
        """Store all of them in one commit, or none."""

    def accept_at_once(self, prepared: Sequence[Any]) -> bool:
        """The same if it takes milliseconds; False if it would take longer or cannot be known: nothing was stored."""

    def send_off(self, prepared: Sequence[Any]) -> Flight | None:
        """Begin the same without a wait; None if that cannot be done. One that fails may be stored all the same."""


@dataclass(slots=True)
class _Message:
    """One mail for one or more desks, and the session that waits for it."""

    arrivals: tuple[Arrival, ...]
    done: asyncio.Future[None]
    prepared: list[Any]  # empty: still to do

    @property
    def size(self) -> int:
        return sum(len(arrival.raw) for arrival in self.arrivals)


class Committer:
    """Commits what waits, again and again. Made within the loop that waits for it.

    Args:
        store: Where mails are kept.
        on_kept: Hears of every group that was stored.
        under_way: How many mails are coming in at this moment; a group waits for them a little, because a commit of ten
            costs little more than a commit of one.
    """

    def __init__(
        self,
        store: Accepts,
        on_kept: Callable[[Sequence[tuple[Arrival, ...]]], None] = lambda _messages: None,
        under_way: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store, self._on_kept, self._under_way = store, on_kept, under_way
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Message] = []
        self._timer: asyncio.TimerHandle | None = None  # of a group that waits for more
        self._slow_until = 0.0  # of the loop's clock
        self._is_committing = self._is_late = self._is_closing = False
        self._groups: SimpleQueue[list[_Message]] = SimpleQueue()
        self._ended = self._loop.create_future()
        self.commits = self.flights_failed = 0
        # A daemon: a store that hangs must not keep the process from ending.
        threading.Thread(target=self._run, name="committer", daemon=True).start()

    async def keep(self, arrivals: tuple[Arrival, ...]) -> None:
        """Store the arrivals of one message.

        Raises:
            Exception: What the store raised; nothing of this message was stored.
        """
        message = _Message(arrivals, self._loop.create_future(), [])
        if message.size < _SMALL:
            # Here and not in the thread, which would take its turns at the interpreter from the sessions.
            message.prepared = [self._store.prepare(arrival) for arrival in arrivals]
        self._waiting.append(message)
        self._look()
        await message.done

    async def close(self) -> None:
        """Commit what still waits, then end."""
        self._is_closing = True
        self._look()
        await self._ended

    def _look(self) -> None:
        """Begin a commit if none is under way and no more mails are to be waited for."""
        if self._is_committing:
            return
        if not self._waiting:
            if self._is_closing:
                self._is_committing = True  # the last
                self._groups.put([])
            return
        if not self._is_late and not self._is_closing and self._under_way() > 0:
            self._timer = self._timer or self._loop.call_later(_PATIENCE_S, self._lose_patience)
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._is_late, self._is_committing = None, False, True
        self._loop.call_soon(self._begin)  # with what else came in the same breath

    def _begin(self) -> None:
        """Commit a group here if that is quick, else in the thread, which is slower and keeps no session waiting."""
        group = self._next_group()
        is_small = sum(message.size for message in group) <= _LARGEST_QUICK_BYTES
        if not is_small or self._loop.time() < self._slow_until:
            self._groups.put(group)
            return
        started = self._loop.time()
        try:
            rows = self._rows_of(group)
            if flight := self._store.send_off(rows):
                self._follow(flight, group)
                return
            is_stored = self._store.accept_at_once(rows)
        except Exception as error:  # noqa: BLE001 - every waiting session must hear of it
            self._finish(group, error)
            return
        if self._loop.time() - started > _SLOW_S:
            self._slow_until = self._loop.time() + _AVOIDED_S
        if is_stored:
            self._finish(group, None)
        else:
            self._groups.put(group)

    def _follow(self, flight: Flight, group: list[_Message]) -> None:
        """Hear of a group that was sent off. One that fails goes to the thread, which knows how to come to the store again."""
        socket = flight.fileno()

        def watch() -> None:
            self._loop.add_reader(socket, step)
            if flight.has_more_to_send:
                self._loop.add_writer(socket, step)

        def step() -> None:
            # Before anything is read: the store closes a socket that has failed. And anew for each step: of a socket with
            # an error uvloop tells once and never again, also if there is more to read.
            self._loop.remove_reader(socket)
            self._loop.remove_writer(socket)
            try:
                is_stored = flight.step()
                if not is_stored:
                    watch()
                    return
            except Exception:  # noqa: BLE001 - the thread tells the sessions what it is, if it is still so
                self._fall_back(flight, group)
            else:
                self._finish(group, None)

        try:
            watch()
        except Exception:  # noqa: BLE001 - as above
            self._loop.remove_reader(socket)
            self._fall_back(flight, group)

    def _fall_back(self, flight: Flight, group: list[_Message]) -> None:
        """A flight has failed: the thread does it, and the next ones for a while."""
        flight.abandon()
        self.flights_failed += 1
        self._slow_until = self._loop.time() + _AVOIDED_S
        self._groups.put(group)

    def _lose_patience(self) -> None:
        self._timer, self._is_late = None, True
        self._look()

    def _next_group(self) -> list[_Message]:
        """What waits, up to a group's size, at least one message."""
        size, count = 0, 0
        for message in self._waiting[:_LARGEST_GROUP]:
            size += message.size
            if count and size > _LARGEST_GROUP_BYTES:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    def _run(self) -> None:
        """The thread."""
        while group := self._groups.get():
            self._loop.call_soon_threadsafe(self._finish, group, self._commit(group))
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _rows_of(self, group: list[_Message]) -> list[Any]:
        return [one for message in group for one in message.prepared or map(self._store.prepare, message.arrivals)]

    def _commit(self, group: list[_Message]) -> Exception | None:
        try:
            self._store.accept_prepared(self._rows_of(group))
        except Exception as error:  # noqa: BLE001 - every waiting session must hear of it
            return error
        return None

    def _finish(self, group: list[_Message], error: Exception | None) -> None:
        """In the loop: every session hears what became of its message, and the next group goes."""
        self._is_committing = False
        for message in group:
            if not message.done.done():
                if error is None:
                    message.done.set_result(None)
                else:
                    message.done.set_exception(error)
        self._look()
        if error is None:
            self.commits += 1
            # After the answers: they leave in the loop's next round.
            self._loop.call_soon(self._on_kept, [message.arrivals for message in group])
