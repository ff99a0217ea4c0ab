"""The first start's link, the `agents` commands, and the settings of the provider."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.agents import Role
from models.db.store import Store
from models.errors import ConfigError
from runtime.cli.app import run
from runtime.clock import utc_now
from runtime.first_start import sign_in_line
from runtime.provider import provider_of
from runtime.settings import Settings, load_settings
from runtime.wiring import open_store
from tests.support.oidc_provider import running_provider

PASSWORD = "correct horse battery"
LINK = re.compile(r"http://127\.0\.0\.1:8080/welcome/([\w-]{43})")
ISSUER = {"UKETSUKE_OIDC_ISSUER": "https://id.example.com", "UKETSUKE_OIDC_CLIENT_ID": "desk"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(folder: Path, **changes: str) -> Settings:
    return load_settings({"UKETSUKE_DATA_DIR": str(folder / "var"), **changes}, folder / "none.toml")


@pytest.fixture
def store(folder: Path) -> Store:
    (folder / "var").mkdir()
    return open_store(settings_of(folder))


def said(capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capfd.readouterr()
    return out.strip(), err.strip()


def test_prepare_prints_a_link_until_the_first_admin_has_come(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    links = []
    for _ in range(2):
        assert run(["prepare"]) == 0
        links.append(LINK.search(said(capfd)[0]))
    first, second = links
    assert first is not None
    assert second is not None
    store = open_store(settings_of(folder))
    assert store.redeem(first[1], PASSWORD, name="hanako", now=utc_now()) is None
    assert store.redeem(second[1], PASSWORD, name="hanako", now=utc_now()) == "hanako"
    store.close()
    assert run(["prepare"]) == 0
    assert said(capfd)[0] == "sign in with your name"
    assert not [file for file in (folder / "var").iterdir() if "sign-in" in file.name], "no password in a file"


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"UKETSUKE_DESK_HOST": "0.0.0.0"}, "http://127.0.0.1:8080/welcome/"),
        ({"UKETSUKE_DESK_HOST": "::"}, "http://[::1]:8080/welcome/"),
        ({"UKETSUKE_DESK_URL": "https://desk.example.com"}, "https://desk.example.com/welcome/"),
        ({"UKETSUKE_DESK_HOST": "0.0.0.0", "UKETSUKE_DESK_URL": "https://desk.example.com/"}, "https://desk.example.com/welcome/"),
    ],
)  # fmt: skip
def test_the_link_is_one_that_a_browser_can_open(
    store: Store, folder: Path, changes: dict[str, str], begins: str
) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert f" {begins}" in sign_in_line(store, settings_of(folder, **changes), now)


def test_agents_are_added_listed_linked_and_let_go(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["agent", "boss", "--password", PASSWORD]) == 0
    assert said(capfd)[0] == "boss may sign in now"
    assert run(["agents", "add", " 花子 ", "--role", "lead", "--email", "hanako@example.com"]) == 0
    link = LINK.fullmatch(said(capfd)[0])
    assert link is not None
    store = open_store(settings_of(folder))
    assert store.redeem(link[1], PASSWORD, now=utc_now()) == "花子"
    assert run(["agents", "list", "--json"]) == 0
    assert [json.loads(line) for line in said(capfd)[0].splitlines()] == [
        {"name": "boss", "role": "admin", "email": "", "state": "active"},
        {"name": "花子", "role": "lead", "email": "hanako@example.com", "state": "active"},
    ]
    assert run(["agents", "link", "花子"]) == 0
    another = LINK.fullmatch(said(capfd)[0])
    assert another is not None
    assert run(["agents", "deactivate", "花子"]) == 0
    assert store.sign_in_link(another[1], utc_now()) is None
    assert run(["agents", "list"]) == 0
    assert "deactivated" in said(capfd)[0]
    assert run(["agents", "activate", "花子"]) == 0
    assert run(["agents", "role", "花子", "admin"]) == 0
    assert run(["agents", "role", "boss", "agent"]) == 0
    assert [(one.name, one.role) for one in store.people()] == [("boss", Role.AGENT), ("花子", Role.ADMIN)]
    by = {line.by for line in store.desk_events() if line.what in {"invited", "role_changed", "deactivated"}}
    assert all(one.startswith("command line") for one in by)
    store.close()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["agents", "add", "boss"], 1, "has this name already"),
        (["agents", "add", "x", "--role", "root"], 2, "root"),
        (["agents", "add", ""], 2, "1 to 64 characters"),
        (["agents", "add", "x" * 65], 2, "1 to 64 characters"),
        (["agents", "add", "x", "--email", "none"], 2, "no mail address"),
        (["agents", "link", "nobody"], 1, "no agent nobody"),
        (["agents", "deactivate", "nobody"], 1, "no agent nobody"),
        (["agents", "deactivate", "boss"], 1, "last admin"),
        (["agents", "role", "boss", "lead"], 1, "last admin"),
        (["agent", "x", "--password", "elevenchars"], 2, "at least 12 characters"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert run(["agent", "boss", "--password", PASSWORD]) == 0
    capfd.readouterr()
    assert run(arguments) == code
    out, err = said(capfd)
    assert says in err
    assert len(err.splitlines()) == 1
    assert out == ""


# --- settings


def test_no_provider_and_passwords_by_default(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert provider_of(settings) is None
    assert settings.passwords == "on"


def test_a_provider_is_read_with_its_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "oidc.secret"
    file.write_text("s3cret\n", encoding="utf-8")
    more = {
        "UKETSUKE_OIDC_CLIENT_SECRET_FILE": str(file),
        "UKETSUKE_OIDC_CREATES": "agent",
        "UKETSUKE_PASSWORDS": "off",
    }
    found = provider_of(settings_of(tmp_path, **ISSUER, **more))
    assert found is not None
    assert (found.issuer, found.client_id, found.client_secret, found.creates) == (
        "https://id.example.com",
        "desk",
        "s3cret",
        Role.AGENT,
    )
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        provider_of(settings_of(tmp_path, **ISSUER, **more))
    file.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        provider_of(settings_of(tmp_path, **ISSUER, **more))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"UKETSUKE_PASSWORDS": "off"}, "would let nobody in"),
        ({"UKETSUKE_OIDC_ISSUER": "https://id.example.com"}, "needs it"),
        ({"UKETSUKE_OIDC_CLIENT_ID": "desk"}, "set both or neither"),
        ({**ISSUER, "UKETSUKE_OIDC_ISSUER": "http://id.example.com"}, "https://"),
        ({**ISSUER, "UKETSUKE_OIDC_ISSUER": "http://127.0.0.1.example.com"}, "https://"),
        ({**ISSUER, "UKETSUKE_OIDC_CREATES": "admin"}, "agent"),
        ({"UKETSUKE_PASSWORDS": "maybe"}, "on"),
    ],
)
def test_settings_that_would_lock_out_or_let_in_are_refused(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(tmp_path, **changes)
    assert says in str(refused.value)


def test_check_asks_the_provider(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def line() -> str:
        run(["check"])
        return next(one for one in said(capfd)[0].splitlines() if " sign-in: " in one)

    assert line() == "ok     sign-in: by password"
    monkeypatch.setenv("UKETSUKE_OIDC_CLIENT_ID", "uketsuke")
    with running_provider(utc_now) as provider:
        monkeypatch.setenv("UKETSUKE_OIDC_ISSUER", provider.issuer)
        assert line() == (
            f"ok     sign-in: by password, and by {provider.issuer}, which answers;"
            " register there http://127.0.0.1:8080/sign-in/oidc/callback"
        )
        provider.discovery = {"issuer": "https://another.example"}
        assert line().startswith("WRONG  sign-in: ")
    gone = line()
    assert gone.startswith(f"WRONG  sign-in: {provider.issuer} does not answer as a provider should: ")
