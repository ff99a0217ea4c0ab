"""Can a role do its work now? One line for each thing that it needs. Pure but for asking; knows no web framework."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from models.errors import StoreUnavailable, UketsukeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OK = "ok"
PATIENCE_S = 3.0


class _Question:
    """A question that is on its way, and its answer."""

    def __init__(self) -> None:
        self.is_answered = threading.Event()
        self.answer = ""


class Patience:
    """Asks what may hang in a network call that nothing ends, and waits for some seconds at most.

    Of each question one is on its way at a time: who asks meanwhile waits for its answer too.
    """

    def __init__(self) -> None:
        self._asked: dict[str, _Question] = {}
        self._lock = threading.Lock()

    def ask(self, name: str, trouble: Callable[[], str]) -> str:
        """What is wrong, as the question says it; or that it says nothing, or failed."""
        with self._lock:
            question = self._asked.get(name)
            if question is None:
                question = self._asked[name] = _Question()
                threading.Thread(
                    target=self._answer, args=(name, question, trouble), name=f"ready-{name}", daemon=True
                ).start()
        if question.is_answered.wait(PATIENCE_S):
            return question.answer
        return f"no answer within {PATIENCE_S:.0f} s"

    def _answer(self, name: str, question: _Question, trouble: Callable[[], str]) -> None:
        try:
            question.answer = trouble()
        except UketsukeError as error:
            question.answer = error.code
        except Exception as error:  # noqa: BLE001 - whatever it is, the role is not ready
            question.answer = type(error).__name__
        finally:
            with self._lock:
                del self._asked[name]
            question.is_answered.set()


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
