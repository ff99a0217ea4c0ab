"""The drill: a desk that has lived is kept while it runs, brought back into either database, and goes on."""

from __future__ import annotations

import json
import shutil
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from models.db import snapshot
from models.db.engine import make_engine, transaction
from models.db.migrate import bring_to, newest, upgrade
from models.db.snapshot import NUMBERS_SKIPPED, load, require_empty, shapes_of
from models.db.store import Store
from models.decision import ReplyState
from models.errors import ConfigError, StoreError
from models.presence import Process
from models.states import TicketState
from runtime.keeping import Archive, Restored, restore, write_backup
from runtime.postman import LEASE
from runtime.triage import Rules
from tests.flow.test_mended_flow import EMMA, Desk
from tests.support.clocks import Clock
from tests.support.filings import NOW, arrival, file_one
from tests.support.kept import fresh_url, lived_in, memo, rows_of

SQLITE, POSTGRESQL = "sqlite", "postgresql"
CROSSED = [  # one way and the other: what one engine does alone, the drill shows
    pytest.param((SQLITE, POSTGRESQL), id="sqlite-postgresql", marks=pytest.mark.postgres),
    pytest.param((POSTGRESQL, SQLITE), id="postgresql-sqlite", marks=pytest.mark.postgres),
]
ALL = [
    pytest.param((SQLITE, SQLITE), id="sqlite-sqlite"),
    *CROSSED,
    pytest.param((POSTGRESQL, POSTGRESQL), id="postgresql-postgresql", marks=pytest.mark.postgres),
]
SECRET = b"s" * 64
LATER = NOW + timedelta(hours=5)


@pytest.fixture(params=CROSSED)
def engines(request: pytest.FixtureRequest) -> tuple[str, str]:
    """From which engine to which."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def source(engines: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database."""
    url = fresh_url(engines[0], request, tmp_path)
    if engines[0] == SQLITE:
        shutil.copy(request.getfixturevalue("migrated_sqlite"), url.removeprefix("sqlite:///"))
    else:
        upgrade(url)
    return url


@pytest.fixture
def target(engines: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    return fresh_url(engines[1], request, tmp_path)


def keep(url: str, file: Path) -> Path:
    for _ in write_backup(url, file, secret=SECRET, clock=Clock(NOW + timedelta(hours=3))):
        pass
    return file


def bring_back(file: Path, url: str, *, is_same_moment: bool = True) -> Restored:
    store = Store(url)
    try:
        with Archive(file) as archive:
            for _ in archive.verify():
                pass
            return restore(archive, store, now=LATER, is_same_moment=is_same_moment)
    finally:
        store.close()


def without_leases(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What a restore at the same moment leaves: nobody holds anything, nobody runs."""
    rows = {name: [dict(row) for row in some] for name, some in rows.items() if name != "process"}
    for some in rows.values():
        for row in some:
            if row.get("token") and "claimed_until" in row:
                row["attempts"] -= "raw" in row and "content_hash" in row  # a mail's
                row["token"] = row["claimed_until"] = None
    return rows


@pytest.mark.parametrize("engines", ALL)
def test_the_drill(source: str, target: str, rules: Rules, tmp_path: Path) -> None:
    store = Store(source)
    desk = lived_in(store, rules)
    before, books = rows_of(source), store.books()
    file = keep(source, tmp_path / "kept.zip")
    assert rows_of(source) == before  # a backup changes nothing
    store.close()

    done = bring_back(file, target)
    assert done.are_books_equal
    after = rows_of(target)
    assert without_leases(before) == without_leases(after)
    assert sum(map(len, before.values())) > 60
    again = Store(target)
    assert again.books() == books

    # The desk goes on: words are found, a reply to an old letter joins its ticket, ids go on behind the last.
    while again.catch_up() > 0:
        pass
    on = Desk(again, rules)
    on.clock = Clock(desk.clock())
    letter = again.ticket("T000001").replies[0]
    mail_id = on.accept(
        "The error message is 403 AccessDenied.", f"In-Reply-To: {letter.message_id}", number=20, sender=EMMA
    )
    on.work()
    assert mail_id > max(row["id"] for row in before["inbound"])
    assert [mail.mail_id for mail in again.ticket("T000001").mails] == [1, mail_id]
    assert again.verify_agent("hanako", "correct horse battery")
    assert again.books().is_balanced
    assert again.books(now=on.clock()).accepted == books.accepted + 1
    assert again.counts()[TicketState.WAITING_CUSTOMER.value] >= 1
    again.close()


def test_a_signed_address_of_before_verifies_after(source: str, target: str, rules: Rules, tmp_path: Path) -> None:
    store = Store(source)
    claim = Desk(store, rules).ask()
    file = keep(source, tmp_path / "kept.zip")
    store.close()
    bring_back(file, target)
    again = Store(target)
    on = Desk(again, rules)
    reply_to = next(
        line.partition(b": ")[2].decode() for line in claim.raw.split(b"\r\n") if line.startswith(b"Reply-To:")
    )
    on.accept("It is still so.", number=21, sender="other@elsewhere.example", to=reply_to.strip("<>"))
    on.work()
    assert len(again.ticket("T000001").mails) == 2
    again.close()


def test_what_waited_does_not_go_twice(source: str, target: str, rules: Rules, tmp_path: Path) -> None:
    store = Store(source)
    lived_in(store, rules)
    queued = store.claim_replies(limit=1, lease=LEASE, now=NOW + timedelta(hours=3))  # in the hands of `deliver`
    file = keep(source, tmp_path / "kept.zip")
    store.close()
    done = bring_back(file, target, is_same_moment=False)
    again = Store(target)
    assert done.held == len(queued) == 1
    assert again.claim_replies(limit=10, lease=LEASE, now=LATER + timedelta(days=1)) == ()
    (held,) = [one for one in again.replies(limit=50) if one.reply_id == queued[0].reply_id]
    assert (held.state, held.reason[:39]) == ("held", "restored: it waited in a backup of 2026")
    assert again.ticket(held.ref).row.state == TicketState.NEEDS_REVIEW.value
    stop = again.letters_stopped()
    assert stop is not None
    assert stop.by == "restore"
    assert [(one.state, one.error[:9]) for one in again.memos()] == [("failed", "restored:")]
    # The lead lets letters go again: what the restore holds stays, until somebody has looked at it.
    again.resume_letters(by="hanako", now=LATER)
    assert again.release_stopped(by="hanako", now=LATER) == 0
    # A mail that nobody had read at the snapshot may have been answered since: it is read now, its letter waits.
    assert done.are_books_equal
    again.close()


def test_a_number_that_a_lost_ticket_had_is_nobody_elses(
    source: str, target: str, rules: Rules, tmp_path: Path
) -> None:
    store = Store(source)
    Desk(store, rules).ask()
    file = keep(source, tmp_path / "kept.zip")
    lost = Desk(store, rules)
    lost.accept("ECS i-bp1abcdefgh1234567890 is down.", number=31, sender="lost@elsewhere.example")
    store.close()
    bring_back(file, target, is_same_moment=False)
    again = Store(target)
    books = again.books()
    assert books.is_balanced
    on = Desk(again, rules)
    lost_lines = [row["id"] for row in rows_of(source)["event"]]
    mail_id = on.accept("ECS i-bp1abcdefgh1234567891 is down.", number=32, sender="new@other.example")
    on.work()
    lines = [row["id"] for row in rows_of(target)["event"] if row["ref"] == f"T{mail_id:06d}"]
    assert min(lines) > max(lost_lines) + NUMBERS_SKIPPED  # receivers of webhooks take no new line for one they have
    assert mail_id == 1 + NUMBERS_SKIPPED + 1
    assert again.ticket(f"T{mail_id:06d}").mails
    assert again.books().is_balanced
    assert again.books().accepted == books.accepted + 1
    again.close()


def test_mails_that_were_in_hands_are_free_and_not_to_blame(source: str, target: str, tmp_path: Path) -> None:
    store = Store(source)
    store.accept([arrival(1)])
    store.claim_mails(limit=1, lease=timedelta(days=9), now=NOW)
    file = keep(source, tmp_path / "kept.zip")
    store.close()
    bring_back(file, target)
    again = Store(target)
    (claim,) = again.claim_mails(limit=1, lease=LEASE, now=NOW)
    assert claim.attempts == 1
    again.close()


def test_the_snapshot_is_one_moment_while_mails_come_in(source: str, target: str, tmp_path: Path) -> None:
    store = Store(source)
    for number in range(1, 450):
        store.accept([arrival(number)])
    file = tmp_path / "kept.zip"
    steps = write_backup(source, file, secret=None, clock=Clock(NOW))
    next(steps)  # begun
    store.accept([arrival(number) for number in range(450, 500)])
    file_one(store, 500)
    for _ in steps:
        pass
    store.close()
    assert bring_back(file, target).books == {
        "accepted": 449,
        "ticketed": 0,
        "joined": 0,
        "parked": 0,
        "waiting": 449,
        "duplicates": 0,
        "deleted": 0,
        "faults": [],
    }
    assert len(rows_of(target)["door_tally"]) == len(json.loads(_rows_text(file, "door_tally")))


def _rows_text(file: Path, table: str) -> str:
    with zipfile.ZipFile(file) as archive:
        lines = archive.read(f"tables/{table}.jsonl").decode().splitlines()[1:]
    return "[" + ",".join(lines) + "]"


def test_every_table_of_the_database_is_in_the_archive_and_a_new_one_by_itself(source: str, tmp_path: Path) -> None:
    engine = make_engine(source)
    with transaction(engine, writes=True) as connection:
        connection.execute(sa.text("CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY, word VARCHAR(9), held BOOLEAN)"))
        connection.execute(sa.text("INSERT INTO of_tomorrow (id, word, held) VALUES (1, 'new', true)"))
    engine.dispose()
    with Archive(keep(source, tmp_path / "kept.zip")) as archive:
        held = set(archive.manifest.tables)
        shape, rows = next((shape, list(rows)) for shape, rows in archive.tables() if shape.name == "of_tomorrow")
    assert held == set(SQLModel.metadata.tables) - {"search", "search_backlog"} | {"of_tomorrow"}
    assert ([name for name, _ in shape.columns], rows) == (["id", "word", "held"], [[1, "new", True]])


def test_a_database_that_holds_something_is_left_alone(source: str, target: str, tmp_path: Path) -> None:
    file = keep(source, tmp_path / "kept.zip")
    upgrade(target)
    store = Store(target)
    store.accept([arrival(1)])
    before = rows_of(target)
    with pytest.raises(ConfigError, match=r"the database is not empty \(the table door_tally has rows\)"):
        bring_back(file, target)
    assert rows_of(target) == before
    store.close()


def test_a_database_that_roles_run_on_is_left_alone(source: str, target: str, tmp_path: Path) -> None:
    file = keep(source, tmp_path / "kept.zip")
    upgrade(target)
    store = Store(target)
    one = Process(
        id="1" * 32,
        role="smtp",
        host="mx1",
        pid=7,
        version="1",
        shape=newest(),
        started_at=LATER,
        seen_at=LATER - timedelta(seconds=5),
    )
    store.present(one)
    with pytest.raises(ConfigError, match=r"the database is in use \(smtp on mx1\): stop every role"):
        bring_back(file, target)
    store.present(replace(one, seen_at=LATER - timedelta(minutes=5)))
    assert bring_back(file, target).are_books_equal
    store.close()


def test_a_mail_that_comes_while_a_backup_is_restored_is_there_afterwards(
    source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = keep(source, tmp_path / "kept.zip")
    upgrade(target)
    door = Store(target)
    taking_in = threading.Thread(target=door.accept, args=([arrival(9)],))

    def then_a_mail(connection: sa.Connection) -> None:
        require_empty(connection)
        taking_in.start()
        taking_in.join(1)  # long enough for whoever does not have to wait

    monkeypatch.setattr(snapshot, "require_empty", then_a_mail)
    bring_back(file, target)
    taking_in.join()
    with door.read() as connection:
        assert arrival(9).raw in set(connection.execute(sa.text("SELECT raw FROM inbound")).scalars())
    door.close()


def test_a_prepared_database_is_an_empty_one(source: str, target: str, rules: Rules, tmp_path: Path) -> None:
    store = Store(source)
    lived_in(store, rules)
    store.close()
    file = keep(source, tmp_path / "kept.zip")
    upgrade(target)
    prepared = Store(target)
    prepared.first_link(NOW)
    prepared.close()
    assert bring_back(file, target).are_books_equal
    assert rows_of(target)["sign_in_link"] == rows_of(source)["sign_in_link"]


def test_a_row_that_does_not_fit_leaves_the_database_as_empty_as_before(
    request: pytest.FixtureRequest, target: str, tmp_path: Path
) -> None:
    source = fresh_url("sqlite", request, tmp_path)
    upgrade(source)
    store = Store(source)
    store.accept([arrival(number) for number in range(1, 30)])
    store.close()
    file = keep(source, tmp_path / "kept.zip")
    with Archive(file) as archive:
        tables = [(shape, list(rows)) for shape, rows in archive.tables()]
    (mails,) = [rows for shape, rows in tables if shape.name == "inbound"]
    mails.append(mails[-1])  # its id is taken
    again = Store(target)
    with pytest.raises(StoreError, match="the table inbound: a row does not fit"):
        load(again, newest(), tables, settle=lambda _: None, now=NOW)
    engine = make_engine(target)
    with transaction(engine, writes=False) as connection:
        assert shapes_of(connection) == ()
    engine.dispose()
    again.close()


@pytest.mark.parametrize("revision", ["0006", "0007", "0008"])
def test_an_archive_of_an_older_shape_is_brought_along(
    revision: str, source: str, target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    old = fresh_url("sqlite" if source.startswith("sqlite") else "postgresql", request, tmp_path)
    engine = make_engine(old)
    with transaction(engine, writes=True) as connection:
        bring_to(connection, revision)
        connection.execute(
            sa.text(
                "INSERT INTO desk_event (at, by, what, detail) VALUES (:at, 'hanako', 'letters_stopped', '古い')"
            ).bindparams(sa.bindparam("at", NOW, type_=sa.DateTime(timezone=True)))
        )
    engine.dispose()
    file = keep(old, tmp_path / "old.zip")
    with Archive(file) as archive:
        assert archive.manifest.shape == revision
        assert (archive.manifest.books is None) == (revision < "0008")
    upgrade(target)
    bring_back(file, target)
    again = Store(target)
    assert [one.detail for one in again.desk_events(5)] == ["古い"]
    file_one(again)
    assert again.books().is_balanced
    again.close()


def test_an_archive_of_a_newer_shape_is_one_line(source: str, target: str, tmp_path: Path) -> None:
    engine = make_engine(source)
    with transaction(engine, writes=True) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match=r"has the shape 9999 of uketsuke .*, which is newer"):
        bring_back(keep(source, tmp_path / "kept.zip"), target)


def test_held_letters_and_memos_of_the_same_moment_go_on(source: str, target: str, tmp_path: Path) -> None:
    store = Store(source)
    file_one(store, 1, reply_state=ReplyState.QUEUED)
    store.queue_memo(memo("hand:T000001"), now=NOW)
    file = keep(source, tmp_path / "kept.zip")
    store.close()
    assert bring_back(file, target).held == 0
    again = Store(target)
    assert len(again.claim_replies(limit=5, lease=LEASE, now=LATER)) == 1
    assert [one.state for one in again.memos()] == ["queued"]
    assert again.letters_stopped() is None
    again.close()
