"""The short form of the fault trials: a few kills of real roles, a smarthost that fails, a database that falls.

All of them: `python -m tests.trials.faults`, whose page is docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import find_binaries
from tests.support.postgres_cluster import running_cluster
from tests.trials.faults import database_faults, named, random_kills, smarthost_faults
from tests.trials.faults.databases import POSTGRESQL, SQLITE, Ground
from tests.trials.faults.outcome import Outcome
from tests.trials.faults.sink import Mood

SEED = 9
POINTS = (
    "smtp: after the commit, before 250",
    "worker: filing, all written, before the commit",
    "deliver: after the smarthost's 250, before our commit",
)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Ground]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_cluster(binaries) as cluster:
        yield Ground(POSTGRESQL, SEED, cluster)


def require_good(outcome: Outcome, *, trials: int = 1) -> None:
    assert outcome.findings == []
    assert outcome.trials >= trials
    assert outcome.acknowledged > 0
    assert outcome.letters > 0


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point_nothing_is_lost_and_nothing_is_half_written(point: str) -> None:
    (outcome,) = named.trials(Ground(SQLITE, SEED), lambda name: name == point)
    require_good(outcome)


def test_a_smarthost_that_loses_its_answer_gets_the_letter_again_under_its_id() -> None:
    (outcome,) = smarthost_faults.trials(Ground(SQLITE, SEED), lambda name: name == Mood.LOSES_ANSWER.value)
    require_good(outcome)
    assert outcome.repeated > 0


@pytest.mark.postgres
def test_a_database_that_falls_is_waited_for(postgresql: Ground) -> None:
    (outcome,) = database_faults.trials(postgresql, lambda name: name.startswith("kill -9 of a backend"), (0.6,))
    require_good(outcome)


@pytest.mark.postgres
def test_a_few_kills_at_random_leave_the_books_in_order(postgresql: Ground) -> None:
    (outcome,) = random_kills.trials(postgresql, 3)
    require_good(outcome, trials=3)
