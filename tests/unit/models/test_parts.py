"""What can be said of a part of a mail alone, and what of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Assessment, Category, Facet, Finding, Hint, Section, Span
from models.decision import Disposition
from models.shaping import disposition_of, is_within, part_of
from tests.support.filings import mail
from tests.support.shaping import BODY, three_issues

SEEN = three_issues(mail(1, body=BODY))
TROUBLE, BILL, OSS = (issue.spans for issue in SEEN.issues)


def bill(seen: Assessment = SEEN) -> Assessment:
    return part_of(seen, BILL, (), keeps_rest=False)


def rest(seen: Assessment = SEEN) -> Assessment:
    return part_of(seen, (), BILL, keeps_rest=True)


def test_nothing_taken_is_the_whole() -> None:
    assert part_of(SEEN, (), (), keeps_rest=True) is SEEN


def test_part_and_rest_share_the_issues_between_them() -> None:
    assert (*rest().issues[:1], *bill().issues, *rest().issues[1:]) == SEEN.issues


def test_proof_elsewhere_leaves_an_item_open() -> None:
    assert bill().sections[Section.WHEN] == Finding(present=False, confidence=0.5)
    assert rest().sections[Section.WHEN].present


def test_proof_outside_all_issues_is_everybodys() -> None:
    assert bill().sections[Section.WHO].present
    assert rest().sections[Section.WHO].present
    assert bill().accounts == rest().accounts == SEEN.accounts


def test_proof_without_a_place_stays_with_the_mail() -> None:
    shown = Finding(present=True, answered=True, confidence=0.9)
    seen = replace(SEEN, sections={**SEEN.sections, Section.EVIDENCE: shown})
    assert rest(seen).sections[Section.EVIDENCE] == shown
    assert not bill(seen).sections[Section.EVIDENCE].present


def test_what_was_surely_absent_is_absent_in_every_part() -> None:
    assert bill().sections[Section.GOAL] == SEEN.sections[Section.GOAL]


def test_only_the_trouble_has_a_kind() -> None:
    seen = replace(SEEN, facets={Facet.ENDPOINTS: Finding(present=True, confidence=0.9, spans=TROUBLE)})
    assert (rest(seen).symptom_kind, bool(rest(seen).facets)) == (SEEN.symptom_kind, True)
    assert (bill(seen).symptom_kind, bill(seen).facets) == (None, {})


def test_hints_go_where_their_words_are() -> None:
    seen = replace(SEEN, hints=(Hint(kind="urgent", span=TROUBLE[0]), Hint(kind="reseller")))
    assert [hint.kind for hint in bill(seen).hints] == ["reseller"]
    assert [hint.kind for hint in rest(seen).hints] == ["urgent", "reseller"]


def test_an_issue_is_where_the_greater_part_of_it_is() -> None:
    one = SEEN.issues[1]
    start, end = one.spans[0]
    assert is_within(one, [Span(start, end - 1)])
    assert not is_within(one, [Span(start, start + 2)])
    assert not is_within(replace(one, spans=()), [Span(0, 999)])


@pytest.mark.parametrize(
    ("categories", "missing", "disposition"),
    [
        ((Category.TROUBLESHOOTING,), ("when",), Disposition.REQUEST_INFORMATION),
        ((Category.TROUBLESHOOTING,), (), Disposition.ACCEPT),
        ((Category.OUT_APPLICATION,), (), Disposition.OUT_OF_SCOPE),
        ((Category.OUT_APPLICATION, Category.UNDISCLOSED_PERFORMANCE), (), Disposition.POLICY_NOTICE),
        ((Category.ACKNOWLEDGEMENT, Category.OUT_UNRELATED), (), Disposition.NO_REPLY),
        ((), (), Disposition.NO_REPLY),
    ],
)
def test_a_part_is_disposed_of_as_a_mail(
    categories: tuple[Category, ...], missing: tuple[str, ...], disposition: Disposition
) -> None:
    assert disposition_of(categories, missing) is disposition
