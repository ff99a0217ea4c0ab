"""Takes every statement of the support guide away, one small edit at a time: its test must fail each time.

    python -m tests.trials.guide_mutations [S28 ...] [--first] [--jobs N]

Works in a copy of the source tree in a temporary folder; nothing here is touched. Prints a line for each edit and the
totals. Exit 0: every edit was found out by the assertions of its statement's test. Exit 1: one survived, broke something
else, or does not fit its file any more.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from tests.guide.statements import ROOT, Mutation, Statement, statements, written_tests

PARTS = (
    "models",
    "policy",
    "ingest",
    "classify",
    "responders",
    "desk",
    "reports",
    "runtime",
    "tests",
    "pyproject.toml",
)
LINKED = ("classify/artefacts", "classify/corpus")  # big, and never edited
LEFT_OUT = ("__pycache__", "artefacts", "corpus", "specimens", "golden", "browser")
LONGEST_S = 180  # of one test
FAILED, SURVIVED, BROKEN, MISFIT = "failed as it should", "SURVIVED", "BROKEN", "MISFIT"
_ASSERTED = re.compile(r"^E\s+(?:AssertionError|assert )")
_EXPLAINED = re.compile(r"^E\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one edit."""

    statement: str
    file: str
    verdict: str
    said: str = ""


def copy_to(folder: Path) -> Path:
    """A copy of the sources and tests; the learned weights are linked."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy(ROOT / part, folder / part)
    for linked in LINKED:
        (folder / linked).symlink_to(ROOT / linked, target_is_directory=True)
    return folder


def run(folder: Path, nodes: Iterable[str]) -> tuple[int, str]:
    """Exit code and output of pytest in a copy; nothing compiled is kept, for an edit may keep a file's size and second."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--no-header",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        *nodes,
    ]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def try_out(statement: Statement, mutation: Mutation, folder: Path) -> Outcome:
    """Make the edit in the copy, run the statement's test there, take the edit back."""
    file = folder / mutation.file
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(mutation.applied(before), encoding="utf-8")
        code, said = run(folder, [f"{written_tests()[statement.test]}::{statement.test}"])
    except ValueError as misfit:
        return Outcome(statement=statement.id, file=mutation.file, verdict=MISFIT, said=str(misfit))
    finally:
        file.write_text(before, encoding="utf-8")
    return Outcome(statement=statement.id, file=mutation.file, verdict=verdict(code, said), said=_gist(said))


def verdict(code: int, said: str) -> str:
    """Failed by an assertion, survived, or failed by something else (a pack that does not load fails any test)."""
    if code == 0:
        return SURVIVED
    first = next((line for line in said.splitlines() if _EXPLAINED.match(line)), "")
    return FAILED if code == 1 and _ASSERTED.match(first) else BROKEN


def _gist(said: str) -> str:
    return next((line[1:].strip()[:120] for line in said.splitlines() if _EXPLAINED.match(line)), "")


@contextmanager
def copies(number: int) -> Iterator[SimpleQueue[Path]]:
    """So many copies, to be taken and put back."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-guide-") as folder:
        free: SimpleQueue[Path] = SimpleQueue()
        for one in range(number):
            (place := Path(folder, str(one))).mkdir()
            free.put(copy_to(place))
        yield free


def outcomes(chosen: Sequence[Statement], *, jobs: int = 1) -> Iterator[Outcome]:
    """Of every edit of these statements, in order; first of all their tests must pass without any.

    Raises:
        RuntimeError: They do not.
    """
    with copies(jobs) as free:
        place = free.get()
        code, said = run(place, sorted({f"{written_tests()[one.test]}::{one.test}" for one in chosen}))
        free.put(place)
        if code:
            raise RuntimeError(f"the tests do not pass as things are:\n{said[-3000:]}")

        def one(pair: tuple[Statement, Mutation]) -> Outcome:
            place = free.get()
            try:
                return try_out(*pair, place)
            finally:
                free.put(place)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(one, [(one, mutation) for one in chosen for mutation in one.mutations])


def report(found: Iterable[Outcome]) -> int:
    """Print the table and the totals; 1 if an edit was not found out."""
    counts: Counter[str] = Counter()
    for outcome in found:
        counts[outcome.verdict] += 1
        note = f": {outcome.said}" if outcome.verdict != FAILED and outcome.said else ""
        print(f"{outcome.statement:<4} {outcome.file:<58} {outcome.verdict}{note}", flush=True)  # noqa: T201 - its purpose
    total = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    print(f"{sum(counts.values())} edits: {total}", flush=True)  # noqa: T201 - its purpose
    return 0 if set(counts) <= {FAILED} else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole trial, or that of the statements named."""
    parser = argparse.ArgumentParser(description="take the guide's statements away, one edit at a time")
    parser.add_argument("ids", nargs="*", metavar="S28", help="statements; all of them where none is named")
    parser.add_argument("--first", action="store_true", help="only the first edit of each")
    parser.add_argument("--jobs", type=int, default=1, help="so many copies at a time")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.ids) - {one.id for one in statements()}:
        parser.error(f"no statement is called {', '.join(sorted(unknown))}")
    chosen = [one for one in statements() if not asked.ids or one.id in asked.ids]
    if asked.first:
        chosen = [replace(one, mutations=one.mutations[:1]) for one in chosen]
    try:
        return report(outcomes(chosen, jobs=asked.jobs))
    except RuntimeError as trouble:
        print(trouble, file=sys.stderr)  # noqa: T201 - its purpose
        return 1


if __name__ == "__main__":
    sys.exit(main())
