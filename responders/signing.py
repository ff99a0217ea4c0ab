"""Signed names: Message-IDs and plus addresses that only this installation can have made.

HMAC-SHA256 with the installation's secret, cut to 80 bits and written in lower-case base32 (addresses lose their case
on the way). A forged bounce or reference proves nothing without it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_CHARS = 16  # 80 bits
_PLUS = re.compile(
    r"^(?P<local>[^+@]+)\+(?P<bounce>bounce\.)?(?P<ref>T\d{6,12})\.(?P<sign>[a-z2-7]{16})@", re.IGNORECASE | re.ASCII
)
_SPLIT = re.compile(
    r"^[^+@]+\+split\.(?P<ref>T\d{6,12})\.(?P<number>\d{1,2})\.(?P<sign>[a-z2-7]{16})@", re.IGNORECASE | re.ASCII
)
_MEMO = re.compile(r"^[^+@]+\+memo\.(?P<name>[a-z2-7]{16})\.(?P<sign>[a-z2-7]{16})@", re.IGNORECASE | re.ASCII)
_MESSAGE_ID = re.compile(r"^<(?P<ref>T\d{6,12})\.(?P<part>[a-z0-9]{1,40})\.(?P<sign>[a-z2-7]{16})@", re.ASCII)


def sign(secret: bytes, purpose: str, text: str) -> str:
    """16 characters that prove `text` for `purpose`."""
    digest = hmac.new(secret, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode("ascii").lower()[:_CHARS]


def verify(secret: bytes, purpose: str, text: str, signature: str) -> bool:
    """Was this signature made with our secret? Constant time."""
    return hmac.compare_digest(sign(secret, purpose, text), signature.lower())


def plus_address(address: str, ref: str, secret: bytes, *, is_bounce: bool = False) -> str:
    """The desk's address for replies to a ticket, or for bounces of its letters."""
    local, _, domain = address.rpartition("@")
    purpose = "bounce" if is_bounce else "reply"
    return f"{local}+{'bounce.' if is_bounce else ''}{ref}.{sign(secret, purpose, ref)}@{domain}"


def ref_of_plus_address(address: str, secret: bytes) -> str | None:
    """The ticket of a plus address, if we signed it."""
    match = _PLUS.match(address)
    if match is None:
        return None
    ref = match["ref"].upper()
    purpose = "bounce" if match["bounce"] else "reply"
    return ref if verify(secret, purpose, ref, match["sign"]) else None


def split_address(address: str, ref: str, number: int, secret: bytes) -> str:
    """The desk's address for the new mail about issue `number` of a ticket whose customer was asked to split it."""
    local, _, domain = address.rpartition("@")
    return f"{local}+split.{ref}.{number}.{sign(secret, 'split', f'{ref}.{number}')}@{domain}"


def split_of_address(address: str, secret: bytes) -> tuple[str, int] | None:
    """Ticket and issue that a split address stands for, if we signed it."""
    match = _SPLIT.match(address)
    if match is None:
        return None
    ref, number = match["ref"].upper(), int(match["number"])
    return (ref, number) if verify(secret, "split", f"{ref}.{number}", match["sign"]) else None


def memo_address(address: str, key: str, secret: bytes) -> str:
    """Where failure reports of the memo with that key come to; the same key gives the same address."""
    name = base64.b32encode(hashlib.sha256(key.encode()).digest()[:10]).decode("ascii").lower()[:_CHARS]
    return _memo_address(address, name, secret)


def memo_of_address(recipient: str, address: str, secret: bytes) -> str | None:
    """The address that `memo_address` made, as it made it, of a recipient in any spelling; None if we did not sign it."""
    match = _MEMO.match(recipient)
    if match is None:
        return None
    name = match["name"].lower()
    return _memo_address(address, name, secret) if verify(secret, "memo", name, match["sign"]) else None


def _memo_address(address: str, name: str, secret: bytes) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+memo.{name}.{sign(secret, 'memo', name)}@{domain}"


def message_id_for(ref: str, part: str, domain: str, secret: bytes) -> str:
    """A Message-ID of ours; the same ticket and part (letter kind and inbound mail) give the same id."""
    unique = hashlib.sha256(f"{ref}\0{part}".encode()).hexdigest()[:20]
    return f"<{ref}.{unique}.{sign(secret, 'message-id', f'{ref}.{unique}')}@{domain}>"


def ref_of_message_id(message_id: str, secret: bytes) -> str | None:
    """The ticket of a Message-ID, if we signed it."""
    match = _MESSAGE_ID.match(message_id)
    if match is None or not verify(secret, "message-id", f"{match['ref']}.{match['part']}", match["sign"]):
        return None
    return match["ref"]
