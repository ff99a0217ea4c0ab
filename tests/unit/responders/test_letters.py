from __future__ import annotations

import re

import pytest

from models.assessment import Category, Hint, Secret, Span
from models.decision import LetterKind, Reply
from models.mail import Address, Mail, Trust
from responders.compose import compose
from responders.decide import decide
from responders.wrap import WIDTH, columns
from tests.unit.responders.builders import history, identity, issue, mail, pack, seen
from tests.unit.responders.letters_of_record import GOLDEN, letters

LETTERS = letters()


def letter(*absent: str, came: Mail | None = None, is_trusted: bool = True, **changes: object) -> Reply:
    came = came or mail()
    reading = seen(*absent, **changes)  # type: ignore[arg-type]
    decision = decide(came, reading, history(), pack())
    reply = compose(came, reading, decision, history(), pack(), identity(is_trusted=is_trusted))
    assert reply is not None
    return reply


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_the_letter_is_the_one_that_was_reviewed(name: str) -> None:
    assert (GOLDEN / f"{name}.txt").read_text(encoding="utf-8") == LETTERS[name]


def test_no_letter_of_record_is_without_its_source() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(LETTERS)
    assert {kind.value for kind in LetterKind} <= {name[3:] for name in LETTERS}


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_every_letter_keeps_the_etiquette(name: str) -> None:
    text, language = LETTERS[name], name[:2]
    assert "T000123" in text.splitlines()[0]
    assert "T000123" in text.partition("\n\n")[2]
    assert [word for word in pack().banned_words[language] if word.casefold() in text.casefold()] == []
    assert pack().texts["how_to_reply"][language].split("、")[0][:12] in text
    assert "さん" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("name", sorted(name for name in LETTERS if name.startswith("ja_")))
def test_every_japanese_letter_survives_iso_2022_jp(name: str) -> None:
    text = LETTERS[name]
    assert text.encode("iso2022_jp").decode("iso2022_jp") == text


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_lines_keep_to_the_usual_width(name: str) -> None:
    body = LETTERS[name].partition("\n\n")[2]
    assert [line for line in body.splitlines() if columns(line) > WIDTH] == []


@pytest.mark.parametrize("name", sorted(name for name in LETTERS if "request" in name or "follow" in name))
def test_every_question_has_an_example_and_a_line_in_the_form(name: str) -> None:
    text = LETTERS[name]
    numbers = re.findall(r"^\((\d)\) ", text, re.MULTILINE)
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert 1 <= len(numbers) <= pack().limits.max_questions
    assert len(re.findall(r"^(?:例：|For example: )", text, re.MULTILINE)) == len(numbers)
    assert len(re.findall(r"^(?:■ .*：|\* .*:)$", text, re.MULTILINE)) >= len(numbers)


def test_both_languages_ask_for_the_same_things() -> None:
    for name in (one[3:] for one in LETTERS if one.startswith("ja_")):
        ja, en = LETTERS[f"ja_{name}"], LETTERS[f"en_{name}"]
        assert len(re.findall(r"^■ ", ja, re.MULTILINE)) == len(re.findall(r"^\* ", en, re.MULTILINE)), name


def test_an_unproven_senders_words_are_not_repeated() -> None:
    came = mail(
        sender=Address(addr="yamada@sample.example", name="Cheap Pills"),
        subject="buy at http://evil.example now",
    )
    issues = (issue(gist="see www.evil.example"), issue(Category.HOW_TO, "oss", gist="cheap pills"))
    reply = letter(came=came, is_trusted=False, issues=issues)
    whole = f"{reply.subject}\n{reply.text}"
    assert "evil" not in whole
    assert "pills" not in whole.casefold()
    assert reply.text.startswith("お客様\n")
    assert "Object Storage Service" in reply.text


@pytest.mark.parametrize(("trust", "is_trusted"), [(Trust.ALIGNED, False), (Trust.UNCHECKED, True)])
def test_a_proven_sender_is_named_and_his_matter_repeated_without_links(trust: Trust, is_trusted: bool) -> None:
    issues = (
        issue(gist="接続できない https://sample.example/x"),
        issue(Category.HOW_TO, "oss", gist="バケットの作り方"),
    )
    reply = letter(came=mail(trust=trust), is_trusted=is_trusted, issues=issues)
    assert reply.text.startswith("株式会社サンプル 山田太郎様\n")
    assert "バケットの作り方" in reply.text
    assert "sample.example" not in reply.text


def test_secrets_are_never_quoted_back() -> None:
    text = "key LTAI5tExampleKey を使うと失敗\n本文"
    reply = letter(
        "when",
        came=mail(subject="key LTAI5tExampleKey を使うと失敗"),
        text=text,
        secrets=(Secret(kind="access_key", span=Span(4, 20)),),
        issues=(issue(gist="LTAI5tExampleKey で失敗"),),
    )
    assert "LTAI5tExampleKey" not in reply.subject + reply.text
    assert "key **** を使うと失敗" in reply.subject
    assert pack().texts["secrets_seen"]["ja"][:10] in reply.text


def test_accounts_are_masked() -> None:
    reply = letter(multiple_accounts=True, accounts=("5123456789012345", "5987654321098765"))
    assert "5123********2345" in reply.text
    assert "5123456789012345" not in reply.text


def test_understood_values_come_from_the_pack_and_times_carry_their_zone() -> None:
    hints = (
        Hint(kind="region", value="ap-northeast-1"),
        Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8"),
        Hint(kind="resource", value="http://evil.example/i-6we0a1b2c3d4e5f6g7h8"),
        Hint(kind="when", value="2026-11-23T23:30:00+00:00"),
    )
    text = letter("goal", hints=hints).text
    assert "・リージョン：日本 (東京)" in text
    assert "・対象のリソース：i-6we0a1b2c3d4e5f6g7h8\n" in text
    assert "・日時：2026/11/24 08:30 (JST)" in text
    assert "evil" not in text
    assert pack().texts["keep_resources"]["ja"].split("、")[0] in text


def test_resources_are_not_spoken_of_where_none_is_named() -> None:
    assert pack().texts["keep_resources"]["ja"].split("、")[0] not in letter("goal").text


def test_a_language_without_letters_is_drafted_in_english() -> None:
    assert letter("when", language="zh").language == "en"


def test_no_letter_no_message() -> None:
    thanks = seen(issues=(issue(Category.ACKNOWLEDGEMENT),))
    decision = decide(mail(), thanks, history(), pack())
    assert compose(mail(), thanks, decision, history(), pack(), identity()) is None


def test_template_marks_in_a_mail_stay_text() -> None:
    reply = letter(issues=(issue(gist="{{ desk.name }} {% raw %}"), issue(Category.HOW_TO, "oss")))
    assert "{{ desk.name }} {% raw %}" in reply.text
