"""The load: a process that opens some SMTP sessions and sends many mails in each, one command after the other.

Run as `python -m benchmarks.sender`, driven by `benchmarks.accept`; prints one JSON line. The clock runs from the first
MAIL, with every session already greeted, to the last 250: connecting and building the mails is not counted. No pipelining:
every command waits for its answer, as smtp-source does by default. It shares the machine with the listener, so that it does
as little as it can for each mail; what it takes is the same for every entrant.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections import deque
from typing import cast

from benchmarks.mails import mail_of_size

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]

_SILENCE_S = 60.0  # a listener that says nothing for so long ends the run
_REPLY_BYTES = 4096
_GOOD = (b"250", b"250", b"354", b"250")


class Conversation(asyncio.BufferedProtocol):
    """One SMTP session that sends mails off a common pile until there are none."""

    def __init__(self, pile: deque[bytes], desk: bytes) -> None:
        self._pile = pile
        self._words = (b"MAIL FROM:<customer@shouji.example>\r\n", b"RCPT TO:<" + desk + b">\r\n", b"DATA\r\n")
        self._received = memoryview(bytearray(_REPLY_BYTES))
        self._held = b""
        self._to_say = [b"EHLO bench.example\r\n"]  # before the first mail
        self._step = -1  # of the mail under way
        self._mail = b""
        self.taken = 0
        loop = asyncio.get_running_loop()
        self.is_greeted, self.is_done = loop.create_future(), loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _size_hint: int) -> memoryview:
        return self._received

    def buffer_updated(self, count: int) -> None:
        *lines, self._held = (self._held + bytes(self._received[:count])).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":  # the last line of a reply
                self._hear(line[:3])

    def connection_lost(self, _error: Exception | None) -> None:
        for promise in (self.is_greeted, self.is_done):
            if not promise.done():
                promise.set_result(None)

    def _hear(self, code: bytes) -> None:
        if self._step < 0:
            if self._to_say:
                self._transport.write(self._to_say.pop())
            elif not self.is_greeted.done():
                self.is_greeted.set_result(None)
        elif code != _GOOD[self._step]:
            self.send_next()
        elif self._step < len(self._words) - 1:
            self._step += 1
            self._transport.write(self._words[self._step])
        elif self._step < len(self._words):
            self._step += 1
            self._transport.write(self._mail)
        else:
            self.taken += 1
            self.send_next()

    def send_next(self) -> None:
        if self._pile:
            self._mail, self._step = self._pile.popleft(), 0
            self._transport.write(self._words[0])
        elif not self.is_done.done():
            self.is_done.set_result(None)

    def close(self) -> None:
        self._transport.close()


async def send_all(port: int, sessions: int, mails: list[bytes], desk: bytes) -> tuple[int, float]:
    """How many mails were answered with 250, and the seconds it took."""
    loop = asyncio.get_running_loop()
    pile = deque(mail + b".\r\n" for mail in mails)
    talks = [
        (await loop.create_connection(lambda: Conversation(pile, desk), "127.0.0.1", port))[1] for _ in range(sessions)
    ]
    await asyncio.wait_for(asyncio.gather(*(talk.is_greeted for talk in talks)), _SILENCE_S)
    start = time.perf_counter()
    for talk in talks:
        talk.send_next()
    await asyncio.gather(*(talk.is_done for talk in talks))
    seconds = time.perf_counter() - start
    for talk in talks:
        talk.close()
    return sum(talk.taken for talk in talks), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "sessions", "mails", "size", "first"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--desk", required=True)
    asked = parser.parse_args()
    mails = [mail_of_size(asked.first + number, asked.size, asked.desk) for number in range(asked.mails)]
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        taken, seconds = runner.run(send_all(asked.port, asked.sessions, mails, asked.desk.encode()))
    print(json.dumps({"taken": taken, "seconds": seconds, "bytes": sum(map(len, mails))}))


if __name__ == "__main__":
    main()
