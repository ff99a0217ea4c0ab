"""Draws docs/states.md from the table of moves: `python -m tests.support.states_page`."""

from __future__ import annotations

from pathlib import Path

from models.states import MOVES, Cause, TicketState

PAGE = Path(__file__).parents[2] / "docs" / "states.md"
_MEANS = {
    TicketState.READY: "an agent can begin: nothing that we ask for is missing",
    TicketState.WAITING_CUSTOMER: "a letter of ours has asked the customer something",
    TicketState.NEEDS_REVIEW: "an agent looks: a letter is held, no letter could go, or a mail says what no rule should decide",
    TicketState.ANSWERED: "a notice has answered it: out of scope, or not disclosed",
    TicketState.WAITING_RECURRENCE: "its symptom is gone and left no trace; we wait for its return",
    TicketState.SNOOZED: "put aside by an agent until a time, or until the customer writes",
    TicketState.CLOSED: "done; only an agent opens it again, or that his last answer came back",
}
_WHO = {
    Cause.CUSTOMER: "a mail of the customer was filed",
    Cause.AGENT: "someone at the desk moved it",
    Cause.LETTER: "a held letter was released: the ticket stands where its letter puts it",
    Cause.UNDELIVERED: "a letter on which it stood came back, failed, or was silenced by a block",
    Cause.TIMER: "time ran out: a snooze ended, a recurrence did not come, a customer stayed silent, or (only where the pack says so) a ticket"
    " called solved is closed",
    Cause.UNDO: "the agent takes back, within ten minutes and if nothing happened since, what he did",
}
_HEAD = """# The states of a ticket

Drawn from `models/states.py` by `python -m tests.support.states_page`; a test compares them. `models.ticket.move` raises `IllegalMove` for every move that the
table does not hold, whoever asks; `models.db.filing.change_state` is the only statement that changes a ticket's state, and writes the event `moved` with
who, when and why. A ticket is opened by its first mail as ready, waiting_customer, needs_review, answered or waiting_recurrence.
A mail that no ticket could be made of is `parked`: that is the mail's state, and no ticket's.
"""


def page() -> str:
    """The whole page."""
    states: list[TicketState] = [state for state in TicketState if state is not TicketState.PARKED]
    lines = [_HEAD, "| state | means |", "|---|---|"]
    lines += [f"| `{state}` | {_MEANS[state]} |" for state in states]
    lines += ["", "| moved by | when |", "|---|---|"]
    lines += [f"| `{cause}` | {said} |" for cause, said in _WHO.items()]
    lines += ["", "## Moves", "", "Every cell names who may move a ticket from the row's state to the column's.", ""]
    lines += [f"| from \\ to | {' | '.join(f'`{state}`' for state in states)} |", f"|---|{'---|' * len(states)}"]
    for was in states:
        cells = [", ".join(cause for cause in Cause if cause in MOVES.get((was, to), ())) or "–" for to in states]
        lines.append(f"| `{was}` | {' | '.join(cells)} |")
    lines += ["", "What moves by itself (agents may do all of the table besides):", "", "```mermaid", "stateDiagram-v2"]
    for (was, to), causes in MOVES.items():
        by = ", ".join(cause for cause in Cause if cause in causes and cause not in {Cause.AGENT, Cause.UNDO})
        lines += [f"    {was} --> {to}: {by}"] if by else []
    return "\n".join([*lines, "```", ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
