"""A listener in a process of its own: uketsuke's smtp role with some store, or aiosmtpd's Controller as it comes.

Run as `python -m benchmarks.listener KIND [URL]`, driven by `benchmarks.accept`. Prints its port once it listens there
itself (another program's listener must never get the load). Ends at SIGTERM or when its standard input ends, so that none
outlives the benchmark. Logs are written as in service, wherever the parent sends stderr.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, cast

from runtime.logs import set_up_logs
from runtime.settings import Settings
from runtime.smtp_role import run_listener
from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiosmtpd.smtp import SMTP, Envelope, Session

    from models.arrival import Arrival
    from models.db.store import Store

DESK = "support@uketsuke.example"


class Discard:
    """A store that throws every mail away: what is left is the listener."""

    def prepare(self, arrival: Arrival) -> Arrival:
        return arrival

    def accept_prepared(self, _arrivals: Sequence[Arrival]) -> None:
        return None

    def send_off(self, _arrivals: Sequence[Arrival]) -> None:
        return None

    def accept_at_once(self, _arrivals: Sequence[Arrival]) -> bool:
        return True

    def close(self) -> None:
        return None


class ThrowAway:
    """The least handler that aiosmtpd can have."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 OK"


def run_ours(store: Discard | Store) -> None:
    set_up_logs("info")
    settings = Settings.model_validate({"smtp_port": free_port(), "addresses": DESK})
    run_listener(settings, cast("Store", store), lambda: print(settings.smtp_port, flush=True))


def run_stock() -> None:
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - not loaded where it is not measured

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    controller = Controller(ThrowAway(), hostname="127.0.0.1", port=free_port())
    controller.start()
    print(controller.port, flush=True)
    stop.wait()
    controller.stop()


def open_store(url: str) -> Store:
    from models.db.migrate import upgrade  # noqa: PLC0415 - not loaded where it is not measured
    from models.db.store import Store  # noqa: PLC0415

    upgrade(url)
    return Store(url)


def _end_with_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    kind, *url = sys.argv[1:]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    match kind:
        case "stock":
            run_stock()
        case "discard":
            run_ours(Discard())
        case "store":
            run_ours(open_store(url[0]))
        case _:
            sys.exit(f"unknown kind: {kind}")


if __name__ == "__main__":
    main()
