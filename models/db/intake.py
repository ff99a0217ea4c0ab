"""The door's side of the store: accept mails, lease them to workers, retry or park them.

Promises: `accept` is one commit for any number of mails; a leased mail belongs to one worker until the lease ends; a
mail is never deleted here.
"""

from __future__ import annotations

import secrets
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.db.base import Shelf
from models.db.tables import InboundRow
from models.errors import ClaimLost, NotFound
from models.ticket import Claim, MailState
from models.wire import envelope_from_json, envelope_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection

    from models.arrival import Arrival
    from models.mail import Envelope

INBOUND = InboundRow.__table__  # type: ignore[attr-defined]
_PEEK_BYTES = 65_536


class Intake(Shelf):
    """Inbound mails."""

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        """Store mails, all in one commit; returns their ids in order.

        The same bytes for the same desk are the mail we have: its deliveries are counted, its id is returned.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        with self.write() as connection:
            return tuple(self._accept(connection, arrival) for arrival in arrivals)

    def _accept(self, connection: Connection, arrival: Arrival) -> int:
        insert = pg_insert if connection.dialect.name == "postgresql" else sqlite_insert
        headers = BytesHeaderParser(policy=compat32).parsebytes(arrival.raw[:_PEEK_BYTES])
        statement = (
            insert(INBOUND)
            .values(
                sha256=arrival.sha256,
                desk_address=arrival.desk_address,
                raw=arrival.raw,
                size=len(arrival.raw),
                envelope=envelope_to_json(arrival.envelope),
                received_at=arrival.envelope.received_at,
                state=MailState.RECEIVED.value,
                deliveries=1,
                attempts=0,
                error="",
                sender=_plain(arrival.envelope.mail_from)[:320],
                subject=_plain(str(headers.get("Subject", "")))[:500],
                message_id=_plain(str(headers.get("Message-ID", "")).strip())[:2000],
                body_hash="",
            )
            .on_conflict_do_update(
                index_elements=["sha256", "desk_address"], set_={"deliveries": INBOUND.c.deliveries + 1}
            )
            .returning(INBOUND.c.id)
        )
        return int(connection.execute(statement).scalar_one())

    def claim_mails(self, *, limit: int, lease: timedelta, now: datetime) -> tuple[Claim, ...]:
        """Lease up to `limit` received mails, oldest first; a lease that ran out may be taken over."""
        token = secrets.token_hex(16)
        free = (
            select(INBOUND.c.id)
            .where(INBOUND.c.state == MailState.RECEIVED.value)
            .where(or_(INBOUND.c.claimed_until.is_(None), INBOUND.c.claimed_until <= now))
            .order_by(INBOUND.c.id)
            .limit(limit)
        )
        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                free = free.with_for_update(skip_locked=True)
            taken = connection.execute(
                update(INBOUND)
                .where(INBOUND.c.id.in_(free.scalar_subquery()))
                .values(claimed_until=now + lease, token=token, attempts=INBOUND.c.attempts + 1)
                .returning(INBOUND.c.id, INBOUND.c.attempts, INBOUND.c.raw, INBOUND.c.sha256, INBOUND.c.envelope)
            ).all()
        return tuple(
            Claim(
                mail_id=row.id,
                token=token,
                attempts=row.attempts,
                raw=row.raw,
                sha256=row.sha256,
                envelope_json=row.envelope,
            )
            for row in sorted(taken, key=lambda row: row.id)
        )

    def retry_mail(self, claim: Claim, *, now: datetime, delay: timedelta, error: str) -> None:
        """Give a mail back, not to be claimed before `delay` has passed.

        Raises:
            ClaimLost: Another worker has it.
        """
        self._end_claim(claim, state=MailState.RECEIVED, until=now + delay, error=error)

    def park_mail(self, claim: Claim, *, error: str, now: datetime) -> None:
        """Set a mail aside where agents see it, raw and whole.

        Raises:
            ClaimLost: Another worker has it.
        """
        self._end_claim(claim, state=MailState.PARKED, until=now, error=error)

    def _end_claim(self, claim: Claim, *, state: MailState, until: datetime, error: str) -> None:
        with self.write() as connection:
            done = connection.execute(
                update(INBOUND)
                .where(
                    INBOUND.c.id == claim.mail_id,
                    INBOUND.c.token == claim.token,
                    INBOUND.c.state == MailState.RECEIVED.value,
                )
                .values(state=state.value, claimed_until=until, token=None, error=_plain(error)[:500])
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
                .values(state=MailState.RECEIVED.value, attempts=0, claimed_until=None)
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


def _plain(text: str) -> str:
    """Text that both engines take: no NUL, no lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
