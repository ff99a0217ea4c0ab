"""The scheduler role: quality reports and the books, reminders to customers who have not written back, what time does to tickets.

And what is kept no longer, each night, where `UKETSUKE_RETENTION_DAYS` says so.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from models.db.migrate import upgrade
from models.errors import UketsukeError
from policy.load import load_pack
from reports.jobs import start_jobs
from runtime.letter_texts import SavedTexts
from runtime.logs import log_for
from runtime.metrics import JOB, JOB_FAILURES, JOB_SUCCESS
from runtime.pulse import SCHEDULER
from runtime.reindex import fill_in
from runtime.reminders import pass_time, send_due_reminders
from runtime.reporting import Reporter, make_reports, office_of
from runtime.retention import erase_old
from runtime.wiring import sender_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from runtime.settings import Settings
    from runtime.watch import Watch


def run_scheduler(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    clock: Callable[[], datetime],
    watch: Watch | None = None,
) -> None:
    """Run the jobs until `stop` is set; a report that fell due while nobody ran them is made up for at the start.

    A job that runs by then ends after its present step: one report, one reminder.
    """
    pack = load_pack(settings.pack)
    if watch is not None:
        watch.look_at(store, has_standing=True)
    identity = sender_identity(settings)
    log = log_for("scheduler")
    texts = SavedTexts(store, pack)

    reporter = Reporter(store, pack, office_of(settings, identity), is_stopping=stop.is_set)

    def report() -> None:
        make_reports(reporter, clock())

    def pass_minute() -> None:
        SCHEDULER.beat()
        moved = {what: count for what, count in pass_time(store, pack, clock()).items() if count}
        if moved:
            log.info("time_passed", **moved)
        # Steps of an upgrade that waited for older processes: whoever finds that these have ended takes them.
        upgrade(settings.url, clock())

    def remind() -> None:
        count = send_due_reminders(
            store, texts.current(), identity, settings.mode, clock(), as_delivered=pack, is_stopping=stop.is_set
        )
        log.info("reminders_written", count=count)

    def erase() -> None:
        erase_old(store, settings.retention_days, clock(), stop)

    filling = threading.Thread(target=fill_in, args=(store, stop), name="search-index")
    filling.start()
    SCHEDULER.beat()
    jobs = start_jobs(
        report=partial(_counted, "reports", report),
        remind=partial(_counted, "reminders", remind),
        pass_time=partial(_counted, "time", pass_minute),
        erase=partial(_counted, "retention", erase) if settings.retention_days else None,
        timezone=pack.desk.timezone,
    )
    try:
        stop.wait()
    finally:
        jobs.shutdown(wait=True)
        filling.join()
        store.close()


def _counted(job: str, run: Callable[[], None]) -> None:
    """A job that is timed, and whose failure is counted and is one line of the log; its next turn makes up for it."""
    try:
        with JOB.labels(job).time():
            run()
    except Exception as error:  # noqa: BLE001 - the next turn makes up for it
        told = str(error) if isinstance(error, UketsukeError) else type(error).__name__
        log_for("scheduler").error("job_failed", task=job, error=told)
        JOB_FAILURES.labels(job).inc()
    else:
        JOB_SUCCESS.labels(job).set(time.time())
