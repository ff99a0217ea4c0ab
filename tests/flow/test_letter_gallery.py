"""docs/letters shows what the desk writes today: twelve mails, twelve letters."""

from __future__ import annotations

from runtime.triage import Rules
from tests.support.letter_gallery import FOLDER, letters


def test_the_letters_of_the_documents_are_those_of_the_desk(rules: Rules) -> None:
    written = letters(rules)
    assert len(written) == 12
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.txt")} == written


def test_every_letter_has_its_picture_and_stands_in_the_list() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    for file in FOLDER.glob("*.txt"):
        assert file.with_suffix(".jpg").stat().st_size > 10_000
        assert f"]({file.name})" in index
        assert f"]({file.stem}.jpg)" in index
