"""The door's side of the store: accept mails, lease them to workers, retry or park them.

Promises: `accept` is one commit for any number of mails; a leased mail belongs to one worker until the lease ends; a
mail that kills or hangs its workers is parked in the end; a mail is never deleted here.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.db.base import Shelf
from models.db.peek import peek, plain
from models.db.tables import InboundRow
from models.errors import ClaimLost, NotFound
from models.ticket import Claim, MailState
from models.wire import envelope_from_json, envelope_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.dml import ReturningInsert

    from models.arrival import Arrival
    from models.mail import Envelope

INBOUND = InboundRow.__table__  # type: ignore[attr-defined]
MAX_ATTEMPTS = 3
WORKER_LOST = "every worker that took this mail was killed or hung"


class Intake(Shelf):
    """Inbound mails."""

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        """Store mails, all in one commit; returns their ids in order.

        The same mail for the same desk, but for the trace headers on its top, is the mail we have: the bytes of its
        first delivery stay, its deliveries are counted, its id is returned.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        with self.write() as connection:
            return tuple(self._accept(connection, arrival) for arrival in arrivals)

    def _accept(self, connection: Connection, arrival: Arrival) -> int:
        head = peek(arrival.raw)
        values = {
            "sha256": arrival.sha256,
            "content_hash": arrival.content_sha256,
            "desk_address": arrival.desk_address,
            "raw": arrival.raw,
            "size": len(arrival.raw),
            "envelope": envelope_to_json(arrival.envelope),
            "received_at": arrival.envelope.received_at,
            "state": MailState.RECEIVED.value,
            "deliveries": 1,
            "attempts": 0,
            "error": "",
            "sender": plain(arrival.envelope.mail_from)[:320],
            "subject": head.subject[:500],
            "message_id": head.message_id[:2000],
            "message_hash": message_hash(head.message_id) if head.message_id else "",
            "body_hash": "",
            "is_automatic": False,
        }
        made = connection.execute(_insert_unless_known(connection.dialect.name), values).scalar()
        if made is not None:
            return int(made)
        again = (
            update(INBOUND)
            .where(INBOUND.c.content_hash == arrival.content_sha256, INBOUND.c.desk_address == arrival.desk_address)
            .values(deliveries=INBOUND.c.deliveries + 1)
            .returning(INBOUND.c.id)
        )
        return int(connection.execute(again).scalar_one())

    def claim_mails(
        self, *, limit: int, lease: timedelta, now: datetime, max_attempts: int = MAX_ATTEMPTS
    ) -> tuple[Claim, ...]:
        """Lease up to `limit` received mails, oldest first; a lease that ran out may be taken over.

        A mail that was claimed before and never finished is a suspect and comes alone, so that it charges no other
        with its attempts; one whose attempts are used up killed or hung its workers, and is parked here.
        """
        token = secrets.token_hex(16)
        with self.write() as connection:
            ids = _claimable(connection, limit, now, max_attempts)
            if not ids:
                return ()
            taken = connection.execute(
                update(INBOUND)
                .where(INBOUND.c.id.in_(ids))
                .values(claimed_until=now + lease, token=token, attempts=INBOUND.c.attempts + 1)
                .returning(
                    INBOUND.c.id,
                    INBOUND.c.attempts,
                    INBOUND.c.raw,
                    INBOUND.c.sha256,
                    INBOUND.c.envelope,
                    INBOUND.c.waited_since,
                )
            ).all()
        return tuple(
            Claim(
                mail_id=row.id,
                token=token,
                attempts=row.attempts,
                raw=row.raw,
                sha256=row.sha256,
                envelope_json=row.envelope,
                waited_since=row.waited_since,
            )
            for row in sorted(taken, key=lambda row: row.id)
        )

    def answers_unread_mail(self, message_ids: Iterable[str], *, mail_id: int) -> bool:
        """Does one of these Message-IDs belong to another mail that is received but not yet a ticket?"""
        hashes = {message_hash(one) for one in message_ids}
        query = select(INBOUND.c.id).where(
            INBOUND.c.message_hash.in_(hashes),
            INBOUND.c.state == MailState.RECEIVED.value,
            INBOUND.c.id != mail_id,
        )
        with self.read() as connection:
            return bool(hashes) and connection.execute(query.limit(1)).first() is not None

    def put_back_mail(self, claim: Claim, *, now: datetime, delay: timedelta) -> None:
        """Let the mail that this one answers go first: claimed again after `delay`, without an attempt counted.

        Raises:
            ClaimLost: Another worker has it.
        """
        self._end_claim(
            claim,
            state=MailState.RECEIVED,
            until=now + delay,
            error="",
            attempts=INBOUND.c.attempts - 1,
            waited_since=claim.waited_since or now,
        )

    def retry_mail(self, claim: Claim, *, now: datetime, delay: timedelta, error: str, is_counted: bool = True) -> None:
        """Give a mail back, not to be claimed before `delay` has passed.

        Args:
            claim: The lease to end.
            now: The time.
            delay: How long nobody claims it.
            error: What went wrong, shown to agents; nothing of the mail's content.
            is_counted: False where the mail is not to blame, so that this try is none of its attempts.

        Raises:
            ClaimLost: Another worker has it.
        """
        attempts = {} if is_counted else {"attempts": INBOUND.c.attempts - 1}
        self._end_claim(claim, state=MailState.RECEIVED, until=now + delay, error=error, **attempts)

    def park_mail(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Set a mail aside where agents see it, raw and whole.

        Raises:
            ClaimLost: Another worker has it.
        """
        self._end_claim(claim, state=MailState.PARKED, until=now, error=error)

    def _end_claim(
        self,
        claim: Claim,
        *,
        state: MailState,
        until: datetime,
        error: str,
        **values: Any,  # noqa: ANN401 - columns
    ) -> None:
        with self.write() as connection:
            done = connection.execute(
                update(INBOUND)
                .where(
                    INBOUND.c.id == claim.mail_id,
                    INBOUND.c.token == claim.token,
                    INBOUND.c.state == MailState.RECEIVED.value,
                )
                .values(state=state.value, claimed_until=until, token=None, error=plain(error)[:500], **values)
            )
            if done.rowcount != 1:
                raise ClaimLost(f"mail {claim.mail_id}")

    def unpark_mail(self, mail_id: int) -> None:
        """Let the workers try a parked mail again.

        Raises:
            NotFound: No parked mail has this id.
        """
        with self.write() as connection:
            done = connection.execute(
                update(INBOUND)
                .where(INBOUND.c.id == mail_id, INBOUND.c.state == MailState.PARKED.value)
                .values(state=MailState.RECEIVED.value, attempts=0, claimed_until=None, token=None)
            )
            if done.rowcount != 1:
                raise NotFound(f"no parked mail {mail_id}")

    def envelope(self, mail_id: int) -> Envelope:
        """The envelope of a mail.

        Raises:
            NotFound: No such mail.
        """
        with self.read() as connection:
            text = connection.execute(select(INBOUND.c.envelope).where(INBOUND.c.id == mail_id)).scalar()
        if text is None:
            raise NotFound(f"no mail {mail_id}")
        return envelope_from_json(text)

    def raw_mail(self, mail_id: int) -> bytes:
        """The bytes as received.

        Raises:
            NotFound: No such mail.
        """
        with self.read() as connection:
            raw = connection.execute(select(INBOUND.c.raw).where(INBOUND.c.id == mail_id)).scalar()
        if raw is None:
            raise NotFound(f"no mail {mail_id}")
        return bytes(raw)


def message_hash(message_id: str) -> str:
    """The key of a Message-ID in an index: ids may be of any length, the hash is not."""
    return hashlib.sha256(message_id.strip().encode("utf-8", "replace")).hexdigest()


@lru_cache(maxsize=2)
def _insert_unless_known(dialect: str) -> ReturningInsert[int]:
    """Built once: at the door, building the statement anew for each mail costs more than the insert."""
    insert = pg_insert if dialect == "postgresql" else sqlite_insert
    return insert(INBOUND).on_conflict_do_nothing().returning(INBOUND.c.id)


def _claimable(connection: Connection, limit: int, now: datetime, max_attempts: int) -> list[int]:
    """The mails to lease next, locked; those that have used up their attempts are parked on the way."""
    free = (
        select(INBOUND.c.id, INBOUND.c.attempts)
        .where(INBOUND.c.state == MailState.RECEIVED.value)
        .where(or_(INBOUND.c.claimed_until.is_(None), INBOUND.c.claimed_until <= now))
        .order_by(INBOUND.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        free = free.with_for_update(skip_locked=True)
    while rows := connection.execute(free).all():
        spent = [row.id for row in rows if row.attempts >= max_attempts]
        if not spent:
            return [rows[0].id] if rows[0].attempts else [row.id for row in rows if not row.attempts]
        _park_spent(connection, spent, now)
    return []


def _park_spent(connection: Connection, ids: list[int], now: datetime) -> None:
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id.in_(ids))
        .values(
            state=MailState.PARKED.value,
            claimed_until=now,
            token=None,
            error=case((INBOUND.c.token.is_(None) & (INBOUND.c.error != ""), INBOUND.c.error), else_=WORKER_LOST),
        )
    )
