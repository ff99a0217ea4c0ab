"""サポートセンターの対応範囲について: what the centre answers, and what it does not (S1 to S16)."""

from __future__ import annotations

import re

from models.assessment import Category, SymptomKind
from models.db.store import Store
from models.states import TicketState
from tests.guide.product import (
    TROUBLE_SECTIONS,
    categories,
    facets,
    letter,
    letter_to,
    present,
    read,
    squeezed,
    ticket_page,
)
from tests.unit.responders.builders import issue, pack

SERVICE = (Category.OVERVIEW_PRICING, Category.PURCHASE_USAGE, Category.PAYMENT_BILLING, Category.ACCOUNT)
TROUBLE_HEADINGS = {"evidence", "when", "where", "goal"}
TUNING = issue(Category.OUT_DB_TUNING, "rds")
SUPPORT = "https://jp.alibabacloud.com/support/after-sales"
PRICE = "東京リージョンで ECS の ecs.g7.large を月額で1台利用した場合の料金はいくらになりますか。"


async def test_s1_the_range_is_listed_whole_where_it_is_exceeded_and_every_mail_gets_its_class(
    sqlite_store: Store,
) -> None:
    told = letter(issues=(TUNING,), kind=None)
    _, _, after = told.text.partition("承っている内容は、次のとおりです。")
    listed = [line[1:] for line in after.splitlines() if line.startswith("・")]
    words = ("概要・価格", "利用料金", "請求全般", "アカウント", "使い方", "トラブルシュート", "障害対応")
    assert len(listed) == len(words)
    assert [word for word, line in zip(words, listed, strict=True) if word not in line] == []
    assert "承っている内容は" not in letter("when")
    done = read(PRICE, "料金について")
    page = await ticket_page(sqlite_store, done)
    assert (
        f"プロダクトの概要・価格 Elastic Compute Service (ECS) {round(done.seen.issues[0].confidence * 100)}%" in page
    )
    assert done.seen.issues[0].gist in page


def test_s2_service_questions_never_get_the_questions_of_trouble() -> None:
    for category in SERVICE:
        asked = letter("symptom", *TROUBLE_SECTIONS, "who", "materials", issues=(issue(category),), kind=None)
        assert set(asked.decision.missing) <= {"symptom", "who"}
        assert not asked.asked & TROUBLE_HEADINGS, category
    done = read("領収書の宛名を変更して再発行していただくことは可能でしょうか。", "領収書の発行")
    assert categories(done)[0].startswith("service.")
    assert done.seen.symptom_kind is None
    assert not letter_to(done).asked & TROUBLE_HEADINGS


def test_s3_a_question_of_price_is_known_and_accepted_as_it_is() -> None:
    done = read(PRICE, "料金について")
    assert categories(done) == ["service.overview_pricing"]
    assert (done.decision.disposition.value, done.decision.missing) == ("accept", ())
    lacking = letter(*TROUBLE_SECTIONS, "who", issues=(issue(Category.OVERVIEW_PRICING),), kind=None)
    assert lacking.kind == "acknowledgement"
    unclear = letter("symptom", issues=(issue(Category.OVERVIEW_PRICING, gist="料金"),), kind=None)
    assert unclear.asked == {"symptom"}
    assert unclear.lacks("どのプロダクト", "お知りになりたい") == []
    assert "現象" not in unclear


def test_s4_a_question_of_charges_is_asked_for_the_account_and_the_month_or_order() -> None:
    done = read(
        "先月の利用料金が普段より高くなっていました。内訳を知りたいので、教えていただけますか。", "先月の利用料金"
    )
    assert categories(done) == ["service.purchase_usage"]
    assert done.decision.missing == ("who",)
    told = letter_to(done)
    assert "対象のアカウントID(UID)" in told
    assert "操作されたユーザー" not in told
    assert "billing_document" not in told.asked, "he has named the month"
    unnamed = letter("who", issues=(issue(Category.PURCHASE_USAGE, gist="料金の内訳"),), kind=None)
    assert unnamed.lacks("請求月", "注文番号") == []
    assert "billing_document" in unnamed.asked
    assert "billing_document" not in letter("who", issues=(issue(Category.ACCOUNT),), kind=None).asked


async def test_s5_a_question_of_payment_is_asked_for_account_and_invoice_never_for_card_numbers(
    sqlite_store: Store,
) -> None:
    done = read("領収書の宛名を変更して再発行していただくことは可能でしょうか。", "領収書の発行")
    assert categories(done) == ["service.payment_billing"]
    told = letter_to(done)
    assert "billing_document" in told.asked
    assert told.lacks("対象のアカウントID(UID)", "請求書番号") == []
    assert squeezed(told.text).count("カード番号") == 1
    assert "カード番号は、メールにお書きにならないよう" in told
    card = read(
        "支払いに使うクレジットカードを 4111 1111 1111 1111 に変更したいのですが、どこから変更できますか。",
        "カードの変更",
    )
    assert [secret.kind for secret in card.seen.secrets] == ["card_number"]
    assert "4111" not in letter_to(card).text
    assert "4111" not in await ticket_page(sqlite_store, card)


def test_s6_a_question_of_an_account_is_asked_for_its_id_never_for_its_password() -> None:
    done = read(
        "アカウントに登録しているメールアドレスを変更したいのですが、変更の手続きを教えてください。", "登録メール"
    )
    assert categories(done) == ["service.account"]
    assert done.decision.missing == ("who",)
    told = letter_to(done)
    assert told.asked == {"who"}
    assert re.search("パスワード[^。]*メールにお書きにならないよう", squeezed(told.text))
    assert told.text.count("パスワード") == 1, "only to say that it must not be sent"


async def test_s7_a_question_about_a_product_is_tagged_with_the_product_of_the_catalogue(sqlite_store: Store) -> None:
    done = read("Lindorm のインスタンスを新しく作成する手順を教えてください。", "Lindormについて")
    assert categories(done)[0].startswith("product.")
    assert done.seen.issues[0].products == ("lindorm",)
    asked = letter("goal", issues=(issue(Category.TROUBLESHOOTING, "rds"),))
    assert "・プロダクト：ApsaraDB RDS" in asked
    assert "product.how_to" not in (page := await ticket_page(sqlite_store, done))
    assert "使い方・操作方法 Lindorm" in page


def test_s8_a_how_to_question_is_known_and_never_asked_when_or_who() -> None:
    done = read("Auto Scaling で、平日の朝9時に台数を増やすスケジュールを設定する方法を教えてください。", "設定方法")
    assert categories(done) == ["product.how_to"]
    assert done.decision.disposition.value == "accept"
    unclear = letter("symptom", *TROUBLE_SECTIONS, "who", "materials", issues=(issue(Category.HOW_TO),), kind=None)
    assert unclear.decision.missing == ("symptom",)
    assert not unclear.asked & {"when", "who", "goal", "evidence"}
    assert unclear.lacks("どのプロダクト", "何を行いたいか") == []
    assert "現象" not in unclear


def test_s9_trouble_gets_the_whole_questionnaire_as_far_as_it_is_not_answered() -> None:
    done = read("ECSに接続できません。対応をお願いします。", "接続できません")
    assert categories(done) == ["product.troubleshooting"]
    assert {"evidence", "when", "where", "goal", "facet:endpoints", "facet:command_result"} <= set(
        done.decision.missing
    )
    nothing = letter("symptom", *TROUBLE_SECTIONS, "facet:error_message", "facet:steps", kind=SymptomKind.ERROR)
    assert [title.split("・")[0] for title in nothing.titles] == [
        "現象",
        "発生場所",
        "発生日時",
        "根拠となる情報",
        "ゴール",
    ]
    assert {"facet:error_message", "facet:steps"} <= nothing.asked
    assert letter().kind == "acknowledgement", "nothing is asked where nothing is missing"


def test_s10_an_outage_goes_to_an_agent_at_once_and_is_asked_for_time_and_place_at_most() -> None:
    text = "東京リージョンのECS、RDS、SLBがすべて一斉に応答しなくなりました。御社側の障害でしょうか。復旧の見込みを教えてください。"
    done = read(text, "東京リージョンで障害でしょうか")
    assert categories(done) == ["product.incident"]
    assert done.state is TicketState.READY, "nobody waits for the answer"
    told = letter_to(done)
    assert "https://status.alibabacloud.com/" in told
    assert "優先して確認" in told
    assert told.asked <= {"when", "where"}
    everything = ("symptom", *TROUBLE_SECTIONS, "who", "facet:endpoints", "facet:command_result")
    most = letter(*everything, issues=(issue(Category.INCIDENT),))
    assert most.asked == {"when", "where"}
    assert "https://status.alibabacloud.com/" not in letter("when")


def test_s11_console_api_and_sdk_are_in_scope_and_the_way_not_the_subject() -> None:
    told = letter(issues=(TUNING,), kind=None)
    assert "(コンソール、API、SDKを含みます)" in told
    for text, means in (
        ("コンソールからECSのスナップショットを作成する手順を教えてください。", "console"),
        ("APIからECSインスタンスの一覧を取得する方法を教えてください。", "openapi"),
        ("Python SDK で ECS の DescribeInstances を呼び出すと InvalidAccessKeyId.NotFound のエラーになります。", "sdk"),
    ):
        (one,) = read(text).seen.issues
        assert one.category.value.startswith("product.")
        assert (one.products, one.context_products) == (("ecs",), (means,)), text


def test_s12_what_is_out_is_told_with_what_the_desk_can_do_and_by_an_agent_where_it_is_not_sure() -> None:
    sure = letter(issues=(TUNING,), kind=None, confidence=0.97)
    assert (sure.kind, sure.decision.hold) == ("out_of_scope", False)
    assert sure.lacks("恐れ入りますが", "監視グラフ", "ご案内いたします", "ご返信ください", "受付中") == []
    assert letter(issues=(TUNING,), kind=None, confidence=0.45).decision.hold
    mixed = letter("when", issues=(issue(), TUNING))
    assert mixed.kind == "request_information"
    assert "対応範囲外となります" in mixed


def test_s13_installed_software_is_out_yet_the_product_side_is_checked() -> None:
    text = "ECS上に導入したWordPressで、プラグインを更新したところ管理画面が真っ白になりました。WordPressの不具合を調べて直してください。"
    done = read(text, "WordPressが真っ白になる")
    assert categories(done) == ["out.application"]
    told = letter_to(done)
    assert told.kind == "out_of_scope"
    for offer in ("インスタンスの状態", "ネットワークの疎通", "セキュリティグループ", "ヘルスチェック", "ディスク"):
        assert offer in told
    assert "ソフトウェアの提供元" in told, "who can help instead"
    mixed = letter("when", issues=(issue(), issue(Category.OUT_APPLICATION)))
    assert "【お客様が導入されたアプリケーションソフトウェアのトラブルシュート】" in mixed
    assert "アプリケーションソフトウェアの動作や不具合の調査は、当センターの対応範囲外となります" in mixed
    assert "when" in mixed.asked
    both = "ECSインスタンス web-01 にSSHで接続できません。Connection timed out と表示されます。\n\nまた、別件で、ECSに導入したWordPressの管理画面がプラグインの更新後に真っ白になりました。こちらも直してください。"
    assert categories(read(both, "2件のご相談")) == ["product.troubleshooting", "out.application"]
    reachable = "本社からECSインスタンス web-01 にSSHで接続できません。Connection timed out と表示されます。"
    assert categories(read(reachable)) == ["product.troubleshooting"]


def test_s14_patching_is_out_yet_a_boot_failure_after_it_is_not() -> None:
    done = read(
        "ECSのCentOSに、カーネルのセキュリティパッチを適用していただけますか。OSのパッチ適用作業をお願いします。",
        "パッチ適用",
    )
    assert categories(done) == ["out.os_patching"]
    told = letter_to(done)
    assert "OSのパッチ適用やパッケージの更新作業は、当センターの対応範囲外となります" in told
    assert told.lacks("適用前のスナップショット", "VNC", "復元") == []
    after = "yum update でパッケージを更新して再起動したところ、ECSインスタンス i-6we1a2b3c4d5e6f7g8h9 が起動しなくなり、SSHで接続できません。"
    assert categories(read(after, "起動しません")) == ["product.troubleshooting"]


def test_s15_tuning_is_out_yet_a_busy_cpu_alone_is_no_tuning() -> None:
    text = "RDS MySQLのクエリが遅いため、インデックスの張り方とパラメータのチューニングをお願いします。実行計画を見て最適化してください。"
    done = read(text, "スロークエリの改善")
    assert categories(done) == ["out.db_tuning"]
    told = letter_to(done)
    assert "データベースチューニングは、当センターの対応範囲外となります" in told
    assert "監視グラフやスローログの見方、仕様変更" in told
    busy = read(
        "昨日からRDSのCPU使用率が100%に張り付いたままになっており、アプリケーションから接続できません。", "RDSのCPU"
    )
    assert categories(busy) == ["product.troubleshooting"]
    assert "goal" in busy.decision.missing
    assert "endpoints" not in facets(busy)
    assert "when" in present(busy)


def test_s16_the_page_of_the_centre_stands_in_scope_notices_and_under_every_letter() -> None:
    assert pack().desk.support_url == SUPPORT
    for told in (
        letter(),
        letter("when"),
        letter(issues=(TUNING,), kind=None),
        letter(issues=(issue(Category.UNDISCLOSED_PERFORMANCE),), kind=None),
        letter(issues=(issue(), issue(Category.HOW_TO, "oss"))),
        letter(multiple_accounts=True),
        letter("when", language="en"),
    ):
        assert told.text.rstrip().endswith(SUPPORT), told.kind
    assert letter(issues=(TUNING,), kind=None).text.count(SUPPORT) == 2, "in the notice and under it"
    assert letter("when").text.count(SUPPORT) == 1
