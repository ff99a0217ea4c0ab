"""What time brings: one reminder to a customer who was asked and has not written back; an end to waiting for a recurrence.

After both a person decides.
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
    store: Store, pack: Pack, identity: SenderIdentity, mode: str, now: datetime, *, as_delivered: Pack | None = None
) -> int:
    """Queue every reminder that is due; returns how many were written.

    Args:
        store: Of tickets and letters.
        pack: With the texts that were saved at the desk.
        identity: Of the letters.
        mode: The whole installation's. The desk's mode for reminders stands in place of the pack's; the more careful counts.
        now: The time.
        as_delivered: The pack without saved texts, for letters that fail with them.
    """
    chosen = letter_mode(LetterKind.REMINDER, store.letter_modes(), pack, mode)
    if chosen is LetterMode.OFF:
        return 0
    state, reason = _STATES.get(chosen, (ReplyState.QUEUED, ""))
    written = 0
    page: tuple[DueReminder, ...] = ()
    # Page by page to the end: those that are silenced time and again must not stand before the others for ever.
    while page := store.due_reminders(
        sent_before=now - pack.limits.remind_after, after=page[-1].reply_id if page else 0
    ):
        for due in page:
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


def end_recurrence_waits(store: Store, pack: Pack, now: datetime) -> int:
    """Give every ticket whose symptom has not come back in the pack's time to an agent; returns how many."""
    return store.expire_recurrences(waiting_since=now - pack.limits.recurrence, now=now)
