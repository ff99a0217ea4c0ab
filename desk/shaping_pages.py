"""Agents shape tickets: split by issues, merge, move a mail, link, spam.

Every refusal of the store shows the form again, with what was typed and why nothing was changed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.conversation import link_key
from desk.frame import Ref, RowId, require_form
from desk.lacking import lacks_by
from desk.masking import hidden, without_secrets
from desk.readings import gist_of, parts_of, pieces_of, readings_of, words_of
from desk.texts import words
from models.controls import Verdict, normal_pattern
from models.errors import NotFound
from models.shaping import Refusal, SplitIssue
from models.ticket import LinkKind

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.shaping import PartReading
    from models.views import MailView, TicketView

_REF = re.compile(r"\[?\s*(?:受付|TICKET)?\s*T?(\d{1,12})\s*\]?")
_LONGEST_TITLE = 300
_MOST_ISSUES = 200  # in a form
_SEVERAL = 2


def shaping_context(desk: Desk, request: Request, view: TicketView) -> dict[str, Any]:
    """What `_shape.html` shows of a ticket."""
    parts = parts_of(desk, request, view)
    readings = readings_of(desk, request, view)
    several = [(one.mail_id, len(one.seen.issues)) for one in readings.values() if len(one.seen.issues) >= _SEVERAL]
    ref = view.row.ref or ""
    is_apart = any(link.kind == LinkKind.SPLIT.value and not link.is_from_here for link in view.links)
    merged = next((one.ref for one in view.links if one.kind == LinkKind.MERGED.value and one.is_from_here), "")
    return {
        "shape": {
            "ref": ref,
            "parts": [{"mail": part.mail, "holder": part.holder, "pieces": pieces_of(part)} for part in parts],
            "taken": desk.store.parts_taken(ref) if is_apart else {},
            "several": several,
            "merged_into": merged,
            "movable": [mail.mail_id for mail in view.mails] if len(view.mails) + len(parts) >= _SEVERAL else [],
            "by_hand": [link for link in view.links if link.kind == LinkKind.RELATED.value],
            "can_block": normal_pattern(view.row.sender) is not None,
        }
    }


def add_shaping(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
    _add_split(app, desk)
    _add_merge(app, desk)
    _add_move(app, desk)
    _add_links_and_spam(app, desk)


def _add_split(app: FastAPI, desk: Desk) -> None:
    @app.get("/tickets/{ref}/split")
    def split_form(request: Request, ref: Ref, mail: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> Response:
        return _split_page(desk, request, ref, mail)

    @app.post("/tickets/{ref}/split")
    def split(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        mail: Annotated[int, Form(ge=1, le=2**31 - 1)],
        version: Annotated[int, Form(ge=0, le=2**31 - 1)],
        pick: Annotated[list[int] | None, Form()] = None,
        title: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        agent = require_form(request, desk, token)
        picks, titles = (pick or [])[:_MOST_ISSUES], [_plain(one) for one in title or []]
        chosen = [SplitIssue(number=one, title=titles[one] if 0 <= one < len(titles) else "") for one in picks]
        done = desk.store.split(
            ref, mail, chosen, lacks=lacks_by(desk.pack), by=agent, now=desk.clock(), version=version
        )
        if isinstance(done, Refusal):
            return _split_page(desk, request, ref, mail, refusal=done, picks=picks, titles=titles)
        return RedirectResponse(f"/tickets/{ref}#related", status_code=303)


def _split_page(
    desk: Desk,
    request: Request,
    ref: str,
    mail_id: int,
    *,
    refusal: Refusal | None = None,
    picks: list[int] | None = None,
    titles: list[str] | None = None,
) -> Response:
    view = desk.store.ticket(ref)
    parts = parts_of(desk, request, view)
    mails = (*view.mails, *(part.mail for part in parts))
    readings = list(desk.store.readings(ref))
    several = [one for one in readings if len(one.seen.issues) >= _SEVERAL]
    chosen = next((one for one in readings if one.mail_id == mail_id), several[0] if several else None)
    if mail_id and (chosen is None or chosen.mail_id != mail_id):
        raise NotFound(f"no mail {mail_id} of ticket {ref}")
    lines = _split_lines(chosen, mails, picks, titles) if chosen else []
    return desk.page(
        request,
        "split.html",
        409 if refusal else 200,
        row=view.row,
        lines=lines,
        chosen=chosen,
        several=several,
        subjects={one.mail_id: without_secrets(hidden(one.subject), mails) for one in mails},
        refusal=refusal,
    )


def _split_lines(
    chosen: PartReading, mails: tuple[MailView, ...], picks: list[int] | None, titles: list[str] | None
) -> list[dict[str, object]]:
    """Each issue with its tick and its title as typed, or as proposed: all but the first become tickets."""
    return [
        {
            "number": number,
            "issue": issue,
            "title": titles[number] if titles and number < len(titles) else gist_of(issue, mails),
            "is_picked": number in picks if picks is not None else number > 0,
            "words": words_of(chosen.seen, issue),
        }
        for number, issue in enumerate(chosen.seen.issues)
    ]


def _add_merge(app: FastAPI, desk: Desk) -> None:
    @app.get("/tickets/{ref}/merge")
    def merge_form(request: Request, ref: Ref, into: Annotated[str, Query(max_length=40)] = "") -> Response:
        return _merge_page(desk, request, ref, into)

    @app.post("/tickets/{ref}/merge")
    def merge(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        into: Annotated[str, Form()] = "",
        sure: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        other = _as_ref(into)
        if other is None or _found(desk, other) is None:
            return _merge_page(desk, request, ref, into, is_sure=bool(sure), status=422)
        refusal = desk.store.merge(
            ref, other, lacks=lacks_by(desk.pack), by=agent, now=desk.clock(), is_confirmed=bool(sure)
        )
        if refusal:
            return _merge_page(desk, request, ref, into, is_sure=bool(sure), refusal=refusal, status=409)
        return RedirectResponse(f"/tickets/{other}", status_code=303)


def _merge_page(
    desk: Desk,
    request: Request,
    ref: str,
    into: str,
    *,
    is_sure: bool = False,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    view = desk.store.ticket(ref)
    w = words(desk.language(request))
    other_ref = _as_ref(into)
    other = _found(desk, other_ref) if other_ref else None
    problem = ""
    if into.strip() and other is None:
        problem = w["no_such_ref"] if other_ref else w["bad_ref"]
    elif status == 422:
        problem = w["bad_ref"]
    return desk.page(
        request,
        "merge.html",
        status,
        view=view,
        row=view.row,
        other=other if other_ref != ref else None,
        into=_plain(into),
        is_sure=is_sure,
        problem=w[f"refusal_{refusal.value}"] if refusal else problem,
        is_other_customer=other is not None and not desk.store.are_one_customers(ref, str(other_ref)),
    )


def _add_move(app: FastAPI, desk: Desk) -> None:
    @app.get("/mails/{mail_id}/move")
    def move_form(request: Request, mail_id: RowId) -> Response:
        return _move_page(desk, request, mail_id)

    @app.post("/mails/{mail_id}/move")
    def move_mail(
        request: Request,
        mail_id: RowId,
        token: Annotated[str, Form()],
        where: Annotated[str, Form()] = "new",
        to: Annotated[str, Form()] = "",
        sure: Annotated[str, Form()] = "",
        seen_in: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        other = _as_ref(to) if where == "other" else None
        if where == "other" and (other is None or _found(desk, other) is None):
            key = "no_such_ref" if other else "bad_ref"
            return _move_page(desk, request, mail_id, where=where, to=to, is_sure=bool(sure), problem=key, status=422)
        done = desk.store.move_mail(
            mail_id,
            other,
            lacks=lacks_by(desk.pack),
            by=agent,
            now=desk.clock(),
            is_confirmed=bool(sure),
            expected=_as_ref(seen_in),
        )
        if isinstance(done, Refusal):
            problem = f"refusal_{done.value}"
            return _move_page(
                desk, request, mail_id, where=where, to=to, is_sure=bool(sure), problem=problem, status=409
            )
        return RedirectResponse(f"/tickets/{done}#mail-{mail_id}", status_code=303)


def _move_page(
    desk: Desk,
    request: Request,
    mail_id: int,
    *,
    where: str = "new",
    to: str = "",
    is_sure: bool = False,
    problem: str = "",
    status: int = 200,
) -> Response:
    ref = desk.store.ticket_of_mail(mail_id)
    view = desk.store.ticket(ref)
    mail = next(one for one in view.mails if one.mail_id == mail_id)
    return desk.page(
        request,
        "move_mail.html",
        status,
        row=view.row,
        mail=mail,
        subject=without_secrets(hidden(mail.subject), view.mails),
        excerpt=" ".join(without_secrets(hidden(mail.reply_text), view.mails).split())[:300],
        links=[link for link in view.links if link.kind != LinkKind.MERGED.value],
        link_key=link_key,
        where=where,
        to=_plain(to),
        is_sure=is_sure,
        problem=words(desk.language(request))[problem] if problem else "",
    )


def _add_links_and_spam(app: FastAPI, desk: Desk) -> None:
    @app.get("/tickets/{ref}/links")
    def links(request: Request, ref: Ref) -> Response:
        return _links_page(desk, request, ref)

    @app.post("/tickets/{ref}/links")
    def link(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        other: Annotated[str, Form()] = "",
        does: Annotated[str, Form()] = "link",
    ) -> Response:
        agent = require_form(request, desk, token)
        found = _as_ref(other)
        if found is None or _found(desk, found) is None:
            return _links_page(desk, request, ref, other, "no_such_ref" if found else "bad_ref", 422)
        settle = desk.store.unrelate if does == "unlink" else desk.store.relate
        refusal = settle(ref, found, by=agent, now=desk.clock())
        if refusal:
            return _links_page(desk, request, ref, other, f"refusal_{refusal.value}", 409)
        return RedirectResponse(f"/tickets/{ref}#related", status_code=303)

    @app.post("/tickets/{ref}/spam")
    def spam(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        is_spam: Annotated[str, Form()] = "yes",
        block: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        desk.store.mark_spam(ref, is_spam=is_spam != "no", by=agent, now=desk.clock())
        sender = desk.store.ticket(ref).row.sender
        may_block = desk.may(request, "/letter-settings/rules", "POST")
        if block and may_block and is_spam != "no" and normal_pattern(sender) is not None:
            desk.store.set_address_rule(sender, Verdict.BLOCK, note=f"spam: {ref}", by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)


def _links_page(
    desk: Desk, request: Request, ref: str, other: str = "", problem: str = "", status: int = 200
) -> Response:
    view = desk.store.ticket(ref)
    return desk.page(
        request,
        "links.html",
        status,
        row=view.row,
        links=view.links,
        link_key=link_key,
        other=_plain(other),
        problem=words(desk.language(request))[problem] if problem else "",
    )


def _as_ref(text: str) -> str | None:
    """The reference as people write it: T000123, t123, [受付 T000123], in full width."""
    found = _REF.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    return f"T{int(found[1]):06d}" if found else None


def _found(desk: Desk, ref: str) -> TicketView | None:
    try:
        return desk.store.ticket(ref)
    except NotFound:
        return None


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:_LONGEST_TITLE]
