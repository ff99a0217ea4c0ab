from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from models.errors import ConfigError, DeliveryDeferred, DeliveryRefused
from responders.deliver import Smarthost, deliver, next_attempt, parse_smarthost, starttls
from tests.unit.responders.builders import NOW

LETTER = b"Subject: x\r\n\r\n.dot first\r\n\r\nend\r\n"
TO = "yamada@sample.example"


class Catcher:
    """Keeps what it takes; answers as it was told to."""

    def __init__(self, sender: str = "250 OK", recipient: str = "250 OK", text: str = "250 OK") -> None:
        self.sender, self.recipient, self.text = sender, recipient, text
        self.taken: list[Envelope] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(envelope)
        return self.text


@asynccontextmanager
async def catching(catcher: Catcher, **options: object) -> AsyncIterator[Smarthost]:
    def session() -> SMTP:
        return SMTP(catcher, hostname="catcher.example", **options)  # type: ignore[arg-type]

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    try:
        yield Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def hand_over(smarthost: Smarthost) -> None:
    await deliver(LETTER, "support+bounce.T000123.x@uketsuke.example", TO, smarthost)


async def test_a_letter_arrives_byte_for_byte_with_its_envelope() -> None:
    catcher = Catcher()
    async with catching(catcher) as smarthost:
        await hand_over(smarthost)
    (taken,) = catcher.taken
    assert taken.content == LETTER
    assert taken.mail_from == "support+bounce.T000123.x@uketsuke.example"
    assert taken.rcpt_tos == [TO]


@pytest.mark.parametrize(
    ("catcher", "error"),
    [
        (Catcher(recipient=f"550 5.1.1 <{TO}> unknown"), DeliveryRefused),
        (Catcher(text="554 5.7.1 spam"), DeliveryRefused),
        (Catcher(recipient="450 4.2.1 greylisted"), DeliveryDeferred),
        (Catcher(text="451 4.3.0 later"), DeliveryDeferred),
        (Catcher(sender="550 5.7.1 not you"), DeliveryDeferred),
    ],
    ids=["unknown recipient", "refused text", "greylisted", "later", "our own sender refused"],
)
async def test_only_a_5xx_to_recipient_or_text_is_permanent(catcher: Catcher, error: type[Exception]) -> None:
    async with catching(catcher) as smarthost:
        with pytest.raises(error) as raised:
            await hand_over(smarthost)
    assert TO not in str(raised.value)


async def test_a_smarthost_that_is_away_is_temporary() -> None:
    async with catching(Catcher()) as smarthost:
        pass
    with pytest.raises(DeliveryDeferred):
        await hand_over(smarthost)


async def test_a_refused_login_is_temporary_and_does_not_tell_the_password() -> None:
    def deny(*_args: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    async with catching(Catcher(), authenticator=deny, auth_require_tls=False) as open_host:
        host = Smarthost(host=open_host.host, port=open_host.port, user="desk", password="s3cret-word")
        with pytest.raises(DeliveryDeferred) as raised:
            await hand_over(host)
    assert "s3cret-word" not in str(raised.value) + repr(host)


def test_tries_grow_apart_and_end_after_two_days() -> None:
    waits = []
    at = NOW
    for attempts in range(1, 100):
        after = next_attempt(attempts, at)
        if after is None:
            break
        waits.append(after - at)
        at = after
    assert waits == sorted(waits)
    assert timedelta(days=1, hours=20) < at - NOW <= timedelta(days=2)
    assert next_attempt(1, NOW) == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mx.sample.example:25", Smarthost(host="mx.sample.example", port=25)),
        ("[::1]:2525", Smarthost(host="::1", port=2525)),
        ("smtp://mx.sample.example", Smarthost(host="mx.sample.example", port=25)),
        (
            "smtps://desk:p%40ss@mx.sample.example",
            Smarthost(host="mx.sample.example", port=465, is_tls=True, user="desk", password="p@ss"),
        ),
        (
            "smtp://desk:pass@mx.sample.example:587",
            Smarthost(host="mx.sample.example", port=587, user="desk", password="pass"),
        ),
    ],
)
def test_the_setting_is_read(text: str, expected: Smarthost) -> None:
    assert parse_smarthost(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mx.sample.example",
        "mx:port",
        "http://secretpw@mx:25",
        "smtp://u:secretpw@:25",
        "[bad:25",
        "mx:0",
        "smtp://u:secretpw@mx:25/x",
        "mx:99999",
    ],
)
def test_a_setting_that_makes_no_sense_is_named_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="UKETSUKE_SMARTHOST") as raised:
        parse_smarthost(text)
    assert "secretpw" not in str(raised.value)


def test_a_password_never_crosses_a_network_in_the_clear() -> None:
    assert starttls(Smarthost(host="mx.sample.example", port=587, user="desk", password="x")) is True
    assert starttls(Smarthost(host="mx.sample.example", port=25)) is None
    assert starttls(Smarthost(host="mx.sample.example", port=465, is_tls=True, user="desk")) is False
    assert starttls(Smarthost(host="127.0.0.1", port=25, user="desk")) is None
