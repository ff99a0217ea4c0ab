"""The letters of each kind, counted by hand."""

from __future__ import annotations

from models.assessment import Category
from policy.load import load_pack
from reports.honesty import letter_lines
from reports.intervals import Estimate, wilson
from reports.quality import summarise
from tests.support.facts import HOUR, MONDAY, book, event, letter, ticket
from tests.support.quality_figures import WEEK, figures

REQUEST, FOLLOW_UP, SPLIT = "request_information", "follow_up", "split"


def of_kind(kind: str, **counts: int) -> dict[str | tuple[str, ...], int]:
    return {(measure, "kind", kind): count for measure, count in counts.items()}


def test_by_hand() -> None:
    cells = of_kind(
        REQUEST, letters=100, went=50, went_by_hand=11, letters_held=6, letters_discarded=9, letters_failed=4, letters_bounced=2, letters_suppressed=12,
        letters_shadow=8, judged_released=8, judged_edited=3, judged_discarded=5, judged_wrong=4, judged_right=6, heard_wrong=7, heard_wrong_by_hand=2, objected=3, repeated=5,
        shadow_same=4, shadow_other=1, shadow_open=3,
    )  # fmt: skip
    (found,) = letter_lines(figures(cells))
    assert (found.kind, found.letters, found.went, found.went_by_hand, found.held) == (REQUEST, 100, 50, 11, 6)
    assert (found.discarded, found.edited, found.suppressed, found.bounced, found.failed) == (9, 3, 12, 2, 4)
    assert (
        found.went + found.went_by_hand + found.held + found.discarded + found.failed + found.suppressed + 8
        == found.letters
    )
    assert found.coverage == wilson(50, 80)  # neither the 12 that must not go nor the 8 that were only shown
    assert found.precision == wilson(14, 26)
    assert found.heard_wrong == wilson(7, 50)
    assert found.heard_wrong_by_hand == wilson(2, 11)
    assert (found.objected, found.repeated) == (3, 5)
    assert (found.shadow_same, found.shadow_other, found.shadow_open) == (4, 1, 3)


def test_what_was_only_shown_has_no_coverage() -> None:
    (found,) = letter_lines(figures(of_kind(SPLIT, letters=5, letters_shadow=5, shadow_open=5)))
    assert (found.coverage, found.precision) == (Estimate(), Estimate())
    assert (found.heard_wrong, found.heard_wrong_by_hand) == (Estimate(), Estimate())


def test_figures_of_a_version_that_counted_both_together() -> None:
    (found,) = letter_lines(figures(of_kind(SPLIT, letters=9, went=2, went_by_hand=7, heard_wrong=5)))
    assert found.heard_wrong == wilson(2, 2)


def test_kinds_stand_in_their_order_and_none_is_lost() -> None:
    cells = (
        of_kind("of_tomorrow", letters=1)
        | of_kind(FOLLOW_UP, letters=9)
        | of_kind(SPLIT, letters=2)
        | of_kind(REQUEST, letters=1)
    )
    assert [one.kind for one in letter_lines(figures(cells))] == [REQUEST, SPLIT, FOLLOW_UP, "of_tomorrow"]
    assert letter_lines(figures()) == ()


def test_a_letter_is_wrong_once_whoever_says_so() -> None:
    """From tickets on: called wrong and objected to is one wrong letter; what did not go was not sent wrong."""
    letters = (
        letter(REQUEST, MONDAY, reply_id=1, judgement="wrong"),
        letter("agent", MONDAY + 2 * HOUR, reply_id=2, then_state="waiting_customer"),
    )
    twice = ticket(
        1, Category.TROUBLESHOOTING, letters=letters, events=(event("customer_objected", MONDAY + HOUR, by="customer"),)
    )
    held = ticket(2, Category.TROUBLESHOOTING, letters=(letter(REQUEST, MONDAY, state="discarded", judgement="wrong"),))
    fine = ticket(3, Category.TROUBLESHOOTING, letters=(letter(REQUEST, MONDAY),))
    released = ticket(
        4, Category.TROUBLESHOOTING, letters=(letter(REQUEST, MONDAY, judgement="wrong", judged_before="released"),)
    )
    week = summarise([twice, held, fine, released], WEEK, book(load_pack("alibabacloud_jp")))
    (found,) = letter_lines(week)
    assert (found.went, found.went_by_hand, found.objected, found.repeated) == (2, 1, 1, 1)
    assert found.heard_wrong == wilson(1, 2)
    assert found.heard_wrong_by_hand == wilson(1, 1)
    assert found.precision == wilson(0, 3)
