"""A wrong policy file is one line that names file, key and mend: whoever wrote it can mend it without reading code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from models.errors import PackError
from policy.load import BUILT_IN, FILES, load_pack

FREE_TEXT = 'name = { ja = "サポートセンター", en = "Support Center" }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in pack, to be spoilt."""
    return shutil.copytree(BUILT_IN / "alibabacloud_jp", tmp_path / "pack")


def spoil(file: Path, old: str, new: str) -> None:
    """Put `new` where `old` stands first; a number in the file may be any (`#` in `old`)."""
    text, count = re.subn(
        re.escape(old).replace(r"\#", r"[\d.]+"), lambda _: new, file.read_text(encoding="utf-8"), count=1
    )
    assert count == 1
    file.write_text(text, encoding="utf-8")


def error_of(folder: Path) -> PackError:
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    error = caught.value
    where = error.file if error.key == "-" else f"{error.file}: {error.key}"  # "-": the file as a whole
    assert str(error) == f"{where}: {error.mend}"
    assert "\n" not in str(error)
    return error


def test_a_copy_of_the_built_in_pack_loads_from_its_folder(folder: Path) -> None:
    assert load_pack(folder) == load_pack("alibabacloud_jp")


def test_a_pack_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    error = error_of(tmp_path / "nowhere")
    assert error.file == str(tmp_path / "nowhere")
    assert "alibabacloud_jp" in error.mend


@pytest.mark.parametrize("name", [name for name in FILES if name != "pack"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.toml").unlink()
    error = error_of(folder)
    assert (error.file, error.mend) == (f"{name}.toml", "No such file or directory; every pack needs this file")


@pytest.mark.parametrize("content", [b'id = "x', 'id = "受付"'.encode("cp932")], ids=["broken", "Shift_JIS"])
def test_a_file_that_is_no_toml_is_named(folder: Path, content: bytes) -> None:
    (folder / "sections.toml").write_bytes(content)
    error = error_of(folder)
    assert error.file == "sections.toml"
    assert error.mend.startswith("not readable as TOML: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "mend"),
    [
        ("pack", 'id = "', 'nickname = "x"\nid = "', "nickname", "no such key"),
        ("pack", "support_url = ", "suport_url = ", "desk.support_url", "must be a text"),
        ("pack", FREE_TEXT, 'name = { ja = "x" }', "desk.name.en", "is missing: the pack speaks ja, en"),
        ("pack", FREE_TEXT, 'name = "x"', "desk.name", "must be a table"),
        ("pack", 'languages = ["ja", "en"]', "languages = []", "languages", "at least one"),
        ("pack", 'languages = ["ja", "en"]', 'languages = "ja"', "languages", "must be a list of texts"),
        ("pack", 'default_language = "ja"', 'default_language = "fr"', "default_language", "must be one of ja, en"),
        ("pack", 'timezone = "Asia/Tokyo"', 'timezone = "Tokio"', "desk.timezone", "no IANA zone"),
        ("pack", "ask = #", "ask = 1.5", "thresholds.ask", "between 0 and 1"),
        ("pack", "ask = #", 'ask = "high"', "thresholds.ask", "must be a number"),
        ("pack", "ask = #", "aks = 0.75", "thresholds.aks", "no such key"),
        ("pack", 'days = ["mon"', 'days = ["monday"', "working_hours.days", "monday is no day"),
        ("pack", 'holidays = "JP"', 'holidays = "Nippon"', "working_hours.holidays", "Nippon is no country code"),
        ("pack", 'opens = "09:00"', 'opens = "19:00"', "working_hours.closes", "must come after opens"),
        ("pack", 'opens = "09:00"', 'opens = "9 am"', "working_hours.opens, closes or closed_on", "must look like"),
        ("pack", "closed_on = []", 'closed_on = ["29 Dec"]', "working_hours.opens, closes or closed_on", "must look like"),
        ("pack", "remind_after_days = #", "remind_after_days = 1.5", "limits.remind_after_days", "whole number"),
        ("pack", "max_questions = #", "max_questions = 4.5", "limits.max_questions", "whole number"),
        ("pack", "max_questions = #", "max_questions = -1", "limits.max_questions", "at least 0"),
        ("pack", "acknowledges = true", 'acknowledges = "yes"', "acknowledges", "true or false"),
        ("categories", '["product.how_to"]', '["product.howto"]', "product.how_to", "must be a table"),
        ("categories", '["acknowledgement"]', '["product.new"]\nname = 1\n["acknowledgement"]', "product.new", "no such key"),
        ("categories", 'required = ["symptom", "who"]', 'required = ["symptom", "whom"]', "service.purchase_usage", "whom is no item"),
        ("categories", "scope_note = ", "scope_notes = ", "out.application.scope_notes", "no such key"),
        ("kinds", 'required = ["error_message"', 'required = ["message"', "error.required", "message is unknown"),
        ("questions", "[materials]", "[material]", "materials", "is missing"),
        ("questions", 'order = ["symptom"', 'order = ["sympton"', "sympton", "no such item"),
        ("sections", "goal = ", "gaol = ", "goal", "must be a table"),
        ("products", "[oss]", "[oss]\nrank = 1", "oss.rank", "no such key"),
        ("regions", "timezone = ", "zone = ", "ap-northeast-1.timezone", "must be a text"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_named_with_its_mend(
    folder: Path, file: str, old: str, new: str, key: str, mend: str
) -> None:
    spoil(folder / f"{file}.toml", old, new)
    error = error_of(folder)
    assert (error.file, error.key) == (f"{file}.toml", key)
    assert mend in error.mend


def test_what_is_out_of_scope_must_have_its_sentence(folder: Path) -> None:
    file = folder / "categories.toml"
    text = file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("scope_note")]
    file.write_text("\n".join(lines), encoding="utf-8")
    error = error_of(folder)
    assert (error.file, error.key) == ("categories.toml", "out.application.scope_note")


@pytest.mark.parametrize(
    ("file", "added", "key", "mend"),
    [
        ("related", '[x]\nanchor = ["ecs"]\nothers = ["nothing"]\n', "x", "product nothing is not in products.toml"),
        ("resources", '[[pattern]]\nkind = "x"\nproduct = "nothing"\nregex = "a"\nexample = "a"\n', "x", "product nothing"),
        ("resources", '[[pattern]]\nkind = "x"\nregex = "("\nexample = "a"\n', "x", "does not compile"),
        ("resources", '[[pattern]]\nkind = "x"\nregex = "b"\nexample = "a"\n', "x", "does not find its own example"),
        ("resources", "[[pattern]]\nkind = 1\n", "kind", "must be a text"),
    ],
)  # fmt: skip
def test_a_reference_or_expression_that_leads_nowhere_is_named(
    folder: Path, file: str, added: str, key: str, mend: str
) -> None:
    path = folder / f"{file}.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + added, encoding="utf-8")
    error = error_of(folder)
    assert error.file == f"{file}.toml"
    assert error.key.rpartition(".")[2] == key
    assert mend in error.mend


def test_a_cue_that_does_not_compile_is_named(folder: Path) -> None:
    spoil(folder / "cues.toml", "[patterns]", '[patterns]\nbroken = "("')
    error = error_of(folder)
    assert (error.file, error.key) == ("cues.toml", "patterns.broken")
    assert "does not compile" in error.mend


def test_a_missing_letter_is_named(folder: Path) -> None:
    (folder / "letters" / "en" / "split.txt").unlink()
    error = error_of(folder)
    assert (error.file, error.key) == ("letters/en/split.txt", "-")
    assert str(error) == "letters/en/split.txt: is missing; every letter kind needs one in every language"
    assert "every letter kind needs one in every language" in error.mend


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ("{{ nobody_knows_this }}", "line 1", "does not render"),
        ("first\n{% if %}", "line 2", "does not render"),
        ('first\n{% include "_nowhere" %}', "line 2", "does not render"),
        ("{{ ref / 2 }}", "line 1", "a letter may only"),
        ("{% set x = 1 %}{{ x }}", "line 1", "a letter may only"),
        ("{{ range(9) }}", "line 1", "a letter may only"),
        ("{{ ref | urlize }}", "line 1", "filter urlize"),
        ("{{ ref }}{% if has_secrets %}{{ nobody_knows_this }}{% endif %}", "line 1", "does not render"),
        ("{{ ref }}{% if not tips and asks %}{{ nobody_knows_this }}{% endif %}", "line 1", "does not render"),
        ("{% include ref %}", "line 1", "in quotes"),
        ('{% include "reminder" %}', "line 1", "in quotes"),
        ('{% include "_foot" %}' * 21, "line 1", "at most 20 parts"),
        ("{% for a in [1, 2, 3] %}{{ a }}{% endfor %}", "line 1", "a list of the letter"),
        ("{% for a in 'x' | upper %}{{ a }}{% endfor %}", "line 1", "a list of the letter"),
        ("{{ " + "(" * 3000 + "ref" + ")" * 3000 + " }}", "-", "too deep"),
        ("x" * 30_000, "line 1", "longer than"),
        ("{% for a in notices %}" * 3 + "{% endfor %}" * 3, "line 1", "at most 2"),
        ('{% for a in notices %}{% include "_foot" %}{% endfor %}', "line 1", "within for"),
        ("本文だけ", "-", "must name the ticket"),
        ("これは拒否します。", "拒否", "banned words"),
    ],
)
def test_a_letter_that_would_go_wrong_is_named(folder: Path, text: str, key: str, mend: str) -> None:
    (folder / "letters" / "ja" / "reminder.txt").write_text(text, encoding="utf-8")
    error = error_of(folder)
    assert (error.file, error.key) == ("letters/ja/reminder.txt", key)
    assert mend in error.mend


def test_a_letter_saved_in_shift_jis_is_named(folder: Path) -> None:
    (folder / "letters" / "ja" / "reminder.txt").write_bytes("お知らせください。".encode("cp932"))
    error = error_of(folder)
    assert (error.file, error.key) == ("letters/ja/reminder.txt", "-")
    assert "UTF-8" in error.mend


def test_a_part_includes_no_other_part(folder: Path) -> None:
    (folder / "letters" / "ja" / "_foot.txt").write_text('{% include "_head" %}', encoding="utf-8")
    error = error_of(folder)
    assert (error.file, error.key) == ("letters/ja/_foot.txt", "line 1")
