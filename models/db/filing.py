"""One triaged mail, filed: ticket, reading, letter, thread index and history in one transaction.

Promises: filed once, however often it is tried (compare-and-set on the claim); one mail has at most one letter of a kind;
limits and spent letters are counted again under locks where the letter is queued, so that no two workers break them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf
from models.db.limits import HOLDS, MACHINE, silence_by_now, text_hash
from models.db.locks import share_switch
from models.db.rows import names
from models.db.tables import EventRow, ReadingRow
from models.db.threads import (
    REPLY,
    THREAD,
    TICKET,
    body_hash,
    domain_of,
    folded_address,
    ref_of,
)
from models.decision import ASKING, Disposition, LetterKind, ReplyState
from models.errors import ClaimLost
from models.mail import AutomaticKind
from models.ticket import STANDS_ON_LETTER, WAITS_FOR_CUSTOMER, MailState, TicketState, state_after
from models.wire import assessment_to_value, attachments_to_value, automation_to_value, decision_to_value, dump

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, RowMapping

    from models.assessment import Assessment
    from models.decision import Reply
    from models.ticket import Filing

READING = ReadingRow.__table__  # type: ignore[attr-defined]
EVENT = EventRow.__table__  # type: ignore[attr-defined]
_RETURNED = "the recipient's server returned the letter"
_NOT_NOTED = frozenset({"goal", "who", "link:goal", "link:evidence"})


class Files(Shelf):
    """Filing."""

    def file(self, filing: Filing) -> str:
        """Write everything one triaged mail brings; returns the ticket's reference.

        Raises:
            ClaimLost: The mail is another worker's by now, or was filed already. Nothing was written.
        """
        ref = filing.join or ref_of(filing.mail_id)
        with self.write() as connection:
            share_switch(connection)
            _close_claim(connection, filing, ref)
            _keep_reading(connection, filing)
            row = locked_ticket(connection, ref) if filing.join else None
            settled = _recounted(connection, filing, ref)
            if row is not None:
                _update_ticket(connection, settled, row)
            else:
                _open_ticket(connection, settled, ref)
            if settled.reply is not None:
                _queue_reply(connection, settled, settled.reply, ref)
            _index(connection, filing, ref)
            _mark_bounced(connection, filing, ref)
        return ref


def settled_items(seen: Assessment) -> set[str]:
    """The items a mail settles: sections and facets present or answered, links that hold."""
    found = {section.value for section, finding in seen.sections.items() if finding.present or finding.answered}
    found |= {f"facet:{facet.value}" for facet, finding in seen.facets.items() if finding.present or finding.answered}
    found |= {"link:evidence"} if seen.evidence_linked else set()
    return found | ({"link:goal"} if seen.goal_linked else set())


def add_event(connection: Connection, ref: str, at: datetime, by: str, what: str, detail: str = "") -> None:
    """One line of a ticket's history."""
    connection.execute(insert(EVENT).values(ref=ref, at=at, by=by, what=what, detail=detail.replace("\x00", "")))


def insert_if_new(connection: Connection, table: Table, values: dict[str, Any], keys: list[str]) -> bool:
    """Insert unless a row with these keys is there; returns whether it was new."""
    make = pg_insert if connection.dialect.name == "postgresql" else sqlite_insert
    # RETURNING tells new from old on both engines; rowcount does not.
    first_key = next(iter(table.primary_key.columns))
    statement = make(table).values(**values).on_conflict_do_nothing(index_elements=keys).returning(first_key)
    return connection.execute(statement).first() is not None


def _close_claim(connection: Connection, filing: Filing, ref: str) -> None:
    done = connection.execute(
        update(INBOUND)
        .where(
            INBOUND.c.id == filing.mail_id, INBOUND.c.token == filing.token, INBOUND.c.state == MailState.RECEIVED.value
        )
        .values(
            state=MailState.TRIAGED.value,
            token=None,
            claimed_until=None,
            error="",
            ref=ref,
            sender=(filing.mail.sender.folded if filing.mail.sender else "")[:320],
            subject=filing.mail.subject[:500],
            message_id=(filing.mail.message_id or "")[:2000],
            message_hash=message_hash(filing.mail.message_id) if filing.mail.message_id else "",
            body_hash=body_hash(filing.mail),
            is_automatic=filing.mail.automation.kind is not None,
        )
    )
    if done.rowcount != 1:
        raise ClaimLost(f"mail {filing.mail_id}")


def _keep_reading(connection: Connection, filing: Filing) -> None:
    mail = filing.mail
    read = {
        "sender": mail.sender.addr if mail.sender else "",
        "sender_name": mail.sender.name if mail.sender else "",
        "subject": mail.subject,
        "to": ", ".join(address.addr for address in (*mail.to, *mail.cc)),
        "text": mail.text,
        "reply_text": mail.reply_text,
        "attachments": attachments_to_value(mail.attachments),
        "automation": automation_to_value(mail.automation),
        "trust": mail.trust,
        "trust_evidence": list(mail.trust_evidence),
        "warnings": list(mail.warnings),
    }
    connection.execute(
        insert(READING).values(
            mail_id=filing.mail_id,
            mail=dump(read),
            assessment=dump(assessment_to_value(filing.seen)),
            decision=dump(decision_to_value(filing.decision)),
        )
    )


def _open_ticket(connection: Connection, filing: Filing, ref: str) -> None:
    seen, decision = filing.seen, filing.decision
    connection.execute(
        insert(TICKET).values(
            ref=ref,
            number=filing.mail_id,
            state=filing.state.value,
            subject=filing.mail.subject[:500],
            sender=(filing.mail.sender.folded if filing.mail.sender else "")[:320],
            language=seen.language,
            disposition=decision.disposition.value,
            opened_at=filing.mail.envelope.received_at,
            updated_at=filing.now,
            ready_at=filing.now if filing.state is TicketState.READY else None,
            split_from=filing.split_from,
            symptom_kind=seen.symptom_kind.value if seen.symptom_kind else "",
            missing=dump(list(decision.missing)),
            unsure=dump(list(decision.unsure)),
            categories=dump(list(dict.fromkeys(issue.category.value for issue in seen.issues))),
            products=dump(list(dict.fromkeys(product for issue in seen.issues for product in issue.products))),
            settled=dump(sorted(settled_items(seen))),
            asked="[]",
            hints=dump(sorted({hint.kind for hint in seen.hints})),
            has_permission_error=seen.has_permission_error,
            is_automatic=filing.mail.automation.kind is not None,
        )
    )
    add_event(connection, ref, filing.now, MACHINE, "filed", f"{decision.disposition.value}, {filing.state.value}")
    if filing.split_from is not None:
        add_event(connection, filing.split_from, filing.now, "customer", "split_opened", ref)


def locked_ticket(connection: Connection, ref: str) -> RowMapping:
    """A ticket as it stands by now; nobody else changes it before this transaction ends."""
    query = select(TICKET).where(TICKET.c.ref == ref)
    if connection.dialect.name == "postgresql":
        query = query.with_for_update()
    return connection.execute(query).mappings().one()


def _recounted(connection: Connection, filing: Filing, ref: str) -> Filing:
    """The filing with its letter silenced or held if by now it must not go: a limit, the stop, the block list, its ticket."""
    reply = filing.reply
    sender = filing.mail.sender.folded if filing.mail.sender else ""
    why = silence_by_now(connection, reply, ref, filing.limits, filing.now, sender=sender) if reply else None
    if reply is None or why is None:
        return filing
    to = ReplyState.HELD if why.code in HOLDS else ReplyState.SUPPRESSED
    kept_back = replace(reply, state=to, reason=why.reason)
    state = TicketState.NEEDS_REVIEW if filing.state in STANDS_ON_LETTER else filing.state
    return replace(filing, reply=kept_back, state=state)


def _update_ticket(connection: Connection, filing: Filing, row: RowMapping) -> None:
    """Merge what the new mail brings; a mail by a machine changes nothing but the history."""
    ref, state = row["ref"], state_after(TicketState(row["state"]), filing)
    add_event(connection, ref, filing.now, "customer", "joined", f"{filing.decision.disposition.value}, {state.value}")
    if filing.mail.automation.kind is not None:
        return
    seen, decision = filing.seen, filing.decision
    # A mail without a matter of its own answers nothing: what was missing is missing still.
    is_without_matter = decision.disposition is Disposition.NO_REPLY
    settled_before = set(names(row["settled"]))
    missing = names(row["missing"]) if is_without_matter else decision.missing
    unsure = names(row["unsure"]) if is_without_matter else decision.unsure
    categories = [
        *names(row["categories"]),
        *(issue.category.value for issue in seen.issues if issue.category.is_answerable),
    ]
    products = [*names(row["products"]), *(product for issue in seen.issues for product in issue.products)]
    connection.execute(
        update(TICKET)
        .where(TICKET.c.ref == ref)
        .values(
            state=state.value,
            updated_at=filing.now,
            ready_at=row["ready_at"] or (filing.now if state is TicketState.READY else None),
            symptom_kind=row["symptom_kind"] or (seen.symptom_kind.value if seen.symptom_kind else ""),
            missing=dump([item for item in missing if item not in settled_before]),
            unsure=dump([item for item in unsure if item not in settled_before]),
            categories=dump(list(dict.fromkeys(categories))),
            products=dump(list(dict.fromkeys(products))),
            settled=dump(sorted({*names(row["settled"]), *settled_items(seen)})),
            hints=dump(sorted({*names(row["hints"]), *(hint.kind for hint in seen.hints)})),
            has_permission_error=row["has_permission_error"] or seen.has_permission_error,
        )
    )
    if row["state"] != state.value:
        add_event(connection, ref, filing.now, MACHINE, "moved", f"{row['state']} -> {state.value}")


def _queue_reply(connection: Connection, filing: Filing, reply: Reply, ref: str) -> None:
    asked = [*filing.decision.missing, *filing.decision.asked_along] if reply.kind in ASKING else []
    if reply.kind is LetterKind.RECURRENCE:
        asked = [item for item in asked if item not in _NOT_NOTED]  # the letter lists what to note, not what to say now
    write_reply(connection, reply, mail_id=filing.mail_id, ref=ref, asked=asked, now=filing.now)


def write_reply(
    connection: Connection, reply: Reply, *, mail_id: int, ref: str, asked: list[str], now: datetime
) -> bool:
    """Put a letter into the outbox, with its Message-ID into the thread index; False if it was there already."""
    values = {
        "mail_id": mail_id,
        "ref": ref,
        "kind": reply.kind.value,
        "language": reply.language,
        "to_address": reply.to[:320],
        "to_folded": folded_address(reply.to),
        "to_domain": domain_of(reply.to),
        "subject": reply.subject,
        "text": reply.text,
        "message_id": reply.message_id,
        "mail_from": reply.mail_from,
        "raw": reply.raw,
        "text_hash": text_hash(reply.text, ref),
        "judgement": "",
        "state": reply.state.value,
        "reason": reply.reason,
        "asked": dump(asked),
        "attempts": 0,
        "next_at": now,
        "created_at": now,
    }
    if not insert_if_new(connection, REPLY, values, ["mail_id", "kind"]):
        return False
    insert_if_new(
        connection,
        THREAD,
        {"message_hash": message_hash(reply.message_id), "ref": ref, "sender": ""},
        ["message_hash", "ref"],
    )
    add_event(connection, ref, now, MACHINE, f"reply_{reply.state.value}", f"{reply.kind.value} {reply.reason}".strip())
    if asked and reply.state in {ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD}:
        before = connection.execute(select(TICKET.c.asked).where(TICKET.c.ref == ref)).scalar_one()
        merged = sorted({*json.loads(before), *asked})
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(asked=dump(merged)))
    return True


def _index(connection: Connection, filing: Filing, ref: str) -> None:
    if filing.split_key:
        key = message_hash(filing.split_key)
        insert_if_new(connection, THREAD, {"message_hash": key, "ref": ref, "sender": ""}, ["message_hash", "ref"])
    if filing.mail.message_id and filing.mail.sender:
        values = {
            "message_hash": message_hash(filing.mail.message_id),
            "ref": ref,
            "sender": filing.mail.sender.folded[:320],
        }
        insert_if_new(connection, THREAD, values, ["message_hash", "ref"])


def _mark_bounced(connection: Connection, filing: Filing, ref: str) -> None:
    """A proven failure report marks the letter it returns: the ones it quotes, else the ticket's latest one sent."""
    if filing.mail.automation.kind is not AutomaticKind.BOUNCE or not filing.join:
        return
    if filing.returned_ids:
        which = REPLY.c.message_id.in_(filing.returned_ids)
    elif filing.is_returned:
        latest = select(func.max(REPLY.c.id)).where(REPLY.c.ref == ref, REPLY.c.state == ReplyState.SENT.value)
        which = REPLY.c.id == latest.scalar_subquery()
    else:
        return
    went = (ReplyState.QUEUED.value, ReplyState.SENT.value)
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.ref == ref, REPLY.c.state.in_(went), which)
        .values(state=ReplyState.BOUNCED.value, token=None, claimed_until=None, reason=_RETURNED)
    )
    if not done.rowcount:
        return
    add_event(connection, ref, filing.now, MACHINE, "reply_bounced", _RETURNED)
    row = locked_ticket(connection, ref)
    if TicketState(row["state"]) in WAITS_FOR_CUSTOMER:
        change_state(connection, row, TicketState.NEEDS_REVIEW, filing.now)


def change_state(connection: Connection, row: RowMapping, to: TicketState, now: datetime, *, by: str = MACHINE) -> None:
    """Move a locked ticket, with its line of history."""
    ready_at = row["ready_at"] or (now if to is TicketState.READY else None)
    connection.execute(
        update(TICKET).where(TICKET.c.ref == row["ref"]).values(state=to.value, updated_at=now, ready_at=ready_at)
    )
    add_event(connection, row["ref"], now, by, "moved", f"{row['state']} -> {to.value}")
