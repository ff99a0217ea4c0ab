"""What `uketsuke check` looks at in the database, and around it. Changes nothing there, not even its shape."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from models.db.migrate import newest, shape_of
from models.db.store import Store
from models.errors import ConfigError, UketsukeError
from models.presence import named_once
from runtime.cli.finding import Finding, attempt, trouble
from runtime.clock import utc_now
from runtime.secret import load_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.presence import Process, Server, Standbys
    from models.views import Books
    from runtime.settings import Settings

_WITHOUT = {
    "smtp": "nobody takes mails in",
    "worker": "mails wait unread",
    "deliver": "letters wait unsent",
    "desk": "agents see nothing",
    "scheduler": "nobody writes reports and reminders",
}
ROLES = tuple(_WITHOUT)
_OWN_CONNECTIONS = 3  # of one process outside of its pool: the door's, the one that wakes others, the one that is woken
_OFF_S, _WAITS_S = 2.0, 5.0
_LITTLE, _TOO_LITTLE = 2**30, 256 * 2**20  # bytes
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "fuse.glusterfs"})
_MOUNTS = Path("/proc/self/mounts")


def database_findings(settings: Settings) -> Iterator[Finding]:
    """The database's own lines, and those of all that can only be read there."""
    yield from _disk(settings)
    try:
        shape, is_ahead = shape_of(settings.url)
    except UketsukeError as error:
        yield trouble("database", error)
        return
    if not shape or (shape != newest() and not is_ahead):
        is_there = f"has the shape {shape}, this version needs {newest()}" if shape else "is not there or empty"
        mend = "`uketsuke prepare` brings it along, and so does any role that starts"
        yield Finding(what="database", detail=f"{is_there}: {mend}", is_warning=bool(shape))
        return
    store = Store(settings.url)
    try:
        books = store.books(now=utc_now())
        yield from _server(settings, store, books)
        yield from _mark(settings, store)
        yield _books(books)
        yield attempt("reports", lambda: _reports(settings, store))
    finally:
        store.close()


def _server(settings: Settings, store: Store, books: Books) -> Iterator[Finding]:
    server, now = store.server(), utc_now()
    detail = f"{server.engine}, shape {server.shape}, {books.accepted} mails accepted so far"
    if server.unsafe:
        lossy = " and ".join(server.unsafe)
        yield Finding(
            what="database", detail=f"{detail}; {lossy}: what was accepted could be lost; switch it on", code=1
        )
    else:
        yield Finding(what="database", detail=detail)
    running = store.processes(now)
    yield _upgrade(server, running)
    yield _roles(running)
    if server.most_connections:
        yield _connections(settings, server, running)
    if server.standbys is not None:
        yield _standby(server.standbys)
    if server.now is not None:
        off = abs((server.now - now).total_seconds())
        told = f"{off:.1f} s off the database's clock"
        if off > _OFF_S:
            told += ", by which the roles go; set this machine's by NTP"
        yield Finding(what="clock", detail=told, is_warning=off > _OFF_S)


def _upgrade(server: Server, running: tuple[Process, ...]) -> Finding:
    """Is the way to the present shape gone to its end?"""
    if server.shape == newest():
        return Finding(what="upgrade", detail="none is under way")
    if server.shape > newest():
        detail = f"a newer version has begun (shape {server.shape}); this one ({newest()}) may go on for now; install that version here too"
        return Finding(what="upgrade", detail=detail, is_warning=True)
    old = named_once(one for one in running if one.shape < newest())
    return Finding(what="upgrade", detail=f"waits for {', '.join(old) or 'the scheduler'}", is_warning=True)


def _roles(running: tuple[Process, ...]) -> Finding:
    """Who runs, and who does not."""
    if not running:
        return Finding(what="roles", detail="none runs")
    counts = {role: sum(one.role == role for one in running) for role in dict.fromkeys((*ROLES, "imap"))}
    told = ", ".join(f"{count} {role}" for role, count in counts.items() if count)
    hosts = len({one.host for one in running})
    missing = [f"no {role} runs: {_WITHOUT[role]}" for role in ROLES if not counts[role]]
    detail = "; ".join((f"{told} on {hosts} machine{'s' if hosts > 1 else ''}", *missing))
    return Finding(what="roles", detail=detail, is_warning=bool(missing))


def _connections(settings: Settings, server: Server, running: tuple[Process, ...]) -> Finding:
    each = settings.database_connections + _OWN_CONNECTIONS
    most = each * max(1, len(running))
    detail = f"at most {most} of {server.most_connections}, {each} a process"
    if most > server.most_connections:
        detail += "; raise max_connections of PostgreSQL, or lower UKETSUKE_DATABASE_CONNECTIONS"
    return Finding(what="connections", detail=detail, is_warning=most > server.most_connections)


def _standby(standbys: Standbys) -> Finding:
    """Is a 250 on one disk or on two, and does a commit wait for somebody who is not there?"""
    named, following = f"synchronous_standby_names = '{standbys.named}'", f"servers that follow: {standbys.following}"
    if not standbys.named:
        return Finding(what="standby", detail=f"commits wait for none; {following}")
    if not standbys.is_waited_for:
        detail = f"{named}, but synchronous_commit = local: no commit waits for them; set it to on"
    elif not standbys.following:
        detail = f"{named}, and no server follows: no mail is taken in until one does; docs/operate.md, A standby"
    elif standbys.waiting_s > _WAITS_S:
        detail = f"{named}, and {standbys.waiting} commits wait, for up to {standbys.waiting_s:.0f} s; {following}; docs/operate.md, A standby"
    else:
        return Finding(what="standby", detail=f"commits wait for {named}; {following}")
    return Finding(what="standby", detail=detail, is_warning=True)


def _disk(settings: Settings) -> Iterator[Finding]:
    """Room, and whether the file system keeps its promises; of the data folder, or where that will be."""
    folder = next(
        (one for one in (settings.data_dir, *settings.data_dir.absolute().parents) if one.is_dir()), Path("/")
    )
    free = shutil.disk_usage(folder).free
    told = f"{free / 2**30:.1f} GiB free at {folder}"
    is_ours = not settings.database_url
    if is_ours and free < _TOO_LITTLE:
        yield Finding(what="disk", detail=f"{told}: too little to take mails in; free space", code=1)
    else:
        yield Finding(what="disk", detail=told, is_warning=is_ours and free < _LITTLE)
    kind = file_system_of(folder.resolve(), _MOUNTS.read_text(encoding="utf-8") if _MOUNTS.exists() else "")
    if is_ours and kind in _REMOTE:
        detail = f"{folder} lies on {kind}, where SQLite may damage its file; name a local folder, or use PostgreSQL"
        yield Finding(what="file system", detail=detail, code=1)


def file_system_of(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on, out of what the kernel says is mounted where; "" if it does not say."""
    kinds = {Path(words[1]): words[2] for words in (line.split() for line in mounts.splitlines()) if len(words) > 2}
    return next((kinds[one] for one in (folder, *folder.parents) if one in kinds), "")


def _mark(settings: Settings, store: Store) -> Iterator[Finding]:
    """Has this machine the installation's secret? Nothing is noted, and none is made."""
    from runtime.wiring import instance_of

    known, path = store.secret_mark(), settings.secret_path
    if not known:
        return
    try:
        is_same = path.exists() and instance_of(load_secret(path)) == known
    except ConfigError:
        return  # the file has its own line
    if not is_same:
        detail = f"UKETSUKE_SECRET_FILE: {path}: is not the one that this database's letters are signed with; copy that one here"
        yield Finding(what="secret of the database", detail=detail, code=2)


def _books(books: Books) -> Finding:
    """Is every accepted mail accounted for? Mails that only wait long are a warning."""
    if not books.faults:
        return Finding(what="books", detail="every accepted mail is accounted for")
    told = "; ".join(books.faults) + "; docs/operate.md says what to do"
    only_slow = all(fault.startswith("stuck") for fault in books.faults)
    return Finding(what="books", detail=told, code=0 if only_slow else 1, is_warning=True)


def _reports(settings: Settings, store: Store) -> str:
    """Who gets reports by mail."""
    from models.memos import ReportNews

    readers = {news: [one.name for one in store.readers(news)] for news in ReportNews}
    for news in ReportNews:
        period = news.value.removeprefix("report_")
        if news is ReportNews.BOOKS or period in settings.reported_periods:
            readers[news] += settings.report_readers
    told = [f"{news.value} to {', '.join(names)}" for news, names in readers.items() if names]
    if not told:
        return "nobody gets them by mail; leads tick them on their page of the desk, or set UKETSUKE_REPORT_TO"
    unsent = "" if settings.smarthost else "; they wait until UKETSUKE_SMARTHOST is set"
    return "; ".join(told) + unsent
