"""The `uketsuke` program: its commands, and how errors become exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import typer

from models.errors import ConfigError, UketsukeError
from runtime.cli import books, demo, models, reading, roles
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
for group in (roles, reading, books, models, demo, checking):
    group.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code, with one clear line on stderr where it is not 0."""
    try:
        code = app(list(arguments), prog_name="uketsuke", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    except click.ClickException as error:
        print(f"uketsuke: {error.format_message()}", file=sys.stderr)
        return 2
    except ConfigError as error:
        print(f"uketsuke: {error}", file=sys.stderr)
        return 2
    except UketsukeError as error:
        print(f"uketsuke: {error}", file=sys.stderr)
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0
