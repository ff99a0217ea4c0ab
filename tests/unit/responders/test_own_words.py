"""What is told of a whole text at once is what its characters tell one by one."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from responders.own_words import _LINK, _may_hold_link, common_characters
from responders.subject import one_line
from responders.wrap import columns

MIXED = st.text(st.one_of(st.characters(), st.sampled_from("①㈱ｱﾞ受付a \u200d\u202e\u3099\n")), max_size=20)


@given(text=MIXED)
def test_characters_are_made_common_one_by_one(text: str) -> None:
    parts = [text[at] for at in range(len(text))]
    if not any("\uff61" <= part <= "\uff9f" for part in parts):  # a narrow kana may join the next one
        assert common_characters(text) == "".join(map(common_characters, parts))


@given(text=st.one_of(MIXED, st.from_regex(_LINK).map(lambda found: f"受付{found}")))
def test_a_text_without_their_marks_holds_no_link(text: str) -> None:
    if _LINK.search(text):
        assert _may_hold_link(text)


@given(text=MIXED)
def test_one_line_holds_neither_controls_nor_what_is_unseen(text: str) -> None:
    kinds = {unicodedata.category(char) for char in one_line(text) if char != "\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(one_line(text)) == one_line(text)


@given(text=MIXED)
def test_a_text_is_as_wide_as_its_characters(text: str) -> None:
    assert columns(text) == sum(map(columns, text)) <= 2 * len(text)
