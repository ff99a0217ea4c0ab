"""The sender's own words: the mail without quoted history, forwarded blocks, signature, footers and disclaimers.

Promises: every line that comes out stood in the text; when unsure it stays, because losing what the customer wrote is
worse than leaving a quote. Answers written between quotes and text below a quote are kept.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.introductions import Cut, find_cut, has_mark, holds_data, is_history_marked, is_quoted, unnamed
from ingest.lines import restored, shortened
from ingest.signatures import core

if TYPE_CHECKING:
    from collections.abc import Sequence


def own_words(text: str, *, is_reply: bool = True, is_forward: bool = False, name: str = "") -> str:
    """What the sender newly wrote; the whole text where there is no clear sign of a quote.

    Args:
        text: The text of the mail.
        is_reply: The mail answers or forwards another, by its headers or its subject. One that does neither quotes nothing
            by itself: what looks like a quote there was pasted, and only blocks that no person writes are cut.
        is_forward: It passes another on, by its subject: a signature alone above that is nobody's answer.
        name: The sender's name, with which a signature may begin.
    """
    lines, whole = shortened(text)
    kept = own_lines(lines, is_reply=is_reply, is_forward=is_forward, name=name)
    own = "\n".join(lines[at] for at in kept).strip("\n")
    return restored(re.sub(r"\n{4,}", "\n\n\n", own), whole)


def own_lines(lines: Sequence[str], *, is_reply: bool = True, is_forward: bool = False, name: str = "") -> list[int]:
    """Which lines the sender newly wrote, in order; none of them where all is a forwarded mail."""
    every = list(range(len(lines)))
    cut = find_cut(lines, is_reply=is_reply)
    if cut is None:
        is_quote = is_reply and _is_trimmed_quote(lines)
        kept = _trimmed(lines, [at for at in every if not _is_left(lines[at])] if is_quote else every, name)
    else:
        said = unnamed(lines, cut.body)
        is_forward = is_forward or cut.is_forward
        above = _trimmed(lines, every[: cut.start], name, may_be_bare=is_forward)
        below = _trimmed(lines, _below(said, cut), name)
        kept = above + below if _is_spoken(lines, above) or _is_spoken(lines, below) else []
        if not kept and (is_forward or (cut.start == 0 and (cut.is_block or is_history_marked(lines, cut.body)))):
            return []
    return kept if _is_spoken(lines, kept) else _trimmed(lines, every, name) or every


def _below(lines: Sequence[str], cut: Cut) -> list[int]:
    """The sender's lines behind the introduction."""
    if is_history_marked(lines, cut.body):
        return _between_quotes(lines, cut.body)
    if _INLINE_HINT.search("\n".join(lines[: cut.start])):
        return list(range(cut.start, len(lines)))  # the answers stand inside the unmarked quote: better too much
    return sorted({*_filled_form(lines, cut.start, cut.body), *_marked_answers(lines, cut)})


def _marked_answers(lines: Sequence[str], cut: Cut) -> list[int]:
    """Answers inside unmarked history, by their arrows or by a tag that the text above announces (【鈴木】)."""
    tags = _TAG.findall("\n".join(lines[: cut.start]))
    if not tags and not _LOOK_BELOW.search("\n".join(lines[: cut.start])):
        return []
    found: list[int] = []
    for at in range(cut.body, len(lines)):
        line = lines[at].strip()
        goes_on = bool(found) and found[-1] == at - 1 and lines[at][:1].isspace() and bool(line)
        if _ANSWERED.match(line) or line.startswith(tuple(tags)) or goes_on:
            found.append(at)
    return found


def _trimmed(lines: Sequence[str], kept: list[int], name: str, *, may_be_bare: bool = False) -> list[int]:
    return [kept[at] for at in core([lines[at] for at in kept], name=name, may_be_bare=may_be_bare)]


def _is_spoken(lines: Sequence[str], kept: Sequence[int]) -> bool:
    return any(lines[at].strip() for at in kept)


def _between_quotes(lines: Sequence[str], body: int) -> list[int]:
    """The unmarked lines below an introduction, and marked lines of a form that the sender filled in."""
    brackets = [at for at in range(body, len(lines)) if has_mark(lines[at]) and _BRACKETS.match(lines[at])]
    filled = {at for at in brackets if _FILLED_BRACKETS.match(lines[at])} if len(brackets) >= 2 else set()
    pasted = _diff_lines(lines, body)
    return [
        at
        for at in range(body, len(lines))
        if at in filled
        or at in pasted
        or (not _is_left(lines[at], bars=True) and not _is_wrapped_quote(lines, at, body))
    ]


def _diff_lines(lines: Sequence[str], body: int) -> set[int]:
    """Marked lines that are the new side of a difference (diff without -u), right below its "12c12" or "---"."""
    found: set[int] = set()
    for at in range(body + 1, len(lines)):
        is_head = _DIFF_HEAD.match(lines[at - 1]) or (lines[at - 1] == "---" and lines[at - 2][:1] in "<＜")
        if lines[at].startswith(">") and (is_head or at - 1 in found):
            found.add(at)
    return found


def _is_left(line: str, *, bars: bool = False) -> bool:
    """Somebody else's line: marked, and no field of a form that the sender filled in."""
    return (is_quoted(line) if bars else has_mark(line)) and not _is_filled_field(line)


_DIFF_HEAD = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$")
_FIELD = re.compile(r"^[\s>＞]*(?:■|\*|・|●)\s*[^:：]{1,30}[:：]\s*(\S.*)$")


_BRACKETS = re.compile(r"[\s>＞]{0,20}[^\s>＞\[［][^\[［]{0,40}[\[［][ \u3000].{0,200}[\]］]\s*$")
_FILLED_BRACKETS = re.compile(r".*[\[［]\s*[^\s\]］].*[\]］]\s*$")
_NUMBERED_FIELD = re.compile(r"\s*(?:[0-9０-９]{1,2}\s?[.．)）:：]|[①-⑳]|[■●・*])\s*[^:：]{1,40}[:：]\s*\S")
_FILLED_IN = re.compile(r"記入|書き込|追記|入力(?:し|いた)|filled (?:it |them )?(?:in|out)|填写|填寫", re.IGNORECASE)
_INLINE_HINT = re.compile(
    r"文中|本文中|インライン|赤字|青字|(?:以下|下記)に(?:回答|追記)|\b(?:inline|in-line|in line|in red|in blue)\b|see below for my answers",
    re.IGNORECASE,
)
_OUR_LETTER = re.compile(r"(?<![A-Za-z0-9])T\d{6,12}(?![A-Za-z0-9])")


def _filled_form(lines: Sequence[str], start: int, body: int) -> list[int]:
    """The answered lines of a form in unmarked history: announced above, or in a letter of ours (it names its ticket)."""
    if _FILLED_IN.search("\n".join(lines[:start])):
        return [at for at in range(body, len(lines)) if _NUMBERED_FIELD.match(lines[at])]
    if not _OUR_LETTER.search("\n".join(lines[body:])):
        return []
    return [at for at in range(body, len(lines)) if re.match(r"\s*■", lines[at]) and _is_filled_field(lines[at])]


def _is_filled_field(line: str) -> bool:
    """A line of our own fill-in block with an answer behind its colon."""
    return _FIELD.match(line) is not None


def _is_wrapped_quote(lines: Sequence[str], at: int, body: int) -> bool:
    """The short rest of a quoted line that a client wrapped without marking it."""
    line = lines[at]
    if not line.strip() or at <= body or at + 1 >= len(lines):
        return False
    before, after = lines[at - 1], lines[at + 1]
    return (
        is_quoted(before)
        and is_quoted(after)
        and len(before.strip()) > 60
        and len(line.strip()) < 25
        and not line[0].isspace()
    )


def _is_trimmed_quote(lines: Sequence[str]) -> bool:
    """Marked lines without any introduction: a quote if several stand together, or if what they ask is answered right below."""
    marked = [line for line in lines if has_mark(line)]
    own = [line for line in lines if line.strip() and not has_mark(line)]
    if not marked or not own or holds_data(marked):
        return False
    end = max(at for at, line in enumerate(lines) if line.strip())
    tail = [line for line in lines[: end + 1] if line.strip()][-len(marked) :]
    # A quote below the answer.
    is_last = tail == marked and any(_ASKED.search(line) or (len(marked) > 1 and _SAID.search(line)) for line in marked)
    return (
        len(marked) >= 3
        or is_last
        or any(
            _ASKED.search(line) or _ANSWERED.match(below)
            for line, below in pairwise(lines)
            if has_mark(line) and below.strip() and not has_mark(below)
        )
    )


_TAG = re.compile(r"[【\[［<＜][^】\]］>＞\n]{1,12}[】\]］>＞]")
_LOOK_BELOW = re.compile(
    r"以下|下記|各(?:項目|質問|ご質問)|それぞれ|文中|本文|回答|\bbelow\b|\binline\b|(?:如下|下面|以下)", re.IGNORECASE
)
_ASKED = re.compile(r"(?:[?？]|でしょうか|ですか|ますか|ください|下さい|お願い(?:いた)?します)[。.]?\s*$")
_SAID = re.compile(r"(?:[。.!！]|[a-z]{2},?)\s*$")  # the end of a sentence, or of a wrapped line of one
_ANSWERED = re.compile(r"\s*(?:→|⇒|⇨|＞＞|【(?:回答|返信|弊社回答|追記)】|(?:回答|答え?|A|Ans(?:wer)?)\s?[.:：)）])")
