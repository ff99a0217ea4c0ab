"""What the database keeps reads back as it was: `x_from_json(x_to_json(x)) == x`."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.assessment import Assessment, Category, Facet, Finding, Hint, Issue, Secret, Section, Span, SymptomKind
from models.decision import Decision, Disposition, LetterKind, Reason
from models.mail import Attachment, AutomaticKind, Automation, Envelope
from models.wire import (
    assessment_from_value,
    assessment_to_value,
    attachments_from_value,
    attachments_to_value,
    automation_from_value,
    automation_to_value,
    decision_from_value,
    decision_to_value,
    dump,
    envelope_from_json,
    envelope_to_json,
)

UNHURRIED = settings(deadline=None, max_examples=150)
# The records promise texts without NUL and lone surrogates.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
CONFIDENCE = st.integers(0, 10_000).map(lambda whole: whole / 10_000)  # kept to four places
SPAN = st.builds(Span, st.integers(0, 9999), st.integers(0, 9999))
SPANS = st.lists(SPAN, max_size=3).map(tuple)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FLAG = st.booleans()

ENVELOPES = st.builds(
    Envelope, mail_from=TEXT, rcpt_tos=TEXTS, received_at=st.datetimes(timezones=ZONES), peer=TEXT, helo=TEXT,
    is_from_file=FLAG, is_sender_known=FLAG,
)  # fmt: skip
AUTOMATIONS = st.builds(Automation, kind=st.none() | st.sampled_from(AutomaticKind), may_reply=FLAG, evidence=TEXTS)
ATTACHMENTS = st.lists(
    st.builds(Attachment, filename=TEXT, content_type=TEXT, size=st.integers(0), part=st.integers(0)), max_size=3
).map(tuple)
FINDINGS = st.builds(Finding, present=FLAG, answered=FLAG, confidence=CONFIDENCE, spans=SPANS, proof=TEXTS)
ISSUES = st.builds(
    Issue, gist=TEXT, category=st.sampled_from(Category), products=TEXTS, context_products=TEXTS,
    account=st.none() | TEXT, spans=SPANS, confidence=CONFIDENCE,
)  # fmt: skip
MAYBE = st.none() | FLAG
ASSESSMENTS = st.builds(
    Assessment,
    text=TEXT,
    language=TEXT,
    issues=st.lists(ISSUES, max_size=2).map(tuple),
    sections=st.fixed_dictionaries(dict.fromkeys(Section, FINDINGS)),
    symptom_kind=st.none() | st.sampled_from(SymptomKind),
    facets=st.dictionaries(st.sampled_from(Facet), FINDINGS, max_size=3),
    evidence_linked=MAYBE,
    goal_linked=MAYBE,
    accounts=TEXTS,
    multiple_accounts=FLAG,
    refers_elsewhere=FLAG,
    has_permission_error=FLAG,
    secrets=st.lists(st.builds(Secret, kind=TEXT, span=SPAN), max_size=2).map(tuple),
    hints=st.lists(st.builds(Hint, kind=TEXT, span=st.none() | SPAN, value=TEXT), max_size=2).map(tuple),
    confidence=CONFIDENCE,
    unknown_words=st.none() | CONFIDENCE,
    explanation=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
)
DECISIONS = st.builds(
    Decision,
    disposition=st.sampled_from(Disposition),
    notices=st.lists(st.sampled_from(Disposition), max_size=2).map(tuple),
    missing=TEXTS,
    unsure=TEXTS,
    asked_along=TEXTS,
    confidence=CONFIDENCE,
    hold=FLAG,
    letter=st.none() | st.sampled_from(LetterKind),
    reasons=st.lists(st.builds(Reason, code=TEXT, detail=TEXT), max_size=2).map(tuple),
)


def through_json(value: object) -> Any:  # noqa: ANN401 - what JSON gives back
    return json.loads(dump(value))


@UNHURRIED
@given(ENVELOPES)
def test_an_envelope_reads_back_as_it_was(envelope: Envelope) -> None:
    assert envelope_from_json(envelope_to_json(envelope)) == envelope


@UNHURRIED
@given(AUTOMATIONS, ATTACHMENTS)
def test_a_verdict_and_attachments_read_back_as_they_were(
    automation: Automation, attachments: tuple[Attachment, ...]
) -> None:
    assert automation_from_value(through_json(automation_to_value(automation))) == automation
    assert attachments_from_value(through_json(attachments_to_value(attachments))) == attachments


@UNHURRIED
@given(ASSESSMENTS)
def test_an_assessment_reads_back_as_it_was(seen: Assessment) -> None:
    assert assessment_from_value(through_json(assessment_to_value(seen))) == seen


@UNHURRIED
@given(DECISIONS)
def test_a_decision_reads_back_as_it_was(decision: Decision) -> None:
    assert decision_from_value(through_json(decision_to_value(decision))) == decision


@UNHURRIED
@given(st.text(st.sampled_from('\x00\\u0 "あ\n'), max_size=24))
@example(r'{"key": "\u0000"}')  # a customer's JSON log: six characters, not a NUL
@example("\\" + r"\u0000")
@example("\x00\\\x00")
def test_dumped_text_loses_its_nuls_and_nothing_else(text: str) -> None:
    dumped = dump({text: text})
    assert "\\u0000" not in dumped.replace("\\\\", "")
    assert "\x00" not in dumped
    assert json.loads(dumped) == {text.replace("\x00", ""): text.replace("\x00", "")}


def test_japanese_stays_readable_in_the_database() -> None:
    assert dump({"件名": "接続エラー"}) == '{"件名":"接続エラー"}'


@UNHURRIED
@given(ENVELOPES, ASSESSMENTS, DECISIONS)
def test_a_key_of_a_newer_version_is_ignored(envelope: Envelope, seen: Assessment, decision: Decision) -> None:
    newer = {"a_key_of_tomorrow": [1]}
    assert envelope_from_json(dump({**json.loads(envelope_to_json(envelope)), **newer})) == envelope
    assert assessment_from_value({**through_json(assessment_to_value(seen)), **newer}) == seen
    assert decision_from_value({**through_json(decision_to_value(decision)), **newer}) == decision


@pytest.mark.parametrize("key", ["peer", "helo", "is_from_file", "is_sender_known"])
@UNHURRIED
@given(ENVELOPES)
def test_a_key_that_an_older_envelope_lacks_takes_its_default(key: str, envelope: Envelope) -> None:
    value = json.loads(envelope_to_json(envelope))
    del value[key]
    default = {field.name: field.default for field in Envelope.__dataclass_fields__.values()}[key]
    assert getattr(envelope_from_json(dump(value)), key) == default


def test_an_old_row_with_only_what_it_must_have_still_reads() -> None:
    finding = {"present": True, "confidence": 0.9}
    seen = assessment_from_value(
        {
            "text": "x",
            "language": "ja",
            "issues": [{"gist": "x", "category": "product.how_to"}],
            "sections": {"when": finding},
        }
    )
    assert seen == Assessment(
        text="x",
        language="ja",
        issues=(Issue(gist="x", category=Category.HOW_TO),),
        sections={Section.WHEN: Finding(present=True, confidence=0.9)},
    )
    assert decision_from_value({"disposition": "accept"}) == Decision(disposition=Disposition.ACCEPT)
    assert automation_from_value({}) == Automation()
