"""`corrections`: what agents said of how mails were read, as training data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from models.errors import ConfigError
from runtime.cli.common import open_store, print_text, settings_with_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.correcting import Correction
    from models.views import MailView

corrections = typer.Typer(help="What agents said of how mails were read.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.add_typer(corrections, name="corrections")
    corrections.command()(export)
    corrections.callback()(_group)


def _group() -> None:
    """What agents said of how mails were read."""


def export(
    out: Annotated[Path, typer.Option(help="a .mails file, for uketsuke train and evaluate --corpus")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only mails that were corrected from that day on")
    ] = None,
) -> None:
    """Write the mails that agents corrected, with their labels; credentials masked, senders left out."""
    from policy.load import load_pack

    settings = settings_with_logs()
    zone = ZoneInfo(load_pack(settings.pack).desk.timezone)
    start = since.replace(tzinfo=zone) if since else None
    blocks, left_out = [], 0
    for view, said in open_store(settings).corrected_mails(start):
        block = labelled_mail(view, said, zone)
        blocks += [block] if block else []
        left_out += not block
    try:
        out.write_text("".join(blocks), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from None
    print_text(f"{len(blocks)} mails written to {out}")
    if left_out:
        print_text(f"{left_out} left out: sent by machines, which the models never read")


def labelled_mail(view: MailView, said: Sequence[Correction], zone: ZoneInfo) -> str:
    """One mail as labelled; empty if a machine sent it."""
    from classify.labelling import labelled_block
    from models.correcting import corrected, of_whole_mail

    words = of_whole_mail(said)
    is_automatic = words.get("automatic", bool(view.automation and view.automation.kind))
    if view.seen is None or is_automatic:
        return ""
    return labelled_block(
        f"desk-{view.mail_id:06d}",
        corrected(view.seen, words),
        view.subject,
        [one.filename for one in view.attachments],
        view.received_at.astimezone(zone),
        f"corrected by agents: {', '.join(sorted(words)) or 'taken back'}",
    )
