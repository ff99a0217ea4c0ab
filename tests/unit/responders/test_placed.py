"""Answers by their place: in the form, between the quoted lines, under a number, or to the only question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Assessment, Category, Hint
from models.conversation import How
from models.decision import LetterKind, OpenTicket
from models.mail import Attachment, InlineAnswer
from responders.answers import is_answer_here, says_unknown
from responders.placed import placed_answers
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
    text: str, /, *, reading: Assessment = SAYS_NOTHING, to: OpenTicket | None = None, **changes: object
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


def test_unknown_under_a_number_is_unknown() -> None:
    reading = seen("symptom", "evidence", "where", "goal", issues=(), kind=None)
    assert told("(1) 昨日から\n(2) 不明\n(3) 直ること", reading=reading) == {
        "when": How.NUMBERED,
        "where": How.UNKNOWN,
        "goal": How.NUMBERED,
    }
    assert told("(1) 不明\n(2) わかりません") == {"when": How.UNKNOWN, "course": How.UNKNOWN, "where": How.UNKNOWN}


UNKNOWN = [
    "不明",
    "不明です。",
    "わかりません。",
    "覚えていません。",
    "記憶にありません。",
    "発生日時は不明です。",
    "発生日時については、わかりかねます。",
    "いつからかはわかりません。",
    "いつから起きているかは把握しておりません。",
    "申し訳ありませんが、正確な時刻は分かりません。",
    "特になし",
    "unknown",
    "I don't know.",
    "I don’t remember.",
    "Sorry, we do not know exactly.",
    "I'm not sure when it started.",
    "The exact time is unknown.",
    "n/a",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_answers_the_only_question(text: str) -> None:
    assert told(text, to=asked("when")) == {"when": How.UNKNOWN}
    polite = f"お世話になっております。\n{text}\nよろしくお願いいたします。"
    assert told(polite, to=asked("when")) == {"when": How.UNKNOWN}


def test_unknown_answers_all_that_is_open_in_the_only_question() -> None:
    open_still = ("facet:steps", "facet:error_message")
    to = replace(asked(*open_still), asked=frozenset(open_still))
    assert told("不明です。", to=to) == dict.fromkeys(open_still, How.UNKNOWN)
    assert told("起動のボタンを押しただけです。", to=to) == {"facet:steps": How.ONLY}, "the message is open still"


@pytest.mark.parametrize(
    "text",
    [
        "原因が不明です。",
        "ログの取り方がわかりません。",
        "不明点はありません。",
        "I don't know how to open the console.",
        "None of our people answered.",
        "操作がわからないので教えてください。",
        "なしのつぶてで困っています。",
    ],
)
def test_what_is_not_known_otherwise_answers_nothing(text: str) -> None:
    assert told(text, to=asked("when")) == {}
    assert not says_unknown(text, pack(), ("when",))


NO_ANSWERS = [
    "確認してご連絡します",
    "どこで確認できますか？",
    "調査中です。",
    "調査中",
    "（後ほど）",
    "※調べています",
    "?",
    "・",
    "…",
    "(記入)",
    "ここに記入してください",
    "未記入",
    "以下のとおり",
    "上記の通りです。",
    "前回のメールに書きました",
    "先ほどお伝えしたとおりです。",
    "添付のとおり",
    "詳細は別紙をご参照ください",
    "社内で確認いたします",
    "11/24までに確認してご連絡します",
    "いつの時刻を書けばよいでしょうか",
    "see above",
    "as described in my previous mail",
    "to be filled in",
    "(tbd)",
    "checking with the team",
    "Which time zone?",
]


@pytest.mark.parametrize("value", NO_ANSWERS)
def test_promises_questions_marks_and_hints_in_the_form_are_no_answers(value: str) -> None:
    assert told(f"■ 発生日時：{value}") == {}
    assert told("", text=f"下記に記入しました。\n\n> ■ 発生日時：{value}\n> ■ ゴール：") == {}
    assert between(("(1) 発生日時・発生の状況", value)) == {}


@pytest.mark.parametrize(
    "value",
    [
        "11/23 22時頃",
        "11/23 22:00頃?",
        "11/23 22:00頃に発生を確認しております",
        "昨日の朝、出社時に確認しました。原因は調査中です。",
        "昨夜(詳しい時刻はログを確認中です)",
        "2026-11-23",
        "先週",
        "Monday morning",
        "about 10 am (checking the log for the exact time)",
        "添付のログのとおり、11/23 22:03:11 から",
        "以下のとおり 11/23 22:03",
        "リリース直後",
        "だいぶ前",
    ],
)
def test_what_tells_something_in_the_form_is_an_answer(value: str) -> None:
    assert told(f"■ 発生日時：{value}") == {"when": How.FORM}
    assert told("", text=f"> ■ 発生日時：{value}\n> ■ ゴール：") == {"when": How.FORM}


@pytest.mark.parametrize("value", ["-", "－", "なし", "特になし", "N/A", "不明", "覚えていません", "none", "not sure"])
def test_none_and_unknown_in_the_form_are_answers(value: str) -> None:
    assert told(f"■ 発生日時：{value}") == {"when": How.UNKNOWN}


def test_an_answer_in_the_form_stands_whatever_is_said_below_it() -> None:
    below = "\nログは後ほど送ります。\nどのログを送ればよいでしょうか？"
    assert told(f"■ ゴール：接続できること{below}") == {"goal": How.FORM}
    assert told("■ ゴール：\n接続できることです。") == {"goal": How.FORM}
    assert told("■ ゴール：\n\n接続できることです。") == {"goal": How.FORM}


def test_ditto_in_the_form_is_what_stands_above_it() -> None:
    assert told("■ 発生場所：東京\n■ ゴール：同上") == {"where": How.FORM, "goal": How.FORM}
    assert told("", text="> ■ 発生場所：不明\n> ■ ゴール：同上です。") == {"where": How.UNKNOWN, "goal": How.UNKNOWN}
    assert told("■ 発生場所：後ほど\n■ ゴール：同上") == {}
    assert told("■ 発生日時：同上") == {}


def test_an_older_letter_quoted_below_empties_no_line() -> None:
    assert told("", text="> ■ 発生場所：東京\n> > 以前のメール\n>> ■ 発生場所：") == {"where": How.FORM}


def test_thanks_and_a_name_below_an_empty_line_of_the_form_fill_nothing_in() -> None:
    assert told("■ 発生日時：11/23\n■ ゴール：\n\nよろしくお願いいたします。\n山田太郎") == {"when": How.FORM}


def test_a_hint_at_a_file_is_an_answer_where_a_file_came() -> None:
    files = (Attachment(filename="error.log", content_type="text/plain", size=10, part=1),)
    answers = (InlineAnswer("(2) 発生場所", "添付のとおりです。"),)
    assert told("", inline_answers=answers, attachments=files) == {"where": How.INLINE}


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
