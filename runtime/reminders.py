"""What time brings to tickets: one reminder to a customer who was asked and has not written back; then a person.

Days are business days and letters go in business hours, as the pack has them. Safe to call from any number of
schedulers, and again at any time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.decision import LetterKind, LetterMode, ReplyState
from models.errors import StoreUnavailable
from responders.brake import letter_mode
from responders.compose import compose_reminder
from runtime.logs import log_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from models.decision import Reply
    from models.views import DueReminder
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_STATES = {
    "shadow": (ReplyState.SHADOW, "shadow mode: only shown"),
    "approve": (ReplyState.HELD, "approve mode: an agent releases it"),
}


def send_due_reminders(
    store: Store,
    pack: Pack,
    identity: SenderIdentity,
    mode: str,
    now: datetime,
    *,
    as_delivered: Pack | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Queue every reminder that is due; returns how many were written.

    Args:
        store: Of tickets and letters.
        pack: With the texts that were saved at the desk.
        identity: Of the letters.
        mode: The whole installation's. The desk's mode for reminders stands in place of the pack's; the more careful counts.
        now: The time.
        as_delivered: The pack without saved texts, for letters that fail with them.
        is_stopping: Asked before each letter; the others are due again at the next call.
    """
    chosen = letter_mode(LetterKind.REMINDER, store.letter_modes(), pack, mode)
    if chosen is LetterMode.OFF or not pack.desk.working.is_open(now):
        return 0
    state, reason = _STATES.get(chosen, (ReplyState.QUEUED, ""))
    written = 0
    page: tuple[DueReminder, ...] = ()
    # Page by page to the end: those that are silenced time and again must not stand before the others for ever.
    while page := store.due_reminders(
        sent_before=pack.desk.working.days_before(now, pack.limits.remind_after_days),
        after=page[-1].reply_id if page else 0,
    ):
        for due in page:
            if is_stopping():
                return written
            try:
                letter = replace(_composed(due, (pack, as_delivered), identity, now), state=state, reason=reason)
                written += store.file_reminder(due, letter, now=now, limits=pack.limits.of_letters)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one letter that fails must not keep the others from going
                # Without a trace, which may quote the mail.
                log_for("scheduler").error("reminder_failed", ref=due.ref, error=type(error).__name__)
    return written


def _composed(due: DueReminder, packs: tuple[Pack, Pack | None], identity: SenderIdentity, now: datetime) -> Reply:
    pack, spare = packs
    try:
        return compose_reminder(due, pack, identity, now)
    except Exception as error:
        if spare is None or spare is pack:
            raise
        letter = compose_reminder(due, spare, identity, now)
        # Without a trace, which may quote the mail.
        log_for("scheduler").error("letter_text_failed", ref=due.ref, error=type(error).__name__)
        return letter


def pass_time(store: Store, pack: Pack, now: datetime) -> dict[str, int]:
    """Move every ticket whose time has come; how many of each kind.

    Snoozed ones wake; one whose symptom has not come back, or whose customer stays silent, goes to an agent; one that its
    customer called solved is closed where the pack says so. What awaits an agent gets its response target, and is pressing
    past it.
    """
    working, limits = pack.desk.working, pack.limits
    silent_since = working.days_before(now, limits.person_after_days)
    store.fold_tallies()
    store.set_targets(lambda rank, since: working.after(since, pack.desk.targets.of(rank)))
    done = {
        "overdue": store.mark_overdue(now=now),
        "woken": store.wake(now=now),
        "recurrence_expired": store.expire_recurrences(waiting_since=now - limits.recurrence, now=now),
        "answer_overdue": store.give_up_waiting(unmoved_since=silent_since, now=now),
    }
    if limits.close_after_days:
        solved_since = working.days_before(now, limits.close_after_days)
        done["closed_as_proposed"] = store.close_proposed(unmoved_since=solved_since, now=now)
    return done
