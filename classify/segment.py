"""A mail as a document: lines with their layout, the heading in force, logs and polite shells told apart, sentences.

Everything is in folded coordinates (`classify.normalise`); `Document.back` gives spans of the assessed text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from classify.normalise import Folded, fold
from models.needles import pieces_of
from policy.once import once_for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.assessment import Section, Span
    from policy.pack import Cues

MAX_LINES, _EDGE = 400, 120  # of a longer mail so many lines are read: so many at each end, and prose between
MAX_LINE = 2_000
_BUDGET, _CLIPPED = 8_000_000, 160  # squares of characters that are read whole; characters of each line after that
_HEADING_MAX = 34
_MOST_PIECES = 400  # characters of a line whose pieces are gathered: more would fill the memory
_PROSE = re.compile("[\u3041-\u3096]{2}|[a-z]{2}[,.!?]? [a-z]{2,}")
_LOG = re.compile(
    r"^\s*(?:\[?\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}|\[?\d{1,2}:\d{2}:\d{2}|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}\s+\d{1,2}:\d{2}"
    r"|(?:\[?[\w.-]+@[\w.-]+[^\]\n]{0,40}\]?\s?[#$%]|[A-Za-z]:\\[^>\n]{0,80}>|PS [A-Z]:[^>\n]{0,80}>|[$#%]\s)\s*\S|Traceback|\s+at [\w.$<>]+\(|Caused by:|\s*File \".+\", line \d+"
    r"|[{}\[\]]\s*,?\s*$|\"[\w.-]+\"\s*:|(?:ERROR|WARN|INFO|FATAL|DEBUG)\b|[<>]\s|\*\s+(?:Trying|Connected|SSL|TLS)|PING |From \d+\.\d+|\d+ bytes from|\d+ packets|debug\d:|curl: |ssh: |Error:|Reply from|Request timed out)"
)
_BULLET = re.compile(
    r"^\s*(?:[・\-*•●○■□◆◇▼▽▲△★☆※]|[(]?\d{1,2}\s*[).、:.]|[①-⑳]|[(][a-zア-オ][)]|[ア-オa-e][).]|Q\d*[.:]?|質問\s*\d)\s*(?=\S)"
)
_NUMBER = re.compile(r"^\s*(?:[(]?(\d{1,2})\s*[).、:.]|([①-⑳])|Q(\d+)[.:]?|質問\s*(\d))\s*(?=\S)")
_SENTENCE_END = re.compile(r"[。！!？?]+[」』)）]?|\.(?=\s+[A-Z(]|\s*$)|\n")
_RULE = re.compile(r"^\s*[-=_*~+━─＝]{4,}\s*$")
# What no greeting holds: a line with a figure, a time, a place or a technical word says something, however politely it ends.
_FACT = (
    r"\d|昨日|一昨日|今日|本日|今朝|昨夜|昨晩|先週|先月|今週|今月|リージョン|ゾーン|アカウント|UID|ユーザ|インスタンス|サーバ|バケット|クラスタ|端末|環境|ゴール|目的|エラー|コマンド|手順"
    r"|対象|発生|現象|事象|症状|原因|日時|時刻|接続|操作|障害|から(?:です|でございます)|まで(?:です|でございます)"
)
_BY_NAME = r"(?:株式会社|有限会社|合同会社|部|課|室|係|グループ|チーム|担当|センター)の[^\s。はがをに]{1,10}(?:です|でございます)[。.]?"
_SHELL_JA = re.compile(
    r"^(?:.{0,40}(?:様|さま|御中|各位|殿)[、,。]?|(?:いつも|大変|平素より?|平素は|日頃より?)?.{0,12}お世話になっ(?:ております|ています|てます).{0,12}|お世話になります.{0,6}|はじめまして.{0,20}|初めまして.{0,20}|お疲れ様です.{0,6}|こんにちは.{0,4}"
    rf"|.{{0,40}}と申します[。.]?|.{{0,30}}{_BY_NAME}|(?!.*(?:{_FACT})).{{0,40}}でございます[。.]?|(?!.*(?:{_FACT}))[^。]{{1,30}}の[^\s。はがをに]{{1,10}}です[。.]?|"
    r"(?:以上[、,。]?)?.{0,12}(?:よろしく|宜しく)(?:お願い|おねがい|です).{0,20}|以上(?:です|となります)?[、。.]?|お忙しいところ.{0,40}|お手数(?:ですが|をおかけ).{0,40}"
    r"|(?:標記|表題|首記|件名|下記|掲題)の件.{0,24}|突然の(?:ご連絡|メール).{0,24}|取り急ぎ.{0,12}|失礼(?:いたし|し)ます.?|ご(?:返信|回答|連絡)(?:を)?お待ちしております.?|平素は格別の.{0,40})$"
)
_SHELL_EN = re.compile(
    r"^(?:(?:dear|hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings|to whom)\b.{0,50}|(?:best|kind|warm|many)?\s*(?:regards|thanks|wishes|thank you|cheers|sincerely|yours).{0,40}|thanks in advance.{0,3}|br,?|i hope (?:this|you).{0,60}|looking forward.{0,50}"
    r"|您好.{0,6}|你好.{0,6}|谢谢.{0,6}|此致|敬礼)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: [start, end) in the folded text, its stripped text, what its layout says."""

    start: int
    end: int
    text: str
    number: int  # position among the lines; 0 is the subject
    heading: frozenset[Section] = frozenset()  # sections of the heading above it, or before its colon
    heading_text: str = ""
    is_heading: bool = False  # nothing but a heading
    value_start: int = 0  # behind an inline heading; else where the text starts
    is_log: bool = False
    is_shell: bool = False
    is_bullet: bool = False
    item: int | None = None  # the number of a numbered item
    pieces: frozenset[str] | None = field(default=None, compare=False, repr=False)  # `models.needles`; None: too long


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The mail in folded coordinates."""

    folded: Folded
    lines: tuple[Line, ...]
    attachments: tuple[str, ...] = ()
    fields: dict[Section, list[Line]] = field(default_factory=dict)  # lines under each section's headings
    found: dict[tuple[str, int], Any] = field(
        default_factory=dict, repr=False
    )  # what several rules look for, looked for once

    pieces: frozenset[str] | None = None  # of all lines; None: not known of each

    @property
    def text(self) -> str:
        """The folded text."""
        return self.folded.text

    def back(self, start: int, end: int) -> Span:
        """A span of the assessed text."""
        return self.folded.back(start, end)

    def spoken(self) -> Iterator[Line]:
        """Lines that say something: no blanks, rules, shells, bare headings."""
        return (line for line in self.lines if line.text and not line.is_shell and not line.is_heading)

    def prose(self) -> Iterator[Line]:
        """Lines in the sender's own sentences: no logs either."""
        return (line for line in self.spoken() if not line.is_log)


def make_document(subject: str, own: str, attachments: tuple[str, ...], cues: Cues) -> Document:
    """Fold, cut into lines, read the layout."""
    folded = fold(f"{subject}\n{own}")
    headings = known_headings(cues)
    lines: list[Line] = []
    current: frozenset[Section] = frozenset()
    heading_text = ""
    for number, (start, end) in enumerate(_line_spans(folded.text)):
        raw = folded.text[start:end]
        text = raw.strip()
        found, value_at = _heading_of(raw, headings) if number else (None, 0)
        if found is not None:
            current, heading_text = found
        elif number and ((not text and _ends_block(folded.text, end, headings)) or _is_shell(text)):
            current, heading_text = frozenset(), ""
        item = _NUMBER.match(raw)
        lines.append(
            Line(
                start=start,
                end=end,
                text=text,
                number=number,
                heading=current if number else frozenset(),
                heading_text=heading_text if number else "",
                is_heading=found is not None and not raw[value_at:].strip(),
                value_start=start + (value_at if found is not None else len(raw) - len(raw.lstrip())),
                is_log=number > 0 and bool(_LOG.match(raw)) and found is None,
                is_shell=bool(number) and (_is_shell(text) or bool(_RULE.match(raw))) and found is None,
                is_bullet=bool(_BULLET.match(raw)),
                item=_item_number(item) if item and number else None,
                pieces=pieces_of(raw) if len(raw) <= _MOST_PIECES else None,
            )
        )
    doc = Document(folded, tuple(lines), attachments, pieces=_pieces_of_all(lines))
    for line in lines:
        for section in line.heading:
            if not line.is_heading and line.text:
                doc.fields.setdefault(section, []).append(line)
            else:
                doc.fields.setdefault(section, [])
    return doc


def _pieces_of_all(lines: list[Line]) -> frozenset[str] | None:
    known = [line.pieces for line in lines if line.pieces is not None]
    return frozenset[str]().union(*known) if len(known) == len(lines) else None


def sentences(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Sentence spans of one line's text beginning at `start`."""
    at = 0
    for match in _SENTENCE_END.finditer(text):
        if text[at : match.end()].strip():
            yield start + at, start + match.end()
        at = match.end()
    if text[at:].strip():
        yield start + at, start + len(text)


@once_for_each
def known_headings(cues: Cues) -> dict[str, frozenset[Section]]:
    """Heading texts, folded and lower case, to the sections they announce."""
    found: dict[str, set[Section]] = {}
    for section, languages in cues.headings.items():
        for texts in languages.values():
            for text in texts:
                found.setdefault(fold(text).text.strip().lower(), set()).add(section)
    return {text: frozenset(sections) for text, sections in found.items()}


_PREFIX = re.compile(
    r"^[\s■□◆◇●○◎▼▽▲△★☆※・*#>【\[(<「『〈《≪=_~+-]*(?:\d{1,2}\s*[.、):]|[①-⑳]|[(]\d{1,2}[)]|Q\d*[.:])?[\s*【\[「『]*"
)
_SUFFIX = re.compile(r"[\s】\])>」』〉》≫*=_~-]*(?:は?(?:以下|下記)(?:の|に)?(?:とおり|通り)?(?:です)?)?[\s*]*$")
_COLON = re.compile(r"[:】\]≫》]|→|\?(?=\s)")


def _heading_of(raw: str, headings: dict[str, frozenset[Section]]) -> tuple[tuple[frozenset[Section], str] | None, int]:
    """The sections that a line announces, and where the value behind its colon starts."""
    prefix = _PREFIX.match(raw)
    begin = prefix.end() if prefix else 0
    decorated = begin > len(raw) - len(raw.lstrip())
    for colon in _COLON.finditer(raw, begin):
        if colon.start() - begin > _HEADING_MAX:
            break
        name = _bare(raw[begin : colon.start()])
        sections = _lookup(name, headings)
        if sections:
            rest = re.match(r"[\s:】\]≫》*]*", raw[colon.end() :])
            return (sections, name), colon.end() + (rest.end() if rest else 0)
    if len(raw[begin:].strip()) > 2 * _HEADING_MAX:
        return None, 0
    name = _bare(raw[begin:])
    sections = _lookup(name, headings) if 0 < len(name) <= _HEADING_MAX else frozenset()
    if sections and (decorated or raw.strip() == name):
        return (sections, name), len(raw)
    return None, 0


def _lookup(name: str, headings: dict[str, frozenset[Section]]) -> frozenset[Section]:
    """A heading by its whole text, by the part before its bracket, or by parts joined with ・ / 、 "and"."""
    name = name.lower()
    if name in headings:
        return headings[name]
    bare = re.sub(r"[(（\[].*$", "", name).strip()
    if bare in headings:
        return headings[bare]
    parts = [part.strip() for part in re.split(r"[・/、,&]|\band\b|および|と", bare) if part.strip()]
    if 2 <= len(parts) <= 3 and all(part in headings for part in parts):
        return frozenset(section for part in parts for section in headings[part])
    return frozenset()


def _bare(text: str) -> str:
    return _SUFFIX.sub("", text).strip()


def _is_shell(text: str) -> bool:
    return bool(text) and len(text) < 90 and (_SHELL_JA.match(text) is not None or _SHELL_EN.match(text) is not None)


def _ends_block(text: str, end: int, headings: dict[str, frozenset[Section]]) -> bool:
    """A blank line ends a heading's block only if what follows looks like ordinary prose again."""
    following = text[end + 1 : end + 400].split("\n")
    nearest = next((line for line in following if line.strip()), "")
    return _is_shell(nearest.strip()) and not _heading_of(nearest, headings)[0]


def _item_number(match: re.Match[str]) -> int:
    text = next(group for group in match.groups() if group)
    return ord(text) - ord("①") + 1 if "①" <= text <= "⑳" else int(text)


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        spans.append((at, at + min(len(line), MAX_LINE)))
        at += len(line) + 1
    return _affordable(spans if len(spans) <= MAX_LINES else _telling(text, spans))


def _affordable(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Long lines only as far as they can be paid for: some patterns cost the square of a line's length."""
    out, spent = [], 0
    for start, end in spans:
        stop = end if spent <= _BUDGET else min(end, start + _CLIPPED)
        spent += (stop - start) ** 2
        out.append((start, stop))
    return out


def _is_prose(line: str) -> bool:
    if _LOG.match(line):
        return False
    return _PROSE.search(line) is not None and (not line.isascii() or line.rstrip().endswith((".", "!", "?")))


def _telling(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines of a long text that tell most: its beginning, its end, and what is a sentence and no log between them."""
    middle = (span for span in spans[_EDGE:-_EDGE] if _is_prose(text[slice(*span)]))
    return [*spans[:_EDGE], *islice(middle, MAX_LINES - 2 * _EDGE), *spans[-_EDGE:]]
