"""`check` of an installation that runs, and of what this version does not know."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.cli.app import run
from runtime.cli.check import greets_as_ours, is_our_desk
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
