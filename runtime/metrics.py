"""What a process counts of its own work, under Prometheus' names (docs/watching.md).

Promises: to record costs about a microsecond; no address, subject, reference or other text of a mail is ever a label, and the
values of every label are a closed set. The core knows nothing of this: the shell records around it.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from models.decision import AGENT, Disposition, LetterKind, ReplyState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from models.arrival import Arrival
    from models.decision import Reply

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks about

OTHER = "other"
_QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0)
_WAIT_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)

STAGES = ("parse", "sender_check", "history", "assess", "decide", "file")
KINDS = frozenset({*(one.value for one in LetterKind), AGENT})
# Why a letter does not go, or waits for an agent: codes of docs/flow.md.
SILENCES = frozenset(
    {
        *("automatic", "blocked", "bounce_hold", "closed", "letter_spent", "letters_spent", "may_not_reply", "mode"),
        *("mode_off", "no_usable_address", "null_sender", "own_address", "quick_reply", "rate_domain_hour"),
        *("rate_sender_day", "rate_sender_hour", "rate_total", "repeated_body", "role_address", "same_text", "stopped"),
        *("trust_failed", "hold", "hold_asks_back", "hold_bcc", "hold_complaint", "hold_forwarded", "hold_goes_on"),
        *("hold_half_answer", "hold_low_confidence", "hold_new_matter", "hold_no_dialogue", "hold_nothing_told"),
        *("hold_other_account", "hold_person_first", "hold_security", "hold_sensitive", "hold_unread_language"),
    }
)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"uketsuke_{name}", meaning, labels, registry=None)


def _histogram(name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
    return Histogram(f"uketsuke_{name}", meaning, labels, buckets=buckets, registry=None)


ROLE = Gauge("uketsuke_role", "Always 1: this process's role and version", ("role", "version"), registry=None)

# The door
DOOR_MAILS = _counter("door_mails_total", "Mails that the door has stored and answered with 250")
DOOR_BYTES = _counter("door_bytes_total", "Bytes of those mails")
DOOR_ANSWER = _histogram("door_answer_seconds", "From the end of a mail's data to its 250", _QUICK_S)
DOOR_GROUP = _histogram("door_group_mails", "Mails that shared one commit", (1, 2, 4, 8, 16, 32, 64))

# Triage
MAILS_FILED = _counter("mails_filed_total", "Mails made a ticket or joined to one", "disposition")
MAILS_FAILED = _counter("mails_failed_total", "Failed attempts at a mail, which is tried again")
MAILS_PARKED = _counter("mails_parked_total", "Mails parked after their last attempt")
MAILS_GIVEN_BACK = _counter("mails_given_back_total", "Claims handed back without a failure of the mail", "reason")
MAIL_STAGE = _histogram("mail_stage_seconds", "Time of one mail in one step of triage", _QUICK_S, "stage")
MAIL_WAIT = _histogram("mail_wait_seconds", "From a mail's receipt to its ticket", _WAIT_S)
DECIDED_ANEW = _counter("decisions_anew_total", "Decisions made again because another was quicker with the ticket")
CLAIMS_LOST = _counter(
    "claims_lost_total", "Leases that another process had taken by the time the work was done", "what"
)
LETTERS_WRITTEN = _counter("letters_written_total", "Letters decided on, by kind and how they began", "kind", "state")
LETTERS_KEPT = _counter(
    "letters_kept_total", "Letters that do not go by themselves, by the code of the reason", "reason"
)

# Delivery
LETTERS = _counter("letter_tries_total", "Tries to hand a letter to the smarthost, by outcome", "outcome")
MEMOS = _counter("memo_tries_total", "Tries to hand over a mail to our own people, by outcome", "outcome")
SMARTHOST = _histogram("smarthost_seconds", "One session with the smarthost", _SLOW_S, "what")
CALLS = _counter("webhook_tries_total", "Calls of webhooks that were sent, by outcome", "outcome")
CALL = _histogram("webhook_seconds", "Eight calls of webhooks at most, sent together", _SLOW_S)

# The mailbox
MAILBOX_MAILS = _counter("mailbox_mails_total", "Mails taken in from the mailbox")
MAILBOX_LOOKS = _counter("mailbox_looks_total", "Looks into the mailbox")
MAILBOX_FAILURES = _counter("mailbox_failures_total", "Connections to the mailbox that failed", "reason")

# The scheduler
JOB = _histogram("job_seconds", "One run of a job of the scheduler", _SLOW_S, "task")
JOB_FAILURES = _counter("job_failures_total", "Runs that failed", "task")
JOB_SUCCESS = Gauge(
    "uketsuke_job_success_timestamp_seconds", "When a job last ended well, Unix time", ("task",), registry=None
)

HANDED_OVER, DEFERRED, REFUSED, GIVEN_UP = "handed_over", "deferred", "refused", "given_up"
_OUTCOMES = (HANDED_OVER, DEFERRED, REFUSED, GIVEN_UP)

# What each role counts; the others are not told of there.
_TRIAGE = (MAILS_FILED, MAILS_FAILED, MAILS_PARKED, MAILS_GIVEN_BACK, MAIL_STAGE, MAIL_WAIT, DECIDED_ANEW)
OF_ROLE = {
    "smtp": (DOOR_MAILS, DOOR_BYTES, DOOR_ANSWER, DOOR_GROUP),
    "imap": (MAILBOX_MAILS, MAILBOX_LOOKS, MAILBOX_FAILURES),
    "worker": (*_TRIAGE, CLAIMS_LOST, LETTERS_WRITTEN, LETTERS_KEPT),
    "deliver": (LETTERS, MEMOS, SMARTHOST, CALLS, CALL, CLAIMS_LOST),
    "desk": (),
    "scheduler": (JOB, JOB_FAILURES, JOB_SUCCESS),
}


def registry_of(role: str) -> CollectorRegistry:
    """What a process of this role counts, with its memory, processor time and files."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    for instrument in (ROLE, *OF_ROLE[role]):
        registry.register(instrument)
    return registry


def _begin_at_nothing() -> None:
    """Every value that a label can have is there from the start, so that a first failure is a rise that an alarm sees."""
    for disposition in Disposition:
        MAILS_FILED.labels(disposition.value)
    for reason in ("stopping", "late", "outdated", "database"):
        MAILS_GIVEN_BACK.labels(reason)
    for what in ("mail", "letter", "memo", "call"):
        CLAIMS_LOST.labels(what)
    for outcome in _OUTCOMES:
        LETTERS.labels(outcome)
        MEMOS.labels(outcome)
    for outcome in ("arrived", "failed", "given_up"):
        CALLS.labels(outcome)
    for reason in ("login", OTHER):
        MAILBOX_FAILURES.labels(reason)
    for job in ("reports", "reminders", "time", "retention"):
        JOB_FAILURES.labels(job)


_begin_at_nothing()
_FILED = {one.value: MAILS_FILED.labels(one.value) for one in Disposition}
_STAGE = {one: MAIL_STAGE.labels(one) for one in STAGES}


def mails_kept(messages: Sequence[tuple[Arrival, ...]], now: datetime) -> None:
    """One group of mails was committed and answered at `now`."""
    DOOR_MAILS.inc(len(messages))
    DOOR_GROUP.observe(len(messages))
    size, ended_at = 0, now.timestamp()
    for arrivals in messages:
        size += len(arrivals[0].raw)
        DOOR_ANSWER.observe(max(0.0, ended_at - arrivals[0].envelope.received_at.timestamp()))
    DOOR_BYTES.inc(size)


class Laps:
    """The stages of one mail: each call ends the one that it names, and the next begins."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at = perf_counter()

    def __call__(self, stage: str) -> None:
        """This stage is over."""
        now = perf_counter()
        _STAGE[stage].observe(now - self._at)
        self._at = now


def mail_filed(disposition: str, reply: Reply | None, *, waited_s: float) -> None:
    """A mail became a ticket, or part of one."""
    _FILED[disposition].inc()
    MAIL_WAIT.observe(max(0.0, waited_s))
    if reply is not None:
        letter_written(reply)


def letter_written(reply: Reply) -> None:
    """A letter was decided on. A limit that is reached at the very moment of filing may still hold it; that counts with the gauges."""
    LETTERS_WRITTEN.labels(one_of(reply.kind.value, KINDS), reply.state.value).inc()
    if reply.state not in {ReplyState.QUEUED, ReplyState.SENT}:
        LETTERS_KEPT.labels(one_of(reply.reason.partition(":")[0], SILENCES)).inc()


def one_of(value: str, known: Collection[str]) -> str:
    """The value as a label: itself where it is known, else `other`."""
    return value if value in known else OTHER
