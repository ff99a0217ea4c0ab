from __future__ import annotations

from classify.borders import cut
from classify.issues import Piece
from classify.segment import Document, make_document
from classify.units import units_of
from policy.pack import Pack

BODY = "OSSに保存できません。\n昨日からです。\nCDNの料金はいくらですか。"


def document(pack: Pack) -> Document:
    return make_document("2件", BODY, (), pack.cues)


def test_without_models_the_rules_cut_stands(pack: Pack) -> None:
    doc = document(pack)
    rules = (Piece(((0, 5),)), Piece(((5, 9),)))
    assert cut(doc, (), (), None, rules) == rules


def test_a_mail_that_is_surely_one_issue_is_not_cut_by_a_rule_alone(pack: Pack) -> None:
    doc = document(pack)
    units = units_of(doc)
    (piece,) = cut(doc, units, [0.0] * len(units), 0.1, (Piece(((0, 5),)), Piece(((5, 9),))))
    assert piece.text(doc) == doc.text


def test_several_issues_are_cut_at_the_likely_borders(pack: Pack) -> None:
    doc = document(pack)
    units = units_of(doc)
    borders = [0.9 if unit.text.startswith("CDN") else 0.05 for unit in units]
    pieces = cut(doc, units, borders, 0.8, (Piece(((0, len(doc.text)),)),))
    assert [piece.text(doc).startswith("CDN") for piece in pieces] == [False, True]


def test_doubtful_borders_leave_one_issue(pack: Pack) -> None:
    doc = document(pack)
    units = units_of(doc)
    assert len(cut(doc, units, [0.1] * len(units), 0.8, (Piece(((0, len(doc.text)),)),))) == 1
