"""Can a role do its work now? One line for each thing that it needs. Pure but for asking; knows no web framework."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from time import monotonic
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from models.errors import StoreUnavailable, UketsukeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Answer = TypeVar("Answer")

OK = "ok"
PATIENCE_S = 3.0


class Patience(Generic[Answer]):
    """Asks what may hang in a network call that nothing ends, and waits for some seconds at most.

    One question is on its way at a time: who asks meanwhile waits for its answer too.

    Args:
        question: What is asked, in a thread.
        good_for_s: For so long after the question its answer is given again.
    """

    def __init__(self, question: Callable[[], Answer], good_for_s: float = 0.0) -> None:
        self._question, self._good_for_s = question, good_for_s
        self._asked: Future[Answer] | None = None
        self._good_until = 0.0
        self._lock = threading.Lock()

    def ask(self) -> Answer:
        """The answer.

        Raises:
            TimeoutError: There is none yet.
            Exception: What the question raised.
        """
        with self._lock:
            if self._asked is None or (self._asked.done() and monotonic() >= self._good_until):
                self._asked, self._good_until = Future(), monotonic() + self._good_for_s
                threading.Thread(target=self._answer, args=(self._asked,), name="asks", daemon=True).start()
            asked = self._asked
        return asked.result(PATIENCE_S)

    def _answer(self, asked: Future[Answer]) -> None:
        try:
            asked.set_result(self._question())
        except Exception as error:  # noqa: BLE001 - whoever asked hears of it
            asked.set_exception(error)


def trouble_of(need: Patience[str]) -> str:
    """What is wrong, as the question says it; or that it says nothing, or failed."""
    try:
        return need.ask()
    except TimeoutError:
        return f"no answer within {PATIENCE_S:.0f} s"
    except UketsukeError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever it is, the role is not ready
        return type(error).__name__


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
