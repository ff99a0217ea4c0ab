"""What of a mail cannot be read here: encrypted bodies (S/MIME, PGP) and Outlook's winmail.dat; what is signed or an invitation.

Promises: one sentence each for the agent; says whether the words themselves are out of reach, because who has not read a
mail must not answer it. Decrypts and unpacks nothing: the parts stay attachments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.body import content_type, part_name, payload_bytes
from ingest.headers import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP_MESSAGE = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_PGP_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*$", re.MULTILINE)
# OID 1.2.840.113549.1.7.3, enveloped data, as DER writes it: the first field of an encrypted S/MIME body (RFC 5652 6.1).
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")


class Seal(NamedTuple):
    """One finding: the sentence, and whether it keeps the words of the mail from us."""

    sentence: str
    hides_text: bool


def seals_of(parts: Sequence[tuple[int, Message]], text: str) -> tuple[Seal, ...]:
    """Every finding, each once.

    Args:
        parts: The mail's parts with their numbers.
        text: The text that was read; what stands beside a winmail.dat is the mail's own words.
    """
    found = {seal: None for _, part in parts if (seal := _of_part(part, text)) is not None}
    if _PGP_MESSAGE.search(text):
        found[Seal("the text is encrypted (PGP) and cannot be read here", hides_text=True)] = None
    if _PGP_SIGNED.search(text):
        found[Seal("signed with PGP; the signature was not checked", hides_text=False)] = None
    return tuple(found)


def _of_part(part: Message, text: str) -> Seal | None:
    kind = content_type(part)
    if kind == "multipart/encrypted":
        return Seal("the text is encrypted (PGP) and cannot be read here", hides_text=True)
    if kind in _PKCS7:
        return _of_pkcs7(part)
    if kind == "multipart/signed":
        how = "PGP" if "pgp" in parameter(part, "Content-Type", "protocol").lower() else "S/MIME"
        return Seal(f"signed with {how}; the signature was not checked", hides_text=False)
    if kind == "text/calendar":
        return Seal("holds an entry for a calendar", hides_text=False)
    if kind in {"application/ms-tnef", "application/vnd.ms-tnef"} or part_name(part).lower() == "winmail.dat":
        return Seal("Outlook packed files into winmail.dat; they cannot be shown here", hides_text=not text.strip())
    return None


def _of_pkcs7(part: Message) -> Seal | None:
    said = parameter(part, "Content-Type", "smime-type").lower()
    if said == "certs-only":
        return None
    if said.startswith(("enveloped", "authenveloped")) or _ENVELOPED in payload_bytes(part)[:64]:
        return Seal("the text is encrypted (S/MIME) and cannot be read here", hides_text=True)
    return Seal("the text is packed into its S/MIME signature and cannot be read here", hides_text=True)
