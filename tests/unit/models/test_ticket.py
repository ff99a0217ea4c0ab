from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from models.errors import IllegalMove
from models.ticket import Ticket, TicketEvent, TicketState, move

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
