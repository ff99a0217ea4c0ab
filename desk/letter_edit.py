"""A held letter, edited and sent: its text and subject in a form, beside approving and discarding it as it is.

Promises: a letter that was sent, discarded or edited by someone else meanwhile is never overwritten: the agent is told, and
what he typed stays in the form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import RowId, require_form
from desk.masking import hidden, without_secrets
from desk.preview import overlaid
from desk.readings import quotable_mails
from desk.reply_form import written_in
from desk.texts import TOKENS, words
from models.by_hand import LONGEST_SUBJECT, LONGEST_TEXT, edit_key
from models.decision import AGENT, ReplyState
from models.errors import EditConflict, IllegalMove, LettersStopped
from responders.by_hand import edited_message, plain_text, subject_by_hand, wrapped
from responders.letters import letter_languages, tidy
from responders.warnings import Facts, own_text, warnings_of

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.views import MailView, ReplyView, TicketView


def add_letter_edit(app: FastAPI, desk: Desk) -> None:
    """Register the form and what it does."""

    @app.get("/letters/{reply_id}/edit")
    def form(request: Request, reply_id: RowId) -> Response:
        letter = desk.store.reply(reply_id)
        view = desk.store.ticket(letter.ref)
        mails = quotable_mails(desk, view)
        subject, text = _shown(letter.subject, mails), _shown(letter.text, mails)
        problem = "" if letter.state == ReplyState.HELD.value else "gone"
        return _page(desk, request, letter, view, subject, text, problem=problem)

    @app.post("/letters/{reply_id}/edit")
    def send(
        request: Request,
        reply_id: RowId,
        token: Annotated[str, Form()],
        based_on: Annotated[str, Form(max_length=64)] = "",
        subject: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        confirmed: Annotated[str, Form()] = "",
        anyway: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        letter = desk.store.reply(reply_id)
        view = desk.store.ticket(letter.ref)
        plain, line = plain_text(text), " ".join(plain_text(subject).split())[:LONGEST_SUBJECT]
        if not own_text(plain).strip() or len(text) > LONGEST_TEXT:
            code = "long_text" if len(text) > LONGEST_TEXT else "empty_text"
            said = words(desk.language(request))[f"reply_problem_{code}"].format(what=f"{LONGEST_TEXT:,}")
            return _page(desk, request, letter, view, line, text, 422, based_on=based_on, said=said)
        warned = {code for code, _ in _warnings(desk, letter, view, plain, desk.language(request))}
        if warned - (set(confirmed.split()) if anyway else set()):
            return _page(desk, request, letter, view, line, plain, 422, based_on=based_on, problem="warned")
        pack = overlaid(desk)
        language = letter_languages(letter.language, pack)[0]
        whole = subject_by_hand(line, letter.ref, pack, language)
        body = tidy(wrapped(plain))
        try:
            desk.store.send_edited(
                reply_id,
                subject=whole,
                text=body,
                raw=edited_message(desk.store.raw_reply(reply_id), whole, body, pack, desk.clock()),
                based_on=based_on,
                by=agent,
                now=desk.clock(),
            )
        except IllegalMove:
            return _page(
                desk, request, desk.store.reply(reply_id), view, line, plain, 409, based_on=based_on, problem="gone"
            )
        except EditConflict:
            latest = desk.store.reply(reply_id)
            return _page(desk, request, latest, view, line, plain, 409, problem="edited")
        except LettersStopped:
            return _page(desk, request, letter, view, line, plain, 409, based_on=based_on, problem="stopped")
        return RedirectResponse(f"/tickets/{letter.ref}?reply=edited#letters", status_code=303)


def _shown(text: str, mails: tuple[MailView, ...]) -> str:
    return without_secrets(hidden(text), mails)


def _warnings(desk: Desk, letter: ReplyView, view: TicketView, text: str, language: str) -> tuple[tuple[str, str], ...]:
    """What the letter's own text says is the pack's affair: only what the agent put in can be new."""
    pack, mails = overlaid(desk), quotable_mails(desk, view)

    def facts(said: str) -> Facts:
        return Facts(
            text=said,
            language=written_in(own_text(said)),
            wanted=view.row.language if letter.kind == AGENT else letter.language,
            files=1,
            holds_secret=_shown(said, mails) != said,
            participants=frozenset(),
        )

    before = {one.code for one in warnings_of(facts(letter.text), pack)}
    found = [one for one in warnings_of(facts(text), pack) if one.code not in before]
    w = words(language)
    return tuple(
        (
            one.code,
            w[f"reply_warning_{one.code}"].format(what=TOKENS[language].get(one.found, _shown(one.found, mails))),
        )
        for one in found
    )


def _page(
    desk: Desk,
    request: Request,
    letter: ReplyView,
    view: TicketView,
    subject: str,
    text: str,
    status: int = 200,
    *,
    based_on: str = "",
    problem: str = "",
    said: str = "",
) -> Response:
    mails = quotable_mails(desk, view)
    mail = next((one for one in reversed(mails) if one.seen is not None), None)
    return desk.page(
        request,
        "letter_edit.html",
        status,
        letter=letter,
        row=view.row,
        mail=mail,
        subject=subject,
        text=text,
        current=_shown(letter.text, mails),
        based_on=based_on or edit_key(letter.subject, letter.text),
        problem=problem,
        said_wrong=said,
        warnings=_warnings(desk, letter, view, text, desk.language(request)) if status != 200 else (),
        masked=lambda one: _shown(one, mails),
    )
