"""Texts that agents put into their replies: by name and language, added, changed and removed by leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import RowKey, require_form
from desk.texts import words
from models.by_hand import LONGEST_CANNED, LONGEST_CANNED_NAME
from models.errors import EditConflict, NotFound
from responders.by_hand import VARIABLES, plain_text, unknown_variables

if TYPE_CHECKING:
    from desk.frame import Desk


def add_canned_texts(app: FastAPI, desk: Desk) -> None:
    """Register the page and what its forms do."""

    @app.get("/canned-texts")
    def texts(request: Request, edit: RowKey = None) -> Response:
        found = next((one for one in desk.store.canned_texts() if one.text_id == edit), None)
        typed = (found.text_id, found.name, found.language, found.text) if found else (0, "", "", "")
        return _page(desk, request, *typed)

    @app.post("/canned-texts")
    def change(
        request: Request,
        token: Annotated[str, Form()],
        act: Annotated[Literal["save", "remove"], Form()] = "save",
        text_id: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
        name: Annotated[str, Form()] = "",
        language: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        if act == "remove":
            desk.store.drop_canned_text(text_id)
            return RedirectResponse("/canned-texts?done=removed", status_code=303)
        title, body = " ".join(plain_text(name).split()), text.replace("\0", "").replace("\r\n", "\n")
        problem = _problem(desk, request, title, language, body)
        if problem:
            return _page(desk, request, text_id, title, language, body, 422, problem=problem)
        w = words(desk.language(request))
        try:
            desk.store.save_canned_text(
                text_id or None, name=title, language=language, text=body.rstrip() + "\n", by=agent, now=desk.clock()
            )
        except EditConflict:
            return _page(desk, request, text_id, title, language, body, 409, problem=w["canned_same_name"])
        except NotFound:  # what was typed becomes a new one with the next save
            return _page(desk, request, 0, title, language, body, 409, problem=w["canned_gone"])
        return RedirectResponse("/canned-texts?done=saved", status_code=303)


def _problem(desk: Desk, request: Request, name: str, language: str, text: str) -> str:
    """What is wrong with what was typed; empty for nothing."""
    w = words(desk.language(request))
    if not name or len(name) > LONGEST_CANNED_NAME:
        return w["canned_bad_name"].format(most=LONGEST_CANNED_NAME)
    if language not in desk.pack.languages:
        return w["canned_bad_language"]
    if not text.strip() or len(text) > LONGEST_CANNED:
        return w["canned_bad_text"].format(most=f"{LONGEST_CANNED:,}")
    unknown = unknown_variables(text)
    return w["canned_unknown"].format(names="、".join(unknown)) if unknown else ""


def _page(
    desk: Desk,
    request: Request,
    text_id: int,
    name: str,
    language: str,
    text: str,
    status: int = 200,
    *,
    problem: str = "",
) -> Response:
    done = request.query_params.get("done", "")
    return desk.page(
        request,
        "canned.html",
        status,
        texts=desk.store.canned_texts(),
        languages=desk.pack.languages,
        variables=VARIABLES,
        text_id=text_id,
        typed_name=name,
        language=language or desk.pack.default_language,
        text=text,
        problem=problem,
        done=done if done in {"saved", "removed"} else "",
        longest_name=LONGEST_CANNED_NAME,
        longest=LONGEST_CANNED,
    )
