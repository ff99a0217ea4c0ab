"""`uketsuke backup` and `uketsuke restore` as an operator runs them, and the archive under bad luck."""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.db.engine import make_engine, transaction
from models.db.store import Store
from models.db.tables import DraftFileRow
from models.errors import ArchiveError, ConfigError
from runtime.cli.app import run
from runtime.keeping import Archive, restore, write_backup
from tests.support.clocks import Clock
from tests.support.filings import NOW, arrival, file_one
from tests.support.kept import data_folder, rows_of


@pytest.fixture
def desk(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installation with a ticket and a mail."""
    folder = data_folder(migrated_sqlite, tmp_path, monkeypatch)
    store = Store(url_of(folder))
    file_one(store)
    store.accept([arrival(2)])
    store.close()
    return folder


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'uketsuke.sqlite3'}"


@pytest.fixture
def kept(desk: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "kept.zip"
    assert run(["backup", str(file)]) == 0
    assert desk.is_dir()
    return file


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_keep_check_lose_and_bring_back(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kept.zip"
    before = rows_of(url_of(desk))
    assert run(["backup", str(file)]) == 0
    assert "books: accepted 2, ticketed 1" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []
    assert run(["backup", str(file), "--verify"]) == 0
    assert "every checksum is right" in capsys.readouterr().out

    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(elsewhere))
    assert run(["restore", str(file), "--same-moment"]) == 0
    said = capsys.readouterr().out
    assert "the books are those of the backup" in said
    assert rows_of(url_of(elsewhere)) == before
    assert (elsewhere / "secret.key").read_text() == "5" * 64
    assert (elsewhere / "secret.key").stat().st_mode & 0o777 == 0o600
    assert run(["reindex", "--go-on"]) == 0
    assert run(["search", "mail"]) == 0
    assert "T000001" in capsys.readouterr().out


def test_without_same_moment_letters_wait_for_a_person(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run(["restore", str(kept)]) == 0
    assert "1 letters that waited are held for an agent, and all letters are stopped" in capsys.readouterr().out


def test_a_second_backup_of_that_name_is_none(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = kept.read_bytes()
    assert run(["backup", str(kept)]) == 2
    assert "is there already; name another file" in one_line(capsys)
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "/no/such/folder/kept.zip"], "No such file or directory; name a file in a folder"),
        (["backup", "/no/such.zip", "--verify"], "/no/such.zip: No such file or directory; name a backup"),
        (["restore", "/no/such.zip"], "/no/such.zip: No such file or directory; name a backup"),
    ],
)
def test_a_wrong_file_is_one_line_and_exit_2(
    desk: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    assert run(arguments) == 2
    assert said in one_line(capsys)


def test_a_database_that_is_not_there_is_one_line_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    assert run(["backup", str(tmp_path / "kept.zip"), "--without-secret"]) == 2
    assert "there is no database" in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_one_line_before_anything_is_written(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", "postgresql+psycopg://u:hush-hush@127.0.0.1:1/x")
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path / "new"))
    assert run(["restore", str(kept)]) == 2
    said = one_line(capsys)
    assert said.startswith("uketsuke: UKETSUKE_DATABASE_URL: ")
    assert said.endswith("; start the database, or mend the setting\n")
    assert "hush-hush" not in said
    assert list((tmp_path / "new").iterdir()) == []


def test_a_missing_secret_is_one_line(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "secret.key").unlink()
    assert run(["backup", str(tmp_path / "kept.zip")]) == 2
    assert "UKETSUKE_SECRET_FILE" in one_line(capsys)
    assert run(["backup", str(tmp_path / "kept.zip"), "--without-secret"]) == 0
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert "secret.key" not in archive.namelist()


def test_restoring_needs_an_empty_database_and_no_other_secret(
    desk: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(url_of(desk))
    assert run(["restore", str(kept)]) == 2
    assert "the database is not empty" in one_line(capsys)
    assert rows_of(url_of(desk)) == before

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.key").write_text("6" * 64)
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(elsewhere))
    assert run(["restore", str(kept)]) == 2
    assert "is another secret than that of the backup" in one_line(capsys)
    assert (elsewhere / "secret.key").read_text() == "6" * 64
    assert run(["restore", str(kept), "--without-secret"]) == 0


def test_a_secret_that_was_put_there_goes_again_where_the_rest_fails(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(migrated_sqlite, elsewhere / "uketsuke.sqlite3")
    store = Store(url_of(elsewhere))
    store.accept([arrival(9)])
    store.close()
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(elsewhere))
    assert run(["restore", str(kept)]) == 2
    assert not (elsewhere / "secret.key").exists()


def test_a_full_disk_is_one_line_and_leaves_nothing(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(url_of(desk))
    noise = random.Random(1)
    store.accept([arrival(number, body=noise.randbytes(40_000).hex()) for number in range(3, 20)])
    store.close()
    folder = tmp_path / "full"
    folder.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        code = run(["backup", str(folder / "kept.zip")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 1
    assert "nothing was kept, free space or name another disk" in one_line(capsys)
    assert list(folder.iterdir()) == []


def test_who_is_killed_while_writing_leaves_no_backup(desk: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom runtime.clock import utc_now\n"
        "from runtime.keeping import write_backup\n"
        f"steps = write_backup({url_of(desk)!r}, Path({str(file)!r}), secret=None, clock=utc_now)\n"
        "next(steps)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert not file.exists()


def test_who_is_killed_while_restoring_leaves_the_database_empty(kept: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom models.db.store import Store\nfrom runtime.clock import utc_now\n"
        "import runtime.keeping as keeping\n"
        "class Killed(keeping.Archive):\n    def tables(self, read=None):\n"
        "        for shape, rows in super().tables(read):\n            yield shape, rows\n"
        "            if shape.name == 'reply':\n                os.kill(os.getpid(), signal.SIGKILL)\n"
        f"keeping.restore(Killed(Path({str(kept)!r})), Store({url!r}), now=utc_now(), is_same_moment=True)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    store = Store(url)
    with Archive(kept) as archive:
        assert restore(archive, store, now=NOW, is_same_moment=True).are_books_equal
    store.close()


def test_every_beginning_of_an_archive_is_none(kept: Path, tmp_path: Path) -> None:
    whole = kept.read_bytes()
    part = tmp_path / "part.zip"
    for end in [0, 1, 100, *range(500, len(whole), len(whole) // 40), len(whole) - 1]:
        part.write_bytes(whole[:end])
        with pytest.raises(ConfigError, match="no backup of uketsuke, or"):
            Archive(part)


def test_a_byte_that_is_not_as_it_was_written_is_found_or_means_nothing(kept: Path, tmp_path: Path) -> None:
    whole, chance = kept.read_bytes(), random.Random(20261129)
    said = content_of(kept)
    other, told = tmp_path / "other.zip", list[str]()
    for _ in range(150):
        at = chance.randrange(len(whole))
        other.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
        try:
            assert content_of(other) == said  # a byte of the ZIP's own, such as a time
        except ConfigError as error:
            told.append(str(error))
    assert len(told) > 75
    assert [one for one in told if "\n" in one] == []


def content_of(file: Path) -> object:
    with Archive(file) as archive:
        for _ in archive.verify():
            pass
        return archive.manifest, archive.secret(), [(shape, list(rows)) for shape, rows in archive.tables()]


def test_other_zips_and_newer_archives_are_told_apart(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("letter.txt", "x")
    assert run(["restore", str(other)]) == 2
    assert "is no backup of uketsuke" in one_line(capsys)
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"format": 1', b'"format": 2'))
    assert run(["backup", str(other), "--verify"]) == 2
    assert "which is newer; use that one" in one_line(capsys)


def test_a_table_that_was_taken_out_or_put_in_is_missed(kept: Path, tmp_path: Path) -> None:
    for name, change in (("out", "tables/reply.jsonl"), ("in", None)):
        other = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(kept) as old, zipfile.ZipFile(other, "w") as new:
            for one in old.namelist():
                if one != change:
                    new.writestr(one, old.read(one))
            if change is None:
                new.writestr("tables/planted.jsonl", "{}\n")
        with Archive(other) as archive, pytest.raises(ConfigError, match="its tables are not those of its manifest"):
            list(archive.verify())


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
instants = st.datetimes(timezones=st.timezones())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pair")


@given(st.lists(st.tuples(texts, texts, st.binary(max_size=200), instants, st.integers(0, 2**31 - 1)), max_size=20))
@settings(max_examples=15)
def test_whatever_rows_hold_comes_back(
    pair: Path, migrated_sqlite: Path, rows: list[tuple[str, str, bytes, object, int]]
) -> None:
    for name in ("one.sqlite3", "two.sqlite3", "kept.zip"):
        (pair / name).unlink(missing_ok=True)
    one, two = (f"sqlite:///{shutil.copy(migrated_sqlite, pair / name)}" for name in ("one.sqlite3", "two.sqlite3"))
    engine = make_engine(one)
    table = DraftFileRow.__table__  # type: ignore[attr-defined]
    names = ("ref", "name", "content", "at", "size")
    with transaction(engine, writes=True) as connection:
        for row in rows:
            connection.execute(sa.insert(table).values(agent="a", **dict(zip(names, row, strict=True))))
    engine.dispose()
    for _ in write_backup(one, pair / "kept.zip", secret=None, clock=Clock(NOW)):
        pass
    store = Store(two)
    with Archive(pair / "kept.zip") as archive:
        restore(archive, store, now=NOW, is_same_moment=True)
    store.close()
    assert rows_of(one) == rows_of(two)
    assert len(rows_of(two)["draft_file"]) == len(rows)


def test_an_error_within_is_told_as_itself(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ArchiveError, match="No space left on device"):
        for _ in write_backup(url_of(desk), tmp_path / "kept.zip", secret=None, clock=Clock(NOW)):
            pass
    assert not (tmp_path / "kept.zip").exists()
