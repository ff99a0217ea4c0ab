"""Machines by the words of their servers and programs, and people who write about machines."""

from __future__ import annotations

import pytest

from tests.unit.ingest.mails import read_file


def m(head: str, body: str) -> bytes:
    """A mail of these headers to the desk."""
    return f"{head}\nTo: support@desk.example\n\n{body}\n".replace("\n", "\r\n").encode()


CASES = [
    (
        "amavis",
        m(
            'Return-Path: <>\nFrom: "Content-filter at mx.x.example" <postmaster@mx.x.example>\nSubject: Undeliverable mail, MTA-BLOCKED',
            "A message from <a> to:\n-> b@c\ncould not be delivered",
        ),
        "bounce",
    ),
    (
        "courier",
        m(
            'From: "Courier mail server at mx.x.example" <@>\nSubject: NOTICE: mail delivery status.',
            "This is a delivery status notification from mx.x.example,\nrunning the Courier mail server, version 0.60.\n\nThe original message was received on ...\n<a@b>:\n 550 User unknown.",
        ),
        "bounce",
    ),
    (
        "barracuda",
        m(
            "From: MAILER-DAEMON@barracuda.x.example\nSubject: **Message you sent blocked by our bulk email filter**",
            "Your message to: a@b was blocked by our Spam Firewall.",
        ),
        "bounce",
    ),
    (
        "james",
        m(
            "From: postmaster@x.example\nSubject: [BOUNCE]",
            "Hi. This is the James mail server at x.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up.",
        ),
        "bounce",
    ),
    (
        "interscan",
        m(
            'From: "InterScan MSS" <imss@x.example>\nSubject: メッセージを配信できません。',
            "メールを配信できませんでした。\n宛先 a@b\n550 5.1.1 User unknown",
        ),
        "bounce",
    ),
    (
        "kddi",
        m(
            "From: <no-reply@mobile.example>\nReturn-Path: <>\nSubject: メールエラー通知",
            "次の宛先へのメールは送信できませんでした",
        ),
        "bounce",
    ),
    (
        "exchange-ja",
        m(
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example>\nSubject: 配信不能: 見積",
            "次の受信者またはグループへの配信に失敗しました:\na@b\n電子メール アドレスが見つかりません",
        ),
        "bounce",
    ),
    (
        "gmail-ja",
        m(
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied",
            "** アドレスが見つかりません **",
        ),
        "bounce",
    ),
    (
        "o365delay",
        m(
            "From: postmaster@x.example\nSubject: Delivery delayed:hello\nAuto-Submitted: auto-replied",
            "Delivery is delayed to these recipients",
        ),
        "bounce",
    ),
    (
        "ses",
        m(
            "From: MAILER-DAEMON@amazonses.com\nSubject: Delivery Status Notification (Failure)",
            "An error occurred while trying to deliver the mail",
        ),
        "bounce",
    ),
    (
        "qq",
        m("From: PostMaster@qq.com\nSubject: 系统退信/Systems bounce", "尊敬的用户:您的邮件未能送达 收件人不存在"),
        "bounce",
    ),
    (
        "yandex",
        m(
            "From: mailer-daemon@yandex.example\nSubject: Недоставленное сообщение",
            "Это письмо отправлено почтовым сервером",
        ),
        "bounce",
    ),
    (
        "ru-exim",
        m(
            "From: Mail Delivery System <Mailer-Daemon@x.example>\nSubject: Mail delivery failed: returning message to sender",
            "...",
        ),
        "bounce",
    ),
    (
        "rental-ja",
        m(
            "From: auto@rental.example\nSubject: 【自動返信】お問い合わせありがとうございます",
            "この度はお問い合わせありがとうございます。\n本メールは自動返信です。",
        ),
        "auto_reply",
    ),
    (
        "vac-ja",
        m(
            "From: sato@x.example\nIn-Reply-To: <T1@desk.example>\nSubject: 不在のお知らせ Re: 受付",
            "佐藤です。11/25まで休暇をいただいております。",
        ),
        "auto_reply",
    ),
    (
        "vac-ja2",
        m("From: sato@x.example\nSubject: Re: [受付 T000123] 接続 (自動応答)", "現在不在にしております。"),
        "auto_reply",
    ),
    (
        "vac-en",
        m(
            "From: emma@x.example\nSubject: Out of Office: Re: ticket\nX-Auto-Response-Suppress: All",
            "I am out of the office until Monday.",
        ),
        "auto_reply",
    ),
    (
        "vac-de",
        m("From: a@x.example\nSubject: Abwesenheitsnotiz: Re: ticket", "Ich bin bis 1.12. nicht im Büro."),
        "auto_reply",
    ),
    (
        "vac-fr",
        m("From: a@x.example\nSubject: Réponse automatique : Re: ticket", "Je suis absent jusqu'au 1er"),
        "auto_reply",
    ),
    ("vac-zh", m("From: a@x.example\nSubject: 自动回复: Re: 工单", "您好，我正在休假"), "auto_reply"),
    (
        "helpdesk-ack",
        m(
            "From: helpdesk@x.example\nSubject: [Ticket#2026112210000011] We have received your request\nAuto-Submitted: auto-generated",
            "Thank you",
        ),
        "auto_reply",
    ),
    (
        "ack-nohdr",
        m(
            "From: support@x.example\nSubject: [#AB-123] Your request has been received\nX-Mailer: Zendesk Mailer",
            "This is an automated response. Your request has been received",
        ),
        "auto_reply",
    ),
    (
        "mdn-ja",
        m("From: sato@x.example\nSubject: 開封済み: 受付のお知らせ", "このメッセージは 2026/11/22 に開封されました"),
        "auto_reply",
    ),
    (
        "fml",
        m(
            "From: fml-admin@ml.example\nSubject: Request rejection: You are not member",
            "You are not a member of this ML",
        ),
        None,
    ),
    (
        "human-bounce",
        m(
            "From: sato@x.example\nSubject: 送信したメールがエラーで戻ります",
            "お世話になります。\n以下のエラーでメールが返ってきます。\n550 5.1.1 User unknown\n原因を教えてください。",
        ),
        None,
    ),
    (
        "human-fwd",
        m(
            "From: sato@x.example\nSubject: Fwd: Undelivered Mail Returned to Sender",
            "このようなメールが届きました。\n\n---------- Forwarded message ---------\nFrom: MAILER-DAEMON@x\nThis is the mail system at host x",
        ),
        None,
    ),
    ("human-auto", m("From: sato@x.example\nSubject: 自動返信の設定方法について", "自動返信が届きません。"), None),
    ("human-out", m("From: sato@x.example\nSubject: out of memory on ECS", "my server is out of memory"), None),
    ("human-vac", m("From: sato@x.example\nSubject: 休暇中の監視設定について", "休暇中も通知を受けたいです"), None),
    (
        "human-delivery",
        m("From: sato@x.example\nSubject: Delivery failed in CI pipeline", "Our CD delivery failed with error 554"),
        None,
    ),
    (
        "human-returned",
        m("From: sato@x.example\nSubject: Returned mail order", "We got a returned mail from a customer 550"),
        None,
    ),
    (
        "human-postmaster",
        m("From: postmaster@x.example\nSubject: SPFの設定について", "当社のSPF設定でご相談です"),
        None,
    ),
    (
        "challenge",
        m("From: sato@x.example\nSubject: Please confirm your message\nX-Boxtrapper-Sender: yes", "confirm"),
        "auto_reply",
    ),
    ("alarm", m("From: alarm@cms.example\nSubject: [ALERT] CPU 90%\nPrecedence: bulk", "alarm"), "bulk"),
    (
        "github",
        m(
            "From: notifications@github.example\nList-ID: <r.o.github.example>\nPrecedence: list\nSubject: Re: [o/r] x",
            "hi",
        ),
        "list",
    ),
]


@pytest.mark.parametrize(("name", "raw", "kind"), CASES, ids=[name for name, *_ in CASES])
def test_a_machine_is_known_by_its_words(name: str, raw: bytes, kind: str | None) -> None:
    found = read_file(raw).automation
    assert found.kind == kind, found.evidence
    assert found.may_reply is (kind is None and name != "human-postmaster"), found.evidence
