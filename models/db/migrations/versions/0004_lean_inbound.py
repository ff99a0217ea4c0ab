"""What the door writes for each mail: one index less, none for what comes later, and the bytes behind the columns that lists read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_inbound_ref", "inbound")
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table(
            "inbound",
            recreate="always",
            naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"},
            # SQLite walks through a mail's bytes to read a column behind them.
            partial_reordering=[("is_automatic", "raw")],
        ) as batch:
            batch.drop_constraint("uq_inbound_sha256", type_="unique")
    else:
        op.drop_constraint("inbound_sha256_desk_address_key", "inbound", type_="unique")
    has_ref = sa.text("ref IS NOT NULL")
    op.create_index("ix_inbound_ref", "inbound", ["ref"], sqlite_where=has_ref, postgresql_where=has_ref)
