"""`queue`, `show` and `report`: the database in the terminal."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from models.errors import ConfigError
from runtime.cli.common import open_store, print_json, print_text, settings_with_logs
from runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.db.store import Store
    from models.views import QueueRow

PAGE = 200


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(queue)
    app.command()(show)
    app.command()(report)


def queue(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    everything: Annotated[bool, typer.Option("--all", help="closed and parked ones too")] = False,
) -> None:
    """The agents' queue."""
    from desk.masking import hidden
    from runtime.queue_object import queue_object

    store = open_store(settings_with_logs())
    count = 0
    for row in rows_of(store, include_closed=everything):
        count += 1
        if as_json:
            print_json(queue_object(row))
        else:
            missing = ", ".join(row.missing)
            print_text(
                f"{row.ref or '-':<9} {row.state:<18} {row.language:<3} {row.disposition or '-':<20} {hidden(row.subject)[:48]}  {missing}"
            )
    if not as_json:
        books = store.books()
        print_text(
            f"{count} shown. accepted {books.accepted} = ticketed {books.ticketed} + joined {books.joined} + parked {books.parked}"
            f" + waiting {books.waiting} + duplicates {books.duplicates} + deleted {books.deleted}"
        )


def rows_of(store: Store, *, include_closed: bool) -> Iterator[QueueRow]:
    """Every row of the queue, page by page."""
    after = None
    while True:
        page = store.queue(limit=PAGE, after=after, include_closed=include_closed)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].key


def show(ref: Annotated[str, typer.Argument(help="a ticket's reference, like T000123")]) -> None:
    """One ticket: its mails, what was understood, its letters and its history."""
    from desk.masking import hidden, without_secrets
    from runtime.ticket_account import ticket_account

    store = open_store(settings_with_logs())
    view = store.ticket(ref)
    print_text(without_secrets(hidden(ticket_account(view)), view.mails))


def report(
    period: Annotated[str, typer.Option(help="week")] = "week",
    of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="a day of the period; default: today at the desk")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="an .html file; default: stdout")] = None,
    language: Annotated[str, typer.Option(help="ja or en; default: the pack's")] = "",
) -> None:
    """One quality report, as HTML."""
    from policy.load import load_pack
    from runtime.reporting import report_html

    settings = settings_with_logs()
    if period != "week":
        raise ConfigError(f"--period {period}: only week is known")
    pack = load_pack(settings.pack)
    day: date = of.date() if of else utc_now().astimezone(ZoneInfo(pack.desk.timezone)).date()
    html = report_html(open_store(settings), pack, day, language or pack.default_language, utc_now())
    if out is None:
        print_text(html)
        return
    try:
        out.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from None
    print_text(f"written to {out}")
