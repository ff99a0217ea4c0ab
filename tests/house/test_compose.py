"""The container files say what the program says: commands, settings, ports, packages, the lock."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from responders.deliver import parse_smarthost
from runtime.cli.app import run
from runtime.secret import load_secret
from runtime.settings import PREFIX, Settings, load_settings
from runtime.stopping import GRACE_S

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build") == "."}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
MAIL_DOCKERFILE = (ROOT / "packaging" / "postfix" / "Dockerfile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
MAIL_NETWORK = "172.30.25.0/24"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled_in(text: str) -> str:
    """The value that compose makes of it where only what must be given is given."""
    return _VARIABLE.sub(lambda found: found[3] if found[2] == "-" else "given", text)


def settings_of(service: dict[str, Any], folder: Path) -> Settings:
    """The settings of a service, its secrets mounted at `folder`."""
    (folder / "database-url").write_text("postgresql+psycopg://uketsuke:given@database/uketsuke", encoding="utf-8")
    environment = {
        name: filled_in(str(value).lower() if isinstance(value, bool) else str(value)).replace(
            "/run/secrets", str(folder)
        )
        for name, value in service["environment"].items()
    }
    return load_settings(environment, ROOT / "no-such-file.toml")


def make_secrets(folder: Path) -> None:
    subprocess.run([str(ROOT / "packaging" / "compose" / "secrets"), str(folder)], check=True, capture_output=True)


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


def settings_names(service: dict[str, Any]) -> set[str]:
    """The settings that a service sets; one that names a file with the value counts as the setting itself."""
    fields = {PREFIX + field.upper() for field in Settings.model_fields}
    return {name if name in fields else name.removesuffix("_FILE") for name in service["environment"]}


def bytes_of(size: str) -> int:
    return int(size[:-1]) * {"m": 2**20, "g": 2**30}[size[-1]]


def env_file(name: str) -> dict[str, str]:
    lines = (ROOT / "packaging" / "compose" / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def names_of(host: str) -> set[tuple[str, str]]:
    """The services that a host name leads to, each with the network through which it does."""
    found = set()
    for name, service in SERVICES.items():
        networks = service["networks"]
        joined = networks if isinstance(networks, dict) else dict.fromkeys(networks)
        for network, more in joined.items():
            if host in {name, *(more or {}).get("aliases", [])}:
                found.add((name, network))
    return found


def test_postfix_is_reached_by_the_network_whose_letters_it_takes() -> None:
    """By a name in two networks a letter would come from either of them, and Postfix refuses all but one for good."""
    assert filled_in(SERVICES["postfix"]["environment"]["MAIL_NETWORKS"]) == MAIL_NETWORK
    (subnet,) = COMPOSE["networks"]["mail"]["ipam"]["config"]
    assert filled_in(subnet["subnet"]) == MAIL_NETWORK
    assert names_of("postfix") == {("postfix", "outside"), ("postfix", "mail")}, "so that its own name will not do"
    assert names_of(SERVICES["postfix"]["environment"]["UKETSUKE_HOST"]) >= {("smtp", "mail")}
    assert "mail" in SERVICES["deliver"]["networks"]


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
def test_a_services_environment_is_known_settings_with_values_that_hold(name: str, tmp_path: Path) -> None:
    service = OURS[name]
    assert settings_names(service) <= {PREFIX + field.upper() for field in Settings.model_fields}
    settings = settings_of(service, tmp_path)
    assert settings.url == "postgresql+psycopg://uketsuke:given@database/uketsuke"
    smarthost = parse_smarthost(settings.smarthost)
    assert names_of(smarthost.host) == {("postfix", "mail")}
    assert f"EXPOSE 25 {smarthost.port}" in MAIL_DOCKERFILE


def test_every_role_shares_database_secret_and_pack() -> None:
    (first, *rest) = [(one["environment"], one["secrets"], one["volumes"]) for one in OURS.values()]
    assert rest == [first] * len(rest)


def test_every_port_is_bound_to_this_machine_unless_the_operator_says_otherwise() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"desk", "postfix", "mailpit", "prometheus"}
    assert [p for own in ports.values() for p in own if not filled_in(str(p)).startswith("127.0.0.1:")] == []


def test_inside_its_container_a_role_listens_where_others_look_for_it(tmp_path: Path) -> None:
    settings = settings_of(OURS["desk"], tmp_path)
    (published,) = SERVICES["desk"]["ports"]
    assert published.rpartition(":")[2] == str(settings.desk_port)
    assert SERVICES["postfix"]["environment"]["UKETSUKE_HOST"] in OURS
    assert SERVICES["postfix"]["environment"]["UKETSUKE_PORT"] == settings.smtp_port
    assert {settings.smtp_host, settings.desk_host, settings.watch_host} == {"0.0.0.0"}
    for port in (settings.smtp_port, settings.desk_port, settings.watch_port):
        assert re.search(rf"^EXPOSE .*\b{port}\b", DOCKERFILE, re.MULTILINE)


def test_every_container_is_hardened() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert bytes_of(service["mem_limit"]) > 0, name
        assert "privileged" not in service, name
        assert service.get("network_mode") is None, name
    assert {name for name, service in SERVICES.items() if "cap_add" in service} == {"database", "postfix"}
    assert [name for name, service in OURS.items() if "user" in service] == []  # the image's own: not root


def test_what_a_role_writes_lies_in_memory_for_the_database_keeps_all() -> None:
    for service in OURS.values():
        assert [volume for volume in service["volumes"] if not volume.endswith(":ro")] == []
        assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert "MPLCONFIGDIR=/tmp/" in DOCKERFILE


def test_a_role_may_take_as_long_to_end_as_it_needs() -> None:
    assert {int(service["stop_grace_period"].removesuffix("s")) > GRACE_S for service in OURS.values()} == {True}
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE


def test_no_password_stands_in_the_file_or_in_an_environment() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert re.findall(r"://[^/\s]*:[^/\s]*@", text) == []
    held = [
        name
        for service in SERVICES.values()
        for name in service.get("environment", {})
        if re.search(r"PASSWORD|SECRET|URL", name) and not name.endswith("_FILE") and name != "UKETSUKE_DESK_URL"
    ]
    assert held == []
    named = {Path(str(value)).name for one in SERVICES.values() for value in one.get("environment", {}).values()}
    assert set(COMPOSE["secrets"]) <= named
    for service in SERVICES.values():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])


def test_the_secrets_are_made_once_and_are_what_the_services_read(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    made = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(made) == {Path(filled_in(one["file"])).name for one in COMPOSE["secrets"].values()}
    password = made["database-password"].decode()
    assert len(password) == 48
    assert made["database-url"].decode() == f"postgresql+psycopg://uketsuke:{password}@database/uketsuke"
    assert len(load_secret(folder / "secret-key")) >= 32
    assert folder.stat().st_mode & 0o777 == 0o700
    make_secrets(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == made


def test_the_database_and_the_way_out_of_the_desk_are_published_to_nobody() -> None:
    networks = COMPOSE["networks"]
    assert networks["inside"] == {"internal": True}
    assert networks["mail"]["internal"] is True
    assert SERVICES["database"]["networks"] == ["inside"]
    assert "ports" not in SERVICES["database"]
    assert [port for port in SERVICES["postfix"]["ports"] if not port.endswith(":25")] == []


def test_postfix_takes_letters_from_the_network_that_the_desk_believes(tmp_path: Path) -> None:
    (subnet,) = COMPOSE["networks"]["mail"]["ipam"]["config"]
    network = ip_network(filled_in(subnet["subnet"]))
    assert ip_network(filled_in(SERVICES["postfix"]["environment"]["MAIL_NETWORKS"])) == network
    for name in ("smtp", "worker", "deliver"):
        settings = settings_of(OURS[name], tmp_path)
        assert settings.relay_networks == (network,)
        assert settings.unlimited_peers == (network,)
        assert "mail" in OURS[name]["networks"]
    assert "mail" in SERVICES["postfix"]["networks"]


def test_postfix_is_told_all_that_it_must_know() -> None:
    start = (ROOT / "packaging" / "postfix" / "start").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{(\w+):\?", start))
    assert needed == {"UKETSUKE_ADDRESSES", "MAIL_HOSTNAME"}
    known = needed | set(re.findall(r"\$\{(\w+):-", start))
    told = set(SERVICES["postfix"]["environment"])
    assert needed <= told <= known
    filled = set(re.findall(r"s\|@(\w+)@\|", start))
    asked = {
        name
        for file in ("main.cf", "master.cf")
        for name in re.findall(r"@([A-Z_]+)@", (ROOT / "packaging" / "postfix" / file).read_text(encoding="utf-8"))
    }
    assert asked == filled
    assert f"UKETSUKE_SMTP_MAX_BYTES:-{Settings.model_fields['smtp_max_bytes'].default}" in start


@pytest.mark.parametrize("name", ["demo.env", "production.env"])
def test_an_environment_file_sets_what_the_compose_file_reads(name: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(env_file(name)) - {"COMPOSE_PROFILES"} <= {found[0] for found in _VARIABLE.findall(text)}
    assert env_file(name)["COMPOSE_PROFILES"] in {one for s in SERVICES.values() for one in s.get("profiles", ())}


def test_without_being_told_to_a_new_installation_sends_no_letter(tmp_path: Path) -> None:
    assert settings_of(OURS["worker"], tmp_path).mode == "shadow"
    assert env_file("production.env")["UKETSUKE_MODE"] == "shadow"
    assert env_file("demo.env")["MAIL_RELAYHOST"] == "[mailpit]:1025"


def test_metrics_of_every_role_are_looked_for_where_they_are(tmp_path: Path) -> None:
    folder = ROOT / "packaging" / "prometheus"
    watched = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = watched["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == set(OURS) - {"prepare"}
    assert found["port"] == settings_of(OURS["smtp"], tmp_path).watch_port
    assert [rule for rule in watched["rule_files"] if not (folder / Path(rule).name).is_file()] == []


def test_every_image_of_others_has_a_version() -> None:
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    bases = re.findall(r"^(?:FROM|ARG PYTHON=)\s*([a-z]\S*)", DOCKERFILE + MAIL_DOCKERFILE, re.MULTILINE)
    assert [image for image in [*images, *bases] if not re.search(r":\S*\d|:bookworm", image)] == []


def test_the_image_holds_every_package_of_the_wheel() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE) == ["tools", *packages]
    assert [package for package in packages if not (ROOT / package / "__init__.py").is_file()] == []


def test_the_image_holds_what_the_build_reads_and_the_builder_gets_no_more() -> None:
    (line,) = re.findall(r"^COPY (requirements\.lock .*) \./$", DOCKERFILE, re.MULTILINE)
    project = PROJECT["project"]
    assert {"requirements.lock", "pyproject.toml", project["readme"], *project["license-files"]} <= set(line.split())
    let_in = {
        one[1:] for one in (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n") if one.startswith("!")
    }
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert let_in == {*line.split(), "tools", *packages}
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")[1] == "*"


def test_the_image_installs_what_runs_from_the_lock_and_nothing_else() -> None:
    steps = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    installs = re.findall(r"-m pip (?:--python \S+ )?(?:install|wheel) (.*?)(?= &&|$)", steps, re.MULTILINE)
    assert len(installs) == 4
    assert [one for one in installs if "--require-hashes" not in one and "--no-deps" not in one] == []
    (_, last) = steps.split("FROM ${PYTHON}\nLABEL")
    assert "install -r" not in last
    assert "pip uninstall --yes" in last


def test_the_image_runs_as_an_ordinary_user_of_a_fixed_number_and_starts_everything() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert f"--uid {user[0]} --gid {user[1]}" in DOCKERFILE
    assert int(user[0]) > 999
    assert set(PROJECT["project"]["scripts"]) == {"uketsuke"}
    assert 'ENTRYPOINT ["uketsuke"]' in DOCKERFILE
    assert 'CMD ["serve"]' in DOCKERFILE


def test_the_image_asks_its_role_how_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, *arguments = json.loads(command)
    assert program == "uketsuke"
    assert run([*arguments, "--help"]) == 0
    assert "UKETSUKE_WATCH_PORT" in capsys.readouterr().out
    assert OURS["prepare"]["healthcheck"] == {"disable": True}


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
