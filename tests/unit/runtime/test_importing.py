"""`import` of files: many mails a commit, and none that fails stops the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from models.arrival import Arrival
from models.db.store import Store
from models.errors import StoreUnavailable
from runtime.cli.app import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mails"
    folder.mkdir()
    for number in range(150):
        text = f"From: a@b.example\nTo: support+T000001.x@uketsuke.example\nSubject: No {number}\n\nbody {number}\n"
        (folder / f"{number:03}.eml").write_text(text, encoding="utf-8")
    return folder


def subjects() -> set[str]:
    store = Store(f"sqlite:///{Path('var/uketsuke.sqlite3').absolute()}")
    found = {row.subject for row in store.queue(limit=500)}
    store.close()
    return found


def test_many_mails_share_a_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept, sizes = Store.accept, []

    def counted(store: Store, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        sizes.append(len(arrivals))
        assert {one.desk_address for one in arrivals} == {"support@uketsuke.example"}
        return accept(store, arrivals)

    monkeypatch.setattr(Store, "accept", counted)
    assert run(["import", str(folder)]) == 0
    assert sizes == [64, 64, 22]
    assert len(subjects()) == 150


def test_a_file_that_cannot_be_read_stops_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    read = Path.read_bytes

    def fails_once(file: Path) -> bytes:
        if file.name == "007.eml":
            raise PermissionError(13, "Permission denied", str(file))
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", fails_once)
    for arguments in (["import", "--dry-run", str(folder), "none.eml"], ["import", str(folder), "none.eml"]):
        assert run(arguments) == 1
        out, err = capfd.readouterr()
        assert ["007.eml" in line for line in err.splitlines()] == [True, False]
    assert out == "149 mails taken in, 2 failed\n"
    assert subjects() == {f"No {number}" for number in range(150)} - {"No 7"}


def test_a_mail_that_the_database_cannot_hold_stops_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    accept = Store.accept

    def never_seven(store: Store, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        if any(b"body 7\n" in one.raw for one in arrivals):
            raise ValueError("no such text")
        return accept(store, arrivals)

    monkeypatch.setattr(Store, "accept", never_seven)
    assert run(["import", str(folder)]) == 1
    out, err = capfd.readouterr()
    assert (out, err) == ("149 mails taken in, 1 failed\n", f"uketsuke: {folder / '007.eml'}: ValueError\n")


def test_a_database_that_is_away_is_told_for_each_mail(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def away(store: Store, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        raise StoreUnavailable("database is locked")

    monkeypatch.setattr(Store, "accept", away)
    assert run(["import", str(folder)]) == 1
    out, err = capfd.readouterr()
    assert out == "0 mails taken in, 150 failed\n"
    assert len(err.splitlines()) == 150
