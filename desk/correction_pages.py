"""Agents correct how a mail was read, and call a letter wrong.

On a ticket's page sections are corrected by one click each; issues, kind and language have a page of their own, and so
has a letter that was wrong. What a form does on an older state of the mail is refused, and the page shown as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from classify.segment import sentences
from desk.frame import RowId, require_form
from desk.lacking import lacks_by
from desk.masking import hidden, without_secrets
from desk.neighbours import nearest_to
from desk.readings import gist_of, parts_of, quotable_mails, readings_of, safe_text, words_of
from desk.show import item_name, product_names
from desk.texts import words
from models.assessment import Category, Section, SymptomKind
from models.correcting import (
    LANGUAGES,
    LETTER,
    MARKS,
    WrongLetter,
    cut_issue,
    issues_to_value,
    joined_issues,
    newest,
    relabelled,
    without_issue,
)
from models.decision import ASKING, ReplyState
from models.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.frame import Desk
    from models.assessment import Assessment, Finding, Issue
    from models.shaping import PartReading
    from models.views import MailView, ReplyView, TicketView

_WENT = frozenset({ReplyState.SENT.value, ReplyState.QUEUED.value, ReplyState.BOUNCED.value})
_SHORT, _MOST_CUTS = 60, 60
_EVEN = 0.5  # nobody knows whether it is there
_ASKED = frozenset(kind.value for kind in ASKING)


def correction_context(desk: Desk, request: Request, view: TicketView) -> dict[str, Any]:
    """What `_correct.html` shows of a ticket: how each mail is read now, and which letters may be called wrong."""
    language = desk.language(request)
    readings = readings_of(desk, request, view)
    numbers = {mail.mail_id: number for number, mail in enumerate(view.mails, 1)}
    entries = [_entry(desk, one, numbers.get(one.mail_id, 0), language) for one in reversed(readings.values())]
    latest = next(iter(reversed(readings.values())), None)
    said = newest(desk.store.corrections(view.row.ref or ""))
    objection = next((one for one in reversed(view.events) if one.what == "customer_objected"), None)
    return {
        "correct": {
            "entries": entries,
            "marks": MARKS,
            "nearest_of": latest.mail_id if latest and latest.seen.issues and not latest.is_machine else 0,
            "objection": without_secrets(hidden(objection.detail), quotable_mails(desk, view)) if objection else "",
            "objected_to": _objected_to(view) if objection else None,
            "wrong": {
                letter.reply_id: said[f"{LETTER}{letter.reply_id}"]
                for letter in view.replies
                if f"{LETTER}{letter.reply_id}" in said
            },
            "reasons": [one.value for one in WrongLetter],
            "letters": [one for one in view.replies if one.state in _WENT or one.state == ReplyState.HELD.value],
        }
    }


def add_corrections(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""

    @app.get("/mails/{mail_id}/correct")
    def correct_form(request: Request, mail_id: RowId, ref: Annotated[str, Query(max_length=16)] = "") -> Response:
        return _correct_page(desk, request, mail_id, ref)

    @app.post("/mails/{mail_id}/correct")
    def correct(
        request: Request,
        mail_id: RowId,
        token: Annotated[str, Form()],
        does: Annotated[str, Form()],
        ref: Annotated[str, Form()],
        after: Annotated[int, Form(ge=0, le=2**31 - 1)],
        number: Annotated[int, Form(ge=0, le=999)] = 0,
        at: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
        category: Annotated[str, Form()] = "",
        products: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        w = words(desk.language(request))
        typed = _Typed(number=number, products=products, category=category)
        found, unknown = _product_ids(desk, products)
        if does == "label" and unknown:
            said = ", ".join(unknown)
            return _correct_page(
                desk, request, mail_id, ref, typed, w["correct_bad_products"].format(names=said), status=422
            )
        change = _Change(does=does, number=number, at=at, category=category, products=found)
        try:
            target, value = _what(_reading(desk, mail_id, ref).seen, change)
            is_kept = desk.store.correct(
                mail_id,
                target,
                value,
                lacks=lacks_by(desk.pack),
                by=agent,
                now=desk.clock(),
                ref=ref,
                after=after,
            )
        except (ValueError, KeyError):
            return _correct_page(desk, request, mail_id, ref, typed, w["correct_wrong"], status=422)
        if not is_kept:
            return _correct_page(desk, request, mail_id, ref, typed, w["refusal_changed"], status=409)
        page = f"/tickets/{ref}#correct-{mail_id}" if back == "ticket" else f"/mails/{mail_id}/correct?ref={ref}"
        return RedirectResponse(page, status_code=303)

    @app.get("/mails/{mail_id}/nearest")
    def nearest(request: Request, mail_id: RowId, ref: Annotated[str, Query(max_length=16)] = "") -> Response:
        """What the ticket's page fetches behind itself: the search takes longer than the page."""
        view = desk.store.ticket(ref or desk.store.ticket_of_mail(mail_id))
        one = _reading(desk, mail_id, view.row.ref or "")
        found = [] if one.is_machine else _nearest(desk, one, view.mails, desk.language(request))
        return desk.page(request, "nearest.html", row=view.row, nearest=found)

    @app.get("/letters/{reply_id}/wrong")
    def wrong_form(request: Request, reply_id: RowId) -> Response:
        return _wrong_page(desk, request, reply_id)

    @app.post("/letters/{reply_id}/wrong")
    def wrong(
        request: Request,
        reply_id: RowId,
        token: Annotated[str, Form()],
        reason: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
        does: Annotated[str, Form()] = "call",
    ) -> Response:
        agent = require_form(request, desk, token)
        if does != "take_back" and reason not in {one.value for one in WrongLetter}:
            return _wrong_page(
                desk, request, reply_id, reason=reason, note=note, problem="wrong_bad_reason", status=422
            )
        why = None if does == "take_back" else WrongLetter(reason)
        ref = desk.store.call_wrong(reply_id, why, note=note, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}#letters", status_code=303)


_WHO = frozenset({"automatic", "person"})
_SET = ("section", "facet", "kind", "language")  # by one click


class _Typed:
    """What stood in a form of one issue."""

    def __init__(self, *, number: int, products: str, category: str) -> None:
        self.number, self.products, self.category = number, products.replace("\0", "")[:500], category


class _Change:
    """What a form asks for."""

    def __init__(self, *, does: str, number: int, at: int, category: str, products: Sequence[str]) -> None:
        self.does, self.number, self.at, self.category, self.products = does, number, at, category, products


def _what(seen: Assessment, change: _Change) -> tuple[str, Any]:
    """Target and value of a correction.

    Raises:
        ValueError: The form asks for nothing that can be.
    """
    kind, _, rest = change.does.partition(":")
    of_issues: dict[str, Callable[[], tuple[Issue, ...]]] = {
        "label": lambda: relabelled(seen.issues, change.number, change.category, change.products),
        "join": lambda: joined_issues(seen.issues, change.number),
        "cut": lambda: cut_issue(seen.issues, change.number, change.at, seen.text),
        "drop": lambda: without_issue(seen.issues, change.number),
    }
    if kind in of_issues:
        return "issues", issues_to_value(of_issues[kind]())
    if kind == "set":  # set:section:when=present, set:kind=error, set:language=
        target, sign, value = rest.partition("=")
        if not sign or target.partition(":")[0] not in _SET:
            raise ValueError(change.does)
        return target, "" if value == "none" and target == "kind" else value or None
    if kind == "reset":
        return "issues", None
    if kind in _WHO:
        return "automatic", kind == "automatic"
    raise ValueError(change.does)


def _reading(desk: Desk, mail_id: int, ref: str) -> PartReading:
    found = desk.store.readings(ref, [mail_id])
    if not found:
        raise NotFound(f"no mail {mail_id} of ticket {ref}")
    return found[0]


def _entry(desk: Desk, one: PartReading, number: int, language: str) -> dict[str, Any]:
    """One mail as it is read now: its sections and facets with their marks."""
    seen = one.seen
    lines = [("section", section.value, found) for section, found in seen.sections.items()]
    lines += [("facet", facet.value, found) for facet, found in seen.facets.items()]
    return {
        "mail_id": one.mail_id,
        "number": number,
        "latest": one.latest,
        "is_machine": one.is_machine,
        "is_who_corrected": "automatic" in one.words,
        "lines": [
            {
                "target": f"{what}:{name}",
                "name": item_name(name if what == "section" else f"facet:{name}", desk.pack, language),
                "mark": _mark(found),
                "is_corrected": f"{what}:{name}" in one.words,
                "is_facet": what == "facet",
            }
            for what, name, found in lines
        ],
        "issues": len(seen.issues),
        "is_corrected": bool({"issues", "kind", "language"} & one.words.keys()),
    }


def _mark(found: Finding) -> str:
    if found.present:
        return "present"
    return "unknown" if found.answered else "missing" if found.confidence > _EVEN else ""


def _nearest(desk: Desk, one: PartReading, mails: Sequence[MailView], language: str) -> list[dict[str, Any]]:
    """Each issue of a mail with its nearest labelled examples."""
    seen = one.seen
    subject = seen.text.partition("\n")[0] if len(seen.issues) == 1 else ""
    texts = [f"{hidden(subject)}\n{words_of(seen, issue)}".strip() for issue in seen.issues]
    return [
        {
            "gist": gist_of(issue, tuple(mails)),
            "examples": [
                {
                    "it": example,
                    "percent": round(example.similarity * 100),
                    "products": product_names(example.products, desk.pack, language),
                    "sections": [desk.pack.sections[Section(name)][language] for name in example.sections],
                }
                for example in found
            ],
        }
        for issue, found in zip(seen.issues, nearest_to(texts, desk.pack), strict=True)
        if found
    ]


def _objected_to(view: TicketView) -> ReplyView | None:
    """The latest letter that asked and went: what the customer objects to."""
    return next((one for one in reversed(view.replies) if one.kind in _ASKED and one.state in _WENT), None)


def _correct_page(
    desk: Desk,
    request: Request,
    mail_id: int,
    ref: str,
    typed: _Typed | None = None,
    problem: str = "",
    *,
    status: int = 200,
) -> Response:
    ref = ref or desk.store.ticket_of_mail(mail_id)
    view = desk.store.ticket(ref)
    one = _reading(desk, mail_id, ref)
    language = desk.language(request)
    mails = (*view.mails, *(part.mail for part in parts_of(desk, request, view)))
    issues = [
        {
            "number": number,
            "gist": gist_of(issue, mails),
            "words": words_of(one.seen, issue),
            "category": typed.category if typed and typed.number == number and typed.category else issue.category.value,
            "products": typed.products if typed and typed.number == number else ", ".join(issue.products),
            "cuts": _cuts(one.seen, issue),
            "has_next": number < len(one.seen.issues) - 1,
        }
        for number, issue in enumerate(one.seen.issues)
    ]
    return desk.page(
        request,
        "correct.html",
        status,
        row=view.row,
        entry=_entry(desk, one, 0, language),
        one=one,
        issues=issues,
        categories=[category.value for category in Category],
        kinds=[kind.value for kind in SymptomKind],
        languages=LANGUAGES,
        all_products=[(key, product.name[language]) for key, product in desk.pack.products.items()],
        nearest=_nearest(desk, one, mails, language) if not one.is_machine else [],
        problem=problem,
    )


def _cuts(seen: Assessment, issue: Issue) -> list[tuple[int, str]]:
    """Where another issue may begin: every sentence but the first, with its first words."""
    text = safe_text(seen)
    found = []
    for start, end in issue.spans:
        at = start
        for line in text[start:end].split("\n"):
            found += [(begin, text[begin:stop]) for begin, stop in sentences(line, at)]
            at += len(line) + 1
    return [(begin, hidden(" ".join(some.split()))[:_SHORT]) for begin, some in found[1 : _MOST_CUTS + 1]]


def _product_ids(desk: Desk, typed: str) -> tuple[list[str], list[str]]:
    """(ids, what is no product) of a list that someone typed: ids or names in either language."""
    known = {key.casefold(): key for key in desk.pack.products}
    for key, product in desk.pack.products.items():
        known |= {name.casefold(): key for name in product.name.values()}
    said = [one.strip() for one in typed.replace("\0", "").replace("、", ",").split(",") if one.strip()]
    return (
        [known[one.casefold()] for one in said if one.casefold() in known],
        [one for one in said if one.casefold() not in known],
    )


def _wrong_page(
    desk: Desk,
    request: Request,
    reply_id: int,
    *,
    reason: str = "",
    note: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    letter = desk.store.reply(reply_id)
    view = desk.store.ticket(letter.ref)
    return desk.page(
        request,
        "wrong_letter.html",
        status,
        letter=letter,
        row=view.row,
        subject=without_secrets(hidden(letter.subject), quotable_mails(desk, view)),
        reasons=[one.value for one in WrongLetter],
        reason=reason,
        note=note.replace("\0", "")[:500],
        said=newest(desk.store.corrections(letter.ref)).get(f"{LETTER}{reply_id}"),
        problem=words(desk.language(request))[problem] if problem else "",
    )
