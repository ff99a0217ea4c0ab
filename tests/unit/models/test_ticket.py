from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from models.assessment import Category, Hint
from models.decision import Decision, Disposition
from models.errors import IllegalMove
from models.states import MOVES, Cause, TicketState, moves_by
from models.ticket import Filing, Ticket, TicketEvent, move, state_after
from responders.thanks import says_only_thanks
from tests.unit.responders.builders import issue, mail, seen

AT = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)


def ticket(state: TicketState) -> Ticket:
    return Ticket(
        ref="T000123", state=state, subject="x", sender="taro@example.com", language="ja", opened_at=AT, updated_at=AT
    )


@pytest.mark.parametrize(("was", "to"), list(product(TicketState, TicketState)))
@pytest.mark.parametrize("cause", list(Cause))
def test_the_table_alone_says_which_moves_are_legal(was: TicketState, to: TicketState, cause: Cause) -> None:
    if cause in MOVES.get((was, to), ()):
        event = move(ticket(was), to, cause=cause, by="hanako", at=AT, why="since")
        assert event == TicketEvent(ref="T000123", at=AT, by="hanako", what="moved", detail=f"{was} -> {to}: since")
    else:
        with pytest.raises(IllegalMove, match=f"T000123 cannot move from {was} to {to}"):
            move(ticket(was), to, cause=cause, by="hanako", at=AT)


def test_no_ticket_is_parked_or_moves_to_where_it_stands() -> None:
    assert [pair for pair in MOVES if TicketState.PARKED in pair or pair[0] is pair[1]] == []


def test_a_closed_ticket_is_opened_by_agents_or_a_returned_answer_and_customers_close_none() -> None:
    causes = [cause for (was, to), causes in MOVES.items() for cause in causes if was is TicketState.CLOSED]
    assert set(causes) == {Cause.AGENT, Cause.UNDO, Cause.UNDELIVERED}
    assert not [pair for pair, by in MOVES.items() if pair[1] is TicketState.CLOSED and Cause.CUSTOMER in by]


def test_an_agent_may_take_any_open_ticket_on_or_close_it() -> None:
    for state in TicketState:
        if state not in {TicketState.PARKED, TicketState.CLOSED}:
            assert {TicketState.CLOSED} <= set(moves_by(Cause.AGENT, state))
            assert {TicketState.READY} - {state} <= set(moves_by(Cause.AGENT, state))


@pytest.mark.parametrize(("was", "to"), list(product(TicketState, TicketState)))
def test_wherever_a_mail_leads_a_ticket_is_legal(was: TicketState, to: TicketState) -> None:
    openings = {state for state in TicketState if state.value not in {"snoozed", "closed", "parked"}}
    if was is TicketState.PARKED or to not in openings:
        return
    for disposition, category, hints in product(
        Disposition, (Category.ACKNOWLEDGEMENT, Category.TROUBLESHOOTING), ((), (Hint(kind="wants_close"),))
    ):
        filing = Filing(
            mail_id=2,
            token="t",
            mail=mail(),
            seen=seen(issues=(issue(category),), hints=hints),
            decision=Decision(disposition=disposition),
            reply=None,
            state=to,
            now=AT,
            join="T000123",
        )
        after = state_after(was, filing)
        assert after is was or Cause.CUSTOMER in MOVES[was, after]


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
        decision=Decision(disposition=Disposition.NO_REPLY, hold=hold, is_thanks=says_only_thanks(text)),
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
        after_answered("ありがとうございます。" * 15),
    ):
        assert state is TicketState.NEEDS_REVIEW
