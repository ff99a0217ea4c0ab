from __future__ import annotations

import pytest

from ingest.parse import attachment_bytes
from models.mail import Mail
from tests.unit.ingest.mails import eml, jis, read


def part(kind: str, body: bytes | str, *head: str) -> bytes:
    raw = body if isinstance(body, bytes) else body.encode()
    return "\n".join((f"Content-Type: {kind}", *head, "", "")).encode() + raw


def multi(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--B\n" + one + b"\n" for one in parts) + b"--B--\n"
    return eml(f"Content-Type: multipart/{kind}; boundary=B", body=body)


def files(mail: Mail) -> list[tuple[str, str, int]]:
    return [(a.filename, a.content_type, a.size) for a in mail.attachments]


def test_a_blank_plain_part_does_not_hide_its_html() -> None:
    html = part("text/html", "<p>hello</p>")
    assert read(multi("alternative", part("text/plain", " \n"), html)).text == "hello"
    assert read(multi("alternative", part("text/plain", "plain"), html)).text == "plain"


def test_an_attached_mail_is_a_file_and_no_text() -> None:
    inner = part("message/rfc822", b"From: x@y.example\nSubject: inner\n\ninner text\n")
    raw = multi("mixed", part("text/plain", "one"), inner, part("application/pdf", "PDF"))
    mail = read(raw)
    assert mail.text == "one"
    assert [name for name, *_ in files(mail)] == ["part-2.eml", "part-3.pdf"]
    assert attachment_bytes(raw, mail.attachments[1].part) == b"PDF"


def test_a_named_text_is_a_file_unless_there_is_no_other_text() -> None:
    log = part('text/plain; name="log.txt"', "LOG")
    mail = read(multi("mixed", part("text/plain", "one"), log))
    assert (mail.text, files(mail)) == ("one", [("log.txt", "text/plain", 3)])
    assert read(multi("mixed", log)).text == "LOG"


def test_a_multipart_without_its_boundary_is_still_read() -> None:
    assert read(eml("Content-Type: multipart/mixed", body="just text")).text == "just text"
    assert (
        read(eml("Content-Type: multipart/mixed", body="--Z\nContent-Type: text/plain\n\nreal\n--Z--\n")).text == "real"
    )


@pytest.mark.parametrize("label", ["", "; charset=iso-2022-jp", "; charset=us-ascii", "; charset=utf-8"])
def test_raw_eight_bit_bodies_are_never_lost_to_their_label(label: str) -> None:
    body = "障害です。起動しません。".encode("cp932")
    assert (
        read(eml(f"Content-Type: text/plain{label}", "Content-Transfer-Encoding: 8bit", body=body)).text
        == "障害です。起動しません。"
    )


def test_jis_that_was_never_quoted_printable_keeps_its_equal_signs() -> None:
    raw = eml("Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable", body=jis("障害=41①です"))
    assert read(raw).text == "障害=41①です"


def test_prose_under_a_base64_label_stays_prose() -> None:
    raw = eml("Content-Transfer-Encoding: base64", body="This is just plain text. Not encoded, sorry!")
    assert read(raw).text == "This is just plain text. Not encoded, sorry!"


def test_the_meta_tag_of_html_names_the_charset() -> None:
    body = b'<html><head><meta charset="Shift_JIS"></head><body>' + "障害".encode("cp932") + b"</body></html>"
    assert read(eml("Content-Type: text/html", body=body)).text == "障害"


def test_flowed_japanese_is_joined_without_blanks() -> None:
    raw = eml(
        "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes",
        body="サーバが \n停止しました。\n> 引用 \n> です\n-- \n山田",
    )
    assert read(raw).text == "サーバが停止しました。\n> 引用です\n-- \n山田"


def test_html_quotes_survive_as_quotes() -> None:
    html = '<div>返信です</div><div class="gmail_quote"><div>2026年11月22日(日) 10:15 山田 &lt;a@b.example&gt;:</div><blockquote class="gmail_quote">元の<br>本文</blockquote></div>'
    mail = read(eml("Content-Type: text/html; charset=utf-8", body=html))
    assert "> 元の\n> 本文" in mail.text
    assert mail.reply_text == "返信です"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\temp\\\\log.txt", "log.txt"),
        ("folder\\\\sub/log.txt", "log.txt"),
        ("a\tb\x07.txt", "a b .txt"),
        ("..", "part-0.pdf"),
    ],
)
def test_an_attachment_has_the_last_part_of_its_name_only(given: str, name: str) -> None:
    mail = read(eml("Content-Type: application/pdf", f'Content-Disposition: attachment; filename="{given}"', body="x"))
    assert [attachment.filename for attachment in mail.attachments] == [name]


def test_a_name_that_reads_backwards_does_not() -> None:
    given = "%E2%80%AEgpj.exe"
    head = ("Content-Type: image/jpeg", f"Content-Disposition: attachment; filename*=utf-8''{given}")
    assert [attachment.filename for attachment in read(eml(*head)).attachments] == ["gpj.exe"]
