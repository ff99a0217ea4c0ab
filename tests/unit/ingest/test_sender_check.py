"""SPF, DKIM and DMARC together, for whole mails: what is concluded, what is asked, what is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import envelope_of_file, parse_mail
from ingest.received import parse_networks
from ingest.resolver import CHECK_S, Answer
from ingest.sender_check import SenderCheck
from models.mail import Envelope, Trust, TrustFound
from tests.support.zones import SILENT, Zone, key, signed
from tests.unit.ingest.mails import AT

RELAYS = parse_networks("private")
HEAD = b"From: Taro <taro@example.jp>\r\nTo: support@desk.example\r\nSubject: help\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n"
RAW = HEAD + b"\r\nIt does not work.\r\n"
OURS = b"Received: from mail.example.jp (mail.example.jp [192.0.2.1])\r\n\tby mx.desk.example (Postfix) with ESMTPS id 4X\r\n\tfor <support@desk.example>; Tue, 24 Nov 2026 10:00:00 +0900\r\n"
DIRECT = Envelope(
    mail_from="taro@example.jp",
    rcpt_tos=("support@desk.example",),
    received_at=AT,
    peer="192.0.2.1",
    helo="mail.example.jp",
)
BEHIND = replace(DIRECT, peer="127.0.0.1", helo="localhost")
SPF: Mapping[str, tuple[Answer, ...]] = {"example.jp TXT": (b"v=spf1 ip4:192.0.2.1 -all",)}
DKIM: Mapping[str, tuple[Answer, ...]] = {"s1._domainkey.example.jp TXT": (key().record,)}


def dmarc(request: str, domain: str = "example.jp") -> dict[str, tuple[Answer, ...]]:
    return {f"_dmarc.{domain} TXT": (f"v=DMARC1; {request}".encode(),)}


def check(raw: bytes, envelope: Envelope, zone: Zone) -> TrustFound:
    return SenderCheck(resolver=zone, relays=RELAYS, clock=lambda: 0.0)(raw, parse_mail(raw, envelope))


REJECT = dmarc("p=reject")
NOBODY = replace(DIRECT, peer="203.0.113.9", helo="x.example")


@pytest.mark.parametrize(
    ("raw", "envelope", "records", "trust", "said"),
    [
        (RAW, DIRECT, {**REJECT, **SPF}, "aligned", ("dkim: no signature", "spf=pass example.jp from 192.0.2.1", "dmarc: p=reject by example.jp, aligned")),
        (RAW, DIRECT, SPF, "aligned", ("dkim: no signature", "spf=pass example.jp from 192.0.2.1", "dmarc: no policy of example.jp, aligned")),
        (signed(RAW, "example.jp"), NOBODY, {**REJECT, **SPF, **DKIM}, "aligned", ("dkim=pass d=example.jp s=s1", "dmarc: p=reject by example.jp, aligned")),
        (RAW, NOBODY, {**REJECT, **SPF}, "failed", ("dkim: no signature", "spf=fail example.jp from 203.0.113.9", "dmarc: p=reject by example.jp, not aligned")),
        (RAW, NOBODY, {**dmarc("p=quarantine; pct=0"), **SPF}, "failed", ("dkim: no signature", "spf=fail example.jp from 203.0.113.9", "dmarc: p=quarantine by example.jp, not aligned")),
        (RAW, NOBODY, {**dmarc("p=none"), **SPF}, "unchecked", ("dkim: no signature", "spf=fail example.jp from 203.0.113.9", "dmarc: p=none by example.jp, not aligned")),
        (RAW, NOBODY, SPF, "unchecked", ("dkim: no signature", "spf=fail example.jp from 203.0.113.9", "dmarc: no policy of example.jp, not aligned")),
        (RAW, NOBODY, REJECT, "failed", ("dkim: no signature", "spf=none example.jp from 203.0.113.9", "dmarc: p=reject by example.jp, not aligned")),
        (OURS + RAW, BEHIND, {**REJECT, **SPF}, "aligned", ("dkim: no signature", "spf=pass example.jp from 192.0.2.1", "dmarc: p=reject by example.jp, aligned")),
        (OURS.replace(b"192.0.2.1", b"203.0.113.9") + OURS + RAW, BEHIND, {**REJECT, **SPF}, "failed", ("dkim: no signature", "spf=fail example.jp from 203.0.113.9", "dmarc: p=reject by example.jp, not aligned")),
        (RAW, BEHIND, {**REJECT, **SPF}, "unchecked", ("dkim: no signature", "spf: not judged, the trace of our own relays names no server of the sender", "dmarc: p=reject by example.jp, undecided")),
        (signed(RAW, "example.jp", by=key(1024, 2)), BEHIND, {**REJECT, **SPF, **DKIM}, "unchecked", ("dkim=fail d=example.jp s=s1: the signature does not match", "spf: not judged, the trace of our own relays names no server of the sender", "dmarc: p=reject by example.jp, undecided")),
        (OURS + signed(RAW, "example.jp"), BEHIND, {**REJECT, "example.jp TXT": (b"v=spf1 -all",), **DKIM}, "aligned", ("dkim=pass d=example.jp s=s1", "dmarc: p=reject by example.jp, aligned")),
        (OURS + signed(RAW, "example.jp"), BEHIND, {**REJECT, "example.jp TXT": (b"v=spf1 -all",), "s1._domainkey.example.jp TXT": SILENT}, "unchecked", ("dkim=temperror d=example.jp s=s1: DNS did not answer", "spf=fail example.jp from 192.0.2.1", "dmarc: p=reject by example.jp, undecided")),
        (RAW, DIRECT, {**REJECT, "example.jp TXT": SILENT}, "unchecked", ("dkim: no signature", "spf=temperror example.jp from 192.0.2.1", "dmarc: p=reject by example.jp, undecided")),
        (signed(RAW, "esp.example"), replace(DIRECT, mail_from="b@esp.example"), {**REJECT, **SPF}, "failed", ("dkim: signed by another domain only (esp.example)", "spf: the envelope's sender is of another domain (esp.example)", "dmarc: p=reject by example.jp, not aligned")),
        (RAW, replace(DIRECT, mail_from=""), {**REJECT, "mail.example.jp TXT": (b"v=spf1 a -all",), "mail.example.jp A": ("192.0.2.1",)}, "aligned", ("dkim: no signature", "spf=pass mail.example.jp from 192.0.2.1", "dmarc: p=reject by example.jp, aligned")),
        (RAW, replace(DIRECT, mail_from="x@mail.example.jp"), {**dmarc("p=reject; aspf=s"), "mail.example.jp TXT": (b"v=spf1 +all",)}, "failed", ("dkim: no signature", "spf: the envelope's sender is of another domain (mail.example.jp)", "dmarc: p=reject by example.jp, not aligned")),
        (signed(RAW, "mail.example.jp"), NOBODY, {**dmarc("p=reject; adkim=s"), **SPF}, "failed", ("dkim: signed by another domain only (mail.example.jp)", "spf=fail example.jp from 203.0.113.9", "dmarc: p=reject by example.jp, not aligned")),
    ],
)  # fmt: skip
def test_what_is_concluded_and_why(
    raw: bytes,
    envelope: Envelope,
    records: Mapping[str, tuple[Answer, ...] | Exception],
    trust: str,
    said: tuple[str, ...],
) -> None:
    assert check(raw, envelope, Zone(records)) == TrustFound(trust=Trust(trust), evidence=said)


def test_a_subdomain_is_under_its_organisations_policy() -> None:
    raw = RAW.replace(b"taro@example.jp", b"taro@news.example.jp")
    asked = ["_dmarc.news.example.jp TXT", "_dmarc.example.jp TXT"]
    for request, trust, said in (
        ("p=none; sp=reject", Trust.FAILED, "p=reject by example.jp, not aligned"),
        ("p=reject; sp=none", Trust.UNCHECKED, "p=none by example.jp, not aligned"),
        ("p=quarantine", Trust.FAILED, "p=quarantine by example.jp, not aligned"),
    ):
        zone = Zone(dmarc(request))
        found = check(raw, NOBODY, zone)
        assert (found.trust, found.evidence[-1]) == (trust, f"dmarc: {said}")
        assert zone.asked[:2] == asked
    own = Zone({**dmarc("p=none", "news.example.jp"), **REJECT})
    assert check(raw, NOBODY, own).evidence[-1] == "dmarc: p=none by news.example.jp, not aligned"
    two = Zone({"_dmarc.news.example.jp TXT": (b"v=DMARC1; p=reject", b"v=DMARC1; p=none"), **REJECT})
    assert check(raw, NOBODY, two).evidence[-1] == "dmarc: no policy of news.example.jp, not aligned"
    assert asked[1] not in two.asked


@pytest.mark.parametrize(
    "raw",
    [
        RAW.replace(b"<taro@example.jp>", b"<taro@example.jp>, <x@evil.example>"),
        b"From: x@evil.example\r\n" + RAW,
        b"Subject: x\rFrom: x@evil.example\r\n" + RAW,  # a bare CR ends a line for some readers
        b"a line that is no header\r\n" + RAW,
        b"Subject: nobody\r\n\r\nhello\r\n",
        RAW.replace(b"example.jp", b"localhost"),
    ],
)
def test_who_is_not_one_sender_is_not_checked(raw: bytes) -> None:
    zone = Zone({**REJECT, **SPF})
    assert check(raw, DIRECT, zone) == TrustFound(evidence=("not checked: From does not name exactly one sender",))
    assert zone.asked == []


def test_a_mail_out_of_a_file_is_not_checked() -> None:
    zone = Zone({**REJECT, **SPF})
    found = check(RAW, envelope_of_file(RAW, AT), zone)
    assert found == TrustFound(evidence=("not checked: the mail came as a file, not from a server",))
    assert zone.asked == []


def test_where_the_policy_stays_unknown_nothing_more_is_asked() -> None:
    zone = Zone({"_dmarc.example.jp TXT": SILENT, **SPF})
    assert check(RAW, DIRECT, zone) == TrustFound(evidence=("dmarc: not judged, DNS did not answer",))
    assert zone.asked == ["_dmarc.example.jp TXT"]


def test_a_sender_whose_domain_is_not_ascii_is_checked_under_its_dns_name() -> None:
    raw = RAW.replace(b"taro@example.jp", "taro@日本語.jp".encode())
    name = "xn--wgv71a119e.jp"
    zone = Zone({f"{name} TXT": (b"v=spf1 ip4:192.0.2.1 -all",)})
    for mail_from in ("taro@日本語.jp", f"taro@{name}"):
        assert check(raw, replace(DIRECT, mail_from=mail_from), zone).trust is Trust.ALIGNED


def test_a_slow_dns_ends_the_check_in_time_and_nobody_fails_by_it() -> None:
    class Slow(Zone):
        now = 0.0

        def ask(self, name: str, kind: str, lifetime_s: float) -> tuple[Answer, ...]:
            self.now += min(lifetime_s, 1.9)
            return super().ask(name, kind, lifetime_s)

    chain = {f"i{n}.example TXT": (f"v=spf1 include:i{n + 1}.example -all".encode(),) for n in range(9)}
    zone = Slow({**REJECT, "example.jp TXT": (b"v=spf1 include:i0.example -all",), **chain})
    found = SenderCheck(resolver=zone, relays=RELAYS, clock=lambda: zone.now)(RAW, parse_mail(RAW, DIRECT))
    assert found.trust is Trust.UNCHECKED
    assert found.evidence[1] == "spf=temperror example.jp from 192.0.2.1"
    assert zone.now <= CHECK_S


def test_a_bug_of_ours_fails_no_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = RuntimeError("the mail says: secret")
    assert check(RAW, NOBODY, Zone({**REJECT, "example.jp TXT": broken})).trust is Trust.UNCHECKED

    def stumble(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr("ingest.sender_check.judge_dkim", stumble)
    assert check(RAW, NOBODY, Zone(REJECT)) == TrustFound(evidence=("not checked: the check failed (RuntimeError)",))


@given(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"From: taro@example.jp", b"DKIM-Signature: v=1; a=rsa-sha256; d=example.jp; s=s1; h=from; bh=AAAA; b=AAAA", b"DKIM-Signature:", b"Received: from a (b [192.0.2.1]) by c", b"\r", b"From:", b"x"]
        ),
        max_size=8,
    ),
    st.text(max_size=40),
    st.sampled_from(["", "127.0.0.1", "192.0.2.1", "::1", "?"]),
)  # fmt: skip
def test_whatever_comes_in_a_verdict_comes_out(body: bytes, lines: list[bytes], mail_from: str, peer: str) -> None:
    raw = b"\r\n".join(lines) + b"\r\n\r\n" + body
    envelope = replace(DIRECT, mail_from=mail_from, peer=peer)
    found = check(raw, envelope, Zone({**REJECT, **SPF, **DKIM}))
    assert not any("the check failed" in sentence for sentence in found.evidence)
    assert all(sentence.isprintable() for sentence in found.evidence)
