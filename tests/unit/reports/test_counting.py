"""The figures of a week, counted by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from models.assessment import Category
from policy.pack import Pack
from reports.counting import cells_of, needed_items, rounded
from reports.figures import Cell, Figures, Wait
from reports.periods import period_of
from reports.quality import behind, summarise
from tests.support.facts import DAY, END, HOUR, MONDAY, book, event, letter, mail, ticket

WEEK = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
TROUBLE, BILLING, HOW_TO = Category.TROUBLESHOOTING, Category.PAYMENT_BILLING, Category.HOW_TO
MINUTE = timedelta(minutes=1)

TICKETS = (
    # complete at once, and answered by an agent two hours later
    ticket(1, TROUBLE, products=("ecs", "ecs"), ready_at=MONDAY, given_first=frozenset({"when", "goal"}),
           letters=(letter("acknowledgement", MONDAY), letter("agent", MONDAY + 2 * HOUR, by="hanako", then_state="answered"))),
    # asked two minutes later, and completed on the next day an hour after the desk opened
    ticket(2, TROUBLE, disposition="request_information", products=("ecs", "vpc"), missing_first=("when", "goal"), domain="acme.example",
           letters=(letter(at=MONDAY + 2 * MINUTE, asked=("when", "goal")),),
           mails=(mail(2, missing=("when", "goal"), disposition="request_information"), mail(9, MONDAY + DAY)), ready_at=MONDAY + DAY),
    # asked, and answered by half after thanks that are no answer; then asked again, then by hand
    ticket(3, TROUBLE, disposition="request_information", at=MONDAY + DAY, missing_first=("when", "goal"), unsure_first=("evidence",), state="waiting_customer",
           letters=(letter(at=MONDAY + DAY, reply_id=31, asked=("when", "goal")), letter("follow_up", MONDAY + DAY + 3 * HOUR, reply_id=32, asked=("goal",)),
                    letter("agent", MONDAY + DAY + 4 * HOUR, by="hanako", then_state="waiting_customer")),
           mails=(mail(3, MONDAY + DAY), mail(10, MONDAY + DAY + HOUR, disposition="no_reply"),
                  mail(11, MONDAY + DAY + 3 * HOUR, disposition="request_information", missing=("goal",)))),
    # asked on Monday, silent since
    ticket(4, BILLING, disposition="request_information", missing_first=("who",), language="en", letters=(letter(at=MONDAY, asked=("who",)),)),
    # should have been asked, but the letter was not sent; the decision was held
    ticket(5, BILLING, Category.ACCOUNT, disposition="request_information", missing_first=("who",),
           letters=(letter(state="suppressed", reason="rate_sender_hour: 5 letters"),), mails=(mail(5, is_held=True, confidence=0.4, unknown_words=0.25),)),
    # nobody is sure whether it is complete; on Sunday, when nobody is there
    ticket(6, HOW_TO, at=MONDAY + 6 * DAY, unsure_first=("symptom",)),
    # outside, in two mails, one of them garbled
    ticket(7, Category.OUT_APPLICATION, disposition="out_of_scope", letters=(letter("out_of_scope"),), state="answered",
           mails=(mail(7), mail(12, warnings=("13 characters could not be decoded", "2 characters could not be decoded")))),
    # several questions
    ticket(8, HOW_TO, disposition="split", letters=(letter("split", state="held"),), products=("vpc",)),
    # machines and spam
    ticket(20, Category.ACKNOWLEDGEMENT, disposition="no_reply", is_automatic=True, missing_first=("goal",), products=("oss",),
           letters=(letter("acknowledgement", state="suppressed", reason="automatic: bulk"),), mails=(mail(20, is_automatic=True),)),
    ticket(21, Category.OUT_UNRELATED, disposition="out_of_scope", is_spam=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def week(pack: Pack) -> Figures:
    return summarise(TICKETS, WEEK, book(pack, END, "acme.example"))


def test_people_machines_and_spam_are_told_apart(week: Figures) -> None:
    assert [week.count(name) for name in ("tickets", "people", "automatic", "spam")] == [10, 8, 1, 1]
    assert week.by("people", "disposition") == {"request_information": 4, "accept": 2, "out_of_scope": 1, "split": 1}
    assert week.by("people", "language") == {"ja": 7, "en": 1}
    assert week.by("people", "product") == {"ecs": 2, "vpc": 2}
    assert "oss" not in week.by("tickets", "product")


def test_days_and_hours_are_those_at_the_desk(week: Figures) -> None:
    assert week.by("people", "day") == {"2026-11-16": 6, "2026-11-17": 1, "2026-11-22": 1}
    assert week.by("people", "hour") == {"10": 8}
    assert week.count("off_hours") == 1
    assert week.by("off_hours", "day") == {"2026-11-22": 1}


def test_completeness_on_arrival_and_after_one_request(week: Figures) -> None:
    names = ("workable", "complete", "doubtful", "incomplete", "asked", "answered", "complete_after_one", "asked_twice")
    assert [week.count(name) for name in names] == [6, 1, 1, 4, 3, 2, 1, 1]
    assert week.by("complete", "category") == {"product.troubleshooting": 1}
    assert week.by("incomplete", "category") == {
        "product.troubleshooting": 2,
        "service.payment_billing": 2,
        "service.account": 1,
    }


def test_only_watched_customers_are_counted_by_themselves(week: Figures) -> None:
    assert week.by("people", "domain") == {"acme.example": 1}
    assert week.count("lacking", "domain_item", "acme.example|when") == 1
    assert week.by("complete_after_one", "domain") == {"acme.example": 1}


def test_what_was_lacking_and_what_came_of_asking_for_it(week: Figures) -> None:
    assert week.by("lacking", "item") == {"goal": 2, "when": 2, "who": 2}
    assert week.by("unsure", "item") == {"evidence": 1, "symptom": 1}
    assert week.count("given", "item", "when") == 1
    assert week.count("needed", "item", "when") == 3
    assert week.by("item_asked", "item") == {"goal": 2, "when": 2, "who": 1}
    assert week.by("item_answered", "item") == {"when": 2, "goal": 1}
    # The third was asked on Tuesday; Monday's silent one has had its three business days.
    assert week.by("item_due", "item") == {"goal": 2, "when": 2, "who": 1}


def test_a_question_is_not_due_before_its_time(pack: Pack) -> None:
    on_tuesday = summarise(TICKETS, WEEK, book(pack, MONDAY + DAY - HOUR))
    assert on_tuesday.by("item_asked", "item") == {"goal": 1, "when": 1, "who": 1}
    assert on_tuesday.by("item_due", "item") == {}


def test_shares_of_notices(week: Figures) -> None:
    assert [week.count(name) for name in ("split", "out_of_scope", "not_disclosed", "other_account")] == [1, 1, 0, 0]


def test_letters_by_kind(week: Figures) -> None:
    assert week.by("letters", "kind") == {
        "request_information": 4,
        "acknowledgement": 1,
        "follow_up": 1,
        "out_of_scope": 1,
        "split": 1,
    }
    assert week.by("went", "kind") == {
        "request_information": 3,
        "acknowledgement": 1,
        "follow_up": 1,
        "out_of_scope": 1,
    }
    assert week.by("letters_held", "kind") == {"split": 1}
    assert week.by("suppressed", "reason") == {"rate_sender_hour": 1}
    assert week.by("repeated", "kind") == {"follow_up": 1}, (
        "the customer wrote back between the first and the agent's own"
    )
    assert week.count("hand_letters") == 2


def test_waits_are_in_business_time_and_go_on_until_the_count(week: Figures) -> None:
    # 10:02 on Monday to 10:00 on Tuesday: 478 minutes to the evening and 60 in the morning. Friday's end is the last business minute.
    assert week.wait("answer") == Wait(done={538: 1, 180: 1}, going={rounded(4 * 540 + 480): 1})
    assert week.wait("ready_asked") == Wait(done={540: 1}, going={rounded(3 * 540 + 480): 1, rounded(4 * 540 + 480): 1})
    assert week.wait("ready_unasked") == Wait(done={0: 1}, going={rounded(4 * 540 + 480): 1, 0: 1})
    assert week.wait("agent") == Wait(done={120: 1}, going={rounded(3 * 540 + 480): 1})
    assert week.wait("first_letter").done == {0: 4, 2: 1}


def test_defects_are_counted_by_mail_and_kind(week: Figures) -> None:
    assert (week.count("mails"), week.count("mails_defective")) == (14, 1)
    assert week.by("mails_defective", "warning") == {"# characters could not be decoded": 1}


def test_spreads_are_of_first_mails_of_people(week: Figures) -> None:
    assert week.spreads["confidence"] == {90: 7, 40: 1}
    assert week.spreads["unknown_words"] == {25: 1}


def test_examples_are_the_newest_and_masked(pack: Pack) -> None:
    many = [
        ticket(number, TROUBLE, disposition="request_information", missing_first=("when",)) for number in range(1, 6)
    ]
    found = summarise(many, WEEK, book(pack), masked=str.upper).examples[Cell("lacking", "item", "when")]
    assert [(one.ref, one.subject) for one in found] == [(f"T{n:06d}", f"SUBJECT {n}") for n in (3, 4, 5)]


def test_words_of_agents_on_letters(pack: Pack) -> None:
    judged = ("released", "edited", "discarded", "wrong", "right")
    states = ("sent", "sent", "discarded", "sent", "shadow")
    many = [
        ticket(n, letters=(letter(judgement=word, state=state),))
        for n, (word, state) in enumerate(zip(judged, states, strict=True), 1)
    ]
    week = summarise(many, WEEK, book(pack))
    assert {word: week.count(f"judged_{word}", "kind", "request_information") for word in judged} == dict.fromkeys(
        judged, 1
    )
    assert week.count("went", "kind", "request_information") == 1
    assert week.count("went_by_hand", "kind", "request_information") == 2
    assert week.count("letters_discarded", "kind", "request_information") == 1


def test_a_letter_that_was_released_and_called_wrong_later_went_by_hand(pack: Pack) -> None:
    one = ticket(
        1, letters=(letter(judgement="wrong", judged_before="released"), letter("follow_up", judgement="wrong"))
    )
    week = summarise([one], WEEK, book(pack))
    assert (week.by("went_by_hand", "kind"), week.by("went", "kind")) == ({"request_information": 1}, {"follow_up": 1})
    assert week.by("heard_wrong", "kind") == {"follow_up": 1}
    assert week.by("heard_wrong_by_hand", "kind") == {"request_information": 1}


def test_an_objection_falls_on_the_last_letter_that_asked_before_it(pack: Pack) -> None:
    one = ticket(
        1,
        letters=(
            letter(reply_id=1),
            letter("follow_up", MONDAY + HOUR, reply_id=2),
            letter("follow_up", MONDAY + 3 * HOUR, reply_id=3),
        ),
        events=(event("customer_objected", MONDAY + 2 * HOUR, by="customer"),),
    )
    assert summarise([one], WEEK, book(pack)).by("objected", "kind") == {"follow_up": 1}


def test_what_was_only_shown_is_compared_with_what_people_did(pack: Pack) -> None:
    def shown(number: int, *events: object, **changes: object) -> object:
        letters = (letter(state="shadow", would_be="waiting_customer"), *changes.pop("letters", ()))  # type: ignore[misc]
        return ticket(number, letters=letters, events=events, **changes)  # type: ignore[arg-type]

    many = [
        shown(1),
        shown(
            2,
            event("moved", MONDAY + HOUR, "ready -> waiting_customer: asked"),
            event("moved", MONDAY + 2 * HOUR, "waiting_customer -> closed"),
        ),
        shown(3, event("moved", MONDAY + HOUR, "ready -> closed")),
        shown(4, event("moved", MONDAY + HOUR, "ready -> waiting_customer", by="uketsuke")),
        shown(5, letters=(letter("agent", MONDAY + HOUR, then_state="waiting_customer"),)),
    ]
    week = summarise(many, WEEK, book(pack))  # type: ignore[arg-type]
    assert [week.count(f"shadow_{how}", "kind", "request_information") for how in ("open", "same", "other")] == [
        2,
        2,
        1,
    ]


def test_corrections_count_once_by_target_and_not_when_taken_back(pack: Pack) -> None:
    one = ticket(1, events=(
        event("corrected", MONDAY, "section:when missing (1)"), event("corrected", MONDAY, "section:when present (1)"),
        event("corrected", MONDAY, "section:goal present (1)"), event("corrected", MONDAY, "section:goal as_read (1)"), event("corrected", MONDAY, "issues product.how_to (2)"),
    ))  # fmt: skip
    week = summarise([one], WEEK, book(pack))
    assert week.by("corrected", "target") == {"issues": 1, "section:when": 1}
    assert week.count("corrected") == 2


def test_what_came_after_the_count_is_not_there(pack: Pack) -> None:
    one = ticket(
        1, TROUBLE, disposition="request_information", missing_first=("when",), state="closed", ready_at=MONDAY + DAY,
        mails=(mail(1), mail(2, MONDAY + DAY)), letters=(letter(asked=("when",)), letter("agent", MONDAY + DAY)),
        events=(event("filed", MONDAY, "request_information, waiting_customer"), event("moved", MONDAY + DAY, "ready -> closed")),
    )  # fmt: skip
    early, late = (summarise([one], WEEK, book(pack, at)) for at in (MONDAY + HOUR, MONDAY + 2 * DAY))
    assert [early.count(name) for name in ("asked", "answered", "mails", "hand_letters")] == [1, 0, 1, 0]
    assert [late.count(name) for name in ("asked", "answered", "mails", "hand_letters")] == [1, 1, 2, 1]
    assert (early.by("people", "state"), late.by("people", "state")) == ({"waiting_customer": 1}, {"closed": 1})
    assert early.wait("ready_asked") == Wait(going={60: 1})
    assert late.wait("ready_asked") == Wait(done={540: 1})


def test_a_letter_sent_after_the_count_was_on_its_way(pack: Pack) -> None:
    one = ticket(1, letters=(letter(at=MONDAY, sent_at=MONDAY + DAY, state="sent"),))
    week = summarise([one], WEEK, book(pack, MONDAY + HOUR))
    assert week.count("went", "kind", "request_information") == 1
    assert week.wait("first_letter") == Wait(done={0: 1})


@pytest.mark.parametrize("state", ["bounced", "failed", "discarded", "suppressed", "shadow", "held"])
def test_a_request_that_did_not_arrive_asked_for_nothing(pack: Pack, state: str) -> None:
    one = ticket(
        1,
        TROUBLE,
        disposition="request_information",
        missing_first=("when",),
        letters=(letter(state=state, asked=("when",)),),
    )
    week = summarise([one], WEEK, book(pack))
    assert (week.count("asked"), week.by("item_asked", "item"), week.count("incomplete")) == (0, {}, 1)


def test_tickets_of_other_periods_are_passed_over(pack: Pack) -> None:
    around = [
        ticket(1, at=WEEK.start - MINUTE),
        ticket(2, at=WEEK.start),
        ticket(3, at=WEEK.end - MINUTE),
        ticket(4, at=WEEK.end),
    ]
    assert summarise(around, WEEK, book(pack, WEEK.end + DAY)).count("people") == 2


def test_an_empty_week_is_empty(pack: Pack) -> None:
    week = summarise((), WEEK, book(pack))
    assert week.is_empty
    assert (week.cells, week.waits, week.spreads, week.examples) == ({}, {}, {}, {})


def test_the_tickets_behind_a_figure_are_those_it_counts(pack: Pack, week: Figures) -> None:
    ledger = book(pack, END, "acme.example")
    for cell, count in week.cells.items():
        listed = list(behind(TICKETS, cell, WEEK, ledger))
        assert sum(often for _, often in listed) == count, cell
    incomplete = Cell("incomplete", "category", "service.payment_billing")
    assert [one.ref for one, _ in behind(TICKETS, incomplete, WEEK, ledger)] == ["T000004", "T000005"]


def test_needed_items_are_the_packs_with_what_was_found_wanting(pack: Pack) -> None:
    assert {"symptom", "evidence", "when", "where", "goal", "facet:error_message", "facet:steps"} <= set(
        needed_items(ticket(1, TROUBLE), pack)
    )
    assert "who" not in needed_items(ticket(1, TROUBLE), pack)
    assert "who" in needed_items(ticket(1, TROUBLE, has_permission_error=True), pack)
    assert needed_items(ticket(1, HOW_TO, missing_first=("link:goal",)), pack) == ("symptom", "link:goal")


def test_long_waits_are_kept_coarsely() -> None:
    assert [rounded(minutes) for minutes in (-5, 0, 599, 600, 609, 5999, 6000, 6059, 10**9)] == [
        0,
        0,
        599,
        600,
        600,
        5990,
        6000,
        6000,
        600_000,
    ]
    assert len({rounded(minutes) for minutes in range(700_000)}) < 12_000


def test_cells_are_a_counter(pack: Pack) -> None:
    assert isinstance(cells_of(TICKETS[0], book(pack)), Counter)


def test_a_wait_ends_with_its_ticket(pack: Pack) -> None:
    closed = event("moved", MONDAY + HOUR, "waiting_customer -> closed")
    one = ticket(
        1,
        TROUBLE,
        disposition="request_information",
        state="closed",
        letters=(letter(asked=("when",)),),
        events=(closed,),
    )
    week = summarise([one], WEEK, book(pack))
    assert week.wait("answer") == Wait(left={60: 1})
    assert week.wait("ready_asked") == Wait(left={60: 1})
    assert week.wait("answer").count == 1
    early = summarise([one], WEEK, book(pack, MONDAY + HOUR / 2))
    assert early.wait("answer") == Wait(going={30: 1}), "it had not been closed then"


def test_what_an_answer_leaves_unsure_is_not_complete(pack: Pack) -> None:
    def answered(number: int, **answer: object) -> object:
        return ticket(
            number, TROUBLE, disposition="request_information", missing_first=("when",), letters=(letter(asked=("when",)),),
            mails=(mail(number), mail(10 + number, MONDAY + HOUR, **answer)),
        )  # fmt: skip

    many = [answered(1), answered(2, unsure=("where",)), answered(3, missing=("when",))]
    week = summarise(many, WEEK, book(pack))  # type: ignore[arg-type]
    assert [week.count(name) for name in ("answered", "complete_after_one", "doubtful_after_one")] == [3, 1, 1]


def test_what_is_only_asked_along_is_answered_by_the_answer_itself(pack: Pack) -> None:
    def asked(number: int, *given: str) -> object:
        return ticket(
            number, TROUBLE, disposition="request_information", missing_first=("when",), letters=(letter(asked=("when", "who")),),
            mails=(mail(number), mail(10 + number, MONDAY + HOUR, given=frozenset(given))),
        )  # fmt: skip

    week = summarise([asked(1, "when"), asked(2, "when", "who")], WEEK, book(pack))  # type: ignore[list-item]
    assert week.by("item_asked", "item") == {"when": 2, "who": 2}
    assert week.by("item_answered", "item") == {"when": 2, "who": 1}


def test_the_one_item_that_would_have_spared_the_request(pack: Pack) -> None:
    def lacking(number: int, *missing: str, unsure: tuple[str, ...] = ()) -> object:
        return ticket(number, TROUBLE, disposition="request_information", missing_first=missing, unsure_first=unsure)

    many = [lacking(1, "when"), lacking(2, "when", "goal"), lacking(3, "when", unsure=("goal",))]
    week = summarise(many, WEEK, book(pack))  # type: ignore[arg-type]
    assert week.by("lacking_only", "item") == {"when": 1}
    assert week.by("lacking_only", "category_item") == {"product.troubleshooting|when": 1}
    assert week.by("not_given", "item") == {"when": 3, "goal": 2}


def test_a_link_is_needed_where_its_section_was_given(pack: Pack) -> None:
    there = ticket(1, TROUBLE, given_first=frozenset({"goal", "link:goal"}))
    loose = ticket(
        2, TROUBLE, given_first=frozenset({"goal"}), disposition="request_information", missing_first=("link:goal",)
    )
    neither = ticket(3, TROUBLE, disposition="request_information", missing_first=("goal",))
    week = summarise([there, loose, neither], WEEK, book(pack))
    assert [week.count(how, "item", "link:goal") for how in ("needed", "given", "lacking")] == [2, 1, 1]


def test_a_letter_that_was_held_when_it_was_counted_had_asked_for_nothing(pack: Pack) -> None:
    one = ticket(
        1, TROUBLE, disposition="request_information", missing_first=("when",), state="waiting_customer",
        letters=(letter(sent_at=MONDAY + DAY, judgement="released", asked=("when",)),),
        events=(event("filed", MONDAY, "request_information, needs_review"), event("reply_held", MONDAY, "request_information hold"),
                event("reply_queued", MONDAY + DAY, "request_information")),
    )  # fmt: skip
    early, late = (summarise([one], WEEK, book(pack, at)) for at in (MONDAY + HOUR, MONDAY + 2 * DAY))
    assert (early.count("asked"), early.by("letters_held", "kind")) == (0, {"request_information": 1})
    assert (late.count("asked"), late.by("went_by_hand", "kind")) == (1, {"request_information": 1})


def test_a_letter_that_came_back_later_had_arrived_before(pack: Pack) -> None:
    one = ticket(1, letters=(letter(state="bounced"),), events=(event("reply_bounced", MONDAY + DAY, "returned"),))
    early, late = (summarise([one], WEEK, book(pack, at)) for at in (MONDAY + HOUR, MONDAY + 2 * DAY))
    assert (early.count("asked"), late.count("asked")) == (1, 0)
    assert (early.by("letters_bounced", "kind"), late.by("letters_bounced", "kind")) == ({}, {"request_information": 1})


def test_chasing_a_silent_customer_repeats_no_question(pack: Pack) -> None:
    def chased(number: int, after: timedelta) -> object:
        by_hand = letter("agent", MONDAY + after, then_state="waiting_customer")
        return ticket(number, letters=(letter(reply_id=number, asked=("when",)), by_hand))

    week = summarise([chased(1, HOUR), chased(2, 4 * DAY)], WEEK, book(pack))  # type: ignore[list-item]
    assert week.by("repeated", "kind") == {"request_information": 1}


def test_complaints_security_and_missed_targets(pack: Pack) -> None:
    holds = ("hold_complaint", "hold_unsure"), ("hold_sensitive",), ("hold_security",), ()
    many = [ticket(n, mails=(mail(n, holds=codes),)) for n, codes in enumerate(holds, 1)]
    late = ticket(
        9, events=(event("overdue", MONDAY + HOUR, by="uketsuke"), event("overdue", MONDAY + DAY, by="uketsuke"))
    )
    week = summarise([*many, late], WEEK, book(pack))
    assert [week.count(name) for name in ("complaint", "security", "overdue")] == [1, 2, 1]


def test_what_cannot_be_read_is_counted_as_that(pack: Pack) -> None:
    week = summarise([ticket(1), ticket(2, mails=(), categories=(), is_unreadable=True)], WEEK, book(pack))
    assert [week.count(name) for name in ("tickets", "unreadable", "people", "mails")] == [2, 1, 1, 1]
    assert week.spreads["confidence"] == {90: 1}
