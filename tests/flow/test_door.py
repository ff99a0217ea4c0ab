"""The door with its locks on: STARTTLS, LMTP, limits and slow clients, over real sockets."""

from __future__ import annotations

import smtplib
import socket
import ssl
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ingest.session import SessionLimits
from ingest.throttle import PeerLimits
from models.errors import ConfigError
from runtime.door import listener_settings, lmtp_of, tls_of
from runtime.settings import Settings
from tests.flow.test_smtp import MAIL, Memory
from tests.support.certificates import make_certificate, needs_openssl
from tests.support.listeners import DESK, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGERS = PeerLimits(sessions=3, sessions_per_peer=2, mails_per_minute=2, unlimited=())


@contextmanager
def raw(port: int) -> Iterator[Any]:
    """A session that is spoken by hand: a file with both directions."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, connection.makefile("rwb", 0) as file:
        yield file


def said(file: Any, line: bytes) -> bytes:  # noqa: ANN401 - a socket's file
    """The last line of the reply to a command; the greeting's where the command is empty."""
    if line:
        file.write(line + b"\r\n")
    while (reply := file.readline())[3:4] == b"-":
        pass
    return bytes(reply)


@pytest.fixture
def secure(tmp_path: Path) -> tuple[Settings, ssl.SSLContext]:
    cert, key = make_certificate(tmp_path)
    settings = Settings.model_validate({"smtp_tls_cert": cert, "smtp_tls_key": key, "smtp_require_tls": True})
    return settings, ssl.create_default_context(cafile=str(cert))


@needs_openssl
def test_a_mail_comes_in_by_starttls_and_not_before(secure: tuple[Settings, ssl.SSLContext]) -> None:
    settings, trust = secure
    store = Memory()
    with (
        listening(store, tls=tls_of(settings), must_use_tls=True) as listener,
        smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client,
    ):
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@x.example>")[0] == 530
        client.starttls(context=trust)
        client.sendmail("a@x.example", [DESK], MAIL)
    assert [arrival.raw for arrival in store.kept] == [MAIL]


@needs_openssl
def test_nothing_said_in_clear_is_obeyed_behind_starttls(secure: tuple[Settings, ssl.SSLContext]) -> None:
    settings, trust = secure
    store = Memory()
    with listening(store, tls=tls_of(settings)) as listener:
        connection = socket.create_connection(("127.0.0.1", listener.port), timeout=20)
        connection.recv(1000)
        connection.sendall(b"EHLO x.example\r\n")
        connection.recv(1000)
        connection.sendall(b"STARTTLS\r\nMAIL FROM:<forger@evil.example>\r\n")
        answer = connection.recv(1000)
        assert answer[:3] in {b"220", b"501", b"503", b"554", b"421"}
        assert b"250" not in answer
        if answer[:3] == b"220":
            try:
                with trust.wrap_socket(connection, server_hostname="127.0.0.1") as wrapped:
                    wrapped.sendall(b"RCPT TO:<support@uketsuke.example>\r\n")
                    assert wrapped.recv(1000)[:1] == b"5"  # no sender was taken over
            except (ssl.SSLError, ConnectionError):
                pass  # the session ended: nothing was obeyed either
        connection.close()
    assert store.kept == []


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_lmtp_answers_for_each_recipient(kind: str, tmp_path: Path) -> None:
    store, path = Memory(), tmp_path / "lmtp.sock"
    with listening(store, lmtp=path if kind == "unix" else ("127.0.0.1", 0)) as listener:
        where = (str(path), 0) if kind == "unix" else ("127.0.0.1", listener.lmtp_port)
        if kind == "unix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with smtplib.LMTP(*where) as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<a@x.example>")
            assert client.docmd("RCPT", f"TO:<{DESK}>")[0] == 250
            assert client.docmd("RCPT", "TO:<nobody@other.example>")[0] == 550
            assert client.docmd("RCPT", f"TO:<{DESK.replace('@', '+x@')}>")[0] == 250
            assert client.docmd("DATA")[0] == 354
            client.send(MAIL + b".\r\n")
            assert [client.getreply()[0] for _ in range(2)] == [250, 250]
    assert [arrival.envelope.rcpt_tos for arrival in store.kept] == [(DESK, DESK.replace("@", "+x@"))]


def test_a_dead_socket_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with listening(Memory(), lmtp=path), pytest.raises(ConfigError), listening(Memory(), lmtp=path):
        pass


def test_lmtp_speaks_no_smtp_and_smtp_no_lmtp() -> None:
    with listening(Memory(), lmtp=("127.0.0.1", 0)) as listener:
        with raw(listener.port) as smtp:
            said(smtp, b"")
            assert said(smtp, b"LHLO x.example")[:1] == b"5"
        with raw(listener.lmtp_port) as lmtp:
            said(lmtp, b"")
            assert said(lmtp, b"EHLO x.example")[:1] == b"5"
            assert said(lmtp, b"LHLO x.example")[:3] == b"250"


def test_too_many_sessions_of_one_peer_are_told_to_come_later() -> None:
    with listening(Memory(), peers=STRANGERS) as listener:
        with raw(listener.port) as first, raw(listener.port) as second, raw(listener.port) as third:
            assert [said(one, b"")[:3] for one in (first, second, third)] == [b"220", b"220", b"421"]
            assert said(first, b"QUIT")[:3] == b"221"
        with raw(listener.port) as again:
            assert said(again, b"")[:3] == b"220"


def test_too_many_mails_a_minute_are_temporary() -> None:
    store = Memory()
    with listening(store, peers=STRANGERS) as listener, raw(listener.port) as file:
        said(file, b"")
        said(file, b"EHLO x.example")
        codes = []
        for _ in range(3):
            codes.append(said(file, b"MAIL FROM:<a@x.example>")[:3])
            said(file, b"RSET")
    assert codes == [b"250", b"250", b"451"]


def test_a_client_that_is_wrong_again_and_again_is_let_go() -> None:
    limits = SessionLimits(max_errors=3)
    with listening(Memory(), limits=limits) as listener, raw(listener.port) as file:
        said(file, b"")
        codes = [said(file, b"NONSENSE")[:3] for _ in range(4)]
        assert codes == [b"500"] * 4
        assert file.readline()[:3] == b"421"
        assert file.readline() == b""


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(SessionLimits(idle_s=0.3), id="silent between commands"),
        pytest.param(SessionLimits(data_idle_s=0.3), id="silent within a mail"),
        pytest.param(SessionLimits(data_idle_s=5.0, data_total_s=0.5), id="one byte at a time"),
    ],
)
def test_a_slow_client_is_told_421_and_its_half_mail_is_not_kept(limits: SessionLimits) -> None:
    store = Memory()
    with listening(store, limits=limits) as listener, raw(listener.port) as file:
        said(file, b"")
        if limits.idle_s > 1:
            for line in (b"EHLO x", b"MAIL FROM:<a@x.example>", b"RCPT TO:<support@uketsuke.example>", b"DATA"):
                said(file, line)
            file.write(b"Subject: half\r\n")
        assert file.readline()[:3] == b"421"
        assert file.readline() == b""
    assert store.kept == []


def test_verify_and_expand_tell_nothing() -> None:
    with listening(Memory()) as listener, raw(listener.port) as file:
        said(file, b"")
        said(file, b"EHLO x.example")
        assert said(file, b"VRFY support@uketsuke.example")[:3] in {b"252", b"502"}
        assert said(file, b"EXPN support")[:3] in {b"500", b"502"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"smtp_tls_cert": "cert.pem"}, "UKETSUKE_SMTP_TLS_KEY"),
        ({"smtp_tls_key": "key.pem"}, "UKETSUKE_SMTP_TLS_CERT"),
        ({"smtp_tls_cert": "none.pem", "smtp_tls_key": "none.pem"}, "none.pem"),
        ({"smtp_require_tls": True}, "UKETSUKE_SMTP_REQUIRE_TLS"),
        ({"lmtp": "24"}, "UKETSUKE_LMTP"),
        ({"lmtp": "host:99999"}, "UKETSUKE_LMTP"),
        ({"lmtp": "unix:"}, "UKETSUKE_LMTP"),
    ],
)
def test_wrong_settings_are_one_clear_line(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        listener_settings(Settings.model_validate(given))
    assert "\n" not in str(caught.value)


def test_where_the_local_inlet_is() -> None:
    assert lmtp_of("") is None
    assert lmtp_of("127.0.0.1:24") == ("127.0.0.1", 24)
    assert lmtp_of("[::1]:24") == ("::1", 24)
    assert lmtp_of("unix:/run/uketsuke/lmtp.sock") == Path("/run/uketsuke/lmtp.sock")
