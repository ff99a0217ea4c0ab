"""チケット起票の推奨記載内容について and 現象 概要: what a ticket should hold, and the four kinds of symptom (S17 to S24)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from models.assessment import Category, Facet, SymptomKind
from models.db.store import Store
from models.states import TicketState
from policy.pack import Pack
from reports.periods import period_of
from reports.quality import summarise
from tests.guide.product import (
    TROUBLE_SECTIONS,
    facets,
    letter,
    letter_to,
    present,
    read,
    squeezed,
    ticket_page,
)
from tests.support.facts import book, ticket

# The guide's seven headings, as far as a short name needs them, in its order.
HEADINGS = ("現象", "根拠", "発生日時", "発生場所", "アカウント", "その他", "ゴール")
REQUIRED = ("必須", "必ずお", "不足", "ないと", "対応できません")


async def test_s17_the_guides_headings_are_the_agents_checklist_and_the_customers_form(sqlite_store: Store) -> None:
    page = await ticket_page(
        sqlite_store, read("ECSがうまくいきません。ご確認をお願いいたします。", "うまくいきません")
    )
    checklist = page.partition(" チェックリスト ")[2].partition("判定:")[0]
    places = [checklist.find(heading) for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    told = letter("symptom", *TROUBLE_SECTIONS)
    assert {"symptom", "evidence", "when", "where", "goal"} <= told.asked
    assert 0 < told.text.find("次の点をお知らせ") < told.text.find("(1) ") < told.text.find("■ ")
    assert not re.search(r"^■ ", letter().text, re.MULTILINE)


def test_s18_what_is_recommended_is_asked_for_and_never_required(pack: Pack) -> None:
    told = letter("symptom", *TROUBLE_SECTIONS)
    assert re.search("(?:スムーズに|円滑に)[^。]*次の点をお知らせいただけ", squeezed(told.text))
    assert told.lacks("お分かりになる範囲で", "「不明」") == []
    assert [word for word in REQUIRED if word in squeezed(told.text)] == []
    bare = read("ECSがうまくいきません。ご確認をお願いいたします。", "うまくいきません")
    assert "受付番号 T000123 で承りました" in letter_to(bare)
    assert bare.state is not TicketState.CLOSED
    whole = ticket(1, Category.TROUBLESHOOTING)
    lacking = ticket(2, Category.TROUBLESHOOTING, disposition="request_information", missing_first=("when",))
    week = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
    figures = summarise([whole, lacking, replace(whole, ref="T000003")], week, book(pack))
    assert (figures.count("complete"), figures.count("incomplete")) == (2, 1)
    assert figures.by("lacking", "item") == {"when": 1}


async def test_s19_the_symptom_is_asked_first_and_its_gist_stands_on_the_ticket(sqlite_store: Store) -> None:
    vague = read("ECSがうまくいきません。ご確認をお願いいたします。", "うまくいきません")
    assert "symptom" in vague.decision.missing
    assert letter_to(vague).titles[0].startswith("現象")
    told = read(
        "ECSインスタンス web-01 をコンソールから起動すると、ステータスが「停止済み」のまま変わらず、起動しません。"
    )
    assert "symptom" in present(told)
    assert "symptom" not in letter_to(told).asked
    page = await ticket_page(sqlite_store, told)
    assert f"ご質問 {told.seen.issues[0].gist} トラブルシュート" in page


def test_s20_a_symptom_must_be_concrete() -> None:
    vague = read("ECSが動きません。", "ECSの件")
    concrete = read(
        "ECSインスタンス web-01 をコンソールから起動すると、ステータスが「停止済み」のまま変わらず、起動しません。",
        "ECSの件",
    )
    assert ("symptom" in present(vague), "symptom" in present(concrete)) == (False, True)
    assert "どのような現象が起きているか、具体的に" in letter("symptom")
    assert "concretely" in letter("symptom", language="en")
    assert "どのような現象が起きているか" not in letter("when")


async def test_s21_an_error_needs_its_exact_message_and_the_steps_and_only_the_missing_one_is_asked(
    sqlite_store: Store,
) -> None:
    kind = SymptomKind.ERROR
    message, steps = "facet:error_message", "facet:steps"
    assert letter("facet:error_message", kind=kind).asked & {message, steps} == {message}
    assert letter("facet:steps", kind=kind).asked & {message, steps} == {steps}
    assert not letter("goal", kind=kind).asked & {message, steps}
    assert "エラーメッセージを、省略せずに" in letter("facet:error_message", kind=kind)
    done = read(
        "コンソールのインスタンス一覧で i-6we1a2b3c4d5e6f7g8h9 の「起動」をクリックしたところ、「OperationDenied.NoStock: The resource is out of stock. RequestId: 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E」というエラーが表示されます。",
        "起動エラー",
    )
    assert done.seen.symptom_kind is kind
    assert facets(done) == {"error_message", "steps"}
    page = await ticket_page(sqlite_store, done)
    assert "リソース 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E" in page
    assert page.count("OperationDenied.NoStock") > 1, "in the mail, and as the proof of the checklist"


UNREACHABLE = (
    "と通信できません",
    "が応答しません",
    "につながりません",
    "が反応しません",
    "が動きません",
    "にアクセスできません",
)


def test_s22_what_cannot_be_reached_needs_from_where_to_where_the_command_and_the_parameters() -> None:
    for words in UNREACHABLE:
        assert read(f"昨日からECSインスタンス web-01 {words}。").seen.symptom_kind is SymptomKind.CONNECTIVITY, words
    here, result, settings = "facet:endpoints", "facet:command_result", "facet:parameters"
    assert letter("facet:endpoints").asked & {here, result} == {here}
    told = letter("facet:command_result", "facet:parameters")
    assert told.asked & {here, result, settings} == {result, settings}
    assert told.lacks("ping", "traceroute", "telnet", "curl") == []
    assert letter("facet:parameters").kind == "acknowledgement", "parameters are asked along, never a reason to ask"
    done = read(
        "本社の 203.0.113.10 から ECS i-6we1a2b3c4d5e6f7g8h9 (10.0.1.5) の22番ポートに接続できません。\n$ ssh admin@10.0.1.5\nssh: connect to host 10.0.1.5 port 22: Connection timed out",
        "SSH接続できない",
    )
    assert {"endpoints", "command_result"} <= facets(done)
    assert not letter_to(done).asked & {here, result}


def test_s23_a_display_needs_what_was_intended_what_shows_and_the_document() -> None:
    kind = SymptomKind.DISPLAY
    for text in (
        "コンソールのECSの一覧に、作成したはずのインスタンスが表示されません。",
        "CDNで配信している画像で、意図しない古い画像が表示されます。",
    ):
        assert read(text, "表示の件").seen.symptom_kind is kind, text
    intended, shown, document = "facet:intended", "facet:unintended", "facet:reference"
    assert letter("facet:intended", kind=kind).asked & {intended, shown, document} == {intended}
    told = letter("facet:unintended", "facet:reference", kind=kind)
    assert told.asked & {intended, shown, document} == {shown, document}
    assert "どのように表示されていますか(スクリーンショット" in told
    assert told.lacks("参照された手順", "ドキュメント") == []
    assert document not in letter("facet:endpoints").asked


def test_s24_a_behaviour_needs_what_is_expected_and_what_happens() -> None:
    kind = SymptomKind.BEHAVIOUR
    vague = read("Auto Scalingが意図したとおりに動きません。", "動作の件")
    assert vague.seen.symptom_kind is kind
    assert {"facet:expected", "facet:actual"} <= letter_to(vague).asked
    assert letter("facet:expected", kind=kind).asked & {"facet:expected", "facet:actual"} == {"facet:expected"}
    assert letter("facet:actual", kind=kind).asked & {"facet:expected", "facet:actual"} == {"facet:actual"}
    told = read(
        "Auto Scalingで、CPU使用率が80%を超えたらインスタンスが1台追加されるように設定しましたが、実際には80%を超えても台数が変わりません。",
        "台数が増えない",
    )
    assert told.seen.facets[Facet.EXPECTED].present
    assert "facet:expected" not in letter_to(told).asked
