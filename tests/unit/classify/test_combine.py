from __future__ import annotations

import pytest

from classify.combine import finding
from classify.hits import Hit
from classify.scorer import Opinion
from classify.segment import Document, make_document
from policy.pack import Pack


@pytest.fixture
def doc(pack: Pack) -> Document:
    return make_document("件名", "ECS i-6we1a2b3c4d5e6f7g8h9 に接続できません。\n昨日の夕方からです。", (), pack.cues)


def test_a_certain_rule_is_worth_more_than_a_models_doubt(doc: Document) -> None:
    found = finding(doc, [Hit(7, 30, "resource_id", 0.97)], Opinion(probability=0.05))
    assert found.present
    assert 0.5 <= found.confidence < 0.8
    assert found.proof == ("rule:resource_id", "model:0.05")


def test_a_model_alone_shows_the_words_that_spoke_for_it(doc: Document) -> None:
    found = finding(doc, [], Opinion(probability=0.9, spans=((38, 47),)))
    assert found.present
    assert found.spans[0].end > found.spans[0].start


def test_an_absence_has_no_proof_but_a_probability(doc: Document) -> None:
    found = finding(doc, [Hit(3, 6, "weak", 0.4)], Opinion(probability=0.1))
    assert not found.present
    assert found.confidence == pytest.approx(0.9)
    assert found.spans == ()


def test_unknown_is_an_answer(doc: Document) -> None:
    found = finding(doc, [], Opinion(probability=0.1), answered=True)
    assert (found.present, found.answered) == (False, True)


def test_rules_alone_are_shy_of_an_absence(doc: Document) -> None:
    assert finding(doc, [], None, floor=0.3).confidence == pytest.approx(0.7)
