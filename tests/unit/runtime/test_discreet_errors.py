"""What libraries log of an error tells where it was raised, and none of its words: a database's quote the row."""

from __future__ import annotations

import logging
import sys

from runtime.logs import Discreet


def fail() -> None:
    raise ValueError("DETAIL: Failing row contains (taro@secret.example, my password is hunter2)")


def test_the_trace_of_an_error_holds_its_kind_and_place_and_not_its_message() -> None:
    try:
        fail()
    except ValueError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "x", 1, "Exception", (), sys.exc_info())
    said = Discreet("%(name)s: %(message)s").format(record)
    assert said.startswith("uvicorn.error: Exception\n")
    assert "test_discreet_errors.py:12 in fail\n" in said
    assert said.endswith("ValueError")
    assert "hunter2" not in said
    assert "taro" not in said
