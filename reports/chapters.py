"""The chapters of a report about what came and how complete it was: headline, completeness, requests, times, volume. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.book import halves
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
MOST_ROWS = 100  # of a table of products or customers; the CSV file has them all
_UNFOLDED = 12  # of them that a page shows at once
_CARE = ("overdue", "complaint", "security")
_MOST_LACKING = 5
_MAILED_ROWS = 7  # some mail programs cut what is longer than 102 kB
_DAYS_IN_TIME = 2
_NOTED = frozenset({"care", "category"})  # tables that say what their column "usual" is; those below them need not
_WHOLE_FROM = 10  # a mean of so many or more needs no decimal


def headline(f: Frame) -> Section:
    """The headline figures, now and before."""
    w, has_before = f.w, bool(f.report.before)
    before = f.wording.before(f.figures.period, len(f.report.before))
    heads = (
        (w["figure"], False),
        (w[f"this_{f.figures.period.kind.value}"], True),
        # Beside the figure: narrow screens cut off what stands last.
        *(((f.wording.said("news_head", before=before), False),) if has_before else ()),
        (w["interval"], True),
        (w["began"], True),
        *(((f.wording.said("usual", before=before), True),) if has_before else ()),
    )
    known = [line for line in f.lines.values() if line.now.value is not None or line.now.of or line.usual.of]
    table = Table(
        id="headline",
        caption=w["headline_caption" if has_before else "headline_first"],
        columns=_columns(heads),
        rows=tuple(_headline_row(line, f) for line in known),
        note=time_note(f),
        is_cards=True,
        mailed=(0, 1, 2, 4, 5) if has_before else (),
    )
    return Section(id="headline", title=w["headline"], blocks=_some(table, trend_chart(f), _care_table(f)))


def time_note(f: Frame) -> str:
    """How times are to be read."""
    return ("" if f.wording.language == "ja" else " ").join(filter(None, (f.w["median_note"], f.wording.day_is())))


def _headline_row(line: Line, f: Frame) -> tuple[Entry, ...]:
    is_count = line.unit is Unit.COUNT
    usual = f.value_of(line, line.usual)
    around = f.range_of(line, line.usual)
    if line.usual.value is not None and around != f.w["nothing"]:
        usual += f.bracketed(around)
    return (
        entry(f.w[line.name]),
        Entry(text=(Run(text=f.value_of(line, line.now), href=f.link_of(line), is_strong=True),)),
        *((f.news(line.news),) if f.report.before else ()),
        entry(f.w["nothing"] if is_count else f.range_of(line, line.now), tone="quiet"),
        entry(f.w["nothing"] if is_count else f"{line.now.of:,}", tone="quiet"),
        *((entry(usual),) if f.report.before else ()),
    )


def _care_table(f: Frame) -> Table | None:
    """Targets that were missed, complaints, matters of security or law; none if there are none, now and before."""
    if not any(figures.count(measure) for figures in (f.figures, *f.report.before) for measure in _CARE):
        return None
    w, people = f.w, f.figures.count("people")
    heads = ((w["what"], False), (w["count_head"], True), (f.wording.counted("of_people_n", people), True))
    rows = tuple(
        (entry(w[measure]), f.count(measure), f.share(Cell(measure), people), *_usual(measure, "all", "", f))
        for measure in _CARE
    )
    return _with_usual(Table(id="care", caption=w["care_caption"], columns=_columns(heads), rows=rows), f)


def _usual(measure: str, dimension: str, value: str, f: Frame) -> tuple[Entry, ...]:
    """How many there were in a period before, on average; without such periods no field."""
    if not f.report.before:
        return ()
    counts = [figures.count(measure, dimension, value) for figures in f.report.before]
    if dimension == "domain" and not any(counts):  # few are not counted by customer
        return (entry(f.w["nothing"], tone="quiet"),)
    mean = sum(counts) / len(counts)
    return (entry(f.wording.number(mean, 0 if mean == round(mean) or mean >= _WHOLE_FROM else 1), tone="quiet"),)


def _with_usual(table: Table, f: Frame, at: int | None = None) -> Table:
    """The table with the head of the column that `_usual` filled, and what it means."""
    if not f.report.before:
        return table
    before = f.wording.before(f.figures.period, len(f.report.before))
    head = Column(head=f.w["usual_head"], is_number=True)
    at = len(table.columns) if at is None else at
    note = f.wording.said("usual_note", before=before) if table.id in _NOTED else ""
    return replace(
        table,
        columns=(*table.columns[:at], head, *table.columns[at:]),
        note=("" if f.wording.language == "ja" else " ").join(filter(None, (table.note, note))),
    )


def completeness(f: Frame) -> Section:
    """How complete mails were, by item, category, product, customer and language."""
    tables = (
        _group_table("category", f),
        _group_table("product", f),
        _group_table("domain", f),
        _group_table("language", f),
    )
    blocks = _some(items_chart(f), _items_table(f), _asked_along_table(f), *tables)
    return Section(id="completeness", title=f.w["completeness"], blocks=blocks)


def _items_table(f: Frame) -> Table | None:
    items = in_guide_order(f.figures.by("needed", "item"))
    along = _asked_along(f)
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
    nothing = entry(w["nothing"], tone="quiet")
    rows = tuple(
        (
            entry(f.wording.item(item)),
            f.count("needed", "item", item),
            f.share(Cell("given", "item", item), f.figures.count("needed", "item", item)),
            f.count("unsure", "item", item),
            f.count("lacking", "item", item),
            *((nothing, nothing) if item in along else _asked_and_given(item, f)),
        )
        for item in items
    )
    return Table(
        id="items", caption=w["by_item"], columns=_columns(heads), rows=rows, note=w["item_note"], most_mailed=0
    )


def _asked_along(f: Frame) -> tuple[str, ...]:
    """The items that were asked for more often than they were needed."""
    asked = f.figures.by("item_asked", "item")
    return in_guide_order(item for item, count in asked.items() if count > f.figures.count("needed", "item", item))


def _asked_and_given(item: str, f: Frame) -> tuple[Entry, Entry]:
    due = f.figures.count("item_due", "item", item)
    return f.count("item_asked", "item", item), f.share(Cell("item_answered", "item", item), due, has_base=True)


def _asked_along_table(f: Frame) -> Table | None:
    """The items that we ask for where nothing requires them."""
    items, w = _asked_along(f), f.w
    if not items:
        return None
    heads = ((w["item"], False), (w["asked_for"], True), (w["given_when_asked"], True))
    rows = tuple((entry(f.wording.item(item)), *_asked_and_given(item, f)) for item in items)
    return Table(
        id="asked-along",
        caption=w["asked_along"],
        columns=_columns(heads),
        rows=rows,
        note=w["asked_along_note"],
        most_mailed=0,
    )


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
    table = Table(
        id=dimension,
        caption=w[f"by_{dimension}"],
        columns=_columns(heads),
        rows=rows,
        most_mailed=_MAILED_ROWS if dimension == "category" else 0,
        unfolded=_UNFOLDED,
        rest=f.wording.counted("rows_left", max(0, len(rows) - _UNFOLDED)),
        note=("" if f.wording.language == "ja" else " ").join(notes),
    )
    return _with_usual(table, f, 2)


def _group_row(dimension: str, value: str, f: Frame) -> tuple[Entry, ...]:
    workable = f.figures.count("workable", dimension, value)
    answered = f.figures.count("answered", dimension, value)
    return (
        entry(f.wording.value(dimension, value), is_foreign=dimension == "domain"),
        f.count("people", dimension, value),
        *_usual("people", dimension, value, f),
        f.share(Cell("complete", dimension, value), workable, has_base=True),
        f.share(Cell("complete_after_one", dimension, value), answered, has_base=True),
        _lacks_most(dimension, value, f),
    )


def _lacks_most(dimension: str, value: str, f: Frame) -> Entry:
    lacking = {
        halves(pair)[1]: (count, pair)
        for pair, count in f.figures.by("lacking", f"{dimension}_item").items()
        if halves(pair)[0] == value
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
        (w["doubtful_after_one_row"], "doubtful_after_one", answered, w["of_answered"]),
        (w["asked_twice"], "asked_twice", asked, w["of_asked"]),
    )
    made = [
        (entry(name), f.count(measure), f.share(Cell(measure), of), _base(base, of, f))
        for name, measure, of, base in rows
    ]
    in_time = f.lines["answered_in_time"]
    made.append(
        (
            entry(w["answered_in_time_row"]),
            entry(w["nothing"], tone="quiet"),
            f.estimate(in_time.now),
            _base(w["of_asked"], asked, f),
        )
    )
    heads = ((w["what"], False), (w["count_head"], True), (w["share_head"], True), (w["base"], False))
    table = Table(id="requests", caption=w["requests_caption"], columns=_columns(heads), rows=tuple(made))
    return Section(id="requests", title=w["requests"], blocks=(table,), is_mailed=False)


def _base(text: str, of: int, f: Frame) -> Entry:
    return entry(text.format(n=f.wording.counted("n_tickets", of)), tone="quiet")


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
                Entry(text=(Run(text=f.value_of(line, median), href=f.link_of(line), is_strong=True),)),
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
    table = Table(id="times", caption=w["times_caption"], columns=_columns(heads), rows=tuple(rows), note=time_note(f))
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
    heads = ((w[dimension], False), (w["tickets_head"], True), (f.wording.counted("of_people_n", people), True))
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
