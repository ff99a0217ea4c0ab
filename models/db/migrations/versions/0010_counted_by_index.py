"""Letters are counted by their indexes alone: an address that writes a thousand mails makes none of them dearer."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
phase = "pre"

_COUNTED = ("created_at", "state", "kind", "ref", "mail_id")


def upgrade() -> None:
    for name, whose in (("ix_reply_to", "to_folded"), ("ix_reply_domain", "to_domain")):
        op.drop_index(name, table_name="reply")
        op.create_index(name, "reply", [whose, *_COUNTED])
