"""What reports count, out of the rows: tickets with their mails, letters and the lines of their history that matter.

Promises: a page of tickets is in memory at a time, and no transaction is open while the reader works on it; a page costs
five or six statements however much happened on its tickets. Readings are looked up as plain JSON values: building the records of
`models.assessment` would cost more than all the rest. What an older version did not write is absent, and never an error.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from models.assessment import Category, SymptomKind
from models.controls import Judgement
from models.correcting import LETTER
from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.filing import EVENT, READING
from models.db.outbox import after_release
from models.db.recount import CORRECTION
from models.db.rows import names
from models.db.tags import TAG
from models.db.threads import REPLY, TICKET, domain_of, is_public
from models.decision import AGENT, LetterKind, ReplyState
from models.facts import EventFacts, LetterFacts, MailFacts, TicketFacts
from models.ticket import MailState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

PAGE = 400
# The lines of a history that `reports.counting` reads.
TOLD = (
    *("filed", "joined", "moved", "customer_objected", "corrected", "overdue"),
    *(f"reply_{state.value}" for state in ReplyState),
)
_ASKING = frozenset({LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value})
_HOLD = "hold_"  # how the reasons begin for which a person looks first
_WRONG = Judgement.WRONG.value
_DOMAIN = "domain:"
_HOLDS_ITS_FIRST = and_(INBOUND.c.id == TICKET.c.number, INBOUND.c.ref == TICKET.c.ref)
_NO_WARNINGS = ',"warnings":[]}'  # as the kept form of nearly every mail ends; within a text the quotes are escaped
_names = lru_cache(maxsize=4096)(names)  # few lists, many tickets
_CATEGORIES = {category.value: category for category in Category}
_KINDS = {kind.value: kind for kind in SymptomKind}
_TICKET_COLUMNS = (
    "ref number place state subject sender language opened_at ready_at symptom_kind missing categories products"
    " has_permission_error is_automatic is_spam"
)
_LETTER_COLUMNS = "id mail_id ref kind state reason asked created_at sent_at judgement by then_state"
_TICKET = tuple(TICKET.c[name] for name in _TICKET_COLUMNS.split())
_LETTER = tuple(REPLY.c[name] for name in _LETTER_COLUMNS.split())


class Facts(Shelf):
    """Facts for reports."""

    def facts(self, start: datetime, end: datetime, *, tag: str = "") -> Iterator[TicketFacts]:
        """The facts of every ticket opened in [start, end), oldest first; read page by page while they are asked for.

        With a `tag`, like `product:ecs`, only of those that have it.

        Only of tickets that still hold the mail they began with: what agents split off has no first mail of its own, what
        they merged is a part of another. A ticket whose first mail has no reading (any more) is passed over: nothing is
        known of how it came.
        """
        opened = TICKET.c.opened_at
        # Of tickets alone: a join here would make PostgreSQL read the whole month again for each page.
        query = select(*_TICKET).order_by(opened, TICKET.c.place).limit(PAGE)
        if tag:
            query = query.join(TAG, and_(TAG.c.ref == TICKET.c.ref, TAG.c.tag == tag))
        which = opened >= start
        while True:
            with self.read() as connection:
                rows = connection.execute(query.where(which, opened < end)).all()
                page = list(_page(connection, rows))
            yield from page
            if len(rows) < PAGE:
                return
            last = rows[-1]
            is_later = or_(opened > last.opened_at, TICKET.c.place > last.place)
            which = and_(opened >= last.opened_at, is_later)

    def frequent_domains(self, start: datetime, end: datetime, *, at_least: int, limit: int) -> frozenset[str]:
        """The customers' domains from which people opened so many tickets in [start, end), the most frequent ones.

        Never a mailbox provider's: those have no such tag.
        """
        count = func.count()
        query = (
            select(TAG.c.tag)
            .select_from(TICKET)
            .join(INBOUND, _HOLDS_ITS_FIRST)
            .join(TAG, TAG.c.ref == TICKET.c.ref)
            .where(TICKET.c.opened_at >= start, TICKET.c.opened_at < end, TAG.c.tag.startswith(_DOMAIN))
            .where(TICKET.c.is_automatic.is_(False), TICKET.c.is_spam.is_(False))
            .group_by(TAG.c.tag)
            .having(count >= at_least)
            .order_by(count.desc(), TAG.c.tag)
            .limit(limit)
        )
        with self.read() as connection:
            return frozenset(tag.removeprefix(_DOMAIN) for tag in connection.execute(query).scalars())

    def unread_mails(self, start: datetime, end: datetime) -> int:
        """How many mails that came in [start, end) have not been read yet: no ticket, and not parked."""
        came = (INBOUND.c.received_at >= start, INBOUND.c.received_at < end)
        query = select(func.count()).select_from(INBOUND).where(INBOUND.c.state == MailState.RECEIVED.value, *came)
        with self.read() as connection:
            return int(connection.execute(query).scalar_one())

    def first_arrival(self) -> datetime | None:
        """When the first mail came that opened a ticket; None where there is no ticket."""
        query = select(TICKET.c.opened_at).order_by(TICKET.c.opened_at).limit(1)
        with self.read() as connection:
            return connection.execute(query).scalar()


def _page(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[TicketFacts]:
    refs = [row.ref for row in rows]
    mails = _by_ref(connection.execute(_mails_of(refs)))
    letters = _by_ref(connection.execute(select(*_LETTER).where(REPLY.c.ref.in_(refs)).order_by(REPLY.c.id)))
    told = select(EVENT.c.ref, EVENT.c.at, EVENT.c.by, EVENT.c.what, EVENT.c.detail).where(EVENT.c.what.in_(TOLD))
    events = _by_ref(connection.execute(told.where(EVENT.c.ref.in_(refs)).order_by(EVENT.c.id)))
    seen = _readings(connection, [*(row.number for row in rows), *_answers(mails, letters)])
    wrong = [one for some in letters.values() for one in some if one.judgement == _WRONG]
    before = _judged_before(connection, wrong)
    for row in rows:
        own = sorted(mails[row.ref], key=lambda mail: (mail.id != row.number, mail.received_at, mail.id))
        if not (own and own[0].id == row.number):
            continue
        try:
            yield _facts(row, seen, own, letters[row.ref], events[row.ref], before)
        except (KeyError, ValueError, TypeError, AttributeError):
            # One damaged reading, or one of a version to come, must not take the whole report with it.
            yield _unreadable(row)


def _answers(mails: Mapping[str, Sequence[Row[Any]]], letters: Mapping[str, Sequence[Row[Any]]]) -> Iterator[int]:
    """The mails that may answer a request: the later ones of tickets that were asked."""
    for ref, some in letters.items():
        if any(letter.kind in _ASKING for letter in some):
            yield from (mail.id for mail in mails.get(ref, ()))


def _readings(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    query = select(READING.c.mail_id, READING.c.assessment).where(READING.c.mail_id.in_(set(ids)))
    return {row.mail_id: row.assessment for row in connection.execute(query)}


def _unreadable(row: Row[Any]) -> TicketFacts:
    """A ticket of whose mails nothing is known."""
    return TicketFacts(
        ref=row.ref, opened_at=row.opened_at, state=row.state, subject=row.subject, language=row.language, domain="",
        disposition="", categories=(), products=(), mails=(), is_unreadable=True,
    )  # fmt: skip


def _mails_of(refs: Sequence[str]) -> Any:  # noqa: ANN401 - a select of six columns
    """Mails that were read; one whose reading is gone tells nothing."""
    return (
        select(
            INBOUND.c.id,
            INBOUND.c.ref,
            INBOUND.c.received_at,
            INBOUND.c.is_automatic,
            READING.c.mail,
            READING.c.decision,
        )
        .join(READING, READING.c.mail_id == INBOUND.c.id)
        .where(INBOUND.c.ref.in_(refs))
    )


def _judged_before(connection: Connection, letters: Sequence[Row[Any]]) -> dict[int, str]:
    """What agents had made of letters before they called them wrong, by the letter's id."""
    if not letters:
        return {}
    targets = {f"{LETTER}{one.id}": one.id for one in letters}
    query = (
        select(CORRECTION.c.target, CORRECTION.c.value)
        .where(CORRECTION.c.mail_id.in_([one.mail_id for one in letters]), CORRECTION.c.target.in_(targets))
        .order_by(CORRECTION.c.id)
    )
    found: dict[int, str] = {}
    for row in connection.execute(query):
        said = json.loads(row.value)
        if said:
            found[targets[row.target]] = said.get("before", "")
    return found


def _by_ref(rows: Iterable[Row[Any]]) -> defaultdict[str, list[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.ref].append(row)
    return found


def _facts(
    row: Row[Any],
    readings: Mapping[int, str],
    mails: Sequence[Row[Any]],
    letters: Sequence[Row[Any]],
    events: Sequence[Row[Any]],
    before: Mapping[int, str],
) -> TicketFacts:
    decisions = [json.loads(mail.decision) for mail in mails]
    first, seen = decisions[0], json.loads(readings[row.number])
    domain = domain_of(row.sender)
    unknown = seen.get("unknown_words")
    return TicketFacts(
        ref=row.ref,
        opened_at=row.opened_at,
        state=row.state,
        subject=row.subject,
        language=row.language,
        domain="" if is_public(domain) else domain,
        disposition=first["disposition"],
        categories=tuple(_CATEGORIES[name] for name in _names(row.categories) if name in _CATEGORIES),
        products=_names(row.products),
        symptom_kind=_KINDS.get(row.symptom_kind),
        has_permission_error=bool(row.has_permission_error),
        given_first=frozenset(_given(seen, first)),
        missing_first=tuple(first.get("missing", ())),
        unsure_first=tuple(first.get("unsure", ())),
        missing_now=_names(row.missing),
        mails=tuple(
            _mail(
                mail,
                decision,
                "" if mail is mails[0] else readings.get(mail.id, ""),
                unknown if mail is mails[0] else None,
            )
            for mail, decision in zip(mails, decisions, strict=True)
        ),
        letters=tuple(_letter(letter, row, before.get(letter.id, "")) for letter in letters),
        events=tuple(EventFacts(at=one.at, by=one.by, what=one.what, detail=one.detail) for one in events),
        ready_at=row.ready_at,
        is_automatic=bool(row.is_automatic),
        is_spam=bool(row.is_spam),
    )


def _given(seen: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[str]:
    """The items that a mail gives or says to be unknown, as `models.conversation.items_of` has them."""
    for prefix, findings in (("", seen["sections"]), ("facet:", seen.get("facets", {}))):
        for item, finding in findings.items():
            if finding["present"] or finding.get("answered", False):
                yield prefix + item
    for link in ("evidence", "goal"):
        if seen.get(f"{link}_linked"):
            yield f"link:{link}"
    yield from decision.get("answers", ())


def _mail(mail: Row[Any], decision: Mapping[str, Any], reading: str, unknown_words: float | None) -> MailFacts:
    """One mail; `reading` is empty where nobody asks what it gave."""
    warnings = () if mail.mail.endswith(_NO_WARNINGS) else json.loads(mail.mail).get("warnings", ())
    return MailFacts(
        mail_id=mail.id,
        received_at=mail.received_at,
        is_automatic=bool(mail.is_automatic),
        disposition=decision["disposition"],
        missing=tuple(decision.get("missing", ())),
        unsure=tuple(decision.get("unsure", ())),
        is_held=bool(decision.get("hold", False)),
        confidence=float(decision.get("confidence", 1.0)),
        given=frozenset(_given(json.loads(reading), decision)) if reading else frozenset(),
        holds=tuple(code for code, _ in decision.get("reasons", ()) if code.startswith(_HOLD)),
        unknown_words=unknown_words,
        warnings=tuple(warnings),
    )


def _letter(letter: Row[Any], ticket: Row[Any], judged_before: str) -> LetterFacts:
    is_shown = letter.state == ReplyState.SHADOW.value and letter.kind != AGENT
    return LetterFacts(
        reply_id=letter.id,
        mail_id=letter.mail_id,
        kind=letter.kind,
        state=letter.state,
        reason=letter.reason,
        judgement=letter.judgement,
        judged_before=judged_before,
        created_at=letter.created_at,
        sent_at=letter.sent_at,
        by=letter.by,
        asked=_names(letter.asked),
        then_state=letter.then_state,
        would_be=after_release(letter.kind, ticket._mapping).value if is_shown else "",  # noqa: SLF001 - SQLAlchemy's name
    )
