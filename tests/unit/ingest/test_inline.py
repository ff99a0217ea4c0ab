"""Answers between quotes keep the question they stand under."""

from __future__ import annotations

from ingest.inline import inline_answers

INTRO = "2026/11/22 10:15、サポート受付 <support@desk.example> のメール:"


def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(one) for one in inline_answers(text)]  # type: ignore[misc]


def test_each_answer_stands_with_its_question() -> None:
    text = f"佐藤です。\n\n{INTRO}\n\n> お世話になっております。\n>\n> 1. いつから発生していますか。\n昨日の10時頃からです。\n> 2. どのリージョンですか。\n> 例: 東京\n\n東京です。\n2 台とも同じです。\n\n> よろしくお願いいたします。\n\n-- \n佐藤\nTEL: 03-0000-0000\n"
    assert pairs(text) == [
        ("1. いつから発生していますか。", "昨日の10時頃からです。"),
        ("2. どのリージョンですか。\n例: 東京", "東京です。\n2 台とも同じです。"),
    ]


def test_a_reply_above_or_below_one_quote_is_no_inline_answer() -> None:
    assert pairs(f"昨日からです。\n\n{INTRO}\n> いつからですか。\n> どこですか。") == []
    assert pairs(f"{INTRO}\n> いつからですか。\n> どこですか。\n\n昨日から、東京です。") == []
    assert pairs("起動しません。") == []


def test_an_answer_below_the_last_quote_belongs_to_it_too() -> None:
    assert pairs(f"{INTRO}\n> いつからですか。\n昨日です。\n> どこですか。\n東京です。") == [
        ("いつからですか。", "昨日です。"),
        ("どこですか。", "東京です。"),
    ]
