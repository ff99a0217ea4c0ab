"""[How] 現象の根拠、現象の因果関係: the grounds of the symptom (S25 to S33)."""

from __future__ import annotations

import re

from models.assessment import Category, Hint, Section, SymptomKind
from models.db.store import Store
from tests.guide.product import categories, facets, hints, letter, letter_to, present, read, squeezed, ticket_page
from tests.unit.responders.builders import issue

GONE = (Hint(kind="once_recovered"), Hint(kind="not_reproducible"))
AGAIN = "reproducibility"
ERROR_LINE = "「OperationDenied.NoStock: The resource is out of stock.」というエラーが表示されます。"


def test_s25_the_grounds_are_asked_for_where_there_are_none() -> None:
    bare = read("ECSに接続できません。調査をお願いします。", "接続できない")
    assert "evidence" in bare.decision.missing
    assert "evidence" in letter_to(bare).asked
    shown = read(f"コンソールで i-6we1a2b3c4d5e6f7g8h9 の「起動」をクリックしたところ、{ERROR_LINE}", "起動エラー")
    assert "evidence" in present(shown)
    assert "evidence" not in letter_to(shown).asked
    assert letter("evidence").decision.missing == ("evidence",)


async def test_s26_screens_and_logs_are_grounds_and_are_asked_for_by_name(sqlite_store: Store) -> None:
    told = letter("evidence")
    assert "現象を確認できるもの(コンソールの画面、ログ、コマンドの実行結果など)" in told
    inside = letter("evidence", kind=SymptomKind.BEHAVIOUR)
    assert "/var/log/messages" in inside, "a system log inside the virtual machine"
    assert "/var/log/messages" not in told, "nobody can log in there"
    assert "/var/log/messages" not in letter("when")
    words = ("ECSに接続できません。ご確認ください。", "ECSの件")
    assert "evidence" in read(*words).decision.missing
    assert "evidence" not in read(*words, "接続画面.png").decision.missing
    with_screen = read("ECSに接続できません。画面を添付します。", "ECSの件", "接続画面.png")
    assert "evidence" in present(with_screen)
    assert "接続画面.png" in await ticket_page(sqlite_store, with_screen)
    in_log = "ECSに接続できません。\n\nNov 24 03:12:44 web-01 sshd[812]: fatal: Timeout before authentication for 203.0.113.10 port 50122"
    assert "evidence" in present(read(in_log, "ECSの件"))


def test_s27_the_log_of_a_command_is_a_ground() -> None:
    text = "ECSに通信できません。実行結果は以下のとおりです。\n\n[root@web01 ~]# ping -c 3 10.0.1.5\nPING 10.0.1.5 (10.0.1.5) 56(84) bytes of data.\n\n--- 10.0.1.5 ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 2003ms"
    done = read(text, "pingが通らない")
    assert "evidence" in present(done)
    assert "command_result" in facets(done)
    start, _ = done.seen.sections[Section.EVIDENCE].spans[0]
    assert "ping" in done.seen.text[start : start + 200]
    told = letter_to(done)
    assert not told.asked & {"evidence", "facet:command_result"}
    assert "コマンドの実行結果" in letter("evidence")


def test_s28_connection_kind_is_asked_of_log_in_symptoms_only() -> None:
    question = "リモートデスクトップ、SSH、VNC"
    facts = "昨日 10:15 (JST) からです。東京リージョンの web-01 です。"
    plain = read(f"ECSに接続できません。{facts}", "接続できない")
    assert question in letter_to(plain)
    told = read(f"ECSにSSHで接続できません。{facts}", "接続できない")
    assert hints(told)["connection_kind"] == "SSH"
    assert question not in letter_to(told)
    assert question in letter("evidence")
    assert question not in letter("evidence", kind=SymptomKind.ERROR)
    assert question not in letter("evidence", issues=(issue(Category.TROUBLESHOOTING, "rds"),))
    assert question not in letter("when"), "no question there that it may join"


def test_s29_whether_it_happens_again_after_a_restart_is_asked_unless_said() -> None:
    kind = SymptomKind.BEHAVIOUR
    told = letter("evidence", kind=kind)
    assert AGAIN in told.asked
    assert told.lacks("再ログオン", "再起動") == []
    for said in ("ログオフしても同じです。再起動しても変わりません。", "必ず再現します。"):
        assert AGAIN not in letter("evidence", kind=kind, text=said).asked, said
    assert AGAIN not in letter("when", kind=kind).asked
    assert AGAIN not in letter("evidence", kind=kind, hints=(Hint(kind="not_reproducible"),)).asked
    assert "not_reproducible" in hints(read("ECSとの通信が切れましたが、再現できません。"))
    assert letter("evidence", hints=GONE).kind == "recurrence"


def test_s30_whether_it_happens_in_a_similar_environment_is_asked_unless_said() -> None:
    told = letter("evidence", kind=SymptomKind.BEHAVIOUR)
    assert "同様の別の環境" in told
    assert "in a similar environment" in letter("evidence", kind=SymptomKind.BEHAVIOUR, language="en")
    assert "同様の" not in letter("when")
    done = read(
        "ECSのディスクの拡張を実行すると InvalidDiskSize のエラーになります。同様のインスタンスを新しく作成しても再現します。"
    )
    assert "evidence" in present(done)
    assert AGAIN not in letter_to(done).asked


def test_s31_whether_it_happens_in_another_region_is_asked_and_two_regions_are_one_matter() -> None:
    asked = letter("evidence", kind=SymptomKind.BEHAVIOUR)
    assert "別のリージョンでの結果" in asked
    assert "reproducibility" in asked.asked
    assert "environment, in another region" in letter("evidence", kind=SymptomKind.BEHAVIOUR, language="en")
    done = read(
        "東京リージョンのECSからOSSへのアップロードが Connection reset by peer で失敗します。シンガポールリージョンで同じ構成を作成すると、問題なくアップロードできます。",
        "OSSへのアップロード",
    )
    assert categories(done) == ["product.troubleshooting"]
    assert [one.value for one in done.seen.hints if one.kind == "region"] == ["ap-northeast-1", "ap-southeast-1"]
    assert "リージョン：日本 (東京)、シンガポール" in letter_to(done)


def test_s32_the_steps_are_asked_for_and_those_that_do_no_harm_too() -> None:
    told = letter("facet:steps", kind=SymptomKind.ERROR)
    assert "エラーになるまでに実施された手順を、順に" in told
    assert re.search(r"発生しないケース\([^)]*手順", squeezed(told.text))
    done = read("コンソールで「起動」をクリックし、確認画面で「OK」を押すとエラーになります。", "エラー")
    assert "steps" in facets(done)
    assert "facet:steps" not in letter_to(done).asked


async def test_s33_grounds_of_another_thing_are_questioned(sqlite_store: Store) -> None:
    text = "ECSインスタンス web-01 にSSHで接続できません。\n\n参考に、別のサーバーのログを添付します。\nNov 20 03:12:44 batch-07 mysqld[812]: Aborted connection 55 to db: 'sales'"
    done = read(text, "ECSに接続できない")
    assert done.seen.evidence_linked is False
    assert "link:evidence" in done.decision.missing
    assert "link:evidence" in letter_to(done).asked
    assert letter_to(done).lacks("お送りいただいたログ", "今回の現象と") == []
    page = await ticket_page(sqlite_store, done)
    assert re.search(r"現象とのつながり: 根拠\S* つながりが見えない", page)
    same = read(
        "ECSインスタンス web-01 にSSHで接続できません。\n$ ssh admin@web-01\nssh: connect to host web-01 port 22: Connection timed out",
        "ECSに接続できない",
    )
    assert same.seen.evidence_linked is True
    assert letter("evidence", evidence_linked=None).decision.missing == ("evidence",)
