"""The security page names, for each threat, a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NAMED = sorted(set(_NAMED.findall(PAGE)))


def named_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_is_there(file: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in named_in(ROOT / file)


def test_every_threat_has_one() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    threats = [row for row in rows if not row.startswith("| threat |")]
    assert len(threats) > 30
    assert [row for row in threats if not _NAMED.search(row)] == []


def test_the_page_says_how_to_report_and_what_is_left() -> None:
    assert "To report a vulnerability" in PAGE
    assert "## What is left" in PAGE
