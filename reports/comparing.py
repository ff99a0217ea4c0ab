"""What advice is made of: groups beside the rest, and who surely stands out of so many. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reports.intervals import difference, normal_quantile, wilson
from reports.trend import ENOUGH, Part, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.figures import Cell, Figures

_ERROR = 0.05  # chance that a sort of advice is given where nothing stands out
_FEWEST = 5  # of a group; smaller ones are not looked at, so that the others' intervals need not be wider for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One change that would help."""

    code: str
    names: Mapping[str, str]  # ids: item, product, domain, category, kind, measure, reasons
    numbers: Mapping[str, float]  # shares in [0, 1]
    gain: float  # tickets or letters of a period this long that it would surely spare
    unit: str  # what `gain` counts: answers, requests, clear, notices, releases, ...; `spares_...` of reports.words_advice
    besides: float = 0.0  # tickets that would hold one item more, where `gain` is of requests: for the order alone
    cell: Cell  # what to look into
    cells: Mapping[str, Cell] = field(default_factory=dict)  # what to look into for a number, by its name
    shares: tuple[
        float, ...
    ] = ()  # `share` of each period in a row that it holds for, oldest first; the last is this one's
    periods: int = 1  # how many they are
    is_longer: bool = False  # every period that is known; it may have begun earlier


class Rate(NamedTuple):
    """A group against the rest: how often, of how many."""

    own: Part
    rest: Part


def part_of(hits: int, of: int) -> Part:
    """So many of so many; never more than there are, whatever an older version counted."""
    return Part(min(hits, of), of)


def rates_of(figures: Figures, dimension: str, measure: str, base: str) -> dict[str, Part]:
    """How often, of how many, by value of a dimension; small ones left out."""
    hits = figures.by(measure, dimension)
    bases = figures.by(base, dimension).items()
    return {value: part_of(hits.get(value, 0), of) for value, of in bases if of >= _FEWEST}


def against_rest(rates: Mapping[str, Part]) -> dict[str, Rate]:
    """Each of them beside all others."""
    total = whole(list(rates.values()))
    return {value: Rate(own, less(total, own)) for value, own in rates.items()}


def less(total: Part, own: Part) -> Part:
    """What is left of all without them; nothing where they are no part of it."""
    of = max(0, total.of - own.of)
    return Part(min(of, max(0, total.hits - own.hits)), of)


def shares_of(rate: Rate) -> dict[str, float]:
    """Both shares, as numbers of an advice."""
    own, rest = wilson(*rate.own).value, wilson(*rate.rest).value
    return {"share": own or 0.0} | ({"rest_share": rest} if rest is not None else {})


def low(part: Part, deviations: float | None = None) -> float:
    """The lower bound of a share; 0 of nothing."""
    return (wilson(*part) if deviations is None else wilson(*part, deviations)).low or 0.0


def surely_above(rate: Rate, candidates: int) -> float:
    """By how much the share exceeds that of the rest, by the lower bound; 0 where it is not surely the worst of so many.

    Who stands out is found by the wide interval, how much that is told by the usual one: else the same tickets would weigh less
    where there are more customers.
    """
    deviations = deviations_for(candidates)
    change = difference(wilson(*rate.own, deviations), wilson(*rate.rest, deviations))
    if rate.rest.of < ENOUGH or (change.low or 0.0) <= 0:
        return 0.0
    return difference(wilson(*rate.own), wilson(*rate.rest)).low or 0.0


def surely_below(rate: Rate, candidates: int) -> float:
    """The same of what falls short."""
    turned = Rate(*(Part(part.of - part.hits, part.of) for part in rate))
    return surely_above(turned, candidates)


def deviations_for(candidates: int) -> float:
    """How wide an interval must be, in standard deviations, where so many are looked at to find the worst."""
    return normal_quantile(1 - _ERROR / max(1, candidates))
