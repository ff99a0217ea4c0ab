"""Settings that may hold a password, out of files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.cli.app import run
from runtime.settings import PREFIX, SECRET_SETTINGS, Settings, gather, load_settings

NOWHERE = Path("no-such-file.toml")
DOCS = Path(__file__).parents[3] / "docs"
URL = "postgresql+psycopg://desk:hunter2@db/uketsuke"


def held(folder: Path, content: bytes, name: str = "url") -> str:
    file = folder / name
    file.write_bytes(content)
    file.chmod(0o600)
    return str(file)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_value_comes_out_of_its_file_without_one_line_break(tmp_path: Path, end: str) -> None:
    file = held(tmp_path, (URL + end).encode())
    environ = {"UKETSUKE_DATABASE_URL_FILE": file}
    assert load_settings(environ, NOWHERE).database_url == URL
    assert gather(environ, NOWHERE)[1] == {"UKETSUKE_DATABASE_URL": file}


def test_blanks_belong_to_the_value(tmp_path: Path) -> None:
    environ = {"UKETSUKE_SMARTHOST_FILE": held(tmp_path, b" smtp://u:p @host:25 \n")}
    assert gather(environ, NOWHERE)[0] == {"UKETSUKE_SMARTHOST": " smtp://u:p @host:25 "}


def test_every_setting_that_may_hold_a_secret_has_a_file_and_a_line_in_the_docs(tmp_path: Path) -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert set(Settings.model_fields) >= SECRET_SETTINGS
    for field in SECRET_SETTINGS:
        name = f"{PREFIX}{field.upper()}_FILE"
        assert gather({name: held(tmp_path, b"x")}, NOWHERE)[0] == {name.removesuffix("_FILE"): "x"}
        assert f"`{name}`" in page


def test_the_environment_wins_over_the_toml_whichever_way_a_value_comes(tmp_path: Path) -> None:
    toml = tmp_path / "uketsuke.toml"
    toml.write_text('UKETSUKE_SMARTHOST = "one:25"\n', encoding="utf-8")
    file = held(tmp_path, b"two:25\n")
    assert load_settings({"UKETSUKE_SMARTHOST_FILE": file}, toml).smarthost == "two:25"
    toml.write_text(f'UKETSUKE_SMARTHOST_FILE = "{file}"\n', encoding="utf-8")
    assert load_settings({}, toml).smarthost == "two:25"
    assert load_settings({"UKETSUKE_SMARTHOST": "three:25"}, toml).smarthost == "three:25"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "more than one line"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"x" * 70_000, "too large"),
    ],
)
def test_a_file_that_holds_no_one_value_is_one_line_that_never_quotes_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = held(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        load_settings({"UKETSUKE_SMARTHOST_FILE": file}, NOWHERE)
    told = str(caught.value)
    assert told.startswith(f"UKETSUKE_SMARTHOST_FILE (environment): {file}: ")
    assert said in told
    assert "\n" not in told
    assert "two" not in told


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UKETSUKE_SMARTHOST_FILE": "/no/such"}, "/no/such: No such file or directory; name a file"),
        ({"UKETSUKE_SMARTHOST_FILE": "/"}, "/: Is a directory; name a file"),
        ({"UKETSUKE_SMARTHOST_FILE": " "}, "names no file"),
        ({"UKETSUKE_SMARTHOST_FILE": "/x", "UKETSUKE_SMARTHOST": "h:25"}, "both are set; remove one of them"),
        ({"UKETSUKE_PACK_FILE": "/x"}, "UKETSUKE_PACK_FILE (environment): no such setting"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_2(
    environ: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run(["queue"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_check_says_where_a_secret_came_from_and_never_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "0")
    monkeypatch.setenv("UKETSUKE_DESK_PORT", "0")
    file = held(tmp_path, b"127.0.0.1:9\n", "relay")
    monkeypatch.setenv("UKETSUKE_SMARTHOST_FILE", file)
    run(["check"])
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("UKETSUKE_SMARTHOST ")]
    assert "(set, not shown)" in line
    assert file in line
    assert "127.0.0.1:9" not in line


def test_check_warns_of_a_secret_that_everybody_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    file = Path(held(tmp_path, b"127.0.0.1:9\n", "relay"))
    monkeypatch.setenv("UKETSUKE_SMARTHOST_FILE", str(file))
    run(["check"])
    assert "secret file" not in capsys.readouterr().out
    file.chmod(0o644)
    run(["check"])
    told = [line for line in capsys.readouterr().out.splitlines() if "secret file" in line]
    assert [line.split(" ")[0] for line in told] == ["warn"]
    assert f"UKETSUKE_SMARTHOST_FILE: {file} may be read by everybody" in told[0]
    # Docker mounts secrets for all within the container, and nobody else is there.
    monkeypatch.setattr("runtime.cli.check._MOUNTED_SECRETS", tmp_path)
    run(["check"])
    assert "secret file" not in capsys.readouterr().out


def test_a_device_without_an_end_is_too_large() -> None:
    with pytest.raises(ConfigError, match="/dev/zero: is too large for one value"):
        gather({"UKETSUKE_SMARTHOST_FILE": "/dev/zero"}, Path("/nowhere.toml"))
