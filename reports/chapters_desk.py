"""The chapters of a report about the desk itself: how right it was, whether its models drift, the books. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.drift import drift, should_train
from reports.figures import Cell
from reports.frame import entry, joined, words_only
from reports.honesty import letter_lines
from reports.intervals import wilson
from reports.parts import Column, Entry, Lines, Paragraph, Run, Section, Table
from reports.pictures import kinds_chart
from reports.trend import News, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.facts import DayBooks
    from reports.frame import Frame
    from reports.honesty import KindLine
    from reports.parts import Block, Text
    from reports.trend import Line
    from reports.wording import Wording

_MISTAKES = ("objected", "repeated", "judged_wrong")  # measures with examples of mistakes
_EDITED = ("judged_edited",)
_LETTER = "letter:"
_MOST_ROWS, _UNFOLDED = 50, 12


def honesty(f: Frame) -> Section:
    """How right the desk's letters and readings were."""
    w = f.w
    kinds = letter_lines(f.figures)
    blocks: list[Block | None] = []
    if kinds:
        blocks += [_kinds_table(kinds, f), _right_table(kinds, f), kinds_chart(kinds, f)]
        blocks += [_examples(_MISTAKES, "wrong_examples", f), _examples(_EDITED, "edited_examples", f)]
        blocks += [_shadow_table([line for line in kinds if _shadows(line)], f), _suppressed_table(f)]
    else:
        blocks.append(Paragraph(text=words_only(w["no_letters"])))
    hand = f.figures.count("hand_letters")
    if hand:
        blocks.append(Paragraph(text=_around(w["hand_letters"], "{n}", f.number("hand_letters", "n_letters"))))
    blocks += [_defects(f), _defects_table(f), _corrections_table(f)]
    return Section(id="honesty", title=w["honesty"], blocks=tuple(block for block in blocks if block is not None))


def _kinds_table(kinds: Sequence[KindLine], f: Frame) -> Table:
    """What became of the letters of each kind."""
    w = f.w
    measures = {
        "letters": "letters_head",
        "went": "went",
        "went_by_hand": "went_by_hand",
        "letters_held": "held_letters",
        "letters_discarded": "discarded",
        "letters_suppressed": "suppressed_n",
    }
    heads = (
        (w["kind"], False),
        *((w[head], True) for head in measures.values()),
        (w["failed_or_bounced"], True),
        (w["coverage"], True),
    )
    rows = tuple(
        (
            entry(f.wording.kind(line.kind)),
            *(f.count(measure, "kind", line.kind) for measure in measures),
            _two(line, f),
            f.estimate(line.coverage, Cell("went", "kind", line.kind), has_base=True),
        )
        for line in kinds
    )
    return Table(id="kinds", caption=w["by_kind"], columns=_columns(heads), rows=rows, most_mailed=0)


def _right_table(kinds: Sequence[KindLine], f: Frame) -> Table:
    """What agents and customers said of them."""
    w = f.w
    heads = (
        (w["kind"], False),
        (w["precision"], True),
        (w["heard_wrong"], True),
        (w["heard_wrong_by_hand"], True),
        (w["objected"], True),
        (w["repeated"], True),
    )
    rows = tuple(
        (
            entry(f.wording.kind(line.kind)),
            f.estimate(line.precision, has_base=True),
            f.estimate(line.heard_wrong, Cell("heard_wrong", "kind", line.kind), has_base=True),
            *(f.count(measure, "kind", line.kind) for measure in ("heard_wrong_by_hand", "objected", "repeated")),
        )
        for line in kinds
    )
    return Table(id="kinds-right", caption=w["by_kind_right"], columns=_columns(heads), rows=rows, note=w["kind_note"])


def _two(line: KindLine, f: Frame) -> Entry:
    """Failed and bounced, each with its own link."""
    failed = f.count("letters_failed", "kind", line.kind)
    bounced = f.count("letters_bounced", "kind", line.kind)
    return Entry(text=joined(*failed.text, " / ", *bounced.text), tone="worse" if line.failed or line.bounced else "")


def honesty_in_short(f: Frame) -> Section | None:
    """The letters of each kind in a line, and what the reading did not understand."""
    w, wording = f.w, f.wording
    told: list[Text] = []
    for line in letter_lines(f.figures):
        parts = (
            ("went", line.went),
            ("went_by_hand", line.went_by_hand),
            ("held_letters", line.held),
            ("discarded", line.discarded),
            ("suppressed_n", line.suppressed),
            ("why_bounced", line.bounced),
            ("why_failed", line.failed),
        )
        said = f"{wording.kind(line.kind)}: " + wording.listed(
            [wording.said("brief_part", name=w[name], n=f"{n:,}") for name, n in parts if n]
            or [wording.said("brief_part", name=w["letters_head"], n=f"{line.letters:,}")]
        )
        for key, one in (("brief_right", line.precision), ("brief_wrong", line.heard_wrong)):
            if one.value is not None:
                said += wording.said(key, share=wording.share(one.value) + f.bracketed(wording.share_of(one)))
        told.append(words_only(said))
    if not told:
        return None
    defects = _defects(f)
    return Section(
        id="honesty",
        title=w["honesty"],
        blocks=(Lines(caption="", lines=tuple(told)), *((defects,) if defects else ())),
    )


def _examples(measures: Iterable[str], caption: str, f: Frame) -> Lines | None:
    """Examples of letters with a word of an agent or a customer on them."""
    lines: list[Text] = []
    for measure in measures:
        for kind in f.figures.by(measure, "kind"):
            some = f.figures.examples.get(Cell(measure, "kind", kind), ())
            if some:
                cell = Cell(measure, "kind", kind)
                head = f"{f.wording.kind(kind)} – {f.w[f'example_{measure}']}"
                lines.append((Run(text=head, href=f.href(cell)), Run(text=": "), *f.examples(some)))
    return Lines(caption=f.w[caption], lines=tuple(lines)) if lines else None


def _shadows(line: KindLine) -> int:
    return line.shadow_same + line.shadow_other + line.shadow_open


def _shadow_table(kinds: Sequence[KindLine], f: Frame) -> Table | None:
    """What would have been sent, against what agents did."""
    if not kinds:
        return None
    w = f.w
    heads = (
        (w["kind"], False),
        (w["shadow_same"], True),
        (w["shadow_other"], True),
        (w["shadow_open"], True),
        (w["agreement"], True),
    )
    rows = tuple(
        (
            entry(f.wording.kind(line.kind)),
            f.count("shadow_same", "kind", line.kind),
            f.count("shadow_other", "kind", line.kind),
            f.count("shadow_open", "kind", line.kind),
            f.estimate(wilson(line.shadow_same, line.shadow_same + line.shadow_other)),
        )
        for line in kinds
    )
    return Table(id="shadow", caption=w["shadow"], columns=_columns(heads), rows=rows, most_mailed=0)


def _suppressed_table(f: Frame) -> Table | None:
    return _counts_table("suppressed", "reason", "suppressed", "letters_count", f)


def _defects(f: Frame) -> Paragraph | None:
    mails, bad = f.figures.count("mails"), f.figures.count("mails_defective")
    if not mails:
        return None
    all_mails = f.wording.counted("n_mails", mails)
    if not bad:
        return Paragraph(text=words_only(f.wording.said("defects_none", mails=all_mails)))
    text = f.wording.said("defects_n", mails=all_mails, n="\0", share=f.wording.share(bad / mails))
    return Paragraph(text=_around(text, "\0", f.number("mails_defective", "n_mails")))


def _defects_table(f: Frame) -> Table | None:
    return _counts_table("mails_defective", "warning", "defects", "mails_count", f)


def _corrections_table(f: Frame) -> Table | None:
    """What agents read otherwise; words on letters in one line."""
    counts = f.figures.by("corrected", "target")
    letters = sum(count for target, count in counts.items() if target.startswith(_LETTER))
    rows = [
        (entry(f.wording.target(target)), f.count("corrected", "target", target))
        for target in counts
        if not target.startswith(_LETTER)
    ]
    rows += [(entry(f.w["target_letter"]), entry(f"{letters:,}"))] if letters else []
    heads = ((f.w["target"], False), (f.w["times_count"], True))
    if not rows:
        return None
    return Table(id="corrections", caption=f.w["corrections"], columns=_columns(heads), rows=tuple(rows), most_mailed=0)


def _counts_table(measure: str, dimension: str, caption: str, unit: str, f: Frame) -> Table | None:
    counts = f.figures.by(measure, dimension)
    if not counts:
        return None
    heads = ((f.w[dimension], False), (f.w[unit], True))
    rows = tuple(
        (entry(f.wording.value(dimension, value)), f.count(measure, dimension, value))
        for value in list(counts)[:_MOST_ROWS]
    )
    return Table(
        id=measure,
        caption=f.w[caption],
        columns=_columns(heads),
        rows=rows,
        most_mailed=0,
        unfolded=_UNFOLDED,
        rest=f.wording.counted("rows_left", max(0, len(rows) - _UNFOLDED)),
    )


def train_reasons(f: Frame) -> str:
    """What says that the models should be trained again, in words; empty: nothing does."""
    return f.wording.listed([f.w[f"train_{name}"] for name in should_train(f.report)])


def models(f: Frame) -> Section:
    """Whether the models still fit what comes in."""
    w = f.w
    lines = drift(f.report)
    why = train_reasons(f)
    if why:
        verdict = Paragraph(text=words_only(f.wording.said("train_now", why=why)), tone="worse")
    elif all(line.news is News.UNKNOWN for line in lines):
        verdict = Paragraph(text=words_only(w["drift_unknown"]))
    else:
        verdict = Paragraph(text=words_only(w["drift_ok"]))
    known = [line for line in lines if line.now.value is not None]
    if not known or not f.report.before:
        return Section(id="drift", title=w["drift"], blocks=(verdict,), is_mailed=bool(why))
    figures = _drift_table([line for line in known if line.unit is not Unit.INDEX], f)
    shifts = _shifts_table([line for line in known if line.unit is Unit.INDEX], f)
    blocks = tuple(block for block in (verdict, figures, shifts) if block is not None)
    return Section(id="drift", title=w["drift"], blocks=blocks, is_mailed=bool(why))


def _drift_table(lines: Sequence[Line], f: Frame) -> Table | None:
    if not lines:
        return None
    w, before = f.w, f.wording.before(f.figures.period, len(f.report.before))
    heads = (
        (w["figure"], False),
        (w[f"this_{f.figures.period.kind.value}"], True),
        (f.wording.said("news_head", before=before), False),
        (w["interval"], True),
        (f.wording.said("usual", before=before), True),
    )
    rows = tuple(
        (
            entry(w[line.name]),
            Entry(text=(Run(text=f.value_of(line, line.now), href=f.link_of(line), is_strong=True),)),
            f.news(line.news),
            entry(f.range_of(line, line.now), tone="quiet"),
            entry(f.value_of(line, line.usual)),
        )
        for line in lines
    )
    return Table(id="drift", caption=w["drift_caption"], columns=_columns(heads), rows=rows, is_cards=True)


def _shifts_table(lines: Sequence[Line], f: Frame) -> Table | None:
    """How far the spreads moved: for those who want to know it exactly."""
    if not lines:
        return None
    w, before = f.w, f.wording.before(f.figures.period, len(f.report.before))
    heads = (
        (w["figure"], False),
        (w[f"this_{f.figures.period.kind.value}"], True),
        (f.wording.said("news_head", before=before), False),
        (w["drift_chance"], True),
    )
    rows = tuple(
        (entry(w[line.name]), entry(f.value_of(line, line.now)), f.news(line.news), entry(f.range_of(line, line.usual)))
        for line in lines
    )
    return Table(id="drift-shifts", caption=w["drift_shifts"], columns=_columns(heads), rows=rows, is_folded=True)


def books(f: Frame) -> Section:
    """The books, day by day."""
    w, days = f.w, f.report.books
    blocks: list[Block] = []
    wrong = [one for one in days if is_wrong(one)]
    if not days:
        blocks.append(Paragraph(text=words_only(w["books_none"])))
    elif wrong:
        blocks.append(Paragraph(text=words_only(books_wrong(wrong, f.wording)), tone="alarm"))
    else:
        blocks.append(Paragraph(text=words_only(f.wording.counted("books_all_agree", len(days)))))
    told_faults = [
        joined(f"{f.wording.short_date(one.day)}: {f.wording.fault(fault)}") for one in days for fault in one.faults
    ]
    if told_faults:
        blocks.append(Lines(caption=w["alarm_faults"], lines=tuple(told_faults)))
    counted = {one.day for one in days}
    missing = [
        day
        for day in f.figures.period.days
        if day not in counted and min(counted, default=day) < day < f.report.made_at.astimezone(f.wording.zone).date()
    ]
    if days and missing:
        told = f.wording.listed([f.wording.short_date(day) for day in missing])
        blocks.append(Paragraph(text=words_only(f.wording.said("books_missing", days=told)), tone="quiet"))
    if days:
        table = books_table(days, f.wording)
        blocks.append(table if wrong else replace(table, most_mailed=0))
    return Section(id="books", title=w["books"], blocks=tuple(blocks))


def books_in_short(f: Frame) -> Section | None:
    """The books if they are wrong, without the days; None if there is nothing to say of them."""
    whole = books(f)
    if not any(one.faults or is_wrong(one) for one in f.report.books):
        return None
    return replace(whole, blocks=tuple(block for block in whole.blocks if not isinstance(block, Table)))


def books_wrong(wrong: Sequence[DayBooks], wording: Wording) -> str:
    """That the books do not agree, and on which days."""
    return wording.counted(
        "books_wrong", len(wrong), days=wording.listed([wording.short_date(one.day) for one in wrong])
    )


def books_table(days: Sequence[DayBooks], wording: Wording) -> Table:
    """Each day's sum."""
    w = wording.w
    names = ("accepted", "ticketed", "joined", "parked", "waiting", "duplicates", "deleted")
    heads = ((w["date_head"], False), *((w[name], True) for name in names), (w["books_state"], False))
    rows = tuple(
        (
            entry(wording.short_date(one.day)),
            *(entry(f"{getattr(one, name):,}") for name in names),
            balance(one, wording),
        )
        for one in days
    )
    return Table(id="books", caption=w["books_caption"], columns=_columns(heads), rows=rows, note=w["books_note"])


def balance(one: DayBooks, wording: Wording) -> Entry:
    """Whether a day's books agree."""
    if not is_wrong(one):
        return Entry(text=words_only(wording.w["books_agree"]), sign="✓", tone="better")
    said = wording.said("books_differ", n=f"{gap(one):+,}") if gap(one) else wording.w["books_differ_within"]
    return Entry(text=words_only(said), sign="!", tone="alarm")


def is_wrong(one: DayBooks) -> bool:
    """Do a day's books disagree? A mail that waits for long is a fault of the desk, and none of the books."""
    return gap(one) != 0 or any(not fault.startswith("stuck:") for fault in one.faults)


def gap(one: DayBooks) -> int:
    """Accepted less what became of it."""
    return one.accepted - (one.ticketed + one.joined + one.parked + one.waiting + one.duplicates + one.deleted)


def _around(text: str, mark: str, run: Run) -> Text:
    """A sentence with a link in its midst."""
    before, _, after = text.partition(mark)
    return joined(before, run, after)


def _columns(heads: Iterable[tuple[str, bool]]) -> tuple[Column, ...]:
    return tuple(Column(head=head, is_number=is_number) for head, is_number in heads)
