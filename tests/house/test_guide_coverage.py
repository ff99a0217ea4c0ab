"""Every sentence of the guide has its row: carriers and tests exist, edits fit, the page is written; and the trial works."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.guide.statements import ROOT, Mutation, Statement, paths, statements, written_tests
from tests.guide.table import PAGE, page
from tests.trials.guide_mutations import BROKEN, FAILED, MISFIT, SURVIVED, outcomes, report, verdict

BY_ID = {one.id: one for one in statements()}


def test_all_statements_are_there_in_order() -> None:
    assert [one.id for one in statements()] == [f"S{number}" for number in range(1, 74)]
    assert all(one.ja.strip() and one.means.strip() and one.carriers and one.mutations for one in statements())


def test_every_test_exists_is_named_after_its_statement_and_stands_for_it_alone() -> None:
    named = [one.test for one in statements()]
    assert [one.test for one in statements() if one.test not in written_tests()] == []
    assert [one.test for one in statements() if not one.test.startswith(f"test_s{one.id[1:]}_")] == []
    assert sorted(set(named)) == sorted(named)
    assert sorted(set(written_tests()) - set(named)) == [], "a test of the guide that no statement names"


def test_every_carrier_exists_and_says_what_of_it_carries() -> None:
    gone = [
        f"{one.id}: {path}"
        for one in statements()
        for carrier, _ in one.carried_by
        for path in paths(carrier)
        if not (ROOT / path).exists()
    ]
    assert gone == []
    assert [one.id for one in statements() if not all(what for _, what in one.carried_by)] == []


@pytest.mark.parametrize("one", statements(), ids=lambda one: one.id)
def test_every_edit_fits_its_file_and_changes_the_product(one: Statement) -> None:
    for mutation in one.mutations:
        assert not mutation.file.startswith(("tests/", "docs/"))
        text = (ROOT / mutation.file).read_text(encoding="utf-8")
        assert mutation.applied(text) != text


def test_the_page_is_what_the_list_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.guide.table"


def test_links_of_the_page_lead_somewhere() -> None:
    links = re.findall(r"\]\(\.\./([^)]+)\)", page())
    assert len(links) > 73 * 2
    assert sorted({link for link in links if not (ROOT / link).exists()}) == []


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, "1 passed", SURVIVED),
        (1, "test_x.py:3: in test\nE   AssertionError: assert 1 == 2\nE    +  where", FAILED),
        (1, "test_x.py:3: in test\nE   assert 'a' in Letter()", FAILED),
        (1, "test_x.py:3: in test\nE   models.errors.PackError: pack.toml: no such key", BROKEN),
        (2, "E   AssertionError: in a fixture of a file that cannot be collected", BROKEN),
        (4, "no tests ran", BROKEN),
    ],
)
def test_only_a_failed_assertion_counts(code: int, said: str, expected: str) -> None:
    assert verdict(code, said) == expected


def test_an_edit_must_stand_there_exactly_once() -> None:
    edit = Mutation(file="x.toml", old="a", new="b")
    assert edit.applied("xay") == "xby"
    for text in ("xyz", "aa"):
        with pytest.raises(ValueError, match="not once"):
            edit.applied(text)


@pytest.mark.slow
def test_the_trial_finds_out_edits_that_take_statements_away() -> None:
    """Its short form: the first edit of four statements."""
    command = [sys.executable, "-m", "tests.trials.guide_mutations", "S16", "S28", "S56", "S69", "--first"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("4 edits: 4 failed as it should\n")


@pytest.mark.slow
def test_the_trial_tells_of_edits_that_take_nothing_away(capsys: pytest.CaptureFixture[str]) -> None:
    one = BY_ID["S16"]
    edit = one.mutations[0]
    harmless = replace(edit, new=f"{edit.old}\n")
    absent = replace(edit, old="words that stand nowhere")
    assert report(outcomes([replace(one, mutations=(harmless, absent))])) == 1
    said = capsys.readouterr().out
    assert re.search(rf"^S16 .* {SURVIVED}$", said, re.MULTILINE)
    assert re.search(rf"^S16 .* {MISFIT}: .*0 times, not once$", said, re.MULTILINE)
