"""A mail from a file as an arrival: the envelope from its headers, addressed to the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.parse import envelope_of_file
from models.arrival import Arrival

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.settings import Settings


def arrival_of(raw: bytes, settings: Settings, now: datetime) -> Arrival:
    """What the store accepts. A file that names none of the desk's addresses belongs to the first of them."""
    envelope = envelope_of_file(raw, now)
    own = {address.casefold() for address in settings.desk_addresses}
    desk = next((rcpt for rcpt in envelope.rcpt_tos if rcpt.casefold() in own), settings.desk_addresses[0])
    return Arrival(raw=raw, envelope=envelope, desk_address=desk.casefold())
