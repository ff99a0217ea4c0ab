from __future__ import annotations

import pytest

from ingest.charset import decode, leftovers
from tests.unit.ingest.mails import jis

POLITE = "お世話になっております。①㈱髙橋です。エラーが出ます"


@pytest.mark.parametrize("label", ["iso-2022-jp", "iso-2022-jp-ms", "cp50221", "utf-8", "us-ascii", "", None])
def test_jis_with_vendor_characters_and_half_width_kana_reads_under_any_label(label: str | None) -> None:
    text = "①㈱髙橋様 ﾃｽﾄ Ⅲ～ご確認"
    assert decode(jis(text), label) == text


@pytest.mark.parametrize(
    "label", ["x-sjis", "windows-31j", "iso-2022-jp", "utf-8", "us-ascii", "iso-8859-1", "euc-jp", "x-unknown", None]
)
def test_the_bytes_decide_whatever_the_label_says(label: str | None) -> None:
    assert decode(POLITE.encode("cp932"), label) == POLITE
    assert decode(POLITE.encode(), label) == POLITE
    plain = "お世話になっております。エラーが出ます"
    assert decode(plain.encode("euc_jp"), label) == plain


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", None])
def test_accents_are_not_taken_for_kanji(label: str | None) -> None:
    text = "Die Frösche über den Bäumen sind schön"
    assert decode(text.encode("latin-1"), label) == text


@pytest.mark.parametrize(
    ("raw", "label", "text"),
    [
        (b"\x1b(J\\100\x1b(B", "iso-2022-jp", "\\100"),
        (b'\x1b$B$"\nabc', "iso-2022-jp", "あ\nabc"),
        (b"\x0e4W0\x0f", "cp50222", "ｴﾗｰ"),
        (b"\xad\xa1\xad\xea", "eucjp-ms", "①㈱"),
        ("ｴﾗｰﾃﾞｽ".encode("cp932"), "shift_jis", "ｴﾗｰﾃﾞｽ"),
        ("您好，请问".encode("gb18030"), "gb2312", "您好，请问"),
        ("您好，我们的服务器无法连接".encode("gb18030"), None, "您好，我们的服务器无法连接"),
        ("안녕하세요".encode("cp949"), "ks_c_5601-1987", "안녕하세요"),
        ("日本".encode("utf-16"), None, "日本"),
        (jis("障害") + "日本".encode(), "iso-2022-jp", "障害日本"),
    ],
)
def test_odd_bytes_read_right(raw: bytes, label: str | None, text: str) -> None:
    assert decode(raw, label) == text


def test_nul_goes_and_what_is_left_over_is_noticed() -> None:
    assert decode(b"a\x00b") == "ab"
    assert leftovers(decode(b"\x1b$Z abc")) == 1
    assert not leftovers("\x1b[31mred\x1b[0m")
