from __future__ import annotations

import pytest

from ingest.parse import parse_mail
from models.mail import Trust
from tests.unit.ingest.mails import SESSION, eml

OURS = "mx.desk.example"


def trust(*head: str, authserv_id: str = OURS) -> Trust:
    return parse_mail(eml(*head), SESSION, authserv_id=authserv_id).trust


def found(result: str, by: str = OURS) -> str:
    return f"Authentication-Results: {by}; {result}"


@pytest.mark.parametrize(
    "result",
    [
        "dmarc=pass header.from=example.co.jp",
        "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.co.jp",
        "spf=pass smtp.mailfrom=taro@example.co.jp",
        "spf=softfail smtp.mailfrom=x.example; dkim=pass (2048-bit key; secure) header.d=mail.example.co.jp header.s=a",
        "dkim=pass header.i=@example.co.jp",
        'dkim = pass reason="good; signature" header.d=Example.CO.JP',
        "DMARC=Pass header.from=example.co.jp",
    ],
)
def test_an_aligned_pass_proves_the_sender(result: str) -> None:
    assert trust(found(result)) is Trust.ALIGNED
    assert trust(f"Authentication-Results: MX.Desk.Example 1; {result}") is Trust.ALIGNED


@pytest.mark.parametrize(
    "result",
    [
        "dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=example.co.jp",
        "dmarc=fail (p=quarantine) header.from=example.co.jp",
        "dkim=pass header.d=example.co.jp; dmarc=fail policy.published-domain-policy=reject header.from=example.co.jp",
    ],
)
def test_a_fail_under_a_strict_policy_is_a_forgery(result: str) -> None:
    assert trust(found(result)) is Trust.FAILED


@pytest.mark.parametrize(
    "result",
    [
        "none",
        "",
        "dmarc=fail (p=NONE) header.from=example.co.jp",
        "dmarc=none header.from=example.co.jp",
        "spf=pass smtp.mailfrom=other.example; dkim=pass header.d=other.example",
        "spf=pass smtp.helo=example.co.jp",
        "dkim=pass header.d=jp",
        "dkim=pass header.d=notexample.co.jp",
        "dmarc=pass header.from=other.example",
        "x-dmarc=pass (dmarc=pass) header.from=example.co.jp",
        'reason="; dmarc=pass"',
    ],
)
def test_everything_else_proves_nothing(result: str) -> None:
    assert trust(found(result)) is Trust.UNCHECKED


def test_only_the_topmost_header_of_our_own_server_counts() -> None:
    good, bad = "dmarc=pass header.from=example.co.jp", "dmarc=fail (p=reject) header.from=example.co.jp"
    assert trust(found(bad), found(good)) is Trust.FAILED
    assert trust(found("none"), found(good)) is Trust.UNCHECKED
    assert trust(found(bad, "evil.example"), found(good)) is Trust.ALIGNED
    assert trust(found(good, "evil.example")) is Trust.UNCHECKED
    assert trust(found(good, f"{OURS}.evil.example")) is Trust.UNCHECKED


def test_without_a_name_to_believe_nothing_is_believed() -> None:
    assert trust(found("dmarc=pass header.from=example.co.jp"), authserv_id="") is Trust.UNCHECKED
    assert trust("Authentication-Results: ; dmarc=pass", authserv_id=" ") is Trust.UNCHECKED


def test_a_mail_with_two_authors_is_nobodys() -> None:
    good = found("dmarc=pass header.from=example.co.jp")
    two = ("From: Taro <taro@example.co.jp>", "From: Evil <x@evil.example>")
    assert trust(good, *two) is Trust.UNCHECKED
    assert trust(good, "From: <taro@example.co.jp>, <x@evil.example>") is Trust.UNCHECKED
