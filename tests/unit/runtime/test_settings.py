from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.settings import load_settings

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
