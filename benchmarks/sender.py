"""The load: a process that opens some SMTP sessions and sends many mails in each, one command after the other.

Run as `python -m benchmarks.sender`, driven by `benchmarks.accept`; prints one JSON line. The clock runs from the first
MAIL, with every session already greeted, to the last 250: connecting and building the mails is not counted. No pipelining:
every command waits for its answer, as smtp-source does by default.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections import deque

from benchmarks.mails import mail_of_size

_SILENCE_S = 60.0  # a listener that says nothing for so long ends the run


class Conversation(asyncio.Protocol):
    """One SMTP session, as little of it as sending needs."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._replies: deque[int] = deque()
        self._waiter: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":  # the last line of a reply
                self._hand_on(int(line[:3]))

    def connection_lost(self, _error: Exception | None) -> None:
        self._hand_on(0)

    def _hand_on(self, code: int) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(code)
        else:
            self._replies.append(code)

    async def hear(self) -> int:
        """The next reply's code; 0 when the connection is gone."""
        if self._replies:
            return self._replies.popleft()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    async def say(self, words: bytes) -> int:
        """Send and hear."""
        assert self._transport is not None
        self._transport.write(words)
        return await self.hear()

    async def greet(self) -> None:
        await self.hear()
        await self.say(b"EHLO bench.example\r\n")

    async def send(self, mail: bytes, desk: bytes) -> int:
        """The code that decided over the mail: 250 when it was taken."""
        for words, wanted in (
            (b"MAIL FROM:<customer@shouji.example>\r\n", 250),
            (b"RCPT TO:<" + desk + b">\r\n", 250),
            (b"DATA\r\n", 354),
        ):
            code = await self.say(words)
            if code != wanted:
                return code
        return await self.say(mail + b".\r\n")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def send_all(port: int, sessions: int, mails: list[bytes], desk: bytes) -> tuple[int, float]:
    """How many mails were answered with 250, and the seconds it took."""
    loop = asyncio.get_running_loop()
    talks = [(await loop.create_connection(Conversation, "127.0.0.1", port))[1] for _ in range(sessions)]
    for talk in talks:
        await asyncio.wait_for(talk.greet(), _SILENCE_S)
    waiting = deque(mails)

    async def work(talk: Conversation) -> int:
        taken = 0
        while waiting:
            code = await talk.send(waiting.popleft(), desk)
            if code == 0:
                break
            taken += code == 250
        return taken

    start = time.perf_counter()
    taken = await asyncio.gather(*(work(talk) for talk in talks))
    seconds = time.perf_counter() - start
    for talk in talks:
        talk.close()
    return sum(taken), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "sessions", "mails", "size", "first"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--desk", required=True)
    asked = parser.parse_args()
    mails = [mail_of_size(asked.first + number, asked.size, asked.desk) for number in range(asked.mails)]
    gc.freeze()
    taken, seconds = asyncio.run(send_all(asked.port, asked.sessions, mails, asked.desk.encode()))
    print(json.dumps({"taken": taken, "seconds": seconds, "bytes": sum(map(len, mails))}))


if __name__ == "__main__":
    main()
