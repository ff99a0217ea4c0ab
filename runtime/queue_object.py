"""The object of `uketsuke queue --json` (docs/contract.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.masking import hidden

if TYPE_CHECKING:
    from models.views import QueueRow


def queue_object(row: QueueRow) -> dict[str, object]:
    """One ticket, or one mail that is not (yet) a ticket, with its mails and letters; credentials in the subject masked."""
    return {
        "ref": row.ref,
        "state": row.state,
        "subject": hidden(row.subject),
        "from": row.sender,
        "language": row.language,
        "disposition": row.disposition,
        "missing": list(row.missing),
        "opened_at": row.opened_at.isoformat(),
        "split_from": row.split_from,
        "mails": [
            {
                "message_id": mail.message_id,
                "sha256": mail.sha256,
                "received_at": mail.received_at.isoformat(),
                "state": mail.state,
                "deliveries": mail.deliveries,
            }
            for mail in row.mails
        ],
        "replies": [
            {"message_id": reply.message_id, "kind": reply.kind, "state": reply.state, "reason": reply.reason}
            for reply in row.replies
        ],
    }
