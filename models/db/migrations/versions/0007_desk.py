"""The desk: order and tags of the queue, tallies, search, what agents write and correct, tokens, webhooks, memos."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from models.db.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BY_US = sa.text("kind <> 'agent'")


def upgrade() -> None:
    _tickets()
    _words()
    _work()
    _machines()
    _agents()
    _tallies()


def _tickets() -> None:
    op.add_column("ticket", sa.Column("place", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("rank", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("ticket", sa.Column("lane", sa.String(8), nullable=False, server_default="product"))
    op.add_column("ticket", sa.Column("assignee", sa.String(64), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("due_at", UtcDateTime()))
    op.add_column("ticket", sa.Column("is_overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("is_spam", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("region", sa.String(32), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("person_first", sa.Text(), nullable=False, server_default="[]"))
    op.drop_index("ix_ticket_state", "ticket")
    op.create_table(
        "ticket_tag",
        sa.Column("ref", sa.String(16), primary_key=True),
        sa.Column("tag", sa.String(340), primary_key=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "ticket_part",
        sa.Column("ref", sa.String(16), primary_key=True),
        sa.Column("mail_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("start", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("end", sa.Integer(), nullable=False),
    )
    _bring_over()
    op.create_index("ix_ticket_place", "ticket", ["place"], unique=True)
    op.create_index("ix_ticket_queue", "ticket", ["state", "rank", "place"])
    op.create_index("ix_ticket_due", "ticket", ["state", "due_at"])
    op.create_index("ix_ticket_updated", "ticket", ["updated_at", "ref"])
    op.create_index("ix_ticket_tag_queue", "ticket_tag", ["tag", "state", "rank", "place"])


def _bring_over() -> None:
    """Places, ranks, lanes and tags of the tickets that are there."""
    from models.db.tags import bring_over  # noqa: PLC0415 - it imports the tables

    bring_over(op.get_bind())


def _words() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "search",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("words", TSVECTOR() if is_postgresql else sa.Text(), nullable=False),
        sa.UniqueConstraint("source", "source_id"),
    )
    op.create_index("ix_search_ref", "search", ["ref"])
    _backlog()
    if is_postgresql:
        op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
        return
    # Words are cut before they come here; the tokenizer only parts them at blanks.
    op.execute(
        "CREATE VIRTUAL TABLE search_words USING fts5"
        "(words, content='search', content_rowid='id', columnsize=0, tokenize='ascii')"
    )
    gone = "INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', OLD.id, OLD.words);"
    here = "INSERT INTO search_words (rowid, words) VALUES (NEW.id, NEW.words);"
    op.execute(f"CREATE TRIGGER search_words_insert AFTER INSERT ON search BEGIN {here} END")
    op.execute(f"CREATE TRIGGER search_words_delete AFTER DELETE ON search BEGIN {gone} END")
    op.execute(f"CREATE TRIGGER search_words_update AFTER UPDATE OF id, words ON search BEGIN {gone} {here} END")


def _backlog() -> None:
    """The words of what is there already are written while the desk runs: `models.db.search`, `Search.catch_up`."""
    op.create_table(
        "search_backlog",
        sa.Column("source", sa.String(8), primary_key=True),
        sa.Column("began", sa.Integer(), nullable=False),
        sa.Column("remains", sa.Integer(), nullable=False),
    )
    for source, table, which in (
        ("mail", "inbound", "ref IS NOT NULL"),
        ("letter", "reply", "1 = 1"),
        ("note", "event", "what = 'note'"),
    ):
        op.execute(
            f"INSERT INTO search_backlog (source, began, remains)"  # noqa: S608 - words of ours
            f" SELECT '{source}', MAX(id), MAX(id) FROM {table} WHERE {which} HAVING MAX(id) IS NOT NULL"
        )


def _work() -> None:
    op.create_table(
        "presence",
        sa.Column("ref", sa.String(16), primary_key=True),
        sa.Column("agent", sa.String(64), primary_key=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("is_writing", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "undo",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
    )
    op.create_table(
        "draft",
        sa.Column("ref", sa.String(16), primary_key=True),
        sa.Column("agent", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "draft_file",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_draft_file", "draft_file", ["ref", "agent"])
    op.create_table(
        "canned_text",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("name", "language"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_correction_mail", "correction", ["mail_id", "id"])
    op.create_index("ix_correction_at", "correction", ["at"])
    with op.batch_alter_table("reply") as batch:
        batch.add_column(sa.Column("cc", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("by", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("then_state", sa.String(24), nullable=False, server_default=""))
    _one_letter_of_a_kind()


def _one_letter_of_a_kind() -> None:
    """A constraint that has no name in SQLite becomes an index that leaves out what agents write."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE reply DROP CONSTRAINT reply_mail_id_kind_key")
    else:
        naming = {"uq": "uq_%(table_name)s_%(column_0_N_name)s"}
        with op.batch_alter_table("reply", naming_convention=naming) as batch:
            batch.drop_constraint("uq_reply_mail_id_kind", type_="unique")
    op.create_index(
        "ix_reply_once", "reply", ["mail_id", "kind"], unique=True, sqlite_where=_BY_US, postgresql_where=_BY_US
    )
    op.create_index("ix_reply_mail", "reply", ["mail_id"])


def _machines() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.Column("is_revoked", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "api_call",
        sa.Column("token_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_api_call_at", "api_call", ["at"])
    op.create_table(
        "event_reader",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
    )
    # Nobody is told of what is history already.
    op.execute("INSERT INTO event_reader (name, last_event) SELECT 'memos', COALESCE(MAX(id), 0) FROM event")
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("memo_id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("agent", "key"),
    )
    op.create_index("ix_notice_memo", "notice", ["memo_id", "agent"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("has_subject", sa.Boolean(), nullable=False),
        sa.Column("failing_since", UtcDateTime()),
    )
    op.create_table(
        "webhook_call",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("what", sa.String(48), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *_on_its_way(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("tried_at", UtcDateTime()),
        sa.UniqueConstraint("webhook_id", "event_id"),
    )
    op.create_index("ix_webhook_call_work", "webhook_call", ["state", "next_at"])
    op.create_index("ix_webhook_call_order", "webhook_call", ["webhook_id", "state", "ref", "event_id"])
    op.create_table(
        "memo",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("mail_from", sa.String(320), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        *_on_its_way(),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_memo_work", "memo", ["state", "next_at"])
    op.create_index("ix_memo_ref", "memo", ["ref"])


def _on_its_way() -> list[sa.Column[object]]:
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_until", UtcDateTime()),
        sa.Column("token", sa.String(32)),
        sa.Column("error", sa.Text(), nullable=False),
    ]


def _agents() -> None:
    """Who could sign in could do all there was: they stay admins."""
    op.add_column("agent", sa.Column("role", sa.String(16), nullable=False, server_default="admin"))
    op.add_column("agent", sa.Column("email", sa.String(320), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("display", sa.String(120), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("is_email_proven", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("agent", sa.Column("language", sa.String(16), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("agent", sa.Column("notices", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("agent", sa.Column("subject", sa.String(255), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("session_key", sa.String(64), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("ended", sa.Text(), nullable=False, server_default=""))
    for name in op.get_bind().execute(sa.text("SELECT name FROM agent")).scalars().all():
        key = {"key": secrets.token_hex(32), "name": name}
        op.get_bind().execute(sa.text("UPDATE agent SET session_key = :key WHERE name = :name"), key)
    op.create_index("ix_desk_event_by", "desk_event", ["by", "id"])
    op.create_table(
        "sign_in_link",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )


_LINE = (
    "INSERT INTO ticket_tally (state, lane, assignee, count) VALUES ({row}.state, {row}.lane, {row}.assignee, {by});"
)
_MOVED = "OLD.state <> NEW.state OR OLD.lane <> NEW.lane OR OLD.assignee <> NEW.assignee"


def _tallies() -> None:
    op.create_table(
        "ticket_tally",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("assignee", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_index("ix_ticket_tally_key", "ticket_tally", ["state", "lane", "assignee"])
    op.execute(
        "INSERT INTO ticket_tally (state, lane, assignee, count)"
        " SELECT state, lane, assignee, COUNT(*) FROM ticket GROUP BY state, lane, assignee"
    )
    more, less = _LINE.format(row="NEW", by="1"), _LINE.format(row="OLD", by="-1")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ticket_tally_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF TG_OP <> 'INSERT' THEN {less} END IF; IF TG_OP <> 'DELETE' THEN {more} END IF;"
            " RETURN NULL; END $$"
        )
        for event in ("INSERT", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ticket_tally_{event.lower()} AFTER {event} ON ticket"
                " FOR EACH ROW EXECUTE FUNCTION ticket_tally_line()"
            )
        op.execute(
            "CREATE TRIGGER ticket_tally_update AFTER UPDATE ON ticket"
            f" FOR EACH ROW WHEN ({_MOVED}) EXECUTE FUNCTION ticket_tally_line()"
        )
        return
    op.execute(f"CREATE TRIGGER ticket_tally_insert AFTER INSERT ON ticket BEGIN {more} END")
    op.execute(f"CREATE TRIGGER ticket_tally_delete AFTER DELETE ON ticket BEGIN {less} END")
    op.execute(f"CREATE TRIGGER ticket_tally_update AFTER UPDATE ON ticket WHEN {_MOVED} BEGIN {less} {more} END")
