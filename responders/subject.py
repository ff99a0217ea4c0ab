"""The subject of a letter: `Re:`, the customer's subject untouched, the ticket in one bracket, never stacked."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_READ = 2_000  # with the prefixes of a long correspondence
LONGEST = 300  # code points of the customer's subject; a longer one is cut with an ellipsis
# Reply prefixes of the common mail programs; forward prefixes belong to the matter and stay.
_REPLY = re.compile(
    r"^\s*(?:re|aw|sv|vs|antw|odp|返信|返|回复|回覆|答复)\s*(?:(?:\[\d+\]|[(（]\d+[)）]|\^\d+|\*\d+)\s*)?[:：]\s*",
    re.IGNORECASE,
)


def reply_subject(subject: str, ref: str, tag: str, *, tags: Iterable[str], empty: str) -> str:
    """The subject of a letter about ticket `ref`.

    Args:
        subject: The customer's own, prefixes and earlier brackets of ours included.
        ref: The ticket's reference.
        tag: The word in the bracket, in the letter's language.
        tags: That word in every language, to find brackets of earlier letters.
        empty: What stands in for an empty subject.
    """
    bare = bare_subject(subject, tags)
    return f"Re: {bare or empty} [{tag} {ref}]"


def bare_subject(subject: str, tags: Iterable[str]) -> str:
    """The customer's subject on one line, without reply prefixes and our brackets. Doing it twice changes nothing."""
    words = "|".join(re.escape(tag) for tag in sorted(tags))
    ours = re.compile(rf"\s*[\[［]\s*(?:{words})\s*T\d{{6,12}}\s*[\]］]", re.IGNORECASE)
    text = one_line(subject[:_LONGEST_READ])
    while True:
        shorter = _REPLY.sub("", ours.sub("", text)).strip()
        if shorter == text:
            break
        text = shorter
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """The text without control, bidirectional and unassigned-surrogate characters, every run of blanks made one."""
    return re.sub(r"[ \t]+", " ", "".join(map(_on_a_line, text))).strip()


@lru_cache(maxsize=4096)
def _on_a_line(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cs", "Cf"} and char != "\u200d" else char
