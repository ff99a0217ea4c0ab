"""Introductions of quotes in the forms of many mail programs, and words that only look like one."""

from __future__ import annotations

import pytest

from ingest.quotes import own_words

# name: (mail, own words)
CASES = {
    "sylpheed": (
        "承知しました。\n\nOn Sun, 22 Nov 2026 10:15:00 +0900\n山田 <y@example.jp> wrote:\n\n> はい\n> いいえ\n\n-- \n佐藤",
        "承知しました。",
    ),
    "ja-wrapped-gmail": (
        "了解です。\n\n2026年11月22日(日) 10:15 サポート受付（自動応答） <\nsupport@desk.example>:\n\n> 引用\n>\n",
        "了解です。",
    ),
    "gmail-noday": (
        "了解です。\n\n2026年11月22日 10:15 山田 <a@b.example>:\n\n> 引用\n",
        "了解です。",
    ),
    "becky": (
        "了解です。\n\n山田太郎 さんは書きました (2026年11月22日):\n> 引用\n",
        "了解です。",
    ),
    "shuriken": (
        "了解です。\n\n「山田太郎」さんからの2026年11月22日10:15のメール\n> 引用\n> 引用2",
        "了解です。",
    ),
    "garoon": (
        "了解です。\n\n---------- 山田 さんは書きました ----------\n> 引用\n> 引用2",
        "了解です。",
    ),
    "outlookja": (
        "了解です。\n\n________________________________\n差出人: 山田 <a@b.example>\n送信日時: 2026年11月22日 10:15\n宛先: x\n件名: y\n\n本文引用\n",
        "了解です。",
    ),
    "outlookja-full": (
        "了解です。\n\n差出人： 山田 <a@b.example>\n送信日時： 2026年11月22日 10:15\n宛先： x\n件名： y\n\n本文引用\n",
        "了解です。",
    ),
    "sigabove": (
        "起動しません。\n\n山田 太郎\n株式会社サンプル\nTEL: 03-0000-0000\n\n2026/11/22 10:15、サポートのメール:\n\n> いつですか",
        "起動しません。",
    ),
    "nosig-contact-answer": (
        "回答します。\n\n会社名: 株式会社サンプル\n氏名: 山田\n電話: 03-0000-0000\nアカウントID: 5123456789012345",
        "回答します。\n会社名: 株式会社サンプル\n氏名: 山田\n電話: 03-0000-0000\nアカウントID: 5123456789012345",
    ),
    "bullets": (
        "以下です。\n\n- 発生日時: 11/20\n- 場所: 東京\n- 影響: 全員",
        "以下です。\n- 発生日時: 11/20\n- 場所: 東京\n- 影響: 全員",
    ),
    "sqlcomment": (
        "実行したSQLです。\n\n-- ユーザー一覧\nSELECT * FROM users;\n-- 件数\nSELECT count(*) FROM users;",
        "実行したSQLです。\n-- ユーザー一覧\nSELECT * FROM users;\n-- 件数\nSELECT count(*) FROM users;",
    ),
    "yaml": (
        "設定です。\n---\nkind: Pod\nname: x\n---\nkind: Service",
        "設定です。\n---\nkind: Pod\nname: x\n---\nkind: Service",
    ),
    "pyprompt": (
        "試しました。\n>>> import x\n>>> x.y()\nTraceback\nエラーです。",
        "試しました。\n>>> import x\n>>> x.y()\nTraceback\nエラーです。",
    ),
    "prose": (
        "On 2026/11/20 we wrote:\nthe server failed. Please check.",
        "On 2026/11/20 we wrote:\nthe server failed. Please check.",
    ),
    "menu": (
        "操作手順:\n> 設定 > ネットワーク > VPC\nで止まります。",
        "操作手順:\n> 設定 > ネットワーク > VPC\nで止まります。",
    ),
    "iphone": (
        "承知しました。\n\niPhoneから送信\n\n2026/11/22 10:15、サポート <s@d.example>のメール:\n\n\ufeff引用です\n二行目",
        "承知しました。",
    ),
    "inline-sigabove": (
        "佐藤です。\n以下に回答します。\n\n-- \n佐藤\n\n2026年11月22日(日) 10:15 サポート <s@d.example>:\n> いつから?\n昨日から\n> どこ?\n東京",
        "佐藤です。\n以下に回答します。\n昨日から\n東京",
    ),
    "forward": (
        "お世話になります。下記の件、対応お願いします。\n\n---------- Forwarded message ---------\nFrom: 鈴木 <s@x.example>\nDate: 2026年11月21日(土) 9:00\nSubject: 障害\nTo: 佐藤\n\n落ちています",
        "お世話になります。下記の件、対応お願いします。",
    ),
    "rules-form": (
        "------------------\n■現象\n起動しません\n------------------\n■発生日時\n11/20\n------------------",
        "------------------\n■現象\n起動しません\n------------------\n■発生日時\n11/20\n------------------",
    ),
    "diff": (
        "差分です。\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\nこれで直りません。",
        "差分です。\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\nこれで直りません。",
    ),
    "headersdata": (
        "受信したメールのヘッダーです。\n\nFrom: a@b.example\nTo: c@d.example\nSubject: test\nDate: Sun, 22 Nov 2026\n\nこのメールが届きません。確認してください。",
        "受信したメールのヘッダーです。\nFrom: a@b.example\nTo: c@d.example\nSubject: test\nDate: Sun, 22 Nov 2026\nこのメールが届きません。確認してください。",
    ),
    "arrow": (
        "> いつから発生していますか\n→ 11/20からです\n> どこですか\n→ 東京です",
        "→ 11/20からです\n→ 東京です",
    ),
    "kaito": (
        "> いつから発生していますか\n【回答】11/20からです\n\n> どこですか\n【回答】東京です",
        "【回答】11/20からです\n【回答】東京です",
    ),
    "mobilezh": (
        '好的\n\n发自我的iPhone\n\n------------------ 原始邮件 ------------------\n发件人: "a" <a@b.example>;\n发送时间: 2026年11月22日(星期日) 上午10:15\n收件人: "c"<c@d.example>;\n主题: Re: x\n\n引用',
        "好的",
    ),
    "netease": (
        '好的\n\n\n\n在 2026-11-20 10:00:00，"Support" <s@d.example> 写道：\n>引用\n>二',
        "好的",
    ),
    "gmailzh": (
        "好的\n\nSupport <s@d.example> 于2026年11月20日周五 10:00写道：\n\n> 引用",
        "好的",
    ),
    "above": (
        "承知しました。\n\n##- この行より上に返信を記入してください -##\n\n引用",
        "承知しました。",
    ),
    "notes": (
        "了解\n\n\n\nFrom:   山田/サンプル\nTo:     佐藤/サンプル\nCc:\nDate:   2026/11/22 10:15\nSubject: x\n\n引用",
        "了解",
    ),
    "roundcube": (
        "了解\n\nOn 2026-11-22 10:15, a@b.example wrote:\n\n> q\n",
        "了解",
    ),
    "docomo": (
        "了解\n\n-----Original Message-----\nFrom: a\nSubject: b\n\n引用",
        "了解",
    ),
    "disclaimer": (
        "起動しません。\n\n本メールは機密情報を含む場合があります。誤って受信された場合は削除してください。",
        "起動しません。",
    ),
    "banner": (
        "【社外メール】このメールは社外から送信されています。\n\n起動しません。",
        "起動しません。",
    ),
}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize("name", CASES)
def test_what_a_program_put_there_goes_and_what_a_person_wrote_stays(name: str) -> None:
    mail, own = CASES[name]
    assert lines(own_words(mail)) == lines(own)
