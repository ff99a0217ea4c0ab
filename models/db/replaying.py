"""For a replay: what stored mails and agents did, in order; and a store that takes the same mails over with their ids.

Promises: reading changes nothing; a store that is filled from another has its mails under the same ids, so that tickets
and letters get the same references and what customers answered then still answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from models.db.base import Shelf
from models.db.desk_rules import ADDRESS_RULE, DESK_EVENT, LETTER_MODE, are_letters_on
from models.db.filing import EVENT, READING, insert_if_new
from models.db.intake import INBOUND
from models.db.letter_texts import TEXT
from models.db.limits import MACHINE
from models.db.threads import CUSTOMER_ACCOUNT, REPLY, THREAD
from models.decision import AGENT, LetterKind
from models.mail import Trust, TrustFound
from models.ticket import MailState
from models.wire import decision_from_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from models.decision import Decision

_PAGE = 200
_MAIL = select(INBOUND, READING.c.mail.label("read"), READING.c.decision).join(
    READING, READING.c.mail_id == INBOUND.c.id
)
_MOVED, _RELEASED = "moved", "reply_queued"
_BY_HAND = (_MOVED, _RELEASED, "reply_discarded")  # events of agents that change how a thread goes on
_BY_ITSELF = (MACHINE, "customer")
# What agents have set, and that counts for every mail from then on; of texts the current ones.
_SET = {table.name: table for table in (CUSTOMER_ACCOUNT, LETTER_MODE, ADDRESS_RULE, TEXT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One triaged mail, as it came and as it was decided."""

    mail_id: int
    row: dict[str, Any]  # of the inbound table, as received
    received_at: datetime
    ref: str
    decision: Decision
    trust: TrustFound
    letter: StoredLetter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """The letter that one mail got."""

    kind: str
    state: str
    reason: str
    judgement: str
    asked: tuple[str, ...]
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandMove:
    """What an agent did to a ticket or to its letter."""

    at: datetime
    by: str
    ref: str
    what: str
    detail: str


class Replaying(Shelf):
    """Both sides of a replay."""

    def replayed_refs(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """The ticket of each mail that a replay of [since, until) decides anew, in the order of the mails."""
        with self.read() as connection:
            query = select(INBOUND.c.ref).where(INBOUND.c.id.in_(_wanted(since, until))).order_by(INBOUND.c.id)
            return tuple(connection.execute(query).scalars())

    def stored_mails(self, since: datetime, until: datetime) -> Iterator[StoredMail]:
        """Every triaged mail of [since, until), with all earlier ones of the same tickets; in the order of arrival."""
        wanted, after = _wanted(since, until), 0
        while page := self._page(_MAIL.where(INBOUND.c.id > after, INBOUND.c.id.in_(wanted))):
            yield from page
            after = page[-1].mail_id

    def stored_mail(self, mail_id: int) -> StoredMail | None:
        """One mail; None if it is not triaged."""
        return next(iter(self._page(_MAIL.where(INBOUND.c.id == mail_id))), None)

    def _page(self, query: Any) -> list[StoredMail]:  # noqa: ANN401 - a query
        with self.read() as connection:
            rows = connection.execute(query.order_by(INBOUND.c.id).limit(_PAGE)).mappings().all()
            letters = _letters(connection, [row["id"] for row in rows])
        return [_stored(row, letters.get(row["id"])) for row in rows]

    def hand_moves(self, refs: Sequence[str]) -> tuple[HandMove, ...]:
        """What agents did to these tickets, in order. A released letter moves its ticket by itself: that move is none."""
        found: list[tuple[int, HandMove]] = []
        for start in range(0, len(refs), _PAGE):
            query = (
                select(EVENT)
                .where(EVENT.c.ref.in_(refs[start : start + _PAGE]), EVENT.c.what.in_(_BY_HAND))
                .where(EVENT.c.by.not_in(_BY_ITSELF))
            )
            with self.read() as connection:
                found += [
                    (row["id"], HandMove(**{name: row[name] for name in ("at", "by", "ref", "what", "detail")}))
                    for row in connection.execute(query).mappings()
                ]
        released = {(one.ref, one.by, one.at) for _, one in found if one.what == _RELEASED}
        moves = (
            pair for pair in found if pair[1].what != _MOVED or (pair[1].ref, pair[1].by, pair[1].at) not in released
        )
        return tuple(one for _, one in sorted(moves, key=lambda pair: (pair[1].at, pair[0])))

    def desk_settings(self) -> dict[str, list[dict[str, Any]]]:
        """What agents have set, by table: confirmed accounts, modes, the block and allow list, texts saved for letters."""
        with self.read() as connection:
            queries = {name: select(table) for name, table in _SET.items()}
            queries[TEXT.name] = queries[TEXT.name].where(TEXT.c.is_current.is_(True))
            return {
                name: [dict(row) for row in connection.execute(query).mappings()] for name, query in queries.items()
            }

    def adopt_desk_settings(self, rows: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """Take over what agents have set in another store."""
        with self.write() as connection:
            for name, table in _SET.items():
                if rows.get(name):
                    connection.execute(insert(table), list(rows[name]))

    def was_stopped(self, since: datetime, until: datetime) -> bool:
        """Are all letters stopped, or did someone stop or resume them in [since, until)?"""
        query = select(DESK_EVENT.c.id).where(
            DESK_EVENT.c.what.in_(("letters_stopped", "letters_resumed")),
            DESK_EVENT.c.at >= since,
            DESK_EVENT.c.at < until,
        )
        with self.read() as connection:
            return not are_letters_on(connection) or connection.execute(query.limit(1)).first() is not None

    def mail_error(self, mail_id: int) -> str:
        """Why a mail is not triaged: of the last try; empty if none failed."""
        with self.read() as connection:
            return str(connection.execute(select(INBOUND.c.error).where(INBOUND.c.id == mail_id)).scalar() or "")

    def adopt_mail(self, mail: StoredMail) -> None:
        """Take a mail over under its id, as just received."""
        with self.write() as connection:
            connection.execute(insert(INBOUND).values(**mail.row))

    def adopt_message_id(self, message_hash: str, ref: str) -> None:
        """A letter that went out then leads to its ticket, whether it would go out now or not."""
        with self.write() as connection:
            values = {"message_hash": message_hash, "ref": ref, "sender": ""}
            insert_if_new(connection, THREAD, values, ["message_hash", "ref"])

    def letter_keys(self, refs: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """(key, ref) of every Message-ID of ours that leads to one of these tickets."""
        found: list[tuple[str, str]] = []
        for start in range(0, len(refs), _PAGE):
            query = select(THREAD.c.message_hash, THREAD.c.ref).where(
                THREAD.c.ref.in_(refs[start : start + _PAGE]), THREAD.c.sender == ""
            )
            with self.read() as connection:
                found += [(row.message_hash, row.ref) for row in connection.execute(query)]
        return tuple(found)


def _wanted(since: datetime, until: datetime) -> Any:  # noqa: ANN401 - a query
    """The ids of the mails of these tickets up to `until`."""
    refs = select(INBOUND.c.ref).where(INBOUND.c.received_at >= since, INBOUND.c.received_at < until)
    return select(INBOUND.c.id).where(
        INBOUND.c.ref.in_(refs.where(INBOUND.c.ref.is_not(None))),
        INBOUND.c.received_at < until,
        INBOUND.c.state == MailState.TRIAGED.value,
    )


def _letters(connection: Any, mail_ids: Sequence[int]) -> dict[int, StoredLetter]:  # noqa: ANN401 - a connection
    """The letter of each mail; a reminder is time's, not the mail's, and what an agent wrote is his."""
    by_itself = REPLY.c.kind.not_in((LetterKind.REMINDER.value, AGENT))
    query = select(REPLY).where(REPLY.c.mail_id.in_(mail_ids), by_itself).order_by(REPLY.c.id)
    return {
        row["mail_id"]: StoredLetter(
            kind=row["kind"],
            state=row["state"],
            reason=row["reason"],
            judgement=row["judgement"],
            asked=tuple(json.loads(row["asked"])),
            subject=row["subject"],
            text=row["text"],
        )
        for row in connection.execute(query).mappings()
    }


def _stored(row: Any, letter: StoredLetter | None) -> StoredMail:  # noqa: ANN401 - a row
    read = json.loads(row["read"])
    fresh = {
        "state": MailState.RECEIVED.value,
        "attempts": 0,
        "claimed_until": None,
        "token": None,
        "error": "",
        "ref": None,
        "waited_since": None,
    }
    return StoredMail(
        mail_id=row["id"],
        row={**{column.name: row[column.name] for column in INBOUND.c}, **fresh},
        received_at=row["received_at"],
        ref=row["ref"],
        decision=decision_from_value(json.loads(row["decision"])),
        trust=TrustFound(trust=Trust(read["trust"]), evidence=tuple(read.get("trust_evidence", ()))),
        letter=letter,
    )
