"""What would help, from figures made by hand; and when there is nothing to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy.hours import Hours
from reports.advice import Advice, advice
from reports.figures import Cell, Figures, Report
from reports.periods import period_named
from tests.support.quality_figures import MADE_AT, WEEK, figures, grouped, report


def found(cells: dict[tuple[str, ...], int], *before: Figures, most: int = 20) -> tuple[Advice, ...]:
    return advice(of(cells, *before), most)


def of(cells: dict[tuple[str, ...], int], *before: Figures) -> Report:
    return report(figures(cells), *before)


def only(cells: dict[tuple[str, ...], int], *before: Figures) -> Advice:
    (one,) = found(cells, *before)
    return one


def questions(**rates: tuple[int, int]) -> dict[tuple[str, ...], int]:
    asked = {("item_asked", "item", item): due + 5 for item, (_, due) in rates.items()}
    return grouped("item", rates, "item_answered", "item_due") | asked


def lacking(dimension: str, everywhere: tuple[int, int], **groups: tuple[int, int]) -> dict[tuple[str, ...], int]:
    """Of the item `when`; none is unclear."""
    return not_given("when", everywhere) | {
        cell: count
        for group, rate in groups.items()
        for cell, count in not_given(f"{group}|when", rate, f"{dimension}_item").items()
    }


def not_given(value: str, rate: tuple[int, int], dimension: str = "item", **more: int) -> dict[tuple[str, ...], int]:
    hits, of = rate
    counts = {"needed": of, "not_given": hits, "lacking": hits - more.get("unsure", 0), **more}
    return {(measure, dimension, value): count for measure, count in counts.items()}


def noticed(
    dimension: str, measure: str, everywhere: tuple[int, int], **groups: tuple[int, int]
) -> dict[tuple[str, ...], int]:
    whole = {(measure,): everywhere[0], ("people",): everywhere[1]}
    return whole | grouped(dimension, groups, measure, "people")


def letters(kind: str = "request_information", **counts: int) -> dict[tuple[str, ...], int]:
    return {(measure, "kind", kind): count for measure, count in {"letters": 500, **counts}.items()}


def test_an_empty_period_gives_none() -> None:
    assert advice(report(figures())) == ()
    assert advice(report(figures(), *[figures()] * 4)) == ()


class TestQuestions:
    def test_one_that_is_seldom_answered(self) -> None:
        one = only(questions(who=(4, 60), when=(50, 60), where=(40, 50)))
        assert (one.code, one.names, one.cell) == (
            "question_unanswered",
            {"item": "who"},
            Cell("item_due", "item", "who"),
        )
        assert one.numbers == {
            "asked": 65,
            "due": 60,
            "answered": 4,
            "share": pytest.approx(4 / 60),
            "rest_share": pytest.approx(90 / 110),
        }
        assert 25 < one.gain < 60 * (90 / 110 - 4 / 60)

    def test_all_answered_alike(self) -> None:
        assert found(questions(who=(10, 60), when=(11, 60), where=(9, 60))) == ()

    def test_less_than_the_others_yet_mostly(self) -> None:
        assert found(questions(who=(120, 200), when=(195, 200))) == ()

    def test_one_of_one_is_nothing(self) -> None:
        assert found(questions(who=(0, 1), when=(50, 60))) == ()
        assert found(questions(who=(0, 4), when=(500, 500))) == ()

    def test_the_only_question_has_nothing_beside_it(self) -> None:
        assert found(questions(who=(0, 60))) == ()


class TestWhoLacks:
    @pytest.mark.parametrize(("dimension", "code"), [("domain", "domain_lacks"), ("product", "product_lacks")])
    def test_one_that_lacks_more_than_the_others(self, dimension: str, code: str) -> None:
        one = only(lacking(dimension, (70, 300), acme=(28, 30), other=(10, 60)))
        assert (one.code, one.names) == (code, {dimension: "acme", "item": "when"})
        assert one.cell == one.cells["not_given"] == Cell("not_given", f"{dimension}_item", "acme|when")
        assert one.numbers == {
            "needed": 30,
            "not_given": 28,
            "lacking": 28,
            "unsure": 0,
            "lacking_only": 0,
            "share": pytest.approx(28 / 30),
            "rest_share": pytest.approx(42 / 270),
        }
        assert one.unit == "clear"  # each lacked other things too: no request is spared
        assert 12 < one.gain < 30 * (28 / 30 - 42 / 270)

    def test_requests_are_spared_where_nothing_else_was_missing(self) -> None:
        """Nine of them lacked this alone, and customers give it when they are asked: at most nine requests."""
        alone = {("lacking_only", "domain_item", "acme|when"): 9}
        one = only(lacking("domain", (70, 300), acme=(28, 30)) | alone | questions(when=(90, 100)))
        assert (one.code, one.unit, one.numbers["lacking_only"]) == ("domain_lacks", "requests", 9)
        assert 3 < one.gain < 9 * 0.9
        assert one.cells["lacking_only"] == Cell("lacking_only", "domain_item", "acme|when")
        (unanswered,) = (
            one
            for one in found(lacking("domain", (70, 300), acme=(28, 30)) | alone | questions(when=(0, 100)))
            if one.code == "domain_lacks"
        )
        assert unanswered.unit == "clear"

    def test_a_domain_that_holds_what_stands_between_it_and_the_item(self) -> None:
        one = only(lacking("domain", (70, 300), **{"a|b.example": (28, 30)}))
        assert one.names == {"domain": "a|b.example", "item": "when"}

    def test_an_item_that_no_sum_of_all_holds(self) -> None:
        assert found(not_given("acme|gone", (28, 30), "domain_item")) == ()

    def test_one_who_is_never_clear(self) -> None:
        """Of a simulated quarter: a company that never says since when, of whose mails most were not sure to lack it."""
        everywhere = not_given("when", (138, 263), unsure=50)
        one = only(everywhere | not_given("kumano|when", (19, 23), "domain_item", unsure=14))
        assert one.code == "domain_lacks"
        assert one.numbers == {
            "needed": 23,
            "not_given": 19,
            "lacking": 5,
            "unsure": 14,
            "lacking_only": 0,
            "share": pytest.approx(19 / 23),
            "rest_share": pytest.approx(119 / 240),
        }
        assert one.cell == Cell("not_given", "domain_item", "kumano|when")

    @pytest.mark.parametrize("dimension", ["domain", "product"])
    def test_one_who_writes_it_and_is_never_clear(self, dimension: str) -> None:
        """Six of six unsure and none lacking is another advice than "write it"."""
        cells = not_given("evidence", (60, 200), unsure=40)
        one = only(cells | not_given("kasumi|evidence", (10, 10), f"{dimension}_item", unsure=10))
        assert (one.code, one.unit) == (f"{dimension}_unclear", "clear")

    def test_one_that_lacks_as_all_do(self) -> None:
        assert found(lacking("domain", (200, 300), acme=(20, 30), other=(40, 60))) == ()

    def test_a_few_mails_are_no_customer_who_always_lacks(self) -> None:
        assert found(lacking("domain", (30, 300), acme=(1, 1), other=(4, 4))) == ()

    def test_the_only_customer_has_nobody_beside_him(self) -> None:
        assert found(lacking("domain", (58, 60), acme=(58, 60))) == ()

    def test_one_advice_for_a_customer_whatever_he_lacks(self) -> None:
        cells = lacking("domain", (70, 300), acme=(28, 30))
        cells |= not_given("goal", (60, 300)) | not_given("acme|goal", (29, 30), "domain_item", unsure=29)
        assert [one.names["item"] for one in found(cells)] == ["goal"]

    def test_one_advice_of_a_sort_for_an_item(self) -> None:
        cells = lacking("domain", (110, 500), acme=(38, 40), other=(28, 30))
        assert [one.names["domain"] for one in found(cells)] == ["acme"]

    def test_the_more_are_looked_at_the_surer_it_must_be(self) -> None:
        few = lacking("domain", (70, 300), acme=(7, 10))
        many = few | lacking(
            "domain", (70, 300), **{f"customer{number}": (2, 10) for number in range(200)}, acme=(7, 10)
        )
        assert only(few).gain > 1
        assert found(many) == ()


class TestForms:
    def cells(self, answered: int) -> dict[tuple[str, ...], int]:
        rates = {"troubleshooting|when": (120, 200), "billing|when": (3, 90)}
        return grouped("category_item", rates, "lacking", "needed") | questions(when=(answered, 100))

    def test_what_is_given_when_asked_belongs_on_the_form(self) -> None:
        one = only(self.cells(90))
        assert (one.code, one.names) == ("category_lacks", {"category": "troubleshooting", "item": "when"})
        assert one.numbers == {
            "needed": 200, "lacking": 120, "lacking_only": 0, "share": 0.6, "rest_share": pytest.approx(3 / 90), "answer_share": 0.9,
        }  # fmt: skip
        assert one.unit == "clear"
        assert 80 < one.gain < 120 * 0.9
        assert one.cell == Cell("lacking", "category_item", "troubleshooting|when")

    def test_only_those_that_lacked_nothing_else_spare_a_request(self) -> None:
        """Of a simulated month: of 122 tickets that lacked the goal 18 lacked nothing else, and the advice promised 73."""
        cells = grouped("category_item", {"t|goal": (122, 227)}, "lacking", "needed")
        cells |= {("lacking_only", "category_item", "t|goal"): 18} | questions(goal=(76, 100))
        one = only(cells)
        assert (one.unit, one.numbers["lacking"], one.numbers["lacking_only"]) == ("requests", 122, 18)
        assert 7 < one.gain < 18 * 0.76

    def test_what_nobody_gives_is_no_use_on_a_form(self) -> None:
        assert found(self.cells(0)) == ()
        (often, seldom) = (only(self.cells(answered)).gain for answered in (90, 30))
        assert seldom < often / 2

    def test_without_a_request_nothing_is_known_of_answers(self) -> None:
        cells = {cell: count for cell, count in self.cells(90).items() if not cell[0].startswith("item_")}
        assert found(cells) == ()


class TestNotices:
    @pytest.mark.parametrize("measure", ["split", "out_of_scope", "not_disclosed", "other_account"])
    @pytest.mark.parametrize("dimension", ["domain", "product"])
    def test_one_whose_mails_always_get_it(self, dimension: str, measure: str) -> None:
        one = only(noticed(dimension, measure, (60, 500), acme=(25, 30), other=(3, 40)))
        assert (one.code, one.names) == (f"{dimension}_notice", {dimension: "acme", "measure": measure})
        assert one.numbers == {
            "people": 30,
            "count": 25,
            "share": pytest.approx(25 / 30),
            "rest_share": pytest.approx(35 / 470),
        }
        assert one.cell == Cell(measure, dimension, "acme")

    def test_as_often_as_the_others(self) -> None:
        assert found(noticed("product", "split", (50, 500), ecs=(5, 50), oss=(9, 70))) == ()

    def test_two_customers_with_the_same_notice(self) -> None:
        cells = noticed("domain", "split", (60, 500), acme=(25, 30), other=(20, 25))
        assert [one.names["domain"] for one in found(cells)] == ["acme", "other"]

    def test_one_advice_for_a_customer_whatever_notice(self) -> None:
        cells = noticed("domain", "split", (30, 500), acme=(14, 40)) | noticed(
            "domain", "out_of_scope", (40, 500), acme=(20, 40)
        )
        assert [one.names["measure"] for one in found(cells)] == ["out_of_scope"]


class TestLetters:
    def test_released_as_they_were_and_none_by_itself(self) -> None:
        one = only(letters(judged_released=59, judged_edited=1))
        assert (one.code, one.numbers) == (
            "kind_let_go",
            {"judged": 60, "released": 59, "share": pytest.approx(59 / 60), "went": 0},
        )
        assert (one.names, one.cell) == (
            {"kind": "request_information"},
            Cell("judged_released", "kind", "request_information"),
        )
        assert 0.85 * 60 < one.gain < 59

    def test_released_as_they_were_beside_those_that_go(self) -> None:
        assert only(letters(judged_released=59, judged_edited=1, went=300)).code == "kind_hold_less"

    def test_a_few_released_prove_nothing(self) -> None:
        assert found(letters(judged_released=12)) == ()
        assert found(letters(judged_released=50, judged_edited=10)) == ()

    def test_reworked(self) -> None:
        one = only(letters(judged_released=20, judged_edited=25, judged_discarded=15, went=300))
        assert (one.code, one.numbers) == (
            "kind_reworked",
            {"judged": 60, "edited": 25, "discarded": 15, "share": pytest.approx(2 / 3)},
        )
        assert one.cell.measure == "judged_edited"
        assert (
            only(letters(judged_released=20, judged_edited=15, judged_discarded=25)).cell.measure == "judged_discarded"
        )

    def test_wrong_and_went(self) -> None:
        one = only(letters(went=200, went_by_hand=50, heard_wrong=40, heard_wrong_by_hand=9, objected=25, repeated=24))
        assert (one.code, one.cell.measure) == ("kind_wrong", "heard_wrong")
        assert one.numbers == {
            "went": 200, "heard_wrong": 40, "objected": 25, "repeated": 24, "share": 0.2, "stopped": int(one.gain),
        }  # fmt: skip
        assert 20 < one.gain < 40

    def test_what_an_agent_let_go_is_not_to_be_approved(self) -> None:
        """All went by an agent's hand already: to let an agent release them is what is done."""
        assert found(letters(went_by_hand=100, heard_wrong_by_hand=60, objected=60)) == ()

    def test_one_advice_for_a_kind_and_what_was_wrong_comes_first(self) -> None:
        """Released as they were, and wrong where they went by themselves: not both "approve" and "let go"."""
        both = letters(
            judged_released=95, judged_edited=5, went=100, heard_wrong=30, went_by_hand=95, letters_shadow=50, judged_right=60,
        )  # fmt: skip
        assert [one.code for one in found(both)] == ["kind_wrong"]
        reworked = letters(judged_released=20, judged_edited=40, letters_shadow=90, judged_right=60)
        assert [one.code for one in found(reworked)] == ["kind_reworked"]

    def test_what_was_released_and_wrong_does_not_go_more_freely(self) -> None:
        fine = letters(judged_released=100, went_by_hand=100, heard_wrong_by_hand=2)
        assert only(fine).code == "kind_let_go"
        assert found(letters(judged_released=100, went_by_hand=100, heard_wrong_by_hand=20)) == ()
        assert found(letters(judged_released=100, went_by_hand=100, went=40, heard_wrong=3)) == ()

    def test_now_and_then_wrong(self) -> None:
        assert found(letters(went=200, heard_wrong=10)) == ()
        assert found(letters(went=3, heard_wrong=1)) == ()

    def test_only_shown_and_right(self) -> None:
        one = only(letters(letters_shadow=200, judged_right=58, judged_wrong=2))
        assert (one.code, one.numbers) == (
            "kind_shadow_right",
            {"judged": 60, "right": 58, "shadow": 200, "share": pytest.approx(58 / 60)},
        )
        assert 0.85 * 200 < one.gain < 200
        assert found(letters(letters_shadow=200, judged_right=50, judged_wrong=10)) == ()

    def test_came_back_or_failed(self) -> None:
        came_back = letters(went=80, letters_bounced=6) | letters("split", went=20, letters_bounced=9)
        one = only(came_back)
        assert (one.code, one.names, one.numbers) == (
            "letters_bounced",
            {"kind": "split"},
            {"went": 100, "bounced": 15, "of_kind": 9, "share": 0.15},
        )
        one = only(letters(went=80, letters_failed=20))
        assert (one.code, one.numbers) == ("letters_failed", {"tried": 100, "failed": 20, "of_kind": 20, "share": 0.2})
        assert found(letters(went=200, letters_bounced=3, letters_failed=2)) == ()


class TestTraining:
    def cells(self, corrected: int, held: int) -> dict[tuple[str, ...], int]:
        return {("people",): 300, ("corrected",): corrected, ("held",): held}

    def test_more_corrected_than_before(self) -> None:
        one = only(self.cells(60, 30), *[figures(self.cells(10, 30))] * 4)
        assert (one.code, one.names, one.cell) == ("train_again", {"reasons": "corrected"}, Cell("corrected"))
        assert one.numbers == {
            "people": 300, "corrected": 0.2, "corrected_usual": pytest.approx(10 / 300), "held": 0.1, "held_usual": 0.1,
        }  # fmt: skip
        assert 30 < one.gain < 50

    def test_more_held_than_before(self) -> None:
        one = only(self.cells(10, 120), *[figures(self.cells(10, 30))] * 4)
        assert (one.names, one.cell) == ({"reasons": "held"}, Cell("held"))

    def test_as_ever(self) -> None:
        assert found(self.cells(60, 120), *[figures(self.cells(60, 120))] * 4) == ()


class TestOfAll:
    def cells(self) -> dict[tuple[str, ...], int]:
        return {
            **questions(who=(4, 60), when=(50, 60), where=(40, 50)),
            **lacking("domain", (70, 300), acme=(28, 30)),
            ("lacking_only", "domain_item", "acme|when"): 28,
            **noticed("product", "split", (130, 500), ecs=(100, 110)),
            **letters(judged_released=59, judged_edited=1),
        }

    def test_the_best_first_and_no_more_than_wanted(self) -> None:
        codes = [one.code for one in found(self.cells())]
        assert codes == ["product_notice", "domain_lacks", "question_unanswered", "kind_let_go"]
        assert [one.code for one in advice(of(self.cells()))] == codes[:3]
        assert advice(of(self.cells()), 0) == ()

    def test_a_click_is_worth_less_than_a_ticket(self) -> None:
        """Sixty letters need not be released, twenty customers not be asked: the second comes first."""
        gains = {one.code: one.gain for one in found(self.cells())}
        assert gains["kind_let_go"] > gains["domain_lacks"]

    def test_no_more_than_two_of_a_sort(self) -> None:
        cells = (
            letters("split", judged_released=60)
            | letters("reminder", judged_released=60)
            | letters("recurrence", judged_released=60)
        )
        assert [one.names["kind"] for one in found(cells)] == ["recurrence", "reminder"]

    def test_half_a_ticket_is_not_worth_a_sentence(self) -> None:
        assert found(lacking("domain", (150, 3000), acme=(3, 5))) == ()


class TestIntake:
    def people(self, *counts: int) -> Report:
        now, *before = (figures({"people": count}) for count in counts)
        return report(now, *before)

    def test_a_dead_week_is_told_first(self) -> None:
        dead = report(
            figures({"people": 0, **letters(judged_released=59)}),
            *(figures({"people": n}) for n in (114, 115, 116, 111)),
        )
        one, *others = advice(dead, 20)
        assert (one.code, one.names, one.numbers["now"], one.numbers["usual"]) == ("intake_low", {}, 0, 114)
        assert [other.code for other in others] == ["kind_let_go"]
        assert [one.code for one in advice(dead, 1)] == ["intake_low"]

    def test_even_where_the_week_before_was_dead(self) -> None:
        assert [one.code for one in advice(self.people(0, 114, 115, 116, 0))] == ["intake_low"]

    @pytest.mark.parametrize(
        "counts",
        [
            (60, 110, 100, 105, 108),  # a quiet week, more than half
            (0, 2, 1, 3, 2),  # nobody may write by chance
            (10, 150, 12, 130, 8),  # it jumps about
            (0,),
        ],
    )
    def test_fewer_alone_are_no_alarm(self, counts: tuple[int, ...]) -> None:
        assert advice(self.people(*counts)) == ()

    def test_days_off_bring_none(self) -> None:
        """The week of 23 November 2026 with its holiday, and one in which nobody works."""
        hours = Hours(timezone="Asia/Tokyo", days=frozenset(range(5)), country="JP")
        closed = replace(hours, closed_on=frozenset(WEEK.days))
        two_days = replace(hours, closed_on=frozenset(WEEK.days[:3]))
        dead = self.people(0, 114, 115, 116, 111)
        assert [one.code for one in advice(dead, hours=hours)] == ["intake_low"]
        assert advice(dead, hours=closed) == ()
        before = tuple(
            replace(one, period=period_named("2026-W43", "Asia/Tokyo"))
            for one in self.people(0, 110, 112, 114, 113).before
        )
        short = Report(figures=figures({"people": 44}), before=before, made_at=MADE_AT)
        assert [one.code for one in advice(short, hours=hours)] == ["intake_low"]
        assert advice(short, hours=two_days) == ()


class TestInARow:
    def week(self, released: int = 59, when: int = 28) -> Figures:
        return figures({**letters(judged_released=released), **lacking("domain", (70, 300), acme=(when, 30))})

    def rows(self, *before: Figures) -> dict[str, tuple[int, bool, tuple[float, ...]]]:
        given = advice(report(self.week(), *before))
        return {one.code: (one.periods, one.is_longer, one.shares) for one in given}

    def test_how_long_it_has_been_so(self) -> None:
        rows = self.rows(self.week(), self.week(released=0), self.week(when=25), self.week(when=27))
        assert rows == {
            "kind_let_go": (3, False, (1.0, 1.0, 1.0)),
            "domain_lacks": (5, True, tuple(pytest.approx(hits / 30) for hits in (28, 28, 25, 27, 28))),
        }

    def test_a_first_report_says_nothing_of_it(self) -> None:
        assert {row[:2] for row in self.rows().values()} == {(1, False)}

    def test_another_item_is_another_advice(self) -> None:
        other = figures(not_given("goal", (70, 300)) | not_given("acme|goal", (28, 30), "domain_item"))
        assert self.rows(other)["domain_lacks"][0] == 1

    def test_unclear_or_missing_is_the_same(self) -> None:
        unclear = figures(not_given("when", (70, 300)) | not_given("acme|when", (28, 30), "domain_item", unsure=28))
        assert self.rows(unclear)["domain_lacks"][0] == 2
