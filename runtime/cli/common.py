"""What several commands share: settings with logs set up, JSON lines, a progress bar on terminals only."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, TypeVar

import typer

from runtime.logs import set_up_logs
from runtime.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runtime.settings import Settings

Item = TypeVar("Item")


def settings_with_logs() -> Settings:
    """The settings in force, with the logs speaking at their level."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return settings


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout, in UTF-8 whatever the locale says."""
    line = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def print_text(text: str) -> None:
    """Text on stdout, in UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def with_progress(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items, with a bar on stderr where that is a terminal and stdout is not shared with it."""
    if not sys.stderr.isatty() or sys.stdout.isatty() or len(items) < 2:
        yield from items
        return
    with typer.progressbar(items, label=label, file=sys.stderr) as bar:
        yield from bar
