"""A first look at a mail's headers, by the standard library only: enough to show it in the queue and to thread it.

Promises: never raises on content. What `ingest` reads later takes its place.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from quopri import decodestring
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

_PEEK_BYTES = 65_536
_WORD = re.compile(r"=\?([!-<>-~]{1,60}?)(?:\*[^?]*)?\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)[ \t]+(?==\?)")
_ID = re.compile(r"<[^<>\s]+>")
_JIS = "\x1b$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What the queue shows of a mail before it is read."""

    subject: str
    message_id: str  # empty if the mail has none


def peek(raw: bytes) -> Peek:
    """Subject and Message-ID of a mail."""
    message = BytesHeaderParser(policy=compat32).parsebytes(raw[:_PEEK_BYTES])
    found = _header(message, "message-id")
    first = _ID.search(found)
    return Peek(
        subject=plain(" ".join(_decoded(_header(message, "subject")).split())),
        message_id=plain(first[0] if first else found.strip()),
    )


def plain(text: str) -> str:
    """Text that both engines take: no NUL, no lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _header(message: Message, name: str) -> str:
    """The first header of that name, unfolded, its bytes read as what they most likely are."""
    value = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    octets = unfolded.encode("utf-8", "surrogateescape")
    for charset in ("iso-2022-jp",) if _JIS in unfolded else ("utf-8", "cp932"):
        try:
            return octets.decode(charset)
        except UnicodeDecodeError:
            continue
    return octets.decode("utf-8", "replace")


def _decoded(text: str) -> str:
    """Encoded words (RFC 2047) read; a character may be cut between two words of one charset."""
    out: list[str] = []
    held, charset, at = b"", "", 0
    text = _GAP.sub(r"\1", text)
    for word in _WORD.finditer(text):
        if held and (word.start() > at or word[1].lower() != charset):
            out.append(_text_of(held, charset))
            held = b""
        out.append(text[at : word.start()])
        held, charset, at = held + _octets_of(word[2], word[3]), word[1].lower(), word.end()
    return "".join([*out, _text_of(held, charset) if held else "", text[at:]])


def _octets_of(encoding: str, text: str) -> bytes:
    octets = text.encode("ascii", "ignore")
    if encoding in "qQ":
        return decodestring(octets, header=True)
    try:
        return b64decode(octets + b"=" * (-len(octets) % 4))
    except binascii.Error:
        return octets


def _text_of(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return octets.decode("utf-8", "replace")
