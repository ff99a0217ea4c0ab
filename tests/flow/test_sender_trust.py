"""A mail's sender, from the stored bytes to the letter that goes or does not go, and to the desk's page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from desk.details import detail_text
from desk.texts import EN, JA
from desk.trust_texts import TRUST_JA
from ingest.received import parse_networks
from ingest.resolver import Answer
from ingest.sender_check import SenderCheck
from models.arrival import Arrival
from models.db.store import Store
from models.mail import Envelope
from models.views import MailView, ReplyView
from policy.pack import Pack
from runtime.ticket_account import ticket_account
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import DESK, LEASE, NOW
from tests.support.zones import SILENT, Zone, key, signed

ASKING = b"""From: Emma <emma@retail.example>
To: support@uketsuke.example
Subject: Cannot upload to our OSS bucket
Message-ID: <m1@retail.example>
Date: Tue, 24 Nov 2026 10:00:00 +0900
Content-Type: text/plain

Hello,

PutObject to our OSS bucket emma-retail-assets (Tokyo) fails with 403 AccessDenied.
Steps: ossutil cp report.csv oss://emma-retail-assets/.

Best regards,
Emma
""".replace(b"\n", b"\r\n")
RECORDS: Mapping[str, tuple[Answer, ...]] = {
    "_dmarc.retail.example TXT": (b"v=DMARC1; p=reject; rua=mailto:d@retail.example",),
    "retail.example TXT": (b"v=spf1 ip4:192.0.2.1 -all",),
    "s1._domainkey.retail.example TXT": (key().record,),
}
Records = Mapping[str, Iterable[Answer] | Exception]


def file_mail(
    store: Store, rules: Rules, records: Records | None, *, raw: bytes = ASKING, peer: str = "203.0.113.9"
) -> tuple[MailView, tuple[ReplyView, ...]]:
    """The mail and its letters, after a worker has had it."""
    envelope = Envelope(mail_from="emma@retail.example", rcpt_tos=(DESK,), received_at=NOW, peer=peer, helo="x.example")
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    check = SenderCheck(resolver=Zone(records), relays=parse_networks("private")) if records is not None else None
    worker = Worker(store, rules, frozenset({DESK}), Clock(NOW), check)
    while worker.run_batch():
        pass
    view = store.ticket("T000001")
    return view.mails[0], view.replies


def test_a_forged_sender_gets_a_ticket_and_no_letter(sqlite_store: Store, rules: Rules) -> None:
    mail, letters = file_mail(sqlite_store, rules, RECORDS)
    assert mail.trust == "failed"
    assert [(one.state, one.reason.partition(":")[0]) for one in letters] == [("suppressed", "trust_failed")]
    assert sqlite_store.claim_replies(limit=9, lease=LEASE, now=NOW) == ()
    assert sqlite_store.ticket("T000001").row.state == "needs_review"


@pytest.mark.parametrize(
    ("raw", "peer", "records", "trust"),
    [
        (ASKING, "192.0.2.1", RECORDS, "aligned"),
        (signed(ASKING, "retail.example"), "203.0.113.9", RECORDS, "aligned"),
        (ASKING, "203.0.113.9", {**RECORDS, "_dmarc.retail.example TXT": SILENT}, "unchecked"),
        (ASKING, "203.0.113.9", {**RECORDS, "retail.example TXT": SILENT}, "unchecked"),
        (ASKING, "203.0.113.9", {**RECORDS, "retail.example TXT": RuntimeError()}, "unchecked"),
        (ASKING, "203.0.113.9", {}, "unchecked"),
        (ASKING, "203.0.113.9", None, "unchecked"),
    ],
)
def test_the_mail_is_filed_whatever_dns_says(
    sqlite_store: Store, rules: Rules, raw: bytes, peer: str, records: Records | None, trust: str
) -> None:
    mail, letters = file_mail(sqlite_store, rules, records, raw=raw, peer=peer)
    assert mail.trust == trust
    assert [one.state for one in letters] == ["queued"]
    assert bool(mail.trust_evidence) is (records is not None)


def told(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


async def test_the_desk_and_the_terminal_say_what_was_found(sqlite_store: Store, rules: Rules, pack: Pack) -> None:
    file_mail(sqlite_store, rules, RECORDS, raw=signed(ASKING, "retail.example", by=key(1024, 2)))
    account = ticket_account(sqlite_store.ticket("T000001"))
    assert (
        "  sender check: failed\n"
        "    dkim=fail d=retail.example s=s1: the signature does not match\n"
        "    spf=fail retail.example from 203.0.113.9\n"
        "    dmarc: p=reject by retail.example, not aligned\n"
    ) in account
    app = make_app(sqlite_store, pack, Clock(NOW))
    async with signed_in(app, language="en") as client:
        page = told((await client.get("/tickets/T000001")).text)
    assert (
        f"{EN['trust']} {EN['trust_failed']} dkim=fail d=retail.example s=s1: the signature does not match "
        "spf=fail retail.example from 203.0.113.9 dmarc: p=reject by retail.example, not aligned"
    ) in page
    async with signed_in(app, language="ja") as client:
        page = told((await client.get("/tickets/T000001")).text)
    assert (
        f"{JA['trust']} {JA['trust_failed']} dkim=fail d=retail.example s=s1(署名が一致しない) "
        "spf=fail retail.example(送信元 203.0.113.9) dmarc: p=reject(retail.example)、差出人のドメインと不一致"
    ) in page


async def test_an_unchecked_mail_says_nothing_of_checks(sqlite_store: Store, rules: Rules, pack: Pack) -> None:
    file_mail(sqlite_store, rules, None)
    assert "sender check" not in ticket_account(sqlite_store.ticket("T000001"))
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW)), language="en") as client:
        assert EN["trust"] not in told((await client.get("/tickets/T000001")).text)


async def test_what_our_mail_server_found_is_told_too(sqlite_store: Store, rules: Rules) -> None:
    own = replace(rules, identity=replace(rules.identity, authserv_id="mx.uketsuke.example"))
    line = b"Authentication-Results: mx.uketsuke.example; spf=fail smtp.mailfrom=retail.example;\r\n dmarc=fail (p=REJECT sp=NONE) header.from=retail.example\r\n"
    mail, letters = file_mail(sqlite_store, own, None, raw=line + ASKING)
    assert mail.trust == "failed"
    assert mail.trust_evidence == (
        "found by mx.uketsuke.example",
        "spf=fail retail.example",
        "dmarc=fail retail.example p=reject",
    )
    assert [one.reason.partition(":")[0] for one in letters] == ["trust_failed"]


def sentences() -> list[str]:
    """Every sentence of the check's sources with a word in each gap."""
    folder = Path(__file__).parents[2] / "ingest"
    source = "\n".join(
        (folder / f"{name}.py").read_text(encoding="utf-8")
        for name in ("authentication", "dkim_check", "dmarc", "received", "sender_check", "spf_check")
    )
    said = re.findall(r'f?"((?:not checked|found by|dkim:|spf:|dmarc:) ?[^"]*)"', source)
    whys = re.findall(r'_(?:Refused|Outcome)\("\w+", f?"([^"]+)"\)', source)
    paths = re.findall(r'NoClient\(why="([^"]+)"\)', source)
    said = [one for one in said if "{client.why}" not in one and "{published}" not in one]
    made = [
        *said,
        *(f"dkim=fail d=a.example s=b: {why}" for why in whys),
        *(f"spf: not judged, {why}" for why in paths),
    ]
    made += [
        f"dmarc: {start}, {end}"
        for start in ("p=reject by a.example", "no policy of a.example")
        for end in ("aligned", "not aligned", "undecided")
    ]
    return [re.sub(r"\{[^{}]+\}", "1", one) for one in made]


def test_every_sentence_of_the_check_has_japanese_words() -> None:
    found = sentences()
    assert len(found) > 35
    assert "dkim=fail d=a.example s=b: it covers 1 of 1 bytes" in found
    english = [one for one in found if not re.search(r"[ぁ-んァ-ヶ一-龠]", detail_text(one, "ja"))]
    assert english == []
    assert (
        detail_text("dkim=fail d=a s=b: it covers 20 of 90 bytes", "ja")
        == "dkim=fail d=a s=b(署名の対象は本文 90 バイト中 20 バイトのみ)"
    )
    unused = [pattern for pattern in TRUST_JA if not any(re.fullmatch(pattern, one) for one in found)]
    assert unused == [r"spf=(\w+) (\S+) from (\S+)"]


def test_a_mail_filed_before_there_was_evidence_is_still_read(sqlite_store: Store, rules: Rules) -> None:
    file_mail(sqlite_store, rules, RECORDS)
    with sqlite_store.write() as connection:
        old = json.loads(connection.execute(text("SELECT mail FROM reading")).scalar_one())
        assert len(old.pop("trust_evidence")) == 3
        connection.execute(text("UPDATE reading SET mail = :mail"), {"mail": json.dumps(old)})
    (mail,) = sqlite_store.ticket("T000001").mails
    assert (mail.trust, mail.trust_evidence) == ("failed", ())
