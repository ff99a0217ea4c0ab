"""Where quoted history begins: the lines by which mail programs introduce it, in all their languages and wrappings.

Promises: before words that are not marked with ">" only what no person writes by hand counts: a rule with its words, a block of
header labels, an introduction with date and time or an address. Before marked lines less is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

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
            r"(?:On|At|In (?:message|article))\b.{4,200}\b(?:wrote|writes|schrieb)\s*:",
            r"(?:Le|El|Am|Il|Em|Op|Den|Dne)\b.{6,160}\b(?:a écrit|escribió|schrieb|ha scritto|escreveu|schreef|skrev|wrote|napsal(?:\(a\))?)\b.{0,80}:",
            rf"{_DATE}.{{0,24}}{_TIME}.{{0,160}}<[^<>\s]+@[^<>\s]+>\s*[:：]",
            rf"{_DATE}.{{0,24}}{_TIME}.{{0,160}}の(?:メール|メッセージ)\s*[:：]?",
            rf".{{0,60}}{_DATE}.{{0,60}}(?:さん|様|氏)?(?:は|が)?書きました\s*[:：]?",
            r".{1,100}(?:さん|様|氏)(?:は|が)書きました\s*[:：]?",
            rf"{_DATE}.{{0,30}}、.{{1,100}}より\s*[:：]",
            r".{2,140}(?:写道|寫道|提到|来信|來信)\s*[:：]",
            rf"{_DATE}.{{0,30}}{_TIME}.{{0,100}}\b(?:wrote|writes)\s*[:：]",
            r"[^\s].{0,80}(?:さん)?のメール(?:より|から)\s*[:：]",
            r".{3,100}<[^<>\s]+@[^<>\s]+>\s+wrote\s*:(?:\s*-{3,})?",
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
    + r"(?:Begin forwarded message|転送されたメッセージ(?:の始まり)?\s*|以下、?転送(?:です|します|いたします)?|转发的邮件)\s*[:：。]?\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    _MARK
    + r"\*{0,2}(From|Sent|To|Cc|Subject|Date|Reply-To|Importance|差出人|送信者|送信元|発信者|送信日時|送信日|受信日時|日時|日付|宛先|送信先|あて先|件名|題名|表題|ＣＣ|写し"
    r"|发件人|寄件者|发送时间|发送日期|日期|收件人|收件者|抄送|主题|主旨|Von|Gesendet|An|Betreff|De|Envoyé|À|Objet|Da|Inviato|Oggetto|Enviado|Para|Asunto"
    r"|보낸 ?사람|보낸 ?날짜|받는 ?사람|제목|참조|날짜|Van|Verzonden|Aan|Onderwerp|Enviada(?: em)?|Assunto|Od|Wysłano|Do|Temat|От|Отправлено|Кому|Тема|Дата|Från|Skickat|Till|Ämne|Fra|Sendt|Til|Emne"
    r"|Từ|Đã gửi|Ngày gửi|Gửi|Tới|Đến|Chủ đề|จาก|ส่งเมื่อ|ถึง|เรื่อง)\*{0,2}\s*[:：]\*{0,2}\s*",
    re.IGNORECASE,
)
_SENDER_LABEL = re.compile(
    _MARK
    + r"\*{0,2}(?:From|差出人|送信者|送信元|発信者|发件人|寄件者|Von|De|Da|보낸 ?사람|Van|Od|От|Från|Fra|Từ|จาก)\*{0,2}\s*[:：]",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^\s{0,3}(?:[>＞]|[|｜](?=\s)(?!.+[|｜]))")  # two bars make a row of a table
_MARKED = re.compile(r"^\s{0,3}[>＞]")  # without an introduction a bar is the edge of a table
_RULE_LINE = re.compile(r"^\s*[_\-‐–—=*]{5,}\s*$")
_ABOVE = re.compile(
    r"(?:please )?(?:reply|respond|type your (?:reply|response)).{0,20}above (?:this )?line|この行より上に(?:ご)?(?:返信|記入|記載)",
    re.IGNORECASE,
)


_NAMED = re.compile(r"[A-Za-z\u3040-\u30ff\u4e00-\u9fff]{1,12}[>＞](?!>)")
# A firewall rule or a span of time behind "From:", and no sender.
_NO_SENDER = re.compile(r"[:：]\s*(?:[\d.:/ ]+\s*(?:$|to\b)|any\b|\d{1,3}(?:\.\d{1,3}){3})", re.IGNORECASE)
_MOST_LABELS = 30
_LONGEST_INTRO = 400
_MARKS = re.compile(_MARK)
_INTRO_START = re.compile(
    _MARK
    + rf"(?:On\b|At\b|In (?:message|article)\b|Le\b|El\b|Am\b|Il\b|Em\b|Op\b|{_DATE}|[^\s].{{0,80}}<[^<>]*$|.*于\s?\d{{4}}年)",
    re.IGNORECASE,
)
# What introduces a quote where marked lines follow: a writer's name with his verb, or a date or an address before a colon.
_LOOSE = re.compile(
    r"書きました|書いた(?:メール|もの)|(?:さん|様|氏)?(?:から|より)の.{0,40}(?:メール|メッセージ)|さんより|のメール(?:より|から)?\s*[:：]?\s*$"
    r"|\b(?:wrote|writes|schrieb|escribió|a écrit|ha scritto|escreveu|schreef|said)\b.{0,60}[:：]?\s*[-‐‑–—=]*\s*$|写道|寫道|来信|來信"
    rf"|<[^<>\s]+@[^<>\s]+>.{{0,40}}[:：]\s*$|{_DATE}(?!.*(?:です|ます|ました|ません|ログ|エラー|結果|出力|以下|下記|次の)).{{0,100}}[:：]\s*$",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"ヘッダ|\bheaders?\b|(?:届いた|受信した|送信した|以下の|下記の)メール|エラーメール|\bbounce", re.IGNORECASE
)


class Cut(NamedTuple):
    """Where quoted history begins: its first line, the first line behind its introduction, what kind of introduction it is."""

    start: int
    body: int
    is_forward: bool = False
    is_block: bool = True  # a rule with its words or a block of labels: no person writes such by hand


def find_cut(lines: Sequence[str], *, is_reply: bool = True) -> Cut | None:
    """The first introduction of quoted text, or None.

    Args:
        lines: Lines of a mail, none of them long (`ingest.lines`).
        is_reply: The mail answers or forwards another. In one that does not, only a rule with labels below counts, and an
            introduction whose quote reaches to the end.
    """
    unmarked: Cut | None = None
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if (block := _block_at(lines, at, is_reply=is_reply)) is not None:
            return unmarked or block
        body = at + _intro_lines(lines, at)
        if body == at:
            continue
        if is_reply and is_history_marked(lines, body):
            return Cut(at, body, is_block=False)
        if _is_introduction(lines, at, body, is_reply=is_reply):
            unmarked = unmarked or Cut(at, body, is_block=False)  # a log may look like it: one before marks is surer
    return unmarked


def _block_at(lines: Sequence[str], at: int, *, is_reply: bool) -> Cut | None:
    """A rule with its words, a desk's mark, or a block of labels, if it begins at this line."""
    line = lines[at].replace("&nbsp;", " ")  # QQ writes it into plain text
    if _ABOVE.search(line):
        return Cut(at, at + 1) if any(one.strip() for one in lines[:at]) else None  # another desk's, above its words
    if _RULED.match(line) or _PLAIN_FORWARD.match(line):
        if not is_reply and _label_run(lines, _next_spoken(lines, at + 1)) < 2:
            return None  # a mail that speaks of such rules
        is_forward = re.search(r"forward|転送|转发|轉寄", line, re.IGNORECASE) is not None
        return Cut(_with_rule_above(lines, at), _behind_labels(lines, at + 1), is_forward)
    if (
        is_reply
        and _SENDER_LABEL.match(line)
        and not _NO_SENDER.search(line)
        and _label_run(lines, at) >= 3
        and not _is_pasted_header(lines, at)
    ):
        return Cut(_with_rule_above(lines, at), _behind_labels(lines, at))
    return None


def _is_introduction(lines: Sequence[str], at: int, body: int, *, is_reply: bool) -> bool:
    """Does an introduction before unmarked words count? Only a dated one, or one at the very end of the mail."""
    if not is_reply:
        return _is_dated(lines[at:body]) and _is_quoted_to_the_end(lines, body)
    is_last = _next_spoken(lines, body) == len(lines)
    return is_last or any(is_quoted(line) for line in lines[body:]) or _is_dated(lines[at:body])


def _next_spoken(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def unnamed(lines: Sequence[str], body: int) -> list[str]:
    """The lines with the name before a quote mark taken off ("Desk> ..."), where at least two lines below carry it."""
    first = lines[_next_spoken(lines, body)] if _next_spoken(lines, body) < len(lines) else ""
    named = _NAMED.match(first)
    if named is None or sum(1 for line in lines[body:] if line.startswith(named[0])) < 2:
        return [*lines]
    return [">" + line[len(named[0]) :] if line.startswith(named[0]) else line for line in lines]


def _is_quoted_to_the_end(lines: Sequence[str], body: int) -> bool:
    below = [line for line in lines[body:] if line.strip()]
    return bool(below) and all(is_quoted(line) for line in below)


def _intro_lines(lines: Sequence[str], at: int) -> int:
    """How many lines an introduction takes at this place: 0 if there is none; clients wrap them over up to three."""
    joined = lines[at].strip()
    for count in range(1, 4):
        if len(joined) > _LONGEST_INTRO:
            return 0
        if _INTRO.match(joined) or (_LOOSE.search(joined) and _stands_before_quote(lines, at, at + count)):
            return count
        below = at + count
        if below >= len(lines) or not lines[below].strip() or is_quoted(lines[below]) != is_quoted(lines[at]):
            return 0
        if not _INTRO_START.match(lines[at]):
            return 0
        joined = f"{joined} {_MARKS.sub('', lines[below]).strip()}".replace("< ", "<")
    return 0


def _stands_before_quote(lines: Sequence[str], at: int, body: int) -> bool:
    """Is what follows marked, while the line itself is not, and no data that the sender pasted?"""
    below = body
    while below < len(lines) and not lines[below].strip():
        below += 1
    end = below
    while end < len(lines) and has_mark(lines[end]):
        end += 1
    return end > below and not is_quoted(lines[at]) and not holds_data(lines[below:end])


def _is_dated(introduction: Sequence[str]) -> bool:
    """Before unmarked words an introduction needs a date and a time, or an address ("Yamada wrote:" in prose is none)."""
    joined = " ".join(introduction)
    is_strong = re.search(r"@|wrote\s*:|写道|寫道|書きました|の(?:メール|メッセージ)\s*[:：]?\s*$", joined) is not None
    return is_strong and re.search(rf"@|{_TIME}|{_DATE}.*の(?:メール|メッセージ)", joined) is not None


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
    """Header lines pasted as data: announced as such, or the sender's sentence goes on right below without a blank line."""
    if _with_rule_above(lines, at) != at:
        return False
    above = [line for line in lines[max(0, at - 4) : at] if line.strip()][-2:]
    if any(_ANNOUNCED.search(line) for line in above):
        return True
    end = at
    while end < min(len(lines), at + _MOST_LABELS) and _LABEL.match(lines[end]):
        end += 1
    return end < len(lines) and re.search(r"[。？?]\s*$", lines[end]) is not None


def _behind_labels(lines: Sequence[str], at: int) -> int:
    end = at
    while end < len(lines) and (not lines[end].strip() or _LABEL.match(lines[end])):
        end += 1
    return end


def _with_rule_above(lines: Sequence[str], at: int) -> int:
    before = at - 1
    while before >= 0 and not lines[before].strip():
        before -= 1
    is_rule = before >= 0 and _RULE_LINE.match(_MARKS.sub("", lines[before]))
    return before if is_rule else at


def is_history_marked(lines: Sequence[str], body: int) -> bool:
    """The history is marked line by line with ">": then unmarked lines below are the sender's."""
    following = [line for line in lines[body:] if line.strip()][:3]
    return any(is_quoted(line) for line in following)


def is_quoted(line: str) -> bool:
    """Does the line begin with a quote mark, or with a bar that is no edge of a table?"""
    return _QUOTED.match(line) is not None


def has_mark(line: str) -> bool:
    """Does the line begin with ">"? Without an introduction a bar is the edge of a table."""
    return _MARKED.match(line) is not None


_DATA = re.compile(
    r"^[\s>＞]{0,40}(?![\s>＞])(?=[ -~]+$)(?![A-Za-z][A-Za-z ,.'?!-]*$)|\d{1,2}:\d{2}:\d{2}|[\[{}\]=]|\b(?:ERROR|WARN|INFO|error|Exception)\b|https?://|\$\s|#\s"
)


_PROSE = re.compile(
    r"\b(?:the|is|are|was|we|you|your|please|to|of|and|for|this|that|have|has|can|with|my|our|it|in|on|not|will|would|if|at|from|as|be|do|does)\b",
    re.IGNORECASE,
)


def holds_data(marked: Sequence[str]) -> bool:
    """Are these marked lines logs or shell output that the sender pasted?"""
    spoken = [line for line in marked if line.strip(" >＞")]
    return sum(1 for line in spoken if _DATA.search(line) and len(_PROSE.findall(line)) < 2) * 2 >= len(spoken)
