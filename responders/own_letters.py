"""Our own words in a customer's mail: a letter sent back without quote marks is no answer.

Forwarding mailboxes, lists and foreign desks return our letters in their own name; our sample answers then read like the
customer's. Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from models.mail import AutomaticKind, Automation

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.mail import Mail

SHORTEST = 10  # characters without blanks; a shorter line may be the customer's as well
_REF = re.compile(r"T\d{6,12}")
_MARKS = "> |＞・-*■　\t"


def without_our_words(mail: Mail, letters: Collection[str]) -> Mail:
    """The mail without the lines that stand in one of these letters, however they were wrapped on the way.

    Where nothing else was written, it is our letter come back: a loop, never answered.
    """
    said = ["".join(text.split()) for text in letters if text]
    if not said or not mail.reply_text.strip():
        return mail
    lines = mail.reply_text.split("\n")
    kept = [line for line in lines if not _is_ours(line, said)]
    if len(kept) == len(lines):
        return mail
    whole = {
        _bare(line) for text in letters for line in text.split("\n")
    }  # a greeting, a heading: too short to tell alone
    left = "\n".join(line for line in kept if not line.strip() or _bare(line) not in whole).strip("\n")
    if any(char.isalnum() for char in _REF.sub("", left)) or mail.attachments:
        return replace(mail, reply_text=left)
    found = "own_text: nothing but the words of our own letter"
    automation = Automation(
        kind=mail.automation.kind or AutomaticKind.LOOP,
        may_reply=False,
        evidence=(*mail.automation.evidence, found),
    )
    return replace(mail, reply_text="", automation=automation)


def _is_ours(line: str, letters: list[str]) -> bool:
    bare = _bare(line)
    return len(bare) >= SHORTEST and any(bare in text for text in letters)


def _bare(line: str) -> str:
    return "".join(line.strip(_MARKS).split())
