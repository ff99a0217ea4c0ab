from __future__ import annotations

import pytest

from ingest.quotes import own_words

QUOTE = "> お世話になっております。\n> 次の点をご教示ください。\n> 元の本文\n"
OWN = "発生日時は昨日の10時です。\n"
BLOCK = "差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n"
INTRODUCTIONS = [
    "2026年11月22日(日) 10:15 受付 <support@desk.example>:",
    "2026年11月22日(日) 10:15 受付サポート\n<support@desk.example>:",
    "2026年11月22日 10:15 受付 <support@desk.example>:",
    "2026年11月22日(日) 10:15 <support@desk.example>:",
    "2026/11/22 10:15、受付 <support@desk.example>のメール：",
    "2026/11/22 10:15、受付 <support@desk.example>のメッセージ:",
    "2026/11/22 午前10:15、受付 <support@desk.example>のメール:",
    "On 2026/11/22 10:15, 受付 wrote:",
    "On Sun, Nov 22, 2026 at 10:15 AM Support Desk <\nsupport@desk.example> wrote:",
    "On Sun, 22 Nov 2026 10:15:00 +0900\n受付 <support@desk.example> wrote:",
    "2026-11-22 10:15 に support@desk.example さんは書きました:",
    "2026年11月22日 10:15:00 JST、受付 <support@desk.example> より:",
    "在 2026年11月22日，上午10:15，受付 <support@desk.example> 写道：",
    '在 2026-11-22 10:15:00，"受付" <support@desk.example> 写道：',
    "受付さんのメールより:",
    "Support Desk <support@desk.example> wrote:",
    "--- 受付 <support@desk.example> wrote:",
    "Am 22.11.2026 um 10:15 schrieb Support:",
    "Le 22 nov. 2026 à 10:15, Support <support@desk.example> a écrit :",
    'In message "Re: foo"\n    on 26/11/22, 受付 <support@desk.example> writes:',
]


@pytest.mark.parametrize("intro", INTRODUCTIONS)
def test_every_introduction_is_cut_with_its_quote(intro: str) -> None:
    assert own_words(f"{OWN}\n{intro}\n{QUOTE}") == OWN.strip()


@pytest.mark.parametrize("intro", INTRODUCTIONS)
def test_words_below_a_quote_and_between_quotes_stay(intro: str) -> None:
    assert own_words(f"{intro}\n{QUOTE}\n{OWN}") == OWN.strip()
    answered = own_words(f"{intro}\n> 発生日時は？\n昨日の10時です\n> 場所は？\n東京です\n")
    assert answered.split() == ["昨日の10時です", "東京です"]


@pytest.mark.parametrize("intro", INTRODUCTIONS)
def test_a_form_filled_in_inside_the_quote_stays(intro: str) -> None:
    own = own_words(f"{intro}\n{QUOTE}> ■ 発生日時： 11/20 10:00\n> ■ 発生場所：\n> ■ 目的：復旧\n")
    assert own == "> ■ 発生日時： 11/20 10:00\n> ■ 目的：復旧"


CASES = [
    pytest.param(
        "発生日時は昨日の10時です。\n\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n",
        ["昨日の10時"],
        ["元の本文", "差出人"],
        id="outlook",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n________________________________\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n",
        ["昨日の10時"],
        ["元の本文", "____"],
        id="outlook sep",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n差出人： 受付 <support@desk.example>\n送信日時： 2026年11月22日 10：15\n宛先： 山田\n件名： Re： 件\n\n元の本文です。\n続き\n",
        ["昨日の10時"],
        ["元の本文"],
        id="outlook fw",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\nFrom: Support <s@x>\nSent: Sunday, November 22, 2026 10:15 AM\nTo: Yamada\nSubject: RE: x\n\n元の本文\n",
        ["昨日の10時"],
        ["元の本文"],
        id="outlook en",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n*From:* Support <s@x>\n*Sent:* Sunday\n*To:* Yamada\n*Subject:* RE: x\n\n元の本文\n",
        ["昨日の10時"],
        ["元の本文"],
        id="outlook bold",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n-----Original Message-----\nFrom: a\nSent: b\nTo: c\nSubject: d\n\n元の本文",
        ["昨日の10時"],
        ["元の本文"],
        id="orig",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n-----元のメッセージ-----\n差出人: a\n\n元の本文",
        ["昨日の10時"],
        ["元の本文"],
        id="orig ja",
    ),
    pytest.param(
        '発生日時は昨日の10時です。\n\n------------------ 原始邮件 ------------------\n发件人: "a";\n发送时间: 2026\n\n元の本文',
        ["昨日の10時"],
        ["元の本文"],
        id="zh orig",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n---------- Forwarded message ---------\nFrom: a <a@b>\nDate: 2026\nSubject: s\nTo: t\n\n元の本文",
        ["昨日の10時"],
        ["元の本文"],
        id="fwd own",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n受付番号 T000123\n■ 発生日時： 11/20 10:00\n■ 発生場所：\n",
        ["昨日の10時", "11/20 10:00"],
        ["元の本文"],
        id="outlook form",
    ),
    pytest.param(
        "\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n受付番号 T000123\n■ 発生日時： 11/20 10:00\n■ 発生場所：\n",
        ["11/20 10:00"],
        [],
        id="form only outlook",
    ),
    pytest.param(
        "回答は文中に記載します。\n\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n発生日時は？\n→昨日の10時です\n",
        ["昨日の10時"],
        [],
        id="inline hint",
    ),
    pytest.param(
        "以下回答です。\n- 発生日時: 昨日\n- 場所: 東京\n-- 詳細\n- 目的: 復旧\nよろしくお願いします。",
        ["昨日", "東京", "復旧", "よろしく"],
        [],
        id="bullets",
    ),
    pytest.param(
        "エラーです。\n> npm ERR! code E404\n> npm ERR! 404 Not Found\n> GET https://x\n何が原因でしょうか",
        ["npm ERR! code", "何が原因"],
        [],
        id="pasted",
    ),
    pytest.param(
        "> 2026-11-22 10:15:00 ERROR connection refused",
        ["ERROR"],
        [],
        id="one gt",
    ),
    pytest.param(
        "> あああ\n> いいい\n> ううう",
        ["あああ"],
        [],
        id="gt all",
    ),
    pytest.param(
        "━━━━━━━━━━\n■ お問い合わせ内容\n━━━━━━━━━━\n製品: ECS\n現象: 起動しない\n発生日時: 昨日\n━━━━━━━━━━\n■ 連絡先\n━━━━━━━━━━\n会社名: 例社\nメール: a@b.jp\n",
        ["ECS", "起動しない", "昨日"],
        [],
        id="rulesform",
    ),
    pytest.param(
        "起動しません。\n\n──────────────\n株式会社例\n開発部 山田太郎\n〒100-0001 東京都千代田区1-1\nTEL: 03-0000-0000\nE-mail: y@example.co.jp\n──────────────",
        ["起動しません"],
        ["株式会社例", "03-0000", "───"],
        id="sig rule",
    ),
    pytest.param(
        "起動しません。\n-- \n山田太郎\nExample Inc.",
        ["起動しません"],
        ["山田"],
        id="sig dash",
    ),
    pytest.param(
        "起動しません。\n==========\n例株式会社 山田\nTEL 03-0000-0000\n==========\n",
        ["起動しません"],
        ["03-0000"],
        id="sig eq",
    ),
    pytest.param(
        "起動しません。\n\n-- \n山田太郎\n\n2026年11月22日(日) 10:15 受付 <s@x>:\n> お世話になっております。\n> 次の点をご教示ください。\n> 元の本文\n",
        ["起動しません"],
        ["山田太郎", "元の本文"],
        id="sig then quote",
    ),
    pytest.param(
        "起動しません。\n\n例株式会社 開発部\n山田太郎\nTEL: 03-0000-0000\nFAX: 03-0000-0001\nE-mail: y@example.co.jp",
        ["起動しません"],
        ["03-0000"],
        id="noruled",
    ),
    pytest.param(
        "起動しません。\n\niPhoneから送信",
        ["起動"],
        ["iPhone"],
        id="iphone",
    ),
    pytest.param(
        "It fails.\n\nSent from my iPhone\n\nOn Nov 22, 2026, at 10:15 AM, Support <s@x> wrote:\n\n> old text",
        ["It fails"],
        ["Sent from", "old text"],
        id="iphone2",
    ),
    pytest.param(
        "だめです\n\nOutlook for iOS<https://aka.ms/x> を入手\n________________________________\n差出人: 受付 <support@desk.example>\n送信日時: 2026年11月22日 10:15\n宛先: 山田\n件名: Re: 件\n\n元の本文です。\n続き\n",
        ["だめです"],
        ["Outlook for", "元の本文"],
        id="outlookios",
    ),
    pytest.param(
        "起動しません。\n\n本メールには機密情報が含まれている場合があります。誤って受信された場合は破棄してください。",
        ["起動"],
        ["機密"],
        id="disc",
    ),
    pytest.param(
        "[EXTERNAL] This email originated from outside of the organization.\n\n起動しません。",
        ["起動"],
        ["EXTERNAL"],
        id="ext",
    ),
    pytest.param(
        "【社外メール】注意してください\n起動しません。",
        ["起動"],
        ["社外メール"],
        id="ext ja",
    ),
    pytest.param(
        "ご質問への回答です。\n\n会社名: 例株式会社\nご担当者: 山田\nメール: y@example.co.jp\n電話: 03-0000-0000\nアカウントID: 5123456789012345",
        ["5123456789012345", "例株式会社"],
        [],
        id="answers contact",
    ),
    pytest.param(
        "It fails.\n\nBest regards,\nJohn Smith\nExample Inc.\n+1 555 123 4567\njohn@example.com",
        ["It fails"],
        ["555"],
        id="en sig",
    ),
    pytest.param(
        "以下のメールが届きません。\nFrom: a@b.jp\nTo: c@d.jp\nSubject: テスト\nDate: 2026/11/22\n調査をお願いします。",
        ["調査をお願い"],
        [],
        id="pastedheaders",
    ),
    pytest.param(
        "先日サポートの方がマニュアルに書きました：\n手順1を実行\n失敗しました",
        ["手順1", "失敗しました"],
        [],
        id="prose wrote",
    ),
    pytest.param(
        "2026/11/22 10:15 に admin@example.jp へ送信:\nエラーになりました。",
        ["エラーになりました"],
        [],
        id="date line",
    ),
    pytest.param(
        "It works\n_______________________________________________\nusers mailing list\nusers@lists.x\nhttp://lists.x/listinfo",
        ["It works"],
        ["mailing list"],
        id="mailman",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n2026年11月22日(日) 10:15 受付 <support@desk.example>:\n\nお世話になっております。\n元の本文\n",
        ["昨日の10時"],
        ["元の本文"],
        id="nogt gmail",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n2026年11月22日(日) 10:15 受付 <support@desk.example>:\n＞ お世話になっております。\n＞ 次の点をご教示ください。\n＞ 元の本文\n",
        ["昨日の10時"],
        ["元の本文"],
        id="fullgt",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n##- Please type your reply above this line -##\n元の本文",
        ["昨日の10時"],
        ["元の本文"],
        id="above",
    ),
    pytest.param(
        "＞発生日時を教えてください\n昨日です\n＞場所は\n東京です",
        ["昨日", "東京"],
        [],
        id="reply no header",
    ),
    pytest.param(
        "発生日時は昨日の10時です。\n\n2026年11月22日(日) 10:15 受付 <s@x.example>:\n> 2026年11月21日(土) 9:00 山田 <y@x.example>:\n>> 古い\n> 新しい\n",
        ["昨日"],
        ["古い", "新しい"],
        id="two quotes",
    ),
]


@pytest.mark.parametrize(("text", "kept", "gone"), CASES)
def test_own_words_stay_and_the_rest_goes(text: str, kept: list[str], gone: list[str]) -> None:
    own = own_words(text)
    assert [words for words in kept if words not in own] == []
    assert [words for words in gone if words in own] == []


def test_a_forward_without_own_words_has_none() -> None:
    assert (
        own_words("---------- Forwarded message ---------\nFrom: a <a@b>\nDate: 2026\nSubject: s\nTo: t\n\n元の本文")
        == ""
    )


TABLE = "| リージョン | インスタンス |\n|---|---|\n| 東京 | i-6we0001 |\n| 大阪 | i-6we0002 |"


def test_a_pasted_table_is_no_quote() -> None:
    assert own_words(f"次の台数が起動しません。\n\n{TABLE}\n\n確認をお願いします。") == (
        f"次の台数が起動しません。\n\n{TABLE}\n\n確認をお願いします。"
    )
    below = own_words(f"On 2026/11/22 10:15, Support wrote:\n> どの台数でしょうか\n\n{TABLE}")
    assert below == TABLE


def test_lines_that_only_begin_with_a_bar_stay_where_nothing_introduces_them() -> None:
    text = "結果です。\n| Id\n| 1\n| 2\n| 3"
    assert own_words(text) == text


def test_own_words_above_an_inline_forward_stay_and_a_bare_forward_is_all_quoted() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: 山田 <y@x.example>\nSubject: 件\nTo: 田中\n\n元の本文です。"
    )
    assert own_words(f"お客様から次の連絡がありました。原因を教えてください。\n\n{forwarded}") == (
        "お客様から次の連絡がありました。原因を教えてください。"
    )
    assert own_words(forwarded) == ""


def test_a_line_of_any_length_comes_back_whole() -> None:
    long = "ログ " + "a" * 5000
    assert own_words(f"起動しません。\n{long}\n\n> 一行目です\n> 二行目です\n> 三行目です") == f"起動しません。\n{long}"


def test_a_quote_at_the_end_of_an_answer_needs_no_introduction() -> None:
    text = (
        "解消しました。ありがとうございます。\n\n> SNATエントリを追加し、\n> インターネットへの接続をご確認ください。"
    )
    assert own_words(text) == "解消しました。ありがとうございます。"
    assert own_words(text, is_reply=False) == text
    command = "この結果です。\n\n> curl -I https://a.example/\n> curl -I https://b.example/"
    assert own_words(command) == command
