"""The split letter's drafts: a click opens a ticket of its own, linked to the one it came from, once."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from models.db.store import Store
from models.states import TicketState
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.listeners import DESK, listening

CUSTOMER = "h.sato@kaihatsu.example"
TWO = """お世話になっております。佐藤です。2点お伺いします。

1. 東京リージョンのECS (i-6we0a1b2c3d4e5f6g7h8) に、昨日の10時15分(JST)からSSHで接続できません。
   ssh: connect to host 203.0.113.5 port 22: Connection timed out

2. 話は変わりますが、10月分の請求書を再発行していただけますか。アカウントIDは5123456789012345です。

よろしくお願いいたします。
"""


class Centre:
    def __init__(self, store: Store, rules: Rules, port: int, clock: Clock) -> None:
        self.store, self.port, self.clock = store, port, clock
        self.worker = Worker(store, rules, frozenset({DESK}), clock)

    def send(self, text: str, *, to: str = DESK, subject: str = "2点のお問い合わせ", **headers: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"佐藤 花子 <{CUSTOMER}>", to, subject
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.send_message(message, CUSTOMER, [to])
        while self.worker.run_batch():
            pass


@pytest.fixture
def centre(store: Store, rules: Rules) -> Iterator[Centre]:
    clock = Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
    with listening(store, clock=clock) as listener:
        yield Centre(store, rules, listener.port, clock)


def split_letter(centre: Centre) -> EmailMessage:
    """The letter as the customer gets it."""
    (row,) = centre.store.queue(limit=9, include_closed=True)
    (letter,) = row.replies
    assert letter.kind == "split"
    found = message_from_bytes(centre.store.raw_reply(letter.reply_id), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def clicked(letter: EmailMessage) -> tuple[str, str, str]:
    """Address and subject that the mail program opens, and the text of the draft above the link."""
    text = letter.get_content().replace("\r\n", "\n")
    (link,) = re.findall(r"^mailto:\S+", text, re.MULTILINE)
    draft = text.partition("本文：\n")[2].partition("リンクから作成")[0]
    subject = parse_qs(urlsplit(link).query)["subject"][0]
    return unquote(urlsplit(link).path), subject, "\n".join(line.strip("　") for line in draft.splitlines())


def test_a_click_opens_a_linked_ticket_of_its_own(centre: Centre) -> None:
    centre.send(TWO, Message_ID="<1@kaihatsu.example>")
    to, subject, body = clicked(split_letter(centre))
    centre.clock.advance(timedelta(hours=2))
    centre.send(
        f"{body}\nアカウントIDは5123456789012345です。", to=to, subject=subject, Message_ID="<2@kaihatsu.example>"
    )
    parent, child = sorted(centre.store.queue(limit=9, include_closed=True), key=lambda row: row.key)
    assert (child.split_from, parent.split_from) == (parent.ref, None)
    assert "請求書" in child.subject
    assert [mail.message_id for mail in parent.mails] == ["<1@kaihatsu.example>"]
    assert [mail.message_id for mail in child.mails] == ["<2@kaihatsu.example>"]
    assert ("split_opened", child.ref) in [
        (event.what, event.detail) for event in centre.store.ticket(parent.ref or "").events
    ]


def test_a_second_mail_to_the_same_address_joins_the_ticket_that_the_first_one_opened(centre: Centre) -> None:
    centre.send(TWO)
    to, subject, body = clicked(split_letter(centre))
    for number, text in enumerate((body, f"{body}\n宛名は株式会社開発でお願いします。"), 1):
        centre.clock.advance(timedelta(hours=2))
        centre.send(text, to=to, subject=subject, Message_ID=f"<{number}@kaihatsu.example>")
    _, child = sorted(centre.store.queue(limit=9, include_closed=True), key=lambda row: row.key)
    assert len(child.mails) == 2


def test_a_reply_to_the_split_letter_still_joins_the_first_ticket(centre: Centre) -> None:
    centre.send(TWO)
    letter = split_letter(centre)
    centre.clock.advance(timedelta(hours=2))
    centre.send(
        "実際には一つの事象です。まとめてお願いします。",
        to=str(letter["Reply-To"]),
        subject=f"Re: {letter['Subject']}",
        In_Reply_To=str(letter["Message-ID"]),
    )
    (row,) = centre.store.queue(limit=9, include_closed=True)
    assert len(row.mails) == 2
    assert row.state != TicketState.CLOSED.value


def test_a_forged_split_address_opens_an_ordinary_ticket(centre: Centre) -> None:
    centre.send(TWO)
    to, subject, body = clicked(split_letter(centre))
    forged = re.sub(r"\.[a-z2-7]{16}@", ".aaaaaaaaaaaaaaaa@", to)
    centre.send(body, to=forged, subject=subject)
    rows = centre.store.queue(limit=9, include_closed=True)
    assert [row.split_from for row in rows] == [None, None]
