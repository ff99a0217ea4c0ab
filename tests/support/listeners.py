"""A real listener on an ephemeral loopback port, in a thread with a loop of its own."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.smtp import ListenerSettings, listen
from tests.support.loops import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.committer import Accepts
    from ingest.smtp import Listener

DESK = "support@uketsuke.example"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def listening(store: Accepts, *, clock: Callable[[], datetime] = _utc_now, **settings: object) -> Iterator[Listener]:
    wanted = ListenerSettings(host="127.0.0.1", port=0, addresses=(DESK,), **settings)  # type: ignore[arg-type]
    with loop_in_thread() as run:
        listener = run(lambda: listen(store, wanted, clock))
        try:
            yield listener
        finally:
            run(listener.close)
