"""What a ticket of some matter lacks."""

from __future__ import annotations

from dataclasses import replace

from desk.lacking import lacks_by
from models.assessment import Category, SymptomKind
from models.conversation import How, Known, given
from models.shaping import Whole
from policy.pack import Pack

ABSENT = Known(absence=0.95)
DOUBTED = Known(absence=0.6)
BILL = Whole(categories=(Category.PAYMENT_BILLING,), kind=None, items={"symptom": given(1, How.WORDS), "who": ABSENT})


def test_what_is_surely_absent_is_missing(pack: Pack) -> None:
    assert lacks_by(pack)(BILL) == (("who",), ())


def test_what_is_doubted_or_was_never_looked_for_is_unsure(pack: Pack) -> None:
    assert lacks_by(pack)(replace(BILL, items={**BILL.items, "who": DOUBTED})) == ((), ("who",))
    assert lacks_by(pack)(replace(BILL, items={})) == ((), ("symptom", "who"))


def test_what_was_unsure_stays_so_unless_someone_is_certain(pack: Pack) -> None:
    before = replace(BILL, unsure=("who",))
    assert lacks_by(pack)(before) == ((), ("who",))
    certain = replace(before, items={**BILL.items, "who": Known(absence=1.0)})
    assert lacks_by(pack)(certain) == (("who",), ())


def test_facets_are_those_of_the_kind(pack: Pack) -> None:
    whole = Whole(categories=(Category.TROUBLESHOOTING,), kind=SymptomKind.ERROR, items={"facet:steps": ABSENT})
    missing, unsure = lacks_by(pack)(whole)
    assert "facet:steps" in missing
    assert "facet:error_message" in unsure
    assert not {"facet:endpoints"} & {*missing, *unsure}


def test_a_link_is_missed_only_where_a_decision_missed_it(pack: Pack) -> None:
    whole = Whole(
        categories=(Category.TROUBLESHOOTING,),
        kind=None,
        items={"symptom": given(1, How.WORDS), "goal": given(1, How.WORDS)},
    )
    lacks = lacks_by(pack)
    assert "link:goal" not in {*lacks(whole)[0], *lacks(whole)[1]}
    assert "link:goal" in lacks(replace(whole, missing=("link:goal",)))[0]
    without_goal = replace(whole, missing=("link:goal",), items={"symptom": given(1, How.WORDS)})
    assert "link:goal" not in lacks(without_goal)[0]


def test_who_is_required_where_a_permission_is_refused(pack: Pack) -> None:
    whole = Whole(categories=(Category.TROUBLESHOOTING,), kind=None, items={"who": ABSENT}, has_permission_error=True)
    assert "who" in lacks_by(pack)(whole)[0]
    assert "who" not in lacks_by(pack)(replace(whole, has_permission_error=False))[0]


def test_what_is_no_business_of_the_desk_lacks_nothing(pack: Pack) -> None:
    assert lacks_by(pack)(Whole(categories=(Category.OUT_UNRELATED,), kind=None, items={})) == ((), ())
