from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse import envelope_of_file, parse_mail
from ingest.quotes import own_words
from ingest.wire import mail_object
from tests.unit.ingest.mails import AT, eml, jis

SEED = eml(
    "MIME-Version: 1.0",
    b"Subject: " + jis("障害①の件"),
    "To: =?utf-8?B?5Y+X5LuY?= <support@desk.example>",
    "Content-Type: multipart/mixed; boundary=B",
    body=b"--B\nContent-Type: text/plain; charset=iso-2022-jp\n\n"
    + jis("起動しません")
    + b"\n--B\nContent-Type: application/pdf; name*=utf-8''%E3%81%82\n\nPDF\n--B--\n",
)
LINES = st.lists(
    st.sampled_from(
        [
            "> a",
            ">> b",
            "-- ",
            "",
            "On x wrote:",
            "From: a",
            "Sent: b",
            "To: c",
            "Subject: d",
            "――――――",
            "TEL: 03-0000-0000",
            "起動しません。",
            "> ■ 現象：停止",
            "-----Original Message-----",
        ]
    ),
    max_size=25,
)


def check(raw: bytes) -> None:
    mail = parse_mail(raw, envelope_of_file(raw, AT))
    shown = json.dumps(mail_object("x.eml", mail, None), ensure_ascii=False)
    shown.encode("utf-8")
    assert "\x00" not in mail.text + mail.subject + mail.reply_text
    assert set(mail.reply_text.split("\n")) <= {*mail.text.split("\n"), ""}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_become_a_mail(raw: bytes) -> None:
    check(raw)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SEED) - 1), st.integers(0, 40), st.binary(max_size=30))
def test_a_damaged_mail_is_still_a_mail(at: int, gone: int, put: bytes) -> None:
    check(SEED[:at] + put + SEED[at + gone :])


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_own_words_are_lines_of_the_text(lines: list[str]) -> None:
    assert set(own_words("\n".join(lines)).split("\n")) <= {*lines, ""}
