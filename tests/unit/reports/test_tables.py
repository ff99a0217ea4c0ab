"""Reports as data: every sum, readable back, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from policy.pack import Pack
from reports.advice import advice
from reports.figures import Figures, Report, figures_from_value
from reports.tables import HEAD, as_csv, as_json
from reports.trend import trend
from reports.wording import Wording
from tests.support.made_reports import ZONE, period, report_of


@pytest.fixture(scope="module")
def busy(pack: Pack) -> Report:
    return report_of(pack, count=150, before=2)


def rows_of(raw: bytes) -> list[dict[str, str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_json_holds_every_sum(busy: Report, pack: Pack) -> None:
    value: Mapping[str, Any] = json.loads(as_json(busy, pack))
    assert figures_from_value(value["figures"], ZONE) == busy.figures
    assert [figures_from_value(one, ZONE) for one in value["before"]] == list(busy.before)
    assert [one["name"] for one in value["headline"]] == [line.name for line in trend(busy)]
    assert value["headline"][0]["now"]["value"] == busy.figures.count("people")
    assert [one["code"] for one in value["advice"]] == [one.code for one in advice(busy, hours=pack.desk.working)]
    assert value["books"][0]["day"] == "2026-11-23"
    assert value["period"] == {
        "name": "2026-W48",
        "kind": "week",
        "start": "2026-11-23T00:00:00+09:00",
        "end": "2026-11-30T00:00:00+09:00",
    }
    assert value["letters"][0]["kind"]
    assert as_json(busy, pack) == as_json(busy, pack)


def test_json_of_an_empty_period_is_json(pack: Pack) -> None:
    of = period("2026-W48")
    value = json.loads(as_json(Report(figures=Figures(period=of, as_of=of.end), made_at=of.end), pack))
    assert value["figures"]["cells"] == []
    assert value["headline"][1]["now"]["value"] is None


def test_json_counts_in_the_business_days_of_the_pack(busy: Report, pack: Pack) -> None:
    """A desk that is open round the clock has longer days: page, CSV and JSON say the same of it."""
    working = replace(pack.desk.working, opens=time(0), closes=time.max)
    open_always = replace(pack, desk=replace(pack.desk, working=working))
    for one in (pack, open_always):
        minutes = Wording(pack=one, language="ja").day_minutes
        lines = {line.name: line.now.value for line in trend(busy, minutes)}
        told = {line["name"]: line["now"]["value"] for line in json.loads(as_json(busy, one))["headline"]}
        assert told == lines
    first, other = (json.loads(as_json(busy, one))["headline"] for one in (pack, open_always))
    assert first != other


@pytest.mark.parametrize("language", ["ja", "en"])
def test_csv_holds_every_cell_of_every_period(busy: Report, pack: Pack, language: str) -> None:
    rows = rows_of(as_csv(busy, pack, language))
    assert tuple(rows[0]) == HEAD
    cells = [row for row in rows if not row["measure"].startswith("wait_")]
    whole = (*busy.before, busy.figures)
    assert len(cells) == sum(len(figures.cells) for figures in whole)
    counted = {(row["period"], row["measure"], row["dimension"], row["value"]): int(row["count"]) for row in cells}
    for figures in whole:
        for cell, count in figures.cells.items():
            assert counted[(figures.period.name, *cell)] == count
    assert all(row["label"] and "{" not in row["label"] for row in rows)


def test_csv_has_shares_with_their_intervals(busy: Report, pack: Pack) -> None:
    rows = {
        (row["measure"], row["dimension"], row["value"]): row
        for row in rows_of(as_csv(busy, pack, "ja"))
        if row["period"] == "2026-W48"
    }
    complete = rows["complete", "all", ""]
    hits, of = busy.figures.count("complete"), busy.figures.count("workable")
    assert (complete["count"], complete["of"]) == (str(hits), str(of))
    assert float(complete["share"]) == pytest.approx(hits / of, abs=1e-4)
    assert float(complete["low"]) < float(complete["share"]) < float(complete["high"])
    assert complete["label"] == "初回から情報が揃っていたチケット"
    assert rows["tickets", "all", ""]["share"] == ""
    median = rows["wait_answer", "median", ""]
    assert median["minutes"]
    assert median["share"] == ""
    assert rows["wait_answer", "two_business_days", ""]["share"]
    assert all(0 <= float(row["share"]) <= 1 for row in rows.values() if row["share"])


def test_nothing_in_csv_is_a_formula(pack: Pack) -> None:
    raw = as_csv(report_of(pack, count=100, before=1, is_hostile=True), pack, "ja")
    rows = rows_of(raw)
    assert any("cmd.example" in row["value"] for row in rows)
    for row in rows:
        for name, field in row.items():
            assert field.isprintable(), (name, field)
            assert not field.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")), (name, field)
    assert "\u202e" not in raw.decode("utf-8-sig")
    assert raw.count(b"\r\n") == len(rows) + 1
