"""Our own words in a customer's mail: a letter sent back without quote marks is no answer.

Forwarding mailboxes, lists and foreign desks return our letters in their own name; our sample answers then read like the
customer's. Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from models.decision import ReplyState
from models.mail import AutomaticKind, Automation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from models.decision import PastLetter
    from models.mail import Mail

SHORTEST = 10  # characters without blanks; a shorter line may be the customer's as well
_HALF = 0.5  # so much of a letter in a mail makes it that letter come back
_MUCH = 200  # and so many characters of it without a word of the customer's own: a part of it come back
_OUT = frozenset({ReplyState.QUEUED, ReplyState.SENT, ReplyState.BOUNCED})  # queued: sent and not yet noted, perhaps
_REF = re.compile(r"T\d{6,12}")
_MARKS = "> |＞・-*■　\t"
_VALUE = re.compile(r"(?=.*\d)[\w.:/@+()-]+", re.ASCII)


def texts_sent(letters: Iterable[PastLetter]) -> list[str]:
    """The texts of the letters that the customer may have seen."""
    return [letter.text for letter in letters if letter.state in _OUT]


def without_our_words(mail: Mail, letters: Collection[str]) -> Mail:
    """The mail without the lines that stand in one of these letters.

    Whole lines of ours are taken out; where most of a letter is there, parts of lines too, however they were wrapped on the
    way. An id or a number alone in its line stays: our letters repeat what customers wrote. Where much of a letter is there
    and nothing else, it is our letter come back: a loop, never answered. A few lines alone stay as they are.
    """
    texts = [text for text in letters if text]
    if not texts or not mail.reply_text.strip():
        return mail
    lines = mail.reply_text.split("\n")
    whole = {_bare(line) for text in texts for line in text.split("\n")}
    is_back = any(_is_most_of(text, lines) for text in texts)
    said = ["".join(text.split()) for text in texts] if is_back else []
    kept = [line for line in lines if not _is_ours(line, whole, said)]
    if len(kept) == len(lines):
        return mail
    # A greeting or a heading is too short to tell alone whose it is.
    left = "\n".join(line for line in kept if not line.strip() or _bare(line) not in whole).strip("\n")
    if any(char.isalnum() for char in _REF.sub("", left)) or mail.attachments:
        return replace(mail, reply_text="\n".join(kept).strip("\n"))
    taken = set(lines) - set(kept)
    if not is_back and sum(len(_bare(line)) for line in taken) < _MUCH:
        return mail
    found = "own_text: nothing but the words of our own letter"
    automation = Automation(
        kind=mail.automation.kind or AutomaticKind.LOOP,
        may_reply=False,
        evidence=(*mail.automation.evidence, found),
    )
    return replace(mail, reply_text="", automation=automation)


def _is_most_of(text: str, lines: list[str]) -> bool:
    """Does most of the letter stand in these lines?"""
    said = "".join(text.split())
    there = {bare for line in lines if len(bare := _bare(line)) >= SHORTEST and bare in said}
    return sum(map(len, there)) >= _HALF * len(said)


def _is_ours(line: str, whole: Collection[str], said: list[str]) -> bool:
    bare = _bare(line)
    if len(bare) < SHORTEST or _VALUE.fullmatch(bare):
        return False
    return bare in whole or any(bare in text for text in said)


def _bare(line: str) -> str:
    return "".join(line.strip(_MARKS).split())
