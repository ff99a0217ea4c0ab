"""The image's part of the lock: all that runs, nothing that only tests, each pin and hash as the lock has it."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.runtime_lock import as_requirements, main, needed, plain_name, read_lock, runtime_roots

LOCK = (Path(__file__).parents[2] / "requirements.lock").read_text(encoding="utf-8")
PINS = read_lock(LOCK)
RUNTIME = {pin.name for pin in needed(PINS, runtime_roots())}


def test_every_pin_of_the_lock_is_read() -> None:
    lines = [line.split("==")[0] for line in LOCK.splitlines() if re.match(r"\w", line)]
    assert set(PINS) == {plain_name(line) for line in lines}
    assert len(PINS) == len(lines)
    assert [pin.name for pin in PINS.values() if not pin.hashes or not pin.wanted_by] == []


def test_what_runs_holds_no_tool_of_ours() -> None:
    tools = (
        "pytest",
        "hypothesis",
        "mypy",
        "ruff",
        "playwright",
        "schemathesis",
        "import-linter",
        "atheris",
        "hatchling",
        "pip",
    )
    assert RUNTIME & set(tools) == set()
    assert len(RUNTIME) < len(PINS)


def test_what_runs_is_closed_under_what_the_installed_packages_ask_for() -> None:
    """The lock's comments against the packages' own metadata: nothing that one of them needs here is left out."""
    left_out = [
        f"{name} needs {requirement.name}"
        for name in sorted(RUNTIME)
        for text in importlib.metadata.requires(name) or ()
        if (requirement := Requirement(text)).marker is None or requirement.marker.evaluate({"extra": ""})
        if plain_name(requirement.name) not in RUNTIME
    ]
    assert left_out == []


def test_a_part_has_the_locks_own_pins_and_hashes() -> None:
    part = read_lock(as_requirements(needed(PINS, runtime_roots())))
    assert set(part) == RUNTIME
    assert {name: (pin.line, pin.hashes) for name, pin in part.items()} == {
        name: (PINS[name].line, PINS[name].hashes) for name in RUNTIME
    }


def test_the_part_of_a_builder_is_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--of", "hatchling", "setuptools"]) == 0
    part = set(read_lock(capsys.readouterr().out))
    assert {"hatchling", "setuptools"} <= part
    assert part & {"numpy", "pytest"} == set()


def test_a_package_that_the_lock_does_not_pin_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--of", "no-such-package"]) == 2
    assert capsys.readouterr().err == "requirements.lock pins no no-such-package; write the lock anew\n"
