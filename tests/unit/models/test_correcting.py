"""Agents' words laid over a reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.assessment import Category, Section, SymptomKind
from models.conversation import How
from models.correcting import (
    Correction,
    checked_value,
    corrected,
    cut_issue,
    issues_from_value,
    issues_to_value,
    items_of_corrected,
    joined_issues,
    newest,
    of_whole_mail,
    relabelled,
    without_issue,
)
from tests.support.filings import mail
from tests.support.shaping import BODY, OSS, three_issues

SEEN = three_issues(mail(1, body=BODY))
AT = datetime(2026, 11, 24, tzinfo=UTC)


def word(number: int, target: str, value: object, ref: str = "T000001") -> Correction:
    return Correction(correction_id=number, mail_id=1, ref=ref, target=target, value=value, by="hanako", at=AT)


def test_without_words_a_reading_is_itself() -> None:
    assert corrected(SEEN, {}) is SEEN
    assert corrected(SEEN, {"letter:1": {"reason": "other"}}) is SEEN


def test_a_word_changes_what_it_names_and_nothing_else() -> None:
    seen = corrected(SEEN, {"section:when": "missing"})
    assert not seen.sections[Section.WHEN].present
    assert {one: seen.sections[one] for one in Section if one is not Section.WHEN} == {
        one: SEEN.sections[one] for one in Section if one is not Section.WHEN
    }
    assert (seen.issues, seen.language, seen.symptom_kind) == (SEEN.issues, SEEN.language, SEEN.symptom_kind)


def test_proof_that_was_there_stays() -> None:
    assert (
        corrected(SEEN, {"section:when": "present"}).sections[Section.WHEN].spans == SEEN.sections[Section.WHEN].spans
    )


def test_a_kind_has_its_own_facets() -> None:
    seen = corrected(SEEN, {"kind": "error"})
    assert seen.symptom_kind is SymptomKind.ERROR
    assert {facet.value for facet in seen.facets} == {"error_message", "steps"}
    assert corrected(SEEN, {"kind": ""}).symptom_kind is None


def test_without_trouble_there_is_no_kind() -> None:
    issues = issues_to_value(relabelled(SEEN.issues, 0, "product.how_to", ["ecs"]))
    assert corrected(SEEN, {"issues": issues}).symptom_kind is None
    assert corrected(SEEN, {"issues": issues, "kind": "display"}).symptom_kind is SymptomKind.DISPLAY


def test_an_answer_by_its_place_yields_to_the_agent() -> None:
    items = items_of_corrected(
        1,
        corrected(SEEN, {"section:when": "missing"}),
        {"when": How.INLINE, "goal": How.FORM},
        {"section:when": "missing"},
    )
    assert not items["when"].is_given
    assert items["goal"].how is How.FORM


def test_the_newest_word_counts_and_none_takes_back() -> None:
    words = [word(2, "section:when", "missing"), word(1, "section:when", "present"), word(3, "kind", None)]
    assert newest(words) == {"section:when": "missing"}


def test_what_is_in_a_part_is_in_the_mail() -> None:
    words = [word(1, "section:when", "present", "T9000000001"), word(2, "section:when", "missing")]
    assert of_whole_mail(words) == {"section:when": "present"}


@given(st.lists(st.sampled_from(["join0", "join1", "drop0", "drop1", "cut2", "label1"]), max_size=5))
def test_issues_stay_issues_whatever_is_done_to_them(steps: list[str]) -> None:
    issues = SEEN.issues
    at = SEEN.text.index("OSS の設定") + 4
    do = {
        "join0": lambda: joined_issues(issues, 0),
        "join1": lambda: joined_issues(issues, 1),
        "drop0": lambda: without_issue(issues, 0),
        "drop1": lambda: without_issue(issues, 1),
        "cut2": lambda: cut_issue(issues, 2, at, SEEN.text),
        "label1": lambda: relabelled(issues, 1, "service.account", ["ecs", "ecs"]),
    }
    for step in steps:
        try:
            issues = do[step]()
        except ValueError:
            continue
        assert issues_from_value(issues_to_value(issues)) == issues
        assert all(0 <= start < end <= len(SEEN.text) for one in issues for start, end in one.spans)


def test_a_cut_shares_the_words_between_the_two() -> None:
    at = SEEN.text.index("の設定方法")
    parts = cut_issue(SEEN.issues, 2, at, SEEN.text)[2:]
    assert "".join(SEEN.text[start:end] for one in parts for start, end in one.spans) == OSS
    assert parts[1].gist.startswith("の設定方法")


@pytest.mark.parametrize("at", [0, 10**6])
def test_a_cut_beside_the_issue_is_none(at: int) -> None:
    with pytest.raises(ValueError, match="does not cut"):
        cut_issue(SEEN.issues, 1, at, SEEN.text)


def test_labels_are_the_guides() -> None:
    assert relabelled(SEEN.issues, 0, "service.account", [])[0].category is Category.ACCOUNT
    with pytest.raises(ValueError, match="nothing"):
        relabelled(SEEN.issues, 0, "nothing", [])


def test_values_are_kept_in_one_shape() -> None:
    assert checked_value("section:when", "present") == "present"
    assert checked_value("kind", "") == ""
    assert checked_value("automatic", 1) is True
    assert checked_value("issues", []) == []
    assert checked_value("letter:1", {"reason": "other", "note": "x" * 999})["note"] == "x" * 500
    for target, value in (("letter:x", {"reason": "other"}), ("letter:1", {"reason": "x"}), ("section:x", "present")):
        with pytest.raises(ValueError, match=r"letter|x"):
            checked_value(target, value)
