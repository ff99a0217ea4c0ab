from __future__ import annotations

import unicodedata

import pytest

from models.mail import Address, Mail, Trust
from responders.addressee import addressee
from responders.own_words import has_link, mask_account, own_words
from responders.recipient import choose_recipient, usable_address
from responders.signing import plus_address, ref_of_message_id, ref_of_plus_address
from responders.wrap import columns, wrap
from tests.unit.responders.builders import envelope, mail, seen

SECRET = b"k" * 32
OTHER = Address(addr="sales@sample.example")


def rule(came: Mail) -> tuple[str, str] | None:
    found = choose_recipient(came)
    return (found.address, found.rule) if found else None


def test_from_is_answered_where_the_envelope_backs_it() -> None:
    assert rule(mail()) == ("yamada@sample.example", "from_matches_envelope")
    assert rule(mail(envelope=envelope(mail_from="x@mx.sample.example"))) == (
        "yamada@sample.example",
        "from_matches_envelope",
    )


def test_a_foreign_envelope_sender_is_answered_rather_than_an_unproven_from() -> None:
    assert rule(mail(envelope=envelope(mail_from="real@other.example"))) == ("real@other.example", "envelope_sender")
    assert rule(mail(envelope=envelope(mail_from="x@notsample.example"))) == ("x@notsample.example", "envelope_sender")


def test_a_proven_from_is_answered_whatever_the_envelope() -> None:
    proven = mail(trust=Trust.ALIGNED, envelope=envelope(mail_from="b@sender.example"))
    assert rule(proven) == ("yamada@sample.example", "from_aligned")


def test_reply_to_counts_only_for_a_proven_sender_within_his_domain() -> None:
    assert rule(mail(reply_to=(OTHER,))) == ("yamada@sample.example", "from_matches_envelope")
    assert rule(mail(reply_to=(OTHER,), trust=Trust.ALIGNED)) == ("sales@sample.example", "reply_to_aligned")
    away = (Address(addr="victim@other.example"),)
    assert rule(mail(reply_to=away, trust=Trust.ALIGNED)) == ("yamada@sample.example", "from_aligned")
    assert rule(mail(reply_to=(OTHER, *away), trust=Trust.ALIGNED)) == ("yamada@sample.example", "from_aligned")


def test_a_file_without_envelope_is_answered_at_from() -> None:
    came = mail(envelope=envelope(mail_from="", is_from_file=True, is_sender_known=False))
    assert rule(came) == ("yamada@sample.example", "from_without_envelope")


@pytest.mark.parametrize(
    "addr",
    [
        "",
        "x",
        "a b@x.example",
        "a@x.example\nBcc: b@x",
        "山田@x.example",
        ".a@x.example",
        "a..b@x.example",
        f"{'a' * 65}@x.example",
        "<a@x.example>",
    ],
)
def test_addresses_that_a_plain_server_cannot_take_are_not_used(addr: str) -> None:
    assert usable_address(addr) is None


def test_an_international_domain_is_written_in_its_ascii_form() -> None:
    assert usable_address("yamada@例え.example") == "yamada@xn--r8jz45g.example"


@pytest.mark.parametrize(
    ("name", "ja", "en"),
    [
        ("山田太郎", "山田太郎様", "山田太郎"),
        ("株式会社サンプル 山田太郎", "株式会社サンプル 山田太郎様", "山田太郎"),
        ("山田太郎（株式会社サンプル）", "株式会社サンプル 山田太郎様", "山田太郎"),
        ("山田太郎/サンプル株式会社", "サンプル株式会社 山田太郎様", "山田太郎"),
        ("㈱サンプル", "株式会社サンプル 御中", "株式会社サンプル"),
        ("(株)サンプル 情報システム部", "株式会社サンプル 情報システム部 御中", "株式会社サンプル 情報システム部"),
        ("山田さん", "山田様", "山田"),
        ("山田様", "山田様", "山田"),
        ("Taro Yamada", "Taro Yamada 様", "Taro Yamada"),
        ("Sample Inc.", "Sample Inc. 御中", "Sample Inc."),
        ("yamada123", "", ""),
        ("info", "", ""),
        ("yamada@sample.example", "", ""),
        ("Visit http://evil.example", "", ""),
        ("win.evil.com today", "", ""),
        ("", "", ""),
        ("12345", "", ""),
        ("\x1b[31m山田", "", ""),
        ("あ" * 60, "", ""),
    ],
)
def test_the_reader_is_addressed_by_a_name_or_not_at_all(name: str, ja: str, en: str) -> None:
    if name.startswith("\x1b"):
        assert "\x1b" not in addressee(name, "ja")
        return
    assert (addressee(name, "ja"), addressee(name, "en")) == (ja, en)


def test_own_words_are_one_short_line_without_links() -> None:
    reading = seen()
    assert own_words("a\nb\u202e http://x.example/y www.x.example me@x.example z", reading) == "a b … z"
    assert len(own_words("あ" * 500, reading)) == 60
    assert has_link("see evil.example")
    wide = "詳細はｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ／ｘ へ"
    assert has_link(wide)
    assert has_link("ｅｖｉｌ．ｅｘａｍｐｌｅ")
    assert "evil" not in unicodedata.normalize("NFKC", own_words(wide, reading))
    for other in ("𝐡𝐭𝐭𝐩𝐬://𝐞𝐯𝐢𝐥.𝐞𝐱𝐚𝐦𝐩𝐥𝐞/x へ", "a﹫evil.example へ"):
        assert own_words(other, reading) == "… へ"
    asked = "CDN のキャッシュを www.gamma.example ドメインについて手動で削除したい"
    assert own_words(asked, reading) == "CDN のキャッシュを … ドメインについて手動で削除したい"
    assert own_words("http://x.example/ ", reading) == ""
    assert own_words("状況：ＡＢＣ（東京）", reading) == "状況：ＡＢＣ（東京）"
    assert not has_link("ECSに接続できません (v1.2)")


def test_machine_dependent_characters_take_their_common_form_and_names_stay() -> None:
    assert own_words("①㈱ﾊﾞｯｸｱｯﾌﾟ 髙﨑", seen()) == "1(株)バックアップ 髙﨑"


def test_a_short_account_id_is_masked_too() -> None:
    assert mask_account("5123456789012345") == "5123********2345"
    assert mask_account("12345678") == "1***"


def test_a_signature_is_good_for_its_own_use_only_and_in_any_case() -> None:
    reply = plus_address("support@uketsuke.example", "T000123", SECRET)
    bounce = plus_address("support@uketsuke.example", "T000123", SECRET, is_bounce=True)
    assert ref_of_plus_address(reply.upper(), SECRET) == "T000123"
    assert ref_of_plus_address(bounce, SECRET) == "T000123"
    assert ref_of_plus_address(reply.replace("+", "+bounce."), SECRET) is None
    assert ref_of_plus_address(bounce.replace("bounce.", ""), SECRET) is None
    assert ref_of_plus_address(reply.replace("T000123", "T000124"), SECRET) is None
    assert ref_of_plus_address(reply, b"other" * 8) is None


@pytest.mark.parametrize("alike", ["\u017f", "\u212a", "０", "é"])
def test_letters_that_only_look_like_ours_sign_nothing(alike: str) -> None:
    head, _, tail = plus_address("support@uketsuke.example", "T000123", SECRET).partition(".")
    assert ref_of_plus_address(f"{head}.{alike}{tail[1:]}", SECRET) is None
    assert ref_of_message_id(f"<T000123.abc.{alike * 16}@uketsuke.example>", SECRET) is None


@pytest.mark.parametrize("text", ["", "<x@y>", "<T000123.abc.aaaaaaaaaaaaaaaa@uketsuke.example>", "T000123"])
def test_foreign_message_ids_name_no_ticket(text: str) -> None:
    assert ref_of_message_id(text, SECRET) is None


def test_long_lines_break_at_marks_and_no_line_begins_with_one() -> None:
    line = "いただいた情報をもとに調査いたします。詳しくお知らせいただくほど、より的確なご案内ができます。"
    broken = wrap(line)
    assert broken.replace("\n", "") == line
    assert all(columns(one) <= 76 for one in broken.split("\n"))
    assert broken.split("\n")[0].endswith(("、", "。"))
    without_marks = wrap("漢字" * 37 + "。" + "漢字" * 40)
    assert not any(one.startswith("。") for one in without_marks.split("\n"))


def test_links_forms_and_rules_are_never_broken() -> None:
    for line in ("https://sample.example/" + "あ" * 60, "■ " + "あ" * 60, "-" * 100, "x" * 200):
        assert wrap(line) == line


def test_a_list_items_second_line_is_indented_under_its_first() -> None:
    second = wrap("・" + "あ" * 50).split("\n")[1]
    assert second.startswith("　あ")
