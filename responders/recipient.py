"""Whom a letter goes to: one address, chosen by a named rule, or none.

Follows RFC 3834 section 4 as the desk's policy narrows it: the From address where the envelope or the sender's proven
identity backs it, else the envelope sender; Reply-To only from a proven sender and within his own domain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.mail import Trust

if TYPE_CHECKING:
    from models.mail import Address, Mail

# RFC 5321 dot-string without quoting; what needs quotes is no customer's address.
_USABLE = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$")
_LONGEST_LOCAL = 200  # RFC 5321 allows 64
_ROLE = re.compile(
    r"^(?:mailer-?daemon|daemon|nobody|root|post_?master|listserv|majordomo|owner-.*|.*-owner|.*-request|.*-bounces?|bounces?(?:[-+._=].*)?"
    r"|(?:.*[-_.])?no[-_.]?reply(?:[-_.+].*)?|(?:.*[-_.])?do[-_.]?not[-_.]?reply(?:[-_.+].*)?|prvs=.*|srs[01][=+-].*|.*[+-][^=]+=[^=]+\.[^=]+)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The one address a letter goes to, and the rule that chose it."""

    address: str  # ASCII, an international domain in its IDNA form
    rule: str


def choose_recipient(mail: Mail) -> Recipient | None:
    """The address to answer; None if the mail names none that can be written to (autoreply rule 17)."""
    sender = usable_address(mail.sender.addr) if mail.sender else None
    if sender is None:
        return _envelope_sender(mail, "envelope_sender_no_from")
    if mail.trust is Trust.ALIGNED:
        reply_to = _own_reply_to(mail, sender)
        return Recipient(address=reply_to or sender, rule="reply_to_aligned" if reply_to else "from_aligned")
    if not mail.envelope.is_sender_known:
        return Recipient(address=sender, rule="from_without_envelope")
    if _are_related(_domain(sender), _domain(mail.envelope.mail_from)):
        return Recipient(address=sender, rule="from_matches_envelope")
    return _envelope_sender(mail, "envelope_sender")


def usable_address(addr: str) -> str | None:
    """The address as it goes on the wire; None if a plain SMTP server could not take it."""
    local, at, domain = addr.strip().rpartition("@")
    if not at:
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower() if not domain.isascii() else domain
    except UnicodeError:
        return None
    whole = f"{local}@{ascii_domain}"
    is_dotted_well = not (local.startswith(".") or local.endswith(".") or ".." in local)
    return whole if _USABLE.match(whole) and is_dotted_well and len(whole) <= 254 else None


def is_role_address(addr: str) -> bool:
    """Does nobody read there? Daemons, list owners, no-reply boxes, one message's return path (RFC 3834 section 2)."""
    return _ROLE.match(addr.rpartition("@")[0][:_LONGEST_LOCAL]) is not None


def without_plus(addr: str) -> str:
    """The mailbox an address means, for comparison: casefolded, without plus part."""
    local, _, domain = addr.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _envelope_sender(mail: Mail, rule: str) -> Recipient | None:
    found = usable_address(mail.envelope.mail_from)
    return Recipient(address=found, rule=rule) if found else None


def _own_reply_to(mail: Mail, sender: str) -> str | None:
    """The Reply-To of a proven sender, if it is one address of his own domain."""
    if len(mail.reply_to) != 1:
        return None
    found = usable_address(_only(mail.reply_to).addr)
    return found if found and found != sender and _domain(found) == _domain(sender) else None


def _only(addresses: tuple[Address, ...]) -> Address:
    return addresses[0]


def _domain(addr: str) -> str:
    return addr.rpartition("@")[2].casefold()


def _are_related(one: str, other: str) -> bool:
    """Same domain, or one a subdomain of the other (relaxed alignment, RFC 7489 3.1)."""
    return bool(one and other) and (one == other or one.endswith(f".{other}") or other.endswith(f".{one}"))
