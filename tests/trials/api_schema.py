"""Schemathesis against the API's own document: every check on every operation, at a desk with tickets in it.

`python -m tests.trials.api_schema --examples 200` is the long form; the suite runs a short one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from desk.app import DeskSettings, create_app
from models.db.migrate import upgrade
from models.db.store import Store
from models.decision import ReplyState
from models.programs import Scope
from policy.load import load_pack
from tests.support.clocks import Clock
from tests.support.filings import NOW, file_one
from tests.support.ledger import ledger_for

_NO_LIMIT = 10**9


@dataclass(slots=True)
class Outcome:
    """What was asked, what was checked, and what did not hold."""

    calls: Counter[str] = field(default_factory=Counter)  # by operation
    answers: Counter[int] = field(default_factory=Counter)  # by HTTP status
    checks: Counter[str] = field(default_factory=Counter)  # that held, by name
    failures: list[str] = field(default_factory=list)


def try_api(database_url: str, *, examples: int, seed: int = 1) -> Outcome:
    """Ask every operation that often, twice over: with what its document allows and with what it does not."""
    upgrade(database_url)
    store = Store(database_url)
    try:
        token = _fill(store)
        settings = DeskSettings(secret=b"s" * 32, api_per_minute=_NO_LIMIT)
        pack, clock = load_pack("alibabacloud_jp"), Clock(NOW)
        app = create_app(store, pack, settings, clock, ledger_for(store, pack, clock))
        return _run(app, token, examples, seed)
    finally:
        store.close()


def _fill(store: Store) -> str:
    for number in range(1, 6):
        file_one(store, number, reply_state=ReplyState.HELD if number % 2 else ReplyState.QUEUED)
    return store.add_token("schemathesis", tuple(Scope), by="trial", now=NOW)


def _run(app: FastAPI, token: str, examples: int, seed: int) -> Outcome:
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {"max-examples": examples, "database": "none"},
            # A version that If-Match names and that the ticket has not is well formed, and refused.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412"]}},
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
        }
    )
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)
    outcome = Outcome()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            outcome.failures.append(f"{event.label}: {event.value!r}"[:500])
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            _count(event, outcome)
    return outcome


def _count(event: events.ScenarioFinished, outcome: Outcome) -> None:
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        outcome.calls[recorder.cases[case_id].value.operation.label] += 1
        if interaction.response is not None:
            outcome.answers[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                outcome.checks[check.name] += 1
                continue
            case = recorder.cases[case_id].value
            failure = check.failure_info.failure
            outcome.failures.append(
                f"{check.name}: {failure.title}: {failure.message}\n  {case.as_curl_command()}"[:1500]
            )


def main() -> None:
    """Run the long form and print what it saw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        url = f"sqlite:///{Path(folder) / 'trial.sqlite3'}"
        outcome = try_api(url, examples=wanted.examples, seed=wanted.seed)
    for name, counted in (("operation", outcome.calls), ("answer", outcome.answers), ("check held", outcome.checks)):
        for what, count in sorted(counted.items(), key=str):
            print(f"{name:<12}{what!s:<44}{count:>7}")  # noqa: T201 - a program that prints
    for failure in dict.fromkeys(outcome.failures):
        print(failure)  # noqa: T201 - as above
    print(f"{sum(outcome.calls.values())} requests, {len(outcome.failures)} failures")  # noqa: T201 - as above
    sys.exit(bool(outcome.failures))


if __name__ == "__main__":
    main()
