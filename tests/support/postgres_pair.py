"""A primary and the standby that follows it by streaming: killed, switched over, promoted, and brought back as the standby of the other."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.postgres import _run, _unprivileged, free_port
from tests.support.postgres_cluster import FAST, Cluster, initialised

_PATIENCE_S = 60.0


class Pair:
    """Two clusters; which is the primary changes."""

    def __init__(self, primary: Cluster, standby: Cluster) -> None:
        self.primary, self.standby = primary, standby
        self._ports = primary.port, standby.port  # as an operator wrote them down once

    def url(self, database: str) -> str:
        """One that names both hosts, in an order that no failover changes."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self._ports)
        return f"postgresql+psycopg://postgres@/{database}?{hosts}"

    @property
    def is_in_place(self) -> bool:
        """Is the primary the one that the URL names first?"""
        return self.primary.port == self._ports[0]

    def make(self, database: str) -> str:
        """A new empty database, on both; its URL."""
        self.primary.make(database)
        return self.url(database)

    def wait_for_standby(self, *, is_wanted: bool) -> None:
        """From now on a commit is told only once the standby has it on disk too (or at once, if that is not wanted).

        Not before the standby streams: commits would wait for it.
        """
        self._until(lambda: self.primary.ask("SELECT state FROM pg_stat_replication") == "streaming")
        _name_standbys(self.primary, "*" if is_wanted else "")
        wanted = "sync" if is_wanted else "async"
        self._until(lambda: self.primary.ask("SELECT sync_state FROM pg_stat_replication") == wanted)

    def kill_primary(self) -> None:
        """As when its machine dies."""
        kill(self.primary)

    def hold_back_standby(self) -> None:
        """From now on it gets nothing more, until it is promoted."""
        self.standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.ask("SELECT pg_reload_conf()")
        self._until(lambda: self.primary.ask("SELECT count(*) FROM pg_stat_replication") == 0)

    def stop_primary(self) -> None:
        """In order: it ends its clients and goes only when the standby has all that it wrote."""
        self.primary.stop(FAST)

    def promote(self) -> None:
        """The standby becomes the primary; the other is down and stays so.

        It waits for no standby until one is there: a name that it had kept from earlier would hold all commits.
        """
        _name_standbys(self.standby, "")
        where = ["-D", self.standby.data, "-w", "-t", f"{_PATIENCE_S:.0f}"]
        _run([self.standby.binaries / "pg_ctl", "promote", *where], _unprivileged(self.standby.data))
        self.primary, self.standby = self.standby, self.primary

    def bring_back(self) -> None:
        """The one that is down follows the primary; what it alone had written is taken back (pg_rewind)."""
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres dbname=postgres"
        self.primary.ask("CHECKPOINT")  # else pg_rewind may read a timeline from before the promotion
        _run([self.standby.binaries / "pg_rewind", "-D", self.standby.data, f"--source-server={source}", "-R", "--no-sync"],
             _unprivileged(self.standby.data))  # fmt: skip
        self.standby.start()

    def _until(self, is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not is_true():
            if time.monotonic() > deadline:
                raise TimeoutError("the standby does not follow")
            time.sleep(0.05)


def kill(cluster: Cluster) -> None:
    """kill -9 of all its processes at one instant."""
    server = cluster.server
    assert server is not None
    server.send_signal(signal.SIGSTOP)  # from here on it neither starts nor ends a process
    for pid in [*children_of(server.pid), server.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.wait(10)
    cluster.server = None


def _name_standbys(cluster: Cluster, names: str) -> None:
    cluster.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    cluster.ask("SELECT pg_reload_conf()")


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


@contextmanager
def running_pair(binaries: Path) -> Iterator[Pair]:
    """A primary and a standby that it waits for, in folders of their own."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-pg-") as name:
        home = Path(name)
        home.chmod(0o711)
        primary = initialised(binaries, home / "one", "--data-checksums")  # pg_rewind needs them
        with (primary.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\nwal_keep_size = 512MB\n")  # it goes back to where both last agreed
        standby = Cluster(binaries, home / "two", free_port())
        pair = Pair(primary, standby)
        try:
            primary.start()
            standby.data.mkdir(mode=0o700)
            _run([binaries / "pg_basebackup", "-D", standby.data, "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres",
                  "-R", "-X", "stream", "-c", "fast", "--no-sync"], _unprivileged(standby.data))  # fmt: skip
            standby.start()
            pair.wait_for_standby(is_wanted=True)
            yield pair
        finally:
            for one in (standby, primary):
                one.stop(signal.SIGQUIT)


def is_writable(cluster: Cluster) -> bool:
    """Does it take writes?"""
    return cluster.ask("SELECT pg_is_in_recovery()") is False
