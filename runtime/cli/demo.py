"""`demo`: a dozen sample mails of our own through the real port, and what became of each."""

from __future__ import annotations

import smtplib
import sys
import time
from email import message_from_bytes
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import UketsukeError
from runtime.cli.books import rows_of
from runtime.cli.common import open_store, print_text, settings_with_logs
from runtime.clock import utc_now

if TYPE_CHECKING:
    import typer

    from models.db.store import Store
    from models.views import QueueRow
    from runtime.settings import Settings

MAILS = Path(__file__).parents[1] / "demo_mails"
PATIENCE_S = 60.0


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(demo)


def demo() -> None:
    """Send a dozen sample mails (ja, en; every disposition) to the running listener and print what became of each."""
    settings = settings_with_logs()
    store = open_store(settings)
    sent = _send_all(settings)
    print_text(f"{len(sent)} mails accepted by {settings.smtp_host}:{settings.smtp_port}")
    rows = _wait_for(store, set(sent))
    for message_id, name in sent.items():
        print_text(_line(name, rows.get(message_id)))
    print_text(
        f"see them at http://{settings.desk_host}:{settings.desk_port}/ or with: uketsuke queue, uketsuke show REF"
    )
    if len(rows) < len(sent):
        print(f"uketsuke: {len(sent) - len(rows)} mails are still waiting for the worker", file=sys.stderr)
        sys.exit(1)


def _send_all(settings: Settings) -> dict[str, str]:
    """Send each sample with a new Message-ID and today's date; returns names by Message-ID."""
    sent: dict[str, str] = {}
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=30) as client:
            for path in sorted(MAILS.glob("*.eml")):
                message = message_from_bytes(path.read_bytes(), policy=SMTP.clone(cte_type="8bit"))
                message.replace_header("To", settings.desk_addresses[0])
                message["Message-ID"] = make_msgid(domain="demo.uketsuke.example")
                message["Date"] = format_datetime(utc_now())
                sender = parseaddr(str(message["From"]))[1]
                client.sendmail(
                    sender, [settings.desk_addresses[0]], message.as_bytes(), mail_options=["BODY=8BITMIME"]
                )
                sent[str(message["Message-ID"])] = path.stem
    except (OSError, smtplib.SMTPException) as error:
        where = f"{settings.smtp_host}:{settings.smtp_port}"
        raise UketsukeError(f"{where}: {error}; is it running? start it with: make run") from None
    return sent


def _wait_for(store: Store, wanted: set[str]) -> dict[str, QueueRow]:
    """The queue's rows of the wanted mails, as soon as all of them are triaged."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = {
            mail.message_id: row
            for row in rows_of(store, include_closed=True)
            for mail in row.mails
            if mail.message_id in wanted and mail.state != "received"
        }
        if len(found) == len(wanted) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _line(name: str, row: QueueRow | None) -> str:
    if row is None:
        return f"{name:<18} still waiting"
    letters = ", ".join(f"{letter.kind} ({letter.state})" for letter in row.replies) or "no letter"
    asks = f"  asks: {', '.join(row.missing)}" if row.missing else ""
    return f"{name:<18} {row.ref or '-':<8} {row.disposition or '-':<20} {row.state:<17} {letters}{asks}"
