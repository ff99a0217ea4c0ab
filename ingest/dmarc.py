"""What the owner of a domain asks of those who receive its mail, and which domains count as his: DMARC (RFC 7489).

Turns TXT records into a policy, and what SPF and DKIM found into a verdict. Pure: asks no DNS; the list of public suffixes
is the copy that its package brings, read once. `pct` is not drawn by lot: whoever asks for quarantine means it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from publicsuffixlist import PublicSuffixList

from models.mail import Trust, TrustFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LONGEST_NAME = 253  # RFC 1035 3.1
_NAME = re.compile(r"[a-z0-9._-]+")
_VERSION = "v=dmarc1"


class Request(StrEnum):
    """What is to become of mail that only pretends to come from the domain; wire values of `p=` and `sp=`."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A domain's published policy as it applies to one From domain."""

    published_by: str  # the From domain itself or its organisational domain
    request: Request = Request.NONE
    is_dkim_strict: bool = False  # adkim=s: the very same domain must sign
    is_spf_strict: bool = False  # aspf=s


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """What SPF or DKIM say about one From domain."""

    is_proof: bool  # it passed for a domain that is aligned
    is_decided: bool  # False: it might have passed, had DNS answered or the path been known
    evidence: tuple[str, ...]


def ascii_domain(text: str) -> str:
    """A domain as DNS knows it: casefolded, A-labels (RFC 5891), no final dot; empty if it is none."""
    try:
        name = text.strip().removesuffix(".").encode("idna").decode("ascii").casefold()
    except UnicodeError:  # an empty or over-long label, a character that no label holds
        return ""
    return name if "." in name and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) else ""


def organisational_domain(domain: str) -> str:
    """The domain that one organisation registered (RFC 7489 3.2); a public suffix stands for itself."""
    return _suffixes().privatesuffix(domain) or domain


def is_aligned(one: str, sender: str, *, is_strict: bool = False) -> bool:
    """Does a domain that passed speak for the From domain (RFC 7489 3.1)?"""
    if not one or not sender:
        return False
    return one == sender or (not is_strict and organisational_domain(one) == organisational_domain(sender))


def policy_domains(domain: str) -> tuple[str, ...]:
    """Where a policy may be published for a From domain, the nearest first (RFC 7489 6.6.3)."""
    return tuple(dict.fromkeys((domain, organisational_domain(domain))))


def policy_records(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Those TXT records that are policies; where there is none, the next domain is asked."""
    return tuple(text for text in texts if _tags(text))


def read_policy(records: Sequence[bytes], *, published_by: str, sender: str) -> Policy | None:
    """The policy in the records at `_dmarc.<published_by>`; None if there are several (RFC 7489 6.6.3, step 5).

    A record without a readable request asks for nothing (step 6), but says how to align.
    """
    if len(records) != 1:
        return None
    tags = _tags(records[0])
    wanted = tags.get("p", "")
    if published_by != sender and "sp" in tags:
        wanted = tags["sp"]
    return Policy(
        published_by=published_by,
        request=Request(wanted) if wanted in set(Request) else Request.NONE,
        is_dkim_strict=tags.get("adkim") == "s",
        is_spf_strict=tags.get("aspf") == "s",
    )


def verdict(sender: str, policy: Policy | None, results: Iterable[MethodResult]) -> TrustFound:
    """The trust in a From domain.

    Aligned: SPF or DKIM passed for it, whether a policy is published or not. Failed: its owner asks for quarantine or
    rejection, and every method was decided against it. Everything else is unchecked.
    """
    results = tuple(results)
    is_proven = any(one.is_proof for one in results)
    is_decided = all(one.is_decided for one in results)
    asks = policy is not None and policy.request is not Request.NONE
    trust = Trust.ALIGNED if is_proven else Trust.FAILED if asks and is_decided else Trust.UNCHECKED
    outcome = "aligned" if is_proven else "not aligned" if is_decided else "undecided"
    published = f"p={policy.request} by {policy.published_by}" if policy else f"no policy of {sender}"
    evidence = (sentence for one in results for sentence in one.evidence)
    return TrustFound(trust=trust, evidence=(*evidence, f"dmarc: {published}, {outcome}"))


def _tags(record: bytes) -> Mapping[str, str]:
    """The tags of a DMARC record, names and values casefolded; empty for a record of another kind (RFC 7489 6.3)."""
    parts = [part.strip().casefold() for part in record.decode("ascii", "replace").split(";")]
    if parts[0].replace(" ", "").replace("\t", "") != _VERSION:
        return {}
    pairs = (part.partition("=") for part in parts if "=" in part)
    return {name.strip(): value.strip() for name, _, value in reversed([*pairs])}  # of a repeated tag the first counts


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
