"""How right letters were: agents' words on them, counts by kind, and what people did where a letter was only shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from models.controls import Judgement, KindCount, ShadowOutcome
from models.db.base import Shelf
from models.db.filing import EVENT, add_event
from models.db.limits import MACHINE
from models.db.outbox import after_release
from models.db.threads import REPLY, TICKET
from models.decision import ReplyState
from models.errors import IllegalMove, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection, RowMapping

_NOBODY = (MACHINE, "customer")


class Judging(Shelf):
    """What became of letters."""

    def judge_letter(self, reply_id: int, *, right: bool, by: str, now: datetime) -> None:
        """An agent's word on a letter that was only shown; a later one takes its place.

        Raises:
            NotFound: No such letter.
            IllegalMove: It was not only shown.
        """
        judgement = Judgement.RIGHT if right else Judgement.WRONG
        with self.write() as connection:
            row = connection.execute(
                select(REPLY.c.ref, REPLY.c.state, REPLY.c.kind).where(REPLY.c.id == reply_id)
            ).first()
            if row is None:
                raise NotFound(f"no letter {reply_id}")
            done = connection.execute(
                update(REPLY)
                .where(REPLY.c.id == reply_id, REPLY.c.state == ReplyState.SHADOW.value)
                .values(judgement=judgement.value)
            )
            if done.rowcount != 1:
                raise IllegalMove(ref=row.ref, was=row.state, to=f"judged_{judgement.value}")
            add_event(connection, row.ref, now, by, f"judged_{judgement.value}", row.kind)

    def kind_counts(self, since: datetime) -> tuple[KindCount, ...]:
        """Letters made since then, by kind, state and judgement."""
        by = (REPLY.c.kind, REPLY.c.state, REPLY.c.judgement)
        query = select(*by, func.count().label("count")).where(REPLY.c.created_at > since).group_by(*by)
        with self.read() as connection:
            return tuple(
                KindCount(kind=row.kind, state=row.state, judgement=row.judgement, count=row[3])
                for row in connection.execute(query)
            )

    def shadow_outcomes(self, since: datetime, *, limit: int = 500) -> tuple[ShadowOutcome, ...]:
        """Letters that were only shown since then, newest first, with what an agent first did with the ticket after."""
        query = (
            select(REPLY.c.id, REPLY.c.ref, REPLY.c.kind, REPLY.c.created_at, REPLY.c.judgement, TICKET.c.categories)
            .join(TICKET, TICKET.c.ref == REPLY.c.ref)
            .where(REPLY.c.created_at > since, REPLY.c.state == ReplyState.SHADOW.value)
            .order_by(REPLY.c.id.desc())
            .limit(limit)
        )
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
            moves = _moves(connection, {row["ref"] for row in rows})
            return tuple(_outcome(row, moves.get(row["ref"], [])) for row in rows)


def _moves(connection: Connection, refs: Iterable[str]) -> dict[str, list[RowMapping]]:
    """The moves that agents made, oldest first."""
    found: dict[str, list[RowMapping]] = {}
    query = select(EVENT).where(EVENT.c.ref.in_(refs), EVENT.c.what == "moved", EVENT.c.by.not_in(_NOBODY))
    for row in connection.execute(query.order_by(EVENT.c.id)).mappings():
        found.setdefault(row["ref"], []).append(row)
    return found


def _outcome(row: RowMapping, moves: Iterable[RowMapping]) -> ShadowOutcome:
    first = next((move for move in moves if move["at"] >= row["created_at"]), None)
    return ShadowOutcome(
        reply_id=row["id"],
        ref=row["ref"],
        kind=row["kind"],
        at=row["created_at"],
        judgement=row["judgement"],
        would_be=after_release(row["kind"], row).value,
        moved_to=first["detail"].partition(" -> ")[2].partition(": ")[0] if first else "",
        by=first["by"] if first else "",
    )
