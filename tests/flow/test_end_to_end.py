"""One support centre whole: mail in by SMTP, ticket, letter out to a smarthost, the customer's answer, the books."""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from models.db.store import Store
from models.decision import History
from models.mail import Mail
from models.states import TicketState
from models.views import QueueRow
from policy.pack import Pack
from responders.deliver import Smarthost
from responders.signing import ref_of_message_id, ref_of_plus_address
from runtime.outbox import Outbox
from runtime.triage import Rules, Triage, triage
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.listeners import DESK, listening
from tests.support.smarthost import Catcher, catching

ROOT = Path(__file__).parents[2]
CUSTOMER = "h.sato@kaihatsu.example"
ASKING = """お世話になっております。開発の佐藤です。

RDS for MySQL (rm-0iwa1b2c3d4e5f6g) に東京リージョンのアプリケーションサーバーから接続して
INSERTを実行すると、次のエラーが返ってきます。

ERROR 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement

手順: DMSでログイン → 対象データベースを選択 → INSERT文を実行

どうぞよろしくお願いいたします。
"""
ANSWERS = {
    "when": "2026年11月20日(金) 10:15 (JST) から毎回発生し、現在も続いています。",
    "goal": "アプリケーションサーバーからのINSERT文がエラーにならず完了すること。",
    "who": "アカウントID 5123456789012345、RAMユーザー sato-dev (AliyunRDSFullAccess)",
    "where": "東京リージョン (ap-northeast-1)、rm-0iwa1b2c3d4e5f6g",
}


class Centre:
    """Listener, worker and delivery of one installation, each stepped by hand."""

    def __init__(self, store: Store, rules: Rules, clock: Clock, port: int, smarthost: Smarthost) -> None:
        self.store, self.clock, self.port = store, clock, port
        self.worker = Worker(store, rules, frozenset({DESK}), clock)
        self.outbox = Outbox(store, smarthost, rules.identity.secret, clock)

    def take_in(self, raw: bytes, sender: str = CUSTOMER, to: str = DESK) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail(sender, [to], raw)

    def work(self) -> None:
        while self.worker.run_batch():
            pass

    def deliver(self) -> None:
        while self.outbox.run_batch():
            pass

    def rows(self) -> tuple[QueueRow, ...]:
        return self.store.queue(limit=200, include_closed=True)


@pytest.fixture
def catcher() -> Catcher:
    return Catcher()


@pytest.fixture
def centre(store: Store, rules: Rules, catcher: Catcher) -> Iterator[Centre]:
    clock = Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
    with opened(store, rules, clock, catcher) as made:
        yield made


@contextmanager
def opened(store: Store, rules: Rules, clock: Clock, catcher: Catcher) -> Iterator[Centre]:
    with listening(store, clock=clock) as listener, catching(catcher) as smarthost:
        yield Centre(store, rules, clock, listener.port, smarthost)


def as_japanese_mailers_send(
    text: str, *, subject: str = "RDSのエラーについて", message_id: str = "<1@kaihatsu.example>", head: str = ""
) -> bytes:
    """ISO-2022-JP in seven bits, subject and name in encoded words, CRLF line ends."""
    lines = [
        f"From: {Header('佐藤 花子', 'iso-2022-jp').encode()} <{CUSTOMER}>",
        f"To: {DESK}",
        f"Subject: {Header(subject, 'iso-2022-jp').encode(linesep=chr(13) + chr(10))}",
        "Date: Tue, 24 Nov 2026 10:14:50 +0900",
        f"Message-ID: {message_id}",
        *head.splitlines(),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=ISO-2022-JP",
        "Content-Transfer-Encoding: 7bit",
    ]
    raw = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + text.replace("\n", "\r\n").encode("iso-2022-jp")
    assert max(raw) < 0x80
    return raw


def answer_to(letter: EmailMessage, pack: Pack) -> str:
    """The fill-in block completed, the letter quoted below, as a customer does it."""
    headings = {question.heading["ja"]: item for item, question in pack.questions.items()}
    text = letter.get_content()
    asked = [line.strip("■ ：") for line in text.splitlines() if line.startswith("■") and line.endswith("：")]
    filled = "".join(
        f"■ {heading}：{ANSWERS.get(headings[heading], pack.questions[headings[heading]].example['ja'])}\n"
        for heading in asked
    )
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    return f"ご連絡ありがとうございます。佐藤です。下記のとおりお知らせいたします。\n\n{filled}\n2026年11月24日(火) 10:15 {DESK}:\n{quoted}"


def queue_lines(database_url: str, folder: Path) -> list[dict[str, Any]]:
    """What `uketsuke queue --json --all` prints."""
    environment = {"PATH": os.environ["PATH"], "UKETSUKE_DATABASE_URL": database_url, "UKETSUKE_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "runtime.cli", "queue", "--json", "--all"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_mail_that_lacks_something_gets_exactly_one_letter_with_all_its_headers(
    centre: Centre, catcher: Catcher, rules: Rules, pack: Pack
) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    centre.deliver()
    centre.work()
    centre.deliver()
    (row,) = centre.rows()
    assert (row.state, row.disposition, row.subject) == (
        "waiting_customer",
        "request_information",
        "RDSのエラーについて",
    )
    assert "goal" in row.missing

    (envelope,) = catcher.taken
    (letter,) = catcher.letters
    assert envelope.rcpt_tos == [CUSTOMER]
    assert letter["To"] == CUSTOMER
    assert letter["From"].addresses[0].addr_spec == DESK
    assert letter["From"].addresses[0].display_name == "Alibaba Cloud Japan サポートセンター(自動応答)"
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["In-Reply-To"] == "<1@kaihatsu.example>"
    assert letter["References"] == "<1@kaihatsu.example>"
    assert letter["Subject"] == f"Re: RDSのエラーについて [受付 {row.ref}]"

    secret = rules.identity.secret
    assert ref_of_message_id(letter["Message-ID"], secret) == row.ref
    assert envelope.mail_from is not None
    assert envelope.mail_from.startswith("support+bounce.")
    assert ref_of_plus_address(envelope.mail_from, secret) == row.ref
    assert ref_of_plus_address(letter["Reply-To"].addresses[0].addr_spec, secret) == row.ref
    assert not letter.defects

    text = letter.get_content()
    assert [item for item in row.missing if f"■ {pack.questions[item].heading['ja']}：" not in text] == []
    assert "■ エラーメッセージ：" not in text
    assert centre.store.replies()[0].state == "sent"


def test_the_customers_answer_joins_by_in_reply_to_and_makes_the_ticket_ready(
    centre: Centre, catcher: Catcher, pack: Pack
) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    centre.deliver()
    (request,) = catcher.letters
    centre.clock.advance(timedelta(minutes=40))
    centre.take_in(
        as_japanese_mailers_send(
            answer_to(request, pack),
            subject="エラーの件",  # neither the ticket's reference nor a plus address: In-Reply-To alone tells
            message_id="<2@kaihatsu.example>",
            head=f"In-Reply-To: {request['Message-ID']}",
        )
    )
    centre.work()
    centre.deliver()
    (row,) = centre.rows()
    assert (row.state, row.missing, len(row.mails)) == ("ready", (), 2)
    assert [letter.kind for letter in row.replies] == ["request_information", "completed"]
    assert [letter.state for letter in row.replies] == ["sent", "sent"]
    thanks = catcher.letters[1]
    assert thanks["In-Reply-To"] == "<2@kaihatsu.example>"
    assert thanks["References"].split() == [request["Message-ID"], "<2@kaihatsu.example>"]
    assert thanks["Subject"] == f"Re: エラーの件 [受付 {row.ref}]"
    assert [event.what for event in centre.store.ticket(str(row.ref)).events] == [
        "filed", "reply_queued", "reply_sent", "joined", "moved", "reply_queued", "reply_sent",
    ]  # fmt: skip


def test_an_answer_from_elsewhere_that_knows_only_the_subject_opens_a_ticket_of_its_own(
    centre: Centre, catcher: Catcher
) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    centre.deliver()
    stranger = as_japanese_mailers_send(
        "INSERT文を実行した結果、まだエラーになります。",
        subject=catcher.letters[0]["Subject"],
        message_id="<9@elsewhere.example>",
    ).replace(CUSTOMER.encode(), b"someone@elsewhere.example")
    centre.take_in(stranger, "someone@elsewhere.example")
    centre.work()
    assert sorted(len(row.mails) for row in centre.rows()) == [1, 1]


@pytest.mark.parametrize(
    ("head", "sender"),
    [
        ("Auto-Submitted: auto-replied", CUSTOMER),
        ("Precedence: bulk\nList-Unsubscribe: <https://news.example/out>", CUSTOMER),
        ("", ""),
    ],
    ids=["absence note", "bulk", "null sender"],
)
def test_an_automatic_mail_gets_no_letter_yet_stands_in_the_queue(
    centre: Centre, catcher: Catcher, head: str, sender: str
) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING, head=head), sender)
    centre.work()
    centre.deliver()
    assert catcher.taken == []
    (row,) = centre.store.queue()
    assert row.ref is not None
    assert (row.disposition, row.replies) == ("no_reply", ())
    assert row.mails[0].state == "triaged"


def test_a_letter_of_ours_that_comes_back_is_shown_and_answered_with_nothing(centre: Centre, catcher: Catcher) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    centre.deliver()
    centre.take_in(catcher.raw(0), CUSTOMER)
    centre.work()
    centre.deliver()
    assert len(catcher.taken) == 1
    assert sum(len(row.mails) for row in centre.store.queue()) == 2


def test_a_mail_that_cannot_be_read_is_parked_visible_and_whole(
    centre: Centre, catcher: Catcher, pack: Pack, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    def breaks(*arguments: object) -> None:
        raise ValueError("words of the mail that must not be repeated")

    monkeypatch.setattr("runtime.worker.triage", breaks)
    raw = as_japanese_mailers_send(ASKING)
    centre.take_in(raw)
    for _ in range(3):
        centre.work()
        centre.clock.advance(timedelta(seconds=10))
    monkeypatch.undo()
    centre.work()
    centre.deliver()
    assert catcher.taken == []
    (line,) = queue_lines(database_url, tmp_path)
    assert (line["ref"], line["state"]) == (None, "parked")
    (row,) = centre.rows()
    mail = row.mails[0]
    assert (mail.state, mail.message_id) == ("parked", "<1@kaihatsu.example>")
    assert mail.error.startswith("ValueError in test_end_to_end.py:")
    assert "repeated" not in mail.error

    async def download() -> tuple[bytes, str]:
        async with signed_in(make_app(centre.store, pack, centre.clock)) as browser:
            page = await browser.get("/queue?state=parked")
            assert f'href="/mails/{mail.mail_id}"' in page.text
            shown = await browser.get(f"/mails/{mail.mail_id}")
            return (await browser.get(f"/mails/{mail.mail_id}/raw")).content, shown.text

    content, shown = asyncio.run(download())
    assert content == raw
    assert "ValueError in test_end_to_end.py:" in shown


def test_a_mail_that_fails_twice_is_filed_at_the_third_try(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def breaks_twice(mail: Mail, history: History, rules: Rules, _lap: object) -> Triage:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(28, "No space left on device")
        return triage(mail, history, rules)

    monkeypatch.setattr("runtime.worker.triage", breaks_twice)
    centre.take_in(as_japanese_mailers_send(ASKING))
    for _ in range(3):
        centre.work()
        centre.clock.advance(timedelta(seconds=10))
    (row,) = centre.rows()
    assert row.ref is not None
    assert len(row.replies) == 1


def test_a_smarthost_that_says_later_is_asked_again_later(centre: Centre, catcher: Catcher) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    catcher.answers = f"450 4.2.1 <{CUSTOMER}> greylisted"
    centre.deliver()
    (letter,) = centre.store.replies()
    assert (letter.state, letter.reason) == ("queued", "450 4.2.1 <<recipient>> greylisted")
    catcher.answers = "250 OK"
    centre.deliver()
    assert catcher.taken == []  # not before its pause is over
    centre.clock.advance(timedelta(minutes=2))
    centre.deliver()
    assert len(catcher.taken) == 1
    (letter,) = centre.store.replies()
    assert (letter.state, letter.reason, letter.attempts) == ("sent", "", 2)


def test_a_smarthost_that_says_never_is_not_asked_again_and_the_address_is_spared(
    centre: Centre, catcher: Catcher
) -> None:
    centre.take_in(as_japanese_mailers_send(ASKING))
    centre.work()
    catcher.answers = "550 5.1.1 no such user"
    centre.deliver()
    catcher.answers = "250 OK"
    centre.clock.advance(timedelta(days=3))
    centre.deliver()
    centre.take_in(as_japanese_mailers_send(ASKING.replace("1290", "1045"), message_id="<3@kaihatsu.example>"))
    centre.work()
    centre.deliver()
    assert catcher.taken == []
    held, failed = centre.store.replies()
    assert (failed.state, failed.reason) == ("failed", "550 5.1.1 no such user")
    assert held.state == "suppressed"
    assert held.reason.startswith("bounce_hold")
    assert centre.store.queue()[0].state == "needs_review"


def test_an_attachment_comes_through_byte_for_byte(centre: Centre, pack: Pack) -> None:
    log = bytes(range(256)) * 40
    raw = (
        f"From: {CUSTOMER}\r\nTo: {DESK}\r\nSubject: log\r\nMessage-ID: <4@kaihatsu.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nsee the log\r\n'
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="server.log"\r\n\r\n'
    ).encode() + b"\r\n".join(_lines_of(b64encode(log))) + b"\r\n--b--\r\n"  # fmt: skip
    centre.take_in(raw)
    centre.work()
    (row,) = centre.store.queue()
    mail = centre.store.ticket(str(row.ref)).mails[0]
    (file,) = mail.attachments
    assert (file.filename, file.size) == ("server.log", len(log))

    async def download() -> bytes:
        async with signed_in(make_app(centre.store, pack, centre.clock)) as browser:
            return (await browser.get(f"/mails/{mail.mail_id}/parts/{file.part}")).content

    assert asyncio.run(download()) == log


def _lines_of(text: bytes) -> list[bytes]:
    return [text[start : start + 76] for start in range(0, len(text), 76)]


def test_the_books_agree_with_every_mail_that_came_in(
    centre: Centre, catcher: Catcher, pack: Pack, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    first = as_japanese_mailers_send(ASKING)
    centre.take_in(first)
    centre.take_in(first)  # a lost 250: the sender's server sends it again
    centre.take_in(
        as_japanese_mailers_send("不在です。", message_id="<5@kaihatsu.example>", head="Auto-Submitted: auto-replied")
    )
    centre.work()
    centre.deliver()
    reply = as_japanese_mailers_send(
        answer_to(catcher.letters[0], pack),
        message_id="<6@kaihatsu.example>",
        head=f"In-Reply-To: {catcher.letters[0]['Message-ID']}",
    )
    centre.clock.advance(timedelta(hours=1))
    centre.take_in(reply)
    centre.work()
    centre.deliver()
    centre.store.move("T000001", TicketState.CLOSED, by="hanako", now=centre.clock())
    monkeypatch.setattr("runtime.worker.parse_mail", lambda *_, **__: 1 / 0)
    centre.take_in(as_japanese_mailers_send("読めないメール", message_id="<7@kaihatsu.example>"))
    for _ in range(3):
        centre.work()
        centre.clock.advance(timedelta(seconds=10))
    monkeypatch.undo()
    centre.take_in(as_japanese_mailers_send("来たばかりのメール", message_id="<8@kaihatsu.example>"))

    books = centre.store.books()
    assert (books.accepted, books.ticketed, books.joined, books.parked, books.waiting, books.duplicates) == (
        6,
        2,
        1,
        1,
        1,
        1,
    )
    assert books.accepted == sum(
        (books.ticketed, books.joined, books.parked, books.waiting, books.duplicates, books.deleted)
    )
    lines = queue_lines(database_url, tmp_path)
    assert all(
        set(line)
        >= {
            "ref",
            "state",
            "subject",
            "from",
            "language",
            "disposition",
            "missing",
            "opened_at",
            "split_from",
            "mails",
            "replies",
        }
        for line in lines
    )
    mails = [mail for line in lines for mail in line["mails"]]
    assert sorted(mail["message_id"] for mail in mails) == [
        f"<{number}@kaihatsu.example>" for number in (1, 5, 6, 7, 8)
    ]
    assert sum(mail["deliveries"] for mail in mails) == books.accepted
    assert {line["state"] for line in lines} == {"closed", "needs_review", "parked"}
    assert sum(line["ref"] is None for line in lines) == books.parked + books.waiting
