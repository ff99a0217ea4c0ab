"""The door's side of the store: accept mails, lease them to workers, retry or park them.

Promises: `accept` is one commit for any number of mails; a leased mail belongs to one worker until the lease ends; a
mail that kills or hangs its workers is parked in the end; a mail is never deleted here.
"""

from __future__ import annotations

import secrets
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, select, update

from models.db.accept import accept_with_driver, accept_with_psycopg, ids_with_driver, message_hash, row_of
from models.db.at_once import AtOnce
from models.db.base import Shelf
from models.db.bell import Topic
from models.db.bell import note as ring_for
from models.db.direct import Direct
from models.db.leases import is_free, take
from models.db.peek import plain
from models.db.tables import InboundRow
from models.errors import ClaimLost, NotFound
from models.ticket import Claim, MailState
from models.wire import envelope_from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection

    from models.arrival import Arrival
    from models.db.accept import Row
    from models.db.in_flight import InFlight
    from models.mail import Envelope

INBOUND = InboundRow.__table__  # type: ignore[attr-defined]
MAX_ATTEMPTS = 3
WORKER_LOST = "every worker that took this mail was killed or hung"
_CLAIMED = [INBOUND.c[name] for name in ("id", "attempts", "raw", "sha256", "envelope", "waited_since")]
_UNREAD = (
    select(INBOUND.c.id)
    .where(
        INBOUND.c.message_hash.in_(bindparam("hashes", expanding=True)),
        INBOUND.c.state == MailState.RECEIVED.value,
        INBOUND.c.id != bindparam("but"),
    )
    .limit(1)
)


class Intake(Shelf):
    """Inbound mails."""

    _at_once: AtOnce | None = None

    def __init__(self, url: str, *, connections: int = 5) -> None:
        super().__init__(url, connections=connections)
        self._door, self._door_lock = Direct(self._engine), Lock()

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        """Store mails, all in one commit; returns their ids in order.

        The same mail for the same desk, but for the trace headers on its top, is the mail we have: the bytes of its
        first delivery stay, its deliveries are counted, its id is returned.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        rows = [row_of(arrival) for arrival in arrivals]
        if not rows:
            return ()
        if self.is_sqlite:
            with self.sqlite_cursor() as cursor:
                accept_with_driver(cursor, rows)
                return ids_with_driver(cursor, rows)
        return self._accept_straight(rows)

    def prepare(self, arrival: Arrival) -> Row:
        """All that is to be stored of a mail, worked out; for `accept_prepared`."""
        return row_of(arrival)

    def accept_prepared(self, rows: Sequence[Row]) -> None:
        """As `accept`, for at least one mail, prepared before; for the door, which asks for no ids.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        if self.is_sqlite:
            with self.sqlite_cursor() as cursor:
                accept_with_driver(cursor, rows)
            return
        self._accept_straight(rows)

    def _accept_straight(self, rows: Sequence[Row]) -> tuple[int, ...]:
        """On PostgreSQL. Safe to be done twice: the second time it would count a delivery more."""
        with self._door_lock:
            ids = self._door.run(lambda cursor: accept_with_psycopg(cursor, rows))
        self._bell.ring([Topic.MAIL])
        return ids

    def accept_at_once(self, rows: Sequence[Row]) -> bool:
        """As `accept_prepared`, if that can be done within milliseconds; False if not, and nothing was stored.

        For the one thread that listens. Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        if not self.is_sqlite:
            return False
        if self._at_once is None:
            self._at_once = AtOnce(self._engine)
        return self._at_once.accept(rows)

    def send_off(self, rows: Sequence[Row]) -> InFlight | None:
        """Begin what `accept_prepared` does, on PostgreSQL and without a wait; None where that cannot be begun.

        For the one thread that listens: it calls `step` until that is true, or fails and leaves it to `accept_prepared`.
        """
        if self.is_sqlite or not self._door_lock.acquire(blocking=False):
            return None
        flight = None
        try:
            flight = self._door.send_off(rows, self._has_landed)
        finally:
            if flight is None:
                self._door_lock.release()
        return flight

    def _has_landed(self, flight: InFlight) -> None:
        self._door_lock.release()
        if flight.is_stored:
            self._bell.ring([Topic.MAIL])

    def close(self) -> None:
        """Let go of the connections."""
        if self._at_once is not None:
            self._at_once.close()
        self._door.close()
        super().close()

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
            chosen = select(INBOUND.c.id).where(INBOUND.c.id.in_(ids))
            taken = take(connection, INBOUND, chosen, until=now + lease, token=token, columns=_CLAIMED)
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
            for row in taken
        )

    def answers_unread_mail(self, message_ids: Iterable[str], *, mail_id: int) -> bool:
        """Does one of these Message-IDs belong to another mail that is received but not yet a ticket?"""
        hashes = sorted({message_hash(one) for one in message_ids})
        if not hashes:
            return False
        with self.read() as connection:
            return connection.execute(_UNREAD, {"hashes": hashes, "but": mail_id}).first() is not None

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
            ring_for(connection, Topic.MAIL)

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


def _claimable(connection: Connection, limit: int, now: datetime, max_attempts: int) -> list[int]:
    """The mails to lease next, locked; those that have used up their attempts are parked on the way."""
    free = (
        select(INBOUND.c.id, INBOUND.c.attempts)
        .where(INBOUND.c.state == MailState.RECEIVED.value)
        .where(is_free(INBOUND, now))
        .order_by(INBOUND.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
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
