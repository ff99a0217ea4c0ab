"""`parse`, `triage` and `reply`: what a mail says, what it would get. They touch no database and send nothing."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.common import print_bytes, print_json, print_text, settings_with_logs
from runtime.cli.progress import with_progress
from runtime.clock import utc_now

if TYPE_CHECKING:
    from models.decision import History
    from models.mail import Mail
    from runtime.triage import Rules, Triage

Files = Annotated[list[Path], typer.Argument(help="mails as files (.eml)", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line, in the order of the files")]
PREVIEW_REF = "T000000"


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (parse, triage, reply):
        app.command()(command)


def parse(files: Files, as_json: AsJson = False) -> None:
    """Parse mails: structure, text, the sender's own words, automatic or not."""
    from ingest.wire import mail_object

    settings_with_logs()
    failed = False
    for path in with_progress(files, "parse"):
        mail, error = _read(path, utc_now())
        failed |= error is not None
        if as_json:
            print_json(mail_object(str(path), mail, error))
        elif mail is None:
            print(f"uketsuke: {path}: {error}", file=sys.stderr)
        else:
            print_text(f"{path}\n  {mail.subject}\n  {mail.sender.addr if mail.sender else '-'}\n\n{mail.reply_text}\n")
    if failed:
        sys.exit(1)


def triage(files: Files, as_json: AsJson = False) -> None:
    """Parse and assess mails: what is asked, what is there, what is missing, which letter."""
    from runtime.account import readable_account
    from runtime.triage_object import error_object, triage_object
    from runtime.wiring import build_rules

    rules = build_rules(settings_with_logs())
    failed = False
    for path in with_progress(files, "triage"):
        done, error = _triage(path, rules)
        failed |= error is not None
        if done is None:
            if as_json:
                print_json(error_object(str(path), error or ""))
            else:
                print(f"uketsuke: {path}: {error}", file=sys.stderr)
        elif as_json:
            print_json(triage_object(str(path), done))
        else:
            print_text(readable_account(str(path), done, rules.pack))
    if failed:
        sys.exit(1)


def reply(
    file: Annotated[Path, typer.Argument(help="a mail as a file (.eml)")],
    *,
    text: Annotated[bool, typer.Option("--text", help="subject and text only, for a person to read")] = False,
) -> None:
    """Print the letter that a mail would get, as a complete message, or say why there is none."""
    from models.decision import ReplyState
    from runtime.wiring import build_rules

    done, error = _triage(file, build_rules(settings_with_logs()))
    if done is None:
        print(f"uketsuke: {file}: {error}", file=sys.stderr)
        sys.exit(1)
    if done.reply is None or done.reply.state is ReplyState.SUPPRESSED:
        reasons = [done.reply.reason] if done.reply else [f"{r.code}: {r.detail}" for r in done.decision.reasons]
        print(f"no letter: {done.decision.disposition.value}; " + "; ".join(reasons), file=sys.stderr)
        return
    if done.reply.reason:
        print(f"{done.reply.state.value}: {done.reply.reason}", file=sys.stderr)
    if text:
        print_bytes(f"To: {done.reply.to}\nSubject: {done.reply.subject}\n\n{done.reply.text}".encode())
    else:
        print_bytes(done.reply.raw)


def _triage(path: Path, rules: Rules) -> tuple[Triage | None, str | None]:
    from runtime.triage import triage as run

    now = utc_now()
    mail, error = _read(path, now)
    if mail is None:
        return None, error
    try:
        return run(mail, preview_history(now), rules), None
    except Exception as failure:  # noqa: BLE001 - one mail never stops the others
        return None, f"{type(failure).__name__}: {failure}"


def preview_history(now: datetime) -> History:
    """The history of a mail that nobody has seen before."""
    from models.decision import History

    return History(now=now, ref=PREVIEW_REF)


def _read(path: Path, now: datetime) -> tuple[Mail | None, str | None]:
    from ingest.parse import envelope_of_file, parse_mail

    try:
        raw = path.read_bytes()
        return parse_mail(raw, envelope_of_file(raw, now)), None
    except OSError as error:
        return None, error.strerror or str(error)
    except Exception as error:  # noqa: BLE001 - one mail never stops the others
        return None, f"{type(error).__name__}: {error}"
