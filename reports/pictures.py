"""What the pictures of a report show: their points, and a sentence for those who do not see them. Pure; `plots` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.intervals import curve_of, median_wait
from reports.parts import Chart, Curve, Curves, Intervals, Series, Stacks, Trends, Volumes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.frame import Frame
    from reports.honesty import KindLine

_MOST_ITEMS = 8
_SERIES = {"complete": "series_complete", "complete_after_one": "series_after_one"}
_DRAWN_WAITS = ("first_letter", "answer", "agent")
_LEAST_WAITS = 5  # a curve of fewer says nothing
_LONGEST_DAYS = 10
_TICKS = 6
_MOST_NAMED_DAYS = 7


def trend_chart(f: Frame) -> Chart | None:
    """Completeness over the periods, on arrival and after one request."""
    periods = [*(one.period for one in f.report.before), f.figures.period]
    labels = tuple(f.wording.short_period(period) for period in periods)
    series, told = [], []
    for name, short in _SERIES.items():
        line = f.lines[name]
        points = (*line.before, line.now)
        known = [number for number, one in enumerate(points) if one.value is not None]
        if not known:
            continue
        series.append(Series(label=f.w[short], points=points))
        if line.now.value is None:
            continue
        first, now = known[0], f.wording.share(line.now.value)
        told.append(
            f.wording.said(
                "alt_trend_now" if first == len(points) - 1 else "alt_trend_one",
                name=f.w[name],
                first=labels[first],
                was=f.wording.share(points[first].value),
                last=labels[-1],
                now=now,
                range=f.wording.share_range(line.now),
            )
        )
    if not told:
        return None
    alt = f.wording.said("alt_trend", what=_sentences(told, f))
    return Chart(id="trend", title=f.w["chart_trend"], alt=alt, drawing=Trends(labels=labels, series=tuple(series)))


def days_chart(f: Frame) -> Chart | None:
    """Tickets by day, in and out of business hours."""
    days = f.figures.period.days
    names = [f.wording.short_date(day) for day in days]
    labels = names if len(days) <= _MOST_NAMED_DAYS else [str(day.day) for day in days]
    return _volumes("days", "day", [f"{day:%Y-%m-%d}" for day in days], labels, names, f)


def hours_chart(f: Frame) -> Chart | None:
    """Tickets by hour of the day."""
    hours = [f"{hour:02}" for hour in range(24)]
    names = [f.wording.value("hour", hour) for hour in hours]
    return _volumes("hours", "hour", hours, names, names, f)


def _volumes(
    chart: str, dimension: str, values: Sequence[str], labels: Sequence[str], names: Sequence[str], f: Frame
) -> Chart | None:
    whole = [f.figures.count("people", dimension, value) for value in values]
    outside = [f.figures.count("off_hours", dimension, value) for value in values]
    if not sum(whole):
        return None
    top = max(range(len(values)), key=whole.__getitem__)
    word = "volume" if dimension == "day" else "hours"
    numbers = {"n": f"{whole[top]:,}", "total": f"{sum(whole):,}", "out": f"{sum(outside):,}"}
    drawing = Volumes(
        labels=tuple(labels),
        inside=tuple(all_of - out for all_of, out in zip(whole, outside, strict=True)),
        outside=tuple(outside),
        names=(f.w["inside"], f.w["outside"]),
        unit=f.w["tickets"],
    )
    alt = f.wording.said(f"alt_{word}", top=names[top], **numbers)
    return Chart(id=chart, title=f.w[f"chart_{word}"], alt=alt, drawing=drawing)


def items_chart(f: Frame) -> Chart | None:
    """What the first mails held of what was needed; the items that lacked most often, none that never did."""
    needed = f.figures.by("needed", "item")
    lacking = f.figures.by("lacking", "item")
    doubtful = {*lacking, *f.figures.by("unsure", "item")} & set(needed)
    items = sorted(doubtful, key=lambda item: (-lacking.get(item, 0), -needed[item], item))[:_MOST_ITEMS]
    if not items or not lacking:
        return None
    parts = tuple(
        tuple(f.figures.count(measure, "item", item) for measure in ("given", "unsure", "lacking")) for item in items
    )
    top = items[0]
    alt = f.wording.said("alt_items", top=f.wording.item(top), n=f"{lacking[top]:,}", of=f"{needed[top]:,}")
    drawing = Stacks(
        labels=tuple(f.wording.item(item) for item in items),
        parts=parts,
        names=(f.w["part_given"], f.w["part_unsure"], f.w["part_lacking"]),
        unit=f.w["tickets"],
    )
    return Chart(id="items", title=f.w["chart_items"], alt=alt, drawing=drawing)


def kinds_chart(kinds: Sequence[KindLine], f: Frame) -> Chart | None:
    """Coverage and precision of each kind of letter."""
    shown = [line for line in kinds if line.coverage.value is not None or line.precision.value is not None]
    if not shown:
        return None
    told = [
        f.wording.said(
            "alt_kinds_one",
            name=f.wording.kind(line.kind),
            coverage=f.wording.share(line.coverage.value),
            precision=f.wording.share(line.precision.value),
        )
        for line in shown
    ]
    drawing = Intervals(
        labels=tuple(f.wording.kind(line.kind) for line in shown),
        panels=(
            Series(label=f.w["coverage"], points=tuple(line.coverage for line in shown)),
            Series(label=f.w["precision"], points=tuple(line.precision for line in shown)),
        ),
    )
    return Chart(
        id="kinds",
        title=f.w["chart_kinds"],
        alt=f.wording.said("alt_kinds", what=_sentences(told, f)),
        drawing=drawing,
    )


def waits_chart(f: Frame) -> Chart | None:
    """How waits came to their end."""
    curves, told = [], []
    for name in _DRAWN_WAITS:
        wait = f.figures.wait(name)
        if wait.count < _LEAST_WAITS or not wait.done:
            continue
        label = f.w[f"wait_{name}"]
        curves.append(Curve(label=label, steps=tuple((float(at), share) for at, share in curve_of(wait))))
        median = f.value_of(f.lines[f"{name}_minutes"], median_wait(wait))
        told.append(f.wording.said("alt_waits_one", name=label, median=median))
    if not curves:
        return None
    day = f.wording.day_minutes
    longest = min(max(curve.steps[-1][0] for curve in curves), _LONGEST_DAYS * day)
    step = next(
        (step for step in (15, 30, 60, 120, 180, day, 2 * day) if longest / step <= _TICKS), _LONGEST_DAYS * day // 5
    )
    longest = max(longest, step)
    is_days = step >= day
    ticks = tuple(
        (float(at), str(at // day) if is_days else f.wording.span(at) if at else "0")
        for at in range(0, int(longest) + 1, step)
    )
    along = f.w["axis_days" if is_days else "axis_hours"]
    drawing = Curves(curves=tuple(curves), ticks=ticks, longest=longest, unit=f.w["axis_done"], along=along)
    return Chart(
        id="waits",
        title=f.w["chart_waits"],
        alt=f.wording.said("alt_waits", what=_sentences(told, f)),
        drawing=drawing,
    )


def _sentences(told: Sequence[str], f: Frame) -> str:
    return ("、" if f.wording.language == "ja" else "; ").join(told)
