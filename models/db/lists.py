"""The queue as agents page through it: filters, order, counts, groups of alike incidents.

Promises: a page costs the same however many tickets there are: for each state one walk along an index that stops when the
page is full, and no count over the table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, insert, select

from models.assessment import Category
from models.db.base import Shelf
from models.db.books import fold_door
from models.db.filing import EVENT
from models.db.intake import INBOUND
from models.db.queue import MAIL_COLUMNS, STRAY_STATES, TALLY, rows_of
from models.db.rows import mail_view, names, stray_row
from models.db.tags import TAG
from models.db.threads import TICKET
from models.lists import Alike, QueuePage, key_of, read_key
from models.states import TicketState
from models.ticket import PLACES, Rank

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from models.lists import Wanted
    from models.views import QueueRow

_FOLD_FROM = 200  # lines of the tally that are worth a fold
_RECENT = timedelta(minutes=30)
_MOST_RECENT = 500
_MOST_CUSTOMER = 200
_FEWEST_ALIKE, _FEWEST_SENDERS = 3, 2
_RAREST = ("sender", "domain", "region", "product", "category", "lacks", "agent", "language")  # kinds of tags
_INCIDENT_LIKE = frozenset({Category.INCIDENT.value, Category.TROUBLESHOOTING.value})


class Lists(Shelf):
    """Pages of the queue."""

    def page(self, wanted: Wanted, *, after: str = "", limit: int = 50) -> QueuePage:
        """One page of tickets, and of mails that are none where they are wanted."""
        begins = read_key(after, by_rank=wanted.by_rank)
        with self.read_skewed() as connection:
            bounds = _bounds(connection, wanted)
            found: list[tuple[int, int, str]] = []
            for query in _walks(wanted, begins, bounds, limit + 1):
                found += [tuple(row) for row in connection.execute(query)]
            chosen = sorted(found, key=_order(wanted))[: limit + 1]
            rows = connection.execute(select(TICKET).where(TICKET.c.ref.in_([ref for *_, ref in chosen]))).mappings()
            lines = rows_of(connection, rows.all())
            if wanted.has_strays:
                lines += _strays(connection, wanted, begins, limit + 1)
        lines.sort(key=lambda row: _order(wanted)((row.rank, row.key, "")))
        shown = tuple(lines[:limit])
        return QueuePage(rows=shown, after=key_of(shown[-1], by_rank=wanted.by_rank) if len(lines) > limit else "")

    def tallies(self) -> Counter[tuple[str, str, str]]:
        """How many tickets stand where: by (state, lane, assignee); mails that are no tickets stand in the lane `mail`."""
        by = (TALLY.c.state, TALLY.c.lane, TALLY.c.assignee)
        with self.read_skewed() as connection:
            found = Counter(
                {
                    (row[0], row[1], row[2]): int(row[3])
                    for row in connection.execute(select(*by, func.sum(TALLY.c.count)).group_by(*by))
                }
            )
            for ticket_state, mail_state in STRAY_STATES.items():
                waiting = select(INBOUND.c.id).where(INBOUND.c.state == mail_state, INBOUND.c.ref.is_(None))
                count = connection.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()
                found[(ticket_state, "mail", "")] += count
        return +found

    def fold_tallies(self) -> None:
        """Make one line of each sum again; counts stay what they are. Any number of processes may do it at once."""
        with self.write() as connection:
            fold_door(connection)
            if connection.execute(select(func.count()).select_from(TALLY)).scalar_one() < _FOLD_FROM:
                return
            gone = connection.execute(
                delete(TALLY).returning(TALLY.c.state, TALLY.c.lane, TALLY.c.assignee, TALLY.c.count)
            )
            sums: Counter[tuple[str, str, str]] = Counter()
            for state, lane, assignee, count in gone:
                sums[(state, lane, assignee)] += count
            lines = [
                {"state": state, "lane": lane, "assignee": assignee, "count": count}
                for (state, lane, assignee), count in sums.items()
                if count
            ]
            if lines:
                connection.execute(insert(TALLY), lines)

    def alike(self, now: datetime) -> tuple[Alike, ...]:
        """Incident-like tickets of the last half hour that name one product or region, the largest group first."""
        query = (
            select(TICKET)
            .where(TICKET.c.opened_at > now - _RECENT, TICKET.c.is_automatic.is_(False), TICKET.c.is_spam.is_(False))
            .order_by(TICKET.c.opened_at.desc())
            .limit(_MOST_RECENT)
        )
        groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
        with self.read() as connection:
            for row in connection.execute(query).mappings():
                if not _INCIDENT_LIKE & set(names(row["categories"])):
                    continue
                regions = (row["region"], "") if row["region"] else ("",)
                # A region alone says little where all customers are in one: there only what looks like an outage counts.
                is_outage = Category.INCIDENT.value in names(row["categories"])
                for region in regions:
                    for product in (*names(row["products"]), *([""] if is_outage else [])):
                        groups[(product, region)].append(row)
        groups.pop(("", ""), None)
        found: list[Alike] = []
        seen: set[frozenset[str]] = set()
        # The most exact name of a set of tickets stands for it.
        for (product, region), rows in sorted(groups.items(), key=lambda one: (-len(one[1]), -sum(map(bool, one[0])))):
            refs = frozenset(row["ref"] for row in rows)
            senders = {row["sender"] for row in rows}
            if len(refs) < _FEWEST_ALIKE or len(senders) < _FEWEST_SENDERS or any(refs <= one for one in seen):
                continue
            seen.add(refs)
            found.append(
                Alike(
                    product=product,
                    region=region,
                    refs=tuple(sorted(refs)),
                    senders=len(senders),
                    since=min(row["opened_at"] for row in rows),
                )
            )
        return tuple(found)

    def changes(self, after: int | None) -> tuple[int, frozenset[str]]:
        """(the latest event's id, the tickets that events behind `after` are about). None only asks where we are."""
        with self.read() as connection:
            latest = int(connection.execute(select(func.coalesce(func.max(EVENT.c.id), 0))).scalar_one())
            if after is None or latest <= after:
                return latest, frozenset()
            # Not DISTINCT: SQLite would walk through all that ever happened, by ticket.
            query = select(EVENT.c.ref).where(EVENT.c.id > after).order_by(EVENT.c.id).limit(_MOST_RECENT)
            return latest, frozenset(connection.execute(query).scalars())

    def tickets_of(self, sender: str, *, but: str = "") -> tuple[QueueRow, ...]:
        """A customer's tickets, the newest first."""
        tag = select(TAG.c.ref).where(TAG.c.tag == f"sender:{sender}"[:340], TAG.c.ref != but)
        newest = tag.order_by(TAG.c.place.desc()).limit(_MOST_CUSTOMER)
        with self.read() as connection:
            refs = connection.execute(newest).scalars().all()
            rows = connection.execute(select(TICKET).where(TICKET.c.ref.in_(refs))).mappings().all()
            return tuple(sorted(rows_of(connection, rows), key=lambda row: -row.key))


def _order(wanted: Wanted) -> Any:  # noqa: ANN401 - a key for sorted
    if wanted.by_rank:
        return lambda one: (one[0], one[1])
    return lambda one: -one[1]


def _bounds(connection: Connection, wanted: Wanted) -> tuple[int | None, int | None]:
    """Places between which the wanted times lie: places go with times of arrival."""

    def place_at(at: datetime | None) -> int | None:
        if at is None:
            return None
        query = select(TICKET.c.place).where(TICKET.c.opened_at < at).order_by(TICKET.c.opened_at.desc()).limit(1)
        return int(connection.execute(query).scalar() or 0)

    return place_at(wanted.opened_after), place_at(wanted.opened_before)


def _walks(
    wanted: Wanted, begins: tuple[int, int] | None, bounds: tuple[int | None, int | None], limit: int
) -> Iterable[Select[Any]]:
    """One walk along an index for each state and rank: together they hold the page."""
    first, *others = sorted(wanted.tags, key=_rarity) or (None,)
    table = TICKET if first is None else TAG
    low, high = bounds
    for state in wanted.states:
        for rank in Rank:
            if wanted.by_rank and begins is not None and rank < begins[0]:
                continue
            query = select(table.c.rank, table.c.place, table.c.ref).where(
                table.c.state == state.value, table.c.rank == int(rank)
            )
            query = query.where(table.c.tag == first) if first is not None else query
            for tag in others:
                other = TAG.alias()
                query = query.where(exists().where(other.c.ref == table.c.ref, other.c.tag == tag))
            query = query.where(table.c.place > low) if low is not None else query
            query = query.where(table.c.place <= high) if high is not None else query
            if begins is not None and (not wanted.by_rank or rank == begins[0]):
                query = query.where(table.c.place > begins[1] if wanted.by_rank else table.c.place < begins[1])
            yield query.order_by(table.c.place if wanted.by_rank else table.c.place.desc()).limit(limit)


def _rarity(tag: str) -> int:
    """What few tickets carry is walked along, the rest is looked up for each of them."""
    kind = tag.partition(":")[0]
    return _RAREST.index(kind) if kind in _RAREST else len(_RAREST)


def _strays(connection: Connection, wanted: Wanted, begins: tuple[int, int] | None, limit: int) -> list[QueueRow]:
    """Mails that are no tickets: usual by rank, placed where their ticket would be."""
    states = [mail for ticket, mail in STRAY_STATES.items() if TicketState(ticket) in wanted.states]
    query = select(*MAIL_COLUMNS).where(INBOUND.c.ref.is_(None), INBOUND.c.state.in_(states))
    if begins is not None:
        rank, place = begins
        if wanted.by_rank:
            query = query if rank < Rank.USUAL else query.where(INBOUND.c.id > place // PLACES)
        else:
            query = query.where(INBOUND.c.id < -(-place // PLACES))
    query = query.order_by(INBOUND.c.id if wanted.by_rank else INBOUND.c.id.desc()).limit(limit)
    return [stray_row(mail_view(row)) for row in connection.execute(query).mappings()]
