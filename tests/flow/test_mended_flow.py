"""What a review proved broken between door and letter, and holds since: the worker, its answers, its returned letters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest

from ingest.returned import is_failure
from models.arrival import Arrival
from models.db.store import Store
from models.errors import StoreUnavailable
from models.mail import Envelope
from models.states import TicketState
from models.ticket import Claim, Filing
from models.views import OutboxClaim, QueueRow
from responders.deliver import Smarthost
from responders.signing import message_id_for, plus_address
from runtime.outbox import Outbox
from runtime.postman import LEASE
from runtime.reminders import send_due_reminders
from runtime.triage import Rules
from runtime.worker import BATCH_TIME, STORE_PAUSE, Worker
from tests.support.clocks import Clock
from tests.support.filings import DESK, NOW, file_one

EMMA = "emma@retail.example"
ASKING = """Hello,

PutObject to our OSS bucket emma-retail-assets (Tokyo) fails with 403 AccessDenied.
Steps: ossutil cp report.csv oss://emma-retail-assets/.

Best regards,
Emma
"""


class Desk:
    """A store, one worker and a clock; the mails of one customer."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self.store, self.rules, self.clock = store, rules, Clock(NOW)
        self.worker = self.another_worker()

    def another_worker(self) -> Worker:
        return Worker(self.store, self.rules, frozenset({DESK}), self.clock)

    def accept(
        self,
        body: str,
        *head: str,
        number: int = 1,
        sender: str = EMMA,
        mail_from: str | None = None,
        to: str = DESK,
        subject: str = "Cannot upload to our OSS bucket",
    ) -> int:
        lines = [
            f"From: {sender}",
            f"To: {to}",
            f"Subject: {subject}",
            f"Message-ID: <m{number}@retail.example>",
            "MIME-Version: 1.0",
            *(head if any(line.startswith("Content-Type") for line in head) else ("Content-Type: text/plain", *head)),
        ]
        raw = ("\r\n".join(lines) + "\r\n\r\n" + body.replace("\n", "\r\n")).encode()
        envelope = Envelope(
            mail_from=sender if mail_from is None else mail_from, rcpt_tos=(to,), received_at=self.clock()
        )
        return self.store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])[0]

    def work(self) -> None:
        while self.worker.run_batch():
            pass

    def send(self) -> OutboxClaim:
        (claim,) = self.store.claim_replies(limit=50, lease=LEASE, now=self.clock())
        self.store.reply_sent(claim, now=self.clock())
        return claim

    def ask(self) -> OutboxClaim:
        """One mail in, one request out."""
        self.accept(ASKING)
        self.work()
        letter = self.send()
        self.clock.advance(timedelta(hours=2))
        return letter

    def rows(self) -> tuple[QueueRow, ...]:
        return self.store.queue(include_closed=True)

    def remind(self) -> int:
        self.clock.advance(timedelta(days=7))  # from a Tuesday to a Tuesday
        return send_due_reminders(self.store, self.rules.pack, self.rules.identity, "auto", self.clock())


@pytest.fixture
def desk(store: Store, rules: Rules) -> Desk:
    return Desk(store, rules)


@pytest.fixture
def small(sqlite_store: Store, rules: Rules) -> Desk:
    """Where the engine does not matter."""
    return Desk(sqlite_store, rules)


def header(letter: OutboxClaim, name: str) -> str:
    return str(message_from_bytes(letter.raw)[name])


# Returned letters

REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'


def report_on(returned: str, *, action: str = "failed", kind: str = "message/rfc822") -> str:
    parts = [
        "Content-Type: text/plain\n\nYour message could not be delivered: 550 5.1.1 user unknown\n",
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {EMMA}\nAction: {action}\nStatus: 5.1.1\n",
        *([f"Content-Type: {kind}\n\n{returned}\n"] if returned else []),
    ]
    return "".join(f"--b\n{part}" for part in parts) + "--b--\n"


def bounce(desk: Desk, body: str, to: str, number: int = 2) -> None:
    desk.accept(
        body, REPORT, number=number, sender="MAILER-DAEMON@mx.example", mail_from="", to=to, subject="Undelivered Mail"
    )
    desk.work()


@pytest.mark.parametrize("how", ["bounce address alone", "whole letter", "headers only", "to the desk itself"])
def test_a_returned_letter_is_marked_and_its_address_spared(desk: Desk, how: str) -> None:
    letter = desk.ask()
    whole = letter.raw.decode().replace("\r\n", "\n")
    body = {
        "bounce address alone": report_on(""),
        "whole letter": report_on(whole),
        "headers only": report_on(whole.partition("\n\n")[0], kind="text/rfc822-headers"),
        "to the desk itself": report_on(whole),
    }[how]
    bounce(desk, body, DESK if how == "to the desk itself" else letter.mail_from)
    (row,) = desk.rows()
    assert (row.ref, row.state, len(row.mails), row.replies[0].state) == ("T000001", "needs_review", 2, "bounced")
    assert row.missing
    assert "reply_bounced" in [event.what for event in desk.store.ticket("T000001").events]
    desk.accept(ASKING.replace("PutObject", "GetObject"), number=3, sender="Emma@Retail.Example")
    desk.work()
    silent = desk.rows()[0].replies[0]
    assert (silent.state, silent.reason.partition(":")[0]) == ("suppressed", "bounce_hold")
    assert desk.remind() == 0


@pytest.mark.parametrize("how", ["forged address", "forged id", "unsigned", "only delayed"])
def test_a_report_that_proves_nothing_disables_nobody(desk: Desk, how: str) -> None:
    letter = desk.ask()
    forger = b"forged" * 6
    forged_id = message_id_for("T000001", "x", "uketsuke.example", forger)
    to, body = {
        "forged address": (plus_address(DESK, "T000001", forger, is_bounce=True), report_on("")),
        "forged id": (DESK, report_on(f"Message-ID: {forged_id}\nSubject: x\n\nx\n")),
        "unsigned": (DESK, report_on(f"Subject: {header(letter, 'Subject')}\n\nx\n")),
        "only delayed": (letter.mail_from, report_on(letter.raw.decode().replace("\r\n", "\n"), action="delayed")),
    }[how]
    bounce(desk, body, to)
    view = desk.store.ticket("T000001")
    assert (view.row.state, view.replies[0].state) == ("waiting_customer", "sent")


def test_only_the_returned_letter_is_marked_not_those_it_refers_to(small: Desk) -> None:
    first = small.ask()
    small.accept("Still the same. It fails from Tokyo.\n", f"In-Reply-To: {header(first, 'Message-ID')}", number=2)
    small.work()
    ticket = small.store.ticket("T000001")
    if len(ticket.replies) < 2 or ticket.replies[1].state != "queued":
        pytest.skip("the models of today ask no follow-up here")
    second = small.send()
    assert header(first, "Message-ID") in header(second, "References")
    bounce(small, report_on(second.raw.decode().replace("\r\n", "\n")), second.mail_from, number=3)
    assert [letter.state for letter in small.store.ticket("T000001").replies] == ["sent", "bounced"]


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        (b"", True),
        (b"Action: failed\r\n", True),
        (b"action: DELAYED\r\n", False),
        (b"Action: relayed\nAction: failed", True),
    ],
)
def test_a_report_of_delays_is_no_failure(text: bytes, failed: bool) -> None:
    assert is_failure(text) is failed


# Answers


def test_an_answer_from_another_address_to_the_signed_address_joins(desk: Desk) -> None:
    letter = desk.ask()
    desk.accept("Since 2026-11-24 10:15 JST.\n", number=2, sender="emma@gmail.com", to=header(letter, "Reply-To"))
    desk.work()
    assert [len(row.mails) for row in desk.rows()] == [2]


def test_an_answer_to_a_forged_address_opens_its_own_ticket(desk: Desk) -> None:
    desk.ask()
    forged = plus_address(DESK, "T000001", b"forged" * 6)
    desk.accept("Since 2026-11-24 10:15 JST.\n", number=2, sender="emma@gmail.com", to=forged)
    desk.work()
    assert [len(row.mails) for row in desk.rows()] == [1, 1]


def test_solved_thank_you_please_close_calls_an_agent_and_gets_no_reminder(desk: Desk) -> None:
    letter = desk.ask()
    (before,) = desk.rows()
    desk.accept(
        "It is solved now, thank you. Please close the ticket.\n",
        f"In-Reply-To: {header(letter, 'Message-ID')}",
        number=2,
    )
    desk.work()
    (row,) = desk.rows()
    assert (row.state, row.missing) == ("needs_review", before.missing)
    assert desk.remind() == 0


def test_a_screenshot_alone_is_an_answer_that_stops_the_reminder(small: Desk) -> None:
    letter = small.ask()
    small.accept(
        "--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n",
        'Content-Type: multipart/mixed; boundary="b"',
        f"In-Reply-To: {header(letter, 'Message-ID')}",
        number=2,
    )
    small.work()
    assert small.rows()[0].missing
    assert small.remind() == 0


def test_silence_still_gets_its_one_reminder(small: Desk) -> None:
    small.ask()
    assert (small.remind(), small.remind()) == (1, 0)


def test_the_reminder_says_no_more_of_the_subject_than_the_request_did(small: Desk) -> None:
    small.accept(ASKING, subject="OSS AccessDenied password: Tr0ub4dor-and-3")
    small.work()
    small.send()
    assert small.remind() == 1
    letter = small.send()
    assert header(letter, "Subject").startswith("Re: OSS AccessDenied")
    assert b"Tr0ub4dor" not in letter.raw


def test_an_agent_who_closes_while_thanks_are_read_is_not_overruled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = desk.ask()
    desk.accept("Thank you very much.\n", f"In-Reply-To: {header(letter, 'Message-ID')}", number=2)
    file = desk.store.file

    def late(filing: Filing) -> str:
        if desk.store.ticket("T000001").row.state != "closed":
            desk.store.move("T000001", TicketState.CLOSED, by="hanako", now=desk.clock())
        return file(filing)

    monkeypatch.setattr(desk.store, "file", late)
    desk.work()
    (row,) = desk.rows()
    assert (row.state, len(row.mails)) == ("closed", 2)


# Order and failures


def test_an_answer_waits_for_the_mail_it_answers(desk: Desk) -> None:
    desk.accept(ASKING)
    desk.accept("One more thing: since this morning.\n", "In-Reply-To: <m1@retail.example>", number=2)
    lease = timedelta(minutes=5)
    first, second = (desk.store.claim_mails(limit=1, lease=lease, now=desk.clock())[0] for _ in range(2))
    desk.another_worker().finish(second)
    desk.worker.finish(first)
    desk.clock.advance(timedelta(seconds=3))
    desk.work()
    (row,) = desk.rows()
    assert [mail.state for mail in row.mails] == ["triaged", "triaged"]


def test_an_answer_waits_about_a_minute_and_no_longer(desk: Desk) -> None:
    desk.accept(ASKING)
    desk.store.claim_mails(limit=1, lease=timedelta(hours=1), now=desk.clock())  # a worker that hangs
    desk.accept("One more thing: since this morning.\n", "In-Reply-To: <m1@retail.example>", number=2)
    waited = 0
    while desk.store.books().ticketed == 0:
        desk.work()
        desk.clock.advance(timedelta(seconds=3))
        waited += 3
        assert waited <= 66
    assert waited >= 60
    assert desk.store.books().parked == 0


def test_a_database_that_fails_while_filing_parks_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.accept(ASKING)

    def away(_: Filing) -> str:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "file", away)
        for _ in range(5):
            desk.work()
            desk.clock.advance(timedelta(seconds=10))
    desk.work()
    assert [(row.ref, row.mails[0].state) for row in desk.rows()] == [("T000001", "triaged")]


def test_a_claim_that_a_failing_database_does_not_take_back_is_given_back_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.accept(ASKING)
    give_back = desk.store.retry_mail
    is_away = True

    def away(claim: Claim, **named: Any) -> None:  # noqa: ANN401 - as the store takes it
        if is_away:
            raise StoreUnavailable("disk full")
        give_back(claim, **named)

    monkeypatch.setattr(desk.store, "file", away)
    monkeypatch.setattr(desk.store, "retry_mail", away)
    for _ in range(5):
        is_away = True
        desk.worker.run_batch()
        is_away = False
        desk.worker._owed.settle()
        desk.clock.advance(STORE_PAUSE)
    (claim,) = desk.store.claim_mails(limit=1, lease=timedelta(minutes=5), now=desk.clock())
    assert claim.attempts == 1


def test_a_slow_batch_gives_back_what_it_has_not_begun(small: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        small.accept(ASKING, number=number)
    file = small.store.file

    def slow(filing: Filing) -> str:
        small.clock.advance(2 * BATCH_TIME)
        return file(filing)

    monkeypatch.setattr(small.store, "file", slow)
    small.worker.run_batch()
    claims = small.store.claim_mails(limit=8, lease=timedelta(minutes=5), now=small.clock())
    assert [(claim.mail_id, claim.attempts) for claim in claims] == [(2, 1), (3, 1)]


def test_rates_hold_for_the_address_that_the_letters_go_to(desk: Desk) -> None:
    limits = replace(desk.rules.pack.limits, per_sender_hour=2)
    desk.worker.rules = replace(desk.rules, pack=replace(desk.rules.pack, limits=limits))
    for number in range(1, 6):
        desk.accept(
            ASKING.replace("Steps:", f"It is called from ECS i-6we0a1b2c3d4e5f6g7h{number}.\nSteps:"),
            number=number,
            sender=f"a@rnd{number}.example",
            mail_from="Victim@victim.example" if number % 2 else "victim@VICTIM.example",
        )
    desk.work()
    letters = [reply for row in desk.rows() for reply in row.replies]
    assert {letter.to.casefold() for letter in letters} == {"victim@victim.example"}
    assert sum(letter.state != "suppressed" for letter in letters) == 2, [letter.reason for letter in letters]


@pytest.mark.parametrize(("name", "trust"), [("mx.uketsuke.example", "aligned"), ("", "unchecked")])
def test_the_worker_believes_the_results_of_our_own_mail_server_only(small: Desk, name: str, trust: str) -> None:
    small.worker.rules = replace(small.rules, identity=replace(small.rules.identity, authserv_id=name))
    proof = "Authentication-Results: mx.uketsuke.example; dmarc=pass header.from=retail.example"
    small.accept(ASKING, proof)
    small.work()
    assert small.store.ticket("T000001").mails[0].trust == trust


# The outbox


def test_a_slow_smarthost_gets_no_letter_twice(
    sqlite_store: Store, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 9):
        file_one(sqlite_store, number, sender=f"e{number}@r{number}.example")
    clock = Clock(NOW)
    one, other = (Outbox(sqlite_store, Smarthost(host="x", port=1), rules.identity.secret, clock) for _ in range(2))
    taken: list[str] = []
    is_nested = False

    async def slow(
        raw: bytes, mail_from: str, to: str, smarthost: Smarthost, *, cc: tuple[str, ...]
    ) -> tuple[str, ...]:
        taken.append(to)
        clock.advance(timedelta(seconds=599))
        return cc

    monkeypatch.setattr("runtime.postman.deliver", slow)
    hand_over = one._hand_over

    def meanwhile(claim: OutboxClaim) -> None:
        nonlocal is_nested
        if not is_nested:
            is_nested = True
            other.run_batch()
            is_nested = False
        hand_over(claim)

    monkeypatch.setattr(one, "_hand_over", meanwhile)
    while one.run_batch():
        pass
    assert sorted(taken) == sorted(f"e{number}@r{number}.example" for number in range(1, 9))


def test_a_session_without_end_is_broken_off(
    sqlite_store: Store, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    file_one(sqlite_store)
    monkeypatch.setattr("runtime.postman.deliver", endless)
    monkeypatch.setattr("runtime.postman.SESSION_S", 0.05)
    outbox = Outbox(sqlite_store, Smarthost(host="x", port=1), rules.identity.secret, Clock(NOW))
    assert outbox.run_batch() == 1
    (letter,) = sqlite_store.replies()
    assert letter.state == "queued"
    assert letter.reason.startswith("the session took longer")
