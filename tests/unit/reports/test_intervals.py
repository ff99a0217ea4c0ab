"""Against the examples of the papers and textbooks, and what must hold at the edges."""

from __future__ import annotations

from collections import Counter
from math import isclose

import pytest
from scipy.stats import chi2, t

from reports.figures import Wait
from reports.intervals import (
    Estimate,
    chi_square_quantile,
    curve_of,
    difference,
    dispersion,
    done_within,
    log_rank,
    mean_percent,
    median_wait,
    newcombe,
    news_deviations,
    next_count,
    normal_quantile,
    poisson_rate,
    pooled,
    steps_of,
    student_quantile,
    wilson,
)

# Freireich's trial of 6-MP (weeks in remission), the example of every textbook: Klein and Moeschberger, tables 1.1 and 4.1.
TREATED = Wait(
    done=Counter([6, 6, 6, 7, 10, 13, 16, 22, 23]), going=Counter([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
)
PLACEBO = Wait(done=Counter([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]))


def about(estimate: Estimate) -> list[float | None]:
    return [None if one is None else round(one, 4) for one in (estimate.value, estimate.low, estimate.high)]


class TestShares:
    @pytest.mark.parametrize(
        ("hits", "of", "low", "high"),
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_wilson_as_published(self, hits: int, of: int, low: float, high: float) -> None:
        assert about(wilson(hits, of)) == [round(hits / of, 4), low, high]

    def test_all_is_the_mirror_of_none(self) -> None:
        none, every = wilson(0, 7), wilson(7, 7)
        assert (none.low, every.high) == (0.0, 1.0)
        assert isclose(none.high or 0, 1 - (every.low or 0))

    def test_of_nothing_there_is_no_share(self) -> None:
        assert wilson(0, 0) == Estimate()

    @pytest.mark.parametrize(
        ("parts", "low", "high"),
        # The same, 873-890, table II, method 10
        [
            ((56, 70, 48, 80), 0.0524, 0.3339),
            ((9, 10, 3, 10), 0.1705, 0.8090),
            ((6, 7, 2, 7), 0.0582, 0.8062),
            ((5, 56, 0, 29), -0.0381, 0.1926),
            ((0, 10, 0, 20), -0.1611, 0.2775),
            ((10, 10, 0, 20), 0.6791, 1.0),
        ],
    )
    def test_newcombe_as_published(self, parts: tuple[int, int, int, int], low: float, high: float) -> None:
        assert about(newcombe(*parts))[1:] == [low, high]

    def test_a_difference_to_nothing_is_none(self) -> None:
        assert newcombe(5, 10, 0, 0) == Estimate()
        half_open = difference(Estimate(value=5.0, low=4.0, of=9), Estimate(value=3.0, low=1.0, high=4.0, of=8))
        assert half_open.high is None
        assert half_open.low is not None
        assert isclose(half_open.low, 2 - 2**0.5)


class TestRatesAndMeans:
    @pytest.mark.parametrize("count", [1, 5, 20, 200])
    def test_byar_is_near_the_exact_interval(self, count: int) -> None:
        found = poisson_rate(count, 100)
        assert found.value == count / 100
        assert found.low == pytest.approx(chi2.ppf(0.025, 2 * count) / 200, abs=0.00013)
        assert found.high == pytest.approx(chi2.ppf(0.975, 2 * count + 2) / 200, abs=0.0002)

    def test_of_no_events_the_bound_is_about_three(self) -> None:
        assert about(poisson_rate(0, 1)) == [0.0, 0.0, 3.668]
        assert poisson_rate(3, 0) == Estimate()

    def test_a_mean_by_hand(self) -> None:
        # Middles .805 and .905, five each: mean .855; variance .025/9 + .01²/12; t(9) = 2.2622
        half = 2.2621572 * ((0.025 / 9 + 0.01**2 / 12) / 10) ** 0.5
        assert about(mean_percent({80: 5, 90: 5})) == [0.855, round(0.855 - half, 4), round(0.855 + half, 4)]

    def test_a_mean_of_one_or_none(self) -> None:
        assert about(mean_percent({100: 1})) == [1.0, None, None]
        assert mean_percent({}) == Estimate()

    def test_what_is_all_the_same_still_has_the_width_of_a_percent(self) -> None:
        found = mean_percent({90: 50})
        assert found.low is not None
        assert found.high is not None
        assert 0.904 < found.low < 0.905 < found.high < 0.906


class TestWaits:
    def test_the_curve_of_the_textbook(self) -> None:
        # Klein and Moeschberger, table 4.1A
        table = [(6, 21, 3, 0.857), (7, 17, 1, 0.807), (10, 15, 1, 0.753), (13, 12, 1, 0.690), (16, 11, 1, 0.627), (22, 7, 1, 0.538), (23, 6, 1, 0.448)]  # fmt: skip
        assert [(one.minutes, one.at_risk, one.ended, round(one.going, 3)) for one in steps_of(TREATED)] == table
        sums = [0.0079, 0.0116, 0.0164, 0.0240, 0.0330, 0.0569, 0.0902]  # of Greenwood, by hand
        assert [round(one.greenwood, 4) for one in steps_of(TREATED)] == sums

    @pytest.mark.parametrize(
        ("weeks", "going", "low", "high"),
        # As SAS and R print them with log-log bands
        [(6, 0.857, 0.620, 0.952), (10, 0.753, 0.503, 0.889), (22, 0.538, 0.268, 0.747), (30, 0.448, 0.188, 0.680)],
    )
    def test_the_bands_of_the_textbook(self, weeks: int, going: float, low: float, high: float) -> None:
        found = done_within(TREATED, weeks)
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert (round(1 - found.value, 3), round(1 - found.high, 3), round(1 - found.low, 3)) == (going, low, high)

    def test_medians_of_the_textbook(self) -> None:
        assert about(median_wait(TREATED)) == [23, 13, None]
        assert about(median_wait(PLACEBO)) == [8, 4, 11]

    def test_exactly_half_is_the_median(self) -> None:
        assert median_wait(Wait(done={10: 2, 20: 2})).value == 10
        assert median_wait(Wait(done={10: 3}, going={20: 3})).value == 10
        assert median_wait(Wait(done={10: 3}, going={20: 4})).value is None

    def test_the_log_rank_test_of_the_textbook(self) -> None:
        assert log_rank(PLACEBO, TREATED) ** 2 == pytest.approx(16.793, abs=0.001)
        assert log_rank(PLACEBO, TREATED) == pytest.approx(-log_rank(TREATED, PLACEBO))
        assert log_rank(PLACEBO, TREATED) > 0  # it ended sooner

    def test_nothing_compares_with_nothing(self) -> None:
        assert log_rank(Wait(), TREATED) == 0
        assert log_rank(Wait(done={5: 1}), Wait()) == 0

    def test_beyond_what_was_watched_nothing_is_known(self) -> None:
        assert done_within(TREATED, 36) == Estimate(of=21)
        assert about(done_within(PLACEBO, 36))[0] == 1.0  # all have ended: more cannot come
        assert done_within(Wait(), 5) == Estimate()
        assert median_wait(Wait()) == Estimate()

    def test_where_none_has_ended_wilson_of_those_still_watched(self) -> None:
        wait = Wait(done={50: 1}, going={5: 30, 20: 12, 60: 8})
        assert done_within(wait, 20) == Estimate(value=0.0, low=0.0, high=wilson(0, 21).high, of=51)

    def test_what_still_waits_counts_for_as_long_as_it_was_watched(self) -> None:
        """Leaving out the waiting would call it 100 %, counting them as never 50 %."""
        wait = Wait(done={10: 10}, going={5: 5, 20: 5})
        assert done_within(wait, 15).value == pytest.approx(10 / 15)
        assert median_wait(wait).value == 10

    def test_all_at_once_has_a_median_with_bounds(self) -> None:
        assert about(median_wait(Wait(done={0: 40}))) == [0, 0, 0]
        assert about(median_wait(Wait(done={0: 1}))) == [0, 0, None]

    def test_the_curve_to_draw(self) -> None:
        assert curve_of(Wait(done={2: 1}, going={4: 1})) == ((0, 0.0), (2, 0.5), (4, 0.5))
        assert curve_of(Wait(done={0: 2})) == ((0, 1.0),)
        assert curve_of(Wait(going={7: 2})) == ((0, 0.0), (7, 0.0))
        assert curve_of(Wait()) == ()

    def test_pooled(self) -> None:
        assert pooled([Wait(done={1: 2}), Wait(done={1: 1}, going={3: 4})]) == Wait(done={1: 3}, going={3: 4})
        assert pooled([]) == Wait()


class TestCounts:
    def test_by_hand(self) -> None:
        # Chi-square 218.75 / 301.25 = .7261, so that the dispersion is (4 * 2 + .7261) / 7 = 1.2466; t(7, 99 %) = 3.4995
        found = next_count([300, 310, 290, 305], 0.99)
        half = 3.4994833 / 2 * (8.7261411 / 7 * 1.25) ** 0.5
        assert found.value == 301.25
        assert found.low == pytest.approx((301.625**0.5 - half) ** 2 - 0.375, abs=1e-4)
        assert found.high == pytest.approx((301.625**0.5 + half) ** 2 - 0.375, abs=1e-4)

    def test_without_any_before_nothing_is_expected(self) -> None:
        assert next_count([]) == Estimate()

    def test_of_none_a_few_are_no_news(self) -> None:
        found = next_count([0, 0, 0, 0], 0.99)
        assert (found.value, found.low) == (0, 0)
        assert 3 < (found.high or 0) < 10

    def test_fewer_periods_tell_less(self) -> None:
        widths = [(one.high or 0) - (one.low or 0) for one in map(next_count, ([300], [300] * 2, [300] * 3, [300] * 4))]
        assert widths == sorted(widths, reverse=True)

    def test_what_jumps_about_must_jump_further(self) -> None:
        assert (next_count([200, 400, 250, 350]).high or 0) > 1.3 * (next_count([300] * 4).high or 0)
        assert dispersion(0, 4) == 1
        assert dispersion(30, 4) == pytest.approx(34 / 7)
        assert news_deviations(30, 4) == pytest.approx(3.4994833 * (34 / 7) ** 0.5)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 30, 199, 200, 201, 5000])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_quantiles(level: float, degrees: int) -> None:
    assert student_quantile(level, degrees) == pytest.approx(t.ppf((1 + level) / 2, degrees), abs=1e-5)
    assert chi_square_quantile(level, degrees) == pytest.approx(chi2.ppf(level, degrees), rel=0.01)
    assert normal_quantile(level) == pytest.approx(t.ppf((1 + level) / 2, 10**9), abs=1e-6)
