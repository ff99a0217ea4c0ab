"""Mails of several issues, and filings of them, for tests of what agents do to the shape of tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.assessment import Assessment, Category, Finding, Issue, Section, Span, SymptomKind
from models.decision import Decision, Disposition, LetterKind, Reason, ReplyState
from models.states import TicketState
from models.ticket import Filing
from tests.support.filings import LEASE, NOW, arrival, filing, mail, reply

if TYPE_CHECKING:
    from datetime import datetime

    from models.db.store import Store
    from models.mail import Mail

ECS = "ECS に SSH で接続できません。昨日の18時から、東京リージョンで発生しています。"
BILL = "請求書の宛名を変更したいです。"
OSS = "OSS の設定方法も教えてください。"
BODY = f"アカウントは 5123456789012345 です。\n{ECS}\n{BILL}\n{OSS}"


def spans_of(text: str, words: str) -> tuple[Span, ...]:
    at = text.find(words)
    assert at >= 0
    return (Span(at, at + len(words)),)


def three_issues(one: Mail) -> Assessment:
    """A trouble with ECS, which says when and where; a bill; a question about OSS. The account stands above them all."""
    text = f"{one.subject}\n{one.reply_text}"

    def found(words: str) -> Finding:
        return Finding(present=True, answered=True, confidence=0.95, spans=spans_of(text, words))

    absent = Finding(present=False, confidence=0.95)
    return Assessment(
        text=text,
        language="ja",
        issues=(
            Issue(gist="SSH", category=Category.TROUBLESHOOTING, products=("ecs",), spans=spans_of(text, ECS)),
            Issue(gist="宛名", category=Category.PAYMENT_BILLING, spans=spans_of(text, BILL)),
            Issue(gist="OSS", category=Category.HOW_TO, products=("oss",), spans=spans_of(text, OSS)),
        ),
        sections={
            Section.SYMPTOM: Finding(
                present=True,
                answered=True,
                confidence=0.95,
                spans=(*spans_of(text, "接続できません"), *spans_of(text, BILL), *spans_of(text, OSS)),
            ),
            Section.EVIDENCE: absent,
            Section.WHEN: found("昨日の18時"),
            Section.WHERE: found("東京リージョン"),
            Section.WHO: found("5123456789012345"),
            Section.MATERIALS: absent,
            Section.GOAL: absent,
        },
        symptom_kind=SymptomKind.CONNECTIVITY,
        accounts=("5123456789012345",),
    )


def file_three(store: Store, number: int = 1, *, letter: ReplyState | None = ReplyState.HELD) -> str:
    """File a mail of three issues, for which the customer was asked, or is to be asked, to split it."""
    store.accept([arrival(number)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, body=BODY)
    state = TicketState.NEEDS_REVIEW if letter is ReplyState.HELD else TicketState.WAITING_CUSTOMER
    written = reply(claim.mail_id, state=letter, kind=LetterKind.SPLIT) if letter else None
    return store.file(
        Filing(
            mail_id=claim.mail_id,
            token=claim.token,
            mail=one,
            seen=three_issues(one),
            decision=Decision(
                disposition=Disposition.SPLIT,
                confidence=0.8,
                letter=LetterKind.SPLIT,
                reasons=(Reason(code="several_issues"),),
            ),
            reply=written,
            state=state,
            now=NOW,
        )
    )


def file_more(
    store: Store,
    number: int,
    join: str,
    *,
    sender: str = "taro@example.com",
    missing: tuple[str, ...] = (),
    at: datetime = NOW,
) -> int:
    """Another mail on a ticket, of one issue; returns its id."""
    store.accept([arrival(number, sender=sender, at=at)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=at)
    one = mail(number, sender=sender, body=f"追加の連絡 {number}")
    store.file(filing(claim, one, None, join=join, missing=missing, state=TicketState.READY, now=at))
    return claim.mail_id
