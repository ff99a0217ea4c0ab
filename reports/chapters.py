"""The chapters of a report about what came and how complete it was: headline, completeness, requests, times, volume. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.counting import SEPARATOR
from reports.figures import Cell
from reports.frame import entry, joined, words_only
from reports.intervals import done_within, median_wait, wilson
from reports.parts import Column, Entry, Lines, Paragraph, Run, Section, Table
from reports.pictures import days_chart, hours_chart, items_chart, trend_chart, waits_chart
from reports.trend import Unit
from responders.items import in_guide_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.frame import Frame
    from reports.parts import Block, Text
    from reports.trend import Line

WAITS = ("first_letter", "answer", "ready_unasked", "ready_asked", "agent")
MOST_ROWS = 12  # of a table of products or customers
_MAILED_ROWS = 7  # some mail programs cut what is longer than 102 kB
_MOST_LACKING = 5
_DAYS_IN_TIME = 2


def headline(f: Frame) -> Section:
    """The headline figures, now and before."""
    w = f.w
    heads = (
        (w["figure"], False),
        (w[f"this_{f.figures.period.kind.value}"], True),
        (w["news_head"], False),  # beside the figure: narrow screens cut off what stands last
        (w["interval"], True),
        (w["began"], True),
        (f.wording.said("usual", before=f.wording.before(f.figures.period, len(f.report.before))), True),
    )
    table = Table(
        id="headline",
        caption=w["headline_caption"],
        columns=_columns(heads),
        rows=tuple(_headline_row(line, f) for line in f.lines.values()),
        note=w["median_note"],
        mailed=(0, 1, 2, 3, 5),
        is_cards=True,
    )
    return Section(id="headline", title=w["headline"], blocks=_some(table, trend_chart(f)))


def _headline_row(line: Line, f: Frame) -> tuple[Entry, ...]:
    is_count = line.unit is Unit.COUNT
    usual = f.value_of(line, line.usual)
    around = f.range_of(line, line.usual)
    if line.usual.value is not None and around != f.w["nothing"]:
        usual += f"{f.w['open_bracket']}{around}{f.w['close_bracket'].rstrip()}"
    return (
        entry(f.w[line.name]),
        Entry(text=(Run(text=f.value_of(line, line.now), href=f.href(line.cell), is_strong=True),)),
        f.news(line.news),
        entry(f.w["nothing"] if is_count else f.range_of(line, line.now), tone="quiet"),
        entry(f.w["nothing"] if is_count else f"{line.now.of:,}", tone="quiet"),
        entry(usual),
    )


def completeness(f: Frame) -> Section:
    """How complete mails were, by item, category, product, customer and language."""
    tables = (
        _group_table("category", f),
        _group_table("product", f),
        _group_table("domain", f),
        _group_table("language", f),
    )
    return Section(id="completeness", title=f.w["completeness"], blocks=_some(items_chart(f), _items_table(f), *tables))


def _items_table(f: Frame) -> Table | None:
    items = in_guide_order({*f.figures.by("needed", "item"), *f.figures.by("item_asked", "item")})
    if not items:
        return None
    w = f.w
    heads = (
        (w["item"], False),
        (w["needed"], True),
        (w["given_on_arrival"], True),
        (w["unsure_n"], True),
        (w["lacking_n"], True),
        (w["asked_for"], True),
        (w["answered_after"], True),
    )
    rows = tuple(
        (
            entry(f.wording.item(item)),
            f.count("needed", "item", item),
            f.share(Cell("given", "item", item), f.figures.count("needed", "item", item)),
            f.count("unsure", "item", item),
            f.count("lacking", "item", item),
            f.count("item_asked", "item", item),
            f.share(Cell("item_answered", "item", item), f.figures.count("item_due", "item", item)),
        )
        for item in items
    )
    return Table(id="items", caption=w["by_item"], columns=_columns(heads), rows=rows, note=w["item_note"])


def _group_table(dimension: str, f: Frame) -> Table | None:
    """How complete the mails of each category, product ... were."""
    values = f.figures.by("people", dimension)
    if not values:
        return None
    w = f.w
    heads = (
        (w[dimension], False),
        (w["tickets_head"], True),
        (w["complete_on_arrival"], True),
        (w["complete_after_one_head"], True),
        (w["lacks_most"], False),
    )
    rows = tuple(_group_row(dimension, value, f) for value in list(values)[:MOST_ROWS])
    notes = [w[f"{dimension}_note"]] if f"{dimension}_note" in w else []
    left = len(values) - len(rows)
    notes += [f.wording.counted("and_more", left)] if left else []
    return Table(
        id=dimension,
        caption=w[f"by_{dimension}"],
        columns=_columns(heads),
        rows=rows,
        most_mailed=_MAILED_ROWS,
        note=("" if f.wording.language == "ja" else " ").join(notes),
    )


def _group_row(dimension: str, value: str, f: Frame) -> tuple[Entry, ...]:
    workable = f.figures.count("workable", dimension, value)
    answered = f.figures.count("answered", dimension, value)
    return (
        entry(f.wording.value(dimension, value), is_foreign=dimension == "domain"),
        f.count("people", dimension, value),
        f.share(Cell("complete", dimension, value), workable),
        f.share(Cell("complete_after_one", dimension, value), answered),
        _lacks_most(dimension, value, f),
    )


def _lacks_most(dimension: str, value: str, f: Frame) -> Entry:
    lacking = {
        pair.removeprefix(f"{value}{SEPARATOR}"): (count, pair)
        for pair, count in f.figures.by("lacking", f"{dimension}_item").items()
        if pair.startswith(f"{value}{SEPARATOR}")
    }
    if not lacking:
        return entry(f.w["nothing"], tone="quiet")
    item, (count, pair) = next(iter(lacking.items()))
    href = f.href(Cell("lacking", f"{dimension}_item", pair))
    needed = f.figures.count("needed", f"{dimension}_item", pair)
    return Entry(text=joined(f"{f.wording.item(item)} ", Run(text=f"{count}/{needed}", href=href)))


def lacking(f: Frame) -> Section:
    """What is missing most, with examples."""
    lines: list[Text] = []
    for item, count in list(f.figures.by("lacking", "item").items())[:_MOST_LACKING]:
        cell = Cell("lacking", "item", item)
        of = f.figures.count("needed", "item", item)
        said = f.wording.said(
            "lacking_of",
            item=f.wording.item(item),
            count=f"{count:,}",
            of=f"{of:,}",
            share=f.wording.share(wilson(count, of).value),
        )
        examples = f.examples(f.figures.examples.get(cell, ()))
        colon = ": " if f.wording.language == "ja" else " "
        more = (Run(text=f"{f.w['stop']}{f.w['examples']}{colon}"), *examples) if examples else ()
        lines.append((Run(text=said, href=f.href(cell)), *more))
    block: Block = Lines(caption="", lines=tuple(lines)) if lines else Paragraph(text=words_only(f.w["no_lacking"]))
    return Section(id="lacking", title=f.w["lacking"], blocks=(block,))


def requests(f: Frame) -> Section:
    """What came of the requests."""
    w, figures = f.w, f.figures
    asked, answered = figures.count("asked"), figures.count("answered")
    if not asked:
        return Section(
            id="requests", title=w["requests"], blocks=(Paragraph(text=words_only(w["asked_none"])),), is_mailed=False
        )
    rows = (
        (w["asked"], "asked", figures.count("people"), w["of_tickets"]),
        (w["answered"], "answered", asked, w["of_asked"]),
        (w["complete_after_one_row"], "complete_after_one", answered, w["of_answered"]),
        (w["asked_twice"], "asked_twice", asked, w["of_asked"]),
    )
    made = [
        (entry(name), f.count(measure), f.share(Cell(measure), of), entry(base, tone="quiet"))
        for name, measure, of, base in rows
    ]
    in_time = f.lines["answered_in_time"]
    made.append(
        (
            entry(w["answered_in_time_row"]),
            entry(w["nothing"], tone="quiet"),
            f.estimate(in_time.now),
            entry(w["of_asked"], tone="quiet"),
        )
    )
    heads = ((w["what"], False), (w["count_head"], True), (w["share_head"], True), (w["base"], False))
    table = Table(id="requests", caption=w["requests_caption"], columns=_columns(heads), rows=tuple(made))
    return Section(id="requests", title=w["requests"], blocks=(table,), is_mailed=False)


def times(f: Frame) -> Section:
    """How long things took, and the curves."""
    w, wording = f.w, f.wording
    rows = []
    for name in WAITS:
        wait = f.figures.wait(name)
        if not wait.count:
            continue
        median, line = median_wait(wait), f.lines[f"{name}_minutes"]
        rows.append(
            (
                entry(w[f"wait_{name}"]),
                entry(f"{wait.count:,}"),
                entry(f"{sum(wait.going.values()):,}"),
                Entry(text=(Run(text=f.value_of(line, median), href=f.href(line.cell), is_strong=True),)),
                entry(wording.span_range(median), tone="quiet"),
                f.estimate(done_within(wait, _DAYS_IN_TIME * wording.day_minutes)),
            )
        )
    if not rows:
        return Section(
            id="times", title=w["times"], blocks=(Paragraph(text=words_only(w["times_none"])),), is_mailed=False
        )
    heads = (
        (w["wait"], False),
        (w["began"], True),
        (w["going"], True),
        (w["median"], True),
        (w["interval"], True),
        (w["in_time"], True),
    )
    table = Table(
        id="times", caption=w["times_caption"], columns=_columns(heads), rows=tuple(rows), note=w["median_note"]
    )
    return Section(id="times", title=w["times"], blocks=_some(table, waits_chart(f)), is_mailed=False)


def volume(f: Frame) -> Section:
    """What came, when, and what became of it."""
    w = f.w
    if not f.figures.count("people"):
        return Section(
            id="volume", title=w["volume"], blocks=(Paragraph(text=words_only(w["volume_none"])),), is_mailed=False
        )
    is_day = len(f.figures.period.days) == 1
    by_day = None if is_day else _times_table("day", [f"{day:%Y-%m-%d}" for day in f.figures.period.days], f)
    by_hour = _times_table("hour", sorted(f.figures.by("people", "hour")), f)
    charts = (hours_chart(f),) if is_day else (days_chart(f), hours_chart(f))
    blocks = _some(*charts, by_day, by_hour, _shares_table("disposition", f), _shares_table("state", f))
    return Section(id="volume", title=w["volume"], blocks=blocks, is_mailed=False)


def _times_table(dimension: str, values: Iterable[str], f: Frame) -> Table:
    """Counts by day or hour, in and out of business hours."""
    w = f.w
    heads = (
        (w["date_head"] if dimension == "day" else w["hour_head"], False),
        (w["total"], True),
        (w["inside"], True),
        (w["outside"], True),
    )
    days = {f"{day:%Y-%m-%d}": f.wording.short_date(day) for day in f.figures.period.days}
    rows = []
    for value in values:
        whole, outside = f.figures.count("people", dimension, value), f.figures.count("off_hours", dimension, value)
        rows.append(
            (
                entry(days.get(value) or f.wording.value(dimension, value)),
                f.count("people", dimension, value),
                entry(f"{whole - outside:,}"),
                f.count("off_hours", dimension, value),
            )
        )
    return Table(
        id=f"by-{dimension}",
        caption=w[f"by_{dimension}"],
        columns=_columns(heads),
        rows=tuple(rows),
        is_folded=dimension == "hour",
    )


def _shares_table(dimension: str, f: Frame) -> Table:
    """What part of all tickets each decision or state has."""
    w, people = f.w, f.figures.count("people")
    heads = ((w[dimension], False), (w["tickets_head"], True), (w["of_people"], True))
    rows = tuple(
        (
            entry(f.wording.value(dimension, value)),
            f.count("people", dimension, value),
            f.share(Cell("people", dimension, value), people),
        )
        for value in f.figures.by("people", dimension)
    )
    return Table(id=f"by-{dimension}", caption=w[f"by_{dimension}"], columns=_columns(heads), rows=rows)


def _columns(heads: Iterable[tuple[str, bool]]) -> tuple[Column, ...]:
    return tuple(Column(head=head, is_number=is_number) for head, is_number in heads)


def _some(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)
