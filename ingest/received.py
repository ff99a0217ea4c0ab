"""Which server handed a mail over to the first relay of ours? Reads the trace on top of the mail (RFC 5321 4.4).

Promises: believes a `Received` header only while every server above it is one of our own relays, so that nothing a
stranger wrote into his mail counts; where the writer's own words leave a doubt, there is no answer. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.mail import Envelope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE = "private"  # in settings: this machine and the networks that no stranger reaches us from
_PRIVATE = "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 fc00::/7 fe80::/10"
MOST_HOPS = 20
_LONGEST = 4_000  # characters of one header that are looked at
# HELO is the stranger's own word, wherever a server puts it: Exim's (helo=x), qmail's (HELO x).
_SAID = re.compile(r"\b(?:helo|ehlo)[= ]\s*[^\s()]+", re.IGNORECASE)
_BRACKETED = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.:\[-])([0-9A-Fa-f:.]{2,45})(?![\w.:\]-])")
_AUTHENTICATED = re.compile(
    r"\bwith\s+(?:E?SMTPS?A|UTF8SMTPS?A|UTF8LMTPS?A|LMTPS?A)\b", re.IGNORECASE
)  # RFC 3848, 6531


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The server that spoke to our first relay: its address, and how it greeted."""

    address: str
    helo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoClient:
    """No such server can be named; `why` completes "SPF was not judged: ..."."""

    why: str


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks and addresses, comma separated; `private` stands for this machine and all private ranges.

    Raises:
        ValueError: A part is neither; the message names it.
    """
    found: list[Network] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part.casefold() == PRIVATE:
            found += map(ipaddress.ip_network, _PRIVATE.split())
            continue
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            msg = f"{part!r} is no network; write networks like 192.0.2.0/24, addresses, or {PRIVATE}, with commas"
            raise ValueError(msg) from None
    return tuple(dict.fromkeys(found))


def client_of(envelope: Envelope, received: Sequence[str], relays: Sequence[Network]) -> Client | NoClient:
    """The server that handed the mail to the first of our relays, or to us.

    Args:
        envelope: Who spoke to us; without an address it was a program of this machine.
        received: The `Received` headers, unfolded, topmost first.
        relays: The networks of our own relays.
    """
    peer = _address(envelope.peer)
    if envelope.peer and peer is None:
        return NoClient(why="the address of the server that spoke to us is not known")
    if peer is not None and not _is_in(peer, relays):
        return Client(address=str(peer), helo=envelope.helo)
    for header in received[:MOST_HOPS]:
        hop = _hop(header[:_LONGEST])
        if isinstance(hop, NoClient):
            return hop
        address = ipaddress.ip_address(hop.address)
        if not _is_in(address, relays):
            return hop
    return NoClient(why="the trace of our own relays names no server of the sender")


def _hop(header: str) -> Client | NoClient:
    """Whom the relay that wrote this header got the mail from."""
    plain, comments = _told_apart(header)
    words = plain.split()
    if not words or words[0].casefold() != "from" or len(words) < 2:
        return NoClient(why="a relay of ours does not say where the mail came from")
    if _AUTHENTICATED.search(plain):
        return NoClient(why="the sender signed in at a relay of ours")
    helo = words[1]
    own = _SAID.sub(" ", comments)
    found = set(_BRACKETED.findall(own)) or set(_BARE.findall(own))
    if said := _SAID.findall(comments):
        found |= set(_BRACKETED.findall(helo))  # Exim, for a server without a name: from [192.0.2.1] (helo=x)
        helo = re.split(r"[= ]", said[-1])[-1]
    addresses = {address for address in map(_address, found) if address is not None}
    if len(addresses) != 1:
        return NoClient(why="a relay of ours does not say clearly where the mail came from")
    return Client(address=str(addresses.pop()), helo=helo)


def _told_apart(header: str) -> tuple[str, str]:
    """(what stands outside of parentheses, what stands in those before `by`): only there does a server name its client."""
    plain, comments = "", ""
    depth = 0
    is_over = False
    for char in " ".join(header.split()):
        if char in "()":
            depth = depth + 1 if char == "(" else max(0, depth - 1)
            char = " "  # noqa: PLW2901 - words do not grow together where a parenthesis stood
        if not depth:
            plain += char
            is_over = is_over or plain.endswith(" by ")
        elif not is_over:
            comments += char
    return plain, comments


def _address(text: str) -> IpAddress | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _is_in(address: IpAddress, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
