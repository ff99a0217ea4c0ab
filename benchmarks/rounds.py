"""Rounds that alternate between entrants, so that ratios hold where absolute figures move with the machine's mood.

Promises: every entrant runs once a round, the order moves by one each round, a ratio pairs figures of the same round. Does
not judge speed: a control (one entrant run twice) only says whether the run is worth reading.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

AGAIN = " (again)"  # the control's second run
LEAST, MOST = 0.85, 1.15  # a control outside says that the machine changed under the run

Result = TypeVar("Result")


def interleave(works: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, list[Result]]:
    """The results of each work, one a round."""
    names = list(works)
    done: dict[str, list[Result]] = {name: [] for name in names}
    for turn in range(rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            done[name].append(works[name]())
    return done


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return median(a / b for a, b in zip(above, below, strict=True))


def is_void(control: float) -> bool:
    """The control's two runs differ too much for the other ratios to mean anything."""
    return not LEAST <= control <= MOST


def control_text(name: str, control: float) -> str:
    """The control in words; `name` says what ran twice."""
    judgement = "VOID, do not read these ratios" if is_void(control) else "holds"
    return f"control ({name}): {control:.2f}, {judgement} (void outside {LEAST} to {MOST})"
