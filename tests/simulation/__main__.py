"""`python -m tests.simulation [--small] [--hasty] [--closing] [NAME...]`: plays the worlds and prints what came of them. Keeps nothing."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path

import structlog

from models.db.migrate import upgrade
from policy.load import load_pack
from runtime.settings import load_settings
from runtime.triage import Rules
from runtime.wiring import build_rules
from tests.simulation.checks import faults_of
from tests.simulation.scenarios import FULL, SCENARIOS, SMALL, Scenario, Size
from tests.simulation.world import Outcome, World, opened, outcome_of

COLUMNS = ("scenario", "agents", "mails in", "letters out", "suppressed", "held", "broken")


def main(arguments: list[str]) -> int:
    """Play the worlds named, or all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    size = SMALL if "--small" in arguments else FULL
    wanted = [one for one in arguments if not one.startswith("--")]
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")  # noqa: T201 - a program that prints
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules = build_rules(
            load_settings({"UKETSUKE_DATA_DIR": name}, folder / "none.toml"), load_pack("alibabacloud_jp")
        )
        upgrade(f"sqlite:///{folder / 'empty.sqlite3'}")
        for scenario in SCENARIOS:
            if not wanted or any(part in scenario.name for part in wanted):
                for is_hasty in (False, True) if "--hasty" in arguments else (False,):
                    is_closing = "--closing" in arguments
                    outcome, faults = play(scenario, size, rules, folder, is_hasty=is_hasty, is_closing=is_closing)
                    print(line_of(scenario, outcome, faults, is_hasty=is_hasty), flush=True)  # noqa: T201 - as above
    return 0


def play(
    scenario: Scenario, size: Size, rules: Rules, folder: Path, *, is_hasty: bool, is_closing: bool
) -> tuple[Outcome, tuple[str, ...]]:
    """One world, begun and ended: what came of it, and what it broke."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        world = World(
            folder=Path(own), empty=folder / "empty.sqlite3", rules=rules, is_hasty=is_hasty, is_closing=is_closing
        )
        with opened(world):
            scenario.play(world, size)
            return outcome_of(world), faults_of(world)


def line_of(scenario: Scenario, outcome: Outcome, faults: tuple[str, ...], *, is_hasty: bool) -> str:
    """One row of the table."""
    cells = (
        scenario.name,
        "hasty" if is_hasty else "none",
        str(outcome.mails),
        f"{outcome.letters} ({told(outcome.kinds)})" if outcome.letters else "0",
        told(outcome.suppressed),
        told(outcome.held),
        "; ".join(faults) or "-",
    )
    return f"| {' | '.join(cells)} |"


def told(counted: Counter[str]) -> str:
    """Counts by name, the largest first."""
    return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
