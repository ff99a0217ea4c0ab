from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.settings import Settings, load_settings

NOWHERE = Path("no-such-file.toml")


def test_the_defaults_keep_everything_on_this_machine() -> None:
    settings = load_settings({}, NOWHERE)
    assert (settings.smtp_host, settings.smtp_port, settings.desk_port) == ("127.0.0.1", 8025, 8080)
    assert settings.trust_check == "none"
    assert settings.smarthost == ""
    assert settings.url.startswith("sqlite:///")


def test_a_listener_open_to_the_world_checks_senders_by_dns() -> None:
    assert load_settings({"UKETSUKE_SMTP_HOST": "0.0.0.0"}, NOWHERE).trust_check == "dns"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "uketsuke.toml"
    file.write_text('UKETSUKE_SMTP_PORT = 2525\nUKETSUKE_MODE = "shadow"\n', encoding="utf-8")
    settings = load_settings({"UKETSUKE_SMTP_PORT": "3535"}, file)
    assert (settings.smtp_port, settings.mode) == (3535, "shadow")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UKETSUKE_SMTP_PORT": "seventy"}, "UKETSUKE_SMTP_PORT (environment)"),
        ({"UKETSUKE_MODE": "loud"}, "UKETSUKE_MODE (environment)"),
        ({"UKETSUKE_ADDRESSES": "support"}, "UKETSUKE_ADDRESSES (environment): needs at least one address"),
        ({"UKETSUKE_SMPT_PORT": "25"}, "UKETSUKE_SMPT_PORT (environment): no such setting"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_source_and_mend(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ, NOWHERE)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "uketsuke.toml"
    file.write_text("UKETSUKE_MODE = shadow", encoding="utf-8")
    with pytest.raises(ConfigError, match="not readable as TOML"):
        load_settings({}, file)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_PORT", "abc", "abc is no whole number; write one from 0 to 65535 (port of the SMTP listener)"),
        ("SMTP_PORT", "25.5", "25.5 is no whole number; write one from 0 to 65535 (port of the SMTP listener)"),
        ("SMTP_PORT", "70000", "70000 is out of range; write one from 0 to 65535 (port of the SMTP listener)"),
        ("SMTP_PORT", "", "an empty value is no whole number; write one from 0 to 65535 (port of the SMTP listener)"),
        ("SMTP_SESSIONS", "-1", "-1 is out of range; write one of 0 or more ("),
        ("SMTP_IDLE_S", "0", "0 is out of range; write one above 0 ("),
        ("SMTP_IDLE_S", "inf", "inf is no number; write one above 0 ("),
        ("SMTP_DATA_TOTAL_S", "nan", "nan is no number; write one above 0 ("),
        ("SMTP_IDLE_S", "soon", "soon is no number; write one above 0 ("),
        ("MODE", "shadwo", "shadwo is none of auto, approve, shadow; write one of these (send letters, "),
        ("SENDER_CHECK", "spf", "spf is none of none, header, dns; write one of these, or leave it empty ("),
        ("DESK_SECURE", "perhaps", "perhaps is neither true nor false; write one of the two ("),
        ("WORKERS", "1\n2" + "x" * 99, f"1 2{'x' * 37}... is no whole number; write one from 1 to 64 ("),
    ],
)
def test_a_wrong_value_is_told_in_our_own_words(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({f"UKETSUKE_{name}": value}, NOWHERE)
    assert str(caught.value).startswith(f"UKETSUKE_{name} (environment): {said}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("UKETSUKE_DESK_HOST = 5", "5 is no text; write it in quotes ("),
        ("UKETSUKE_DATA_DIR = 5", "5 is no text; write it in quotes ("),
        ("UKETSUKE_LMTP = ['a']", "a list is no text; write it in quotes ("),
        ("UKETSUKE_SMARTHOST = ['hunter2']", "what is set is no text; write it in quotes ("),
        ("UKETSUKE_MODE = true", "true or false is none of auto, approve, shadow"),
    ],
)
def test_a_value_of_the_wrong_kind_in_the_file(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "uketsuke.toml"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings({}, file)
    assert f"({file}): {said}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "field", [name for name, info in Settings.model_fields.items() if "Path" in str(info.annotation)]
)
def test_an_empty_path_counts_as_not_set(field: str) -> None:
    without, with_empty = (load_settings(one, NOWHERE) for one in ({}, {f"UKETSUKE_{field.upper()}": " "}))
    assert getattr(with_empty, field) == getattr(without, field)
    assert with_empty.secret_path == without.secret_path


def test_an_empty_path_leaves_that_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "uketsuke.toml"
    file.write_text('UKETSUKE_SECRET_FILE = "there"', encoding="utf-8")
    assert load_settings({"UKETSUKE_SECRET_FILE": ""}, file).secret_path == Path("there")
