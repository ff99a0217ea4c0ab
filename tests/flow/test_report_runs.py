"""Reports as the scheduler makes them: each period once, counted as of one hour, mailed to who reads it; and the books."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope
from sqlalchemy import delete, text, update

from models.assessment import Category, Issue
from models.db.accept import INBOUND
from models.db.engine import make_engine, transaction
from models.db.memos import AGENT
from models.db.store import Store
from models.decision import Decision, Disposition, ReplyState
from models.mail import Envelope
from models.states import TicketState
from models.wire import dump
from policy.hours import Hours
from policy.pack import Pack
from reports.figures import Figures, figures_from_value
from reports.periods import Period, period_named
from responders.identity import SenderIdentity
from runtime.cli.app import run
from runtime.ledger import DeskLedger
from runtime.memos import MemoBox, MemoMaker
from runtime.reporting import Office, Reporter, make_reports
from runtime.scheduler_role import run_scheduler
from runtime.settings import Settings, load_settings
from runtime.wiring import open_store
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE, NOW, arrival, file_one, filing, mail
from tests.support.smarthost import Catcher, catching

LINK = "https://desk.example"
ZONE = "Asia/Tokyo"
MONDAY = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)  # 08:00 in Tokyo on the 30th; NOW is a Tuesday of the week before
IDENTITY = SenderIdentity(address=DESK, domain="uketsuke.example", secret=b"s" * 32, instance="cafe")


def reporter(store: Store, pack: Pack, *readers: str, periods: frozenset[str] = frozenset({"week"})) -> Reporter:
    return Reporter(store, pack, Office(identity=IDENTITY, desk_link=LINK, readers=readers, read_periods=periods))


def lead(store: Store, name: str, *wants: str, role: str = "lead", language: str = "", active: bool = True) -> str:
    store.add_agent(name, "correct horse battery", NOW)
    values = {"email": f"{name}@desk.example", "notices": dump(list(wants)), "role": role, "language": language}
    with store.write() as connection:
        connection.execute(update(AGENT).where(AGENT.c.name == name).values(is_active=active, **values))
    return f"{name}@desk.example"


def kept(store: Store, name: str = "2026-W48") -> dict[str, Any]:
    value: dict[str, Any] = json.loads(store.report(name).value)
    return value


# Once


def test_two_schedulers_at_once_make_one_report_and_one_mail_for_each_reader(database_url: str, pack: Pack) -> None:
    first = Store(database_url)
    file_one(first)
    lead(first, "hanako", "report_week", "report_day")
    start, made = threading.Barrier(4), []

    def schedule() -> None:
        store = Store(database_url)
        start.wait(timeout=30)
        made.append(reporter(store, pack, "boss@example.com").make_due(MONDAY))
        store.close()

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=240)
    assert sorted(name for names in made for name in names) == ["2026-11-29", "2026-W48"]
    assert sorted(one.name for one in first.reports()) == ["2026-11-29", "2026-W48"]
    assert sorted((memo.kind, memo.to) for memo in first.memos()) == [
        ("report", "boss@example.com"),
        ("report", "hanako@desk.example"),
        ("report", "hanako@desk.example"),
    ]
    first.close()


def test_a_report_is_made_from_its_hour_on_and_never_twice(store: Store, pack: Pack) -> None:
    file_one(store)
    one = reporter(store, pack)
    assert one.make_due(MONDAY - timedelta(minutes=1)) == ("2026-11-28",), "only the day before is due"
    assert one.make_due(MONDAY) == ("2026-11-29", "2026-W48")
    assert one.make_due(MONDAY + timedelta(hours=1)) == ()
    assert one.make_due(MONDAY + timedelta(days=2)) == ("2026-12-01", "2026-11")


def test_a_desk_to_which_nobody_has_written_yet_has_no_reports(store: Store, pack: Pack) -> None:
    one = reporter(store, pack, "boss@example.com")
    assert one.make_due(MONDAY) == ()
    file_one(store)
    assert one.make_due(NOW + timedelta(hours=1)) == (), "nor of the time before its first mail"
    assert store.memos() == ()


def test_a_period_without_mails_has_a_report_that_says_so(store: Store, pack: Pack) -> None:
    file_one(store)
    one = reporter(store, pack, "boss@example.com")
    assert one.make_due(MONDAY + timedelta(days=7)) == ("2026-12-06", "2026-W49", "2026-11")
    report = one.report(period_named("2026-W49", ZONE), MONDAY + timedelta(days=7))
    assert report.figures.is_empty
    (memo,) = store.memos()
    assert b"Subject: " in store.raw_memo(memo.memo_id)


def test_whoever_makes_a_report_late_counts_as_of_the_same_hour(store: Store, pack: Pack) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=5, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    late = MONDAY + timedelta(days=3)
    store.move(ref, TicketState.READY, by="hanako", now=MONDAY + timedelta(hours=1))
    assert "2026-W48" in reporter(store, pack).make_due(late)
    figures = figures_from_value(kept(store)["figures"], ZONE)
    assert figures.as_of == MONDAY
    assert figures.by("people", "state") == {"waiting_customer": 1}
    assert store.report("2026-W48").made_at == late


def test_a_kept_report_stays_as_it_was(store: Store, pack: Pack) -> None:
    ref = file_one(store)
    one = reporter(store, pack)
    one.make_due(MONDAY)
    store.mark_spam(ref, is_spam=True, by="hanako", now=MONDAY)
    assert one.report(period_named("2026-W48", ZONE), MONDAY).figures.count("spam") == 0
    behind = DeskLedger(one, lambda: MONDAY).behind("2026-W48", "people", "all", "", skip=0, limit=10, language="en")
    assert (behind.count, behind.said) == (0, 1)


def test_what_fails_is_tried_again_and_leaves_nothing(
    store: Store, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_one(store)
    one = reporter(store, pack, "boss@example.com")
    with monkeypatch.context() as broken:
        broken.setattr("runtime.reporting.report_mail", lambda *_args, **_more: 1 / 0)
        assert one.make_due(MONDAY) == ("2026-11-29",), "what can be made is made"
        assert one.make_due(MONDAY + timedelta(minutes=15)) == ()
    assert "2026-W48" not in [saved.name for saved in store.reports()]
    assert store.memos() == ()
    assert one.make_due(MONDAY + timedelta(minutes=21)) == ("2026-W48",)
    assert len(store.memos()) == 1


def test_a_scheduler_that_dies_over_a_report_is_followed_by_another(store: Store, pack: Pack) -> None:
    file_one(store)
    assert store.claim_report("2026-W48", lease=timedelta(minutes=30), now=MONDAY)
    assert "2026-W48" not in reporter(store, pack).make_due(MONDAY + timedelta(minutes=29))
    assert "2026-W48" in reporter(store, pack).make_due(MONDAY + timedelta(minutes=31))


# Compared


def test_the_four_periods_before_are_counted_at_the_same_age(store: Store, pack: Pack) -> None:
    weeks = [NOW + timedelta(days=7 * number) for number in range(6)]
    for number, at in enumerate(weeks, 1):
        store.accept([arrival(number, at=at)])
        (claim,) = store.claim_mails(limit=1, lease=LEASE, now=at)
        envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=at)
        store.file(filing(claim, mail(number, envelope=envelope), None, now=at))
    now = weeks[-1] + timedelta(hours=2)
    report = reporter(store, pack).report(period_named("2026-W53", ZONE), now)
    assert [one.period.name for one in report.before] == ["2026-W49", "2026-W50", "2026-W51", "2026-W52"]
    assert {one.as_of - one.period.start for one in (*report.before, report.figures)} == {
        now - report.figures.period.start
    }
    assert [one.count("people") for one in report.before] == [1, 1, 1, 1]


EARLIER = NOW - timedelta(days=8)  # a Monday morning, so that its week counts as a whole one


def file_at(store: Store, number: int, at: datetime) -> str:
    store.accept([arrival(number, at=at)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=at)
    envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=at)
    return store.file(filing(claim, mail(number, envelope=envelope), None, now=at))


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_kept_report_keeps_what_it_was_compared_with(store: Store, pack: Pack, *, is_kept: bool) -> None:
    ref = file_at(store, 1, EARLIER)
    file_at(store, 2, NOW)
    one = reporter(store, pack)
    if is_kept:
        one.make_due(MONDAY - timedelta(days=7))
    one.make_due(MONDAY)
    assert [isinstance(before, str) for before in kept(store)["before"]] == [is_kept]
    store.mark_spam(ref, is_spam=True, by="hanako", now=MONDAY)
    report = reporter(store, pack).report(period_named("2026-W48", ZONE), MONDAY + timedelta(days=30))
    (before,) = report.before
    assert (before.count("people"), before.count("spam")) == (1, 0)
    assert report.made_at == store.report("2026-W48").made_at == MONDAY


def test_a_period_that_the_desk_saw_a_part_of_is_compared_with_nothing(store: Store, pack: Pack) -> None:
    friday = NOW - timedelta(days=4)
    file_at(store, 1, friday)
    file_at(store, 2, NOW)
    report = reporter(store, pack).report(period_named("2026-W48", ZONE), MONDAY)
    assert (report.before, report.figures.count("people")) == ((), 1)


def test_a_report_waits_for_mails_that_are_not_read_but_not_for_ever(store: Store, pack: Pack) -> None:
    file_one(store)
    store.accept([arrival(2)])
    one = reporter(store, pack)
    assert one.make_due(MONDAY) == ("2026-11-29",), "the day before has none of them"
    assert one.make_due(MONDAY + timedelta(hours=3)) == ()
    assert one.make_due(MONDAY + timedelta(hours=4)) == ("2026-W48",)
    assert one.report(period_named("2026-W48", ZONE), MONDAY).figures.count("unread") == 1


def test_a_damaged_reading_costs_its_own_ticket_and_no_report(store: Store, pack: Pack) -> None:
    file_one(store)
    file_one(store, 2, sender="jiro@example.com")
    with store.write() as connection:
        connection.execute(text("UPDATE reading SET assessment = '{}' WHERE mail_id = 1"))
    one = reporter(store, pack, "boss@example.com")
    assert "2026-W48" in one.make_due(MONDAY)
    figures = one.report(period_named("2026-W48", ZONE), MONDAY).figures
    assert [figures.count(name) for name in ("tickets", "unreadable", "people")] == [2, 1, 1]


def test_another_hour_of_reports_changes_nothing_that_was_kept(store: Store, pack: Pack) -> None:
    ref = file_one(store)
    reporter(store, pack).make_due(MONDAY)
    store.move(ref, TicketState.READY, by="hanako", now=MONDAY + timedelta(hours=5))
    later = Reporter(store, pack, Office(identity=IDENTITY, desk_link=LINK, made_at_hour=18))
    now = MONDAY + timedelta(days=1)
    behind = DeskLedger(later, lambda: now).behind(
        "2026-W48", "people", "state", "waiting_customer", skip=0, limit=9, language="en"
    )
    assert (behind.count, behind.said) == (1, 1)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-01"])
def test_reports_are_due_at_the_hour_on_the_wall(store: Store, pack: Pack, day: str) -> None:
    berlin = replace(pack, desk=replace(pack.desk, timezone="Europe/Berlin", working=Hours(timezone="Europe/Berlin")))
    eight = datetime.combine(date.fromisoformat(day), time(8), ZoneInfo("Europe/Berlin"))
    file_at(store, 1, eight - timedelta(days=1, hours=7))
    one = reporter(store, berlin)
    assert one.make_due(eight - timedelta(minutes=1)) == ()
    made = one.make_due(eight)
    assert len(made) == 1 + (eight.day == 1)
    assert figures_from_value(kept(store, made[0])["figures"], "Europe/Berlin").as_of == eight


def test_the_pictures_of_a_page_count_once(store: Store, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    file_one(store)
    clock = Clock(NOW)
    one = Reporter(store, pack, Office(identity=IDENTITY, desk_link=LINK), clock)
    counted = []
    count = Reporter._count

    def counting(self: Reporter, period: Period, as_of: datetime) -> Figures:
        counted.append(period.name)
        clock.advance(timedelta(minutes=10))  # a large desk
        return count(self, period, as_of)

    monkeypatch.setattr(Reporter, "_count", counting)
    threads = [threading.Thread(target=one.report, args=(period_named("2026-W48", ZONE), NOW)) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    assert counted == ["2026-W48"]
    one.report(period_named("2026-W48", ZONE), clock())
    assert counted == ["2026-W48"]
    clock.advance(timedelta(minutes=3))
    one.report(period_named("2026-W48", ZONE), clock())
    assert counted == ["2026-W48"] * 2, "what goes on is counted anew after a while"


def test_the_desk_writes_no_report_to_itself(store: Store, pack: Pack) -> None:
    file_one(store)
    reporter(store, pack, "Support+lead@uketsuke.example", "boss@example.com", "BOSS@example.com").make_due(MONDAY)
    assert [memo.to for memo in store.memos()] == ["boss@example.com"]


def test_figures_of_another_version_are_counted_anew(store: Store, pack: Pack) -> None:
    file_one(store)
    token = store.claim_report("2026-W48", lease=timedelta(minutes=5), now=MONDAY)
    assert token
    store.keep_report("2026-W48", token, '{"period": "2026-W48", "shape": "of old"}', (), now=MONDAY)
    assert reporter(store, pack).report(period_named("2026-W48", ZONE), MONDAY).figures.count("people") == 1


# What is counted, through the store


def test_what_the_first_decision_was_unsure_of_is_no_completeness(store: Store, pack: Pack) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    accepted = Decision(disposition=Disposition.ACCEPT, unsure=("when",))
    store.file(replace(filing(claim, mail(1), None), decision=accepted, state=TicketState.READY))
    figures = reporter(store, pack).report(period_named("2026-W48", ZONE), MONDAY).figures
    assert [figures.count(name) for name in ("workable", "complete", "doubtful")] == [1, 0, 1]


def test_thanks_answer_nothing(store: Store, pack: Pack) -> None:
    ref = file_one(store)
    store.accept([arrival(2, at=NOW + timedelta(hours=1))])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    thanks = filing(claim, mail(2), None, now=NOW + timedelta(hours=1))
    issue = Issue(gist="ありがとうございます", category=Category.ACKNOWLEDGEMENT, confidence=0.9)
    nothing = Decision(disposition=Disposition.NO_REPLY)
    seen = replace(thanks.seen, issues=(issue,))
    store.file(replace(thanks, seen=seen, decision=nothing, state=TicketState.WAITING_CUSTOMER, join=ref))
    assert len(store.ticket(ref).mails) == 2
    figures = reporter(store, pack).report(period_named("2026-W48", ZONE), MONDAY).figures
    assert [figures.count(name) for name in ("asked", "answered", "complete_after_one")] == [1, 0, 0]


def test_credentials_in_a_subject_reach_no_report(store: Store, pack: Pack) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1, subject="LTAI5tPlantedAccessKey77 で接続できません"), None))
    one = reporter(store, pack, "boss@example.com")
    one.make_due(MONDAY)
    assert "LTAI5t" not in store.report("2026-W48").value
    assert "接続できません" in store.report("2026-W48").value


# Mails


@pytest.fixture
def post(sqlite_store: Store, pack: Pack) -> Callable[[Catcher], list[EmailMessage]]:
    """Delivers what waits to a smarthost; what it took."""

    def deliver(catcher: Catcher) -> list[EmailMessage]:
        with catching(catcher) as smarthost:
            maker = MemoMaker(sqlite_store, None, lambda: MONDAY)  # type: ignore[arg-type]
            box = MemoBox(sqlite_store, maker, smarthost, lambda: MONDAY)
            while box.run_batch():
                pass
        return catcher.letters

    return deliver


def test_readers_get_the_report_in_their_language_and_nobody_else(
    sqlite_store: Store, pack: Pack, post: Callable[[Catcher], list[EmailMessage]]
) -> None:
    file_one(sqlite_store)
    lead(sqlite_store, "hanako", "report_week", language="ja")
    lead(sqlite_store, "emma", "report_week", language="en")
    lead(sqlite_store, "jiro", "report_month")
    lead(sqlite_store, "ken", "report_week", role="agent")
    lead(sqlite_store, "gone", "report_week", active=False)
    one = reporter(sqlite_store, pack, "boss@example.com", "EMMA@desk.example")
    one.make_due(MONDAY)
    catcher = Catcher()
    found = {str(letter["To"]): letter for letter in post(catcher)}
    assert sorted(found) == ["boss@example.com", "emma@desk.example", "hanako@desk.example"]
    assert "品質レポート" in str(found["hanako@desk.example"]["Subject"])
    assert "report" in str(found["emma@desk.example"]["Subject"]).lower()
    for letter in found.values():
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter.defects == []
    assert all(str(envelope.mail_from).startswith("support+memo.") for envelope in catcher.taken)


def test_a_refused_recipient_keeps_no_other_from_his_report(
    sqlite_store: Store, pack: Pack, post: Callable[[Catcher], list[EmailMessage]]
) -> None:
    class Picky(Catcher):
        async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
            self, server: SMTP, session: Session, envelope: SmtpEnvelope, address: str, options: list[str]
        ) -> str:
            if address.startswith("gone@"):
                return "550 5.1.1 no such user"
            return await super().handle_RCPT(server, session, envelope, address, options)

    file_one(sqlite_store)
    reporter(sqlite_store, pack, "gone@example.com", "boss@example.com").make_due(MONDAY)
    assert [letter["To"] for letter in post(Picky())] == ["boss@example.com"]
    states = {memo.to: (memo.state, "no such user" in memo.error) for memo in sqlite_store.memos()}
    assert states == {"gone@example.com": ("failed", True), "boss@example.com": ("sent", False)}
    assert "memo_failed" in [line.what for line in sqlite_store.desk_events()]
    assert [one.name for one in sqlite_store.reports() if one.kind == "week"] == ["2026-W48"]


# The books


def test_a_day_is_closed_once_and_quietly_if_the_books_agree(store: Store, pack: Pack) -> None:
    file_one(store)
    one = reporter(store, pack, "boss@example.com")
    books = one.keep_books(NOW)
    assert books is not None
    assert (books.day, books.accepted, books.ticketed, books.faults) == (date(2026, 11, 23), 1, 1, ())
    assert one.keep_books(NOW + timedelta(hours=2)) is None
    assert store.memos() == ()
    make_reports(one, NOW + timedelta(days=1))
    assert [each.day.day for each in store.day_books(date(2026, 11, 1), date(2026, 12, 1))] == [23, 24]


def test_a_mail_that_vanished_raises_an_alarm_once_a_day(store: Store, pack: Pack) -> None:
    file_one(store)
    store.accept([arrival(2), arrival(3)])
    admin = lead(store, "hanako", "books", role="admin", language="en")
    with store.write() as connection:
        connection.execute(delete(INBOUND).where(INBOUND.c.id == 3))
    one = reporter(store, pack, "boss@example.com", periods=frozenset())
    for _ in range(2):
        one.keep_books(NOW + timedelta(days=1))
    memos = store.memos()
    assert sorted((memo.kind, memo.to) for memo in memos) == [("alarm", "boss@example.com"), ("alarm", admin)]
    (books,) = store.day_books(date(2026, 11, 24), date(2026, 11, 24))
    assert (books.accepted, books.ticketed, books.waiting) == (3, 1, 1)
    assert any(fault.startswith("lost: 1 delivery") for fault in books.faults)
    one.keep_books(NOW + timedelta(days=2))
    assert len(store.memos()) == 4


# The scheduler and the command line


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"UKETSUKE_DATA_DIR": str(tmp_path / "var")}, tmp_path / "none.toml")


def test_a_scheduler_makes_up_at_its_start_for_what_was_due(settings: Settings) -> None:
    store = open_store(settings)
    file_one(store)
    stop = threading.Event()
    role = threading.Thread(
        target=run_scheduler, args=(settings, open_store(settings), stop, Clock(MONDAY + timedelta(hours=2)))
    )
    role.start()
    for _ in range(600):
        if len(store.reports()) == 2:
            break
        stop.wait(0.1)
    stop.set()
    role.join(timeout=60)
    assert {one.name for one in store.reports()} == {"2026-W48", "2026-11-29"}
    store.close()


@pytest.fixture
def at_the_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("runtime.cli.books.utc_now", lambda: MONDAY)
    store = open_store(load_settings())
    file_one(store, reply_state=ReplyState.HELD)
    yield store
    store.close()


@pytest.mark.parametrize(("ending", "holds"), [("html", "<!doctype html>"), ("csv", "2026-W48"), ("json", '"people"'), ("txt", "2026"), ("eml", "Auto-Submitted: auto-generated")])  # fmt: skip
def test_a_report_as_a_file(at_the_desk: Store, tmp_path: Path, ending: str, holds: str) -> None:
    out = tmp_path / f"r.{ending}"
    assert run(["report", "--period", "week", "--of", "2026-11-24", "--out", str(out)]) == 0
    assert holds.lower() in out.read_bytes().decode("utf-8-sig").lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--period", "year"], "--period year"),
        (["--of", "2026-13-01"], "2026-13-01"),
        (["--of", "2027-01-01"], "has not begun"),
        (["--language", "fr"], "--language fr"),
        (["--format", "pdf"], "pdf is no format"),
        (["--out", "r.docx"], "docx is no format"),
        (["--out", "missing/r.html"], "--out missing/r.html"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    at_the_desk: Store, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["report", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_report_on_nothing_is_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "--period", "month", "--of", "2026-01-15", "--language", language, "--format", "txt"]) == 0
    assert "2026" in capsys.readouterr().out


# A database that is not whole


@pytest.mark.parametrize("gone", ["day_books", "report"])
def test_a_half_migrated_database_is_one_clear_line(
    at_the_desk: Store, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    with at_the_desk.write() as connection:
        connection.execute(text(f"DROP TABLE {gone}"))
    assert run(["report", "--of", "2026-11-24"]) in {1, 2}
    error = capsys.readouterr().err
    assert error.startswith("uketsuke: ")
    assert len(error.strip().splitlines()) == 1
    assert gone in error


def test_a_database_of_a_newer_version_is_left_alone(at_the_desk: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with at_the_desk.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE shape SET runs_from = '9999'"))
    assert run(["report", "--of", "2026-11-24"]) == 2
    error = capsys.readouterr().err
    assert "9999" in error
    assert len(error.strip().splitlines()) == 1
    engine = make_engine(load_settings().url)
    with transaction(engine, writes=False) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_the_list_behind_every_figure_is_as_long_as_the_figure_says(store: Store, pack: Pack) -> None:
    for number in range(1, 5):
        file_one(store, number, sender=f"taro{number}@acme{number % 2}.example")
    one = reporter(store, pack)
    now = NOW + timedelta(hours=2)
    ledger = DeskLedger(one, lambda: now)
    figures = one.report(period_named("2026-W48", ZONE), now).figures
    for cell, count in figures.cells.items():
        behind = ledger.behind("2026-W48", *cell, skip=0, limit=2, language="ja")
        assert (behind.count, len(behind.tickets)) == (count, min(2, behind.total)), cell
        assert behind.sentence
    assert {cell.dimension for cell in figures.cells} >= {
        "all",
        "category",
        "product",
        "language",
        "day",
        "item",
        "category_item",
    }
