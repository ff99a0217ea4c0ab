"""Bytes become a tree of parts (RFC 2045, 2046), whatever is broken about them.

mail-parser finds the parts and names what is broken; where it fails, the standard parser alone does. Promises: never
raises on content; attached mails stay closed, so that they come back byte by byte and nothing inside of them costs
anything. Decodes nothing: text and names are `body`'s and `headers`'.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from functools import cached_property
from typing import NamedTuple

import mailparser

from ingest.headers import LONGEST

for _module in (mailparser.core, mailparser.utils):
    _module.log.disabled = True  # it logs header values; what stands in a mail never goes to a log

MAX_HEADERS = 1_000  # of one mail; real ones have fewer than a hundred
_WELL_FORMED = re.compile(rb"(?:[!-9;-~]{1,100}:[^\r\n]{0,16000}(?:\r?\n[ \t][^\r\n]{0,998}){0,30}(?:\r?\n|\Z))*")
_KNOWN_HEADER = re.compile(
    rb"(?i)(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|reply-to|sender|in-reply-to|references"
    rb"|x-[a-z-]+|list-[a-z]+|precedence|auto-submitted|user-agent)[ \t]*:"
)
_SPACED_COLON = re.compile(rb"\A([!-9;-~]+)[ \t]+:")
_HEADER_LINE = re.compile(rb"^[!-9;-~]+[ \t]*:")
_JUNK_START = re.compile(rb"\A(?:\xef\xbb\xbf|[\r\n]+|>?From [^\r\n]*\r?\n)+")
_CLOSED = "application/octet-stream"
# What mail-parser calls broken, in words for an agent; the others tell nothing that he could use.
_DEFECTS = {
    "StartBoundaryNotFoundDefect": "the parts of the mail could not be told apart: their boundary is not there",
    "NoBoundaryInMultipartDefect": "the parts of the mail could not be told apart: no boundary is named",
    "CloseBoundaryNotFoundDefect": "the mail ends before its last part is closed: something may be cut off",
}


class Part(Message):
    """One part of a mail. What it says of itself is its `kind`; parsers are told that attached mails are closed files."""

    @cached_property
    def kind(self) -> str:
        """The content type in lower case; the standard's default when absent or broken."""
        try:
            return super().get_content_type()
        except (ValueError, AttributeError, TypeError):
            return "text/plain"

    def get_content_type(self) -> str:
        """The kind, but for attached mails and reports."""
        return _CLOSED if self.kind.startswith("message/") else self.kind

    def get_content_maintype(self) -> str:
        """The same in short."""
        return self.get_content_type().partition("/")[0]


class Structure(NamedTuple):
    """The tree, and one sentence for each thing about it that an agent should know."""

    message: Message
    warnings: tuple[str, ...]


class _Reader(mailparser.MailParser):  # type: ignore[misc] # mail-parser has no types
    """mail-parser without its decoding, which reads Japanese wrong (docs/decisions/0008): the parts and their defects."""

    def parse(self) -> None:
        self._has_defects = False
        self._defects: list[dict[str, list[str]]] = []
        self._defects_categories: set[str] = set()
        for part in self.message.walk():
            self._append_defects(part, part.get_content_type())


def read_structure(raw: bytes) -> Structure:
    """The parts of a mail."""
    warnings: list[str] = []
    raw = mended(raw, warnings)
    try:
        message = message_from_bytes(raw, Part)
    except Exception as error:  # noqa: BLE001 - RecursionError on very deep trees: the headers are still good
        warnings.append(f"structure not readable ({type(error).__name__}); read as one text")
        return Structure(_headers_only(raw), tuple(warnings))
    if len(message.keys()) > MAX_HEADERS:
        del message._headers[MAX_HEADERS:]  # type: ignore[attr-defined] # noqa: SLF001 - no public way to cut by number
        warnings.append(f"headers behind the {MAX_HEADERS}th were not looked at")
    try:
        found = _Reader(message).defects_categories
    except Exception as error:  # noqa: BLE001 - what is broken about a mail must not break its reading
        warnings.append(f"mail-parser failed ({type(error).__name__}); read with the standard parser")
    else:
        warnings += [sentence for name, sentence in _DEFECTS.items() if name in found]
    return Structure(message, tuple(dict.fromkeys(warnings)))


def headers_of(raw: bytes) -> Message:
    """The headers alone, as they stand on top of the mail."""
    return message_from_bytes(_JUNK_START.sub(b"", raw[: LONGEST * 4]), Part)


def _headers_only(raw: bytes) -> Message:
    """Good headers and everything below them as one text."""
    head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:LONGEST] else b"\n\n")
    head = re.sub(rb"(?im)^content-(?:type|transfer-encoding):.*(?:\n[ \t].*)*\n?", b"", head)
    message: Message = message_from_bytes(head + b"\n\n", Part)
    message.set_payload(body.decode("ascii", "surrogateescape"))
    return message


def mended(raw: bytes, warnings: list[str]) -> bytes:
    """The bytes with headers that every parser reads: junk in front, lost folding and over-long fields mended."""
    if b"\n" not in raw[:LONGEST] and b"\r" in raw[:LONGEST]:
        raw = raw.replace(b"\r", b"\n")  # line ends of old Macintoshes
    raw = _JUNK_START.sub(b"", raw) if _JUNK_START.match(raw) else raw
    head_end = re.search(rb"\r?\n\r?\n", raw[: LONGEST * 8])
    head = raw[: head_end.start()] if head_end else raw[: LONGEST * 8]
    if _WELL_FORMED.fullmatch(head):
        return raw
    lines = head.split(b"\n")
    first = next((at for at, line in enumerate(lines[:4]) if _HEADER_LINE.match(line)), None)
    if first is None:
        return raw
    if first:
        warnings.append("a line that is no header stood before the headers")
    return b"\n".join(_mended_lines(lines[first:], warnings)) + raw[len(head) :]


def _mended_lines(lines: list[bytes], warnings: list[str]) -> list[bytes]:
    """Header lines where a lost fold gets its blank back; a line before which the body began stays where it is."""
    out: list[bytes] = []
    last_known = max((at for at, line in enumerate(lines) if _KNOWN_HEADER.match(line)), default=-1)
    size = 0
    for at, line in enumerate(lines):
        is_header = _HEADER_LINE.match(line) is not None
        size = len(line) if is_header else size + len(line)
        if size > LONGEST // 4:
            warnings.append("an over-long header was cut")
            line = line[: max(0, LONGEST // 4 - size + len(line))]  # noqa: PLW2901 - the rest of the field is dropped
            if not line:
                continue
        if is_header:
            out.append(_SPACED_COLON.sub(rb"\1:", line))
        elif line[:1] in {b" ", b"\t"} or at > last_known:
            out.append(line)
        else:
            warnings.append("a header line had lost its folding")
            out.append(b" " + line)
    return out
