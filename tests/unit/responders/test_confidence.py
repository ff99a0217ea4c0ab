from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decision import Disposition
from responders.confidence import decision_confidence
from responders.items import Checked, Presence

SURE = st.floats(0, 1)


def there(absence: float) -> Checked:
    return Checked(item="when", presence=Presence.THERE, absence=absence)


def absent(absence: float) -> Checked:
    return Checked(item="when", presence=Presence.ABSENT, absence=absence)


def test_an_acceptance_of_certain_items_is_as_sure_as_the_reading() -> None:
    assert decision_confidence(Disposition.ACCEPT, 0.9, [there(0.0), there(0.0)]) == pytest.approx(0.9)
    assert decision_confidence(Disposition.ACCEPT, 0.9, []) == pytest.approx(0.9)


def test_one_item_that_is_surely_absent_makes_a_request_right() -> None:
    one = decision_confidence(Disposition.REQUEST_INFORMATION, 1.0, [absent(0.9)])
    two = decision_confidence(Disposition.REQUEST_INFORMATION, 1.0, [absent(0.9), absent(0.9)])
    assert one == pytest.approx(0.9)
    assert two == pytest.approx(0.99)


def test_doubt_over_an_item_that_may_be_absent_weighs_on_an_acceptance() -> None:
    doubtful = Checked(item="goal", presence=Presence.UNSURE, absence=0.6)
    assert decision_confidence(Disposition.ACCEPT, 1.0, [there(0.02), doubtful]) < 0.5


@given(st.lists(SURE, max_size=6), SURE, SURE, SURE)
def test_more_certainty_never_lowers_confidence(others: list[float], reading: float, one: float, more: float) -> None:
    low, high = sorted((one, more))
    rest = [there(value) for value in others]
    sure = decision_confidence(Disposition.ACCEPT, reading, [*rest, there(low)])
    less = decision_confidence(Disposition.ACCEPT, reading, [*rest, there(high)])
    assert 0 <= less <= sure + 1e-9 <= 1 + 1e-9
    asked = [decision_confidence(Disposition.REQUEST_INFORMATION, reading, [absent(value)]) for value in (low, high)]
    assert 0 <= asked[0] <= asked[1] <= 1
