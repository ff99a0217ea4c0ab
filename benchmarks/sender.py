"""The load: a process that opens some SMTP sessions and sends many mails in each, one command after the other.

Run as `python -m benchmarks.sender`, driven by `benchmarks.accept` and `benchmarks.load`; prints one JSON line. The clock runs
from the first MAIL, with every session already greeted, to the last 250: connecting and building the mails is not counted. No
pipelining: every command waits for its answer, as smtp-source does by default. It shares the machine with the listener, so
that it does as little as it can for each mail; what it takes is the same for every entrant.

With `--patience` it is a sender as a mail server is: what is answered with 4xx, or breaks off, is sent again until it is in or
the patience ends; without, a mail is sent once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.load_mails import support_mails
from benchmarks.mails import mail_of_size

if TYPE_CHECKING:
    from collections.abc import Sequence

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]

_SILENCE_S = 60.0  # a listener that says nothing for so long ends the run
_AGAIN_S = 0.05  # before a mail is tried again; a mail server waits for minutes
_REPLY_BYTES = 4096
_GOOD = (b"250", b"250", b"354", b"250")
_RESET = b"RSET\r\n"


@dataclass(slots=True, kw_only=True)
class Pile:
    """What the sessions send off together, and what they were told."""

    mails: deque[tuple[int, bytes]]
    began_at: float = 0.0
    until: float = 0.0  # until when (`time.perf_counter`) a mail is tried again; 0: it is not
    taken: dict[int, tuple[float, float]] = field(default_factory=dict)  # by number: end of the mail's bytes, its 250
    refused: Counter[str] = field(default_factory=Counter)  # answers that were not the good ones; `lost`: broken off

    @property
    def is_patient(self) -> bool:
        return time.perf_counter() < self.until


class Conversation(asyncio.BufferedProtocol):
    """One SMTP session that sends mails off a common pile until there are none."""

    def __init__(self, pile: Pile, desk: bytes) -> None:
        self._pile = pile
        self._words = [b"", b"RCPT TO:<" + desk + b">\r\n", b"DATA\r\n"]
        self._received = memoryview(bytearray(_REPLY_BYTES))
        self._held = b""
        self._to_say = [b"EHLO bench.example\r\n"]  # before the first mail
        self._step = -1  # of the mail under way
        self._mail: tuple[int, bytes] | None = None
        self._sent_at = 0.0
        self._is_resetting = False
        loop = asyncio.get_running_loop()
        self.is_greeted, self.is_done = loop.create_future(), loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # so that `resume_writing` tells when the last byte is out

    def resume_writing(self) -> None:
        self._sent_at = time.time()

    def get_buffer(self, _size_hint: int) -> memoryview:
        return self._received

    def buffer_updated(self, count: int) -> None:
        *lines, self._held = (self._held + bytes(self._received[:count])).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":  # the last line of a reply
                self._hear(line[:3])

    def connection_lost(self, _error: Exception | None) -> None:
        if self._mail is not None:
            self._pile.refused["lost"] += 1
            self._again()
        for promise in (self.is_greeted, self.is_done):
            if not promise.done():
                promise.set_result(None)

    def _hear(self, code: bytes) -> None:
        if self._step < 0:
            if not code.startswith(b"2"):
                self._pile.refused[code.decode()] += 1
            elif self._to_say:
                self._transport.write(self._to_say.pop())
            elif not self.is_greeted.done():
                self.is_greeted.set_result(None)
        elif self._is_resetting:
            self._is_resetting = False
            self.send_next()
        elif code != _GOOD[self._step]:
            self._refused(code.decode())
        elif self._step < len(self._words) - 1:
            self._step += 1
            self._transport.write(self._words[self._step])
        elif self._step < len(self._words):
            self._step += 1
            assert self._mail is not None
            self._transport.write(self._mail[1])
            self._sent_at = time.time()
        else:
            assert self._mail is not None
            self._pile.taken[self._mail[0]] = (self._sent_at, time.time())
            self._mail = None
            self.send_next()

    def _refused(self, code: str) -> None:
        self._pile.refused[code] += 1
        if not self._again():
            self.send_next()
        elif code != "421":  # after which the listener hangs up
            self._is_resetting = True
            asyncio.get_running_loop().call_later(_AGAIN_S, self._transport.write, _RESET)

    def _again(self) -> bool:
        """Put the mail under way back on the pile, if there is patience left."""
        mail, self._mail = self._mail, None
        if mail is None or not self._pile.is_patient:
            return False
        self._pile.mails.append(mail)
        return True

    def send_next(self) -> None:
        if self._pile.mails:
            self._mail, self._step = self._pile.mails.popleft(), 0
            # Each mail is another customer's: letters to one address are limited, and counted.
            self._words[0] = b"MAIL FROM:<customer%d@customer%d.example>\r\n" % (self._mail[0], self._mail[0])
            self._transport.write(self._words[0])
        elif not self.is_done.done():
            self.is_done.set_result(None)

    def close(self) -> None:
        self._transport.close()


async def send_all(port: int, sessions: int, pile: Pile, desk: bytes) -> float:
    """Send the pile; the seconds it took."""
    loop = asyncio.get_running_loop()

    async def connected() -> Conversation:
        return (await loop.create_connection(lambda: Conversation(pile, desk), "127.0.0.1", port))[1]

    talks = [await connected() for _ in range(sessions)]
    await asyncio.wait_for(asyncio.gather(*(talk.is_greeted for talk in talks)), _SILENCE_S)
    pile.began_at, start = time.time(), time.perf_counter()
    await asyncio.gather(*(_all_of(talk, pile, connected) if pile.until else _once(talk) for talk in talks))
    return time.perf_counter() - start


async def _once(talk: Conversation) -> None:
    talk.send_next()
    await talk.is_done
    talk.close()


async def _all_of(talk: Conversation, pile: Pile, connected: object) -> None:
    """One sender's sessions, one after the other, until nothing is left to send."""
    while True:
        if not talk._transport.is_closing():  # noqa: SLF001 - our own
            await _once(talk)
        if not pile.mails or not pile.is_patient:
            return
        await asyncio.sleep(_AGAIN_S)
        try:
            talk = await connected()  # type: ignore[operator]
        except OSError:
            pile.refused["no connection"] += 1
            continue
        await asyncio.wait([talk.is_greeted], timeout=_SILENCE_S)


def build(kind: str, numbers: Sequence[int], size: int, desk: str) -> list[tuple[int, bytes]]:
    """The mails of these numbers: `plain` ones of equal lines, or `support` ones as customers write."""
    if kind == "plain":
        return [(number, mail_of_size(number, size, desk)) for number in numbers]
    return list(support_mails(numbers, size, desk))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "sessions", "mails", "size", "first"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--desk", required=True)
    parser.add_argument("--kind", choices=["plain", "support"], default="plain")
    parser.add_argument(
        "--times", type=Path, help="where to write when each mail's bytes were out and when its 250 came"
    )
    parser.add_argument("--patience", type=float, default=0.0, help="seconds for which a mail is tried again")
    asked = parser.parse_args()
    mails = build(asked.kind, range(asked.first, asked.first + asked.mails), asked.size, asked.desk)
    size = sum(len(mail) for _, mail in mails)
    pile = Pile(mails=deque((number, mail + b".\r\n") for number, mail in mails))
    del mails
    gc.freeze()
    if asked.patience:
        pile.until = time.perf_counter() + asked.patience
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        seconds = runner.run(send_all(asked.port, asked.sessions, pile, asked.desk.encode()))
    if asked.times:
        asked.times.write_text(json.dumps({"began_at": pile.began_at, "taken": pile.taken}), encoding="utf-8")
    print(json.dumps({"taken": len(pile.taken), "seconds": seconds, "bytes": size, "refused": pile.refused}))


if __name__ == "__main__":
    main()
