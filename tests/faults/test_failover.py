"""The short form of the failover trials: the primary of a real cluster dies under load, its standby takes over.

All of them: `python -m tests.trials.faults --family failover`.
"""

from __future__ import annotations

import pytest

from tests.support.postgres import find_binaries
from tests.trials.faults import failover_faults
from tests.trials.faults.databases import POSTGRESQL, Ground
from tests.trials.faults.failover_faults import KILLED


@pytest.mark.postgres
def test_roles_come_over_to_the_standby_of_a_dead_primary_by_themselves_with_all_that_was_acknowledged() -> None:
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    (outcome,) = failover_faults.trials(Ground(POSTGRESQL, 9), lambda name: name == KILLED, times=1)
    assert outcome.findings == []
    assert (outcome.trials, outcome.lost, outcome.twice) == (1, 0, 0)
    assert outcome.acknowledged > 0
    assert outcome.letters > 0
