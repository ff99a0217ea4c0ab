"""How far a long command is: a progress bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Item = TypeVar("Item")


class Bar(ExitStack):
    """A bar that ends with the block that it is for; it is shown once it is known how many steps there will be."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label
        self._shown: Any = None  # click's bar, whose type typer does not tell

    def expect(self, count: int) -> None:
        """So many steps there will be."""
        if sys.stderr.isatty() and count > 1:
            self._shown = self.enter_context(typer.progressbar(length=count, label=self._label, file=sys.stderr))

    def step(self, count: int = 1) -> None:
        """So many more are done."""
        if self._shown is not None:
            self._shown.update(count)


def with_progress(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items, with a bar where stdout is not the same terminal."""
    yield from with_progress_of(items, len(items), label)


def with_progress_of(items: Iterable[Item], count: int, label: str) -> Iterator[Item]:
    """The same for items that come one by one and are known to be so many."""
    with Bar(label) as bar:
        if not sys.stdout.isatty():
            bar.expect(count)
        for item in items:
            yield item
            bar.step()
