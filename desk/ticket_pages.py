"""One ticket: its page, its moves and notes, its mails' bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import show
from desk.conversation import accounts_named, link_key, so_far
from desk.frame import PartNumber, Ref, RowId, as_file, require_form
from desk.masking import hidden, without_secrets
from ingest.inline import inline_answers
from ingest.parse import attachment_bytes
from models.errors import NotFound
from models.states import Cause, TicketState, moves_by

if TYPE_CHECKING:
    from desk.frame import Desk

_LONGEST_NOTE = 10_000
_LONGEST_WHY = 200
MOST_MAILS = 30  # that a ticket's page shows at first


def add_tickets(app: FastAPI, desk: Desk) -> None:
    """Register the ticket's page, its moves and notes, and its mails' bytes."""

    @app.get("/tickets/{ref}")
    def ticket(request: Request, ref: Ref, mails: Annotated[str, Query(max_length=8)] = "") -> Response:
        view = desk.store.ticket(ref)
        language = desk.language(request)
        shown = view.mails if mails == "all" else view.mails[-MOST_MAILS:]
        entries = [
            {
                "mail": mail,
                "number": len(view.mails) - len(shown) + place,
                "marked": show.proof_text(mail, desk.pack, language),
                "whole": without_secrets(hidden(mail.text), view.mails),
                "answers": inline_answers(without_secrets(hidden(mail.text), view.mails)),
                "checks": show.checklist(
                    mail.seen,
                    mail.decision.missing if mail.decision else (),
                    mail.decision.unsure if mail.decision else (),
                    desk.pack,
                    language,
                )
                if mail.seen
                else [],
            }
            for place, mail in enumerate(shown, 1)
        ]
        moves = [state.value for state in moves_by(Cause.AGENT, TicketState(view.row.state))]
        return desk.page(
            request,
            "ticket.html",
            view=view,
            row=view.row,
            mails=entries,
            total=len(view.mails),
            moves=moves,
            so_far=so_far(view, desk.pack, language),
            link_key=link_key,
            accounts=accounts_named(view),
            masked=lambda text: without_secrets(hidden(text), view.mails),
        )

    @app.post("/tickets/{ref}/move")
    def move(
        request: Request,
        ref: Ref,
        to: Annotated[str, Form()],
        token: Annotated[str, Form()],
        why: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        if to not in {state.value for state in TicketState}:
            raise NotFound(f"no state {to}")
        words = " ".join(why.replace("\0", "").split())[:_LONGEST_WHY]
        desk.store.move(ref, TicketState(to), by=agent, now=desk.clock(), why=words)
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.post("/tickets/{ref}/note")
    def note(request: Request, ref: Ref, text: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        # PostgreSQL keeps no NUL in a text.
        words = text.replace("\0", "").strip()[:_LONGEST_NOTE]
        if words:
            desk.store.add_note(ref, words, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.get("/mails/{mail_id}/raw")
    def raw(mail_id: RowId) -> Response:
        return as_file(desk.store.raw_mail(mail_id), f"mail-{mail_id}.eml")

    @app.get("/mails/{mail_id}/parts/{part}")
    def part(mail_id: RowId, part: PartNumber, name: str = "attachment") -> Response:
        found = attachment_bytes(desk.store.raw_mail(mail_id), part)
        if found is None:
            raise NotFound(f"mail {mail_id} has no part {part}")
        return as_file(found, name)
