from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import default

import pytest

from models.decision import Reply
from models.mail import Mail
from models.views import DueReminder
from responders.compose import compose, compose_reminder
from responders.decide import decide
from responders.mime import fold, is_message_id, phrase, trimmed_references, unstructured
from responders.signing import ref_of_message_id, ref_of_plus_address
from responders.subject import bare_subject, one_line, reply_subject
from tests.unit.responders.builders import NOW, history, identity, mail, pack, seen

TAGS = ("受付", "Ticket")


def composed(came: Mail | None = None, **changes: object) -> Reply:
    came, before = came or mail(), history(**changes)
    reading = seen("when")
    reply = compose(came, reading, decide(came, reading, before, pack()), before, pack(), identity())
    assert reply is not None
    return reply


def parsed(reply: Reply) -> EmailMessage:
    found = message_from_bytes(reply.raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_message_carries_every_guard_of_an_automatic_reply() -> None:
    headers = parsed(composed())
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["Precedence"] == "auto_reply"
    assert headers["X-Uketsuke-Instance"] == "feedbeef00112233"
    assert headers["Content-Language"] == "ja"


def test_the_message_goes_to_one_address_from_the_desk_and_back_to_the_ticket() -> None:
    reply = composed()
    headers = parsed(reply)
    assert headers["To"] == reply.to == "yamada@sample.example"
    assert headers["Cc"] is None
    sender: HeaderAddress = headers["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (
        "Alibaba Cloud Japan サポートセンター(自動応答)",
        "support@uketsuke.example",
    )
    assert ref_of_plus_address(str(headers["Reply-To"]), identity().secret) == "T000123"
    assert reply.mail_from.startswith("support+bounce.T000123.")
    assert ref_of_plus_address(reply.mail_from, identity().secret) == "T000123"


def test_the_message_answers_the_mail_in_its_thread() -> None:
    came = mail(references=("<a@x>", "<b@x>"), in_reply_to="<b@x>")
    headers = parsed(composed(came))
    assert headers["In-Reply-To"] == "<first@sample.example>"
    assert headers["References"] == "<a@x> <b@x> <first@sample.example>"
    alone = parsed(composed(mail(in_reply_to="<b@x>")))
    assert alone["References"] == "<b@x> <first@sample.example>"


def test_hostile_ids_do_not_reach_the_headers() -> None:
    came = mail(message_id="<a@x>\r\nBcc: all@sample.example", references=("<ok@x>", "<with blank@x>", "no brackets"))
    headers = parsed(composed(came))
    assert headers["Bcc"] is None
    assert headers["In-Reply-To"] is None
    assert headers["References"] == "<ok@x>"


def test_text_and_subject_read_back_as_they_were_written() -> None:
    reply = composed()
    message = parsed(reply)
    assert message["Subject"] == reply.subject == "Re: ECSに接続できません [受付 T000123]"
    assert message.get_content().replace("\r\n", "\n") == reply.text
    assert message["Content-Type"].startswith("text/plain")
    assert message["Content-Transfer-Encoding"] == "base64"


def test_every_line_ends_in_crlf_is_ascii_and_short() -> None:
    came = mail(subject="長い件名" * 40, references=tuple(f"<{n:060d}@sample.example>" for n in range(50)))
    raw = composed(came).raw
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    head = raw.partition(b"\r\n\r\n")[0]
    assert [line for line in head.split(b"\r\n") if len(line) > 78 and b"<" not in line] == []
    assert [line for line in raw.split(b"\r\n") if len(line) > 998] == []


def test_the_message_id_is_ours_and_the_same_at_every_try() -> None:
    first, second = composed(), composed(now=NOW + timedelta(minutes=5))
    assert first.message_id == second.message_id == parsed(first)["Message-ID"]
    assert ref_of_message_id(first.message_id, identity().secret) == "T000123"
    assert ref_of_message_id(first.message_id, b"1" * 32) is None
    assert composed(mail(message_id="<other@sample.example>")).message_id != first.message_id


def test_a_reminder_is_generated_not_replied_and_hangs_on_our_request() -> None:
    due = DueReminder(
        ref="T000123",
        language="ja",
        to="yamada@sample.example",
        subject="Re: 件名",
        asked=("when",),
        message_id="<r@uketsuke.example>",
        mail_id=7,
    )
    reply = compose_reminder(due, pack(), identity(), NOW)
    headers = parsed(reply)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["In-Reply-To"] == headers["References"] == "<r@uketsuke.example>"
    assert headers["Subject"] == "Re: 件名 [受付 T000123]"
    assert "発生日時" in reply.text
    french = compose_reminder(replace(due, language="fr"), pack(), identity(), NOW)
    assert french.language == "fr"
    assert "A few days ago" in french.text
    assert "先日お伺いした点" in french.text


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("ECSの件", "Re: ECSの件 [受付 T000123]"),
        ("Re: ECSの件", "Re: ECSの件 [受付 T000123]"),
        ("RE：Re[2]: 返信: ECSの件", "Re: ECSの件 [受付 T000123]"),
        ("Re: ECSの件 [受付 T000123]", "Re: ECSの件 [受付 T000123]"),
        ("Re: [Ticket T000099] ECS", "Re: ECS [受付 T000123]"),
        ("[受付 T000123] Re: ECSの件", "Re: ECSの件 [受付 T000123]"),
        ("Fw: 【至急】[社内] ECSの件", "Re: Fw: 【至急】[社内] ECSの件 [受付 T000123]"),
        ("Research: ECS", "Re: Research: ECS [受付 T000123]"),
        ("", "Re: お問い合わせの件 [受付 T000123]"),
        ("Re: ", "Re: お問い合わせの件 [受付 T000123]"),
        ("a\r\nBcc: x@y", "Re: a Bcc: x@y [受付 T000123]"),
        ("\u202eecs\u0000", "Re: ecs [受付 T000123]"),
    ],
)
def test_the_subject_is_the_customers_with_one_prefix_and_one_bracket(subject: str, expected: str) -> None:
    assert reply_subject(subject, "T000123", "受付", tags=TAGS, empty="お問い合わせの件") == expected


def test_a_subject_without_end_is_cut() -> None:
    assert len(bare_subject("あ" * 5000, TAGS)) == 300
    assert one_line("a \t\n b") == "a b"


def test_encoded_words_are_short_and_whole() -> None:
    value = unstructured("Re: " + "𠮷野家から髙島屋へ" * 20, len("Subject: "))
    words = value.removeprefix("Re: ").split(" ")
    assert max(len(word) for word in words) <= 75
    for word in words:
        __import__("base64").b64decode(word[10:-2]).decode("utf-8")


def test_plain_subjects_stay_readable_and_dangerous_ones_are_encoded() -> None:
    assert unstructured("Re: Cannot connect [Ticket T000123]", 9) == "Re: Cannot connect [Ticket T000123]"
    assert "=?utf-8?B?" in unstructured("Re: =?utf-8?Q?forged?=", 9)
    assert "=?utf-8?B?" in unstructured("Re: " + "x" * 90, 9)


def test_display_names_are_atoms_quoted_or_encoded() -> None:
    assert phrase("Support Center", 6) == "Support Center"
    assert phrase('Support (auto) "x"', 6) == '"Support (auto) \\"x\\""'
    assert phrase("受付", 6).startswith("=?utf-8?B?")


def test_folding_keeps_every_word_and_the_width() -> None:
    folded = fold("Subject", "Re: " + "word: " * 40 + "end")
    assert max(len(line) for line in folded.split("\r\n")) <= 76
    assert folded.replace("\r\n", "").removeprefix("Subject: ") == "Re: " + "word: " * 40 + "end"


def test_long_threads_keep_their_first_and_last_ids() -> None:
    ids = tuple(f"<{n}@x>" for n in range(100))
    kept = trimmed_references(ids)
    assert (kept[0], kept[-1], len(kept)) == ("<0@x>", "<99@x>", 30)
    assert not is_message_id("<a@x> <b@x>")


def test_a_letter_is_dated_in_the_desks_zone() -> None:
    reply = composed()
    assert message_from_bytes(reply.raw)["Date"] == "Tue, 24 Nov 2026 10:15:00 +0900"
