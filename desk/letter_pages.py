"""The outbox, one letter as it goes out, and an agent's word on a held one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import PAGE, RowId, RowKey, as_file, require_form
from desk.masking import hidden, without_secrets
from desk.readings import quotable_mails
from models.decision import ReplyState

if TYPE_CHECKING:
    from desk.frame import Desk

_STATES = tuple(state.value for state in ReplyState)


def add_letters(app: FastAPI, desk: Desk) -> None:
    """Register the outbox and the pages of one letter."""

    @app.get("/outbox")
    def outbox(request: Request, before: RowKey = None, state: str = "") -> Response:
        state = state if state in _STATES else ""
        letters = desk.store.replies(limit=PAGE, before=before, state=state)
        return desk.page(
            request,
            "outbox.html",
            letters=letters,
            before=before,
            state=state,
            states=_STATES,
            held_by_stop=desk.store.held_by_stop(),
            is_waiting=not desk.settings.is_sending
            and desk.settings.mode != "shadow",  # there nothing goes in any case
            next_before=letters[-1].reply_id if len(letters) == PAGE else None,
        )

    @app.get("/letters/{reply_id}")
    def letter(request: Request, reply_id: RowId) -> Response:
        raw = desk.store.raw_reply(reply_id)
        head = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        found = desk.store.reply(reply_id)
        mails = quotable_mails(desk, desk.store.ticket(found.ref))
        return desk.page(
            request,
            "letter.html",
            letter=found,
            head=head,
            masked=lambda text: without_secrets(hidden(text), mails),
        )

    @app.get("/letters/{reply_id}/raw")
    def raw_letter(reply_id: RowId) -> Response:
        return as_file(desk.store.raw_reply(reply_id), f"letter-{reply_id}.eml")

    @app.post("/letters/{reply_id}/release")
    def release(request: Request, reply_id: RowId, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.release_reply(reply_id, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{desk.store.reply(reply_id).ref}", status_code=303)

    @app.post("/letters/{reply_id}/judge")
    def judge(
        request: Request, reply_id: RowId, right: Annotated[bool, Form()], token: Annotated[str, Form()]
    ) -> Response:
        agent = require_form(request, desk, token)
        desk.store.judge_letter(reply_id, right=right, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{desk.store.reply(reply_id).ref}", status_code=303)

    @app.post("/letters/{reply_id}/discard")
    def discard(request: Request, reply_id: RowId, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.discard_reply(reply_id, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{desk.store.reply(reply_id).ref}", status_code=303)
