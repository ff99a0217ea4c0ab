"""The letter editor: every template and part, a text with its preview on a real ticket, versions and their differences."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Form, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, RedirectResponse, Response

from desk.frame import require_form
from desk.preview import Preview, finding, overlaid, preview, said, with_text
from models.errors import EditConflict, NotFound
from models.states import TicketState
from policy.sample import sample_contexts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.frame import Desk
    from models.controls import LetterVersion
    from models.views import QueueRow

Name = Annotated[str, InPath(pattern=r"^[a-z_]{1,40}$")]
Language = Annotated[str, InPath(pattern=r"^[a-z]{2,8}$")]
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
_TICKETS = 30  # offered for the preview
_PACK = 0  # the version number that stands for the pack's own text


def add_editor(app: FastAPI, desk: Desk) -> None:
    """Register the list of texts, the editor, its preview, and restoring."""

    @app.get("/letter-texts")
    def texts(request: Request) -> Response:
        saved = desk.store.letter_texts()
        names = sorted({name for name, _ in desk.pack.letters}, key=lambda name: (name.startswith("_"), name))
        return desk.page(request, "texts.html", names=names, languages=desk.pack.languages, saved=saved)

    @app.get("/letter-texts/{language}/{name}")
    def editor(request: Request, language: Language, name: Name, version: Number = None) -> Response:
        text = _known(desk, name, language)
        return _page(desk, request, name, language, text, version=version)

    @app.post("/letter-texts/{language}/{name}")
    def save(
        request: Request,
        language: Language,
        name: Name,
        text: Annotated[str, Form()],
        token: Annotated[str, Form()],
        based_on: Annotated[int, Form(ge=0)] = 0,
        ref: Annotated[str, Form(max_length=16)] = "",
        note: Annotated[str, Form()] = "",
        act: Annotated[Literal["save", "preview"], Form()] = "preview",
    ) -> Response:
        agent = require_form(request, desk, token)
        _known(desk, name, language)
        typed = _plain(text)
        kept: dict[str, Any] = {"based_on": based_on, "ref": ref, "note": note}
        if act == "preview":
            return _page(desk, request, name, language, typed, **kept)
        wrong = finding(with_text(overlaid(desk), name, language, typed), name, language)
        if wrong is not None:
            unfit = Preview(error=said(wrong, name, desk.language(request)), is_unfit=True)
            return _page(desk, request, name, language, typed, 422, shown=unfit, problem="not_saved", **kept)
        try:
            desk.store.save_letter_text(
                name, language, typed, based_on=based_on or None, by=agent, now=desk.clock(), note=note
            )
        except EditConflict as error:
            theirs = {**kept, "based_on": None}  # what is saved next is based on what is shown now
            return _page(desk, request, name, language, typed, 409, conflict=error.by, **theirs)
        return RedirectResponse(f"/letter-texts/{language}/{name}?saved=1", status_code=303)

    @app.post("/letter-texts/{language}/{name}/preview")
    def live(
        request: Request,
        language: Language,
        name: Name,
        text: Annotated[str, Form()],
        token: Annotated[str, Form()],
        ref: Annotated[str, Form(max_length=16)] = "",
    ) -> Response:
        require_form(request, desk, token)
        _known(desk, name, language)
        shown = _shown(desk, request, ref, name, language, _plain(text))
        found = shown or Preview()
        return JSONResponse({"subject": found.subject, "text": found.text, "error": found.error})

    @app.post("/letter-texts/{language}/{name}/restore")
    def restore(
        request: Request,
        language: Language,
        name: Name,
        number: Annotated[int, Form(ge=0)],
        token: Annotated[str, Form()],
        based_on: Annotated[int, Form(ge=0)] = 0,
    ) -> Response:
        agent = require_form(request, desk, token)
        _known(desk, name, language)
        versions = desk.store.letter_text_versions(name, language)
        old = _version(versions, number)
        here: dict[str, Any] = {"based_on": based_on or None, "by": agent, "now": desk.clock()}
        try:
            if old is None or old.is_pack:
                desk.store.restore_pack_text(name, language, **here)
            else:
                wrong = finding(with_text(overlaid(desk), name, language, old.text), name, language)
                if wrong is not None:
                    unfit = Preview(error=said(wrong, name, desk.language(request)), is_unfit=True)
                    return _page(desk, request, name, language, old.text, 422, shown=unfit, problem="not_saved")
                desk.store.save_letter_text(name, language, old.text, **here)
        except EditConflict as error:
            text = desk.pack.letters[name, language] if old is None or old.is_pack else old.text
            return _page(desk, request, name, language, text, 409, conflict=error.by)
        return RedirectResponse(f"/letter-texts/{language}/{name}?saved=1", status_code=303)


def _known(desk: Desk, name: str, language: str) -> str:
    """The current text.

    Raises:
        NotFound: The pack has no such text.
    """
    if (name, language) not in desk.pack.letters:
        raise NotFound(f"no letter text {name}")
    return overlaid(desk).letters[name, language]


def _plain(text: str) -> str:
    """As templates are written: lines end with LF, the last one too."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def _version(versions: Sequence[LetterVersion], number: int) -> LetterVersion | None:
    """One version; None for the pack's own text.

    Raises:
        NotFound: There is none of this number.
    """
    if number == _PACK:
        return None
    found = next((one for one in versions if one.number == number), None)
    if found is None:
        raise NotFound(f"no version {number}")
    return found


def _shown(desk: Desk, request: Request, ref: str, name: str, language: str, text: str) -> Preview | None:
    refs = _tickets(desk, name, language)
    wanted = ref.strip().upper() or (refs[0][0] if refs else "")
    return preview(desk, wanted, name, language, text, speaking=desk.language(request)) if wanted else None


def _tickets(desk: Desk, name: str, language: str) -> list[tuple[str, str]]:
    """(reference, subject) of the latest tickets; those first that have had such a letter, then those in its language."""
    states = [state.value for state in TicketState if state is not TicketState.PARKED]
    rows = [row for row in desk.store.queue(states=states, limit=_TICKETS) if row.ref]

    def distance(row: QueueRow) -> tuple[bool, bool]:
        return name not in {reply.kind for reply in row.replies} and not name.startswith("_"), row.language != language

    return [(row.ref or "", row.subject) for row in sorted(rows, key=distance)]


def _page(
    desk: Desk,
    request: Request,
    name: str,
    language: str,
    text: str,
    status: int = 200,
    *,
    shown: Preview | None = None,
    version: int | None = None,
    conflict: str = "",
    problem: str = "",
    based_on: int | None = None,
    ref: str = "",
    note: str = "",
) -> Response:
    versions = desk.store.letter_text_versions(name, language)
    latest = versions[0].number if versions else _PACK
    present = _known(desk, name, language)
    chosen = _version(versions, version) if version is not None else None
    compared = _text_of(desk, chosen, name, language) if version is not None else text if conflict else None
    before, after = (present, compared) if conflict else (compared, present)
    return desk.page(
        request,
        "editor.html",
        status,
        letter_name=name,
        tongue=language,
        text=text,
        tickets=_tickets(desk, name, language),
        ref=ref,
        note=note,
        shown=shown or _shown(desk, request, ref, name, language, text),
        versions=versions,
        based_on=latest if based_on is None else based_on,
        version=version,
        conflict=conflict,
        problem=problem,
        is_saved="saved" in request.query_params,
        is_edited=(name, language) in desk.store.letter_texts(),
        diff=differences(before or "", after or "") if compared is not None else None,
        variables=sorted(sample_contexts(desk.pack, language, "")[0]),
        parts=sorted(one for one, tongue in desk.pack.letters if tongue == language and one.startswith("_")),
    )


def _text_of(desk: Desk, version: LetterVersion | None, name: str, language: str) -> str:
    return desk.pack.letters[name, language] if version is None or version.is_pack else version.text


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """(mark, line) of what makes `after` of `before`; mark is add, drop, same or gap. Empty if they are equal."""
    marks = {"+": "add", "-": "drop", " ": "same", "@": "gap"}
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return [(marks.get(line[:1], "same"), "⋯" if line.startswith("@@") else line[1:]) for line in lines]
