"""Header fields from raw bytes: RFC 2047 words, RFC 2231 parameters, addresses, dates, ids — leniently.

Promises: never raises; bytes are never dropped in silence (mail-parser decodes headers with errors ignored, so we read
the raw ones). Headers longer than `LONGEST` are cut, so that a header bomb costs nothing.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ingest.charset import clean, decode, normal_label
from models.mail import Address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

LONGEST = 65_536
_WORD = re.compile(
    rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?\r\n]*(?:\?(?!=)[^?\r\n]*){0,20})\?="
)  # Q words may hold bare "?"
_CUT_WORD = re.compile(rb"=\?([A-Za-z0-9_.*-]{1,40})\?([bBqQ])\?([!->@-~]*)\??\Z")
_FOLD = re.compile(rb"\r?\n(?=[ \t])|[\r\n]+")
_ID = re.compile(r"<[^<>\s]+>")
_ADDR = re.compile(r"(?<![^\s<>\"(),;:\[\]])[^\s<>\"(),;:\[\]]+@[^\s<>\"(),;:\[\]]+")
_QUOTED_LOCAL = re.compile(r"\"[^\"@<>]+\"@[^\s<>\"(),;:]+")
_ISO = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}(?::\d{2})?\s?(?:Z|[+-]\d{2}:?\d{2})?$")
# Zone names that RFC 5322 does not know and that Asian and European mailers write all the same.
_ZONES = {
    "JST": "+0900",
    "KST": "+0900",
    "HKT": "+0800",
    "SGT": "+0800",
    "CET": "+0100",
    "CEST": "+0200",
    "BST": "+0100",
}
_ZONED = re.compile(rf"\b({'|'.join(_ZONES)})\s*$", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_JA = re.compile(r"(?<!\d)(0?[1-9]|1[0-2])月")
_WEEKDAY_JA = re.compile(r"^[日月火水木金土](?:曜日?)?\s?[,、]\s?")
_COLON_ZONE = re.compile(r"([+-]\d{2}):(\d{2})\s*$")
_GMT_PLUS = re.compile(r"\b(?:GMT|UTC)\s?([+-])(\d{1,2}):?(\d{2})?\b")
_DATE_COMMAND = re.compile(
    r"[A-Za-z]{3},? +([A-Za-z]{3}) +(\d{1,2}) +(\d{1,2}:\d{2}:\d{2}) +(?:([A-Z]{1,4}|[+-]\d{4}) +)?(\d{4})$"
)
_ANGLE = re.compile(r"<([^<>]*)>")


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
    pending: list[tuple[bytes, bytes]] = []
    label = ""
    at, was_word = 0, False
    line = unfold(raw)
    for match in _WORD.finditer(line):
        between = line[at : match.start()]
        charset = normal_label(match[1].decode("ascii", "replace"))
        is_glued = was_word and not between.strip(b" \t")
        if not is_glued or charset != label:
            out.append(_flush(pending, label))
            pending, label = [], charset
        if not is_glued:
            out.append(decode(between))
        pending.append((match[2].upper(), match[3]))
        at, was_word = match.end(), True
    out.append(_flush(pending, label))
    out.append(_tail(line[at:]))
    return " ".join("".join(out).replace("\t", " ").split("\x00")).strip()


def _flush(pending: list[tuple[bytes, bytes]], label: str) -> str:
    """Words of one charset as text; base64 that was cut between two words is put together first."""
    joined: list[tuple[bytes, bytes]] = []
    for encoding, text in pending:
        if joined and encoding == joined[-1][0] == b"B" and b"=" not in joined[-1][1] and len(joined[-1][1]) % 4:
            joined[-1] = (encoding, joined[-1][1] + text)
        else:
            joined.append((encoding, text))
    said = decode(b"".join(_word_bytes(*word) for word in joined), label) if joined else ""
    # Some programs encode what is encoded already.
    return decode_words(said.encode()) if _WORD.fullmatch(said.strip().encode()) else said


def _tail(rest: bytes) -> str:
    """What stands behind the last whole word: a word whose end was cut off still says something."""
    match = _CUT_WORD.search(rest)
    if match is None:
        return decode(rest)
    return decode(rest[: match.start()]) + decode(_word_bytes(match[2].upper(), match[3]), match[1].decode("ascii"))


def _word_bytes(encoding: bytes, text: bytes) -> bytes:
    if encoding == b"B":
        return lenient_base64(text)
    return quopri.decodestring(text.replace(b"_", b"=20"), header=False)


def _raw_as_utf8(line: bytes) -> bytes:
    """Raw 8-bit and raw JIS as UTF-8, encoded words untouched: bytes of kanji can look like quotes, commas and brackets."""
    if b"\x1b" not in line and line.isascii():
        return line
    out, at = b"", 0
    for match in _WORD.finditer(line):
        out += decode(line[at : match.start()]).encode() + match[0]
        at = match.end()
    return out + decode(line[at:]).encode()


def lenient_base64(text: bytes) -> bytes:
    """Base64 with wrong, doubled or missing padding, and bytes of no alphabet skipped; words behind its end are none."""
    out = b""
    for part in re.split(rb"=+", text):
        if out and _BEHIND_THE_END.match(part):
            break
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
    segments, plain = _segments(_raw_as_utf8(unfold(values[0])), name.lower())
    if segments:
        return _joined(segments)
    return _percent_decoded(decode_words(plain)) if plain is not None else ""


def _percent_decoded(name: str) -> str:
    """A value that was percent-encoded without RFC 2231's mark, if that gives characters that needed it."""
    if "%" not in name:
        return name
    try:
        found = unquote_to_bytes(name).decode("utf-8")
    except UnicodeDecodeError:
        return name
    return name if found.isascii() else found


_PARAM = re.compile(rb';\s*([A-Za-z0-9_-]+)(?:\*(\d+))?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)


# A line of a mail server's or scanner's words: base64 has no blanks between short groups.
_BEHIND_THE_END = re.compile(rb"[ \t\r]{0,100}\n\s{0,100}(?:[^\sA-Za-z0-9+/=]{4}|[^\s=]{1,30}[ \t]+[^\s=]{1,30}[ \t])")
_WINDOWS_PATH = re.compile(rb"[A-Za-z]:\\[^\\]|\\\\[^\\]")


def _segments(line: bytes, name: str) -> tuple[list[tuple[int, bool, bytes]], bytes | None]:
    segments: list[tuple[int, bool, bytes]] = []
    plain: bytes | None = None
    for match in _PARAM.finditer(line):
        if match[1].decode("ascii").lower() != name:
            continue
        value = match[4].strip()
        if value.startswith(b'"'):
            value = _unquoted(value[1:-1] if value.endswith(b'"') and len(value) > 1 else value[1:])
        if match[2] is None and match[3] is None:
            plain = value if plain is None else plain
        else:
            segments.append((int(match[2] or 0), match[3] is not None, value))
    return segments, plain


def _unquoted(value: bytes) -> bytes:
    """Quoted pairs undone, but for a Windows path that nobody quoted."""
    return value if _WINDOWS_PATH.match(value) else re.sub(rb"\\(.)", rb"\1", value)


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
        found.extend(filter(None, (_mailbox(part) for part in _split(_raw_as_utf8(unfold(value))))))
    return tuple(found[:1000])


def _split(line: bytes, *, is_retry: bool = False) -> list[bytes]:
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
    if (quoted or depth) and not is_retry:
        return _split(
            line.replace(b'"' if quoted else b"(", b""), is_retry=True
        )  # a quote that never ends hides nobody
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
        bare = re.sub(r"\([^()]*\)", " ", text)
        match = _QUOTED_LOCAL.search(bare) or _ADDR.search(bare)
        addr = match[0] if match else ""
        comment = re.search(r"\(([^()]*)\)", text)
        name = comment[1] if comment else text.replace(addr, "") if addr else ""
    if not addr.startswith('"') or '"@' not in addr:
        addr = addr.strip().strip("'\"").replace(" ", "").rstrip(".")
    if "@" not in addr:
        return None
    return Address(addr=addr, name=_name(name, addr))


def _name(text: str, addr: str) -> str:
    name = text.strip().rpartition(":")[2].strip() if text.count(":") == 1 and "@" not in text else text.strip()
    name = re.sub(r"\\(.)", r"\1", name.strip("\"'< \t"))
    return "" if name == addr else name


def sent_at(message: Message) -> datetime | None:
    """The Date header as an aware instant with the sender's own offset; None if unreadable."""
    values = raw_headers(message, "Date")
    if not values:
        return None
    text = clean(decode(unfold(values[0])))[:200].strip()
    try:
        text = _usual_date(text)
        found = _ZONED.sub(lambda zone: _ZONES[zone[1].upper()], text)
        at = datetime.fromisoformat(text.replace("/", "-")) if _ISO.match(text) else parsedate_to_datetime(found)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)  # "-0000" or no zone: UTC by RFC 5322 3.3
        at.timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return at


def _usual_date(text: str) -> str:
    """The forms of Java and of the date command in RFC 5322's order, zones by numbers, months of Japanese locales by name."""
    text = text if _ISO.match(text) else _COLON_ZONE.sub(r"\1\2", text)
    text = _GMT_PLUS.sub(lambda zone: f"{zone[1]}{zone[2]:0>2}{zone[3] or '00'}", text)
    text = _MONTH_JA.sub(lambda month: f" {_MONTHS[int(month[1]) - 1]} ", _WEEKDAY_JA.sub("", text))
    unix = _DATE_COMMAND.match(text)
    return f"{unix[2]} {unix[1]} {unix[5]} {unix[3]} {unix[4] or '-0000'}" if unix else text


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
