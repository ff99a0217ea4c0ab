"""The tree of parts: attached mails stay closed and whole, bombs stay small, defects become sentences."""

from __future__ import annotations

import pytest

from ingest.parse import attachment_bytes
from ingest.structure import MAX_HEADERS, read_structure
from tests.unit.ingest.mails import eml, read

# Folded at 40, blanks at ends, bytes that are no ASCII: all that a mail loses when it is parsed and written again.
INNER = (
    b"Received: from a.example by b.example;\r\n\tSun, 22 Nov 2026 10:15:00 +0900 \r\nSubject: a  subject with two blanks and an end that is far beyond the seventy-eighth column of the line\r\n"
    b"X-Odd:\t tab\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n\r\none \r\n--I\r\nContent-Type: application/pdf\r\n\r\n\x00\xff\r\n--I--\r\nepilogue"
)


def multi(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    body = b"".join(b"--B\r\n" + one + b"\r\n" for one in parts) + end
    return eml("Content-Type: multipart/mixed; boundary=B", body=body)


def test_an_attached_mail_comes_back_byte_by_byte() -> None:
    raw = multi(b"\r\nsee below", b"Content-Type: message/rfc822\r\n\r\n" + INNER, b"Content-Type: image/png\r\n\r\nP")
    mail = read(raw)
    assert [(a.content_type, a.size) for a in mail.attachments] == [("message/rfc822", len(INNER)), ("image/png", 1)]
    assert attachment_bytes(raw, mail.attachments[0].part) == INNER
    assert mail.text == "see below"


def test_an_attached_mail_in_base64_is_decoded_like_any_file() -> None:
    raw = multi(b"\r\nx", b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogaGkK")
    assert attachment_bytes(raw, 2) == b"Subject: hi\n"


@pytest.mark.parametrize("depth", [100, 3_000])
def test_parts_within_parts_end_somewhere(depth: int) -> None:
    heads = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    raw = f"From: a@x.example\nSubject: deep\n{heads}Content-Type: text/plain\n\nhello\n".encode()
    mail = read(raw)
    assert (mail.subject, "hello" in mail.text) == ("deep", True)


def test_mails_within_mails_are_one_attachment() -> None:
    raw = b"hello"
    for _ in range(500):
        raw = b"Content-Type: message/rfc822\n\n" + raw
    assert [a.content_type for a in read(b"From: a@x.example\n" + raw).attachments] == ["message/rfc822"]


def test_ten_thousand_parts_are_read_up_to_the_limit_and_said_to_be() -> None:
    mail = read(multi(*(b"Content-Type: image/png\r\n\r\nP" for _ in range(10_000))))
    assert len(mail.attachments) == 1_999
    assert mail.warnings == ("parts behind the 2000th were not looked at",)


def test_ten_thousand_headers_are_read_up_to_the_limit() -> None:
    mail = read(eml("From: a@x.example", *(f"X-A{n}: v" for n in range(10_000)), "Precedence: bulk"))
    assert mail.warnings == (f"headers behind the {MAX_HEADERS}th were not looked at",)
    assert mail.text == "hello"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (multi(b"\r\none", end=b""), "the mail ends before its last part is closed: something may be cut off"),
        (
            eml("Content-Type: multipart/mixed; boundary=B", body="no border"),
            "the parts of the mail could not be told apart: their boundary is not there",
        ),
        (
            eml("Content-Type: multipart/mixed", body="no border"),
            "the parts of the mail could not be told apart: no boundary is named",
        ),
    ],
)
def test_what_is_broken_is_said_in_a_sentence(raw: bytes, said: str) -> None:
    mail = read(raw)
    assert mail.warnings == (said,)
    assert mail.text.strip() in {"one", "no border"}


def test_broken_characters_are_counted() -> None:
    assert read(eml(body="停止\ufffd\ufffd")).warnings == ("2 characters could not be decoded",)


def test_the_private_names_of_mail_parser_are_still_there() -> None:
    assert read_structure(multi(b"\r\none", end=b"")).warnings
