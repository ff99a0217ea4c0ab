"""What an agent typed as a message: headers, files, text, subject, and what keeps it from being misread."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from ingest.parse import parse_mail
from models.assessment import Assessment, Secret, Span
from models.decision import HandLetter
from models.mail import Envelope
from policy.load import load_pack
from policy.pack import ByHand, MailForm, Pack
from responders.by_hand import (
    Answered,
    Typed,
    addresses_in,
    appended,
    compose_by_hand,
    content_type_of,
    edited_message,
    enclosure,
    file_name,
    filled,
    opening,
    own_among,
    plain_text,
    quoted,
    subject_by_hand,
    text_by_hand,
    unknown_variables,
)
from responders.identity import SenderIdentity
from responders.mime import Enclosure, message_bytes, parameter
from responders.wrap import columns
from tests.support.smarthost import as_message

PACK = load_pack("alibabacloud_jp")
NOW = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
IDENTITY = SenderIdentity(
    address="support@uketsuke.example", domain="uketsuke.example", secret=b"s" * 32, instance="0123456789abcdef"
)
ANSWERED = Answered(
    ref="T000123",
    language="ja",
    subject="接続できません",
    message_id="<2@a.example>",
    references=("<1@a.example>", "<2@a.example>"),
)
TYPED = Typed(
    by="花子",
    key="0" * 16,
    to="taro@a.example",
    cc=(),
    subject="",
    text="山田様\n\nご確認ください。\n",
    then_state="answered",
)


def letter(
    pack: Pack = PACK, identity: SenderIdentity = IDENTITY, answered: Answered = ANSWERED, **typed: object
) -> HandLetter:
    return compose_by_hand(
        replace(TYPED, **typed),  # type: ignore[arg-type]
        answered,
        pack,
        identity,
        NOW,
    )


def message(**typed: object) -> EmailMessage:
    return as_message(letter(**typed).raw)  # type: ignore[arg-type]


def test_nothing_says_that_it_is_automatic() -> None:
    found = message()
    assert not {"auto-submitted", "precedence", "x-auto-response-suppress"} & {name.casefold() for name in found}
    assert "自動" not in str(found["From"])
    assert found["In-Reply-To"] == "<2@a.example>"
    assert found["References"] == "<1@a.example> <2@a.example>"
    assert found["Content-Language"] == "ja"


def test_the_same_form_gives_the_same_id_and_another_another() -> None:
    assert letter().message_id == letter(text="etwas anderes").message_id
    assert letter().message_id != letter(key="1" * 16).message_id
    assert letter().message_id != letter(by="次郎").message_id


def test_the_envelope_finds_the_ticket_unless_nothing_is_to_come_back() -> None:
    assert letter().mail_from.startswith("support+bounce.T000123.")
    assert letter(identity=replace(IDENTITY, has_null_sender=True)).mail_from == ""


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("", "Re: 接続できません [受付 T000123]"),
        ("Re: 接続できません [受付 T000123]", "Re: 接続できません [受付 T000123]"),
        ("RE: Re: 別の件 [Ticket T000123] [受付 T000123]", "Re: 別の件 [受付 T000123]"),
        ("件名\r\nBcc: evil@a.example", "Re: 件名 Bcc: evil@a.example [受付 T000123]"),
    ],
)
def test_the_subject_has_one_re_and_one_bracket(typed: str, subject: str) -> None:
    found = message(subject=typed)
    assert found["Subject"] == subject
    assert found["Bcc"] is None
    assert subject_by_hand(subject, "T000123", PACK, "ja") == subject


def test_prose_is_wrapped_and_quotes_and_commands_are_not() -> None:
    command = "$ aliyun ecs DescribeInstances --RegionId ap-northeast-1 --InstanceIds '[\"i-0123456789\"]' --output cols=InstanceId"
    quote = "> " + "引用された長い一行です。" * 8
    text = text_by_hand(f"{'長い一文がここに続きます。' * 8}\n\n{command}\n{quote}\n", "署名\n")
    lines = text.splitlines()
    assert command in lines
    assert quote in lines
    assert all(columns(line) <= 76 for line in lines if line not in {command, quote})
    assert text.endswith("\n\n-- \n署名\n")


def test_control_characters_of_a_form_are_taken_out() -> None:
    assert plain_text("a\0b\x1bc\r\nd\re\tf\ud800") == "abc\nd\ne\tf"


def test_a_customer_whose_language_the_pack_does_not_speak_is_signed_in_its_first() -> None:
    found = letter(answered=replace(ANSWERED, language="zh"))
    assert found.language == "zh"
    assert found.subject.endswith("[Ticket T000123]")
    assert "Support Center" in found.text


def test_a_pack_may_name_the_agent_and_leave_the_parts_out() -> None:
    bare = replace(
        PACK,
        by_hand=ByHand(from_name={"ja": "{agent} ({desk})", "en": "{agent}"}),
        letters={key: text for key, text in PACK.letters.items() if key[0] not in {"_signature", "_opening"}},
    )
    name, _ = parseaddr(message_from_bytes(letter(pack=bare).raw)["From"])
    assert str(make_header(decode_header(name))) == "花子 (Alibaba Cloud Japan サポートセンター)"
    assert "花子" in as_message(edited_message(letter(pack=bare).raw, "s", "t", bare, NOW))["From"]
    assert letter(pack=bare).text.endswith("-- \nAlibaba Cloud Japan サポートセンター\n")
    assert opening(bare, "ja", "T000123", "花子", "") == ""


def test_a_saved_part_that_does_not_render_keeps_no_letter_back() -> None:
    broken = replace(PACK, letters={**PACK.letters, ("_signature", "ja"): "{{ nobody }}"})
    assert letter(pack=broken).text.endswith("-- \nAlibaba Cloud Japan サポートセンター\n")


def test_files_and_html_stand_beside_the_text() -> None:
    pack = replace(PACK, mail_form=MailForm(charset="utf-8", has_html=True))
    files = (enclosure("図.png", b"\x89PNG\r\n\x1a\n1"), enclosure("a.bin", b"\0\1"))
    found = as_message(letter(pack=pack, files=files, cc=("b@b.example", "c@c.example")).raw)
    assert found.get_content_type() == "multipart/mixed"
    assert [one.get_content_type() for one in found.iter_parts()] == [
        "multipart/alternative", "image/png", "application/octet-stream",
    ]  # fmt: skip
    assert found["Cc"] == "b@b.example, c@c.example"
    assert found.get_body(("html",)) is not None
    assert not found.defects


def test_our_own_reader_finds_the_same_in_it() -> None:
    names = ("構成図 (東京).png", "ログ" * 55 + ".txt", 'a;b="c".csv', "plain.log", "with blank.pdf")
    files = tuple(
        Enclosure(name=file_name(one), content_type="application/octet-stream", content=b"x" * 100) for one in names
    )
    raw = letter(files=files).raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert max(raw) < 0x80
    read = parse_mail(raw, Envelope(mail_from="a@b.example", rcpt_tos=("taro@a.example",), received_at=NOW))
    assert [one.filename for one in read.attachments] == [one.name for one in files]
    assert "ご確認ください。" in read.text
    assert read.automation.kind is None


@pytest.mark.parametrize("name", ["a.txt", "a b.txt", "図.png", "長い名前" * 20 + ".png", "100%.txt", "é" * 40])
def test_a_parameter_reads_back_and_its_lines_are_short(name: str) -> None:
    pieces = parameter("filename", name)
    assert all(len(one) <= 76 for one in pieces)
    found = EmailMessage()
    found["Content-Disposition"] = "attachment; " + "; ".join(pieces)
    assert found.get_filename() == name


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.png", b"<script>", "application/octet-stream"),
        ("a.html", b"<html>", "application/octet-stream"),
        ("a.svg", b"<svg/>", "application/octet-stream"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.exe", b"MZ", "application/octet-stream"),
        ("a.log", "エラー".encode(), "text/plain; charset=utf-8"),
        ("a.log", "エラー".encode("shift_jis"), "application/octet-stream"),
        ("a.csv", b"1,2\n", "text/csv; charset=utf-8"),
        ("a.txt", b"a\0b", "application/octet-stream"),
        ("a.zip", b"PK\x03\x04", "application/zip"),
        ("a.log.gz", b"\x1f\x8b\x08", "application/gzip"),
        ("noending", b"x", "application/octet-stream"),
        ("", b"", "application/octet-stream"),
    ],
)
def test_a_type_is_what_the_bytes_bear_out(name: str, content: bytes, kind: str) -> None:
    assert content_type_of(name, content) == kind


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\佐藤\\構成図.png", "構成図.png"),
        ("a\r\nX: y.txt", "a X_ y.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "attachment"),
        ("...", "attachment"),
        ("あ" * 300 + ".png", "あ" * 116 + ".png"),
        ('a"b?.txt', "a_b_.txt"),
    ],
)
def test_names_of_files(typed: str, kept: str) -> None:
    assert file_name(typed) == kept


def test_addresses_are_checked_one_by_one() -> None:
    typed = '"佐藤, 花子" <h.sato@a.example>, B@B.example; b@b.example'
    assert addresses_in(typed) == (("h.sato@a.example",), ())  # where names stand, only what is in brackets counts
    assert addresses_in("a@a.example、B@B.example; b@b.example") == (("a@a.example", "B@B.example"), ())
    assert addresses_in("a@a.example nobody a@@b <c@>") == ((), ("c@",))
    assert addresses_in("a..b@c.example x@[127.0.0.1]") == ((), ("a..b@c.example", "x@[127.0.0.1]"))
    assert addresses_in("用户@例え.jp") == ((), ("用户@例え.jp",))
    assert addresses_in("a@例え.jp") == (("a@xn--r8jz45g.jp",), ())
    assert addresses_in("") == ((), ())


def test_our_own_addresses_are_found_with_any_plus_part() -> None:
    own = ("support@uketsuke.example",)
    assert own_among(("Support+T000001.x@uketsuke.example", "a@b.example"), own) == (
        "Support+T000001.x@uketsuke.example",
    )


def test_quotes_mask_credentials_and_end() -> None:
    text = "パスワードは hunter2hunter2 です\n" + "\n".join(str(number) for number in range(300))
    seen = Assessment(
        text=text, language="ja", issues=(), sections={}, secrets=(Secret(kind="password", span=Span(7, 21)),)
    )
    said = quoted(text, "佐藤様:", seen)
    assert said.splitlines()[:2] == ["佐藤様:", "> パスワードは **** です"]
    assert said.endswith("> …\n")
    assert len(said.splitlines()) == 202


def test_canned_texts_fill_their_variables_and_nothing_else() -> None:
    values = {"ref": "T000123", "agent": "{{ref}}"}
    assert filled("{{ref}} {{ agent }} {{nobody}} {ref}", values) == "T000123 {{ref}} {{nobody}} {ref}"
    assert unknown_variables("{{ref}} {{nobody}} {{ nobody }} {{}}") == ("nobody", "")
    assert unknown_variables("{{customer_name}}{{agent}}{{product}}{{ref}}") == ()


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("{{customer_name}}様", "山田様", "山田様"),
        ("{{customer_name}} 様\nこんにちは", "山田様", "山田様\nこんにちは"),
        ("{{ customer_name }}　様、", "Ms. Ana Silva 様", "Ms. Ana Silva 様、"),
        ("{{customer_name}}様", "株式会社開発 御中", "株式会社開発 御中"),
        ("{{customer_name}}さん", "お客様", "お客様"),
        ("{{customer_name}}様子はいかがでしょうか", "山田様", "山田様様子はいかがでしょうか"),
        ("{{customer_name}}\n様々な", "山田様", "山田様\n様々な"),
        ("{{customer_name}}様", "Ana Silva", "Ana Silva様"),
        ("{{unknown}}様 {{ref}}様", "山田様", "{{unknown}}様 T1様"),
    ],
)
def test_an_honorific_is_not_said_twice(text: str, name: str, said: str) -> None:
    assert filled(text, {"customer_name": name, "ref": "T1"}) == said


def test_texts_are_put_below_each_other() -> None:
    assert appended("", "b\n") == "b\n"
    assert appended("a\n\n\n", "\nb") == "a\n\nb\n"


def test_an_edited_message_changes_nothing_but_text_subject_and_date() -> None:
    files = (enclosure("図.png", b"\x89PNG\r\n\x1a\n1"), enclosure("a.csv", b"1,2\n"))
    named = replace(PACK, by_hand=ByHand(from_name={"ja": "{agent} ({desk})", "en": "{agent}"}))
    one = letter(pack=named, files=files, cc=("b@b.example", "c@c.example"))
    assert edited_message(one.raw, one.subject, one.text, PACK, NOW) == one.raw
    other = as_message(edited_message(one.raw, "Re: 別 [受付 T000123]", "新しい文\n", PACK, NOW))
    before = as_message(one.raw)
    assert other["Subject"] == "Re: 別 [受付 T000123]"
    body = other.get_body(("plain",))
    assert body is not None
    assert body.get_content() == "新しい文\r\n"
    kept = (
        "From",
        "To",
        "Cc",
        "Reply-To",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "X-Uketsuke-Instance",
        "Content-Language",
    )
    assert [str(other[name]) for name in kept] == [str(before[name]) for name in kept]


def test_letters_without_files_are_what_they_were() -> None:
    """The parts of `Outgoing` that only people use change no letter by rule: the golden letters say so byte by byte too."""
    raw = letter().raw
    assert raw.count(b"Content-Type:") == 1
    assert callable(message_bytes)
