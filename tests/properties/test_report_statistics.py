"""What the reports say of figures: noise is not read as news, a change is found, and no advice promises more than there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isclose
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.controls import Judgement
from models.decision import LetterKind
from reports.advice import advice
from reports.drift import drift, should_train, stability_index
from reports.figures import Figures, Wait
from reports.honesty import letter_lines
from reports.intervals import (
    SHOWN,
    Estimate,
    curve_of,
    done_within,
    log_rank,
    mean_percent,
    median_wait,
    newcombe,
    next_count,
    poisson_rate,
    pooled,
    wilson,
)
from reports.trend import News, trend
from tests.support.quality_figures import figures, report

QUIET = {News.NONE, News.MAYBE, News.UNKNOWN}
parts = st.integers(0, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
lengths = st.dictionaries(st.integers(0, 2000), st.integers(1, 30), max_size=8)
waits = st.builds(Wait, done=lengths, going=lengths)
spreads = st.dictionaries(st.integers(0, 100), st.integers(1, 60), max_size=12)


def is_ordered(estimate: Estimate) -> bool:
    bounds = [bound for bound in (estimate.low, estimate.value, estimate.high) if bound is not None]
    return all(one <= other + 1e-9 for one, other in pairwise(bounds))


class TestIntervals:
    @given(parts)
    def test_a_share_lies_in_its_interval_and_mirrors(self, part: tuple[int, int]) -> None:
        hits, of = part
        found, mirrored = wilson(hits, of), wilson(of - hits, of)
        assert is_ordered(found)
        if of:
            assert isclose(found.low or 0, 1 - (mirrored.high or 0), abs_tol=1e-9)
            assert 0 <= (found.low or 0) < (found.high or 0) <= 1

    @given(parts, parts)
    def test_a_difference_turns_with_its_sides(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        found, turned = newcombe(*one, *other), newcombe(*other, *one)
        assert is_ordered(found)
        assert (found.value is None) == (not one[1] or not other[1])
        if found.value is not None:
            assert isclose(found.low or 0, -(turned.high or 0), abs_tol=1e-9)
            assert -1 - 1e-9 <= (found.low or 0) <= (found.high or 0) <= 1 + 1e-9

    @given(waits, st.lists(st.integers(0, 2200), min_size=2, max_size=2).map(sorted))
    def test_what_is_done_grows_with_time(self, wait: Wait, times: list[int]) -> None:
        early, late = (done_within(wait, minutes) for minutes in times)
        assert is_ordered(early)
        assert is_ordered(late)
        if late.value is not None:
            assert early.value is not None
            assert early.value <= late.value + 1e-9

    @given(lengths, st.integers(0, 2000))
    def test_where_nothing_waits_it_is_the_plain_share(self, done: dict[int, int], minutes: int) -> None:
        wait = Wait(done=done)
        plain = sum(times for length, times in done.items() if length <= minutes)
        found = done_within(wait, minutes)
        assert found.of == sum(done.values())
        if found.value is not None:
            assert isclose(found.value, plain / wait.count, abs_tol=1e-9)

    @given(waits)
    def test_half_is_done_at_the_median(self, wait: Wait) -> None:
        found = median_wait(wait)
        assert is_ordered(found)
        if found.value is not None:
            done = done_within(wait, int(found.value)).value
            assert done is not None
            assert done >= 0.5 - 1e-9
            assert (done_within(wait, int(found.value) - 1).value or 0) < 0.5
        curve = curve_of(wait)
        assert list(curve) == sorted(curve)
        assert all(share <= 1 for _, share in curve)

    @given(waits, waits)
    def test_the_log_rank_test_turns_with_its_sides(self, one: Wait, other: Wait) -> None:
        assert isclose(log_rank(one, other), -log_rank(other, one), abs_tol=1e-6)
        assert abs(log_rank(one, one)) < 1e-6
        assert pooled([one, other]).count == one.count + other.count

    @given(st.lists(st.integers(0, 500), max_size=4), st.randoms())
    def test_counts_lie_in_their_interval_in_any_order(self, before: list[int], random: Random) -> None:
        found = next_count(before)
        assert is_ordered(found)
        random.shuffle(before)
        assert isclose(next_count(before).high or 0, found.high or 0)
        surer = next_count(before, 0.99)
        assert (surer.high or 0) >= (found.high or 0)

    @given(st.integers(0, 500), st.integers(1, 500), spreads)
    def test_rates_and_means(self, count: int, of: int, spread: dict[int, int]) -> None:
        assert is_ordered(poisson_rate(count, of))
        assert is_ordered(mean_percent(spread))

    @given(spreads, spreads)
    def test_an_index_is_never_below_nothing(self, one: dict[int, int], other: dict[int, int]) -> None:
        found = stability_index(one, other)
        assert found.value is None or found.value >= 0
        assert (stability_index(one, one).value or 0) < 1e-9


def share_of_news(draws: Sequence[News]) -> float:
    return sum(news not in QUIET for news in draws) / len(draws)


class TestNoise:
    """Seeded draws: what the desk's lead would read in some thousand reports."""

    @pytest.mark.parametrize("of", [15, 80, 400])
    @pytest.mark.parametrize("rate", [0.03, 0.2, 0.6])
    def test_equal_shares_are_hardly_ever_news(self, of: int, rate: float) -> None:
        random = np.random.default_rng(of)
        shares = ("complete", "doubtful", "held", "split")

        def week() -> Figures:
            return figures({"workable": of, "people": of} | {name: int(random.binomial(of, rate)) for name in shares})

        found: dict[str, list[News]] = {name: [] for name in shares}
        for _ in range(500):
            for line in trend(report(week(), week(), week(), week(), week())):
                if line.name in shares:
                    found[line.name].append(line.news)
        draws = [news for every in found.values() for news in every]
        assert share_of_news(draws) <= 0.01
        assert draws.count(News.MAYBE) <= 0.02 * len(draws)

    def test_a_real_change_of_a_share_is_found(self) -> None:
        random = np.random.default_rng(7)
        found = []
        for _ in range(500):
            now, *before = (int(random.binomial(300, rate)) for rate in (0.4, 0.6, 0.6, 0.6, 0.6))
            weeks = [figures({"workable": 300, "complete": count}) for count in (now, *before)]
            found.append(next(line.news for line in trend(report(*weeks)) if line.name == "complete"))
        assert Counter(found)[News.WORSE] >= 475
        assert Counter(found)[News.BETTER] == 0

    def test_a_restless_desk_is_seldom_called_new(self) -> None:
        """Weeks that differ four times as much as a pure draw: a test that ignored it would call every fifth one news."""
        random = np.random.default_rng(11)

        def week() -> Figures:
            rate = random.beta(0.4 * 99, 0.6 * 99)
            return figures({"workable": 300, "complete": int(random.binomial(300, rate))})

        found = []
        for _ in range(1500):
            lines = trend(report(week(), week(), week(), week(), week()))
            found.append(next(line.news for line in lines if line.name == "complete"))
        assert share_of_news(found) <= 0.05
        assert 0.1 <= found.count(News.MAYBE) / len(found) <= 0.25

    @pytest.mark.parametrize("mean", [0.5, 12, 300])
    @pytest.mark.parametrize("dispersion", [1, 3])
    def test_equal_counts_are_hardly_ever_news(self, mean: float, dispersion: int) -> None:
        random = np.random.default_rng(5)

        def week() -> Figures:
            rate = mean if dispersion == 1 else random.gamma(mean / (dispersion - 1), dispersion - 1)
            return figures({"people": int(random.poisson(rate))})

        found = [trend(report(week(), week(), week(), week(), week()))[0].news for _ in range(1000)]
        assert share_of_news(found) <= 0.02
        assert found.count(News.MAYBE) <= 0.05 * len(found)

    def test_half_the_mails_are_news(self) -> None:
        random = np.random.default_rng(6)
        found = []
        for _ in range(300):
            weeks = [figures({"people": int(random.poisson(rate))}) for rate in (150, 300, 300, 300, 300)]
            found.append(trend(report(*weeks))[0].news)
        assert Counter(found)[News.FEWER] >= 295

    @pytest.mark.parametrize(("factor", "least", "most"), [(1.0, 0.0, 0.01), (2.0, 0.95, 1.0)])
    def test_waits(self, factor: float, least: float, most: float) -> None:
        """Two hundred waits a week, a sixth of them still going; the same, or twice as long."""
        random = np.random.default_rng(13)

        def week(scale: float) -> Figures:
            ends, watched = random.exponential(scale, 200).astype(int), random.uniform(0, 2000, 200).astype(int)
            done = Counter(int(end) for end, seen in zip(ends, watched, strict=True) if end <= seen)
            going = Counter(int(seen) for end, seen in zip(ends, watched, strict=True) if end > seen)
            return figures(waits={"agent": Wait(done=done, going=going)})

        found = []
        for _ in range(120):
            lines = trend(report(week(300 * factor), *(week(300) for _ in range(4))))
            found.append(next(line.news for line in lines if line.name == "agent_minutes"))
        assert least <= share_of_news(found) <= most
        assert News.BETTER not in found

    @pytest.mark.parametrize("of", [40, 300])
    def test_the_same_mails_are_no_reason_to_train(self, of: int) -> None:
        random = np.random.default_rng(of)

        def week() -> Figures:
            sure = Counter((random.beta(8, 2, of) * 100).astype(int).tolist())
            strange = Counter((random.beta(1, 15, of) * 100).astype(int).tolist())
            cells = {
                "people": of,
                "workable": of,
                "held": int(random.binomial(of, 0.1)),
                "corrected": int(random.poisson(of * 0.05)),
            }
            return figures(cells, spreads={"confidence": sure, "unknown_words": strange})

        reasons = [should_train(report(week(), week(), week(), week(), week())) for _ in range(250)]
        assert sum(map(bool, reasons)) <= 15  # of seven lines together

    def test_customers_who_write_alike_get_no_advice(self) -> None:
        """Sixty customers, three items each lacking by chance alone: in twenty reports not even one."""
        random = np.random.default_rng(3)
        given_advice = 0
        for _ in range(200):
            cells: dict[str | tuple[str, ...], int] = {}
            for item in ("when", "where", "goal"):
                lacking = [int(random.binomial(12, 0.3)) for _ in range(60)]
                cells |= {("needed", "item", item): 720, ("not_given", "item", item): sum(lacking)}
                for number, count in enumerate(lacking):
                    cells |= {
                        ("needed", "domain_item", f"c{number}|{item}"): 12,
                        ("not_given", "domain_item", f"c{number}|{item}"): count,
                    }
            given_advice += bool(advice(report(figures(cells))))
        assert given_advice <= 10


ITEMS, GROUPS = ("when", "who", "facet:steps"), ("acme", "other", "third")
KINDS = tuple(kind.value for kind in LetterKind)[:3]
ENDS = (
    "went",
    "went",
    "went_by_hand",
    "letters_bounced",
    "letters_held",
    "letters_discarded",
    "letters_failed",
    "letters_suppressed",
    "letters_shadow",
)


@st.composite
def any_figures(draw: st.DrawFn) -> Figures:
    """Sums over heaps of tickets that are alike, each as tickets can be."""
    random = Random(draw(st.integers(0, 2**32)))
    cells: Counter[tuple[str, ...]] = Counter()

    def some(of: int) -> int:
        return random.choice((0, random.randint(0, of), of))

    for _ in range(draw(st.integers(0, 6))):
        people, where = (
            random.choice((1, 8, 90)),
            {name: random.choice(GROUPS) for name in ("domain", "product", "category")},
        )
        workable = some(people)
        counts = {
            "people": people,
            "held": some(people),
            "off_hours": some(people),
            "workable": workable,
            "complete": some(workable),
            "corrected": some(people),
        }
        counts |= {random.choice(("split", "out_of_scope", "not_disclosed", "other_account")): people - workable}
        for measure, count in counts.items():
            for group in (("all", ""), *where.items()):
                cells[measure, *group] += count
        for item in ITEMS:
            needed, due = some(workable), some(workable)
            lacking = some(needed)
            unsure = some(needed - lacking)
            for measure, count in {
                "needed": needed,
                "lacking": lacking,
                "lacking_only": some(lacking),
                "unsure": unsure,
                "not_given": lacking + unsure,
                "item_asked": workable,
                "item_due": due,
                "item_answered": some(due),
            }.items():
                cells[measure, "item", item] += count
                if not measure.startswith("item"):
                    cells.update({(measure, f"{name}_item", f"{group}|{item}"): count for name, group in where.items()})
    for _ in range(draw(st.integers(0, 8))):
        kind, end, letters = random.choice(KINDS), random.choice(ENDS), random.choice((1, 8, 90))
        measures = {"letters", end, f"judged_{random.choice(list(Judgement)).value}"}
        measures |= {"went"} if end == "letters_bounced" else set()
        if random.random() < 0.3:
            measures |= {"heard_wrong"} if "went" in measures else set()
            measures |= {"heard_wrong_by_hand"} if "went_by_hand" in measures else set()
        cells.update({(measure, "kind", kind): letters for measure in measures})
    wait = draw(waits)
    return figures(cells, {"agent": wait, "answer": wait}, {"confidence": draw(spreads)})


CONCERNED = ("due", "needed", "people", "judged", "shadow", "went", "tried")


class TestAdvice:
    @given(any_figures(), st.lists(any_figures(), max_size=2))
    def test_no_more_is_promised_than_there_is(self, now: Figures, before: list[Figures]) -> None:
        found = advice(report(now, *before), 20)
        for one in found:
            if one.code == "intake_low":
                assert one is found[0]
                continue
            most = max(one.numbers[name] for name in CONCERNED if name in one.numbers)
            assert 1 <= one.gain <= most + 1e-9
            assert all(
                0 <= one.numbers[name] <= 1 for name in one.numbers if name in {"share", "rest_share", "answer_share"}
            )
            assert now.cells.get(one.cell, 0) > 0
        assert advice(report(now, *before)) == found[:3]
        assert max(Counter(one.code for one in found).values(), default=0) <= 2

    @given(any_figures())
    def test_the_order_of_the_figures_does_not_matter(self, now: Figures) -> None:
        turned = figures(
            {tuple(cell): count for cell, count in reversed(list(now.cells.items()))}, now.waits, now.spreads
        )
        assert advice(report(now), 20) == advice(report(turned), 20)
        assert letter_lines(now) == letter_lines(turned)

    @given(any_figures(), st.lists(any_figures(), max_size=4))
    def test_any_figures_can_be_told(self, now: Figures, before: list[Figures]) -> None:
        for line in (*trend(report(now, *before)), *drift(report(now, *before))):
            assert is_ordered(line.now) or line.now.value is None
        for letters in letter_lines(now):
            assert all(is_ordered(one) for one in (letters.coverage, letters.precision, letters.heard_wrong))


def test_the_shown_level() -> None:
    assert SHOWN == 0.95
