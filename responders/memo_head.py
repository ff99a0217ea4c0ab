"""The head of a mail to our own people or systems: nothing answers it by itself, and the same key gives the same Message-ID. Pure."""

from __future__ import annotations

import hashlib
from email.utils import format_datetime
from typing import TYPE_CHECKING

from responders.mime import phrase

if TYPE_CHECKING:
    from datetime import datetime


def memo_headers(
    subject: str,
    *,
    to: str,
    from_address: str,
    from_name: str,
    instance: str,
    key: str,
    now: datetime,
    language: str = "",
) -> list[tuple[str, str]]:
    """Names and values, ASCII, not folded yet.

    Args:
        subject: As it stands in the header, encoded.
        to: One address, plain ASCII.
        from_address: The desk's.
        from_name: What it is called.
        instance: The installation.
        key: Names this mail for ever.
        now: For `Date`.
        language: Of the text; empty says nothing.
    """
    domain = from_address.rpartition("@")[2]
    return [
        ("From", f"{phrase(from_name, len('From: '))} <{from_address}>"),
        ("To", to),
        ("Subject", subject),
        ("Date", format_datetime(now)),
        # The same at every try, and signed by nobody: an answer to it proves nothing about a ticket.
        ("Message-ID", f"<memo.{unique_of(f'{instance} {key}')}@{domain}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        *([("Content-Language", language)] if language else []),
        ("X-Uketsuke-Instance", instance),
        ("MIME-Version", "1.0"),
    ]


def unique_of(seed: str) -> str:
    """32 characters that nothing else gives."""
    return hashlib.sha256(seed.encode()).hexdigest()[:32]
