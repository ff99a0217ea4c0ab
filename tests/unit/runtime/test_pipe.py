"""`import -` as an MTA calls it: the envelope it is told, and the exit code that decides over the mail."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from models.db.migrate import upgrade
from models.db.store import Store
from models.mail import Envelope
from runtime.cli.app import run

ROOT = Path(__file__).parents[3]
MAIL = (
    b"From: taro@sample.example\nTo: support@uketsuke.example\nSubject: hello\nMessage-ID: <1@sample.example>\n\nbody\n"
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SENDER", "RECIPIENT", "ORIGINAL_RECIPIENT"):
        monkeypatch.delenv(name, raising=False)


def pipe(monkeypatch: pytest.MonkeyPatch, mail: bytes, *options: str, **environment: str) -> int:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail)))
    code = run(["import", "-", *options])
    for name in environment:
        monkeypatch.delenv(name)
    return code


def opened() -> Store:
    return Store(f"sqlite:///{Path('var/uketsuke.sqlite3').absolute()}")


def kept() -> list[tuple[str, int]]:
    store = opened()
    rows = [(row.subject, row.mails[0].deliveries) for row in store.queue()]
    store.close()
    return rows


def envelope(number: int = 1) -> Envelope:
    store = opened()
    found = store.envelope(number)
    store.close()
    return found


def test_the_mta_tells_the_envelope_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "SENDER": "bounces@sample.example",
        "RECIPIENT": "uketsuke@mx.example",
        "ORIGINAL_RECIPIENT": "Support+T000123.x@uketsuke.example",
    }
    assert pipe(monkeypatch, MAIL, **told) == os.EX_OK
    found = envelope()
    assert (found.mail_from, found.is_sender_known, found.is_from_file) == ("bounces@sample.example", True, False)
    assert found.rcpt_tos == ("uketsuke@mx.example", "Support+T000123.x@uketsuke.example")


def test_options_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--sender=a@b.example", "--recipient=x@uketsuke.example", "--recipient=support@uketsuke.example")
    assert pipe(monkeypatch, MAIL, *options, SENDER="no@no.example", RECIPIENT="no@no.example") == os.EX_OK
    assert envelope().mail_from == "a@b.example"
    assert envelope().rcpt_tos == ("x@uketsuke.example", "support@uketsuke.example")


@pytest.mark.parametrize("told", [{"SENDER": ""}, {"SENDER": "MAILER-DAEMON"}, {"SENDER": "<>"}])
def test_the_null_sender_is_known_as_such(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipe(monkeypatch, MAIL, RECIPIENT="support@uketsuke.example", **told) == os.EX_OK
    assert (envelope().mail_from, envelope().is_sender_known) == ("", True)


def test_without_an_envelope_the_headers_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipe(monkeypatch, MAIL) == os.EX_OK
    assert (envelope().mail_from, envelope().is_sender_known, envelope().is_from_file) == ("", False, True)
    assert pipe(monkeypatch, b"Return-Path: <MAILER-DAEMON>\n" + MAIL.replace(b"hello", b"two")) == os.EX_OK
    assert (envelope(2).mail_from, envelope(2).is_sender_known) == ("", True)
    assert pipe(monkeypatch, b"Return-Path: <x@y.example>\n" + MAIL.replace(b"hello", b"three")) == os.EX_OK
    assert envelope(3).mail_from == "x@y.example"


def test_a_mail_that_is_handed_over_again_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for second in (15, 16):
        line = f"From taro@sample.example  Sun Nov 22 10:15:{second} 2026\n".encode()
        assert pipe(monkeypatch, line + b"Delivered-To: support@uketsuke.example\n" + MAIL) == os.EX_OK
    assert kept() == [("hello", 2)]
    store = opened()
    assert store.raw_mail(1) == b"Delivered-To: support@uketsuke.example\n" + MAIL
    store.close()


@pytest.mark.parametrize("nothing", [b"", b"\n", b"From taro@sample.example  Sun Nov 22 10:15:15 2026\n"])
def test_nothing_is_temporary(nothing: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipe(monkeypatch, nothing) == os.EX_TEMPFAIL


def test_wrong_settings_are_temporary_because_someone_mends_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = {"UKETSUKE_MODE": "wrong"}
    assert pipe(monkeypatch, MAIL, **wrong) == os.EX_TEMPFAIL
    assert "UKETSUKE_MODE (environment)" in capfd.readouterr().err
    assert pipe(monkeypatch, MAIL, UKETSUKE_DATABASE_URL="mysql://u:geheim@h/d") == os.EX_TEMPFAIL
    assert "geheim" not in capfd.readouterr().err


def test_a_database_that_is_away_or_locked_or_broken_is_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("models.db.engine._BUSY_MS", 50)
    away = f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite3'}"
    assert pipe(monkeypatch, MAIL, UKETSUKE_DATABASE_URL=away) == os.EX_TEMPFAIL
    (tmp_path / "broken.sqlite3").write_bytes(b"no database" * 1000)
    broken = f"sqlite:///{tmp_path / 'broken.sqlite3'}"
    assert pipe(monkeypatch, MAIL, UKETSUKE_DATABASE_URL=broken) == os.EX_TEMPFAIL
    locked = f"sqlite:///{tmp_path / 'locked.sqlite3'}"
    upgrade(locked)
    with sqlite3.connect(tmp_path / "locked.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert pipe(monkeypatch, MAIL, UKETSUKE_DATABASE_URL=locked) == os.EX_TEMPFAIL
        other.execute("ROLLBACK")
    other.close()
    assert all(line.startswith("uketsuke: ") for line in capfd.readouterr().err.splitlines())
    assert pipe(monkeypatch, MAIL, UKETSUKE_DATABASE_URL=locked) == os.EX_OK


@pytest.mark.parametrize("options", [("--nonsense",), ("one.eml",), ("--dry-run",)])
def test_a_wrong_call_is_ex_usage(options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipe(monkeypatch, MAIL, *options) == os.EX_USAGE
    assert not Path("var").exists()


def test_an_envelope_belongs_to_the_pipe_only(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("one.eml").write_bytes(MAIL)
    assert run(["import", "--sender", "a@b.example", "one.eml"]) == 2
    monkeypatch.setenv("SENDER", "shell@user.example")
    assert run(["import", "one.eml"]) == 0
    assert envelope().mail_from == ""


# The command as an MTA starts it; its first question for its parent tells that it is about to read.
PROGRAM = """
import os, sys
ask = os.getppid
def told():
    open("reading", "w").close()
    return ask()
os.getppid = told
sys.path.insert(0, {root!r})
sys.argv = ["uketsuke", "import", "-"]
from runtime.cli import main
try:
    main()
except SystemExit as end:
    open("code.new", "w").write(str(end.code))
    os.rename("code.new", "code")
    raise
"""


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(file)
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_interruption_is_temporary(number: signal.Signals) -> None:
    program = PROGRAM.format(root=str(ROOT))
    # A shell's background job hands on that it ignores SIGINT; an MTA does not.
    hears = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hears,  # noqa: PLW1509 - this test starts no threads
    ) as command:
        assert command.stdin is not None
        command.stdin.write(MAIL)
        command.stdin.flush()
        wait_for(Path("reading"))
        command.send_signal(number)
        assert command.wait(30) == os.EX_TEMPFAIL
    assert not Path("var").exists()


def test_half_a_mail_of_a_program_that_died_is_not_taken() -> None:
    """The program in the middle is the MTA: it dies before the mail is through, and only the command is left."""
    program = PROGRAM.format(root=str(ROOT))
    mta = (
        "import os, subprocess, sys, time\n"
        f"command = subprocess.Popen([sys.executable, '-c', {program!r}], stdin=subprocess.PIPE)\n"
        f"command.stdin.write({MAIL!r}); command.stdin.flush()\n"
        "while not os.path.exists('reading'): time.sleep(0.02)\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", mta], check=False, capture_output=True)
    wait_for(Path("code"))
    assert Path("code").read_text(encoding="utf-8") == str(os.EX_TEMPFAIL)
    assert not Path("var").exists()


# It reads what a dying program wrote, and says what it makes of it.
READER = """
import os, sys
sys.path.insert(0, {root!r})
from runtime.inlets import mail_of_pipe
from models.errors import StoreUnavailable
parent = os.getppid()
open("reading", "w").close()
try:
    mail_of_pipe(sys.stdin.buffer, parent)
    said = "taken"
except StoreUnavailable:
    said = "refused"
open("said.new", "w").write(said)
os.rename("said.new", "said")
"""
# One that holds many files is long in dying; they are closed in order, the pipe's end among the first.
DYING = """
import os, resource, subprocess, sys, time
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
command = subprocess.Popen([sys.executable, "-c", {reader!r}], stdin=subprocess.PIPE)
command.stdin.write({mail!r}); command.stdin.flush()
held = [os.eventfd(0) for _ in range(min(most - 100, 4000))]
while not os.path.exists("reading"): time.sleep(0.005)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a dying program looks like is Linux's")
def test_a_program_that_is_dying_has_not_handed_its_mail_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end of the pipe is closed, as at a mail's end, before its children can see by their parent's number that it is dead."""
    program = DYING.format(reader=READER.format(root=str(ROOT)), mail=MAIL)
    said = []
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
        wait_for(Path("said"))
        said.append(Path("said").read_text(encoding="utf-8"))
    assert said == ["refused"] * 20
