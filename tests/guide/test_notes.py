"""ご留意事項: the notes, those to customers and those to the staff (S55 to S73)."""

from __future__ import annotations

import re

import pytest

from desk.show import item_name
from models.assessment import Category, Hint, Span, SymptomKind
from models.db.store import Store
from models.decision import Disposition
from models.states import Cause, TicketState, moves_by
from tests.guide.product import categories, file, hints, letter, letter_to, pages, read, squeezed
from tests.support.filings import NOW as FILED_AT
from tests.unit.responders.builders import history, issue, pack

GONE = (Hint(kind="once_recovered"), Hint(kind="not_reproducible"))
RESOURCE = (Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8"),)
BACKUP = issue(Category.TROUBLESHOOTING, "rds", gist="バックアップが失敗する", spans=(Span(40, 80),))
LIFECYCLE = issue(Category.HOW_TO, "oss", gist="ライフサイクルルールを設定したい")
STAFF_ONLY = ("問合せ拒否", "問い合わせ拒否", "不利益", "提供漏れ", "切り分けの支援", "検討する", "ご留意事項")
UNDISCLOSED = (Category.UNDISCLOSED_INCIDENT, Category.UNDISCLOSED_PERFORMANCE, Category.UNDISCLOSED_MAINTENANCE)


def every_letter() -> list[str]:
    """A letter of each kind that a first mail may get, squeezed."""
    letters = (
        letter(),
        letter("when", "evidence", hints=RESOURCE),
        letter("when", "where", issues=(issue(Category.INCIDENT),)),
        letter("evidence", hints=GONE),
        letter(issues=(issue(), BACKUP)),
        letter(multiple_accounts=True, accounts=("5123456789012345", "5987654321098765")),
        letter(issues=(issue(Category.OUT_DB_TUNING, "rds"),), kind=None),
        *(letter(issues=(issue(category),), kind=None) for category in UNDISCLOSED),
    )
    assert len({one.kind for one in letters}) == 7
    return [squeezed(one.text) for one in letters]


def test_s55_notes_to_customers_follow_the_questions_and_notes_to_the_staff_stay_inside() -> None:
    told = letter("when", "evidence", hints=RESOURCE)
    notes = [line for line in told.text.splitlines() if line.startswith("※")]
    assert [
        words for words in ("関連するインスタンス等は", "パスワード、") if not any(words in one for one in notes)
    ] == []
    assert told.text.index("※") > told.text.rindex("■ ")
    for text in every_letter():
        assert [words for words in STAFF_ONLY if words in text] == []


async def test_s56_every_first_letter_says_that_the_ticket_is_accepted_and_gaps_stay_visible(
    sqlite_store: Store,
) -> None:
    for text in every_letter():
        assert "2026/11/2410:15(JST)にいただいたお問い合わせを、受付番号T000123で承りました。" in text
    assert re.search(r"has been accepted as[^.]* T000123\.", " ".join(letter("when", language="en").text.split()))
    assert not {value for value in Disposition if "reject" in value or "refuse" in value}
    bare = read("ECSがうまくいきません。ご確認をお願いいたします。", "うまくいきません")
    assert bare.state is TicketState.WAITING_CUSTOMER
    ref = file(sqlite_store, bare)
    (queue,) = await pages(sqlite_store, "/queue?state=waiting")
    assert f"{ref} うまくいきません" in queue
    assert "、".join(item_name(item, pack(), "ja") for item in bare.decision.missing) in queue


def test_s57_a_request_helps_to_isolate_the_cause_and_an_agent_works_with_what_is_there(sqlite_store: Store) -> None:
    first = "解決の手がかりになることがあります"
    told = letter("when")
    assert first in told
    assert told.lacks("VNC", "切り分ける手がかり") == []
    assert "セキュリティグループとネットワークACL" in told
    database = letter("when", issues=(issue(Category.TROUBLESHOOTING, "rds"),))
    assert "IPホワイトリスト" in database
    assert "VNC" not in database
    assert "別のブラウザーやシークレットウィンドウ" in letter("when", kind=SymptomKind.DISPLAY)
    assert first not in letter()
    ref = file(sqlite_store, read("ECSに接続できません。調査をお願いします。", "接続できない"))
    assert sqlite_store.ticket(ref).row.state == "waiting_customer"
    assert TicketState.READY in moves_by(Cause.AGENT, TicketState.WAITING_CUSTOMER)
    sqlite_store.move(ref, TicketState.READY, by="hanako", now=FILED_AT)
    assert sqlite_store.ticket(ref).row.state == "ready"


def test_s58_what_happened_once_and_is_gone_waits_for_its_return() -> None:
    done = read("昨夜、ECSとの通信が一度だけ切断されました。現在は復旧しており、再現できません。", "一度だけ切断")
    assert {"once_recovered", "not_reproducible"} <= set(hints(done))
    told = letter_to(done)
    assert (told.kind, done.state) == ("recurrence", TicketState.WAITING_RECURRENCE)
    assert told.lacks("いただいた情報だけでは原因の特定が難しい", "再び発生した際は", "「再現待ち」として30日間") == []
    going_on = read("昨夜から、ECSとの通信が毎回切断されます。現在も続いています。", "切断")
    assert letter_to(going_on).kind == "request_information"


def test_s59_we_investigate_on_the_basis_of_what_we_get_and_threaten_nobody() -> None:
    words = "お知らせいただいた内容をもとに進めてまいります"
    told = letter("when", "goal")
    assert words in told
    assert words not in letter()
    assert [threat for threat in ("不利益", "漏れ", "できかね", "いたしかね") if threat in squeezed(told.text)] == []


def test_s60_who_points_elsewhere_is_asked_to_tell_situation_and_environment_here() -> None:
    words = "このチケットだけで状況とご利用の環境を把握"
    done = read(
        "前回のチケットと同じ環境で、またSSHで接続できません。構成は前回のチケットをご覧ください。", "接続できない"
    )
    assert done.seen.refers_elsewhere
    assert words in letter_to(done)
    assert words in letter(refers_elsewhere=True), "also where nothing else is asked"
    assert words not in letter("when")
    assert "新しいメールには、状況やご利用の環境を" in letter(issues=(issue(), BACKUP))


def test_s61_what_an_earlier_ticket_says_is_to_be_written_again() -> None:
    done = read(
        "ECSに接続できません。Connection timed out です。環境は以前のチケットに記載したとおりです。", "接続できない"
    )
    assert done.seen.refers_elsewhere
    assert re.search("以前[^。]*書かれた内容も[^。]*省略せずに", squeezed(letter_to(done).text))
    assert not read("ECSに接続できません。Connection timed out です。", "接続できない").seen.refers_elsewhere
    assert "重なる内容も省略せずに" in letter(issues=(issue(), BACKUP))


def test_s62_resources_are_to_be_kept_and_a_deletion_is_stopped() -> None:
    keep, stop = "可能な限り削除せずに", "関連するインスタンス等の削除はお控え"
    trouble = read("東京リージョンの ECS インスタンス i-6we1a2b3c4d5e6f7g8h9 が起動しません。", "起動しない")
    assert keep in letter_to(trouble)
    assert stop not in letter_to(trouble)
    leaving = read(
        "ECSインスタンス i-6we1a2b3c4d5e6f7g8h9 が起動しません。該当のインスタンスは明日削除する予定です。",
        "起動しない",
    )
    assert "deletes_resources" in hints(leaving)
    assert stop in letter_to(leaving)
    assert keep not in letter("when"), "no resource is named"
    assert keep not in letter("symptom", issues=(issue(Category.HOW_TO),), kind=None, hints=RESOURCE)


def test_s63_several_symptoms_are_split_and_one_with_several_questions_is_not() -> None:
    text = "お世話になっております。次の2点を調べてください。\n\n1. ECSインスタンス i-6we1a2b3c4d5e6f7g8h9 にSSHで接続できません。Connection timed out と表示されます。\n\n2. 別のインスタンス i-6we9a8b7c6d5e4f3g2h1 で、ディスクの拡張を実行すると InvalidDiskSize.TooSmall のエラーになります。"
    done = read(text, "2点のご相談")
    assert categories(done) == ["product.troubleshooting"] * 2
    told = letter_to(done)
    assert told.kind == "split"
    assert told.lacks("次の2件のお問い合わせ", "一つの内容", "新しいメールで") == []
    assert "mailto:" in told
    one = read(
        "ECSインスタンスにSSHで接続できません。次の点を教えてください。\n1. 原因\n2. 対処方法\n3. 再発防止策",
        "接続できない",
    )
    assert categories(one) == ["product.troubleshooting"]
    assert letter_to(one).kind == "request_information"


def test_s64_several_products_are_split_unless_they_belong_to_one_question() -> None:
    text = "お世話になっております。\n\n1. RDSの自動バックアップの保持期間を変更する方法を教えてください。\n\n2. OSSのバケットにライフサイクルルールを設定する方法を教えてください。"
    done = read(text, "RDSとOSSについて")
    assert [one.products for one in done.seen.issues] == [("rds",), ("oss",)]
    told = letter_to(done)
    assert told.kind == "split"
    assert "一つのチケットに一つのプロダクト" in told
    assert "2. 使い方・操作方法(OSS)" in told
    related = read(
        "ECSからRDSに接続できません。同じVPC内のECSで mysql コマンドを実行すると ERROR 2003 Can't connect to MySQL server になります。",
        "ECSからRDS",
    )
    assert categories(related) == ["product.troubleshooting"]
    assert letter_to(related).kind == "request_information"


def test_s65_a_split_offers_a_draft_for_each_product() -> None:
    told = letter(issues=(issue(), BACKUP, LIFECYCLE))
    text = squeezed(told.text)
    assert "件名：ApsaraDBRDS：バックアップが失敗する" in text
    assert "件名：OSS：ライフサイクルルールを設定したい" in text
    assert "宛先：support+split.T000123.2." in told
    assert "宛先：support+split.T000123.3." in told
    assert "1. につきましては、このチケット(T000123)で" in told
    assert "件名：ECS" not in text, "the first goes on in this ticket"


def test_s66_another_accounts_matter_is_not_taken_and_an_agent_makes_sure() -> None:
    done = read(
        "アカウント 5123456789012345 と 5987654321098765 の両方で、先月の請求書を再発行してください。", "請求書"
    )
    assert done.decision.disposition is Disposition.ACCOUNT_NOTICE
    told = letter_to(done)
    assert "同じお客様でも、異なるアカウントに関するご質問はお受けいたしかねます" in told
    assert "そのご担当者様から、新しいメールで" in told
    assert "5987654321098765" not in told.text
    named = read(
        "別のアカウントの請求書についても教えてください。弊社のアカウント 5123456789012345 の請求書は届いています。"
    )
    assert named.decision.disposition is Disposition.ACCOUNT_NOTICE
    other = letter(accounts=("5987654321098765",), before=history(known_accounts=("5123456789012345",)))
    assert "これまでのお問い合わせのアカウントと異なるようです" in other
    assert other.decision.hold, "a person makes sure whose account it is"
    own = letter(accounts=("5123456789012345",), before=history(known_accounts=("5123456789012345",)))
    assert own.kind == "acknowledgement"


@pytest.mark.parametrize("kind", list(SymptomKind))
def test_s67_checks_come_with_the_word_that_there_may_be_a_better_way(kind: SymptomKind) -> None:
    words = "ほかに適した方法がある場合もございます"
    advice = [tip for tip in pack().tips if tip.changes_settings]
    for product in ("ecs", "rds", "swas", "oss"):
        told = letter("goal", kind=kind, issues=(issue(Category.TROUBLESHOOTING, product),))
        touches = any(tip.text["ja"] in told for tip in advice)
        assert (words in told) == touches, product
        assert words not in letter(kind=kind, issues=(issue(Category.TROUBLESHOOTING, product),)), (
            "no check, no caution"
        )


def test_s68_changes_are_the_customers_own_decision_after_a_look_at_their_impact() -> None:
    told = letter("goal")
    assert told.lacks("設定の変更は", "影響範囲をご考慮のうえ", "お客様のご判断で") == []
    assert "影響範囲" not in letter()
    assert "consider its impact" in letter("goal", language="en")
    assert all("自己責任" not in text for text in every_letter())


def test_s69_outages_inside_are_not_explained_and_the_ticket_is_not_refused() -> None:
    done = read(
        "先週の東京リージョンの障害について、原因の詳細と再発防止策を記載した障害報告書を提出してください。",
        "障害の原因",
    )
    assert categories(done) == ["undisclosed.incident_detail"]
    told = letter_to(done)
    assert (told.kind, done.state) == ("policy_notice", TicketState.ANSWERED)
    assert "プロダクト内の障害につきましては、原則として詳細なご説明はいたしかねます。" in told
    assert "https://status.alibabacloud.com/" in told
    assert told.lacks("お客様のリソースへの影響", "確認を承ります", "受付中") == []
    beside = letter("when", issues=(issue(), issue(Category.UNDISCLOSED_INCIDENT)))
    assert beside.kind == "request_information"
    assert "原則として詳細なご説明はいたしかねます" in beside


def test_s70_performance_figures_are_not_published() -> None:
    done = read("ECS の ecs.g7.large で、ディスクIOPSと同時接続数の性能指標の保証値を教えてください。", "性能")
    assert categories(done) == ["undisclosed.performance"]
    assert "性能指標は原則として公開しておりません" in letter_to(done)
    assert "性能指標" not in letter(issues=(issue(Category.UNDISCLOSED_MAINTENANCE),), kind=None)
    price = "ECS の ecs.g7.large の月額の料金を教えてください。"
    assert categories(read(price, "料金")) == ["service.overview_pricing"]


def test_s71_performance_is_to_be_measured_and_compared_by_the_customer() -> None:
    told = letter(issues=(issue(Category.UNDISCLOSED_PERFORMANCE),), kind=None)
    assert "必要となる性能はお客様の環境や処理内容等によって異なり" in told
    assert told.lacks("誤解を招く", "お客様の環境で実際に測定", "フィットアンドギャップ", "おすすめ") == []
    assert "フィットアンドギャップ" not in letter(issues=(issue(Category.UNDISCLOSED_INCIDENT),), kind=None)


def test_s72_past_maintenance_is_not_published() -> None:
    done = read("過去1年間に実施されたECSのメンテナンスの履歴と実績を一覧でいただけますか。", "メンテナンス")
    assert categories(done) == ["undisclosed.maintenance_history"]
    assert "メンテナンスの過去の実績や履歴は公開しておりません。" in letter_to(done)
    assert "メンテナンスの過去の実績" not in letter(issues=(issue(Category.UNDISCLOSED_PERFORMANCE),), kind=None)


def test_s73_maintenance_cannot_be_forecast_so_systems_are_designed_for_it() -> None:
    done = read(
        "過去のメンテナンスの実績から、今後いつメンテナンスが行われるかの予測を教えてください。", "メンテナンス"
    )
    assert categories(done) == ["undisclosed.maintenance_history"]
    told = letter_to(done)
    assert "今後のメンテナンスを予測することは困難" in told
    assert told.lacks("メンテナンス時の状況を考慮したシステム設計", "冗長構成", "おすすめ") == []
    assert "システム設計" not in letter(issues=(issue(Category.UNDISCLOSED_INCIDENT),), kind=None)
