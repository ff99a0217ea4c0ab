"""What a letter may repeat of a mail: words of the customer made harmless, ids masked.

Promises: one line, secrets masked, links and addresses out, cut to a readable length, no characters that depend on the
reader's machine. Plain text needs no escaping.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from responders.subject import one_line

if TYPE_CHECKING:
    from models.assessment import Assessment

LONGEST = 60
MASK = "****"
_NARROW_KANA = re.compile(r"[\uff61-\uff9f]+")
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://\S*|(?:mailto|javascript|data|file|tel):\S*|www\.\S+|\S+@\S+|(?:[\w-]+\.)+[a-z]{2,}/\S*",
    re.IGNORECASE,
)


def own_words(text: str, seen: Assessment) -> str:
    """Words of the customer, fit for a letter."""
    flat = common_characters(without_links(one_line(without_secrets(text, seen))))
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rstrip() + "…"


def common_characters(text: str) -> str:
    """The text with what ISO-2022-JP cannot carry (①, ㈱, half-width kana) in its common form, where it has one."""
    widened = _NARROW_KANA.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return "".join(char if _fits(char) else _common(char) for char in widened)


def _common(char: str) -> str:
    form = unicodedata.normalize("NFKC", char)
    return form if _fits(form) else char


def _fits(text: str) -> bool:
    try:
        text.encode("iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True


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
