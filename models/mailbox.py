"""What the desk remembers of a mailbox that other people read too: one mark for each mail, by its UID (RFC 3501 2.3.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class UidState(StrEnum):
    """How far a mail of the mailbox has come."""

    TAKEN = "taken"  # in the store; the mailbox does not show it yet
    DONE = "done"  # in the store, and what was to be done in the mailbox is done
    LEFT = "left"  # not in the store: it could not be fetched or kept; tried again at `next_at`


@dataclass(frozen=True, slots=True, kw_only=True)
class UidMark:
    """One mail of a mailbox, as long as it lies there."""

    uid: int
    state: UidState
    attempts: int = 0  # of the failed kind
    error: str = ""  # why it was left; nothing of the mail's content
    next_at: datetime | None = None
