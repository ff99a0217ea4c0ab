"""The smarthost refuses, hangs, breaks off, or loses its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

from tests.trials.faults.databases import Ground
from tests.trials.faults.installation import wait_until
from tests.trials.faults.outcome import Outcome, Trial
from tests.trials.faults.sink import Mood, Sink

FAMILY = "the smarthost"
_SESSIONS = 6  # that it spoils before it is good again


def trials(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """One for each mood."""
    moods = [mood for mood in Mood if mood is not Mood.GOOD and only(mood.value)]
    if not moods:
        return
    with ground.installation() as made:
        made.start_all("worker", "deliver", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        for mood in moods:
            outcome = trial.outcome(mood.value)
            made.sink.mood, before = mood, made.sink.sessions
            with made.excused() if mood is Mood.LOSES_ANSWER else nullcontext():
                made.post(5)
                wait_until(partial(_has_met, made.sink, before + _SESSIONS), 60, is_strict=False)
                if made.sink.sessions < before + 2:
                    outcome.findings.append(f"only {made.sink.sessions - before} sessions met the fault")
                if mood in {Mood.REFUSES, Mood.GREY}:
                    made.settle()
                made.sink.mood = Mood.GOOD
            made.cut_sink()
            began = time.monotonic()
            trial.check(outcome, began=time.monotonic() - began)
            yield outcome


def _has_met(sink: Sink, sessions: int) -> bool:
    return sink.sessions >= sessions
