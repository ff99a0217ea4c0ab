"""Do the mails still look like those that the reading was made for? Figures that say when to train again. Pure.

The population stability index (PSI) of two samples is above 0 by chance alone: with n and m values in b bins it is about
(1/n + 1/m) times a chi-square of b - 1 degrees of freedom (B. Yurdakul and J. Naranjo 2020). So it is set beside what chance
makes of it, and the customary 0.1 ("some change") only counts where chance does not reach it.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from reports.figures import Cell
from reports.intervals import (
    NEWS,
    Estimate,
    chi_square_quantile,
    difference,
    mean_percent,
    news_deviations,
    poisson_rate,
)
from reports.trend import BAD, ENOUGH, GOOD, Line, News, Part, Unit, Way, share_line, told, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from reports.figures import Report

    Spread: TypeAlias = Mapping[int, int]

_SPREADS = {"confidence": GOOD, "unknown_words": BAD}
_BINS = 5
_ENOUGH_A_BIN = 5  # on average; with fewer the index is a matter of single mails
_SOME_CHANGE = 0.1


def drift(report: Report) -> tuple[Line, ...]:
    """How sure the reading is and how strange the mails are, beside the periods before."""
    means = (_mean_line(name, report, way) for name, way in _SPREADS.items())
    shares = (share_line("held", report, "people", BAD), share_line("doubtful", report, "workable", BAD))
    shifts = (_shift_line(name, report) for name in _SPREADS)
    return (*means, *shares, corrected_line(report), *shifts)


def should_train(report: Report) -> tuple[str, ...]:
    """The lines of `drift` that say so; none: no need.

    A changed spread is a reason unless its mean got better: mails that are read more surely than before need no training.
    """
    lines = {line.name: line for line in drift(report)}
    worse = [name for name, line in lines.items() if line.news is News.WORSE]
    shifted = [
        f"{name}_shift"
        for name in _SPREADS
        if lines[f"{name}_shift"].news is News.MORE and lines[name].news is not News.BETTER
    ]
    return (*worse, *shifted)


def stability_index(now: Spread, before: Spread) -> Estimate:
    """The PSI of two spreads. `high` is the most that chance alone makes of it (99 %); `low` is 0.

    Bins hold about equally many of both together; half a value is added to each, so that an empty one makes no infinity.
    """
    edges = _edges(now, before)
    one, other = _binned(now, edges), _binned(before, edges)
    count, other_count = sum(one), sum(other)
    if not count or not other_count:
        return Estimate()
    bins = len(one)
    shares = [(mine + 0.5) / (count + bins / 2) for mine in one]
    others = [(mine + 0.5) / (other_count + bins / 2) for mine in other]
    value = sum((mine - yours) * log(mine / yours) for mine, yours in zip(shares, others, strict=True))
    chance = (1 / count + 1 / other_count) * (chi_square_quantile(NEWS, bins - 1) if bins > 1 else 0.0)
    return Estimate(value=value, low=0.0, high=chance, of=min(count, other_count))


def corrected_line(report: Report) -> Line:
    """Readings that agents corrected, for each ticket of a person."""
    parts = [Part(figures.count("corrected"), figures.count("people")) for figures in (report.figures, *report.before)]
    now, before = parts[0], parts[1:]
    usual = whole(before)
    return Line(
        name="corrected",
        unit=Unit.SHARE,
        now=poisson_rate(*now),
        before=tuple(poisson_rate(*one) for one in before),
        usual=poisson_rate(*usual),
        news=_rate_news(now, before),
        cell=Cell("corrected"),
    )


def _rate_news(now: Part, before: Sequence[Part]) -> News:
    """Do corrections stand out? They come in clusters, so that they must exceed what those before scatter."""
    usual = whole(before)
    if min(now.of, usual.of) < ENOUGH:
        return News.UNKNOWN
    rate = usual.hits / usual.of
    seen = [one for one in before if one.of]
    chi_square = sum((one.hits - one.of * rate) ** 2 / (one.of * rate) for one in seen) if rate else 0.0
    widened = news_deviations(chi_square, len(seen))
    return told(lambda width: difference(poisson_rate(*now, width), poisson_rate(*usual, width)), widened, BAD)


def _mean_line(name: str, report: Report, way: Way) -> Line:
    now, before = report.figures.spreads.get(name, {}), [figures.spreads.get(name, {}) for figures in report.before]
    return Line(
        name=name,
        unit=Unit.SHARE,
        now=mean_percent(now),
        before=tuple(mean_percent(one) for one in before),
        usual=mean_percent(_together(before)),
        news=_mean_news(now, before, way),
    )


def _mean_news(now: Spread, before: Sequence[Spread], way: Way) -> News:
    together = _together(before)
    usual = mean_percent(together, 1.0)
    if sum(now.values()) < ENOUGH or usual.of < ENOUGH or usual.value is None:
        return News.UNKNOWN
    chi_square = 0.0
    seen = [mean_percent(one, 1.0) for one in before]
    seen = [one for one in seen if one.of > 1]
    for one in seen:
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        error = max(one.value - one.low, one.high - one.value)  # one of both may be cut off at 0 or 1
        chi_square += ((one.value - usual.value) / error) ** 2
    widened = news_deviations(chi_square, len(seen))
    return told(lambda width: difference(mean_percent(now, width), mean_percent(together, width)), widened, way)


def _shift_line(name: str, report: Report) -> Line:
    """The index against the periods before pooled; `usual` is what chance makes: on average, and at most (99 %).

    The periods before differ from each other too. Where an index of theirs, each against the others, is more than chance makes,
    the bound is raised in proportion: what is shifting all the time is no news.
    """
    now, before = report.figures.spreads.get(name, {}), [figures.spreads.get(name, {}) for figures in report.before]
    found = stability_index(now, _together(before))
    if found.value is None or found.high is None or found.of < _BINS * _ENOUGH_A_BIN:
        return Line(
            name=f"{name}_shift",
            unit=Unit.INDEX,
            now=Estimate(value=found.value, of=found.of),
            before=(),
            usual=Estimate(),
            news=News.UNKNOWN,
        )
    bins = len(_binned(now, _edges(now, _together(before))))
    mean = (bins - 1) * (1 / sum(now.values()) + 1 / sum(_together(before).values()))
    plain = max(_SOME_CHANGE, found.high)
    bound = max(_SOME_CHANGE, found.high * _unrest(before))
    return Line(
        name=f"{name}_shift",
        unit=Unit.INDEX,
        now=Estimate(value=found.value, of=found.of),
        before=(),
        usual=Estimate(value=mean, low=0.0, high=bound, of=sum(_together(before).values())),
        news=News.MORE if found.value > bound else News.MAYBE if found.value > plain else News.NONE,
    )


def _unrest(before: Sequence[Spread]) -> float:
    """How many times what chance makes the periods before differ from each other, at least 1."""
    ratios = []
    for number, one in enumerate(before):
        found = stability_index(one, _together([other for at, other in enumerate(before) if at != number]))
        if found.value is not None and found.high and found.of >= _BINS * _ENOUGH_A_BIN:
            ratios.append(found.value / found.high)
    return max(1.0, *ratios) if ratios else 1.0


def _edges(one: Spread, other: Spread) -> list[int]:
    """The last percent of each bin but the last: about fifths of both together, none under a tenth.

    A percent that holds a fifth by itself is a bin by itself, so that a heap does not swallow what lies below it.
    """
    both = _together([one, other])
    fifth = sum(both.values()) / _BINS
    edges: list[int] = []
    held, last = 0, -1
    for percent in sorted(both):
        if both[percent] >= fifth and held >= fifth / 2:
            edges.append(last)
            held = 0
        held, last = held + both[percent], percent
        if held >= fifth:
            edges.append(percent)
            held = 0
    return edges[:-1] if edges and held < fifth / 2 else edges


def _binned(spread: Spread, edges: Sequence[int]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for percent, times in spread.items():
        counts[sum(percent > edge for edge in edges)] += times
    return counts


def _together(spreads: Sequence[Spread]) -> dict[int, int]:
    found: dict[int, int] = {}
    for spread in spreads:
        for percent, times in spread.items():
            found[percent] = found.get(percent, 0) + times
    return found
