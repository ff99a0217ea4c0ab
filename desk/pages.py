"""The desk's pages and forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from desk import show
from desk.session import COOKIE, LIFETIME, SignInBrake, csrf_token, is_csrf_token, make_session, read_session
from desk.texts import LANGUAGES, words
from ingest.parse import attachment_bytes
from models.errors import NotFound
from models.ticket import LEGAL_MOVES, TicketState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from desk.app import DeskSettings
    from models.db.store import Store
    from models.views import QueueRow
    from policy.pack import Pack

PAGE = 50
_TABS = ("ready", "needs_review", "waiting_customer", "answered", "waiting_recurrence", "snoozed", "closed", "parked")
_DEFAULT_TABS = ("ready", "needs_review", "waiting_customer", "answered", "waiting_recurrence", "snoozed")


@dataclass(slots=True, kw_only=True)
class Desk:
    """What every page uses."""

    store: Store
    pack: Pack
    settings: DeskSettings
    clock: Callable[[], datetime]
    brake: SignInBrake = field(default_factory=SignInBrake)
    templates: Jinja2Templates = field(
        default_factory=lambda: Jinja2Templates(directory=Path(__file__).parent / "templates")
    )

    def language(self, request: Request) -> str:
        """Ja or en: asked for, chosen before, or the browser's first choice."""
        wanted = (
            request.query_params.get("lang")
            or request.cookies.get("uketsuke_lang")
            or request.headers.get("accept-language", "ja")[:2]
        )
        return wanted if wanted in LANGUAGES else "ja"

    def agent(self, request: Request) -> str | None:
        """Who is signed in."""
        return read_session(request.cookies.get(COOKIE, ""), self.settings.secret, self.clock())

    def page(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 - template variables
        """One rendered page."""
        language = self.language(request)
        zone = ZoneInfo(self.pack.desk.timezone)
        response: HTMLResponse = self.templates.TemplateResponse(
            request,
            name,
            {
                "w": words(language),
                "lang": language,
                "other_lang": "en" if language == "ja" else "ja",
                "title": self.settings.title,
                "agent": self.agent(request),
                "csrf": csrf_token(request.cookies.get(COOKIE, ""), self.settings.secret),
                "local": lambda at: at.astimezone(zone).strftime("%Y/%m/%d %H:%M") if at else "",
                "age": lambda at: show.age(at, self.clock()),
                "products": lambda ids: show.product_names(ids, self.pack, language),
                "item": lambda one: show.item_name(one, self.pack, language),
                "category": lambda one: self.category(one, language),
                "path": request.url.path,
                **context,
            },
            status_code=status,
        )
        if "lang" in request.query_params:
            response.set_cookie("uketsuke_lang", language, samesite="lax", httponly=True, max_age=31_536_000)
        return response

    def category(self, one: str, language: str) -> str:
        """A category's name for a person."""
        found = next((policy for policy in self.pack.categories.values() if policy.id.value == one), None)
        return found.name[language] if found else one

    def error_page(self, request: Request, status: int, what: str) -> Response:
        """An error as a page, or as JSON for the API."""
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": what}, status_code=status)
        return self.page(request, "error.html", status, what=what, code=status)


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Register every page."""
    _sign_in(app, desk)
    _queue(app, desk)
    _tickets(app, desk)
    _letters(app, desk)
    _strays(app, desk)
    _reports(app, desk)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Any]) -> Response:
        """Everything but sign-in, health and styles needs a session."""
        path = request.url.path
        is_open = path in {"/sign-in", "/healthz"} or path.startswith("/static/")
        if is_open or desk.agent(request) is not None:
            return await call_next(request)  # type: ignore[no-any-return]
        if path.startswith("/api/"):
            return JSONResponse({"error": "sign in first"}, status_code=401)
        return RedirectResponse(f"/sign-in?next={quote(path)}", status_code=303)


def _check(request: Request, desk: Desk, token: str) -> str:
    """The agent behind a form, its token verified.

    Raises:
        NotFound: The form is not this session's; said no closer.
    """
    agent = desk.agent(request)
    if agent is None or not is_csrf_token(token, request.cookies.get(COOKIE, ""), desk.settings.secret):
        raise NotFound("this form has expired; go back and load the page again")
    return agent


def _sign_in(app: FastAPI, desk: Desk) -> None:
    @app.get("/sign-in")
    def form(request: Request) -> Response:
        return desk.page(request, "sign_in.html", failed="")

    @app.post("/sign-in")
    def sign_in(request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
        now = desk.clock()
        if desk.brake.is_closed(now):
            return desk.page(request, "sign_in.html", 429, failed="sign_in_wait")
        if not desk.store.verify_agent(name, password):
            desk.brake.failed(now)
            return desk.page(request, "sign_in.html", 403, failed="sign_in_failed")
        wanted = request.query_params.get("next", "/queue")
        target = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/queue"
        response = RedirectResponse(target, status_code=303)
        response.set_cookie(
            COOKIE,
            make_session(name, desk.settings.secret, now),
            httponly=True,
            samesite="lax",
            secure=desk.settings.is_secure,
            max_age=int(LIFETIME.total_seconds()),
        )
        return response

    @app.post("/sign-out")
    def sign_out(request: Request, token: Annotated[str, Form()]) -> Response:
        _check(request, desk, token)
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(COOKIE)
        return response


def _queue(app: FastAPI, desk: Desk) -> None:
    @app.get("/queue")
    def queue(request: Request, state: str = "", after: int | None = None) -> Response:
        states = [state] if state in _TABS else None
        rows = desk.store.queue(
            states=states or (None if state != "all" else _TABS), limit=PAGE, after=after, include_closed=state == "all"
        )
        counts = desk.store.counts()
        language = desk.language(request)
        return desk.page(
            request,
            "queue.html",
            rows=rows,
            checks={row.key: show.row_checks(row) for row in rows},
            section_names={section.value: name[language] for section, name in desk.pack.sections.items()},
            tabs=_TABS,
            counts=counts,
            open_count=sum(counts[tab] for tab in _DEFAULT_TABS),
            state=state,
            after=after,
            next_after=rows[-1].key if len(rows) == PAGE else None,
            books=desk.store.books(),
        )

    @app.get("/api/queue")
    def api(after: int | None = None) -> Response:
        return JSONResponse([_row_object(row) for row in desk.store.queue(limit=PAGE, after=after)])

    @app.get("/api/tickets/{ref}")
    def api_ticket(ref: str) -> Response:
        return JSONResponse(_row_object(desk.store.ticket(ref).row))


def _row_object(row: QueueRow) -> Mapping[str, object]:
    return {
        "key": row.key,
        "ref": row.ref,
        "state": row.state,
        "subject": row.subject,
        "from": row.sender,
        "language": row.language,
        "disposition": row.disposition,
        "missing": list(row.missing),
        "opened_at": row.opened_at.isoformat(),
        "mails": [{"message_id": mail.message_id, "state": mail.state} for mail in row.mails],
        "replies": [
            {"message_id": letter.message_id, "kind": letter.kind, "state": letter.state, "reason": letter.reason}
            for letter in row.replies
        ],
    }


def _tickets(app: FastAPI, desk: Desk) -> None:
    @app.get("/tickets/{ref}")
    def ticket(request: Request, ref: str) -> Response:
        view = desk.store.ticket(ref)
        language = desk.language(request)
        mails = [
            {
                "mail": mail,
                "marked": show.proof_text(mail),
                "whole": show.whole_text(mail),
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
        return desk.page(request, "ticket.html", view=view, row=view.row, mails=mails, moves=moves)

    @app.post("/tickets/{ref}/move")
    def move(request: Request, ref: str, to: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = _check(request, desk, token)
        if to not in {state.value for state in TicketState}:
            raise NotFound(f"no state {to}")
        desk.store.move(ref, TicketState(to), by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.post("/tickets/{ref}/note")
    def note(request: Request, ref: str, text: Annotated[str, Form()], token: Annotated[str, Form()]) -> Response:
        agent = _check(request, desk, token)
        if text.strip():
            desk.store.add_note(ref, text.strip(), by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.get("/mails/{mail_id}/raw")
    def raw(mail_id: int) -> Response:
        return _download(desk.store.raw_mail(mail_id), f"mail-{mail_id}.eml")

    @app.get("/mails/{mail_id}/parts/{part}")
    def part(mail_id: int, part: int, name: str = "attachment") -> Response:
        found = attachment_bytes(desk.store.raw_mail(mail_id), part)
        if found is None:
            raise NotFound(f"mail {mail_id} has no part {part}")
        return _download(found, name)


def _download(content: bytes, name: str) -> Response:
    """Bytes as a file, never as something a browser would show."""
    disposition = f"attachment; filename*=UTF-8''{quote(name[:200], safe='')}"
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": disposition})


def _letters(app: FastAPI, desk: Desk) -> None:
    @app.get("/outbox")
    def outbox(request: Request, before: int | None = None) -> Response:
        letters = desk.store.replies(limit=PAGE, before=before)
        return desk.page(
            request,
            "outbox.html",
            letters=letters,
            before=before,
            next_before=letters[-1].reply_id if len(letters) == PAGE else None,
        )

    @app.get("/letters/{reply_id}")
    def letter(request: Request, reply_id: int) -> Response:
        raw = desk.store.raw_reply(reply_id)
        head = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        return desk.page(request, "letter.html", letter=desk.store.reply(reply_id), head=head)

    @app.get("/letters/{reply_id}/raw")
    def raw_letter(reply_id: int) -> Response:
        return _download(desk.store.raw_reply(reply_id), f"letter-{reply_id}.eml")

    @app.post("/letters/{reply_id}/release")
    def release(request: Request, reply_id: int, token: Annotated[str, Form()]) -> Response:
        agent = _check(request, desk, token)
        desk.store.release_reply(reply_id, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{desk.store.reply(reply_id).ref}", status_code=303)

    @app.post("/letters/{reply_id}/discard")
    def discard(request: Request, reply_id: int, token: Annotated[str, Form()]) -> Response:
        agent = _check(request, desk, token)
        desk.store.discard_reply(reply_id, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{desk.store.reply(reply_id).ref}", status_code=303)


def _strays(app: FastAPI, desk: Desk) -> None:
    @app.get("/mails/{mail_id}")
    def stray(request: Request, mail_id: int) -> Response:
        mail = desk.store.stray_mail(mail_id)
        text = desk.store.raw_mail(mail_id)[:200_000].decode("utf-8", "replace")
        return desk.page(request, "stray.html", mail=mail, text=text)

    @app.post("/mails/{mail_id}/retry")
    def retry(request: Request, mail_id: int, token: Annotated[str, Form()]) -> Response:
        _check(request, desk, token)
        desk.store.unpark_mail(mail_id)
        return RedirectResponse("/queue", status_code=303)


def _reports(app: FastAPI, desk: Desk) -> None:
    @app.get("/reports")
    def reports(request: Request) -> Response:
        return desk.page(request, "reports.html", reports=desk.store.reports())

    @app.get("/reports/{report_id}")
    def report(report_id: int) -> Response:
        return HTMLResponse(desk.store.report(report_id).html)
