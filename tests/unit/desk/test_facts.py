"""The chips of a ticket: each value once, as an agent copies it, and no credential."""

from __future__ import annotations

from dataclasses import replace

from desk.facts import facts
from models.assessment import Hint, Secret, Span
from models.db.store import Store
from policy.pack import Pack
from responders.understood import resources_of
from tests.support.filings import LEASE, NOW, arrival, assessment, filing, mail

BODY = (
    "ap-northeast-1 の i-6we0a1b2c3d4e5f6g7h8 で InvalidParameter.Conflict が出ます。"
    "RequestId: 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E 203.0.113.10 password: 203.0.113.77"
)
REQUEST = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"


def test_each_fact_is_what_one_copies(sqlite_store: Store, pack: Pack) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(1, body=BODY)
    seen = assessment(one)
    at = seen.text.index("203.0.113.77")
    hint = Span(0, 1)
    seen = replace(
        seen,
        accounts=("5123456789012345",),
        secrets=(Secret(kind="password", span=Span(at, at + 12)),),
        hints=(
            Hint(kind="region", value="ap-northeast-1", span=hint),
            Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8", span=hint),
            Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8", span=hint),
            Hint(kind="resource", value=REQUEST, span=hint),
            Hint(kind="when", value="2026-11-24T00:30:00+09:00", span=hint),
            Hint(kind="when", value="2026-11-23", span=hint),
            Hint(kind="when", value="nonsense", span=hint),
        ),
    )
    ref = sqlite_store.file(replace(filing(claim, one, None), seen=seen))
    found = [(fact.kind, fact.value, fact.more) for fact in facts(sqlite_store.ticket(ref), pack, "en")]
    assert found == [
        ("account", "5123456789012345", ""),
        ("region", "ap-northeast-1", pack.regions["ap-northeast-1"].name["en"]),
        ("resource", "i-6we0a1b2c3d4e5f6g7h8", ""),
        ("when", "2026-11-24 00:30 JST", "11-23 23:30 CST"),
        ("when", "2026-11-23", ""),
        ("error", "InvalidParameter.Conflict", ""),
        ("request", REQUEST, ""),
        ("ip", "203.0.113.10", ""),
    ]
    assert REQUEST not in resources_of(seen, pack), "a RequestId is no resource in a letter either"
