"""[shell] The scheduled jobs: reports and books, reminders, time, what is kept no longer. What they do comes in as callables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

# A job missed while the machine slept runs when it wakes, once.
_LATE_S = 6 * 3600


def start_jobs(
    *,
    report: Callable[[], None],
    remind: Callable[[], None],
    pass_time: Callable[[], None],
    erase: Callable[[], None] | None = None,
    timezone: str,
) -> BackgroundScheduler:
    """A running scheduler: `report` every quarter of an hour, `remind` hourly, `pass_time` every minute, `erase` each night.

    `report` and `erase` find out by themselves what is due, so that what was missed or failed is made up for at their next
    turn. They run once at the start. End the scheduler with `shutdown()`.
    """
    jobs = BackgroundScheduler(
        timezone=timezone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _LATE_S}
    )
    jobs.add_job(report, CronTrigger(minute="*/15", timezone=timezone), id="reports")
    jobs.add_job(report, id="reports_at_start")
    jobs.add_job(remind, CronTrigger(minute=7, timezone=timezone), id="reminders")
    jobs.add_job(pass_time, CronTrigger(minute="*", timezone=timezone), id="time")
    if erase is not None:
        jobs.add_job(erase, CronTrigger(hour=3, minute=23, timezone=timezone), id="retention")
        jobs.add_job(erase, id="retention_at_start")
    jobs.start()
    return jobs
