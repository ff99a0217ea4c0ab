"""Duplicates by content, Message-IDs at the door, letters counted by mailbox, machines told from people."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from models.arrival import content_sha256
from models.db.peek import peek
from models.db.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INBOUND = sa.table(
    "inbound",
    *(
        sa.column(name)
        for name in ("id", "sha256", "desk_address", "raw", "content_hash", "message_hash", "is_automatic")
    ),
)
_REPLY = sa.table("reply", *(sa.column(name) for name in ("id", "to_address", "to_folded")))
_READING = sa.table("reading", sa.column("mail_id"), sa.column("mail"))


def upgrade() -> None:
    op.add_column("inbound", sa.Column("content_hash", sa.String(64), nullable=False, server_default=""))
    op.add_column("inbound", sa.Column("message_hash", sa.String(64), nullable=False, server_default=""))
    op.add_column("inbound", sa.Column("waited_since", UtcDateTime(), nullable=True))
    op.add_column("inbound", sa.Column("is_automatic", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("reply", sa.Column("to_folded", sa.String(320), nullable=False, server_default=""))
    connection = op.get_bind()
    _fill_inbound(connection)
    _fill_automatic(connection)
    for row in connection.execute(sa.select(_REPLY.c.id, _REPLY.c.to_address)).all():
        folded = row.to_address.strip().casefold()[:320]
        connection.execute(sa.update(_REPLY).where(_REPLY.c.id == row.id).values(to_folded=folded))
    op.create_index("ix_inbound_content", "inbound", ["content_hash", "desk_address"], unique=True)
    op.create_index("ix_inbound_message", "inbound", ["message_hash", "state"])
    op.drop_index("ix_reply_to", "reply")
    op.create_index("ix_reply_to", "reply", ["to_folded", "created_at"])


def _fill_inbound(connection: sa.Connection) -> None:
    """One mail after the other: never all of them in memory. A second mail of the same content stays one of its own."""
    seen: set[tuple[str, str]] = set()
    for (mail_id,) in connection.execute(sa.select(_INBOUND.c.id).order_by(_INBOUND.c.id)).all():
        row = connection.execute(
            sa.select(_INBOUND.c.raw, _INBOUND.c.sha256, _INBOUND.c.desk_address).where(_INBOUND.c.id == mail_id)
        ).one()
        raw = bytes(row.raw)
        content, name = content_sha256(raw), peek(raw).message_id
        if (content, row.desk_address) in seen:
            content = hashlib.sha256(f"{row.sha256}:{mail_id}".encode()).hexdigest()
        seen.add((content, row.desk_address))
        known = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest() if name else ""
        connection.execute(
            sa.update(_INBOUND).where(_INBOUND.c.id == mail_id).values(content_hash=content, message_hash=known)
        )


def _fill_automatic(connection: sa.Connection) -> None:
    for row in connection.execute(sa.select(_READING.c.mail_id, _READING.c.mail)):
        if json.loads(row.mail)["automation"]["kind"]:
            connection.execute(sa.update(_INBOUND).where(_INBOUND.c.id == row.mail_id).values(is_automatic=sa.true()))
