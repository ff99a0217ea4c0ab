"""The weekly report: figures from the store, never lost for a scheduler that was down on Monday morning."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.assessment import Category, Issue
from models.db.store import Store
from models.decision import Decision, Disposition, LetterKind
from models.states import TicketState
from policy.pack import Pack
from runtime.cli import books
from runtime.cli.app import run
from runtime.reporting import has_weekly_report, report_html, save_weekly_report
from runtime.scheduler_role import run_scheduler
from runtime.settings import Settings, load_settings
from runtime.wiring import open_store
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail

DAY_OF_NOW = NOW.date()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"UKETSUKE_DATA_DIR": str(tmp_path / "var")}, tmp_path / "none.toml")


def run_once(settings: Settings, now: datetime) -> tuple[str, ...]:
    """One start of the scheduler that is ended at once; the names of the reports that are there then."""
    stop = threading.Event()
    stop.set()
    run_scheduler(settings, stop, lambda: now)
    store = open_store(settings)
    try:
        return tuple(f"{one.name} {one.language} {one.created_at:%m-%d}" for one in store.reports())
    finally:
        store.close()


def test_a_scheduler_that_starts_late_makes_up_for_last_weeks_report_once(settings: Settings) -> None:
    tuesday = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert run_once(settings, tuesday) == ("2026-W47 en 11-24", "2026-W47 ja 11-24")
    assert run_once(settings, tuesday + timedelta(days=1)) == ("2026-W47 en 11-24", "2026-W47 ja 11-24")
    assert run_once(settings, tuesday + timedelta(days=7))[:2] == ("2026-W48 en 12-01", "2026-W48 ja 12-01")


def test_a_report_in_one_language_only_is_not_there(sqlite_store: Store, pack: Pack) -> None:
    now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    sqlite_store.save_report("2026-W47", "ja", "<p>x</p>", now=now)
    assert not has_weekly_report(sqlite_store, pack, now)
    assert save_weekly_report(sqlite_store, pack, now) == "2026-W47"
    assert has_weekly_report(sqlite_store, pack, now)


@pytest.mark.parametrize(("now", "week"), [("2026-11-22T15:30", "2026-W48"), ("2026-11-22T14:30", "2026-W47")])
def test_today_is_the_desks_today(now: str, week: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(books, "utc_now", lambda: datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert run(["report", "--out", "r.html", "--language", "en"]) == 0
    assert f"<title>Ticket quality report {week}</title>" in Path("r.html").read_text(encoding="utf-8")


def test_what_the_first_decision_was_unsure_of_reaches_the_page(sqlite_store: Store, pack: Pack) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    accepted = Decision(disposition=Disposition.ACCEPT, unsure=("when",))
    sqlite_store.file(replace(filing(claim, mail(1), None), decision=accepted, state=TicketState.READY))
    page = report_html(sqlite_store, pack, DAY_OF_NOW, "en", NOW)
    assert "<b>0%</b>Surely complete at the first mail" in page
    assert "<b>100%</b>Not sure whether" in page


def test_thanks_complete_nothing(sqlite_store: Store, pack: Pack) -> None:
    ref = file_one(sqlite_store)
    assert sqlite_store.ticket(ref).replies[0].kind == LetterKind.REQUEST_INFORMATION.value
    sqlite_store.accept([arrival(2)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    thanks = filing(claim, mail(2), None)
    issue = Issue(gist="ありがとうございます", category=Category.ACKNOWLEDGEMENT, confidence=0.9)
    nothing = Decision(disposition=Disposition.NO_REPLY)
    seen = replace(thanks.seen, issues=(issue,))
    sqlite_store.file(replace(thanks, seen=seen, decision=nothing, state=TicketState.WAITING_CUSTOMER, join=ref))
    assert len(sqlite_store.ticket(ref).mails) == 2
    page = report_html(sqlite_store, pack, DAY_OF_NOW, "en", NOW)
    assert "<b>1</b>Asked for information" in page
    assert "<b>0%</b>Complete after asking" in page
