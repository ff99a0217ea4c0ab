"""A report in words: what a lead reads on Monday and acts on. Figures and statistics in, a document out. Pure.

Everything that is printed, as a page, a mail or plain text, is chosen here; the printers only lay it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.advice import advice
from reports.chapters import completeness, headline, lacking, requests, times, volume
from reports.chapters_desk import (
    books,
    books_in_short,
    books_wrong,
    honesty,
    honesty_in_short,
    is_wrong,
    models,
    train_reasons,
)
from reports.figures import Cell
from reports.frame import Frame, Links, joined, words_only
from reports.intervals import wilson
from reports.parts import Document, Lines, Paragraph, Run, Section, plain
from reports.suggestions import suggestion
from reports.trend import News, Unit, drivers, trend
from reports.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.pack import Pack
    from reports.figures import Report
    from reports.parts import Suggestion, Text
    from reports.trend import Line

__all__ = ["Document", "Links", "document", "sentence_of"]

MOST_ADVICE = 3
PERIODS_BEFORE = 4
INTAKE_LOW = "intake_low"  # the advice that is an alarm: hardly anything came in
_ASKING = ("request_information", "follow_up")
_NOT_ARRIVED = {"letters_bounced": "why_bounced", "letters_failed": "why_failed", "letters_held": "why_held"}
_CARE = ("overdue", "complaint", "security")
_MOVED = frozenset({News.BETTER, News.WORSE, News.MORE, News.FEWER})


def document(report: Report, pack: Pack, language: str, links: Links) -> Document:
    """The report in a language of the pack."""
    wording = Wording(pack=pack, language=language)
    lines = {line.name: line for line in trend(report, wording.day_minutes)}
    f = Frame(report=report, wording=wording, links=links, lines=lines)
    period = report.figures.period
    advised = tuple(suggestion(one, f) for one in advice(report, MOST_ADVICE, hours=pack.desk.working))
    subtitle = [f.wording.said("as_of", at=wording.moment(report.figures.as_of))]
    if report.figures.as_of < period.end:
        subtitle.insert(0, f.w["so_far"])
    subtitle.append(f.wording.said("made", at=wording.moment(report.made_at)))
    return Document(
        name=period.name,
        language=language,
        title=f"{f.w[f'title_{period.kind.value}']}{': ' if language != 'ja' else ' '}{wording.period(period)}",
        subtitle=" · ".join(subtitle),
        subject=_subject(f, advised),
        desk=pack.desk.name.get(language, pack.desk.name[pack.default_language]),
        link=links.report(period.name),
        summary_title=f.w["summary"],
        summary=tuple(_summary(f, advised)),
        advice_title=f.w["advice"] if advised or f.figures.count("people") else "",
        advice=advised,
        no_advice=f.w["no_advice"],
        sections=_sections(f),
        brief=_brief(f),
        contents=f.w["contents"],
        whole=f.w["see_whole"],
        foot=f.wording.said("foot", desk=pack.desk.name.get(language, pack.id)),
        foot_settings=f.w["foot_settings"],
        foot_file=f.wording.said("foot_file", desk=pack.desk.name.get(language, pack.id)),
    )


def _sections(f: Frame) -> tuple[Section, ...]:
    """The chapters; of a period in which nobody wrote only the books, if there are any."""
    if not f.figures.count("people"):
        return (books(f),) if f.report.books else ()
    return (
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
    )


def _brief(f: Frame) -> tuple[Section, ...]:
    """What the plain text of a mail tells instead of the chapters; empty where these are short."""
    if not f.figures.count("people"):
        return ()
    parts = (_moved(f), requests(f), honesty_in_short(f), books_in_short(f))
    return tuple(part for part in parts if part is not None)


def _moved(f: Frame) -> Section | None:
    """The figures that moved, or perhaps did."""
    if not f.report.before:
        return None
    before = f.wording.before(f.figures.period, len(f.report.before))
    told = [
        words_only(
            f.wording.said(
                "moved_one",
                name=f.w[line.name],
                now=f.value_of(line, line.now),
                usual=f.value_of(line, line.usual),
                news=f.w[f"news_{line.news.value}"],
            )
        )
        for line in f.lines.values()
        if line.news not in {News.NONE, News.UNKNOWN}
    ]
    none = Paragraph(text=words_only(f.wording.said("moved_none", before=before)))
    return Section(id="moved", title=f.w["moved"], blocks=(Lines(caption="", lines=tuple(told)),) if told else (none,))


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


def _subject(f: Frame, advised: tuple[Suggestion, ...]) -> str:
    """The report in a mail's subject."""
    period = f.wording.period(f.figures.period)
    if any(map(is_wrong, f.report.books)):
        return f.wording.said("mail_subject_books", period=period)
    if any(one.code == INTAKE_LOW for one in advised):
        return f.wording.said("mail_subject_low", period=period)
    people, complete = f.figures.count("people"), f.lines["complete"].now
    if not people:
        return f.wording.said("mail_subject_none", period=period)
    return f.wording.said("mail_subject", period=period, people=f"{people:,}", share=f.wording.share(complete.value))


def _summary(f: Frame, advised: tuple[Suggestion, ...]) -> Iterator[Paragraph]:
    """The first sentences: what is wrong with the books, what came, how complete it was, what changed, what to do."""
    yield from _alarms(f, advised)
    if _is_unbegun(f):
        yield Paragraph(text=words_only(f.w["before_desk"]))
        return
    yield Paragraph(text=_came(f))
    if f.figures.count("people"):
        yield Paragraph(text=_complete(f))
        care = _care(f)
        if care:
            yield Paragraph(text=care)
        yield _changed(f)
        more = _drivers(f)
        if more:
            yield Paragraph(text=more)
    advised = tuple(one for one in advised if one.code != INTAKE_LOW)
    todo = [f.wording.said("act", title="".join(run.text for run in one.title)) for one in advised[:1]]
    why = train_reasons(f)
    if why and not any("train" in one.code for one in advised):
        todo.append(f.wording.said("train_now", why=why))
    if todo:
        yield Paragraph(text=words_only(_space(f).join(todo)))


def _alarms(f: Frame, advised: tuple[Suggestion, ...]) -> Iterator[Paragraph]:
    """What is wrong with the numbers themselves: books, intake, what is not in them."""
    wrong = [one for one in f.report.books if is_wrong(one)]
    if wrong:
        yield Paragraph(text=words_only(books_wrong(wrong, f.wording)), tone="alarm")
    for low in (one for one in advised if one.code == INTAKE_LOW):
        yield Paragraph(text=words_only(plain(low.said).rstrip()), tone="alarm")
    for left_out in ("unread", "unreadable"):
        if f.figures.count(left_out):
            said = f.wording.counted(f"{left_out}_n", f.figures.count(left_out))
            yield Paragraph(text=words_only(said), tone="worse")


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
            runs += [Run(text=_space(f))] if _space(f) else []
            share = Run(text=f.wording.share(wilson(off, people).value), href=f.href(Cell("off_hours")))
            if off == people:
                runs.append(Run(text=w["off_hours_all"], href=share.href))
            else:
                runs += _filled(w["off_hours_n"], {"{share}": share})
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
        if figures.count("doubtful_after_one"):
            sentences.append((w["after_one_doubtful"], {"{count}": _bare(f, "doubtful_after_one")}))
        answer = f.lines["answer_minutes"].now
        if answer.value is not None:
            sentences.append((w["answer_in"].replace("{span}", f.wording.business(answer.value)), {}))
    elif workable:
        sentences.append((w["asked_none"], {}))
    lost = _listed(_not_arrived(f), f)
    runs: list[Run] = []
    for told, places in sentences:
        runs += [Run(text=_space(f))] if runs and _space(f) else []
        runs += _filled(told, places)
    if lost:
        before, _, after = w["not_arrived"].partition("{what}")
        runs += [Run(text=f"{_space(f) if runs else ''}{before}"), *lost, Run(text=after)]
    return tuple(runs)


def _not_arrived(f: Frame) -> Iterator[Text]:
    """The requests that did not reach the customer, and why."""
    for measure, why in _NOT_ARRIVED.items():
        for kind in _ASKING:
            cell = Cell(measure, "kind", kind)
            count = f.figures.cells.get(cell, 0)
            if count:
                number = Run(text=f.wording.counted("n_letters", count), href=f.href(cell), is_strong=True)
                told = f.w["not_arrived_one"].replace("{kind}", f.wording.kind(kind))
                yield tuple(_filled(told.replace("{why}", f.w[why]), {"{n}": number}))


def _care(f: Frame) -> Text:
    """Targets that were missed, complaints, matters of security or law."""
    some = [
        tuple(_filled(f.w[f"care_{measure}"], {"{n}": f.number(measure)}))
        for measure in _CARE
        if f.figures.count(measure)
    ]
    return _within("care_n", _listed(some, f), f)


def _drivers(f: Frame) -> Text:
    """Whose tickets are most of what came more than usual."""
    some = []
    for one in drivers(f.report):
        cell = Cell("people", one.dimension, one.value)
        name = Run(text=f.wording.value(one.dimension, one.value), is_foreign=one.dimension == "domain")
        number = Run(text=f.wording.counted("n_tickets", one.now), href=f.href(cell), is_strong=True)
        key = "driver_one" if round(one.usual) else "driver_one_new"
        told = f.w[key].replace("{usual}", f.wording.number(one.usual))
        some.append(tuple(_filled(told, {"{name}": name, "{n}": number})))
    return _within("drivers_n", _listed(some, f), f)


def _within(key: str, text: Text, f: Frame) -> Text:
    """A sentence about something; empty if there is nothing."""
    before, _, after = f.w[key].partition("{what}")
    return joined(before, *text, after) if text else ()


def _listed(some: Iterable[Text], f: Frame) -> Text:
    """Several, one behind the other."""
    runs: list[Run] = []
    for text in some:
        runs += [Run(text=f.w["list"] if f.wording.language == "ja" else "; "), *text] if runs else [*text]
    return tuple(runs)


def _is_unbegun(f: Frame) -> bool:
    """Is there no sign that the desk was in use: no mail of any sort, none before, none in the books?"""
    if f.figures.as_of < f.figures.period.end:  # it goes on, and the first mail may come any moment
        return False
    began_at = f.report.began_at
    if began_at is not None:
        return began_at >= f.figures.period.end
    return not f.figures.cells and not f.report.before and not any(one.accepted for one in f.report.books)


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
    runs: list[Run] = []
    if moved:
        runs.append(Run(text=f.wording.counted("changed", len(moved), before=before)))
        for number, line in enumerate(moved):
            if number:
                runs.append(Run(text=f.w["stop"]))
            elif _space(f):
                runs.append(Run(text=_space(f)))
            runs.append(Run(text=_told(line, f), href=f.link_of(line)))
        runs.append(Run(text=f.w["stop"].rstrip()))
    else:
        is_unknown = all(line.news is News.UNKNOWN for line in f.lines.values())
        runs.append(Run(text=f.wording.said("changed_unknown" if is_unknown else "changed_none", before=before)))
    perhaps = [
        (Run(text=_perhaps(line, f), href=f.link_of(line)),) for line in f.lines.values() if line.news is News.MAYBE
    ]
    if perhaps:
        runs += [*words_only(_space(f)), *_within("maybe_n", _listed(perhaps, f), f)]
    return Paragraph(text=tuple(runs))


def _perhaps(line: Line, f: Frame) -> str:
    """One figure that may have moved."""
    now, usual = f.value_of(line, line.now), f.value_of(line, line.usual)
    return f.wording.said("maybe_one", name=f.w[line.name], now=now, usual=usual)


def _told(line: Line, f: Frame) -> str:
    """One figure that moved."""
    name, news = f.w[line.name], f.w[f"news_{line.news.value}"]
    now, was = f.value_of(line, line.now), f.value_of(line, line.usual)
    if line.unit is Unit.COUNT:
        key = "more_than" if line.news is News.MORE else "fewer_than"
        n = f.wording.counted("n_tickets", round(line.now.value or 0))
        return f.wording.said(key, name=name, now=n, range=f.wording.number_range(line.usual))
    if line.now.value is None or line.usual.value is None:
        return f.wording.said("came_to", name=name, now=now, news=news)
    is_up = line.now.value > line.usual.value
    keys = ("longer", "shorter") if line.unit is Unit.MINUTES else ("rose", "fell")
    return f.wording.said(keys[0] if is_up else keys[1], name=name, was=was, now=now, news=news)


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
