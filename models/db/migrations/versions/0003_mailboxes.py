"""What was taken from which mailbox (IMAP)."""

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox_uid",
        sa.Column("mailbox", sa.String(512), primary_key=True),
        sa.Column("uidvalidity", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
    )
