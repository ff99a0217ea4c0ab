"""The API's operations that change something. Each is one transaction with its key and its answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response

from desk import api_models as said
from desk.api_access import Caller, ProblemFound, access
from desk.api_document import described
from desk.api_views import ticket_object
from desk.frame import Ref, RowId  # noqa: TC001 - FastAPI reads the annotations
from models.errors import NotFound, Outdated
from models.hands import Act
from models.programs import ProgramCall, Scope
from models.states import TicketState

if TYPE_CHECKING:
    from desk.api_access import Pace
    from desk.frame import Desk

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,128}$",
        description="The same step with the same key is taken once, and answered the same for 24 hours.",
    ),
]
_Match = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^("[0-9]{1,9}"|[0-9]{1,9}|\*)$',
        description="The ticket's `version`: if it has another by now, nothing is done (412).",
    ),
]
_Asked = Callable[[str], ProgramCall]  # the step on a ticket


def add_steps(api: FastAPI, desk: Desk, pace: Pace) -> None:
    """Register what changes something."""
    write = Depends(access(desk, pace, Scope.TICKETS_WRITE))
    store = desk.store

    async def asked(
        request: Request, key: _Key = None, match: _Match = None, caller: Caller = write
    ) -> Callable[[str], ProgramCall]:
        body = await request.body()
        path = request.scope["path"]
        fingerprint = hashlib.sha256(f"{request.method} {path}\0".encode() + body).hexdigest()
        version = re.sub(r"\D", "", match or "")
        return lambda ref: ProgramCall(
            token_id=caller.token_id,
            ref=ref,
            fingerprint=fingerprint,
            now=desk.clock(),
            key=key or "",
            version=int(version) if version else None,
        )

    step_of = Depends(asked)

    def taken(call: ProgramCall, step: Callable[[], object]) -> Response:
        """Take a step and answer with the ticket as it stands then."""

        def answered() -> str:
            step()
            return ticket_object(store.ticket_line(call.ref), desk.settings.desk_link).model_dump_json(by_alias=True)

        try:
            answer = store.once(call, answered)
        except Outdated:
            raise ProblemFound(412, "version_changed", f"{call.ref} has changed; read it again") from None
        if answer is None:
            raise ProblemFound(409, "key_used", "this Idempotency-Key stands for another step; use a new one")
        headers = {"Idempotency-Replayed": "true"} if answer.is_replay else {}
        return Response(answer.answer, media_type="application/json", headers=headers)

    def step(operation: str, summary: str, *problems: str) -> dict[str, Any]:
        return {
            "response_model": said.Ticket,
            "summary": summary,
            **described(Scope.TICKETS_WRITE, operation, "Steps", "not_found", "key_used", "version_changed", *problems),
        }

    @api.post("/tickets/{ref}/notes", **step("addNote", "Add a note to a ticket's history"))
    def add_note(ref: Ref, body: said.NewNote, call: _Asked = step_of, caller: Caller = write) -> Response:
        text = _plain(body.text)
        return taken(call(ref), lambda: store.add_note(ref, text, by=caller.by, now=desk.clock()))

    @api.post("/tickets/{ref}/move", **step("moveTicket", "Move a ticket to another state", "illegal_move"))
    def move(ref: Ref, body: said.NewState, call: _Asked = step_of, caller: Caller = write) -> Response:
        why = " ".join(_plain(body.why).split())
        return taken(call(ref), lambda: store.move(ref, TicketState(body.to), by=caller.by, now=desk.clock(), why=why))

    @api.post(
        "/tickets/{ref}/snooze", **step("snoozeTicket", "Put a ticket aside until then", "illegal_move", "not_ahead")
    )
    def snooze(ref: Ref, body: said.Sleep, call: _Asked = step_of, caller: Caller = write) -> Response:
        if body.until <= desk.clock():
            raise ProblemFound(409, "not_ahead", "that time is over; name one that is to come")
        return taken(call(ref), lambda: store.snooze(ref, body.until, by=caller.by, now=desk.clock()))

    @api.post("/tickets/{ref}/assign", **step("assignTicket", "Give a ticket to an agent, or to nobody"))
    def assign(ref: Ref, body: said.Hand, call: _Asked = step_of, caller: Caller = write) -> Response:
        name = body.agent or ""
        if name and name not in {one.name for one in store.people() if one.is_active}:
            raise NotFound("no such agent")
        return taken(call(ref), lambda: store.act([ref], Act(assignee=name), by=caller.by, now=desk.clock()))

    @api.post(
        "/letters/{letter_id}/release",
        **step("releaseLetter", "Let a held letter go", "illegal_move", "letters_stopped"),
    )
    def release(letter_id: RowId, call: _Asked = step_of, caller: Caller = write) -> Response:
        ref = store.ref_of_letter(letter_id)
        return taken(call(ref), lambda: store.release_reply(letter_id, by=caller.by, now=desk.clock()))

    @api.post("/letters/{letter_id}/discard", **step("discardLetter", "Discard a held letter", "illegal_move"))
    def discard(letter_id: RowId, call: _Asked = step_of, caller: Caller = write) -> Response:
        ref = store.ref_of_letter(letter_id)
        return taken(call(ref), lambda: store.discard_reply(letter_id, by=caller.by, now=desk.clock()))


def _plain(text: str) -> str:
    """Without NUL, which PostgreSQL keeps in no text."""
    return text.replace("\0", "")
