"""How much one peer, and all of them together, may ask of the door at once: sessions, and mails a minute.

Counts only what it is told; time is an argument. A peer is an IPv4 address or an IPv6 /64 network, because a single
customer's line has a whole one. Peers of the `unlimited` networks (an MTA in front, this machine) are bound by the total
alone, which bounds the memory.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_MINUTE_S = 60.0
_MOST_PEERS = 10_000  # remembered; those whose allowance is whole again are forgotten first
_HOST_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLimits:
    """What is allowed; 0 lifts a limit."""

    sessions: int = 200
    sessions_per_peer: int = 20
    mails_per_minute: int = 120
    unlimited: tuple[Network, ...] = LOOPBACK


@dataclass(slots=True)
class _Allowance:
    """Mails that a peer may still send, as of an instant; a minute fills it up again."""

    mails: float
    at: float


@dataclass(slots=True)
class Throttle:
    """The counts of one process."""

    limits: PeerLimits
    _sessions: int = 0
    _by_peer: dict[str, int] = field(default_factory=dict)
    _allowances: dict[str, _Allowance] = field(default_factory=dict)

    def enter(self, address: str) -> bool:
        """May this peer open one more session? If so it counts until `leave`."""
        peer = self._limited_peer(address)
        if self.limits.sessions and self._sessions >= self.limits.sessions:
            return False
        here = self._by_peer.get(peer, 0)
        if peer and self.limits.sessions_per_peer and here >= self.limits.sessions_per_peer:
            return False
        self._sessions += 1
        if peer:
            self._by_peer[peer] = here + 1
        return True

    def leave(self, address: str) -> None:
        """A session that `enter` let in has ended."""
        self._sessions -= 1
        peer = self._limited_peer(address)
        here = self._by_peer.pop(peer, 0) - 1
        if here > 0:
            self._by_peer[peer] = here

    def may_send(self, address: str, now: float) -> bool:
        """May this peer send one more mail at `now` (seconds of any steady clock)? If so it is counted."""
        most = self.limits.mails_per_minute
        peer = self._limited_peer(address)
        if not most or not peer:
            return True
        one = self._allowances.get(peer)
        if one is None:
            self._forget(now)
            one = self._allowances[peer] = _Allowance(most, now)
        one.mails = self._grown(one, now)
        one.at = now
        if one.mails < 1:
            return False
        one.mails -= 1
        return True

    def _grown(self, one: _Allowance, now: float) -> float:
        most = self.limits.mails_per_minute
        return min(most, one.mails + (now - one.at) * most / _MINUTE_S)

    def _forget(self, now: float) -> None:
        """Keep the memory bounded whoever calls: whole allowances go first, then the longest unused."""
        if len(self._allowances) < _MOST_PEERS:
            return
        most = self.limits.mails_per_minute
        self._allowances = {p: one for p, one in self._allowances.items() if self._grown(one, now) < most}
        if len(self._allowances) >= _MOST_PEERS:
            latest = sorted(self._allowances.items(), key=lambda pair: pair[1].at)[_MOST_PEERS // 2 :]
            self._allowances = dict(latest)

    def _limited_peer(self, address: str) -> str:
        return _peer_of(address, self.limits.unlimited)


@lru_cache(maxsize=4096)
def _peer_of(address: str, unlimited: tuple[Network, ...]) -> str:
    """Whom an address is counted as; empty if it is not counted (a local socket has no address)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in unlimited):
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, _HOST_BITS), strict=False))
    return str(ip)
