"""Header fields from raw bytes: RFC 2047 words, RFC 2231 parameters, addresses, dates, ids — leniently.

Promises: never raises; bytes are never dropped in silence (mail-parser decodes headers with errors ignored, so we read
the raw ones). Headers longer than `LONGEST` are cut, so that a header bomb costs nothing.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ingest.charset import clean, decode, normal_label
from models.mail import Address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from email.message import Message

LONGEST = 65_536
_WORD = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?\r\n]*(?:\?(?!=)[^?\r\n]*)*)\?=")
_FOLD = re.compile(rb"\r?\n(?=[ \t])|[\r\n]+")
_ID = re.compile(r"<[^<>\s]+>")
_ADDR = re.compile(r"[^\s<>\"(),;:\[\]]+@[^\s<>\"(),;:\[\]]+")
_ANGLE = re.compile(r"<\s*([^<>]*?)\s*>")


def raw_headers(message: Message, name: str) -> list[bytes]:
    """The raw values of every header of that name, in order."""
    wanted = name.lower()
    found = []
    for key, value in message.raw_items():
        if key.lower() == wanted:
            found.append(as_bytes(str(value))[:LONGEST])
    return found


def as_bytes(text: str) -> bytes:
    """The bytes that the standard parser turned into surrogates."""
    try:
        return text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


def header_text(message: Message, name: str) -> str:
    """The first header of that name, decoded; empty if there is none."""
    values = raw_headers(message, name)
    return decode_words(values[0]) if values else ""


def unfold(raw: bytes) -> bytes:
    """One line: RFC 5322 folding undone, stray line breaks made blanks."""
    return _FOLD.sub(b"", raw)


def decode_words(raw: bytes) -> str:
    """The text of a header value: encoded words, and raw 8-bit or raw JIS between them.

    Neighbouring words of one charset are joined as bytes before they are decoded, because characters are cut between
    words in the wild; JIS words that end in ASCII state are whole.
    """
    out: list[str] = []
    pending, label = b"", ""
    at, was_word = 0, False
    line = unfold(raw)
    for match in _WORD.finditer(line):
        between = line[at : match.start()]
        charset = normal_label(match[1].decode("ascii", "replace"))
        is_glued = was_word and not between.strip(b" \t")
        if not is_glued or charset != label:
            out.append(_flush(pending, label))
            pending, label = b"", charset
        if not is_glued:
            out.append(decode(between))
        pending += _word_bytes(match[2], match[3])
        at, was_word = match.end(), True
    out.append(_flush(pending, label))
    out.append(decode(line[at:]))
    return " ".join("".join(out).replace("\t", " ").split("\x00")).strip()


def _flush(pending: bytes, label: str) -> str:
    return decode(pending, label) if pending else ""


def _word_bytes(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return lenient_base64(text)
    return quopri.decodestring(text.replace(b"_", b" "), header=False)


def lenient_base64(text: bytes) -> bytes:
    """Base64 with wrong, doubled or missing padding, and bytes of no alphabet skipped."""
    out = b""
    for part in re.split(rb"=+", text):
        chars = re.sub(rb"[^A-Za-z0-9+/]", b"", part)
        chars = chars[: len(chars) - 1] if len(chars) % 4 == 1 else chars
        try:
            out += base64.b64decode(chars + b"=" * (-len(chars) % 4))
        except (binascii.Error, ValueError):
            continue
    return out


def parameter(message: Message, header: str, name: str) -> str:
    """A parameter of Content-Type or Content-Disposition: RFC 2231 segments joined then decoded once, else RFC 2047, else raw."""
    values = raw_headers(message, header)
    if not values:
        return ""
    segments, plain = _segments(unfold(values[0]), name.lower())
    if segments:
        return _joined(segments)
    return decode_words(plain) if plain is not None else ""


_PARAM = re.compile(rb';\s*([A-Za-z0-9_-]+)(?:\*(\d+))?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)


def _segments(line: bytes, name: str) -> tuple[list[tuple[int, bool, bytes]], bytes | None]:
    segments: list[tuple[int, bool, bytes]] = []
    plain: bytes | None = None
    for match in _PARAM.finditer(line):
        if match[1].decode("ascii").lower() != name:
            continue
        value = match[4].strip()
        if value.startswith(b'"'):
            value = re.sub(rb"\\(.)", rb"\1", value[1:-1]) if value.endswith(b'"') and len(value) > 1 else value[1:]
        if match[2] is None and match[3] is None:
            plain = value if plain is None else plain
        else:
            segments.append((int(match[2] or 0), match[3] is not None, value))
    return segments, plain


def _joined(segments: Iterable[tuple[int, bool, bytes]]) -> str:
    label, out = "", b""
    for number, is_encoded, value in sorted(segments, key=lambda segment: segment[0]):
        piece = value
        if number == 0 and is_encoded and piece.count(b"'") >= 2:
            charset, _, piece = piece.split(b"'", 2)
            label = charset.decode("ascii", "replace")
        out += unquote_to_bytes(piece) if is_encoded else piece
    return decode_words(out) if b"=?" in out and not label else decode(out, label)


def addresses(values: Iterable[bytes]) -> tuple[Address, ...]:
    """Every mailbox of these header values; groups are opened, comments kept as names, junk skipped."""
    found: list[Address] = []
    for value in values:
        found.extend(filter(None, (_mailbox(part) for part in _split(unfold(value)))))
    return tuple(found[:1000])


def _split(line: bytes) -> list[bytes]:
    """Parts between commas, outside of quotes, comments and angle brackets; a group's name and its semicolon vanish."""
    parts, depth, quoted, start = [], 0, False, 0
    line = line[:LONGEST]
    at = 0
    while at < len(line):
        byte = line[at : at + 1]
        if byte == b"\\":
            at += 2
            continue
        if byte == b'"' and depth == 0:
            quoted = not quoted
        elif not quoted and byte in b"(<":
            depth += 1
        elif not quoted and byte in b")>":
            depth = max(0, depth - 1)
        elif not quoted and depth == 0 and byte in b",;":
            parts.append(line[start:at])
            start = at + 1
        at += 1
    parts.append(line[start:])
    return parts


def _mailbox(part: bytes) -> Address | None:
    text = clean(decode_words(part)).strip()
    if not text:
        return None
    angle = _ANGLE.findall(text)
    if angle:
        addr = angle[-1].strip().strip("<>").removeprefix("mailto:")
        addr = addr.rpartition(":")[2] if addr.startswith("@") else addr  # source routes
        name = text[: text.rfind("<")]
    else:
        match = _ADDR.search(re.sub(r"\([^)]*\)", " ", text))
        addr = match[0] if match else ""
        comment = re.search(r"\(([^)]*)\)", text)
        name = comment[1] if comment else text.replace(addr, "") if addr else ""
    addr = addr.strip().strip("'\"").replace(" ", "")
    if "@" not in addr:
        return None
    return Address(addr=addr, name=_name(name, addr))


def _name(text: str, addr: str) -> str:
    name = text.strip().rpartition(":")[2].strip() if text.count(":") == 1 and "@" not in text else text.strip()
    name = re.sub(r"\\(.)", r"\1", name.strip("\"' \t"))
    return "" if name == addr else name


def sent_at(message: Message) -> datetime | None:
    """The Date header as an aware instant with the sender's own offset; None if unreadable."""
    values = raw_headers(message, "Date")
    if not values:
        return None
    try:
        found = parsedate_to_datetime(clean(decode(unfold(values[0]))).strip())
        if found.tzinfo is None:
            from datetime import UTC  # noqa: PLC0415 - "-0000": no zone known, UTC by RFC 5322 3.3

            found = found.replace(tzinfo=UTC)
        found.isoformat()
        found.timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found


def message_ids(values: Iterable[bytes]) -> tuple[str, ...]:
    """Every <id> of these header values, in order, each once."""
    found: dict[str, None] = {}
    for value in values:
        line = clean(decode(re.sub(rb"[\r\n]+[ \t]*", b" ", value)))
        ids = _ID.findall(line) or _ID.findall(line.replace(" ", ""))
        for one in ids:
            found[one] = None
    return tuple(list(found)[:500])


def message_id(message: Message) -> str | None:
    """The Message-ID with its angle brackets; a bare id gets them."""
    values = raw_headers(message, "Message-ID")
    if not values:
        return None
    ids = message_ids(values[:1])
    if ids:
        return ids[0]
    text = clean(decode(unfold(values[0]))).strip().strip("<>")
    return f"<{text}>" if text else None
