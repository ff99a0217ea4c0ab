"""A loop goes on whatever fails, and says so without a line at every turn."""

from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from models.errors import StoreUnavailable
from runtime import turns
from runtime.logs import log_for
from runtime.pulse import Pulse
from runtime.turns import Trouble, go_on


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made = [1000.0]
    monkeypatch.setattr(turns, "monotonic", lambda: made[0])
    return made


def test_a_trouble_is_said_at_its_begin_each_minute_and_at_its_end(at: list[float]) -> None:
    with capture_logs() as lines:
        trouble = Trouble(log_for("worker"), "batch_failed")
        trouble.is_over()
        for _ in range(130):
            trouble.goes_on(StoreUnavailable("away"))
            at[0] += 1
        trouble.is_over()
        trouble.is_over()
    assert [(line["event"], line["tries"]) for line in lines] == [
        ("batch_failed", 1),
        ("batch_failed", 61),
        ("batch_failed", 121),
        ("works_again", 130),
    ]
    assert {line["error"] for line in lines[:3]} == {"StoreUnavailable('away')"}


def test_one_that_comes_and_goes_is_said_once_a_minute(at: list[float]) -> None:
    with capture_logs() as lines:
        trouble = Trouble(log_for("worker"), "batch_failed")
        for _ in range(61):
            trouble.goes_on(StoreUnavailable("locked"))
            trouble.is_over()
            at[0] += 1
    assert [line["event"] for line in lines] == ["batch_failed", "works_again"] * 2


def test_the_loop_goes_on_after_a_turn_that_fails_and_waits_after_one_that_did_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "_PAUSE_S", 0.0)
    stop, waits, left = threading.Event(), [], [2, -1, 0]

    def turn() -> int:
        if not left:
            stop.set()
            return 1
        did = left.pop(0)
        if did < 0:
            raise RuntimeError("a bug")
        return did

    with capture_logs() as lines:
        go_on(turn, stop, Pulse("x", 1), Trouble(log_for("x"), "x_failed"), lambda: waits.append(len(left)))
    assert waits == [0]
    assert [line["event"] for line in lines] == ["x_failed", "works_again"]
