"""What is counted, and that no text of a mail can become a label."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from models.decision import ReplyState
from runtime import metrics
from tests.support.filings import NOW, arrival, reply

ROOT = Path(__file__).parents[3]
_SILENCE = re.compile(
    r'\bcode="(\w+)"|^ +\("(rate_\w+)", |"(hold_\w+)"|^(?:STOPPED|TOTAL|MODE) = "(\w+)"', re.MULTILINE
)
_REASONS_OF_LETTERS = ("responders/brake.py", "models/decision.py", "models/db/limits.py")


def value(instrument: Collector, suffix: str, **labels: str) -> float:
    registry = CollectorRegistry()
    registry.register(instrument)
    return registry.get_sample_value(f"{name_of(instrument)}_{suffix}", labels) or 0.0


def name_of(instrument: Collector) -> str:
    return next(iter(instrument.collect())).name


def test_a_group_of_mails_is_counted_with_its_bytes_and_the_time_of_each() -> None:
    before = [value(metrics.DOOR_MAILS, "total"), value(metrics.DOOR_BYTES, "total")]
    answers, groups = value(metrics.DOOR_ANSWER, "count"), value(metrics.DOOR_GROUP, "sum")
    took = value(metrics.DOOR_ANSWER, "sum")
    some = [(arrival(1, at=NOW),), (arrival(2, at=NOW), arrival(2, at=NOW))]  # the second for two desks
    metrics.mails_kept(some, NOW + timedelta(seconds=2))
    size = sum(len(one[0].raw) for one in some)
    after = [value(metrics.DOOR_MAILS, "total"), value(metrics.DOOR_BYTES, "total")]
    assert [one - other for one, other in zip(after, before, strict=True)] == [2, size]
    assert value(metrics.DOOR_ANSWER, "count") - answers == 2
    assert value(metrics.DOOR_ANSWER, "sum") - took == pytest.approx(4)
    assert value(metrics.DOOR_GROUP, "sum") - groups == 2


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    took = value(metrics.DOOR_ANSWER, "sum")
    metrics.mails_kept([(arrival(1, at=NOW),)], NOW - timedelta(hours=1))
    assert value(metrics.DOOR_ANSWER, "sum") == took


def test_each_stage_of_a_mail_has_its_own_time() -> None:
    before = {stage: value(metrics.MAIL_STAGE, "count", stage=stage) for stage in metrics.STAGES}
    laps = metrics.Laps()
    laps("parse")
    laps("file")
    after = {stage: value(metrics.MAIL_STAGE, "count", stage=stage) for stage in metrics.STAGES}
    assert {stage: after[stage] - before[stage] for stage in metrics.STAGES if after[stage] != before[stage]} == {
        "parse": 1,
        "file": 1,
    }


def test_a_letter_that_is_kept_back_is_counted_by_the_code_of_its_reason() -> None:
    held = replace(reply(1, state=ReplyState.HELD), reason="hold_complaint: 訴えます")
    before = value(metrics.LETTERS_KEPT, "total", reason="hold_complaint")
    metrics.letter_written(held)
    assert value(metrics.LETTERS_KEPT, "total", reason="hold_complaint") - before == 1


def test_words_of_a_mail_never_become_a_label() -> None:
    metrics.letter_written(replace(reply(1, state=ReplyState.HELD), reason="taro@example.com wrote this"))
    registry = CollectorRegistry()
    registry.register(metrics.LETTERS_KEPT)
    reasons = {sample.labels["reason"] for family in registry.collect() for sample in family.samples}
    assert reasons <= metrics.SILENCES | {metrics.OTHER}
    assert metrics.OTHER in reasons


def test_every_reason_that_keeps_a_letter_has_its_label() -> None:
    texts = [ROOT / name for name in _REASONS_OF_LETTERS] + sorted((ROOT / "responders").glob("*.py"))
    found = {code for file in texts for codes in _SILENCE.findall(file.read_text(encoding="utf-8")) for code in codes}
    silences = {
        code
        for name in _REASONS_OF_LETTERS
        for codes in _SILENCE.findall((ROOT / name).read_text(encoding="utf-8"))
        for code in codes
        if code
    }
    holds = {code for code in found if code.startswith("hold_") and code != "hold_"}
    assert {"automatic", "rate_total", "stopped", "mode"} <= silences
    assert {"hold_complaint", "hold_bcc"} <= holds
    assert sorted((silences | holds) - metrics.SILENCES) == []


@pytest.mark.parametrize("role", sorted(metrics.OF_ROLE))
def test_a_role_tells_only_what_it_does_itself(role: str) -> None:
    own = {family.name for family in metrics.registry_of(role).collect() if family.name.startswith("uketsuke_")}
    others = {name_of(one) for name, some in metrics.OF_ROLE.items() if name != role for one in some}
    mine = {name_of(one) for one in metrics.OF_ROLE[role]}
    assert own == mine | {"uketsuke_role"}
    assert not own & (others - mine)
