"""Mails out of files (.eml, mbox, Maildir: one after the other, never all in memory) and out of an MTA's pipe."""

from __future__ import annotations

import os
import re
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from models.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

# "From addr Sun Nov 22 10:15:00 2026": a line of the body that merely begins with "From " parts nothing (RFC 4155).
_SEPARATOR = re.compile(
    rb"From (?:\S{1,400}|\"[^\"\r\n]{1,300}\"\S{0,300}) {1,3}(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {1,2})?"
    rb"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
    rb"[ ,][^\r\n]{0,20}\d{1,2}:\d{2}[^\r\n]{0,60}\r?\n?\Z"
)
_HEADER = re.compile(rb"[!-9;-~]{1,100}[ \t]{0,9}:")
_FLAGS, _PF_EXITING = 6, 0x4  # of a process, in what /proc/PID/stat says behind its name (proc(5), linux/sched.h)
_DYING_S = 0.2  # from the closing of its files to the end of a process, where we cannot see it
_QUOTED_START = re.compile(rb">{1,100}From ")


def mails_at(path: Path, on_error: Callable[[str, OSError], None] | None = None) -> Iterator[tuple[str, bytes]]:
    """Every mail below `path` as (name, raw bytes): an .eml file, an mbox file, a Maildir, or a folder of .eml files.

    Args:
        path: What to read.
        on_error: Hears of a file inside a folder that cannot be read; the others come all the same.

    Raises:
        OSError: The path cannot be read; without `on_error` also a file inside it.
    """
    if path.is_dir():
        for one in _of_maildir(path) if (path / "cur").is_dir() else _of_folder(path):
            try:
                yield str(one), one.read_bytes()
            except OSError as error:
                if on_error is None:
                    raise
                on_error(str(one), error)
        return
    with path.open("rb") as file:
        is_mbox = _SEPARATOR.match(file.readline(2000)) is not None
    if is_mbox:
        yield from _of_mbox(path)
    else:
        yield str(path), path.read_bytes()


def mail_of_pipe(stream: BinaryIO, parent: int | None = None) -> bytes:
    """The one mail that an MTA pipes in, without the line "From sender time" that it may put before it.

    That line tells another time at each attempt: with it, a mail handed over twice would be two.

    Args:
        stream: Where it comes from.
        parent: The process that writes it, our own parent; None if it is not to be watched.

    Raises:
        StoreUnavailable: Nothing came, or the writer died meanwhile and what came may be half a mail. Temporary, so
            that the MTA keeps it.
    """
    raw = stream.read()
    if parent is not None and _is_gone(parent):
        raise StoreUnavailable("the program that wrote into the pipe died")
    separator = _SEPARATOR.match(raw[: raw.find(b"\n") + 1])
    raw = raw[separator.end() :] if separator else raw
    if not raw.strip():
        raise StoreUnavailable("nothing came through the pipe")
    return raw


def _is_gone(parent: int) -> bool:
    """Has our parent died, or is it dying? Linux closes what it wrote into, as at a mail's end, before it tells its children."""
    if os.getppid() != parent:
        return True
    try:
        stat = Path(f"/proc/{parent}/stat").read_bytes()
    except OSError:  # hidden from us, or just gone
        sleep(_DYING_S)
        return os.getppid() != parent
    return bool(int(stat.rpartition(b")")[2].split()[_FLAGS]) & _PF_EXITING)


def _of_maildir(path: Path) -> Iterator[Path]:
    for name in ("new", "cur"):
        for file in sorted((path / name).iterdir()) if (path / name).is_dir() else ():
            if file.is_file() and not file.name.startswith("."):
                yield file


def _of_folder(path: Path) -> Iterator[Path]:
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() == ".eml" and file.is_file():
            yield file


def _of_mbox(path: Path) -> Iterator[tuple[str, bytes]]:
    """The mails between separators; a separator is one only where a header follows. ">From " is undone (mboxrd)."""
    number = 0
    lines: list[bytes] = []
    with path.open("rb") as file:
        held = file.readline()  # the first separator
        for line in file:
            if _SEPARATOR.match(held) and _HEADER.match(line):
                if number:
                    yield f"{path}#{number}", _whole(lines)
                number, lines = number + 1, []
            elif number:
                lines.append(held)
            held = line
    if number:
        yield f"{path}#{number}", _whole([*lines, held])


def _whole(lines: list[bytes]) -> bytes:
    """One mail's bytes: the marks of quoted lines taken off, and the blank line that the format puts behind a mail."""
    raw = b"".join(line[1:] if _QUOTED_START.match(line) else line for line in lines)
    end = b"\r\n" if raw.endswith(b"\r\n\r\n") else b"\n" if raw.endswith(b"\n\n") else b""
    return raw.removesuffix(end) if end else raw
