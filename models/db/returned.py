"""Memos that came back: a mail to our own people that their server took and then returned. Within the filing's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from models.db.desk_rules import add_desk_event
from models.db.tables import MemoRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

_MEMO = MemoRow.__table__  # type: ignore[attr-defined]
_RETURNED = "the recipient's server returned it"


def note_returned(connection: Connection, senders: tuple[str, ...], now: datetime) -> None:
    """Mark the memos that went from these envelope senders as failed; said in the desk's own history. May be called twice."""
    if not senders:
        return
    done = connection.execute(
        update(_MEMO)
        .where(_MEMO.c.mail_from.in_(senders), _MEMO.c.state != "failed")
        .values(state="failed", error=_RETURNED, token=None, claimed_until=None)
        .returning(_MEMO.c.kind, _MEMO.c.ref, _MEMO.c.to_address)
    )
    for memo in done.all():
        told = " ".join(filter(None, (memo.kind, memo.ref, memo.to_address)))
        add_desk_event(connection, now, "uketsuke", "memo_failed", f"{told}: {_RETURNED}")
