"""`search` and `reindex`: tickets by their words, in the terminal."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from runtime.cli.common import open_store, print_json, print_text, settings_with_logs
from runtime.cli.progress import with_progress_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.db.store import Store
    from models.found import FoundTicket
    from models.query import Query

_PAGE = 50
_NOTES = {
    "too_long": "only the first {} characters were used",
    "too_many": "only the first {} words were used",
    "no_word": "{} holds no letters or digits and was ignored",
    "bad_state": "there is no state {}; it was ignored",
    "bad_date": "{} is not a date and was ignored (write 2026-11-24)",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(search)
    app.command()(reindex)


def search(
    query: Annotated[
        list[str],
        typer.Argument(help='words, "a phrase", -without, from:, is:, after:, before:; put -- before -without'),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    limit: Annotated[int, typer.Option(min=1, help="tickets at most")] = 20,
) -> None:
    """Tickets by the words of their mails, letters and notes, newest first."""
    from desk.masking import hidden
    from desk.snippets import snippet
    from models.query import read_query
    from policy.load import load_pack

    settings = settings_with_logs()
    store = open_store(settings)
    read = read_query(" ".join(query), ZoneInfo(load_pack(settings.pack).desk.timezone))
    for note in read.notes:
        print(f"uketsuke: {_NOTES[note.code].format(note.about)}", file=sys.stderr)
    if (progress := store.search_progress()) is not None:
        print(f"uketsuke: the index is at {progress.percent} %; older mails may be missing", file=sys.stderr)
    for one in _found(store, read, limit):
        texts = [(text, "".join(piece.text for piece in snippet(text, read.phrases))) for text in one.texts]
        if as_json:
            print_json(
                {
                    "ref": one.ref,
                    "state": one.state,
                    "subject": hidden(one.subject),
                    "from": one.sender,
                    "opened_at": one.opened_at.isoformat(),
                    "texts": [
                        {
                            "source": text.source,
                            "id": text.source_id,
                            "at": text.at.isoformat(),
                            "by": text.by,
                            "snippet": said,
                        }
                        for text, said in texts
                    ],
                }
            )
            continue
        print_text(f"{one.ref:<9} {one.state:<18} {one.opened_at:%Y-%m-%d} {hidden(one.subject)[:60]}")
        for text, said in texts:
            print_text(f"    {text.source:<7} {said}")


def reindex(
    go_on: Annotated[bool, typer.Option("--go-on", help="only finish what was begun")] = False,
) -> None:
    """Write the index of the search anew; the desk may run meanwhile, and ends what is interrupted here."""
    from runtime.reindex import steps

    store = open_store(settings_with_logs())
    for _ in with_progress_of(steps(store, threading.Event(), anew=not go_on), 100, "indexing"):
        pass
    print_text("the index is whole")


def _found(store: Store, query: Query, limit: int) -> Iterator[FoundTicket]:
    after = None
    left = limit
    while left > 0:
        page = store.search(query, limit=min(_PAGE, left), after=after)
        yield from page.tickets
        left -= len(page.tickets)
        after = page.next_after
        if after is None:
            return
