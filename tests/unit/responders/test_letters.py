from __future__ import annotations

import re
from dataclasses import replace

import pytest

from models.assessment import Category, Hint, Secret, Span, SymptomKind
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


IN_ONE_LANGUAGE = sorted(name for name in LETTERS if name[:2] in pack().languages)


@pytest.mark.parametrize("name", IN_ONE_LANGUAGE)
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
    whole = ("mailto:", "件名：", "Subject: ")
    lines = [line for line in body.splitlines() if not line.startswith(whole) and "://" not in line]
    assert [line for line in lines if columns(line) > WIDTH] == []
    assert [line for line in lines if columns(line) < 6 and line.endswith(("。", "か。"))] == [], "no orphan"


@pytest.mark.parametrize("name", [name for name in IN_ONE_LANGUAGE if "request" in name or "follow" in name])
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
    assert "(OSS)" in reply.text
    assert "mailto:support+split.T000123.2." in reply.text


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


def test_a_language_without_letters_gets_a_bilingual_one() -> None:
    reply = letter("when", language="zh")
    assert reply.language == "zh"
    assert reply.text.startswith(pack().texts["bilingual"]["ja"])
    english, japanese = reply.text.split("=" * 40)
    assert "When did it start?" in english
    assert "いつから発生していますか。" in japanese
    assert english.count("T000123") == japanese.count("T000123") == 1
    assert reply.text.count("\n-- \n") == 1, "what stands below a signature mark is hidden"
    assert english.count("* Start time:") == japanese.count("■ 発生日時：") == 1
    assert b"Content-Language: en, ja" in reply.raw
    alone = replace(pack(), bilingual=())
    reading = seen("when", language="zh")
    single = compose(mail(), reading, decide(mail(), reading, history(), alone), history(), alone, identity())
    assert single is not None
    assert single.text == letter("when").text


def test_no_letter_no_message() -> None:
    thanks = seen(issues=(issue(Category.ACKNOWLEDGEMENT),))
    decision = decide(mail(), thanks, history(), pack())
    assert compose(mail(), thanks, decision, history(), pack(), identity()) is None


def test_template_marks_in_a_mail_stay_text() -> None:
    reply = letter(issues=(issue(gist="{{ desk.name }} {% raw %}"), issue(Category.HOW_TO, "oss")))
    assert "{{ desk.name }} {% raw %}" in reply.text


KEY = "LTAI5tExampleKey00000001"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_credential_is_never_quoted_back(is_trusted: bool) -> None:
    text = f"{KEY} が使えません\nパスワードは ひみつ99 です"
    secrets = (
        Secret(kind="access_key", span=Span(0, len(KEY))),
        Secret(kind="password", span=Span(text.index("ひみつ"), text.index(" です"))),
    )
    hints = tuple(
        Hint(kind="resource", value=value) for value in (KEY, KEY.lower(), KEY[:-1], "i-6we0a1b2c3d4e5f6g7h8")
    )
    came = mail(subject=f"{KEY} が使えません", sender=Address(addr="yamada@sample.example", name=f"Yamada {KEY}"))
    issues = (issue(gist=f"ひみつ99 と {KEY[:20]}…"), issue(Category.HOW_TO, "oss", gist=KEY))
    whole = ""
    for chosen in (issues, issues[:1]):
        reply = letter("when", came=came, is_trusted=is_trusted, text=text, secrets=secrets, hints=hints, issues=chosen)
        whole += f"{reply.subject}\n{reply.text}\n{reply.raw.decode()}"
    assert KEY[:12].casefold() not in whole.casefold()
    assert "ひみつ99" not in whole
    assert "i-6we0a1b2c3d4e5f6g7h8" in whole


def test_the_ram_question_stands_only_where_a_permission_error_shows() -> None:
    assert "RAM" not in letter("who", issues=(issue(Category.PAYMENT_BILLING),), kind=None).text
    assert "RAMユーザー" in letter("who", has_permission_error=True, kind=SymptomKind.ERROR).text


@pytest.mark.parametrize("kind", list(SymptomKind))
def test_the_goals_example_fits_the_kind_of_symptom(kind: SymptomKind) -> None:
    text = letter("goal", kind=kind).text
    assert ("SSHでログインできること" in text) == (kind is SymptomKind.CONNECTIVITY)


@pytest.mark.parametrize("value", ["2026-11-24T08:30:00", "2026-11-23T23:30:00+00:00", "2026-11-24T07:30:00+08:00"])
def test_every_time_is_shown_with_its_zone(value: str) -> None:
    text = letter("goal", hints=(Hint(kind="when", value=value),)).text
    assert ("2026/11/24 08:30 (JST)" in text) == ("+" in value)
    assert ("2026/11/24 08:30 (JSTとして理解しております)" in text) == ("+" not in value)


@pytest.mark.parametrize("name", IN_ONE_LANGUAGE)
def test_no_sentence_stands_twice_in_a_letter(name: str) -> None:
    body = LETTERS[name].partition("\n\n")[2].partition("\n-- \n")[0]
    flat = "".join(body.split()) if name.startswith("ja") else " ".join(body.split())
    found = (one.strip() for one in re.split(r"(?<=[。:：])|(?<=\.) ", flat))
    sentences = [one for one in found if len(one) > 8 and not one.endswith(("For example:", "How to find it:"))]
    assert sorted({one for one in sentences if sentences.count(one) > 1}) == []
    for phrase in ("このメールへ", "その旨をご返信", "reply to this mail"):
        assert flat.count(phrase) <= 1


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_letters_promise_nothing_and_name_no_insides(name: str) -> None:
    text = LETTERS[name]
    for phrase in ("すぐに確認", "right away", "受付一覧", "確認できる状態", "画面の写し", "と承りました", "queue"):
        assert phrase not in "".join(text.split()) + text


def test_tips_come_with_their_caution_and_outages_alone_with_the_status_page() -> None:
    for name in IN_ONE_LANGUAGE:
        text = LETTERS[name]
        has_tips = "解決の手がかりになること" in text or "these checks may already help" in text
        has_caution = pack().texts["disclaimer"][name[:2]][:12] in text
        assert has_tips or not has_caution
        flat = "".join(text.split())
        touching = ("".join(tip.text[name[:2]].split()) for tip in pack().tips if tip.changes_settings)
        assert has_caution == any(tip in flat for tip in touching)
        assert (pack().desk.status_url in text) == ("incident" in name), name


def test_a_split_says_why_one_ticket_is_for_one_product() -> None:
    assert "一つのチケットに一つのプロダクト" in "".join(LETTERS["ja_split"].split())
    assert "one product and one matter per ticket" in " ".join(LETTERS["en_split"].split())
