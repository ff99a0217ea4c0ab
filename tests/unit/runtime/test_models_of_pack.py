"""Whose models read a pack, as `uketsuke check` tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.scaffold.make import copy_pack, new_pack
from runtime.cli.app import run


@pytest.mark.parametrize("is_copy", [True, False])
def test_check_says_whether_models_read_the_pack(
    is_copy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own_desk"
    if is_copy:
        copy_pack("alibabacloud_jp", folder)
    else:
        new_pack(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UKETSUKE_PACK", str(folder))
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path / "var"))
    run(["check"])
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one[7:].startswith("models:")]
    assert ("loaded" in line) is is_copy
    assert ("the rules read alone" in line) is not is_copy
