"""`trace`: one mail's whole life, by any id that somebody has of it."""

from __future__ import annotations

from typing import Annotated

import typer

from models.errors import ConfigError, NotFound
from runtime.cli.common import open_store, print_json, print_text, settings_with_logs


def register(app: typer.Typer) -> None:
    """Add the command of this group."""
    app.command()(trace)


def trace(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="a mail's number, a ticket's reference, a Message-ID, or eight digits or more of the mail's SHA-256",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """One mail's whole life: how it came, what was read and decided, which letters it brought and what became of them."""
    from policy.load import load_pack
    from runtime.trace_account import trace_account, trace_object

    settings = settings_with_logs()
    pack = load_pack(settings.pack)
    store = open_store(settings)
    found = store.mails_of(what)
    if not found:
        raise NotFound(
            f"{what[:200]}: no mail of this id; give a mail's number, a ticket's reference, a Message-ID or eight digits of a SHA-256"
        )
    if len(found) > 1:
        raise ConfigError(f"{what[:200]}: of mails {', '.join(map(str, found))}; name one by its number")
    traced = store.traced(found[0])
    life = trace_object(traced, store.ticket(traced.ref) if traced.ref else None, pack)
    if as_json:
        print_json(life)
    else:
        print_text(trace_account(life))
