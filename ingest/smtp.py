"""The listener: RFC 5321 with SIZE, 8BITMIME, SMTPUTF8 and PIPELINING; 250 only after raw mail and envelope are committed.

Promises: what failed on our side is 451 without a word about the inside, so that the sender keeps the mail; the bytes
are stored as they came. Does not look at the content.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiosmtpd.smtp import SMTP

from ingest.committer import Committer
from ingest.gate import Limits, Refuse, admit, desk_of
from models.arrival import Arrival
from models.errors import UketsukeError
from models.mail import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aiosmtpd.smtp import Envelope as SmtpEnvelope
    from aiosmtpd.smtp import Session

    from ingest.committer import Accepts

IDENT = "ESMTP"  # no name and version for strangers
TRY_LATER = "451 4.3.0 Requested action aborted: try again later"
# Japanese 8-bit mails often hold a paragraph in one line, well over RFC 5321's 1000 octets.
MAX_LINE = 2**20
IDLE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Where to listen, for whom, how much to take."""

    host: str
    port: int
    addresses: tuple[str, ...]
    max_bytes: int = 32 * 2**20


class Door:
    """aiosmtpd's handler: asks the gate at RCPT, keeps the mail at DATA."""

    def __init__(self, committer: Committer, settings: ListenerSettings, clock: Callable[[], datetime]) -> None:
        self._committer, self._clock = committer, clock
        self._limits = Limits(addresses=settings.addresses)
        self._log = structlog.get_logger(role="smtp")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: SmtpEnvelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Admit or refuse one recipient."""
        answer = admit(address, len(envelope.rcpt_tos), self._limits)
        if isinstance(answer, Refuse):
            return answer.reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: SmtpEnvelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail; the answer comes after the commit."""
        arrivals = self._arrivals(session, envelope)
        try:
            await self._committer.keep(arrivals)
        except UketsukeError as error:
            self._log.error("not_accepted", code=error.code, error=str(error))
            return TRY_LATER
        self._log.info("accepted", sha256=arrivals[0].sha256, size=len(arrivals[0].raw), desks=len(arrivals))
        return "250 2.0.0 Message accepted for delivery"

    async def handle_exception(self, error: Exception) -> str:
        """Anything unforeseen is temporary and says nothing about the inside."""
        self._log.error("session_failed", error=type(error).__name__)
        return TRY_LATER

    def _arrivals(self, session: Session, envelope: SmtpEnvelope) -> tuple[Arrival, ...]:
        """One arrival for each desk that the mail is addressed to, plus parts kept in its envelope."""
        content = envelope.original_content or b""
        recipients: dict[str, list[str]] = {}
        for recipient in envelope.rcpt_tos:
            desk = desk_of(recipient, self._limits.addresses)
            recipients.setdefault(desk or "", []).append(recipient)
        return tuple(
            Arrival(
                raw=content,
                desk_address=desk,
                envelope=Envelope(
                    mail_from="" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from),
                    rcpt_tos=tuple(own),
                    received_at=self._clock(),
                    peer=str(session.peer[0]) if session.peer else "",
                    helo=session.host_name or "",
                ),
            )
            for desk, own in recipients.items()
        )


@dataclass(slots=True, kw_only=True)
class Listener:
    """A running listener."""

    server: asyncio.Server
    committer: Committer

    @property
    def port(self) -> int:
        """The port in use; of interest when 0 was asked for."""
        return int(self.server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Take no new session, commit what waits, end."""
        self.server.close()
        await self.committer.close()


async def listen(store: Accepts, settings: ListenerSettings, clock: Callable[[], datetime]) -> Listener:
    """Start listening; the listener runs until it is closed.

    Raises:
        OSError: The address cannot be bound.
    """
    committer = Committer(store)
    door = Door(committer, settings, clock)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        partial(_session, door, settings, loop), host=settings.host, port=settings.port, backlog=512
    )
    return Listener(server=server, committer=committer)


class _Session(SMTP):
    """One session, with room for long lines; set on the class, because the stream's own limit is taken from it."""

    line_length_limit = MAX_LINE


def _session(door: Door, settings: ListenerSettings, loop: asyncio.AbstractEventLoop) -> SMTP:
    return _Session(
        door,
        data_size_limit=settings.max_bytes,
        enable_SMTPUTF8=True,
        ident=IDENT,
        hostname="uketsuke",
        timeout=IDLE_S,
        loop=loop,
    )
