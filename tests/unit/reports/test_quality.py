"""The figures of a week, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.assessment import Category, Section
from models.views import TicketFacts
from policy.pack import Pack
from reports.quality import QualityReport, period_of, summarise
from reports.render import percent, render_html

TOKYO = ZoneInfo("Asia/Tokyo")
WEEK = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
MONDAY = datetime(2026, 11, 15, 22, 0, tzinfo=UTC)  # early on Monday in Tokyo, still Sunday in UTC
REQUEST = ("request_information", "sent", "")


def facts(number: int, disposition: str, *categories: Category, **changes: object) -> TicketFacts:
    fields: dict[str, object] = {
        "ref": f"T{number:06d}",
        "opened_at": MONDAY,
        "state": "ready",
        "language": "ja",
        "disposition": disposition,
        "categories": categories,
        "products": (),
        "present_first": frozenset(),
        "missing_first": (),
        "missing_now": (),
        "letters": (),
        "mails": 1,
    }
    return TicketFacts(**{**fields, **changes})  # type: ignore[arg-type]


TICKETS = (
    # complete at once
    facts(1, "accept", Category.TROUBLESHOOTING, products=("ecs", "ecs"), present_first=frozenset(Section),
          ready_at=MONDAY, letters=(("acknowledgement", "sent", ""),)),
    # asked, and completed a day later
    facts(2, "request_information", Category.TROUBLESHOOTING, products=("ecs", "vpc"),
          present_first=frozenset({Section.SYMPTOM, Section.WHEN}), missing_first=("goal", "evidence"), letters=(REQUEST,),
          mails=2, ready_at=MONDAY + timedelta(hours=24)),
    # asked, answered by half
    facts(3, "request_information", Category.TROUBLESHOOTING, present_first=frozenset({Section.SYMPTOM}),
          missing_first=("when", "goal"), missing_now=("goal",), letters=(REQUEST, ("follow_up", "queued", "")), mails=2,
          opened_at=MONDAY + timedelta(days=1)),
    # asked, silent; complete on paper only because an agent settled it: one mail is no answer
    facts(4, "request_information", Category.PAYMENT_BILLING, missing_first=("who",), letters=(REQUEST,), language="en",
          opened_at=MONDAY + timedelta(days=6, hours=16, minutes=59)),
    # should have been asked, but the letter was not sent
    facts(5, "request_information", Category.PAYMENT_BILLING, Category.ACCOUNT, missing_first=("who",), missing_now=("who",),
          letters=(("request_information", "suppressed", "rate_sender_hour: 5 letters"),)),
    # outside
    facts(6, "out_of_scope", Category.OUT_APPLICATION, letters=(("out_of_scope", "sent", ""),), state="answered"),
    # machines
    facts(7, "no_reply", Category.ACKNOWLEDGEMENT, is_automatic=True, missing_first=("goal",), products=("oss",), language="zh",
          letters=(("acknowledgement", "suppressed", "automatic: bulk"),), ready_at=MONDAY + timedelta(days=3)),
)  # fmt: skip


@pytest.fixture(scope="module")
def report() -> QualityReport:
    return summarise(TICKETS, WEEK)


def test_tickets_of_people_and_of_machines_are_told_apart(report: QualityReport) -> None:
    assert (report.tickets, report.automatic) == (7, 1)
    assert report.by_disposition == {"request_information": 4, "accept": 1, "out_of_scope": 1}
    assert report.by_language == {"ja": 5, "en": 1}


def test_the_largest_count_stands_first_and_equals_in_order_of_their_names(report: QualityReport) -> None:
    assert list(report.by_category.items()) == [
        ("product.troubleshooting", 3),
        ("service.payment_billing", 2),
        ("out.application", 1),
        ("service.account", 1),
    ]
    assert list(report.by_product.items()) == [("ecs", 2), ("vpc", 1)]


def test_each_day_of_the_week_is_counted_in_the_desks_zone(report: QualityReport) -> None:
    assert [(f"{day:%m-%d}", count) for day, count in report.by_day] == [
        ("11-16", 5), ("11-17", 1), ("11-18", 0), ("11-19", 0), ("11-20", 0), ("11-21", 0), ("11-22", 1),
    ]  # fmt: skip


def test_sections_are_counted_over_trouble_only(report: QualityReport) -> None:
    assert report.trouble == 3
    present = {section: count for section, count in report.sections_present.items() if count > 1}
    assert present == {Section.SYMPTOM: 3, Section.WHEN: 2}
    assert set(report.sections_present.values()) == {1, 2, 3}


def test_what_was_missing_is_counted_over_all_and_by_first_category(report: QualityReport) -> None:
    assert report.missing_items == {"goal": 2, "who": 2, "evidence": 1, "when": 1}
    assert report.missing_by_category == {
        "product.troubleshooting": {"goal": 2, "evidence": 1, "when": 1},
        "service.payment_billing": {"who": 2},
    }


def test_completeness_and_what_asking_achieved(report: QualityReport) -> None:
    assert (report.complete_at_first, report.workable) == (1, 5)
    assert report.share_complete == pytest.approx(0.2)
    assert (report.asked, report.completed_after_asking) == (3, 1)
    assert report.share_answered == pytest.approx(1 / 3)


def test_silence_and_time_until_ready(report: QualityReport) -> None:
    assert report.silence == {"rate_sender_hour": 1}
    assert report.hours_to_ready == 12.0


def test_an_empty_week_has_no_shares(pack: Pack) -> None:
    empty = summarise((), WEEK)
    assert (empty.tickets, empty.automatic, empty.trouble, empty.asked) == (0, 0, 0, 0)
    assert (empty.share_complete, empty.share_answered, empty.hours_to_ready) == (None, None, None)
    assert [count for _, count in empty.by_day] == [0] * 7
    assert (empty.by_disposition, empty.missing_items, empty.missing_by_category, empty.silence) == ({}, {}, {}, {})
    assert percent(empty.share_complete) == "–"
    assert "<b>0%</b>" not in render_html(empty, empty, pack, "en", MONDAY)
    assert "<b>–</b>" in render_html(empty, empty, pack, "en", MONDAY)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_shows_the_figures_in_words(report: QualityReport, pack: Pack, language: str) -> None:
    page = render_html(report, summarise((), WEEK.before()), pack, language, MONDAY)
    assert f'<html lang="{language}">' in page
    assert "20%" in page
    assert "33%" in page
    assert pack.categories[Category.TROUBLESHOOTING].name[language] in page
    assert pack.questions["goal"].heading[language] in page
    for wire in ("request_information", "product.troubleshooting", "rate_sender_hour"):
        assert wire not in page, wire


@pytest.mark.parametrize(
    ("day", "name", "first", "last"),
    [
        (date(2026, 11, 16), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        (date(2026, 11, 22), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        (date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
    ],
)
def test_a_week_runs_from_monday_to_sunday(day: date, name: str, first: date, last: date) -> None:
    week = period_of("week", day, "Asia/Tokyo")
    assert (week.name, week.start.date(), week.last_day) == (name, first, last)
    assert week.start == datetime(first.year, first.month, first.day, tzinfo=TOKYO)
    assert week.start.astimezone(UTC).hour == 15
    assert week.before().end == week.start
    assert week.end - week.start == timedelta(days=7)


def test_only_weeks_are_known() -> None:
    with pytest.raises(ValueError, match="no period of kind year"):
        period_of("year", date(2026, 11, 16), "Asia/Tokyo")
