"""What the peers are handed, and how a ticket is judged: by its sender, who writes once, and what he wrote."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from benchmarks.listener import DESK
from benchmarks.load_mails import said, support_mail

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITH_LOG = 10  # every tenth mail has a log attached
_TWINS = str.maketrans("〜−‖", "～－∥")  # ISO-2022-JP has one code for each pair
_HUGE = 12_000_000  # bytes of the huge one's attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One mail, and what its ticket should hold. `sender` is in no other mail."""

    name: str
    sender: str
    raw: bytes
    subject: str
    text: str
    files: tuple[str, ...] = ()  # sha256 of each attachment's content


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One ticket of a peer. `text` is all that it shows of the mail."""

    sender: str
    subject: str
    text: str
    files: tuple[str, ...] = ()


def usual_mails(first: int, count: int) -> list[Handed]:
    """Mails of new senders, Japanese and English, 2 KB; every tenth with a log of some 15 KB."""
    return [_usual(number) for number in range(first, first + count)]


def _usual(number: int) -> Handed:
    raw = support_mail(number, 20_000 if number % _WITH_LOG == 0 else 2_000, DESK)
    subject, text = said(number)
    message = message_from_bytes(raw, policy=default)
    files = tuple(_digest(part.get_payload(decode=True)) for part in message.iter_attachments())
    return Handed(
        name=str(number),
        sender=f"customer{number}@customer{number}.example",
        raw=raw,
        subject=subject,
        text=text,
        files=files,
    )


def _digest(content: object) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else b"").hexdigest()


def digest(content: bytes) -> str:
    """How a file's content is compared."""
    return _digest(content)


def odd_mails() -> list[Handed]:
    """Mails as they come in life and should not: each a kind of trouble of its own."""
    picture = b"\x89PNG\r\n\x1a\n" + b"uketsuke" * (_HUGE // 8)
    plain, body = "Content-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: {}\r\n", "ECSに接続できません。"
    nec = "①㈱ﾃｽﾄ から接続できません。"
    return [
        _odd("utf-8-8bit", plain.format("utf-8", "8bit"), body.encode(), text=body),
        _odd("windows-path", plain.format("utf-8", "8bit"), "C:\\new\\table が壊れました。".encode(), text="C:\\new\\table が壊れました。"),
        _odd("iso-2022-jp", plain.format("iso-2022-jp", "7bit"), body.encode("iso-2022-jp"), text=body),
        _odd("iso-2022-jp with ①㈱ﾃｽﾄ", plain.format("iso-2022-jp", "7bit"), _cp50221(nec), text=nec),
        _odd("shift_jis, 8bit", plain.format("shift_jis", "8bit"), body.encode("cp932"), text=body),
        _odd("euc-jp, no charset named", "", body.encode("euc-jp"), text=body),
        _odd("unknown charset", plain.format("x-none", "8bit"), b"Cannot log in to ECS.", text="Cannot log in to ECS."),
        _odd("subject cut within a character", plain.format("us-ascii", "7bit"), b"See the subject.",
             text="See the subject.", subject="接続できません",
             raw_subject="=?utf-8?B?5o6l57aa44Gn44GN44G+?=\r\n =?utf-8?B?44Gb44KT?="),
        _odd("html alone", "Content-Type: text/html; charset=utf-8\r\n", b"<p>Cannot log in to <b>ECS</b>.</p>",
             text="Cannot log in to ECS."),
        _odd("NUL in the body", plain.format("us-ascii", "7bit"), b"Cannot\x00 log in to ECS.", text="log in to ECS."),
        _odd("multipart without an end", "Content-Type: multipart/mixed; boundary=b\r\n",
             b"--b\r\nContent-Type: text/plain\r\n\r\nCannot log in to ECS.\r\n", text="Cannot log in to ECS."),
        _odd("headers broken off", "Content-Type text/plain\r\n", b"Cannot log in to ECS.", text="Cannot log in to ECS."),
        _odd("no subject", plain.format("us-ascii", "7bit"), b"Cannot log in to ECS.", text="Cannot log in to ECS.", subject="", raw_subject=None),
        _odd("subject in brackets", plain.format("utf-8", "8bit"), body.encode(), text=body, subject="[至急] 接続できません"),
        _odd("empty body", plain.format("us-ascii", "7bit"), b"", text=""),
        _odd("file named in Japanese", *_with_file(b"log", "filename*=utf-8''%E3%83%AD%E3%82%B0.txt"), text="See the file.",
             files=(digest(b"log"),)),
        _odd(f"{_HUGE // 1_000_000} MB picture", *_with_file(picture, "filename=screen.png"), text="See the file.",
             files=(digest(picture),)),
    ]  # fmt: skip


def _odd(
    name: str,
    heads: str,
    body: bytes,
    *,
    text: str,
    subject: str = "接続できません",
    raw_subject: str | None = "",
    files: tuple[str, ...] = (),
) -> Handed:
    """`raw_subject` is the header's value where it is not simply the encoded subject; None leaves the header out."""
    key = hashlib.sha256(name.encode()).hexdigest()[:8]
    encoded = raw_subject or f"=?utf-8?B?{_base64(subject.encode())}?="
    line = "" if raw_subject is None else f"Subject: {encoded}\r\n"
    head = (
        f"From: odd{key}@odd.example\r\nTo: {DESK}\r\n{line}Message-ID: <{key}@odd.example>\r\n"
        "Date: Wed, 25 Nov 2026 09:00:00 +0900\r\nMIME-Version: 1.0\r\n"
    )
    raw = (head + heads).encode() + b"\r\n" + body + b"\r\n"
    return Handed(name=name, sender=f"odd{key}@odd.example", raw=raw, subject=subject, text=text, files=files)


def _with_file(content: bytes, named: str) -> tuple[str, bytes]:
    lines = _base64(content)
    folded = "\r\n".join(lines[start : start + 76] for start in range(0, len(lines), 76))
    return "Content-Type: multipart/mixed; boundary=b\r\n", (
        "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Disposition: attachment; {named}\r\nContent-Transfer-Encoding: base64\r\n\r\n{folded}\r\n--b--\r\n"
    ).encode()


def _base64(content: bytes) -> str:
    import base64  # noqa: PLC0415

    return base64.b64encode(content).decode()


def _cp50221(text: str) -> bytes:
    """ISO-2022-JP as Japanese mail programs write it, NEC's characters and half-width kana included."""
    out, mode = bytearray(), b"\x1b(B"
    for char in text:
        code = char.encode("cp932")
        if len(code) == 1 and code[0] < 0x80:
            wanted, put = b"\x1b(B", code
        elif len(code) == 1:
            wanted, put = b"\x1b(I", bytes([code[0] - 0x80])
        else:
            wanted, put = b"\x1b$B", _jis(code)
        if wanted != mode:
            out += wanted
            mode = wanted
        out += put
    return bytes(out) + (b"" if mode == b"\x1b(B" else b"\x1b(B")


def _jis(code: bytes) -> bytes:
    """A double byte of Shift_JIS as the row and cell of JIS (X 0208 Annex 1)."""
    lead, trail = code[0] - (0x81 if code[0] < 0xA0 else 0xC1), code[1]
    first = 0x21 + 2 * lead
    if trail >= 0x9F:
        return bytes([first + 1, trail - 0x7E])
    return bytes([first, trail - (0x1F if trail < 0x7F else 0x20)])


def judge(one: Handed, found: Sequence[Found]) -> str:
    """`whole`, or what is wrong with the mail's tickets, in words."""
    mine = [ticket for ticket in found if ticket.sender.casefold() == one.sender]
    if not mine:
        return "no ticket"
    if len(mine) > 1:
        return f"{len(mine)} tickets"
    (ticket,) = mine
    wrong = []
    if _bare(one.subject) != _bare(ticket.subject) and one.subject:
        wrong.append("subject")
    if _bare(one.text) not in _bare(ticket.text):
        wrong.append("body")
    if not set(one.files) <= set(ticket.files):
        wrong.append("file")
    return f"garbled: {', '.join(wrong)}" if wrong else "whole"


def judged(handed: Sequence[Handed], found: Sequence[Found]) -> Counter[str]:
    """How many of each judgement."""
    by_sender: dict[str, list[Found]] = {}
    for ticket in found:
        by_sender.setdefault(ticket.sender.casefold(), []).append(ticket)
    return Counter(judge(one, by_sender.get(one.sender, [])) for one in handed)


def _bare(text: str) -> str:
    """Without what a product may freely change: spacing, and how a wide character is written."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text.translate(_TWINS)))
