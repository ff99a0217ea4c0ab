"""Questions that may hang are asked once, and whoever asks hears within seconds."""

from __future__ import annotations

import threading

import pytest

from desk.health import Patience
from models.errors import StoreUnavailable


def test_two_who_ask_at_once_hear_the_same_answer_to_one_question() -> None:
    patience, asked, may_answer, heard = Patience(), [], threading.Event(), []

    def question() -> str:
        asked.append(1)
        may_answer.wait(30)
        return "full"

    threads = [threading.Thread(target=lambda: heard.append(patience.ask("disk", question))) for _ in range(5)]
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
    patience, may_answer, is_done = Patience(), threading.Event(), threading.Event()

    def hangs() -> str:
        may_answer.wait(30)
        is_done.set()
        return ""

    assert patience.ask("database", hangs) == "no answer within 0 s"
    assert patience.ask("database", lambda: "never asked") == "no answer within 0 s"
    may_answer.set()
    assert is_done.wait(30)
    while (said := patience.ask("database", lambda: "asked anew")) == "":
        pass
    assert said == "asked anew"


def test_a_question_that_fails_is_an_answer() -> None:
    patience = Patience()

    def away() -> str:
        raise StoreUnavailable("connection refused")

    def broken() -> str:
        raise RuntimeError("hush")

    assert patience.ask("database", away) == "store_unavailable"
    assert patience.ask("database", broken) == "RuntimeError"
