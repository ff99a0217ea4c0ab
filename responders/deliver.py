"""Hands a message to the smarthost by SMTP. Never logs or raises a password.

Promises: returns only after the smarthost's 250; 4xx and lost connections are `DeliveryDeferred`, 5xx to the recipient
or the text `DeliveryRefused`. A session, login, sender or relaying that the smarthost refuses is our own mistake:
temporary, so that it never marks a customer's address. Errors name no recipient; a password crosses a network only
under TLS, and only to a smarthost whose certificate is good.
"""

from __future__ import annotations

import re
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiosmtplib

from models.errors import ConfigError, DeliveryDeferred, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MEND = "write host:port or smtp[s]://user:password@host:port"
# Five tries in the first hour, then ever fewer, three a day at last: five days in all (RFC 5321 4.5.4.1: at least 4-5).
_PAUSES_MIN = (1, 4, 10, 15, 30, 60, 120, 240, *[480] * 14)
# What a smarthost says to a recipient when it is us whom it does not know (RFC 4954 6, and "Relay access denied").
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_RELAYING = re.compile(r"\brelay", re.IGNORECASE)
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Smarthost:
    """Where letters go."""

    host: str
    port: int
    is_tls: bool = False  # TLS from the first byte; otherwise STARTTLS is used where it is offered
    user: str = ""
    password: str = field(default="", repr=False)


def parse_smarthost(text: str) -> Smarthost:
    """Read the setting. A URL may leave out the port: 25, or 465 for smtps.

    Raises:
        ConfigError: It is not readable; the message never holds what was given, for it may hold the password.
    """
    is_url = "://" in text
    try:
        url = urlsplit(text.strip() if is_url else f"smtp://{text.strip()}")
        port = url.port
    except ValueError:
        raise ConfigError(f"UKETSUKE_SMARTHOST: host or port cannot be read; {_MEND}") from None
    is_whole = bool(url.hostname) and (port is not None or is_url) and port != 0
    if url.scheme not in {"smtp", "smtps"} or not is_whole or url.path.strip("/") or url.query or url.fragment:
        raise ConfigError(f"UKETSUKE_SMARTHOST: not readable; {_MEND}")
    is_tls = url.scheme == "smtps"
    return Smarthost(
        host=url.hostname or "",
        port=port or (465 if is_tls else 25),
        is_tls=is_tls,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


async def deliver(
    message: bytes, mail_from: str, to: str, smarthost: Smarthost, *, cc: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Hand over one message; an empty `mail_from` is the null sender `<>`.

    Where the smarthost does not take `to`, nobody gets it: a letter that only those in Cc have is no answer.

    Returns:
        Those in `cc` that the smarthost did not take, each with its words.

    Raises:
        DeliveryDeferred: Not now. Temporary.
        DeliveryRefused: Never.
    """
    hidden = (to, *cc)
    try:
        async with _session(smarthost) as client:
            refused = await _send(client, mail_from, hidden, message)
            return tuple(f"{one}: {_without(_said(answer), hidden)}" for one, answer in refused.items())
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        text = _without(_said(first), hidden)
        if first.code in _LOGIN_CODES or _RELAYING.search(text):
            raise DeliveryDeferred(f"the smarthost does not relay for us: {text}") from None
        raise _error(first.code, text) from None
    except aiosmtplib.SMTPDataError as error:
        raise _error(error.code, _without(_said(error), hidden)) from None
    except aiosmtplib.SMTPSenderRefused as error:
        raise DeliveryDeferred(f"the smarthost refuses our sender: {_without(_said(error), hidden)}") from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _no_session(error, smarthost, hidden) from None


async def try_session(smarthost: Smarthost) -> None:
    """Connect and log in as for a letter, and leave.

    Raises:
        DeliveryDeferred: That does not work; in the words that a letter would wait with.
    """
    try:
        async with _session(smarthost) as client:
            await client.noop()
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _no_session(error, smarthost, ()) from None


@asynccontextmanager
async def _session(smarthost: Smarthost) -> AsyncIterator[aiosmtplib.SMTP]:
    client = aiosmtplib.SMTP(
        hostname=smarthost.host,
        port=smarthost.port,
        local_hostname=_own_name(),
        use_tls=smarthost.is_tls,
        start_tls=starttls(smarthost),
        validate_certs=is_certificate_checked(smarthost),
        timeout=TIMEOUT_S,
    )
    async with client:
        if smarthost.user:
            await client.login(smarthost.user, smarthost.password)
        yield client


@cache
def _own_name() -> str:
    """This machine's, for EHLO: asked once, for the library would ask before every letter, and a dead DNS is slow to answer."""
    return socket.getfqdn()


def _no_session(error: Exception, smarthost: Smarthost, hidden: tuple[str, ...]) -> DeliveryDeferred:
    """What keeps us from a session; none of it is about a letter."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return DeliveryDeferred(f"the smarthost refuses our name or password ({error.code})")
    if isinstance(error, aiosmtplib.SMTPResponseException):  # its greeting, EHLO or STARTTLS
        return DeliveryDeferred(f"the smarthost refuses the session: {_without(_said(error), hidden)}")
    return DeliveryDeferred(_without(f"{smarthost.host}:{smarthost.port}: {type(error).__name__}: {error}", hidden))


def _said(answer: aiosmtplib.SMTPResponse | aiosmtplib.SMTPResponseException) -> str:
    return f"{answer.code} {answer.message}"


def _without(text: str, addresses: tuple[str, ...]) -> str:
    """What a smarthost said, on one line, without these addresses."""
    for one in addresses:
        text = text.replace(one, "<recipient>")
    return " ".join(text.split())[:300]


def starttls(smarthost: Smarthost) -> bool | None:
    """False under TLS already; True (or no delivery) before a password crosses a network; None: where it is offered."""
    if smarthost.is_tls:
        return False
    return True if smarthost.user and smarthost.host not in _LOOPBACK else None


def is_certificate_checked(smarthost: Smarthost) -> bool:
    """Must the smarthost's certificate be good? Where TLS was asked for, or keeps a password.

    TLS that is only used because it is offered hides the letter from listeners even with a certificate that somebody
    made himself (RFC 7435); asking for more would stop letters that went in the clear otherwise.
    """
    return smarthost.host not in _LOOPBACK and (smarthost.is_tls or bool(smarthost.user))


async def _send(
    client: aiosmtplib.SMTP, mail_from: str, recipients: tuple[str, ...], message: bytes
) -> dict[str, aiosmtplib.SMTPResponse]:
    """Who of the others was refused, with what words; the first one refused raises, and nothing is sent."""
    first, *others = recipients
    try:
        if not others:
            await client.sendmail(mail_from, [first], message)
            return {}
        return await _send_to_all(client, mail_from, first, others, message)
    except ValueError:
        raise DeliveryRefused("the address cannot be written in SMTP (RFC 5321)") from None


async def _send_to_all(
    client: aiosmtplib.SMTP, mail_from: str, first: str, others: list[str], message: bytes
) -> dict[str, aiosmtplib.SMTPResponse]:
    """One session step by step: the library's own would send to the others where the first is refused."""
    await client.mail(mail_from)
    try:
        await client.rcpt(first)
    except aiosmtplib.SMTPRecipientRefused as error:
        raise aiosmtplib.SMTPRecipientsRefused([error]) from None
    refused = {}
    for one in others:
        try:
            await client.rcpt(one)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused[one] = aiosmtplib.SMTPResponse(error.code, error.message)
    await client.data(message)
    return refused


def _error(code: int, text: str) -> DeliveryDeferred | DeliveryRefused:
    return DeliveryRefused(text) if 500 <= code < 600 else DeliveryDeferred(text)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many attempts; None when it is time to give up (after five days)."""
    return now + timedelta(minutes=_PAUSES_MIN[attempts - 1]) if 1 <= attempts <= len(_PAUSES_MIN) else None
