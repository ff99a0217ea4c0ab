"""The pack's limits in the store's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.decision import LetterLimits

if TYPE_CHECKING:
    from policy.pack import Pack


def letter_limits(pack: Pack) -> LetterLimits:
    """The pack's limits, as the store counts by them."""
    limits = pack.limits
    return LetterLimits(
        per_recipient_hour=limits.per_sender_hour,
        per_recipient_day=limits.per_sender_day,
        per_domain_hour=limits.per_domain_hour,
        total_10min=limits.total_10min,
        bounce_hold=limits.bounce_hold,
    )
