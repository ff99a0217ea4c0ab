"""The forms of a letter: UTF-8 or ISO-2022-JP, plain text alone or with HTML; read back by the standard parser."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from models.assessment import Category
from models.decision import Reply
from models.mail import Address, Mail
from policy.pack import MailForm
from responders.compose import compose
from responders.decide import decide
from tests.unit.responders.builders import history, identity, issue, mail, pack, seen

JIS = MailForm(charset="iso-2022-jp")
HTML = MailForm(has_html=True)
TWO = (issue(), issue(Category.HOW_TO, "oss", gist="<script>alert(1)</script> & 「引用」"))


def composed(form: MailForm, came: Mail | None = None, **changes: object) -> Reply:
    came, with_form = came or mail(), replace(pack(), mail_form=form)
    reading = seen("when", **changes)  # type: ignore[arg-type]
    reply = compose(came, reading, decide(came, reading, history(), with_form), history(), with_form, identity())
    assert reply is not None
    return reply


def parsed(reply: Reply) -> EmailMessage:
    found = message_from_bytes(reply.raw, policy=default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def test_a_letter_in_iso_2022_jp_goes_in_seven_bits_and_reads_back() -> None:
    reply = composed(JIS)
    message = parsed(reply)
    assert message.get_content_charset() == "iso-2022-jp"
    assert message["Content-Transfer-Encoding"] == "7bit"
    assert message.get_content().replace("\r\n", "\n") == reply.text
    assert message["Subject"] == reply.subject
    assert b"=?iso-2022-jp?B?" in reply.raw
    assert "サポートセンター" in str(message["From"])
    assert reply.raw.isascii()
    assert b"\r\n.\r\n" not in reply.raw


@pytest.mark.parametrize("subject", ["①が表示されない", "𠮷野家のサーバー", "接続できない🙏"])
def test_what_iso_2022_jp_cannot_carry_goes_as_utf_8_whole(subject: str) -> None:
    reply = composed(JIS, mail(subject=subject))
    message = parsed(reply)
    assert message.get_content_charset() == "utf-8"
    assert message["Subject"] == reply.subject == f"Re: {subject} [受付 T000123]"
    assert b"iso-2022-jp" not in reply.raw


def test_long_subjects_stay_within_the_lines_in_both_charsets() -> None:
    for form in (JIS, MailForm()):
        reply = composed(form, mail(subject="とても長い件名です" * 30))
        head = reply.raw.partition(b"\r\n\r\n")[0]
        assert max(len(line) for line in head.split(b"\r\n")) <= 78
        assert parsed(reply)["Subject"] == reply.subject


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_html_alternative_says_the_same_after_the_plain_text() -> None:
    reply = composed(HTML, issues=TWO)
    message = parsed(reply)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().replace("\r\n", "\n") == reply.text
    read = Read()
    read.feed(html.get_content())
    assert set(read.tags) <= {"html", "head", "meta", "body", "p", "br", "ul", "li", "a"}
    shown = "".join("".join(read.words).split())
    written = [line for line in reply.text.splitlines() if not line.startswith("mailto:") and line != "-- "]
    missing = [line for line in written if "".join(line.lstrip("・").split()) not in shown]
    assert missing == []


def test_nothing_of_a_mail_becomes_a_tag_or_a_link() -> None:
    read = Read()
    read.feed(parsed(composed(HTML, issues=TWO)).get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert "script" not in read.tags
    desk = pack().desk
    assert {link for link in read.links if not link.startswith("mailto:support+split.")} <= {
        desk.support_url,
        desk.status_url,
    }
    assert "下書きを開く" in read.words


def test_the_same_letter_has_the_same_bytes_at_every_try() -> None:
    assert composed(HTML).raw == composed(HTML).raw


@pytest.mark.parametrize(
    "name",
    [
        "山" * 5_000,
        "a" * 5_000,
        "山田\r\nBcc: all@sample.example",
        "\x00\x07\x1b[31m山田",
        "\u202e山田\u202c",
        "山田\ud800",
        "=?utf-8?B?44GC?=",
        '"><script>',
        "{{ secret }}{% raw %}",
        "",
    ],
    ids=["5000 wide", "5000 narrow", "header", "control", "bidi", "surrogate", "word", "html", "template", "none"],
)
@pytest.mark.parametrize("form", [MailForm(), JIS, HTML], ids=["plain", "jis", "html"])
def test_a_hostile_name_or_subject_makes_a_safe_letter(name: str, form: MailForm) -> None:
    came = mail(sender=Address(addr="yamada@sample.example", name=name), subject=name)
    reply = composed(form, came)
    message = parsed(reply)
    assert message["Bcc"] is None
    assert message["To"] == "yamada@sample.example"
    assert [header for header in message if header.lower() == "subject"] == ["Subject"]
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert max(len(line) for line in text.splitlines()) < 200
    assert "T000123" in text
    assert not any(char in text for char in "\x00\x07\x1b\u202e")
