"""SIGTERM to each role under work: what is in its hands is finished, the rest goes back at once, no lease is left behind."""

from __future__ import annotations

import http.client
import re
import smtplib
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from models.db.migrate import upgrade
from models.db.store import Store
from models.decision import ReplyState
from tests.support.filings import NOW, arrival, file_one
from tests.support.running_roles import Installation, end, installation, leases, wait_until
from tests.support.smarthost import OK, Catcher, catching

MAILS = 80


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    made = installation(tmp_path)
    upgrade(made.url)
    return made


def assert_nothing_is_held(place: Installation) -> None:
    with place.store() as store:
        assert leases(store) == {}
        assert store.processes(datetime.now(UTC)) == ()


def test_the_listener_answers_the_mail_under_way_and_parts_from_the_rest(place: Installation) -> None:
    with place.running("smtp") as role:
        idle = smtplib.SMTP("127.0.0.1", place.port("SMTP"), timeout=20)
        idle.ehlo()
        busy = smtplib.SMTP("127.0.0.1", place.port("SMTP"), timeout=20)
        busy.ehlo()
        busy.mail("taro@example.com")
        busy.rcpt("support@uketsuke.example")
        busy.putcmd("data")
        assert busy.getreply()[0] == 354
        busy.send(b"Subject: half of it\r\n\r\nfirst\r\n")
        role.terminate()
        assert idle.getreply()[0] == 421
        wait_until(lambda: not _greets(place.port("SMTP")))
        busy.send(b"second\r\n.\r\n")
        assert busy.getreply()[0] == 250
        idle.close()
        busy.close()
        assert role.wait(30) == 0
    with place.store() as store:
        (row,) = store.queue()
        assert store.raw_mail(row.mails[0].mail_id) == b"Subject: half of it\r\n\r\nfirst\r\nsecond\r\n"
    assert_nothing_is_held(place)


def test_the_worker_finishes_its_mail_and_hands_the_rest_of_its_batch_back(place: Installation) -> None:
    with place.store() as store:
        store.accept([arrival(number, body=f"エラーが出ます {number}", at=NOW) for number in range(1, MAILS + 1)])
        with place.running("worker", until="/livez") as role:
            wait_until(lambda: store.books().ticketed > 0)
            assert end(role) == 0
        books = store.books()
        assert 0 < books.waiting < MAILS
        claims = store.claim_mails(limit=MAILS, lease=timedelta(minutes=5), now=datetime.now(UTC))
        # All of them at once: none is held, none was charged with an attempt.
        assert (len(claims), {claim.attempts for claim in claims}) == (books.waiting, {1})
        assert store.processes(datetime.now(UTC)) == ()


class Slow(Catcher):
    """Takes a letter only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(envelope)
        self.has_begun.set()
        await server.loop.run_in_executor(None, self.may_end.wait, 60)
        return OK


def test_delivery_finishes_its_letter_and_begins_no_other(place: Installation) -> None:
    slow = Slow()
    with place.store() as store, catching(slow) as smarthost:
        file_one(store, 1)
        file_one(store, 2, sender="jiro@example.org")
        place.environment["UKETSUKE_SMARTHOST"] = f"127.0.0.1:{smarthost.port}"
        with place.running("deliver", until="/livez") as role:
            assert slow.has_begun.wait(60)
            role.terminate()
            slow.may_end.set()
            assert role.wait(30) == 0
        assert sorted(one.state for one in store.replies()) == [ReplyState.QUEUED.value, ReplyState.SENT.value]
        assert len(slow.taken) == 1
    assert_nothing_is_held(place)


def test_the_desk_ends_the_streams_of_open_pages(place: Installation) -> None:
    done = place.command("agents", "add", "hanako", "--role", "admin")
    assert done.returncode == 0, done.stderr
    token = re.search(r"/welcome/([\w-]+)", done.stdout)
    assert token is not None
    with place.running("desk") as role:
        page = http.client.HTTPConnection("127.0.0.1", place.port("DESK"), timeout=30)
        form = urlencode({"password": "a long enough phrase", "again": "a long enough phrase"})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        page.request("POST", f"/welcome/{token[1]}", form, kind)
        answer = page.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        assert (answer.status, bool(cookie)) == (303, True)
        page.request("GET", "/live", headers={"Accept": "text/event-stream", "Cookie": cookie})
        stream = page.getresponse()
        assert stream.readline() == b"retry: 3000\n"
        role.terminate()
        assert role.wait(30) == 0
        page.close()
    assert_nothing_is_held(place)


def test_the_scheduler_ends_between_two_steps(place: Installation) -> None:
    with place.store() as store:
        store.accept([arrival(1, at=datetime.now(UTC) - timedelta(days=400))])
        with place.running("scheduler") as role:
            assert end(role) == 0
        assert leases(store) == {}
    assert_nothing_is_held(place)


def test_the_mailboxs_reader_ends_though_its_server_says_nothing(place: Installation, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        place.environment["UKETSUKE_IMAP"] = f"imap://support@127.0.0.1:{port}/INBOX"
        place.environment["UKETSUKE_IMAP_PASSWORD_FILE"] = str(password)
        with place.running("imap", until="/livez") as role:
            silent.settimeout(60)
            held, _ = silent.accept()
            assert end(role) == 0
            held.close()
    assert_nothing_is_held(place)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as session:
            return session.recv(3) == b"220"
    except OSError:
        return False


def test_what_is_held_is_seen(sqlite_store: Store) -> None:
    sqlite_store.accept([arrival(1)])
    sqlite_store.claim_mails(limit=1, lease=timedelta(minutes=5), now=NOW)
    assert leases(sqlite_store) == {"inbound": 1}
