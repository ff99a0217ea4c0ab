"""Every thread beside this one, mail by mail, through worker, store and scheduler with the installed models."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.db.store import Store
from runtime.triage import Rules
from tests.support.threads import KEYS, Player, read_thread

HERE = Path(__file__).parent / "threads"
FILES = sorted(HERE.glob("*/*.case"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_conversation_goes_as_the_case_says(file: Path, sqlite_store: Store, rules: Rules) -> None:
    thread = read_thread(file)
    assert Player(sqlite_store, rules).play(thread) == [], thread.why


def test_the_page_names_every_key() -> None:
    page = (HERE / "README.md").read_text(encoding="utf-8")
    assert [key for key in sorted(KEYS) if f"`{key}" not in page] == []
