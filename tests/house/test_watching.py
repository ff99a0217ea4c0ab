"""Alarms name metrics that are there and say what to do; the page on watching says what each metric means."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from prometheus_client import Metric

from ingest.replies import WHY
from models.db.store import Store
from models.gauges import DoorCounts
from runtime import metrics
from runtime.cli import app
from runtime.pulse import PULSES
from runtime.watch import Watch
from tests.support.filings import file_one

ROOT = Path(__file__).parents[2]
RULES = ROOT / "packaging" / "prometheus" / "alerts.yml"
PAGE = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "flow" / "golden" / "trace.txt"
_NAME = re.compile(r"\buketsuke_[a-z_]+[a-z]")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture
def told(tmp_path: Path, sqlite_store: Store) -> dict[str, Metric]:
    """Every metric of every role, by its name as a rule writes it."""
    file_one(sqlite_store)
    day = datetime(2026, 11, 1, tzinfo=UTC)
    sqlite_store.keep_books(day.date(), now=day)
    PULSES[0].beat()
    found = {}
    for role in metrics.OF_ROLE:
        watch = Watch(role, tmp_path)
        watch.look_at(sqlite_store, has_standing=role in {"desk", "scheduler"})
        if role == "smtp":
            watch.tell_door(lambda: DoorCounts(sessions=1, refusals={("451", "try_later"): 1}, stored_anew=0))
            watch.tell_certificate(lambda: 1.0)
        for family in watch.registry.collect():
            if family.name.startswith("uketsuke_"):
                found[f"{family.name}_total" if family.type == "counter" else family.name] = family
        watch.close()
    return found


def test_every_metric_of_the_alarms_is_there(told: dict[str, Metric]) -> None:
    named = {name for rule in rules() for name in _NAME.findall(rule["expr"])}
    assert len(named) > 15
    assert sorted(named - set(told)) == []


def test_labels_that_alarms_choose_by_are_values_that_there_are(told: dict[str, Metric]) -> None:
    for rule in rules():
        for name, chosen in re.findall(r"(uketsuke_[a-z_]+)\{([^}]*)\}", rule["expr"]):
            for label, wanted in re.findall(r'(\w+)(?:=~|!=|=)"([^"]*)"', chosen):
                values = {sample.labels.get(label) for sample in told[name].samples}
                if label == "reason" and name == "uketsuke_door_refusals_total":
                    values = set(WHY.values())
                if name in {"uketsuke_job_success_timestamp_seconds", "uketsuke_report_made_timestamp_seconds"}:
                    values = {"time", "reports", "reminders", "day", "week", "month"}
                assert set(wanted.split("|")) <= values, (rule["alert"], label)


def test_every_alarm_says_how_bad_it_is_what_it_is_and_what_to_do() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        told, link = rule["annotations"], rule["annotations"]["runbook_url"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert told["summary"]
        assert told["action"]
        page, _, anchor = link.partition("#")
        assert (page, anchor in headings) == ("docs/watching.md", True), link


def test_the_page_names_every_metric_and_no_other(told: dict[str, Metric]) -> None:
    named = set(_NAME.findall("\n".join(line for line in PAGE.splitlines() if line.startswith("| `uketsuke_"))))
    assert sorted(named - set(told)) == []
    assert sorted(set(told) - named) == []


def test_the_page_shows_the_golden_account() -> None:
    assert GOLDEN.read_text(encoding="utf-8") in PAGE


def test_the_commands_and_options_that_the_page_names_are_there() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name in re.findall(r"`uketsuke ([a-z]+)", PAGE):
        assert name in commands
    assert "--watch-port" in {option for one in commands["worker"].params for option in one.opts}


def test_prometheus_own_checker_takes_the_rules() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus)")
    done = subprocess.run([tool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    trials = RULES.with_name("alerts.test.yml")
    done = subprocess.run([tool, "test", "rules", str(trials)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
