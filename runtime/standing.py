"""How the installation stands, as Prometheus' gauges: what was read from the database at the moment of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client import Metric

    from models.gauges import Standing


def families(standing: Standing | None, now: datetime, *, is_sending: bool) -> Iterator[Metric]:
    """The gauges; only that the database does not answer where there is no standing.

    Args:
        standing: What the store says.
        now: The time, for ages.
        is_sending: There is a smarthost: letters that wait mean something.
    """
    yield _gauge("database_up", "1 if the database answered this process just now", float(standing is not None))
    yield _gauge("smarthost_set", "1 if there is a smarthost; else letters wait for ever", float(is_sending))
    if standing is None:
        return
    yield from _queues(standing, now)
    yield _by("tickets", "Tickets by state", "state", standing.tickets)
    yield _gauge("tickets_overdue", "Tickets whose answer by an agent is overdue", standing.tickets_overdue)
    yield _gauge("letters_on", "0 while somebody has stopped all letters", float(standing.are_letters_on))
    yield _by("processes", "Processes that said within a minute that they run", "role", standing.roles)
    if standing.books_closed_at is not None:
        yield _gauge(
            "books_closed_timestamp_seconds",
            "When the books of the last day were closed, Unix time",
            standing.books_closed_at.timestamp(),
        )
        yield _by("books_faults", "Faults in the books of the last closed day", "code", standing.books_faults)
    made = {kind: at.timestamp() for kind, at in standing.reports_made_at.items()}
    yield _by("report_made_timestamp_seconds", "When the newest report was made, Unix time", "period", made)


def _queues(standing: Standing, now: datetime) -> Iterator[Metric]:
    yield _gauge("mails_waiting", "Mails that are no ticket yet", standing.mails_waiting)
    yield _gauge("mails_waiting_age_seconds", "How long the oldest of them waits", _age(standing.oldest_mail_at, now))
    yield _gauge("mails_parked", "Mails that nobody could read", standing.mails_parked)
    yield _by("letters", "Letters by state", "state", standing.letters)
    yield _gauge(
        "letters_due_age_seconds", "How long the first letter could have gone", _age(standing.letter_due_at, now)
    )
    yield _by("memos", "Mails to our own people by state", "state", standing.memos)
    yield _gauge("memos_due_age_seconds", "How long the first of them could have gone", _age(standing.memo_due_at, now))
    yield _by("webhook_calls", "Calls of webhooks by state", "state", standing.calls)
    yield _gauge("webhooks_off", "Webhooks that are off", standing.webhooks_off)


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"uketsuke_{name}", meaning, value=value)


def _by(name: str, meaning: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"uketsuke_{name}", meaning, labels=[label])
    for one, value in sorted(values.items()):
        family.add_metric([one], value)
    return family


def total(name: str, meaning: str, value: float | None = None, labels: Sequence[str] = ()) -> CounterMetricFamily:
    """A counter that somebody else counts; its name ends `_total` by itself."""
    return CounterMetricFamily(f"uketsuke_{name}", meaning, value=value, labels=None if value is not None else labels)
