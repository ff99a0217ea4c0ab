"""The statements of the support guide as `statements.toml` lists them, and the tests that stand for them."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "statements.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A small edit of a product file that takes a statement away: its test must fail with it."""

    file: str
    old: str  # stands in the file exactly once
    new: str

    def applied(self, text: str) -> str:
        """The file's text with the edit.

        Raises:
            ValueError: `old` does not stand there exactly once.
        """
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.file} holds {self.old!r} {found} times, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of the guide, what it means here, what carries it, and its test."""

    id: str
    ja: str
    means: str
    carriers: tuple[str, ...]  # "file: what in it"; several files of one folder are separated by commas
    test: str
    mutations: tuple[Mutation, ...]
    lacks: str = ""  # a duty that the product does not honour yet

    @property
    def carried_by(self) -> tuple[tuple[str, str], ...]:
        """(paths from the root, what) of each carrier; the paths of one are joined by commas."""
        return tuple((file, what) for file, _, what in (one.partition(": ") for one in self.carriers))


def paths(carrier: str) -> tuple[str, ...]:
    """The files of a carrier: the second and later names stand in the folder of the first."""
    first, *others = carrier.split(", ")
    folder = first.rpartition("/")[0]
    return (first, *(f"{folder}/{other}" for other in others))


@cache
def statements() -> tuple[Statement, ...]:
    """All of them, in the file's order."""
    listed = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Statement(
            id=name,
            **{
                **entry,
                "carriers": tuple(entry["carriers"]),
                "mutations": tuple(Mutation(**one) for one in entry["mutations"]),
            },
        )
        for name, entry in listed.items()
    )


@cache
def written_tests() -> dict[str, str]:
    """Every test of this package by name, with its file from the root."""
    return {
        node.name: file.relative_to(ROOT).as_posix()
        for file in sorted(HERE.glob("test_*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
