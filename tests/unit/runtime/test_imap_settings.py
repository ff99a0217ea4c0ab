"""The settings of the mailbox: what is wrong is one line before anything starts, and no line holds the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError, MailboxError
from runtime.cli.app import run
from runtime.imap_connection import LoginRefused, connected, mailbox_of
from runtime.imap_role import LOGIN_PAUSE_S, LONGEST_PAUSE_S, pause_after
from runtime.settings import Settings, load_settings

URL = "imaps://support@imap.example/INBOX"


def settings_of(**changes: str) -> Settings:
    values = {f"UKETSUKE_{name.upper()}": value for name, value in changes.items()}
    return load_settings({"UKETSUKE_IMAP": URL, **values}, Path("none.toml"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"imap": "imaps://u:geheim@h:port/"}, "UKETSUKE_IMAP (environment): is not readable as a URL"),
        ({"imap": "pop3://u:geheim@h/"}, "UKETSUKE_IMAP (environment): begins with neither"),
        ({"imap_after": "archive"}, "UKETSUKE_IMAP_AFTER (environment): is not known; write keep, seen, move:FOLDER"),
        ({"imap_after": "move:Inbox"}, "UKETSUKE_IMAP_AFTER (environment): moves mails to the folder that they are"),
        ({"imap_since": "yesterday"}, "UKETSUKE_IMAP_SINCE (environment): is no day; write it as 2026-11-25"),
        ({"imap_every": "0"}, "UKETSUKE_IMAP_EVERY (environment): "),
    ],
)
def test_a_wrong_value_is_told(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(**changes)
    assert str(caught.value).startswith(said)
    assert "geheim" not in str(caught.value)


def test_the_password_comes_from_its_file_first(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("geheim 秘\r\n".encode())
    assert mailbox_of(settings_of(imap_password_file=str(file))).password == "geheim 秘"
    assert mailbox_of(settings_of(imap="imaps://u:inline@h/")).password == "inline"
    assert mailbox_of(settings_of(imap="imaps://u:inline@h/", imap_password_file=str(file))).password == "geheim 秘"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff\xfe", "is not UTF-8")]
)
def test_a_password_that_cannot_be_read_is_told(content: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"UKETSUKE_IMAP_PASSWORD_FILE: .*{said}"):
        mailbox_of(settings_of(imap_password_file=str(file)))
    with pytest.raises(ConfigError, match="name the file that holds"):
        mailbox_of(settings_of())


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"nothing", "holds no certificate in PEM")])
def test_a_ca_file_that_is_none_is_told(content: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    settings = settings_of(imap="imap://u:p@127.0.0.1:1/", imap_ca_file=str(file))
    with (
        pytest.raises(ConfigError, match=f"UKETSUKE_IMAP_CA_FILE: .*{said}"),
        connected(mailbox_of(settings), settings),
    ):
        pass


@pytest.mark.parametrize("command", ["imap", "serve", "prepare"])
def test_nothing_starts_without_the_password(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"IMAP": URL, "SMTP_PORT": "0", "DESK_PORT": "0", "IMAP_PASSWORD_FILE": "nowhere"}.items():
        monkeypatch.setenv(f"UKETSUKE_{name}", value)
    assert run([command]) == 2
    err = capfd.readouterr().err
    assert "uketsuke: UKETSUKE_IMAP_PASSWORD_FILE: nowhere: No such file or directory" in err
    assert "Traceback" not in err


def test_the_role_without_a_mailbox_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["imap"]) == 2
    assert "UKETSUKE_IMAP is empty" in capfd.readouterr().err


def test_pauses_grow_and_spare_the_account() -> None:
    pauses = [pause_after(failures, MailboxError("away")) for failures in range(1, 30)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2.0, LONGEST_PAUSE_S)
    assert pause_after(1, LoginRefused("no")) == LOGIN_PAUSE_S
