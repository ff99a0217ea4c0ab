"""One mail found by any id that people have of it, with everything that was stored about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf
from models.db.filing import READING
from models.db.queue import MAIL_COLUMNS
from models.db.rows import full_mail_view
from models.db.threads import REPLY, TICKET
from models.errors import NotFound
from models.trace import Traced
from models.wire import envelope_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

SHORTEST_HASH = 8
_MOST_FOUND = 20
_NUMBER = re.compile(r"[0-9]{1,10}")
_REF = re.compile(r"T[0-9]{6,12}", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{8,64}", re.IGNORECASE)
_LARGEST_ID = 2**31 - 1


class Traces(Shelf):
    """Mails by any id."""

    def mails_of(self, what: str) -> tuple[int, ...]:
        """The mails that this is an id of, at most twenty.

        Args:
            what: A mail's number; a ticket's reference, which stands for its first mail; a Message-ID of the customer's or of
                a letter of ours, with or without its brackets; at least eight digits of the SHA-256 of the mail as it came or
                without the trace headers on its top. The latter is found at once, the former by a look at every mail.
        """
        with self.read() as connection:
            for query in _queries(what.strip()):
                found = tuple(connection.execute(query.limit(_MOST_FOUND)).scalars())
                if found:
                    return found
        return ()

    def traced(self, mail_id: int) -> Traced:
        """One mail; its ticket is `Store.ticket` of its `ref`, which is empty where there is none.

        Raises:
            NotFound: No such mail.
        """
        with self.read() as connection:
            row = connection.execute(_whole(mail_id)).mappings().first()
            if row is None:
                raise NotFound(f"no mail {mail_id}")
            letters = frozenset(connection.execute(select(REPLY.c.id).where(REPLY.c.mail_id == mail_id)).scalars())
            has_ticket = _is_there(connection, row["ref"])
        return Traced(
            mail=full_mail_view(row),
            envelope=envelope_from_json(row["envelope"]),
            desk_address=row["desk_address"],
            content_sha256=row["content_hash"],
            attempts=row["attempts"],
            claimed_until=row["claimed_until"],
            is_claimed=row["token"] is not None,
            waited_since=row["waited_since"],
            letters=letters,
            ref=row["ref"] if has_ticket else "",
        )


def _queries(what: str) -> Iterator[Select[Any]]:
    """What it may be, the likeliest first; all but the last are looked up in an index."""
    mail = select(INBOUND.c.id).order_by(INBOUND.c.id)
    if _NUMBER.fullmatch(what) and int(what) <= _LARGEST_ID:
        yield mail.where(INBOUND.c.id == int(what))
    if _REF.fullmatch(what):
        ref = what.upper()
        yield mail.where(INBOUND.c.id == mail.where(INBOUND.c.ref == ref).limit(1).scalar_subquery())
        # Merged into another, or split from it: the mail that it began with.
        yield mail.where(INBOUND.c.id == select(TICKET.c.number).where(TICKET.c.ref == ref).scalar_subquery())
    if _HASH.fullmatch(what):
        first = what.lower()
        last = first + "g"  # behind every hash that begins so
        yield mail.where(INBOUND.c.content_hash >= first, INBOUND.c.content_hash < last)
        yield mail.where(INBOUND.c.sha256 >= first, INBOUND.c.sha256 < last)
        return
    if what:
        message_id = what if what.startswith("<") else f"<{what}>"
        yield mail.where(INBOUND.c.message_hash == message_hash(message_id))
        yield select(REPLY.c.mail_id).where(REPLY.c.message_id == message_id)


def _whole(mail_id: int) -> Select[Any]:
    columns = (INBOUND.c.envelope, INBOUND.c.desk_address, INBOUND.c.content_hash, INBOUND.c.attempts)
    lease = (INBOUND.c.claimed_until, INBOUND.c.token, INBOUND.c.waited_since)
    return (
        select(*MAIL_COLUMNS, *columns, *lease, READING.c.mail, READING.c.assessment, READING.c.decision)
        .outerjoin(READING, READING.c.mail_id == INBOUND.c.id)
        .where(INBOUND.c.id == mail_id)
    )


def _is_there(connection: Connection, ref: str | None) -> bool:
    return connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref)).first() is not None
