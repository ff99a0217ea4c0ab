"""What changes while a page is open: one look at the database for all pages of this process, told as server-sent events.

Promises: without JavaScript nothing is missing but the news; with nobody listening nothing is asked. A stream ends after
some minutes, and the browser asks for another: then the session is looked at again.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from desk.frame import Ref, RowKey, require_form
from models.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desk.frame import Desk

PAUSE_S = 1.5
BREATH_S = 20.0  # a comment after so long without news, so that nothing in between closes the stream
STREAM_S = 600.0
MOST_STREAMS = 500
_HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


@dataclass(slots=True)
class Feed:
    """The tickets that something happened to, for whoever listens."""

    desk: Desk
    listeners: set[asyncio.Queue[tuple[int, frozenset[str]]]] = field(default_factory=set)
    latest: int | None = None
    task: asyncio.Task[None] | None = None

    def join(self) -> asyncio.Queue[tuple[int, frozenset[str]]]:
        """Listen; the first one to do so starts the looking."""
        queue: asyncio.Queue[tuple[int, frozenset[str]]] = asyncio.Queue(maxsize=100)
        self.listeners.add(queue)
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._look())
        return queue

    def leave(self, queue: asyncio.Queue[tuple[int, frozenset[str]]]) -> None:
        """Listen no more."""
        self.listeners.discard(queue)

    async def _look(self) -> None:
        self.latest = None
        while self.listeners:
            with suppress(StoreError):  # a database that is away tells nothing new
                latest, refs = await run_in_threadpool(self.desk.store.changes, self.latest)
                self.latest = latest
                for queue in tuple(self.listeners) if refs else ():
                    if not queue.full():
                        queue.put_nowait((latest, refs))
            await asyncio.sleep(PAUSE_S)


def add_live(app: FastAPI, desk: Desk) -> None:
    """Register the stream, and what tells that someone looks at a ticket."""
    feed = Feed(desk)

    @app.get("/live")
    async def live(
        request: Request, ref: Annotated[str, Query(pattern=r"^(?:T[0-9]{1,12})?$")] = "", since: RowKey = None
    ) -> Response:
        if "text/event-stream" not in request.headers.get("accept", "") or request.method == "HEAD":
            return Response(status_code=406)  # who asks for no stream would wait for its end
        if len(feed.listeners) >= MOST_STREAMS:
            return Response(status_code=503, headers={"Retry-After": "60"})
        return StreamingResponse(_stream(feed, ref, since or 0), media_type="text/event-stream", headers=_HEADERS)

    @app.post("/live/{ref}")
    def present(
        request: Request, ref: Ref, token: Annotated[str, Form()], writing: Annotated[str, Form()] = ""
    ) -> Response:
        agent = require_form(request, desk, token)
        others = desk.store.look(ref, by=agent, now=desk.clock(), is_writing=writing == "true")
        return JSONResponse({"viewers": [{"agent": one.agent, "writing": one.is_writing} for one in others]})


async def _stream(feed: Feed, ref: str, since: int) -> AsyncIterator[str]:
    """A line for every change behind the event `since`, which the page knows; of one ticket only its own."""
    queue = feed.join()
    loop = asyncio.get_running_loop()
    ends = loop.time() + STREAM_S
    try:
        yield "retry: 3000\n\n"
        while loop.time() < ends:
            try:
                latest, refs = await asyncio.wait_for(queue.get(), BREATH_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if latest > since and (not ref or ref in refs):
                yield f"data: {json.dumps({'refs': sorted(refs)[:200]})}\n\n"
    finally:
        feed.leave(queue)
