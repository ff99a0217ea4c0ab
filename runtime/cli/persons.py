"""`forget`, `export` and `erasures`: what the desk has of one person, for that person, and its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from runtime.cli.common import open_store, operator, print_json, print_text, settings_with_logs
from runtime.cli.progress import Bar
from runtime.clock import utc_now

if TYPE_CHECKING:
    from models.erasing import Erasure, Traces
    from runtime.settings import Settings

_PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (forget, export, erasures):
        app.command()(command)


def forget(
    address: Annotated[str, typer.Argument(help="of the person, as it stands in From")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what there is")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing, even where tickets are open")] = False,
) -> None:
    """Erase all of one person for good: tickets, mails, letters, and the address from every list."""
    from models.erasing import Erased, Order, Why
    from runtime.retention import customer_key
    from runtime.secret import load_secret

    settings = settings_with_logs()
    whose = _address(address, settings)
    store = open_store(settings)
    traces = store.traces(whose)
    _print_traces(whose, traces)
    if dry_run or not traces.is_any:
        return
    if not yes:
        _ask(whose, traces)
    order = Order(why=Why.REQUEST, by=operator(), customer=customer_key(whose, load_secret(settings.secret_path)))
    total = Erased()
    with Bar("forget") as bar:
        bar.expect(len(traces.tickets) + 1)
        for erased in store.forget_person(whose, order, now=utc_now()):
            total += erased
            bar.step(max(1, erased.tickets))
    store.close()
    print_text(
        f"erased: {total.tickets} tickets, {total.mails} mails, {total.letters} letters; in the audit log as {order.customer}"
    )
    print_text(
        "backups of before hold them still: keep `uketsuke erasures --json` with each, and restore with --erasures"
    )


def export(
    address: Annotated[str, typer.Argument(help="of the person, as it stands in From")],
    out: Annotated[Path, typer.Option(help="a .zip file; must not be there yet")],
    with_notes: Annotated[
        bool, typer.Option("--with-notes", help="with the desk's internal notes on the tickets")
    ] = False,
) -> None:
    """Write all that the desk has of one person into one file, for that person."""
    from policy.load import load_pack
    from runtime.export import write_export

    settings = settings_with_logs()
    whose = _address(address, settings)
    store = open_store(settings)
    belongings = store.belongings(whose)
    if not belongings.is_any:
        print_text(f"nothing is kept of {whose}")
        return
    pack = load_pack(settings.pack)
    steps = write_export(
        store,
        whose,
        belongings,
        out,
        desk=settings.desk_addresses[0],
        pack=pack,
        now=utc_now(),
        has_notes=with_notes,
    )
    with Bar("export") as bar:
        bar.expect(len(belongings.tickets))
        for _ in steps:
            bar.step(1)
    store.close()
    print_text(f"written to {out} ({out.stat().st_size:,} bytes): {len(belongings.tickets)} tickets")


def erasures(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False) -> None:
    """What was erased: when, by whom, why, how much; of whom only a keyed hash."""
    store = open_store(settings_with_logs())
    before: int | None = None
    while page := store.erasures(limit=_PAGE, before=before):
        for _, one in page:
            if as_json:
                print_json(_erasure_value(one))
            else:
                counts = f"tickets {one.erased.tickets}, mails {one.erased.mails}, letters {one.erased.letters}"
                print_text(f"{one.at:%Y-%m-%d %H:%M} {one.why:<10} {one.by:<16} {counts} {one.customer}".rstrip())
        before = page[-1][0]
    store.close()


def _erasure_value(one: Erasure) -> dict[str, object]:
    return {
        "at": one.at.isoformat(),
        "by": one.by,
        "why": one.why,
        "customer": one.customer,
        "tickets": one.erased.tickets,
        "mails": one.erased.mails,
        "letters": one.erased.letters,
    }


def _address(said: str, settings: Settings) -> str:
    """One address, folded.

    Raises:
        ConfigError: It is none, or the desk's own.
    """
    address = said.strip().casefold()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(char.isspace() or char in "<>," for char in address):
        raise ConfigError(f"{said}: is no address; write one like taro@example.com")
    if address in {one.casefold() for one in settings.desk_addresses}:
        raise ConfigError(f"{said}: is the desk's own address; name a customer's")
    return address


def _print_traces(address: str, traces: Traces) -> None:
    if not traces.is_any:
        print_text(f"nothing is kept of {address}")
        return
    if traces.open_tickets:
        print_text(f"open: {', '.join(traces.open_tickets)}")
    print_text(f"tickets {len(traces.tickets)}, with {traces.mails} mails and {traces.letters} letters")
    for name, count in (
        ("mails at the door or parked", len(traces.unread)),
        ("mails in tickets of others, which lose their content", len(traces.elsewhere)),
        ("letters in tickets of others", len(traces.letters_elsewhere)),
        ("tickets of others in which the address takes part", len(traces.named_in)),
        ("lines of lists and of the audit log", traces.lines),
    ):
        if count:
            print_text(f"{name}: {count}")


def _ask(address: str, traces: Traces) -> None:
    """Somebody says yes at a terminal.

    Raises:
        ConfigError: Nobody is there to be asked.
    """
    if not sys.stdin.isatty():
        raise ConfigError(f"forget {address}: nobody is there to be asked; add --yes, or --dry-run to look only")
    still_open = f" {len(traces.open_tickets)} of their tickets are open." if traces.open_tickets else ""
    typer.confirm(f"Erase all of {address}? Nothing brings it back.{still_open}", abort=True, err=True)
