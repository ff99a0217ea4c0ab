"""What agents set about letters: the stop, block and allow rules, modes, saved texts; what letters say, and agents of them."""

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REPLY = sa.table("reply", sa.column("state"), sa.column("judgement"))


def upgrade() -> None:
    op.add_column("reply", sa.Column("text_hash", sa.String(64), nullable=False, server_default=""))
    op.add_column("reply", sa.Column("judgement", sa.String(16), nullable=False, server_default=""))
    op.create_table(
        "switch",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "address_rule",
        sa.Column("pattern", sa.String(320), primary_key=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "letter_mode",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
    )
    op.create_table(
        "letter_text",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("is_pack", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("name", "language", "number"),
    )
    op.create_table(
        "desk_event",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    # Letters of before keep an empty text_hash: these texts are others than today's, so that none is sent a second time.
    op.get_bind().execute(sa.update(_REPLY).where(_REPLY.c.state == "discarded").values(judgement="discarded"))
