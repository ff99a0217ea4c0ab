"""kill -9 of each role at named points: just there, by the launcher `tests.support.killed_role`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from tests.support.killed_role import POINTS
from tests.trials.faults.databases import Ground
from tests.trials.faults.installation import Installation, Running
from tests.trials.faults.outcome import Outcome, Trial

FAMILY = "kill -9 at named points"
_MAILS = 4
_BASE = ("worker", "deliver", "smtp")


def trials(ground: Ground, only: Callable[[str], bool] = lambda _: True) -> Iterator[Outcome]:
    """One for each point of the door, the workers and delivery; an installation for each role."""
    for role in ("smtp", "worker", "deliver"):
        points = [name for name, point in POINTS.items() if point.role == role and only(name)]
        if points:
            yield from _of_role(ground, role, points)


def _of_role(ground: Ground, role: str, points: list[str]) -> Iterator[Outcome]:
    with ground.installation() as made:
        made.start_all(*(one for one in _BASE if one != role))
        trial = Trial(made, FAMILY, ground.database)
        for name in points:
            outcome = trial.outcome(name)
            for nth in (1, 2) if role == "smtp" else (1,):
                killed_at(made, trial, outcome, name, nth)
            yield outcome


def killed_at(made: Installation, trial: Trial, outcome: Outcome, name: str, nth: int) -> None:
    """The role dies at that point, another one starts."""
    point = POINTS[name]
    made.post(_MAILS)
    victim = made.start(point.role, "--point", name, "--nth", str(nth))
    if not died(made, victim, lambda: made.post(1)):
        outcome.findings.append(f"the point was never reached: {name}")
    made.drop(victim)
    began = time.monotonic()
    healthy = made.start(point.role)
    made.clock.jump(timedelta(minutes=21))  # the dead one's lease
    trial.check(outcome, began=time.monotonic() - began)
    made.end(healthy)


def died(made: Installation, victim: Running, push: Callable[[], object], patience_s: float = 45) -> bool:
    """Did it end by SIGKILL? More work comes every few seconds until then."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if made.wait_for_death(victim, 5):
            return True
        if victim.process.poll() is not None:
            return False
        push()
    victim.kill()
    return False
