"""Mails, readings and histories for the tests of the writing desk: complete by default, changed by keyword."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from models.assessment import FACETS_OF_KIND, Assessment, Category, Facet, Finding, Issue, Section, SymptomKind
from models.conversation import How, given
from models.decision import History, LetterKind, OpenTicket, PastLetter, ReplyState
from models.mail import Address, Envelope, Mail
from policy.load import load_pack
from policy.pack import Pack
from responders.identity import SenderIdentity

NOW = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
CUSTOMER = "yamada@sample.example"
HERE = Finding(present=True, answered=True, confidence=0.98)
ABSENT = Finding(present=False, confidence=0.96)
DOUBTFUL = Finding(present=False, confidence=0.6)
UNKNOWN = Finding(present=False, answered=True, confidence=0.95)


@cache
def pack() -> Pack:
    return load_pack("alibabacloud_jp")


def identity(**changes: object) -> SenderIdentity:
    fields: dict[str, object] = {
        "address": "support@uketsuke.example",
        "domain": "uketsuke.example",
        "secret": b"0" * 32,
        "instance": "feedbeef00112233",
        "is_trusted": True,
    }
    return SenderIdentity(**{**fields, **changes})  # type: ignore[arg-type]


def envelope(**changes: object) -> Envelope:
    fields: dict[str, object] = {"mail_from": CUSTOMER, "rcpt_tos": ("support@uketsuke.example",), "received_at": NOW}
    return Envelope(**{**fields, **changes})  # type: ignore[arg-type]


def mail(**changes: object) -> Mail:
    fields: dict[str, object] = {
        "envelope": envelope(),
        "sender": Address(addr=CUSTOMER, name="株式会社サンプル 山田太郎"),
        "to": (Address(addr="support@uketsuke.example"),),
        "subject": "ECSに接続できません",
        "message_id": "<first@sample.example>",
        "text": "お世話になっております。ECSに接続できません。",
        "reply_text": "お世話になっております。ECSに接続できません。",
    }
    return Mail(**{**fields, **changes})  # type: ignore[arg-type]


def issue(category: Category = Category.TROUBLESHOOTING, *products: str, **changes: object) -> Issue:
    fields: dict[str, object] = {"gist": "ECSに接続できない", "category": category, "products": products or ("ecs",)}
    return Issue(**{**fields, **changes})  # type: ignore[arg-type]


def seen(
    *absent: str,
    issues: tuple[Issue, ...] | None = None,
    kind: SymptomKind | None = SymptomKind.CONNECTIVITY,
    findings: dict[str, Finding] | None = None,
    **changes: object,
) -> Assessment:
    """A reading in which everything is there but the items named (`when`, `facet:steps`)."""
    given = {**dict.fromkeys(absent, ABSENT), **(findings or {})}
    facets = FACETS_OF_KIND[kind] if kind else ()
    fields: dict[str, object] = {
        "text": "ECSに接続できません\nお世話になっております。ECSに接続できません。",
        "language": "ja",
        "issues": (issue(),) if issues is None else issues,
        "sections": {section: given.get(section.value, HERE) for section in Section},
        "symptom_kind": kind,
        "facets": {facet: given.get(f"facet:{facet.value}", HERE) for facet in facets},
        "evidence_linked": True if given.get("evidence", HERE).present else None,
        "goal_linked": True if given.get("goal", HERE).present else None,
    }
    return Assessment(**{**fields, **changes})  # type: ignore[arg-type]


def history(**changes: object) -> History:
    return History(**{"now": NOW, "ref": "T000123", **changes})  # type: ignore[arg-type]


def past(kind: LetterKind, state: ReplyState = ReplyState.SENT, *, minutes: int = 90) -> PastLetter:
    return PastLetter(
        kind=kind, state=state, at=NOW - timedelta(minutes=minutes), message_id=f"<{kind.value}@uketsuke.example>"
    )


def ticket(
    *letters: PastLetter, asked: tuple[str, ...] = (), settled: tuple[str, ...] = (), **changes: object
) -> OpenTicket:
    fields: dict[str, object] = {
        "ref": "T000123",
        "state": "waiting_customer",
        "language": "ja",
        "categories": (Category.TROUBLESHOOTING,),
        "symptom_kind": SymptomKind.CONNECTIVITY,
        "items": {item: given(1, How.WORDS) for item in settled},
        "asked": frozenset(asked),
        "letters": letters,
        "products": ("ecs",),
    }
    return OpenTicket(**{**fields, **changes})  # type: ignore[arg-type]


ALL_ITEMS = (*(section.value for section in Section), *(f"facet:{facet.value}" for facet in Facet))
