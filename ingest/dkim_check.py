"""Did the From domain sign this very mail? DKIM (RFC 6376, 8301) by dkimpy, over our own resolver.

Promises: never raises; works on the bytes as received; costs a time linear in them, whatever they are: sizes and runs of
blanks that dkimpy's expressions would choke on are refused or evened out before. Judges only signatures by a domain that
is aligned with From, five at most: the others prove nothing about the sender, so nobody gains by adding them.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from ingest.dmarc import MethodResult, ascii_domain, is_aligned
from ingest.resolver import DnsTrouble
from ingest.signed_parts import Field, canonical_body, signed_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ingest.resolver import Inquiry
    from ingest.signed_parts import SignedParts

MOST_SIGNATURES = 5
_LONGEST_SIGNATURE = 8_000
_MOST_SIGNED = 200  # names in h=
_LONGEST_KEY = 1_536  # bytes of a key record: RSA keys of 8192 bits fit; a larger exponent would cost minutes
_GRACE_S = 600  # clocks differ
_RUN = re.compile(rb"\s{200}")
_SILENT = logging.getLogger("ingest.dkim_check.dkimpy")
_SILENT.disabled = True  # it would quote the mail
# Fields that may stand once (RFC 5322 3.6, RFC 2045) and say what a reader sees.
_ONCE = frozenset(
    b"from sender reply-to to cc subject date message-id in-reply-to references mime-version content-type"
    b" content-transfer-encoding".split()
)
_MISMATCH = "body hash mismatch"
_SHORT_KEY = "public key too small"
# Results of RFC 8601 2.7.1; those that might have been a pass are undecided.
_UNDECIDED = frozenset({"neutral", "temperror"})


class _Outcome(NamedTuple):
    """The result of one signature, and why it is not a pass."""

    result: str
    why: str = ""


class _Refused(Exception):
    """A signature that is no proof, with its outcome."""

    def __init__(self, result: str, why: str) -> None:
        super().__init__(why)
        self.outcome = _Outcome(result, why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signature:
    field: Field
    tags: Mapping[bytes, bytes]
    domain: str

    @property
    def shown(self) -> str:
        selector = self.tags.get(b"s", b"").decode("ascii", "replace")
        return f"d={self.domain} s={re.sub(r'[^!-~]', '?', selector)[:80] or '?'}"


def judge_dkim(raw: bytes, sender: str, inquiry: Inquiry, *, received_at: datetime, is_strict: bool) -> MethodResult:
    """What the mail's signatures say about a From domain.

    Args:
        raw: The mail as received.
        sender: The From domain.
        inquiry: The check's questions.
        received_at: When it came in: a signature may expire while the mail waits for us.
        is_strict: Only signatures by the very same domain count.
    """
    parts = signed_parts(raw)
    if parts is None:
        return MethodResult(is_proof=False, is_decided=True, evidence=("dkim: the headers are not well-formed",))
    everyones = [*_signatures(parts.fields)]
    own = [one for one in everyones if is_aligned(one.domain, sender, is_strict=is_strict)]
    if not own:
        others = ", ".join(dict.fromkeys(one.domain for one in everyones[:MOST_SIGNATURES]))
        said = f"dkim: signed by another domain only ({others})" if others else "dkim: no signature"
        return MethodResult(is_proof=False, is_decided=True, evidence=(said,))
    evidence: list[str] = []
    is_decided = True
    verifying = _Verifying(parts, inquiry, received_at)
    for one in own[:MOST_SIGNATURES]:
        result, why = verifying.outcome(one)
        evidence.append(f"dkim={result} {one.shown}" + (f": {why}" if why else ""))
        if result == "pass":
            return MethodResult(is_proof=True, is_decided=True, evidence=tuple(evidence))
        is_decided = is_decided and result not in _UNDECIDED
    if len(own) > MOST_SIGNATURES:
        evidence.append(f"dkim: only the first {MOST_SIGNATURES} signatures were looked at")
    return MethodResult(is_proof=False, is_decided=is_decided, evidence=tuple(evidence))


class _Verifying:
    """One mail, and what its signatures are verified with."""

    def __init__(self, parts: SignedParts, inquiry: Inquiry, received_at: datetime) -> None:
        self._parts, self._inquiry, self._received_at = parts, inquiry, received_at
        self._bodies: dict[bytes, bytes] = {}  # by form

    def outcome(self, one: _Signature) -> _Outcome:
        """Verify one signature."""
        try:
            self._require_sound(one)
            key = self._key(one)
            return self._verified(one, key)
        except _Refused as refused:
            return refused.outcome
        except DnsTrouble:
            return _Outcome("temperror", "DNS did not answer")
        except Exception:  # noqa: BLE001 - whatever dkimpy stumbles over is broken, and proves nothing
            return _Outcome("permerror", "the signature is broken")

    def _require_sound(self, one: _Signature) -> None:
        """Everything that is seen without asking DNS."""
        tags, value = one.tags, one.field[1]
        if len(value) > _LONGEST_SIGNATURE or _RUN.search(value) or tags.get(b"h", b"").count(b":") >= _MOST_SIGNED:
            raise _Refused("permerror", "the signature is oversized")
        # Its x= is compared with the time of arrival, below; dkimpy would take the time of this check.
        dkim.validate_signature_fields({name: text for name, text in tags.items() if name != b"x"})
        if b"from" not in _signed(tags):
            raise _Refused("policy", "it does not cover From")
        if tags[b"a"] == b"rsa-sha1":
            raise _Refused("policy", "SHA-1 is no proof any more")
        if b"x" in tags and int(tags[b"x"]) + _GRACE_S < self._received_at.timestamp():
            raise _Refused("policy", "it had expired")

    def _key(self, one: _Signature) -> bytes:
        """The public key (p=), if its record lets it sign this mail."""
        found = [text for text in self._inquiry.texts(_name_of_key(one)) if b"p=" in text.replace(b" ", b"")]
        if not found:
            raise _Refused("permerror", "there is no such key")
        if len(found[0]) > _LONGEST_KEY:
            raise _Refused("permerror", "the key is oversized")
        try:
            record = parse_tag_value(found[0])
        except InvalidTagValueList:
            raise _Refused("permerror", "the key is broken") from None
        if not record.get(b"p"):
            raise _Refused("permerror", "the key was withdrawn")
        if record.get(b"v", b"DKIM1") != b"DKIM1" or not _listed(record, b"s") & {b"*", b"email", b""}:
            raise _Refused("permerror", "the key is not for mail")
        if not _listed(record, b"h") & {b"", b"sha256"}:
            raise _Refused("permerror", "the key is not for this kind of signature")
        if b"s" in _listed(record, b"t") and _identity(one.tags) != one.tags[b"d"].lower():
            raise _Refused("permerror", "the key is not for subdomains")
        return self._usable(one, record)

    def _usable(self, one: _Signature, record: Mapping[bytes, bytes]) -> bytes:
        kind, wanted = record.get(b"k", b"rsa").lower(), one.tags[b"a"].partition(b"-")[0]
        if kind != wanted:
            raise _Refused("permerror", "the key is not for this kind of signature")
        if kind != b"rsa":
            raise _Refused("neutral", "this kind of signature cannot be verified here")
        if b"y" in _listed(record, b"t"):  # RFC 6376 3.6.1: such mail is as good as unsigned, even if it verifies
            self._verified(one, record[b"p"])
            raise _Refused("neutral", "the domain is only testing")
        return record[b"p"]

    def _verified(self, one: _Signature, key: bytes) -> _Outcome:
        head_form, body_form = _forms(one.tags)
        body = self._body(body_form)
        verifier = dkim.DKIM(logger=_SILENT)
        verifier.headers, verifier.body = self._parts.fields, body
        # The body is canonical by now, and the simple form leaves it as it is; only nothing at all it would make a line.
        tags = {**one.tags, b"c": head_form + b"/" + (b"simple" if body else body_form)}
        record = b"v=DKIM1; k=rsa; p=" + key
        try:
            is_valid = verifier.verify_sig(tags, _signed(tags), one.field, lambda *_, **__: record)
        except dkim.ValidationError as error:
            if str(error).startswith(_MISMATCH):
                raise _Refused("fail", "the body was changed") from None
            raise
        except dkim.KeyFormatError as error:
            if str(error).startswith(_SHORT_KEY):
                raise _Refused("policy", "its key is too short") from None
            raise
        if not verifier.keysize:
            raise _Refused("permerror", "the key is broken")
        if not is_valid:
            raise _Refused("fail", "the signature does not match")
        covered = int(tags.get(b"l", len(body)))
        if covered < len(body):
            raise _Refused("policy", f"it covers {covered} of {len(body)} bytes")
        if self._is_ambiguous(one.tags):
            raise _Refused("neutral", "a field that it covers stands there once more")
        return _Outcome("pass")

    def _is_ambiguous(self, tags: Mapping[bytes, bytes]) -> bool:
        """Was a second Subject, say, put in front of the signed one? Readers would take that (RFC 6376 8.15)."""
        there = Counter(name.lower() for name, _ in self._parts.fields)
        covered = Counter(_signed(tags))
        return any(there[name] > max(1, covered[name]) for name in _ONCE)

    def _body(self, form: bytes) -> bytes:
        if form not in self._bodies:
            self._bodies[form] = canonical_body(self._parts.body, is_relaxed=form == b"relaxed")
        return self._bodies[form]


def _forms(tags: Mapping[bytes, bytes]) -> tuple[bytes, bytes]:
    """The canonical forms of head and body that c= names."""
    head, _, body = tags.get(b"c", b"simple/simple").partition(b"/")
    if not {head, body or b"simple"} <= {b"simple", b"relaxed"}:
        raise _Refused("permerror", "the signature is broken")
    return head, body or b"simple"


def _signatures(fields: list[Field]) -> Iterator[_Signature]:
    for field in fields:
        if field[0].lower() != b"dkim-signature":
            continue
        try:
            tags = parse_tag_value(field[1])
        except InvalidTagValueList:  # nobody's signature
            continue
        if domain := ascii_domain(tags.get(b"d", b"").decode("utf-8", "replace")):
            yield _Signature(field=field, tags=tags, domain=domain)


def _signed(tags: Mapping[bytes, bytes]) -> list[bytes]:
    """The names of the signed fields, lower case."""
    return [name.strip().lower() for name in tags.get(b"h", b"").split(b":")]


def _name_of_key(one: _Signature) -> str:
    return f"{one.tags[b's'].decode('ascii')}._domainkey.{one.domain}"


def _listed(record: Mapping[bytes, bytes], tag: bytes) -> set[bytes]:
    """The values of a tag that is a list; an empty one where it is absent."""
    return {part.strip().lower() for part in record.get(tag, b"").split(b":")}


def _identity(tags: Mapping[bytes, bytes]) -> bytes:
    """The domain of i=, which is d= where it is absent."""
    return tags.get(b"i", tags[b"d"]).rpartition(b"@")[2].lower()
