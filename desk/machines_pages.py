"""Tokens, webhooks and hand-over, as an admin sets them.

Promises: a token and a webhook's secret are shown once, in answer to the form that made them, and stand in no address;
what was typed comes back with what is wrong with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import RowId, RowKey, require_form
from models.programs import ALL_EVENTS, EVENT_NAMES, MOST_NAME, Scope, url_fault

if TYPE_CHECKING:
    from desk.frame import Desk

_PAGE = 50
_EVENTS = tuple(EVENT_NAMES.values())


def add_machines(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
    _add_tokens(app, desk)
    _add_webhooks(app, desk)
    _add_hand_over(app, desk)


def _add_tokens(app: FastAPI, desk: Desk) -> None:
    def page(request: Request, status: int = 200, **more: object) -> Response:
        return desk.page(
            request, "tokens.html", status, tokens=desk.store.tokens(), scopes=[one.value for one in Scope], **more
        )

    @app.get("/settings/tokens")
    def tokens(request: Request) -> Response:
        return page(request, typed={"name": "", "scopes": [Scope.TICKETS_READ.value]})

    @app.post("/settings/tokens")
    def add_token(
        request: Request,
        token: Annotated[str, Form()],
        name: Annotated[str, Form()] = "",
        scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        agent = require_form(request, desk, token)
        plain = " ".join(name.replace("\0", "").split())
        chosen = [scope for scope in Scope if scope.value in scopes]
        wrong = "" if 0 < len(plain) <= MOST_NAME else "token_bad_name"
        wrong = wrong or ("" if chosen else "token_bad_scopes")
        if wrong:
            return page(request, 422, wrong=wrong, typed={"name": plain, "scopes": scopes})
        made = desk.store.add_token(plain, chosen, by=agent, now=desk.clock())
        return page(request, 201, made=made, typed={"name": "", "scopes": [Scope.TICKETS_READ.value]})

    @app.post("/settings/tokens/{token_id}/revoke")
    def revoke(request: Request, token_id: RowId, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.revoke_token(token_id, by=agent, now=desk.clock())
        return RedirectResponse("/settings/tokens", status_code=303)


def _add_webhooks(app: FastAPI, desk: Desk) -> None:
    def page(request: Request, status: int = 200, **more: object) -> Response:
        return desk.page(
            request,
            "webhooks.html",
            status,
            hooks=desk.store.webhooks(),
            events=_EVENTS,
            **{"typed": {"url": "https://", "events": [], "subject": ""}, **more},
        )

    @app.get("/settings/webhooks")
    def webhooks(request: Request) -> Response:
        return page(request)

    @app.post("/settings/webhooks")
    def add_webhook(
        request: Request,
        token: Annotated[str, Form()],
        url: Annotated[str, Form()] = "",
        events: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
        subject: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        address = url.replace("\0", "").strip()
        chosen = [ALL_EVENTS] if ALL_EVENTS in events else [one for one in _EVENTS if one in events]
        wrong = url_fault(address) or ("" if chosen else "webhook_bad_events")
        if wrong:
            typed = {"url": address, "events": events, "subject": subject}
            return page(request, 422, wrong=wrong, typed=typed)
        _, secret = desk.store.add_webhook(address, chosen, has_subject=bool(subject), by=agent, now=desk.clock())
        return page(request, 201, made=secret)

    @app.get("/settings/webhooks/{webhook_id}")
    def webhook(request: Request, webhook_id: RowId, before: RowKey = None) -> Response:
        calls = desk.store.webhook_calls(webhook_id, limit=_PAGE, before=before)
        return desk.page(
            request,
            "webhook.html",
            hook=desk.store.webhook(webhook_id),
            calls=calls,
            before=before,
            next_before=calls[-1].call_id if len(calls) == _PAGE else None,
        )

    @app.post("/settings/webhooks/{webhook_id}/turn")
    def turn(
        request: Request, webhook_id: RowId, token: Annotated[str, Form()], to: Annotated[str, Form()]
    ) -> Response:
        agent = require_form(request, desk, token)
        desk.store.turn_webhook(webhook_id, is_on=to == "on", by=agent, now=desk.clock())
        return RedirectResponse(f"/settings/webhooks/{webhook_id}", status_code=303)

    @app.get("/settings/webhooks/{webhook_id}/drop")
    def sure(request: Request, webhook_id: RowId) -> Response:
        return desk.page(request, "webhook_drop.html", hook=desk.store.webhook(webhook_id))

    @app.post("/settings/webhooks/{webhook_id}/drop")
    def drop(request: Request, webhook_id: RowId, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.drop_webhook(webhook_id, by=agent, now=desk.clock())
        return RedirectResponse("/settings/webhooks", status_code=303)

    @app.get("/settings/webhooks/calls/{call_id}")
    def call(request: Request, call_id: RowId) -> Response:
        body = json.dumps(json.loads(desk.store.call_body(call_id)), ensure_ascii=False, indent=2)
        return desk.page(request, "webhook_call.html", body=body)

    @app.post("/settings/webhooks/calls/{call_id}/again")
    def again(request: Request, call_id: RowId, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        webhook_id = desk.store.call_again(call_id, by=agent, now=desk.clock())
        return RedirectResponse(f"/settings/webhooks/{webhook_id}", status_code=303)


def _add_hand_over(app: FastAPI, desk: Desk) -> None:
    @app.get("/settings/hand-over")
    def hand_over(request: Request) -> Response:
        return desk.page(
            request,
            "hand_over.html",
            mode=desk.settings.hand_over,
            to=desk.settings.hand_over_to,
            is_sending=desk.settings.is_sending,
        )
