"""Answers by their place: in the form, between the quoted lines, under a number, or to the only question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Assessment, Category, Hint
from models.conversation import How
from models.decision import LetterKind, OpenTicket
from models.mail import InlineAnswer
from responders.placed import is_answer_here, placed_answers
from tests.unit.responders.builders import issue, mail, pack, past, seen, ticket

LETTER = """(1) 発生日時・発生の状況
いつから発生していますか。

(2) 発生場所
どのサービスの、どのリージョンで発生していますか。

(3) ゴール
どのような状態になれば解決とお考えか、お知らせください。
"""
ASKED = ("when", "course", "where", "goal")
SAYS_NOTHING = seen("symptom", "evidence", "when", "where", "who", "materials", "goal", issues=(), kind=None)


def asked(*missing: str, text: str = LETTER, **changes: object) -> OpenTicket:
    letter = replace(past(LetterKind.REQUEST_INFORMATION), text=text)
    return ticket(letter, asked=ASKED, settled=("symptom",), missing=missing or ("when", "where", "goal"), **changes)


def told(
    text: str, *, reading: Assessment = SAYS_NOTHING, to: OpenTicket | None = None, **changes: object
) -> dict[str, How]:
    return placed_answers(mail(reply_text=text, **changes), reading, to or asked(), pack())


def between(*pairs: tuple[str, str]) -> dict[str, How]:
    answers = tuple(InlineAnswer(question, answer) for question, answer in pairs)
    return told("", inline_answers=answers)


def test_an_answer_below_a_question_answers_it_whatever_it_says() -> None:
    assert between(("(2) 発生場所\nどのサービスの、どのリージョンで発生していますか。", "東京です。")) == {
        "where": How.INLINE
    }
    assert between(("Where", "Tokyo"), ("(3) ゴール", "直ること")) == {"where": How.INLINE, "goal": How.INLINE}
    assert between(("発生場所:", "不明です。")) == {"where": How.UNKNOWN}
    assert between(("発生場所:", "不明ですが、コンソールでは東京リージョンのゾーンAと表示されています。")) == {
        "where": How.INLINE
    }


def test_a_question_whose_title_was_cut_away_is_known_by_its_words() -> None:
    assert between(("いつから発生していますか。", "昨日の10時からです。")) == {"when": How.INLINE}
    assert between(("When did it start?", "yesterday 10am")) == {"when": How.INLINE}


def test_a_title_of_two_items_is_answered_as_a_whole_unless_the_words_tell_which() -> None:
    pair = ("(1) 発生日時・発生の状況", "昨日の10時からです。")
    assert between(pair) == {"when": How.INLINE, "course": How.INLINE}
    reading = seen("symptom", "evidence", "where", "goal", issues=(), kind=None)
    answers = (InlineAnswer(*pair),)
    assert told("", reading=reading, inline_answers=answers) == {"when": How.INLINE}


@pytest.mark.parametrize(
    "answer",
    [
        "後ほどお送りします。",
        "確認してご連絡いたします。",
        "ログはどこで見られますか？",
        "",
        "will check and get back to you",
    ],
)
def test_a_promise_and_a_question_back_are_no_answers(answer: str) -> None:
    assert between(("(2) 発生場所", answer)) == {}
    assert not is_answer_here(answer, pack())


def test_what_was_not_asked_is_not_answered() -> None:
    assert between(("(4) 操作アカウント", "root です。")) == {}
    assert placed_answers(mail(), SAYS_NOTHING, None, pack()) == {}


def test_numbers_are_those_of_our_questions_if_one_is_read_as_its_answer() -> None:
    text = "(1) 昨日の10時から\n(2) 東京\n(3) 直れば結構です"
    reading = seen("symptom", "evidence", "where", "goal", issues=(), kind=None)
    assert told(text, reading=reading) == {"when": How.NUMBERED, "where": How.NUMBERED, "goal": How.NUMBERED}
    circled = text.replace("(1)", "①").replace("(2)", "②").replace("(3)", "③")
    assert told(circled, reading=reading)["where"] is How.NUMBERED
    assert told(text) == {}, "a list of his own, perhaps of steps"
    assert told("1. 起動した\n2. ログインした\n3. 失敗した\n4. 再起動した", reading=reading) == {}, "more than we asked"
    assert "where" not in told("(1) 昨日から\n(2) 後ほど\n(3) 直ること", reading=reading)


def test_the_form_counts_before_all() -> None:
    reading = seen("symptom", "evidence", "where", "goal", issues=(), kind=None)
    assert told("■ 発生場所：東京\n■ ゴール：特になし") == {"where": How.FORM, "goal": How.UNKNOWN}
    assert told("■ 発生場所：東京\n(1) 昨日の10時から\n(3) 直ること", reading=reading)["where"] is How.FORM


@pytest.mark.parametrize(
    "text",
    [
        "東京です。",
        "いつもお世話になっております。\n東京です。\nよろしくお願いいたします。",
        "承知しました。東京です。",
    ],
)
def test_a_short_answer_to_the_only_question_answers_it(text: str) -> None:
    assert told(text, to=asked("where")) == {"where": How.ONLY}


@pytest.mark.parametrize(
    "text",
    [
        "ありがとうございます。",
        "承知いたしました。よろしくお願いいたします。",
        "Understood, thanks mate.",
        "確認して折り返します。",
        "それはどこで分かりますか。",
        "了解です。至急対応をお願いします。",
        "はい。",
        "まだですか。",
        "お急ぎでお願いします。困っています。",
        "ご確認のほどよろしくお願いいたします。",
        "Please help quickly.",
        "Any update on this",
        "あ" * 300,
    ],
)
def test_thanks_promises_questions_and_long_texts_do_not(text: str) -> None:
    assert told(text, to=asked("where")) == {}


@pytest.mark.parametrize(
    ("item", "yes", "no"),
    [
        (
            "when",
            ["昨日の10時からです。", "2026/11/23 22:00", "Since yesterday.", "毎晩です。"],
            ["東京です。", "エラーは同じです。"],
        ),
        (
            "goal",
            ["SSHでログインできることです。", "直れば結構です。", "When we can log in again."],
            ["東京です。", "エラーは同じです。"],
        ),
    ],
)
def test_what_answers_the_only_question_sounds_like_it(item: str, yes: list[str], no: list[str]) -> None:
    assert [told(text, to=asked(item)) for text in yes] == [{item: How.ONLY}] * len(yes)
    assert [told(text, to=asked(item)) for text in no] == [{}] * len(no)


def test_with_several_questions_open_nothing_is_guessed() -> None:
    assert told("東京です。") == {}


def test_another_matter_a_word_that_it_is_solved_and_waiting_for_recurrence_do_not_answer() -> None:
    other = seen("where", issues=(issue(Category.PAYMENT_BILLING, "oss"),), kind=None)
    assert told("請求書をください。", reading=other, to=asked("where")) == {}
    solved = replace(SAYS_NOTHING, hints=(Hint(kind="wants_close"),))
    assert told("解決しました。", reading=solved, to=asked("where")) == {}
    assert told("東京です。", to=asked("where", state="waiting_recurrence")) == {}
