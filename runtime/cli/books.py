"""`queue`, `show` and `report`: the database in the terminal."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    period: Annotated[str, typer.Option(help="day, week or month")] = "week",
    of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="a day of the period; default: today at the desk")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="a file: .html, .csv, .json, .txt or .eml; default: stdout")] = None,
    form: Annotated[
        str, typer.Option("--format", help="html, csv, json, txt or eml; default: as --out ends, or html")
    ] = "",
    language: Annotated[str, typer.Option(help="ja or en; default: the pack's")] = "",
    to: Annotated[str, typer.Option(help="with eml: who it is written to")] = "",
) -> None:
    """One quality report."""
    from policy.load import load_pack
    from reports.periods import PeriodKind, period_of
    from runtime.ledger import FORMS, printed
    from runtime.reporting import Reporter, day_at, office_of
    from runtime.wiring import sender_identity

    settings = settings_with_logs()
    form = form or (out.suffix.removeprefix(".") if out else "html")
    if period not in set(PeriodKind):
        raise ConfigError(f"--period {period}: write day, week or month")
    if form not in FORMS:
        raise ConfigError(f"{form or 'a file without an ending'} is no format: write one of {', '.join(FORMS)}")
    pack = load_pack(settings.pack)
    if language and language not in pack.languages:
        raise ConfigError(f"--language {language}: the pack has {', '.join(pack.languages)}")
    now = utc_now()
    day: date = of.date() if of else day_at(now, pack.desk.timezone)
    try:
        wanted = period_of(period, day, pack.desk.timezone)
    except ValueError:
        raise ConfigError(f"--of {day}: no day that a desk could have") from None
    if wanted.start > now:
        raise ConfigError(f"--of {day}: {wanted.name} has not begun")
    reporter = Reporter(open_store(settings), pack, office_of(settings, sender_identity(settings)))
    content = printed(reporter.report(wanted, now), reporter, form, language or pack.default_language, to=to, now=now)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from None
    print_text(f"written to {out}")
