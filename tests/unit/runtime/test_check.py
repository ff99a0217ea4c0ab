"""`check` of an installation that runs, and of what this version does not know."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete

from models.db.accept import INBOUND
from runtime.cli.app import run
from runtime.cli.check import greets_as_ours, is_our_desk
from runtime.settings import load_settings
from runtime.wiring import open_store
from tests.support.certificates import make_certificate, needs_openssl
from tests.support.filings import arrival, file_one
from tests.support.zones import SILENT, Zone


@contextmanager
def greeting(words: bytes) -> Iterator[int]:
    """A listener that greets each session with these words."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    session, _ = server.accept()
                    with session:
                        session.sendall(words)
                        session.recv(100)
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def web(name: str) -> Iterator[int]:
    """A web server under this name that knows /healthz."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def version_string(self) -> str:
            return name

        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_ports_in_use_by_uketsuke_are_well(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with greeting(b"220 uketsuke ESMTP\r\n") as smtp, web("uketsuke") as desk:
        monkeypatch.setenv("UKETSUKE_SMTP_PORT", str(smtp))
        monkeypatch.setenv("UKETSUKE_DESK_PORT", str(desk))
        assert run(["check"]) == 0
    out = capfd.readouterr().out
    assert f"ok     smtp port: 127.0.0.1:{smtp} is in use by uketsuke" in out
    assert f"ok     desk port: 127.0.0.1:{desk} is in use by uketsuke" in out


def test_ports_in_use_by_others_are_wrong(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with greeting(b"220 mx.example ESMTP Postfix\r\n") as smtp, web("nginx") as desk:
        monkeypatch.setenv("UKETSUKE_SMTP_PORT", str(smtp))
        monkeypatch.setenv("UKETSUKE_DESK_PORT", str(desk))
        assert run(["check"]) == 2
    out = capfd.readouterr().out
    assert "WRONG  smtp port: UKETSUKE_SMTP_PORT" in out
    assert "WRONG  desk port: UKETSUKE_DESK_PORT" in out


def test_what_answers_neither_way_is_not_ours() -> None:
    with greeting(b"nonsense\r\n") as port:
        assert not greets_as_ours("127.0.0.1", port)
        assert not is_our_desk("127.0.0.1", port)
    assert not greets_as_ours("127.0.0.1", port)
    assert not is_our_desk("127.0.0.1", port)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (("a.root.example",), 0, "ok     sender check: dns: by SPF, DKIM and DMARC; DNS answers"),
        (
            (),
            1,
            "WRONG  sender check: dns: DNS does not answer (it knows no root servers), every sender stays unchecked",
        ),
        (
            SILENT,
            1,
            "WRONG  sender check: dns: DNS does not answer (LifetimeTimeout), every sender stays unchecked; mend",
        ),
    ],
)
def test_check_asks_dns_one_harmless_question(
    answer: tuple[str, ...] | Exception,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    zone = Zone({" NS": answer})
    monkeypatch.setattr("runtime.wiring.dns_resolver", lambda: zone)
    monkeypatch.setenv("UKETSUKE_SENDER_CHECK", "dns")
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "0")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "0")
    assert run(["check"]) == code
    assert said in capfd.readouterr().out
    assert (zone.asked, zone.lifetimes) == ([" NS"], [3.0])


def test_check_asks_no_dns_where_senders_are_not_checked_by_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    zone = Zone()
    monkeypatch.setattr("runtime.wiring.dns_resolver", lambda: zone)
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "0")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "0")
    assert run(["check"]) == 0
    assert "ok     sender check: none: every sender counts as unchecked" in capfd.readouterr().out
    assert zone.asked == []


def checked(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], **settings: object) -> tuple[int, str]:
    for name, value in {"smtp_port": 0, "desk_port": 0, **settings}.items():
        monkeypatch.setenv(f"UKETSUKE_{name.upper()}", str(value))
    return run(["check"]), capfd.readouterr().out


@needs_openssl
def test_a_certificate_is_tried_as_a_client_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cert, key = make_certificate(tmp_path, days=30)
    code, out = checked(monkeypatch, capfd, smtp_tls_cert=cert, smtp_tls_key=key)
    assert code == 0
    assert "ok     smtp tls: STARTTLS is offered; the certificate is good until 20" in out


@needs_openssl
def test_a_certificate_that_ends_soon_or_is_of_another_key_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cert, key = make_certificate(tmp_path, days=2)
    code, out = checked(monkeypatch, capfd, smtp_tls_cert=cert, smtp_tls_key=key)
    assert code == 2
    assert f"WRONG  smtp tls: UKETSUKE_SMTP_TLS_CERT: {cert}: ends in 1 days; renew it" in out
    (tmp_path / "other").mkdir()
    _, other = make_certificate(tmp_path / "other", days=30)
    code, out = checked(monkeypatch, capfd, smtp_tls_cert=cert, smtp_tls_key=other)
    assert code == 2
    assert f"WRONG  smtp tls: UKETSUKE_SMTP_TLS_CERT: {cert} with {other}: " in out


def test_the_local_inlet_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    free, lost, taken = tmp_path / "l.sock", tmp_path / "nowhere" / "l.sock", tmp_path / "file"
    taken.write_text("x", encoding="utf-8")
    assert f"ok     lmtp: {free} is free" in checked(monkeypatch, capfd, lmtp=f"unix:{free}")[1]
    for value, said in (
        (f"unix:{lost}", "this user may not write to its folder"),
        (f"unix:{taken}", "is there and no socket"),
        ("nonsense", "write host:port or unix:"),
    ):
        code, out = checked(monkeypatch, capfd, lmtp=value)
        assert code == 2
        assert said in out


def test_books_that_do_not_agree_are_wrong_and_readers_of_reports_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store(load_settings()).close()
    run(["check"])
    said = capsys.readouterr().out
    assert "ok     books: every accepted mail is accounted for" in said
    assert "reports: nobody gets them by mail" in said
    monkeypatch.setenv("UKETSUKE_REPORT_TO", "boss@example.com")
    store = open_store(load_settings())
    file_one(store)
    store.accept([arrival(2)])
    with store.write() as connection:
        connection.execute(delete(INBOUND).where(INBOUND.c.id == 2))
    store.close()
    assert run(["check"]) == 1
    said = capsys.readouterr().out
    assert "WRONG  books: lost: 1 delivery" in said
    assert (
        "reports: report_week to boss@example.com; report_month to boss@example.com; books to boss@example.com; they wait"
        in said
    )


def test_check_makes_nothing_that_a_restore_would_find_in_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path / "new"))
    run(["check"])
    said = capfd.readouterr().out
    assert "ok     secret: " in said
    assert "secret.key: not there yet, the first start makes one" in said
    assert "ok     models: loaded" in said
    assert list(tmp_path.rglob("*")) == []
