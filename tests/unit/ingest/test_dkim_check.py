"""Signatures made here and now by dkimpy, verified against a zone of the test."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from ingest.dkim_check import MOST_SIGNATURES, judge_dkim
from ingest.dmarc import MethodResult
from ingest.resolver import Inquiry
from tests.support.zones import SILENT, Zone, key, signed

NOW = datetime.now(UTC)  # signatures say when they were made, and dkimpy compares that with the real time
SENDER = "example.jp"
HEAD = b"From: Taro <taro@example.jp>\r\nTo: support@desk.example\r\nSubject: help\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n"
BODY = b"It does  not work.\r\n\r\nTaro \r\n"
RAW = HEAD + b"\r\n" + BODY
RECEIVED = b"Received: from mail.example.jp (mail.example.jp [203.0.113.9])\r\n\tby mx.desk.example; Tue, 24 Nov 2026 10:00:00 +0900\r\n"
KEYS = {"s1._domainkey.example.jp TXT": [key().record]}


def judged(
    raw: bytes, zone: Zone | None = None, *, is_strict: bool = False, received_at: datetime = NOW
) -> MethodResult:
    inquiry = Inquiry(zone or Zone(KEYS), lambda: 0.0)
    return judge_dkim(raw, SENDER, inquiry, received_at=received_at, is_strict=is_strict)


def one_result(found: MethodResult) -> str:
    (sentence,) = found.evidence
    return sentence


@pytest.mark.parametrize("canon", [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")])
@pytest.mark.parametrize(
    "body", [BODY, b"", b"\r\n\r\n", b"a\r\n\r\n\r\n", b"a", b" \t\r\n", "本文です。\r\n".encode(), b"a\r\r\n"]
)
def test_a_sound_signature_is_a_proof(canon: tuple[bytes, bytes], body: bytes) -> None:
    raw = RECEIVED + signed(HEAD + b"\r\n" + body, SENDER, canon=canon)
    assert judged(raw) == MethodResult(is_proof=True, is_decided=True, evidence=("dkim=pass d=example.jp s=s1",))


def test_what_each_form_allows_on_the_way_is_allowed() -> None:
    relaxed = signed(RAW, SENDER, canon=(b"relaxed", b"relaxed"))
    assert judged(relaxed.replace(b"does  not", b"does \t not").replace(b"Subject: help", b"SUBJECT:  help ")).is_proof
    assert judged(relaxed + b"\r\n\r\n").is_proof
    assert judged(relaxed.replace(b"\r\n", b"\n")).is_proof
    simple = signed(RAW, SENDER, canon=(b"simple", b"simple"))
    assert judged(simple + b"\r\n").is_proof
    assert not judged(simple.replace(b"does  not", b"does not")).is_proof


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b"It does", b"It never did"), "fail d=example.jp s=s1: the body was changed"),
        ((b"Subject: help", b"Subject: buy"), "fail d=example.jp s=s1: the signature does not match"),
        ((b"Subject:", b"From: x@example.jp\r\nSubject:"), "fail d=example.jp s=s1: the signature does not match"),
        ((b"a=rsa-sha256", b"a=rsa-sha1"), "policy d=example.jp s=s1: SHA-1 is no proof any more"),
        ((b"a=rsa-sha256", b"a=rot13"), "permerror d=example.jp s=s1: the signature is broken"),
        ((b"v=1;", b"v=2;"), "permerror d=example.jp s=s1: the signature is broken"),
        ((b"c=relaxed/relaxed", b"c=loose"), "permerror d=example.jp s=s1: the signature is broken"),
        ((b"q=dns/txt", b"q=carrier"), "permerror d=example.jp s=s1: the signature is broken"),
        ((b"s=s1;", b"s=s9;"), "permerror d=example.jp s=s9: there is no such key"),
        ((b"s=s1;", b"s=\xff\n;"), None),
        ((b" bh=", b" bh=%"), "permerror d=example.jp s=s1: the signature is broken"),
        ((b"t=", b"t=9"), "permerror d=example.jp s=s1: the signature is broken"),
    ],
)
def test_a_broken_signature_is_decided_and_no_proof(change: tuple[bytes, bytes], why: str | None) -> None:
    raw = signed(RAW, SENDER)
    assert change[0] in raw
    found = judged(raw.replace(*change, 1))
    assert (found.is_proof, found.is_decided) == (False, True)
    if why:
        assert one_result(found) == f"dkim={why}"


def test_a_second_from_that_nobody_signed_breaks_even_a_careless_signature() -> None:
    raw = signed(RAW, SENDER, covers=(b"from", b"subject"))
    assert judged(raw).is_proof
    assert not judged(b"From: Boss <boss@example.jp>\r\n" + raw).is_proof


@pytest.mark.parametrize("field", [b"Subject: Your invoice", b"content-type: text/html", b"Reply-To: x@example.jp"])
def test_a_field_put_in_front_of_a_signed_one_takes_the_proof_away(field: bytes) -> None:
    name = field.split(b":")[0].lower()
    raw = name + b": signed\r\n" + RAW if name != b"subject" else RAW
    made = signed(raw, SENDER, covers=(b"from", name))
    assert judged(made).is_proof
    assert judged(b"X-Spam: no\r\nReceived: from a\r\nReceived: from b\r\n" + made).is_proof
    found = judged(field + b"\r\n" + made)
    assert (found.is_proof, found.is_decided) == (False, False)
    assert one_result(found) == "dkim=neutral d=example.jp s=s1: a field that it covers stands there once more"
    twice = signed(field + b"\r\n" + raw, SENDER, covers=(b"from", name, name))
    assert judged(twice).is_proof  # its signer saw both


def test_a_signature_that_leaves_from_open_is_no_proof() -> None:
    raw = signed(RAW, SENDER, covers=(b"from", b"subject"))
    found = judged(raw.replace(b"h=from : subject", b"h=subject : to", 1))
    assert one_result(found) == "dkim=policy d=example.jp s=s1: it does not cover From"


def test_a_part_of_the_body_is_not_the_body() -> None:
    raw = signed(RAW, SENDER, length=True)
    assert judged(raw).is_proof
    found = judged(raw + b"Pay here: http://evil.example\r\n")
    assert (found.is_proof, found.is_decided) == (False, True)
    assert re.fullmatch(r"dkim=policy d=example\.jp s=s1: it covers 27 of 58 bytes", one_result(found))


def test_a_short_key_is_no_proof() -> None:
    weak = key(768)
    found = judged(signed(RAW, SENDER, by=weak), Zone({"s1._domainkey.example.jp TXT": [weak.record]}))
    assert (found.is_proof, found.is_decided) == (False, True)
    assert one_result(found) == "dkim=policy d=example.jp s=s1: its key is too short"


def test_a_signature_expires_by_the_time_of_arrival_not_of_the_check() -> None:
    made = signed(RAW, SENDER)
    at = int(re.search(rb"t=(\d+)", made)[1])  # type: ignore[index]
    # x= is covered by the signature, so this one does not verify any more; what is asked is which reason comes first.
    raw = made.replace(b" t=", b" x=%d; t=" % (at + 60), 1)
    assert one_result(judged(raw, received_at=NOW + timedelta(hours=2))).endswith("it had expired")
    assert one_result(judged(raw, received_at=NOW)).endswith("the signature does not match")
    past = made.replace(b" t=", b" x=%d; t=" % (at - 86_400 * 3), 1)
    assert one_result(judged(past, received_at=NOW - timedelta(days=4))).endswith("the signature does not match")
    assert one_result(judged(past, received_at=NOW)).endswith("it had expired")


@pytest.mark.parametrize(
    ("record", "result", "is_decided"),
    [
        (b"v=DKIM1; p=", "permerror d=example.jp s=s1: the key was withdrawn", True),
        (b"v=DKIM1; p=AAAA", "permerror d=example.jp s=s1: the key is broken", True),
        (b"v=DKIM1; p=====", "permerror d=example.jp s=s1: the key is broken", True),
        (b"v=DKIM2; p=AAAA", "permerror d=example.jp s=s1: the key is not for mail", True),
        (b"some words", "permerror d=example.jp s=s1: there is no such key", True),
        (b"p=AAAA; nonsense", "permerror d=example.jp s=s1: the key is broken", True),
        (b"v=DKIM1; p=" + b"A" * 4000, "permerror d=example.jp s=s1: the key is oversized", True),
        (b"v=DKIM1; k=ed25519; p=AAAA", "permerror d=example.jp s=s1: the key is not for this kind of signature", True),
        (key().record + b"; s=tlsrpt", "permerror d=example.jp s=s1: the key is not for mail", True),
        (key().record + b"; h=sha1", "permerror d=example.jp s=s1: the key is not for this kind of signature", True),
        (key().record + b"; s=email:other; h=sha1:sha256; t=s", "pass d=example.jp s=s1", True),
        (key().record + b"; t=y", "neutral d=example.jp s=s1: the domain is only testing", False),
        (key(1024, 2).record + b"; t=y:s", "fail d=example.jp s=s1: the signature does not match", True),
        (key(1024, 2).record, "fail d=example.jp s=s1: the signature does not match", True),
        (key().public.join([b"p=", b""]), "pass d=example.jp s=s1", True),
    ],
)
def test_the_key_record_is_read_with_care(record: bytes, result: str, is_decided: bool) -> None:
    found = judged(signed(RAW, SENDER), Zone({"s1._domainkey.example.jp TXT": [record]}))
    assert one_result(found) == f"dkim={result}"
    assert found.is_decided is is_decided


def test_a_key_may_be_kept_from_subdomains() -> None:
    raw = signed(RAW, SENDER, identity=b"@mail.example.jp")
    assert judged(raw).is_proof
    strict = Zone({"s1._domainkey.example.jp TXT": [key().record + b"; t=s"]})
    assert one_result(judged(raw, strict)).endswith("the key is not for subdomains")


def test_a_kind_of_signature_that_cannot_be_verified_here_leaves_it_open() -> None:
    raw = signed(RAW, SENDER).replace(b"a=rsa-sha256", b"a=ed25519-sha256", 1)
    ed25519 = Zone({"s1._domainkey.example.jp TXT": [b"v=DKIM1; k=ed25519; p=AAAA"]})
    found = judged(raw, ed25519)
    assert (found.is_proof, found.is_decided) == (False, False)
    assert one_result(found).endswith("this kind of signature cannot be verified here")
    assert judged(raw, Zone()).is_decided  # without a key it is nothing at all


def test_a_silent_dns_leaves_it_open() -> None:
    found = judged(signed(RAW, SENDER), Zone({"s1._domainkey.example.jp TXT": SILENT}))
    assert (found.is_proof, found.is_decided) == (False, False)
    assert one_result(found) == "dkim=temperror d=example.jp s=s1: DNS did not answer"


@pytest.mark.parametrize(
    ("domain", "is_strict", "is_proof"),
    [
        ("example.jp", True, True),
        ("mail.example.jp", False, True),
        ("mail.example.jp", True, False),
        ("esp.example", False, False),
    ],
)
def test_only_an_aligned_domain_proves_the_sender(domain: str, is_strict: bool, is_proof: bool) -> None:
    zone = Zone({f"s1._domainkey.{domain} TXT": [key().record]})
    found = judged(signed(RAW, domain), zone, is_strict=is_strict)
    assert (found.is_proof, found.is_decided) == (is_proof, True)
    if not is_proof:
        assert found.evidence == (f"dkim: signed by another domain only ({domain})",)
        assert zone.asked == []  # nobody makes us ask about a stranger's domain


def test_one_sound_signature_among_many_is_enough_and_five_of_the_senders_are_looked_at() -> None:
    raw = signed(RAW, SENDER)
    for number in range(40):
        raw = signed(raw, f"list{number}.example", "x")
    for number in range(MOST_SIGNATURES - 1):
        raw = signed(raw, SENDER, f"old{number}")
    zone = Zone(KEYS)
    assert judged(raw, zone).is_proof
    assert len(zone.asked) == MOST_SIGNATURES
    found = judged(signed(raw, SENDER, "one-more"), zone)
    assert (found.is_proof, found.is_decided) == (False, True)
    assert found.evidence[-1] == "dkim: only the first 5 signatures were looked at"


def test_an_unsigned_mail_is_decided() -> None:
    assert judged(RAW) == MethodResult(is_proof=False, is_decided=True, evidence=("dkim: no signature",))
    assert judged(b"DKIM-Signature: nonsense\r\nDKIM-Signature: d=a.example; d=b.example\r\n" + RAW).evidence == (
        "dkim: no signature",
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"no header at all\r\n\r\nx",
        b" folded first\r\n\r\nx",
        b"Subject : x\r\n\r\nx",
        b"X: y\r\n" * 1_001 + b"\r\n",
        b"X: " + b"y" * 300_000,
        b"\x00\xff" * 1_000,
    ],
)  # fmt: skip
def test_no_head_however_broken_stops_it(raw: bytes) -> None:
    found = judged(raw)
    assert (found.is_proof, found.is_decided) == (False, True)


def test_a_mailbox_files_first_line_does_no_harm() -> None:
    assert judged(b"From taro@example.jp Tue Nov 24 10:00:00 2026\r\n" + signed(RAW, SENDER)).is_proof


@pytest.mark.parametrize(
    "body",
    [
        b" " * 500_000 + b"x\r\n",
        b"\t x" * 200_000 + b"\r\n",
        (b" " * 1_000 + b"x\r\n") * 500,
        b"\r\n" * 500_000 + b"x",
        b"x" + b"\r\n" * 500_000,
        b"\r" * 500_000,
    ],
    ids=["blanks", "small-blanks", "lines", "empty-lines", "empty-end", "returns"],
)
def test_bodies_that_quadratic_expressions_choke_on_are_read_in_one_go(body: bytes) -> None:
    # dkimpy signs in quadratic time, so the signature is one over another body; its hash is computed all the same.
    raw = signed(RAW, SENDER).removesuffix(BODY) + body
    assert one_result(judged(raw)).endswith("the body was changed")


@pytest.mark.parametrize(
    "tail",
    [b"; z=" + b"x" * 9_000, b"; z=" + b" \r\n" * 500 + b" x", b"; h=" + b"a:" * 3_000],
    ids=["long", "blanks", "names"],
)
def test_a_bloated_signature_is_not_looked_at(tail: bytes) -> None:
    raw = signed(RAW, SENDER)
    field, rest = raw.split(b"\r\nFrom:", 1)
    if tail.startswith(b"; h="):
        field = re.sub(rb"h=[^;]*", b"h=" + tail[4:], field)
    else:
        field += tail
    zone = Zone(KEYS)
    assert not judged(field + b"\r\nFrom:" + rest, zone).is_proof
    assert zone.asked == []


def test_nothing_of_the_mail_goes_to_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        judged(signed(RAW, SENDER), Zone({"s1._domainkey.example.jp TXT": [b"p=AAAA"]}))
        judged(signed(RAW, SENDER))
    assert caplog.records == []
