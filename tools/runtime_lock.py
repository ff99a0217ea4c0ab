"""The part of `requirements.lock` that some packages need, pins and hashes as they stand there.

There is one lock; an image takes from it what runs (`python -m tools.runtime_lock`) and, in the stage that is thrown away, what builds
(`--of hatchling`). Needs the standard library alone, and no network: pip-compile wrote below each pin who asked for it.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of the lock."""

    name: str
    line: str  # `name==version`, with its marker if it has one
    hashes: tuple[str, ...]
    wanted_by: frozenset[str]

    @property
    def version(self) -> str:
        """The version alone."""
        return self.line.partition("==")[2].split(" ")[0]


def plain_name(text: str) -> str:
    """A requirement's package name as indexes compare it (PEP 503).

    Raises:
        ValueError: There is no name at its head.
    """
    found = _NAME.match(text.strip())
    if found is None:
        raise ValueError(f"no package name in {text!r}")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def read_lock(text: str) -> dict[str, Pin]:
    """The pins of a lock that pip-compile wrote with hashes, by name."""
    return {pin.name: pin for pin in map(_pin, _entries(text))}


def _entries(text: str) -> Iterator[list[str]]:
    """The lines of each pin: its own, its hashes, its comments."""
    entry: list[str] = []
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            if entry:
                yield entry
            entry = [line]
        elif entry and line.strip():
            entry.append(line)
    if entry:
        yield entry


def _pin(lines: list[str]) -> Pin:
    rest = [line.strip().rstrip("\\").strip() for line in lines[1:]]
    comments = [line.removeprefix("#").strip() for line in rest if line.startswith("#")]
    at = next((number for number, comment in enumerate(comments) if comment.startswith("via")), None)
    asking = [] if at is None else [comments[at].removeprefix("via").strip(), *comments[at + 1 :]]
    return Pin(
        name=plain_name(lines[0]),
        line=lines[0].rstrip("\\").strip(),
        hashes=tuple(line for line in rest if line.startswith("--hash=")),
        wanted_by=frozenset(plain_name(one) for one in asking if one),
    )


def needed(pins: dict[str, Pin], roots: Iterable[str]) -> list[Pin]:
    """The roots and all that they pull in, by name.

    Raises:
        KeyError: A root is not in the lock.
    """
    found = {plain_name(root) for root in roots}
    for root in found:
        _ = pins[root]
    grown = True
    while grown:
        more = {name for name, pin in pins.items() if name not in found and pin.wanted_by & found}
        found |= more
        grown = bool(more)
    return [pins[name] for name in sorted(found)]


def runtime_roots(project: Path = ROOT / "pyproject.toml") -> tuple[str, ...]:
    """What pyproject.toml names as needed to run."""
    return tuple(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])


def as_requirements(pins: Iterable[Pin]) -> str:
    """Lines for `pip install --require-hashes -r`."""
    return "\n".join(" \\\n    ".join((pin.line, *pin.hashes)) for pin in pins) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the part; 2 where a name is not in the lock."""
    parser = argparse.ArgumentParser(description="prints the part of requirements.lock that some packages need")
    parser.add_argument("--of", nargs="*", metavar="PACKAGE", help="what is needed by these, not by uketsuke itself")
    asked = parser.parse_args(arguments)
    pins = read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    try:
        sys.stdout.write(as_requirements(needed(pins, asked.of or runtime_roots())))
    except KeyError as error:
        sys.stderr.write(f"requirements.lock pins no {error.args[0]}; write the lock anew\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
