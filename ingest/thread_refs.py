"""References to tickets in subjects and plus addresses."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REF = re.compile(r"(?<![A-Za-z0-9])T(\d{6,12})(?![A-Za-z0-9])")
_TAGGED = re.compile(r"\[\s*(?:受付|Ticket)\s*(T\d{6,12})\s*\]", re.IGNORECASE)
_PLUS = re.compile(r"\+(?:bounce\.)?(T\d{6,12})\.[a-z2-7]+@", re.IGNORECASE)


def thread_refs(subject: str, recipients: Iterable[str]) -> tuple[str, ...]:
    """Ticket references named by the subject or by a plus address, the tagged ones first, each once.

    Only names: whether the sender may join the ticket is decided where tickets are known.
    """
    found = [match.upper() for recipient in recipients for match in _PLUS.findall(recipient)]
    found += [match.upper() for match in _TAGGED.findall(unicodedata.normalize("NFKC", subject))]
    return tuple(dict.fromkeys((*found, *refs_in(subject))))


def refs_in(text: str) -> tuple[str, ...]:
    """Every reference that stands in a text, each once."""
    found = _REF.findall(unicodedata.normalize("NFKC", text))
    return tuple(dict.fromkeys(f"T{digits}" for digits in found))
