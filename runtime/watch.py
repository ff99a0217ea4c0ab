"""A role says over HTTP how it is: `/metrics` for Prometheus, `/livez` and `/readyz` for whoever starts it again.

Promises: `/livez` asks no database and no network, only whether this process's own loops turn; `/readyz` and `/metrics` answer
within seconds, however the database hangs; the database is read for gauges at most once in `EVERY_S`, whoever asks. Says nothing of
any mail.
"""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, SOCK_STREAM, getaddrinfo
from typing import TYPE_CHECKING, ClassVar

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from desk.health import Patience, database_trouble, readiness, trouble_of
from models.errors import ConfigError, UketsukeError
from runtime import metrics
from runtime.clock import utc_now
from runtime.logs import log_for
from runtime.ports import why_not_bound
from runtime.pulse import PULSES
from runtime.standing import families, total
from runtime.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prometheus_client import Metric

    from models.db.store import Store
    from models.gauges import Connections, DoorCounts, Standing
    from runtime.settings import Settings

EVERY_S = 5.0
DISK_FLOOR = 256 * 2**20  # bytes: a handful of the largest mails, and what the database needs to clean up
_CLIENT_S = 10.0  # for a client that opens a connection and says nothing


class Watch:
    """What one process tells of itself.

    Args:
        role: The role's name.
        data_dir: Where its SQLite file and secret lie.
        is_sending: There is a smarthost.
        version: Of this program.
    """

    def __init__(self, role: str, data_dir: Path, *, is_sending: bool = False, version: str = "") -> None:
        self.role, self.data_dir, self.is_sending = role, data_dir, is_sending
        self._needs = {"start": Patience(lambda: "not done yet")}
        self._server: ThreadingHTTPServer | None = None
        self._store: Store | None = None
        self._standing: Patience[Standing] | None = None
        self._certificate_end: Callable[[], float] | None = None
        self._door_counts: Callable[[], DoorCounts] | None = None
        metrics.ROLE.labels(role, version).set(1)
        self.registry = metrics.registry_of(role)
        self.registry.register(self)

    @property
    def port(self) -> int:
        """Where it listens; of interest when 0 was asked for."""
        return int(self._server.server_address[1]) if self._server else 0

    def listen(self, host: str, port: int) -> None:
        """Answer from now on, until the process ends or `close`.

        Raises:
            ConfigError: The port is taken, or the address is not this machine's.
        """
        try:
            self._server = _server_at(host, port, self)
        except (OSError, UnicodeError) as error:
            raise ConfigError(why_not_bound(host, port, "UKETSUKE_WATCH_PORT", error)) from None
        threading.Thread(target=self._server.serve_forever, name="watch", daemon=True).start()
        log_for(self.role).info("watched", host=host, port=self.port)

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def look_at(self, store: Store, *, has_standing: bool = False) -> None:
        """The role has its store; with `has_standing` the whole installation's gauges are told here too."""
        store.count_connections()
        self._store = store
        if has_standing:
            self._standing = Patience(lambda: store.standing(utc_now()), EVERY_S)
        self._needs.pop("start", None)
        self.need("database", lambda: database_trouble(store))

    def need(self, name: str, trouble: Callable[[], str]) -> None:
        """The role is ready only while this says nothing."""
        self._needs[name] = Patience(trouble)

    def need_disk(self, floor: int = DISK_FLOOR) -> None:
        """The role is ready only while the data folder's disk has so many bytes free."""

        def trouble() -> str:
            free = shutil.disk_usage(self.data_dir).free
            return "" if free >= floor else f"{free // 2**20} MB free, {floor // 2**20} are needed"

        self.need("disk", trouble)

    def tell_door(self, counts: Callable[[], DoorCounts]) -> None:
        """The listener counts these by itself; they are read when somebody asks."""
        self._door_counts = counts

    def tell_certificate(self, ends_at: Callable[[], float]) -> None:
        """The door has a certificate; until when (Unix time)."""
        self._certificate_end = ends_at

    # What is asked

    def ready(self) -> tuple[int, dict[str, object]]:
        """Status and object of `/readyz`."""
        status, told = readiness({name: trouble_of(need) for name, need in list(self._needs.items())})
        return status, {"role": self.role, **told}

    def alive(self) -> tuple[int, dict[str, object]]:
        """Status and object of `/livez`."""
        loops = {
            pulse.name: {"turned_s_ago": round(since, 1), "within_s": pulse.within_s}
            for pulse in PULSES
            if (since := pulse.since_s) is not None
        }
        is_alive = not any(pulse.is_dead for pulse in PULSES)
        told: dict[str, object] = {"role": self.role, "status": "alive" if is_alive else "stuck", "loops": loops}
        return (200 if is_alive else 503), told

    def collect(self) -> Iterator[Metric]:
        """What is read at the moment of asking; prometheus-client's name."""
        loops = GaugeMetricFamily(
            "uketsuke_loop_turned_seconds", "Seconds since this loop of the process last turned", labels=["loop"]
        )
        limits = GaugeMetricFamily("uketsuke_loop_limit_seconds", "After so long it is held for stuck", labels=["loop"])
        for pulse in PULSES:
            since = pulse.since_s
            if since is not None:
                loops.add_metric([pulse.name], since)
                limits.add_metric([pulse.name], pulse.within_s)
        yield from (loops, limits)
        yield from self._disk()
        if self._store is not None:
            yield from _connections(self._store.connections())
        if self._door_counts is not None:
            yield from _door(self._door_counts())
        if self._certificate_end is not None:
            yield GaugeMetricFamily(
                "uketsuke_certificate_end_timestamp_seconds",
                "Until when the door's certificate is good, Unix time",
                value=self._certificate_end(),
            )
        if self._standing is not None:
            yield from families(_known(self._standing), utc_now(), is_sending=self.is_sending)

    def _disk(self) -> Iterator[Metric]:
        try:
            free = shutil.disk_usage(self.data_dir).free
        except OSError:
            return
        yield GaugeMetricFamily("uketsuke_disk_free_bytes", "Free on the data folder's disk", value=free)
        yield GaugeMetricFamily("uketsuke_disk_floor_bytes", "Under this the door is not ready", value=DISK_FLOOR)


def watch_for(role: str, settings: Settings, port: int | None = None) -> Watch:
    """The watch of this process, listening where the settings say; at `port` where its supervisor names one.

    Raises:
        ConfigError: The port is taken.
    """
    watch = Watch(role, settings.data_dir, is_sending=bool(settings.smarthost), version=VERSION)
    wanted = settings.watch_port if port is None else port
    if wanted:
        watch.listen(settings.watch_host, wanted)
    return watch


def _known(standing: Patience[Standing]) -> Standing | None:
    """How the installation stands; None while the database does not say it."""
    try:
        return standing.ask()
    except (TimeoutError, UketsukeError):
        return None
    except Exception as error:  # noqa: BLE001 - whoever asks hears of the rest all the same
        log_for("watch").warning("standing_not_read", error=type(error).__name__)
        return None


def _connections(counts: Connections) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "uketsuke_database_connections_in_use", "Connections of this process that work now", value=counts.in_use
    )
    yield total("database_connections_opened", "Connections opened since the start", counts.opened)
    yield total("database_failures", "Statements and connections that the database failed", counts.failures)


def _door(counts: DoorCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily("uketsuke_door_sessions", "Sessions open at the door", value=counts.sessions)
    yield total("door_stored_anew", "Groups of mails that the database failed at the first try", counts.stored_anew)
    told = total("door_refusals", "Replies of 4xx and 5xx, by code and why", labels=["code", "reason"])
    for (code, reason), count in sorted(counts.refusals.items()):
        told.add_metric([code, reason], count)
    yield told


class _Handler(BaseHTTPRequestHandler):
    """Three paths, read only."""

    watch: ClassVar[Watch]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "uketsuke", ""
    timeout = _CLIENT_S

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._say(200, kind, encode(self.watch.registry))
        elif path in {"/livez", "/readyz"}:
            status, told = self.watch.alive() if path == "/livez" else self.watch.ready()
            self._say(status, "application/json", json.dumps(told).encode() + b"\n")
        else:
            self._say(404, "text/plain", b"/metrics, /livez or /readyz\n")

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads a line for each look."""


class _Server(ThreadingHTTPServer):
    """Threads that keep nothing from ending."""

    daemon_threads = True
    address_family = AF_INET

    def handle_error(self, *_: object) -> None:
        """A client that goes before its answer is no matter of ours."""


def _server_at(host: str, port: int, watch: Watch) -> ThreadingHTTPServer:
    family = getaddrinfo(host, port, type=SOCK_STREAM)[0][0]
    server = type("Bound", (_Server,), {"address_family": family})
    handler = type("Bound", (_Handler,), {"watch": watch})
    made: ThreadingHTTPServer = server((host, port), handler)
    return made
