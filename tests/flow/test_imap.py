"""A mailbox on a real Dovecot, read by people and by uketsuke: each mail comes in once, and the mailbox stays theirs."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.imap import Poller
from ingest.mailbox import Mailbox
from models.db.store import Store
from models.errors import MailboxError, StoreUnavailable
from runtime.arrivals import arrival_of
from runtime.cli.app import run
from runtime.clock import utc_now
from runtime.imap_connection import LoginRefused, connected, mailbox_of
from runtime.imap_role import ImapRole, make_folder, poll_settings, wait_for_mail
from runtime.settings import Settings, load_settings
from tests.support.dovecot import BINARY, PASSWORD, WHY_NOT, Dovecot, running_dovecot
from tests.support.postgres import free_port

pytestmark = pytest.mark.skipif(not BINARY.exists(), reason=WHY_NOT)
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
STARTED: list[subprocess.Popen[bytes]] = []


def mail(number: int, body: str = "接続できません") -> bytes:
    text = (
        f"Return-Path: <user{number}@c.example>\r\nReceived: from c.example by mx.example; {number}\r\n"
        f"From: user{number}@c.example\r\nTo: support@uketsuke.example\r\nSubject: No {number}\r\nMessage-ID: <i{number}@c.example>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return f"{text}{body} {number}\r\n".encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running_dovecot() as dovecot:
        yield dovecot


@pytest.fixture
def dovecot(server: Dovecot) -> Dovecot:
    """With an empty mailbox."""
    with server.client() as client:
        for _, _, name in client.list_folders():
            client.select_folder(name)
            client.delete_messages(client.search())
            client.expunge()
            if name != "INBOX":
                client.select_folder("INBOX")
                client.delete_folder(name)
    return server


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    """Whatever a failing test left behind would go on reading the mailbox."""
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait(20)


@pytest.fixture
def environment(dovecot: Dovecot, tmp_path: Path) -> dict[str, str]:
    return {
        "UKETSUKE_DATA_DIR": str(tmp_path),
        "UKETSUKE_DATABASE_URL": f"sqlite:///{tmp_path / 'one.sqlite3'}",  # where the fixture of the store puts it
        "UKETSUKE_IMAP": dovecot.url(),
        "UKETSUKE_IMAP_PASSWORD_FILE": str(dovecot.password_file),
    }


def settings_of(environment: dict[str, str], **changes: str) -> Settings:
    changed = {f"UKETSUKE_{name.upper()}": value for name, value in changes.items()}
    return load_settings({**environment, **changed}, Path("none.toml"))


def make_poller(store: Store, settings: Settings) -> Poller:
    return Poller(store, poll_settings(settings), lambda raw: arrival_of(raw, settings, utc_now()), utc_now)


def poll(store: Store, settings: Settings) -> int:
    """One look into the mailbox by a role that has just started."""
    with connected(mailbox_of(settings), settings) as client:
        make_folder(client, settings)
        return make_poller(store, settings).poll(client)


def kept(store: Store) -> dict[str, int]:
    """How often each mail was delivered, by subject."""
    return {row.subject: row.mails[0].deliveries for row in store.queue(limit=500, include_closed=True)}


def once(*numbers: int) -> dict[str, int]:
    return {f"No {number}": 1 for number in numbers}


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def start(
    environment: dict[str, str], log: Path, program: str = "", role: str = "imap", **changes: str
) -> subprocess.Popen[bytes]:
    """The role in a process of its own; `program` is planted in it before it begins."""
    changed = {f"UKETSUKE_{name.upper()}": value for name, value in changes.items()}
    code = f"{program}\nimport sys; from runtime.cli import main; sys.argv = ['uketsuke', {role!r}]; main()"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment, **changed},
            stdout=out,
            stderr=out,
        )
    STARTED.append(process)
    return process


def end(*processes: subprocess.Popen[bytes]) -> list[int]:
    for process in processes:
        process.terminate()
    return [process.wait(30) for process in processes]


def test_mails_come_in_once_and_the_mailbox_shows_no_trace(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    settings = settings_of(environment)
    dovecot.deliver(mail(1), mail(2))
    assert poll(sqlite_store, settings) == 2
    assert poll(sqlite_store, settings) == 0
    assert dovecot.subjects() == {b"No 1": (), b"No 2": ()}
    dovecot.deliver(mail(3))
    assert poll(sqlite_store, settings) == 1
    assert kept(sqlite_store) == once(1, 2, 3)
    assert [sqlite_store.raw_mail(number) for number in (1, 2, 3)] == [mail(1), mail(2), mail(3)]
    envelope = sqlite_store.envelope(3)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("user3@c.example", ("support@uketsuke.example",))


def test_a_mail_that_somebody_else_has_read_is_taken_all_the_same(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    dovecot.deliver(mail(1), mail(2))
    with dovecot.client() as person:
        person.fetch(person.search()[:1], ["BODY[]"])
        person.add_flags(person.search()[1:], [rb"\Flagged", rb"\Answered", b"$Important"])
    assert dovecot.subjects()[b"No 1"] == (rb"\Seen",)
    assert poll(sqlite_store, settings_of(environment)) == 2
    assert kept(sqlite_store) == once(1, 2)


def test_another_uidvalidity_doubles_nothing(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    settings = settings_of(environment)
    dovecot.deliver(mail(1), mail(2))
    poll(sqlite_store, settings)
    before = {mark.uid for mark in sqlite_store.marks(settings.mailbox.shown, uidvalidity(dovecot)).values()}  # type: ignore[union-attr]
    was = uidvalidity(dovecot)
    dovecot.change_uidvalidity()
    assert uidvalidity(dovecot) != was
    dovecot.deliver(mail(3))
    poll(sqlite_store, settings)
    poll(sqlite_store, settings)
    assert kept(sqlite_store) == once(1, 2, 3)
    assert len(before) == 2
    assert sqlite_store.marks(settings.mailbox.shown, was) == {}  # type: ignore[union-attr]


def uidvalidity(dovecot: Dovecot) -> int:
    with dovecot.client() as client:
        return int(client.select_folder("INBOX")[b"UIDVALIDITY"])


@pytest.mark.parametrize(
    ("after", "inbox", "done"),
    [
        ("keep", {b"No 1": (), b"No 2": (rb"\Deleted",)}, {}),
        ("seen", {b"No 1": (rb"\Seen",), b"No 2": (rb"\Deleted", rb"\Seen")}, {}),
        ("move:受付済み", {}, {b"No 1": (), b"No 2": (rb"\Deleted",)}),
        ("delete", {}, {}),
    ],
)
def test_a_taken_mail_goes_where_the_operator_wants_it(
    after: str,
    inbox: dict[bytes, object],
    done: dict[bytes, object],
    dovecot: Dovecot,
    sqlite_store: Store,
    environment: dict[str, str],
) -> None:
    dovecot.deliver(mail(1), mail(2))
    with dovecot.client() as person:
        person.add_flags(person.search()[1:], [rb"\Deleted"])
    settings = settings_of(environment, imap_after=after)
    assert poll(sqlite_store, settings) == 2
    assert poll(sqlite_store, settings) == 0
    assert dovecot.subjects() == inbox
    assert dovecot.subjects(folder="受付済み") == done
    assert kept(sqlite_store) == once(1, 2)


def test_a_mail_that_is_moved_back_is_the_mail_we_have(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    settings = settings_of(environment, imap_after="move:Done")
    dovecot.deliver(mail(1))
    poll(sqlite_store, settings)
    for _ in range(3):
        with dovecot.client(folder="Done") as person:
            person.move(person.search(), "INBOX")
        assert poll(sqlite_store, settings) == 1
    assert kept(sqlite_store) == once(1)
    assert list(dovecot.subjects(folder="Done")) == [b"No 1"]


def test_people_who_mark_as_unread_are_not_fought(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    settings = settings_of(environment, imap_after="seen")
    dovecot.deliver(mail(1))
    poll(sqlite_store, settings)
    with dovecot.client() as person:
        person.remove_flags(person.search(), [rb"\Seen"])
    poll(sqlite_store, settings)
    assert dovecot.subjects() == {b"No 1": ()}


def test_with_a_first_day_older_mails_stay_where_they_are(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    with dovecot.client() as person:
        person.append("INBOX", mail(1), msg_time=utc_now().replace(year=2020))
        person.append("INBOX", mail(2))
    settings = settings_of(environment, imap_since="2021-01-01", imap_after="delete")
    assert poll(sqlite_store, settings) == 1
    assert kept(sqlite_store) == once(2)
    assert list(dovecot.subjects()) == [b"No 1"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("action", ["seen", "move:Done", "delete"])
def test_kill_9_between_the_commit_and_the_mark_leaves_one_mail(
    moment: str, action: str, dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    dovecot.deliver(*map(mail, range(1, 6)))
    act = "act(*given); " if moment == "after" else ""
    plant = f"import ingest.imap as m, os; act = m.act\ndef die(*given):\n    {act}os.kill(os.getpid(), 9)\nm.act = die"
    dying = start(environment, tmp_path / "log", plant, imap_after=action)
    assert dying.wait(PATIENCE_S) == -signal.SIGKILL
    assert kept(sqlite_store) == once(*range(1, 6))
    settings = settings_of(environment, imap_after=action)
    for _ in range(2):
        assert poll(sqlite_store, settings) == 0
    assert kept(sqlite_store) == once(*range(1, 6))
    left = dovecot.subjects()
    assert all(flags == (rb"\Seen",) for flags in left.values())
    assert len(left) == (5 if action == "seen" else 0)
    assert len(dovecot.subjects(folder="Done")) == (5 if action == "move:Done" else 0)


@pytest.mark.slow
def test_killed_again_and_again_each_mail_comes_in_once(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    seed = int.from_bytes(os.urandom(4))
    chance = random.Random(seed)
    for first in range(1, 161, 20):
        role = start(environment, tmp_path / "log", imap_after="move:Done")
        before = sqlite_store.books().accepted
        sender = threading.Thread(target=dovecot.deliver, args=[mail(number) for number in range(first, first + 20)])
        sender.start()
        wait_until(lambda base=before: sqlite_store.books().accepted > base)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.03))
        role.kill()
        role.wait(30)
        sender.join()
    settings = settings_of(environment, imap_after="move:Done")
    poll(sqlite_store, settings)
    assert kept(sqlite_store) == once(*range(1, 161)), seed
    assert sqlite_store.books().duplicates == 0
    assert dovecot.subjects() == {}
    assert len(dovecot.subjects(folder="Done")) == 160


def test_kill_9_before_the_commit_leaves_the_mailbox_as_it_was(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    dovecot.deliver(mail(1))
    plant = "import os; from models.db.store import Store; Store.take = lambda *_: os.kill(os.getpid(), 9)"
    assert start(environment, tmp_path / "log", plant, imap_after="delete").wait(PATIENCE_S) == -signal.SIGKILL
    assert kept(sqlite_store) == {}
    assert dovecot.subjects() == {b"No 1": ()}
    assert poll(sqlite_store, settings_of(environment)) == 1


def test_while_the_store_is_away_mails_stay_unmarked_and_come_later(
    dovecot: Dovecot,
    sqlite_store: Store,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.db.engine._BUSY_MS", 100)
    hasty = Store(f"sqlite:///{tmp_path / 'one.sqlite3'}")
    settings = settings_of(environment, imap_after="delete")
    dovecot.deliver(mail(1))
    poller = make_poller(hasty, settings)
    other = sqlite3.connect(tmp_path / "one.sqlite3", isolation_level=None)
    with connected(mailbox_of(settings), settings) as client:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            poller.poll(client)
        assert dovecot.subjects() == {b"No 1": ()}
        other.execute("ROLLBACK")
        other.close()
        assert poller.poll(client) == 1
    hasty.close()
    assert dovecot.subjects() == {}
    assert kept(sqlite_store) == once(1)


def test_odd_mails_come_in_whole(dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]) -> None:
    odd = {
        "1.empty": b"",
        "2.newline": b"\n",
        "3.eight-bit": b"Subject: \xff\xfe\n\n\x80\x81\x1b$B\n",
        "4.no-header": "本文だけ\n".encode("cp932") * 100,
        "5.long-line": b"Subject: long\n\n" + b"x" * 100_000,
        "6.no-end": b"Subject: cut",
    }
    for name, content in odd.items():
        dovecot.put(name, content)
    assert poll(sqlite_store, settings_of(environment)) == 6
    raws = [sqlite_store.raw_mail(number).replace(b"\r\n", b"\n") for number in range(1, 7)]
    assert sorted(raws) == sorted(odd.values())
    assert poll(sqlite_store, settings_of(environment)) == 0


def test_two_pollers_at_once_take_each_mail_once(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    pollers = [start(environment, log, imap_after="move:Done", imap_every="1") for log in logs]
    for first in range(1, 120, 10):
        dovecot.deliver(*map(mail, range(first, first + 10)))
    wait_until(lambda: sqlite_store.books().accepted >= 120 and not dovecot.subjects())
    assert end(*pollers) == [0, 0]
    assert kept(sqlite_store) == once(*range(1, 121))
    assert sqlite_store.books().duplicates == 0
    assert len(dovecot.subjects(folder="Done")) == 120
    assert all(b"mailbox_unavailable" not in log.read_bytes() for log in logs)


def test_a_mail_over_the_limit_waits_visibly_and_stops_no_other(
    dovecot: Dovecot,
    sqlite_store: Store,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    dovecot.deliver(mail(1), mail(2, "x" * 70_000), mail(3))
    small = settings_of(environment, smtp_max_bytes="65536", imap_after="delete")
    assert poll(sqlite_store, small) == 2
    assert list(dovecot.subjects()) == [b"No 2"]
    (left,) = sqlite_store.left_mails(small.mailbox.shown)  # type: ignore[union-attr]
    assert left.attempts == 1
    assert left.error.startswith("too large: 70")
    assert "too large" in capfd.readouterr().out
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "0")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "0")
    run(["check"])
    said = f"logged in, 1 mails there, 1 of them could not be taken, e.g. UID {left.uid}: too large"
    assert said in capfd.readouterr().out
    assert poll(sqlite_store, settings_of(environment, imap_after="delete")) == 1
    assert kept(sqlite_store) == once(1, 2, 3)
    assert sqlite_store.left_mails(small.mailbox.shown) == ()  # type: ignore[union-attr]


@pytest.mark.skipif(os.getuid() != 0, reason="whoever runs Dovecot can read the file")
def test_a_mail_that_the_server_cannot_read_stops_no_other(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    dovecot.deliver(mail(1))
    broken = dovecot.put("2.broken", mail(2))
    dovecot.deliver(mail(3))
    assert len(dovecot.subjects()) == 3
    for file in broken.parent.parent.glob("*/2.broken*"):
        file.chmod(0)
    settings = settings_of(environment, imap_every="1")
    stop = threading.Event()
    role = threading.Thread(target=ImapRole(settings, sqlite_store, utc_now, stop).run)
    role.start()
    try:
        wait_until(lambda: kept(sqlite_store) == once(1, 3))
        wait_until(lambda: len(sqlite_store.left_mails(settings.mailbox.shown)) == 1)  # type: ignore[union-attr]
    finally:
        stop.set()
        role.join(PATIENCE_S)
    for file in broken.parent.parent.glob("*/2.broken*"):
        file.chmod(0o600)
    poll(sqlite_store, settings)
    assert kept(sqlite_store) == once(1, 2, 3)


def test_the_server_tells_of_new_mail_at_once(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    role = start(environment, tmp_path / "log", imap_every="1200")
    for number in (1, 2):
        dovecot.deliver(mail(number))
        wait_until(lambda count=number: len(kept(sqlite_store)) == count)  # type: ignore[misc]
    assert end(role) == [0]
    assert b'"event": "ended"' in (tmp_path / "log").read_bytes()


def test_a_server_without_idle_is_looked_at_by_the_clock(dovecot: Dovecot, environment: dict[str, str]) -> None:
    settings = settings_of(environment)
    stop = threading.Event()
    stop.set()
    with connected(mailbox_of(settings), settings) as client:
        client.select_folder("INBOX")
        client._cached_capabilities = (b"IMAP4REV1",)
        wait_for_mail(client, 1000, stop)  # ends with `stop`, and the server was told nothing
        assert client.noop()


def test_a_server_that_says_nothing_does_not_hold_up_the_end(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"imap://support:secret@127.0.0.1:{mute.getsockname()[1]}/INBOX"
        del environment["UKETSUKE_IMAP_PASSWORD_FILE"]
        role = start(environment, tmp_path / "log", imap=url)
        session, _ = mute.accept()
        with session:
            session.sendall(b"* OK mute\r\n")
            tag = session.recv(100).split()[0]
            session.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            session.recv(100)  # the login, which never gets an answer
            assert end(role) == [0]


def test_a_password_that_the_server_cannot_take_is_told(
    dovecot: Dovecot, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(environment)
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda *_: False)
    with pytest.raises(LoginRefused, match="takes ASCII only"), connected(mailbox_of(settings), settings):
        pass


def test_a_wrong_password_is_one_clear_line_without_it(
    dovecot: Dovecot,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("falsch123\n", encoding="utf-8")
    settings = settings_of(environment, imap_password_file=str(wrong))
    with (
        pytest.raises(LoginRefused, match="the server refused the login") as caught,
        connected(mailbox_of(settings), settings),
    ):
        pass
    assert "falsch123" not in str(caught.value)
    role = start(environment, tmp_path / "log", imap_password_file=str(wrong))
    wait_until(lambda: b"refused the login" in (tmp_path / "log").read_bytes())
    assert role.poll() is None
    assert end(role) == [0]
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "falsch123" not in log
    assert "Traceback" not in log
    for name, value in {**environment, "UKETSUKE_SMTP_PORT": "0", "UKETSUKE_DESK_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UKETSUKE_IMAP", dovecot.url().replace("support@", "support:falsch123@"))
    monkeypatch.delenv("UKETSUKE_IMAP_PASSWORD_FILE")
    assert run(["check"]) == 2
    out, err = capfd.readouterr()
    assert "WRONG  mailbox: 127.0.0.1:" in out
    assert f"imap://support@127.0.0.1:{dovecot.port}/INBOX" in out
    assert "falsch123" not in out + err


def test_a_folder_that_is_not_there_is_told(
    dovecot: Dovecot, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**environment, "UKETSUKE_SMTP_PORT": "0", "UKETSUKE_DESK_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UKETSUKE_IMAP", dovecot.url(folder="Nowhere"))
    assert run(["check"]) == 2
    assert "Mailbox doesn't exist: Nowhere" in capfd.readouterr().out


def test_an_untrusted_certificate_gets_no_password(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]
) -> None:
    dovecot.deliver(mail(1))
    settings = settings_of(environment, imap=dovecot.url(is_tls=True))
    with pytest.raises(MailboxError, match="certificate is not trusted: self-signed certificate"):
        poll(sqlite_store, settings)
    assert (
        poll(sqlite_store, settings_of(environment, imap=dovecot.url(is_tls=True), imap_ca_file=str(dovecot.ca_file)))
        == 1
    )


def test_beyond_this_machine_the_password_never_goes_in_the_clear(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(mail(1))
    monkeypatch.setattr(Mailbox, "is_loopback", property(lambda _: False))
    with pytest.raises(MailboxError, match="certificate is not trusted"):
        poll(sqlite_store, settings_of(environment))
    assert poll(sqlite_store, settings_of(environment, imap_ca_file=str(dovecot.ca_file))) == 1
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda _, name: name != "STARTTLS")
    with pytest.raises(MailboxError, match="offers no STARTTLS, and the password would go in the clear"):
        poll(sqlite_store, settings_of(environment, imap_ca_file=str(dovecot.ca_file)))


def test_tls_spoken_to_a_plain_port_is_told(dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str]) -> None:
    with pytest.raises(MailboxError, match=r"no TLS there \(WRONG_VERSION_NUMBER\); for STARTTLS write imap://"):
        poll(sqlite_store, settings_of(environment, imap=dovecot.url().replace("imap:", "imaps:")))


def test_serve_reads_the_mailbox_too(
    dovecot: Dovecot, sqlite_store: Store, environment: dict[str, str], tmp_path: Path
) -> None:
    dovecot.deliver(mail(1))
    ports = {"smtp_port": str(free_port()), "desk_port": str(free_port())}
    serve = start(environment, tmp_path / "log", role="serve", **ports)
    try:
        wait_until(lambda: bool(kept(sqlite_store)) or serve.poll() is not None)
    finally:
        assert end(serve) == [0]
    assert kept(sqlite_store) == once(1)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert f"and from imap://support@127.0.0.1:{dovecot.port}/INBOX" in log
    assert PASSWORD not in log
