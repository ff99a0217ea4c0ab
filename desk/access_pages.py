"""People who may sign in: the link that lets them choose a password, the admin's list of them, and each one's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from desk.audit_pages import add_audit
from desk.frame import require_form
from desk.own_mails_pages import refused
from desk.sign_in import address_of, come_in, goodbye
from desk.texts import LANGUAGES
from models.agents import (
    NOTICES,
    SHORTEST_PASSWORD,
    Role,
    notices_for,
    password_fault,
    plain_display,
    plain_email,
    plain_name,
)
from models.errors import LastAdmin, NotFound, Taken

if TYPE_CHECKING:
    from desk.frame import Desk

Token = Annotated[str, InPath(max_length=128)]
_Typed = dict[str, "str | list[str]"]
_LANGUAGE_COOKIE = "uketsuke_lang"
_YEAR_S = 31_536_000


def add_access(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
    _add_welcome(app, desk)
    _add_people(app, desk)
    _add_own(app, desk)
    add_audit(app, desk)


def _add_welcome(app: FastAPI, desk: Desk) -> None:
    """The link that works once."""

    @app.get("/welcome/{token}")
    def welcome(request: Request, token: Token) -> Response:
        return _welcome_page(desk, request, token)

    @app.post("/welcome/{token}")
    def redeem(
        request: Request,
        token: Token,
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
    ) -> Response:
        link = desk.store.sign_in_link(token, desk.clock())
        if link is None or not desk.settings.has_passwords:
            return _welcome_page(desk, request, token)
        chosen = link.name or plain_name(name)
        fault = "bad_name" if not chosen else new_password_fault(password, again, chosen)
        if fault or not chosen:
            return _welcome_page(desk, request, token, 422, fault=fault, typed=name)
        try:
            redeemed = desk.store.redeem(token, password, name=chosen, now=desk.clock())
        except Taken:
            return _welcome_page(desk, request, token, 422, fault="name_taken", typed=name)
        came = come_in(desk, request, redeemed) if redeemed else None
        if came is None:  # another was quicker
            return _welcome_page(desk, request, token)
        response = RedirectResponse("/queue", status_code=303)
        desk.begin(request, response, *came)
        return response


def _welcome_page(
    desk: Desk, request: Request, token: str, status: int = 200, *, fault: str = "", typed: str = ""
) -> Response:
    link = desk.store.sign_in_link(token, desk.clock())
    if link is None:
        return desk.page(request, "welcome_gone.html", 404)
    return desk.page(
        request,
        "welcome.html",
        status,
        link=link,
        token=token,
        fault=fault,
        typed=typed.replace("\0", "")[:64],
        shortest=SHORTEST_PASSWORD,
        has_passwords=desk.settings.has_passwords,
        provider=desk.settings.oidc.name if desk.settings.oidc else None,
    )


def _add_people(app: FastAPI, desk: Desk) -> None:
    """The admin's list."""

    @app.get("/people")
    def people(request: Request) -> Response:
        return _people_page(desk, request)

    @app.post("/people")
    def invite(
        request: Request,
        token: Annotated[str, Form()],
        name: Annotated[str, Form()] = "",
        email: Annotated[str, Form()] = "",
        display: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = Role.AGENT.value,
    ) -> Response:
        by = require_form(request, desk, token)
        typed = {"name": name, "email": email, "display": display, "role": role}
        plain, address, shown = plain_name(name), plain_email(email), plain_display(display)
        fault = (
            "bad_name" if plain is None else "bad_email" if address is None else "bad_display" if shown is None else ""
        )
        if plain is None or address is None or shown is None or role not in set(Role):
            return _people_page(desk, request, 422, fault=fault or "bad_role", typed=typed)
        try:
            link = desk.store.invite(plain, Role(role), email=address, display=shown, by=by, now=desk.clock())
        except Taken as error:
            return _people_page(desk, request, 422, fault=f"{error.what}_taken", typed=typed)
        # No way to another page: the link is shown once, and must stand in no address.
        return _people_page(desk, request, 201, link=link_of(desk, request, link), link_for=plain)

    @app.post("/people/role")
    def set_role(
        request: Request, name: Annotated[str, Form()], role: Annotated[str, Form()], token: Annotated[str, Form()]
    ) -> Response:
        by = require_form(request, desk, token)
        if role not in set(Role):
            raise NotFound(f"no role {role}")
        try:
            desk.store.set_role(_known(name), Role(role), by=by, now=desk.clock())
        except LastAdmin:
            return _people_page(desk, request, 409, fault="last_admin")
        return RedirectResponse("/people", status_code=303)

    @app.post("/people/link")
    def new_link(request: Request, name: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        by = require_form(request, desk, token)
        link = desk.store.new_link(_known(name), by=by, now=desk.clock())
        return _people_page(desk, request, 201, link=link_of(desk, request, link), link_for=name)

    @app.post("/people/active")
    def set_active(
        request: Request,
        name: Annotated[str, Form()],
        token: Annotated[str, Form()],
        active: Annotated[bool, Form()] = False,  # noqa: FBT002 - a form's field
    ) -> Response:
        by = require_form(request, desk, token)
        settle = desk.store.activate if active else desk.store.deactivate
        try:
            settle(_known(name), by=by, now=desk.clock())
        except LastAdmin:
            return _people_page(desk, request, 409, fault="last_admin")
        return RedirectResponse("/people", status_code=303)

    @app.post("/people/sign-out")
    def end_sessions(request: Request, name: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        by = require_form(request, desk, token)
        desk.store.end_sessions(desk.store.agent(_known(name)).name, by=by, now=desk.clock())
        return RedirectResponse("/people", status_code=303)


def _known(name: str) -> str:
    return name.replace("\0", "")


def _people_page(
    desk: Desk,
    request: Request,
    status: int = 200,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    link: str = "",
    link_for: str = "",
) -> Response:
    shown = {name: value.replace("\0", "") for name, value in (typed or {}).items()}
    return desk.page(
        request,
        "people.html",
        status,
        people=desk.store.people(),
        roles=list(Role),
        fault=fault,
        typed=shown,
        link=link,
        link_for=link_for,
    )


def link_of(desk: Desk, request: Request, token: str) -> str:
    """The whole address of a link, as people's browsers reach the desk."""
    return f"{desk.address(request)}/welcome/{token}"


def _add_own(app: FastAPI, desk: Desk) -> None:
    """Each agent's own page."""

    @app.get("/me")
    def me(request: Request) -> Response:
        return _own_page(desk, request)

    @app.post("/me")
    def save(
        request: Request,
        token: Annotated[str, Form()],
        email: Annotated[str, Form()] = "",
        display: Annotated[str, Form()] = "",
        language: Annotated[str, Form()] = "",
        notices: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        name = require_form(request, desk, token)
        address, shown = plain_email(email), plain_display(display)
        typed: _Typed = {
            "email": email.replace("\0", ""),
            "display": display.replace("\0", ""),
            "language": language,
            "notices": notices or [],
        }
        if shown is None:
            return _own_page(desk, request, 422, fault="bad_display", typed=typed)
        if address is None:
            return _own_page(desk, request, 422, fault="bad_email", typed=typed)
        person = desk.store.agent(name)
        # The alarm that a new admin is given to begin with is no wish of his: it waits for an address.
        if notices and not address and (person.email or set(notices) - set(person.notices)):
            return _own_page(desk, request, 422, fault="notices_need_email", typed=typed)
        spoken = language if language in LANGUAGES else ""
        try:
            desk.store.set_details(
                name, email=address, language=spoken, notices=notices or (), display=shown, now=desk.clock()
            )
        except Taken:
            return _own_page(desk, request, 422, fault="email_taken", typed=typed)
        response = RedirectResponse("/me?saved=1", status_code=303)
        if spoken:
            response.set_cookie(_LANGUAGE_COOKIE, spoken, samesite="lax", httponly=True, max_age=_YEAR_S)
        return response

    @app.post("/me/password")
    def set_password(
        request: Request,
        token: Annotated[str, Form()],
        old_password: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        name = require_form(request, desk, token)
        if not desk.settings.has_passwords:
            return _own_page(desk, request, 403, fault="passwords_off")
        now, address = desk.clock(), address_of(request)
        if desk.store.agent(name).has_password:
            # Who has found an open browser guesses no better here than at the door.
            if wait_s := desk.brake.wait_s(address, name, now):
                return _own_page(desk, request, 429, fault="sign_in_pause", seconds=wait_s)
            if not desk.store.verify_agent(name, old_password):
                desk.store.note_access("password_refused", by=name, detail=address, now=now)
                return _own_page(desk, request, 422, fault="wrong_password")
            desk.brake.succeeded(address, name)
        if fault := new_password_fault(password, again, name):
            return _own_page(desk, request, 422, fault=fault)
        desk.store.set_password(name, password, now=now)
        response = RedirectResponse("/me?saved=password", status_code=303)
        session = desk.session(request)
        key = desk.store.session_key(name, session.id) if session else None
        if session is not None and key is not None:
            desk.begin(request, response, session, key)  # this browser stays, all others are signed out
        return response

    @app.post("/me/sign-out")
    def end_sessions(request: Request, token: Annotated[str, Form()]) -> Response:
        name = require_form(request, desk, token)
        desk.store.end_sessions(name, by=name, now=desk.clock())
        return goodbye(desk, request)


def new_password_fault(password: str, again: str, name: str) -> str:
    """Why this is no new password: a word of the pages; empty where it is one."""
    if password != again:
        return "password_differs"
    fault = password_fault(password, name)
    return f"password_{fault}" if fault else ""


def _own_page(
    desk: Desk,
    request: Request,
    status: int = 200,
    *,
    fault: str = "",
    seconds: int = 0,
    typed: _Typed | None = None,
) -> Response:
    person = desk.store.agent(desk.agent(request) or "")
    return desk.page(
        request,
        "me.html",
        status,
        person=person,
        fault=fault,
        seconds=seconds,
        typed=typed,
        saved=request.query_params.get("saved", ""),
        shortest=SHORTEST_PASSWORD,
        languages=list(LANGUAGES),
        notices=NOTICES,
        refused=refused(desk, request),
        report_notices=[one for one in notices_for(person.role) if one not in NOTICES],
        has_passwords=desk.settings.has_passwords,
    )
