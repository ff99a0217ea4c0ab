"""What agents do to the shape of tickets: split, merge, move a mail, link, mark as spam.

Promises: each is one transaction with lines in the history of every ticket it touches; no mail is ever in two tickets or
in none; what comes later follows: replies to a letter that moved go where it went, and mails for a merged ticket go to
the one it was merged into. A refusal is a value, and then nothing was written. Merging and moving have no undo of their
own: a mail is moved back by moving it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from models.assessment import Span
from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf
from models.db.filing import EVENT, READING, add_event, change_state, insert_if_new, locked_ticket
from models.db.locks import lock_children
from models.db.recount import (
    CORRECTION,
    PART,
    columns_of,
    drop_letters,
    matter_of,
    recount,
    said_in,
    settle,
    spans_of,
)
from models.db.rows import full_mail_view, names
from models.db.search import LETTER, MAIL, SEARCH, move_words
from models.db.tables import DraftFileRow, DraftRow, PresenceRow
from models.db.tags import retag
from models.db.threads import REPLY, THREAD, TICKET, TICKET_LINK, are_close, merged_into, ref_of, split_key, takes_part
from models.decision import ASKING, Disposition, LetterKind, ReplyState
from models.errors import NotFound
from models.memos import NOT_SPAM
from models.shaping import PartReading, Refusal, TicketPart, disposition_of
from models.states import Cause, TicketState
from models.ticket import (
    AWAITS_AGENT,
    CHILD_REFS,
    PLACES,
    STANDS_ON_LETTER,
    WAITS_FOR_CUSTOMER,
    LinkKind,
    MailState,
    place_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, RowMapping

    from models.assessment import Issue
    from models.db.recount import Said
    from models.shaping import Lacks, SplitIssue

DRAFT_FILE = DraftFileRow.__table__  # type: ignore[attr-defined]
DRAFT = DraftRow.__table__  # type: ignore[attr-defined]
PRESENCE = PresenceRow.__table__  # type: ignore[attr-defined]
SPLIT, MERGED, MOVED, SPAM = "split_by_agent", "merged", "mail_moved", "spam"  # why letters and tickets changed
_CHILD_REF = "T9_________"  # as LIKE has it: ten digits, of which the first is 9
_LONGEST_SUBJECT = 500
_ASKS = tuple(kind.value for kind in {*ASKING, LetterKind.SPLIT, LetterKind.ACCOUNT_NOTICE})
_OUT = (ReplyState.QUEUED.value, ReplyState.SENT.value)
_REQUESTS = (LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value)
_LONGEST_CHAIN = 20


class Shaping(Shelf):
    """What agents do to the shape of tickets."""

    def split(
        self,
        ref: str,
        mail_id: int,
        chosen: Sequence[SplitIssue],
        *,
        lacks: Lacks,
        by: str,
        now: datetime,
        version: int | None = None,
    ) -> tuple[str, ...] | Refusal:
        """Make tickets of issues of a mail; the rest stays with the ticket. Returns their references, in order.

        Args:
            ref: The ticket that the mail, or a part of it, belongs to.
            mail_id: The mail.
            chosen: Its issues as `parts_to_split` numbers them.
            lacks: What a ticket of some matter lacks.
            by: The agent.
            now: The time.
            version: Of the ticket as the agent saw it; None asks nothing.

        Raises:
            NotFound: No such ticket, or the mail is not one of its own.
        """
        with self.write() as connection:
            row = _held(connection, ref)
            one = _said_by(connection, ref, mail_id)
            issues = one.seen.issues
            picks = {pick.number: pick for pick in chosen}
            if version not in {None, row["version"]} or not picks.keys() <= set(range(len(issues))):
                return Refusal.CHANGED
            if not picks:
                return Refusal.NOTHING_CHOSEN
            if len(picks) == len(issues) and len(said_in(connection, ref)) == 1:
                return Refusal.NOTHING_LEFT
            lock_children(connection)
            places = _free_places(connection, mail_id, len(picks))
            if places is None:
                return Refusal.NO_ROOM
            answerable = [issue for issue in issues if issue.category.is_answerable]
            children = []
            for pick, place in zip(picks.values(), places, strict=True):
                child = _next_child_ref(connection)
                issue = issues[pick.number]
                _write_parts(connection, child, one, issue)
                title = pick.title.replace("\x00", "").strip() or issue.gist
                _open_child(connection, row, child, mail_id, place, title, lacks, now)
                insert_if_new(
                    connection,
                    TICKET_LINK,
                    {"ref": child, "other": ref, "kind": LinkKind.SPLIT.value},
                    ["ref", "other"],
                )
                if issue in answerable:
                    _index_split(connection, child, ref, answerable.index(issue) + 1)
                add_event(connection, child, now, by, "split_from", f"{ref} {title}"[:500])
                add_event(connection, ref, now, by, "split_out", f"{child} {title}"[:500])
                children.append(child)
            drop_letters(connection, ref, now, REPLY.c.kind == LetterKind.SPLIT.value, by=by, why=SPLIT)
            _settle_parent(connection, ref, lacks, now, by)
        return tuple(children)

    def merge(
        self, ref: str, into: str, *, lacks: Lacks, by: str, now: datetime, is_confirmed: bool = False
    ) -> Refusal | None:
        """Put all that a ticket has into another one, and close it; None if it is done.

        Args:
            ref: The ticket that ends.
            into: The one that goes on.
            lacks: What a ticket of some matter lacks.
            by: The agent.
            now: The time.
            is_confirmed: The agent knows that the tickets are of different customers.

        Raises:
            NotFound: No such ticket.
        """
        if ref == into:
            return Refusal.SAME
        with self.write() as connection:
            rows = _held_all(connection, (ref, into))
            one, other = rows[ref], rows[into]
            if merged_into(connection, ref) or merged_into(connection, into):
                return Refusal.MERGED
            if other["state"] == TicketState.CLOSED.value:
                return Refusal.CLOSED
            if not is_confirmed and not _is_one_customer(one, other):
                return Refusal.OTHER_CUSTOMER
            unasked = drop_letters(connection, ref, now, REPLY.c.kind.in_(_ASKS), by=by, why=MERGED)
            moved = _move_all(connection, ref, into)
            insert_if_new(
                connection, TICKET_LINK, {"ref": ref, "other": into, "kind": LinkKind.MERGED.value}, ["ref", "other"]
            )
            link = update(TICKET_LINK).where(TICKET_LINK.c.ref == ref, TICKET_LINK.c.other == into)
            connection.execute(link.values(kind=LinkKind.MERGED.value))
            row = recount(connection, into, lacks, now, are_people_new=True)
            is_new = _is_work(one) or _has_more(one, other) or (unasked > 0 and not _is_asked(one, row))
            has_lacked = other["missing"] != "[]"
            settle(connection, row, now, by=by, why=MERGED, has_lacked=has_lacked, is_new=is_new)
            add_event(connection, into, now, by, "merged_from", f"{ref}: {moved}")
            add_event(connection, ref, now, by, "merged_into", f"{into}: {moved}")
            ended = locked_ticket(connection, ref)
            if ended["state"] != TicketState.CLOSED.value:
                change_state(connection, ended, TicketState.CLOSED, now, cause=Cause.AGENT, by=by, why=MERGED)
            else:
                connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(version=TICKET.c.version + 1))
        return None

    def move_mail(
        self,
        mail_id: int,
        to: str | None,
        *,
        lacks: Lacks,
        by: str,
        now: datetime,
        is_confirmed: bool = False,
        expected: str | None = None,
    ) -> str | Refusal:
        """Put one mail with the letters that it got into another ticket, or (`to` None) into one of its own; returns which.

        Args:
            mail_id: The mail.
            to: The other ticket.
            lacks: What a ticket of some matter lacks.
            by: The agent.
            now: The time.
            is_confirmed: The agent knows that the mail is another customer's.
            expected: The ticket that the agent saw it in; None asks nothing.

        Raises:
            NotFound: No such ticket or mail, or the mail has none.
        """
        with self.write() as connection:
            mail = _mail_of_ticket(connection, mail_id)
            ref: str = mail["ref"]
            rows = _held_all(connection, (ref, *([to] if to else [])))
            left = [one for one in said_in(connection, ref) if one.mail_id != mail_id]
            refusal = _why_not_move(connection, mail, rows, to, left, expected, is_confirmed=is_confirmed)
            if refusal:
                return refusal
            target = to or _open_for_mail(connection, rows[ref], mail)
            if isinstance(target, Refusal):
                return target
            was_written_to = _is_written_to(connection, ref)
            moved = _move_one(connection, mail, ref, target, now, by)
            _settle_after_leaving(connection, rows[ref], left, lacks, now, by)
            if was_written_to and not _is_written_to(connection, ref):
                _stand_on_nothing(connection, ref, now, by)
            _settle_after_coming(connection, target, lacks, now, by, is_opened=to is None)
            add_event(connection, ref, now, by, "mail_moved_out", f"{mail_id} {target}: {moved}")
            add_event(connection, target, now, by, "mail_moved_in", f"{mail_id} {ref}: {moved}")
        return target

    def relate(self, ref: str, other: str, *, by: str, now: datetime) -> Refusal | None:
        """Link two tickets by hand; None if it is done. May be called twice.

        Raises:
            NotFound: No such ticket.
        """
        if ref == other:
            return Refusal.SAME
        with self.write() as connection:
            rows = _held_all(connection, (ref, other))
            if connection.execute(select(TICKET_LINK.c.id).where(_between(ref, other))).first() is not None:
                return None
            later, earlier = sorted((ref, other), key=lambda one: -rows[one]["place"])
            values = {"ref": later, "other": earlier, "kind": LinkKind.RELATED.value}
            connection.execute(insert(TICKET_LINK).values(**values))
            for one, two in ((ref, other), (other, ref)):
                add_event(connection, one, now, by, "link_added", two)
        return None

    def unrelate(self, ref: str, other: str, *, by: str, now: datetime) -> Refusal | None:
        """Take back a link by hand; None if it is gone. Links that mails, splits and merges made stay.

        Raises:
            NotFound: No such ticket.
        """
        with self.write() as connection:
            _held_all(connection, (ref, other))
            kinds = set(connection.execute(select(TICKET_LINK.c.kind).where(_between(ref, other))).scalars())
            if kinds - {LinkKind.RELATED.value}:
                return Refusal.NOT_BY_HAND
            if kinds:
                connection.execute(delete(TICKET_LINK).where(_between(ref, other)))
                for one, two in ((ref, other), (other, ref)):
                    add_event(connection, one, now, by, "link_removed", two)
        return None

    def mark_spam(self, ref: str, *, is_spam: bool, by: str, now: datetime) -> None:
        """Spam: closed, its letters by rule and those held dropped. Or not: then someone looks at it again. May be called twice.

        Raises:
            NotFound: No such ticket.
        """
        with self.write() as connection:
            row = _held(connection, ref)
            if row["is_spam"] == is_spam:
                return
            values = {"is_spam": is_spam, "version": TICKET.c.version + 1}
            connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(**values))
            retag(connection, ref)
            add_event(connection, ref, now, by, "marked_spam" if is_spam else NOT_SPAM)
            is_closed = row["state"] == TicketState.CLOSED.value
            if is_spam:
                drop_letters(connection, ref, now, by=by, why=SPAM)
                if not is_closed:
                    change_state(connection, row, TicketState.CLOSED, now, cause=Cause.AGENT, by=by, why=SPAM)
            elif is_closed and not merged_into(connection, ref):
                change_state(connection, row, TicketState.NEEDS_REVIEW, now, cause=Cause.AGENT, by=by, why="not_spam")

    def readings(self, ref: str, mail_ids: Collection[int] | None = None) -> tuple[PartReading, ...]:
        """How each mail (or only those) speaks for a ticket: its issues are those that `split` numbers.

        Raises:
            NotFound: No such ticket.
        """
        with self.read() as connection:
            _require(connection, ref)
            return tuple(
                PartReading(
                    mail_id=one.mail_id,
                    seen=one.seen,
                    words=one.words,
                    latest=one.latest,
                    is_machine=one.is_machine,
                    is_own=one.is_own,
                )
                for one in said_in(connection, ref, mail_ids)
            )

    def ticket_parts(self, ref: str) -> tuple[TicketPart, ...]:
        """The mails that a ticket is about in part; none for a ticket that has mails of its own alone."""
        with self.read() as connection:
            spans = {mail_id: some for (_, mail_id), some in spans_of(connection, PART.c.ref == ref).items()}
            query = (
                select(INBOUND, READING.c.mail, READING.c.assessment, READING.c.decision)
                .join(READING, READING.c.mail_id == INBOUND.c.id)
                .where(INBOUND.c.id.in_(list(spans)))
                .order_by(INBOUND.c.id)
            )
            rows = connection.execute(query).mappings().all() if spans else []
            return tuple(
                TicketPart(mail=full_mail_view(row), holder=row["ref"], spans=tuple(spans[row["id"]])) for row in rows
            )

    def parts_taken(self, ref: str) -> dict[int, dict[str, tuple[Span, ...]]]:
        """Of the mails that a ticket keeps: which other tickets are about which parts of them."""
        own = select(INBOUND.c.id).where(INBOUND.c.ref == ref)
        found: dict[int, dict[str, tuple[Span, ...]]] = {}
        with self.read() as connection:
            for (other, mail_id), spans in spans_of(connection, PART.c.mail_id.in_(own)).items():
                found.setdefault(mail_id, {})[other] = tuple(spans)
        return found

    def merged_into(self, ref: str) -> str:
        """The ticket that this one was merged into; empty if it was not."""
        with self.read() as connection:
            return merged_into(connection, ref)

    def are_one_customers(self, ref: str, other: str) -> bool:
        """Are two tickets one customer's, or one company's, as far as their addresses tell?"""
        with self.read() as connection:
            query = select(TICKET).where(TICKET.c.ref.in_((ref, other)))
            rows = connection.execute(query).mappings().all()
            return len(rows) == len({ref, other}) and _is_one_customer(rows[0], rows[-1])

    def ticket_of_mail(self, mail_id: int) -> str:
        """The ticket that keeps a mail.

        Raises:
            NotFound: No such mail, or it is no ticket's.
        """
        with self.read() as connection:
            return str(_mail_of_ticket(connection, mail_id)["ref"])


def _require(connection: Connection, ref: str) -> None:
    if connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref)).first() is None:
        raise NotFound(f"no ticket {ref}")


def _held(connection: Connection, ref: str) -> RowMapping:
    _require(connection, ref)
    return locked_ticket(connection, ref)


def _held_all(connection: Connection, refs: Iterable[str]) -> dict[str, RowMapping]:
    """The tickets' rows, locked in one order, so that no two agents wait for each other in a ring."""
    return {ref: _held(connection, ref) for ref in sorted(set(refs))}


def _said_by(connection: Connection, ref: str, mail_id: int) -> Said:
    found = next((one for one in said_in(connection, ref) if one.mail_id == mail_id), None)
    if found is None:
        raise NotFound(f"no mail {mail_id} of ticket {ref}")
    return found


def _mail_of_ticket(connection: Connection, mail_id: int) -> RowMapping:
    query = select(INBOUND.c.id, INBOUND.c.ref, INBOUND.c.sender, INBOUND.c.subject, INBOUND.c.message_hash).where(
        INBOUND.c.id == mail_id, INBOUND.c.ref.is_not(None), INBOUND.c.state == MailState.TRIAGED.value
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"no mail {mail_id}")
    return row


def _next_child_ref(connection: Connection) -> str:
    """The next reference of a ticket that no mail opened; the caller holds `lock_children`."""
    query = select(func.max(TICKET.c.ref)).where(TICKET.c.ref.like(_CHILD_REF))
    latest = connection.execute(query).scalar()
    return f"T{max(CHILD_REFS, int(latest[1:]) if latest else 0) + 1}"


def _free_places(connection: Connection, mail_id: int, count: int) -> list[int] | None:
    """So many places behind the mail's own; None if there are no more."""
    first, end = place_of(mail_id), place_of(mail_id) + PLACES
    query = select(func.max(TICKET.c.place)).where(TICKET.c.place >= first, TICKET.c.place < end)
    latest = connection.execute(query).scalar()
    start = (first if latest is None else int(latest)) + 1
    return list(range(start, start + count)) if start + count <= end else None


def _write_parts(connection: Connection, child: str, one: Said, issue: Issue) -> None:
    """The stretches of the issue; those that its ticket had as a part of the mail are its no more."""
    spans = [span for span in issue.spans if span.end > span.start] or [Span(0, len(one.seen.text))]
    starts: dict[int, int] = {}
    for start, end in spans:
        starts[start] = max(end, starts.get(start, 0))
    rows = [{"ref": child, "mail_id": one.mail_id, "start": start, "end": end} for start, end in starts.items()]
    connection.execute(insert(PART), rows)
    if not one.is_own:
        given = [start for start, _ in spans]
        gone = delete(PART).where(PART.c.ref != child, PART.c.mail_id == one.mail_id, PART.c.start.in_(given))
        connection.execute(gone)


def _open_child(
    connection: Connection,
    parent: RowMapping,
    child: str,
    mail_id: int,
    place: int,
    title: str,
    lacks: Lacks,
    now: datetime,
) -> None:
    """A ticket about a part of a mail, which stands where someone should go on with it."""
    said = said_in(connection, child)
    matter = matter_of(said)
    clean = {**parent, "missing": "[]", "unsure": "[]", "rank": 2, "categories": "[]", "hints": "[]"}
    columns = columns_of(matter, clean, lacks)
    missing, unsure = json.loads(columns["missing"]), json.loads(columns["unsure"])
    disposition = disposition_of(matter["categories"], missing)
    is_ready = disposition is Disposition.ACCEPT and not missing and not unsure
    values: dict[str, Any] = {
        **clean,
        **columns,
        **_fresh(now),
        "ref": child,
        "number": mail_id,
        "place": place,
        "state": (TicketState.READY if is_ready else TicketState.NEEDS_REVIEW).value,
        "ready_at": now if is_ready else None,
        "subject": title[:_LONGEST_SUBJECT],
        "disposition": disposition.value,
        "opened_at": said[0].received_at,
        "split_from": parent["ref"],
    }
    connection.execute(insert(TICKET).values(**values))
    retag(connection, child)


def _fresh(now: datetime) -> dict[str, Any]:
    """What no ticket takes over from the one it comes from."""
    return {
        "asked": "[]",
        "version": 0,
        "proposal": "",
        "slept_from": "",
        "wake_at": None,
        "assignee": "",
        "is_spam": False,
        "is_overdue": False,
        "updated_at": now,
        "person_first": "[]",
    }


def _index_split(connection: Connection, child: str, ref: str, number: int) -> None:
    """The letter that asked the customer to split gave each issue an address: what is sent there goes to its ticket."""
    if number > 1:  # the first goes on in the ticket itself
        values = {"message_hash": message_hash(split_key(ref, number)), "ref": child, "sender": ""}
        insert_if_new(connection, THREAD, values, ["message_hash", "ref"])


def _settle_parent(connection: Connection, ref: str, lacks: Lacks, now: datetime, by: str) -> None:
    """What is left with a ticket. If it waited for its customer to split, it waits no more."""
    row = recount(connection, ref, lacks, now)
    if row["disposition"] == Disposition.SPLIT.value:
        found = disposition_of(matter_of(said_in(connection, ref))["categories"], names(row["missing"]))
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(disposition=found.value))
    asks = select(REPLY.c.id).where(REPLY.c.ref == ref, REPLY.c.kind.in_(_REQUESTS), REPLY.c.state.in_(_OUT))
    was_asked = connection.execute(asks.limit(1)).first() is not None
    state = TicketState(row["state"])
    is_complete = row["missing"] == "[]" and row["unsure"] == "[]"
    if state in WAITS_FOR_CUSTOMER | {TicketState.NEEDS_REVIEW} and is_complete:
        change_state(connection, row, TicketState.READY, now, cause=Cause.AGENT, by=by, why=SPLIT)
    elif state is TicketState.WAITING_CUSTOMER and not was_asked:
        change_state(connection, row, TicketState.NEEDS_REVIEW, now, cause=Cause.AGENT, by=by, why=SPLIT)


def _is_one_customer(one: RowMapping, other: RowMapping) -> bool:
    return (
        are_close(one["sender"], other["sender"])
        or takes_part(other, one["sender"])
        or takes_part(one, other["sender"])
    )


def _is_work(row: RowMapping) -> bool:
    """Is it an agent's turn, now or once the ticket wakes?"""
    state = row["state"]
    if state == TicketState.SNOOZED.value:
        state = row["slept_from"] or TicketState.NEEDS_REVIEW.value
    return TicketState(state) in AWAITS_AGENT


def _is_asked(one: RowMapping, other: RowMapping) -> bool:
    """Does the ticket that goes on ask what the merged one, whose letter does not go, would have asked and still lacks?"""
    would = set(names(one["asked"]))
    return bool(would) and would & set(names(other["missing"])) <= set(names(other["asked"]))


def _has_more(one: RowMapping, other: RowMapping) -> bool:
    """Does the merged ticket know an item that the other lacks?"""
    known = {item for item, value in json.loads(one["items"]).items() if value[1] is not None}
    return bool(known & {*names(other["missing"]), *names(other["unsure"])})


def _between(ref: str, other: str) -> ColumnElement[bool]:
    forth = (TICKET_LINK.c.ref == ref) & (TICKET_LINK.c.other == other)
    back = (TICKET_LINK.c.ref == other) & (TICKET_LINK.c.other == ref)
    return or_(forth, back)


def _move_all(connection: Connection, ref: str, into: str) -> str:
    """Everything of a ticket becomes another's; returns what it was, for the history."""
    mails = connection.execute(select(INBOUND.c.id).where(INBOUND.c.ref == ref).order_by(INBOUND.c.id)).scalars().all()
    letters = connection.execute(select(REPLY.c.id).where(REPLY.c.ref == ref).order_by(REPLY.c.id)).scalars().all()
    notes = connection.execute(
        select(func.count()).select_from(EVENT).where(EVENT.c.ref == ref, EVENT.c.what == "note")
    ).scalar_one()
    connection.execute(update(INBOUND).where(INBOUND.c.ref == ref).values(ref=into))
    connection.execute(update(REPLY).where(REPLY.c.ref == ref).values(ref=into))
    # Where the ticket stood is its own history: read under the other's name, it would be another's.
    connection.execute(update(EVENT).where(EVENT.c.ref == ref, EVENT.c.what != "moved").values(ref=into))
    for row in connection.execute(select(SEARCH.c.source, SEARCH.c.source_id).where(SEARCH.c.ref == ref)).all():
        move_words(connection, row.source, row.source_id, into)
    connection.execute(update(CORRECTION).where(CORRECTION.c.ref == ref).values(ref=into))
    _move_threads(connection, into, THREAD.c.ref == ref)
    # What an agent has begun to write goes along, unless he has begun something on the other one too.
    busy = select(DRAFT.c.agent).where(DRAFT.c.ref == into)
    for table in (DRAFT_FILE, DRAFT):
        connection.execute(update(table).where(table.c.ref == ref, table.c.agent.not_in(busy)).values(ref=into))
    connection.execute(delete(PRESENCE).where(PRESENCE.c.ref == ref))
    parts = _move_parts(connection, ref, into)
    found = [_told("mails", mails), _told("letters", letters), f"notes {notes}" if notes else "", _told("parts", parts)]
    return "; ".join(one for one in found if one) or "nothing"


def _told(what: str, ids: Sequence[int]) -> str:
    return f"{what} {', '.join(map(str, ids))}" if ids else ""


def _move_threads(connection: Connection, into: str, *which: ColumnElement[bool]) -> None:
    there = select(THREAD.c.message_hash).where(THREAD.c.ref == into)
    connection.execute(delete(THREAD).where(*which, THREAD.c.message_hash.in_(there.scalar_subquery())))
    connection.execute(update(THREAD).where(*which).values(ref=into))


def _move_parts(connection: Connection, ref: str, into: str) -> list[int]:
    """Parts of mails that the other ticket keeps are no parts any more: they are whole again. Returns the mails' ids."""
    moved = sorted(set(connection.execute(select(PART.c.mail_id).where(PART.c.ref == ref)).scalars()))
    kept = select(INBOUND.c.id).where(INBOUND.c.ref == into).scalar_subquery()
    connection.execute(delete(PART).where(PART.c.ref == ref, PART.c.mail_id.in_(kept)))
    connection.execute(delete(PART).where(PART.c.ref == into, PART.c.mail_id.in_(kept)))
    connection.execute(update(PART).where(PART.c.ref == ref).values(ref=into))
    return moved


def _why_not_move(
    connection: Connection,
    mail: RowMapping,
    rows: Mapping[str, RowMapping],
    to: str | None,
    left: Sequence[Said],
    expected: str | None,
    *,
    is_confirmed: bool,
) -> Refusal | None:
    """Why a mail stays where it is; the tickets are locked."""
    ref = mail["ref"]
    now_in = connection.execute(select(INBOUND.c.ref).where(INBOUND.c.id == mail["id"])).scalar()
    if expected not in {None, ref} or now_in != ref:
        return Refusal.CHANGED
    if to == ref:
        return Refusal.SAME
    if not left:
        return Refusal.NOTHING_LEFT
    return _why_not_into(connection, mail, rows[to], is_confirmed=is_confirmed) if to else None


def _why_not_into(connection: Connection, mail: RowMapping, other: RowMapping, *, is_confirmed: bool) -> Refusal | None:
    if merged_into(connection, other["ref"]):
        return Refusal.MERGED
    if other["state"] == TicketState.CLOSED.value:
        return Refusal.CLOSED
    is_his = are_close(mail["sender"], other["sender"]) or takes_part(other, mail["sender"])
    return None if is_confirmed or is_his else Refusal.OTHER_CUSTOMER


def _open_for_mail(connection: Connection, parent: RowMapping, mail: RowMapping) -> str | Refusal:
    """A ticket for a mail that leaves another: its natural one where that is free. Its columns are counted later."""
    lock_children(connection)
    natural = ref_of(mail["id"])
    is_free = connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == natural)).first() is None
    taken = connection.execute(select(TICKET.c.ref).where(TICKET.c.place == place_of(mail["id"]))).first() is not None
    places = _free_places(connection, mail["id"], 1) if taken else [place_of(mail["id"])]
    if places is None:
        return Refusal.NO_ROOM
    said = _said_by(connection, parent["ref"], mail["id"])
    ref = natural if is_free else _next_child_ref(connection)
    values = {
        **parent,
        **_fresh(said.received_at),
        "ref": ref,
        "number": mail["id"],
        "place": places[0],
        "state": TicketState.NEEDS_REVIEW.value,
        "ready_at": None,
        "subject": (said.read["subject"] or parent["subject"])[:_LONGEST_SUBJECT],
        "sender": mail["sender"],
        "language": said.seen.language,
        "disposition": Disposition.NO_REPLY.value,
        "opened_at": said.received_at,
        "split_from": parent["ref"],
        "missing": "[]",
        "unsure": "[]",
        "categories": "[]",
        "hints": "[]",
        "rank": 2,
        "participants": "[]",
        "is_automatic": said.is_machine,
    }
    connection.execute(insert(TICKET).values(**values))
    link = {"ref": ref, "other": parent["ref"], "kind": LinkKind.SPLIT.value}
    insert_if_new(connection, TICKET_LINK, link, ["ref", "other"])
    return ref


def _move_one(connection: Connection, mail: RowMapping, ref: str, to: str, now: datetime, by: str) -> str:
    """The mail, the letters that it got, and what leads to them; returns what it was, for the history."""
    mail_id = mail["id"]
    drop_letters(connection, ref, now, REPLY.c.mail_id == mail_id, REPLY.c.kind.in_(_ASKS), by=by, why=MOVED)
    connection.execute(update(INBOUND).where(INBOUND.c.id == mail_id).values(ref=to))
    its = (REPLY.c.mail_id == mail_id, REPLY.c.ref == ref)
    letters = connection.execute(select(REPLY.c.id, REPLY.c.message_id).where(*its).order_by(REPLY.c.id)).all()
    connection.execute(update(REPLY).where(*its).values(ref=to))
    keys = [message_hash(row.message_id) for row in letters] + ([mail["message_hash"]] if mail["message_hash"] else [])
    _move_threads(connection, to, THREAD.c.ref == ref, THREAD.c.message_hash.in_(keys))
    for source, one in ((MAIL, mail_id), *((LETTER, row.id) for row in letters)):
        move_words(connection, source, one, to)
    connection.execute(
        update(CORRECTION).where(CORRECTION.c.mail_id == mail_id, CORRECTION.c.ref == ref).values(ref=to)
    )
    # What the other ticket was about in part, it keeps whole now.
    connection.execute(delete(PART).where(PART.c.ref == to, PART.c.mail_id == mail_id))
    return "; ".join(filter(None, (_told("mails", [mail_id]), _told("letters", [row.id for row in letters]))))


def _settle_after_leaving(
    connection: Connection, before: RowMapping, left: Sequence[Said], lacks: Lacks, now: datetime, by: str
) -> None:
    """The ticket that a mail has left; if it was its first, the next one is the first now."""
    ref, also = before["ref"], {}
    own = [one for one in left if one.is_own]
    if own and all(one.mail_id != before["number"] for one in left):
        first = own[0]
        also = {
            "number": first.mail_id,
            "subject": (first.read["subject"] or before["subject"])[:_LONGEST_SUBJECT],
            "language": first.seen.language,
            "sender": first.read["sender"].casefold()[:320],
        }
    row = recount(connection, ref, lacks, now, are_people_new=True, **also)
    settle(connection, row, now, by=by, why=MOVED, has_lacked=before["missing"] != "[]", is_new=False)


def _is_written_to(connection: Connection, ref: str) -> bool:
    """Has the ticket a letter that went, or that is on its way?"""
    out = select(REPLY.c.id).where(REPLY.c.ref == ref, REPLY.c.state.in_(_OUT))
    return connection.execute(out.limit(1)).first() is not None


def _stand_on_nothing(connection: Connection, ref: str, now: datetime, by: str) -> None:
    """A ticket whose last letter has left it waits for no answer; nor will it, where it sleeps."""
    row = locked_ticket(connection, ref)
    if TicketState(row["state"]) in STANDS_ON_LETTER:
        change_state(connection, row, TicketState.NEEDS_REVIEW, now, cause=Cause.AGENT, by=by, why=MOVED)
    elif row["slept_from"] and TicketState(row["slept_from"]) in STANDS_ON_LETTER:
        values = {"slept_from": TicketState.NEEDS_REVIEW.value, "version": TICKET.c.version + 1}
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(**values))
        retag(connection, ref)


def _settle_after_coming(
    connection: Connection, ref: str, lacks: Lacks, now: datetime, by: str, *, is_opened: bool
) -> None:
    lacked = connection.execute(select(TICKET.c.missing).where(TICKET.c.ref == ref)).scalar_one() != "[]"
    row = recount(connection, ref, lacks, now, are_people_new=True)
    if is_opened:
        found = disposition_of(matter_of(said_in(connection, ref))["categories"], names(row["missing"]))
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(disposition=found.value))
        lacked = found is Disposition.ACCEPT
    settle(connection, row, now, by=by, why=MOVED, has_lacked=lacked, is_new=True)
