"""The store's views as the API's objects: credentials masked in every word but raw bytes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import api_models as said
from desk.masking import hidden, masked, without_secrets
from desk.memos import words_given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.views import MailView, QueueRow, ReplyView, SavedReport, TicketView


def ticket_object(row: QueueRow, desk_link: str, mails: Sequence[MailView] = ()) -> said.Ticket:
    """A ticket's line; `mails` with their readings mask more of its subject."""
    return said.Ticket.model_validate(_line(row, desk_link, mails))


def _line(row: QueueRow, desk_link: str, mails: Sequence[MailView]) -> dict[str, object]:
    return {
        "ref": row.ref,
        "url": f"{desk_link}/tickets/{row.ref}",
        "state": row.state,
        "subject": without_secrets(hidden(row.subject), mails),
        "sender": row.sender,
        "language": row.language,
        "disposition": row.disposition,
        "missing": list(row.missing),
        "unsure": list(row.unsure),
        "categories": list(row.categories),
        "products": list(row.products),
        "lane": row.lane,
        "rank": row.rank,
        "region": row.region,
        "assignee": row.assignee or None,
        "due_at": row.due_at,
        "wake_at": row.wake_at,
        "is_spam": row.is_spam,
        "proposal": row.proposal,
        "opened_at": row.opened_at,
        "updated_at": row.updated_at,
        "split_from": row.split_from,
        "version": row.version,
        "mails": [
            {
                "mail_id": mail.mail_id,
                "message_id": mail.message_id,
                "sha256": mail.sha256,
                "received_at": mail.received_at,
                "state": mail.state,
                "deliveries": mail.deliveries,
            }
            for mail in row.mails
        ],
        "replies": [
            {
                "letter_id": letter.reply_id,
                "message_id": letter.message_id,
                "kind": letter.kind,
                "state": letter.state,
                "reason": without_secrets(hidden(letter.reason), mails),
            }
            for letter in row.replies
        ],
    }


def whole_ticket(view: TicketView, desk_link: str, quotable: Sequence[MailView]) -> said.WholeTicket:
    """A ticket with all that is known of it; the secrets of the mails that its texts may quote are masked."""
    by_id = {mail.mail_id: mail for mail in view.mails}
    return said.WholeTicket.model_validate(
        {
            **_line(view.row, desk_link, quotable),
            "issues": [
                {
                    "mail_id": mail.mail_id,
                    "gist": _safe(issue.gist, quotable),
                    "category": issue.category,
                    "products": list(issue.products),
                    "context_products": list(issue.context_products),
                    "account": issue.account,
                    "confidence": issue.confidence,
                }
                for mail in view.mails
                if mail.seen
                for issue in mail.seen.issues
            ],
            "items": [
                {
                    "item": item,
                    "is_given": known.is_given,
                    "how": known.how.value if known.how else None,
                    "mail_id": known.mail_id,
                    "words": [_safe(one, quotable) for one in words_given(item, by_id.get(known.mail_id or 0))],
                    "absence": known.absence,
                }
                for item, known in view.items.items()
            ],
            "asked": list(view.asked),
            "letters": [letter_object(letter, quotable) for letter in view.replies],
            "events": [
                {"at": event.at, "by": event.by, "what": event.what, "detail": _safe(event.detail, quotable)}
                for event in view.events
            ],
            "links": [
                {"ref": link.ref, "kind": link.kind, "is_from_here": link.is_from_here, "state": link.state}
                for link in view.links
            ],
        }
    )


def letter_object(letter: ReplyView, mails: Sequence[MailView] = ()) -> said.Letter:
    """A letter with its text."""
    return said.Letter(
        letter_id=letter.reply_id,
        ref=letter.ref,
        message_id=letter.message_id,
        kind=letter.kind,
        state=letter.state,
        reason=_safe(letter.reason, mails),
        language=letter.language,
        to=letter.to,
        subject=_safe(letter.subject, mails),
        text=_safe(letter.text, mails),
        created_at=letter.created_at,
        sent_at=letter.sent_at,
        attempts=letter.attempts,
        judgement=letter.judgement,
    )


def mail_object(mail: MailView, ref: str | None, mails: Sequence[MailView]) -> said.Mail:
    """A mail as it was read; `mails` are all of its ticket."""
    seen, decision = mail.seen, mail.decision
    return said.Mail.model_validate(
        {
            "mail_id": mail.mail_id,
            "ref": ref,
            "message_id": mail.message_id,
            "sha256": mail.sha256,
            "received_at": mail.received_at,
            "state": mail.state,
            "deliveries": mail.deliveries,
            "size": mail.size,
            "sender": mail.sender,
            "sender_name": mail.sender_name,
            "to": mail.to,
            "subject": _safe(mail.subject, mails),
            "text": _safe(mail.text, mails),
            "reply_text": _safe(mail.reply_text, mails),
            "attachments": [
                {"part": one.part, "filename": one.filename, "content_type": one.content_type, "size": one.size}
                for one in mail.attachments
            ],
            "automatic": mail.automation.kind.value if mail.automation and mail.automation.kind else None,
            "trust": mail.trust,
            "warnings": list(mail.warnings),
            "assessed_text": masked(_safe(seen.text, mails), [one.span for one in seen.secrets]) if seen else None,
            "sections": [
                {
                    "section": section.value,
                    "is_present": finding.present,
                    "is_answered": finding.answered,
                    "confidence": finding.confidence,
                    "spans": [(start, end) for start, end in finding.spans],
                }
                for section, finding in (seen.sections.items() if seen else ())
            ],
            "decision": {
                "disposition": decision.disposition.value,
                "confidence": decision.confidence,
                "missing": list(decision.missing),
                "unsure": list(decision.unsure),
                "reasons": [{"code": one.code, "detail": _safe(one.detail, mails)} for one in decision.reasons],
            }
            if decision
            else None,
        }
    )


def report_object(report: SavedReport, desk_link: str) -> said.Report:
    """A saved report without its figures."""
    url = f"{desk_link}/reports/{report.name}"
    return said.Report.model_validate({"name": report.name, "kind": report.kind, "made_at": report.made_at, "url": url})


def cursor_of(row: QueueRow, *, is_by_change: bool) -> str:
    """Where the page behind this ticket begins."""
    if not is_by_change:
        return f"p{row.key}"
    micros = int(row.updated_at.timestamp()) * 1_000_000 + row.updated_at.microsecond
    return f"u{micros}.{row.ref}"


def _safe(text: str, mails: Sequence[MailView]) -> str:
    return without_secrets(hidden(text), mails)
