from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from models.assessment import Category, Hint
from models.decision import Decision, Disposition
from models.errors import IllegalMove
from models.ticket import Filing, Ticket, TicketEvent, TicketState, move, state_after
from tests.unit.responders.builders import issue, mail, seen

AT = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
OPEN = [state for state in TicketState if state is not TicketState.PARKED]


def ticket(state: TicketState) -> Ticket:
    return Ticket(
        ref="T000123", state=state, subject="x", sender="taro@example.com", language="ja", opened_at=AT, updated_at=AT
    )


@pytest.mark.parametrize(("was", "to"), [(was, to) for was, to in product(OPEN, OPEN) if was is not to])
def test_an_agent_may_move_a_ticket_from_any_state_to_any_other(was: TicketState, to: TicketState) -> None:
    event = move(ticket(was), to, by="hanako", at=AT)
    assert event == TicketEvent(ref="T000123", at=AT, by="hanako", what="moved", detail=f"{was.value} -> {to.value}")


@pytest.mark.parametrize("state", list(TicketState))
def test_a_move_to_where_the_ticket_stands_is_none(state: TicketState) -> None:
    with pytest.raises(IllegalMove, match=f"T000123 cannot move from {state.value} to {state.value}"):
        move(ticket(state), state, by="hanako", at=AT)


@pytest.mark.parametrize("was", OPEN)
def test_nobody_parks_a_ticket_by_hand(was: TicketState) -> None:
    with pytest.raises(IllegalMove):
        move(ticket(was), TicketState.PARKED, by="hanako", at=AT)


@pytest.mark.parametrize("to", list(TicketState))
def test_a_parked_one_is_looked_at_or_closed(to: TicketState) -> None:
    if to in {TicketState.NEEDS_REVIEW, TicketState.CLOSED}:
        assert move(ticket(TicketState.PARKED), to, by="hanako", at=AT).detail == f"parked -> {to.value}"
    else:
        with pytest.raises(IllegalMove):
            move(ticket(TicketState.PARKED), to, by="hanako", at=AT)


def after_answered(
    text: str, *, hold: bool = False, hints: tuple[Hint, ...] = (), is_thanks: bool = True
) -> TicketState:
    """Where a ticket stands that was answered by notice, after a mail without a matter of its own."""
    category = Category.ACKNOWLEDGEMENT if is_thanks else Category.OUT_UNRELATED
    filing = Filing(
        mail_id=2,
        token="t",
        mail=mail(reply_text=text),
        seen=seen(issues=(issue(category),), hints=hints),
        decision=Decision(disposition=Disposition.NO_REPLY, hold=hold),
        reply=None,
        state=TicketState.ANSWERED,
        now=AT,
        join="T000123",
    )
    return state_after(TicketState.ANSWERED, filing)


def test_an_answered_ticket_stays_so_for_short_thanks_only() -> None:
    assert after_answered("承知いたしました。ありがとうございます。") is TicketState.ANSWERED
    for state in (
        after_answered("ありがとうございます。", hold=True),
        after_answered("ありがとうございます。", is_thanks=False),
        after_answered("rm-0iw の件です。", hints=(Hint(kind="resource", value="rm-0iwa1b2c3d4e5f6g"),)),
        after_answered("ありがとうございます。" * 12),
    ):
        assert state is TicketState.NEEDS_REVIEW
