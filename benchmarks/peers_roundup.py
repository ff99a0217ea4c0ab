"""Roundup from PyPI, in a virtual environment of its own, set up as its documentation says: the classic template on SQLite.

Strangers may write (the permission that the template holds ready for it). Mails are handed in as it documents: a mailbox file
that `roundup-mailgw TRACKER mailbox FILE` empties, or a process a mail at the end of an MTA's pipe. No web server runs; mail
that it would send goes to a file (SENDMAILDEBUG).
"""

from __future__ import annotations

import mailbox
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.peers_helpdesk import Took, children_cpu_s
from benchmarks.peers_mails import Found, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.peers_mails import Handed

PACKAGE = "roundup==2.6.0"
_OPTIONS = "tracker_web=http://localhost/bench/,mail_domain=uketsuke.example,mail_host=localhost,admin_email=admin@uketsuke.example"
_STRANGERS = "db.security.addPermissionToRole('Anonymous', 'Email Access')"
_LIMIT_S = 1800


@dataclass(slots=True, kw_only=True)
class Roundup:
    """One tracker that each run begins from anew."""

    programs: Path
    prepared: Path
    folder: Path
    has_pipe: bool = False  # a process a mail
    start: Took | None = None

    def reset(self) -> None:
        """No issues, no mails."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.prepared, self.folder)

    def hand_in(self, mails: Sequence[Handed]) -> None:
        """Into the mailbox, with the line ends of this system, as an MTA's delivery would."""
        with closing(mailbox.mbox(self.folder / "box")) as box:
            for one in mails:
                box.add(one.raw.replace(b"\r\n", b"\n"))

    def left(self) -> int:
        """Mails still in the mailbox."""
        if not (self.folder / "box").exists():
            return 0
        with closing(mailbox.mbox(self.folder / "box")) as box:
            return len(box)

    def take(self, mails: Sequence[Handed]) -> Took:
        """From the mails to their issues."""
        self.reset()
        if self.has_pipe:
            began, spent = time.perf_counter(), children_cpu_s()
            for one in mails:
                self.pipe(one)
            return Took(seconds=time.perf_counter() - began, cpu_s=children_cpu_s() - spent)
        if self.start is None:
            self.hand_in([])
            self.read_box()
            self.start = min((self.read_box() for _ in range(3)), key=lambda one: one.seconds)
        self.hand_in(mails)
        took = self.read_box()
        return Took(seconds=took.seconds - self.start.seconds, cpu_s=took.cpu_s - self.start.cpu_s)

    def pipe(self, one: Handed) -> int:
        """One mail at the end of the pipe; the exit code, by which an MTA goes."""
        done = subprocess.run(
            [self.programs / "roundup-mailgw", "tracker"],
            input=one.raw.replace(b"\r\n", b"\n"),
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
        return done.returncode

    def read_box(self) -> Took:
        """The mailbox, once."""
        began, spent = time.perf_counter(), children_cpu_s()
        subprocess.run(
            self._box_command(),
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
        return Took(seconds=time.perf_counter() - began, cpu_s=children_cpu_s() - spent)

    def read_box_killed(self, after: int) -> None:
        """The same, ended by kill -9 once there are so many issues; its lock file goes too, as its documentation has it by hand."""
        process = subprocess.Popen(
            self._box_command(),
            cwd=self.folder,
            env=self._environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and self.count() < after:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for lock in self.folder.glob("box.lock*"):
            lock.unlink()

    def count(self) -> int:
        """Issues there are."""
        try:
            return int(self._rows("SELECT count(*) FROM _issue")[0][0])
        except sqlite3.OperationalError:
            return 0

    def found(self) -> list[Found]:
        """Its issues, each with all its messages and files."""
        texts = self._gathered("SELECT nodeid, linkid FROM issue_messages", "msg")
        files = self._gathered("SELECT nodeid, linkid FROM issue_files", "file")
        rows = self._rows("SELECT i.id, u._address, i._title FROM _issue i JOIN _user u ON u.id = i._creator")
        return [
            Found(
                sender=sender or "",
                subject=title or "",
                text="\n".join(one.decode("utf-8", "replace") for one in texts.get(int(number), [])),
                files=tuple(digest(one) for one in files.get(int(number), [])),
            )
            for number, sender, title in rows
        ]

    def _gathered(self, query: str, kind: str) -> dict[int, list[bytes]]:
        """The contents that belong to each issue; they lie in files."""
        gathered: dict[int, list[bytes]] = {}
        for issue, number in self._rows(query):
            ids = [int(word) for word in re.findall(r"\d+", f"{issue} {number}")]
            file = self.folder / "tracker" / "db" / "files" / kind / str(ids[1] // 1000) / f"{kind}{ids[1]}"
            gathered.setdefault(ids[0], []).append(file.read_bytes() if file.exists() else b"")
        return gathered

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "tracker" / "db" / "db", timeout=0.2)) as connection:
            return connection.execute(query).fetchall()

    def _box_command(self) -> list[str]:
        return [str(self.programs / "roundup-mailgw"), "tracker", "mailbox", "box"]

    def _environ(self) -> dict[str, str]:
        return _environ() | {"SENDMAILDEBUG": str(self.folder / "sent")}


def prepare(programs: Path, folder: Path) -> Path:
    """A tracker, as docs/installation.txt says."""
    folder.mkdir(parents=True)
    admin: list[str | Path] = [programs / "roundup-admin", "-i", "tracker"]
    subprocess.run(
        [*admin, "install", "classic", "sqlite", _OPTIONS],
        cwd=folder,
        env=_environ(),
        check=True,
        capture_output=True,
        timeout=300,
    )
    schema = folder / "tracker" / "schema.py"
    text = schema.read_text(encoding="utf-8")
    schema.write_text(text.replace(f"#{_STRANGERS}", _STRANGERS), encoding="utf-8")
    subprocess.run(
        [*admin, "initialise", "correct-horse"],
        cwd=folder,
        env=_environ(),
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
