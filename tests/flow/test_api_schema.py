from __future__ import annotations

import warnings

import pytest

from tests.trials.api_schema import try_api


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_api_does_what_its_document_says(database_url: str) -> None:
    """The short form of `python -m tests.trials.api_schema`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own
        outcome = try_api(database_url, examples=3)
    assert outcome.failures == []
    assert len(outcome.calls) == 15
    assert {200, 401, 404, 405, 409, 422} <= set(outcome.answers)
    assert outcome.checks["response_schema_conformance"] > 300
