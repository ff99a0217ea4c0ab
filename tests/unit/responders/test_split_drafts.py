from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ingest.thread_refs import thread_refs
from models.assessment import Category, Hint, Span
from models.decision import Reply
from policy.pack import MailForm
from responders.compose import compose
from responders.decide import decide
from responders.signing import plus_address, split_address, split_of_address
from responders.split_drafts import LONGEST_LINK, LONGEST_WHOLE_LINK, mailto
from tests.unit.responders.builders import history, identity, issue, mail, pack, seen

SECRET = identity().secret
BACKUP = issue(Category.TROUBLESHOOTING, "rds", gist="バックアップが失敗する", spans=(Span(40, 80),))
INVOICE = issue(Category.PAYMENT_BILLING, gist="請求書の再発行", products=())


def split(
    *issues: object,
    is_trusted: bool = True,
    hints: tuple[Hint, ...] = (),
    language: str = "ja",
    has_html: bool = False,
) -> Reply:
    reading = seen(issues=issues, hints=hints, language=language)  # type: ignore[arg-type]
    formed = replace(pack(), mail_form=MailForm(has_html=has_html))
    decision = decide(mail(), reading, history(), formed)
    reply = compose(mail(), reading, decision, history(), formed, identity(is_trusted=is_trusted))
    assert reply is not None
    return reply


def links(reply: Reply) -> list[str]:
    return re.findall(r"^mailto:\S+$", reply.text, re.MULTILINE)


def test_each_further_issue_has_a_draft_with_an_address_of_its_own_and_the_first_has_none() -> None:
    reply = split(issue(), BACKUP, INVOICE)
    to = [unquote(urlsplit(link).path) for link in links(reply)]
    assert [split_of_address(address, SECRET) for address in to] == [("T000123", 2), ("T000123", 3)]
    assert all(f"宛先：{address}\n" in reply.text for address in to)


def test_a_click_opens_a_mail_with_the_subject_and_the_facts_of_that_issue_only() -> None:
    hints = (
        Hint(kind="region", value="ap-northeast-1", span=Span(42, 50)),
        Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8", span=Span(5, 20)),
        Hint(kind="when", value="2026-11-23T10:15:00+09:00", span=Span(51, 60)),
    )
    letter = split(issue(spans=(Span(0, 30),)), BACKUP, hints=hints, has_html=True)
    facts = ["■ 現象：バックアップが失敗する", "■ 発生場所：日本 (東京)", "■ 発生日時：2026/11/23 10:15 (JST)"]
    assert all(f"\n　{line}\n" in letter.text for line in facts)
    (short,) = links(letter)
    asked = parse_qs(urlsplit(short).query)
    assert asked["subject"] == ["ApsaraDB RDS：バックアップが失敗する"]
    assert asked["body"][0].split("\r\n") == facts
    message = message_from_bytes(letter.raw, policy=default)
    assert isinstance(message, EmailMessage)
    (whole,) = re.findall(r'href="(mailto:[^"]+)"', message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    asked = parse_qs(urlsplit(unescape(whole)).query)
    assert asked["subject"] == ["ApsaraDB RDS：バックアップが失敗する"]
    assert asked["body"][0].split("\r\n") == facts
    assert urlsplit(whole).path == urlsplit(short).path


def test_what_is_out_or_undisclosed_is_answered_here_and_never_sent_away() -> None:
    tuning, figures = issue(Category.OUT_DB_TUNING, "rds"), issue(Category.UNDISCLOSED_PERFORMANCE)
    reply = split(tuning, issue(), BACKUP, figures)
    assert len(links(reply)) == 1
    flat = "".join(reply.text.split())
    for category in (Category.OUT_DB_TUNING, Category.UNDISCLOSED_PERFORMANCE):
        note = pack().categories[category].scope_note
        assert note is not None
        assert note["ja"] in flat


def test_an_unproven_senders_draft_holds_recognised_values_only() -> None:
    reply = split(issue(gist="安い薬"), issue(Category.HOW_TO, "oss", gist="安い薬を売ります"), is_trusted=False)
    (link,) = links(reply)
    assert "薬" not in unquote(link)
    assert parse_qs(urlsplit(link).query)["subject"] == ["OSS：使い方・操作方法"]


def test_a_draft_holds_no_secret() -> None:
    text = "パスワードは hunter2secret です"
    from models.assessment import Secret  # noqa: PLC0415 - used here only

    reading = seen(
        issues=(issue(), issue(Category.HOW_TO, "oss", gist="hunter2secret の使い方")),
        text=text,
        secrets=(Secret(kind="password", span=Span(7, 20)),),
    )
    reply = compose(mail(), reading, decide(mail(), reading, history(), pack()), history(), pack(), identity())
    assert reply is not None
    assert "hunter2secret" not in unquote(reply.text)


def test_both_languages_open_the_same_address() -> None:
    japanese, english = split(issue(), BACKUP), split(issue(), BACKUP, language="en")
    assert [urlsplit(link).path for link in links(japanese)] == [urlsplit(link).path for link in links(english)]
    assert "Subject: ApsaraDB RDS: バックアップが失敗する" in english.text


def test_a_link_is_short_enough_for_mail_programs_and_breaks_no_header() -> None:
    to = split_address("support@uketsuke.example", "T000123", 2, SECRET)
    long = ["い" * 60] * 3
    assert len(mailto(to, "あ" * 20, long, LONGEST_LINK)) <= LONGEST_LINK
    assert "subject=" in mailto(to, "あ" * 20, long, LONGEST_LINK)
    assert "body=" not in mailto(to, "あ" * 20, long, LONGEST_LINK)
    assert mailto(to, "あ" * 90, long, LONGEST_LINK) == f"mailto:{to}", "still opens a mail to the right address"
    assert LONGEST_LINK < len(mailto(to, "あ" * 20, long)) <= LONGEST_WHOLE_LINK
    hostile = mailto(to, "x\r\nBcc: all@sample.example&body=y", ["&cc=all@sample.example", "#"])
    asked = parse_qs(urlsplit(hostile).query)
    assert set(asked) == {"subject", "body"}
    assert urlsplit(hostile).fragment == ""


@pytest.mark.parametrize(
    "address",
    [
        "support+split.T000123.2.aaaaaaaaaaaaaaaa@uketsuke.example",
        "support+split.T000124.2.{sign}@uketsuke.example",
        "support+split.T000123.3.{sign}@uketsuke.example",
        "support+split.T000123.².{sign}@uketsuke.example",
        plus_address("support@uketsuke.example", "T000123", SECRET),
        "support@uketsuke.example",
    ],
)
def test_a_forged_split_address_proves_nothing(address: str) -> None:
    good = split_address("support@uketsuke.example", "T000123", 2, SECRET)
    assert split_of_address(good.upper(), SECRET) == ("T000123", 2), "addresses lose their case on the way"
    assert split_of_address(address.format(sign=good.partition("@")[0][-16:]), SECRET) is None
    assert split_of_address(good, b"1" * 32) is None


def test_a_split_address_names_no_ticket_to_join() -> None:
    assert thread_refs("件名", (split_address("support@uketsuke.example", "T000123", 2, SECRET),)) == ()


@pytest.mark.parametrize(
    ("gist", "subject"),
    [
        ("話は変わりますが、請求書を再発行していただけますか。", "請求書を再発行していただけますか"),
        ("別件ですが、請求書の再発行をお願いします", "請求書の再発行をお願いします"),
        ("別件", "別件"),
        ("2. 別件ですが、請求書の再発行をお願いします", "請求書の再発行をお願いします"),
        ("②請求書の再発行", "請求書の再発行"),
        ("東京で、請求書が出ません", "東京で、請求書が出ません"),
    ],
)
def test_words_that_lead_over_do_not_stand_in_a_subject(gist: str, subject: str) -> None:
    (link,) = links(split(issue(), issue(Category.PAYMENT_BILLING, gist=gist, products=())))
    assert parse_qs(urlsplit(link).query)["subject"] == [subject]


def test_a_draft_holds_all_that_the_customer_wrote_of_the_issue() -> None:
    text = "2点質問です\nECSに接続できません。また、RDSにつながりません。ERROR 1045 Access denied になります。接続できれば解決です。"
    at = text.index("また、")
    second = issue(Category.TROUBLESHOOTING, "rds", gist="RDSにつながりません…", spans=(Span(at, len(text)),))
    reading = seen(issues=(issue(spans=(Span(7, at),)), second), text=text)
    reply = compose(mail(), reading, decide(mail(), reading, history(), pack()), history(), pack(), identity())
    assert reply is not None
    draft = "".join(reply.text.partition("本文：")[2].split())
    assert "RDSにつながりません。ERROR1045Accessdeniedになります。接続できれば解決です。" in draft
    assert "ECSに接続できません" not in draft
