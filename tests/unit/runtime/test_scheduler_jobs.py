"""A job of the scheduler that fails is one line of JSON and a count, never a trace: that could quote a mail."""

from __future__ import annotations

import json

import pytest

from models.errors import StoreUnavailable
from runtime.logs import set_up_logs
from runtime.metrics import JOB_FAILURES
from runtime.scheduler_role import _counted


@pytest.mark.parametrize(
    ("error", "told"),
    [(StoreUnavailable("connection refused"), "connection refused"), (ValueError("taro@example.com"), "ValueError")],
)
def test_a_job_that_fails_is_one_line_and_a_count(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    set_up_logs("info")
    before = JOB_FAILURES.labels("time")._value.get()
    _counted("time", fail)
    assert JOB_FAILURES.labels("time")._value.get() == before + 1
    (line,) = capsys.readouterr().err.splitlines()
    assert {key: json.loads(line)[key] for key in ("event", "role", "task", "error")} == {
        "event": "job_failed",
        "role": "scheduler",
        "task": "time",
        "error": told,
    }
