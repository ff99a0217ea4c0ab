from __future__ import annotations

import pytest

from ingest.dmarc import (
    MethodResult,
    Policy,
    Request,
    ascii_domain,
    is_aligned,
    organisational_domain,
    policy_domains,
    policy_records,
    read_policy,
    verdict,
)
from models.mail import Trust

PROOF = MethodResult(is_proof=True, is_decided=True, evidence=("proof",))
AGAINST = MethodResult(is_proof=False, is_decided=True, evidence=("against",))
OPEN = MethodResult(is_proof=False, is_decided=False, evidence=("open",))


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("example.jp", "example.jp"),
        ("a.b.example.jp", "example.jp"),
        ("example.co.jp", "example.co.jp"),
        ("mail.example.co.jp", "example.co.jp"),
        ("co.jp", "co.jp"),  # a public suffix is nobody's organisation but its own
        ("a.city.kobe.jp", "city.kobe.jp"),  # an exception of the list: kobe.jp's cities register themselves
        ("x.other.kobe.jp", "x.other.kobe.jp"),
        ("mail.shop.github.io", "shop.github.io"),  # customers of one host are strangers to each other
        ("mx.desk.example", "desk.example"),
    ],
)
def test_an_organisation_is_what_somebody_registered(domain: str, organisation: str) -> None:
    assert organisational_domain(domain) == organisation


@pytest.mark.parametrize(
    ("one", "sender", "relaxed", "strict"),
    [
        ("example.co.jp", "example.co.jp", True, True),
        ("mail.example.co.jp", "example.co.jp", True, False),
        ("example.co.jp", "mail.example.co.jp", True, False),
        ("a.example.co.jp", "b.example.co.jp", True, False),
        ("co.jp", "example.co.jp", False, False),
        ("other.co.jp", "example.co.jp", False, False),
        ("notexample.co.jp", "example.co.jp", False, False),
        ("a.github.io", "b.github.io", False, False),
        ("", "example.co.jp", False, False),
        ("", "", False, False),
    ],
)
def test_domains_are_aligned_by_organisation_or_letter_by_letter(
    one: str, sender: str, relaxed: bool, strict: bool
) -> None:
    assert is_aligned(one, sender) is relaxed
    assert is_aligned(one, sender, is_strict=True) is strict


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.CO.jp", "example.co.jp"),
        ("example.jp.", "example.jp"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("localhost", ""),
        ("", ""),
        ("[192.0.2.1]", ""),
        ("a..jp", ""),
        ("x" * 64 + ".jp", ""),
        (".".join(["x" * 60] * 5), ""),
        ("exa mple.jp", ""),
        ("exa\x01mple.jp", ""),
        ("<b>.jp", ""),
        ("_spf.example.jp", "_spf.example.jp"),
        ("\udcff.jp", ""),
    ],
)
def test_a_domain_is_told_as_dns_knows_it(text: str, domain: str) -> None:
    assert ascii_domain(text) == domain


def policy(record: bytes, *, at: str = "example.jp", sender: str = "example.jp") -> Policy | None:
    return read_policy(policy_records([record]), published_by=at, sender=sender)


@pytest.mark.parametrize(
    ("record", "request_"),
    [
        (b"v=DMARC1; p=reject", Request.REJECT),
        (b"v=DMARC1;p=Quarantine;pct=0", Request.QUARANTINE),
        (b"v=DMARC1 ; p = none ; rua=mailto:a@example.jp", Request.NONE),
        (b"v=DMARC1; p=rejct", Request.NONE),
        (b"v=DMARC1", Request.NONE),
        (b"v=DMARC1; p=reject; p=none", Request.REJECT),
        (b"v=DMARC1; p=reject; \xff=1", Request.REJECT),
    ],
)
def test_a_policy_says_what_becomes_of_forgeries(record: bytes, request_: Request) -> None:
    found = policy(record)
    assert found is not None
    assert found.request is request_


@pytest.mark.parametrize("record", [b"", b"v=spf1 -all", b"p=reject; v=DMARC1", b"v=DMARC10; p=reject"])
def test_other_records_are_no_policy(record: bytes) -> None:
    assert policy_records([record]) == ()


def test_several_policies_are_none() -> None:
    assert read_policy([b"v=DMARC1; p=reject"] * 2, published_by="example.jp", sender="example.jp") is None


def test_a_subdomain_may_have_a_request_of_its_own() -> None:
    record = b"v=DMARC1; p=reject; sp=none"
    for sender, request_ in (("example.jp", Request.REJECT), ("a.example.jp", Request.NONE)):
        found = policy(record, sender=sender)
        assert found is not None
        assert found.request is request_
    found = policy(b"v=DMARC1; p=quarantine", sender="a.example.jp")
    assert found is not None
    assert found.request is Request.QUARANTINE
    found = policy(b"v=DMARC1; p=none; sp=reject", at="a.example.jp", sender="a.example.jp")
    assert found is not None
    assert found.request is Request.NONE


def test_a_policy_says_how_to_align() -> None:
    assert policy(b"v=DMARC1; p=none; adkim=S; aspf=r") == Policy(published_by="example.jp", is_dkim_strict=True)
    assert policy(b"v=DMARC1; p=none; aspf=s") == Policy(published_by="example.jp", is_spf_strict=True)


def test_the_organisation_is_asked_after_the_domain_itself() -> None:
    assert policy_domains("a.b.example.co.jp") == ("a.b.example.co.jp", "example.co.jp")
    assert policy_domains("example.co.jp") == ("example.co.jp",)


REJECT = Policy(published_by="example.jp", request=Request.REJECT)
QUARANTINE = Policy(published_by="example.jp", request=Request.QUARANTINE)
LENIENT = Policy(published_by="example.jp")


@pytest.mark.parametrize(
    ("published", "results", "trust", "said"),
    [
        (REJECT, (PROOF,), Trust.ALIGNED, "dmarc: p=reject by example.jp, aligned"),
        (REJECT, (AGAINST, PROOF), Trust.ALIGNED, "dmarc: p=reject by example.jp, aligned"),
        (REJECT, (OPEN, PROOF), Trust.ALIGNED, "dmarc: p=reject by example.jp, aligned"),
        (None, (AGAINST, PROOF), Trust.ALIGNED, "dmarc: no policy of example.jp, aligned"),
        (REJECT, (AGAINST, AGAINST), Trust.FAILED, "dmarc: p=reject by example.jp, not aligned"),
        (QUARANTINE, (AGAINST, AGAINST), Trust.FAILED, "dmarc: p=quarantine by example.jp, not aligned"),
        (REJECT, (AGAINST, OPEN), Trust.UNCHECKED, "dmarc: p=reject by example.jp, undecided"),
        (REJECT, (OPEN, AGAINST), Trust.UNCHECKED, "dmarc: p=reject by example.jp, undecided"),
        (LENIENT, (AGAINST, AGAINST), Trust.UNCHECKED, "dmarc: p=none by example.jp, not aligned"),
        (None, (AGAINST, AGAINST), Trust.UNCHECKED, "dmarc: no policy of example.jp, not aligned"),
    ],
)
def test_only_a_strict_policy_and_two_decided_methods_fail_a_sender(
    published: Policy | None, results: tuple[MethodResult, ...], trust: Trust, said: str
) -> None:
    found = verdict("example.jp", published, results)
    assert found.trust is trust
    assert found.evidence == (*(one.evidence[0] for one in results), said)
