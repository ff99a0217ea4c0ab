"""What a ticket stands for, counted anew from what its mails say: where mails moved, or agents said how they should be read.

Promises: the same mails, parts and corrections give the same ticket, whatever was counted before; what a decision was
unsure of is not held for missing because it is counted again. The caller holds the ticket's lock.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from models.assessment import Span
from models.conversation import items_to_value, merged
from models.correcting import Correction, corrected, is_mark, items_of_corrected, newest
from models.db.accept import INBOUND
from models.db.filing import READING, add_event, change_state, locked_ticket
from models.db.leases import is_free
from models.db.rows import names
from models.db.tables import CorrectionRow, TicketPartRow
from models.db.tags import retag
from models.db.threads import REPLY, TICKET, folded_address
from models.decision import AGENT, ReplyState
from models.mail import Trust
from models.shaping import Whole, part_of
from models.states import Cause, TicketState
from models.ticket import STANDS_ON_LETTER, MailState, lane_of, rank_of
from models.wire import assessment_from_value, decision_from_value, dump, envelope_from_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, RowMapping

    from models.assessment import Assessment
    from models.conversation import Known
    from models.correcting import Words
    from models.decision import Decision
    from models.shaping import Lacks

CORRECTION = CorrectionRow.__table__  # type: ignore[attr-defined]
PART = TicketPartRow.__table__  # type: ignore[attr-defined]
_STANDING = tuple(state.value for state in (ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD))
_MOST_PARTICIPANTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One mail as it speaks for a ticket: corrected by agents, and only the part that is the ticket's."""

    mail_id: int
    seen: Assessment
    decision: Decision
    words: Words
    read: dict[str, Any]  # the mail as it was parsed
    received_at: datetime
    rcpt_tos: tuple[str, ...]
    latest: int  # the newest correction of the mail; 0: none
    is_machine: bool
    is_own: bool  # the ticket keeps the mail: all of it, or what other tickets have left
    is_other_matter: bool  # of the ticket that it came to, and where it still is

    @property
    def is_heard(self) -> bool:
        """Does it say anything of the ticket's matter? A machine and a forger do not."""
        return not self.is_machine and self.read["trust"] != Trust.FAILED.value

    def items(self) -> dict[str, Known]:
        """What it says of every item; answers by their place only where the mail is the ticket's own."""
        there = {f"section:{one.value}" for one, found in self.seen.sections.items() if found.present}
        words = {
            target: mark
            for target, mark in self.words.items()
            if not (target.startswith("section:") and mark == "present" and target not in there)
        }
        return items_of_corrected(self.mail_id, self.seen, self.decision.answers if self.is_own else {}, words)


def correction_of(row: RowMapping) -> Correction:
    """The record of a correction's row."""
    return Correction(
        correction_id=row["id"],
        mail_id=row["mail_id"],
        ref=row["ref"],
        target=row["target"],
        value=json.loads(row["value"]),
        by=row["by"],
        at=row["at"],
    )


def corrections_of(connection: Connection, mail_ids: Iterable[int]) -> dict[int, list[Correction]]:
    """Agents' words by mail, oldest first; a mail without any is left out."""
    found: dict[int, list[Correction]] = {}
    query = select(CORRECTION).where(CORRECTION.c.mail_id.in_(list(mail_ids))).order_by(CORRECTION.c.id)
    for row in connection.execute(query).mappings():
        found.setdefault(row["mail_id"], []).append(correction_of(row))
    return found


def spans_of(connection: Connection, *which: ColumnElement[bool]) -> dict[tuple[str, int], list[Span]]:
    """The parts of mails, by ticket and mail."""
    found: dict[tuple[str, int], list[Span]] = defaultdict(list)
    query = select(PART).where(*which).order_by(PART.c.ref, PART.c.mail_id, PART.c.start)
    for row in connection.execute(query).mappings():
        found[row["ref"], row["mail_id"]].append(Span(row["start"], row["end"]))
    return found


def said_in(connection: Connection, ref: str, only: Collection[int] | None = None) -> tuple[Said, ...]:
    """What each mail says for a ticket, or `only` those, in the order of arrival; those that it is about in part among them."""
    own = {mail_id: spans for (_, mail_id), spans in spans_of(connection, PART.c.ref == ref).items()}
    query = (
        select(INBOUND.c.id, INBOUND.c.ref, INBOUND.c.received_at, INBOUND.c.envelope, READING)
        .join(READING, READING.c.mail_id == INBOUND.c.id)
        .where((INBOUND.c.ref == ref) | INBOUND.c.id.in_(list(own)), INBOUND.c.state == MailState.TRIAGED.value)
        .order_by(INBOUND.c.id)
    )
    if only is not None:
        query = query.where(INBOUND.c.id.in_(list(only)))
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    words = corrections_of(connection, ids)
    others: dict[int, dict[str, list[Span]]] = defaultdict(dict)
    for (other, mail_id), spans in spans_of(connection, PART.c.mail_id.in_(ids), PART.c.ref != ref).items():
        others[mail_id][other] = spans
    return tuple(_said(row, ref, own.get(row["id"], []), others[row["id"]], words.get(row["id"], ())) for row in rows)


def _said(
    row: RowMapping, ref: str, own: Sequence[Span], others: Mapping[str, Sequence[Span]], some: Sequence[Correction]
) -> Said:
    """An agent's mark on a section or facet holds for the ticket on whose page it was made, everything else for the mail."""
    read = json.loads(row["mail"])
    decision = decision_from_value(json.loads(row["decision"]))
    came_to = next((reason.detail for reason in decision.reasons if reason.code == "joined"), "")
    is_own = row["ref"] == ref
    elsewhere = {*others, *(() if is_own else (ref,))}
    of_mail = newest(one for one in some if not is_mark(one.target) or one.ref not in elsewhere)
    of_part = {} if is_own else newest(one for one in some if is_mark(one.target) and one.ref == ref)
    foreign = [span for spans in others.values() for span in spans]
    whole = corrected(assessment_from_value(json.loads(row["assessment"])), of_mail)
    return Said(
        mail_id=row["id"],
        seen=corrected(part_of(whole, own, foreign, keeps_rest=is_own), of_part),
        decision=decision,
        words={**of_mail, **of_part},
        read=read,
        received_at=row["received_at"],
        rcpt_tos=envelope_from_json(row["envelope"]).rcpt_tos,
        latest=max((one.correction_id for one in some), default=0),
        is_machine=of_mail.get("automatic", read["automation"]["kind"] is not None),
        is_own=is_own,
        is_other_matter=decision.is_other_matter and came_to == ref,
    )


def heard(said: Sequence[Said]) -> tuple[Said, ...]:
    """The mails that tell the ticket's matter; of a ticket of machines alone the first."""
    return tuple(one for one in said if one.is_heard) or tuple(said[:1])


def matter_of(said: Sequence[Said]) -> dict[str, Any]:
    """Categories, products, kind, items and hints of these mails, as the ticket's columns hold them but not yet as JSON."""
    speaking = heard(said)
    own_matter = [one for one in speaking if not one.is_other_matter]
    categories = [
        issue.category
        for number, one in enumerate(own_matter)
        for issue in one.seen.issues
        if number == 0 or issue.category.is_answerable
    ]
    products = [product for one in own_matter for issue in one.seen.issues for product in issue.products]
    kinds = [one.seen.symptom_kind for one in own_matter if one.seen.symptom_kind]
    hints = {hint.kind for one in speaking for hint in one.seen.hints}
    regions = [hint.value for one in speaking for hint in one.seen.hints if hint.kind == "region" and hint.value]
    return {
        "categories": tuple(dict.fromkeys(categories)),
        "products": tuple(dict.fromkeys(products)),
        "kind": kinds[0] if kinds else None,
        "items": merged(*(one.items() for one in speaking)),
        "hints": tuple(sorted(hints)),
        "region": regions[0] if regions else "",
        "has_permission_error": any(one.seen.has_permission_error for one in speaking),
    }


def recount(
    connection: Connection, ref: str, lacks: Lacks, now: datetime, *, are_people_new: bool = False, **also: object
) -> RowMapping:
    """The ticket, locked by the caller, as its mails make it now; returns its new row. `also` are more columns.

    `are_people_new`: mails or letters came or went, so that participants and what was asked are counted anew too.
    """
    row = locked_ticket(connection, ref)
    said = said_in(connection, ref)
    values = columns_of(matter_of(said), row, lacks)
    if said:
        values["is_automatic"] = all(one.is_machine for one in said)
    if are_people_new:
        values |= {
            "participants": dump(_people(said, names(row["participants"]))),
            "asked": dump(_asked(connection, ref)),
        }
    values |= {"updated_at": now, "version": TICKET.c.version + 1, **also}
    connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(**values))
    retag(connection, ref)
    return connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().one()


def columns_of(matter: dict[str, Any], before: Mapping[str, Any] | RowMapping, lacks: Lacks) -> dict[str, Any]:
    """The columns of a ticket with this matter; `before` says how it stood."""
    missing, unsure = lacks(
        Whole(
            categories=matter["categories"],
            kind=matter["kind"],
            items=matter["items"],
            has_permission_error=matter["has_permission_error"],
            missing=names(before["missing"]),
            unsure=names(before["unsure"]),
        )
    )
    categories = [category.value for category in matter["categories"]]
    rank = int(rank_of(categories, matter["hints"]))
    if before["rank"] < int(rank_of(names(before["categories"]), names(before["hints"]))):
        rank = min(rank, before["rank"])  # something else than its matter made it press: it is late
    return {
        "categories": dump(categories),
        "products": dump(list(matter["products"])),
        "symptom_kind": matter["kind"].value if matter["kind"] else "",
        "items": dump(items_to_value(matter["items"])),
        "hints": dump(list(matter["hints"])),
        "region": matter["region"][:32],
        "has_permission_error": matter["has_permission_error"],
        "rank": rank,
        "lane": lane_of(categories),
        "missing": dump(list(missing)),
        "unsure": dump(list(unsure)),
    }


def drop_letters(
    connection: Connection, ref: str, now: datetime, *which: ColumnElement[bool], by: str, why: str
) -> int:
    """Letters of a ticket, locked by the caller, that will not go, with their lines of history; returns how many were queued.

    What is held is discarded. What is queued and in nobody's hands is suppressed, but for what an agent wrote.
    """
    held = (REPLY.c.state == ReplyState.HELD.value,)
    _silence(connection, ref, now, ReplyState.DISCARDED, *held, *which, by=by, why=why)
    queued = (REPLY.c.state == ReplyState.QUEUED.value, is_free(REPLY, now), REPLY.c.kind != AGENT)
    return _silence(connection, ref, now, ReplyState.SUPPRESSED, *queued, *which, by=by, why=why)


def _silence(
    connection: Connection,
    ref: str,
    now: datetime,
    to: ReplyState,
    *which: ColumnElement[bool],
    by: str,
    why: str,
) -> int:
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.ref == ref, *which)
        .values(state=to.value, reason=why, token=None, claimed_until=None)
        .returning(REPLY.c.kind)
    )
    kinds = done.scalars().all()
    for kind in kinds:
        add_event(connection, ref, now, by, f"reply_{to.value}", f"{kind} {why}")
    return len(kinds)


def settle(
    connection: Connection, row: RowMapping, now: datetime, *, by: str, why: str, has_lacked: bool, is_new: bool
) -> None:
    """Where a ticket stands whose matter an agent changed: ready if it lacked something and lacks nothing any more.

    `is_new`: something came to it that someone should look at, if it waits for its customer.
    """
    was = TicketState(row["state"])
    waits = was in STANDS_ON_LETTER or was is TicketState.SNOOZED
    if has_lacked and row["missing"] == "[]" and (waits or was is TicketState.NEEDS_REVIEW):
        change_state(connection, row, TicketState.READY, now, cause=Cause.AGENT, by=by, why=why)
    elif is_new and waits:
        change_state(connection, row, TicketState.NEEDS_REVIEW, now, cause=Cause.AGENT, by=by, why=why)


def _people(said: Sequence[Said], before: Sequence[str]) -> list[str]:
    """Who takes part: as filing has it; nobody whom a machine or a forger names. A part of a mail adds those of before."""
    found = dict.fromkeys(before if any(not one.is_own for one in said) else ())
    for one in said:
        if not one.is_heard:
            continue
        desk = {without_plus(folded_address(address)) for address in one.rcpt_tos}
        for address in (one.read["sender"], *one.read["to"].split(", ")):
            folded = folded_address(address)
            if folded and without_plus(folded) not in desk:
                found[folded] = None
    return list(found)[:_MOST_PARTICIPANTS]


def without_plus(address: str) -> str:
    """The mailbox behind a plus address."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _asked(connection: Connection, ref: str) -> list[str]:
    query = select(REPLY.c.asked).where(REPLY.c.ref == ref, REPLY.c.state.in_(_STANDING))
    return sorted({item for asked in connection.execute(query).scalars() for item in names(asked)})
