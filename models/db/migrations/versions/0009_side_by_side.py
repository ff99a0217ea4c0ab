"""Who runs, and which versions and machines may: what an upgrade needs that stops nobody, and a second machine."""

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
phase = "pre"


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("shape", sa.String(32), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
    )
    shape = op.create_table(
        "shape",
        sa.Column("runs_from", sa.String(32), primary_key=True),
        sa.Column("secret_mark", sa.String(32), nullable=False, server_default=""),
    )
    op.bulk_insert(shape, [{"runs_from": revision}])
