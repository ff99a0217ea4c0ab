"""Mails as customers write them: the corpus's texts from ever new senders, padded with what customers attach.

Promises: each number gives a mail of its own (its sender, its Message-ID, a line of its own), the same at every call; a third
of the corpus is English; Japanese mails go out as ISO-2022-JP and UTF-8 in turn; from 20 KB on a mail is text with a log or a
picture attached. What is sent is what is stored: CRLF, no line starts with a full stop.
"""

from __future__ import annotations

import base64
import random
from email.header import Header
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from classify.labelled import load_corpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from models.mail import Mail

_CORPUS = Path(__file__).parents[1] / "classify" / "corpus"
_BASE64_COLUMNS = 76
_MIDDLING = 100_000  # up to here what is attached is a log, above a picture
_STRIDE = 7  # coprime to the number of mails: neighbours come from different parts of the corpus
_LOG = "2026-11-29T09:{m:02}:{s:02}+09:00 web{h} sshd[{p}]: Connection from 203.0.113.{b} port {q} timed out\r\n"


def support_mails(numbers: Iterable[int], size: int, desk: str) -> Iterator[tuple[int, bytes]]:
    """Number and mail: about `size` bytes, and no smaller than the text with its headers."""
    for number in numbers:
        yield number, support_mail(number, size, desk)


def support_mail(number: int, size: int, desk: str) -> bytes:
    """One mail of an ever new sender."""
    mail = _texts()[number * _STRIDE % len(_texts())]
    charset, text = _encoded(f"{mail.text.strip()}\n\ncase {number}\n", number)
    head = _head(number, mail.subject, desk)
    if size < 10_000:
        head = _trace(number, size - len(head) - len(text) - 100) + head
    kind = f"text/plain; charset={charset}"
    bits = "7bit" if charset == "iso-2022-jp" else "8bit"
    room = size - len(head) - len(text) - 300
    if size < 10_000 or room <= 0:
        return head + f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {bits}\r\n\r\n".encode() + text
    name, attached = _attached(number, room * 3 // 4)
    lines = base64.b64encode(attached)
    columns = range(0, len(lines), _BASE64_COLUMNS)
    return b"".join(
        (
            head,
            b"Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\n",
            f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {bits}\r\n\r\n".encode(),
            text,
            f"\r\n--part\r\nContent-Type: {name}\r\nContent-Transfer-Encoding: base64\r\n".encode(),
            b"Content-Disposition: attachment\r\n\r\n",
            b"".join(lines[start : start + _BASE64_COLUMNS] + b"\r\n" for start in columns),
            b"--part--\r\n",
        )
    )


def message_id(number: int) -> str:
    """How the mail of that number is called."""
    return f"<load.{number}@customer{number}.example>"


@cache
def _texts() -> tuple[Mail, ...]:
    corpus = load_corpus(sorted(_CORPUS.glob("w*.mails")), lambda body, _subject, _name: body)
    chosen = [one.mail for one in corpus if one.language in {"ja", "en"}]
    random.Random(1).shuffle(chosen)
    return tuple(chosen)


def _encoded(text: str, number: int) -> tuple[str, bytes]:
    """Charset and body, CRLF, safe for DATA."""
    stuffed = "\r\n".join(" " + line if line.startswith(".") else line for line in text.splitlines()) + "\r\n"
    if text.isascii():
        return "us-ascii", stuffed.encode()
    if number % 2:
        try:
            return "iso-2022-jp", stuffed.encode("iso-2022-jp")
        except UnicodeEncodeError:
            pass
    return "utf-8", stuffed.encode()


def _head(number: int, subject: str, desk: str) -> bytes:
    encoded = Header(subject, "us-ascii" if subject.isascii() else "utf-8", header_name="Subject").encode(
        linesep="\r\n"
    )
    return (
        f"From: customer{number} <customer{number}@customer{number}.example>\r\n"
        f"To: {desk}\r\n"
        f"Subject: {encoded}\r\n"
        f"Message-ID: {message_id(number)}\r\n"
        "Date: Wed, 25 Nov 2026 09:00:00 +0900\r\n"
        "MIME-Version: 1.0\r\n"
    ).encode()


def _trace(number: int, size: int) -> bytes:
    """What the servers on the way wrote on top: a signature as long as it takes, and where the mail came from."""
    received = (
        f"Received: from mail.customer{number}.example (mail.customer{number}.example [192.0.2.25])\r\n"
        f"\tby mx.example.net with ESMTPS id {number:012x}; Wed, 25 Nov 2026 09:00:01 +0900\r\n"
    ).encode()
    room = size - len(received) - 110
    if room <= 0:
        return received if size > 0 else b""
    signature = base64.b64encode(random.Random(number).randbytes(room * 3 // 4))
    lines = [signature[start : start + 70] for start in range(0, len(signature), 70)]
    opening = (
        f"DKIM-Signature: v=1; a=rsa-sha256; d=customer{number}.example; s=s1;\r\n\th=from:to:subject; b=".encode()
    )
    return received + opening + b"\r\n\t ".join(lines) + b"\r\n"


def _attached(number: int, size: int) -> tuple[str, bytes]:
    """A log of its own, or bytes that are packed already, as a picture's."""
    if size > _MIDDLING:
        return f"image/png; name=screen{number}.png", b"\x89PNG\r\n\x1a\n" + random.Random(number).randbytes(size)
    lines, line = [], _LOG
    for place in range(size // len(line) + 1):
        n = number + place
        lines.append(line.format(m=n % 60, s=place % 60, h=n % 97, p=1000 + n % 9000, b=n % 250, q=1024 + n % 60000))
    return f"text/plain; name=sshd{number}.log; charset=us-ascii", "".join(lines)[:size].encode()


def said(number: int) -> tuple[str, str]:
    """Subject and text of the mail of that number, as its writer wrote them."""
    mail = _texts()[number * _STRIDE % len(_texts())]
    return mail.subject, f"{mail.text.strip()}\n\ncase {number}\n"
