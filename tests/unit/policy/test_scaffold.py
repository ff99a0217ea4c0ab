"""A first pack of one's own: whole as it is written, small, never over something that is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from models.decision import LetterKind, LetterMode
from models.errors import ConfigError, PackError
from policy.build import LABELS
from policy.load import load_pack
from policy.scaffold.make import FILES, copy_pack, new_pack
from runtime.cli.app import run

OTHER_TRADE = ("alibaba", "ecs", "リージョン", "インスタンス", "ram", "クラウド")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "city_library"
    new_pack(folder)
    return folder


def test_what_is_written_is_accepted_as_it_is(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--pack", str(made)]) == 0
    assert capsys.readouterr().out.startswith("ok     policy pack: city_library 1, ")


def test_it_is_whole_in_japanese_and_english_and_read_by_no_models(made: Path) -> None:
    pack = load_pack(made)
    assert pack.languages == ("ja", "en")
    assert {(kind.value, language) for kind in LetterKind for language in pack.languages} <= set(pack.letters)
    assert pack.models == ""
    assert set(pack.labels) == set(LABELS)
    assert {kind for kind, policy in pack.letter_policies.items() if policy.mode is LetterMode.AUTO} == {
        LetterKind.ACKNOWLEDGEMENT,
        LetterKind.COMPLETED,
    }


def test_every_file_says_what_it_is_for(made: Path) -> None:
    for file in made.glob("*.toml"):
        assert file.read_text(encoding="utf-8").startswith("# "), file.name


def test_it_speaks_of_no_other_trade(made: Path) -> None:
    texts = {file.name: file.read_text(encoding="utf-8").casefold() for file in made.rglob("*.txt")}
    texts["pack.toml"] = str(tomllib.loads((made / "pack.toml").read_text(encoding="utf-8"))).casefold()
    words = {name: set(text.replace("」", " ").split()) for name, text in texts.items()}
    assert {
        name for name, text in texts.items() for word in OTHER_TRADE if word in words[name] or "alibaba" in text
    } == set()


def test_nothing_that_is_there_is_written_over(made: Path) -> None:
    before = {file: file.read_bytes() for file in made.rglob("*") if file.is_file()}
    with pytest.raises(ConfigError, match="is there already"):
        new_pack(made)
    assert {file: file.read_bytes() for file in made.rglob("*") if file.is_file()} == before
    assert sorted(path.name for path in made.parent.iterdir()) == ["city_library"]


@pytest.mark.parametrize("name", ["City", "city-library", "9lives", "x" * 41, "図書館"])
def test_a_folder_whose_name_is_no_packs_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a pack is named by its folder"):
        new_pack(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="name a folder that this user may write"):
        new_pack(tmp_path / "file" / "library")


def test_a_copy_has_its_folders_name_and_its_origins_models(tmp_path: Path) -> None:
    copy_pack("alibabacloud_jp", tmp_path / "reseller")
    copied, origin = load_pack(tmp_path / "reseller"), load_pack("alibabacloud_jp")
    assert (copied.id, copied.models) == ("reseller", "alibabacloud_jp")
    assert (copied.letters, copied.categories, copied.cues) == (origin.letters, origin.categories, origin.cues)
    copy_pack(str(tmp_path / "reseller"), tmp_path / "second")
    assert load_pack(tmp_path / "second").models == "alibabacloud_jp"


def test_a_copy_of_what_is_no_pack_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pack", "copy", "nonsense", str(tmp_path / "x")]) == 2
    assert "no such pack" in capsys.readouterr().err
    with pytest.raises(PackError):
        copy_pack("nonsense", tmp_path / "y")


def test_the_template_itself_is_no_built_in_pack() -> None:
    with pytest.raises(PackError, match="no such pack") as error:
        load_pack("scaffold")
    assert "or: alibabacloud_jp" in str(error.value)
    assert (FILES / "pack.toml").is_file()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("pack.toml", "[labels]", '[labels]\nplanet = { ja = "星", en = "Planet" }', "is no label; known are product"),
        ("cues.toml", '"category.product.how_to"', '"category.product.howto"', "no such category; known are"),
        ("cues.toml", "'\\bhow (?:do", "'\\bhow ((?:do", "does not compile"),
    ],
)
def test_a_slip_in_the_new_keys_is_named(made: Path, file: str, old: str, new: str, told: str) -> None:
    text = (made / file).read_text(encoding="utf-8")
    assert old in text
    (made / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError, match=told):
        load_pack(made)
