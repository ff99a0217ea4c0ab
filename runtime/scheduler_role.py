"""The scheduler role: weekly quality reports, reminders to customers who have not written back, and what time does to tickets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from models.errors import StoreError
from policy.load import load_pack
from reports.jobs import start_jobs
from runtime.letter_texts import SavedTexts
from runtime.logs import log_for
from runtime.reindex import fill_in
from runtime.reminders import pass_time, send_due_reminders
from runtime.reporting import has_weekly_report, save_weekly_report
from runtime.wiring import open_store, sender_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from runtime.settings import Settings


def run_scheduler(settings: Settings, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Run the jobs until `stop` is set; a weekly report that fell due while nobody ran them is made up for first."""
    pack = load_pack(settings.pack)
    store = open_store(settings)
    identity = sender_identity(settings)
    log = log_for("scheduler")
    texts = SavedTexts(store, pack)

    def weekly() -> None:
        log.info("report_saved", period=save_weekly_report(store, pack, clock()))

    def pass_minute() -> None:
        moved = {what: count for what, count in pass_time(store, pack, clock()).items() if count}
        if moved:
            log.info("time_passed", **moved)

    def remind() -> None:
        count = send_due_reminders(store, texts.current(), identity, settings.mode, clock(), as_delivered=pack)
        log.info("reminders_written", count=count)

    try:
        if not has_weekly_report(store, pack, clock()):
            weekly()
    except StoreError as error:  # the next start makes up for it; reminders need not wait
        log.error("report_failed", error=str(error))  # noqa: TRY400 - a trace may quote a mail
    filling = threading.Thread(target=fill_in, args=(store, stop), name="search-index")
    filling.start()
    jobs = start_jobs(weekly=weekly, remind=remind, pass_time=pass_minute, timezone=pack.desk.timezone)
    try:
        stop.wait()
    finally:
        jobs.shutdown(wait=True)
        filling.join()
        store.close()
