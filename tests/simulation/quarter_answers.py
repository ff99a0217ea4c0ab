"""What customers of a simulated quarter write back: to each question its answer, or nearly none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from datetime import datetime

    from policy.pack import Pack

HARDLY_ANSWERED = "facet:steps"  # people answer all but this
_STILL_ANSWERED = 0.06
_JA = {
    "symptom": ("管理画面からインスタンスを起動すると、数秒後に停止状態へ戻ってしまいます。",),
    "facet:error_message": (
        "「InvalidParameter: The specified parameter is not valid.」と表示されます。RequestId は {id} です。",
        "「403 Forbidden (AccessDenied)」です。RequestId: {id}",
    ),
    "facet:steps": ("1. コンソールにログイン 2. インスタンス一覧を開く 3. 起動ボタンを押す、の順に操作しました。",),
    "facet:endpoints": ("接続元は本社（203.0.113.{n}）、接続先は ECS（47.245.0.{n}、22番ポート）です。",),
    "facet:command_result": (
        "$ curl -v https://47.245.0.{n}/ を実行し、Connection timed out となりました。",
        "ping 47.245.0.{n} の結果は 100% packet loss です。",
    ),
    "facet:parameters": ("セキュリティグループで 443/tcp を 0.0.0.0/0 に許可しています。",),
    "facet:intended": ("本来はダッシュボードに当月の利用量のグラフが表示されるはずです。",),
    "facet:unintended": ("実際には空白の画面に「データがありません」とだけ表示されます。",),
    "facet:reference": ("公式ヘルプ「モニタリングの設定」のページを参照しました。",),
    "facet:expected": ("設定した5分後に自動で台数が増えることを期待しています。",),
    "facet:actual": ("実際には台数が増えず、2台のままです。",),
    "where": ("東京リージョン（ap-northeast-1）の ECS インスタンス i-6we{id10} です。",),
    "when": ("{date}の{hour}時{minute}分頃からです（日本時間）。", "{date} {hour}:{minute} JST から継続しています。"),
    "zone": ("日本時間（JST）です。",),
    "evidence": (
        "アプリケーションのログに次の行が出ています。\n{iso} ERROR connect failed: timeout after 30000ms (id={id})",
    ),
    "goal": ("原因を教えていただき、復旧の方法を知りたいです。", "正常に接続できるようにしていただくことが希望です。"),
    "who": ("操作したのは RAM ユーザー ops-{n}@5190{id12}.onaliyun.com です。",),
    "materials": ("ほかにお送りできる資料はありません。",),
}
_EN = {
    "symptom": ("When we start the instance from the console, it falls back to stopped after a few seconds.",),
    "facet:error_message": ('It says "403 Forbidden (AccessDenied)". RequestId: {id}',),
    "facet:steps": ("1. sign in to the console 2. open the list of instances 3. press start",),
    "facet:endpoints": ("From our office (203.0.113.{n}) to the ECS instance (47.245.0.{n}, port 22).",),
    "facet:command_result": ("ping 47.245.0.{n} gives 100% packet loss.",),
    "facet:parameters": ("The security group allows 443/tcp from 0.0.0.0/0.",),
    "facet:intended": ("The dashboard should show this month's usage as a graph.",),
    "facet:unintended": ('Instead there is an empty page with "no data".',),
    "facet:reference": ('We followed the help page "Set up monitoring".',),
    "facet:expected": ("We expect a new instance within five minutes.",),
    "facet:actual": ("Nothing is added; it stays at two instances.",),
    "where": ("Tokyo region (ap-northeast-1), ECS instance i-6we{id10}.",),
    "when": ("Since {iso} (JST).",),
    "zone": ("JST.",),
    "evidence": ("Our log says:\n{iso} ERROR connect failed: timeout after 30000ms (id={id})",),
    "goal": ("Please tell us the cause and how to get it working again.",),
    "who": ("The RAM user ops-{n}@5190{id12}.onaliyun.com did it.",),
    "materials": ("There is nothing else that we could send.",),
}
_SAID_BEFORE = {
    "ja": "最初のメールに記載しております。ご確認いただけますでしょうか。",
    "en": "I already wrote this in my first mail. Please have a look.",
}
_OTHERWISE = {"ja": "不明です。", "en": "Unknown."}
_FRAME = {
    "ja": ("お世話になっております。ご連絡ありがとうございます。", "以上、よろしくお願いいたします。"),
    "en": ("Hello, thank you for your reply.", "Best regards,"),
}
THANKS = {
    "ja": "ご回答ありがとうございました。おかげさまで解決しました。",
    "en": "Thank you very much, that solved it.",
}
AWAY = {
    "ja": ("不在のお知らせ", "ただいま休暇をいただいております。出社後に改めてご連絡いたします。"),
    "en": ("Out of office", "I am on leave and will answer when I am back."),
}


def answer_to(
    asked: Iterable[str], language: str, pack: Pack, at: datetime, chance: random.Random, *, share: float = 1.0
) -> str:
    """The answers under the questions' own headings; `share` of them, and of the one that nobody likes next to none."""
    told = language if language in _FRAME else "en"
    lines = [
        f"・{_heading(item, told, pack)}：{_answer(item, told, at, chance)}"
        for item in asked
        if chance.random() < (_STILL_ANSWERED if item == HARDLY_ANSWERED else share)
    ]
    opening, closing = _FRAME[told]
    return "\n".join((opening, "", *(lines or [_OTHERWISE[told]]), "", closing))


def objection(language: str) -> str:
    """It was there."""
    told = language if language in _FRAME else "en"
    return "\n\n".join((_FRAME[told][0], _SAID_BEFORE[told], _FRAME[told][1]))


def _heading(item: str, language: str, pack: Pack) -> str:
    question = pack.questions.get(item)
    return question.heading.get(language, item) if question else item


def _answer(item: str, language: str, at: datetime, chance: random.Random) -> str:
    texts = (_JA if language == "ja" else _EN).get(item)
    if texts is None:
        return _OTHERWISE[language]
    return chance.choice(texts).format(
        id=f"{chance.getrandbits(64):016X}",
        id10=f"{chance.getrandbits(40):010x}",
        id12=f"{chance.randrange(10**12):012d}",
        n=chance.randrange(2, 250),
        date=f"{at.month}月{at.day}日",
        hour=chance.randrange(8, 19),
        minute=f"{chance.randrange(60):02d}",
        iso=f"{at:%Y-%m-%d} {chance.randrange(8, 19):02d}:{chance.randrange(60):02d}:07",
    )
