"""Merging what mails tell: in any order, any number of times, nothing that was given is lost."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from models.assessment import Facet, Finding, Section
from models.conversation import (
    How,
    Known,
    given_items,
    items_from_value,
    items_of,
    items_to_value,
    merged,
)
from tests.unit.responders.builders import seen

ITEMS = st.sampled_from(["symptom", "when", "where", "goal", "facet:steps", "link:goal"])
GIVEN = st.builds(Known, absence=st.just(0.0), mail_id=st.integers(1, 9), how=st.sampled_from(How))
ABSENT = st.builds(Known, absence=st.floats(0, 1).map(lambda p: round(p, 4)))
PARTS = st.dictionaries(ITEMS, st.one_of(GIVEN, ABSENT), max_size=6)


@given(st.lists(PARTS, max_size=4))
def test_mails_may_be_merged_in_any_order(parts: list[dict[str, Known]]) -> None:
    results = {tuple(merged(*order).items()) for order in permutations(parts)}
    assert len(results) == 1


@given(PARTS, PARTS, PARTS)
def test_merging_is_associative_and_idempotent(
    one: dict[str, Known], two: dict[str, Known], three: dict[str, Known]
) -> None:
    whole = merged(one, two, three)
    assert merged(merged(one, two), three) == whole == merged(one, merged(two, three))
    assert merged(whole, one) == merged(whole, whole) == whole


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_what_one_mail_gave_is_never_lost(parts: list[dict[str, Known]]) -> None:
    whole = merged(*parts)
    assert given_items(whole) == frozenset().union(*(given_items(part) for part in parts))
    assert set(whole) == {item for part in parts for item in part}
    for item, known in whole.items():
        every = [part[item] for part in parts if item in part]
        assert known in every
        assert known.absence == min(one.absence for one in every)


@given(PARTS)
def test_the_record_survives_the_database(items: dict[str, Known]) -> None:
    assert items_from_value(items_to_value(items)) == items


def test_something_told_counts_more_than_unknown_and_an_earlier_mail_more_than_a_later() -> None:
    unknown, told = Known(absence=0.0, mail_id=1, how=How.UNKNOWN), Known(absence=0.0, mail_id=3, how=How.WORDS)
    later = Known(absence=0.0, mail_id=5, how=How.FORM)
    assert merged({"when": unknown}, {"when": told}, {"when": later}) == {"when": told}
    assert merged({"when": unknown}, {"when": Known(absence=0.9)}) == {"when": unknown}


def test_a_mail_tells_of_every_item_that_was_looked_for() -> None:
    said_unknown = Finding(present=False, answered=True, confidence=0.9)
    reading = seen(
        "goal", findings={"when": said_unknown, "facet:command_result": Finding(present=False, confidence=0.7)}
    )
    items = items_of(7, reading, {"goal": How.INLINE})
    assert items["symptom"] == Known(absence=0.0, mail_id=7, how=How.WORDS)
    assert items["when"] == Known(absence=0.0, mail_id=7, how=How.UNKNOWN)
    assert items["goal"] == Known(absence=0.0, mail_id=7, how=How.INLINE)
    assert items[f"facet:{Facet.COMMAND_RESULT}"] == Known(absence=0.7)
    assert {section.value for section in Section} <= set(items)
    assert "link:goal" not in items, "nothing that is absent can be linked"
