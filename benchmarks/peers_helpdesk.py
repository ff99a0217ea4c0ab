"""django-helpdesk from PyPI, in a virtual environment of its own, set up as its documentation says, on SQLite.

Mails are handed in as it documents for a local mailbox: files in a directory, read by `manage.py get_email`, which cron is to
start every few minutes. No web server runs; its acknowledgements go to Django's dummy backend or, on request, to a sink.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.listener import DESK
from benchmarks.peers_mails import Found, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.peers_mails import Handed

PACKAGE = "django-helpdesk==2.6.1"
_SETTINGS = """
import os
from pathlib import Path

HERE = Path(__file__).parent
SECRET_KEY, ALLOWED_HOSTS, SITE_ID, ROOT_URLCONF, USE_TZ = "bench", ["*"], 1, "urls", True
INSTALLED_APPS = [
    *(f"django.contrib.{name}" for name in (
        "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "admin", "humanize")),
    "rest_framework", "helpdesk",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3"}}
if os.environ.get("BENCH_WAL"):
    DATABASES["default"]["OPTIONS"] = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"}
HELPDESK_TEAMS_MODE_ENABLED = False
MEDIA_ROOT, MEDIA_URL, STATIC_URL, LOGIN_URL = HERE / "media", "/media/", "/static/", "/login/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
if os.environ.get("BENCH_SMTP"):
    EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", int(os.environ["BENCH_SMTP"]))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
"""
_URLS = "from django.urls import include, path\n\nurlpatterns = [path('helpdesk/', include('helpdesk.urls'))]\n"
_QUEUE = (
    "from helpdesk.models import Queue\n"
    "Queue.objects.create(title='Support', slug='support', allow_email_submission=True, email_box_type='local',"
    " email_box_local_dir='mail', email_address='{desk}')"
)
_LIMIT_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What a run cost: of the processes that made the tickets, their starts taken off."""

    seconds: float
    cpu_s: float


@dataclass(slots=True, kw_only=True)
class Helpdesk:
    """One set-up: a prepared project that each run begins from anew."""

    python: Path
    prepared: Path
    folder: Path
    has_wal: bool = False
    sink_port: int = 0
    start: Took | None = None  # what an empty run costs

    def reset(self) -> None:
        """No tickets, no mails."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.prepared, self.folder)

    def hand_in(self, mails: Sequence[Handed]) -> None:
        """Into the mailbox, as an MTA's delivery would."""
        for number, one in enumerate(mails):
            (self.folder / "mail" / f"{number:06d}").write_bytes(one.raw)

    def left(self) -> int:
        """Mails still in the mailbox."""
        return len(list((self.folder / "mail").iterdir()))

    def take(self, mails: Sequence[Handed]) -> Took:
        """From the mails in the mailbox to their tickets."""
        if self.start is None:
            self.reset()
            self.get_email()
            self.start = min((self.get_email() for _ in range(3)), key=lambda one: one.seconds)
        self.reset()
        self.hand_in(mails)
        took = self.get_email()
        return Took(seconds=took.seconds - self.start.seconds, cpu_s=took.cpu_s - self.start.cpu_s)

    def get_email(self) -> Took:
        """One run of the command, as cron would start it."""
        began, spent = time.perf_counter(), children_cpu_s()
        subprocess.run(
            [self.python, "-m", "django", "get_email"],
            cwd=self.folder,
            env=self._environ(),
            check=True,
            capture_output=True,
            timeout=_LIMIT_S,
        )
        return Took(seconds=time.perf_counter() - began, cpu_s=children_cpu_s() - spent)

    def get_email_killed(self, after: int) -> None:
        """The command, ended by kill -9 once it has made that many tickets."""
        process = subprocess.Popen(
            [self.python, "-m", "django", "get_email"],
            cwd=self.folder,
            env=self._environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and self.count() < after:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def count(self) -> int:
        """Tickets there are."""
        try:
            return int(self._rows("SELECT count(*) FROM helpdesk_ticket")[0][0])
        except sqlite3.OperationalError:  # locked just now
            return 0

    def found(self) -> list[Found]:
        """Its tickets."""
        files: dict[int, list[str]] = {}
        attached = "SELECT f.ticket_id, a.file FROM helpdesk_followupattachment a JOIN helpdesk_followup f ON f.id = a.followup_id"
        for ticket, name in self._rows(attached):
            file = self.folder / "media" / str(name)
            files.setdefault(int(ticket), []).append(digest(file.read_bytes()) if file.exists() else "")
        rows = self._rows("SELECT id, submitter_email, title, coalesce(description, '') FROM helpdesk_ticket")
        return [
            Found(sender=sender or "", subject=title, text=text, files=tuple(files.get(number, ())))
            for number, sender, title, text in rows
        ]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=0.2)) as connection:
            return connection.execute(query).fetchall()

    def _environ(self) -> dict[str, str]:
        flags = {"BENCH_WAL": "1"} if self.has_wal else {}
        flags |= {"BENCH_SMTP": str(self.sink_port)} if self.sink_port else {}
        return environ_for(self.folder) | flags


def install(folder: Path, name: str, package: str) -> Path:
    """The folder of the programs of a virtual environment that holds the package; kept if it is there already."""
    place = folder / name
    if not (place / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=300)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", package], check=True, timeout=900)
        (place / "installed").touch()
    return place / "bin"


def prepare(programs: Path, folder: Path) -> Path:
    """A project with its database made and one queue, as docs/install.rst and docs/configuration.rst say."""
    folder.mkdir(parents=True)
    (folder / "settings.py").write_text(_SETTINGS, encoding="utf-8")
    (folder / "urls.py").write_text(_URLS, encoding="utf-8")
    for name in ("mail", "media"):
        (folder / name).mkdir()
    for words in (["migrate"], ["loaddata", "emailtemplate.json"], ["shell", "-c", _QUEUE.format(desk=DESK)]):
        command: list[str | Path] = [programs / "python", "-m", "django", *words]
        subprocess.run(command, cwd=folder, env=environ_for(folder), check=True, capture_output=True, timeout=300)
    return folder


def environ_for(folder: Path) -> dict[str, str]:
    """Nothing of ours but the project's settings."""
    return {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "settings",
    }


def children_cpu_s() -> float:
    """Processor time of all children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
