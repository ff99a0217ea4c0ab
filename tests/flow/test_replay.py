"""Replay: stored mails and threads once more, under the same rules, another pack, other models."""

from __future__ import annotations

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
from models.db.store import Store
from models.mail import Envelope
from models.states import TicketState
from policy.load import BUILT_IN
from runtime.cli.app import run
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
