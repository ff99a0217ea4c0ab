"""A report as plain text: the part of a mail that every reader shows, and a file. 76 columns, full-width characters count two.

Promises: no line but a link is wider; columns stand under each other in a fixed-width font, whatever its language; where a table is
too wide for that, each row is told line by line; nothing hangs on a sign or colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.parts import Chart, Lines, Paragraph, Table, plain
from reports.words import words
from responders.wrap import WIDTH, columns, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reports.parts import Block, Document, Entry, Section

# Characters that are narrow in one font and wide in another.
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "→": "->", "“": '"', "”": '"', "‘": "'", "’": "'", "·": "/", "…": "...", "±": "+-", "×": "x"}
)
_GAP = "  "
_RULE = "-"


def render_text(document: Document) -> str:
    """The whole report, as a file."""
    return _joined((*_lines(document, document.sections), *_foot(document.foot_file)))


def render_brief(document: Document) -> str:
    """The text of its mail: what is to be known, and where the rest is."""
    sections = document.brief or document.sections
    foot = _foot(document.foot, document.foot_settings)
    again = _link(document) if document.brief else ()  # where the first is far above
    return _joined((*_lines(document, sections), *again, *foot))


def _joined(lines: Iterable[str]) -> str:
    """The lines, never more than one empty line between two."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _foot(*lines: str) -> Iterator[str]:
    yield ""
    yield _RULE * 2
    for line in lines:
        yield from _wrapped(line)


def _link(document: Document) -> Iterator[str]:
    if "://" in document.link:
        yield ""
        yield from _wrapped(f"{document.whole}:")
        yield document.link


def _lines(document: Document, sections: Iterable[Section]) -> Iterator[str]:
    w = words(document.language)
    yield from _wrapped(document.title)
    yield "=" * min(WIDTH, columns(document.title))
    yield from _wrapped(document.subtitle)
    yield from _link(document)
    yield from _head(document.summary_title)
    for one in document.summary:
        yield from _wrapped(("[!] " if one.tone == "alarm" else "") + plain(one.text))
        yield ""
    if document.advice_title:
        yield from _head(document.advice_title)
    if document.advice_title and not document.advice:
        yield from _wrapped(document.no_advice)
    for number, advice in enumerate(document.advice, 1):
        yield from _wrapped(f"{number}. {plain(advice.title)}")
        yield from _indented(plain(advice.said).rstrip(), "   ")
        if advice.gain:
            yield from _indented(advice.gain, "   ")
        if "://" in advice.href:
            yield f"   {advice.href}"
        yield ""
    for section in sections:
        yield from _head(section.title)
        for block in section.blocks:
            yield from _block(block, w)
            yield ""


def _head(title: str) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"■ {title}")
    yield ""


def _block(block: Block, w: Mapping[str, str]) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block)
        case Lines():
            if block.caption:
                yield from _wrapped(block.caption)
            for line in block.lines:
                yield from _indented(plain(line), "  ", "- ")
        case Paragraph():
            yield from _wrapped(("[!] " if block.tone == "alarm" else "") + plain(block.text))
        case Chart():
            yield from _wrapped(f"[{w['picture']}] {block.alt}")


def _table(table: Table) -> Iterator[str]:
    yield from _wrapped(f"[{table.caption}]")
    heads = [_clean(column.head) for column in table.columns]
    rows = [[_field(one) for one in row] for row in table.rows]
    widths = [max(columns(text) for text in texts) for texts in zip(heads, *rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= WIDTH:
        numbers = [column.is_number for column in table.columns]
        yield _aligned(heads, widths, numbers)
        yield _RULE * (sum(widths) + len(_GAP) * (len(widths) - 1))
        yield from (_aligned(row, widths, numbers) for row in rows)
    else:
        for row in rows:
            yield from _told(heads, row)
    if table.note:
        yield from _indented(table.note, "  ", "* ")


def _aligned(texts: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    fields = []
    for text, width, is_number in zip(texts, widths, numbers, strict=True):
        blank = " " * (width - columns(text))
        fields.append(blank + text if is_number else text + blank)
    return _GAP.join(fields).rstrip()


def _told(heads: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """A row by itself: its name, then each field behind its head."""
    yield from _indented(row[0], "  ", "- ")
    line = " "
    for head, text in zip(heads[1:], row[1:], strict=True):
        part = f" {head}: {text}"
        if columns(line + part) > WIDTH and line.strip():
            yield line.rstrip(" /")
            line = " "
        line += part + " /"
    yield from _indented(line.rstrip(" /").strip(), "  ")


def _field(one: Entry) -> str:
    text = _clean(plain(one.text))
    return f"[{text}]" if one.sign else text


def _clean(text: str) -> str:
    return text.translate(_PLAIN)


def _wrapped(text: str) -> Iterator[str]:
    yield from _fitting(wrap(_clean(text)).split("\n"), WIDTH)


def _indented(text: str, indent: str, first: str = "") -> Iterator[str]:
    lines = _fitting(wrap(_clean(text), WIDTH - len(indent)).split("\n"), WIDTH - len(indent))
    for number, line in enumerate(lines):
        yield (first.rjust(len(indent)) if first and not number else indent) + line


def _fitting(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines cut where nothing else breaks them: a customer may write a subject without a blank."""
    for whole in lines:
        line = whole
        while columns(line) > width:
            at = next(at for at in range(len(line), 0, -1) if columns(line[:at]) <= width)
            yield line[:at].rstrip()
            line = line[at:]
        yield line.rstrip()
