"""[shell] The scheduled jobs: weekly reports on Monday morning, reminders every hour, time. What they do comes in as callables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

# A job missed while the machine slept runs when it wakes, once; the weekly one until the next would be due.
_LATE_S = 6 * 3600
_WEEK_LATE_S = 6 * 24 * 3600


def start_jobs(
    *, weekly: Callable[[], None], remind: Callable[[], None], pass_time: Callable[[], None], timezone: str
) -> BackgroundScheduler:
    """A running scheduler: `weekly` on Mondays at 08:00 in the desk's zone, `remind` hourly, `pass_time` every minute.

    End it with `shutdown()`.
    """
    jobs = BackgroundScheduler(
        timezone=timezone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _LATE_S}
    )
    jobs.add_job(
        weekly,
        CronTrigger(day_of_week="mon", hour=8, timezone=timezone),
        id="weekly_report",
        misfire_grace_time=_WEEK_LATE_S,
    )
    jobs.add_job(remind, CronTrigger(minute=7, timezone=timezone), id="reminders")
    jobs.add_job(pass_time, CronTrigger(minute="*", timezone=timezone), id="time")
    jobs.start()
    return jobs
