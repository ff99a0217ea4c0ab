"""What a letter may repeat of a mail: words of the customer made harmless, ids masked.

Promises: one line, secrets masked, links and addresses out, cut to a readable length. Plain text needs no escaping.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from responders.subject import one_line

if TYPE_CHECKING:
    from models.assessment import Assessment

LONGEST = 60
MASK = "****"
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://\S*|(?:mailto|javascript|data|file|tel):\S*|www\.\S+|\S+@\S+|(?:[\w-]+\.)+[a-z]{2,}/\S*",
    re.IGNORECASE,
)


def own_words(text: str, seen: Assessment) -> str:
    """Words of the customer, fit for a letter."""
    flat = without_links(one_line(without_secrets(text, seen)))
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rstrip() + "…"


def without_secrets(text: str, seen: Assessment) -> str:
    """The text with every credential found in the mail masked, the longest first."""
    found = {seen.text[secret.span.start : secret.span.end].strip() for secret in seen.secrets}
    for secret in sorted(found - {""}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def without_links(text: str) -> str:
    """The text without links and mail addresses."""
    return " ".join(_LINK.sub("", text).split())


def has_link(text: str) -> bool:
    """Is there anything in it that a mail program would make clickable?"""
    return _LINK.search(text) is not None or re.search(r"(?:[\w-]+\.)+[a-z]{2,}\b", text, re.IGNORECASE) is not None


def mask_account(account: str) -> str:
    """An account id that its owner recognises and nobody else learns."""
    return account[:4] + "*" * (len(account) - 8) + account[-4:] if len(account) > 8 else account[:1] + "***"
