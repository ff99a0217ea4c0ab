"""The demo mails as a report: figures that a person can count on twelve files, in every form, right in each language."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from models.facts import TicketFacts
from reports.figures import Figures
from reports.periods import period_named
from runtime.ledger import printed
from runtime.reporting import Office, Reporter
from runtime.triage import Rules
from tests.support.report_samples import DEMO, DEMO_AT, LANGUAGES, LINK, READER, Sample, demo_store, write
from tests.unit.responders.builders import identity


@pytest.fixture(scope="module")
def sample(rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    file = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    return Sample(name="demo-week", store=demo_store(file, rules), period=DEMO)


def figures(sample: Sample, rules: Rules) -> Figures:
    period = period_named(DEMO, rules.pack.desk.timezone)
    reporter = Reporter(sample.store, rules.pack, Office(identity=identity(), desk_link=LINK))
    return reporter.report(period, period.end + timedelta(hours=8)).figures


def facts(sample: Sample) -> dict[str, TicketFacts]:
    found = sample.store.facts(DEMO_AT.astimezone(UTC), DEMO_AT + timedelta(days=1))
    return {one.subject: one for one in found}


def test_the_figures_are_those_of_the_twelve_files(sample: Sample, rules: Rules) -> None:
    told = figures(sample, rules)
    assert told.count("tickets") == 12
    assert told.count("automatic") == 1  # 12-auto-reply
    assert told.count("people") == 11
    assert told.count("split") == 1  # 03-two-questions
    assert told.count("out_of_scope") == 1  # 04-out-of-scope
    assert told.count("not_disclosed") == 2  # 07-performance, 08-maintenance
    assert told.count("other_account") == 1  # 09-two-accounts
    assert told.count("mails") == 12
    assert told.count("asked") == len(
        [one for one in facts(sample).values() if one.disposition == "request_information"]
    )
    assert sum(told.by("people", "language").values()) == 11
    assert told.by("people", "disposition").get("split") == 1


def test_every_form_is_written_in_both_languages(sample: Sample, rules: Rules, tmp_path: Path) -> None:
    write([sample], rules.pack, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"demo-week.{language}.{form}" for language in LANGUAGES for form in ("html", "txt", "eml")
    }
    assert "週次品質レポート" in (tmp_path / "demo-week.ja.txt").read_text(encoding="utf-8")
    assert "customers sent 11 new\ntickets" in (tmp_path / "demo-week.en.txt").read_text(encoding="utf-8")
    mail = message_from_bytes((tmp_path / "demo-week.ja.eml").read_bytes(), policy=policy.default)
    assert mail["To"] == READER
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (tmp_path / "demo-week.ja.eml").stat().st_size < 1_000_000


def test_writing_them_again_writes_the_same(sample: Sample, rules: Rules) -> None:
    period = period_named(DEMO, rules.pack.desk.timezone)
    now = period.end + timedelta(hours=8)

    def once(form: str) -> bytes:
        reporter = Reporter(sample.store, rules.pack, Office(identity=identity(), desk_link=LINK))
        return printed(reporter.report(period, now), reporter, form, "en", to=READER, now=now)

    for form in ("html", "txt", "eml", "csv", "json"):
        assert once(form) == once(form)
    assert json.loads(once("json"))
