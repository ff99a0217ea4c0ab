"""The units say what the program says, harden every role alike, and stand before systemd's own check."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.cli.app import run
from runtime.settings import PREFIX, Settings
from runtime.stopping import GRACE_S

FOLDER = Path(__file__).parents[2] / "packaging" / "systemd"
UNITS = {file.name: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.service"))}
ROLES = {name: text for name, text in UNITS.items() if "Type=exec" in text}
ANALYZE = shutil.which("systemd-analyze")


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def hardening(text: str) -> str:
    return text[text.index("# --- who it is") :].partition("\n\n[Install]")[0].strip()


def test_there_is_a_unit_for_all_roles_for_each_for_more_workers_and_for_backups() -> None:
    assert set(UNITS) == {
        "uketsuke.service",
        "uketsuke@.service",
        "uketsuke-worker@.service",
        "uketsuke-prepare.service",
        "uketsuke-backup.service",
    }


def test_every_unit_is_hardened_alike() -> None:
    assert len({hardening(text) for text in UNITS.values()}) == 1
    said = hardening(UNITS["uketsuke.service"])
    for line in (
        "User=uketsuke",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "PrivateTmp=yes",
    ):
        assert line in said.splitlines()


@pytest.mark.parametrize("name", sorted(UNITS))
def test_what_a_unit_starts_is_a_command_of_uketsuke(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = values(UNITS[name], "ExecStart")
    if "lib/uketsuke/backup" in program:
        return
    path, command = program.split(" ")
    assert path == "/opt/uketsuke/bin/uketsuke"
    roles = ["smtp", "worker", "deliver", "desk", "scheduler", "imap"] if command == "%i" else [command]
    for role in roles:
        assert run([role, "--help"]) == 0
    if command == "%i":
        assert all(f"uketsuke@{role}" in UNITS[name].partition("[Unit]")[0] for role in roles)


def test_what_a_unit_sets_is_a_setting() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    texts = [
        *UNITS.values(),
        *((FOLDER / name).read_text(encoding="utf-8") for name in ("credentials.conf", "port-25.conf")),
    ]
    named = {name for text in texts for name in re.findall(rf"\b({PREFIX}\w+)=", text)}
    assert named
    assert {name for name in named if name not in known and name.removesuffix("_FILE") not in known} == set()


def test_credentials_are_handed_over_under_the_names_that_the_settings_read() -> None:
    text = (FOLDER / "credentials.conf").read_text(encoding="utf-8")
    loaded = {value.partition(":")[0] for value in values(text, "LoadCredential")}
    assert loaded == set(re.findall(r"=%d/([\w-]+)$", text, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_may_end_in_order_and_a_wrong_setting_ends_it_for_good(name: str) -> None:
    text = ROLES[name]
    (patience,) = values(text, "TimeoutStopSec")
    assert int(patience.removesuffix("s")) > GRACE_S
    assert values(text, "KillMode") == ["mixed"]
    assert values(text, "Restart") == ["always"]
    assert values(text, "RestartPreventExitStatus") == ["2"]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_to_say(tmp_path: Path) -> None:
    program = tmp_path / "uketsuke"  # stands in for the installed one: systemd looks whether it can be run
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for file in (*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")):
        text = re.sub(
            r"/opt/uketsuke/bin/uketsuke|/usr/local/lib/uketsuke/backup", str(program), file.read_text("utf-8")
        )
        (tmp_path / file.name.replace("@.", "@smtp.")).write_text(text, encoding="utf-8")
    units = sorted(tmp_path.glob("*.*"))
    environment = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    command = [str(ANALYZE), "verify", "--man=no", *map(str, units)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if "uketsuke" in line]
    assert (said, done.returncode) == ([], 0)
    security = [str(ANALYZE), "security", "--offline=true", "--threshold=15", str(tmp_path / "uketsuke.service")]
    done = subprocess.run(security, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-500:]


def test_the_backup_is_checked_before_old_ones_go(tmp_path: Path) -> None:
    program, folder = tmp_path / "uketsuke", tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"uketsuke-2026110{day}T023000Z.zip").touch()
    (folder / "note.txt").touch()

    def back_up(verify: str) -> int:
        program.write_text(f'#!/bin/sh\nif [ "$2" = --verify ]; then {verify}; fi\ntouch "$2"\n', encoding="utf-8")
        program.chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "UKETSUKE": str(program), "BACKUPS_KEPT": "3"}
        command = [str(FOLDER / "backup"), str(folder)]
        return subprocess.run(command, env=environment, check=False, timeout=60).returncode

    assert back_up("exit 1") == 1
    assert len(list(folder.glob("*.zip"))) == 6  # nothing went
    max(folder.glob("*.zip")).unlink()  # else the next may have its name: it is of the second
    assert back_up("exit 0") == 0
    left = sorted(file.name for file in folder.iterdir())
    assert len(left) == 4
    assert left[0] == "note.txt"
    assert left[1] == "uketsuke-20261104T023000Z.zip"
