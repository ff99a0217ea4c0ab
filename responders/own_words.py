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
    from collections.abc import Iterable

    from models.assessment import Assessment

LONGEST = 60
MASK = "****"
_NARROW_KANA = re.compile(r"[\uff61-\uff9f]+")
_WIDE = re.compile(r"[\uff01-\uff5e]+")
_SEVERAL = re.compile(r"…(?:\s+…)+")
LEFT_OUT = "…"  # what stands where a link was: a sentence without its object reads broken
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{0,40}://\S*|(?:mailto|javascript|data|file|tel):\S*|www\.\S+|\S{1,320}@\S+|(?:[\w-]{1,63}\.){1,8}[a-z]{2,63}/\S*",
    re.IGNORECASE,
)

_HOST = re.compile(r"[\w-]{1,63}\.[a-z]{2,63}\b", re.IGNORECASE)
_TELLING = 8  # characters of a credential that would tell something of it
SHORTEST_SECRET = 4  # a shorter one is masked in the customer's words only: the letter's own words would suffer


def own_words(text: str, seen: Assessment, *, longest: int = LONGEST) -> str:
    """Words of the customer, fit for a letter; cut behind `longest` characters."""
    masked = _without_beginning(without_secrets(text, seen), seen)
    # Links first in their common form: mail programs make a link of a full-width one too.
    flat = without_links(common_characters(without_links(_with_plain_links(one_line(masked)))))
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def _with_plain_links(text: str) -> str:
    """The text with its wide ASCII narrowed where that makes a link of it."""
    plain = _WIDE.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return plain if _may_hold_link(plain) and _LINK.search(plain) else text


def common_characters(text: str) -> str:
    """The text with what ISO-2022-JP cannot carry (①, ㈱, half-width kana) in its common form, where it has one."""
    widened = _NARROW_KANA.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    if _fits(widened):
        return widened
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
    return _masked(text, secret_texts(seen))


def without_any_secret(letter: str, seen: Assessment) -> str:
    """The last step of every letter: whatever way a credential found into it, it does not leave with it."""
    return _masked(letter, (secret for secret in secret_texts(seen) if len(secret) >= SHORTEST_SECRET))


def secret_texts(seen: Assessment) -> tuple[str, ...]:
    """The credentials of the mail as it spells them and as normalised values would, the longest first."""
    found = {seen.text[secret.span.start : secret.span.end].strip() for secret in seen.secrets}
    lines = {line.strip() for text in found for line in text.splitlines() if len(line.strip()) >= _TELLING}
    forms = {form for text in found | lines for form in (text, unicodedata.normalize("NFKC", text).strip())}
    return tuple(sorted(forms - {""}, key=lambda text: (-len(text), text)))


def holds_secret(value: str, seen: Assessment) -> bool:
    """Does a recognised value overlap a credential: equal to it, a part of it, or around it?"""
    folded = unicodedata.normalize("NFKC", value).casefold()
    secrets = (text.casefold() for text in secret_texts(seen))
    return bool(folded) and any(secret in folded or (len(folded) > 1 and folded in secret) for secret in secrets)


def _without_beginning(text: str, seen: Assessment) -> str:
    """The text without a credential that was cut off at its end."""
    bare = text.rstrip("… .")
    for secret in secret_texts(seen):
        for size in range(min(len(secret), len(bare)) - 1, _TELLING - 1, -1):
            if bare.endswith(secret[:size]):
                return bare[:-size] + MASK
    return text


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
    return text


def without_links(text: str) -> str:
    """The text with three dots in the place of links and mail addresses; empty if nothing else is in it."""
    bare = _LINK.sub(f" {LEFT_OUT} ", text) if _may_hold_link(text) else text
    left = " ".join(_SEVERAL.sub(LEFT_OUT, bare).split())
    return left if any(char.isalnum() for char in left) else ""


def _may_hold_link(text: str) -> bool:
    """False only if `_LINK` matches nowhere: it looks for blanks from each character of a sentence that has none."""
    return any(mark in text for mark in ".:@")


def has_link(text: str) -> bool:
    """Is there anything in it that a mail program would make clickable?"""
    plain = unicodedata.normalize("NFKC", text)
    return any(one.search(form) is not None for one in (_LINK, _HOST) for form in (text, plain))


def mask_account(account: str) -> str:
    """An account id that its owner recognises and nobody else learns."""
    return account[:4] + "*" * (len(account) - 8) + account[-4:] if len(account) > 8 else account[:1] + "***"
