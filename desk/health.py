"""Can a role do its work now? One line for each thing that it needs. Pure but for asking; knows no web framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from models.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = "ok"


class Shaped(Protocol):
    """A store that can be asked whether it answers."""

    def has_known_shape(self) -> bool:
        """Is the database of a shape that this version knows?"""


def database_trouble(store: Shaped) -> str:
    """What is wrong with the database; empty if nothing is. Says nothing of where it is: strangers may read this."""
    try:
        return "" if store.has_known_shape() else "of a shape that this version does not know"
    except StoreUnavailable:
        return "does not answer"


def readiness(troubles: Mapping[str, str]) -> tuple[int, dict[str, object]]:
    """HTTP status and object of `/readyz`: 503 when one thing fails.

    Args:
        troubles: By what is needed; empty where nothing is wrong.
    """
    is_ready = not any(troubles.values())
    probes = {name: trouble or OK for name, trouble in troubles.items()}
    return (200 if is_ready else 503), {"status": "ready" if is_ready else "not ready", "probes": probes}
