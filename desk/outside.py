"""What the outside hears of an event: ids and states, no words of a customer or an agent, signed. Pure.

The subject stands there, credentials masked, only where the webhook asks for it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from desk.masking import hidden
from models.db.rows import names
from models.decision import LetterKind
from models.programs import event_name
from models.states import TicketState

if TYPE_CHECKING:
    from models.programs import NewEvent

_STATES = frozenset(state.value for state in TicketState)
_KINDS = frozenset(kind.value for kind in LetterKind)


def event_body(event: NewEvent, *, has_subject: bool, desk_link: str) -> str:
    """The JSON text that goes out."""
    return json.dumps(event_object(event, has_subject=has_subject, desk_link=desk_link), ensure_ascii=False)


def event_object(event: NewEvent, *, has_subject: bool, desk_link: str) -> dict[str, object]:
    """The same as an object."""
    row = event.ticket
    ticket: dict[str, object] = {"ref": event.ref, "url": f"{desk_link}/tickets/{event.ref}"}
    if row:
        ticket |= {
            "state": row["state"],
            "disposition": row["disposition"],
            "categories": list(names(str(row["categories"]))),
            "products": list(names(str(row["products"]))),
            "language": row["language"],
            "missing": list(names(str(row["missing"]))),
            "lane": row["lane"],
            "rank": row["rank"],
            "assignee": row["assignee"] or None,
            "version": row["version"],
        }
        if has_subject:
            ticket["subject"] = hidden(str(row["subject"]))
    body: dict[str, object] = {
        "id": event.event_id,
        "type": event_name(event.what),
        "at": event.at.isoformat(),
        "by": event.by,
        "ticket": ticket,
    }
    if event.what == "moved" and (move := _moved(event.detail)):
        body["move"] = move
    if event.what.startswith("reply_") and (kind := event.detail.partition(" ")[0]) in _KINDS:
        body["letter"] = {"kind": kind}
    return body


def _moved(detail: str) -> dict[str, str] | None:
    """From where to where; the reason behind it may be an agent's own words."""
    was, _, to = detail.partition(": ")[0].partition(" -> ")
    return {"from": was, "to": to} if {was, to} <= _STATES else None


def signature(secret: str, body: str, at: int) -> str:
    """The value of `X-Uketsuke-Signature`: HMAC-SHA256 over the Unix time, a full stop and the body."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
