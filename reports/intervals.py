"""How far a figure can be trusted: intervals of shares, waits, means and counts, and of their differences. Pure.

Sources: E. B. Wilson, JASA 22 (1927), the score interval; R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10,
the difference of two; E. L. Kaplan and P. Meier, JASA 53 (1958), with Greenwood's variance on the log-log scale (Kalbfleisch
and Prentice 1980); R. Brookmeyer and J. Crowley, Biometrics 38 (1982), the median's; N. Mantel's log-rank test (1966);
Byar's interval of a Poisson count (Rothman and Boice 1979). Why these: docs/decisions/0020.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import atan, cos, exp, inf, log, pi, sin, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from reports.figures import Wait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN, NEWS = 0.95, 0.99  # the level of what is shown; of what makes news
_Z = NormalDist().inv_cdf((1 + SHOWN) / 2)  # half the width of a shown interval, in standard deviations
_SCATTER = 2.0  # what is believed of counts: twice a Poisson's variance
_WEIGHT = 4  # periods' worth of belief in the expected dispersion, beside the few that were seen (see `dispersion`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval.

    `value` is None where there is nothing to divide by, or the waits have not come so far; a bound is None where it is open.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    of: int = 0  # how many it rests on


class Step(NamedTuple):
    """A point of a Kaplan-Meier curve: where waits have come to their end."""

    minutes: int
    at_risk: int  # had waited at least so long
    ended: int
    going: float  # share that waits longer, in [0, 1]
    greenwood: float  # the sum of ended / (at_risk (at_risk - ended)) up to here; infinite where nobody is left


def wilson(hits: int, of: int, deviations: float = _Z) -> Estimate:
    """A share with its score interval.

    Raises:
        ValueError: More hits than there are.
    """
    if of <= 0:
        return Estimate()
    if not 0 <= hits <= of:
        raise ValueError(f"no share: {hits} of {of}")
    share = hits / of
    square = deviations * deviations
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = deviations * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = 0.0 if hits <= 0 else max(0.0, middle - half)
    high = 1.0 if hits >= of else min(1.0, middle + half)
    return Estimate(value=share, low=low, high=high, of=of)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """`one` - `other`, its interval made of theirs (Newcombe's method 10 where both are Wilson's); open where one is."""
    if one.value is None or other.value is None:
        return Estimate()
    value = one.value - other.value
    low = high = None
    if one.low is not None and other.high is not None:
        low = value - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    if one.high is not None and other.low is not None:
        high = value + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Estimate(value=value, low=low, high=high, of=min(one.of, other.of))


def newcombe(hits: int, of: int, other_hits: int, other_of: int, deviations: float = _Z) -> Estimate:
    """The difference of two independent shares: hybrid score interval without continuity correction."""
    return difference(wilson(hits, of, deviations), wilson(other_hits, other_of, deviations))


def poisson_rate(count: int, of: int, deviations: float = _Z) -> Estimate:
    """Events for each of `of`, with Byar's interval."""
    if of <= 0:
        return Estimate()
    more = count + 1
    low = count * max(0.0, 1 - 1 / (9 * count) - deviations / (3 * sqrt(count))) ** 3 if count > 0 else 0.0
    high = more * (1 - 1 / (9 * more) + deviations / (3 * sqrt(more))) ** 3
    return Estimate(value=count / of, low=low / of, high=high / of, of=of)


def mean_percent(spread: Mapping[int, int], deviations: float | None = None) -> Estimate:
    """The mean of shares that were counted by whole percent, with Student's interval unless `deviations` says how wide."""
    count = sum(spread.values())
    if not count:
        return Estimate()
    values = {min(percent + 0.5, 100.0) / 100: times for percent, times in spread.items()}  # the middle of each percent
    mean = sum(value * times for value, times in values.items()) / count
    if count == 1:
        return Estimate(value=mean, of=count)
    # Values within one percent look equal: the width of a class stands in for what it hides.
    square = sum(times * (value - mean) ** 2 for value, times in values.items()) / (count - 1) + 0.01**2 / 12
    half = (deviations or student_quantile(SHOWN, count - 1)) * sqrt(square / count)
    return Estimate(value=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), of=count)


def steps_of(wait: Wait) -> tuple[Step, ...]:
    """The Kaplan-Meier curve of a wait. What was counted at the same minute as an end was still waiting then."""
    at_risk, unended = wait.count, wait.unended
    gone = sorted({*wait.done, *unended})
    steps = []
    going, greenwood = 1.0, 0.0
    for minutes in gone:
        ended = wait.done.get(minutes, 0)
        if ended:
            left = at_risk - ended
            going *= left / at_risk
            greenwood = greenwood + ended / (at_risk * left) if left else inf
            steps.append(Step(minutes, at_risk, ended, going, greenwood))
        at_risk -= ended + unended.get(minutes, 0)
    return tuple(steps)


def curve_of(wait: Wait) -> tuple[tuple[int, float], ...]:
    """(minutes, share that has come to its end) from (0, share at once) to the last that is known: what a picture draws."""
    if not wait.count:
        return ()
    known = {0: 0.0} | {step.minutes: 1 - step.going for step in steps_of(wait)}
    last = max((*wait.done, *wait.unended))
    return tuple((known | {last: [*known.values()][-1]}).items())


def done_within(wait: Wait, minutes: int, deviations: float = _Z) -> Estimate:
    """The share that has come to its end within so many business minutes (Kaplan-Meier, log-log interval).

    The value is None where fewer than all have ended and nobody has been watched for so long. Where none or all have ended the
    log-log interval does not exist; Wilson's stands in, of those still watched or of those that ended.
    """
    before = [step for step in steps_of(wait) if step.minutes <= minutes]
    going = before[-1].going if before else 1.0
    unended = wait.unended
    watched = max((*wait.done, *unended), default=-1)
    if not wait.count or (watched < minutes and going > 0):
        return Estimate(of=wait.count)
    if before:
        upper, lower = _band(before[-1], deviations, wait)
        return Estimate(value=1 - going, low=1 - upper, high=1 - lower, of=wait.count)
    still = sum(times for length, times in (*wait.done.items(), *unended.items()) if length >= minutes)
    return Estimate(value=0.0, low=0.0, high=wilson(0, still, deviations).high, of=wait.count)


def _band(step: Step, deviations: float, wait: Wait) -> tuple[float, float]:
    """The bounds (upper, lower) of the share that still waits at a step."""
    if step.going <= 0:
        ended = sum(times for minutes, times in wait.done.items() if minutes <= step.minutes)
        return 1 - (wilson(ended, ended, deviations).low or 0.0), 0.0
    log_going = log(step.going)
    half = deviations * sqrt(step.greenwood) / -log_going
    return step.going ** exp(-half), step.going ** exp(half)


def median_wait(wait: Wait, deviations: float = _Z) -> Estimate:
    """The time within which half has come to its end; Brookmeyer and Crowley's interval, by the log-log bands.

    A bound, or the value, is None where the curve has not come so far: more than half still wait.
    """
    value = low = high = None
    for step in steps_of(wait):
        upper, lower = _band(step, deviations, wait)
        minutes = float(step.minutes)
        low = minutes if low is None and lower <= 0.5 else low
        value = minutes if value is None and step.going <= 0.5 + 1e-12 else value
        high = minutes if high is None and upper <= 0.5 else high
    return Estimate(value=value, low=low, high=high, of=wait.count)


def log_rank(one: Wait, other: Wait) -> float:
    """How far the ends of `one` stand from what the two together would give it, in standard deviations; above 0: it ends sooner.

    0 where nothing can be compared. Mantel's test with the hypergeometric variance.
    """
    expected = observed = variance = 0.0
    mine_unended, their_unended = one.unended, other.unended
    gone = sorted({*one.done, *mine_unended, *other.done, *their_unended})
    mine, theirs = one.count, other.count
    for minutes in gone:
        own, foreign = one.done.get(minutes, 0), other.done.get(minutes, 0)
        ended, at_risk = own + foreign, mine + theirs
        if ended and mine and theirs:
            observed += own
            expected += ended * mine / at_risk
            variance += (
                ended * (mine / at_risk) * (theirs / at_risk) * (at_risk - ended) / (at_risk - 1)
                if at_risk > 1
                else 0.0
            )
        mine -= own + mine_unended.get(minutes, 0)
        theirs -= foreign + their_unended.get(minutes, 0)
    return (observed - expected) / sqrt(variance) if variance > 0 else 0.0


def next_count(before: Sequence[float], level: float = SHOWN, *, is_plain: bool = False) -> Estimate:
    """The count to be expected after those before, with a prediction interval: where the next one falls if nothing changed.

    Quasi-Poisson on the square-root scale, which keeps the bounds sensible at 0. How much counts scatter is estimated from
    those before, and half believed: four counts tell little of it. `is_plain` asks nothing of those before: the interval of
    counts that scatter as most do.
    """
    if not before:
        return Estimate()
    mean = sum(before) / len(before)
    chi_square = sum((count - mean) ** 2 for count in before) / mean if mean else 0.0
    widening = _SCATTER if is_plain else dispersion(chi_square, len(before), expected=_SCATTER)
    quantile = normal_quantile(level) if is_plain else student_quantile(level, degrees(len(before)))
    half = quantile / 2 * sqrt(widening * (1 + 1 / len(before)))
    root = sqrt(mean + 0.375)
    low = max(0.0, max(0.0, root - half) ** 2 - 0.375)
    return Estimate(value=mean, low=low, high=(root + half) ** 2 - 0.375, of=round(sum(before)))


def dispersion(chi_square: float, periods: int, *, expected: float = 1.0) -> float:
    """How many times more a figure's variance is than that of a pure draw, at least 1.

    Args:
        chi_square: How far the periods before stand from each other; `periods` - 1 on average where they are pure draws.
        periods: How many they are.
        expected: What is believed without them. Both are weighed, for a variance of three degrees of freedom is hardly known
            (the moderated variance of G. K. Smyth 2004).
    """
    return max(1.0, (_WEIGHT * expected + chi_square) / (_WEIGHT + max(periods, 1) - 1))


def degrees(periods: int) -> int:
    """The degrees of freedom that `dispersion` has."""
    return _WEIGHT + max(periods, 1) - 1


def normal_quantile(level: float) -> float:
    """Half the width, in standard deviations, of the middle `level` of the normal distribution."""
    return NormalDist().inv_cdf((1 + level) / 2)


@lru_cache(maxsize=1000)
def student_quantile(level: float, degrees: int) -> float:
    """The same of Student's distribution with whole degrees of freedom."""
    if degrees > 200:  # three terms of the Cornish-Fisher series are exact to six digits there
        z = normal_quantile(level)
        return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    low, high = 0.0, 1.0
    while _student_middle(high, degrees) < level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_middle(middle, degrees) < level else (low, middle)
    return (low + high) / 2


def _student_middle(bound: float, degrees: int) -> float:
    """P(|T| < bound): Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = atan(bound / sqrt(degrees))
    cosine = cos(angle)
    if degrees % 2:
        factors = ((2 * number / (2 * number + 1)) * cosine * cosine for number in range(1, (degrees - 1) // 2))
        terms = sum(accumulate(factors, lambda total, factor: total * factor, initial=cosine)) if degrees > 1 else 0.0
        return 2 / pi * (angle + sin(angle) * terms)
    factors = ((2 * number - 1) / (2 * number) * cosine * cosine for number in range(1, degrees // 2))
    return sin(angle) * sum(accumulate(factors, lambda total, factor: total * factor, initial=1.0))


def chi_square_quantile(level: float, degrees: int) -> float:
    """What a chi-square falls below with probability `level` (E. B. Wilson and M. M. Hilferty 1931: within one in a hundred)."""
    if degrees == 1:
        return normal_quantile(level) ** 2
    ninth = 2 / (9 * degrees)
    return float(degrees * (1 - ninth + NormalDist().inv_cdf(level) * sqrt(ninth)) ** 3)


def pooled(waits: Sequence[Wait]) -> Wait:
    """All of them together."""
    done: Counter[int] = Counter()
    going: Counter[int] = Counter()
    left: Counter[int] = Counter()
    for wait in waits:
        done.update(wait.done)
        going.update(wait.going)
        left.update(wait.left)
    return Wait(done=done, going=going, left=left)


def news_deviations(chi_square: float, periods: int) -> float:
    """How many standard deviations of a pure draw a figure must be off to be news, after so many periods before.

    `chi_square` is as `dispersion` takes it: figures that jump about anyway must jump further. Intervals of this width on both
    sides, joined by `difference`, leave a change out of noise in one of a hundred comparisons at most.
    """
    return student_quantile(NEWS, degrees(periods)) * sqrt(dispersion(chi_square, periods))
