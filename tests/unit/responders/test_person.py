"""Where an agent has written by hand, a person goes on: no letter by rule, whatever a mail lacks or brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Category
from models.decision import Disposition, History, LetterKind, OpenTicket, PastLetter, ReplyState
from models.states import TicketState
from policy.pack import ByHand
from responders.brake import brake
from responders.compose import compose
from responders.decide import decide
from responders.joined import is_addendum, letters_written
from runtime.triage import ticket_state
from tests.unit.responders.builders import NOW, history, identity, issue, mail, pack, seen, ticket

BY_HAND = PastLetter(
    kind=None, state=ReplyState.SENT, at=NOW, message_id="<T000123.hand.sign@uketsuke.example>", text="拝見します"
)


def with_letters(*letters: PastLetter, state: TicketState = TicketState.WAITING_CUSTOMER) -> History:
    return history(ticket=ticket(*letters, asked=("when", "goal"), state=state.value))


@pytest.mark.parametrize("missing", [(), ("when",), ("when", "goal")])
def test_no_letter_whatever_is_missing(missing: tuple[str, ...]) -> None:
    came, reading, before = mail(in_reply_to=BY_HAND.message_id), seen(*missing), with_letters(BY_HAND)
    decision = decide(came, reading, before, pack())
    assert decision.letter is None
    assert compose(came, reading, decision, before, pack(), identity()) is None
    assert [one.detail for one in decision.reasons if one.code == "with_person"] == ["a person answers here"]
    assert decision.missing == tuple(
        item for item in missing if item in decision.missing
    )  # the reading itself is the same


@pytest.mark.parametrize(
    "category", [Category.TROUBLESHOOTING, Category.OUT_APPLICATION, Category.UNDISCLOSED_PERFORMANCE]
)
def test_no_notice_either(category: Category) -> None:
    came = mail(in_reply_to=BY_HAND.message_id)
    decision = decide(came, seen(issues=(issue(category),)), with_letters(BY_HAND), pack())
    assert decision.letter is None


def test_the_ticket_goes_to_an_agent() -> None:
    came, before = mail(in_reply_to=BY_HAND.message_id), with_letters(BY_HAND, state=TicketState.ANSWERED)
    lacking, whole = seen("when"), seen()
    for reading, wanted in ((lacking, TicketState.NEEDS_REVIEW), (whole, TicketState.READY)):
        decision = decide(came, reading, before, pack())
        if not decision.hold:
            assert ticket_state(reading, decision, None, before) is wanted
        else:
            assert ticket_state(reading, decision, None, before) is TicketState.NEEDS_REVIEW


def test_an_addendum_to_a_ticket_that_waits_is_seen_too() -> None:
    """Without a person it would wait on: our letter was not seen yet."""
    request = PastLetter(
        kind=LetterKind.REQUEST_INFORMATION, state=ReplyState.SENT, at=NOW, message_id="<r@uketsuke.example>"
    )
    came, reading = mail(in_reply_to="<first@sample.example>", message_id="<2@sample.example>"), seen("when")
    waits = with_letters(request, BY_HAND, state=TicketState.WAITING_CUSTOMER)
    assert is_addendum(came, waits.ticket)
    decision = decide(came, reading, waits, pack())
    assert "addendum" not in [one.code for one in decision.reasons]
    assert ticket_state(reading, decision, None, waits) is TicketState.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("state", "is_there"),
    [
        (ReplyState.QUEUED, True),
        (ReplyState.HELD, True),
        (ReplyState.FAILED, True),
        (ReplyState.BOUNCED, True),
        (ReplyState.DISCARDED, False),
    ],
)
def test_a_discarded_one_was_never_written(state: ReplyState, *, is_there: bool) -> None:
    before = with_letters(replace(BY_HAND, state=state))
    assert before.ticket is not None
    assert before.ticket.has_person is is_there
    decision = decide(mail(in_reply_to=BY_HAND.message_id), seen("when"), before, pack())
    assert (decision.letter is None) is is_there


def test_a_pack_may_let_some_letters_go_all_the_same() -> None:
    kinds = frozenset({LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.ACKNOWLEDGEMENT})
    generous = replace(pack(), by_hand=ByHand(letters_after=kinds))
    decision = decide(mail(in_reply_to=BY_HAND.message_id), seen("when"), with_letters(BY_HAND), generous)
    assert decision.disposition is Disposition.REQUEST_INFORMATION
    assert decision.letter in kinds


def test_what_an_agent_wrote_is_no_letter_by_rule() -> None:
    before = with_letters(BY_HAND)
    assert isinstance(before.ticket, OpenTicket)
    assert letters_written(before.ticket) == frozenset()
    decision = decide(mail(in_reply_to=BY_HAND.message_id), seen("when"), before, pack())
    silence = brake(mail(in_reply_to=BY_HAND.message_id), decision, before, pack())
    assert silence is None or silence.code != "letter_spent"


def test_without_a_person_the_same_mail_is_answered() -> None:
    decision = decide(mail(in_reply_to="<x@y.example>"), seen("when"), with_letters(), pack())
    assert decision.letter is not None
