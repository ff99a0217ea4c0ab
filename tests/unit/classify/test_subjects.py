from __future__ import annotations

import numpy as np

from classify.products import mentions
from classify.segment import make_document
from classify.subjects import COLUMNS, chosen, subject_rows
from classify.units import units_of
from policy.pack import Pack

THANKS, IN_SUBJECT = 10, 3  # columns


def test_the_likeliest_product_is_taken_and_the_others_from_an_even_chance() -> None:
    assert chosen({"ecs": 0.45, "vpc": 0.1}, {"ecs", "vpc"}) == (("ecs",), ("vpc",))
    assert chosen({"oss": 0.9, "cdn": 0.6, "ecs": 0.2}, {"oss", "cdn", "ecs"}) == (("oss", "cdn"), ("ecs",))
    assert chosen({"ram": 0.2}, {"ram"}) == ((), ("ram",))
    assert chosen({}, ()) == ((), ())


def test_a_row_knows_thanks_for_another_matter_and_the_subject(pack: Pack) -> None:
    doc = make_document(
        "Bastionhostに接続できない",
        "VPN Gatewayの件ではありがとうございました。\nBastionhostに入れません。",
        (),
        pack.cues,
    )
    units = units_of(doc)
    found = subject_rows(doc, [(0, len(doc.text))], mentions(doc, pack), pack, units, np.zeros(len(units)), {}, {})
    assert set(found) == {"bastionhost", "vpn"}
    assert (found["vpn"][THANKS], found["bastionhost"][THANKS]) == (1.0, 0.0)
    assert (found["vpn"][IN_SUBJECT], found["bastionhost"][IN_SUBJECT]) == (0.0, 1.0)


def test_a_product_that_only_the_words_sound_like_is_weighed_and_never_context(pack: Pack) -> None:
    doc = make_document("自動スナップショット", "毎晩のスナップショットが作られていません。", (), pack.cues)
    sounds = {"ebs": 0.7, "ecs": 0.1}
    found = subject_rows(doc, [(0, len(doc.text))], (), pack, (), np.zeros(0), {}, sounds)
    assert list(found) == ["ebs"]
    assert len(found["ebs"]) == COLUMNS + 5
    assert chosen({"ebs": 0.6}, ()) == (("ebs",), ())
    assert chosen({"ebs": 0.45}, ()) == ((), ())
