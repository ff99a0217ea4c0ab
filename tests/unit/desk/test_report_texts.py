"""How periods are written, and that every fault of the books has words."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from desk.api_models import ReportLine
from desk.details import detail_text
from desk.own_mails_texts import OWN_MAILS
from desk.report_texts import DETAILS_OF_REPORTS, REPORTS, period_text
from reports.trend import News, Unit

ROOT = Path(__file__).parents[3]
FAULTS = {
    "lost": "lost: 1 delivery of the door's tally without a mail",
    "uncounted": "uncounted: 2 deliveries of mails that the door never counted",
    "orphan": "orphan: 1 mail triaged without a ticket (12)",
    "twice": "twice: 3 mails parked or waiting, and of a ticket too (1, 2, 3)",
    "odd": "odd: 2 mails in no known state",
    "stuck": "stuck: 4 mails waiting for more than an hour",
}


@pytest.mark.parametrize(
    ("kind", "first", "last", "ja", "en"),
    [
        ("day", "2026-11-29", "2026-11-29", "2026年11月29日(日)", "Sun 29 Nov 2026"),
        ("week", "2026-11-23", "2026-11-29", "2026年第48週(11月23日〜29日)", "Week 48 of 2026 (23–29 Nov)"),
        ("week", "2026-11-30", "2026-12-06", "2026年第49週(11月30日〜12月6日)", "Week 49 of 2026 (30 Nov – 6 Dec)"),
        (
            "week",
            "2026-12-28",
            "2027-01-03",
            "2026年第53週(2026年12月28日〜2027年1月3日)",
            "Week 53 of 2026 (28 Dec 2026 – 3 Jan 2027)",
        ),
        ("month", "2026-02-01", "2026-02-28", "2026年2月", "February 2026"),
    ],
)
def test_a_period_is_written_as_people_write_it(kind: str, first: str, last: str, ja: str, en: str) -> None:
    days = date.fromisoformat(first), date.fromisoformat(last)
    assert (period_text(kind, *days, "ja"), period_text(kind, *days, "en")) == (ja, en)


def test_no_blank_stands_between_a_number_and_its_counter() -> None:
    said = [*REPORTS["ja"].values(), *DETAILS_OF_REPORTS["ja"].values(), *OWN_MAILS["ja"].values()]
    assert [one for one in said if re.search(r"[0-9}] [件通回日週時分か]|[全第約差] [0-9{]", one)] == []


def test_both_languages_say_the_same_things() -> None:
    holes = re.compile(r"\{\w*\}")
    for texts in (REPORTS, DETAILS_OF_REPORTS, OWN_MAILS):
        assert set(texts["ja"]) == set(texts["en"])
        assert [
            one for one in texts["ja"] if set(holes.findall(texts["ja"][one])) != set(holes.findall(texts["en"][one]))
        ] == []


def test_the_apis_document_knows_every_unit_and_news() -> None:
    fields = ReportLine.model_fields
    assert set(get_args(fields["unit"].annotation)) == set(Unit)
    assert set(get_args(fields["news"].annotation)) == set(News)


def test_every_fault_of_the_books_has_words() -> None:
    source = (ROOT / "models" / "db" / "books.py").read_text(encoding="utf-8")
    assert set(re.findall(r'yield f"(\w+): ', source)) == set(FAULTS)
    for fault in FAULTS.values():
        for language in ("ja", "en"):
            assert detail_text(fault, language) != fault
        assert not re.search(r"[A-Za-z]{2}|\{", detail_text(fault, "ja"))
        number = re.search(r"\d+", fault)
        assert number is not None
        assert number[0] in detail_text(fault, "en")
