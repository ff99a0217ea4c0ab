"""Writes docs/guide-coverage.md from `statements.toml`: `python -m tests.guide.table`."""

from __future__ import annotations

from tests.guide.statements import ROOT, Statement, paths, statements, written_tests

PAGE = ROOT / "docs" / "guide-coverage.md"
HEAD = """# Where every sentence of the support guide lives

The guide has {total} statements. Each row names what carries one, and a test that fails without it: for every statement
there are small edits of the product ({mutations} in all) that take it away, and with each of them the test must fail.
`python -m tests.trials.guide_mutations` tries them all in a copy of the tree, `python -m tests.trials.guide_mutations S28`
those of one. The rows are written from [statements.toml](../tests/guide/statements.toml) by `python -m tests.guide.table`.

| | sentence | carried by | test |
|---|---|---|---|
"""
LACKING = """
## Not yet

Duties that follow from a sentence and that the product does not honour, or not in every mail:

"""


def page() -> str:
    """The whole page."""
    listed = statements()
    head = HEAD.format(total=len(listed), mutations=sum(len(one.mutations) for one in listed))
    lacking = "".join(f"- {one.id}: {one.lacks}\n" for one in listed if one.lacks)
    return head + "".join(f"{_row(one)}\n" for one in listed) + (LACKING + lacking if lacking else "")


def _row(one: Statement) -> str:
    carried = "<br>".join(_carrier(carrier, what) for carrier, what in one.carried_by)
    mark = " (see [not yet](#not-yet))" if one.lacks else ""
    sentence = _cell(one.ja.replace("\n", ""))
    file = written_tests().get(one.test, "")
    return f"| {one.id} | {sentence}<br>*{_cell(one.means)}*{mark} | {carried} | [{one.test}](../{file}) |"


def _carrier(carrier: str, what: str) -> str:
    links = ", ".join(f"[{path.rpartition('/')[2]}](../{path})" for path in paths(carrier))
    return f"{links}: {_cell(what)}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("*", "\\*").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
