"""Threads after agents shaped their tickets: what customers write then finds its place, through the worker."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from desk.lacking import lacks_by
from models.arrival import Arrival
from models.db.store import Store
from models.mail import Envelope
from models.shaping import SplitIssue
from models.ticket import CHILD_REFS
from responders.signing import plus_address
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import DESK, LEASE

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
CUSTOMER = "h.sato@kaihatsu.example"
CHILD = f"T{CHILD_REFS + 1}"
TWO = """お世話になっております。佐藤です。2点お伺いします。

1. 東京リージョンのECS (i-6we0a1b2c3d4e5f6g7h8) に、昨日の10時15分(JST)からSSHで接続できません。
   ssh: connect to host 203.0.113.5 port 22: Connection timed out

2. 話は変わりますが、10月分の請求書を再発行していただけますか。アカウントIDは5123456789012345です。

よろしくお願いいたします。
"""
ONE = """お世話になっております。佐藤です。
ECSにSSHで接続できません。ご確認をお願いします。
"""


class Centre:
    def __init__(self, store: Store, rules: Rules) -> None:
        self.store, self.rules = store, rules
        self.clock = Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
        self.worker = Worker(store, rules, frozenset({DESK}), self.clock)

    def send(self, text: str, *, to: str = DESK, subject: str = "お問い合わせ", **headers: str) -> str:
        """A mail of the customer; returns the ticket that it is in."""
        self.clock.advance(timedelta(hours=2))
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"佐藤 花子 <{CUSTOMER}>", to, subject
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        envelope = Envelope(mail_from=CUSTOMER, rcpt_tos=(to,), received_at=self.clock())
        self.store.accept([Arrival(raw=message.as_bytes(), envelope=envelope, desk_address=DESK)])
        while self.worker.run_batch():
            pass
        mails = [mail for row in self.store.queue(include_closed=True) for mail in row.mails]
        return self.store.ticket_of_mail(max(mail.mail_id for mail in mails))

    def letters_go(self) -> None:
        for claim in self.store.claim_replies(limit=9, lease=LEASE, now=self.clock()):
            self.store.reply_sent(claim, now=self.clock())

    def address_of(self, ref: str) -> str:
        return plus_address(DESK, ref, self.rules.identity.secret)


@pytest.fixture
def centre(sqlite_store: Store, rules: Rules) -> Centre:
    return Centre(sqlite_store, rules)


def split(centre: Centre, ref: str) -> str:
    (one,) = centre.store.readings(ref)
    assert len(one.seen.issues) == 2
    done = centre.store.split(
        ref,
        one.mail_id,
        [SplitIssue(number=1, title="請求書の再発行")],
        lacks=lacks_by(centre.rules.pack),
        by="hanako",
        now=centre.clock(),
    )
    assert isinstance(done, tuple)
    return done[0]


def test_a_real_mail_is_split_and_its_parts_go_on_apart(centre: Centre) -> None:
    ref = centre.send(TWO, Message_ID="<1@kaihatsu.example>")
    assert split(centre, ref) == CHILD
    parent, child = centre.store.ticket(ref), centre.store.ticket(CHILD)
    assert parent.row.categories == ("product.troubleshooting",)
    assert all(one.startswith("service.") for one in child.row.categories)
    assert not child.items["when"].is_given
    assert parent.items["when"].is_given
    headers = {"In_Reply_To": "<1@kaihatsu.example>", "References": "<1@kaihatsu.example>"}
    joined = centre.send("宛名は株式会社開発でお願いします。", to=centre.address_of(CHILD), **headers)
    assert joined == CHILD
    assert centre.store.ticket(ref).mails[-1].message_id == "<1@kaihatsu.example>"
    assert centre.send("再起動しましたが直りません。", to=centre.address_of(ref), **headers) == ref
    books = centre.store.books()
    assert (books.accepted, books.ticketed, books.joined) == (3, 2, 1)


def test_what_is_written_to_a_merged_ticket_goes_to_the_other(centre: Centre) -> None:
    first = centre.send(ONE, Message_ID="<1@kaihatsu.example>")
    second = centre.send(f"{ONE}\n東京リージョンです。", Message_ID="<2@kaihatsu.example>", subject="SSHの件")
    assert first != second
    lacks = lacks_by(centre.rules.pack)
    assert centre.store.merge(first, second, lacks=lacks, by="hanako", now=centre.clock()) is None
    assert centre.send("昨日の18時からです。", to=centre.address_of(first)) == second
    assert centre.send("よろしくお願いします。", In_Reply_To="<1@kaihatsu.example>") == second
    assert len(centre.store.ticket(second).mails) == 4
    assert centre.store.ticket(second).items["when"].is_given


def test_the_customers_objection_is_noted_where_our_letter_asked(centre: Centre) -> None:
    ref = centre.send(ONE)
    centre.letters_go()
    (letter,) = centre.store.ticket(ref).replies
    assert (letter.kind, letter.state) == ("request_information", "sent")
    centre.send("発生日時は最初のメールに書いてあります。", to=centre.address_of(ref))
    noted = [(event.by, event.detail) for event in centre.store.ticket(ref).events if event.what == "customer_objected"]
    assert noted == [("customer", "発生日時は最初のメールに書いてあります。")]


def test_what_an_agent_found_is_not_asked_again(centre: Centre) -> None:
    ref = centre.send(ONE)
    centre.letters_go()
    lacks = lacks_by(centre.rules.pack)
    assert "goal" in centre.store.ticket(ref).row.missing
    centre.store.correct(1, "section:goal", "present", lacks=lacks, by="hanako", now=centre.clock())
    centre.send("昨日の18時からです。東京リージョンの i-6we0a1b2c3d4e5f6g7h8 です。", to=centre.address_of(ref))
    view = centre.store.ticket(ref)
    assert len(view.mails) == 2
    assert "goal" not in view.row.missing
    decision = view.mails[-1].decision
    assert decision is not None
    assert "goal" not in decision.missing


async def test_an_agent_writes_to_a_child_and_the_answer_comes_back_to_it(centre: Centre) -> None:
    ref = centre.send(TWO, Message_ID="<1@kaihatsu.example>")
    child = split(centre, ref)
    app = make_app(centre.store, centre.rules.pack, centre.clock, identity=centre.rules.identity)
    async with signed_in(app, language="ja") as browser:
        page = (await browser.get(f"/tickets/{child}/reply")).text
        fields = dict(_FIELD.findall(page[page.index('action="/tickets/') :]))
        data = {**fields, "to": CUSTOMER, "text": "佐藤様\n\n請求書を再発行しました。\n", "state": "waiting_customer"}
        answer = await browser.post(f"/tickets/{child}/reply", data={**data, "subject": "", "act": "send"})
        assert "reply=sent" in answer.headers["location"]
    (letter,) = centre.store.ticket(child).replies
    assert child in letter.subject
    assert centre.store.ticket(ref).replies[-1].message_id != letter.message_id
    centre.letters_go()
    headers = {"In_Reply_To": letter.message_id, "References": f"<1@kaihatsu.example> {letter.message_id}"}
    assert centre.send("ありがとうございます。届きました。", subject=f"Re: {letter.subject}", **headers) == child
    assert [one.row.ref for one in map(centre.store.ticket, (ref, child)) if len(one.mails) == 1] == [ref, child]
