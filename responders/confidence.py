"""How sure is a decision? Probabilities of the reading become the probability that the disposition is right.

Rises with every certainty it is made of, and stays in [0, 1]. The items of one mail are misread together more often
than apart, so that all are there with a probability between their product (independent) and their least (together).
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from models.decision import Disposition
from responders.items import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from responders.items import Checked

_DOUBT = 0.1  # what an item in full doubt takes from a request: its letter may ask too little


def decision_confidence(disposition: Disposition, reading: float, checked: Iterable[Checked]) -> float:
    """The probability that `disposition` is right.

    Args:
        disposition: The outcome.
        reading: That issues, categories and accounts are right.
        checked: The required items. A request is right if at least one asked item is absent; an acceptance, if none is.
    """
    items = tuple(checked)
    if disposition is Disposition.REQUEST_INFORMATION:
        all_there = prod(1 - item.absence for item in items if item.presence is Presence.ABSENT)
        doubt = prod(1 - _DOUBT * _doubt(item.absence) for item in items if item.presence is Presence.UNSURE)
        return _clipped(reading * (1 - all_there) * doubt)
    if disposition is Disposition.ACCEPT:
        return _clipped(reading * _all_there([1 - item.absence for item in items]))
    return _clipped(reading)


def _all_there(presences: list[float]) -> float:
    """The middle (geometric mean) of the two bounds on all items being there; 1 where nothing is required."""
    return sqrt(prod(presences) * min(presences, default=1.0))


def _doubt(absence: float) -> float:
    """1 for an even chance, 0 for certainty either way."""
    return 1 - abs(2 * absence - 1)


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
