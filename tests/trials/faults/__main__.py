"""Builds faults around the real program and audits what they leave.

    python -m tests.trials.faults [--kills 200] [--family NAME ...] [--only WORD] [--database sqlite|postgresql|both]
                                  [--seed N] [--keep FILE] [--out FILE]
    python -m tests.trials.faults --page FILE ... --out docs/faults.md

Prints a line for each fault as it ends; with `--keep` each is kept as JSON besides, so that families may run side by side
and become one page. Exit 1: a fault left something behind.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.support.postgres import find_binaries
from tests.support.postgres_cluster import running_cluster
from tests.trials.faults import (
    database_faults,
    failover_faults,
    named,
    named_others,
    random_kills,
    smarthost_faults,
    world_faults,
)
from tests.trials.faults.databases import POSTGRESQL, SQLITE, Ground
from tests.trials.faults.installation import NeverSettled
from tests.trials.faults.outcome import Outcome, table

INTRODUCTION = Path(__file__).with_name("introduction.md")


Family = Callable[[Ground, Callable[[str], bool], int], Iterator[Outcome]]
FAMILIES: dict[str, Family] = {
    "named": lambda ground, only, _: named.trials(ground, only),
    "scheduler": lambda ground, only, _: named_others.scheduler(ground, only),
    "desk": lambda ground, only, _: named_others.desk(ground, only),
    "imap": lambda ground, only, _: named_others.mailbox(ground, only),
    "prepare": lambda ground, only, _: named_others.migration(ground, only),
    "database": lambda ground, only, _: database_faults.trials(ground, only),
    "failover": lambda ground, only, _: failover_faults.trials(ground, only),
    "smarthost": lambda ground, only, _: smarthost_faults.trials(ground, only),
    "world": lambda ground, only, _: world_faults.trials(ground, only),
    "random": lambda ground, _, kills: random_kills.trials(ground, kills) if kills else iter(()),
}


def outcomes(
    grounds: Sequence[Ground], families: Sequence[str], kills: int, only: Callable[[str], bool]
) -> Iterator[Outcome]:
    """Family by family, each on every database; one that is broken off keeps no other from its turn."""
    for family in families:
        for ground in grounds:
            try:
                yield from FAMILIES[family](ground, only, kills)
            except NeverSettled as trouble:
                broken = Outcome(family="broken off", fault=family, database=ground.database)
                broken.findings.append(f"never settled: {trouble}")
                yield broken


def page(found: Sequence[Outcome], seed: int, began: str, note: str) -> str:
    """The whole of docs/faults.md."""
    families = tuple(dict.fromkeys(one.family for one in found))
    faults = tuple(dict.fromkeys(one.fault for one in found))
    found = sorted(found, key=lambda one: (families.index(one.family), faults.index(one.fault), one.database == SQLITE))
    by_nature = sum(one.lost for one in found if one.may_lose)
    total = (
        f"{sum(one.trials for one in found)} trials, {sum(one.acknowledged for one in found)} acknowledged mails,"
        f" {sum(one.lost for one in found) - by_nature} lost{f' (and {by_nature} with an asynchronous standby)' if by_nature else ''},"
        f" {sum(one.twice for one in found)} twice,"
        f" {sum(one.letters for one in found)} letters, {sum(one.repeated for one in found)} of them repeated;"
        f" {sum(not one.is_good for one in found)} of {len(found)} lines with findings."
    )
    made = (
        f"`python -m tests.trials.faults`, seed {seed}, {began}, on {os.cpu_count()} cores ({platform.system()}"
        f" {platform.machine()}, Python {platform.python_version()}); families side by side, others at work on the machine. {note}"
    )
    body = INTRODUCTION.read_text(encoding="utf-8").rstrip()
    findings = [f"- {one.fault} ({one.database}): {' '.join(told.split())}" for one in found for told in one.findings]
    told = ["", "## Findings", "", *findings] if findings else []
    return "\n".join([body, "", "## The run", "", made.rstrip(), "", total, *table(found), *told]) + "\n"


def kept(files: Sequence[Path]) -> list[Outcome]:
    """The outcomes of earlier runs; of a fault that was tried again on the same database the last."""
    found = [Outcome(**json.loads(line)) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return list({(one.family, one.fault, one.database): one for one in found}.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """The suite, or those of its faults whose names hold a word."""
    parser = argparse.ArgumentParser(description="build faults around the real program and audit what they leave")
    parser.add_argument("--kills", type=int, default=200, help="kills at random, on all databases together")
    parser.add_argument("--family", choices=tuple(FAMILIES), nargs="+", default=tuple(FAMILIES))
    parser.add_argument("--only", default="", metavar="WORD", help="faults whose names hold it")
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL, "both"), default="both")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="keep each outcome there, as a line of JSON")
    parser.add_argument("--page", type=Path, nargs="+", help="try nothing: make the page of what was kept")
    parser.add_argument("--note", default="", help="to stand on the page: what is to be known of this run")
    parser.add_argument("--out", type=Path, help="write the page there")
    asked = parser.parse_args(arguments)
    names = (SQLITE, POSTGRESQL) if asked.database == "both" else (asked.database,)
    binaries = find_binaries()
    if POSTGRESQL in names and binaries is None:
        parser.error("PostgreSQL is not installed (apt-get install postgresql)")
    found = kept(asked.page or ())
    with ExitStack() as stack:
        grounds = []
        for name in names if not asked.page else ():
            is_cluster = name == POSTGRESQL and binaries is not None
            cluster = stack.enter_context(running_cluster(binaries)) if is_cluster and binaries else None
            grounds.append(Ground(name, asked.seed, cluster))
        kills = asked.kills // max(1, len(grounds))
        for outcome in outcomes(grounds, asked.family, kills, lambda name: asked.only in name):
            found.append(outcome)
            _tell(outcome, asked.keep)
    if asked.out:
        asked.out.write_text(page(found, asked.seed, f"{datetime.now(UTC):%Y-%m-%d}", asked.note), encoding="utf-8")
    return 0 if all(one.is_good or one.why_not for one in found) else 1


def _tell(outcome: Outcome, keep: Path | None) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {outcome.line()}", *outcome.findings[1:9], sep="\n    ", flush=True)  # noqa: T201 - its purpose
    if keep is not None:
        with keep.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
