"""The `uketsuke` program: its commands, and how errors become exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from models.errors import ConfigError, UketsukeError
from runtime.cli import (
    agents,
    books,
    correcting,
    demo,
    importing,
    keeping,
    models,
    packs,
    persons,
    probing,
    reading,
    replaying,
    roles,
    searching,
    tracing,
)
from runtime.cli import check as checking

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="uketsuke",
    help="The front desk of a support centre: mail in, ticket in the queue, the right letter out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_INTERRUPTED = 130

for group in (
    roles,
    reading,
    importing,
    books,
    agents,
    models,
    demo,
    checking,
    replaying,
    searching,
    correcting,
    probing,
    keeping,
    persons,
    tracing,
    packs,
):
    group.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code, with one clear line on stderr where it is not 0."""
    code = _run(arguments)
    return importing.sysexits_of(code) if importing.is_pipe(arguments) else code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = app(list(arguments), prog_name="uketsuke", standalone_mode=False)
    except SystemExit as ended:  # a command that has said what failed
        code = ended.code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        answer = _answer_to(error)
        if answer is None:
            raise
        text, code = answer
        print(text, file=sys.stderr)
    return code if isinstance(code, int) else 0


def _answer_to(error: Exception) -> tuple[str, int] | None:
    """The line and exit code of an error that we know; None for one that we do not."""
    if isinstance(error, UketsukeError):
        return f"uketsuke: {error}", 2 if isinstance(error, ConfigError) else 1
    if isinstance(error, typer.Abort):
        return "uketsuke: aborted", _INTERRUPTED
    # Errors of the call; their class lives in a private module of typer, their shape is click's documented one.
    say = getattr(error, "format_message", None)
    return (f"uketsuke: {say()}", 2) if callable(say) else None
