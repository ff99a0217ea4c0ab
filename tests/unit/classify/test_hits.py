"""Hits are found as if every line had been searched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from classify.hints import _WORDS
from classify.hits import find
from classify.kinds import _FACETS
from classify.segment import make_document
from models.needles import pieces_of

if TYPE_CHECKING:
    from classify.segment import Document
    from policy.pack import Pack

_EXPRESSIONS = (
    *_WORDS.values(),
    *(regex for cues in _FACETS.values() for regex, _, _ in cues),
    r"(?<=の)エラー",
)
_WORDS_OF_MAILS = (
    "エラー",
    "の",
    "が",
    "出ます",
    "再起動",
    "した",
    "ので",
    "ERROR 1045",
    "タİmed out",
    "ping",
    " ",
    "\n",
    "K",
    "ſsh",
)


def _everywhere(doc: Document) -> Document:
    """The same mail with every line searched."""
    return replace(doc, lines=tuple(replace(line, pieces=None) for line in doc.lines), pieces=None)


@given(words=st.lists(st.sampled_from(_WORDS_OF_MAILS), max_size=30).map("".join))
def test_lines_that_are_left_out_hold_no_hit(words: str, pack: Pack) -> None:
    doc = make_document("件名", words, (), pack.cues)
    bare = _everywhere(doc)
    for regex in (*_EXPRESSIONS, *(pattern.regex for pattern in pack.resource_patterns)):
        assert list(find(regex, doc.lines, doc, "rule", 0.5)) == list(find(regex, bare.lines, bare, "rule", 0.5))


def test_a_long_line_is_searched_whatever_it_holds(pack: Pack) -> None:
    doc = make_document("件名", "x" * 500 + "\nエラーが出ます", (), pack.cues)
    assert [line.pieces is None for line in doc.lines] == [False, True, False]
    assert doc.pieces is None
    assert [hit.rule for hit in find("x{500}", doc.lines, doc, "long", 0.5)] == ["long"]


def test_the_pieces_of_a_mail_are_those_of_its_lines(pack: Pack) -> None:
    doc = make_document("件名", "エラー\n出ます", (), pack.cues)
    assert doc.pieces == pieces_of("件名") | pieces_of("エラー") | pieces_of("出ます")
