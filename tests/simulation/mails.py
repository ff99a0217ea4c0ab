"""Writes mails as others write them, and reads the letters that we send."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DAEMON = "MAILER-DAEMON"
_READING = policy.default
_WRITING = policy.SMTP.clone(max_line_length=900)
_MACHINES = re.compile(
    rb"^(?:auto-submitted|precedence|x-[^:]+):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.IGNORECASE | re.MULTILINE
)
_MOVING = re.compile(r"T\d{6,12}|\d{4}/\d{2}/\d{2} \d{2}:\d{2} \([A-Z]{2,5}\)|[^\s@<>():]+\+[^\s@<>()]+@[^\s@<>()?]+")


def write(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    at: datetime,
    head: Mapping[str, str] | None = None,
) -> bytes:
    """A plain mail (RFC 5322); `head` adds fields or takes the place of one."""
    mail = EmailMessage(policy=_WRITING)
    fields = {"From": sender, "To": to, "Subject": subject, "Message-ID": message_id, "Date": format_datetime(at)}
    for name, value in {**fields, **(head or {})}.items():
        mail[name] = value
    mail.set_content(text, charset="utf-8", cte="base64")
    return mail.as_bytes()


def read(raw: bytes) -> EmailMessage:
    """A mail with everything in it decoded."""
    mail = message_from_bytes(raw, policy=_READING)
    assert isinstance(mail, EmailMessage)
    return mail


def stripped(raw: bytes) -> bytes:
    """The mail without the fields by which machines know each other."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    return _MACHINES.sub(b"", head + b"\r\n").removesuffix(b"\r\n") + gap + body


def text_of(mail: EmailMessage) -> str:
    """What a person reads of it."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def what_it_says(mail: EmailMessage) -> str:
    """The text without what differs from ticket to ticket: equal for letters that a reader would call the same."""
    return "".join(_MOVING.sub("", text_of(mail)).split())


def report_on(raw: bytes, *, to: str, mail_from: str, host: str, message_id: str, at: datetime) -> bytes:
    """The failure report of a mail server (RFC 3464) on a mail that it could not deliver, its headers returned."""
    returned = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0].decode("utf-8", "replace")
    words = (
        f"Content-Type: text/plain; charset=us-ascii\n\nThis is the mail system at host {host}.\n\n"
        f"I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
        f"<{to}>: 550 5.1.1 user unknown\n"
    )
    status = (
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; {host}\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n"
    )
    parts = (words, status, f"Content-Type: text/rfc822-headers\n\n{returned}\n")
    head = (
        f"From: Mail Delivery System <{DAEMON}@{host}>\nTo: {mail_from}\nSubject: Undelivered Mail Returned to Sender\n"
        f"Date: {format_datetime(at)}\nMessage-ID: {message_id}\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"\n\n'
    )
    whole = head + "".join(f"--=_report\n{part}\n" for part in parts) + "--=_report--\n"
    return whole.replace("\r\n", "\n").replace("\n", "\r\n").encode()
