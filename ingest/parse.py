"""Bytes become a `Mail`.

Promises: never raises on content; what cannot be read leaves a warning, never a hole. mail-parser gives the structure
(where it fails, the standard parser does); every text is decoded from bytes by ourselves. The only user of mail-parser.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from typing import TYPE_CHECKING

import mailparser

from ingest.authentication import trust_of
from ingest.automation import Signs, judge
from ingest.body import attachments_of, body_text, calendar_methods, content_type, payload_bytes, walk
from ingest.charset import clean, decode, has_leftovers
from ingest.headers import (
    LONGEST,
    addresses,
    as_bytes,
    decode_words,
    header_text,
    message_id,
    message_ids,
    raw_headers,
    sent_at,
    unfold,
)
from ingest.quotes import own_words
from ingest.returned import returned_ids
from ingest.thread_refs import thread_refs
from models.mail import Address, AutomaticKind, Automation, Envelope, Mail

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import Message

    from models.mail import Attachment

for _module in (mailparser.core, mailparser.utils):
    _module.log.disabled = True  # it logs header values; what stands in a mail never goes to a log
MAX_TEXT = 4_000_000
_SIGN_TEXT = 6_000
_MOST_REPEATS = 50  # of one header: a machine that repeats it oftener has been found out long before
_WELL_FORMED = re.compile(rb"(?:[!-9;-~]{1,100}:[^\r\n]{0,16000}(?:\r?\n[ \t][^\r\n]{0,998}){0,30}(?:\r?\n|\Z))*")
_KNOWN_HEADER = re.compile(
    rb"(?i)(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|reply-to|sender|in-reply-to|references"
    rb"|x-[a-z-]+|list-[a-z]+|precedence|auto-submitted|user-agent)[ \t]*:"
)
_SPACED_COLON = re.compile(rb"\A([!-9;-~]+)[ \t]+:")
_HEADER_LINE = re.compile(rb"^[!-9;-~]+[ \t]*:")
_TELLING = ("x-", "list-", "auto", "preced", "mailing", "feedback", "in-reply", "references", "return", "delivered-to")
_JUNK_START = re.compile(rb"\A(?:\xef\xbb\xbf|[\r\n]+|>?From [^\r\n]*\r?\n)+")


def parse_mail(
    raw: bytes,
    envelope: Envelope,
    *,
    own_addresses: frozenset[str] = frozenset(),
    instance: str = "",
    authserv_id: str = "",
) -> Mail:
    """Read one mail.

    Args:
        raw: The bytes as received.
        envelope: The SMTP session's side of it.
        own_addresses: The desk's own addresses: mail from them is a loop, mail to none of them is not answered.
        instance: This installation's public name, as our letters carry it.
        authserv_id: Our own mail server's name in Authentication-Results; empty: no such header is believed.
    """
    message, warnings = read_structure(raw)
    try:
        mail = _mail(message, envelope, own_addresses, instance, warnings)
        is_bounce = mail.automation.kind is AutomaticKind.BOUNCE
        return replace(
            mail,
            trust=trust_of(message, authserv_id),
            returned_ids=returned_ids(message, mail.text) if is_bounce else (),
        )
    except Exception as error:  # noqa: BLE001 - the promise: a mail that breaks a rule of ours still becomes a ticket
        text = clean(decode(raw[:MAX_TEXT]))
        why = f"read as plain text only: {type(error).__name__}"
        return Mail(
            envelope=envelope,
            sender=None,
            text=text,
            reply_text=text,
            automation=Automation(may_reply=False, evidence=(f"unreadable: {why}",)),  # RFC 3834 2: malformed requests
            warnings=(*warnings, why),
        )


def envelope_of_file(raw: bytes, received_at: datetime) -> Envelope:
    """The envelope that a file stands for: Return-Path is MAIL FROM, the delivery headers or To are the recipients."""
    message = message_from_bytes(_JUNK_START.sub(b"", raw[: LONGEST * 4]))
    paths = raw_headers(message, "Return-Path")
    path = clean(decode(unfold(paths[0]))).strip() if paths else ""
    found = re.search(r"<([^<>]*)>", path)
    recipients = [
        address.addr
        for name in ("Delivered-To", "X-Original-To", "To", "Cc")
        for address in addresses(raw_headers(message, name))
    ]
    return Envelope(
        mail_from=found[1].strip() if found else path,
        rcpt_tos=tuple(dict.fromkeys(recipients)),
        received_at=received_at,
        is_from_file=True,
        is_sender_known=bool(paths),
    )


def attachment_bytes(raw: bytes, part: int) -> bytes | None:
    """The bytes of the attachment with that part number; None if there is no such part."""
    message, _ = read_structure(raw)
    return next((payload_bytes(found) for number, found in walk(message) if number == part), None)


def read_structure(raw: bytes) -> tuple[Message, list[str]]:
    """The MIME tree, and warnings about how it was won."""
    warnings: list[str] = []
    raw = _mended(raw, warnings)
    try:
        return mailparser.parse_from_bytes(raw).message, warnings
    except Exception as error:  # noqa: BLE001 - mail-parser raises on some boundary defects and deep trees
        warnings.append(f"mail-parser failed ({type(error).__name__}); read with the standard parser")
    try:
        return message_from_bytes(raw), warnings
    except Exception as error:  # noqa: BLE001 - RecursionError on very deep trees: the headers are still good
        warnings.append(f"structure not readable ({type(error).__name__}); read as one text")
        head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:LONGEST] else b"\n\n")
        message = message_from_bytes(
            re.sub(rb"(?im)^content-(?:type|transfer-encoding):.*(?:\n[ \t].*)*\n?", b"", head) + b"\n\n"
        )
        message.set_payload(body[:MAX_TEXT].decode("ascii", "surrogateescape"))
        return message, warnings


def _mended(raw: bytes, warnings: list[str]) -> bytes:
    """The bytes with headers that every parser reads: junk in front, lost folding and over-long fields mended."""
    if b"\n" not in raw[:LONGEST] and b"\r" in raw[:LONGEST]:
        raw = raw.replace(b"\r", b"\n")  # line ends of old Macintoshes
    raw = _JUNK_START.sub(b"", raw) if _JUNK_START.match(raw) else raw
    head_end = re.search(rb"\r?\n\r?\n", raw[: LONGEST * 8])
    head = raw[: head_end.start()] if head_end else raw[: LONGEST * 8]
    if _WELL_FORMED.fullmatch(head):
        return raw
    lines = head.split(b"\n")
    first = next((at for at, line in enumerate(lines[:4]) if _HEADER_LINE.match(line)), None)
    if first is None:
        return raw
    if first:
        warnings.append("a line that is no header stood before the headers")
    return b"\n".join(_mended_lines(lines[first:], warnings)) + raw[len(head) :]


def _mended_lines(lines: list[bytes], warnings: list[str]) -> list[bytes]:
    """Header lines where a lost fold gets its blank back; a line before which the body began stays where it is."""
    out: list[bytes] = []
    last_known = max((at for at, line in enumerate(lines) if _KNOWN_HEADER.match(line)), default=-1)
    size = 0
    for at, line in enumerate(lines):
        is_header = _HEADER_LINE.match(line) is not None
        size = len(line) if is_header else size + len(line)
        if size > LONGEST // 4:
            warnings.append("an over-long header was cut")
            line = line[: max(0, LONGEST // 4 - size + len(line))]  # noqa: PLW2901 - the rest of the field is dropped
            if not line:
                continue
        if is_header:
            out.append(_SPACED_COLON.sub(rb"\1:", line))
        elif line[:1] in {b" ", b"\t"} or at > last_known:
            out.append(line)
        else:
            warnings.append("a header line had lost its folding")
            out.append(b" " + line)
    return out


def _mail(message: Message, envelope: Envelope, own: frozenset[str], instance: str, warnings: list[str]) -> Mail:
    subject = " ".join(clean(header_text(message, "Subject")).split())
    sender, sender_raw = _sender(message, envelope, warnings)
    to, cc = (addresses(raw_headers(message, name)) for name in ("To", "Cc"))
    text = clean(body_text(message))
    if len(text) > MAX_TEXT:
        warnings.append(f"text cut at {MAX_TEXT} characters")
        text = text[:MAX_TEXT]
    if has_leftovers(text) or has_leftovers(subject):
        warnings.append("some characters could not be decoded")
    ids = message_ids(raw_headers(message, "In-Reply-To"))
    recipients = [address.addr for address in (*to, *cc)]
    attachments = attachments_of(message)
    return Mail(
        envelope=envelope,
        sender=sender,
        to=to,
        cc=cc,
        reply_to=addresses(raw_headers(message, "Reply-To")),
        subject=subject,
        sent_at=sent_at(message),
        message_id=message_id(message),
        in_reply_to=ids[0] if ids else None,
        references=message_ids(raw_headers(message, "References")),
        thread_refs=thread_refs(subject, (*envelope.rcpt_tos, *recipients)),
        text=text,
        reply_text=own_words(text),
        attachments=attachments,
        automation=judge(
            _signs(message, envelope, sender, sender_raw, subject, text, attachments, recipients, own, instance)
        ),
        warnings=tuple(warnings),
    )


def _sender(message: Message, envelope: Envelope, warnings: list[str]) -> tuple[Address | None, str]:
    """The last From with an address, then Reply-To, Sender, Return-Path, the envelope; and From as it came."""
    froms = raw_headers(message, "From")
    shown = clean(decode_words(froms[-1])) if froms else ""
    found = addresses(reversed(froms))
    if found:
        return (addresses(froms[-1:]) or found)[0], shown
    for name in ("Reply-To", "Sender", "Return-Path"):
        found = addresses(raw_headers(message, name))
        if found:
            warnings.append(f"no address in From; taken from {name}")
            return found[0], shown
    if "@" in envelope.mail_from:
        warnings.append("no address in From; taken from the envelope")
        return Address(addr=envelope.mail_from), shown
    warnings.append("no sender address")
    return None, shown


def _signs(
    message: Message,
    envelope: Envelope,
    sender: Address | None,
    sender_raw: str,
    subject: str,
    text: str,
    attachments: tuple[Attachment, ...],
    recipients: list[str],
    own: frozenset[str],
    instance: str,
) -> Signs:
    headers: dict[str, list[str]] = {}
    for key, value in message.raw_items():
        name = key.lower()
        if name.startswith(_TELLING) and len(headers.setdefault(name, [])) < _MOST_REPEATS:
            headers[name].append(clean(decode(unfold(as_bytes(str(value))[:4000])))[:2000].strip())
    types = raw_headers(message, "Content-Type")
    return Signs(
        envelope=envelope,
        headers={name: tuple(filter(None, values)) for name, values in headers.items()},
        sender=sender.addr.casefold() if sender else "",
        sender_raw=sender_raw,
        subject=subject,
        text=text[:_SIGN_TEXT],
        content_type=clean(decode(unfold(types[0]))) if types else "",
        part_types=tuple(content_type(part) for _, part in walk(message)),
        file_names=tuple(attachment.filename for attachment in attachments),
        calendar_methods=calendar_methods(message),
        recipients=frozenset(_without_plus(address) for address in recipients),
        own=frozenset(address.casefold() for address in own),
        instance=instance,
    )


def _without_plus(address: str) -> str:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
