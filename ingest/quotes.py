"""The sender's own words: the mail without quoted history, forwarded blocks, signature, footers and disclaimers.

Promises: every line that comes out stood in the text; when unsure it stays, because losing what the customer wrote is
worse than leaving a quote. Answers written between quotes and text below a quote are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.lines import restored, shortened
from ingest.signatures import core

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATE = r"(?:\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4})"
_TIME = r"\d{1,2}[:時]\d{2}"
_MARK = r"^[ \t>＞|]*"

# One line that introduces quoted text.
_INTRO = re.compile(
    _MARK
    + r"(?:"
    + r"|".join(
        (
            r"(?:On|In (?:message|article))\b.{4,200}\b(?:wrote|writes|schrieb)\s*:",
            r"(?:Le|El|Am|Il|Em|Op|Den|Dne)\b.{6,160}\b(?:a écrit|escribió|schrieb|ha scritto|escreveu|schreef|skrev|wrote|napsal(?:\(a\))?)\b.{0,80}:",
            rf"{_DATE}.{{0,24}}{_TIME}.{{0,160}}<[^<>\s]+@[^<>\s]+>\s*[:：]",
            rf"{_DATE}.{{0,24}}{_TIME}.{{0,160}}の(?:メール|メッセージ)\s*[:：]?",
            rf".{{0,60}}{_DATE}.{{0,60}}(?:さん|様|氏)?(?:は|が)?書きました\s*[:：]?",
            r".{1,100}(?:さん|様|氏)(?:は|が)書きました\s*[:：]?",
            rf"{_DATE}.{{0,30}}、.{{1,100}}より\s*[:：]",
            r".{2,140}(?:写道|寫道|提到|来信|來信)\s*[:：]",
            rf"{_DATE}.{{0,30}}{_TIME}.{{0,100}}\b(?:wrote|writes)\s*[:：]",
            r"[^\s].{0,80}(?:さん)?のメール(?:より|から)\s*[:：]",
            r".{3,100}<[^<>\s]+@[^<>\s]+>\s+wrote\s*:",
        )
    )
    + r")\s*$",
    re.IGNORECASE,
)
_RULED = re.compile(
    _MARK
    + r"[-‐‑–—_=*]{2,}\s*(?:Original\s+(?:Message|Appointment|メッセージ)|Reply\s+Message|Forwarded\s+(?:Message|by\b.*)|Begin forwarded message"
    r"|元の?メール|元のメッセージ|オリジナル(?:の)?(?:メッセージ|メール)|転送(?:された)?メッセージ|転送メール|メッセージを転送|ここから転送"
    r"|原始邮件|原始郵件|转发邮件|轉寄郵件|Ursprüngliche Nachricht|Message d'origine|Mensaje original)\s*:?\s*[-‐‑–—_=*]*\s*$",
    re.IGNORECASE,
)
_PLAIN_FORWARD = re.compile(
    _MARK
    + r"(?:Begin forwarded message|転送されたメッセージ\s*|以下、?転送(?:です|します|いたします)?|转发的邮件)\s*[:：。]?\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    _MARK
    + r"\*{0,2}(From|Sent|To|Cc|Subject|Date|Reply-To|Importance|差出人|送信者|送信元|発信者|送信日時|送信日|受信日時|日時|日付|宛先|送信先|あて先|件名|題名|表題|ＣＣ|写し"
    r"|发件人|寄件者|发送时间|发送日期|日期|收件人|收件者|抄送|主题|主旨|Von|Gesendet|An|Betreff|De|Envoyé|À|Objet|Da|Inviato|Oggetto|Enviado|Para|Asunto)\*{0,2}\s*[:：]\*{0,2}\s*",
    re.IGNORECASE,
)
_SENDER_LABEL = re.compile(
    _MARK + r"\*{0,2}(?:From|差出人|送信者|送信元|発信者|发件人|寄件者|Von|De|Da)\*{0,2}\s*[:：]", re.IGNORECASE
)
_QUOTED = re.compile(r"^\s{0,3}(?:[>＞]|[|｜](?=\s)(?!.+[|｜]))")  # two bars make a row of a table
_MARKED = re.compile(r"^\s{0,3}[>＞]")  # without an introduction a bar is the edge of a table
_RULE_LINE = re.compile(r"^\s*[_\-‐–—=*]{5,}\s*$")
_ABOVE = re.compile(
    r"(?:please )?(?:reply|respond|type your (?:reply|response)).{0,20}above (?:this )?line|この行より上に(?:ご)?(?:返信|記入|記載)",
    re.IGNORECASE,
)


_MOST_LABELS = 30


class Cut(NamedTuple):
    """Where quoted history begins: its first line, the first line behind its introduction, whether it is a forward."""

    start: int
    body: int
    is_forward: bool


def own_words(text: str) -> str:
    """What the sender newly wrote; the whole text where there is no clear sign of a quote."""
    lines, whole = shortened(text)
    own = "\n".join(lines[at] for at in own_lines(lines)).strip("\n")
    return restored(re.sub(r"\n{4,}", "\n\n\n", own), whole)


def own_lines(lines: Sequence[str]) -> list[int]:
    """Which lines the sender newly wrote, in order; none of them where all is a forwarded mail."""
    every = list(range(len(lines)))
    cut = find_cut(lines)
    if cut is None:
        kept = _trimmed(lines, [at for at in every if not _is_left(lines[at])] if _is_trimmed_quote(lines) else every)
    else:
        above, below = _trimmed(lines, every[: cut.start]), _trimmed(lines, _below(lines, cut))
        kept = above + below if _is_spoken(lines, above) or _is_spoken(lines, below) else []
        if not kept and (cut.is_forward or cut.start == 0):
            return []
    return kept if _is_spoken(lines, kept) else _trimmed(lines, every) or every


def _below(lines: Sequence[str], cut: Cut) -> list[int]:
    """The sender's lines behind the introduction."""
    if _is_marked(lines, cut.body):
        return _between_quotes(lines, cut.body)
    if _INLINE_HINT.search("\n".join(lines[: cut.start])):
        return list(range(cut.start, len(lines)))  # the answers stand inside the unmarked quote: better too much
    return _filled_form(lines, cut.body)


def _trimmed(lines: Sequence[str], kept: list[int]) -> list[int]:
    return kept[core([lines[at] for at in kept])]


def _is_spoken(lines: Sequence[str], kept: Sequence[int]) -> bool:
    return any(lines[at].strip() for at in kept)


def is_quoted(line: str) -> bool:
    """Does the line begin with a quote mark?"""
    return _QUOTED.match(line) is not None


def find_cut(lines: Sequence[str]) -> Cut | None:
    """The first introduction of quoted text, or None."""
    last_said = max((at for at, line in enumerate(lines) if line.strip()), default=-1)
    last_quoted = max((at for at, line in enumerate(lines) if _QUOTED.match(line)), default=-1)
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if _ABOVE.search(line):
            return Cut(at, at + 1, is_forward=False)
        if _RULED.match(line) or _PLAIN_FORWARD.match(line):
            is_forward = re.search(r"forward|転送|转发|轉寄", line, re.IGNORECASE) is not None
            return Cut(_with_rule_above(lines, at), _behind_labels(lines, at + 1), is_forward)
        intro = _intro_lines(lines, at)
        body = at + intro
        if intro and (last_said < body or last_quoted >= body or _is_dated(lines[at:body])):
            return Cut(at, body, is_forward=False)
        if _SENDER_LABEL.match(line) and _label_run(lines, at) >= 3 and not _is_pasted_header(lines, at):
            return Cut(_with_rule_above(lines, at), _behind_labels(lines, at), is_forward=False)
    return None


def _intro_lines(lines: Sequence[str], at: int) -> int:
    """How many lines an introduction takes at this place: 0 if there is none; clients wrap them over up to three."""
    joined = lines[at].strip()
    for count in range(1, 4):
        if len(joined) <= 400 and _INTRO.match(joined):
            return count
        if (
            at + count >= len(lines)
            or not lines[at + count].strip()
            or _QUOTED.match(lines[at + count]) != _QUOTED.match(lines[at]) is None
        ):
            return 0
        if not re.match(_MARK + rf"(?:On\b|In (?:message|article)\b|Le\b|El\b|Am\b|{_DATE})", lines[at], re.IGNORECASE):
            return 0
        joined += " " + lines[at + count].strip().lstrip(">").strip()
    return 0


def _is_dated(introduction: Sequence[str]) -> bool:
    """Before unmarked words an introduction needs a date or an address ("Yamada wrote:" in prose is none)."""
    joined = " ".join(introduction)
    is_strong = re.search(r"@|wrote\s*:|写道|書きました|の(?:メール|メッセージ)\s*[:：]?\s*$", joined) is not None
    return is_strong and re.search(_DATE + r"|\d{4}|\d{1,2}[:時]\d{2}|@", joined) is not None


def _label_run(lines: Sequence[str], at: int) -> int:
    """Header labels of an Outlook or Notes block from here on; wrapped addresses may stand between."""
    count, misses = 0, 0
    for line in lines[at : at + 12]:
        if _LABEL.match(line):
            count, misses = count + 1, 0
        elif line.strip() or misses:
            misses += 1
        if misses > 1:
            break
    return count


def _is_pasted_header(lines: Sequence[str], at: int) -> bool:
    """Header lines pasted as data: the sender's sentence goes on right below, without the blank line of a mail client."""
    end = at
    while end < min(len(lines), at + _MOST_LABELS) and _LABEL.match(lines[end]):
        end += 1
    goes_on = end < len(lines) and re.search(r"[。？?]\s*$", lines[end]) is not None
    return goes_on and _with_rule_above(lines, at) == at


def _behind_labels(lines: Sequence[str], at: int) -> int:
    end = at
    while end < len(lines) and (not lines[end].strip() or _LABEL.match(lines[end])):
        end += 1
    return end


def _with_rule_above(lines: Sequence[str], at: int) -> int:
    before = at - 1
    while before >= 0 and not lines[before].strip():
        before -= 1
    return before if before >= 0 and _RULE_LINE.match(lines[before]) else at


def _is_marked(lines: Sequence[str], body: int) -> bool:
    """The history is marked line by line with ">": then unmarked lines below are the sender's."""
    following = [line for line in lines[body:] if line.strip()][:3]
    return any(_QUOTED.match(line) for line in following)


def _between_quotes(lines: Sequence[str], body: int) -> list[int]:
    """The unmarked lines below an introduction, and marked lines of a form that the sender filled in."""
    return [
        at
        for at in range(body, len(lines))
        if not _is_left(lines[at], bars=True) and not _is_wrapped_quote(lines, at, body)
    ]


def _is_left(line: str, *, bars: bool = False) -> bool:
    """Somebody else's line: marked, and no field of a form that the sender filled in."""
    return (_QUOTED if bars else _MARKED).match(line) is not None and not _is_filled_field(line)


_FIELD = re.compile(r"^[\s>＞]*(?:■|\*|・|●)\s*[^:：]{1,30}[:：]\s*(\S.*)$")


_INLINE_HINT = re.compile(
    r"文中|本文中|インライン|赤字|青字|(?:以下|下記)に(?:回答|追記)|\b(?:inline|in-line|in line|in red|in blue)\b|see below for my answers",
    re.IGNORECASE,
)
_OUR_LETTER = re.compile(r"(?<![A-Za-z0-9])T\d{6,12}(?![A-Za-z0-9])")


def _filled_form(lines: Sequence[str], body: int) -> list[int]:
    """The answered lines of a form in unmarked history, where that history is a letter of ours (it names its ticket)."""
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
        bool(_QUOTED.match(before) and _QUOTED.match(after))
        and len(before.strip()) > 60
        and len(line.strip()) < 25
        and not line[0].isspace()
    )


def _is_trimmed_quote(lines: Sequence[str]) -> bool:
    """Marked lines without any introduction: a quote only if several stand together beside own words."""
    marked = [line for line in lines if _MARKED.match(line)]
    own = [line for line in lines if line.strip() and not _MARKED.match(line)]
    return len(marked) >= 3 and len(own) >= 1 and not _is_pasted(lines)


_DATA = re.compile(
    r"^[\s>＞]*(?=[ -~]+$)(?![A-Za-z][A-Za-z ,.'?!-]*$)|\d{1,2}:\d{2}:\d{2}|[\[{}\]=]|\b(?:ERROR|WARN|INFO|error|Exception)\b|https?://|\$\s|#\s"
)


def _is_pasted(lines: Sequence[str]) -> bool:
    """The marked lines are logs or shell output that the sender pasted."""
    marked = [line for line in lines if _MARKED.match(line) and line.strip(" >")]
    return sum(1 for line in marked if _DATA.search(line)) * 2 >= len(marked)
