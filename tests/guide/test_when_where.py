"""[When] and [Where]、[Which]: time, frequency, place (S34 to S43)."""

from __future__ import annotations

import re

from models.assessment import Category, Hint, SymptomKind
from models.db.store import Store
from tests.guide.product import categories, hints, letter, letter_to, present, read, squeezed, ticket_page
from tests.unit.responders.builders import DOUBTFUL, issue

SSH = "ECSインスタンス i-6we1a2b3c4d5e6f7g8h9 にSSHで接続できません。Connection timed out と表示されます。"
NO_PRODUCT = (issue(products=()),)
COURSE = "course"
SOURCE = "access_source"
ELSEWHERE = "works_for"
UNTOLD = {"facet:endpoints": DOUBTFUL}


def test_s34_time_and_frequency_are_asked_for_where_neither_is_told() -> None:
    vague = read("最近、ECSインスタンス i-6we1a2b3c4d5e6f7g8h9 にSSHで接続できません。", "接続できません")
    assert "when" in vague.decision.missing
    assert "when" in letter_to(vague).asked
    told = read(f"本日 10:15 から、{SSH}", "接続できません")
    assert "when" in present(told)
    assert "when" not in letter_to(told).asked
    assert letter("when").decision.missing == ("when",)


async def test_s35_times_carry_their_zone_and_a_missing_one_is_asked_for(sqlite_store: Store) -> None:
    assert letter("when").lacks("いつから", "日本時間(JST)", "中国時間(CST)") == []
    bare = read(f"本日 10:15 から、{SSH}", "接続できません")
    assert {"zone_missing", "when"} <= set(hints(bare))
    assert re.search(r"2026/11/2410:15\(タイムゾーンの記載なし\)", squeezed(letter_to(bare).text)), "as it was read"
    assert "zone" in letter_to(bare).asked
    zoned = read(f"11/24 10:15 (CST) から、{SSH}", "接続できません")
    assert "zone_missing" not in hints(zoned)
    assert "2026/11/24 11:15 (JST)" in letter_to(zoned)
    assert "2026-11-24T10:15+08:00" in await ticket_page(sqlite_store, zoned)
    clock = (Hint(kind="when", value="2026-11-24T10:15:00"), Hint(kind="zone_missing"))
    assert "日本時間(JST)でしょうか、中国時間(CST)でしょうか。" in letter("goal", hints=clock)
    assert "中国時間(CST)でしょうか" not in letter("goal", hints=clock[:1])
    assert "JSTとして理解しております" in squeezed(letter("goal", hints=clock[:1]).text), (
        "taken for the desk's zone, and said so"
    )


def test_s36_how_often_and_whether_it_goes_on_is_asked_along_unless_told() -> None:
    told = letter("when")
    assert COURSE in told.asked
    assert told.lacks("回数", "定期的", "現在も続いているか") == []
    assert COURSE not in letter("goal").asked, "never without the question of when"
    done = read("毎晩2、3回、ECSとの通信が切断されます。現在も続いています。", "切断される")
    assert {"frequency", "ongoing"} <= set(hints(done))
    assert "when" in present(done)
    for kind in ("frequency", "ongoing"):
        assert COURSE not in letter("when", hints=(Hint(kind=kind),)).asked, kind


def test_s37_load_as_the_condition_is_asked_along_and_recognised() -> None:
    assert "高負荷時" in letter("when")
    assert "高負荷" not in letter("where", "goal")
    done = read("CPUが高負荷の時だけ、SLB経由の通信がタイムアウトします。", "タイムアウト")
    assert "高負荷" in hints(done)["condition"]
    assert "when" not in done.decision.missing
    assert COURSE not in letter("when", hints=(Hint(kind="condition"),)).asked


def test_s38_whether_only_certain_instances_are_concerned_is_asked_along_and_recognised() -> None:
    assert "特定のインスタンス" in letter("when")
    assert "certain instances" in letter("when", language="en")
    assert "特定のインスタンス" not in letter("where", "goal")
    done = read("web02だけSSHで接続できません。昨日から発生しています。", "接続できない")
    assert hints(done)["fails_for"] == "だけSSHで接続できません"
    assert ELSEWHERE not in letter_to(done).asked


def test_s39_the_place_is_asked_for_where_none_is_told() -> None:
    bare = read("インスタンスが起動しません。「起動」を押すとエラーになります。", "起動しない")
    assert "where" in bare.decision.missing
    assert "where" in letter_to(bare).asked
    told = read("東京リージョンのゾーンAにある ECS インスタンス i-6we1a2b3c4d5e6f7g8h9 が起動しません。", "起動しない")
    assert "where" in present(told)
    assert "where" not in letter_to(told).asked
    assert letter("where").decision.missing == ("where",)


async def test_s40_service_region_zone_and_instance_are_asked_for_and_recognised(sqlite_store: Store) -> None:
    general = letter("where", issues=NO_PRODUCT)
    assert general.lacks("どのサービス", "どのリージョン", "どのゾーン", "どのインスタンス(ID)") == []
    assert letter("where").lacks("どのリージョン", "どのゾーン", "どのインスタンス(ID)") == []
    bucket = letter("where", issues=(issue(Category.TROUBLESHOOTING, "oss"),))
    assert "どのバケット" in bucket
    assert "どのゾーン" not in bucket
    done = read("東京リージョンのゾーンAにある ECS インスタンス i-6we1a2b3c4d5e6f7g8h9 が起動しません。", "起動しない")
    told = letter_to(done)
    assert "・プロダクト：Elastic Compute Service (ECS)" in told
    assert "・リージョン：日本 (東京)" in told
    assert "・対象のリソース：i-6we1a2b3c4d5e6f7g8h9" in told
    page = await ticket_page(sqlite_store, done)
    assert "リージョン ap-northeast-1" in page
    assert "リソース i-6we1a2b3c4d5e6f7g8h9" in page


def test_s41_the_segment_is_asked_of_network_symptoms_and_counts_as_a_place() -> None:
    asked = letter("where", findings=UNTOLD)
    assert "ネットワークのセグメント" in asked
    assert "セグメント" not in letter("where", kind=SymptomKind.DISPLAY)
    done = read("vSwitch vsw-6we1a2b3c4d5e6f7g8h9 (192.168.10.0/24) から RDS に接続できません。", "通信できない")
    assert "where" in present(done)
    assert hints(done)["resource"] == "vsw-6we1a2b3c4d5e6f7g8h9"


def test_s42_from_where_it_was_accessed_is_asked_of_connections_unless_told() -> None:
    question = "どこからアクセスされましたか"
    assert question in letter("where", findings=UNTOLD)
    assert question not in letter("where", kind=SymptomKind.ERROR)
    assert question not in letter("where"), "from where to where is told"
    assert question not in letter("where", findings=UNTOLD, hints=(Hint(kind="access_source"),))
    done = read("大阪支社の社内LANからECSにSSHでつながりません。", "つながらない")
    assert "社内LANから" in hints(done)["access_source"]
    assert "where" in present(done)
    assert question not in letter_to(done)


async def test_s43_where_it_works_is_asked_once_unless_told(sqlite_store: Store) -> None:
    question = "発生しないケース("
    for absent in (("where",), ("where", "symptom")):
        assert "".join(letter(*absent).text.split()).count(question) == 1, absent
    assert question not in letter("when")
    done = read("大阪支社からECSにSSHでつながりません。東京オフィスからは問題なく接続できます。", "つながらない")
    assert hints(done)["works_for"] == "東京オフィスからは問題なく接続できます"
    assert ELSEWHERE not in letter_to(done).asked
    assert categories(done) == ["product.troubleshooting"]
    assert "正常な環境 東京オフィスからは問題なく接続できます" in await ticket_page(sqlite_store, done)
    for kind in ("works_for", "fails_for"):
        assert question not in letter("where", hints=(Hint(kind=kind),)), kind
