"""How short answers sound, item by item; and what people write besides that answers none of our questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.conversation import How
from responders.sounds import sounds_like
from tests.unit.responders.builders import pack
from tests.unit.responders.test_placed import asked, told

ANSWERS = {
    "where": [
        "東京です。",
        "東京リージョンです。",
        "本番環境のWebサーバーです。",
        "web-01 です。",
        "i-6we0123456789abcdefg です。",
        "ap-northeast-1 のゾーンAです。",
        "すべてのインスタンスで発生しています。",
        "検証環境のみです。",
        "本社の端末から接続したときだけです。",
        "購入画面です。",
        "コンソールのインスタンス一覧画面です。",
        "10.0.1.5 のサーバーです。",
        "https://shop.sample.example/ です。",
        "シンガポールのOSSバケット log-archive です。",
        "自宅からのアクセスです。",
        "上海です",
        "中国国内からのアクセスです。",
        "大阪の事務所からです。",
        "Tokyo region, zone A.",
        "It is our production server.",
        "From our office network.",
        "All instances in the cluster.",
        "The instance is web-02.",
        "ap-southeast-1",
        "Singapore.",
        "only in the staging environment",
        "東京リージョンですので、ご確認をお願いします。",
        "東京です。来週は出張で不在にしております。",
        "ゾーンBの db-prod-2 です。担当は鈴木に代わりました。",
        "2台目のサーバーです。",
        "rm-abc12345678 です。",
        "対象は東京リージョンのRDSです。",
        "VPN経由の端末からです",
    ],
    "when": [
        "昨日の10時からです。",
        "2026/11/23 22:00",
        "Since yesterday.",
        "毎晩です。",
        "11/20です。",
        "今朝からです。",
        "先週の金曜日からです。",
        "3日前からです。",
        "再起動した後からです。",
        "11月20日の夜に気づきました。",
        "10時頃です。",
        "メンテナンスの後です。",
        "毎週月曜日の朝です。",
        "常に発生しています。",
        "時々です。",
        "一度だけです。",
        "22:15頃",
        "さっきです。",
        "After the update last Sunday.",
        "3 days ago.",
        "Every night at 2 am.",
        "It started around 10am JST.",
        "Intermittently, about twice a day.",
        "on Nov 20",
        "since we restarted the server",
        "20日からです。",
        "昨夜遅くです。",
        "購入してからずっとです。",
        "昨日の10時からですので、よろしくお願いします。",
        "11/23の22時頃からです。明日の朝までに直してほしいです。",
        "連休明けからです",
        "数日前から",
        "Last Friday evening",
        "Around noon today.",
        "午前中です。",
        "初めて起動したときから",
        "夏季休暇明けの8/18からです。",
        "昨日までに3回発生しました。",
        "11/23 22:00頃?",
    ],
    "goal": [
        "SSHでログインできることです。",
        "直れば結構です。",
        "When we can log in again.",
        "インスタンスが起動すれば解決です。",
        "エラーが出なくなることです。",
        "原因を知りたいです。",
        "正常に購入が完了することです。",
        "再発しないことです。",
        "起動できるようにしていただきたいです。",
        "元に戻ればよいです。",
        "The instance starts normally.",
        "We want to restore the data.",
        "If the error no longer appears.",
        "I should be able to upload files.",
        "no more timeouts",
        "使えるようになれば大丈夫です。",
        "接続できれば解決とします。",
        "データが復旧すること",
        "Being able to connect by SSH.",
        "root cause and a fix",
    ],
    "who": [
        "root です。",
        "RAMユーザーの ops-tanaka です。",
        "5123456789012345 です。",
        "メインアカウントです。",
        "管理者で操作しました。",
        "The main account.",
        "RAM user ops-tanaka",
        "ops@5123456789012345.onaliyun.com",
        "UIDは5123********2345です",
        "アカウントIDの末尾は1234です",
    ],
    "zone": [
        "JSTです。",
        "日本時間です。",
        "中国時間です",
        "Japan time.",
        "UTC",
        "CST",
        "It is local time in Tokyo.",
        "+09:00",
        "現地時間(北京)です",
    ],
    "evidence": [
        "コンソールに「内部エラー」と表示されています。",
        "ログは以下のとおりです。ERROR 2002",
        "再現します。毎回同じ結果です。",
        "The console shows InternalError.",
        "ログは取得できませんでした。",
        "curl を実行したら 503 が返りました。",
        "RequestId は 4C467B38-1234-ABCD です",
        "CPUのグラフが100%になっています。",
        "I ran ping and got 100% loss.",
    ],
    "facet:error_message": [
        "IncorrectInstanceStatus: The current status does not support this operation.",
        "「在庫が不足しています」と表示されます。",
        "Permission denied (publickey).",
        "エラーは表示されません。",
        "Connection timed out です。",
        "エラーコードは 10061 です。",
        '"Access denied" is shown',
        "No error message appears.",
    ],
    "facet:steps": [
        "起動のボタンを押しただけです。",
        "コンソールで対象を選択して起動しました。",
        "I clicked Start.",
        "ECS > インスタンス > 起動",
        "何もしていません。",
        "デプロイの途中です。コマンドを実行しました。",
        "Just rebooted it.",
        "ログインして、設定を変更しました。",
    ],
    "facet:endpoints": [
        "本社から 198.51.100.20 の22番ポートです。",
        "From 203.0.113.10 to 198.51.100.20.",
        "自宅のPCからECSへの接続です。",
        "接続元は 203.0.113.10 です。",
        "from my laptop to the ECS instance",
    ],
    "facet:command_result": [
        "telnet 198.51.100.20 22 → Connection timed out",
        "pingは通りますが、telnetはタイムアウトします。",
        "100% loss でした",
        "curl returns connection refused.",
        "応答がありません。",
    ],
    "facet:parameters": [
        "セキュリティグループは 0.0.0.0/0 を許可しています。",
        "デフォルトのままです。",
        "Security group allows port 22.",
        "設定は変更していません。",
    ],
    "facet:intended": [
        "一覧に3台が表示されるはずです。",
        "Three instances should be listed.",
        "通常は請求額が表示されます。",
    ],
    "facet:unintended": [
        "一覧が空です。",
        "真っ白な画面になります。",
        "The list is empty.",
        "「データがありません」と表示されます。",
    ],
    "facet:reference": [
        "https://help.example.com/doc",
        "公式ヘルプの「インスタンスの起動」です。",
        "The quick start guide.",
        "なし",
    ],
    "facet:expected": [
        "保存するとすぐ反映されるはずです。",
        "It should take effect at once.",
        "自動で起動します。",
        "3秒以内に応答すること",
    ],
    "facet:actual": [
        "以前のまま変わりません。",
        "It stays as before.",
        "5分たっても終わりません。",
        "Nothing happens.",
        "エラーになります",
    ],
    "link:evidence": [
        "同じ時刻のログです。",
        "はい、そうです。",
        "Yes, from the same instance at that time.",
        "別のインスタンスのものです。",
        "相違ありません",
    ],
    "link:goal": [
        "コンソールから起動できることです。",
        "the instance starts",
    ],
    "symptom": [
        "起動ボタンを押すとエラーになります。",
        "The page does not open.",
        "接続が切れます。",
    ],
    "materials": [
        "構成図です https://example.com/a.pdf",
        "The diagram is in the wiki.",
    ],
}
BESIDE = [
    "電話してほしいです。",
    "この件は弊社の最優先事項です。",
    "担当の方を代えていただきたいです。",
    "弊社の佐藤にも共有しました。",
    "来週は出張で不在にしております。",
    "11月20日から23日まで休業いたします。",
    "今後は鈴木が窓口となります。",
    "Our contact person is now Suzuki.",
    "I am on vacation until Monday.",
    "本メールの宛先に suzuki@minato.example を追加してください。",
    "電話番号は 03-1234-5678 です。",
    "内線1234までお願いしたいです。",
    "今日は外出しております。",
    "I will be out of office from Friday.",
    "今週中に復旧しないと業務が止まります。",
    "03-1234-5678",
    "090-1234-5678 にお願いします。",
    "Please call me at +81 3-1234-5678.",
    "Could you reply by Friday?",
    "I am away until next Monday.",
    "上長に確認が必要です。",
    "責任者とお話ししたいです。",
    "CCに田中を入れてください。",
    "この件、とても困っています。",
    "大変重要な案件です。",
    "We are losing money.",
    "My manager is waiting for this.",
    "This is urgent, please hurry.",
    "今日中に回答をください。",
    "来週月曜日に打ち合わせをお願いできればと思います。",
    "早めの対応をお願いできればと思います。",
    "Can we have a call tomorrow at 10am?",
    "The office is closed on Monday due to a public holiday.",
    "請求書の件は別途お願いします。",
    "本日は終日会議のため、返信が遅れます。",
    "明日は祝日のため休みです。",
    "鈴木と申します。",
    "退職した山田に代わりまして担当いたします。",
    "見積書を送ってください。",
    "Please add suzuki@minato.example to cc.",
    "添付のとおりです。",
    "先ほどのメールをご覧ください。",
    "お手数ですが進めてください。",
    "メールを拝見しました。",
    "I have read your mail.",
    "We appreciate your support.",
    "本日、担当者が東京に出張しております。",
    "We are available from 9am to 6pm on weekdays.",
    "平日の9時から18時まで連絡がつきます。",
    "営業時間は9時から17時です。",
    "本件は社内で検討いたします。",
    "いつ頃直りますか",
    "How long will it take?",
    "確認中です",
    "調べてみます。",
    "以上、東京電力の佐藤でした。",
    "東京の鈴木です。",
    "弊社では11月末が締め切りです。",
    "The deadline is Nov 30.",
    "I'm traveling this week.",
    "12月1日にリリースを控えています。",
    "We go live on Dec 1.",
    "御社の対応に不満です。",
]
EVERY_ITEM = [
    "symptom",
    "evidence",
    "when",
    "where",
    "who",
    "zone",
    "materials",
    "goal",
    "link:evidence",
    "link:goal",
    "facet:error_message",
    "facet:steps",
    "facet:endpoints",
    "facet:command_result",
    "facet:parameters",
    "facet:intended",
    "facet:unintended",
    "facet:reference",
    "facet:expected",
    "facet:actual",
]


def only(item: str, text: str) -> dict[str, How]:
    return told(text, to=replace(asked(item), asked=frozenset({item})))


@pytest.mark.parametrize("item", ANSWERS)
def test_short_answers_to_the_only_question_are_taken(item: str) -> None:
    assert [text for text in ANSWERS[item] if item not in only(item, text)] == []


@pytest.mark.parametrize("item", EVERY_ITEM)
def test_calls_people_absence_deadlines_and_promises_answer_nothing(item: str) -> None:
    assert [text for text in BESIDE if only(item, text)] == []


def test_every_item_that_is_asked_has_a_sound() -> None:
    assert sorted(ANSWERS) == sorted(EVERY_ITEM)
    assert set(pack().questions) <= {*EVERY_ITEM, *pack().asides}


def test_an_item_without_a_pattern_has_no_answer_that_sounds_like_it() -> None:
    cues = replace(
        pack().cues, phrases={key: value for key, value in pack().cues.phrases.items() if not key.startswith("answer.")}
    )
    bare = replace(pack(), cues=cues)
    assert not any(sounds_like("goal", text, bare) for text in ANSWERS["goal"])


@pytest.mark.parametrize(
    ("text", "is_place"),
    [
        ("東京です。", True),
        ("東京リージョンの本番", True),
        ("東京電力の案件です。", False),
        ("東京の鈴木です。", False),
        ("日本時間です。", False),
        ("タイです。", True),
        ("タイムアウトです。", False),
        ("Tokyo", True),
        ("our Tokyo team decides", False),
        ("web-01", True),
        ("T000123 の件です。", False),
        ("suzuki@minato.example", False),
        ("shop.minato.example", True),
        ("ECSインスタンスが動きません。", False),
    ],
)
def test_a_place_is_a_region_a_resource_a_host_or_an_environment(text: str, *, is_place: bool) -> None:
    assert sounds_like("where", text, pack()) is is_place


def test_words_that_hand_over_a_file_answer_only_with_a_file() -> None:
    assert sounds_like("evidence", "添付しました。", pack(), has_files=True)
    assert not sounds_like("evidence", "添付しました。", pack())
    assert not sounds_like("when", "添付しました。", pack(), has_files=True)


def test_what_answers_beside_other_things_is_taken() -> None:
    assert only("where", "東京です。来週は出張で不在にしております。") == {"where": How.ONLY}
    assert only("when", "11/23の22時頃からです。明日の朝までに直してほしいです。") == {"when": How.ONLY}
