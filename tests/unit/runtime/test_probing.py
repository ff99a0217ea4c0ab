from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runtime.cli.app import run
from runtime.cli.probing import troubles_of
from tests.support.postgres import free_port


class Role(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_well = self.path == "/livez"
        self.send_response(200 if is_well else 503)
        self.end_headers()
        self.wfile.write(b"ok\n" if is_well else b"not ready: the database is away\nmore\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """A test's output is not for requests."""


@pytest.fixture
def port() -> Iterator[int]:
    """A role that is alive and not ready."""
    with HTTPServer(("127.0.0.1", 0), Role) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_role_that_is_well_is_exit_0_without_a_word(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_WATCH_PORT", str(port))
    monkeypatch.setenv("UKETSUKE_WATCH_HOST", "0.0.0.0")
    assert run(["probe"]) == 0
    assert capsys.readouterr() == ("", "")


def test_one_that_is_not_ready_says_why_in_one_line(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_WATCH_PORT", str(port))
    assert run(["probe", "--ready"]) == 1
    said = capsys.readouterr().err
    assert said == f"uketsuke: 127.0.0.1:{port}/readyz: 503 not ready: the database is away\n"


def test_every_role_of_serve_is_asked(port: int) -> None:
    silent = free_port()
    assert troubles_of("127.0.0.1", [port], "/livez") == []
    assert troubles_of("127.0.0.1", [port, silent], "/livez") == [f"127.0.0.1:{silent}/livez: Connection refused"]


def test_without_a_port_there_is_nobody_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe"]) == 2
    assert "UKETSUKE_WATCH_PORT: 0: no role says how it is" in capsys.readouterr().err
