"""A letter becomes the bytes of an RFC 5322 message.

Promises: CRLF line ends, ASCII only, header lines of at most 76 characters (a single id may be longer), encoded words
of at most 75 (RFC 2047 section 2) that never cut a character; text as UTF-8 in base64, or as ISO-2022-JP (RFC 1468)
where that is wanted and every character has a place in it; plain text first, an HTML alternative where there is one,
attachments behind, their names as RFC 2231 writes them. What a person wrote says nothing of being automatic (RFC 3834).
The standard parser reads back the same subject, text and files. Does not choose recipient, words or ids.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

CRLF = "\r\n"
LINE = 76
UTF8, JIS = "utf-8", "iso-2022-jp"
_CODEC = {UTF8: "utf-8", JIS: "iso2022_jp"}
_LONGEST_PLAIN = 900  # octets of a line in ISO-2022-JP (RFC 5322 allows 998)
_PLAIN = re.compile(r"^[\x21-\x7e]+(?: [\x21-\x7e]+)*$")
_ATOMS = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$")
_MESSAGE_ID = re.compile(r"^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$")
MAX_REFERENCES = 30
_VALUE = 60  # characters of one piece of a long parameter
_TOKEN = re.compile(r"^[A-Za-z0-9!#$&+.^_`{|}~-]+$")  # an RFC 2045 token, fit for a file name as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with a message."""

    name: str  # one line, without a path
    content_type: str  # "type/subtype", perhaps with parameters
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Everything that stands in one message."""

    from_name: str
    from_address: str
    reply_to: str
    to: str
    subject: str
    text: str
    sent_at: datetime  # aware
    message_id: str
    in_reply_to: str | None
    references: tuple[str, ...]
    instance: str
    languages: tuple[str, ...]
    html: str = ""  # the same letter as HTML; empty: plain text only
    charset: str = UTF8
    is_reply: bool = True  # False: written by the scheduler, not in answer to a mail (RFC 3834 5.2)
    is_by_hand: bool = False  # a person wrote it: nothing says that it is automatic
    cc: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


def message_bytes(letter: Outgoing) -> bytes:
    """The complete message."""
    charset = JIS if letter.charset == JIS and _fits_jis(letter) else UTF8
    headers = "".join(fold(name, value) for name, value in _headers(letter, charset))
    said = _part("text/plain", letter.text, charset)
    if letter.html:
        said = _multipart("alternative", letter.message_id, (said, _part("text/html", letter.html, UTF8)))
    if letter.enclosures:
        said = _multipart("mixed", f"files of {letter.message_id}", (said, *map(_file, letter.enclosures)))
    return (headers + said).encode("ascii")


def _multipart(kind: str, seed: str, parts: tuple[str, ...]) -> str:
    """Headers and body of several parts."""
    # The same at every try, and in no line of base64 or ISO-2022-JP: those hold no "=_".
    boundary = f"=_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"
    body = "".join(f"--{boundary}{CRLF}{part}{CRLF}" for part in parts) + f"--{boundary}--{CRLF}"
    return fold("Content-Type", f'multipart/{kind}; boundary="{boundary}"') + CRLF + body


def _file(one: Enclosure) -> str:
    """Headers and body of one attachment."""
    coded = base64.encodebytes(one.content).decode("ascii").replace("\n", CRLF)
    disposition = "; ".join(("attachment", *parameter("filename", one.name)))
    head = (
        ("Content-Type", one.content_type),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", disposition),
    )
    return "".join(fold(name, value) for name, value in head) + CRLF + coded


def parameter(name: str, value: str) -> tuple[str, ...]:
    """A header's parameter: as it is where it is a short token, quoted where it is short ASCII, else as RFC 2231 has it."""
    if _TOKEN.match(value) and len(value) <= _VALUE:
        return (f"{name}={value}",)
    if value.isascii() and value.isprintable() and len(value) <= _VALUE and '"' not in value and "\\" not in value:
        return (f'{name}="{value}"',)
    coded = quote(value.encode("utf-8"), safe="")
    if len(coded) <= _VALUE - len("UTF-8''"):
        return (f"{name}*=UTF-8''{coded}",)
    pieces, rest = [], f"UTF-8''{coded}"
    while rest:
        # A piece never ends within an escape.
        cut = next(at for at in (_VALUE, _VALUE - 1, _VALUE - 2) if "%" not in rest[at - 2 : at] or at >= len(rest))
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return tuple(f"{name}*{number}*={piece}" for number, piece in enumerate(pieces))


def _part(content_type: str, text: str, charset: str) -> str:
    """Headers and body of one text; ISO-2022-JP goes as it is (7bit), UTF-8 as base64."""
    lines = text.replace("\r\n", "\n").replace("\n", CRLF)
    raw = lines.encode(_CODEC[charset])
    if charset == JIS:
        coding, body = "7bit", raw.decode("ascii")
    else:
        coding, body = "base64", base64.encodebytes(raw).decode("ascii").replace("\n", CRLF)
    kind = fold("Content-Type", f"{content_type}; charset={charset}")
    return f"{kind}{fold('Content-Transfer-Encoding', coding)}{CRLF}{body}"


def _fits_jis(letter: Outgoing) -> bool:
    """Can every character of text and headers be written in ISO-2022-JP, and every line be carried as it is?"""
    try:
        f"{letter.subject}{letter.from_name}".encode(_CODEC[JIS])
        return all(len(line.encode(_CODEC[JIS])) <= _LONGEST_PLAIN for line in letter.text.splitlines())
    except UnicodeEncodeError:
        return False


def _headers(letter: Outgoing, charset: str) -> Iterator[tuple[str, str]]:
    yield "From", f"{phrase(letter.from_name, len('From: '), charset)} <{letter.from_address}>"
    yield "To", letter.to
    if letter.cc:
        yield "Cc", ", ".join(letter.cc)
    yield "Reply-To", letter.reply_to
    yield "Subject", unstructured(letter.subject, len("Subject: "), charset)
    yield "Date", format_datetime(letter.sent_at)
    yield "Message-ID", letter.message_id
    if letter.in_reply_to and is_message_id(letter.in_reply_to):
        yield "In-Reply-To", letter.in_reply_to
    references = trimmed_references(letter.references)
    if references:
        yield "References", " ".join(references)
    if not letter.is_by_hand:
        yield "Auto-Submitted", "auto-replied" if letter.is_reply else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"
        yield "Precedence", "auto_reply"
    yield "X-Uketsuke-Instance", letter.instance
    yield "Content-Language", ", ".join(letter.languages)
    yield "MIME-Version", "1.0"


def is_message_id(text: str) -> bool:
    """May this stand in our In-Reply-To? One id in angle brackets, printable ASCII, shorter than a line may be."""
    return _MESSAGE_ID.match(text) is not None


def trimmed_references(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The usable ids, each once; of a very long thread its first and its last ones."""
    good = tuple(dict.fromkeys(one for one in ids if is_message_id(one)))
    return good if len(good) <= MAX_REFERENCES else (good[0], *good[-(MAX_REFERENCES - 1) :])


def fold(name: str, value: str) -> str:
    """One header field, broken at its blanks so that lines stay within 76 characters where the words allow it."""
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return CRLF.join(lines) + CRLF


def unstructured(text: str, used: int, charset: str = UTF8) -> str:
    """A header text: as it is where plain ASCII words fit their lines, else encoded words behind a plain `Re:`."""
    if _PLAIN.match(text) and "=?" not in text and all(len(word) < LINE - used for word in text.split(" ")):
        return text
    if text.startswith("Re: ") and text[4:].strip():
        return "Re: " + " ".join(_words(text[4:], used + 4, charset))
    return " ".join(_words(text, used, charset))


def phrase(text: str, used: int, charset: str = UTF8) -> str:
    """A display name: atoms as they are, other ASCII quoted, the rest as encoded words behind the plain words it begins with.

    The fewer encoded words the better: some readers put a blank between two of them, against RFC 2047 section 6.2.
    """
    if _ATOMS.match(text) and "=?" not in text:
        return text
    if text.isascii() and text.isprintable() and len(text) < LINE - used and "=?" not in text:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    lead, rest = _plain_lead(text)
    if lead:
        return f"{lead} {' '.join(_words(rest, 1, charset))}"
    return " ".join(_words(text, used, charset))


def _plain_lead(text: str) -> tuple[str, str]:
    """The words in front that need no encoding, and the rest; no lead where nothing else would remain."""
    words = text.split(" ")
    plain = next(
        (at for at, word in enumerate(words) if not word or not _ATOMS.match(word) or "=?" in word), len(words)
    )
    return (" ".join(words[:plain]), " ".join(words[plain:])) if 0 < plain < len(words) and words[plain] else ("", text)


def _words(text: str, used: int, charset: str) -> Iterator[str]:
    """Encoded words, the first short enough for a line of which `used` characters are taken; whole characters only."""
    room = _bytes_in(LINE - used, charset)
    pending = ""
    for char in text:
        if pending and len(_encoded(pending + char, charset)) > room:
            yield _word(pending, charset)
            pending, room = "", _bytes_in(LINE - 1, charset)
        pending += char
    yield _word(pending, charset)


def _bytes_in(columns: int, charset: str) -> int:
    """How many bytes fit into one base64 word of that many columns, at least one character's."""
    frame = len(f"=?{charset}?B??=")
    return max(8, (min(columns, 75) - frame) // 4 * 3)


def _word(text: str, charset: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(_encoded(text, charset)).decode('ascii')}?="


def _encoded(text: str, charset: str) -> bytes:
    """Every word stands by itself: in ISO-2022-JP it begins and ends in ASCII."""
    return text.encode(_CODEC[charset], "replace")
