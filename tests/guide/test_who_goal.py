"""[Who]、その他、提供いただきたい情報、本トラブルのゴール: account, material, and what counts as solved (S44 to S54)."""

from __future__ import annotations

import re
from dataclasses import replace

from models.assessment import Category, SymptomKind
from models.db.store import Store
from models.decision import LetterKind
from models.states import TicketState
from models.ticket import Filing, Link, LinkKind, proposes_close, state_after
from models.views import DueReminder
from responders.compose import compose_reminder
from responders.placement import place
from tests.guide.product import (
    hints,
    letter,
    letter_to,
    present,
    read,
    squeezed,
    ticket_page,
)
from tests.unit.responders.builders import NOW, history, identity, issue, mail, pack, past, seen, ticket

ASKED_BEFORE = history(
    ticket=ticket(past(LetterKind.REQUEST_INFORMATION), asked=("when", "goal"), settled=("symptom", "evidence"))
)
FORBIDDEN = "コンソールからECSインスタンスを起動すると Forbidden.RAM のエラーになります。"
SSH = "ECSインスタンス web-01 にSSHで接続できません。Connection timed out と表示されます。"


def test_s44_who_acted_is_asked_along_and_never_the_reason_to_ask() -> None:
    assert letter("who").kind == "acknowledgement"
    told = letter("who", "when")
    assert told.decision.missing == ("when",)
    assert "who" in told.asked
    named = read("RAMユーザー ops-tanaka でコンソールからECSインスタンスを起動できません。", "起動できない")
    assert "who" in present(named)
    assert "who" not in letter_to(named).asked
    assert "who" not in present(read("コンソールからECSインスタンスを起動できません。", "起動できない"))


async def test_s45_the_user_is_asked_for_and_of_permission_errors_the_policy_too(sqlite_store: Store) -> None:
    assert letter("who", "when").lacks("操作されたユーザー", "メインアカウント", "RAMユーザー") == []
    policy = "付与されている権限(ポリシー"
    done = read(FORBIDDEN, "起動できない")
    assert done.seen.has_permission_error
    assert "who" in done.decision.missing, "for a permission error who acted is required"
    told = letter_to(done)
    assert policy in told
    assert "AccessKey Secret" in told, "without secrets"
    assert policy not in letter("who", "when")
    given = "ポリシーは AliyunECSReadOnlyAccess です。"
    assert policy not in letter("who", has_permission_error=True, text=given)
    reseller = read("代理店の者です。ECSに接続できません。", "接続できない")
    assert hints(reseller)["reseller"] == "代理店"
    assert "代理店" in (await ticket_page(sqlite_store, reseller)).partition("いただいたメール")[0], (
        "in the ticket's head"
    )


def test_s46_users_for_whom_it_works_are_asked_for_once_and_of_permission_errors_only() -> None:
    question = "同じ操作ができるユーザー"
    assert squeezed(letter_to(read(FORBIDDEN, "起動できない")).text).count(question) == 1
    assert question not in letter("who", "when")
    told = read("OSSのバケットを開くと AccessDenied になります。別のRAMユーザーでは問題なく開けます。", "権限")
    assert hints(told)["works_for"] == "別のRAMユーザーでは問題なく開けます"


def test_s47_other_material_is_one_line_of_another_question_never_a_question_of_its_own() -> None:
    line = "materials"
    assert letter("materials").kind == "acknowledgement"
    told = letter("evidence", "materials", kind=SymptomKind.ERROR)
    assert line in told.asked
    assert len(told.titles) == 1
    assert told.titles[0].endswith("その他の情報")
    assert line not in letter("when", "materials").asked


async def test_s48_diagrams_and_sheets_are_asked_for_if_there_are_any_and_count_as_material(
    sqlite_store: Store,
) -> None:
    told = letter("evidence", "materials", kind=SymptomKind.ERROR)
    assert told.lacks("システムやネットワーク、プロダクトの構成図", "パラメータシート", "があれば") == []
    words = ("ECS間で通信できません。図を添付します。", "通信")
    done = read(*words, "ネットワーク構成図.png")
    assert "materials" in present(done)
    assert "evidence" in done.decision.missing, "a diagram shows no symptom"
    assert "materials" not in present(read("ECS間で通信できません。", "通信"))
    assert "ネットワーク構成図.png" in await ticket_page(sqlite_store, done)


def test_s49_the_document_followed_is_asked_of_displays_and_how_to_questions_and_recognised() -> None:
    done = read(
        "ECSへの接続ができません。公式ドキュメントの手順に従って設定しました。https://www.alibabacloud.com/help/ja/ecs/user-guide/connect"
    )
    assert "materials" in present(done)
    display = letter("facet:intended", "facet:reference", kind=SymptomKind.DISPLAY)
    assert display.lacks("参照された手順", "ドキュメント") == []
    assert "facet:reference" in display.asked
    how_to = letter("symptom", "materials", issues=(issue(Category.HOW_TO),), kind=None)
    assert "materials" in how_to.asked
    assert "参照された手順書" in how_to
    price = letter("symptom", "materials", issues=(issue(Category.OVERVIEW_PRICING),), kind=None)
    assert "materials" not in price.asked


async def test_s50_what_counts_as_solved_is_asked_for_where_only_help_is_asked(sqlite_store: Store) -> None:
    bare = read("ECSに接続できません。原因を教えてください。対応をお願いします。", "接続できません")
    assert "goal" in bare.decision.missing
    assert "どのような状態になれば解決" in letter_to(bare)
    told = read(f"{SSH}SSHで接続できるようになれば解決とします。", "接続できません")
    assert "goal" in present(told)
    assert "goal" not in letter_to(told).asked
    assert "SSHで接続できるようになれば解決" in (await ticket_page(sqlite_store, told)).partition("チェックリスト")[2]
    assert letter("goal").decision.missing == ("goal",)


def test_s51_a_ping_that_is_answered_is_the_sample_goal_of_connections_and_counts() -> None:
    sample = re.compile(r"[\d.]+から[^。]*にpingを送信して応答があること")
    network = (issue(Category.TROUBLESHOOTING, "vpc"),)
    for issues in (network, (issue(products=()),)):
        assert sample.search(squeezed(letter("goal", issues=issues).text))
        assert not sample.search(squeezed(letter("goal", issues=issues, kind=SymptomKind.DISPLAY).text))
    done = read(f"{SSH}10.0.1.4 から 10.0.1.5 にpingを送信して応答があることをゴールとします。", "接続できません")
    assert "goal" in present(done)


def test_s52_a_purchase_that_completes_is_a_sample_goal_and_counts() -> None:
    sample = "購入が完了し、インスタンスが作成されること"
    assert sample in letter("goal", kind=None)
    due = DueReminder(
        ref="T000123",
        language="ja",
        to="yamada@sample.example",
        subject="購入できません",
        asked=("goal",),
        message_id="<request@uketsuke.example>",
        mail_id=1,
    )
    assert sample in squeezed(compose_reminder(due, pack(), identity(), NOW).text)
    done = read("ECSの購入画面でエラーになり購入できません。購入が完了し、インスタンスが作成されることで解決とします。")
    assert "goal" in present(done)
    assert "goal" not in present(read("ECSの購入画面でエラーになり購入できません。対応をお願いします。"))


def test_s53_who_is_done_closes_and_anything_new_is_a_new_mail() -> None:
    assert letter().lacks("解決した際は", "チケットを完了", "ほかのご質問やトラブルは、新しいメールで") == []
    assert "ほかのご質問やトラブルは" not in letter("when")
    thanks = read("ありがとうございました。解決しました。", "Re: 接続できません")
    assert hints(thanks)["wants_close"] == "解決しました"
    assert thanks.reply is None
    solved = replace(letter().decision, disposition=thanks.decision.disposition)
    filing = Filing(
        mail_id=1, token="t", mail=thanks.mail, seen=thanks.seen, decision=solved, reply=None,
        state=TicketState.READY, now=NOW,
    )  # fmt: skip
    assert state_after(TicketState.WAITING_CUSTOMER, filing) is TicketState.NEEDS_REVIEW
    assert not proposes_close(TicketState.CLOSED, filing)
    invoice = (issue(Category.PAYMENT_BILLING, gist="請求書の再発行", products=()),)
    new_matter = letter("who", "when", "goal", issues=invoice, kind=None, before=ASKED_BEFORE)
    assert "hold_new_matter" in {reason.code for reason in new_matter.decision.reasons}
    assert ASKED_BEFORE.ticket is not None
    done = replace(ASKED_BEFORE, ticket=replace(ASKED_BEFORE.ticket, state="closed"), new_ref="T000200")
    anew = place(mail(reply_text="また接続できません。"), seen(), done, pack())
    assert (anew.ticket, anew.ref, anew.link) == (None, "T000200", Link(other="T000123", kind=LinkKind.FOLLOWS))
    assert letter("goal", before=anew).lacks("T000200 で承りました", "チケット T000123 はすでに完了しております") == []
    assert place(thanks.mail, thanks.seen, done, pack()).ticket is not None, "thanks open nothing"
    same = letter("goal", before=ASKED_BEFORE)
    assert "hold_new_matter" not in {reason.code for reason in same.decision.reasons}


async def test_s54_a_goal_of_another_thing_is_questioned(sqlite_store: Store) -> None:
    done = read(f"{SSH}\nゴール：OSSの料金表を入手できること", "SSH接続できない")
    assert done.seen.goal_linked is False
    assert "link:goal" in done.decision.missing
    told = letter_to(done)
    assert "今回の現象について、どのような状態になれば解決" in told
    assert "link:goal" in told.asked
    assert "ゴール つながりが見えない" in await ticket_page(sqlite_store, done)
    same = read(f"{SSH}\nゴール：web-01 にSSHで接続できること", "SSH接続できない")
    assert same.seen.goal_linked is True
    assert "link:goal" not in same.decision.missing
