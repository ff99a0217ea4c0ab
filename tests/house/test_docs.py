from __future__ import annotations

import re
from pathlib import Path

import typer.main

from models import errors
from runtime.cli import app
from runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_settings_page_names_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^\| `(UKETSUKE_\w+)`", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {PREFIX + field.upper() for field in Settings.model_fields}


def test_the_errors_page_names_every_error_code_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "errors.md").read_text(encoding="utf-8"), re.MULTILINE))
    classes = [
        thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, errors.UketsukeError)
    ]
    assert named == {thing.code for thing in classes}


def test_every_error_class_has_a_code_of_its_own() -> None:
    classes = [
        thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, errors.UketsukeError)
    ]
    assert len({thing.code for thing in classes}) == len(classes)


def test_the_operators_page_names_every_command() -> None:
    page = (DOCS / "operate.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in commands if f"`uketsuke {name}" not in page] == []


def test_both_readmes_name_the_two_commands() -> None:
    for name in ("README.md", "README.ja.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "make run" in text
        assert "make test" in text


def test_every_relative_link_of_the_docs_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "README.ja.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:")) and not (page.parent / target).exists()
    ]
    assert broken == []
