"""Which language a customer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.assessment import Assessment
    from models.decision import OpenTicket
    from policy.pack import Pack


def wanted_language(seen: Assessment, ticket: OpenTicket | None, pack: Pack) -> str:
    """The mail's language; where the desk has no letters in it (a reply of logs only), that of the ticket it joins."""
    if seen.language in pack.languages or ticket is None:
        return seen.language
    return ticket.language
