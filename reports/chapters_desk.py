"""The chapters of a report about the desk itself: how right it was, whether its models drift, the books. Pure."""

from __future__ import annotations

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
    from reports.wording import Wording

_TOLD = ("objected", "repeated", "judged_wrong", "judged_edited")  # measures with examples of mistakes
_LETTER = "letter:"
_MAILED_ROWS = 6
_MAILED = (0, 1, 2, 4, 8, 9, 10)  # columns of the table of letters that a mail has room for


def honesty(f: Frame) -> Section:
    """How right the desk's letters and readings were."""
    w = f.w
    kinds = letter_lines(f.figures)
    blocks: list[Block | None] = []
    if kinds:
        blocks += [_kinds_table(kinds, f), kinds_chart(kinds, f), _mistakes(f)]
        blocks += [_shadow_table([line for line in kinds if _shadows(line)], f), _suppressed_table(f)]
    else:
        blocks.append(Paragraph(text=words_only(w["no_letters"])))
    hand = f.figures.count("hand_letters")
    if hand:
        blocks.append(Paragraph(text=_around(w["hand_letters"], "{n}", f.number("hand_letters", "n_letters"))))
    blocks += [_defects(f), _defects_table(f), _corrections_table(f)]
    return Section(id="honesty", title=w["honesty"], blocks=tuple(block for block in blocks if block is not None))


def _kinds_table(kinds: Sequence[KindLine], f: Frame) -> Table:
    w = f.w
    heads = (
        (w["kind"], False),
        (w["letters_head"], True),
        (w["went"], True),
        (w["went_by_hand"], True),
        (w["held_letters"], True),
        (w["discarded"], True),
        (w["suppressed_n"], True),
        (w["failed_or_bounced"], True),
        (w["coverage"], True),
        (w["precision"], True),
        (w["heard_wrong"], True),
        (w["objected"], True),
        (w["repeated"], True),
    )
    rows = tuple(
        (
            entry(f.wording.kind(line.kind)),
            *(
                f.count(measure, "kind", line.kind)
                for measure in (
                    "letters",
                    "went",
                    "went_by_hand",
                    "letters_held",
                    "letters_discarded",
                    "letters_suppressed",
                )
            ),
            _two(line, f),
            f.estimate(line.coverage, Cell("went", "kind", line.kind)),
            f.estimate(line.precision),
            f.estimate(line.heard_wrong, Cell("heard_wrong", "kind", line.kind)),
            f.count("objected", "kind", line.kind),
            f.count("repeated", "kind", line.kind),
        )
        for line in kinds
    )
    return Table(
        id="kinds", caption=w["by_kind"], columns=_columns(heads), rows=rows, note=w["kind_note"], mailed=_MAILED
    )


def _two(line: KindLine, f: Frame) -> Entry:
    """Failed and bounced, each with its own link."""
    failed = f.count("letters_failed", "kind", line.kind)
    bounced = f.count("letters_bounced", "kind", line.kind)
    return Entry(text=joined(*failed.text, " / ", *bounced.text), tone="worse" if line.failed or line.bounced else "")


def _mistakes(f: Frame) -> Lines | None:
    """Examples of letters that were wrong."""
    lines: list[Text] = []
    for measure in _TOLD:
        for kind in f.figures.by(measure, "kind"):
            some = f.figures.examples.get(Cell(measure, "kind", kind), ())
            if some:
                cell = Cell(measure, "kind", kind)
                head = f"{f.wording.kind(kind)} – {f.w[f'example_{measure}']}"
                lines.append((Run(text=head, href=f.href(cell)), Run(text=": "), *f.examples(some)))
    return Lines(caption=f.w["wrong_examples"], lines=tuple(lines)) if lines else None


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
    return Table(id="shadow", caption=w["shadow"], columns=_columns(heads), rows=rows)


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
    return Table(id="corrections", caption=f.w["corrections"], columns=_columns(heads), rows=tuple(rows))


def _counts_table(measure: str, dimension: str, caption: str, unit: str, f: Frame) -> Table | None:
    counts = f.figures.by(measure, dimension)
    if not counts:
        return None
    heads = ((f.w[dimension], False), (f.w[unit], True))
    rows = tuple(
        (entry(f.wording.value(dimension, value)), f.count(measure, dimension, value)) for value in list(counts)[:20]
    )
    return Table(id=measure, caption=f.w[caption], columns=_columns(heads), rows=rows, most_mailed=_MAILED_ROWS)


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
    rows = tuple(
        (
            entry(w[line.name]),
            Entry(text=(Run(text=f.value_of(line, line.now), href=f.href(line.cell), is_strong=True),)),
            entry(w["nothing"] if line.unit is Unit.INDEX else f.range_of(line, line.now), tone="quiet"),
            entry(f.range_of(line, line.usual) if line.unit is Unit.INDEX else f.value_of(line, line.usual)),
            f.news(line.news),
        )
        for line in lines
        if line.now.value is not None
    )
    if not rows:
        return Section(id="drift", title=w["drift"], blocks=(verdict,), is_mailed=bool(why))
    before = f.wording.before(f.figures.period, len(f.report.before))
    heads = (
        (w["figure"], False),
        (w[f"this_{f.figures.period.kind.value}"], True),
        (w["interval"], True),
        (f.wording.said("usual", before=before), True),
        (w["news_head"], False),
    )
    table = Table(id="drift", caption=w["drift_caption"], columns=_columns(heads), rows=rows, is_cards=True)
    return Section(id="drift", title=w["drift"], blocks=(verdict, table), is_mailed=bool(why))


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
        blocks.append(books_table(days, f.wording))
    return Section(id="books", title=w["books"], blocks=tuple(blocks))


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
