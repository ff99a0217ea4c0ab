"""Which of our letters does a failure report carry back? The Message-IDs of the returned message, from wherever it stands.

Reads attached messages (message/rfc822), attached headers (text/rfc822-headers, RFC 6522) and mail servers that write the
returned headers into their text. Proves nothing: whoever uses an id must verify its signature.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING

from ingest.body import content_type, payload_bytes
from ingest.headers import LONGEST, message_ids, raw_headers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

MOST = 50
_IN_TEXT = re.compile(r"\bmessage-id[ \t]{0,9}[:：]\s{0,20}(<[^<>\s]{3,900}>)", re.IGNORECASE)
_SCAN_BYTES = 200_000
_OWN_ID = re.compile(
    rb"^[> \t]*message-id:\s*(<T\d{6,12}\.[a-z0-9]{1,40}\.[a-z2-7]{16}@[!-;=?-~]{1,255}>)", re.IGNORECASE | re.MULTILINE
)
_ACTION = re.compile(rb"^action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(
    rb"^(?:final|original)-recipient:[ \t]*rfc822[ \t]*;[ \t]*<?([^\s<>;]{3,320})>?", re.IGNORECASE | re.MULTILINE
)
_BLOCK = re.compile(rb"\r?\n[ \t]*\r?\n")
_ATTACHED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"})


def returned_ids(parts: Iterable[tuple[int, Message]], text: str) -> tuple[str, ...]:
    """The Message-IDs of what came back, each once, those of attached messages first."""
    found: list[str] = []
    for _, part in parts:
        if content_type(part) in _ATTACHED:
            found += message_ids(raw_headers(_attached(part), "Message-ID"))
    found += _IN_TEXT.findall(text)
    return tuple(dict.fromkeys(found))[:MOST]


def is_failure(raw: bytes) -> bool:
    """Does a delivery report tell of a failure? One that names only delays or successes does not (RFC 3464 2.3.3)."""
    actions = {found[1].lower() for found in _ACTION.finditer(raw[:_SCAN_BYTES])}
    return not actions or b"failed" in actions


def failed_recipients(raw: bytes) -> tuple[str, ...]:
    """The addresses, folded, that a delivery report names as failed (RFC 3464 2.3); empty where it is no such report."""
    found: list[str] = []
    for block in _BLOCK.split(raw[:_SCAN_BYTES]):
        actions = {one[1].lower() for one in _ACTION.finditer(block)}
        if b"failed" in actions:
            found += [one[1].decode("utf-8", "replace").casefold() for one in _RECIPIENT.finditer(block)]
    return tuple(dict.fromkeys(found))[:MOST]


def own_ids_in(raw: bytes) -> tuple[str, ...]:
    """What looks like a Message-ID of ours at the start of a line of the report's bytes, wherever it was put."""
    return tuple(found[1].decode("ascii") for found in _OWN_ID.finditer(raw[:_SCAN_BYTES]))


def _attached(part: Message) -> Message:
    return message_from_bytes(payload_bytes(part).lstrip()[:LONGEST])
