"""Why nothing can listen at a place, and which setting is to be mended."""

from __future__ import annotations

import errno
import re
import socket
from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.cli.app import run
from runtime.ports import listeners_of, require_free, roles_of, why_not_bound
from runtime.settings import load_settings

ELSEWHERE = "203.0.113.5"  # RFC 5737: nobody's
NOWHERE = Path("no-such-file.toml")


@pytest.mark.parametrize("setting", ["SMTP", "DESK", "WATCH"])
def test_an_address_of_another_machine_names_the_setting_of_the_host(setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_free(ELSEWHERE, 8025, f"UKETSUKE_{setting}_PORT")
    said = str(caught.value)
    assert said.startswith(
        f"UKETSUKE_{setting}_HOST: {ELSEWHERE}:8025: is no address of this machine; write 127.0.0.1 "
    )
    assert "port" not in said


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 99])
def test_a_host_that_nobody_knows_names_the_setting_of_the_host(host: str) -> None:
    with pytest.raises(ConfigError, match=rf"^UKETSUKE_DESK_HOST: {host}:8080: no such host is known \("):
        require_free(host, 8080, "UKETSUKE_DESK_PORT")


def test_a_port_that_is_taken_still_names_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"^UKETSUKE_SMTP_PORT: 127.0.0.1:{port}: .*set another port$"):
            require_free("127.0.0.1", port, "UKETSUKE_SMTP_PORT")


def test_a_low_port_says_who_may_have_it() -> None:
    said = why_not_bound("0.0.0.0", 25, "UKETSUKE_SMTP_PORT", PermissionError(errno.EACCES, "Permission denied"))
    assert said == (
        "UKETSUKE_SMTP_PORT: 0.0.0.0:25: Permission denied;"
        " set a port from 1024 on, or let this user have the lower ones (CAP_NET_BIND_SERVICE)"
    )


@pytest.mark.parametrize("role", ["smtp", "worker", "desk", "serve"])
def test_every_role_names_the_host_that_is_wrong(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = {"worker": "WATCH"}.get(role, "SMTP" if role == "smtp" else "DESK")
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "9741")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "9742")
    monkeypatch.setenv("UKETSUKE_WATCH_PORT", "9743" if role == "worker" else "0")
    monkeypatch.setenv(f"UKETSUKE_{name}_HOST", ELSEWHERE)
    assert run([role]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.match(rf"uketsuke: UKETSUKE_{name}_HOST: {ELSEWHERE}:\d+: is no address of this machine; ", last)


def test_the_listeners_of_serve_are_those_of_its_roles() -> None:
    settings = load_settings({"UKETSUKE_WATCH_PORT": "9700", "UKETSUKE_WORKERS": "2"}, NOWHERE)
    assert roles_of(settings) == ["smtp", "desk", "worker", "worker", "deliver", "scheduler"]
    assert [port for _, port, setting in listeners_of(settings) if setting == "UKETSUKE_WATCH_PORT"] == list(
        range(9700, 9706)
    )
    assert len(listeners_of(load_settings({}, NOWHERE))) == 2


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "9731")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "9732")
    monkeypatch.setenv("UKETSUKE_WATCH_PORT", "9733")
    return tmp_path


def test_check_looks_at_every_watch_port(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check"])
    assert (
        "ok     watch port: 127.0.0.1:9733 to 9737, one for each role of `serve`: all free" in capsys.readouterr().out
    )
    with socket.create_server(("127.0.0.1", 9736)):
        assert run(["check"]) == 2
    assert "watch port: UKETSUKE_WATCH_PORT: 127.0.0.1:9736: Address already in use" in capsys.readouterr().out
    assert place.exists()


def test_check_sees_listeners_of_ours_on_one_port(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["check"])
    assert "ok     ports: each listener has one of its own" in capsys.readouterr().out
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "9735")
    assert run(["check"]) == 2
    assert (
        "ports: UKETSUKE_WATCH_PORT: 127.0.0.1:9735: is that of UKETSUKE_DESK_PORT as well" in capsys.readouterr().out
    )
    assert place.exists()
