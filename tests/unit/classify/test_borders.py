from __future__ import annotations

import pytest

from classify.borders import announcements, cut
from classify.issues import Piece
from classify.products import mentions
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


@pytest.mark.parametrize(
    ("subject", "body", "places"),
    [
        ("EDSの不具合2件", "1件目。文字が化けます。\n2件目。マイクが認識されません。", [0]),
        ("質問", "困っていることが二つあります。", [1]),
        ("質問", "(A) SSHで入れません。\n(B) 502になります。\n(C) 請求書も。", [3]),
        ("メール未達、ドメイン更新、SPFの件", "お願いします。", [4]),
        ("ECSとRDSの件", "お願いします。", [4, 6]),
        ("Setup", "Several details. It's all the same thing.", [7]),
        ("接続できません", "昨日から接続できません。", []),
    ],
)
def test_a_mail_may_say_itself_how_many_matters_it_brings(
    subject: str, body: str, places: list[int], pack: Pack
) -> None:
    doc = make_document(subject, body, (), pack.cues)
    said = announcements(doc, units_of(doc), mentions(doc, pack), pack)
    assert all(said[place] for place in places)
    if not places:
        assert not said[[0, 1, 3, 4, 6, 7]].any()
