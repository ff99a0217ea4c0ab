"""A letter becomes the bytes of an RFC 5322 message.

Promises: CRLF line ends, ASCII only, header lines of at most 76 characters (a single id may be longer), encoded words
of at most 75 (RFC 2047 section 2) that never cut a character, text as UTF-8 in base64; the standard parser reads back
the same subject and text. Does not choose recipient, words or ids.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

CRLF = "\r\n"
LINE = 76
_WORD_FRAME = len("=?utf-8?B??=")
_PLAIN = re.compile(r"^[\x21-\x7e]+(?: [\x21-\x7e]+)*$")
_ATOMS = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$")
_MESSAGE_ID = re.compile(r"^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$")
MAX_REFERENCES = 30


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
    language: str
    is_reply: bool = True  # False: written by the scheduler, not in answer to a mail (RFC 3834 5.2)


def message_bytes(letter: Outgoing) -> bytes:
    """The complete message."""
    headers = "".join(fold(name, value) for name, value in _headers(letter))
    body = base64.encodebytes(letter.text.replace("\r\n", "\n").replace("\n", CRLF).encode("utf-8"))
    return headers.encode("ascii") + CRLF.encode() + body.replace(b"\n", b"\r\n")


def _headers(letter: Outgoing) -> Iterator[tuple[str, str]]:
    yield "From", f"{phrase(letter.from_name, len('From: '))} <{letter.from_address}>"
    yield "To", letter.to
    yield "Reply-To", letter.reply_to
    yield "Subject", unstructured(letter.subject, len("Subject: "))
    yield "Date", format_datetime(letter.sent_at)
    yield "Message-ID", letter.message_id
    if letter.in_reply_to and is_message_id(letter.in_reply_to):
        yield "In-Reply-To", letter.in_reply_to
    references = trimmed_references(letter.references)
    if references:
        yield "References", " ".join(references)
    yield "Auto-Submitted", "auto-replied" if letter.is_reply else "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "Precedence", "auto_reply"
    yield "X-Uketsuke-Instance", letter.instance
    yield "Content-Language", letter.language
    yield "MIME-Version", "1.0"
    yield "Content-Type", "text/plain; charset=utf-8"
    yield "Content-Transfer-Encoding", "base64"


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


def unstructured(text: str, used: int) -> str:
    """A header text: as it is where plain ASCII words fit their lines, else encoded words behind a plain `Re:`."""
    if _PLAIN.match(text) and "=?" not in text and all(len(word) < LINE - used for word in text.split(" ")):
        return text
    if text.startswith("Re: ") and text[4:].strip():
        return "Re: " + " ".join(_words(text[4:], used + 4))
    return " ".join(_words(text, used))


def phrase(text: str, used: int) -> str:
    """A display name: atoms as they are, other ASCII quoted, the rest as encoded words."""
    if _ATOMS.match(text) and "=?" not in text:
        return text
    if text.isascii() and text.isprintable() and len(text) < LINE - used and "=?" not in text:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return " ".join(_words(text, used))


def _words(text: str, used: int) -> Iterator[str]:
    """Encoded words, the first short enough for a line of which `used` characters are taken; whole characters only."""
    room = _bytes_in(LINE - used)
    pending = b""
    for char in text:
        encoded = char.encode("utf-8", "replace")
        if pending and len(pending) + len(encoded) > room:
            yield _word(pending)
            pending, room = b"", _bytes_in(LINE - 1)
        pending += encoded
    yield _word(pending)


def _bytes_in(columns: int) -> int:
    """How many bytes fit into one base64 word of that many columns, at least one character's."""
    return max(4, (min(columns, 75) - _WORD_FRAME) // 4 * 3)


def _word(raw: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(raw).decode('ascii')}?="
