"""One triaged mail, filed: ticket, reading, letter, thread index and history in one transaction.

Promises: filed once, however often it is tried (compare-and-set on the claim); what was decided on an older version of
its ticket is not filed, so that of two answers at one instant the second is decided in view of the first; one mail has
at most one letter of a kind; limits and spent letters are counted again under locks where the letter is queued, so that
no two workers break them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import NoResultFound

from models.conversation import given_items, items_from_value, items_of, items_to_value, merged
from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf
from models.db.bell import Topic
from models.db.bell import note as ring_for
from models.db.leases import is_free
from models.db.limits import HOLDS, MACHINE, silence_by_now, text_hash
from models.db.locks import share_switch
from models.db.returned import note_returned
from models.db.rows import names
from models.db.search import LETTER, MAIL, NOTE, index_note, index_words, letter_words, mail_text, words_in
from models.db.tables import BY_US, EventRow, ReadingRow
from models.db.tags import retag, tag_new
from models.db.threads import (
    AWAITED,
    REPLY,
    THREAD,
    TICKET,
    TICKET_LINK,
    are_close,
    body_hash,
    domain_of,
    folded_address,
    is_unread_from,
    ref_of,
    takes_part,
)
from models.decision import AGENT, ASKING, FOR_PEOPLE, Disposition, HandLetter, LetterKind, ReplyState
from models.errors import ClaimLost, Outdated
from models.mail import AutomaticKind, Trust
from models.states import Cause, TicketState
from models.ticket import (
    AWAITS_AGENT,
    STANDS_ON_LETTER,
    WAITS_FOR_CUSTOMER,
    Link,
    LinkKind,
    MailState,
    Ticket,
    is_mere_thanks,
    lane_of,
    move,
    place_of,
    proposes_close,
    rank_of,
    state_after,
)
from models.wire import assessment_to_value, attachments_to_value, automation_to_value, decision_to_value, dump

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ColumnElement, Table, TextClause
    from sqlalchemy.engine import Connection, RowMapping
    from sqlalchemy.sql.dml import ReturningInsert

    from models.conversation import Known
    from models.decision import Reply
    from models.ticket import Filing

READING = ReadingRow.__table__  # type: ignore[attr-defined]
EVENT = EventRow.__table__  # type: ignore[attr-defined]
CLOSE, CLOSE_PROPOSED = "close", "close_proposed"
OVERTAKEN = "overtaken: the customer has written since"
OVERTAKES_WITHIN = timedelta(minutes=1)
_MOST_PARTICIPANTS = 50
_TELLS_MISSING = frozenset({Disposition.REQUEST_INFORMATION, Disposition.ACCEPT})
_RETURNED = "the recipient's server returned the letter"
_RETURNED_CC = "a server of someone in Cc returned the letter"
_NOT_NOTED = frozenset({"goal", "who", "link:goal", "link:evidence"})


class Files(Shelf):
    """Filing."""

    def file(self, filing: Filing) -> str:
        """Write everything one triaged mail brings; returns the ticket's reference.

        Raises:
            ClaimLost: The mail is another worker's by now, or was filed already. Nothing was written.
            Outdated: Its ticket has changed since the decision was made: decide anew. Nothing was written.
        """
        ref = filing.join or ref_of(filing.mail_id)
        # Before the transaction: on SQLite all who write wait for its end.
        reading, mail_words = _reading_of(filing)
        words_of_letter = _words_of(filing.reply) if filing.reply is not None else ()
        with self.write() as connection:
            share_switch(connection)
            _close_claim(connection, filing, ref)
            connection.execute(_INSERT_READING, reading)
            _lock_named(connection, filing)
            row = _still_there(connection, ref) if filing.join else None
            if row is not None and filing.version not in {None, row["version"]}:
                raise Outdated(ref)
            if row is None:
                _require_alone(connection, filing)
            if row is not None:
                _overtake(connection, filing, ref)
            settled = _recounted(connection, filing, ref)
            if row is not None:
                _update_ticket(connection, settled, row)
            else:
                _open_ticket(connection, settled, ref)
            if settled.reply is not None:
                _queue_reply(connection, settled, settled.reply, ref, words_of_letter)
            _index(connection, filing, ref)
            _link(connection, filing, ref)
            _mark_bounced(connection, filing, ref)
            index_words(connection, MAIL, filing.mail_id, ref, mail_words)
            note_returned(connection, filing.returned_memos, filing.now)
        return ref


def add_event(connection: Connection, ref: str, at: datetime, by: str, what: str, detail: str = "") -> None:
    """One line of a ticket's history."""
    values = {"ref": ref, "at": at, "by": by, "what": what, "detail": detail.replace("\x00", "")}
    event_id = connection.execute(_INSERT_EVENT, values).scalar_one()
    if what == NOTE:
        index_note(connection, event_id)


def insert_if_new(
    connection: Connection, table: Table, values: dict[str, Any], keys: list[str], *, among: TextClause | None = None
) -> bool:
    """Insert unless a row with these keys is there (`among`: what the unique index is about); returns whether it was new."""
    return insert_new(connection, table, values, keys, among=among) is not None


def insert_new(
    connection: Connection, table: Table, values: dict[str, Any], keys: list[str], *, among: TextClause | None = None
) -> Any:  # noqa: ANN401 - of whatever type the key is
    """As `insert_if_new`; returns the first primary key of the new row, None if there is none."""
    return connection.execute(_insert_new(connection.dialect.name, table, tuple(keys), among), values).scalar()


@cache
def _insert_new(dialect: str, table: Table, keys: tuple[str, ...], among: TextClause | None) -> ReturningInsert[Any]:
    make = pg_insert if dialect == "postgresql" else sqlite_insert
    # RETURNING tells new from old on both engines; rowcount does not.
    first_key = next(iter(table.primary_key.columns))
    return make(table).on_conflict_do_nothing(index_elements=keys, index_where=among).returning(first_key)


# Statements that each mail asks are written once, here and below: to write them anew costs more than the answer.
_INSERT_EVENT = insert(EVENT).returning(EVENT.c.id)
_INSERT_READING = insert(READING)
_INSERT_TICKET = insert(TICKET)
_CLOSE_CLAIM = (
    update(INBOUND)
    .where(
        INBOUND.c.id == bindparam("of_mail"),
        INBOUND.c.token == bindparam("of_claim"),
        INBOUND.c.state == MailState.RECEIVED.value,
    )
    .values(state=MailState.TRIAGED.value, token=None, claimed_until=None, error="")
)


def _close_claim(connection: Connection, filing: Filing, ref: str) -> None:
    values = {
        "ref": ref,
        "sender": (filing.mail.sender.folded if filing.mail.sender else "")[:320],
        "subject": filing.mail.subject[:500],
        "message_id": (filing.mail.message_id or "")[:2000],
        "message_hash": message_hash(filing.mail.message_id) if filing.mail.message_id else "",
        "body_hash": body_hash(filing.mail),
        "is_automatic": filing.mail.automation.kind is not None,
    }
    done = connection.execute(_CLOSE_CLAIM, values | {"of_mail": filing.mail_id, "of_claim": filing.token})
    if done.rowcount != 1:
        raise ClaimLost(f"mail {filing.mail_id}")


def _reading_of(filing: Filing) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The row of what was read, and the words by which the mail is found."""
    mail, seen = filing.mail, assessment_to_value(filing.seen)
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
    values = {
        "mail_id": filing.mail_id,
        "mail": dump(read),
        "assessment": dump(seen),
        "decision": dump(decision_to_value(filing.decision)),
    }
    return values, words_in(mail_text(filing.mail_id, mail.envelope.received_at, read, seen))


def _open_ticket(connection: Connection, filing: Filing, ref: str) -> None:
    seen, decision = filing.seen, filing.decision
    categories = list(dict.fromkeys(issue.category.value for issue in seen.issues))
    hints = sorted({hint.kind for hint in seen.hints})
    values = {
        "ref": ref,
        "number": filing.mail_id,
        "state": filing.state.value,
        "subject": _subject(filing)[:500],
        "sender": (filing.mail.sender.folded if filing.mail.sender else "")[:320],
        "language": seen.language,
        "disposition": decision.disposition.value,
        "opened_at": filing.mail.envelope.received_at,
        "updated_at": filing.now,
        "ready_at": filing.now if filing.state is TicketState.READY else None,
        "split_from": filing.link.other if filing.link and filing.link.kind is LinkKind.SPLIT else None,
        "symptom_kind": seen.symptom_kind.value if seen.symptom_kind else "",
        "missing": dump(list(decision.missing)),
        "unsure": dump(list(decision.unsure)),
        "categories": dump(categories),
        "products": dump(list(dict.fromkeys(product for issue in seen.issues for product in issue.products))),
        "items": dump(items_to_value(_items(filing))),
        "asked": "[]",
        "participants": dump(_with_participants((), filing)),
        "version": 0,
        "proposal": "",
        "slept_from": "",
        "hints": dump(hints),
        "has_permission_error": seen.has_permission_error,
        "is_automatic": filing.mail.automation.kind is not None,
        "place": place_of(filing.mail_id),
        "rank": int(rank_of(categories, hints)),
        "lane": lane_of(categories),
        "assignee": "",
        "is_overdue": False,
        "is_spam": False,
        "region": _region(filing)[:32],
        "person_first": dump(_person_first((), filing)),
    }
    connection.execute(_INSERT_TICKET, values)
    tag_new(connection, values)
    add_event(connection, ref, filing.now, MACHINE, "filed", f"{decision.disposition.value}, {filing.state.value}")


def _person_first(before: Sequence[str], filing: Filing) -> list[str]:
    """Why a person looks before any further letter of this ticket; what one mail calls for stands until an agent acts."""
    codes = (reason.code for reason in filing.decision.reasons)
    return list(dict.fromkeys((*before, *(code for code in codes if code in FOR_PEOPLE))))


def _region(filing: Filing) -> str:
    """The first region that the mail names."""
    return next((hint.value for hint in filing.seen.hints if hint.kind == "region" and hint.value), "")


def _subject(filing: Filing) -> str:
    """What agents see as the ticket's subject; of another matter in a thread that is the matter, not the thread's subject."""
    is_off = filing.link is not None and filing.link.kind is LinkKind.SPLIT and not filing.link.is_asked_for
    gist = next((issue.gist for issue in filing.seen.issues if issue.category.is_answerable), "") if is_off else ""
    return gist or filing.mail.subject


def _items(filing: Filing) -> dict[str, Known]:
    """What the mail says of every item."""
    return items_of(filing.mail_id, filing.seen, filing.decision.answers)


def _with_participants(before: Sequence[str], filing: Filing) -> list[str]:
    """Who takes part: the writers, and whom they named in To and Cc; nobody whom a forger names."""
    mail = filing.mail
    if mail.trust is Trust.FAILED or mail.automation.kind is not None:
        return list(before)
    own = {_without_plus(folded_address(one)) for one in mail.envelope.rcpt_tos}  # the desk
    named = (folded_address(one.addr) for one in (*((mail.sender,) if mail.sender else ()), *mail.to, *mail.cc))
    found = dict.fromkeys((*before, *(one for one in named if one and _without_plus(one) not in own)))
    return list(found)[:_MOST_PARTICIPANTS]


def _without_plus(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


_LOCKED = select(TICKET).where(TICKET.c.ref == bindparam("ref")).with_for_update()  # of which SQLite takes no notice


def locked_ticket(connection: Connection, ref: str) -> RowMapping:
    """A ticket as it stands by now; nobody else changes it before this transaction ends."""
    return connection.execute(_LOCKED, {"ref": ref}).mappings().one()


def _still_there(connection: Connection, ref: str) -> RowMapping:
    """As `locked_ticket`, of a ticket that the decision saw.

    Raises:
        Outdated: It was erased since.
    """
    try:
        return locked_ticket(connection, ref)
    except NoResultFound:
        raise Outdated(ref) from None


def _require_alone(connection: Connection, filing: Filing) -> None:
    """Of two mails at once that would each open the ticket behind a closed one, or of a split address, the second joins the first's.

    Raises:
        Outdated: There is that ticket by now, or the closed one was opened again.
    """
    link = filing.link
    if link is None or not (link.is_asked_for or link.kind is LinkKind.FOLLOWS):
        return
    other = _still_there(connection, link.other)
    if filing.split_key:
        key = message_hash(filing.split_key)
        is_there = connection.execute(select(THREAD.c.id).where(THREAD.c.message_hash == key)).first() is not None
    else:
        later = select(TICKET_LINK.c.id).where(
            TICKET_LINK.c.other == link.other, TICKET_LINK.c.kind == LinkKind.FOLLOWS.value
        )
        is_open = other["state"] != TicketState.CLOSED.value
        is_there = is_open or connection.execute(later).first() is not None
    if is_there:
        raise Outdated(link.other)


def _overtake(connection: Connection, filing: Filing, ref: str) -> None:
    """Questions that still wait are overtaken by what the customer writes: the new decision asks what is left.

    Raises:
        Outdated: One that the decision took for overtaken is on its way.
    """
    is_machine = filing.mail.automation.kind is not None or filing.mail.trust is Trust.FAILED
    if is_machine or filing.decision.disposition is Disposition.NO_REPLY:
        return
    held = (REPLY.c.state == ReplyState.HELD.value, REPLY.c.kind.in_([kind.value for kind in ASKING]))
    _silence(connection, filing, ref, ReplyState.DISCARDED, *held)
    if not filing.overtaken:
        return
    waits = (
        REPLY.c.state == ReplyState.QUEUED.value,
        is_free(REPLY, filing.now),
        REPLY.c.message_id.in_(filing.overtaken),
    )
    if _silence(connection, filing, ref, ReplyState.SUPPRESSED, *waits) < len(filing.overtaken):
        raise Outdated(ref)


def _silence(connection: Connection, filing: Filing, ref: str, to: ReplyState, *which: ColumnElement[bool]) -> int:
    """Letters of the ticket that will not go, with their lines of history; how many."""
    done = connection.execute(
        update(REPLY).where(REPLY.c.ref == ref, *which).values(state=to.value, reason=OVERTAKEN).returning(REPLY.c.kind)
    )
    kinds = done.scalars().all()
    for kind in kinds:
        add_event(connection, ref, filing.now, MACHINE, f"reply_{to.value}", f"{kind} {OVERTAKEN}")
    return len(kinds)


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
    ref, now_in = row["ref"], TicketState(row["state"])
    state = state_after(now_in, filing)
    add_event(connection, ref, filing.now, "customer", "joined", f"{filing.decision.disposition.value}, {state.value}")
    if filing.mail.automation.kind is not None:
        return
    if filing.mail.trust is Trust.FAILED:  # it is shown, and nothing of it believed
        if now_in is not state:
            change_state(connection, row, state, filing.now, cause=Cause.CUSTOMER, by=MACHINE, why="trust_failed")
        return
    _note_objection(connection, filing, ref)
    seen, decision = filing.seen, filing.decision
    items = merged(items_from_value(json.loads(row["items"])), _items(filing))
    settled = given_items(items)
    # Only a decision on the ticket's own matter tells what the ticket lacks; any mail may bring something of it.
    tells = decision.disposition in _TELLS_MISSING and not decision.is_other_matter
    missing = decision.missing if tells else names(row["missing"])
    unsure = decision.unsure if tells else names(row["unsure"])
    categories = [
        *names(row["categories"]),
        *(issue.category.value for issue in seen.issues if issue.category.is_answerable),
    ]
    products = [*names(row["products"]), *(product for issue in seen.issues for product in issue.products)]
    is_own = not decision.is_other_matter
    kinds = [row["symptom_kind"], seen.symptom_kind.value if seen.symptom_kind and is_own else ""]
    kinds = kinds[::-1] if filing.is_first else kinds
    categories = list(dict.fromkeys(categories)) if is_own else list(names(row["categories"]))
    hints = sorted({*names(row["hints"]), *(hint.kind for hint in seen.hints)})
    connection.execute(
        update(TICKET)
        .where(TICKET.c.ref == ref)
        .values(
            updated_at=filing.now,
            subject=_subject(filing)[:500] if filing.is_first else row["subject"],
            symptom_kind=next(filter(None, kinds), ""),
            missing=dump([item for item in missing if item not in settled]),
            unsure=dump([item for item in unsure if item not in settled]),
            categories=dump(categories),
            products=dump(list(dict.fromkeys(products))) if is_own else row["products"],
            items=dump(items_to_value(items)),
            hints=dump(hints),
            rank=min(row["rank"], int(rank_of(categories, hints))),
            lane=lane_of(categories),
            region=row["region"] or _region(filing)[:32],
            person_first=dump(_person_first(names(row["person_first"]), filing)),
            participants=dump(_with_participants(names(row["participants"]), filing)),
            has_permission_error=row["has_permission_error"] or seen.has_permission_error,
            version=TICKET.c.version + 1,
        )
    )
    _propose(connection, filing, row)
    retag(connection, ref)
    if now_in is not state:
        why = CLOSE_PROPOSED if proposes_close(now_in, filing) else decision.disposition.value
        change_state(connection, row, state, filing.now, cause=Cause.CUSTOMER, by=MACHINE, why=why)


def _note_objection(connection: Connection, filing: Filing, ref: str) -> None:
    """An agent should see "I told you already" beside the letter that asked."""
    kinds = [kind.value for kind in ASKING]
    asked = select(REPLY.c.id).where(
        REPLY.c.ref == ref, REPLY.c.kind.in_(kinds), REPLY.c.state == ReplyState.SENT.value
    )
    if filing.objection and connection.execute(asked.limit(1)).first() is not None:
        add_event(connection, ref, filing.now, "customer", "customer_objected", filing.objection[:200])


def _propose(connection: Connection, filing: Filing, row: RowMapping) -> None:
    """The word that all is solved stands until anything else than thanks is written."""
    is_closing = proposes_close(TicketState(row["state"]), filing)
    if is_closing and row["proposal"] != CLOSE:
        add_event(connection, row["ref"], filing.now, "customer", CLOSE_PROPOSED)
    elif not is_closing and is_mere_thanks(filing):
        return
    connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(proposal=CLOSE if is_closing else ""))


def _link(connection: Connection, filing: Filing, ref: str) -> None:
    """The link of a new ticket to the one it comes from, and to those of the customer that the mail names besides."""
    if filing.link is not None:
        _add_link(connection, ref, filing.link, filing.now, "split_opened")
    if filing.mail.trust is Trust.FAILED or filing.mail.automation.kind is not None or not filing.mail.sender:
        return
    is_same = filing.seen.refers_elsewhere
    for other in filing.named:
        row = connection.execute(select(TICKET).where(TICKET.c.ref == other)).mappings().first()
        is_part = row is not None and takes_part(row, filing.mail.sender.folded)
        if row is None or other == ref or not (is_part or are_close(row["sender"], filing.mail.sender.folded)):
            continue
        kind = LinkKind.SAME_AS if is_same and not filing.join else LinkKind.NAMES
        if _add_link(connection, ref, Link(other=other, kind=kind), filing.now, "named_by") and is_part:
            _look_at(connection, filing, other)


def _add_link(connection: Connection, ref: str, link: Link, now: datetime, what: str) -> bool:
    values = {"ref": ref, "other": link.other, "kind": link.kind.value}
    is_new = insert_if_new(connection, TICKET_LINK, values, ["ref", "other"])
    if is_new:
        add_event(connection, link.other, now, "customer", what, ref)
    return is_new


def _lock_named(connection: Connection, filing: Filing) -> None:
    """Several tickets are locked in one order, so that no two filings wait for each other in a ring."""
    refs = {*filing.named, *([filing.join] if filing.join else [])}
    if filing.named:
        query = select(TICKET.c.ref).where(TICKET.c.ref.in_(refs)).order_by(TICKET.c.ref).with_for_update()
        connection.execute(query).all()


def _look_at(connection: Connection, filing: Filing, other: str) -> None:
    """Two tickets in one mail: a ticket that waits for its customer may have been answered there."""
    row = _still_there(connection, other)
    if filing.join and TicketState(row["state"]) in WAITS_FOR_CUSTOMER:
        why = f"named in {filing.join}"
        change_state(connection, row, TicketState.NEEDS_REVIEW, filing.now, cause=Cause.CUSTOMER, by=MACHINE, why=why)


def _queue_reply(connection: Connection, filing: Filing, reply: Reply, ref: str, words: Sequence[str]) -> None:
    asked = [*filing.decision.missing, *filing.decision.asked_along] if reply.kind in ASKING else []
    if reply.kind is LetterKind.RECURRENCE:
        asked = [item for item in asked if item not in _NOT_NOTED]  # the letter lists what to note, not what to say now
    next_at = filing.now
    if reply.kind in ASKING and filing.join:
        # The rest of the answer may lie at the door: what it makes needless is overtaken before it goes.
        fresh = select(is_unread_from(ref, filing.mail_id, folded_address(reply.to)))
        next_at += OVERTAKES_WITHIN if connection.execute(fresh).scalar() else timedelta(0)
    write_reply(
        connection,
        reply,
        mail_id=filing.mail_id,
        ref=ref,
        asked=asked,
        now=filing.now,
        next_at=next_at,
        words=words,
    )


def _words_of(reply: Reply | HandLetter) -> tuple[str, ...]:
    """The words by which a letter is found."""
    to = (reply.to, *(reply.cc if isinstance(reply, HandLetter) else ()))
    return letter_words(reply.subject, to, reply.text)


_ASKED = select(TICKET.c.asked).where(TICKET.c.ref == bindparam("of"))
_SET_ASKED = update(TICKET).where(TICKET.c.ref == bindparam("of")).values(asked=bindparam("all_asked"))


def write_reply(
    connection: Connection,
    reply: Reply | HandLetter,
    *,
    mail_id: int,
    ref: str,
    asked: list[str],
    now: datetime,
    next_at: datetime | None = None,
    words: Sequence[str] = (),
) -> bool:
    """Put a letter into the outbox, with its Message-ID into the thread index; False if it was there already.

    It goes from `next_at` on, at once where that is None. `words` are those by which it is found, if they are known.
    """
    hand = reply if isinstance(reply, HandLetter) else None
    kind = AGENT if isinstance(reply, HandLetter) else reply.kind.value
    values = {
        "mail_id": mail_id,
        "ref": ref,
        "kind": kind,
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
        "next_at": next_at or now,
        "created_at": now,
        "cc": dump(list(hand.cc) if hand else []),
        "by": hand.by if hand else "",
        "then_state": hand.then_state if hand else "",
    }
    reply_id = insert_new(connection, REPLY, values, ["mail_id", "kind"], among=BY_US)
    if reply_id is None:
        return False
    if reply.state is ReplyState.QUEUED:
        ring_for(connection, Topic.LETTER)
    index_words(connection, LETTER, reply_id, ref, words or _words_of(reply))
    insert_if_new(
        connection,
        THREAD,
        {"message_hash": message_hash(reply.message_id), "ref": ref, "sender": ""},
        ["message_hash", "ref"],
    )
    if hand is None:  # an agent's own has its line from where its ticket moves
        add_event(connection, ref, now, MACHINE, f"reply_{reply.state.value}", f"{kind} {reply.reason}".strip())
    if asked and reply.state in {ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD}:
        before = connection.execute(_ASKED, {"of": ref}).scalar_one()
        merged = sorted({*json.loads(before), *asked})
        connection.execute(_SET_ASKED, {"of": ref, "all_asked": dump(merged)})
    return True


def _index(connection: Connection, filing: Filing, ref: str) -> None:
    """How later mails find the ticket: by this one's Message-ID, by the split address, by the ids that it answers."""
    mail = filing.mail
    sender = mail.sender.folded[:320] if mail.sender else ""
    keys = {filing.split_key: ""} if filing.split_key else {}
    if sender:
        keys |= {mail.message_id: sender} if mail.message_id else {}
        if not filing.join and mail.trust is not Trust.FAILED:
            # The mail that a reply answers may come later (greylisted, from another server): then it belongs here.
            keys |= {f"{AWAITED}{one}": sender for one in (mail.in_reply_to, *mail.references[:1]) if one}
    for key, writer in keys.items():
        values = {"message_hash": message_hash(key), "ref": ref, "sender": writer}
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
    if filing.returned_to:  # of those in Cc only: the letter has reached whom it went to
        is_whole = or_(REPLY.c.cc == "[]", REPLY.c.to_folded.in_(filing.returned_to))
        of_cc = connection.execute(
            select(REPLY.c.id).where(REPLY.c.ref == ref, REPLY.c.state.in_(went), which, ~is_whole)
        )
        if of_cc.first() is not None:
            told = f"{_RETURNED_CC}: {', '.join(filing.returned_to)}"
            add_event(connection, ref, filing.now, MACHINE, "reply_bounced", told[:500])
        which = which & is_whole
    done = connection.execute(
        update(REPLY)
        .where(REPLY.c.ref == ref, REPLY.c.state.in_(went), which)
        .values(state=ReplyState.BOUNCED.value, token=None, claimed_until=None, reason=_RETURNED)
        .returning(REPLY.c.kind)
    )
    returned = set(done.scalars())
    if not returned:
        return
    add_event(connection, ref, filing.now, MACHINE, "reply_bounced", _RETURNED)
    row = locked_ticket(connection, ref)
    if TicketState(row["state"]) in STANDS_ON_LETTER:
        change_state(connection, row, TicketState.NEEDS_REVIEW, filing.now, cause=Cause.UNDELIVERED)
    elif row["state"] == TicketState.SNOOZED.value:
        _wake_for_review(connection, row)
    elif row["state"] == TicketState.CLOSED.value and AGENT in returned:  # the answer that closed it never arrived
        change_state(connection, row, TicketState.NEEDS_REVIEW, filing.now, cause=Cause.UNDELIVERED)


def _wake_for_review(connection: Connection, row: RowMapping) -> None:
    """What sleeps on a letter that never arrived will not wake to wait for its answer."""
    if TicketState(row["slept_from"] or TicketState.NEEDS_REVIEW.value) in STANDS_ON_LETTER:
        values = {"slept_from": TicketState.NEEDS_REVIEW.value, "version": TICKET.c.version + 1}
        connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(**values))


def change_state(
    connection: Connection,
    row: RowMapping,
    to: TicketState,
    now: datetime,
    *,
    cause: Cause,
    by: str = MACHINE,
    why: str = "",
    wake_at: datetime | None = None,
) -> None:
    """Move a locked ticket, with its line of history: the only statement that changes a ticket's state.

    Raises:
        IllegalMove: The table of moves does not hold it for that cause.
    """
    event = move(ticket_of(row), to, cause=cause, by=by, at=now, why=why)
    # Whatever was proposed or waited for a person, one has decided.
    settled = {"proposal": "", "person_first": "[]"} if cause in {Cause.AGENT, Cause.LETTER} else {}
    connection.execute(
        update(TICKET)
        .where(TICKET.c.ref == row["ref"])
        .values(
            state=to.value,
            updated_at=now,
            ready_at=row["ready_at"] or (now if to is TicketState.READY else None),
            wake_at=wake_at,
            slept_from=row["state"] if to is TicketState.SNOOZED else "",
            due_at=row["due_at"] if to in AWAITS_AGENT else None,
            is_overdue=row["is_overdue"] and to in AWAITS_AGENT,
            rank=row["rank"] if to in AWAITS_AGENT else int(rank_of(names(row["categories"]), names(row["hints"]))),
            version=TICKET.c.version + 1,
            **settled,
        )
    )
    retag(connection, row["ref"])
    add_event(connection, event.ref, event.at, event.by, event.what, event.detail)


def ticket_of(row: RowMapping) -> Ticket:
    """The record of a ticket's row."""
    return Ticket(
        ref=row["ref"],
        state=TicketState(row["state"]),
        subject=row["subject"],
        sender=row["sender"],
        language=row["language"],
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        split_from=row["split_from"],
    )
