from __future__ import annotations

from pathlib import Path

from runtime.cli.common import make_data_dir
from runtime.secret import load_secret
from runtime.settings import load_settings
from runtime.wiring import open_store


def test_the_folder_of_customers_mails_is_its_owners_alone(tmp_path: Path) -> None:
    """Other users of the machine read neither the mails nor the key of the signed ids."""
    for name, make in (
        ("first", make_data_dir),
        ("second", lambda settings: open_store(settings).close()),
        ("third", lambda settings: load_secret(settings.secret_path)),
    ):
        folder = tmp_path / name
        make(load_settings({"UKETSUKE_DATA_DIR": str(folder)}, tmp_path / "none.toml"))
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    """An MTA's pipe may run as another user of the same group."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o770)
    make_data_dir(load_settings({"UKETSUKE_DATA_DIR": str(folder)}, tmp_path / "none.toml"))
    assert folder.stat().st_mode & 0o777 == 0o770
