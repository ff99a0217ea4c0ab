"""`pack`: a policy pack of one's own, to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.common import print_text

_FOLDER = typer.Argument(help="the new folder; its name becomes the pack's: small letters, digits, _")


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        name="pack", help="A policy pack of your own, to begin with.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command()(new)
    group.command()(copy)
    app.add_typer(group)


def new(folder: Annotated[Path, _FOLDER]) -> None:
    """Write a small whole pack, with notes: Japanese and English, every letter, no models."""
    from policy.scaffold.make import new_pack

    _tell(folder, new_pack(folder), "Edit pack.toml first, then products.toml, cues.toml and letters/")


def copy(
    name: Annotated[str, typer.Argument(help="a built-in pack, or a pack's folder")], folder: Annotated[Path, _FOLDER]
) -> None:
    """Copy a pack, to change it; the copy is read by the same models."""
    from policy.scaffold.make import copy_pack

    _tell(folder, copy_pack(name, folder), "Change one file at a time")


def _tell(folder: Path, files: int, advice: str) -> None:
    print_text(f"{files} files in {folder}. {advice}; after each change:")
    print_text(f"  uketsuke check --pack {folder}")
    print_text(f"  UKETSUKE_PACK={folder} uketsuke triage MAIL.eml")
