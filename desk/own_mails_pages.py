"""Mails to our own people, as leads and admins see them: what went where, about what, and what did not arrive.

Promises: nothing is changed but by the form that queues a mail again which was given up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import RowId, RowKey, as_file, require_form
from desk.report_texts import period_text
from models.errors import NotFound
from models.memos import MemoKind

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.memos import MemoView

PATH = "/settings/own-mails"
# What the page shows: kinds (none: all) and state (empty: any).
SHOWN: dict[str, tuple[tuple[MemoKind, ...], str]] = {
    "all": ((), ""),
    "failed": ((), "failed"),
    "reports": ((MemoKind.REPORT, MemoKind.ALARM), ""),
    "notices": ((MemoKind.NOTICE,), ""),
    "hand_over": ((MemoKind.HAND_OVER,), ""),
}
_PAGE = 50
_REPORT = re.compile(r"report:([0-9]{4}-[0-9W-]{2,5}):")
_BOOKS = re.compile(r"books:([0-9]{4}-[0-9]{2}-[0-9]{2}):")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a mail is about, in words, and the page of it; empty: what kind of mail it is says all."""

    said: str = ""
    link: str = ""


def about(memo: MemoView, desk: Desk, language: str) -> About:
    """The report, day or ticket of a mail."""
    if found := _REPORT.match(memo.key):
        name = found[1]
        try:
            period = desk.ledger.period(name) if desk.ledger else None
        except (ValueError, NotFound):
            period = None
        said = period_text(period.kind, period.first_day, period.last_day, language) if period else name
        return About(said=said, link=f"/reports/{name}")
    if found := _BOOKS.match(memo.key):
        day = date.fromisoformat(found[1])
        return About(said=period_text("day", day, day, language), link="/reports#books")
    return About(said=memo.ref, link=f"/tickets/{memo.ref}") if memo.ref else About()


def refused(desk: Desk, request: Request) -> dict[str, object] | None:
    """What the page says to somebody whose own latest mail did not arrive; None: it did, or he gets none."""
    person = desk.person(request)
    memo = desk.store.refused_memo(person.email) if person and person.email else None
    return {"memo": memo, "about": about(memo, desk, desk.language(request))} if memo else None


def add_own_mails(app: FastAPI, desk: Desk) -> None:
    """Register the page."""

    @app.get(PATH)
    def own_mails(request: Request, show: str = "all", before: RowKey = None) -> Response:
        show, language = show if show in SHOWN else "all", desk.language(request)
        kinds, state = SHOWN[show]
        memos = desk.store.memos(limit=_PAGE + 1, before=before, kinds=kinds, state=state)
        shown = memos[:_PAGE]
        return desk.page(
            request,
            "own_mails.html",
            show=show,
            choices=list(SHOWN),
            is_sending=desk.settings.is_sending,
            memos=[(one, about(one, desk, language)) for one in shown],
            before=before,
            next_before=shown[-1].memo_id if len(memos) > _PAGE else None,
            tried=request.query_params.get("tried") == "1",
        )

    @app.get(PATH + "/{memo_id}/raw")
    def raw(memo_id: RowId) -> Response:
        content = desk.store.raw_memo(memo_id)
        if not content:
            raise NotFound(f"mail {memo_id} to our own people is not kept any more")
        return as_file(content, f"memo-{memo_id}.eml")

    @app.post(PATH + "/{memo_id}/again")
    def again(
        request: Request, memo_id: RowId, token: Annotated[str, Form()], show: Annotated[str, Form()] = "all"
    ) -> Response:
        agent = require_form(request, desk, token)
        desk.store.memo_again(memo_id, by=agent, now=desk.clock())
        return RedirectResponse(f"{PATH}?show={show if show in SHOWN else 'all'}&tried=1", status_code=303)
