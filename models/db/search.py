"""Tickets by the words of their mails, letters and notes: one interface on both engines.

Promises: a text is found as soon as the transaction that wrote it has committed; what `models.words` calls a credential is in no
index; a search reads a bounded number of rows, whatever is asked. SQLite keeps the words in FTS5, PostgreSQL in a tsvector
with a GIN index; both take the same words at the same positions.

The id of a text begins with its ticket's place: the texts of a ticket lie together, those of the newest ticket at the end, so
that a page in the order of the tickets is one walk down an index that stops when the page is full.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update

from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.locks import share_words, try_own_words
from models.db.tables import EventRow, ReadingRow, ReplyRow, SearchBacklogRow, SearchRow, TicketRow
from models.found import FoundText, FoundTicket, Progress, SearchPage
from models.query import STATES
from models.states import TicketState
from models.ticket import Rank
from models.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import TextClause
    from sqlalchemy.engine import Connection, RowMapping

    from models.query import Query
    from models.words import Phrase

SEARCH = SearchRow.__table__  # type: ignore[attr-defined]
BACKLOG = SearchBacklogRow.__table__  # type: ignore[attr-defined]
_TICKET = TicketRow.__table__  # type: ignore[attr-defined]
_READING = ReadingRow.__table__  # type: ignore[attr-defined]
_REPLY = ReplyRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]

MAIL, LETTER, NOTE = "mail", "letter", "note"
_SOURCES = (MAIL, LETTER, NOTE)
BUSY = -1  # others write words just now: try again soon
_BITS = 22  # of an id, for the texts of one ticket
_MOST_POSITIONS = 256  # of one word in a tsvector
_STEPS = (200, 1000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000)  # texts looked at, one walk after the other
_NEWEST = 1000  # texts that PostgreSQL reads before it asks its index of words
_OTHER_WAYS = ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan")
_TRIES = 2  # walks after which few of many are looked for the other way round
_MANY = 1000  # tickets that are gone through in one walk
_MOST_WALKS = 5
_MOST_TEXTS = 2  # of one ticket that a page shows
_MOST_CHECKS = 10  # of that, for one page
_AT_ONCE = 50  # tickets whose excluded words are looked for in one go


# Writing


def id_for(place: int, source: str, source_id: int) -> int:
    """The id of a text in the index: the ticket's place, then what tells the ticket's texts apart."""
    within = (source_id * len(_SOURCES) + _SOURCES.index(source)) % (1 << _BITS)
    return (place << _BITS) | within


def words_in(one: FoundText) -> tuple[str, ...]:
    """The words by which a text is found. They take a while: before the transaction that writes them, if that may be."""
    if one.source != MAIL:
        return letter_words(one.subject, one.names, one.text)
    return words_of((one.subject, *one.names[1:], one.text), sender=(one.names[0], one.by), hide=one.secrets)


def letter_words(subject: str, names: Sequence[str], text: str) -> tuple[str, ...]:
    """As `words_in`, of a letter that has no row yet; `names`: whom it goes to. A note has no names."""
    return words_of((subject, *names, text))


def index_words(connection: Connection, source: str, source_id: int, ref: str, words: Sequence[str]) -> None:
    """Make a text findable by its words, over those that are there."""
    share_words(connection)
    _keep(connection, source, source_id, ref, words)


def index_letter(connection: Connection, reply_id: int) -> None:
    """Make a letter findable as its row stands now; to be called again when its text changes."""
    row = connection.execute(_LETTERS.where(_REPLY.c.id == reply_id)).mappings().one()
    index_words(connection, LETTER, reply_id, row["ref"], words_in(_letter_text(row)))


def index_note(connection: Connection, event_id: int) -> None:
    """Make an agent's note findable."""
    row = connection.execute(_NOTES.where(_EVENT.c.id == event_id)).mappings().one()
    index_words(connection, NOTE, event_id, row["ref"], words_in(_note_text(row)))


def move_words(connection: Connection, source: str, source_id: int, ref: str) -> None:
    """A mail, a letter or a note belongs to another ticket now: it is found there. To be called after its own row was changed."""
    share_words(connection)
    there = _indexed_at(connection, source, source_id)
    if there is None:  # not indexed yet: whoever does it will find the new ticket
        return
    at = _free_id(connection, ref, source, source_id)
    connection.execute(update(SEARCH).where(SEARCH.c.id == there).values(id=at, ref=ref))


_MAILS = select(INBOUND.c.id, INBOUND.c.ref, INBOUND.c.received_at, _READING.c.mail, _READING.c.assessment).join(
    _READING, _READING.c.mail_id == INBOUND.c.id
)
_LETTERS = select(
    *(_REPLY.c[name] for name in ("id", "ref", "created_at", "to_address", "cc", "by", "subject", "text"))
)
_NOTES = select(_EVENT.c.id, _EVENT.c.ref, _EVENT.c.at, _EVENT.c.by, _EVENT.c.detail)


def _mail_text(row: RowMapping) -> FoundText:
    return mail_text(row["id"], row["received_at"], json.loads(row["mail"]), json.loads(row["assessment"]))


def mail_text(mail_id: int, at: datetime, read: Mapping[str, Any], seen: Mapping[str, Any]) -> FoundText:
    """A mail as the search shows it.

    Args:
        mail_id: Its id.
        at: When it came.
        read: What was read, as it is kept.
        seen: Its assessment, as it is kept.
    """
    own, whole = read["reply_text"], read["text"]
    places = (secret["span"] for secret in seen.get("secrets", ()))
    return FoundText(
        source=MAIL,
        source_id=mail_id,
        at=at,
        by=read["sender"],
        subject=read["subject"],
        text=whole if own in whole else f"{own}\n\n{whole}",
        names=(read["sender_name"], read["to"], *(one["filename"] for one in read["attachments"])),
        secrets=tuple({seen["text"][start:end].strip() for start, end in places} - {""}),
    )


def _letter_text(row: RowMapping) -> FoundText:
    names = (row["to_address"], *json.loads(row["cc"] or "[]"))
    return FoundText(
        source=LETTER,
        source_id=row["id"],
        at=row["created_at"],
        by=row["by"],
        subject=row["subject"],
        text=row["text"],
        names=tuple(str(one) for one in names),
    )


def _note_text(row: RowMapping) -> FoundText:
    return FoundText(source=NOTE, source_id=row["id"], at=row["at"], by=row["by"], subject="", text=row["detail"])


# Statements that each mail asks are written once: to write them anew costs more than the answer.
_INDEXED = select(SEARCH.c.id).where(SEARCH.c.source == bindparam("of"), SEARCH.c.source_id == bindparam("of_id"))
_INSERT = insert(SEARCH)
_PLACE = select(_TICKET.c.place).where(_TICKET.c.ref == bindparam("ref"))
_TAKEN = select(SEARCH.c.id).where(SEARCH.c.id == bindparam("at"))


def _indexed_at(connection: Connection, source: str, source_id: int) -> int | None:
    """The id of a text that is in the index."""
    found: int | None = connection.execute(_INDEXED, {"of": source, "of_id": source_id}).scalar()
    return found


def _keep(connection: Connection, source: str, source_id: int, ref: str, words: Sequence[str]) -> None:
    kept = vector_of(words) if connection.dialect.name == "postgresql" else " ".join(words)
    there = _indexed_at(connection, source, source_id)
    if there is not None:
        connection.execute(update(SEARCH).where(SEARCH.c.id == there).values(words=kept))
        return
    at = _free_id(connection, ref, source, source_id)
    values = {"id": at, "source": source, "source_id": source_id, "ref": ref, "words": kept}
    connection.execute(_INSERT, values)


def _free_id(connection: Connection, ref: str, source: str, source_id: int) -> int:
    """The id for a text of a ticket; the next one where millions of texts later another has the same."""
    place = connection.execute(_PLACE, {"ref": ref}).scalar_one()
    at = id_for(place, source, source_id)
    while connection.execute(_TAKEN, {"at": at}).first() is not None:
        at = (place << _BITS) | ((at + 1) % (1 << _BITS))
    return at


def vector_of(words: Sequence[str]) -> str:
    """The words as PostgreSQL writes a tsvector: each with its positions, from one. They hold nothing that needs an escape."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, 1):
        there = places.setdefault(word, [])
        if len(there) < _MOST_POSITIONS:
            there.append(str(place))
    return " ".join(f"'{word}':{','.join(there)}" for word, there in places.items())


# Finding


class Search(Shelf):
    """Tickets by the words of their mails, letters and notes."""

    def search(self, query: Query, *, limit: int = 20, after: int | None = None) -> SearchPage:
        """A page of the tickets that a query finds, newest first; `after` is the `next_after` of the page before."""
        if query.is_empty:
            return SearchPage()
        with self.read() as connection:
            walk = _Walk(connection, query, limit)
            if query.phrases:
                walk.through_texts(after)
            else:
                walk.through_tickets(after)
            tickets = _tickets(connection, walk.found)
        return SearchPage(tickets=tickets, next_after=walk.next_after, is_short=walk.is_short)

    def ticket_exists(self, ref: str) -> bool:
        """Is there a ticket of that reference?"""
        with self.read() as connection:
            return connection.execute(select(_TICKET.c.ref).where(_TICKET.c.ref == ref)).first() is not None

    def search_progress(self) -> Progress | None:
        """How far the index is being made; None when it is whole."""
        with self.read() as connection:
            rows = connection.execute(select(BACKLOG.c.began, BACKLOG.c.remains)).all()
        total = sum(row.began for row in rows)
        return Progress(done=total - sum(row.remains for row in rows), total=total) if rows else None

    def begin_reindex(self) -> None:
        """From now on all words are to be written anew, by `catch_up`; what is there is found meanwhile."""
        newest = {
            MAIL: select(func.max(INBOUND.c.id)).where(INBOUND.c.ref.is_not(None)),
            LETTER: select(func.max(_REPLY.c.id)),
            NOTE: select(func.max(_EVENT.c.id)).where(_EVENT.c.what == NOTE),
        }
        with self.write() as connection:
            connection.execute(delete(BACKLOG))
            for source, query in newest.items():
                if last := connection.execute(query).scalar():
                    connection.execute(insert(BACKLOG).values(source=source, began=last, remains=last))

    def catch_up(self, limit: int = 20) -> int:
        """Write the words of a few texts of the backlog, the newest first; how many, 0 when nothing is left, or `BUSY`.

        Several may call it, while the desk runs; what one has done is done if it dies.
        """
        with self.write() as connection:
            query = select(BACKLOG).order_by(BACKLOG.c.source.desc()).limit(1)  # notes, mails, letters
            if connection.execute(query).first() is None:
                return 0
            if not try_own_words(connection):
                return BUSY
            row = connection.execute(query).mappings().first()
            if row is None:
                return 0
            texts = _backlog_texts(connection, row["source"], row["remains"], limit)
            for one, ref in texts:
                _keep(connection, one.source, one.source_id, ref, words_in(one))
            if len(texts) < limit:
                connection.execute(delete(BACKLOG).where(BACKLOG.c.source == row["source"]))
            else:
                left = texts[-1][0].source_id - 1
                connection.execute(update(BACKLOG).where(BACKLOG.c.source == row["source"]).values(remains=left))
            return max(1, len(texts))  # a source that held nothing more is a step too


def _backlog_texts(connection: Connection, source: str, upto: int, limit: int) -> list[tuple[FoundText, str]]:
    """The newest texts of a source up to an id, with the tickets that they belong to."""
    if source == MAIL:
        query, make, key = _MAILS.where(INBOUND.c.ref.is_not(None)), _mail_text, INBOUND.c.id
    elif source == LETTER:
        query, make, key = _LETTERS, _letter_text, _REPLY.c.id
    else:
        query, make, key = _NOTES.where(_EVENT.c.what == NOTE), _note_text, _EVENT.c.id
    rows = connection.execute(query.where(key <= upto).order_by(key.desc()).limit(limit)).mappings().all()
    return [(make(row), row["ref"]) for row in rows]


class _Walk:
    """One search on its way down the index, until a page is full or enough was looked at."""

    def __init__(self, connection: Connection, query: Query, limit: int) -> None:
        self._connection = connection
        self._query = query
        self._limit = limit
        self.found: dict[str, list[tuple[str, int]]] = {}  # of each ticket the texts
        self.next_after: int | None = None
        self.is_short = False
        self._last_place = 0
        self._checks = 0  # for excluded words

    def through_texts(self, after: int | None) -> None:
        """By the words of texts."""
        top = after << _BITS if after is not None else 1 << 62
        if self._connection.dialect.name == "postgresql":
            # Where the words are common the newest texts fill the page. What the planner thinks of how common they are is
            # not to be trusted: for words that it has no figure of it would walk down all texts.
            newest, top = _newest(self._connection, self._query, top)
            if self._take(newest) or not top:
                return
        for number, step in enumerate(_STEPS):
            if number == _TRIES and TicketState.CLOSED not in self._query.states:
                self._through_open(top >> _BITS)  # few of many: to go through the open tickets is less
                return
            rows = _texts(self._connection, self._query, top, step)
            if self._take(rows) or len(rows) < step:
                return
            top = rows[-1]["id"]
        self.next_after, self.is_short = top >> _BITS, True

    def _through_open(self, after: int) -> None:
        """By ticket, where only states are wanted in which few stand: which of these hold the words?"""
        for _ in range(_MOST_WALKS):
            tickets = _standing(self._connection, self._query.states, after)
            for start in range(0, len(tickets), _AT_ONCE):
                some = {row["ref"]: row for row in tickets[start : start + _AT_ONCE]}
                texts = _texts_of(self._connection, some, self._query.phrases)
                if self._take([{**some[text["ref"]], **text} for text in texts]):
                    return
            if len(tickets) < _MANY:
                return
            after = tickets[-1]["place"]
        self.next_after, self.is_short = after, True

    def through_tickets(self, after: int | None) -> None:
        """By state and day alone."""
        top = after if after is not None else 1 << 62
        columns = (_TICKET.c.ref, _TICKET.c.place, _TICKET.c.state, _TICKET.c.opened_at)
        for step in _STEPS:
            query = select(*columns).where(_TICKET.c.place < top).order_by(_TICKET.c.place.desc()).limit(step)
            rows = self._connection.execute(query).mappings().all()
            if self._take(rows) or len(rows) < step:
                return
            top = rows[-1]["place"]
        self.next_after, self.is_short = top, True

    def _take(self, rows: Sequence[Mapping[str, Any] | RowMapping]) -> bool:
        """Take what fits of these rows, in order; whether the page is full and there is more."""
        fitting = [row for row in rows if self._fits(row)]
        for start in range(0, len(fitting), _AT_ONCE):
            some = fitting[start : start + _AT_ONCE]
            refs = {row["ref"] for row in some} - set(self.found)
            if self._query.excluded and self._checks == _MOST_CHECKS:
                self.next_after, self.is_short = fitting[start - 1]["place"] if start else some[0]["place"] + 1, True
                return True
            self._checks += 1
            out = _with_any(self._connection, refs, self._query.excluded)
            for row in some:
                if row["ref"] in out:
                    continue
                if row["ref"] not in self.found and len(self.found) == self._limit:
                    self.next_after = self._last_place
                    return True
                texts = self.found.setdefault(row["ref"], [])
                self._last_place = row["place"]
                if "source" in row:
                    texts.append((row["source"], row["source_id"]))
        return False

    def _fits(self, row: Mapping[str, Any] | RowMapping) -> bool:
        query = self._query
        if query.states != STATES and row["state"] not in query.states:
            return False
        opened = row["opened_at"]
        return not (query.opened_from and opened < query.opened_from) and not (
            query.opened_before and opened >= query.opened_before
        )


def _texts(connection: Connection, query: Query, top: int, limit: int) -> Sequence[RowMapping]:
    """The texts below an id that hold all phrases and none that is excluded, from the top down, with what filters ask of."""
    columns = (
        *(SEARCH.c[name] for name in ("id", "ref", "source", "source_id")),
        _TICKET.c.place,
        _TICKET.c.state,
        _TICKET.c.opened_at,
    )
    if connection.dialect.name == "postgresql":
        found = _by_words(connection, query, top, limit)
        texts = select(*columns).where(SEARCH.c.id.in_(found))
    else:
        fts = text(
            "SELECT rowid AS id FROM search_words WHERE search_words MATCH :wanted AND rowid < :top"
            " ORDER BY rowid DESC LIMIT :most"
        ).bindparams(wanted=match_of(query.phrases, query.excluded), top=top, most=limit)
        below = fts.columns(SEARCH.c.id).subquery("found")
        texts = select(*columns).select_from(below).join(SEARCH, SEARCH.c.id == below.c.id)
    texts = texts.join(_TICKET, _TICKET.c.ref == SEARCH.c.ref).order_by(SEARCH.c.id.desc())
    return connection.execute(texts).mappings().all()


def _by_words(connection: Connection, query: Query, top: int, limit: int) -> Sequence[int]:
    """PostgreSQL: the ids below another, by the index of words and by nothing else."""
    for kind in _OTHER_WAYS:
        connection.execute(text(f"SET LOCAL {kind} = off"))
    wanted = text("words @@ CAST(:wanted AS tsquery)").bindparams(wanted=tsquery_of(query.phrases, query.excluded))
    ids = select(SEARCH.c.id).where(wanted, SEARCH.c.id < top).order_by(SEARCH.c.id.desc()).limit(limit)
    found = connection.execute(ids).scalars().all()
    for kind in _OTHER_WAYS:
        connection.execute(text(f"SET LOCAL {kind} = on"))
    return found


def _newest(connection: Connection, query: Query, top: int) -> tuple[Sequence[RowMapping], int]:
    """PostgreSQL: those among the newest texts below an id that hold the words, and down to where that was looked at."""
    columns = (SEARCH.c.id, SEARCH.c.ref, SEARCH.c.source, SEARCH.c.source_id, SEARCH.c.words)
    newest = select(*columns).where(SEARCH.c.id < top).order_by(SEARCH.c.id.desc()).limit(_NEWEST).subquery("newest")
    wanted = text("newest.words @@ CAST(:wanted AS tsquery)").bindparams(
        wanted=tsquery_of(query.phrases, query.excluded)
    )
    texts = (
        select(newest.c.id, newest.c.ref, newest.c.source, newest.c.source_id, _TICKET.c.place, _TICKET.c.state)
        .add_columns(_TICKET.c.opened_at)
        .join(_TICKET, _TICKET.c.ref == newest.c.ref)
        .where(wanted)
        .order_by(newest.c.id.desc())
        .limit(_STEPS[0])
    )
    rows = connection.execute(texts).mappings().all()
    if len(rows) == _STEPS[0]:
        return rows, int(rows[-1]["id"])
    lowest = select(SEARCH.c.id).where(SEARCH.c.id < top).order_by(SEARCH.c.id.desc()).offset(_NEWEST - 1).limit(1)
    return rows, int(connection.execute(lowest).scalar() or 0)


def _standing(connection: Connection, states: Iterable[TicketState], below: int) -> list[dict[str, Any]]:
    """The newest tickets in these states below a place: for each state and rank one walk along an index."""
    columns = (_TICKET.c.ref, _TICKET.c.place, _TICKET.c.state, _TICKET.c.opened_at)
    found: list[dict[str, Any]] = []
    for state in states:
        for rank in Rank:
            query = (
                select(*columns)
                .where(_TICKET.c.state == state.value, _TICKET.c.rank == int(rank), _TICKET.c.place < below)
                .order_by(_TICKET.c.place.desc())
                .limit(_MANY)
            )
            found += [dict(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda row: -int(row["place"]))[:_MANY]


def _texts_of(connection: Connection, refs: Iterable[str], phrases: Sequence[Phrase]) -> Sequence[RowMapping]:
    """The texts of these tickets that hold all phrases, the newest ticket's first."""
    columns = (SEARCH.c.id, SEARCH.c.ref, SEARCH.c.source, SEARCH.c.source_id)
    holds = _holds(connection, match_of(phrases), tsquery_of(phrases))
    query = select(*columns).where(SEARCH.c.ref.in_(set(refs)), holds).order_by(SEARCH.c.id.desc())
    return connection.execute(query).mappings().all()


def _with_any(connection: Connection, refs: Iterable[str], phrases: Sequence[Phrase]) -> set[str]:
    """Those of these tickets that hold any of the phrases in any text."""
    refs = set(refs)
    if not refs or not phrases:
        return set()
    holds = _holds(
        connection, " OR ".join(match_of([one]) for one in phrases), " | ".join(tsquery_of([one]) for one in phrases)
    )
    query = select(SEARCH.c.ref).where(SEARCH.c.ref.in_(refs), holds).distinct()
    return set(connection.execute(query).scalars())


def _holds(connection: Connection, match: str, tsquery: str) -> TextClause:
    """Does the text of a row hold it? For rows that are chosen by something else."""
    if connection.dialect.name == "postgresql":
        return text("search.words @@ CAST(:wanted AS tsquery)").bindparams(wanted=tsquery)
    return text(
        "EXISTS (SELECT 1 FROM search_words WHERE search_words MATCH :wanted AND search_words.rowid = search.id)"
    ).bindparams(wanted=match)


def match_of(phrases: Iterable[Phrase], without: Sequence[Phrase] = ()) -> str:
    """Phrases as FTS5 reads them. Words are letters and digits, which need no escape within quotes."""
    said = [[f'"{" ".join(one.words)}"{" *" if one.is_open else ""}' for one in some] for some in (phrases, without)]
    wanted, excluded = " AND ".join(said[0]), " OR ".join(said[1])
    return f"({wanted}) NOT ({excluded})" if excluded else wanted


def tsquery_of(phrases: Iterable[Phrase], without: Iterable[Phrase] = ()) -> str:
    """Phrases as PostgreSQL reads them."""
    return " & ".join(
        sign + "(" + " <-> ".join(f"'{word}'" for word in one.words) + (":*" if one.is_open else "") + ")"
        for sign, some in (("", phrases), ("!", without))
        for one in some
    )


def _tickets(connection: Connection, found: dict[str, list[tuple[str, int]]]) -> tuple[FoundTicket, ...]:
    """The tickets whole, in the order of the walk, with their newest texts."""
    shown = {ref: texts[:_MOST_TEXTS] for ref, texts in found.items()}
    wanted: dict[str, list[int]] = {source: [] for source in _SOURCES}
    for texts in shown.values():
        for source, source_id in texts:
            wanted[source].append(source_id)
    loaded: dict[tuple[str, int], FoundText] = {}
    for query, key, make in (
        (_MAILS.where(INBOUND.c.id.in_(wanted[MAIL])), MAIL, _mail_text),
        (_LETTERS.where(_REPLY.c.id.in_(wanted[LETTER])), LETTER, _letter_text),
        (_NOTES.where(_EVENT.c.id.in_(wanted[NOTE])), NOTE, _note_text),
    ):
        if wanted[key]:
            loaded |= {(key, row["id"]): make(row) for row in connection.execute(query).mappings()}
    query = select(_TICKET).where(_TICKET.c.ref.in_(found))
    rows = {row["ref"]: row for row in connection.execute(query).mappings()} if found else {}
    return tuple(_ticket(rows[ref], [loaded[one] for one in shown[ref] if one in loaded]) for ref in found)


def _ticket(row: RowMapping, texts: Sequence[FoundText]) -> FoundTicket:
    return FoundTicket(
        place=row["place"],
        ref=row["ref"],
        state=row["state"],
        subject=row["subject"],
        sender=row["sender"],
        language=row["language"],
        assignee=row["assignee"],
        opened_at=row["opened_at"],
        texts=tuple(sorted(texts, key=lambda one: one.at, reverse=True)),
    )
