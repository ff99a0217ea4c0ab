"""Agents write: replies, edited letters, canned texts, drafts.

Promises: what was typed is kept as a draft before anything is refused, so that nothing is ever lost; a letter goes only
to checked addresses, and past a warning only where the agent has ticked it; a form that is sent twice makes one letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse, Response

from desk.canned_pages import add_canned_texts
from desk.frame import Ref, require_form
from desk.letter_edit import add_letter_edit
from desk.masking import hidden, without_secrets
from desk.readings import quotable_mails
from desk.reply_form import (
    check,
    first_draft,
    local_time,
    reply_context,
    states_after,
    subject_of,
    warning_lines,
    with_canned,
    with_disclaimer,
    with_quote,
)
from desk.texts import words
from models.by_hand import LONGEST_SUBJECT, MOST_FILE_BYTES, Draft
from models.errors import Outdated
from responders.by_hand import Typed, appended, compose_by_hand, enclosure, file_name, files_said, plain_text
from responders.signing import message_id_for

if TYPE_CHECKING:
    from datetime import datetime

    from desk.frame import Desk
    from desk.reply_form import Subject
    from responders.mime import Enclosure

_LONGEST_ADDRESSES = 10_000
_MOST_MERGES = 10  # one after the other, that are followed
_MOST_DRAFT = 200_000  # characters of a text that are kept although it cannot go
Act = Literal["send", "save", "insert", "quote", "disclaimer", "discard", "drop"]
Key = Annotated[str, Form(pattern=r"^[0-9a-f]{16}$")]
Count = Annotated[int, Form(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """One form as it came."""

    about: Subject
    draft: Draft
    files: tuple[Enclosure, ...]  # those that came with it
    key: str
    version: int
    page: str
    confirmed: frozenset[str]  # codes of the warnings that the agent has seen and ticked


def add_replies(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
    add_letter_edit(app, desk)
    add_canned_texts(app, desk)

    @app.get("/tickets/{ref}/reply")
    def form(request: Request, ref: Ref) -> Response:
        view = desk.store.ticket(ref)
        left = desk.store.draft(ref, desk.agent(request) or "")
        mails = quotable_mails(desk, view)
        return desk.page(
            request,
            "reply.html",
            view=view,
            row=view.row,
            reply=reply_context(desk, request, view, page="reply"),
            left=left.draft.text if left else "",
            goes_on=desk.store.merged_into(ref),
            masked=lambda said: without_secrets(hidden(said), mails),
        )

    @app.post("/tickets/{ref}/reply")
    def reply(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        key: Key,
        version: Count,
        act: Annotated[Act, Form()] = "save",
        to: Annotated[str, Form()] = "",
        cc: Annotated[list[str] | None, Form()] = None,
        cc_more: Annotated[str, Form()] = "",
        subject: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        state: Annotated[str, Form()] = "",
        seen_mail: Count = 0,
        seen_events: Count = 0,
        canned: Annotated[str, Form()] = "",
        drop: Annotated[str, Form()] = "",
        confirmed: Annotated[str, Form()] = "",
        anyway: Annotated[str, Form()] = "",
        page: Annotated[Literal["ticket", "reply"], Form()] = "ticket",
        files: Annotated[list[UploadFile] | None, File()] = None,
    ) -> Response:
        agent = require_form(request, desk, token)
        typed = _draft(to, cc or [], cc_more, subject, text, state, seen_mail, seen_events)
        about = _about(desk, ref, agent)
        given = tuple(enclosure(one.filename or "", one.file.read()) for one in files or [] if one.filename)
        if about is None:
            return _kept_alone(desk, ref, agent, typed, given)
        sent = _Sent(
            about=about,
            draft=typed,
            files=given,
            key=key,
            version=version,
            page=page,
            confirmed=frozenset(confirmed.split()) if anyway else frozenset(),
        )
        if about.ref != ref:
            return _kept_there(desk, sent, ref, is_discarded=act == "discard")
        if drop:
            desk.store.drop_draft_file(ref, agent, _number(drop))
            return _kept(desk, sent, typed, "saved")
        return _send(desk, request, sent) if act == "send" else _write_on(desk, sent, act, _number(canned))

    @app.post("/tickets/{ref}/draft")
    def draft(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        key: Key,
        version: Count,
        to: Annotated[str, Form()] = "",
        cc: Annotated[list[str] | None, Form()] = None,
        cc_more: Annotated[str, Form()] = "",
        subject: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        state: Annotated[str, Form()] = "",
        seen_mail: Count = 0,
        seen_events: Count = 0,
        waiting_files: Count = 0,
    ) -> Response:
        """What reply.js asks for every few seconds: keep the draft, say what is new."""
        agent = require_form(request, desk, token)
        typed = _draft(to, cc or [], cc_more, subject, text, state, seen_mail, seen_events)
        about = _about(desk, ref, agent)
        language = desk.language(request)
        w = words(language)
        if about is None or about.ref != ref:
            at = _saved_beside(desk, about, ref, agent, typed)
            now = w["reply_saved_at"].format(at=local_time(desk, at)) if at else ""
            return JSONResponse({"saved": now, "warnings": [], "others": [], "news": w["reply_changed_live"]})
        is_new = desk.store.draft(ref, agent) is None and _is_as_shown(typed, about)
        if not is_new and not desk.store.has_letter(_message_id(about, key)):
            desk.store.save_draft(ref, agent, typed, now=desk.clock())
        saved = desk.store.draft(ref, agent)
        row = about.view.row
        fresh = [mail for mail in about.view.mails if mail.mail_id > seen_mail]
        return JSONResponse(
            {
                "saved": w["reply_saved_at"].format(at=local_time(desk, saved.at)) if saved else "",
                "warnings": warning_lines(desk, about, typed, saved, language, more_files=waiting_files),
                "others": [
                    w["reply_other_writing"].format(agent=one.agent, since=local_time(desk, one.since))
                    for one in desk.store.others_writing(ref, agent)
                ],
                "news": w["reply_news_live"] if fresh else w["reply_changed_live"] if row.version != version else "",
            }
        )


def _number(text: str) -> int:
    """A row's id out of a form; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _write_on(desk: Desk, sent: _Sent, act: Act, canned: int) -> Response:
    """Keep the draft, perhaps with something more in it, or discard it."""
    about, draft = sent.about, sent.draft
    if act == "discard":
        desk.store.drop_draft(about.ref, about.agent)
        return _back(sent, "discarded")
    if act == "insert":
        draft = with_canned(desk, about, draft, canned)
    elif act == "quote":
        draft = with_quote(about, draft)
    elif act == "disclaimer":
        draft = with_disclaimer(about, draft)
    return _kept(desk, sent, draft, "saved")


def _about(desk: Desk, ref: str, agent: str) -> Subject | None:
    """What is answered; where the ticket was merged meanwhile, on the ticket that goes on. None where no mail is left."""
    about = subject_of(desk, desk.store.ticket(ref), agent)
    for _ in range(_MOST_MERGES):
        if about is not None or not (ref := desk.store.merged_into(ref)):
            break
        about = subject_of(desk, desk.store.ticket(ref), agent)
    return about


def _kept_there(desk: Desk, sent: _Sent, ref: str, *, is_discarded: bool) -> Response:
    """Keep what was typed on a ticket that was merged meanwhile with the ticket that goes on, and go there.

    The draft of before went there with the merge: what was typed takes its place. Another one there stays above it.
    """
    about = sent.about
    identity = about.identity
    if desk.store.has_letter(message_id_for(ref, f"agent:{about.agent}:{sent.key}", identity.domain, identity.secret)):
        return _back(sent, "sent")  # the same form again, and it went before the merge
    if is_discarded:
        desk.store.drop_draft(ref, about.agent)
        return _back(sent, "discarded")
    there = desk.store.draft(about.ref, about.agent)
    text = sent.draft.text
    if there and not _holds(text, there.draft.text):
        text = appended(there.draft.text, text)
    # All that came to pass here since is new to the agent, the merge at least.
    seen = max(0, min(sent.draft.seen_events, len(about.view.events) - 1))
    for one in desk.store.draft_files(ref, about.agent):
        desk.store.add_draft_file(
            about.ref, about.agent, one.name, one.content, most_bytes=MOST_FILE_BYTES, now=desk.clock()
        )
    answer = _kept(desk, sent, replace(sent.draft, text=text, seen_events=seen), "changed")
    desk.store.drop_draft(ref, about.agent)
    return answer


def _kept_alone(desk: Desk, ref: str, agent: str, typed: Draft, files: tuple[Enclosure, ...]) -> Response:
    """Keep what was typed on a ticket that has nothing to answer any more; its page shows the text to copy."""
    now = desk.clock()
    desk.store.save_draft(ref, agent, typed, now=now)
    for one in files:
        desk.store.add_draft_file(ref, agent, file_name(one.name), one.content, most_bytes=MOST_FILE_BYTES, now=now)
    return RedirectResponse(f"/tickets/{ref}/reply?reply=changed#reply", status_code=303)


def _saved_beside(desk: Desk, about: Subject | None, ref: str, agent: str, typed: Draft) -> datetime | None:
    """Keep a draft while its ticket is gone: where the ticket went, or here where another draft stands there."""
    there = desk.store.draft(about.ref, agent) if about else None
    to = about.ref if about and (there is None or _holds(typed.text, there.draft.text)) else ref
    if typed.text.strip():
        desk.store.save_draft(to, agent, typed, now=desk.clock())
    saved = desk.store.draft(to, agent)
    return saved.at if saved else None


def _holds(text: str, earlier: str) -> bool:
    """Does a text have every line of what may be its earlier version?"""
    return all(line in text for line in earlier.split("\n"))


def _draft(
    to: str, cc: list[str], cc_more: str, subject: str, text: str, state: str, seen_mail: int, seen_events: int
) -> Draft:
    plain = " ".join(plain_text(subject).split())[:LONGEST_SUBJECT]
    more = plain_text(cc_more)[:_LONGEST_ADDRESSES].replace("\n", ",")
    listed = [one.strip() for one in (*cc[:50], *more.split(",")) if one.strip()]
    return Draft(
        to=" ".join(plain_text(to).split())[:_LONGEST_ADDRESSES],
        cc=tuple(dict.fromkeys(one.replace("\0", "") for one in listed)),
        subject=plain,
        text=text[:_MOST_DRAFT].replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"),
        then_state=state[:24],
        seen_mail=seen_mail,
        seen_events=seen_events,
    )


def _is_as_shown(typed: Draft, about: Subject) -> bool:
    """Has the agent typed nothing yet? Then nobody need hear that he writes."""
    return (
        replace(typed, then_state="", seen_mail=0, seen_events=0)
        == replace(first_draft(about), seen_mail=0, seen_events=0)
        or not typed.text.strip()
    )


def _message_id(about: Subject, key: str) -> str:
    identity = about.identity
    return message_id_for(about.ref, f"agent:{about.agent}:{key}", identity.domain, identity.secret)


def _send(desk: Desk, request: Request, sent: _Sent) -> Response:
    """Send it, or keep it and say why not."""
    about, draft = sent.about, sent.draft
    if desk.store.has_letter(_message_id(about, sent.key)):  # the same form again
        return _back(sent, "sent")
    saved = desk.store.draft(about.ref, about.agent)
    kept = desk.store.draft_files(about.ref, about.agent) if saved else ()
    files = (*(enclosure(one.name, one.content) for one in kept), *sent.files)
    checked = check(about, draft)
    if checked.problems:
        return _kept(desk, sent, draft, "wrong")
    if sum(len(one.content) for one in files) > MOST_FILE_BYTES:
        return _kept(desk, sent, draft, "large")
    language = desk.language(request)
    warned = {code for code, _ in warning_lines(desk, about, draft, saved, language, more_files=len(sent.files))}
    if warned - sent.confirmed:
        return _kept(desk, sent, draft, "warned")
    typed = Typed(
        by=about.agent,
        signed=about.signed,
        key=sent.key,
        to=checked.to,
        cc=checked.cc,
        subject=draft.subject,
        text=draft.text,
        then_state=draft.then_state if draft.then_state in states_after(about.view) else "",
        files=files,
    )
    letter = compose_by_hand(typed, about.answered(), about.pack, about.identity, desk.clock())
    try:
        desk.store.reply_by_hand(
            about.ref,
            letter,
            mail_id=about.mail.mail_id,
            version=sent.version,
            files=files_said(files),
            now=desk.clock(),
        )
    except Outdated:
        return _kept(desk, sent, draft, "changed")
    return _back(sent, "held" if desk.store.letters_stopped() else "sent")


def _kept(desk: Desk, sent: _Sent, draft: Draft, notice: str) -> Response:
    """Keep what was typed, its files as far as they fit, and go back to the form."""
    about, now = sent.about, desk.clock()
    desk.store.save_draft(about.ref, about.agent, draft, now=now)
    for one in sent.files:
        name = file_name(one.name)
        fits = desk.store.add_draft_file(about.ref, about.agent, name, one.content, most_bytes=MOST_FILE_BYTES, now=now)
        notice = notice if fits else "large"
    return _back(sent, notice)


def _back(sent: _Sent, notice: str) -> Response:
    is_over = notice in {"sent", "held", "discarded"}
    path = f"/tickets/{sent.about.ref}" if sent.page == "ticket" or is_over else f"/tickets/{sent.about.ref}/reply"
    return RedirectResponse(f"{path}?reply={notice}#reply", status_code=303)
