"""The first shape of the database."""

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    op.create_index("ix_event_ref", "event", ["ref", "id"])
    op.create_table(
        "inbound",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("desk_address", sa.String(320), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("token", sa.String(32), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=True),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("sha256", "desk_address"),
    )
    op.create_index("ix_inbound_ref", "inbound", ["ref"])
    op.create_index("ix_inbound_sender", "inbound", ["sender", "received_at"])
    op.create_index("ix_inbound_work", "inbound", ["state", "id"])
    op.create_table(
        "reading",
        sa.Column("mail_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.Column("assessment", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("to_domain", sa.String(255), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("mail_from", sa.String(320), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("token", sa.String(32), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("mail_id", "kind"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("ix_reply_created", "reply", ["created_at"])
    op.create_index("ix_reply_domain", "reply", ["to_domain", "created_at"])
    op.create_index("ix_reply_ref", "reply", ["ref"])
    op.create_index("ix_reply_to", "reply", ["to_address", "created_at"])
    op.create_index("ix_reply_work", "reply", ["state", "next_at"])
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.UniqueConstraint("name", "language"),
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("message_hash", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.UniqueConstraint("message_hash", "ref"),
    )
    op.create_table(
        "ticket",
        sa.Column("ref", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("disposition", sa.String(24), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("ready_at", UtcDateTime(), nullable=True),
        sa.Column("split_from", sa.String(16), nullable=True),
        sa.Column("symptom_kind", sa.String(16), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("unsure", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("products", sa.Text(), nullable=False),
        sa.Column("settled", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("hints", sa.Text(), nullable=False),
        sa.Column("has_permission_error", sa.Boolean(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_ticket_number", "ticket", ["number"])
    op.create_index("ix_ticket_opened", "ticket", ["opened_at"])
    op.create_index("ix_ticket_state", "ticket", ["state", "number"])
