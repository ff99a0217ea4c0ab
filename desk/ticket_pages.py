"""One ticket: its page, its moves and notes, its mails' bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Query, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from desk import show
from desk.conversation import accounts_named, link_key, so_far
from desk.correction_pages import correction_context
from desk.facts import facts
from desk.frame import PartNumber, Ref, RowId, as_file, require_form
from desk.masking import hidden, without_secrets
from desk.queue_pages import SNOOZES, done_of, read_act, told
from desk.readings import as_corrected, quotable_mails
from desk.reply_form import reply_context
from desk.shaping_pages import shaping_context
from desk.texts import words
from ingest.inline import inline_answers
from ingest.parse import attachment_bytes
from models.decision import ReplyState
from models.errors import IllegalMove, NotFound
from models.hands import Refusal
from models.states import Cause, TicketState, moves_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from desk.frame import Desk
    from models.views import ReplyView

_LONGEST_NOTE = 10_000
_LONGEST_WHY = 200
_NEWS = 5  # lines of history that tell what happened meanwhile
MOST_MAILS = 30  # that a ticket's page shows at first


def add_tickets(app: FastAPI, desk: Desk) -> None:
    """Register the ticket's page, its moves and notes, and its mails' bytes."""

    @app.get("/tickets/{ref}")
    def ticket(request: Request, ref: Ref, mails: Annotated[str, Query(max_length=8)] = "") -> Response:
        since = desk.store.changes(None)[0]  # before anything is read: what happens meanwhile is news to this page
        view = as_corrected(desk, request, desk.store.ticket(ref))
        language = desk.language(request)
        shown = view.mails if mails == "all" else view.mails[-MOST_MAILS:]
        texts = {mail.mail_id: without_secrets(hidden(mail.text), view.mails) for mail in shown}
        entries = [
            {
                "mail": mail,
                "number": len(view.mails) - len(shown) + place,
                "marked": show.proof_text(mail, desk.pack, language),
                "whole": texts[mail.mail_id],
                "answers": inline_answers(texts[mail.mail_id]),
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
        agent = desk.agent(request) or ""
        quotable = quotable_mails(desk, view)
        is_quiet = request.headers.get("sec-fetch-dest", "document") != "document"  # fetched by a script
        return desk.page(
            request,
            "ticket.html",
            view=view,
            row=view.row,
            mails=entries,
            total=len(view.mails),
            timeline=timeline(entries, view.replies),
            moves=[state.value for state in moves_by(Cause.AGENT, TicketState(view.row.state))],
            so_far=so_far(view, desk.pack, language),
            link_key=link_key,
            accounts=accounts_named(view),
            facts=facts(view, desk.pack, language),
            agents=desk.store.agents(),
            snoozes=SNOOZES,
            viewers=[] if is_quiet else desk.store.look(ref, by=agent, now=desk.clock()),
            did=done_of(request),
            since=since,
            first=show.first_reason(view.row, language),
            now=desk.clock(),
            reply=reply_context(desk, request, view),
            masked=lambda text: without_secrets(hidden(text), quotable),
            **shaping_context(desk, request, view),
            **correction_context(desk, request, view),
        )

    @app.post("/tickets/{ref}/act")
    def act(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        does: Annotated[str, Form(max_length=100)],
        version: Annotated[int, Form(ge=0, le=2**31 - 1)],
        why: Annotated[str, Form()] = "",
        until: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        said = why.replace("\0", "")[:_LONGEST_WHY]
        step = read_act(does, agent, until=until, why=said, desk=desk)
        if isinstance(step, str):
            return desk.error_page(request, 400, words(desk.language(request))[step])
        done = desk.store.act([ref], step, by=agent, now=desk.clock(), versions={ref: version})
        match done.refused.get(ref):
            case Refusal.CHANGED:
                return _changed(desk, request, ref, said)
            case Refusal.GONE:
                raise NotFound(f"no ticket {ref}")
            case Refusal.ILLEGAL:
                was = desk.store.ticket(ref).row.state
                raise IllegalMove(ref=ref, was=was, to=step.to.value if step.to else does)
            case None:
                return RedirectResponse(told(f"/tickets/{ref}", done, does), status_code=303)

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
        reason = " ".join(why.replace("\0", "").split())[:_LONGEST_WHY]
        desk.store.move(ref, TicketState(to), by=agent, now=desk.clock(), why=reason)
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.post("/tickets/{ref}/note")
    def note(request: Request, ref: Ref, text: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        # PostgreSQL keeps no NUL in a text.
        said = text.replace("\0", "").strip()[:_LONGEST_NOTE]
        if said:
            desk.store.add_note(ref, said, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.get("/customers/{address}")
    def customer(request: Request, address: Annotated[str, InPath(max_length=320)]) -> Response:
        rows = desk.store.tickets_of(address.replace("\0", "").casefold())
        closed = {TicketState.CLOSED.value, TicketState.PARKED.value}
        return desk.page(
            request,
            "customer.html",
            address=address,
            rows=rows,
            open_count=sum(row.state not in closed for row in rows),
            letters=sum(letter.state == ReplyState.SENT.value for row in rows for letter in row.replies),
            accounts=desk.store.known_accounts(address),
        )

    @app.get("/mails/{mail_id}/raw")
    def raw(mail_id: RowId) -> Response:
        return as_file(desk.store.raw_mail(mail_id), f"mail-{mail_id}.eml")

    @app.get("/mails/{mail_id}/parts/{part}")
    def part(mail_id: RowId, part: PartNumber, name: str = "attachment") -> Response:
        found = attachment_bytes(desk.store.raw_mail(mail_id), part)
        if found is None:
            raise NotFound(f"mail {mail_id} has no part {part}")
        return as_file(found, name)


def timeline(entries: Sequence[Mapping[str, Any]], letters: Sequence[ReplyView]) -> list[dict[str, Any]]:
    """Mails and letters in the order in which they came and went, the newest first."""
    both = [{"at": entry["mail"].received_at, "entry": entry} for entry in entries]
    both += [{"at": letter.created_at, "letter": letter} for letter in letters]
    # Of one instant the letter answers the mail.
    return sorted(both, key=lambda one: (one["at"], "letter" in one), reverse=True)


def _changed(desk: Desk, request: Request, ref: str, typed: str) -> Response:
    """The ticket is not what the agent saw any more: nothing was done, and what he typed is shown."""
    view = desk.store.ticket(ref)
    return desk.page(request, "changed.html", 409, row=view.row, events=view.events[-_NEWS:], typed=typed)
