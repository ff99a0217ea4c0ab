"""Hands a message to the smarthost by SMTP. Never logs or raises a password.

Promises: returns only after the smarthost's 250; 4xx and lost connections are `DeliveryDeferred`, 5xx `DeliveryRefused`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiosmtplib

from models.errors import ConfigError, DeliveryDeferred, DeliveryRefused

if TYPE_CHECKING:
    from datetime import datetime

_MEND = "write host:port or smtp[s]://user:password@host:port"
_PAUSES_MIN = (1, 5, 15, 30, 60, 120, 240, 480, 480, 480, 480, 480)  # two days in all
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
    """Read the setting.

    Raises:
        ConfigError: It is not readable; the message never holds the password.
    """
    url = urlsplit(text if "://" in text else f"smtp://{text}")
    try:
        port = url.port
    except ValueError:
        raise ConfigError(f"UKETSUKE_SMARTHOST: the port is no number; {_MEND}") from None
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or url.path.strip("/"):
        raise ConfigError(f"UKETSUKE_SMARTHOST: not readable; {_MEND}")
    is_tls = url.scheme == "smtps"
    return Smarthost(
        host=url.hostname, port=port or (465 if is_tls else 25), is_tls=is_tls, user=unquote(url.username or ""), password=unquote(url.password or "")
    )


async def deliver(message: bytes, mail_from: str, to: str, smarthost: Smarthost) -> None:
    """Hand over one message.

    Raises:
        DeliveryDeferred: Not now. Temporary.
        DeliveryRefused: Never.
    """
    client = aiosmtplib.SMTP(
        hostname=smarthost.host, port=smarthost.port, use_tls=smarthost.is_tls, start_tls=False if smarthost.is_tls else None, timeout=TIMEOUT_S
    )
    try:
        async with client:
            if smarthost.user:
                await client.login(smarthost.user, smarthost.password)
            await client.sendmail(mail_from, [to], message)
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise _error(first.code, first.message) from None
    except aiosmtplib.SMTPAuthenticationError as error:
        raise DeliveryDeferred(f"the smarthost refuses our name or password ({error.code})") from None
    except aiosmtplib.SMTPResponseException as error:
        raise _error(error.code, error.message) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise DeliveryDeferred(f"{smarthost.host}:{smarthost.port}: {type(error).__name__}: {error}"[:300]) from None


def _error(code: int, message: str) -> DeliveryDeferred | DeliveryRefused:
    text = f"{code} {' '.join(message.split())}"[:300]
    return DeliveryRefused(text) if 500 <= code < 600 else DeliveryDeferred(text)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many attempts; None when it is time to give up (after two days)."""
    return now + timedelta(minutes=_PAUSES_MIN[attempts - 1]) if 1 <= attempts <= len(_PAUSES_MIN) else None
