"""Signs a letter by DKIM (RFC 6376, 8301), so that receivers can tell ours from forgeries.

Promises: the signature is one field in front of the letter, whose own bytes stay as they are, its Message-ID among them;
relaxed/relaxed; every field that a reader or his program acts on is covered, From and Subject once more than they stand
there, so that a second one breaks the signature; the body as a whole (no l=). A key that would sign nothing that
verifies is found when it is read. RSA only: few receivers verify Ed25519 (RFC 8463). Reads no file and asks no DNS.
"""

from __future__ import annotations

import base64
import logging
import re
from dataclasses import dataclass, field

import dkim
from dkim.crypto import parse_private_key, parse_public_key
from dkim.util import parse_tag_value

from models.errors import DeliveryDeferred

_COVERED = tuple(
    b"from from to reply-to subject subject date message-id in-reply-to references auto-submitted mime-version"
    b" content-type content-transfer-encoding content-language".split()
)
_PEM = re.compile(rb"-----BEGIN (?:RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PRIVATE KEY-----")
_BITS = range(1024, 4097)  # what receivers must verify (RFC 8301 3.2)
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")  # AlgorithmIdentifier of rsaEncryption
_PROBE = b"From: probe@uketsuke.example\r\n\r\n\r\n"
_MAKE = "make one by: openssl genrsa -out dkim.pem 2048"
_SILENT = logging.getLogger("responders.dkim_sign.dkimpy")
_SILENT.disabled = True  # it would quote the letter


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """What signs, in whose name, and what the DNS must say for it."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)
    public: bytes = field(repr=False)  # SubjectPublicKeyInfo
    bits: int

    @property
    def record_name(self) -> str:
        """The name of the TXT record that receivers ask for."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What that record must say."""
        return f"v=DKIM1; k=rsa; p={base64.b64encode(self.public).decode('ascii')}"

    def is_in(self, text: bytes) -> bool:
        """Does that TXT record publish this very key? In whatever form it is written."""
        try:
            written = re.sub(rb"\s", b"", parse_tag_value(text)[b"p"])
            return bool(
                parse_public_key(base64.b64decode(written, validate=True)) == parse_public_key(bytes(self.public))
            )
        except Exception:  # noqa: BLE001 - whatever dkimpy stumbles over is not our key
            return False


def parse_key(text: bytes, *, domain: str, selector: str) -> DkimKey:
    """Read a private key: PEM, PKCS #1 or PKCS #8, without passphrase.

    Raises:
        ValueError: It is none, or none that signs; says what is wrong and how to mend it, and quotes nothing.
    """
    found = _PEM.search(text)
    if found is None:
        is_locked = b"ENCRYPTED" in text
        raise ValueError(
            "is locked by a passphrase; write it without one: openssl rsa -in locked.pem -out dkim.pem"
            if is_locked
            else f"holds no private key in PEM; {_MAKE}"
        )
    try:
        inner = base64.b64decode(b"".join(found[1].split()), validate=True)
        numbers = parse_private_key(inner)
    except Exception:  # noqa: BLE001 - dkimpy stumbles in many ways
        raise ValueError(f"holds no RSA key (others, such as Ed25519, are not used); {_MAKE}") from None
    bits = numbers["modulus"].bit_length()
    if bits not in _BITS:
        raise ValueError(f"holds an RSA key of {bits} bits, receivers verify {_BITS[0]} to {_BITS[-1]}; {_MAKE}")
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(inner) + b"\n-----END PRIVATE KEY-----\n"
    public = _public_key(numbers["modulus"], numbers["publicExponent"])
    key = DkimKey(domain=domain, selector=selector, pem=pem, public=public, bits=bits)
    if not _verifies(key):
        raise ValueError(f"holds an RSA key whose parts do not fit together; {_MAKE}")
    return key


def signed(letter: bytes, key: DkimKey) -> bytes:
    """The letter with its signature in front.

    Raises:
        DeliveryDeferred: It cannot be signed: our own mistake, and no letter goes unsigned where it should be signed.
    """
    try:
        # dkimpy asks the time for t= itself; nothing of ours depends on it.
        header = dkim.DKIM(letter, logger=_SILENT).sign(
            key.selector.encode("ascii"),
            key.domain.encode("ascii"),
            key.pem,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(_COVERED),
        )
    except Exception as error:  # noqa: BLE001 - its words may quote the letter
        raise DeliveryDeferred(f"the letter could not be signed ({type(error).__name__})") from None
    return bytes(header) + letter


def _verifies(key: DkimKey) -> bool:
    try:
        record = key.record.encode("ascii")
        return bool(dkim.DKIM(signed(_PROBE, key), logger=_SILENT).verify(dnsfunc=lambda *_, **__: record))
    except Exception:  # noqa: BLE001 - numbers that are no key fail in many ways
        return False


def _public_key(modulus: int, exponent: int) -> bytes:
    """The key in DER as a TXT record holds it (RFC 5280 4.1.2.7, RFC 8017 A.1.1)."""
    numbers = b"".join(_der(0x02, one.to_bytes(one.bit_length() // 8 + 1, "big")) for one in (modulus, exponent))
    return _der(0x30, _RSA + _der(0x03, b"\x00" + _der(0x30, numbers)))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
