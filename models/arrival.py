"""What the door hands to the store: the raw bytes and the envelope of one mail for one desk address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.mail import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail for one desk. The same bytes for the same desk are the same mail, delivered again (lost 250, two MX hosts)."""

    raw: bytes
    envelope: Envelope
    desk_address: str  # without its plus part, domain casefolded

    @property
    def sha256(self) -> str:
        """Of the raw bytes as received, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()
