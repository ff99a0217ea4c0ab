"""Mails out of files: .eml, mbox and Maildir, one after the other, never all in memory."""

from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MBOX_START = b"From "


def mails_at(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every mail below `path` as (name, raw bytes): an .eml file, an mbox file, a Maildir, or a folder of .eml files.

    Raises:
        OSError: The path cannot be read.
    """
    if path.is_dir():
        yield from _of_maildir(path) if (path / "cur").is_dir() else _of_folder(path)
        return
    with path.open("rb") as file:
        head = file.read(len(_MBOX_START))
    if head == _MBOX_START:
        yield from _of_mbox(path)
    else:
        yield str(path), path.read_bytes()


def _of_maildir(path: Path) -> Iterator[tuple[str, bytes]]:
    for name in ("new", "cur"):
        for file in sorted((path / name).iterdir()) if (path / name).is_dir() else ():
            if file.is_file() and not file.name.startswith("."):
                yield str(file), file.read_bytes()


def _of_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*.eml")):
        yield str(file), file.read_bytes()


def _of_mbox(path: Path) -> Iterator[tuple[str, bytes]]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118 - iterating a mailbox yields messages, parsed and re-written
            yield f"{path}#{int(key) + 1}", box.get_bytes(key)
    finally:
        box.close()
