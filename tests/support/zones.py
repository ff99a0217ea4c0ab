"""A DNS zone of a test, DKIM keys of its own, and mails signed with them. Nothing here leaves the machine."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import dkim

from ingest.resolver import Answer, DnsTrouble

SILENT = DnsTrouble("LifetimeTimeout")
_E = 65_537


class Zone:
    """A resolver that knows these records only: `{"example.jp TXT": [b"v=spf1 -all"]}`; an exception is raised."""

    def __init__(self, records: Mapping[str, Iterable[Answer] | Exception] | None = None) -> None:
        self.records = dict(records or {})
        self.asked: list[str] = []
        self.lifetimes: list[float] = []

    def ask(self, name: str, kind: str, lifetime_s: float) -> tuple[Answer, ...]:
        question = f"{name.rstrip('.').lower()} {kind}"
        self.asked.append(question)
        self.lifetimes.append(lifetime_s)
        found = self.records.get(question, ())
        if isinstance(found, Exception):
            raise found
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key: what signs, and what stands in the DNS."""

    pem: bytes
    public: bytes  # base64 of the RSAPublicKey

    @property
    def record(self) -> bytes:
        return b"v=DKIM1; k=rsa; p=" + self.public


@lru_cache
def key(bits: int = 1024, seed: int = 1) -> Key:
    """Made anew in every run, for no private key is kept in the tree."""
    numbers = random.Random(f"{bits}/{seed}")
    while True:
        p, q = _prime(bits // 2, numbers), _prime(bits // 2, numbers)
        phi = (p - 1) * (q - 1)
        if p != q and phi % _E:
            break
    d, n = pow(_E, -1, phi), p * q
    private = _sequence(0, n, _E, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.b64encode(private) + b"\n-----END RSA PRIVATE KEY-----\n"
    return Key(pem, base64.b64encode(_sequence(n, _E)))


def signed(
    raw: bytes,
    domain: str,
    selector: str = "s1",
    *,
    by: Key | None = None,
    canon: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    covers: tuple[bytes, ...] = (b"from", b"from", b"subject", b"to", b"date"),
    length: bool = False,
    identity: bytes | None = None,
) -> bytes:
    """The mail with a signature of that domain on top."""
    own = by or key()
    made = dkim.sign(
        raw,
        selector.encode(),
        domain.encode(),
        own.pem,
        identity=identity,
        canonicalize=canon,
        include_headers=list(covers),
        length=length,
    )
    return bytes(made) + raw


def _prime(bits: int, numbers: random.Random) -> int:
    while True:
        number = numbers.getrandbits(bits) | 1 | 3 << (bits - 2)  # two bits on top: the product has all its bits
        if all(pow(numbers.randrange(2, number - 1), number - 1, number) == 1 for _ in range(8)):
            return number


def _sequence(*numbers: int) -> bytes:
    return _der(0x30, b"".join(_der(0x02, one.to_bytes(one.bit_length() // 8 + 1, "big")) for one in numbers))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(long)]) + long + content
