"""Questions that may hang are asked once, and whoever asks hears within seconds."""

from __future__ import annotations

import threading

import pytest

from desk.health import Patience, trouble_of
from models.errors import StoreUnavailable


def test_two_who_ask_at_once_hear_the_same_answer_to_one_question() -> None:
    asked, may_answer, heard = [], threading.Event(), []

    def question() -> str:
        asked.append(1)
        may_answer.wait(30)
        return "full"

    patience = Patience(question)
    threads = [threading.Thread(target=lambda: heard.append(patience.ask())) for _ in range(5)]
    for thread in threads:
        thread.start()
    while not asked:
        threading.Event().wait(0.01)
    may_answer.set()
    for thread in threads:
        thread.join()
    assert (heard, len(asked)) == (["full"] * 5, 1)


def test_a_question_that_hangs_is_told_and_asked_anew_once_it_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.health.PATIENCE_S", 0.05)
    may_answer, asked = threading.Event(), []

    def hangs() -> str:
        asked.append(1)
        may_answer.wait(30)
        return f"asked {len(asked)}"

    patience = Patience(hangs)
    assert [trouble_of(patience), trouble_of(patience)] == ["no answer within 0 s"] * 2
    assert len(asked) == 1
    may_answer.set()
    while trouble_of(patience) != "asked 2":
        pass


def test_an_answer_is_given_again_for_as_long_as_it_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def question() -> int:
        asked.append(1)
        return len(asked)

    patience = Patience(question, good_for_s=60)
    assert [patience.ask(), patience.ask()] == [1, 1]
    monkeypatch.setattr("desk.health.monotonic", lambda: 10.0**9)
    assert patience.ask() == 2


def test_a_question_that_fails_is_an_answer() -> None:
    def away() -> str:
        raise StoreUnavailable("connection refused")

    def broken() -> str:
        raise RuntimeError("hush")

    assert trouble_of(Patience(away)) == "store_unavailable"
    assert trouble_of(Patience(broken)) == "RuntimeError"
