"""What is wrong with folder, database or call is one clear line and exit 2, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.wire import mail_object
from models.db.engine import BrokenDatabase, make_engine, transaction
from models.db.migrate import upgrade
from models.errors import ConfigError, StoreUnavailable
from runtime.cli.app import run
from runtime.triage_object import error_object

ROOT = Path(__file__).parents[3]
MAIL = "From: taro@sample.example\nTo: support@uketsuke.example\nSubject: x\nMessage-ID: <1@sample.example>\n\nbody\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    err = capfd.readouterr().err.strip()
    assert err.startswith("uketsuke: ")
    assert "\n" not in err
    return err


@pytest.mark.parametrize("command", [["queue"], ["show", "T000001"], ["prepare"], ["serve"], ["import", "x.eml"]])
@pytest.mark.parametrize(
    "url",
    [
        "garbage",
        "mysql://x",
        "oracle://u:hush-hush@h/x",
        "postgresql+nothing://h/x",
        "postgresql+psycopg://u:hush-hush@h:port/x",
    ],
)
def test_a_database_that_we_do_not_know_is_named_with_the_mend_and_never_quoted(
    command: list[str], url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", url)
    assert run(command) == 2
    said = one_line(capfd)
    assert "UKETSUKE_DATABASE_URL" in said
    assert "write postgresql+psycopg://" in said
    assert "hush-hush" not in said


@pytest.mark.parametrize("command", [["queue"], ["prepare"], ["scheduler"], ["smtp"], ["worker"]])
@pytest.mark.parametrize("folder", ["/proc/x", "plain"])
def test_a_data_folder_that_cannot_be_is_named_with_the_mend(
    command: list[str], folder: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("plain").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("UKETSUKE_DATA_DIR", folder)
    assert run(command) == 2
    assert f"UKETSUKE_DATA_DIR: {folder}" in one_line(capfd)


def nobody_at() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "command",
    [
        ["queue"],
        ["show", "T000001"],
        ["prepare"],
        ["backup", "--without-secret", "backup.zip"],
        ["serve"],
        ["smtp"],
        ["worker"],
        ["deliver"],
        ["desk"],
        ["scheduler"],
    ],
)
def test_a_database_server_that_does_not_answer_is_one_line_with_the_mend(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", str(nobody_at()))
    monkeypatch.setenv("UKETSUKE_DESK_PORT", str(nobody_at()))
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", f"postgresql+psycopg://u:hush-hush@127.0.0.1:{nobody_at()}/x")
    assert run(command) == 2
    said = one_line(capfd)
    assert said.startswith("uketsuke: UKETSUKE_DATABASE_URL: ")
    assert said.endswith("; start the database, or mend the setting")
    assert "hush-hush" not in said


@pytest.mark.postgres
@pytest.mark.parametrize("command", [["queue"], ["prepare"], ["serve"], ["check"], ["scheduler"]])
def test_a_database_that_cannot_hold_every_text_is_one_line_with_the_mend(
    command: list[str], postgres_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        server = connection.execution_options(isolation_level="AUTOCOMMIT")
        server.exec_driver_sql("DROP DATABASE IF EXISTS ascii")
        server.exec_driver_sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    engine.dispose()
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", postgres_url.rpartition("/")[0] + "/ascii")
    assert run(command) == 2
    captured = capfd.readouterr()
    (said,) = [line for line in (captured.out + captured.err).splitlines() if "SQL_ASCII" in line]
    assert said.endswith(
        "the database's encoding is SQL_ASCII, not UTF8; make another with ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
    )
    assert "Traceback" not in captured.err


@pytest.mark.postgres
def test_texts_are_utf_8_whatever_environment_and_url_would_have(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    engine = make_engine(f"{postgres_url}?client_encoding=latin1")
    with transaction(engine, writes=False) as connection:
        assert connection.exec_driver_sql("SHOW client_encoding").scalar_one() == "UTF8"
        assert connection.exec_driver_sql("SELECT chr(21463)").scalar_one() == "受"
    engine.dispose()


def test_a_role_that_is_started_again_anyhow_says_the_same_and_is_not_taken_for_wrongly_set_up(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("runtime.stopping.is_supervised", lambda: True)
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", f"postgresql+psycopg://u@127.0.0.1:{nobody_at()}/x")
    assert run(["worker"]) == 1  # the supervisor ends everything on 2
    assert "refused" in one_line(capfd)


def broken(tmp_path: Path, *, whole: bool) -> Path:
    file = tmp_path / "broken.sqlite3"
    if whole:
        file.write_bytes(b"this is no database at all, " * 400)
        return file
    upgrade(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("command", [["queue"], ["prepare"]])
def test_a_broken_database_file_is_one_line_with_the_mend(
    command: list[str], whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", f"sqlite:///{broken(tmp_path, whole=whole)}")
    assert run(command) == 2
    assert "put the backup in its place" in one_line(capfd)


def test_senders_hear_of_a_broken_database_that_they_may_try_again(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{broken(tmp_path, whole=True)}")
    with pytest.raises(StoreUnavailable) as caught, transaction(engine, writes=True):
        pass
    assert isinstance(caught.value, BrokenDatabase)
    assert caught.value.temporary
    assert caught.value.heard == StoreUnavailable.heard
    engine.dispose()


def test_a_url_that_is_not_readable_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        make_engine("garbage")


def test_check_of_a_broken_file_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", f"sqlite:///{broken(tmp_path, whole=True)}")
    assert run(["check"]) == 2
    out = capfd.readouterr().out
    assert "WRONG  database: the database: file is not a database" in out
    assert "ok     policy pack" in out


@pytest.mark.parametrize("arguments", [["check", "--pack", "nowhere"], ["check"]])
def test_a_wrong_pack_is_exit_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_PACK", "nowhere")
    assert run(arguments) == 2
    assert "WRONG  policy pack" in capfd.readouterr().out


def test_an_unreadable_file_has_every_key_of_the_contract(capfd: pytest.CaptureFixture[str]) -> None:
    Path("one.eml").write_text(MAIL, encoding="utf-8")
    for command in ("triage", "parse"):
        assert run([command, "--json", "none.eml", "one.eml"]) == 1
        wrong, right = (json.loads(line) for line in capfd.readouterr().out.splitlines())
        assert set(wrong) == set(right)
        assert (wrong["path"], wrong["error"]) == ("none.eml", "No such file or directory")
    assert set(error_object("x", "y")["links"]) == {"evidence", "goal"}  # type: ignore[call-overload]
    said = {
        name
        for name, value in {**error_object("", ""), **mail_object("", None, "")}.items()
        if value not in (None, "", [], {}, False)
    }
    assert said == {"links"}


@pytest.mark.parametrize(
    "arguments", [["import", "-", "one.eml"], ["import", "one.eml", "-"], ["import", "--dry-run", "-"]]
)
def test_the_dash_of_import_stands_alone(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    Path("one.eml").write_text(MAIL, encoding="utf-8")
    assert run(arguments) == os.EX_USAGE  # it may be an MTA that calls
    assert "stands alone" in one_line(capfd)
    assert not Path("var").exists()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.eml").write_text(MAIL.replace("Subject: x", "Subject: " + "x" * 200), encoding="utf-8")
    command = [sys.executable, "-m", "runtime.cli", "import", "--dry-run", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()
        assert (running.wait(60), said) == (0, b"")
