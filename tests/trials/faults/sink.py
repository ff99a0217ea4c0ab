"""The smarthost of the trials: keeps each letter on disk before its 250, and fails as it is told to."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.support.loops import loop_in_thread

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_REPLY_TO = re.compile(rb"^(?:Reply-To|From):.*?([^\s<>,]+@[^\s<>,]+)", re.IGNORECASE | re.MULTILINE)
_SLICE = 64


class Mood(StrEnum):
    """What the smarthost does."""

    GOOD = "takes letters"
    REFUSES = "550 to the recipient"
    BUSY = "451 to the recipient"
    MUTE = "greets nobody"
    HANGS = "says nothing after the text"
    DROPS = "closes in the middle of the text"
    FORGETS = "closes after the text, which it does not keep"
    LOSES_ANSWER = "keeps the letter and closes without its 250"
    GREY = "450 at the first try of a recipient, 250 later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter as it was taken."""

    message_id: str
    to: tuple[str, ...]
    sha256: str
    answer_to: str
    at: float
    was_answered: bool


@dataclass(slots=True)
class Sink:
    """Letters in the order they were taken. `mood` may change at any time."""

    file: Path
    mood: Mood = Mood.GOOD
    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    on_letter: Callable[[Letter], None] = lambda _letter: None
    sessions: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)  # recipients that were told 450 once

    @property
    def counts(self) -> Counter[str]:
        return Counter(letter.message_id for letter in self.letters)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await self._talk(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        if self.mood is Mood.MUTE:
            await reader.read(-1)
            return
        await say("220 sink.example")
        to: list[str] = []
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                await say("250-sink.example\r\n250 8BITMIME")
            elif verb == b"RCPT":
                address = line.partition(b"<")[2].partition(b">")[0].decode()
                code = self._answer(address)
                if code.startswith("250"):
                    to.append(address)
                await say(code)
            elif verb == b"DATA":
                await say("354 go on")
                if not await self._take(reader, say, tuple(to)):
                    return
                to = []
            elif verb == b"QUIT":
                await say("221 bye")
                return
            else:
                await say("250 OK")

    def _answer(self, address: str) -> str:
        if self.mood is Mood.REFUSES:
            return "550 5.1.1 no such user"
        if self.mood is Mood.BUSY or (self.mood is Mood.GREY and address not in self._known):
            self._known.add(address)
            return "451 4.7.1 try again later"
        return "250 OK"

    async def _take(self, reader: asyncio.StreamReader, say: Callable[[str], object], to: tuple[str, ...]) -> bool:
        """Take the text; False if the session is over."""
        mood = self.mood
        if mood is Mood.DROPS:
            await reader.read(_SLICE)
            return False
        text = await reader.readuntil(b"\r\n.\r\n")
        if mood is Mood.HANGS:
            await reader.read(-1)
            return False
        if mood is Mood.FORGETS:
            return False
        raw = re.sub(rb"^\.\.", b".", text[: -len(b".\r\n")], flags=re.MULTILINE)
        self._keep(raw, to, was_answered=mood is not Mood.LOSES_ANSWER)
        if mood is Mood.LOSES_ANSWER:
            return False
        await say("250 2.0.0 kept")  # type: ignore[misc]
        return True

    def _keep(self, raw: bytes, to: tuple[str, ...], *, was_answered: bool) -> None:
        with self.file.open("ab") as file:
            file.write(b"--letter %d\r\n%s" % (len(raw), raw))
            file.flush()
            os.fsync(file.fileno())
        found, reply_to = _MESSAGE_ID.search(raw), _REPLY_TO.search(raw)
        letter = Letter(
            message_id=found[1].decode() if found else "",
            to=to,
            sha256=hashlib.sha256(raw).hexdigest(),
            answer_to=reply_to[1].decode() if reply_to else "",
            at=time.monotonic(),
            was_answered=was_answered,
        )
        self.letters.append(letter)
        self.on_letter(letter)

    async def cut(self) -> None:
        """End every open session, as a smarthost that is restarted does."""
        for writer in list(self._open):
            writer.transport.abort()


@contextmanager
def sinking(file: Path) -> Iterator[tuple[Sink, Callable[[], None]]]:
    """A smarthost as long as the block runs, and what cuts its sessions."""
    sink = Sink(file)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**26)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        await sink.cut()
        await server.wait_closed()

    with loop_in_thread() as run:
        server = run(start)
        sink.port = int(server.sockets[0].getsockname()[1])
        try:
            yield sink, lambda: run(sink.cut)
        finally:
            run(lambda: stop(server))
