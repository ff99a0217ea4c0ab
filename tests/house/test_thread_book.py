"""The conversations of docs/threads are what the product makes of them today."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.triage import Rules
from tests.support.thread_book import BOOK, CHOSEN, page


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_the_page_is_what_happens(name: str, rules: Rules, migrated_sqlite: Path, tmp_path: Path) -> None:
    written = (BOOK / f"{name}.md").read_text(encoding="utf-8")
    assert written == page(name, rules, migrated_sqlite, tmp_path), "run python -m tests.support.thread_book"


def test_no_page_is_without_its_thread() -> None:
    assert {file.stem for file in BOOK.glob("*.md")} == set(CHOSEN)
