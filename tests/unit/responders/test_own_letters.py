from __future__ import annotations

import pytest

from models.decision import LetterKind, PastLetter, ReplyState
from models.mail import Attachment, AutomaticKind
from responders.compose import compose
from responders.decide import decide
from responders.own_letters import texts_sent, without_our_words
from tests.unit.responders.builders import NOW, history, identity, mail, pack, seen


def letter(language: str = "ja") -> str:
    reading = seen("when", "goal", "who", language=language)
    reply = compose(mail(), reading, decide(mail(), reading, history(), pack()), history(), pack(), identity())
    assert reply is not None
    return reply.text


@pytest.mark.parametrize("language", ["ja", "en", "zh"])
def test_our_letter_sent_back_whole_is_a_loop_and_no_answer(language: str) -> None:
    text = letter(language)
    back = without_our_words(mail(reply_text=text), [text])
    assert back.reply_text == ""
    assert back.automation.kind is AutomaticKind.LOOP
    assert not back.automation.may_reply


def test_it_is_known_again_where_it_was_wrapped_or_marked_on_the_way() -> None:
    text = letter("en")
    rewrapped = "\n".join(f"| {line}" for line in text.replace("\n", " ").split(". "))
    assert without_our_words(mail(reply_text=rewrapped), [text]).automation.kind is AutomaticKind.LOOP


def test_the_customers_answers_stay_and_our_samples_go() -> None:
    text = letter()
    filled = text.replace("■ 発生日時：", "■ 発生日時：2026/11/24 9:15 (JST) から")
    came = without_our_words(mail(reply_text=f"下記のとおりです。\n\n{filled}"), [text])
    assert "下記のとおりです。" in came.reply_text
    assert "■ 発生日時：2026/11/24 9:15 (JST) から" in came.reply_text
    assert "2026/11/22 09:15" not in came.reply_text, "our own sample is no answer"
    assert came.automation.kind is None


def test_short_answers_and_attachments_are_the_customers() -> None:
    text = letter()
    assert without_our_words(mail(reply_text="不明"), [text]).reply_text == "不明"
    shot = (Attachment(filename="screen.png", content_type="image/png", size=9, part=1),)
    assert without_our_words(mail(reply_text=text, attachments=shot), [text]).automation.kind is None


@pytest.mark.parametrize(
    "answer",
    [
        "Elastic Compute Service (ECS)",
        "i-6we0a1b2c3d4e5f6g7h8",
        "ECS (i-6we0a1b2c3d4e5f6g7h8)",
        "5123456789012345",
    ],
)
def test_an_answer_that_our_letter_says_too_is_still_an_answer(answer: str) -> None:
    """Our letters repeat what the customer wrote; when he writes it again, he answers."""
    text = (
        f"{letter()}\n・製品：Elastic Compute Service (ECS)\n・対象：ECS (i-6we0a1b2c3d4e5f6g7h8)\n5123456789012345\n"
    )
    came = mail(reply_text=answer)
    assert without_our_words(came, [text]) is came


def test_a_few_lines_of_ours_alone_are_no_loop() -> None:
    text = letter()
    lines = [line for line in text.split("\n") if len(line) > 15][:2]
    came = mail(reply_text="\n".join(lines))
    assert without_our_words(came, [text]) is came


@pytest.mark.parametrize("language", ["ja", "en"])
def test_half_a_letter_of_ours_and_nothing_else_is_a_loop_too(language: str) -> None:
    text = letter(language)
    lines = text.split("\n")
    back = without_our_words(mail(reply_text="\n".join(lines[: len(lines) // 2])), [text])
    assert (back.reply_text, back.automation.kind) == ("", AutomaticKind.LOOP)


def test_an_answer_among_lines_of_ours_stays_though_our_letter_says_it_too() -> None:
    text = f"{letter()}\nECS (i-6we0a1b2c3d4e5f6g7h8)\n"
    came = mail(reply_text="お世話になっております。\nECS (i-6we0a1b2c3d4e5f6g7h8)\nよろしくお願いいたします。")
    assert "i-6we0a1b2c3d4e5f6g7h8" in without_our_words(came, [text]).reply_text


def test_only_letters_that_may_have_gone_out_are_ours_to_come_back() -> None:
    past = [
        PastLetter(kind=LetterKind.REMINDER, state=state, at=NOW, message_id=state.value, text=state.value)
        for state in ReplyState
    ]
    assert set(texts_sent(past)) == {"queued", "sent", "bounced"}


def test_a_mail_without_our_words_stays_as_it_is() -> None:
    came = mail()
    assert without_our_words(came, [letter()]) is came
    assert without_our_words(came, []) is came
