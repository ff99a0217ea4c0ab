from __future__ import annotations

from base64 import b64encode
from email import message_from_bytes
from urllib.parse import quote_from_bytes

import pytest

from ingest.headers import addresses, decode_words, parameter
from tests.unit.ingest.mails import eml, jis, read

MATTER = "お問い合わせの件".encode()


def word(raw: bytes, label: str = "utf-8") -> bytes:
    return b"=?" + label.encode() + b"?B?" + b64encode(raw) + b"?="


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (word(MATTER[:10]) + b"\r\n " + word(MATTER[10:]), "お問い合わせの件"),
        (
            b"=?UTF-8?B?" + b64encode(MATTER)[:10] + b"?=\n =?utf-8?B?" + b64encode(MATTER)[10:] + b"?=",
            "お問い合わせの件",
        ),
        (word(jis("障害①"), "iso-2022-jp") + b"\n " + word(jis("髙橋"), "ISO-2022-JP"), "障害①髙橋"),
        (word("お問い合わせ".encode("cp932"), "iso-2022-jp"), "お問い合わせ"),
        (b"Re: " + jis("障害①の件"), "Re: 障害①の件"),
        ("【ツール】障害".encode("cp932"), "【ツール】障害"),
        (b"=?utf-8?B?" + b64encode("あ障a".encode()) + b"==?=", "あ障a"),
        (b"=?utf-8?Q?Hello_?= =?utf-8?Q?World?=", "Hello World"),
        (b"=?iso-8859-1?Q?Caf\xe9_ol\xe9?=", "Café olé"),
        (b"=?utf-8?B?44GC44GE", "あい"),
        (word(MATTER) + b" abc " + word(MATTER), "お問い合わせの件 abc お問い合わせの件"),
    ],
)
def test_header_text_survives_every_way_of_writing_it(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'"Doe, John" <j@x.example>, k@y.example (Kay)', [("Doe, John", "j@x.example"), ("Kay", "k@y.example")]),
        (word("髙橋, 太郎".encode()) + b" <t@x.example>", [("髙橋, 太郎", "t@x.example")]),
        (
            jis("髙橋太郎") + b" <t@x.example>, " + jis("お問い合わせ") + b" <u@x.example>",
            [("髙橋太郎", "t@x.example"), ("お問い合わせ", "u@x.example")],
        ),
        ('"表 ソ 太郎"'.encode("cp932") + b" <t@x.example>", [("表 ソ 太郎", "t@x.example")]),
        (
            b"Team: a@x.example, B <b@x.example>;, c@x.example",
            [("", "a@x.example"), ("B", "b@x.example"), ("", "c@x.example")],
        ),
        (b"undisclosed-recipients:;", []),
        (b"a..b.@docomo.ne.jp", [("", "a..b.@docomo.ne.jp")]),
        (b"Foo <foo@x.example", [("Foo", "foo@x.example")]),
        (b'"john doe"@x.example', [("", '"john doe"@x.example')]),
        (b'"Unclosed <f@x.example>, g@x.example', [("Unclosed", "f@x.example"), ("", "g@x.example")]),
    ],
)
def test_addresses_are_found_in_broken_lists(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert [(address.name, address.addr) for address in addresses([raw])] == found


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (
            b"attachment; filename*=iso-2022-jp''" + quote_from_bytes(jis("障害①報告書.xlsx")).encode(),
            "障害①報告書.xlsx",
        ),
        (b"attachment; filename*0*=utf-8''%E3%81; filename*1*=%82; filename*2=\".txt\"", "あ.txt"),
        (b'attachment; filename="' + "表示ソフト.txt".encode("cp932") + b'"', "表示ソフト.txt"),
        (b'attachment; filename="' + jis("表示①.txt") + b'"', "表示①.txt"),
        (b'attachment; filename*0="=?utf-8?B?44GC"; filename*1="44GE?=.txt"', "あい.txt"),
        (b'attachment; filename="unclosed.txt', "unclosed.txt"),
        (b'attachment; filename="a;b.txt"', "a;b.txt"),
    ],
)
def test_file_names_are_joined_then_decoded_once(value: bytes, name: str) -> None:
    assert (
        parameter(message_from_bytes(b"Content-Disposition: " + value + b"\n\n"), "Content-Disposition", "filename")
        == name
    )


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("Sun, 22 Nov 2026 10:15:00 +0900 (JST)", "2026-11-22T10:15:00+09:00"),
        ("Sun, 22 Nov 2026 10:15:00 JST", "2026-11-22T10:15:00+09:00"),
        ("2026/11/22 10:15:00 +0900", "2026-11-22T10:15:00+09:00"),
        ("22 Nov 26 10:15 -0500", "2026-11-22T10:15:00-05:00"),
        ("garbage", None),
    ],
)
def test_dates_keep_the_offset_of_the_sender(date: str, iso: str | None) -> None:
    found = read(eml(f"Date: {date}")).sent_at
    assert (found.isoformat() if found else None) == iso


def test_ids_have_their_brackets_and_come_once() -> None:
    mail = read(eml("Message-ID: abc@x", "In-Reply-To: Your mail of Monday <a@b>", "References: <a@b>\n\t<c@d> <a@b>"))
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<abc@x>", "<a@b>", ("<a@b>", "<c@d>"))


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject : hi\nFrom : a@x.example\n\nbody",
        b"---- Original email message ----\nSubject: hi\nFrom: a@x.example\n\nbody",
        b"Subject: hi\nX-Foo: abc\nlost continuation\nFrom: a@x.example\n\nbody",
        b"Subject: hi\rFrom: a@x.example\r\rbody",
        b"From foo Mon Nov 22\nSubject: hi\nFrom: a@x.example\n\nbody",
        b"Subject: hi\nSubject: second\nFrom: junk\nReply-To: a@x.example\n\nbody",
    ],
)
def test_broken_header_blocks_are_read_to_their_end(raw: bytes) -> None:
    mail = read(raw)
    assert (mail.subject, mail.sender and mail.sender.addr, mail.text) == ("hi", "a@x.example", "body")
