"""Builds small mails as bytes, so that every odd byte of a test stands in the test itself."""

from __future__ import annotations

from datetime import UTC, datetime

from ingest.parse import envelope_of_file, parse_mail
from models.mail import Envelope, Mail

AT = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
SESSION = Envelope(mail_from="taro@example.co.jp", rcpt_tos=("support@desk.example",), received_at=AT)


def jis(text: str) -> bytes:
    """ISO-2022-JP bytes of kanji text by way of cp932: the vendor characters ①㈱髙 too, as Outlook sends them."""
    out = b""
    for char in text:
        pair = char.encode("cp932")
        if len(pair) == 1 and pair[0] < 0x80:
            out += pair
        elif len(pair) == 1:
            out += b"\x1b(I" + bytes([pair[0] & 0x7F]) + b"\x1b(B"
        else:
            out += b"\x1b$B" + _jis_pair(pair[0], pair[1]) + b"\x1b(B"
    return out.replace(b"\x1b(B\x1b$B", b"").replace(b"\x1b(B\x1b(I", b"\x1b(I")


def _jis_pair(lead: int, trail: int) -> bytes:
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2
    cell = trail - 0x40 - (trail > 0x7F)
    return bytes([0x21 + row + (cell >= 94), 0x21 + cell % 94])


def eml(*head: bytes | str, body: bytes | str = b"hello\n") -> bytes:
    """A mail of these header lines and this body; From and Subject are added where absent."""
    lines = [line if isinstance(line, bytes) else line.encode() for line in head]
    names = {line.split(b":")[0].lower() for line in lines}
    if b"from" not in names:
        lines.append(b"From: Taro <taro@example.co.jp>")
    if b"subject" not in names:
        lines.append(b"Subject: test")
    return b"\n".join(lines) + b"\n\n" + (body if isinstance(body, bytes) else body.encode())


def read(raw: bytes, envelope: Envelope = SESSION, own: frozenset[str] = frozenset(), instance: str = "") -> Mail:
    """The mail as an ordinary session brought it."""
    return parse_mail(raw, envelope, own_addresses=own, instance=instance)


def read_file(raw: bytes) -> Mail:
    """The mail as a file brings it: the envelope comes from its own headers."""
    return parse_mail(raw, envelope_of_file(raw, AT))
