"""May this envelope come in? A pure answer; nothing is refused for its content, only for whom it is addressed to.

Follows RFC 5321 4.5.1 (postmaster is always heard) and the contract: the desk's own addresses and plus addresses of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MAX_RECIPIENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the door knows: the desk's addresses, how many recipients one mail may have."""

    addresses: tuple[str, ...]
    max_recipients: int = MAX_RECIPIENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """Come in; `desk_address` is the desk it is for, without plus part, casefolded."""

    desk_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Stay out; `reply` is the SMTP answer, code first."""

    reply: str


def admit(recipient: str, already: int, limits: Limits) -> Admit | Refuse:
    """May the mail have this recipient, `already` of them being in?"""
    if already >= limits.max_recipients:
        return Refuse(reply="452 4.5.3 Too many recipients")
    desk = desk_of(recipient, limits.addresses)
    if desk is None:
        return Refuse(reply="550 5.1.1 No such recipient here")
    return Admit(desk_address=desk)


@lru_cache(maxsize=1024)
def desk_of(recipient: str, addresses: tuple[str, ...]) -> str | None:
    """The desk address that a recipient means; None if it is none of ours.

    Local parts are compared without case: nobody runs two desks that differ by a capital.
    """
    local, at, domain = recipient.strip().strip("<>").rpartition("@")
    folded = [address.casefold() for address in addresses]
    if not at:
        return folded[0] if domain.casefold() == "postmaster" else None
    bare = f"{local.partition('+')[0]}@{domain}".casefold()
    if bare in folded:
        return bare
    domains = {address.rpartition("@")[2]: address for address in reversed(folded)}
    return domains.get(domain.casefold()) if local.casefold() == "postmaster" else None
