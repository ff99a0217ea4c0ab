"""What an agent should know at a glance, each with the words that prove it."""

from __future__ import annotations

from datetime import datetime

import pytest

from classify.hints import _WORDS, hints_of
from classify.segment import make_document
from desk.texts import LANGUAGES
from policy.pack import Pack

SENT = datetime.fromisoformat("2026-11-25T18:30:00+09:00")


def read(text: str, pack: Pack) -> dict[str, str]:
    """Kinds to the words that prove them."""
    doc = make_document("お問い合わせ", text, (), pack.cues)
    whole = f"お問い合わせ\n{text}"
    found = hints_of(doc, pack, SENT, is_question=False)
    return {hint.kind: whole[slice(*hint.span)] if hint.span else "" for hint in reversed(found)}


@pytest.mark.parametrize(
    ("text", "kind", "proof"),
    [
        ("昨夜一度だけ切断されました。", "once_recovered", "一度だけ"),
        ("検証環境では再現できません。", "not_reproducible", "再現できません"),
        ("該当のインスタンスは削除しました。", "deletes_resources", "インスタンスは削除しまし"),
        ("We are going to delete the instance.", "deletes_resources", "going to delete the instance"),
        ("弊社のお客様から申告がありました。", "reseller", "弊社のお客様から"),
        ("本チケットはクローズしてください。", "wants_close", "クローズして"),
        ("至急ご対応ください。", "urgent", "至急"),
        ("いつまで待たせるのですか。", "complaint", "いつまで待"),
        ("RDPで入れません。", "connection_kind", "RDP"),
        ("現在も続いています。", "ongoing", "現在も"),
        ("It is still failing.", "ongoing", "still failing"),
        ("別のPCからは問題なく接続できます。", "works_for", "別のPCからは問題な"),
        ("It works fine from our Osaka office.", "works_for", "works fine from our"),
        ("web02だけ接続できません。", "fails_for", "だけ接続できません"),
        ("本社オフィスからつながりません。", "access_source", "オフィスから"),
        ("11/24 14:30に発生しました。", "zone_missing", "11/24 14:30"),
        ("毎晩失敗します。", "frequency", "毎晩"),
        ("高負荷時に失敗します。", "condition", "高負荷"),
        ("東京リージョンです。", "region", "東京リージョン"),
    ],
)
def test_a_hint_is_given_with_its_proof(text: str, kind: str, proof: str, pack: Pack) -> None:
    found = read(text, pack)
    assert kind in found
    assert proof in found[kind]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11/24 14:30(JST)に発生しました。", "zone_missing"),
        ("11/24から発生しています。", "zone_missing"),
        ("インスタンスを削除する方法を教えてください。", "deletes_resources"),
        ("ご対応ありがとうございます。", "complaint"),
        ("ご確認をお願いいたします。", "urgent"),
        ("どの端末からも接続できません。", "works_for"),
    ],
)
def test_a_near_miss_gives_none(text: str, kind: str, pack: Pack) -> None:
    assert kind not in read(text, pack)


def test_the_desk_has_a_name_for_every_hint_in_both_languages(pack: Pack) -> None:
    doc = make_document(
        "件名",
        "昨日14:30に毎晩、高負荷時に東京リージョンの i-6we1a2b3c4d5e6f7g8h9 で失敗します。オフィスから。",
        (),
        pack.cues,
    )
    kinds = {hint.kind for hint in hints_of(doc, pack, SENT, is_question=False)} | set(_WORDS)
    for words in LANGUAGES.values():
        assert kinds <= set(words)


@pytest.mark.parametrize(
    ("text", "is_gone"),
    [
        ("昨日一度だけ、ECSへの接続が切れました。", True),
        ("数分で自然に復旧しました。", True),
        ("10分ほどで復旧しています。", True),
        ("その後は正常です。", True),
        ("現在は復旧しております。", True),
        ("It happened only once and recovered.", True),
        ("現在も復旧していません。", False),
        ("今も正常に動きません。", False),
        ("今すぐ復旧してください。", False),
        ("1日に1回だけ実行される設定です。", False),
        ("現在の状態から復旧したいです。", False),
        ("The event appears only once in the log.", False),
    ],
)
def test_a_symptom_that_is_gone_is_told_from_one_that_is_not(text: str, is_gone: bool, pack: Pack) -> None:
    assert ("once_recovered" in read(text, pack)) == is_gone


@pytest.mark.parametrize(
    ("text", "is_security"),
    [
        ("AccessKeyが漏洩した可能性があります。", True),
        ("身に覚えのないインスタンスが作成されています。", True),
        ("サーバーに不正アクセスされた痕跡があります。", True),
        ("Our account has been compromised.", True),
        ("不正アクセスを防ぐ設定方法を教えてください。", False),
        ("WAFで攻撃をブロックする方法を知りたいです。", False),
        ("SSHの鍵を変更したいです。", False),
    ],
)
def test_security_matters_are_told_from_questions_about_security(text: str, is_security: bool, pack: Pack) -> None:
    assert ("security" in read(text, pack)) == is_security


@pytest.mark.parametrize(
    ("text", "is_sensitive"),
    [
        ("発信者情報の開示請求をいたします。", True),
        ("今後メールを送らないでください。", True),
        ("先ほどのメールは誤送信です。無視してください。", True),
        ("テストです。", True),
        ("Your network attacks our servers; this is an abuse report.", True),
        ("Please ignore my previous mail, it was sent by mistake.", True),
        ("テスト環境のECSに接続できません。", False),
        ("DirectMailの配信が停止しています。", False),
        ("情報の開示範囲を設定したいです。", False),
        ("How can we stop sending logs to SLS?", False),
    ],
)
def test_what_a_person_should_answer_is_told_from_questions(text: str, is_sensitive: bool, pack: Pack) -> None:
    assert ("sensitive" in read(text, pack)) == is_sensitive


@pytest.mark.parametrize(
    "line",
    [
        "発生は本日の9時15分(JST)からでございます。",
        "リージョンは東京リージョンでございます。",
        "昨日の21時からです。",
        "東京リージョンのゾーンAです。",
        "アカウントIDは 5318846720193355 でございます。",
        "SSHでログインできることがゴールでございます。",
    ],
)
def test_a_polite_line_with_a_fact_is_no_greeting(line: str, pack: Pack) -> None:
    doc = make_document("件名", f"お世話になっております。\n{line}", (), pack.cues)
    assert [one.is_shell for one in doc.lines[1:]] == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "株式会社みなと商会の山田です。",
        "サーバー運用部の山田でございます。",
        "青空フーズの鈴木と申します。",
        "お世話になっております。佃精機 購買部の茂木です。",
        "情報システムの佐藤です",
    ],
)
def test_a_line_that_says_who_writes_is_one(line: str, pack: Pack) -> None:
    doc = make_document("件名", line, (), pack.cues)
    assert doc.lines[1].is_shell
