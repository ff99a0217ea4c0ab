"""The table of moves is the page, and nothing goes past it."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.states_page import PAGE, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_drawn_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.support.states_page"


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def calls_in(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def is_values_of_tickets(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "values" and "TICKET" in names_in(call.func)


def open_statements(tree: ast.Module) -> set[str]:
    """Statements on tickets that are written once and name no columns: whoever uses one may set any."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {
        target.id
        for node in assigned
        for target in node.targets
        if isinstance(target, ast.Name)
        and "TICKET" in names_in(node.value)
        and {"insert", "update"} & names_in(node.value)
        and not any(is_values_of_tickets(call) for call in calls_in(node.value))
    }


def writers_of_states() -> set[str]:
    """Functions of the store that set a ticket's `state`, or could, by a statement that sets whatever it is given."""
    found = set()
    for file in (ROOT / "models" / "db").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        may_set = open_statements(tree)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            sets = any(
                is_values_of_tickets(call) and any(keyword.arg == "state" for keyword in call.keywords)
                for call in calls_in(function)
            )
            if sets or may_set & names_in(function):
                found.add(f"{file.stem}.{function.name}")
        for node in (one for one in tree.body if isinstance(one, ast.Assign)):
            assert not any(
                is_values_of_tickets(call) and any(keyword.arg == "state" for keyword in call.keywords)
                for call in calls_in(node)
            ), f"{file.name} writes a ticket's state by a statement of its own"
    return found


def test_one_function_opens_tickets_and_one_moves_them() -> None:
    assert writers_of_states() == {"filing._open_ticket", "filing.change_state"}
