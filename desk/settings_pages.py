"""Letter settings: modes and figures by kind, shadow letters beside what agents did, address rules, who changed what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.audit_pages import LETTER_KINDS
from desk.figures import does_as_letter, kind_lines, shadow_lines
from desk.frame import require_form
from models.controls import Verdict, normal_pattern
from models.decision import LetterKind, LetterMode
from models.errors import NotFound

if TYPE_CHECKING:
    from desk.frame import Desk

_SINCE = timedelta(days=30)
_RECENT = 20
_PACK = "pack"  # the form's word for "as the pack says"


def add_settings(app: FastAPI, desk: Desk) -> None:
    """Register the settings' page and its forms."""

    @app.get("/letter-settings")
    def settings(request: Request) -> Response:
        return _page(desk, request)

    @app.post("/letter-settings/modes")
    def set_mode(
        request: Request, kind: Annotated[str, Form()], mode: Annotated[str, Form()], token: Annotated[str, Form()]
    ) -> Response:
        agent = require_form(request, desk, token)
        if kind not in {one.value for one in LetterKind}:
            raise NotFound(f"no kind {kind}")
        if mode not in {_PACK, *(one.value for one in LetterMode)}:
            raise NotFound(f"no mode {mode}")
        chosen = None if mode == _PACK else LetterMode(mode)
        desk.store.set_letter_mode(LetterKind(kind), chosen, by=agent, now=desk.clock())
        return RedirectResponse("/letter-settings", status_code=303)

    @app.post("/letter-settings/rules")
    def add_rule(
        request: Request,
        pattern: Annotated[str, Form()],
        verdict: Annotated[str, Form()],
        token: Annotated[str, Form()],
        note: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        plain = pattern.replace("\0", "")
        if normal_pattern(plain) is None or verdict not in {one.value for one in Verdict}:
            typed = {"pattern": plain, "verdict": verdict, "note": note}
            return _page(desk, request, 422, typed=typed)
        desk.store.set_address_rule(plain, Verdict(verdict), note=note, by=agent, now=desk.clock())
        return RedirectResponse("/letter-settings#rules", status_code=303)

    @app.post("/letter-settings/rules/drop")
    def drop_rule(request: Request, pattern: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.drop_address_rule(pattern.replace("\0", ""), by=agent, now=desk.clock())
        return RedirectResponse("/letter-settings#rules", status_code=303)


def _page(desk: Desk, request: Request, status: int = 200, typed: dict[str, str] | None = None) -> Response:
    since = desk.clock() - _SINCE
    outcomes = desk.store.shadow_outcomes(since)
    return desk.page(
        request,
        "settings.html",
        status,
        lines=kind_lines(desk.store.kind_counts(since)),
        modes=desk.store.letter_modes(),
        of_pack={kind.value: desk.pack.policy_of(kind).mode.value for kind in LetterKind},
        choices=[mode.value for mode in LetterMode],
        shadows=shadow_lines(outcomes),
        outcomes=[(one, does_as_letter(one)) for one in outcomes[:_RECENT]],
        rules=desk.store.address_rules(),
        typed=typed or {},
        events=desk.store.desk_events(50, kinds=LETTER_KINDS),
    )
