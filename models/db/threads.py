"""Which ticket a mail belongs to, and how much was written to whom: the facts of a `History`.

Promises: never joined on the subject's words; a reference typed into a subject joins only for those who take part in the
ticket, an inbound Message-ID for them and their company, and nothing for a sender who is proven forged; a Message-ID of
ours is signed, so whoever quotes it has seen the letter.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, literal, literal_column, or_, select

from models.assessment import Category, SymptomKind
from models.controls import Verdict
from models.conversation import items_from_value
from models.db.accept import INBOUND, message_hash
from models.db.base import Shelf, any_of
from models.db.desk_rules import rules_for
from models.db.rows import names
from models.db.tables import CustomerAccountRow, ReplyRow, ThreadRow, TicketLinkRow, TicketRow
from models.decision import (
    AGENT,
    UNLIMITED,
    History,
    LetterCounts,
    LetterKind,
    LetterLimits,
    OpenTicket,
    PastLetter,
    ReplyState,
)
from models.mail import Trust
from models.states import TicketState
from models.ticket import Link, LinkKind, MailState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection, RowMapping

    from models.mail import Mail

THREAD = ThreadRow.__table__  # type: ignore[attr-defined]
TICKET = TicketRow.__table__  # type: ignore[attr-defined]
REPLY = ReplyRow.__table__  # type: ignore[attr-defined]
TICKET_LINK = TicketLinkRow.__table__  # type: ignore[attr-defined]
CUSTOMER_ACCOUNT = CustomerAccountRow.__table__  # type: ignore[attr-defined]
AWAITED = "awaited:"  # before a Message-ID that a filed mail answers, and that nobody has seen yet

# Where the caller names no limits: all letters are counted.
_ALL = LetterLimits(
    **dict.fromkeys(("per_recipient_hour", "per_recipient_day", "per_domain_hour", "total_10min"), UNLIMITED - 1),
    **dict.fromkeys(("unanswered_per_recipient", "unanswered_per_domain"), UNLIMITED - 1),
    bounce_hold=timedelta(days=60),
)
_TEN_MINUTES = timedelta(minutes=10)
DIALOGUE = timedelta(days=30)  # within it so many letters that ask and are never answered make a machine likely
REPEAT_OF_LONG_TEXT = timedelta(days=30)
AWAITING = timedelta(days=1)  # how long a ticket waits for the mail that its first one answers
_LONGEST_CHAIN = 20  # of tickets that go on with closed ones
LONG_TEXT = 40  # characters without blanks
_ASKING = (LetterKind.REQUEST_INFORMATION, LetterKind.SPLIT, LetterKind.ACCOUNT_NOTICE, LetterKind.RECURRENCE)
COUNTED = (ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD, ReplyState.BOUNCED)
# Mailbox providers: sharing one of these domains does not make two senders colleagues.
_PUBLIC_DOMAINS = re.compile(
    r"(?:^|\.)(?:gmail\.com|googlemail\.com|yahoo\.(?:co\.jp|com)|ymail\.ne\.jp|outlook\.(?:com|jp)|hotmail\.(?:com|co\.jp)|live\.(?:com|jp)"
    r"|icloud\.com|me\.com|docomo\.ne\.jp|ezweb\.ne\.jp|au\.com|softbank\.(?:ne\.)?jp|i\.softbank\.jp|nifty\.com|biglobe\.ne\.jp|so-net\.ne\.jp"
    r"|ocn\.ne\.jp|plala\.or\.jp|qq\.com|163\.com|126\.com|sina\.com|foxmail\.com|aol\.com|proton\.me|protonmail\.com|gmx\.(?:net|com|de))$"
)


def ref_of(mail_id: int) -> str:
    """The reference of the ticket that a mail opens: unique, and the same at every try."""
    return f"T{mail_id:06d}"


def folded_address(address: str) -> str:
    """The mailbox for counting: no server in use tells spellings of one local part apart."""
    return address.strip().casefold()[:320]


def body_hash(mail: Mail) -> str:
    """Equal for mails that say the same, whatever their spacing."""
    return hashlib.sha256("".join(mail.reply_text.split()).encode("utf-8", "replace")).hexdigest()


def are_close(one: str, other: str) -> bool:
    """Same address, or same domain that is no public mailbox provider's."""
    if one.casefold() == other.casefold():
        return bool(one)
    domain = one.rpartition("@")[2].casefold()
    return bool(domain) and domain == other.rpartition("@")[2].casefold() and not is_public(domain)


def is_public(domain: str) -> bool:
    """Is it a mailbox provider's?"""
    return _PUBLIC_DOMAINS.search(domain) is not None


class Threads(Shelf):
    """Threads and histories."""

    def history(
        self,
        mail: Mail,
        now: datetime,
        mail_id: int,
        *,
        recipient: str | None = None,
        proven_refs: Sequence[str] = (),
        split: tuple[str, int] | None = None,
        limits: LetterLimits = _ALL,
    ) -> History:
        """What happened before this mail: its ticket, our letters to whom a letter would go, repeats.

        Args:
            mail: The mail as it was read.
            now: The time.
            mail_id: Its id.
            recipient: The address that a letter would go to, if any; None takes the sender's.
            proven_refs: Tickets that the mail names by a signature of ours, whoever its sender is.
            split: Ticket and issue whose signed split address the mail was sent to: it opens a ticket of its own, or
                joins the one that an earlier mail to that address opened.
            limits: How far letters are counted: up to where a limit is reached.
        """
        sender = mail.sender.folded if mail.sender else ""
        address = sender if recipient is None else recipient
        with self.read() as connection:
            believed = "" if mail.trust is Trust.FAILED else sender  # a forger's address makes him nobody's colleague
            found = _split_child(connection, *split) if split else None
            is_awaited = False
            row = found
            if split is None:
                row, is_awaited = _find_ticket(connection, mail, believed, mail_id, proven_refs, now)
            ticket = _open_ticket(connection, row, now) if row is not None else None
            counts = letter_counts(connection, address, now, limits)
            rules = rules_for(connection, address, sender)
            return History(
                now=now,
                ticket=ticket,
                ref=ticket.ref if ticket else ref_of(mail_id),
                new_ref=ref_of(mail_id),
                is_awaited=is_awaited,
                letters_to_sender_hour=counts.recipient_hour,
                letters_to_sender_day=counts.recipient_day,
                letters_to_domain_hour=counts.domain_hour,
                letters_total_10min=letters_in_total(connection, now, most=limits.total_10min),
                has_bounced=has_bounced(connection, address, now, limits.bounce_hold),
                is_repeat_body=_is_repeat(connection, mail, mail_id, sender, now),
                link=_split_link(connection, split[0]) if split and row is None else None,
                known_accounts=accounts_of(connection, believed),
                unanswered_by_sender=_unanswered(
                    connection, now, _BY_SENDER, folded_address(address), limits.unanswered_per_recipient
                ),
                unanswered_by_domain=0
                if is_public(domain_of(address))
                else _unanswered(connection, now, _BY_DOMAIN, domain_of(address), limits.unanswered_per_domain),
                is_blocked=rules.is_blocked,
                is_allowed=rules.of_recipient is Verdict.ALLOW and not rules.is_blocked,
                is_stopped=rules.is_stopped,
                modes=rules.modes,
            )


def _find_ticket(
    connection: Connection, mail: Mail, sender: str, mail_id: int, proven: Sequence[str], now: datetime
) -> tuple[RowMapping | None, bool]:
    """The ticket that the mail names with the best proof, and whether that one has waited for this very mail.

    By a signed address, a Message-ID, a reference in the subject; last by the mails that answered this one before it came.
    """
    by_name = _refs_by_name(connection, mail, sender)
    signed = (_where_it_went(connection, mail, ref) for ref in proven)
    for ref in (*signed, *_refs_by_message_id(connection, mail, sender, now), *by_name):
        row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
        if row is not None:
            row = _merged_into(connection, row)
            is_machine = mail.automation.kind is not None  # what a machine says is about this ticket's letters
            return (row if is_machine else _successor(connection, row)), False
    for ref in _awaiting(connection, mail.message_id, sender, now):
        row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
        if row is not None and ref != ref_of(mail_id):
            row = _merged_into(connection, row)
            return row, row["state"] != TicketState.CLOSED.value
    return None, False


def _where_it_went(connection: Connection, mail: Mail, ref: str) -> str:
    """The ticket of a signed address; where the mail answers a letter of it that an agent moved, the one it moved to."""
    for message_id in (mail.in_reply_to, *reversed(mail.references)):
        if message_id and message_id.startswith(f"<{ref}."):
            now_in = [row["ref"] for row in _indexed(connection, message_hash(message_id)) if not row["sender"]]
            return now_in[0] if now_in and ref not in now_in else ref
    return ref


def _merged_into(connection: Connection, row: RowMapping) -> RowMapping:
    """Of a ticket that agents merged into another the one that has its mails by now."""
    query = select(TICKET).join(TICKET_LINK, TICKET_LINK.c.other == TICKET.c.ref)
    query = query.where(TICKET_LINK.c.kind == LinkKind.MERGED.value).limit(1)
    for _ in range(_LONGEST_CHAIN):
        later = connection.execute(query.where(TICKET_LINK.c.ref == row["ref"])).mappings().first()
        if later is None:
            break
        row = later
    return row


def merged_into(connection: Connection, ref: str) -> str:
    """The ticket that this one was merged into; empty if it was not."""
    query = select(TICKET_LINK.c.other).where(TICKET_LINK.c.ref == ref, TICKET_LINK.c.kind == LinkKind.MERGED.value)
    return str(connection.execute(query.limit(1)).scalar() or "")


def is_merged(connection: Connection, ref: str) -> bool:
    """Was the ticket merged into another? It stays closed then: all that it had is there."""
    return bool(merged_into(connection, ref))


def _successor(connection: Connection, row: RowMapping) -> RowMapping:
    """Of a closed ticket the one that goes on with it, so that a second mail to it opens no second one."""
    query = (
        select(TICKET)
        .join(TICKET_LINK, TICKET_LINK.c.ref == TICKET.c.ref)
        .where(TICKET_LINK.c.kind == LinkKind.FOLLOWS.value)
        .order_by(TICKET.c.number.desc())
        .limit(1)
    )
    for _ in range(_LONGEST_CHAIN):
        if row["state"] != TicketState.CLOSED.value:
            break
        later = connection.execute(query.where(TICKET_LINK.c.other == row["ref"])).mappings().first()
        if later is None:
            break
        row = later
    return row


def _refs_by_message_id(connection: Connection, mail: Mail, sender: str, now: datetime) -> Iterable[str]:
    """By the ids that the mail answers, the nearest first; where one is not here yet, by other mails that answer it too."""
    quoted = [mail.in_reply_to, *reversed(mail.references)]
    for message_id in dict.fromkeys(filter(None, quoted[:50])):
        for row in _indexed(connection, message_hash(message_id)):
            if not row["sender"] or _may_join(connection, row["ref"], row["sender"], sender):
                yield row["ref"]
        yield from _awaiting(connection, message_id, sender, now)


# Statements that each mail asks are written once, here and below before who asks them: to write them anew costs more than the answer.
_AWAIT = (
    select(THREAD.c.ref, THREAD.c.sender)
    .join(TICKET, TICKET.c.ref == THREAD.c.ref)
    .where(THREAD.c.message_hash == bindparam("key"), TICKET.c.opened_at > bindparam("since"))
    .order_by(THREAD.c.id)
)


def _awaiting(connection: Connection, message_id: str | None, sender: str, now: datetime) -> Iterable[str]:
    """The tickets of the last day whose mails answer that one, which had not come yet.

    Not older ones: people answer some old mail, which we never had, to write about something new.
    """
    if not message_id:
        return
    wanted = {"key": message_hash(f"{AWAITED}{message_id}"), "since": now - AWAITING}
    for row in connection.execute(_AWAIT, wanted):
        if are_close(row.sender, sender):
            yield row.ref


def _indexed(connection: Connection, key: str) -> Sequence[RowMapping]:
    query = select(THREAD).where(THREAD.c.message_hash == key).order_by(THREAD.c.id)
    return connection.execute(query).mappings().all()


def _may_join(connection: Connection, ref: str, writer: str, sender: str) -> bool:
    """May this sender join by the Message-ID of that writer's mail? His company may, and whom the ticket's mails name."""
    if are_close(writer, sender):
        return True
    row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
    return row is not None and takes_part(row, sender)


def _refs_by_name(connection: Connection, mail: Mail, sender: str) -> Iterable[str]:
    for ref in mail.thread_refs[:5]:
        row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
        if row is not None and takes_part(row, sender):
            yield ref


def takes_part(ticket: RowMapping, address: str) -> bool:
    """Has this address written to the ticket, or been named by those who did?"""
    folded = folded_address(address)
    return bool(folded) and (folded == folded_address(ticket["sender"]) or folded in set(names(ticket["participants"])))


_ACCOUNTS = (
    select(CUSTOMER_ACCOUNT.c.account)
    .where(CUSTOMER_ACCOUNT.c.address == bindparam("address"))
    .order_by(CUSTOMER_ACCOUNT.c.account)
)


def accounts_of(connection: Connection, sender: str) -> tuple[str, ...]:
    """The accounts that agents have confirmed as this sender's, and if there are any, those of his company."""
    address = folded_address(sender)
    found = list(connection.execute(_ACCOUNTS, {"address": address}).scalars())
    domain = domain_of(address)
    if not found or not domain or is_public(domain):
        return tuple(found)
    company = select(CUSTOMER_ACCOUNT.c.account).distinct().where(CUSTOMER_ACCOUNT.c.domain == domain)
    return tuple(dict.fromkeys((*found, *sorted(connection.execute(company).scalars()))))


def split_key(ref: str, number: int) -> str:
    """What a split address stands for, as the thread index knows it."""
    return f"split:{ref}:{number}"


def _split_child(connection: Connection, ref: str, number: int) -> RowMapping | None:
    """The ticket that an earlier mail to a split address opened."""
    key = message_hash(split_key(ref, number))
    query = select(TICKET).join(THREAD, THREAD.c.ref == TICKET.c.ref).where(THREAD.c.message_hash == key)
    return connection.execute(query.order_by(TICKET.c.number).limit(1)).mappings().first()


def _split_link(connection: Connection, ref: str) -> Link | None:
    found: str | None = connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref)).scalar()
    return Link(other=found, kind=LinkKind.SPLIT, is_asked_for=True) if found else None


def _open_ticket(connection: Connection, row: RowMapping, now: datetime) -> OpenTicket:
    light = [column for column in REPLY.c if column.name != "raw"]  # which may hold an agent's attachments
    letters = connection.execute(select(*light).where(REPLY.c.ref == row["ref"]).order_by(REPLY.c.id)).mappings().all()
    return OpenTicket(
        ref=row["ref"],
        state=row["state"],
        language=row["language"],
        categories=tuple(Category(name) for name in names(row["categories"])),
        symptom_kind=SymptomKind(row["symptom_kind"]) if row["symptom_kind"] else None,
        items=items_from_value(json.loads(row["items"])),
        missing=names(row["missing"]),
        unsure=names(row["unsure"]),
        version=row["version"],
        asked=frozenset(names(row["asked"])),
        products=names(row["products"]),
        has_permission_error=row["has_permission_error"],
        person_first=names(row["person_first"]),
        letters=tuple(
            PastLetter(
                kind=LetterKind(letter["kind"]) if letter["kind"] != AGENT else None,
                state=ReplyState(letter["state"]),
                at=letter["created_at"],
                message_id=letter["message_id"],
                asked=names(letter["asked"]),
                text=letter["text"],
                is_waiting=letter["state"] == ReplyState.QUEUED.value
                and (letter["claimed_until"] is None or letter["claimed_until"] <= now),
            )
            for letter in letters
        ),
    )


def letter_counts(connection: Connection, address: str, now: datetime, limits: LetterLimits) -> LetterCounts:
    """How much was written to a mailbox and to its domain; not counted beyond the limits."""
    since = {"hour": now - timedelta(hours=1), "day": now - timedelta(days=1)}
    to = {"key": folded_address(address), "domain": domain_of(address)}
    most = {
        "most_hour": limits.per_recipient_hour,
        "most_day": limits.per_recipient_day,
        "most_domain": limits.per_domain_hour,
    }
    return LetterCounts(**connection.execute(_COUNTS, since | to | most).mappings().one())


def letters_in_total(connection: Connection, now: datetime, *, most: int) -> int:
    """The letters of ten minutes that went or are to go; those that are held do not count: else a storm would never let go.

    Not counted beyond `most`, which is all that a limit needs to know, and not at all where there is none.
    """
    if most >= UNLIMITED:
        return 0
    return int(connection.execute(_IN_TOTAL, {"since": now - _TEN_MINUTES, "most": most}).scalar_one())


# What a person writes is his own affair.
_BY_US = (any_of(REPLY.c.state, COUNTED), REPLY.c.kind != literal_column(f"'{AGENT}'"))
_LETTERS = select(REPLY.c.id).where(*_BY_US)
_TO_KEY, _TO_DOMAIN = REPLY.c.to_folded == bindparam("key"), REPLY.c.to_domain == bindparam("domain")
_IN_HOUR, _IN_DAY = REPLY.c.created_at > bindparam("hour"), REPLY.c.created_at > bindparam("day")


def _count(query: Select[Any], most: str) -> Select[int]:
    """How many rows a query finds, not looked for beyond that many."""
    return select(func.count()).select_from(query.limit(bindparam(most)).subquery())


_COUNTS = select(
    _count(_LETTERS.where(_IN_HOUR, _TO_KEY), "most_hour").scalar_subquery().label("recipient_hour"),
    _count(_LETTERS.where(_IN_DAY, _TO_KEY), "most_day").scalar_subquery().label("recipient_day"),
    _count(_LETTERS.where(_IN_HOUR, _TO_DOMAIN), "most_domain").scalar_subquery().label("domain_hour"),
)
_IN_TOTAL = _count(
    _LETTERS.where(REPLY.c.created_at > bindparam("since"), ~any_of(REPLY.c.state, [ReplyState.HELD])), "most"
)


def domain_of(address: str) -> str:
    """The domain of an address for counting; empty if there is none."""
    return address.strip().rpartition("@")[2].casefold()[:255]


_BOUNCED = (
    select(REPLY.c.id)
    .where(
        REPLY.c.to_folded == bindparam("to"),
        REPLY.c.created_at > bindparam("since"),
        any_of(REPLY.c.state, (ReplyState.BOUNCED, ReplyState.FAILED)),
    )
    .limit(1)
)


def has_bounced(connection: Connection, address: str, now: datetime, hold: timedelta) -> bool:
    """Is the address on bounce hold?"""
    return connection.execute(_BOUNCED, {"to": folded_address(address), "since": now - hold}).first() is not None


_MAILS_BEFORE = select(INBOUND.c.body_hash).where(
    INBOUND.c.sender == bindparam("sender"),
    INBOUND.c.id < bindparam("mail_id"),
    INBOUND.c.received_at > bindparam("since"),
)
_LAST_MAIL = _MAILS_BEFORE.order_by(INBOUND.c.id.desc()).limit(1)
_SAME_MAIL = _MAILS_BEFORE.where(INBOUND.c.body_hash == bindparam("body")).limit(1)


def _is_repeat(connection: Connection, mail: Mail, mail_id: int, sender: str, now: datetime) -> bool:
    """The text of the sender's last mail again within the hour, or a longer one of his within the month.

    People repeat a short answer; a long text word for word comes by mistake, or from a machine.
    """
    if not mail.reply_text.strip():
        return False
    before = {"sender": sender, "mail_id": mail_id, "body": body_hash(mail)}
    if connection.execute(_LAST_MAIL, before | {"since": now - timedelta(hours=1)}).scalar() == before["body"]:
        return True
    if len("".join(mail.reply_text.split())) < LONG_TEXT:
        return False
    return connection.execute(_SAME_MAIL, before | {"since": now - REPEAT_OF_LONG_TEXT}).first() is not None


def has_written_since(ref: ColumnElement[str] | str, mail_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Did a person write to the ticket after that mail?"""
    later = INBOUND.alias()  # the mail itself may stand in the query around
    return exists().where(later.c.ref == ref, later.c.id > mail_id, later.c.is_automatic.is_(False))


def has_person(ref: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Has an agent written by hand in the ticket? As `OpenTicket.has_person` has it."""
    by_hand = REPLY.alias()  # letters may stand in the query around
    is_his = (by_hand.c.kind == AGENT, by_hand.c.state != ReplyState.DISCARDED.value)
    return exists().where(by_hand.c.ref == ref, *is_his)


def is_unread_from(
    ref: ColumnElement[str] | str, mail_id: ColumnElement[int] | int, to: ColumnElement[str] | str
) -> ColumnElement[bool]:
    """Lies a mail at the door, or parked, that may answer a letter: sent to its ticket's address, or by whom it went to?"""
    fresh = INBOUND.alias()
    address = literal("%+") + ref + literal(".%")  # as `responders.signing` writes it
    return exists().where(
        fresh.c.state.in_((MailState.RECEIVED.value, MailState.PARKED.value)),
        fresh.c.id > mail_id,
        or_(func.lower(fresh.c.sender) == to, fresh.c.envelope.like(address)),
    )


_ASKED = (
    select(REPLY.c.ref)
    .distinct()
    .where(
        REPLY.c.created_at > bindparam("since"),
        any_of(REPLY.c.state, COUNTED),
        any_of(REPLY.c.kind, _ASKING),
        ~has_written_since(REPLY.c.ref, REPLY.c.mail_id),
    )
)
_BY_SENDER = _count(_ASKED.where(REPLY.c.to_folded == bindparam("to")), "most")
_BY_DOMAIN = _count(_ASKED.where(REPLY.c.to_domain == bindparam("to")), "most")


def _unanswered(connection: Connection, now: datetime, query: Select[int], to: str, most: int) -> int:
    """Tickets of the last days in which a letter of ours asked such an address and no person has written since.

    Not counted beyond `most`, and not at all where there is no limit.
    """
    if most >= UNLIMITED:
        return 0
    return int(connection.execute(query, {"to": to, "since": now - DIALOGUE, "most": most}).scalar_one())
