"""The smarthost of the load benchmarks: takes every letter, keeps of it when it came and which mail it answers.

Run as `python -m benchmarks.load_sink FILE`, driven by `benchmarks.load_roles`; prints its port. Writes one line a letter: the
instant, the In-Reply-To, the letter's own Message-ID. Ends when its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys
import time
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, Envelope, Session

if TYPE_CHECKING:
    from typing import TextIO


class Sink:
    """aiosmtpd's handler."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        taken_at = time.time()
        assert isinstance(envelope.content, bytes)
        heads = BytesHeaderParser(policy=compat32).parsebytes(envelope.content)
        print(taken_at, heads["In-Reply-To"] or "-", heads["Message-ID"], file=self._file, flush=True)
        return "250 OK"


async def _run(file: TextIO) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(file), hostname="sink.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    with Path(sys.argv[1]).open("a", encoding="utf-8") as file:
        asyncio.run(_run(file))


if __name__ == "__main__":
    main()
