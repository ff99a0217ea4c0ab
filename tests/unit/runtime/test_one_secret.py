"""All machines of one installation sign with one secret: another one is refused before anything is signed with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.db.store import Store
from runtime.cli.app import run
from runtime.cli.common import open_signing_store
from runtime.settings import Settings, load_settings
from runtime.wiring import instance_of

SIGNING = [["prepare"], ["serve"], ["worker"], ["deliver"], ["desk"], ["scheduler"]]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def machine(name: str, tmp_path: Path) -> Settings:
    """A machine with a folder of its own on the one database."""
    url = f"sqlite:///{tmp_path / 'one.sqlite3'}"
    return load_settings({"UKETSUKE_DATABASE_URL": url, "UKETSUKE_DATA_DIR": str(tmp_path / name)})


@pytest.fixture
def first(tmp_path: Path) -> Settings:
    settings = machine("first", tmp_path)
    open_signing_store(settings).close()
    return settings


def test_the_first_start_notes_its_secret_and_the_same_one_goes_on(first: Settings, tmp_path: Path) -> None:
    store = open_signing_store(first)
    assert store.secret_mark() == instance_of(first.secret_path.read_bytes())
    store.close()
    second = machine("second", tmp_path)
    second.data_dir.mkdir()
    shutil.copy(first.secret_path, second.secret_path)
    open_signing_store(second).close()


@pytest.mark.parametrize("command", SIGNING)
@pytest.mark.parametrize("has_another", [False, True], ids=["none", "another"])
def test_a_machine_without_it_is_told_and_makes_none(
    command: list[str],
    first: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    has_another: bool,
) -> None:
    second = machine("second", tmp_path)
    if has_another:
        second.data_dir.mkdir()
        second.secret_path.write_text("a" * 64, encoding="utf-8")
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", second.database_url)
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(second.data_dir))
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "0")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "0")
    assert run(command) == 2
    said = capfd.readouterr().err.strip()
    assert said.startswith(f"uketsuke: UKETSUKE_SECRET_FILE: {second.secret_path}: is not ")
    assert "copy the file from a machine that runs" in said
    assert "\n" not in said
    assert second.secret_path.exists() == has_another
    assert run(["check"]) == 2
    assert "WRONG  secret of the database: UKETSUKE_SECRET_FILE" in capfd.readouterr().out


def test_a_secret_that_is_lost_is_replaced_by_command(
    first: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first.secret_path.unlink()
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", first.database_url)
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(first.data_dir))
    assert run(["prepare"]) == 2
    assert run(["prepare", "--new-secret"]) == 0
    store = Store(first.url)
    assert store.secret_mark() == instance_of(first.secret_path.read_bytes())
    store.close()
    assert run(["prepare"]) == 0
