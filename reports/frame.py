"""What every chapter of a report stands on: the figures, the words, where a number leads. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from reports.figures import Cell
from reports.intervals import Estimate, wilson
from reports.parts import Bar, Entry, Run
from reports.trend import News, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports.figures import Example, Figures, Report
    from reports.parts import Text
    from reports.trend import Line
    from reports.wording import Wording

# A sign besides the word and the colour.
_SIGNS: Mapping[News, str] = {
    News.NONE: "=",
    News.BETTER: "✓",
    News.WORSE: "!",
    News.MORE: "▲",
    News.FEWER: "▼",
    News.MAYBE: "~",
    News.UNKNOWN: "?",
}
_TONES: Mapping[News, str] = {
    News.BETTER: "better",
    News.WORSE: "worse",
    News.MORE: "moved",
    News.FEWER: "moved",
    News.NONE: "quiet",
    News.MAYBE: "maybe",
    News.UNKNOWN: "quiet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where links lead: `desk` is empty inside the desk, "https://desk.example.com" in mails and files."""

    desk: str = ""

    def report(self, name: str) -> str:
        """A report's page."""
        return f"{self.desk}/reports/{quote(name, safe='')}"

    def behind(self, name: str, cell: Cell) -> str:
        """The tickets that a cell counts."""
        return f"{self.report(name)}/tickets?{urlencode(cell._asdict())}"

    def ticket(self, ref: str) -> str:
        """A ticket."""
        return f"{self.desk}/tickets/{quote(ref, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A report that is being put into words."""

    report: Report
    wording: Wording
    links: Links
    lines: Mapping[str, Line]  # the headline figures, by name

    @property
    def figures(self) -> Figures:
        """The period's."""
        return self.report.figures

    @property
    def w(self) -> Mapping[str, str]:
        """The texts."""
        return self.wording.w

    @property
    def name(self) -> str:
        """The period's."""
        return self.figures.period.name

    def href(self, cell: Cell | None) -> str:
        """Where a figure leads; nowhere if nothing is counted in it."""
        return self.links.behind(self.name, cell) if cell and self.figures.cells.get(cell) else ""

    def count(self, measure: str, dimension: str = "all", value: str = "") -> Entry:
        """A count that leads to its tickets."""
        cell = Cell(measure, dimension, value)
        return Entry(text=(Run(text=f"{self.figures.cells.get(cell, 0):,}", href=self.href(cell)),))

    def number(self, measure: str, key: str = "n_tickets") -> Run:
        """The same within a sentence."""
        n = self.figures.count(measure)
        return Run(text=self.wording.counted(key, n), href=self.href(Cell(measure)), is_strong=True)

    def share(self, cell: Cell, of: int, *, has_base: bool = False) -> Entry:
        """A count's share of something, with its interval; a dash where there is nothing to divide by."""
        count = self.figures.cells.get(cell, 0)
        return self.estimate(wilson(count, of) if count <= of else Estimate(), cell, has_base=has_base)

    def estimate(self, one: Estimate, cell: Cell | None = None, *, has_base: bool = False) -> Entry:
        """A share, its interval, and a bar of both; with its base where nothing else in the row says what it is of."""
        if one.value is None:
            return Entry(text=words_only(self.w["nothing"]), tone="quiet")
        runs = [Run(text=self.wording.share(one.value), href=self.href(cell), is_strong=True)]
        if one.low is None or one.high is None:
            return Entry(text=tuple(runs))
        around = [self.wording.share_of(one)] if has_base else []
        around.append(self.wording.share_range(one))
        runs.append(Run(text=self.bracketed(self.wording.listed(around))))
        return Entry(text=tuple(runs), bar=Bar(value=min(1.0, one.value), low=one.low, high=min(1.0, one.high)))

    def bracketed(self, text: str) -> str:
        """Behind something else."""
        return f"{self.w['open_bracket']}{text}{self.w['close_bracket'].rstrip()}"

    def link_of(self, line: Line) -> str:
        """Where a figure's number leads: to the tickets that it counts, or nowhere if the list would hold others."""
        count = self.figures.cells.get(line.cell, 0) if line.cell else 0
        one = line.now
        is_counted = {
            Unit.COUNT: one.value == count,
            Unit.MINUTES: one.of == count,
        }.get(line.unit, one.value is not None and round(one.value * one.of) == count)
        return self.href(line.cell) if is_counted else ""

    def news(self, news: News) -> Entry:
        """Whether something moved, by a word and a sign."""
        if news is News.UNKNOWN and not self.report.before:
            return Entry(text=words_only(self.w["news_first"]), tone="quiet", sign=_SIGNS[news])
        return Entry(text=words_only(self.w[f"news_{news.value}"]), tone=_TONES[news], sign=_SIGNS[news])

    def value_of(self, line: Line, one: Estimate) -> str:
        """A figure's number as people read it."""
        match line.unit:
            case Unit.SHARE if line.name == "corrected":
                return self.wording.number(None if one.value is None else one.value * 100, 1)
            case Unit.SHARE:
                return self.wording.share(one.value)
            case Unit.COUNT:
                return self.wording.number(one.value, 0 if one.value is None or one.value == round(one.value) else 1)
            case Unit.MINUTES:
                if one.value is None and one.of:
                    return self.w["never_in_sight"]
                return self.wording.span(one.value)
            case Unit.INDEX:
                return self.wording.number(one.value, 2)

    def range_of(self, line: Line, one: Estimate) -> str:
        """A figure's interval as people read it."""
        match line.unit:
            case Unit.SHARE if line.name == "corrected":
                return self.wording.number_range(_times(one, 100), 1)
            case Unit.SHARE:
                return self.wording.share_range(one)
            case Unit.COUNT:
                if one.low is None or one.high is None:
                    return self.w["nothing"]
                return self.wording.said("prediction_range", range=self.wording.number_range(one))
            case Unit.MINUTES:
                return self.wording.span_range(one)
            case Unit.INDEX:
                return (
                    self.w["nothing"] if one.high is None else self.wording.said("shift_usual", high=f"{one.high:.2f}")
                )

    def examples(self, some: Sequence[Example]) -> Text:
        """Tickets as links with their subjects."""
        runs: list[Run] = []
        for one in some:
            runs += [Run(text=self.w["list"])] if runs else []
            runs += [
                Run(text=one.ref, href=self.links.ticket(one.ref)),
                Run(text=" "),
                Run(text=self.wording.subject(one.subject), is_foreign=True),
            ]
        return tuple(runs)


def words_only(text: str) -> Text:
    """A text without links."""
    return (Run(text=text),)


def entry(text: str, *, href: str = "", tone: str = "", is_foreign: bool = False) -> Entry:
    """A field of words."""
    return Entry(text=(Run(text=text, href=href, is_foreign=is_foreign),), tone=tone)


def joined(*parts: str | Run) -> Text:
    """Words and links, one behind the other."""
    return tuple(part if isinstance(part, Run) else Run(text=part) for part in parts if part)


def _times(one: Estimate, factor: float) -> Estimate:
    return replace(
        one, low=None if one.low is None else one.low * factor, high=None if one.high is None else one.high * factor
    )
