"""Where events go, and each one on its way there.

Promises: an event that a webhook wants goes there at least once, however many machines make and send the calls; of one
ticket the next event waits until the one before has arrived or was given up. What happened before a webhook was made,
or while it was off, does not go there.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, insert, select, update

from models.db.base import Shelf
from models.db.desk_rules import add_desk_event
from models.db.filing import EVENT
from models.db.history import latest_event, new_lines
from models.db.leases import is_free, take
from models.db.rows import names
from models.db.tables import WebhookCallRow, WebhookRow
from models.errors import ClaimLost, NotFound
from models.programs import CallClaim, Webhook, WebhookCall, event_name, is_wanted
from models.wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, RowMapping

    from models.programs import NewEvent

WEBHOOK = WebhookRow.__table__  # type: ignore[attr-defined]
CALL = WebhookCallRow.__table__  # type: ignore[attr-defined]
QUEUED, SENT, FAILED = "queued", "sent", "failed"
GIVES_UP = timedelta(days=3)  # of failures only: then nobody listens there
KEPT = timedelta(days=14)  # what has arrived or was given up
SECRET_PREFIX = "whsec_"  # noqa: S105 - by which people know one
_TURNED_OFF = "the webhook was turned off"


class Webhooks(Shelf):
    """Where events go, and each one on its way there."""

    def add_webhook(
        self, url: str, events: Sequence[str], *, has_subject: bool, by: str, now: datetime
    ) -> tuple[int, str]:
        """A new webhook, and the secret that signs what goes there: returned here and never again."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        values = {
            "url": url,
            "secret": secret,
            "events": dump(list(events)),
            "is_on": True,
            "by": by,
            "at": now,
            "has_subject": has_subject,
        }
        with self.write() as connection:
            made = connection.execute(insert(WEBHOOK).values(last_event=latest_event(connection), **values))
            add_desk_event(connection, now, by, "webhook_added", url)
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0]), secret

    def turn_webhook(self, webhook_id: int, *, is_on: bool, by: str, now: datetime) -> None:
        """Turn a webhook off, giving up what waits for it, or on from now. May be called twice.

        Raises:
            NotFound: No such webhook.
        """
        with self.write() as connection:
            row = _held(connection, webhook_id)
            if bool(row["is_on"]) is is_on:
                return
            if is_on:
                values = {"is_on": True, "failing_since": None, "last_event": latest_event(connection)}
                connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook_id).values(**values))
            else:
                _turn_off(connection, webhook_id)
            add_desk_event(connection, now, by, "webhook_on" if is_on else "webhook_off", row["url"])

    def drop_webhook(self, webhook_id: int, *, by: str, now: datetime) -> None:
        """The webhook and all its calls are gone.

        Raises:
            NotFound: No such webhook.
        """
        with self.write() as connection:
            row = _held(connection, webhook_id)
            connection.execute(delete(CALL).where(CALL.c.webhook_id == webhook_id))
            connection.execute(delete(WEBHOOK).where(WEBHOOK.c.id == webhook_id))
            add_desk_event(connection, now, by, "webhook_dropped", row["url"])

    def webhooks(self) -> tuple[Webhook, ...]:
        """All of them, in the order they were made."""
        waiting = (
            select(CALL.c.webhook_id, func.count().label("waiting"))
            .where(CALL.c.state == QUEUED)
            .group_by(CALL.c.webhook_id)
            .subquery()
        )
        query = (
            select(WEBHOOK, func.coalesce(waiting.c.waiting, 0).label("waiting"))
            .outerjoin(waiting, waiting.c.webhook_id == WEBHOOK.c.id)
            .order_by(WEBHOOK.c.id)
        )
        with self.read() as connection:
            return tuple(_webhook(row) for row in connection.execute(query).mappings())

    def webhook(self, webhook_id: int) -> Webhook:
        """One of them.

        Raises:
            NotFound: No such webhook.
        """
        found = next((one for one in self.webhooks() if one.webhook_id == webhook_id), None)
        if found is None:
            raise NotFound(f"no webhook {webhook_id}")
        return found

    def webhook_calls(self, webhook_id: int, *, limit: int = 50, before: int | None = None) -> tuple[WebhookCall, ...]:
        """What went to one of them, the newest first; `before` is the id of the last one of the page before."""
        columns = [column for column in CALL.c if column.name not in {"body", "token", "claimed_until"}]
        query = select(*columns).where(CALL.c.webhook_id == webhook_id).order_by(CALL.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(CALL.c.id < before)
        with self.read() as connection:
            return tuple(_call(row) for row in connection.execute(query).mappings())

    def call_body(self, call_id: int) -> str:
        """What one call says.

        Raises:
            NotFound: No such call.
        """
        with self.read() as connection:
            body = connection.execute(select(CALL.c.body).where(CALL.c.id == call_id)).scalar()
        if body is None:
            raise NotFound(f"no call {call_id}")
        return str(body)

    def call_again(self, call_id: int, *, by: str, now: datetime) -> int:
        """Send a call again that has arrived or was given up, with a new day to try; returns its webhook's id.

        Raises:
            NotFound: No such call.
        """
        with self.write() as connection:
            row = connection.execute(select(CALL.c.webhook_id, CALL.c.ref).where(CALL.c.id == call_id)).first()
            if row is None:
                raise NotFound(f"no call {call_id}")
            done = connection.execute(
                update(CALL)
                .where(CALL.c.id == call_id, CALL.c.state != QUEUED)
                .values(state=QUEUED, attempts=0, next_at=now, at=now, error="", token=None, claimed_until=None)
            )
            if done.rowcount:
                add_desk_event(connection, now, by, "webhook_again", f"{call_id} {row.ref}")
        return int(row.webhook_id)

    def queue_calls(self, write_body: Callable[[NewEvent, bool], str], *, now: datetime) -> int:
        """Make the calls that new events bring, each once; how many.

        Args:
            write_body: The JSON text of an event, with the ticket's subject or without.
            now: The time.
        """
        latest = select(func.coalesce(func.max(EVENT.c.id), 0)).scalar_subquery()
        with self.read() as connection:
            behind = connection.execute(
                select(WEBHOOK.c.id).where(WEBHOOK.c.is_on.is_(True), WEBHOOK.c.last_event < latest)
            )
            ids = behind.scalars().all()
        return sum(self._queue_for(webhook_id, write_body, now) for webhook_id in ids)

    def _queue_for(self, webhook_id: int, write_body: Callable[[NewEvent, bool], str], now: datetime) -> int:
        made = 0
        with self.write() as connection:
            query = select(WEBHOOK).where(WEBHOOK.c.id == webhook_id, WEBHOOK.c.is_on.is_(True))
            if connection.dialect.name == "postgresql":
                query = query.with_for_update(skip_locked=True)  # another machine is at it
            row = connection.execute(query).mappings().first()
            if row is None:
                return 0
            news = new_lines(connection, row["last_event"], now)
            wanted = [one for one in news.events if is_wanted(event_name(one.what), names(row["events"]))]
            for event in _without_known(connection, webhook_id, wanted):
                values = {
                    "webhook_id": webhook_id,
                    "event_id": event.event_id,
                    "ref": event.ref,
                    "what": event_name(event.what),
                    "body": write_body(event, bool(row["has_subject"])),
                    "state": QUEUED,
                    "attempts": 0,
                    "next_at": now,
                    "error": "",
                    "at": now,
                    "answer": 0,
                }
                connection.execute(insert(CALL).values(**values))
                made += 1
            if news.last_event != row["last_event"]:
                connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook_id).values(last_event=news.last_event))
        return made

    def webhooks_due(self, *, now: datetime) -> tuple[int, ...]:
        """The webhooks that have a call to send."""
        query = (
            select(CALL.c.webhook_id)
            .join(WEBHOOK, WEBHOOK.c.id == CALL.c.webhook_id)
            .where(WEBHOOK.c.is_on.is_(True), CALL.c.state == QUEUED, CALL.c.next_at <= now)
            .distinct()
        )
        with self.read() as connection:
            return tuple(sorted(connection.execute(query.where(is_free(CALL, now))).scalars()))

    def claim_calls(self, webhook_id: int, *, limit: int, lease: timedelta, now: datetime) -> tuple[CallClaim, ...]:
        """Lease calls that are due, of each ticket the first that has not gone yet; one only while nothing arrives."""
        earlier = CALL.alias()
        due = (
            select(CALL.c.id)
            .where(CALL.c.webhook_id == webhook_id, CALL.c.state == QUEUED, CALL.c.next_at <= now)
            .where(is_free(CALL, now))
            .where(
                ~exists().where(
                    earlier.c.webhook_id == webhook_id,
                    earlier.c.state == QUEUED,
                    earlier.c.ref == CALL.c.ref,
                    earlier.c.event_id < CALL.c.event_id,
                )
            )
            .order_by(CALL.c.event_id)
        )
        token = secrets.token_hex(16)
        with self.write() as connection:
            hook = connection.execute(
                select(WEBHOOK).where(WEBHOOK.c.id == webhook_id, WEBHOOK.c.is_on.is_(True))
            ).first()
            if hook is None:
                return ()
            most = limit if hook.failing_since is None else 1
            taken = take(connection, CALL, due.limit(most), until=now + lease, token=token)
        return tuple(
            CallClaim(
                call_id=row.id,
                webhook_id=webhook_id,
                token=token,
                attempts=row.attempts,
                ref=row.ref,
                what=row.what,
                body=row.body,
                at=row.at,
                url=hook.url,
                secret=hook.secret,
            )
            for row in sorted(taken, key=lambda row: int(row.event_id))
        )

    def call_arrived(self, claim: CallClaim, *, answer: int, now: datetime) -> None:
        """The receiver took it.

        Raises:
            ClaimLost: The lease ran out and another process has the call.
        """
        with self.write() as connection:
            row = _held_by(connection, claim)
            _end(connection, claim, state=SENT, answer=answer, error="", tried_at=now)
            if row["failing_since"] is not None:
                connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == claim.webhook_id).values(failing_since=None))

    def call_failed(
        self, claim: CallClaim, *, answer: int, error: str, next_at: datetime | None, now: datetime
    ) -> bool:
        """It did not arrive: try again then, or never; a webhook that nothing reached for days is turned off.

        Returns:
            True if the webhook was turned off.

        Raises:
            ClaimLost: The lease ran out and another process has the call.
        """
        values = {"state": FAILED} if next_at is None else {"next_at": next_at}
        with self.write() as connection:
            row = _held_by(connection, claim)
            _end(connection, claim, answer=answer, error=error[:500], tried_at=now, **values)
            if row["failing_since"] is None:
                connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == claim.webhook_id).values(failing_since=now))
            elif row["is_on"] and row["failing_since"] <= now - GIVES_UP:
                _turn_off(connection, claim.webhook_id)
                add_desk_event(connection, now, "uketsuke", "webhook_gave_up", row["url"])
                return True
        return False

    def forget_webhook_calls(self, *, now: datetime) -> None:
        """What arrived or was given up long ago."""
        with self.write() as connection:
            connection.execute(delete(CALL).where(CALL.c.state != QUEUED, CALL.c.at <= now - KEPT))


def _held(connection: Connection, webhook_id: int) -> RowMapping:
    query = select(WEBHOOK).where(WEBHOOK.c.id == webhook_id)
    if connection.dialect.name == "postgresql":
        query = query.with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"no webhook {webhook_id}")
    return row


def _held_by(connection: Connection, claim: CallClaim) -> RowMapping:
    """The webhook of a call, locked before the call as everywhere."""
    try:
        return _held(connection, claim.webhook_id)
    except NotFound:
        raise ClaimLost(f"call {claim.call_id}") from None


def _turn_off(connection: Connection, webhook_id: int) -> None:
    connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook_id).values(is_on=False))
    connection.execute(
        update(CALL)
        .where(CALL.c.webhook_id == webhook_id, CALL.c.state == QUEUED)
        .values(state=FAILED, error=_TURNED_OFF, token=None, claimed_until=None)
    )


def _without_known(connection: Connection, webhook_id: int, events: Sequence[NewEvent]) -> list[NewEvent]:
    """Those that have no call yet."""
    if not events:
        return []
    query = select(CALL.c.event_id).where(
        CALL.c.webhook_id == webhook_id, CALL.c.event_id >= events[0].event_id, CALL.c.event_id <= events[-1].event_id
    )
    known = set(connection.execute(query).scalars())
    return [event for event in events if event.event_id not in known]


def _end(connection: Connection, claim: CallClaim, **values: object) -> None:
    done = connection.execute(
        update(CALL)
        .where(CALL.c.id == claim.call_id, CALL.c.token == claim.token, CALL.c.state == QUEUED)
        .values(token=None, claimed_until=None, **values)
    )
    if done.rowcount != 1:
        raise ClaimLost(f"call {claim.call_id}")


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        webhook_id=row["id"],
        url=row["url"],
        events=names(row["events"]),
        is_on=row["is_on"],
        by=row["by"],
        at=row["at"],
        has_subject=row["has_subject"],
        failing_since=row["failing_since"],
        waiting=row["waiting"],
    )


def _call(row: RowMapping) -> WebhookCall:
    return WebhookCall(
        call_id=row["id"],
        webhook_id=row["webhook_id"],
        event_id=row["event_id"],
        ref=row["ref"],
        what=row["what"],
        state=row["state"],
        attempts=row["attempts"],
        answer=row["answer"],
        error=row["error"],
        at=row["at"],
        tried_at=row["tried_at"],
        next_at=row["next_at"],
    )
