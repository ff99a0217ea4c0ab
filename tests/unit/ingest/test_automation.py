from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from models.mail import Envelope
from tests.unit.ingest.mails import SESSION, eml, read

DESK = frozenset({"support@desk.example"})
NULL = replace(SESSION, mail_from="")


def word(text: str) -> str:
    return f"=?utf-8?B?{b64encode(text.encode()).decode()}?="


def kind_of(
    *head: str,
    body: str = "本文です。",
    envelope: Envelope = SESSION,
    own: frozenset[str] = frozenset(),
    instance: str = "",
) -> str | None:
    kind = read(eml(*head, body=body), envelope, own, instance).automation.kind
    return kind.value if kind else None


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ((), "本文です。"),
        (("Auto-Submitted: no (human)",), "本文です。"),
        (("Precedence: normal",), "本文です。"),
        (("X-Auto-Response-Suppress: DR, RN, NRN",), "本文です。"),
        (("X-Auto-Response-Suppress: None",), "本文です。"),
        (("Feedback-ID: 1:2",), "本文です。"),
        ((), "It fails.\n\nSent from my iPhone"),
        (
            ("Subject: Fwd: Undelivered Mail Returned to Sender",),
            "原因を教えてください。\n\n---------- Forwarded message ---------\nFrom: MAILER-DAEMON@x.example\n\n550 5.1.1 user unknown",
        ),
        (("Subject: Delivery failure when using DirectMail",), "We get 550 5.1.1 user unknown."),
        ((f"Subject: {word('自動返信が届かない')}",), "自動返信メールが届きません。"),
        (("Subject: Automatic reply is not working",), "Our out of office setting does not work."),
        (
            (f"Subject: {word('Re: 【自動返信】お問い合わせ受付')}", "In-Reply-To: <a@b>"),
            "自動返信をいただきましたが、まだ解決していません。",
        ),
        (("Subject: SES bounce",), 'SNS から {"notificationType":"Bounce"} が来ます。'),
    ],
)
def test_a_person_is_answered_even_when_writing_about_machines(head: tuple[str, ...], body: str) -> None:
    automation = read(eml(*head, body=body)).automation
    assert (automation.kind, automation.may_reply) == (None, True), automation.evidence


@pytest.mark.parametrize(
    ("head", "body", "envelope", "kind"),
    [
        (("From: no-reply@x.example", f"Subject: {word('メールエラー通知')}"), "エラー", NULL, "bounce"),
        (("Subject: Automatic reply: hi", "X-Auto-Response-Suppress: All"), "away", NULL, "auto_reply"),
        (("From: MAILER-DAEMON <>",), "x", SESSION, "bounce"),
        (("From: <>",), "x", SESSION, "bounce"),
        (('From: "Mail Deliver System" <MAILER-DAEMON>',), "x", SESSION, "bounce"),
        (("X-Failed-Recipients: a@b.example",), "x", SESSION, "bounce"),
        (("From: MAILER-DAEMON@x.example", "List-Id: <a>", "Precedence: list"), "x", SESSION, "bounce"),
        (
            ("From: info@x.example", "Subject: failure notice"),
            "Hi. This is the qmail-send program at x.\n550",
            SESSION,
            "bounce",
        ),
        (("From: no-reply@sns.amazonaws.com",), '{"notificationType":"Bounce"}', SESSION, "bounce"),
        (('Auto-submitted: auto-replied; owner-email="a@b"',), "x", SESSION, "auto_reply"),
        (("X-Autoreply: yes",), "x", SESSION, "auto_reply"),
        (("X-Apple-Action: VACATION",), "x", SESSION, "auto_reply"),
        (("Subject: complaint about message from 192.0.2.1",), "x", SESSION, "auto_reply"),
        (("Subject: Read: hello",), "Your message was read on Sunday", SESSION, "auto_reply"),
        (("From: noreply@x.example",), "このメールは自動送信です。", SESSION, "auto_reply"),
        ((f"Subject: {word('不在通知: 件')}", "In-Reply-To: <a@b>"), "不在にしております。", SESSION, "auto_reply"),
        (("List-ID: <x.example>",), "x", SESSION, "list"),
        (("Precedence: Bulk",), "x", SESSION, "bulk"),
    ],
)
def test_a_machine_is_known_by_its_signs(head: tuple[str, ...], body: str, envelope: Envelope, kind: str) -> None:
    assert kind_of(*head, body=body, envelope=envelope) == kind


@pytest.mark.parametrize(
    "head",
    [
        ("Auto-Submitted: auto-forwarded",),
        ("List-Unsubscribe: <mailto:x@y.example>",),
        ("X-Spam-Flag: YES",),
        ("From: no-reply@x.example",),
        ("X-Auto-Response-Suppress: All",),
        ("From: postmaster@x.example",),
    ],
)
def test_an_unsure_mail_is_a_ticket_without_an_answer(head: tuple[str, ...]) -> None:
    automation = read(eml(*head)).automation
    assert (automation.kind, automation.may_reply) == (None, False)


def test_our_own_mail_coming_back_is_a_loop() -> None:
    assert kind_of("From: support+T000001.abc@desk.example", own=DESK) == "loop"
    assert kind_of("X-Uketsuke-Instance: abc", instance="abc") == "loop"
    assert kind_of("X-Uketsuke-Instance: other", instance="abc") is None


def test_a_blind_copy_is_not_answered_but_a_plus_address_is_ours() -> None:
    assert not read(eml("To: other@x.example"), own=DESK).automation.may_reply
    assert read(eml("To: support+T000001.abc@desk.example"), own=DESK).automation.may_reply
