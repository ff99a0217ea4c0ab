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
        (("From: noreply@x.example",), "このメールは自動送信です。", SESSION, "bulk"),
        (("From: noreply@x.example", "In-Reply-To: <a@b>"), "このメールは自動送信です。", SESSION, "auto_reply"),
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


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (("Auto-Submitted: no", "Auto-Submitted: auto-replied"), "auto_reply"),
        (("Auto-Submitted: auto-replied", "Auto-Submitted: no"), "auto_reply"),
        (("Precedence: normal", "Precedence: bulk"), "bulk"),
        (("X-Auto-Response-Suppress: None", "X-Auto-Response-Suppress: All"), None),
        (("X-Autoreply: no", "X-Autoreply: yes"), "auto_reply"),
        (("X-Spam-Flag: NO", "X-Spam-Flag: YES"), None),
    ],
)
def test_of_a_repeated_header_every_value_counts(head: tuple[str, ...], kind: str | None) -> None:
    automation = read(eml(*head)).automation
    assert (automation.kind and automation.kind.value, automation.may_reply) == (kind, False)


def test_an_envelope_sender_that_is_the_desk_is_not_answered() -> None:
    forged = replace(SESSION, mail_from="<Support+bounce.T000001.abc@DESK.example>")
    automation = read(eml("To: support@desk.example"), forged, DESK).automation
    assert not automation.may_reply
    assert automation.evidence[0].startswith("own_address: envelope sender")


def test_a_mail_that_breaks_our_reading_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> str:
        raise RuntimeError

    monkeypatch.setattr("ingest.parse.own_words", broken)
    mail = read(eml(body="起動しません。"))
    assert "起動しません。" in mail.text
    assert not mail.automation.may_reply
    assert mail.automation.evidence[0].startswith("unreadable: ")


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "REPLY"])
@pytest.mark.parametrize("is_named_in_header", [True, False])
def test_an_invitation_is_a_ticket_without_a_letter(method: str, is_named_in_header: bool) -> None:
    told = f"; method={method.lower()}" if is_named_in_header else ""
    body = f"--B\nContent-Type: text/plain\n\n打合せ\n--B\nContent-Type: text/calendar{told}\n\nBEGIN:VCALENDAR\nMETHOD:{method}\nEND:VCALENDAR\n--B--\n"
    automation = read(eml("Content-Type: multipart/alternative; boundary=B", body=body)).automation
    assert (automation.kind, automation.may_reply) == (None, False)
    assert automation.evidence == (f"calendar: METHOD:{method}",)


def test_a_calendar_file_that_a_person_attached_is_no_invitation() -> None:
    body = "--B\nContent-Type: text/plain\n\n取り込めません\n--B\nContent-Type: text/calendar; method=REQUEST\nContent-Disposition: attachment; filename=a.ics\n\nMETHOD:REQUEST\n--B--\n"
    assert read(eml("Content-Type: multipart/mixed; boundary=B", body=body)).automation.may_reply


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Report domain: desk.example Submitter: google.com Report-ID: 1", "report.zip"),
        ("DMARC", "google.com!desk.example!1700000000!1700086399.zip"),
        ("", "receiver.example!desk.example!1700000000!1700086399!abc.xml.gz"),
    ],
)
def test_a_dmarc_report_is_the_work_of_a_machine(subject: str, name: str) -> None:
    head = (
        f"Subject: {subject}",
        "Content-Type: application/gzip",
        f'Content-Disposition: attachment; filename="{name}"',
    )
    assert kind_of(*head, body="x") == "auto_reply"


def test_a_question_about_a_report_domain_is_a_persons() -> None:
    assert kind_of("Subject: Report domain: how do I set it?") is None
