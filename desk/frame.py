"""What every page of the desk stands on: language, signed-in agent, form tokens, rendering, downloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Path as InPath
from fastapi import Query
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.templating import Jinja2Templates

from desk import show
from desk.access import needed
from desk.details import detail_text
from desk.kept import StaleForm, keep
from desk.masking import hidden
from desk.session import Session, SignInBrake, cookie_name, cookie_of, csrf_token, is_csrf_token, read_session, renewed
from desk.texts import LANGUAGES, TOKENS, labels_of, words
from models.controls import Alarms
from models.errors import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fastapi import Request

    from desk.app import DeskSettings
    from desk.report_pages import Ledger
    from models.agents import Agent
    from models.db.store import Store
    from policy.pack import Pack

PAGE = 50
THEMES = ("auto", "light", "dark")
TOLD = frozenset({"did", "n", "undo", "left"})  # of a query: what a step has done
# PostgreSQL's INTEGER; a larger number is no row of ours, and must not reach the database.
_LARGEST = 2**31 - 1
RowId = Annotated[int, InPath(ge=1, le=_LARGEST)]
RowKey = Annotated[int | None, Query(ge=0, le=_LARGEST)]
Place = Annotated[int | None, Query(ge=0, le=2**53)]
PartNumber = Annotated[int, InPath(ge=0, le=_LARGEST)]
Ref = Annotated[str, InPath(pattern=r"^T[0-9]{1,12}$")]


@dataclass(slots=True, kw_only=True)
class Desk:
    """What every page uses."""

    store: Store
    pack: Pack
    settings: DeskSettings
    clock: Callable[[], datetime]
    ledger: Ledger | None = None  # makes reports; None: another process does
    brake: SignInBrake = field(default_factory=SignInBrake)
    templates: Jinja2Templates = field(
        default_factory=lambda: Jinja2Templates(directory=Path(__file__).parent / "templates")
    )

    def language(self, request: Request) -> str:
        """Ja or en: asked for, chosen before in this browser, the agent's own, or the browser's first choice."""
        person: Agent | None = getattr(request.state, "person", None)
        wanted = (
            request.query_params.get("lang")
            or request.cookies.get("uketsuke_lang")
            or (person.language if person else "")
            or request.headers.get("accept-language", "ja")[:2]
        )
        return wanted if wanted in LANGUAGES else "ja"

    def session(self, request: Request) -> Session | None:
        """The session of a request, looked up once.

        Raises:
            StoreUnavailable: The database does not answer; until it does, nobody is signed in.
        """
        if not hasattr(request.state, "session"):
            request.state.session = request.state.person = None
            cookie = request.cookies.get(cookie_name(is_secure=self.settings.is_secure), "")
            if cookie:
                request.state.session = read_session(cookie, self.settings.secret, self._key_of(request), self.clock())
                if request.state.session is None:
                    request.state.person = None
        found: Session | None = request.state.session
        return found

    def _key_of(self, request: Request) -> Callable[[str, str], bytes | None]:
        """Looks up a session's key, and remembers with the request whose it is."""

        def key(name: str, session: str) -> bytes | None:
            found = self.store.signed_in(name, session)
            if found is None:
                return None
            request.state.person, own = found
            return own

        return key

    def person(self, request: Request) -> Agent | None:
        """Who is signed in, with role and all."""
        found: Agent | None = request.state.person if self.session(request) else None
        return found

    def agent(self, request: Request) -> str | None:
        """The name of who is signed in."""
        session = self.session(request)
        return session.name if session else None

    def may(self, request: Request, path: str, method: str = "GET") -> bool:
        """May who is signed in see this page, or send a form there?"""
        person = self.person(request)
        return person is not None and person.role.includes(needed(method, path))

    def begin(self, request: Request, response: Response, session: Session, key: bytes) -> None:
        """Let a session begin, or go on, in the browser that is answered."""
        response.set_cookie(
            cookie_name(is_secure=self.settings.is_secure),
            cookie_of(session, self.settings.secret, key),
            httponly=True,
            samesite="lax",
            secure=self.settings.is_secure,
            max_age=max(0, session.expires - int(self.clock().timestamp())),
        )
        request.state.session = session

    def address(self, request: Request) -> str:
        """Where people reach the desk, for links and for the provider: as it was set, or as this browser reached it."""
        scheme = "https" if self.settings.is_secure else request.url.scheme
        return self.settings.desk_url or f"{scheme}://{request.url.netloc}"

    def renew(self, request: Request, response: Response) -> None:
        """Let a session in use go on. What a page asks for by itself is no use: nobody may be sitting there."""
        if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
            return
        session: Session | None = getattr(request.state, "session", None)
        longer = renewed(session, self.clock()) if session else None
        key = self.store.session_key(longer.name, longer.id) if longer else None
        if longer is not None and key is not None:
            self.begin(request, response, longer, key)

    def alarms(self, request: Request) -> Alarms:
        """What the frame of every page warns of; nothing to who is not signed in, or while the database is away."""
        try:
            return self.store.alarms(self.clock()) if self.agent(request) else Alarms()
        except StoreUnavailable:
            return Alarms()

    def page(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 - template variables
        """One rendered page."""
        language = self.language(request)
        zone = ZoneInfo(self.pack.desk.timezone)
        response: HTMLResponse = self.templates.TemplateResponse(
            request,
            name,
            {
                "w": {**words(language), **labels_of(self.pack, language)},
                "lang": language,
                "title": self.pack.desk.name.get(language, self.settings.title),
                "agent": self.agent(request),
                "may": lambda path, method="GET": self.may(request, path, method),
                "csrf": csrf_token(self.session(request), self.settings.secret),
                "local": lambda at: at.astimezone(zone).strftime("%Y/%m/%d %H:%M") if at else "",
                "age": lambda at: show.age(at, self.clock(), language),
                "products": lambda ids: show.product_names(ids, self.pack, language),
                "item": lambda one: show.item_name(one, self.pack, language),
                "explain": lambda one: show.reason_text(one, self.pack, language),
                "hidden": hidden,
                "said": lambda text: detail_text(text, language),
                "desk_line": lambda one: show.desk_event_text(one, language),
                "event_line": lambda one: show.event_text(one, language),
                "speech": lambda one: TOKENS[language].get(one, one),
                "categories_of": show.row_categories,
                "rule": lambda one: show.rule_text(one, language),
                "silence": lambda text: show.silence_text(text, language),
                "category": lambda one: self.category(one, language),
                "alarms": self.alarms(request),
                "path": request.url.path,
                "here": self._here(request),
                "theme": self.theme(request),
                "themes": {one: "?" + urlencode({**request.query_params, "theme": one}) for one in THEMES},
                "switch": "?" + urlencode({**request.query_params, "lang": "en" if language == "ja" else "ja"}),
                **context,
            },
            status_code=status,
        )
        if request.query_params.get("theme") in THEMES:
            response.set_cookie(
                "uketsuke_theme", self.theme(request), samesite="lax", httponly=True, max_age=31_536_000
            )
        if "lang" in request.query_params:
            response.set_cookie("uketsuke_lang", language, samesite="lax", httponly=True, max_age=31_536_000)
        return response

    def theme(self, request: Request) -> str:
        """Light or dark where someone has chosen; empty: as the system has it."""
        wanted = request.query_params.get("theme") or request.cookies.get("uketsuke_theme", "")
        return wanted if wanted in THEMES and wanted != "auto" else ""

    def _here(self, request: Request) -> str:
        """This page's own address, without what a step has left in it."""
        kept = [(name, value) for name, value in request.query_params.multi_items() if name not in TOLD]
        return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path

    def category(self, one: str, language: str) -> str:
        """A category's name for a person."""
        found = next((policy for policy in self.pack.categories.values() if policy.id.value == one), None)
        return found.name[language] if found else one

    def error_page(self, request: Request, status: int, what: str) -> Response:
        """An error as a page, or as JSON for the API."""
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": what}, status_code=status)
        what = detail_text(what, self.language(request))
        return self.page(request, "error.html", status, what=what, code=status)


def require_form(request: Request, desk: Desk, token: str) -> str:
    """The agent behind a form, its token verified.

    Raises:
        StaleForm: It was opened in an earlier session; the agent is shown what it says and may send it again.
        NotFound: The form is not one of ours; said no closer.
    """
    session = desk.session(request)
    if session is not None and is_csrf_token(token, session, desk.settings.secret):
        return session.name
    form = getattr(request, "_form", None)  # FastAPI has read it already
    kept = keep(request.url.path, form.multi_items(), desk.settings.secret) if session and form else None
    if kept is not None:
        raise StaleForm(kept)
    raise NotFound("this form has expired; go back and load the page again")


def as_file(content: bytes, name: str) -> Response:
    """Bytes as a file, never as something a browser would show."""
    disposition = f"attachment; filename*=UTF-8''{quote(name[:200], safe='')}"
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": disposition})
