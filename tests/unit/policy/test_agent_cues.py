"""What a pack says of agents' own letters: cues, parts, the sender's name, letters that may still go."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.decision import LetterKind
from models.errors import PackError
from policy.load import BUILT_IN, load_pack
from policy.verify import AGENT_CUES, BY_HAND_PARTS, letter_findings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(BUILT_IN / "alibabacloud_jp", tmp_path / "pack")


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_the_built_in_pack_has_every_cue_and_part_in_both_languages() -> None:
    pack = load_pack("alibabacloud_jp")
    assert set(pack.cues.phrases) >= AGENT_CUES
    assert [name for name in AGENT_CUES if not {"ja", "en"} <= set(pack.cues.phrases[name])] == []
    assert [one for one in BY_HAND_PARTS for language in pack.languages if (one, language) not in pack.letters] == []


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ('\n[phrases."agent.typo"]\nja = ["x"]\n', "phrases.agent.typo", "no such cue"),
        ('\n[phrases."agent.sla"]\nja = ["x*"]\n', "phrases.agent.sla.ja", "finds itself in every text"),
    ],
)
def test_a_cue_that_nobody_reads_or_that_always_speaks_is_told(folder: Path, text: str, key: str, mend: str) -> None:
    file = folder / "cues.toml"
    whole = file.read_text(encoding="utf-8").replace(
        '[phrases."agent.sla"]', '[phrases."agent.declines_"]' if "sla" in text else '[phrases."agent.sla"]'
    )
    file.write_text(whole.replace('[phrases."agent.declines_"]', '[phrases."other"]'), encoding="utf-8")
    add(file, text)
    with pytest.raises(PackError) as found:
        load_pack(folder)
    assert found.value.key == key
    assert mend in found.value.mend


def test_a_pack_may_leave_cues_and_parts_out(folder: Path) -> None:
    for part in folder.glob("letters/*/_opening.txt"):
        part.unlink()
    assert ("_opening", "ja") not in load_pack(folder).letters


def test_a_part_that_does_not_render_is_told_with_its_file(folder: Path) -> None:
    (folder / "letters/ja/_signature.txt").write_text("{{ nobody }}\n", encoding="utf-8")
    with pytest.raises(PackError) as found:
        load_pack(folder)
    assert found.value.file == "letters/ja/_signature.txt"
    assert "nobody" in found.value.mend


def test_an_edited_part_is_checked_as_it_is_saved() -> None:
    pack = load_pack("alibabacloud_jp")
    assert list(letter_findings(pack, "_signature", "ja")) == []


def test_letters_after_a_person_are_named_kinds_and_no_reminder(folder: Path) -> None:
    file = folder / "pack.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("letters_after = []", 'letters_after = ["completed"]'), encoding="utf-8")
    assert load_pack(folder).by_hand.letters_after == {LetterKind.COMPLETED}
    for wrong in ("reminder", "no_such_kind"):
        file.write_text(before.replace("letters_after = []", f'letters_after = ["{wrong}"]'), encoding="utf-8")
        with pytest.raises(PackError) as found:
            load_pack(folder)
        assert wrong in found.value.mend
