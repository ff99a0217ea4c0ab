"""What agents do to tickets with one click, for one ticket or for many. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from models.states import TicketState

MOST_AT_ONCE = 200  # tickets of one bulk action


class Refusal(StrEnum):
    """Why a ticket was left as it is."""

    GONE = "gone"  # there is no such ticket
    ILLEGAL = "illegal"  # the table of moves does not hold it
    CHANGED = "changed"  # it has changed since the agent looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One step: a move, with `wake_at` where it is a snooze, or an assignment (`assignee` not None; empty: to nobody)."""

    to: TicketState | None = None
    why: str = ""
    wake_at: datetime | None = None
    assignee: str | None = None

    @property
    def what(self) -> str:
        """A stable word for it."""
        return f"moved:{self.to.value}" if self.to else "assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it."""

    undo: str  # what takes it back; empty: nothing was done
    refs: tuple[str, ...]
    refused: Mapping[str, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Someone who looks at a ticket just now."""

    agent: str
    is_writing: bool
    seen_at: datetime
