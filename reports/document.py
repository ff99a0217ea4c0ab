"""A report in words: what a lead reads on Monday and acts on. Figures and statistics in, a document out. Pure.

Everything that is printed, as a page, a mail or plain text, is chosen here; the printers only lay it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.advice import advice
from reports.chapters import completeness, headline, lacking, requests, times, volume
from reports.chapters_desk import books, books_wrong, honesty, is_wrong, models, train_reasons
from reports.figures import Cell
from reports.frame import Frame, Links, joined, words_only
from reports.intervals import wilson
from reports.parts import Document, Lines, Paragraph, Run, Section, Suggestion
from reports.trend import News, Unit, trend
from reports.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.pack import Pack
    from reports.advice import Advice
    from reports.figures import Report
    from reports.parts import Text
    from reports.trend import Line

__all__ = ["Document", "Links", "document", "sentence_of"]

MOST_ADVICE = 3
PERIODS_BEFORE = 4
_MOVED = frozenset({News.BETTER, News.WORSE, News.MORE, News.FEWER})
_WHOLE = frozenset({"held", "held_usual"})  # numbers of an advice that are shares without saying so


def document(report: Report, pack: Pack, language: str, links: Links) -> Document:
    """The report in a language of the pack."""
    wording = Wording(pack=pack, language=language)
    lines = {line.name: line for line in trend(report, wording.day_minutes)}
    f = Frame(report=report, wording=wording, links=links, lines=lines)
    period = report.figures.period
    advised = tuple(_suggestion(one, f) for one in advice(report, MOST_ADVICE))
    subtitle = [f.wording.said("as_of", at=wording.moment(report.figures.as_of))]
    if report.figures.as_of < period.end:
        subtitle.insert(0, f.w["so_far"])
    subtitle.append(f.wording.said("made", at=wording.moment(report.made_at)))
    return Document(
        name=period.name,
        language=language,
        title=f"{f.w[f'title_{period.kind.value}']}{': ' if language != 'ja' else ' '}{wording.period(period)}",
        subtitle=" · ".join(subtitle),
        subject=_subject(f),
        desk=pack.desk.name.get(language, pack.desk.name[pack.default_language]),
        link=links.report(period.name),
        summary_title=f.w["summary"],
        summary=tuple(_summary(f, advised)),
        advice_title=f.w["advice"],
        advice=advised,
        no_advice=f.w["no_advice"],
        sections=(
            headline(f),
            completeness(f),
            lacking(f),
            requests(f),
            times(f),
            volume(f),
            honesty(f),
            models(f),
            books(f),
            _reading(f),
        ),
        contents=f.w["contents"],
        whole=f.w["see_whole"],
        foot=f.wording.said("foot", desk=pack.desk.name.get(language, pack.id)),
        foot_settings=f.w["foot_settings"],
    )


def sentence_of(cell: Cell, pack: Pack, language: str) -> str:
    """What a cell counts, in words.

    Raises:
        ValueError: No report counts such a thing.
    """
    wording = Wording(pack=pack, language=language)
    said = wording.measure(cell.measure)
    if cell.dimension == "all":
        if cell.value:
            raise ValueError(f"no value of all {cell.value}")
        return said
    w = wording.w
    head, value = wording.dimension(cell.dimension), wording.value(cell.dimension, cell.value)
    return f"{said}{w['open_bracket']}{head}: {value}{w['close_bracket']}"


def _subject(f: Frame) -> str:
    """The report in a mail's subject."""
    period = f.wording.period(f.figures.period)
    if any(map(is_wrong, f.report.books)):
        return f.wording.said("mail_subject_books", period=period)
    people, complete = f.figures.count("people"), f.lines["complete"].now
    if not people:
        return f.wording.said("mail_subject_none", period=period)
    return f.wording.said("mail_subject", period=period, people=f"{people:,}", share=f.wording.share(complete.value))


def _summary(f: Frame, advised: tuple[Suggestion, ...]) -> Iterator[Paragraph]:
    """The first sentences: what is wrong with the books, what came, how complete it was, what changed, what to do."""
    wrong = [one for one in f.report.books if is_wrong(one)]
    if wrong:
        yield Paragraph(text=words_only(books_wrong(wrong, f.wording)), tone="alarm")
    yield Paragraph(text=_came(f))
    if f.figures.count("people"):
        yield Paragraph(text=_complete(f))
        yield _changed(f)
    todo = [f.wording.said("act", title="".join(run.text for run in one.title)) for one in advised[:1]]
    why = train_reasons(f)
    if why and not any("train" in one.code for one in advised):
        todo.append(f.wording.said("train_now", why=why))
    if todo:
        yield Paragraph(text=words_only(_space(f).join(todo)))


def _came(f: Frame) -> Text:
    """What came in."""
    w, people = f.w, f.figures.count("people")
    period = f.figures.period
    when = f.wording.said(f"on_{period.kind.value}", when=f.wording.period(period))
    runs: list[Run] = []
    if people:
        key = "came" if f.report.figures.as_of >= f.figures.period.end else "came_so_far"
        before, _, after = w[key].format(when=when, people="\0").partition("\0")
        said = (
            f.wording.counted("new_tickets", people) if "new_tickets" in w else f.wording.counted("n_tickets", people)
        )
        runs += [Run(text=before), Run(text=said, href=f.href(Cell("people")), is_strong=True), Run(text=after)]
        off = f.figures.count("off_hours")
        if off:
            before, _, after = w["off_hours_n"].partition("{share}")
            share = f.wording.share(wilson(off, people).value)
            runs += [
                Run(text=f"{_space(f)}{before}"),
                Run(text=share, href=f.href(Cell("off_hours"))),
                Run(text=after),
            ]
    else:
        runs.append(Run(text=f.wording.said("came_none", when=when)))
    besides = [
        f.wording.counted(f"{name}_n", f.figures.count(name)) for name in ("automatic", "spam") if f.figures.count(name)
    ]
    if besides:
        runs.append(Run(text=_space(f) + f.wording.said("came_besides", what=_and(besides, f))))
    return tuple(runs)


def _complete(f: Frame) -> Text:
    """How complete it was, and what came of our requests."""
    figures, w = f.figures, f.w
    sentences: list[tuple[str, dict[str, Run]]] = []
    workable = figures.count("workable")
    if workable:
        one = f.lines["complete"].now
        told = (
            w["complete_n"]
            .replace("{share}", f.wording.share(one.value))
            .replace("{range}", f.wording.share_range(one))
        )
        sentences.append((told, {"{of}": f.number("workable"), "{count}": _bare(f, "complete")}))
        if figures.count("doubtful"):
            sentences.append((w["doubtful_n"], {"{count}": _bare(f, "doubtful")}))
    if figures.count("asked"):
        places = {
            "{asked}": f.number("asked"),
            "{answered}": _bare(f, "answered"),
            "{one}": _bare(f, "complete_after_one"),
        }
        sentences.append((w["asked_n" if figures.count("answered") else "asked_open"], places))
        answer = f.lines["answer_minutes"].now
        if answer.value is not None:
            sentences.append((w["answer_in"].replace("{span}", f.wording.business(answer.value)), {}))
    elif workable:
        sentences.append((w["asked_none"], {}))
    runs: list[Run] = []
    for told, places in sentences:
        runs += [Run(text=_space(f))] if runs and _space(f) else []
        runs += _filled(told, places)
    return tuple(runs)


def _bare(f: Frame, measure: str) -> Run:
    """A count within a sentence; Japanese says what it counts."""
    if f.wording.language == "ja":
        return f.number(measure)
    return Run(text=f"{f.figures.count(measure):,}", href=f.href(Cell(measure)), is_strong=True)


def _filled(told: str, places: dict[str, Run]) -> Iterator[Run]:
    """A sentence whose numbers are links."""
    while told:
        at = {mark: told.find(mark) for mark in places if mark in told}
        mark = min(at, key=at.__getitem__, default="")
        if not mark:
            yield Run(text=told)
            return
        before, _, told = told.partition(mark)
        if before:
            yield Run(text=before)
        yield places[mark]


def _changed(f: Frame) -> Paragraph:
    """What moved beyond noise."""
    before = f.wording.before(f.figures.period, len(f.report.before))
    if not f.report.before:
        return Paragraph(text=words_only(f.w["changed_first"]))
    moved = [line for line in f.lines.values() if line.news in _MOVED]
    if not moved:
        is_unknown = all(line.news is News.UNKNOWN for line in f.lines.values())
        return Paragraph(
            text=words_only(f.wording.said("changed_unknown" if is_unknown else "changed_none", before=before))
        )
    head = f.wording.counted("changed", len(moved), before=before)
    runs: list[Run] = [Run(text=head)]
    for number, line in enumerate(moved):
        if number:
            runs.append(Run(text=f.w["stop"]))
        elif _space(f):
            runs.append(Run(text=_space(f)))
        runs.append(Run(text=_told(line, f), href=f.href(line.cell)))
    runs.append(Run(text=f.w["stop"].rstrip()))
    return Paragraph(text=tuple(runs))


def _told(line: Line, f: Frame) -> str:
    """One figure that moved."""
    name, news = f.w[line.name], f.w[f"news_{line.news.value}"]
    now, was = f.value_of(line, line.now), f.value_of(line, line.usual)
    if line.unit is Unit.COUNT:
        key = "more_than" if line.news is News.MORE else "fewer_than"
        n = f.wording.counted("n_tickets", round(line.now.value or 0))
        return f.wording.said(key, name=name, now=n, range=f.range_of(line, line.usual))
    if line.now.value is None or line.usual.value is None:
        return f.wording.said("came_to", name=name, now=now, news=news)
    is_up = line.now.value > line.usual.value
    keys = ("longer", "shorter") if line.unit is Unit.MINUTES else ("rose", "fell")
    return f.wording.said(keys[0] if is_up else keys[1], name=name, was=was, now=now, news=news)


def _suggestion(one: Advice, f: Frame) -> Suggestion:
    """An advice in words, with its numbers."""
    names = {name: _name(name, value, f) for name, value in one.names.items()}
    numbers = {name: _number(name, value, f) for name, value in one.numbers.items()}
    for name in ("corrected", "corrected_usual"):
        if name in one.numbers:
            numbers[f"{name}_per_100"] = f.wording.number(one.numbers[name] * 100, 1)
    code = one.code
    title = f"{code}_{one.names['measure']}_title" if code.endswith("_notice") else f"{code}_title"
    gain = f.w[f"{code}_gain"].format(gain=f.wording.number(one.gain, 0 if one.gain >= 1 else 1))
    said = f.w[f"{code}_text"].format(**names, **numbers)
    link = f.href(one.cell)
    return Suggestion(
        code=code,
        title=(Run(text=f.w[title].format(**names), is_foreign="domain" in one.names),),
        text=joined(said, " " if link else "", Run(text=f.w["see_tickets"], href=link) if link else ""),
        gain=f.wording.said(f"gain_{f.figures.period.kind.value}", what=gain),
    )


def _name(name: str, value: str, f: Frame) -> str:
    match name:
        case "measure":
            return f.w.get(f"notice_{value}", value)
        case "reasons":
            return f.wording.listed([f.w.get(f"train_{one}", one) for one in value.split(",")])
        case _:
            return f.wording.value(name, value)


def _number(name: str, value: float, f: Frame) -> str:
    if name.endswith("share") or name in _WHOLE:
        return f.wording.share(value)
    return f.wording.number(value, 0 if value == round(value) else 1)


def _reading(f: Frame) -> Section:
    """How to read all this."""
    before = f.wording.before(f.figures.period, len(f.report.before) or PERIODS_BEFORE)
    names = ("read_people", "read_period", "read_interval", "read_news", "read_dash", "read_links")
    told = tuple(
        words_only(f.wording.said(name, before=before, as_of=f.wording.moment(f.figures.as_of))) for name in names
    )
    return Section(id="reading", title=f.w["reading"], blocks=(Lines(caption="", lines=told),))


def _space(f: Frame) -> str:
    """What stands between two sentences."""
    return "" if f.wording.language == "ja" else " "


def _and(parts: list[str], f: Frame) -> str:
    return f.wording.listed(parts) if f.wording.language == "ja" else " and ".join(parts)
