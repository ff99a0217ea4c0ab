"""Rows become records: the only translation in that direction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.conversation import given_items, items_from_value
from models.ticket import place_of
from models.views import EventView, MailView, QueueRow, ReplyView
from models.wire import assessment_from_value, attachments_from_value, automation_from_value, decision_from_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import RowMapping


def names(text: str) -> tuple[str, ...]:
    """A JSON list of strings."""
    return tuple(json.loads(text))


def mail_view(row: RowMapping) -> MailView:
    """A mail without its texts, as the queue shows it."""
    return MailView(
        mail_id=row["id"],
        message_id=row["message_id"] or None,
        sha256=row["sha256"],
        received_at=row["received_at"],
        state=row["state"],
        deliveries=row["deliveries"],
        sender=row["sender"],
        subject=row["subject"],
        error=row["error"],
        size=row["size"],
    )


def full_mail_view(row: RowMapping) -> MailView:
    """A mail with all that was read of it; a mail that was not triaged yet has no reading."""
    light = mail_view(row)
    if row["mail"] is None:
        return light
    read: dict[str, Any] = json.loads(row["mail"])
    return MailView(
        **{
            name: getattr(light, name)
            for name in ("mail_id", "message_id", "sha256", "received_at", "state", "deliveries", "error", "size")
        },
        sender=read["sender"],
        sender_name=read["sender_name"],
        subject=read["subject"],
        to=read["to"],
        text=read["text"],
        reply_text=read["reply_text"],
        attachments=attachments_from_value(read["attachments"]),
        automation=automation_from_value(read["automation"]),
        trust=read["trust"],
        trust_evidence=tuple(read.get("trust_evidence", ())),  # mails filed before senders were checked have none
        warnings=tuple(read["warnings"]),
        seen=assessment_from_value(json.loads(row["assessment"])),
        decision=decision_from_value(json.loads(row["decision"])),
    )


def reply_view(row: RowMapping) -> ReplyView:
    """A letter without its raw message; without its text where the row does not hold it."""
    return ReplyView(
        reply_id=row["id"],
        ref=row["ref"],
        message_id=row["message_id"],
        kind=row["kind"],
        state=row["state"],
        reason=row["reason"],
        language=row["language"],
        to=row["to_address"],
        subject=row["subject"],
        text=row.get("text", ""),
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        attempts=row["attempts"],
        judgement=row["judgement"],
        cc=names(row["cc"]),
        by=row["by"],
    )


def event_view(row: RowMapping) -> EventView:
    """A line of history."""
    return EventView(at=row["at"], by=row["by"], what=row["what"], detail=row["detail"])


def ticket_row(row: RowMapping, mails: Sequence[MailView], replies: Sequence[ReplyView]) -> QueueRow:
    """A ticket's line in the queue."""
    given = given_items(items_from_value(json.loads(row["items"])))
    sections = {item for item in given if ":" not in item}
    return QueueRow(
        key=row["place"],
        ref=row["ref"],
        state=row["state"],
        subject=row["subject"],
        sender=row["sender"],
        language=row["language"],
        disposition=row["disposition"],
        missing=names(row["missing"]),
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        split_from=row["split_from"],
        mails=tuple(mails),
        replies=tuple(replies),
        categories=names(row["categories"]),
        products=names(row["products"]),
        present=tuple(sorted(sections)),
        unsure=names(row["unsure"]),
        hints=names(row["hints"]),
        proposal=row["proposal"],
        wake_at=row["wake_at"],
        rank=row["rank"],
        lane=row["lane"],
        assignee=row["assignee"],
        due_at=row["due_at"],
        is_overdue=row["is_overdue"],
        region=row["region"],
        is_spam=row["is_spam"],
        version=row["version"],
    )


def stray_row(mail: MailView) -> QueueRow:
    """The line of a mail that is no ticket: just received, or parked."""
    return QueueRow(
        key=place_of(mail.mail_id),
        ref=None,
        state="parked" if mail.state == "parked" else "needs_review",
        subject=mail.subject,
        sender=mail.sender,
        language="",
        disposition=None,
        missing=(),
        opened_at=mail.received_at,
        updated_at=mail.received_at,
        split_from=None,
        mails=(mail,),
        replies=(),
    )
