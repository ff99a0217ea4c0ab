"""Lines of a letter at the width that Japanese business mail keeps: about 38 full-width characters.

Promises: no character is lost or changed but for the blank at a break; Latin words, ids and links stay whole; no line
begins with a closing mark or ends with an opening one (禁則処理); lines of a form, of links and of rules stay as they
are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WIDTH = 76  # columns; a full-width character takes two
_NO_START = frozenset("、。，．・：；？！）」』】〕〉》ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ)]}>.,:;?!%…‥")
_NO_END = frozenset("（「『【〔〈《([{<")
_KEPT = re.compile(r"^(?:■|\*|[-─=―]{4,}|-- $|mailto:|件名：|宛先：|Subject: |To: )|://")
_PARTICLES = frozenset("はがをにでとものへやて")
_LABELLED = re.compile(r"^(?:For example|How to find it): ")
_ITEM = re.compile(r"^(?:・|- |※|例：|\s+|\(\d+\) |\d+\. )")


def wrap(text: str, width: int = WIDTH) -> str:
    """The text with every long line broken; a list item's later lines are indented under its first."""
    return "\n".join(piece for line in text.split("\n") for piece in _wrapped(line, width))


def columns(text: str) -> int:
    """How wide the text is in a fixed-width font."""
    return sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WFA" and not char.isascii() else 1


@lru_cache(maxsize=2048)  # most lines are the pack's own sentences
def _wrapped(line: str, width: int) -> tuple[str, ...]:
    if columns(line) <= width or _KEPT.search(line):
        return (line,)
    item = _ITEM.match(line)
    indent = _indent(item[0]) if item else "  " if _LABELLED.match(line) else ""
    pieces: list[str] = []
    rest = line
    while columns(rest) > width and (at := _break(rest, width)):
        pieces.append(rest[:at].rstrip(" "))
        rest = indent + rest[at:].lstrip(" ")
    return (*pieces, rest)


def _indent(lead: str) -> str:
    """Blanks as wide as the mark of a list item."""
    return "　" * (columns(lead) // 2) if not lead.isascii() else " " * columns(lead)


def _break(line: str, width: int) -> int:
    """Where to break: late in the line behind 。, else behind 、, else before a new phrase, else anywhere; 0 for nowhere."""
    places = {"stop": 0, "mark": 0, "phrase": 0, "any": 0}
    taken = 0
    for at, char in enumerate(line):
        if at and _may_break(line, at):
            is_late = taken >= (width // 3 if line[at - 1] == "。" else width // 2)
            kind = _kind_of_break(line[at - 1], char) if is_late else "any"
            places[kind] = at
        taken += _columns(char)
        if taken > width:
            break
    return next((at for at in places.values() if at), 0)


def _kind_of_break(before: str, after: str) -> str:
    """A phrase (文節) mostly ends in a particle, and the next one begins with something else than hiragana."""
    if before in "。、":
        return "stop" if before == "。" else "mark"
    begins = after in "おご" or not "ぁ" <= after <= "ん"
    is_phrase_end = before == " " or (before in _PARTICLES and begins)
    return "phrase" if is_phrase_end else "any"


def _may_break(line: str, at: int) -> bool:
    before, after = line[at - 1], line[at]
    if not line[:at].strip(" 　"):
        return False
    if after == " " or before == " ":
        return after != " "
    if before.isascii() and after.isascii():
        return False
    if "ァ" <= before <= "ー" and "ァ" <= after <= "ー":  # a loan word stays whole
        return False
    if before in "おご" and not after.isascii():  # a polite prefix stays with its word
        return False
    return after not in _NO_START and before not in _NO_END
