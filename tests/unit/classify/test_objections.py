"""Answers that say that what we ask for was told already, and those that only sound like it."""

from __future__ import annotations

import pytest

from classify.objections import objection_in
from policy.pack import Pack

OBJECTIONS = [
    "発生日時は既に書きました。",
    "すでに最初のメールに記載しております。",
    "先ほどお送りしたメールに記載の通りです。",
    "ログは先ほどお送りしました。ご確認ください。",
    "インスタンスIDは前回お伝えしたとおりです。",
    "前のメールに書いてあります。",
    "以前ご連絡したとおり、昨日の18時からです。",
    "エラーメッセージは添付済みです。もう添付しましたが。",
    "同じことを何度も聞かれて困っています。",
    "メールをちゃんと読んでいただけていますか。",
    "最初に申し上げたとおり、東京リージョンです。",
    "I already wrote that it started yesterday at 6 pm.",
    "We've already provided the instance id.",
    "As I said, it is the Tokyo region.",
    "The time is in my first mail.",
    "The log was already attached to my first mail.",
    "I told you the region in my first message.",
    "Did you even read my email?",
    "You keep asking for the same thing.",
]
OTHERS = [
    "既に再起動しましたが直りません。",
    "すでに復旧しました。ありがとうございました。",
    "先ほど添付し忘れたログをお送りします。",
    "先ほどお送りしたメールに誤りがありました。正しくは18時です。",
    "先日ご連絡いただきました件、対応しました。",
    "前回お送りいただいた手順で試しました。",
    "以前ご連絡した件とは別の現象が発生しました。",
    "もう一度ログを添付しました。",
    "まだ送付しておりません。",
    "昨日の18時から発生しています。",
    "ご連絡ありがとうございます。リージョンは東京です。",
    "We have already restarted the instance.",
    "It already works again, thank you.",
    "I already sent a wrong log, here is the correct one: it was a mistake.",
    "It is already described in your documentation, but it does not work.",
    "Please read the attached log.",
    "I will send the log later as you asked.",
    "It started yesterday at 6 pm.",
    "",
]


@pytest.mark.parametrize("text", OBJECTIONS)
def test_it_was_told_already(text: str, pack: Pack) -> None:
    assert objection_in(f"いつもお世話になっております。\n{text}\nよろしくお願いします。", pack.cues) in text
    assert objection_in(text, pack.cues)


@pytest.mark.parametrize("text", OTHERS)
def test_it_only_sounds_like_it(text: str, pack: Pack) -> None:
    assert not objection_in(f"Hello,\n{text}\nBest regards", pack.cues)


def test_a_long_mail_costs_little(pack: Pack) -> None:
    assert not objection_in("既に" * 40_000 + "お", pack.cues)
