"""Replay: stored mails and threads once more, under the same rules, another pack, other models."""

from __future__ import annotations

import email
import email.policy
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.arrival import Arrival
from models.controls import Verdict
from models.db.replaying import HandMove
from models.db.store import Store
from models.decision import LetterKind, LetterMode
from models.mail import Envelope
from models.states import TicketState
from models.views import ReplyView
from policy.load import BUILT_IN
from runtime import replay as replaying
from runtime.cli.app import run
from runtime.logs import set_up_logs
from runtime.settings import load_settings
from runtime.wiring import build_rules, open_store
from runtime.worker import Worker
from tests.contract.test_conversations import ASK, GOAL, WHEN, raw_mail
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE

SINCE = ["replay", "--since", "2026-11-24"]
PRICE = "OSSの標準ストレージの料金を教えてください。東京リージョンです。\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def history(home: Path) -> Iterator[Store]:
    """A thread of three mails with an agent's hand in it, and one mail alone."""
    settings = load_settings({}, home / "none.toml")
    store, clock = open_store(settings), Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    worker = Worker(store, build_rules(settings), frozenset({DESK}), clock)

    def arrive(raw: bytes) -> None:
        envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=clock())
        store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
        while worker.run_batch():
            pass
        for claim in store.claim_replies(limit=9, lease=LEASE, now=clock()):
            store.reply_sent(claim, now=clock())
        clock.advance(timedelta(hours=3))

    arrive(raw_mail(1, "ECSに接続できません", ASK))
    letter = store.replies()[0]
    reply_to = (f"In-Reply-To: {letter.message_id}", f"References: {letter.message_id}")
    arrive(raw_mail(2, f"Re: {letter.subject}", f"{WHEN}\n{GOAL}\n", *reply_to))
    arrive(raw_mail(3, "OSSの料金", PRICE))
    store.move("T000001", TicketState.CLOSED, by="sato", now=clock())
    clock.advance(timedelta(hours=1))
    arrive(raw_mail(4, f"Re: {letter.subject}", f"また接続できません。\n{WHEN}\n", *reply_to))
    yield store
    store.close()


def content(home: Path) -> list[Any]:
    connection = sqlite3.connect(home / "var" / "uketsuke.sqlite3")
    tables = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    found = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    connection.close()
    return found


def objects(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_under_the_same_rules_nothing_changes_and_nothing_is_written(
    home: Path, history: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    assert [row.ref for row in history.queue(include_closed=True)] == ["T000004", "T000003", "T000001"]
    before = content(home)
    assert run(SINCE) == 0
    assert capfd.readouterr().out == "4 mails of 3 tickets, 0 would be treated differently\n"
    assert content(home) == before
    assert run([*SINCE, "--json"]) == 0
    found = objects(capfd)
    assert [one["mail_id"] for one in found] == [1, 2, 3, 4]
    assert all(one["changed"] == [] and one["before"] == one["after"] for one in found)
    assert [one["before"]["letter"] for one in found] == [
        "request_information",
        "completed",
        "acknowledgement",
        "request_information",
    ]


def other_pack(home: Path, *edits: tuple[str, str, str]) -> Path:
    folder = Path(shutil.copytree(BUILT_IN / "alibabacloud_jp", home / "pack"))
    for name, old, new in edits:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_another_pack_is_told_letter_by_letter(home: Path, history: Store, capfd: pytest.CaptureFixture[str]) -> None:
    assert history.books().accepted == 4
    pack = other_pack(
        home,
        ("categories.toml", '"when", "where", "goal"', '"where", "goal"'),
        ("pack.toml", "acknowledges = true", "acknowledges = false"),
    )
    before = content(home)
    assert run([*SINCE, "--pack", str(pack)]) == 0
    told = capfd.readouterr().out
    assert content(home) == before
    assert re.match(r"4 mails of 3 tickets, \d would be treated differently\n", told)
    assert re.search(r"^acknowledgement +1 +0 +1 +0 +0  1/0$", told, re.MULTILINE)
    assert "acknowledgement goes -> no letter  (mails 3)" in told
    assert re.search(r"^  when: no more in \d letters, newly in 0$", told, re.MULTILINE)
    assert "-- acknowledgement goes -> no letter: mail 3 in T000003" in told
    assert "   - missing: when, goal" in told
    assert run([*SINCE, "--pack", str(pack), "--json", "--until", "2026-11-24"]) == 0
    first = objects(capfd)[0]
    assert "asked" in first["changed"]
    assert "when" in first["before"]["missing"]
    assert "when" not in first["after"]["missing"]


def test_a_pack_that_asks_less_needs_no_answer_and_the_thread_still_holds_together(
    home: Path, history: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    """The customer answers a letter that would not have gone: his mail still belongs to the ticket."""
    assert history.books().joined == 1
    pack = other_pack(
        home,
        (
            "categories.toml",
            '["symptom", "facets", "evidence", "when", "where", "goal", "link:evidence", "link:goal"]',
            '["symptom"]',
        ),
    )
    assert run([*SINCE, "--pack", str(pack), "--json"]) == 0
    found = objects(capfd)
    assert [one["after"]["ref"] for one in found] == ["T000001", "T000001", "T000003", "T000004"]
    assert found[0]["after"]["letter"] == "acknowledgement"


class Past:
    """Makes what has happened, mail by mail."""

    def __init__(self, home: Path) -> None:
        self.settings = load_settings({}, home / "none.toml")
        self.store, self.clock = open_store(self.settings), Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
        self.worker = Worker(self.store, build_rules(self.settings), frozenset({DESK}), self.clock)

    def arrive(self, raw: bytes, *, to: str = DESK) -> None:
        set_up_logs("error")  # what the worker logs is none of the command's output
        envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(to,), received_at=self.clock())
        self.store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
        while self.worker.run_batch():
            pass
        for claim in self.store.claim_replies(limit=9, lease=LEASE, now=self.clock()):
            self.store.reply_sent(claim, now=self.clock())
        self.clock.advance(timedelta(hours=3))

    def letter_of(self, ref: str) -> tuple[ReplyView, str]:
        """The latest letter of a ticket, and its address for answers."""
        letter = self.store.ticket(ref).replies[-1]
        message = email.message_from_bytes(self.store.raw_reply(letter.reply_id), policy=email.policy.default)
        return letter, str(message["Reply-To"])

    def answer(self, number: int, ref: str, body: str, *, quotes: bool = True) -> None:
        letter, to = self.letter_of(ref)
        heads = (f"In-Reply-To: {letter.message_id}", f"References: {letter.message_id}") if quotes else ()
        self.arrive(raw_mail(number, f"Re: {letter.subject}", f"{body}\n", *heads), to=to)


@pytest.fixture
def past(home: Path) -> Iterator[Past]:
    found = Past(home)
    yield found
    found.store.close()


OTHER = "別件ですが、OSS のバケットの料金の計算方法を教えてください。"


@pytest.mark.parametrize("quotes", [True, False])
def test_answers_to_a_ticket_that_is_none_any_more_go_where_its_first_mail_goes(
    past: Past, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, quotes: bool
) -> None:
    """By the Message-ID of its letter, and by its signed address alone."""
    past.arrive(raw_mail(1, "ECSに接続できません", ASK))
    past.answer(2, "T000001", OTHER)
    assert [one.mail_id for one in past.store.ticket("T000002").mails] == [2]
    past.answer(3, "T000002", "東京リージョンの標準ストレージの料金についてです。", quotes=quotes)
    assert run([*SINCE, "--json"]) == 0
    assert [one["after"]["ref"] for one in objects(capfd)] == ["T000001", "T000002", "T000002"]
    monkeypatch.setattr("runtime.triage.may_lead_elsewhere", lambda *_: False)
    assert run([*SINCE, "--json"]) == 0
    assert [one["after"]["ref"] for one in objects(capfd)] == ["T000001", "T000001", "T000001"]


def test_a_release_is_no_move_of_its_own(past: Past, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the other pack writes no such letter, its release leaves a complete ticket alone."""
    past.store.set_letter_mode(LetterKind.REQUEST_INFORMATION, LetterMode.APPROVE, by="sato", now=past.clock())
    past.arrive(raw_mail(1, "ECSに接続できません", f"{ASK}\n{GOAL}\n"))
    (held,) = past.store.ticket("T000001").replies
    past.store.release_reply(held.reply_id, by="sato", now=past.clock())
    assert past.store.ticket("T000001").row.state == "waiting_customer"
    moves = past.store.hand_moves(("T000001",))
    assert [(one.what, one.by) for one in moves] == [("reply_queued", "sato")]
    past.clock.advance(timedelta(hours=1))
    past.answer(2, "T000001", WHEN)
    pack = other_pack(home, ("categories.toml", '"when", "where", "goal"', '"where", "goal"'))
    states: list[str] = []
    do = replaying._Stage._do

    def watched(stage: replaying._Stage, move: HandMove) -> None:
        do(stage, move)
        states.append(stage.store.ticket(move.ref).row.state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying._Stage, "_do", watched)
        assert run([*SINCE, "--pack", str(pack), "--json"]) == 0
    assert [one["after"]["letter"] for one in objects(capfd)] == ["acknowledgement", None]
    assert states == ["waiting_customer", "ready"], "under the present pack, then under the other"


def test_moves_at_one_instant_keep_their_order(past: Past) -> None:
    past.arrive(raw_mail(1, "ECSに接続できません", ASK))
    for to in (TicketState.READY, TicketState.CLOSED, TicketState.NEEDS_REVIEW):
        past.store.move("T000001", to, by="sato", now=past.clock())
    details = [one.detail for one in past.store.hand_moves(("T000001",))]
    assert [one.partition(" -> ")[2] for one in details] == ["ready", "closed", "needs_review"]


def test_what_the_desk_has_set_is_in_force(past: Past, capfd: pytest.CaptureFixture[str]) -> None:
    store, now = past.store, past.clock()
    store.set_letter_mode(LetterKind.REQUEST_INFORMATION, LetterMode.APPROVE, by="sato", now=now)
    text = past.worker.rules.pack.letters["acknowledgement", "ja"]
    saved = text.replace("お問い合わせ", "お問合せ")
    assert saved != text
    store.save_letter_text("acknowledgement", "ja", saved, based_on=None, by="sato", now=now)
    past.arrive(raw_mail(1, "ECSに接続できません", ASK))
    past.arrive(raw_mail(2, "OSSの料金", PRICE))
    assert [one.state for one in reversed(store.replies())] == ["held", "sent"]
    assert run(SINCE) == 0
    assert capfd.readouterr().out == "2 mails of 2 tickets, 0 would be treated differently\n"
    store.set_address_rule("taro@example.com", Verdict.BLOCK, by="sato", now=past.clock())
    assert run([*SINCE, "--json"]) == 0
    assert [one["after"]["fate"] for one in objects(capfd)] == ["silent", "silent"]


def test_a_stop_is_not_played_and_that_is_said(past: Past, capfd: pytest.CaptureFixture[str]) -> None:
    past.store.stop_letters(by="sato", now=past.clock())
    past.arrive(raw_mail(1, "OSSの料金", PRICE))
    assert run([*SINCE, "--json"]) == 0
    told = capfd.readouterr()
    found = json.loads(told.out)
    assert (found["before"]["fate"], found["after"]["fate"]) == ("waits", "goes")
    assert told.err == "all letters were stopped in these days, or are now: the stop is not played\n"
    past.store.resume_letters(by="sato", now=past.clock())
    assert run([*SINCE, "--until", "2026-11-24", "--json"]) == 0
    assert "the stop is not played" in capfd.readouterr().err
    assert run(["replay", "--since", "2026-11-25", "--until", "2026-11-25"]) == 0
    assert capfd.readouterr().err == ""


def test_a_mail_that_fails_tells_why_and_keeps_nothing_of_the_record(
    past: Past, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    past.arrive(raw_mail(1, "ECSに接続できません", ASK))

    def fails(*_: object) -> None:
        raise RuntimeError("a template")

    monkeypatch.setattr("runtime.triage.compose", fails)
    assert run([*SINCE, "--json"]) == 0
    (found,) = objects(capfd)
    assert found["before"]["missing"] == ["when", "goal"]
    assert found["after"] == {
        "ref": None,
        "disposition": "parked",
        "missing": [],
        "letter": None,
        "fate": None,
        "why": found["after"]["why"],
        "asked": [],
        "reasons": [],
    }
    assert re.fullmatch(r"failed: RuntimeError in test_replay\.py:\d+", found["after"]["why"])
    assert run(SINCE) == 0
    told = capfd.readouterr().out
    assert "  mail 1: T000001 -> no ticket" in told
    assert "after: failed: RuntimeError" in told


def test_other_models_are_replayed_too(home: Path, history: Store, capfd: pytest.CaptureFixture[str]) -> None:
    from classify.artefacts import BUILT_IN as ARTEFACTS  # noqa: PLC0415 - only here

    assert history.books().accepted == 4
    same = Path(shutil.copytree(ARTEFACTS, home / "artefacts"))
    assert run([*SINCE, "--artefacts", str(same)]) == 0
    assert capfd.readouterr().out == "4 mails of 3 tickets, 0 would be treated differently\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "--since: yesterday is no day; write it like 2026-11-01"),
        (["--since", "2026-11-24", "--until", "2026-11-01"], "--until lies before --since"),
        (["--since", "2026-11-24", "--pack", "nowhere"], "nowhere: pack.toml: no such pack"),
        (["--since", "2026-11-24", "--artefacts", "."], "--artefacts: . holds no trained models"),
        ([], "Missing option '--since'"),
    ],
)
def test_a_wrong_call_is_one_line(
    home: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["replay", *arguments]) == 2
    told = capfd.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert home.exists()


def test_nothing_stored_is_nothing_to_tell(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(SINCE) == 0
    assert capfd.readouterr().out == "0 mails of 0 tickets, 0 would be treated differently\n"
    assert (home / "var").exists()
