"""Texts cut into words, and queries read: what must be found is found, what must not be is in no index."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.query import LONGEST, MOST_TERMS, STATES, Note, Query, read_query
from models.states import TicketState
from models.words import GAP, LONGEST_WORD, MOST_BYTES, MOST_WORDS, Phrase, cut, phrase_of, stretches, words_of

TOKYO = ZoneInfo("Asia/Tokyo")
PLAIN = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")  # what neither engine parts or escapes
KEY = "LTAI5tFakeFakeFakeFake01"
JAPANESE = st.text(alphabet="障害請求課金サーバーのにｻｰﾊﾞ、。「」 \nABab09i-@._がヷ々ー", max_size=60)


def holds(words: tuple[str, ...], phrase: Phrase | None) -> bool:
    """Does an index of these words find the phrase, as both engines would?"""
    assert phrase is not None
    *first, last = phrase.words
    for at in range(len(words) - len(first)):
        here = words[at + len(first)]
        ends = here.startswith(last) if phrase.is_open else here == last
        if ends and list(words[at : at + len(first)]) == first:
            return True
    return False


def finds(text: str, query: str) -> bool:
    return holds(words_of([text]), phrase_of(query))


def phrases(query: str) -> tuple[Phrase, ...]:
    return read_query(query, TOKYO).phrases


@given(JAPANESE | st.text(max_size=60))
@example("アサ\uff9e")
def test_every_two_neighbouring_characters_of_japanese_are_found(text: str) -> None:
    for pair in re.findall(
        r"(?=([\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]{2})(?![\uff9e\uff9f\u3099\u309a]))", text
    ):
        assert finds(text, pair), pair


@given(JAPANESE)
@example("サ\uff9e")
def test_every_character_and_every_word_is_found(text: str) -> None:
    # A voiced mark of its own makes another character of the one before it.
    for one in re.findall(
        r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff](?![\uff9e\uff9f\u3099\u309a])|[A-Za-z0-9]+", text
    ):
        assert finds(text, one), one


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_a_part_of_a_text_that_ends_between_words_is_found(text: str, one: int, other: int) -> None:
    start, end = sorted((one, other))
    part = text[start:end]
    is_whole = not re.search(r"\w\Z", text[:start]) and not re.match(r"\w", text[end:]) and part.isprintable()
    phrase = phrase_of(part)
    if is_whole and phrase and text.isascii():
        assert holds(words_of([text]), phrase)


@given(st.text(max_size=200))
def test_a_word_is_letters_and_digits_and_lies_where_it_says(text: str) -> None:
    end = -1
    for word in cut(text):
        assert PLAIN.fullmatch(word.text)
        assert 0 <= word.start < word.end <= len(text)
        assert word.end >= end
        end = word.end


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("昨日から障害が発生しています", "障害"),
        ("7月分の請求について", "請求"),
        ("課金", "課"),
        ("課金", "金"),
        ("インスタンス i-bp1abc2def3 です", "i-bp1abc2def3"),
        ("インスタンスi-bp1abc2def3です", "i-bp1abc2def3"),
        ("RequestId: 9B9E8D2A-6F1C-5A3B-8C4D-0123456789AB", "9b9e8d2a-6f1c-5a3b-8c4d-0123456789ab"),
        ("アカウント 5123456789012345 の件", "5123456789012345"),
        ("受付番号は[T000123]です", "t000123"),
        ("連絡先:Taro.Yamada+ecs@Example.co.jp", "taro.yamada+ecs@example.co.jp"),
        ("InvalidAccessKeyId.NotFound が返る", "invalidaccesskeyid.notfound"),
        ("HTTP 503 Service Unavailable", "ｓｅｒｖｉｃｅ unavailable"),
        ("ECSに接続できません", "ＥＣＳに接続"),
        ("ｻｰﾊﾞｰにｱｸｾｽ", "サーバーにアクセス"),
        ("サーバに接続", "サーバー"),
        ("サ-バ-に接続", "サーバー"),
        ("サーバーに接続", "サーバ"),
        ("サーバーに", "バー"),
        ("エラーコード一覧.xlsx", "エラーコード一覧.xlsx"),
        ("長い文が折り返され、障\n害が起きた", "障害"),
        ("> 引用の中で障\n> 害が起きた", "障害"),
        ("①番の手順", "1番"),
        ("がぎぐ", "がぎ"),
        ("VPCとECS", "とECS"),
        ("𠮷野家", "𠮷野"),
    ],
)
def test_what_agents_look_for_is_found(text: str, query: str) -> None:
    assert finds(text, query)
    assert stretches(text, [phrase_of(query) or Phrase(words=())])


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("障害。請求", "害請"),
        ("請求 障害", "障害 請求"),
        ("ひらがな", "ヒラガナ"),
        ("i-bp1abc2def3", "i-bp1abc"),
        ("害障", "障害"),
        ("ECS", "EC"),
    ],
)
def test_what_is_not_there_is_not_found(text: str, query: str) -> None:
    assert not finds(text, query)


def test_no_phrase_goes_from_one_field_into_the_next() -> None:
    words = words_of(["請求", "障害"])
    assert words == ("請求", "求", GAP, "障害", "害", GAP)
    assert not holds(words, phrase_of("請求障害"))


def test_the_sender_is_found_apart_and_with_the_rest() -> None:
    words = words_of(["hanako と話した"], sender=["山田 太郎", "taro@example.com"])
    sender = [phrase_of(one, is_sender=True) for one in ("taro@example.com", "example.com", "山田", "hanako")]
    assert [holds(words, one) for one in sender] == [True, True, True, False]
    assert holds(words, phrase_of("taro@example.com"))


def test_secrets_are_no_words() -> None:
    words = words_of(
        [f"鍵は {KEY} です。パスワードはhimitsu2024です", "引用: himitsu2024 と 桜吹雪月花"],
        hide=["himitsu2024", "桜吹雪月花"],
    )
    said = " ".join(words)
    assert "ltai" not in said
    assert "himitsu" not in said
    assert "桜" not in said
    assert "鍵は" in said


def test_a_long_text_is_cut_at_what_both_engines_hold() -> None:
    assert len(words_of(["障害" * MOST_WORDS])) == MOST_WORDS
    wide = words_of([" ".join(f"{'漢' if n < 0 else 'й' * 100}{n}" for n in range(MOST_WORDS))])
    assert sum(len(word.encode()) for word in wide) <= MOST_BYTES
    assert max(len(word) for word in words_of(["x" * 5000])) == LONGEST_WORD


def test_stretches_are_places_of_the_text_as_it_came() -> None:
    text = "㍻の ｻｰﾊﾞｰ障害、障害"
    assert [text[one.start : one.end] for one in stretches(text, phrases("サーバー障害 平成"))] == ["㍻", "ｻｰﾊﾞｰ障害"]
    assert [text[one.start : one.end] for one in stretches(text, phrases("障害"))] == ["障害", "障害"]


# queries


def test_a_query_is_read() -> None:
    query = read_query('障害 "ECS 接続" -解決 from:taro@example.com is:ready after:2026-11-01 before:2026/11/24', TOKYO)
    assert query == Query(
        phrases=(
            Phrase(words=("障害",)),
            Phrase(words=("ecs", "接続")),
            Phrase(words=("\ue000taro", "\ue000example", "\ue000com")),
        ),
        excluded=(Phrase(words=("解決",)),),
        states=frozenset({TicketState.READY}),
        opened_from=datetime(2026, 10, 31, 15, tzinfo=UTC),
        opened_before=datetime(2026, 11, 23, 15, tzinfo=UTC),
    )
    assert query.notes == ()


def test_full_width_signs_and_curly_quotes_are_the_same_query() -> None:
    assert read_query("“ECS 接続” －解決　is：ready", TOKYO) == read_query('"ECS 接続" -解決 is:ready', TOKYO)


def test_a_reference_alone_names_its_ticket() -> None:
    assert read_query(" t000123 ", TOKYO).ref == "T000123"
    assert read_query("T000123 障害", TOKYO).ref == ""


def test_a_word_may_go_on() -> None:
    assert phrases("i-bp1*") == (Phrase(words=("i", "bp1"), is_open=True),)
    assert phrases("障") == (Phrase(words=("障",), is_open=True),)
    assert phrases("障害*") == (Phrase(words=("障害",)),)


def test_states_add_up_and_may_be_excluded() -> None:
    assert read_query("is:ready is:closed", TOKYO).states == {TicketState.READY, TicketState.CLOSED}
    assert read_query("is:open", TOKYO).states == STATES - {TicketState.CLOSED}
    assert read_query("-is:closed", TOKYO).states == STATES - {TicketState.CLOSED}
    assert read_query("is:waiting-customer", TOKYO).states == {TicketState.WAITING_CUSTOMER}
    assert read_query("x", TOKYO, state="ready").states == {TicketState.READY}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("x" * 10_000, Note("too_long", str(LONGEST))),
        ("a " * (MOST_TERMS + 1), Note("too_many", str(MOST_TERMS))),
        ("is:nonsense", Note("bad_state", "nonsense")),
        ("is:parked", Note("bad_state", "parked")),
        ("before:2026-13-01", Note("bad_date", "2026-13-01")),
        ("after:yesterday", Note("bad_date", "yesterday")),
        ("after:0001-01-01", Note("bad_date", "0001-01-01")),
        ("!!! 障害", Note("no_word", "!!!")),
        ('""', Note("no_word", "")),
        ("-", Note("no_word", "-")),
    ],
)
def test_what_cannot_be_used_is_said(text: str, note: Note) -> None:
    assert note in read_query(text, TOKYO).notes


@given(st.text(max_size=600) | st.text(alphabet="\"-:*()ANDORisfrombefeatr \0'\\障", max_size=600))
def test_any_text_is_a_query(text: str) -> None:
    query = read_query(text, TOKYO)
    for phrase in (*query.phrases, *query.excluded):
        assert all(PLAIN.fullmatch(word) for word in phrase.words)
    assert stretches(text, query.phrases) is not None
