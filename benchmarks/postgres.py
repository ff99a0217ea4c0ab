"""A PostgreSQL of our own on a loopback port, as durable as it comes: unlike the tests' cluster it keeps fsync on."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY_S = 30.0


@contextmanager
def durable_postgres(binaries: Path) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database with fsync and synchronous_commit on; thrown away after."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-bench-pg-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        data = folder / "data"
        data.mkdir()
        drop = _unprivileged(data)
        options = ["-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"]
        subprocess.run(
            [binaries / "initdb", "-D", data, *options],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            **drop,
        )
        port = free_port()
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **drop,
        )
        try:
            _wait(binaries, port)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown, clients or not
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then another user owns the folder and runs it."""
    if os.getuid() != 0:
        return {}
    user = next((entry for entry in pwd.getpwall() if entry.pw_name == "postgres"), None) or pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {
        "user": user.pw_uid,
        "group": user.pw_gid,
        "extra_groups": [],
        "cwd": "/",
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    }


def _wait(binaries: Path, port: int) -> None:
    subprocess.run(
        ["sh", "-c", 'until "$0" -q -h 127.0.0.1 -p "$1"; do sleep 0.1; done', binaries / "pg_isready", str(port)],
        check=True,
        timeout=_READY_S,
    )
