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


def test_what_a_certain_rule_finds_is_never_surely_absent(doc: Document) -> None:
    found = finding(doc, [Hit(7, 30, "resource_id", 0.97)], Opinion(probability=0.05))
    assert (found.present, found.confidence) == (False, 0.55)
    assert found.proof == ("model:0.05", "rules:0.97")


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


def test_proof_is_what_the_taggers_see_and_what_is_certain(pack: Pack) -> None:
    doc = make_document("件名", "昨日から失敗します。\n11/30までに直してください。", (), pack.cues)
    first, second = doc.lines[1], doc.lines[2]
    hits = [Hit(first.start, first.start + 2, "relative_time", 0.9), Hit(second.start, second.start + 5, "date", 0.85)]
    seen = Opinion(probability=0.9, spans=((first.start, first.end),))
    assert [doc.text[slice(*span)] for span in finding(doc, hits, seen).spans] == ["昨日"]
    assert [doc.text[slice(*span)] for span in finding(doc, hits, seen, whole=True).spans] == ["昨日から失敗します。"]
    certain = [*hits, Hit(second.start, second.start + 5, "log", 0.95)]
    assert [doc.text[slice(*span)] for span in finding(doc, certain, seen).spans] == ["昨日", "11/30"]


def test_presence_begins_at_the_labels_own_threshold_and_what_lies_between_is_unsure(pack: Pack) -> None:
    doc = make_document("件名", "失敗します。", (), pack.cues)
    between = finding(doc, [], Opinion(probability=0.6, threshold=0.7))
    assert (between.present, between.confidence) == (False, 0.5)
    assert finding(doc, [], Opinion(probability=0.75, threshold=0.7)).present
