"""Agents' word on how mails were read, and on letters that were wrong.

Promises: what an agent says takes effect in the transaction that keeps it, on the ticket that holds the mail and on those
that are about a part of it; every word stays, the newest counts; nothing that an agent found is asked for again.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from models.controls import Judgement
from models.correcting import (
    LETTER,
    Correction,
    CorrectionCount,
    WrongLetter,
    WrongShare,
    checked_value,
    newest,
)
from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.filing import READING, add_event, locked_ticket
from models.db.outbox import ticket_of_letter
from models.db.recount import (
    CORRECTION,
    PART,
    correction_of,
    corrections_of,
    drop_letters,
    recount,
    settle,
)
from models.db.rows import full_mail_view, names
from models.db.threads import REPLY, TICKET
from models.decision import ASKING, ReplyState
from models.errors import NotFound
from models.ticket import MailState
from models.wire import assessment_from_value, dump

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.engine import Connection, RowMapping

    from models.assessment import Assessment
    from models.shaping import Lacks
    from models.views import MailView

CORRECTED = "corrected"  # why a letter was discarded and a ticket moved
ASKS_FOR = "corrected_asks"  # why a held letter should be read again: it asks for what is there
_WENT = (ReplyState.SENT.value, ReplyState.BOUNCED.value, ReplyState.QUEUED.value)
_PAGE = 100
_LONGEST_NOTE = 500


class Corrections(Shelf):
    """Agents' word on how mails were read, and on letters that were wrong."""

    def correct(
        self,
        mail_id: int,
        target: str,
        value: Any,  # noqa: ANN401 - JSON
        *,
        lacks: Lacks,
        by: str,
        now: datetime,
        ref: str | None = None,
        after: int | None = None,
    ) -> bool:
        """Keep an agent's word on how a mail is to be read, and let it take effect; False if someone else was quicker.

        Args:
            mail_id: The mail.
            target: What is corrected (`models.correcting.Words`).
            value: As it should be; None goes back to the reading.
            lacks: What a ticket of some matter lacks.
            by: The agent.
            now: The time.
            ref: The ticket on whose page it was said; None takes the one that keeps the mail.
            after: The id of the newest correction of this mail that the agent saw, 0 for none; None asks nothing.

        Raises:
            NotFound: No such mail, or it is no ticket's.
            ValueError: No such target, or it takes no such value.
        """
        kept = checked_value(target, value)
        with self.write() as connection:
            holder = _holder(connection, mail_id)
            refs = _tickets_about(connection, mail_id, holder)
            ref = ref or holder
            if ref not in refs:
                raise NotFound(f"no mail {mail_id} of ticket {ref}")
            before = {one: locked_ticket(connection, one) for one in sorted(refs)}
            latest = connection.execute(
                select(func.max(CORRECTION.c.id)).where(CORRECTION.c.mail_id == mail_id)
            ).scalar()
            if after not in {None, latest or 0}:
                return False
            values = {"mail_id": mail_id, "ref": ref, "target": target, "value": dump(kept), "by": by, "at": now}
            connection.execute(insert(CORRECTION).values(**values))
            add_event(connection, ref, now, by, "corrected", f"{target} {_told(kept)} ({mail_id})")
            also = _also(connection, mail_id, target, kept)
            for one, row in before.items():
                more = also if one == holder and row["number"] == mail_id else {}
                _take_effect(connection, row, recount(connection, one, lacks, now, **more), now, by)
        return True

    def call_wrong(self, reply_id: int, reason: WrongLetter | None, *, note: str = "", by: str, now: datetime) -> str:
        """An agent's word that a letter was wrong, whether it went or not; None takes it back. Returns its ticket.

        Raises:
            NotFound: No such letter.
        """
        with self.write() as connection:
            ticket = ticket_of_letter(connection, reply_id)
            query = select(REPLY.c.ref, REPLY.c.kind, REPLY.c.mail_id, REPLY.c.judgement).where(REPLY.c.id == reply_id)
            row = connection.execute(query).one()
            target = f"{LETTER}{reply_id}"
            said = newest(corrections_of(connection, [row.mail_id]).get(row.mail_id, ())).get(target)
            before = said["before"] if said else row.judgement
            value = None
            if reason is not None:
                plain = " ".join(note.replace("\x00", "").split())[:_LONGEST_NOTE]
                value = {"reason": reason.value, "note": plain, "before": before}
            elif said is None:
                return str(row.ref)
            judgement = Judgement.WRONG.value if reason else before
            connection.execute(update(REPLY).where(REPLY.c.id == reply_id).values(judgement=judgement))
            values = {
                "mail_id": row.mail_id,
                "ref": row.ref,
                "target": target,
                "value": dump(value),
                "by": by,
                "at": now,
            }
            connection.execute(insert(CORRECTION).values(**values))
            connection.execute(
                update(TICKET).where(TICKET.c.ref == row.ref).values(updated_at=now, version=ticket["version"] + 1)
            )
            what = "letter_wrong" if reason else "letter_not_wrong"
            add_event(connection, row.ref, now, by, what, f"{row.kind} {reason.value}" if reason else row.kind)
        return str(row.ref)

    def corrections(self, ref: str) -> tuple[Correction, ...]:
        """All words of agents on the mails that a ticket holds or is about in part, and on its letters; oldest first."""
        with self.read() as connection:
            own = select(INBOUND.c.id).where(INBOUND.c.ref == ref)
            parts = select(PART.c.mail_id).where(PART.c.ref == ref)
            which = CORRECTION.c.mail_id.in_(own) | CORRECTION.c.mail_id.in_(parts) | (CORRECTION.c.ref == ref)
            query = select(CORRECTION).where(which).order_by(CORRECTION.c.id)
            return tuple(correction_of(row) for row in connection.execute(query).mappings())

    def corrections_of_mail(self, mail_id: int) -> tuple[Correction, ...]:
        """All words of agents on one mail, oldest first."""
        with self.read() as connection:
            return tuple(corrections_of(connection, [mail_id]).get(mail_id, ()))

    def corrected_mails(self, since: datetime | None = None) -> Iterator[tuple[MailView, tuple[Correction, ...]]]:
        """Every mail on whose reading an agent said something (since then), with all that was said; in the order of arrival."""
        labels = CORRECTION.c.target.not_like(f"{LETTER}%")
        which = select(CORRECTION.c.mail_id).where(labels, *((CORRECTION.c.at >= since,) if since else ()))
        query = (
            select(INBOUND, READING.c.mail, READING.c.assessment, READING.c.decision)
            .join(READING, READING.c.mail_id == INBOUND.c.id)
            .where(INBOUND.c.id.in_(which))
            .order_by(INBOUND.c.id)
            .limit(_PAGE)
        )
        after = 0
        while True:
            with self.read() as connection:
                rows = connection.execute(query.where(INBOUND.c.id > after)).mappings().all()
                words = corrections_of(connection, [row["id"] for row in rows])
            for row in rows:
                yield full_mail_view(row), tuple(one for one in words[row["id"]] if not one.target.startswith(LETTER))
            if len(rows) < _PAGE:
                return
            after = rows[-1]["id"]

    def correction_counts(self, start: datetime, end: datetime) -> tuple[CorrectionCount, ...]:
        """How often agents corrected what in [start, end), the newest word of each mail and target; what was taken back is none."""
        query = select(CORRECTION).where(CORRECTION.c.at >= start, CORRECTION.c.at < end).order_by(CORRECTION.c.id)
        latest: dict[tuple[int, str], Correction] = {}
        with self.read() as connection:
            for row in connection.execute(query).mappings():
                latest[row["mail_id"], row["target"]] = correction_of(row)
        found: Counter[tuple[str, str]] = Counter()
        for one in latest.values():
            if one.value is not None:
                target, _, name = one.target.partition(":")
                found[target, one.value["reason"] if target == "letter" else name] += 1
        return tuple(
            CorrectionCount(target=target, item=item, count=count)
            for (target, item), count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        )

    def wrong_shares(self, start: datetime, end: datetime) -> tuple[WrongShare, ...]:
        """Of each kind of letter: how many made in [start, end) went, and how many of those an agent called wrong."""
        by = (REPLY.c.kind, REPLY.c.judgement)
        query = (
            select(*by, func.count().label("count"))
            .where(REPLY.c.created_at >= start, REPLY.c.created_at < end, REPLY.c.state.in_(_WENT))
            .group_by(*by)
        )
        sent: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        with self.read() as connection:
            for row in connection.execute(query):
                sent[row.kind] += row[2]
                wrong[row.kind] += row[2] if row.judgement == Judgement.WRONG.value else 0
        return tuple(WrongShare(kind=kind, sent=sent[kind], wrong=wrong[kind]) for kind in sorted(sent))


def _holder(connection: Connection, mail_id: int) -> str:
    query = select(INBOUND.c.ref).where(INBOUND.c.id == mail_id, INBOUND.c.state == MailState.TRIAGED.value)
    ref = connection.execute(query).scalar()
    if ref is None:
        raise NotFound(f"no mail {mail_id}")
    return str(ref)


def _tickets_about(connection: Connection, mail_id: int, holder: str) -> set[str]:
    """The ticket that keeps the mail, and those that are about a part of it."""
    parts = connection.execute(select(PART.c.ref).distinct().where(PART.c.mail_id == mail_id)).scalars()
    return {holder, *parts}


def _told(value: Any) -> str:  # noqa: ANN401 - JSON
    """The value in a word, for the history: no text of the mail."""
    if value is None:
        return "as_read"
    if isinstance(value, list):
        return ",".join(one["category"] for one in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"


def _also(connection: Connection, mail_id: int, target: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What else the word on a ticket's first mail changes; whether a person wrote, the mail itself knows."""
    row = connection.execute(select(READING).where(READING.c.mail_id == mail_id)).mappings().one()
    if target == "language":
        return {"language": value or _read(row).language}
    if target != "automatic":
        return {}
    is_automatic = json.loads(row["mail"])["automation"]["kind"] is not None if value is None else value
    connection.execute(update(INBOUND).where(INBOUND.c.id == mail_id).values(is_automatic=is_automatic))
    return {}  # the ticket's own is counted from all its mails


def _read(row: RowMapping) -> Assessment:
    return assessment_from_value(json.loads(row["assessment"]))


def _take_effect(connection: Connection, before: RowMapping, row: RowMapping, now: datetime, by: str) -> None:
    """Questions that are answered are asked no more; a ticket that lacks nothing any more is ready."""
    lacked, lacks = set(names(before["missing"])), set(names(row["missing"]))
    is_complete = bool(lacked) and not lacks
    asks = REPLY.c.kind.in_([kind.value for kind in ASKING])
    held = (REPLY.c.state == ReplyState.HELD.value, asks)
    if is_complete:
        drop_letters(connection, row["ref"], now, asks, by=by, why=CORRECTED)
        settle(connection, row, now, by=by, why=CORRECTED, has_lacked=True, is_new=False)
        return
    answered = lacked - lacks
    query = select(REPLY.c.id, REPLY.c.asked).where(REPLY.c.ref == row["ref"], *held)
    for letter in connection.execute(query).all() if answered else ():
        if answered & set(names(letter.asked)):
            connection.execute(update(REPLY).where(REPLY.c.id == letter.id).values(reason=ASKS_FOR))
