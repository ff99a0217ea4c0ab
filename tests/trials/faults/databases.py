"""The databases of the trials: a file, or a database of its own on one cluster for each installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.support.postgres_cluster import Cluster
from tests.trials.faults.installation import Installation, installed

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(slots=True)
class Ground:
    """Where trials are made: on which database, from which seed."""

    database: str
    seed: int
    cluster: Cluster | None = None

    def __post_init__(self) -> None:
        self._numbers = count(1)

    _numbers: Any = None

    @contextmanager
    def installation(self, **settings: Any) -> Iterator[Installation]:  # noqa: ANN401 - those of `installed`
        """A fresh one."""
        if self.cluster is None:
            with installed(seed=self.seed, **settings) as made:
                yield made
            return
        name = f"trial{next(self._numbers)}"
        url = self.cluster.make(name)
        try:
            with installed(url, seed=self.seed, **settings) as made:
                yield made
        finally:
            self.cluster.drop(name)
