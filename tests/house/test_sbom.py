"""The bill of materials holds all that runs, says its licences, and is what CycloneDX's schema asks for."""

from __future__ import annotations

import importlib.metadata
import json
import re
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tools.runtime_lock import needed, read_lock, runtime_roots
from tools.sbom import SPEC, licences, main

ROOT = Path(__file__).parents[2]
PINS = needed(read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8")), runtime_roots())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sbom") / "dist" / "uketsuke.cdx.json"
    assert main(["--out", str(file)]) == 0
    return file


@pytest.fixture(scope="module")
def bill(made: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.read_text(encoding="utf-8"))
    return found


def test_it_holds_each_package_that_runs_in_the_version_that_is_installed(bill: dict[str, Any]) -> None:
    versions = {one["name"]: one["version"] for one in bill["components"]}
    assert versions == {pin.name: pin.version for pin in PINS}
    assert versions == {name: importlib.metadata.version(name) for name in versions}


def test_each_package_has_an_address_a_hash_and_a_licence(bill: dict[str, Any]) -> None:
    for one in bill["components"]:
        assert one["purl"] == one["bom-ref"] == f"pkg:pypi/{one['name']}@{one['version']}"
        hashes = [prop["value"] for prop in one["properties"]]
        assert hashes
        assert [value for value in hashes if not re.fullmatch(r"[0-9a-f]{64}", value)] == []
        assert one["licenses"], one["name"]
    said = {json.dumps(licence) for one in bill["components"] for licence in one["licenses"]}
    assert '{"license": {"id": "MIT"}}' in said


def test_who_needs_whom_is_whole(bill: dict[str, Any]) -> None:
    refs = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    needs = {one["ref"]: set(one["dependsOn"]) for one in bill["dependencies"]}
    assert set(needs) == refs
    reached, waiting = set[str](), [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        waiting += needs[ref] - reached
        reached |= {ref, *needs[ref]}
    assert reached == refs


def test_the_same_lock_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path / "again.json")]) == 0
    assert (tmp_path / "again.json").read_bytes() == made.read_bytes()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([("License-Expression", "MIT OR Apache-2.0")], {"expression": "MIT OR Apache-2.0"}),
        ([("License-Expression", "BSD-3-Clause")], {"license": {"id": "BSD-3-Clause"}}),
        ([("License", "MIT License")], {"license": {"id": "MIT"}}),
        (
            [("License", "our own"), ("Classifier", "License :: OSI Approved :: MIT License")],
            {"license": {"name": "our own"}},
        ),
        (
            [("License", "w " * 80), ("Classifier", "License :: OSI Approved :: MIT License")],
            {"license": {"id": "MIT"}},
        ),
        ([("Classifier", "License :: OSI Approved :: BSD License")], {"license": {"name": "BSD License"}}),
        ([], {"license": {"name": "not said"}}),
    ],
)
def test_a_licence_is_told_as_the_package_tells_it(fields: list[tuple[str, str]], said: dict[str, Any]) -> None:
    about = Message()
    for name, value in fields:
        about[name] = value
    assert licences(about) == [said]


def test_the_schema_has_nothing_to_say(made: Path) -> None:
    validation = pytest.importorskip(
        "cyclonedx.validation.json", reason="cyclonedx-python-lib[json-validation] is not installed"
    )
    schema = pytest.importorskip("cyclonedx.schema", reason="cyclonedx-python-lib is not installed")
    version = schema.SchemaVersion.from_version(SPEC)
    assert validation.JsonStrictValidator(version).validate_str(made.read_text(encoding="utf-8")) is None
