"""Reads back the fill-in block of an earlier letter: which of its lines did the customer complete?

The headings are the pack's own; a line counts when something stands behind its colon or below it before the next
heading. "不明" counts as well: it is an answer.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from policy.pack import Pack

# A promise is no answer, and no pack needs to say so.
_LATER = re.compile(r"^(?:後ほど|のちほど|追って|後日|別途|確認中|to follow|later|tbd)", re.IGNORECASE)
LONGEST_UNKNOWN = 30  # characters: behind more words something is told besides
_MARKS = "■*・●◆□>＞# \t-"


def completed_items(reply_text: str, asked: Collection[str], pack: Pack) -> dict[str, str]:
    """The asked items whose line in the fill-in block now holds an answer, with it."""
    headings = headings_of(pack)
    found: dict[str, str] = {}
    current: str | None = None
    for line in reply_text.splitlines():
        item, value = _heading_line(line, headings)
        if item is not None:
            current, found[item] = item, value
        elif line.strip(" \t-―─=＝_"):
            if current is not None:
                found[current] += line.strip()
        else:
            current = current if not _is_rule(line) else None
    return {item: value for item, value in found.items() if item in asked and is_answer(value)}


def completed_in_quote(text: str, asked: Collection[str], pack: Pack) -> dict[str, str]:
    """The asked items whose line was completed within the quoted letter, with the answer: there every line was empty."""
    headings = headings_of(pack)
    quoted = (line.lstrip("> |＞") for line in text.splitlines() if line[:1] in {">", "＞", "|"})
    lines = (_heading_line(line, headings) for line in quoted)
    return {item: value for item, value in lines if item is not None and item in asked and is_answer(value)}


def headings_of(pack: Pack) -> dict[str, str]:
    """Item by heading, in every language; the general headings win over those that advice.toml gives."""
    particular = {_folded(text): one.item for one in pack.answers if one.heading for text in one.heading.values()}
    general = {_folded(text): item for item, one in pack.questions.items() for text in one.heading.values()}
    return {**particular, **general}


def _heading_line(line: str, headings: dict[str, str]) -> tuple[str | None, str]:
    head, colon, value = unicodedata.normalize("NFKC", line).partition(":")
    return (headings.get(_folded(head)), value.strip()) if colon else (None, "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(_MARKS).casefold()


def _is_rule(line: str) -> bool:
    return len(line.strip()) >= 10


def says_unknown(value: str, pack: Pack) -> bool:
    """Is the answer that he does not know, or that there is none (不明, 特になし)?"""
    said = unicodedata.normalize("NFKC", value).strip(" 。.、!").casefold()
    words = (word for group in pack.cues.words.get("unknown_answers", {}).values() for word in group)
    return len(said) <= LONGEST_UNKNOWN and any(said.startswith(word.casefold()) for word in words)


def is_answer(value: str) -> bool:
    """Is anything said, and not only promised?"""
    return bool(value) and _LATER.match(value) is None
