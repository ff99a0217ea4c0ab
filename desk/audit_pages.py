"""The desk's own history: who came in, who let whom, who changed what for all letters. As pages and as a CSV file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query, Request
from fastapi.responses import Response, StreamingResponse

from desk.frame import PAGE, RowKey
from desk.masking import hidden
from desk.show import desk_event_text
from desk.texts import words
from models.agents import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desk.frame import Desk
    from models.controls import DeskEvent

Person = Annotated[str, Query(max_length=64)]
Kind = Annotated[str, Query(max_length=32)]
# What settings of letters write; the letter settings show these alone.
LETTER_KINDS = frozenset(
    {
        "letters_stopped",
        "letters_resumed",
        "stopped_released",
        "rule_block",
        "rule_allow",
        "rule_dropped",
        "mode_set",
        "text_saved",
        "text_restored",
    }
)
_WITH_ROLE = frozenset({"agent_added", "invited", "role_changed", "role_kept", "agent_created"})
_BATCH = 500
# A table program would take a cell that begins so for a formula (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def add_audit(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""

    @app.get("/audit")
    def audit(request: Request, by: Person = "", kind: Kind = "", before: RowKey = None) -> Response:
        who, what = by.replace("\0", "").strip(), kind.replace("\0", "")
        events = desk.store.desk_events(PAGE + 1, before=before, by=who, kinds={what} if what else None)
        language = desk.language(request)
        chosen = {name: value for name, value in (("by", who), ("kind", what)) if value}
        return desk.page(
            request,
            "audit.html",
            events=events[:PAGE],
            line=lambda one: hidden(access_text(one, language)),
            called=lambda one: kind_name(one, language),
            by=who,
            kind=what,
            kinds=desk.store.desk_event_kinds(),
            names=[one.name for one in desk.store.people()],
            before=before,
            chosen=urlencode(chosen),
            older=urlencode({**chosen, "before": events[PAGE - 1].number}) if len(events) > PAGE else "",
        )

    @app.get("/audit/csv")
    def as_csv(request: Request, by: Person = "", kind: Kind = "") -> Response:
        lines = _csv(desk, desk.language(request), by.replace("\0", "").strip(), kind.replace("\0", ""))
        headers = {"Content-Disposition": 'attachment; filename="uketsuke-audit.csv"'}
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def kind_name(kind: str, language: str) -> str:
    """The name of a kind of line."""
    w = words(language)
    return w.get(f"{kind}_event") or w.get(kind, kind)  # some kinds are called like a message of the pages


def access_text(event: DeskEvent, language: str) -> str:
    """What a line says besides its name."""
    if event.what in _WITH_ROLE:
        role, _, name = event.detail.partition(" ")
        return f"{words(language)[f'role_{role}']} {name}".strip() if role in set(Role) else event.detail
    return desk_event_text(event, language)


def _csv(desk: Desk, language: str, by: str, kind: str) -> Iterator[str]:
    """The whole history, newest first, batch by batch: it may be long."""
    zone = ZoneInfo(desk.pack.desk.timezone)
    yield "\ufeff" + _row(("at", "by", "kind", "what", "detail"))  # the mark lets Excel read UTF-8
    before: int | None = None
    while True:
        events = desk.store.desk_events(_BATCH, before=before, by=by, kinds={kind} if kind else None)
        for one in events:
            at = one.at.astimezone(zone).isoformat(timespec="seconds")
            yield _row((at, one.by, one.what, kind_name(one.what, language), hidden(access_text(one, language))))
        if len(events) < _BATCH:
            return
        before = events[-1].number


def _row(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell for cell in cells)
    return out.getvalue()
