from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from models.errors import ConfigError, DeliveryDeferred, DeliveryRefused
from responders.deliver import (
    Smarthost,
    _own_name,
    deliver,
    is_certificate_checked,
    next_attempt,
    parse_smarthost,
    starttls,
)
from tests.support.certificates import make_certificate, needs_openssl
from tests.unit.responders.builders import NOW

LETTER = b"Subject: x\r\n\r\n.dot first\r\n\r\nend\r\n"
TO = "yamada@sample.example"


class Catcher:
    """Keeps what it takes; answers as it was told to."""

    def __init__(self, sender: str = "250 OK", recipient: str = "250 OK", text: str = "250 OK") -> None:
        self.sender, self.recipient, self.text = sender, recipient, text
        self.taken: list[Envelope] = []
        self.under_tls: list[bool] = []

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
        self.under_tls.append(session.ssl is not None)
        return self.text


@asynccontextmanager
async def catching(
    catcher: Catcher, *, tls: ssl.SSLContext | None = None, **options: object
) -> AsyncIterator[Smarthost]:
    """`tls`: from the first byte."""

    def session() -> SMTP:
        return SMTP(catcher, hostname="catcher.example", **options)  # type: ignore[arg-type]

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=tls)
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
        (Catcher(sender="530 5.7.0 Authentication required"), DeliveryDeferred),
        (Catcher(recipient="530 5.7.0 Authentication required"), DeliveryDeferred),
        (Catcher(recipient=f"554 5.7.1 <{TO}>: Relay access denied"), DeliveryDeferred),
        (Catcher(recipient="550 relaying is not permitted"), DeliveryDeferred),
    ],
    ids=[
        "unknown recipient",
        "refused text",
        "greylisted",
        "later",
        "our own sender refused",
        "login asked for",
        "login asked for late",
        "no relaying",
        "no relaying, in other words",
    ],
)
async def test_only_a_5xx_to_recipient_or_text_is_permanent(catcher: Catcher, error: type[Exception]) -> None:
    async with catching(catcher) as smarthost:
        with pytest.raises(error) as raised:
            await hand_over(smarthost)
    assert TO not in str(raised.value)


async def test_a_dead_dns_is_asked_once_for_our_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fqdn() -> str:
        asked.append(1)
        return "desk.example"

    monkeypatch.setattr("socket.getfqdn", fqdn)
    _own_name.cache_clear()
    catcher = Catcher()
    async with catching(catcher) as smarthost:
        await hand_over(smarthost)
        await hand_over(smarthost)
    _own_name.cache_clear()
    assert (len(catcher.taken), len(asked)) == (2, 1)


async def test_the_null_sender_goes_out_as_such() -> None:
    catcher = Catcher()
    async with catching(catcher) as smarthost:
        await deliver(LETTER, "", TO, smarthost)
    (taken,) = catcher.taken
    assert (taken.mail_from, taken.rcpt_tos, taken.content) == ("<>", [TO], LETTER)  # so aiosmtpd tells it


async def test_the_null_sender_stands_in_angle_brackets_on_the_wire() -> None:
    said: list[bytes] = []
    async with talking([b"220 x", b"250 x", b"250 ok", b"250 ok", b"354 go", b"250 ok", b"221 bye"], said) as smarthost:
        await deliver(LETTER, "", TO, smarthost)
    assert b"MAIL FROM:<>\r\n" in said


@asynccontextmanager
async def talking(answers: list[bytes], said: list[bytes]) -> AsyncIterator[Smarthost]:
    """A smarthost that gives these answers in order, whatever it hears; then it hangs up."""

    sessions: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.append(asyncio.current_task())  # type: ignore[arg-type]
        for answer in answers:
            writer.write(answer + b"\r\n")
            line = await reader.readline()
            said.append(line)
            while answer.startswith(b"354") and line not in {b".\r\n", b""}:
                line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.gather(*sessions, return_exceptions=True)
        await server.wait_closed()


@pytest.mark.parametrize(
    "answers",
    [
        [b"554 5.7.1 no service for you"],
        [b"220 x", b"550 EHLO refused", b"550 HELO refused"],
        [b"220 x", b"250 x", b"250 ok", b"250 ok", b"354 go"],
        [b"220 x", b"250 x", b"250 ok", b"250 ok", b"nonsense"],
        [],
    ],
    ids=["greeting", "hello", "lost after the text", "nonsense", "hangs up"],
)
async def test_a_session_that_fails_says_nothing_about_the_address(answers: list[bytes]) -> None:
    async with talking(answers, []) as smarthost:
        with pytest.raises(DeliveryDeferred):
            await hand_over(smarthost)


@pytest.mark.parametrize("to", ["山田@sample.example", "a b\r\n@sample.example"])
async def test_an_address_that_smtp_cannot_write_is_refused_and_stops_nothing(to: str) -> None:
    catcher = Catcher()
    async with catching(catcher) as smarthost:
        with pytest.raises(DeliveryRefused) as raised:
            await deliver(LETTER, "", to, smarthost)
    assert to not in str(raised.value)
    assert catcher.taken == []


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


PASSWORD = "s3cret-word"


class Doorman:
    """Knows one name and password; keeps whatever it is shown."""

    def __init__(self) -> None:
        self.shown: list[object] = []

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, way: str, shown: object) -> AuthResult:
        self.shown.append(shown)
        is_known = isinstance(shown, LoginPassword) and (shown.login, shown.password) == (b"desk", PASSWORD.encode())
        return AuthResult(success=is_known, handled=False)


@pytest.fixture
def own_tls(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate that somebody made himself, and a server's context with it."""
    cert, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return cert, context


@pytest.fixture
def _on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as any other machine."""
    monkeypatch.setattr("responders.deliver._LOOPBACK", frozenset())


def with_login(smarthost: Smarthost, password: str = PASSWORD, *, is_tls: bool = False) -> Smarthost:
    return Smarthost(host=smarthost.host, port=smarthost.port, user="desk", password=password, is_tls=is_tls)


@needs_openssl
@pytest.mark.usefixtures("_on_the_network")
async def test_letters_go_out_after_login_under_tls_with_a_good_certificate(
    own_tls: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, tls = own_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))  # an authority of one's own, made known as OpenSSL does it
    catcher, doorman = Catcher(), Doorman()
    async with catching(catcher, tls_context=tls, authenticator=doorman, auth_required=True) as smarthost:
        with pytest.raises(DeliveryDeferred):
            await hand_over(smarthost)  # without a login
        await hand_over(with_login(smarthost))
    async with catching(catcher, tls=tls, authenticator=doorman, auth_require_tls=False) as smarthost:
        await hand_over(with_login(smarthost, is_tls=True))
    assert [one.rcpt_tos for one in catcher.taken] == [[TO], [TO]]
    assert len(doorman.shown) == 2


@needs_openssl
@pytest.mark.usefixtures("_on_the_network")
async def test_a_wrong_password_is_our_own_mistake_also_under_tls(
    own_tls: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, tls = own_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    catcher = Catcher()
    async with catching(catcher, tls_context=tls, authenticator=Doorman(), auth_required=True) as smarthost:
        with pytest.raises(DeliveryDeferred, match="our name or password") as raised:
            await hand_over(with_login(smarthost, "wr0ng-word"))
    assert "wr0ng-word" not in str(raised.value)
    assert catcher.taken == []


@needs_openssl
@pytest.mark.usefixtures("_on_the_network")
@pytest.mark.parametrize("is_tls", [False, True], ids=["STARTTLS", "TLS"])
async def test_a_password_is_not_shown_to_whose_certificate_is_not_good(
    own_tls: tuple[Path, ssl.SSLContext], *, is_tls: bool
) -> None:
    catcher, doorman = Catcher(), Doorman()
    options = {"tls": own_tls[1]} if is_tls else {"tls_context": own_tls[1]}
    async with catching(catcher, authenticator=doorman, **options) as smarthost:
        with pytest.raises(DeliveryDeferred, match="CERTIFICATE_VERIFY_FAILED"):
            await hand_over(with_login(smarthost, is_tls=is_tls))
    assert (catcher.taken, doorman.shown) == ([], [])


@pytest.mark.usefixtures("_on_the_network")
async def test_a_password_is_not_shown_where_no_tls_is_offered() -> None:
    catcher, doorman = Catcher(), Doorman()
    async with catching(catcher, authenticator=doorman, auth_require_tls=False) as smarthost:
        with pytest.raises(DeliveryDeferred):
            await hand_over(with_login(smarthost))
    assert (catcher.taken, doorman.shown) == ([], [])


@needs_openssl
async def test_tls_that_is_only_offered_is_used_whatever_its_certificate(
    own_tls: tuple[Path, ssl.SSLContext],
) -> None:
    catcher = Catcher()
    async with catching(catcher, tls_context=own_tls[1]) as smarthost:
        await hand_over(smarthost)
    assert catcher.under_tls == [True]


def test_a_certificate_must_be_good_where_tls_was_asked_for_or_keeps_a_password() -> None:
    assert is_certificate_checked(Smarthost(host="mx.sample.example", port=587, user="desk", password="x"))
    assert is_certificate_checked(Smarthost(host="mx.sample.example", port=465, is_tls=True))
    assert not is_certificate_checked(Smarthost(host="mx.sample.example", port=25))
    assert not is_certificate_checked(Smarthost(host="127.0.0.1", port=465, is_tls=True, user="desk"))


def test_tries_grow_apart_and_end_after_five_days() -> None:
    waits = []
    at = NOW
    for attempts in range(1, 100):
        after = next_attempt(attempts, at)
        if after is None:
            break
        waits.append(after - at)
        at = after
    assert waits == sorted(waits)
    assert at - NOW == timedelta(days=5)  # RFC 5321 4.5.4.1: at least 4-5 days
    assert next_attempt(1, NOW) == NOW + timedelta(minutes=1)
    first_hour = [sum(waits[:number], timedelta()) for number in range(1, 6)]
    assert first_hour[-1] == timedelta(hours=1)
    assert max(waits) == timedelta(hours=8)


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
