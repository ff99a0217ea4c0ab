"""The object of `uketsuke parse --json` (docs/contract.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.inline import inline_answers

if TYPE_CHECKING:
    from models.mail import Mail


def mail_object(path: str, mail: Mail | None, error: str | None) -> dict[str, object]:
    """One mail as a JSON object; with `error` set and the rest empty where it could not be read."""
    return {
        "path": path,
        "from": mail.sender.addr if mail and mail.sender else "",
        "from_name": mail.sender.name if mail and mail.sender else "",
        "to": [address.addr for address in mail.to] if mail else [],
        "cc": [address.addr for address in mail.cc] if mail else [],
        "subject": mail.subject if mail else "",
        "date": mail.sent_at.isoformat() if mail and mail.sent_at else None,
        "message_id": mail.message_id if mail else None,
        "in_reply_to": mail.in_reply_to if mail else None,
        "references": list(mail.references) if mail else [],
        "text": mail.text if mail else "",
        "reply_text": mail.reply_text if mail else "",
        "answers": [{"question": one.question, "answer": one.answer} for one in inline_answers(mail.text)]
        if mail
        else [],
        "attachments": [
            {"filename": a.filename, "content_type": a.content_type, "size": a.size} for a in mail.attachments
        ]
        if mail
        else [],
        "automatic": mail.automation.kind.value if mail and mail.automation.kind else None,
        "warnings": list(mail.warnings) if mail else [],
        "error": error,
    }
