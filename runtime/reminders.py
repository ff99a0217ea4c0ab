"""Reminders: one, to a customer who was asked and has not written back. After it a person decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.decision import ReplyState
from responders.compose import compose_reminder

if TYPE_CHECKING:
    from datetime import datetime

    from models.db.store import Store
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_STATES = {
    "shadow": (ReplyState.SHADOW, "shadow mode: only shown"),
    "approve": (ReplyState.HELD, "approve mode: an agent releases it"),
}


def send_due_reminders(store: Store, pack: Pack, identity: SenderIdentity, mode: str, now: datetime) -> int:
    """Queue every reminder that is due; returns how many were written."""
    state, reason = _STATES.get(mode, (ReplyState.QUEUED, ""))
    written = 0
    for due in store.due_reminders(sent_before=now - pack.limits.remind_after):
        reply = compose_reminder(due, pack, identity, now)
        if reply is not None:
            letter = replace(reply, state=state, reason=reason)
            written += store.file_reminder(due, letter, now=now, limits=pack.limits.of_letters)
    return written
