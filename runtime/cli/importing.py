"""`import`: mails from files come in as if they had arrived; `import -` takes one from an MTA's pipe."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from models.errors import ConfigError, StoreError
from runtime.cli.common import open_store, print_text, settings_with_logs
from runtime.cli.progress import with_progress
from runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.arrival import Arrival
    from models.db.store import Store
    from runtime.settings import Settings

PIPE = "-"
_MOST_IN_COMMIT = 64
_MOST_BYTES_IN_COMMIT = 8 * 2**20
_WRONG_CALL = 2


def register(app: typer.Typer) -> None:
    """Add the command of this group."""
    app.command("import")(import_mails)


def import_mails(
    paths: Annotated[
        list[str], typer.Argument(help=".eml files, mbox files, Maildirs, folders of .eml; - reads one mail from stdin")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tabulate what would come in")] = False,
    sender: Annotated[
        str | None, typer.Option(help="with -: MAIL FROM; default: $SENDER, else the mail's Return-Path")
    ] = None,
    recipient: Annotated[
        list[str] | None, typer.Option(help="with -: RCPT TO, may be repeated; default: $RECIPIENT, else its headers")
    ] = None,
) -> None:
    """Take mails into the database as if they had arrived."""
    if PIPE in paths:
        if len(paths) > 1 or dry_run:
            raise ConfigError(
                "import -: reads one mail from standard input and stands alone, without files or --dry-run"
            )
        sys.exit(_from_stdin(sender, recipient or ()))
    if sender is not None or recipient:
        raise ConfigError("import: --sender and --recipient go with - only; a file's envelope is in its headers")
    settings = settings_with_logs()
    if dry_run:
        _tabulate(paths)
        return
    importer = Importer(open_store(settings), settings)
    for path in with_progress(paths, "import"):
        importer.take(Path(path))
    print_text(f"{importer.taken} mails taken in" + (f", {importer.failed} failed" if importer.failed else ""))
    if importer.failed:
        sys.exit(1)


class Importer:
    """Takes mails from paths, many in one commit; what fails is said on stderr and never stops the others."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.taken = 0
        self.failed = 0
        self._store, self._settings = store, settings
        self._waiting: list[tuple[str, Arrival]] = []

    def take(self, path: Path) -> None:
        """Every mail at this path; when it returns, each is stored or said to have failed."""
        from runtime.arrivals import arrival_of
        from runtime.inlets import mails_at

        try:
            for name, raw in mails_at(path, self._fail):
                self._waiting.append((name, arrival_of(raw, self._settings, utc_now())))
                size = sum(len(arrival.raw) for _, arrival in self._waiting)
                if len(self._waiting) >= _MOST_IN_COMMIT or size >= _MOST_BYTES_IN_COMMIT:
                    self._store_waiting()
        except OSError as error:
            self._fail(str(path), error)
        self._store_waiting()

    def _store_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._store.accept([arrival for _, arrival in waiting])
        except StoreError as error:
            for name, _ in waiting:
                self._fail(name, error)
        except Exception as error:  # noqa: BLE001 - a mail that the database cannot hold never stops the others
            if len(waiting) == 1:
                self._fail(waiting[0][0], type(error).__name__)
                return
            for one in waiting:
                self._waiting = [one]
                self._store_waiting()
        else:
            self.taken += len(waiting)

    def _fail(self, name: str, error: Exception | str) -> None:
        self.failed += 1
        print(f"uketsuke: {name}: {error}", file=sys.stderr)


def _tabulate(paths: list[str]) -> None:
    from ingest.parse import envelope_of_file, parse_mail
    from runtime.inlets import mails_at

    failed = False

    def fail(name: str, error: OSError) -> None:
        nonlocal failed
        failed = True
        print(f"uketsuke: {name}: {error}", file=sys.stderr)

    for path in paths:
        try:
            for name, raw in mails_at(Path(path), fail):
                mail = parse_mail(raw, envelope_of_file(raw, utc_now()))
                print_text(
                    f"{name}\t{len(raw)}\t{mail.automation.kind or '-'}\t{mail.sender.addr if mail.sender else '-'}\t{mail.subject}"
                )
        except OSError as error:
            fail(path, error)
    if failed:
        sys.exit(1)


def _from_stdin(sender: str | None, recipients: Sequence[str]) -> int:
    """One mail from an MTA's pipe: EX_OK after the commit, else EX_TEMPFAIL, so that the MTA keeps the mail.

    Wrong settings are temporary too: someone mends them, and on EX_CONFIG Postfix and Exim would bounce the mails that
    come meanwhile.
    """
    from runtime.arrivals import arrival_of_pipe
    from runtime.inlets import mail_of_pipe
    from runtime.settings import envelope_of_mta

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _try_later)
    parent = os.getppid()
    try:
        raw = mail_of_pipe(sys.stdin.buffer, parent)
        settings = settings_with_logs()
        told_sender, told_recipients = envelope_of_mta()
        arrival = arrival_of_pipe(
            raw,
            settings,
            utc_now(),
            sender=told_sender if sender is None else sender,
            recipients=tuple(recipients) or told_recipients,
        )
        open_store(settings).accept([arrival])
    except ConfigError as error:
        print(f"uketsuke: {error}", file=sys.stderr)
        return os.EX_TEMPFAIL
    except Exception as error:  # noqa: BLE001 - whatever it is, the MTA must keep the mail and try again
        print(f"uketsuke: {type(error).__name__}: try again later", file=sys.stderr)
        return os.EX_TEMPFAIL
    return os.EX_OK


def _try_later(*_: object) -> NoReturn:
    sys.exit(os.EX_TEMPFAIL)


def is_pipe(arguments: Sequence[str]) -> bool:
    """Is this `import -`, called by an MTA, whose exit code decides over the mail?"""
    return arguments[:1] == ["import"] and PIPE in arguments[1:]


def sysexits_of(code: int) -> int:
    """The code for an MTA: a wrong call is EX_USAGE; an interruption, or whatever else there is, may pass."""
    if code in {os.EX_OK, os.EX_TEMPFAIL}:
        return code
    return os.EX_USAGE if code == _WRONG_CALL else os.EX_TEMPFAIL
