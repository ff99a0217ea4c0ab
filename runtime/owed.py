"""What became of a letter or a mail, and could not be written because the database was away at that moment.

A letter that the smarthost has taken and that nobody notes would go out again once its lease is over; a mail that is not given
back waits as long. Promises: what is owed
is written before anything else is begun, for as long as this process lives; a claim that another process has by then is its.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from models.errors import ClaimLost, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_THE_END_S = 10.0  # within what a role has to end in order
_PAUSE_S = 0.5


class Owed:
    """The notes that are still to be written, oldest first."""

    def __init__(self) -> None:
        self._notes: list[Callable[[], None]] = []

    def write(self, note: Callable[[], None]) -> None:
        """Write a note now, or owe it.

        Raises:
            ClaimLost: The claim is another process's.
        """
        try:
            note()
        except StoreUnavailable:
            self._notes.append(note)
            raise

    def settle(self) -> None:
        """Write what is owed.

        Raises:
            StoreUnavailable: The database is away still.
        """
        while self._notes:
            note = self._notes.pop(0)  # one that fails otherwise must not stand in the way for ever
            try:
                note()
            except ClaimLost:  # also where it was written, and only the answer was lost
                continue
            except StoreUnavailable:
                self._notes.insert(0, note)
                raise

    def settle_at_end(self) -> None:
        """The last chance of a process that ends: some seconds."""
        deadline = time.monotonic() + _AT_THE_END_S
        while self._notes and time.monotonic() < deadline:
            try:
                self.settle()
            except StoreUnavailable:
                time.sleep(_PAUSE_S)
