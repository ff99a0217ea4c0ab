"""The table of moves is the page, and nothing goes past it."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.states_page import PAGE, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_drawn_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.support.states_page"


def writers_of_states() -> set[str]:
    """Functions of the store that set a ticket's `state` in a statement on its table."""
    found = set()
    for file in (ROOT / "models" / "db").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                sets = isinstance(call.func, ast.Attribute) and call.func.attr == "values"
                is_state = any(keyword.arg == "state" for keyword in call.keywords)
                if (
                    sets
                    and is_state
                    and "TICKET" in {node.id for node in ast.walk(call.func) if isinstance(node, ast.Name)}
                ):
                    found.add(f"{file.stem}.{function.name}")
    return found


def test_one_function_opens_tickets_and_one_moves_them() -> None:
    assert writers_of_states() == {"filing._open_ticket", "filing.change_state"}
