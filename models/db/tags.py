"""What tickets are filtered by, kept beside them: a filtered page of the queue is one walk along an index.

Promises: a ticket's tags are those that `tags_of` says whenever the transaction that changed it has committed; whoever
changes a ticket calls `retag` before it ends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, String, bindparam, column, delete, insert, select, table, update

from models.db.rows import names
from models.db.tables import TicketRow, TicketTagRow
from models.db.threads import domain_of, is_public
from models.ticket import lane_of, place_of, rank_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, RowMapping

TICKET = TicketRow.__table__  # type: ignore[attr-defined]
TAG = TicketTagRow.__table__  # type: ignore[attr-defined]
_LONGEST = 340
_PAGE = 500


def tags_of(row: Mapping[str, Any] | RowMapping) -> set[str]:
    """The tags of a ticket's row."""
    domain = domain_of(row["sender"])
    missing = names(row["missing"])
    found = {
        f"lane:{row['lane']}",
        f"language:{row['language']}",
        "complete:no" if missing else "complete:yes",
        *(f"category:{one}" for one in names(row["categories"])),
        *(f"product:{one}" for one in names(row["products"])),
        *(f"lacks:{one}" for one in missing),
    }
    found |= {f"sender:{row['sender']}"} if row["sender"] else set()
    found |= {f"domain:{domain}"} if domain and not is_public(domain) else set()
    found |= {f"agent:{row['assignee']}"} if row["assignee"] else {"agent:"}
    found |= {f"region:{row['region']}"} if row["region"] else set()
    found |= {"spam"} if row["is_spam"] else set()
    return {one[:_LONGEST] for one in found}


_ROW = select(TICKET).where(TICKET.c.ref == bindparam("ref"))
_THERE = select(TAG.c.tag).where(TAG.c.ref == bindparam("ref"))
_INSERT = insert(TAG)


def tag_new(connection: Connection, row: Mapping[str, Any]) -> None:
    """The tags of a ticket that has just been opened, by its row."""
    stands = {name: row[name] for name in ("ref", "state", "rank", "place")}
    connection.execute(_INSERT, [{**stands, "tag": one} for one in sorted(tags_of(row))])


def retag(connection: Connection, ref: str) -> None:
    """Bring a ticket's tags up to date with its row. May be called twice."""
    row = connection.execute(_ROW, {"ref": ref}).mappings().one()
    wanted = tags_of(row)
    there = set(connection.execute(_THERE, {"ref": ref}).scalars())
    stands = {name: row[name] for name in ("state", "rank", "place")}
    if gone := there - wanted:
        connection.execute(delete(TAG).where(TAG.c.ref == ref, TAG.c.tag.in_(gone)))
    if there & wanted:
        is_other = (TAG.c.state != row["state"]) | (TAG.c.rank != row["rank"]) | (TAG.c.place != row["place"])
        connection.execute(update(TAG).where(TAG.c.ref == ref, is_other).values(**stands))
    if new := wanted - there:
        connection.execute(_INSERT, [{"ref": ref, "tag": one, **stands} for one in sorted(new)])


# The columns that the migration may rely on, whatever the table grows to later.
_THEN = table(
    "ticket",
    *(column(name, Integer) for name in ("number", "place", "rank")),
    *(
        column(name, String)
        for name in (
            "ref", "state", "sender", "language", "missing", "categories", "products", "hints", "lane", "assignee", "region"
        )
    ),
    column("is_spam"),
)  # fmt: skip


def bring_over(connection: Connection) -> None:
    """Places, ranks, lanes and tags for the tickets of an older database (migration 0007)."""
    after = ""
    query = select(_THEN).order_by(_THEN.c.ref).limit(_PAGE)
    while rows := connection.execute(query.where(_THEN.c.ref > after)).mappings().all():
        for row in rows:
            categories, hints = json.loads(row["categories"]), json.loads(row["hints"])
            values = {
                "place": place_of(row["number"]),
                "rank": int(rank_of(categories, hints)),
                "lane": lane_of(categories),
            }
            connection.execute(update(_THEN).where(_THEN.c.ref == row["ref"]).values(**values))
            stands = {"ref": row["ref"], "state": row["state"], "rank": values["rank"], "place": values["place"]}
            connection.execute(_INSERT, [{**stands, "tag": one} for one in sorted(tags_of({**row, **values}))])
        after = rows[-1]["ref"]
