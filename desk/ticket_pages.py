"""One ticket: its page, its moves and notes, its mails' bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk import show
from desk.frame import PartNumber, Ref, RowId, as_file, require_form
from desk.masking import hidden, without_secrets
from ingest.inline import inline_answers
from ingest.parse import attachment_bytes
from models.errors import NotFound
from models.ticket import LEGAL_MOVES, TicketState

if TYPE_CHECKING:
    from desk.frame import Desk

_LONGEST_NOTE = 10_000


def add_tickets(app: FastAPI, desk: Desk) -> None:
    """Register the ticket's page, its moves and notes, and its mails' bytes."""

    @app.get("/tickets/{ref}")
    def ticket(request: Request, ref: Ref) -> Response:
        view = desk.store.ticket(ref)
        language = desk.language(request)
        mails = [
            {
                "mail": mail,
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
            for mail in view.mails
        ]
        moves = sorted(state.value for state in LEGAL_MOVES[TicketState(view.row.state)])
        return desk.page(
            request,
            "ticket.html",
            view=view,
            row=view.row,
            mails=mails,
            moves=moves,
            masked=lambda text: without_secrets(hidden(text), view.mails),
        )

    @app.post("/tickets/{ref}/move")
    def move(request: Request, ref: Ref, to: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        if to not in {state.value for state in TicketState}:
            raise NotFound(f"no state {to}")
        desk.store.move(ref, TicketState(to), by=agent, now=desk.clock())
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
