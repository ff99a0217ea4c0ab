"""The queue as a page: tabs, filters, steps for many tickets and taking them back; and as JSON for the desk's own use."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from desk import show
from desk.frame import PAGE, Place, Ref, require_form
from desk.masking import hidden, without_secrets
from desk.queue_view import AGES, CATEGORIES, NOBODY, TABS, tab_counts, view_of
from desk.readings import quotable_mails
from desk.texts import words
from models.assessment import Section
from models.hands import MOST_AT_ONCE, Act, Refusal
from models.states import TicketState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.frame import Desk
    from models.hands import Done
    from models.views import QueueRow

_REF = re.compile(r"T[0-9]{1,12}")
_SEEN = re.compile(r"(T[0-9]{1,12})(?::([0-9]{1,9}))?")  # a ticket, and the version of it that the agent saw
SNOOZES = ("1h", "tomorrow", "business", "monday")
_MORNING = time(9, 0)
_MOST_DAYS = 60
_MOVES = (TicketState.READY, TicketState.NEEDS_REVIEW, TicketState.ANSWERED, TicketState.CLOSED)
_LANGUAGES = ("ja", "en", "zh", "other")
_MOST_NAMED = 20


def add_queue(app: FastAPI, desk: Desk) -> None:
    """Register the queue as a page and as JSON."""

    @app.get("/queue")
    def queue(request: Request, after: str = "") -> Response:
        agent, language, now = desk.agent(request) or "", desk.language(request), desk.clock()
        view = view_of(request.query_params, agent)
        since = desk.store.changes(None)[0]  # before anything is read: what happens meanwhile is news to this page
        page = desk.store.page(view.wanted(now), after=after, limit=PAGE)
        names = {
            "category": [(one, desk.category(one, language)) for one in CATEGORIES],
            "product": sorted(
                ((one.id, one.name[language]) for one in desk.pack.products.values() if not one.is_service),
                key=_by_name,
            ),
            "region": sorted(((one.id, one.name[language]) for one in desk.pack.regions.values()), key=_by_name),
            "agent": [(NOBODY, words(language)["no_agent"]), *((name, name) for name in desk.store.agents())],
            "lacks": [(one.value, show.item_name(one.value, desk.pack, language)) for one in Section],
        }
        return desk.page(
            request,
            "queue.html",
            rows=page.rows,
            first={row.key: show.first_reason(row, language) for row in page.rows},
            checks={row.key: show.row_checks(row) for row in page.rows},
            section_names={section.value: name[language] for section, name in desk.pack.sections.items()},
            tabs=tuple(TABS),
            counts=tab_counts(desk.store.tallies(), agent),
            view=view,
            names=names,
            named={name: dict(values) for name, values in names.items()},
            ages=tuple(AGES),
            languages=_LANGUAGES,
            moves=[state.value for state in _MOVES],
            after=after,
            next_after=page.after,
            alike=desk.store.alike(now) if not after else (),
            here=view.query(after=after) if after else view.query(),
            did=done_of(request),
            since=since,
            now=now,
        )

    @app.post("/queue/act")
    def act(
        request: Request,
        token: Annotated[str, Form()],
        does: Annotated[str, Form()],
        refs: Annotated[list[str] | None, Form()] = None,
        until: Annotated[str, Form()] = "",
        why: Annotated[str, Form(max_length=200)] = "",
        back: Annotated[str, Form()] = "/queue",
    ) -> Response:
        agent = require_form(request, desk, token)
        w = words(desk.language(request))
        chosen = [found for found in map(_SEEN.fullmatch, refs or []) if found][:MOST_AT_ONCE]
        if not chosen:
            return desk.error_page(request, 400, w["none_chosen"])
        step = read_act(does, agent, until=until, why=why, desk=desk)
        if isinstance(step, str):
            return desk.error_page(request, 400, w[step])
        versions = {found[1]: int(found[2]) for found in chosen if found[2]}
        done = desk.store.act([found[1] for found in chosen], step, by=agent, now=desk.clock(), versions=versions)
        return RedirectResponse(told(back, done, does), status_code=303)

    @app.post("/queue/undo")
    def undo(
        request: Request,
        token: Annotated[str, Form()],
        key: Annotated[str, Form(max_length=64)],
        back: Annotated[str, Form()] = "/queue",
    ) -> Response:
        agent = require_form(request, desk, token)
        done = desk.store.undo(key, by=agent, now=desk.clock())
        return RedirectResponse(told(back, done, "undone"), status_code=303)

    @app.get("/api/queue")
    def api(after: Place = None) -> Response:
        return JSONResponse([_row_object(row) for row in desk.store.queue(limit=PAGE, after=after)])

    @app.get("/api/tickets/{ref}")
    def api_ticket(ref: Ref) -> Response:
        view = desk.store.ticket(ref)
        known = _row_object(view.row)
        return JSONResponse({**known, "subject": without_secrets(str(known["subject"]), quotable_mails(desk, view))})


def _by_name(one: tuple[str, str]) -> str:
    return one[1].casefold()


def read_act(does: str, agent: str, *, until: str, why: str, desk: Desk) -> Act | str:
    """The step that a form asks for, or the name of the words that say what is wrong with it.

    `does` is `take`, `leave`, `assign:<name>`, `snooze` (with `until`, a local time) or a state's wire value.
    """
    said = " ".join(why.replace("\0", "").split())
    if does in {"take", "leave"}:
        return Act(assignee=agent if does == "take" else "")
    if does.startswith("assign:"):
        name = does.partition(":")[2]
        return Act(assignee=name) if name in desk.store.agents() else "no_such_agent"
    if does == "snooze" or does in {f"snooze:{one}" for one in SNOOZES}:
        at = _time_of(until, desk) if does == "snooze" else snooze_until(does.partition(":")[2], desk)
        if at is None:
            return "no_time"
        return Act(to=TicketState.SNOOZED, why=said, wake_at=at) if at > desk.clock() else "too_early"
    if does in {state.value for state in TicketState} - {TicketState.PARKED.value, TicketState.SNOOZED.value}:
        return Act(to=TicketState(does), why=said)
    return "no_such_step"


def _time_of(until: str, desk: Desk) -> datetime | None:
    """A local time as the browser sends it."""
    try:
        return datetime.fromisoformat(until).replace(tzinfo=ZoneInfo(desk.pack.desk.timezone))
    except ValueError:
        return None


def snooze_until(preset: str, desk: Desk) -> datetime:
    """An hour from now, or the morning of tomorrow, of the next business day, of the next Monday."""
    working = desk.pack.desk.working
    now = desk.clock().astimezone(ZoneInfo(desk.pack.desk.timezone))
    if preset == "1h":
        return now + timedelta(hours=1)
    day = now + timedelta(days=1)
    for _ in range(_MOST_DAYS):  # a desk that is never open wakes some day all the same
        if not (preset == "business" and not working.is_business_day(day.date())) and not (
            preset == "monday" and day.weekday()
        ):
            break
        day += timedelta(days=1)
    opens = working.opens if working.opens != time(0, 0) else _MORNING
    return datetime.combine(day.date(), opens, now.tzinfo)


def told(back: str, done: Done, what: str) -> str:
    """Where a step leads back to, with what became of it in the query; never to another site."""
    parts = urlsplit(back)
    is_ours = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not back.startswith(("//", "/\\"))
    )
    path, query = (parts.path, parts.query) if is_ours and "\\" not in back and "\n" not in back else ("/queue", "")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in {"did", "n", "undo", "left"}]
    left = ",".join(f"{ref}:{why.value}" for ref, why in list(done.refused.items())[:_MOST_NAMED])
    values = {"did": what, "n": str(len(done.refs)), "undo": done.undo, "left": left}
    said = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{'&'.join([*kept, said])}"


def done_of(request: Request) -> Mapping[str, object] | None:
    """What a step has done, as the query tells it; whoever writes a query himself only fools himself."""
    query = request.query_params
    if not query.get("did"):
        return None
    pairs = (pair.partition(":") for pair in query.get("left", "").split(",") if pair)
    left = [(ref, why) for ref, _, why in pairs if _REF.fullmatch(ref) and why in set(Refusal)]
    number = query.get("n", "0")
    key = query.get("undo", "")
    return {
        "what": query["did"].partition(":")[0],
        "n": int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0,
        "undo": key if key.isalnum() and len(key) <= 64 else "",
        "left": left[:_MOST_NAMED],
    }


def _row_object(row: QueueRow) -> Mapping[str, object]:
    return {
        "key": row.key,
        "ref": row.ref,
        "state": row.state,
        "subject": hidden(row.subject),
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
