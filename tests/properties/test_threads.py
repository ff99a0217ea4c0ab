"""Whole threads through worker and store: the order that mail allows does not matter, and no thread breaks the contract."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from models.conversation import given_items
from models.db.store import Store
from models.decision import LetterKind
from models.views import ReplyView, TicketView
from runtime.reminders import pass_time, send_due_reminders
from runtime.triage import Rules
from runtime.worker import Worker
from tests.contract.test_conversations import ASK, GOAL, WHEN, accept, raw_mail
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE

OWN = ("In-Reply-To: <r1@example.com>", "References: <r1@example.com>")
ADDENDA_JA = (
    raw_mail(1, "ECSに接続できません", ASK),
    raw_mail(2, "Re: ECSに接続できません", f"追記です。{WHEN}\n", *OWN),
    raw_mail(3, "Re: ECSに接続できません", f"すみません、もう一つ追記です。\n{GOAL}\n", *OWN),
)
ADDENDA_EN = (
    raw_mail(
        1,
        "Cannot mount our NAS file system",
        "One of our ECS instances in Tokyo, i-6wez3x7c1v5b9n2m6qwe (10.20.1.8), cannot mount our NAS file system 0c4d8e2f6a.\n"
        "The mount target is 10.20.5.4, port 2049.\n"
        "# mount -t nfs -o vers=3,nolock 10.20.5.4:/ /mnt/media\nmount.nfs: Connection timed out\n",
    ),
    raw_mail(2, "Re: Cannot mount our NAS file system", "Forgot to add: it fails since 2026-11-23 20:00 JST.\n", *OWN),
    raw_mail(
        3,
        "Re: Cannot mount our NAS file system",
        "For us it is solved when the file system mounts on that instance.\n",
        *OWN,
    ),
)


def run(folder: Path, empty: Path, rules: Rules, raws: Sequence[bytes]) -> list[TicketView]:
    """Every ticket that these mails end in, a minute between two of them."""
    folder.mkdir()
    store = Store(f"sqlite:///{shutil.copy(empty, folder / 'one.sqlite3')}")
    clock = Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    worker = Worker(store, rules, frozenset({DESK}), clock)
    for raw in raws:
        accept(store, raw, clock())
        while worker.run_batch():
            pass
        clock.advance(timedelta(minutes=1))
    views = [store.ticket(row.ref) for row in store.queue(include_closed=True) if row.ref]
    store.close()
    return views


@pytest.mark.parametrize("thread", [ADDENDA_JA, ADDENDA_EN], ids=["ja", "en"])
def test_the_same_mails_in_any_order_end_the_same(
    tmp_path: Path, migrated_sqlite: Path, rules: Rules, thread: Sequence[bytes]
) -> None:
    ends = set()
    for number, order in enumerate(permutations(thread)):
        (view,) = run(tmp_path / str(number), migrated_sqlite, rules, order)
        ends.add((view.row.state, view.row.missing, given_items(view.items), len(view.mails)))
        kinds = Counter(reply.kind for reply in view.replies if reply.state == "queued")
        assert max(kinds.values(), default=0) <= 1
    assert len(ends) == 1
    assert ends.pop()[0] == "ready"


def test_a_mail_that_comes_twice_changes_nothing(tmp_path: Path, migrated_sqlite: Path, rules: Rules) -> None:
    (once,) = run(tmp_path / "once", migrated_sqlite, rules, ADDENDA_JA)
    (twice,) = run(tmp_path / "twice", migrated_sqlite, rules, [raw for raw in ADDENDA_JA for _ in range(2)])
    assert (once.items, once.row.state) == (twice.items, twice.row.state)
    assert [reply.kind for reply in once.replies] == [reply.kind for reply in twice.replies]


SAYINGS = (
    WHEN,
    GOAL,
    "ありがとうございます。確認して折り返します。",
    "昨日からです。",
    "東京リージョンです。アカウントは 5123456789012345、RAMユーザー ops です。",
    "ログはどこで見られますか？",
    "別件ですが、OSSの標準ストレージの料金を教えてください。",
    "解決しました。クローズしてください。",
    "まだ接続できません。",
    "同じエラーです。\nssh: connect to host 198.51.100.20 port 22: Connection timed out",
    "セキュリティグループでは 203.0.113.10 からの 22/TCP を許可しています。",
    "不明です。",
    "It started yesterday at 10 am JST.",
    "はい。",
    "請求書を再発行してください。",
)
WENT = frozenset({"queued", "sent"})
THREADS, MAILS = 12, 7


@pytest.mark.parametrize("seed", range(THREADS))
def test_no_thread_gets_more_letters_than_the_contract_allows(sqlite_store: Store, rules: Rules, seed: int) -> None:
    """Whatever a customer writes, in any order, with agents and time in between."""
    dice = random.Random(seed)
    clock = Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    worker = Worker(sqlite_store, rules, frozenset({DESK}), clock)
    accept(sqlite_store, raw_mail(1, "ECSに接続できません", ASK), clock())
    given: dict[str, frozenset[str]] = {}
    for number in range(2, MAILS + 2):
        while worker.run_batch():
            pass
        for claim in sqlite_store.claim_replies(limit=50, lease=LEASE, now=clock()):
            sqlite_store.reply_sent(claim, now=clock())
        check(sqlite_store, given)
        clock.advance(timedelta(hours=dice.choice((1, 3, 30, 80))))
        send_due_reminders(sqlite_store, rules.pack, rules.identity, "auto", clock())
        pass_time(sqlite_store, rules.pack, clock())
        body = "\n".join(dice.sample(SAYINGS, dice.choice((1, 1, 2))))
        letters = [letter for letter in sqlite_store.replies(limit=100) if letter.state in WENT]
        heads = (f"In-Reply-To: {dice.choice(letters).message_id}",) if letters and dice.random() < 0.8 else OWN
        accept(sqlite_store, raw_mail(number, "Re: ECSに接続できません", f"{body}\n", *heads), clock())
    while worker.run_batch():
        pass
    check(sqlite_store, given)


def check(store: Store, given: dict[str, frozenset[str]]) -> None:
    """No kind twice in a ticket, no follow-up and reminder together, nothing given is lost or asked for."""
    for row in store.queue(include_closed=True, limit=100):
        assert row.ref is not None, "no mail is parked"
        view = store.ticket(row.ref)
        went = [reply for reply in view.replies if reply.state in WENT]
        kinds = Counter(reply.kind for reply in went)
        assert not kinds or max(kinds.values()) == 1, f"{row.ref}: {kinds}"
        asking = {LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.REMINDER} & set(kinds)
        assert not {LetterKind.FOLLOW_UP, LetterKind.REMINDER} <= asking or reminded_first(went)
        now = given_items(view.items)
        assert given.get(row.ref, frozenset()) <= now, "what was given is lost"
        given[row.ref] = now
        assert not now & set(row.missing), "what was given is called missing"


def reminded_first(went: Sequence[ReplyView]) -> bool:
    """A reminder goes to one who has not written; a follow-up only after he has."""
    order = [reply.kind for reply in went]
    return order.index(LetterKind.REMINDER.value) < order.index(LetterKind.FOLLOW_UP.value)
