"""A mail to one of our own people that comes back is noticed; nobody else can say that it did."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.arrival import Arrival
from models.db.store import Store
from models.mail import Envelope
from models.memos import MemoKind, NewMemo
from responders.signing import memo_address, memo_of_address
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE, NOW

LEAD = "lead@desk.example"
KEY = f"report:2026-W47:{LEAD}"


def report(action: str = "failed", *, is_bounce: bool = True) -> bytes:
    kind = (
        'multipart/report; report-type=delivery-status; boundary="b"' if is_bounce else 'multipart/mixed; boundary="b"'
    )
    sender = "MAILER-DAEMON@mx.example" if is_bounce else "taro@example.com"
    head = f"From: {sender}\r\nTo: {DESK}\r\nSubject: Undelivered Mail\r\nMessage-ID: <dsn@mx.example>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
    status = f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {LEAD}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
    body = f"--b\r\nContent-Type: text/plain\r\n\r\n550 user unknown\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--b--\r\n"
    return (head + (body if is_bounce else "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n")).encode()


def sent_memo(store: Store, rules: Rules) -> str:
    """A report that the smarthost took; returns its envelope sender."""
    sender = memo_address(rules.identity.address, KEY, rules.identity.secret)
    memo = NewMemo(key=KEY, kind=MemoKind.REPORT, ref="", to=LEAD, mail_from=sender, raw=b"Subject: x\r\n\r\nx\r\n")
    assert store.queue_memo(memo, now=NOW)
    assert not store.queue_memo(memo, now=NOW), "the same key goes once"
    (claim,) = store.claim_memos(limit=5, lease=LEASE, now=NOW)
    store.memo_sent(claim)
    return sender


def arrives(store: Store, rules: Rules, raw: bytes, to: str, mail_from: str = "") -> None:
    clock = Clock(NOW + timedelta(minutes=5))
    envelope = Envelope(mail_from=mail_from, rcpt_tos=(to,), received_at=clock())
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    Worker(store, rules, frozenset({DESK}), clock).run_batch()


def test_a_returned_report_is_failed_and_said_in_the_desks_history(store: Store, rules: Rules) -> None:
    sender = sent_memo(store, rules)
    arrives(store, rules, report(), sender.upper())
    (memo,) = store.memos()
    assert (memo.state, memo.error) == ("failed", "the recipient's server returned it")
    (line,) = [one for one in store.desk_events() if one.what == "memo_failed"]
    assert LEAD in line.detail
    (row,) = store.queue(include_closed=True)
    assert row.replies == (), "nobody answers a failure report"
    store.memo_again(memo.memo_id, by="hanako", now=NOW)
    assert store.memos()[0].state == "queued"


@pytest.mark.parametrize("what", ["another address", "a forged signature", "only late", "no failure report"])
def test_what_proves_nothing_changes_nothing(store: Store, rules: Rules, what: str) -> None:
    sender = sent_memo(store, rules)
    forged = memo_address(DESK, KEY, b"another secret of somebody else!")
    raw = report("delayed") if what == "only late" else report(is_bounce=what != "no failure report")
    writer = "taro@example.com" if what == "no failure report" else ""
    arrives(store, rules, raw, {"another address": DESK, "a forged signature": forged}.get(what, sender), writer)
    assert store.memos()[0].state == "sent"


def test_an_address_is_ours_in_any_spelling_and_with_our_secret_only(rules: Rules) -> None:
    secret = rules.identity.secret
    made = memo_address("desk@example.com", KEY, secret)
    assert made == memo_address("desk@example.com", KEY, secret)
    assert made != memo_address("desk@example.com", "report:2026-W48:x@y.example", secret)
    assert memo_of_address(made.upper(), "desk@example.com", secret) == made
    assert memo_of_address(made, "desk@example.com", b"x" * 32) is None
    assert memo_of_address("desk+memo.x.y@example.com", "desk@example.com", secret) is None
