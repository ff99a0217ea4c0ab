"""The listener: RFC 5321 and its extensions, and LMTP; 250 only after raw mail and envelope are committed.

Promises: what failed on our side is 451 without a word about the inside, so that the sender keeps the mail; the bytes
are stored as they came; at the end sessions with a mail under way get their answer first. Does not look at the content.
docs/specs/smtp.md says which RFCs are followed, and where not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog

from ingest.committer import Committer
from ingest.front import Front
from ingest.gate import Limits, Refuse, admit, desk_of
from ingest.lmtp import LocalFront
from ingest.local_socket import bound_socket
from ingest.replies import ACCEPTED, TOO_MANY_MAILS, TRY_LATER
from ingest.session import SessionLimits
from ingest.throttle import PeerLimits, Throttle
from models.arrival import Arrival
from models.errors import UketsukeError
from models.gauges import DoorCounts
from models.mail import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from ssl import SSLContext
    from typing import TypeAlias

    from aiosmtpd.smtp import SMTP, Session
    from aiosmtpd.smtp import Envelope as SmtpEnvelope

    from ingest.committer import Accepts

    Tell: TypeAlias = Callable[[Sequence[Mapping[str, object]]], None]

_BACKLOG = 512
_GRACE_S = 10.0  # for the answers of mails under way; the supervisor waits twice as long
_TOLD = 12  # digits of a mail's hash
_MAX_HELO = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Where to listen, for whom, how much to take."""

    host: str
    port: int
    addresses: tuple[str, ...]
    max_recipients: int = 100
    limits: SessionLimits = field(default_factory=SessionLimits)
    peers: PeerLimits = field(default_factory=PeerLimits)
    tls: Callable[[], SSLContext] | None = None
    must_use_tls: bool = False
    lmtp: tuple[str, int] | Path | None = None  # host and port, or the path of a socket


class Door:
    """aiosmtpd's handler: asks the gate at RCPT, keeps the mail at DATA."""

    def __init__(
        self, committer: Committer, settings: ListenerSettings, clock: Callable[[], datetime], throttle: Throttle
    ) -> None:
        self._committer, self._clock, self._throttle = committer, clock, throttle
        self._limits = Limits(addresses=settings.addresses, max_recipients=settings.max_recipients)
        self._log = _logger()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: SmtpEnvelope, address: str, mail_options: list[str]
    ) -> str:
        """Begin one mail, unless its sender's machine has sent too many in this minute."""
        if isinstance(server, Front) and not self._throttle.may_send(server.address, server.loop.time()):
            return TOO_MANY_MAILS
        if isinstance(server, Front):
            server.mails_under_way.add(server)
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 Sender OK"

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
        # A line in the sender's log leads to `uketsuke trace`.
        return f"{ACCEPTED} as {arrivals[0].content_sha256[:_TOLD]}"

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
                    helo=(session.host_name or "")[:_MAX_HELO],
                ),
            )
            for desk, own in recipients.items()
        )


@dataclass(slots=True, kw_only=True)
class Listener:
    """A running listener."""

    servers: list[asyncio.Server]
    committer: Committer
    fronts: list[Front]
    log: structlog.typing.FilteringBoundLogger
    is_closing: bool = False

    @property
    def is_open(self) -> bool:
        """Does it take new sessions on all its ports?"""
        return not self.is_closing and all(server.is_serving() for server in self.servers)

    def counts(self) -> DoorCounts:
        """What it has counted since its start; from any thread."""
        refusals: dict[tuple[str, str], int] = {}
        for front in self.fronts:
            for key, count in tuple(front.refusals.items()):
                refusals[key] = refusals.get(key, 0) + count
        return DoorCounts(
            sessions=sum(len(front.open_sessions) for front in self.fronts),
            refusals=refusals,
            stored_anew=self.committer.flights_failed,
        )

    @property
    def port(self) -> int:
        """The SMTP port in use; of interest when 0 was asked for."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    @property
    def lmtp_port(self) -> int:
        """The LMTP port in use."""
        return int(self.servers[1].sockets[0].getsockname()[1])

    async def close(self, grace_s: float = _GRACE_S) -> None:
        """Take no new session, let mails under way come in and be answered, commit what waits, end."""
        self.is_closing = True
        for server in self.servers:
            server.close()
        partings = {session.wind_up(): session for front in self.fronts for session in tuple(front.open_sessions)}
        if partings:
            _, late = await asyncio.wait(partings, timeout=grace_s)
            for parting in late:
                self.log.warning("session_cut", note="no end within the time to end; its sender keeps the mail")
                partings[parting].abort()
        await self.committer.close()


async def listen(
    store: Accepts,
    settings: ListenerSettings,
    clock: Callable[[], datetime],
    tell: Tell | None = None,
    on_kept: Callable[[Sequence[tuple[Arrival, ...]]], None] | None = None,
) -> Listener:
    """Start listening; the listener runs until it is closed.

    Args:
        store: Where mails are kept.
        settings: Where to listen, for whom, how much to take.
        clock: The time.
        tell: Writes one event for each mail that was stored, given the fields of several; the logger when absent.
        on_kept: Hears of each group of mails that was stored in one commit, after their answers.

    Raises:
        OSError: An address cannot be bound.
        ConfigError: The LMTP socket's path is taken.
    """
    loop, log = asyncio.get_running_loop(), _logger()
    throttle = Throttle(settings.peers)
    fronts: list[Front] = []
    committer = Committer(
        store, partial(_accepted, tell or _tell, on_kept), lambda: sum(len(front.mails_under_way) for front in fronts)
    )
    door = Door(committer, settings, clock, throttle)
    front = Front(door, settings.limits, loop, throttle=throttle, tls=settings.tls, must_use_tls=settings.must_use_tls)
    fronts.append(front)
    listener = Listener(servers=[], committer=committer, fronts=fronts, log=log)
    try:
        listener.servers.append(
            await loop.create_server(front.another, host=settings.host, port=settings.port, backlog=_BACKLOG)
        )
        if settings.lmtp is not None:
            local = LocalFront(door, settings.limits, loop, throttle=throttle)
            listener.fronts.append(local)
            listener.servers.append(await _listen_locally(local, settings.lmtp))
    except BaseException:
        await listener.close()
        raise
    return listener


async def _listen_locally(front: LocalFront, where: tuple[str, int] | Path) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if isinstance(where, tuple):
        return await loop.create_server(front.another, host=where[0], port=where[1], backlog=_BACKLOG)
    return await loop.create_unix_server(front.another, sock=bound_socket(where), backlog=_BACKLOG)


def _accepted(
    tell: Tell,
    on_kept: Callable[[Sequence[tuple[Arrival, ...]]], None] | None,
    messages: Sequence[tuple[Arrival, ...]],
) -> None:
    """One event for each mail that was stored; together, for the sake of those that wait."""
    if on_kept is not None:
        on_kept(messages)
    tell([{"sha256": one[0].sha256, "size": len(one[0].raw), "desks": len(one)} for one in messages])


def _tell(events: Sequence[Mapping[str, object]]) -> None:
    log = _logger()
    for event in events:
        log.info("accepted", **event)


def _logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(role="smtp").bind()
    return logger
