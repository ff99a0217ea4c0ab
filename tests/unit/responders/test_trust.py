"""Whom the desk believes, as the settings say it, down to the identity that signs the letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError
from runtime.settings import Settings, load_settings
from runtime.wiring import sender_check, sender_identity

NOWHERE = Path("no-such-file.toml")


def load(tmp_path: Path, **settings: str) -> Settings:
    named = {f"UKETSUKE_{name.upper()}": value for name, value in settings.items()}
    return load_settings({"UKETSUKE_DATA_DIR": str(tmp_path), **named}, NOWHERE)


@pytest.mark.parametrize(
    ("settings", "is_trusted"),
    [
        ({}, True),
        ({"smarthost": "mx.example:25"}, False),
        ({"smtp_host": "0.0.0.0"}, False),
        ({"smtp_host": "0.0.0.0", "sender_check": "none"}, False),
        ({"smarthost": "mx.example:25", "trust_senders": "on"}, True),
        ({"trust_senders": "off"}, False),
    ],
)
def test_senders_are_trusted_where_no_letter_reaches_a_stranger(
    tmp_path: Path, settings: dict[str, str], is_trusted: bool
) -> None:
    assert sender_identity(load(tmp_path, **settings)).is_trusted is is_trusted


def test_believing_headers_needs_the_name_of_our_own_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, sender_check="header")
    assert str(caught.value).startswith("UKETSUKE_AUTHSERV_ID (default): UKETSUKE_SENDER_CHECK=header needs it")
    assert "\n" not in str(caught.value)
    found = load(tmp_path, sender_check="header", authserv_id=" mx.example.com ")
    assert sender_identity(found).authserv_id == "mx.example.com"


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="UKETSUKE_AUTHSERV_ID"):
        load(tmp_path, sender_check="header", authserv_id="mx.example.com; dmarc=pass")


@pytest.mark.parametrize("check", ["none", "dns"])
def test_without_the_header_check_no_header_is_believed(tmp_path: Path, check: str) -> None:
    assert not sender_identity(load(tmp_path, sender_check=check, authserv_id="mx.example.com")).authserv_id


def test_dns_is_asked_only_where_the_settings_say_so(tmp_path: Path) -> None:
    for settings in ({}, {"sender_check": "none"}, {"sender_check": "header", "authserv_id": "mx.example.com"}):
        assert sender_check(load(tmp_path, **settings)) is None
    for settings in ({"sender_check": "dns"}, {"smtp_host": "0.0.0.0"}):
        assert sender_check(load(tmp_path, **settings)) is not None


def test_our_own_relays_stand_in_private_networks_unless_others_are_named(tmp_path: Path) -> None:
    found = sender_check(load(tmp_path, sender_check="dns"))
    assert found is not None
    assert {"127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16", "fc00::/7"} < {str(one) for one in found.relays}
    found = sender_check(load(tmp_path, sender_check="dns", trusted_relays="198.51.100.7"))
    assert found is not None
    assert [str(one) for one in found.relays] == ["198.51.100.7/32"]
    with pytest.raises(ConfigError, match=r"UKETSUKE_TRUSTED_RELAYS \(environment\): 'mx\.example' is no network"):
        load(tmp_path, trusted_relays="private, mx.example")
