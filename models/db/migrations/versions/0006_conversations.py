"""Conversations: what each mail gave, who takes part, links between tickets, snooze, confirmed accounts."""

import json

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TICKET = sa.table(
    "ticket",
    sa.column("ref"),
    sa.column("number"),
    sa.column("sender"),
    sa.column("settled"),
    sa.column("missing"),
    sa.column("items"),
    sa.column("participants"),
    sa.column("split_from"),
)
_LINK = sa.table("ticket_link", sa.column("ref"), sa.column("other"), sa.column("kind"))
_PAGE = 500


def upgrade() -> None:
    op.create_table(
        "ticket_link",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("other", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.UniqueConstraint("ref", "other"),
    )
    op.create_index("ix_ticket_link_other", "ticket_link", ["other"])
    op.create_table(
        "customer_account",
        sa.Column("address", sa.String(320), primary_key=True),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_customer_account_domain", "customer_account", ["domain"])
    op.add_column("ticket", sa.Column("items", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("ticket", sa.Column("participants", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("ticket", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("proposal", sa.String(16), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("wake_at", UtcDateTime()))
    op.add_column("ticket", sa.Column("slept_from", sa.String(24), nullable=False, server_default=""))
    _bring_over()
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("settled")


def _bring_over() -> None:
    """What was settled counts as given by the ticket's first mail: which one gave it was not kept."""
    connection = op.get_bind()
    after = ""
    while rows := connection.execute(
        sa.select(_TICKET).where(_TICKET.c.ref > after).order_by(_TICKET.c.ref).limit(_PAGE)
    ).all():
        for row in rows:
            items: dict[str, list[object]] = {item: [1.0, None, ""] for item in json.loads(row.missing)}
            items |= {item: [0.0, row.number, "words"] for item in json.loads(row.settled)}
            connection.execute(
                sa.update(_TICKET)
                .where(_TICKET.c.ref == row.ref)
                .values(items=json.dumps(items), participants=json.dumps([row.sender] if row.sender else []))
            )
            if row.split_from:
                connection.execute(sa.insert(_LINK).values(ref=row.ref, other=row.split_from, kind="split"))
        after = rows[-1].ref
