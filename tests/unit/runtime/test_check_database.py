"""What `check` says of the database, of who runs on it, and of servers that do not answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import create_engine

from models.db.migrate import newest, upgrade
from models.db.store import Store
from models.presence import Process, Standbys
from runtime.cli.app import run
from runtime.cli.check_database import ROLES, _standby, database_findings, file_system_of
from runtime.cli.finding import Finding
from runtime.clock import utc_now
from runtime.settings import Settings, load_settings
from tests.support.filings import arrival


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings_of(url: str, **more: str) -> Settings:
    return load_settings({"UKETSUKE_DATABASE_URL": url, **more})


def found(settings: Settings) -> dict[str, Finding]:
    return {one.what: one for one in database_findings(settings)}


def process(role: str, number: int = 0, **changes: object) -> Process:
    now = utc_now()
    whole = Process(
        id=f"{role}{number}",
        role=role,
        host="one",
        pid=1,
        version="0.1.0",
        shape=newest(),
        started_at=now,
        seen_at=now,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_a_database_that_is_not_there_yet_is_not_made_by_looking(tmp_path: Path) -> None:
    said = found(load_settings({}))
    assert "is not there or empty: `uketsuke prepare`" in said["database"].detail
    assert said["database"].mark == "ok"
    assert not (tmp_path / "var").exists()


def test_an_older_shape_is_told_and_not_brought_along(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite3"
    upgrade(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0008'")
    connection.close()
    said = found(settings_of(f"sqlite:///{file}"))
    assert said["database"].mark == "warn"
    assert f"has the shape 0008, this version needs {newest()}" in said["database"].detail
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0008",)
    connection.close()


def test_a_shape_that_a_newer_version_began_is_told(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    upgrade(f"sqlite:///{file}")
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = found(settings_of(f"sqlite:///{file}"))
    assert said["upgrade"].mark == "warn"
    assert "a newer version has begun (shape 9999)" in said["upgrade"].detail
    assert said["upgrade"].detail.endswith("; install that version here too")
    connection.execute("UPDATE shape SET runs_from = '9999'")
    connection.close()
    said = found(settings_of(f"sqlite:///{file}"))
    assert (said["database"].code, "belongs to a newer one" in said["database"].detail) == (2, True)


def test_roles_that_run_and_roles_that_do_not(database_url: str, store: Store) -> None:
    settings = settings_of(database_url)
    assert found(settings)["roles"].detail == "none runs"
    for role in ROLES:
        store.present(process(role))
    store.present(process("worker", 2, host="two"))
    said = found(settings)["roles"]
    assert (said.mark, said.detail) == ("ok", "1 smtp, 2 worker, 1 deliver, 1 desk, 1 scheduler on 2 machines")
    store.end_presence("smtp0")
    said = found(settings)["roles"]
    assert said.mark == "warn"
    assert said.detail.endswith("; no smtp runs: nobody takes mails in")


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_could_lose_what_it_confirmed_is_wrong(database_url: str, store: Store) -> None:
    """The tests' own server runs without fsync."""
    said = found(settings_of(database_url))["database"]
    assert said.code == 1
    assert "fsync is off: what was accepted could be lost" in said.detail


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_more_connections_than_the_server_has_are_told(database_url: str, store: Store) -> None:
    assert found(settings_of(database_url))["connections"].mark == "ok"
    for number in range(20):
        store.present(process("worker", number))
    said = found(settings_of(database_url, UKETSUKE_DATABASE_CONNECTIONS="10"))["connections"]
    assert said.mark == "warn"
    assert said.detail.startswith("at most 260 of 97, 13 a process; raise max_connections")


@pytest.fixture
def name_standbys(database_url: str) -> Iterator[Callable[[str], None]]:
    """Says whom the server's commits wait for; nobody at the end."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")

    def name(what: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"ALTER SYSTEM SET synchronous_standby_names = '{what}'")
            connection.exec_driver_sql("SELECT pg_reload_conf()")

    yield name
    name("")
    engine.dispose()


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_standby_that_commits_wait_for_and_that_is_not_there_is_told(
    database_url: str, store: Store, name_standbys: Callable[[str], None]
) -> None:
    def said() -> Finding:
        return found(settings_of(database_url))["standby"]

    end = monotonic() + 20
    name_standbys("ANY 1 (db2)")
    while said().mark != "warn":  # the server reads its settings a moment later
        assert monotonic() < end
    assert said().detail.startswith("synchronous_standby_names = 'ANY 1 (db2)', and no server follows: no mail")
    waiting = threading.Thread(target=store.accept, args=([arrival(1)],))
    waiting.start()
    while (standbys := store.server().standbys) and not standbys.waiting:
        assert monotonic() < end
    assert standbys is not None
    assert (standbys.waiting, standbys.following, standbys.is_waited_for) == (1, 0, True)
    assert standbys.waiting_s < 20
    name_standbys("")
    waiting.join(20)
    assert not waiting.is_alive(), "nothing is lost by waiting"


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_without_a_standby_that_is_waited_for(database_url: str, store: Store) -> None:
    said = found(settings_of(database_url))["standby"]
    assert (said.mark, said.detail) == ("ok", "commits wait for none; servers that follow: 0")
    assert "standby" not in found(load_settings({}))


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "commits wait for synchronous_standby_names = 'db2'; servers that follow: 1"),
        (
            {"waiting": 2, "waiting_s": 6.2},
            "synchronous_standby_names = 'db2', and 2 commits wait, for up to 6 s; servers that follow: 1",
        ),
        (
            {"is_waited_for": False},
            "synchronous_standby_names = 'db2', but synchronous_commit = local: no commit waits",
        ),
    ],
)
def test_what_commits_wait_for(changes: dict[str, Any], detail: str) -> None:
    calm = Standbys(named="db2", is_waited_for=True, following=1, waiting=1, waiting_s=0.1)
    said = _standby(replace(calm, **changes))
    assert said.detail.startswith(detail)
    assert (said.mark == "warn") == bool(changes)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize(("off", "mark"), [(0, "ok"), (-10, "warn"), (40, "warn")])
def test_a_clock_that_is_off_is_told(
    database_url: str, store: Store, off: int, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.cli.check_database.utc_now", lambda: utc_now() + timedelta(seconds=off))
    assert found(settings_of(database_url))["clock"].mark == mark


def test_a_disk_with_too_little_room_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.cli.check_database._TOO_LITTLE", 2**60)
    said = found(load_settings({}))["disk"]
    assert (said.code, "too little to take mails in" in said.detail) == (1, True)


def test_a_file_system_of_another_machine_is_wrong_for_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nnas:/x {tmp_path.resolve()} nfs4 rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr("runtime.cli.check_database._MOUNTS", mounts)
    assert found(load_settings({}))["file system"].code == 1
    assert "file system" not in found(settings_of("postgresql+psycopg://u@127.0.0.1:1/x"))


def test_the_kind_of_a_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = "/dev/a / ext4 rw 0 0\nnas:/x /srv nfs4 rw 0 0\ntmpfs /srv/fast tmpfs rw 0 0\n"
    kinds = [file_system_of(Path(one), mounts) for one in ("/srv/data", "/srv/fast/x", "/srvx", "/")]
    assert kinds == ["nfs4", "tmpfs", "ext4", "ext4"]
    assert file_system_of(Path("/srv"), "") == ""


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("UKETSUKE_DATABASE_URL", "postgresql+psycopg://u:hush@127.0.0.1:1/x", "WRONG  database: "),
        ("UKETSUKE_SMARTHOST", "127.0.0.1:1", "WRONG  smarthost: 127.0.0.1:1: SMTPConnectError"),
        ("UKETSUKE_IMAP", "imap://u:hush@127.0.0.1:1", "WRONG  mailbox: "),
        ("UKETSUKE_OIDC_ISSUER", "http://127.0.0.1:1", "WRONG  sign-in: "),
        ("UKETSUKE_SMTP_TLS_CERT", "nowhere.pem", "WRONG  smtp tls: "),
        ("UKETSUKE_SECRET_FILE", "oidc.secret/secret.key", "WRONG  secret: "),
        ("UKETSUKE_DKIM_KEY_FILE", "nowhere.pem", "WRONG  dkim: "),
        ("UKETSUKE_PACK", "nowhere", "WRONG  policy pack: "),
    ],
)
def test_what_does_not_answer_or_is_not_there_is_wrong_and_exit_2(
    setting: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = Path("oidc.secret")
    secret.write_text("hush", encoding="utf-8")
    with_it = {
        "UKETSUKE_OIDC_ISSUER": {"UKETSUKE_OIDC_CLIENT_ID": "desk", "UKETSUKE_OIDC_CLIENT_SECRET_FILE": str(secret)},
        "UKETSUKE_SMTP_TLS_CERT": {"UKETSUKE_SMTP_TLS_KEY": "nowhere.key"},
        "UKETSUKE_DKIM_KEY_FILE": {"UKETSUKE_DKIM_SELECTOR": "desk"},
    }
    for name, text in {setting: value, **with_it.get(setting, {})}.items():
        monkeypatch.setenv(name, text)
    assert run(["check"]) == 2
    out, err = capfd.readouterr()
    assert said in out
    assert "hush" not in out
    assert err == ""
