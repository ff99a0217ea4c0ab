"""`replay`: what would change under another pack or other models, on mails that came already."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from models.errors import ConfigError
from runtime.cli.common import open_store, print_json, print_text, settings_with_logs
from runtime.cli.progress import with_progress_of
from runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.db.store import Store
    from runtime.replay import Outcome
    from runtime.settings import Settings
    from runtime.triage import Rules


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    since: Annotated[str, typer.Option(help="the first day, like 2026-11-01, in the desk's time zone")],
    until: Annotated[str, typer.Option(help="the last day; default: today")] = "",
    pack: Annotated[Path | None, typer.Option(help="a policy pack: name or folder")] = None,
    artefacts: Annotated[Path | None, typer.Option(help="a folder with trained models")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a mail")] = False,
    examples: Annotated[int, typer.Option(help="examples of each kind of change", min=0)] = 2,
) -> None:
    """Decide stored mails and whole threads anew, and tabulate what would change; nothing is sent or written.

    With --pack or --artefacts: against the same mails under the present ones. Without: against what became of them.
    """
    from desk.masking import hidden
    from runtime.replay import recorded
    from runtime.replay_account import Change, account, replay_object

    settings = settings_with_logs()
    now_rules = _rules(settings, None, None)
    zone = ZoneInfo(now_rules.pack.desk.timezone)
    start, end = _day(since, "--since", zone), _day(until, "--until", zone) + timedelta(days=1) if until else utc_now()
    if end <= start:
        raise ConfigError("--until lies before --since")
    store = open_store(settings)
    span = (start, end)
    if pack is None and artefacts is None:
        before: Sequence[Outcome] = [recorded(mail) for mail in store.stored_mails(*span)]
        after = _played(store, settings, span, now_rules, "replaying")
    else:
        other = _rules(settings, pack, artefacts)
        before = _played(store, settings, span, now_rules, "as it is")
        after = _played(store, settings, span, other, "as it would be")
    if store.was_stopped(*span):
        typer.echo("all letters were stopped in these days, or are now: the stop is not played", err=True)
    changes = [Change(before=was, after=now) for was, now in zip(before, after, strict=True)]
    if as_json:
        for change in changes:
            print_json(replay_object(change))
        return
    for line in account(changes, examples=examples):
        print_text(hidden(line))


def _played(
    store: Store, settings: Settings, span: tuple[datetime, datetime], rules: Rules, label: str
) -> list[Outcome]:
    from runtime.logs import set_up_logs
    from runtime.replay import replay as play
    from runtime.wiring import own_addresses

    of_mails = store.replayed_refs(*span)
    refs = sorted(set(of_mails))
    keys: dict[str, list[str]] = {}
    for key, ref in store.letter_keys(refs):
        keys.setdefault(ref, []).append(key)
    outcomes = play(
        store.stored_mails(*span), store.hand_moves(refs), keys, rules, own_addresses(settings), store.desk_settings()
    )
    set_up_logs("error")  # what a worker tells of a mail is told when it comes, not when it is replayed
    try:
        return list(with_progress_of(outcomes, len(of_mails), label))
    finally:
        set_up_logs(settings.log_level)


def _rules(settings: Settings, pack: Path | None, artefacts: Path | None) -> Rules:
    from dataclasses import replace

    from classify.artefacts import is_installed
    from classify.load import load_scorer
    from policy.load import load_pack
    from runtime.wiring import build_rules

    rules = build_rules(settings, load_pack(pack) if pack else None)
    if artefacts is None:
        return rules
    if not is_installed(artefacts):
        raise ConfigError(f"--artefacts: {artefacts} holds no trained models; make some with uketsuke train --out")
    return replace(rules, scorer=load_scorer(artefacts))


def _day(text: str, option: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(0, 0), zone)
    except ValueError:
        raise ConfigError(f"{option}: {text} is no day; write it like 2026-11-01") from None
