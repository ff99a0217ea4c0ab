"""One mail's life as it was stored: how it came, how often it was taken up, and which letters it brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from models.mail import Envelope
    from models.views import MailView


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One mail; `ref` is empty as long as it is no ticket."""

    mail: MailView
    envelope: Envelope
    desk_address: str
    content_sha256: str  # without the trace headers on its top: the same for every delivery
    attempts: int
    claimed_until: datetime | None  # a worker has it until then, or it is not tried again before
    is_claimed: bool
    waited_since: datetime | None  # when it was first put back to let the mail go first that it answers
    letters: frozenset[int]  # those that it brought, by their ids
    ref: str = ""
