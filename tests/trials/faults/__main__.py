"""Builds faults around the real program and audits what they leave.

    python -m tests.trials.faults [--kills 200] [--only WORD] [--database sqlite|postgresql|both] [--seed N] [--out FILE]

Prints a line for each fault as it ends; with `--out` writes the page docs/faults.md. Exit 1: a fault left something behind.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.support.postgres import find_binaries
from tests.support.postgres_cluster import running_cluster
from tests.trials.faults import database_faults, named, named_others, random_kills, smarthost_faults, world_faults
from tests.trials.faults.databases import POSTGRESQL, SQLITE, Ground
from tests.trials.faults.installation import NeverSettled
from tests.trials.faults.outcome import Outcome, table

INTRODUCTION = Path(__file__).with_name("introduction.md")


def outcomes(grounds: Sequence[Ground], kills: int, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """Family by family, each on every database."""
    families: tuple[Callable[[Ground], Iterator[Outcome]], ...] = (
        lambda ground: named.trials(ground, only),
        lambda ground: named_others.scheduler(ground, only),
        lambda ground: named_others.desk(ground, only),
        lambda ground: named_others.mailbox(ground, only),
        lambda ground: named_others.migration(ground, only),
        lambda ground: database_faults.trials(ground, only),
        lambda ground: smarthost_faults.trials(ground, only),
        lambda ground: world_faults.trials(ground, only),
        lambda ground: random_kills.trials(ground, kills) if kills and only("random") else iter(()),
    )
    for family in families:
        for ground in grounds:
            try:
                yield from family(ground)
            except NeverSettled as trouble:
                broken = Outcome(family="broken off", fault="the trial itself", database=ground.database)
                broken.findings.append(f"never settled: {trouble}")
                yield broken


def page(found: Sequence[Outcome], command: str, seed: int, seconds: float) -> str:
    """The whole of docs/faults.md."""
    total = (
        f"{sum(one.trials for one in found)} trials, {sum(one.acknowledged for one in found)} acknowledged mails,"
        f" {sum(one.lost for one in found)} lost, {sum(one.twice for one in found)} twice,"
        f" {sum(one.letters for one in found)} letters, {sum(one.repeated for one in found)} of them repeated,"
        f" {sum(not one.is_good for one in found)} of {len(found)} lines with findings."
    )
    made = (
        f"`{command}`, seed {seed}, {datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.0f} minutes on {os.cpu_count()} cores"
        f" ({platform.system()} {platform.machine()}, Python {platform.python_version()}), others at work on the machine."
    )
    body = INTRODUCTION.read_text(encoding="utf-8").rstrip()
    findings = [f"- {one.fault} ({one.database}): {told}" for one in found for told in one.findings]
    told = ["", "## Findings", "", *findings] if findings else []
    return "\n".join([body, "", "## The run", "", made, "", total, *table(found), *told]) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The suite, or those of its faults whose names hold a word."""
    parser = argparse.ArgumentParser(description="build faults around the real program and audit what they leave")
    parser.add_argument("--kills", type=int, default=200, help="kills at random, on all databases together")
    parser.add_argument(
        "--only", default="", metavar="WORD", help="faults whose names hold it; `random` for those kills"
    )
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL, "both"), default="both")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--out", type=Path, help="write the page there")
    asked = parser.parse_args(arguments)
    names = (SQLITE, POSTGRESQL) if asked.database == "both" else (asked.database,)
    found: list[Outcome] = []
    began = time.monotonic()
    with ExitStack() as stack:
        grounds = []
        for name in names:
            binaries = find_binaries()
            if name == POSTGRESQL and binaries is None:
                print("PostgreSQL is not installed (apt-get install postgresql)", file=sys.stderr)  # noqa: T201 - its purpose
                return 2
            cluster = stack.enter_context(running_cluster(binaries)) if name == POSTGRESQL and binaries else None
            grounds.append(Ground(name, asked.seed, cluster))
        for outcome in outcomes(grounds, asked.kills // len(grounds), lambda name: asked.only in name):
            found.append(outcome)
            told = [f"{time.monotonic() - began:7.0f} s {outcome.line()}", *outcome.findings[1:9]]
            print(*told, sep="\n    ", flush=True)  # noqa: T201 - its purpose
    if asked.out:
        command = f"python -m tests.trials.faults --kills {asked.kills} --database {asked.database}"
        asked.out.write_text(page(found, command, asked.seed, time.monotonic() - began), encoding="utf-8")
    return 0 if all(one.is_good or one.why_not for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
