"""Old and new versions beside each other: steps that add come first, steps that take away wait, and who is left behind hears so."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from models.db.engine import make_engine, transaction
from models.db.migrate import SCRIPTS, bring_to, newest, phase_of, upgrade
from models.db.store import Store
from models.errors import ConfigError
from models.presence import GONE_AFTER, Process
from tests.support.databases import empty
from tests.support.filings import LEASE, NOW, arrival, filing, mail, reply

STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on, phase = "{name}", "{before}", None, None, "{phase}"


def upgrade() -> None:
    {body}
"""
ADDS = 'op.add_column("event", sa.Column("weight_{name}", sa.Integer(), nullable=False, server_default="1"))'
TAKES = 'op.drop_column("event", "weight_{other}")'


class Versions:
    """Later versions of the program, as their steps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, newest()

    def then(self, phase: str, body: str) -> str:
        """One more step; its name."""
        name, before = f"{int(self.last) + 1:04d}", self.last
        file = self.folder / "versions" / f"{name}_later.py"
        file.write_text(STEP.format(name=name, before=before, phase=phase, body=body), encoding="utf-8")
        self.last = name
        return name

    def adds(self) -> str:
        return self.then("pre", ADDS.format(name=f"{int(self.last) + 1:04d}"))

    def takes(self, other: str) -> str:
        return self.then("post", TAKES.format(other=other))


@pytest.fixture
def later(tmp_path: Path) -> Versions:
    folder = tmp_path / "later"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Versions(folder)


def running(shape: str = "", **changes: object) -> Process:
    whole = Process(
        id="a" * 32,
        role="worker",
        host="one",
        pid=12,
        version="0.1.0",
        shape=shape or newest(),
        started_at=NOW,
        seen_at=NOW,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def columns(url: str) -> set[str]:
    engine = make_engine(url)
    with transaction(engine, writes=False) as connection:
        names = {str(column["name"]) for column in inspect(connection).get_columns("event")}
    engine.dispose()
    return names


def test_a_step_that_adds_runs_beside_old_processes_and_one_that_takes_away_waits(
    database_url: str, store: Store, later: Versions
) -> None:
    added = later.adds()
    taken = later.takes(added)
    store.present(running())
    assert upgrade(database_url, NOW, scripts=later.folder) == (taken,)
    assert f"weight_{added}" in columns(database_url)
    assert upgrade(database_url, NOW + timedelta(seconds=30), scripts=later.folder) == (taken,)
    store.end_presence("a" * 32)
    assert upgrade(database_url, NOW, scripts=later.folder) == ()
    assert f"weight_{added}" not in columns(database_url)


def test_a_process_that_was_killed_is_waited_for_a_minute_and_no_longer(
    database_url: str, store: Store, later: Versions
) -> None:
    taken = later.takes(later.adds())
    store.present(running())
    assert upgrade(database_url, NOW + GONE_AFTER - timedelta(seconds=1), scripts=later.folder) == (taken,)
    assert upgrade(database_url, NOW + GONE_AFTER, scripts=later.folder) == ()


def test_a_new_process_is_waited_for_by_nobody(database_url: str, store: Store, later: Versions) -> None:
    later.takes(later.adds())
    store.present(running(shape=later.last))
    assert upgrade(database_url, NOW, scripts=later.folder) == ()


def test_what_this_version_needs_behind_a_step_that_waits_is_one_line_with_whom_to_stop(
    database_url: str, store: Store, later: Versions
) -> None:
    later.takes(later.adds())
    later.adds()
    store.present(running())
    with pytest.raises(ConfigError, match=r"while older processes run \(worker 0\.1\.0 on one\): stop them"):
        upgrade(database_url, NOW, scripts=later.folder)
    assert not any(name.startswith("weight") for name in columns(database_url))


def test_the_version_before_works_on_with_what_was_added(database_url: str, store: Store, later: Versions) -> None:
    later.adds()
    store.present(running())
    upgrade(database_url, NOW, scripts=later.folder)
    # As its roles do at a restart, and then their work.
    assert upgrade(database_url, NOW) == ()
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    ref = store.file(filing(claim, mail(1), reply(claim.mail_id)))
    assert [event.what for event in store.ticket(ref).events][:1] == ["filed"]


def test_a_version_that_was_left_behind_hears_so_in_one_line(database_url: str, later: Versions) -> None:
    later.takes(later.adds())
    upgrade(database_url, NOW, scripts=later.folder)
    with pytest.raises(ConfigError, match="belongs to a newer one") as caught:
        upgrade(database_url, NOW)
    assert "\n" not in str(caught.value)


def test_of_many_that_start_at_once_one_takes_the_steps(database_url: str, later: Versions) -> None:
    later.takes(later.adds())
    failures: list[BaseException] = []

    def begin() -> None:
        try:
            upgrade(database_url, NOW, scripts=later.folder)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert not any(name.startswith("weight") for name in columns(database_url))


def test_a_step_that_fails_leaves_the_shape_of_before(database_url: str, later: Versions) -> None:
    later.adds()
    later.then("pre", 'raise RuntimeError("no")')
    with pytest.raises(RuntimeError):
        upgrade(database_url, NOW, scripts=later.folder)
    assert not any(name.startswith("weight") for name in columns(database_url))
    assert upgrade(database_url, NOW) == ()


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_step_waits_behind_a_long_reader_without_keeping_others_waiting(
    database_url: str, store: Store, later: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock that it asks for stands in everybody's way as long as it is asked for: so it is given up and asked for again."""
    monkeypatch.setattr("models.db.migrate._WAITS", "200ms")
    monkeypatch.setattr("models.db.migrate._PAUSE_S", 0.3)
    later.adds()
    migrating = threading.Thread(target=upgrade, args=(database_url, NOW), kwargs={"scripts": later.folder})
    other = Store(database_url)
    with other.read() as connection:
        connection.execute(text("SELECT count(*) FROM event")).scalar()
        migrating.start()
        for number in range(1, 6):  # works meanwhile
            store.accept([arrival(number)])
            (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
            store.file(filing(claim, mail(number), None))
        assert migrating.is_alive()
    migrating.join(60)
    other.close()
    assert any(name.startswith("weight") for name in columns(database_url))


def test_processes_say_that_they_run_and_are_gone_after_a_minute(store: Store) -> None:
    one, other = running(), running(id="b" * 32, role="smtp", pid=13)
    store.present(one)
    store.present(other)
    assert store.processes(NOW) == (other, one)
    later_on = replace(one, seen_at=NOW + timedelta(seconds=50))
    store.present(later_on)
    assert store.processes(NOW + GONE_AFTER) == (later_on,)
    store.end_presence(one.id)
    store.end_presence(one.id)
    assert store.processes(NOW) == (other,)
    store.present(running(id="c" * 32, seen_at=NOW + timedelta(days=2)))
    assert store.processes(NOW) == (running(id="c" * 32, seen_at=NOW + timedelta(days=2)),)


@pytest.mark.parametrize("shape", ["0001", "0004", "0007", "0008"])
def test_every_older_shape_is_brought_along_whoever_might_run(database_url: str, shape: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        bring_to(connection, shape)
    engine.dispose()
    assert upgrade(database_url, NOW) == ()
    store = Store(database_url)
    assert store.server().shape == newest()
    assert store.books(now=NOW).faults == ()
    store.close()


def test_every_step_from_the_first_of_its_kind_on_says_when_it_may_run() -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    steps = {one.revision: one for one in ScriptDirectory(str(SCRIPTS)).walk_revisions()}
    assert all(len(name) == 4 and name.isdigit() for name in steps)  # compared as texts
    said = {name: getattr(one.module, "phase", None) for name, one in steps.items() if name >= "0009"}
    assert set(said.values()) <= {"pre", "post"}
    assert {phase_of(one) for name, one in steps.items() if name < "0009"} == {"post"}
