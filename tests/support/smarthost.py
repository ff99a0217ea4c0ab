"""A stand-in for the smarthost: keeps the letters that it takes, answers as it is told to."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, Envelope, Session

from responders.deliver import Smarthost
from tests.support.loops import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = "250 OK"


class Catcher:
    """aiosmtpd's handler. `answers` is what it says to RCPT; change it between two deliveries."""

    def __init__(self) -> None:
        self.answers = OK
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(envelope)
        return OK

    @property
    def letters(self) -> list[EmailMessage]:
        return [as_message(self.raw(number)) for number in range(len(self.taken))]

    def raw(self, number: int) -> bytes:
        content = self.taken[number].content
        assert isinstance(content, bytes)
        return content


def as_message(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def catching(catcher: object) -> Iterator[Smarthost]:
    """Where to deliver to, as long as the block runs: an SMTP server with this handler."""

    async def start() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(catcher, hostname="catcher.example"), "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()

    with loop_in_thread() as run:
        server = run(start)
        try:
            yield Smarthost(host="127.0.0.1", port=int(server.sockets[0].getsockname()[1]))
        finally:
            run(lambda: stop(server))
