"""References to tickets in subjects and plus addresses, and subjects without their reply prefixes."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REF = re.compile(r"(?<![A-Za-z0-9])T(\d{6,12})(?![A-Za-z0-9])")
_TAGGED = re.compile(r"\[\s*(?:受付|Ticket)\s*(T\d{6,12})\s*\]", re.IGNORECASE)
_PLUS = re.compile(r"\+(?:bounce\.)?(T\d{6,12})\.[a-z2-7]+@", re.IGNORECASE)
_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|fw|fwd|wg|tr|rv|ant|odp|antw|返信|返|転送|転|回复|回覆|答复|转发|轉寄)\s*(?:(?:\[\d+\]|\(\d+\)|\^\d+|\*\d+)\s*)?[:：]\s*)+",
    re.IGNORECASE,
)


def thread_refs(subject: str, recipients: Iterable[str]) -> tuple[str, ...]:
    """Ticket references named by the subject or by a plus address, the tagged ones first, each once.

    Only names: whether the sender may join the ticket is decided where tickets are known.
    """
    found = [match.upper() for recipient in recipients for match in _PLUS.findall(recipient)]
    folded = unicodedata.normalize("NFKC", subject)
    found += [match.upper() for match in _TAGGED.findall(folded)]
    found += [f"T{digits}" for digits in _REF.findall(folded)]
    return tuple(dict.fromkeys(found))


def bare_subject(subject: str) -> str:
    """The subject without its stack of reply and forward prefixes, in any of the common languages."""
    return _PREFIX.sub("", subject).strip()


def is_reply_subject(subject: str) -> bool:
    """The subject begins with a reply or forward prefix."""
    return _PREFIX.match(subject) is not None
