"""Search as a page: what was found, newest ticket first, each with the words around the hits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import Response

from desk.frame import Place  # noqa: TC001 - FastAPI reads the annotation
from desk.snippets import marked, snippet
from models.query import LONGEST, OPEN, STATES, read_query
from models.states import TicketState

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.found import FoundTicket
    from models.query import Query

PAGE = 20
_STATES = (OPEN, *(state.value for state in TicketState if state in STATES))


def add_search(app: FastAPI, desk: Desk) -> None:
    """Register the page."""

    @app.get("/search")
    def search(request: Request, q: str = "", state: str = "", after: Place = None) -> Response:
        state = state if state in _STATES else ""
        query = read_query(q, ZoneInfo(desk.pack.desk.timezone), state=state)
        page = desk.store.search(query, limit=PAGE, after=after)
        typed = {"q": q[: 4 * LONGEST], **({"state": state} if state else {})}
        return desk.page(
            request,
            "search.html",
            q=typed["q"],
            state=state,
            states=_STATES,
            query=query,
            found=[_entry(one, query) for one in page.tickets],
            notes=query.notes,
            is_short=page.is_short,
            is_asked=bool(q.strip() or state),
            jump=query.ref if query.ref and desk.store.ticket_exists(query.ref) else "",
            progress=desk.store.search_progress(),
            first="/search?" + urlencode(typed, errors="replace") if after is not None else "",
            more="/search?" + urlencode({**typed, "after": page.next_after}, errors="replace")
            if page.next_after is not None
            else "",
        )


def _entry(one: FoundTicket, query: Query) -> dict[str, Any]:
    secrets = [word for text in one.texts for word in text.secrets]
    return {
        "ticket": one,
        "subject": marked(one.subject, query.phrases, secrets),
        "texts": [{"found": text, "pieces": snippet(text, query.phrases)} for text in one.texts],
    }
