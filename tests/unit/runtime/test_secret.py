from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.secret import load_secret


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret.key"
    first = load_secret(file)
    assert load_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_roles_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(load_secret, [file] * 16))) == 1


def test_a_short_secret_is_a_configuration_error(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_text("short", encoding="ascii")
    with pytest.raises(ConfigError, match="fewer than 32 bytes"):
        load_secret(file)
