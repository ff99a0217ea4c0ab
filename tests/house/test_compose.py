"""The container files say what the program says: commands, settings, ports, packages, the lock."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from responders.deliver import parse_smarthost
from runtime.cli.app import run
from runtime.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled_in(text: str) -> str:
    """The value that compose makes of it where only what must be given is given."""
    return _VARIABLE.sub(lambda found: found[3] if found[2] == "-" else "given", text)


def settings_of(service: dict[str, Any]) -> Settings:
    environment = {name: filled_in(str(value)) for name, value in service["environment"].items()}
    return load_settings(environment, ROOT / "no-such-file.toml")


def locked() -> dict[str, list[str]]:
    """Each line of the lock that pins something, with the hashes below it."""
    pins: dict[str, list[str]] = {}
    current = ""
    for line in LOCK.splitlines():
        text = line.split("#")[0].rstrip(" \\").strip()
        if text.startswith("--hash="):
            pins[current].append(text)
        elif text:
            current = text
            pins[current] = []
    return pins


def test_every_role_has_a_service() -> None:
    assert set(OURS) == {"prepare", "smtp", "worker", "deliver", "desk", "scheduler"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_services_command_is_one_of_uketsukes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = OURS[name]["command"]
    assert run([*command, "--help"]) == 0
    assert f"uketsuke {command[0]}" in capsys.readouterr().out


def test_a_command_that_does_not_exist_would_be_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listener", "--help"]) == 2
    assert "No such command" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_services_environment_is_known_settings_with_values_that_hold(name: str) -> None:
    service = OURS[name]
    assert set(service["environment"]) <= {PREFIX + field.upper() for field in Settings.model_fields}
    settings = settings_of(service)
    assert settings.url == "postgresql+psycopg://uketsuke:given@database/uketsuke"
    smarthost = parse_smarthost(settings.smarthost)
    assert smarthost.host in SERVICES
    assert settings.secret_path.parent == settings.data_dir


def test_every_role_shares_database_secret_and_data() -> None:
    (first, *rest) = [(service["environment"], service["volumes"]) for service in OURS.values()]
    assert rest == [first] * len(rest)


def test_every_port_is_bound_to_this_machine_only() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {"smtp", "desk"} <= set(ports)
    assert [port for own in ports.values() for port in own if not str(port).startswith("127.0.0.1:")] == []


def test_inside_its_container_a_role_listens_where_its_port_leads() -> None:
    smtp, desk = settings_of(OURS["smtp"]), settings_of(OURS["desk"])
    for name, port, host in (("smtp", smtp.smtp_port, smtp.smtp_host), ("desk", desk.desk_port, desk.desk_host)):
        (published,) = SERVICES[name]["ports"]
        assert published.rpartition(":")[2] == str(port)
        assert host == "0.0.0.0"
        assert re.search(rf"^EXPOSE .*\b{port}\b", DOCKERFILE, re.MULTILINE)


def test_a_password_must_be_given_and_is_written_nowhere() -> None:
    assert SERVICES["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${DB_PASSWORD:?")
    assert OURS["worker"]["environment"]["UKETSUKE_DATABASE_URL"].count("${DB_PASSWORD:?") == 1


def test_the_image_holds_every_package_of_the_wheel() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE) == packages
    assert [package for package in packages if not (ROOT / package / "__init__.py").is_file()] == []


def test_the_image_holds_what_the_build_reads() -> None:
    (line,) = re.findall(r"^COPY (requirements\.lock .*) \./$", DOCKERFILE, re.MULTILINE)
    project = PROJECT["project"]
    assert {"requirements.lock", "pyproject.toml", project["readme"], *project["license-files"]} <= set(line.split())
    assert "--require-hashes -r requirements.lock" in DOCKERFILE


def test_the_image_runs_as_an_ordinary_user_and_starts_everything() -> None:
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert set(PROJECT["project"]["scripts"]) == {"uketsuke"}
    assert 'ENTRYPOINT ["uketsuke"]' in DOCKERFILE
    assert 'CMD ["serve"]' in DOCKERFILE


def test_the_lock_names_no_index() -> None:
    options = [line for line in LOCK.splitlines() if re.match(r"\s*(?:-i\b|-f\b|--(?!hash=))", line)]
    assert options == []
    assert "://" not in LOCK
    assert " @ " not in LOCK


def test_the_lock_pins_every_requirement_with_hashes() -> None:
    pins = locked()
    assert len(pins) > 50
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; sys_platform [!=]= \"\w+\")?", pin)] == []
    assert [pin for pin, hashes in pins.items() if not hashes] == []
    shape = re.compile(r"--hash=sha256:[0-9a-f]{64}")
    assert [one for hashes in pins.values() for one in hashes if not shape.fullmatch(one)] == []


def test_the_lock_satisfies_every_dependency_of_the_project() -> None:
    pins = (pin.partition(" ; ")[0].partition("==") for pin in locked())
    versions = {name: Version(version) for name, _, version in pins}
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    for text in wanted:
        requirement = Requirement(text)
        assert requirement.specifier.contains(versions[requirement.name.lower()], prereleases=True), text
