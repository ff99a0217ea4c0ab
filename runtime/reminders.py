"""What time brings: one reminder to a customer who was asked and has not written back; an end to waiting for a recurrence.

After both a person decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.decision import LetterKind, LetterMode, ReplyState
from models.errors import StoreUnavailable
from responders.compose import compose_reminder
from runtime.logs import log_for

if TYPE_CHECKING:
    from datetime import datetime

    from models.db.store import Store
    from models.views import DueReminder
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_FROM_CAREFUL = tuple(one.value for one in LetterMode)
_STATES = {
    "shadow": (ReplyState.SHADOW, "shadow mode: only shown"),
    "approve": (ReplyState.HELD, "approve mode: an agent releases it"),
}


def send_due_reminders(store: Store, pack: Pack, identity: SenderIdentity, mode: str, now: datetime) -> int:
    """Queue every reminder that is due; returns how many were written.

    The desk's mode for reminders stands in place of the pack's; the more careful of it and `mode` counts.
    """
    of_kind = store.letter_modes().get(LetterKind.REMINDER.value, pack.policy_of(LetterKind.REMINDER).mode.value)
    mode = min(mode, of_kind, key=_FROM_CAREFUL.index)
    if mode == LetterMode.OFF.value:
        return 0
    state, reason = _STATES.get(mode, (ReplyState.QUEUED, ""))
    written = 0
    page: tuple[DueReminder, ...] = ()
    # Page by page to the end: those that are silenced time and again must not stand before the others for ever.
    while page := store.due_reminders(
        sent_before=now - pack.limits.remind_after, after=page[-1].reply_id if page else 0
    ):
        for due in page:
            try:
                letter = replace(compose_reminder(due, pack, identity, now), state=state, reason=reason)
                written += store.file_reminder(due, letter, now=now, limits=pack.limits.of_letters)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one letter that fails must not keep the others from going
                # TRY400: a trace may quote the mail.
                log_for("scheduler").error("reminder_failed", ref=due.ref, error=type(error).__name__)
    return written


def end_recurrence_waits(store: Store, pack: Pack, now: datetime) -> int:
    """Give every ticket whose symptom has not come back in the pack's time to an agent; returns how many."""
    return store.expire_recurrences(waiting_since=now - pack.limits.recurrence, now=now)
