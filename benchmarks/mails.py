"""Mails of a given size, each different: equal bytes would be one mail delivered twice and skip most of the work."""

from __future__ import annotations

_LINE = "社内からECSインスタンスへSSHで接続できません。セキュリティグループでは22/TCPを許可しています。\r\n".encode()
_BASE64_LINE = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n"
_TEXT_UP_TO = 100_000  # larger mails are text with an attachment, as in life


def mail_of_size(number: int, size: int, desk: str) -> bytes:
    """About `size` bytes of RFC 5322, CRLF, no line starting with a full stop: what is sent is what is stored."""
    is_text = size <= _TEXT_UP_TO
    head = _head(number, desk, "text/plain; charset=utf-8" if is_text else "multipart/mixed; boundary=part")
    if is_text:
        return head + _LINE * max(1, round((size - len(head)) / len(_LINE)))
    open_parts = (
        b"--part\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + _LINE
        + b"--part\r\nContent-Type: application/octet-stream; name=log.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    lines = max(1, (size - len(head) - len(open_parts)) // len(_BASE64_LINE))
    return head + open_parts + _BASE64_LINE * lines + b"--part--\r\n"


def _head(number: int, desk: str, content_type: str) -> bytes:
    return (
        f"From: customer{number % 997}@shouji.example\r\n"
        f"To: {desk}\r\n"
        f"Subject: ECS SSH {number}\r\n"
        f"Message-ID: <bench.{number}@shouji.example>\r\n"
        "Date: Wed, 25 Nov 2026 09:00:00 +0900\r\n"
        "MIME-Version: 1.0\r\n"
        f"Content-Type: {content_type}\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n"
        f"{number}\r\n"
    ).encode()
