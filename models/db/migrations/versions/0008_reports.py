"""Reports as figures, each period made once; the door's own tally of deliveries; the books of each day."""

import sqlalchemy as sa
from alembic import op

from models.db.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CAME_AGAIN = sa.text("deliveries > 1")


def upgrade() -> None:
    _reports()
    _door()
    _day_books()


def _reports() -> None:
    """Pages of before are dropped: they can be made anew out of the tickets, and their figures were others."""
    op.drop_table("report")
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("made_at", UtcDateTime()),
        sa.Column("claimed_until", UtcDateTime()),
        sa.Column("token", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.UniqueConstraint("name"),
    )


def _door() -> None:
    """Counted on from what is there; a mail that vanished before cannot be missed any more."""
    op.create_index(
        "ix_inbound_again", "inbound", ["deliveries"], sqlite_where=_CAME_AGAIN, postgresql_where=_CAME_AGAIN
    )
    op.create_table(
        "door_tally",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
    )
    line = "INSERT INTO door_tally (accepted, deleted) VALUES ({}, 0);"
    came, again = line.format("NEW.deliveries"), line.format("NEW.deliveries - OLD.deliveries")
    is_other = "OLD.deliveries <> NEW.deliveries"
    if op.get_bind().dialect.name == "postgresql":
        # Nobody takes a mail in between the sum and the triggers: those who did have committed, the others wait.
        op.execute("LOCK TABLE inbound IN SHARE ROW EXCLUSIVE MODE")
        for name, body, when in (
            ("came", came, "AFTER INSERT ON inbound FOR EACH ROW"),
            ("again", again, f"AFTER UPDATE OF deliveries ON inbound FOR EACH ROW WHEN ({is_other})"),
        ):
            op.execute(
                f"CREATE FUNCTION door_tally_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}"
                " RETURN NULL; END $$"
            )
            op.execute(f"CREATE TRIGGER door_tally_{name} {when} EXECUTE FUNCTION door_tally_{name}()")
    else:
        op.execute(f"CREATE TRIGGER door_tally_came AFTER INSERT ON inbound BEGIN {came} END")
        op.execute(
            f"CREATE TRIGGER door_tally_again AFTER UPDATE OF deliveries ON inbound WHEN {is_other} BEGIN {again} END"
        )
    op.execute("INSERT INTO door_tally (accepted, deleted) SELECT COALESCE(SUM(deliveries), 0), 0 FROM inbound")


def _day_books() -> None:
    op.create_table(
        "day_books",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("ticketed", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
    )
