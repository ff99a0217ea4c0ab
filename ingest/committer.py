"""Group commit: sessions that wait at the same moment share one commit.

Promises: `keep` returns only after the mail is durably stored, and raises if it is not; a failed commit fails every
mail of its group, and each sender tries again. Does no batching by time: the commit under way is the only wait.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.arrival import Arrival

_LARGEST_GROUP = 64
_LARGEST_GROUP_BYTES = 64 * 2**20


class Accepts(Protocol):
    """Where mails are kept."""

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        """Store all of them in one commit, or none."""


class Committer:
    """One task that commits what waits, again and again."""

    def __init__(self, store: Accepts) -> None:
        self._store = store
        self._waiting: list[tuple[tuple[Arrival, ...], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._is_closing = False
        self.commits = 0
        self._task = asyncio.create_task(self._run())

    async def keep(self, arrivals: tuple[Arrival, ...]) -> None:
        """Store the arrivals of one message.

        Raises:
            Exception: What the store raised; nothing of this message was stored.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrivals, done))
        self._wake.set()
        await done

    async def close(self) -> None:
        """Commit what still waits, then end."""
        self._is_closing = True
        self._wake.set()
        await self._task

    async def _run(self) -> None:
        while not self._is_closing:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._commit(self._next_group())

    def _next_group(self) -> list[tuple[tuple[Arrival, ...], asyncio.Future[None]]]:
        size, count = 0, 0
        for arrivals, _ in self._waiting[:_LARGEST_GROUP]:
            size += sum(len(arrival.raw) for arrival in arrivals)
            if count and size > _LARGEST_GROUP_BYTES:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _commit(self, group: list[tuple[tuple[Arrival, ...], asyncio.Future[None]]]) -> None:
        arrivals = [arrival for message, _ in group for arrival in message]
        try:
            await asyncio.to_thread(self._store.accept, arrivals)
        except Exception as error:  # noqa: BLE001 - every waiting session must hear of it
            for _, done in group:
                if not done.done():
                    done.set_exception(error)
            return
        self.commits += 1
        for _, done in group:
            if not done.done():
                done.set_result(None)
