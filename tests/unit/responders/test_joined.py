from __future__ import annotations

import pytest

from models.assessment import Assessment, Category, SymptomKind
from models.decision import Decision, Disposition, LetterKind, OpenTicket, ReplyState
from responders.answers import completed_in_quote, completed_items
from responders.decide import decide
from tests.unit.responders.builders import history, issue, mail, pack, past, seen, ticket

REQUEST = past(LetterKind.REQUEST_INFORMATION)
ASKED = ("when", "where", "goal")
SETTLED = ("symptom", "evidence", "facet:endpoints", "facet:command_result")


def answered(reading: Assessment, joined: OpenTicket, text: str = "ご連絡します。") -> Decision:
    return decide(mail(reply_text=text, thread_refs=(joined.ref,)), reading, history(ticket=joined), pack())


def asked_ticket(*letters: object, **changes: object) -> OpenTicket:
    return ticket(*(letters or (REQUEST,)), asked=ASKED, settled=SETTLED, **changes)  # type: ignore[arg-type]


def test_an_answer_that_completes_the_ticket_is_thanked_for_once() -> None:
    decision = answered(seen(), asked_ticket())
    assert (decision.disposition, decision.letter) == (Disposition.ACCEPT, LetterKind.COMPLETED)
    again = answered(seen(), asked_ticket(REQUEST, past(LetterKind.COMPLETED)))
    assert (again.disposition, again.letter) == (Disposition.ACCEPT, None)


def test_what_was_settled_earlier_is_never_asked_again() -> None:
    decision = answered(seen("symptom", "evidence", "facet:endpoints", "goal"), asked_ticket())
    assert decision.missing == ("goal",)


def test_one_follow_up_is_written_and_then_a_person_goes_on() -> None:
    first = answered(seen("goal"), asked_ticket())
    assert (first.disposition, first.letter) == (Disposition.REQUEST_INFORMATION, LetterKind.FOLLOW_UP)
    assert first.asked_along == ()
    second = answered(seen("goal"), asked_ticket(REQUEST, past(LetterKind.FOLLOW_UP)))
    assert (second.disposition, second.letter) == (Disposition.REQUEST_INFORMATION, None)


@pytest.mark.parametrize("state", [ReplyState.SUPPRESSED, ReplyState.DISCARDED, ReplyState.FAILED, ReplyState.BOUNCED])
def test_a_request_that_reached_nobody_is_not_followed_up_but_written_anew(state: ReplyState) -> None:
    unseen = past(LetterKind.REQUEST_INFORMATION, state)
    assert answered(seen("goal"), asked_ticket(unseen)).letter is LetterKind.REQUEST_INFORMATION


def test_what_was_never_known_to_be_missing_is_not_asked_for_later() -> None:
    decision = answered(seen("evidence", "when"), ticket(REQUEST, asked=("when",), settled=("symptom",)))
    assert decision.missing == ("when",)


def test_a_kind_that_the_answer_reveals_brings_its_facets() -> None:
    reading = seen("facet:error_message", kind=SymptomKind.ERROR)
    decision = answered(reading, asked_ticket(symptom_kind=None))
    assert decision.missing == ("facet:error_message",)


def test_thanks_alone_get_no_letter() -> None:
    reading = seen("when", "where", "goal", issues=(issue(Category.ACKNOWLEDGEMENT),))
    decision = answered(reading, asked_ticket(), "ありがとうございます。")
    assert (decision.disposition, decision.letter) == (Disposition.NO_REPLY, None)


def test_thanks_that_bring_the_answers_are_an_answer() -> None:
    reading = seen("goal", issues=(issue(Category.ACKNOWLEDGEMENT),))
    decision = answered(reading, asked_ticket())
    assert (decision.missing, decision.letter, decision.hold) == (("goal",), LetterKind.FOLLOW_UP, False)


def test_thanks_that_name_one_thing_in_passing_are_looked_at_by_an_agent() -> None:
    reading = seen("when", "goal", issues=(issue(Category.ACKNOWLEDGEMENT),))
    decision = answered(reading, asked_ticket(), "ありがとうございます。明日10時までに確認してご連絡します。")
    assert decision.hold
    assert "hold_half_answer" in {reason.code for reason in decision.reasons}


def test_an_answer_in_many_points_about_the_same_matter_is_not_split() -> None:
    points = (issue(), issue(Category.HOW_TO, "ecs"))
    assert answered(seen(issues=points), asked_ticket()).disposition is Disposition.ACCEPT


def test_another_matter_in_an_answer_is_a_split_that_an_agent_looks_at() -> None:
    matters = (issue(), issue(Category.PAYMENT_BILLING, "oss"))
    decision = answered(seen(issues=matters), asked_ticket())
    assert (decision.disposition, decision.hold) == (Disposition.SPLIT, True)


def test_a_new_matter_in_an_old_thread_is_judged_by_its_own_category_and_held() -> None:
    reading = seen(*ASKED, "who", issues=(issue(Category.PAYMENT_BILLING, "oss"),), kind=None)
    decision = answered(reading, ticket(asked=ASKED, settled=SETTLED))
    assert decision.missing == ("who",)
    assert decision.hold


def test_the_fill_in_block_is_read_back_even_where_the_reading_saw_nothing() -> None:
    form = "----\n■ 発生日時：2026/11/24 9時から\n■ 発生場所：\n　東京リージョン\n■ ゴール：後ほど送ります\n----"
    assert set(completed_items(form, ASKED, pack())) == {"when", "where"}
    decision = answered(seen(*ASKED), asked_ticket(), form)
    assert decision.missing == ("goal",)


def test_unknown_in_the_fill_in_block_is_an_answer_and_an_empty_line_is_none() -> None:
    form = "> ■ 発生日時： 不明\n■ ゴール：\n* Where: none"
    assert set(completed_items(form, ASKED, pack())) == {"when", "where"}


def test_the_reply_of_a_machine_changes_nothing() -> None:
    from models.mail import AutomaticKind, Automation  # noqa: PLC0415

    vacation = mail(automation=Automation(kind=AutomaticKind.AUTO_REPLY, may_reply=False))
    decision = decide(vacation, seen("goal"), history(ticket=asked_ticket()), pack())
    assert (decision.disposition, decision.letter) == (Disposition.NO_REPLY, None)


def test_the_form_completed_within_the_quote_is_read_back() -> None:
    quoted = "> ■ 発生日時： 不明\n> ■ ゴール：\n> ■ 発生場所：東京リージョン\n> 例：(ゴール) 接続できること"
    assert set(completed_in_quote(f"下記に記入しました。\n\n{quoted}", ASKED, pack())) == {"when", "where"}
    assert completed_in_quote("■ 発生日時： 不明", ASKED, pack()) == {}, "no quote: read elsewhere"
