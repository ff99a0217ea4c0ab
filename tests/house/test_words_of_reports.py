"""A report calls states, decisions and letters as the desk does: the floors forbid one list, so there are two that agree."""

from __future__ import annotations

import re

import pytest

from desk.texts import LANGUAGES, TOKENS
from models.decision import Disposition, LetterKind, ReplyState
from models.states import TicketState
from reports.words import WORDS
from reports.words_advice import ADVICE

# The desk's word for a state of a letter, and where a report heads a column with it.
COLUMNS = {
    ReplyState.HELD: ("held_letters", "held"),
    ReplyState.DISCARDED: ("discarded", "discarded"),
    ReplyState.SUPPRESSED: ("suppressed_n", "suppressed"),
    ReplyState.BOUNCED: ("why_bounced", "bounced"),
    ReplyState.FAILED: ("why_failed", "failed"),
}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    ("prefix", "names"), [("state", TicketState), ("disposition", Disposition), ("kind", LetterKind)]
)
def test_the_same_word_for_the_same_thing(language: str, prefix: str, names: type[TicketState]) -> None:
    own, desk = WORDS[language], LANGUAGES[language]
    assert {one.value: own[f"{prefix}_{one.value}"] for one in names} == {one.value: desk[one.value] for one in names}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_same_word_for_what_became_of_a_letter(language: str) -> None:
    own, desk = WORDS[language], LANGUAGES[language]
    for key, name in COLUMNS.values():
        assert own[key].casefold() == desk[name].casefold()
    assert own["failed_or_bounced"].casefold().replace(" or ", ", ") == desk["n_failed"].casefold()
    assert own["shadow_same"].casefold() == desk["n_same"].casefold()
    assert own["shadow_other"].casefold() == desk["n_other"].casefold()


def test_the_same_word_for_a_letter_that_is_only_shown() -> None:
    shown = LANGUAGES["ja"]["shadow"]
    assert WORDS["ja"]["shadow"] == LANGUAGES["ja"]["shadow_table"]
    assert shown in WORDS["ja"]["kind_shadow_right_title"]


def test_what_an_advice_names_at_the_desk_is_called_so_there() -> None:
    """Words in brackets of advice on letters are pages, modes or buttons of the desk."""
    texts = " ".join(text for key, text in ADVICE["ja"].items() if key.startswith("kind_"))
    named = set(re.findall("「([^「」{}]+)」", texts))
    assert {"返信の設定", "担当者の承認後に送信"} <= named
    assert named <= {*LANGUAGES["ja"].values(), *TOKENS["ja"].values()}
