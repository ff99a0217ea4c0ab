"""What an expression needs is never more than what a match of it holds."""

from __future__ import annotations

import re
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.needles import LONGEST, may_match, needs_of, plain

EXPRESSIONS = (
    r"エラー(?:が|に|と)|失敗し",
    r"\b(?:errors?\b|can't (?!be)|time[ds] ?out|İ|ſick|Ｋelvin)",
    r"(?<![a-z])(?:KB\d{6,7}|[Kk]ernel)(?=の更新|s)",
    r"(?:全台|全(?:台|て))?(?:障害|ダウン)+",
    r"[^\n]{2,8}(?:から|より)\s*[A-Z]{2}",
    r"(?P<one>a|b)x(?P=one)",
    r"(?i:straße|İki|ıki)|(?-i:K)",
    r"\d+|(?m:^)\s*テスト",
    r"(?>ab|cd)e?+f",
    r"[あいうえお][かきくけこ]",
    r"",
)


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
@pytest.mark.parametrize("regex", EXPRESSIONS)
@given(data=st.data(), around=st.text(max_size=4))
def test_what_matches_may_match(regex: str, flags: int, data: st.DataObject, around: str) -> None:
    strategy = st.from_regex(re.compile(regex, flags)) if "(?>" not in regex else st.sampled_from(["abf", "xcdef"])
    text = f"{around}{data.draw(strategy)}{around}"
    if re.search(regex, text, flags):
        assert may_match(regex, text)


@given(text=st.text(alphabet="abKkſsiıİ\u212aエラーが失敗し台全", max_size=12))
@pytest.mark.parametrize("regex", EXPRESSIONS)
def test_no_is_never_said_of_a_match(regex: str, text: str) -> None:
    if re.search(regex, text, re.IGNORECASE):
        assert may_match(regex, text)


def test_every_form_of_a_letter_is_made_that_letter() -> None:
    """Of all there are: a character that matches an ASCII letter in spite of its case is that letter in `plain`."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    for letter in string.ascii_lowercase:
        assert {plain(form) for form in re.findall(letter, everything, re.IGNORECASE)} == {letter}


def test_characters_without_case_match_themselves_only() -> None:
    everything = [chr(code) for code in range(0x10000)]
    bare = {one for one in everything if not one.isascii() and one.lower() == one == one.upper()}
    cased = "".join(one for one in everything if one not in bare)
    marks = "".join(re.escape(one) for one in sorted(bare) if not 0xD800 <= ord(one) < 0xE000)
    assert {plain(one) for one in re.findall(f"[{marks}]", cased, re.IGNORECASE)} <= set(map(chr, range(128)))


def test_what_a_text_lacks_is_told() -> None:
    assert not may_match(r"エラーが|失敗し", "問題なく動きました")
    assert not may_match(r"\b(?:timed? ?out|refused)\b", "Connection established")
    assert may_match(r"\b(?:timed? ?out|refused)\b", "Connection REFUSED")


def test_all_clauses_of_one_alternative_are_needed() -> None:
    regex = r"画面.{0,9}(?:押|選択)|ping"
    assert not may_match(regex, "画面が開きません")
    assert may_match(regex, "選択した画面")  # the order is not looked at
    assert may_match(regex, "ping")


def test_an_expression_that_tells_nothing_is_always_tried() -> None:
    assert needs_of(r"\d+") == ((),)
    assert may_match(r"\d+|エラー", "")


def test_a_long_text_is_always_searched() -> None:
    assert may_match("エラー", "x" * (LONGEST + 1))
