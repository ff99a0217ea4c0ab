"""Where a ticket may stand, and every legal move between states: one table, drawn in docs/states.md.

Promises: a move that the table does not hold raises `IllegalMove`, whoever asks for it. Who asks is the move's cause.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class TicketState(StrEnum):
    """Where a ticket stands; wire values of `queue --json`."""

    READY = "ready"
    WAITING_CUSTOMER = "waiting_customer"
    NEEDS_REVIEW = "needs_review"
    ANSWERED = "answered"
    WAITING_RECURRENCE = "waiting_recurrence"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    PARKED = "parked"  # of mails that no ticket could be made of; no ticket ever stands there


class Cause(StrEnum):
    """Who moves a ticket; wire values of the event `moved`."""

    CUSTOMER = "customer"  # a mail of his was filed
    AGENT = "agent"  # someone at the desk moved it
    LETTER = "letter"  # a held letter was released, so that the ticket stands where its letter puts it
    UNDELIVERED = "undelivered"  # a letter that it stood on will never arrive
    TIMER = "timer"  # time ran out
    UNDO = "undo"  # the agent takes back what he did a moment ago


_R, _W, _N, _A, _Q, _S, _C = (
    TicketState.READY,
    TicketState.WAITING_CUSTOMER,
    TicketState.NEEDS_REVIEW,
    TicketState.ANSWERED,
    TicketState.WAITING_RECURRENCE,
    TicketState.SNOOZED,
    TicketState.CLOSED,
)
_BY_HAND = frozenset({Cause.AGENT})


def _with(*causes: Cause) -> frozenset[Cause]:
    return _BY_HAND | set(causes)


# (from, to): who may move it so. What a customer writes leads from any open state to any in which a mail may open a ticket. A
# closed ticket is opened by agents only, or where the agent's answer that closed it never arrived: what is written on it opens a
# new one. Time closes only what the pack says, and wakes
# what sleeps.
_MOVES: Mapping[tuple[TicketState, TicketState], frozenset[Cause]] = {
    (_R, _W): _with(Cause.CUSTOMER),
    (_R, _N): _with(Cause.CUSTOMER),
    (_R, _A): _with(Cause.CUSTOMER),
    (_R, _Q): _with(Cause.CUSTOMER),
    (_R, _S): _BY_HAND,
    (_R, _C): _BY_HAND,
    (_W, _R): _with(Cause.CUSTOMER),
    (_W, _N): _with(Cause.CUSTOMER, Cause.UNDELIVERED, Cause.TIMER),
    (_W, _A): _with(Cause.CUSTOMER),
    (_W, _Q): _with(Cause.CUSTOMER),
    (_W, _S): _BY_HAND,
    (_W, _C): _BY_HAND,
    (_N, _R): _with(Cause.CUSTOMER, Cause.LETTER),
    (_N, _W): _with(Cause.CUSTOMER, Cause.LETTER),
    (_N, _A): _with(Cause.CUSTOMER, Cause.LETTER),
    (_N, _Q): _with(Cause.CUSTOMER, Cause.LETTER),
    (_N, _S): _BY_HAND,
    (_N, _C): _with(Cause.TIMER),
    (_A, _R): _with(Cause.CUSTOMER),
    (_A, _W): _with(Cause.CUSTOMER),
    (_A, _N): _with(Cause.CUSTOMER, Cause.UNDELIVERED),
    (_A, _Q): _with(Cause.CUSTOMER),
    (_A, _S): _BY_HAND,
    (_A, _C): _with(Cause.TIMER),
    (_Q, _R): _with(Cause.CUSTOMER),
    (_Q, _W): _with(Cause.CUSTOMER),
    (_Q, _N): _with(Cause.CUSTOMER, Cause.UNDELIVERED, Cause.TIMER),
    (_Q, _A): _with(Cause.CUSTOMER),
    (_Q, _S): _BY_HAND,
    (_Q, _C): _BY_HAND,
    (_S, _R): _with(Cause.CUSTOMER, Cause.TIMER),
    (_S, _W): _with(Cause.CUSTOMER, Cause.TIMER),
    (_S, _N): _with(Cause.CUSTOMER, Cause.TIMER),
    (_S, _A): _with(Cause.CUSTOMER, Cause.TIMER),
    (_S, _Q): _with(Cause.CUSTOMER, Cause.TIMER),
    (_S, _C): _BY_HAND,
    (_C, _R): _BY_HAND,
    (_C, _N): _with(Cause.UNDELIVERED),
}

# What an agent may do he may take back.
_BACK = frozenset((to, was) for (was, to), causes in _MOVES.items() if Cause.AGENT in causes)
MOVES: Mapping[tuple[TicketState, TicketState], frozenset[Cause]] = {
    **_MOVES,
    **{move: _MOVES.get(move, frozenset()) | {Cause.UNDO} for move in sorted(_BACK)},
}


def moves_by(cause: Cause, was: TicketState) -> tuple[TicketState, ...]:
    """Where that cause may move a ticket from there, in the order of the states."""
    return tuple(to for to in TicketState if cause in MOVES.get((was, to), frozenset()))
