"""May this letter go, seeing what was written and set by now? Asked where it is queued, in the same transaction.

Promises: no two workers break a limit, none writes past a stop or to a blocked address; what the limit of all letters,
the stop or a kind's mode holds back waits for a person, everything else is not sent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from models.controls import Verdict
from models.db.base import any_of
from models.db.desk_rules import DESK_EVENT, add_desk_event, rules_for
from models.db.locks import lock_domain, lock_total
from models.db.threads import (
    COUNTED,
    REPLY,
    domain_of,
    folded_address,
    has_bounced,
    letter_counts,
    letters_in_total,
)
from models.decision import (
    ASKING,
    UNLIMITED,
    UNSEEN,
    LetterCounts,
    LetterKind,
    LetterMode,
    ReplyState,
    Silence,
    over_limit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from models.decision import LetterLimits, Reply

STOPPED = "stopped"
TOTAL = "rate_total"
MODE = "mode"
BLOCKED = "blocked: the desk's block list names this address"
HOLDS = frozenset({STOPPED, TOTAL, MODE})  # codes that hold a letter for a person instead of silencing it
TOTAL_REACHED = "total_reached"
MACHINE = "uketsuke"
_TEN_MINUTES = timedelta(minutes=10)
# A reminder asks what its request asked; thanks for an answer read alike in every ticket, and each was answered.
_ALIKE = frozenset({LetterKind.REMINDER, LetterKind.COMPLETED})
_GOES = frozenset({ReplyState.QUEUED, ReplyState.HELD, ReplyState.SHADOW})
_SIGNED = re.compile(
    r"[^\s@<>():]+\+(?:bounce\.|split\.)?T\d{6,12}\.(?:\d{1,2}\.)?[a-z2-7]{16}@[^\s@<>()?]+", re.IGNORECASE
)
_TIME = re.compile(r"\d{4}[/-]\d{2}[/-]\d{2} \d{2}:\d{2} \([A-Z]{2,5}(?:, UTC[+-][\d:]{1,5})?\)")  # as letters write it
# Statements that each mail asks are written once: to write them anew costs more than the answer.
_WRITTEN = select(REPLY.c.kind).where(REPLY.c.ref == bindparam("ref"), ~any_of(REPLY.c.state, UNSEEN))
_SAME_TEXT = (
    select(REPLY.c.id)
    .where(
        REPLY.c.to_folded == bindparam("to"),
        REPLY.c.created_at > bindparam("since"),
        any_of(REPLY.c.state, COUNTED),
        REPLY.c.text_hash == bindparam("text"),
    )
    .limit(1)
)


def text_hash(text: str, ref: str) -> str:
    """Equal for letters that say the same, whatever their ticket, signed addresses, spacing and time of receipt.

    That time is the first of a letter ("Your request of ... has been accepted").
    """
    received = _TIME.search(text)
    bare = text.replace(received[0], "") if received else text
    said = "".join(_SIGNED.sub("", bare).replace(ref, "").split())
    return sha256(said.encode("utf-8", "replace")).hexdigest()


def silence_by_now(
    connection: Connection, reply: Reply, ref: str, limits: LetterLimits | None, now: datetime, *, sender: str
) -> Silence | None:
    """Why a letter that was to go must not go any more. Holds the locks it counts under until the transaction ends.

    The caller shares the switch and holds the ticket's lock. Codes of `HOLDS` concern only a letter that would go by
    itself and hold it back; all others silence it.

    Args:
        connection: A writing transaction.
        reply: The letter as the worker made it.
        ref: Its ticket.
        limits: How much may be written to whom; None counts nothing.
        now: The time.
        sender: The address of the mail's From, which may be another than the letter's.
    """
    if reply.state not in _GOES:
        return None
    lock_domain(connection, domain_of(reply.to))
    return next(_silences(connection, reply, ref, limits, now, sender), None)


def _silences(
    connection: Connection, reply: Reply, ref: str, limits: LetterLimits | None, now: datetime, sender: str
) -> Iterator[Silence]:
    """The last one, the limit of all letters, is asked last: what it locks, every other filing waits for."""
    if spent := _spent_by_now(connection, reply, ref):
        yield spent
    rules = rules_for(connection, reply.to, sender)
    if rules.is_blocked:
        yield Silence(code="blocked", detail=BLOCKED.partition(": ")[2])
    is_allowed = rules.of_recipient is Verdict.ALLOW
    if limits is not None and (over := _over_own_limits(connection, reply, ref, limits, now, is_allowed=is_allowed)):
        yield over
    if reply.state is ReplyState.HELD and reply.reason.startswith(f"{TOTAL}:"):  # the worker has seen it already
        note_total_reached(connection, reply.reason.partition(": ")[2], now)
    set_mode = LetterMode(rules.modes.get(reply.kind.value, LetterMode.AUTO.value))
    if set_mode is LetterMode.OFF:
        yield Silence(code="mode_off", detail=reply.kind.value)
    if reply.state is ReplyState.QUEUED and set_mode is not LetterMode.AUTO:
        yield Silence(code=MODE, detail=set_mode.value)
    if reply.state is ReplyState.QUEUED and rules.is_stopped:
        yield Silence(code=STOPPED)
    if reply.state is ReplyState.QUEUED and limits is not None and (over := _over_total(connection, limits, now)):
        yield over


def _spent_by_now(connection: Connection, reply: Reply, ref: str) -> Silence | None:
    written = set(connection.execute(_WRITTEN, {"ref": ref}).scalars())
    if reply.kind.value in written:
        return Silence(code="letter_spent", detail=f"{ref} has had this kind of letter")
    if reply.kind in ASKING and LetterKind.FOLLOW_UP.value in written:
        return Silence(code="letters_spent", detail=f"{ref} has had its request and its follow-up; a person goes on")
    return None


def _over_own_limits(
    connection: Connection, reply: Reply, ref: str, limits: LetterLimits, now: datetime, *, is_allowed: bool
) -> Silence | None:
    """What was written to this address and its domain by now; an allowed address may get all but the same letter twice."""
    if not is_allowed:
        if has_bounced(connection, reply.to, now, limits.bounce_hold):
            return Silence(code="bounce_hold", detail="a letter to this address came back lately")
        over = over_limit(letter_counts(connection, reply.to, now, limits), replace(limits, total_10min=UNLIMITED))
        if over is not None:
            return over
    if reply.kind in _ALIKE or limits.are_off:
        return None
    same = {"to": folded_address(reply.to), "since": now - timedelta(days=1), "text": text_hash(reply.text, ref)}
    if connection.execute(_SAME_TEXT, same).first() is not None:
        return Silence(code="same_text", detail="the same letter went to this address within a day")
    return None


def _over_total(connection: Connection, limits: LetterLimits, now: datetime) -> Silence | None:
    if limits.total_10min >= UNLIMITED:
        return None
    lock_total(connection)
    only_total = replace(limits, per_recipient_hour=UNLIMITED, per_recipient_day=UNLIMITED, per_domain_hour=UNLIMITED)
    over = over_limit(LetterCounts(total_10min=letters_in_total(connection, now, most=limits.total_10min)), only_total)
    if over is not None:
        note_total_reached(connection, over.detail, now)
    return over


def note_total_reached(connection: Connection, detail: str, now: datetime) -> None:
    """A line in the desk's history, once in ten minutes."""
    lately = select(DESK_EVENT.c.id).where(DESK_EVENT.c.what == TOTAL_REACHED, DESK_EVENT.c.at > now - _TEN_MINUTES)
    if connection.execute(lately.limit(1)).first() is None:
        add_desk_event(connection, now, MACHINE, TOTAL_REACHED, detail)
