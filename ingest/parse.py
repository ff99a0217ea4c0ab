"""Bytes become a `Mail`.

Promises: never raises on content; what cannot be read leaves a warning, never a hole. The parts come from
`structure`; every text is decoded from their bytes by ourselves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.authentication import trust_of
from ingest.automation import Signs, judge
from ingest.body import MAX_PARTS, attachments_of, body_text, calendar_methods, content_type, payload_bytes, walk
from ingest.charset import clean, decode, leftovers
from ingest.headers import (
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
from ingest.inline import inline_answers
from ingest.quotes import own_words
from ingest.returned import returned_ids
from ingest.sealed import seals_of
from ingest.structure import headers_of, read_structure
from ingest.thread_refs import thread_refs
from models.mail import Address, AutomaticKind, Automation, Envelope, Mail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from email.message import Message


MAX_TEXT = 1_000_000
_SIGN_TEXT = 6_000
_MOST_REPEATS = 50  # of one header: a machine that repeats it oftener has been found out long before
_BLANKS = re.compile(r"[\x00-\x20\x7f\x85\xa0]+")  # the wide blank of Japanese is part of the subject
# What mail programs put before the subject of an answer or a forwarded mail, tags of lists and desks before it aside.
_ANSWERING = re.compile(
    r"\A\s*(?:\[[^\]]{1,40}\]\s*|【[^】]{1,40}】\s*)*(?:re|aw|sv|vs|antw|odp|r|fw|fwd|wg|tr|rv|enc|i|返信|返|転送|回复|回覆|答复|转发|轉寄)\s*(?:[\[(（^*]?\d+[\])）]?\s*)?[:：]",
    re.IGNORECASE,
)
_FORWARDING = re.compile(r"\A\s*(?:fwd?|wg|tr|転送|转发|轉寄)\s*[:：]", re.IGNORECASE)
_TELLING = (
    "x-",
    "list-",
    "auto",
    "preced",
    "mailing",
    "feedback",
    "in-reply",
    "references",
    "return",
    "delivered-to",
    "message-type",
    "user-agent",
)


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
    message, found = read_structure(raw)
    warnings = [*found]
    try:
        parts = tuple(walk(message))
        if len(parts) == MAX_PARTS:
            warnings.append(f"parts behind the {MAX_PARTS}th were not looked at")
        mail = _mail(message, parts, envelope, own_addresses, instance, warnings)
        is_bounce = mail.automation.kind is AutomaticKind.BOUNCE
        trust = trust_of(message, authserv_id)
        return replace(
            mail,
            trust=trust.trust,
            trust_evidence=trust.evidence,
            returned_ids=returned_ids(parts, mail.text) if is_bounce else (),
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
    message = headers_of(raw)
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


def _mail(
    message: Message,
    parts: Sequence[tuple[int, Message]],
    envelope: Envelope,
    own: frozenset[str],
    instance: str,
    warnings: list[str],
) -> Mail:
    subject = _BLANKS.sub(" ", clean(header_text(message, "Subject"))).strip()
    sender, sender_raw = _sender(message, envelope, warnings)
    to, cc = (addresses(raw_headers(message, name)) for name in ("To", "Cc"))
    text = clean(body_text(message))
    if len(text) > MAX_TEXT:
        warnings.append(f"text cut at {MAX_TEXT} characters")
        text = text[:MAX_TEXT]
    if broken := leftovers(text) + leftovers(subject):
        warnings.append(f"{broken} characters could not be decoded")
    seals = seals_of(parts, text)
    warnings += [seal.sentence for seal in seals]
    ids = message_ids(raw_headers(message, "In-Reply-To"))
    references = message_ids(raw_headers(message, "References"))
    recipients = [address.addr for address in (*to, *cc)]
    mail = Mail(
        envelope=envelope,
        sender=sender,
        to=to,
        cc=cc,
        reply_to=addresses(raw_headers(message, "Reply-To")),
        subject=subject,
        sent_at=sent_at(message),
        message_id=message_id(message),
        in_reply_to=ids[0] if ids else None,
        references=references,
        thread_refs=thread_refs(subject, (*envelope.rcpt_tos, *recipients)),
        text=text,
        reply_text=newly_written(text, subject, sender.name if sender else "", is_threaded=bool(ids or references)),
        inline_answers=inline_answers(text) if ids or references or _ANSWERING.match(subject) else (),
        attachments=attachments_of(parts),
        warnings=tuple(warnings),
    )
    is_sealed = any(seal.hides_text for seal in seals)
    signs = _signs(message, parts, mail, sender_raw, own=own, instance=instance, is_sealed=is_sealed)
    return replace(mail, automation=judge(signs))


def newly_written(text: str, subject: str, name: str, *, is_threaded: bool = False) -> str:
    """What the sender newly wrote, as his subject and name tell it.

    Args:
        text: The text of the mail.
        subject: Its subject: an answer and a forwarded mail quote.
        name: The sender's name, with which a signature may begin.
        is_threaded: The headers name a mail that it answers.
    """
    return own_words(
        text,
        is_reply=is_threaded or _ANSWERING.match(subject) is not None,
        is_forward=_FORWARDING.match(subject) is not None,
        name=name,
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
            said = shown.strip("\"'<> ")
            return (replace(found[0], name=said) if said else found[0]), shown
    if "@" in envelope.mail_from:
        warnings.append("no address in From; taken from the envelope")
        return Address(addr=envelope.mail_from), shown
    warnings.append("no sender address")
    return None, shown


def _signs(
    message: Message,
    parts: Sequence[tuple[int, Message]],
    mail: Mail,
    sender_raw: str,
    *,
    own: frozenset[str],
    instance: str,
    is_sealed: bool,
) -> Signs:
    headers: dict[str, list[str]] = {}
    for key, value in message.raw_items():
        name = key.lower()
        if name.startswith(_TELLING) and len(headers.setdefault(name, [])) < _MOST_REPEATS:
            headers[name].append(clean(decode(unfold(as_bytes(str(value))[:4000])))[:2000].strip())
    types = raw_headers(message, "Content-Type")
    return Signs(
        envelope=mail.envelope,
        headers={name: tuple(filter(None, values)) for name, values in headers.items()},
        sender=mail.sender.addr.casefold() if mail.sender else "",
        sender_raw=sender_raw,
        subject=mail.subject,
        text=mail.text[:_SIGN_TEXT],
        own_text=mail.reply_text[:_SIGN_TEXT],
        content_type=clean(decode(unfold(types[0]))) if types else "",
        part_types=tuple(content_type(part) for _, part in parts),
        file_names=tuple(attachment.filename for attachment in mail.attachments),
        calendar_methods=calendar_methods(parts),
        is_sealed=is_sealed,
        recipients=frozenset(_without_plus(address.addr) for address in (*mail.to, *mail.cc)),
        own=frozenset(address.casefold() for address in own),
        instance=instance,
    )


def _without_plus(address: str) -> str:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
