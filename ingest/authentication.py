"""How sure are we of the sender, by what our own mail server found? Reads `Authentication-Results` (RFC 8601).

Promises: believes only the topmost header that carries our own server's name (section 5: anybody can write the others);
pure, never asks the DNS. Alignment is relaxed (RFC 7489 3.1): domains of one organisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingest.charset import clean, decode
from ingest.dmarc import ascii_domain, is_aligned
from ingest.headers import addresses, raw_headers, unfold
from models.mail import Trust, TrustFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message

LONGEST = 8_000  # characters of one header that are looked at
NOT_ONE_AUTHOR = "not checked: From does not name exactly one sender"
_MOST_TOLD = 10
_LONGEST_TOLD = 200
_STRICT = frozenset({"reject", "quarantine"})
# Where each method names whom it is about.
_IDENTITIES = {"dmarc": ("header.from",), "spf": ("smtp.mailfrom", "smtp.mfrom"), "dkim": ("header.d", "header.i")}


class _Result(NamedTuple):
    """One method's result: `dmarc`, `pass`, its properties (`header.from`) and those in its comments (`p`)."""

    method: str
    result: str
    properties: Mapping[str, str]


def trust_of(message: Message, authserv_id: str) -> TrustFound:
    """The sender's trust, and what our own server found.

    Args:
        message: The mail.
        authserv_id: The name our own server writes; empty: nothing is believed.
    """
    results = _results(message, authserv_id.strip().casefold()) if authserv_id.strip() else ()
    if not results:
        return TrustFound()
    domain = author_domain(message)
    if not domain:
        return TrustFound(evidence=(NOT_ONE_AUTHOR,))
    evidence = (f"found by {authserv_id.strip()}", *(_sentence(one) for one in results[:_MOST_TOLD]))
    return TrustFound(trust=_trust(results, domain), evidence=evidence)


def author_domain(message: Message) -> str:
    """The domain of the one address in the one From; empty where there is none, or a choice."""
    headers = raw_headers(message, "From")
    found = addresses(headers)
    return ascii_domain(found[0].domain) if len(headers) == len(found) == 1 else ""


def _trust(results: Sequence[_Result], domain: str) -> Trust:
    dmarc = [one for one in results if one.method == "dmarc"]
    if any(one.result == "fail" for one in dmarc):
        return Trust.FAILED if any(_policy(one) in _STRICT for one in dmarc) else Trust.UNCHECKED
    return Trust.ALIGNED if any(_proves(one, domain) for one in results) else Trust.UNCHECKED


def _sentence(one: _Result) -> str:
    """A result for a person: `dmarc=fail example.jp p=reject`."""
    named = next((one.properties[name] for name in _IDENTITIES.get(one.method, ()) if name in one.properties), "")
    policy = _policy(one) if one.method == "dmarc" else ""
    return " ".join(filter(None, (f"{one.method}={one.result}", named, f"p={policy}" if policy else "")))[
        :_LONGEST_TOLD
    ]


def _results(message: Message, authserv_id: str) -> tuple[_Result, ...]:
    for value in raw_headers(message, "Authentication-Results"):
        first, *others = _statements(clean(decode(unfold(value)))[:LONGEST])
        if (first[0].split() or [""])[0].strip('"').casefold() == authserv_id:
            return tuple(filter(None, (_result(*statement) for statement in others)))
    return ()


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """The parts between semicolons: (what stands outside of comments, what stands in them)."""
    plain: list[str] = []
    said: list[str] = []
    depth, is_quoted = 0, False
    for char in text:
        if char == '"' and not depth:
            is_quoted = not is_quoted
        elif char == "(" and not is_quoted:
            depth += 1
        elif char == ")" and not is_quoted and depth:
            depth -= 1
            said.append(" ")
            continue
        if char == ";" and not depth and not is_quoted:
            yield "".join(plain), "".join(said)
            plain, said = [], []
        elif depth:
            said.append(" " if char == "(" else char)
        else:
            plain.append(char)
    yield "".join(plain), "".join(said)


def _result(plain: str, said: str) -> _Result | None:
    pairs = [*_pairs(plain)]
    if not pairs:
        return None
    (method, result), *properties = pairs
    return _Result(method.partition("/")[0], result, {**dict(_pairs(said)), **dict(properties)})


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    flat = " ".join(text.split()).replace(" =", "=").replace("= ", "=")
    for word in flat.split(" "):
        name, equals, value = word.partition("=")
        if equals and name:
            yield name.casefold(), value.strip('"').casefold()


def _policy(dmarc: _Result) -> str:
    return dmarc.properties.get("policy.published-domain-policy") or dmarc.properties.get("p", "")


def _proves(one: _Result, domain: str) -> bool:
    """Does this result say that the mail comes from that domain?"""
    if one.result != "pass" or not domain:
        return False
    found = [one.properties[name] for name in _IDENTITIES.get(one.method, ()) if name in one.properties]
    if not found:
        return one.method == "dmarc"
    return is_aligned(ascii_domain(found[0].rpartition("@")[2]), domain)
