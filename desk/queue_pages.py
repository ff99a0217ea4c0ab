"""The queue as a page and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from desk import show
from desk.frame import PAGE, Place, Ref
from desk.masking import hidden, without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.frame import Desk
    from models.views import QueueRow

_TABS = ("ready", "needs_review", "waiting_customer", "answered", "waiting_recurrence", "snoozed", "closed", "parked")
_DEFAULT_TABS = ("ready", "needs_review", "waiting_customer", "answered", "waiting_recurrence", "snoozed")


def add_queue(app: FastAPI, desk: Desk) -> None:
    """Register the queue as a page and as JSON."""

    @app.get("/queue")
    def queue(request: Request, state: str = "", after: Place = None) -> Response:
        states = [state] if state in _TABS else None
        rows = desk.store.queue(
            states=states or (None if state != "all" else _TABS), limit=PAGE, after=after, include_closed=state == "all"
        )
        counts = desk.store.counts()
        language = desk.language(request)
        return desk.page(
            request,
            "queue.html",
            rows=rows,
            checks={row.key: show.row_checks(row) for row in rows},
            section_names={section.value: name[language] for section, name in desk.pack.sections.items()},
            tabs=_TABS,
            counts=counts,
            open_count=sum(counts[tab] for tab in _DEFAULT_TABS),
            state=state,
            after=after,
            next_after=rows[-1].key if len(rows) == PAGE else None,
            books=desk.store.books(),
        )

    @app.get("/api/queue")
    def api(after: Place = None) -> Response:
        return JSONResponse([_row_object(row) for row in desk.store.queue(limit=PAGE, after=after)])

    @app.get("/api/tickets/{ref}")
    def api_ticket(ref: Ref) -> Response:
        view = desk.store.ticket(ref)
        known = _row_object(view.row)
        return JSONResponse({**known, "subject": without_secrets(str(known["subject"]), view.mails)})


def _row_object(row: QueueRow) -> Mapping[str, object]:
    return {
        "key": row.key,
        "ref": row.ref,
        "state": row.state,
        "subject": hidden(row.subject),
        "from": row.sender,
        "language": row.language,
        "disposition": row.disposition,
        "missing": list(row.missing),
        "opened_at": row.opened_at.isoformat(),
        "mails": [{"message_id": mail.message_id, "state": mail.state} for mail in row.mails],
        "replies": [
            {"message_id": letter.message_id, "kind": letter.kind, "state": letter.state, "reason": letter.reason}
            for letter in row.replies
        ],
    }
