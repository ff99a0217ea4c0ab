"""Makes mails, readings and filings for tests of the store and the desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.arrival import Arrival
from models.assessment import Assessment, Category, Finding, Issue, Section, Span, SymptomKind
from models.db.store import Store
from models.decision import Decision, Disposition, LetterKind, Reason, Reply, ReplyState
from models.mail import Address, Attachment, Automation, Envelope, Mail
from models.states import TicketState
from models.ticket import Claim, Filing

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
DESK = "support@uketsuke.example"
LEASE = timedelta(minutes=5)


def arrival(number: int = 1, *, sender: str = "taro@example.com", body: str = "hello", at: datetime = NOW) -> Arrival:
    raw = f"From: {sender}\r\nTo: {DESK}\r\nSubject: mail {number}\r\nMessage-ID: <m{number}@example.com>\r\n\r\n{body}\r\n".encode()
    return Arrival(raw=raw, envelope=Envelope(mail_from=sender, rcpt_tos=(DESK,), received_at=at), desk_address=DESK)


def mail(number: int = 1, *, sender: str = "taro@example.com", body: str = "接続できません", **changes: object) -> Mail:
    values: dict[str, object] = {
        "envelope": Envelope(mail_from=sender, rcpt_tos=(DESK,), received_at=NOW),
        "sender": Address(addr=sender, name="山田 太郎"),
        "to": (Address(addr=DESK),),
        "subject": f"mail {number}",
        "message_id": f"<m{number}@example.com>",
        "text": body,
        "reply_text": body,
        "attachments": (Attachment(filename="図.png", content_type="image/png", size=3, part=1),),
        "automation": Automation(),
    }
    return Mail(**{**values, **changes})  # type: ignore[arg-type]


def assessment(
    one: Mail, present: frozenset[Section] = frozenset({Section.SYMPTOM}), category: Category = Category.TROUBLESHOOTING
) -> Assessment:
    text = f"{one.subject}\n{one.reply_text}"
    return Assessment(
        text=text,
        language="ja",
        issues=(
            Issue(gist=one.subject, category=category, products=("ecs",), spans=(Span(0, len(text)),), confidence=0.9),
        ),
        sections={
            section: Finding(
                present=section in present,
                answered=section in present,
                confidence=0.9,
                spans=(Span(0, 4),) if section in present else (),
            )
            for section in Section
        },
        symptom_kind=SymptomKind.CONNECTIVITY,
    )


def reply(
    number: int,
    *,
    to: str = "taro@example.com",
    state: ReplyState = ReplyState.QUEUED,
    kind: LetterKind = LetterKind.REQUEST_INFORMATION,
) -> Reply:
    return Reply(
        kind=kind,
        language="ja",
        to=to,
        subject=f"Re: mail {number} [受付 T{number:06d}]",
        text="お知らせください。\n",
        message_id=f"<T{number:06d}.{kind.value}.sign@uketsuke.example>",
        mail_from="support+bounce.T000001.sign@uketsuke.example",
        raw=b"Subject: x\r\n\r\nbody\r\n",
        state=state,
        reason="held for a test" if state is ReplyState.HELD else "",
    )


def filing(
    claim: Claim,
    one: Mail,
    letter: Reply | None,
    *,
    state: TicketState = TicketState.WAITING_CUSTOMER,
    join: str | None = None,
    missing: tuple[str, ...] = ("when", "goal"),
    now: datetime = NOW,
) -> Filing:
    return Filing(
        mail_id=claim.mail_id,
        token=claim.token,
        mail=one,
        seen=assessment(one),
        decision=Decision(
            disposition=Disposition.REQUEST_INFORMATION,
            missing=missing,
            confidence=0.8,
            letter=LetterKind.REQUEST_INFORMATION,
            reasons=(Reason(code="missing", detail="when"),),
        ),
        reply=letter,
        state=state,
        now=now,
        join=join,
    )


def file_one(
    store: Store,
    number: int = 1,
    *,
    sender: str = "taro@example.com",
    reply_state: ReplyState | None = ReplyState.QUEUED,
) -> str:
    """Accept, claim and file one mail; returns its reference."""
    store.accept([arrival(number, sender=sender)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = reply(claim.mail_id, to=sender, state=reply_state) if reply_state else None
    return store.file(filing(claim, mail(number, sender=sender), letter))
