"""A report's figures as data: JSON with every sum, and CSV as one long table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reports.advice import advice
from reports.drift import drift, should_train
from reports.figures import Cell, figures_to_value
from reports.honesty import letter_lines
from reports.intervals import done_within, median_wait, wilson
from reports.trend import drivers, trend
from reports.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.facts import DayBooks
    from policy.pack import Pack
    from reports.figures import Figures, Report
    from reports.trend import Line

HEAD = (
    "period",
    "measure",
    "dimension",
    "value",
    "label",
    "count",
    "of",
    "share",
    "low",
    "high",
    "minutes",
    "minutes_low",
    "minutes_high",
)
# What each measure is a share of, in the same dimension and value.
_BASES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "off_hours",
            "held",
            "split",
            "out_of_scope",
            "not_disclosed",
            "other_account",
            "workable",
            "awaits_agent",
            "overdue",
            "complaint",
            "security",
        ),
        "people",
    ),
    **dict.fromkeys(("complete", "incomplete", "doubtful"), "workable"),
    **dict.fromkeys(("answered", "asked_twice"), "asked"),
    **dict.fromkeys(("complete_after_one", "doubtful_after_one"), "answered"),
    **dict.fromkeys(("given", "unsure", "lacking", "lacking_only", "not_given"), "needed"),
    "item_answered": "item_due",
    "mails_defective": "mails",
    "heard_wrong": "went",
    "heard_wrong_by_hand": "went_by_hand",
    **dict.fromkeys(
        (
            "went",
            "went_by_hand",
            "letters_held",
            "letters_shadow",
            "letters_suppressed",
            "letters_discarded",
            "letters_failed",
        ),
        "letters",
    ),
    **dict.fromkeys(("automatic", "spam", "people"), "tickets"),
}
# By day, hour, state and decision there is one measure: its share of the whole.
_OF_ALL = frozenset({"day", "hour", "state", "disposition", "warning"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_DAYS_IN_TIME = 2
VERSION = 1


def as_json(report: Report, pack: Pack) -> str:
    """Everything that the report stands on, and what was made of it; keys are stable.

    Business days are as long as those of the pack's desk, as on the pages.
    """
    period = report.figures.period
    day_minutes = Wording(pack=pack, language=pack.default_language).day_minutes
    value: dict[str, Any] = {
        "version": VERSION,
        "period": {
            "name": period.name,
            "kind": period.kind.value,
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
        },
        "made_at": report.made_at.isoformat(),
        "figures": figures_to_value(report.figures),
        "before": [figures_to_value(one) for one in report.before],
        "headline": [_line(line) for line in trend(report, day_minutes)],
        "letters": [asdict(line) for line in letter_lines(report.figures)],
        "drivers": [asdict(one) for one in drivers(report)],
        "drift": [_line(line) for line in drift(report)],
        "should_train": list(should_train(report)),
        "advice": [
            {
                "code": one.code,
                "names": dict(one.names),
                "numbers": dict(one.numbers),
                "gain": one.gain,
                "unit": one.unit,
                "periods": one.periods,
                "cell": list(one.cell),
            }
            for one in advice(report, hours=pack.desk.working)
        ],
        "books": [_books(one) for one in report.books],
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "unit": line.unit.value,
        "now": asdict(line.now),
        "before": [asdict(one) for one in line.before],
        "usual": asdict(line.usual),
        "news": line.news.value,
        "cell": list(line.cell) if line.cell else None,
    }


def _books(one: DayBooks) -> dict[str, Any]:
    return {
        **asdict(one),
        "day": one.day.isoformat(),
        "counted_at": one.counted_at.isoformat(),
        "faults": list(one.faults),
    }


def as_csv(report: Report, pack: Pack, language: str) -> bytes:
    """Every cell and wait of the period and those before it: UTF-8 with a byte order mark, CRLF, safe to open.

    What a spreadsheet would take for a formula stands behind an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    wording = Wording(pack=pack, language=language)
    for figures in (*report.before, report.figures):
        for row in (*_cells(figures, wording), *_waits(figures, wording)):
            writer.writerow([_safe(field) for field in row])
    return out.getvalue().encode("utf-8-sig")


def _cells(figures: Figures, wording: Wording) -> Iterator[tuple[str, ...]]:
    for cell, count in sorted(figures.cells.items()):
        of = _of(cell, figures)
        share = wilson(count, of) if of is not None and of >= count else None
        label = wording.measure_or_id(cell.measure)
        if cell.dimension != "all":
            label = f"{label} / {wording.value(cell.dimension, cell.value)}"
        yield (
            figures.period.name,
            cell.measure,
            cell.dimension,
            cell.value,
            label,
            str(count),
            "" if of is None else str(of),
            *(_number(part) for part in ((share.value, share.low, share.high) if share else (None,) * 3)),
            "",
            "",
            "",
        )


def _of(cell: Cell, figures: Figures) -> int | None:
    """What a cell is a share of; None where it is of nothing."""
    if cell.dimension in _OF_ALL:
        base = "mails" if cell.dimension == "warning" else "people"
        return figures.count(base)
    base = _BASES.get(cell.measure, "")
    return figures.count(base, cell.dimension, cell.value) if base else None


def _waits(figures: Figures, wording: Wording) -> Iterator[tuple[str, ...]]:
    """Medians, and what ended within two business days."""
    for name, wait in sorted(figures.waits.items()):
        median, in_time = median_wait(wait), done_within(wait, _DAYS_IN_TIME * wording.day_minutes)
        label = wording.w.get(f"wait_{name}", name)
        count = str(wait.count)
        minutes = tuple(_number(part) for part in (median.value, median.low, median.high))
        shares = tuple(_number(part) for part in (in_time.value, in_time.low, in_time.high))
        yield (figures.period.name, f"wait_{name}", "median", "", label, count, "", "", "", "", *minutes)
        done = f"{label} / {wording.w['in_time']}"
        yield (figures.period.name, f"wait_{name}", "two_business_days", "", done, count, count, *shares, "", "", "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _safe(text: str) -> str:
    """No formula, and nothing that ends a line."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA) else clean
