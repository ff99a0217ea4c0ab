"""The words by which an answer says that what we asked for was there: "I have told you already". Pure.

A cue for an agent, never a verdict: it shows where a letter of ours may have been wrong. Lines in which the customer
mends or completes his own mail are left out, since those only sound like it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.hits import compiled
from classify.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.pack import Cues

SAID, ONLY_SOUNDS = "already_said", "not_already_said"
_LONGEST = 20_000  # of a mail; whoever objects does so at once


def objection_in(own_words: str, cues: Cues) -> str:
    """The sentence of the sender's own words that says so; empty if there is none."""
    for line in fold(own_words[:_LONGEST]).text.split("\n"):
        for sentence in _sentences(line):
            if _matches(sentence, cues, SAID) and not _matches(line, cues, ONLY_SOUNDS):
                return sentence.strip()
    return ""


def _sentences(line: str) -> Iterator[str]:
    start = 0
    for end in compiled(r"。|[.!?！？](?=\s|$)").finditer(line):
        yield line[start : end.end()]
        start = end.end()
    yield line[start:]


def _matches(text: str, cues: Cues, name: str) -> bool:
    return any(compiled(regex).search(text) for group in cues.phrases.get(name, {}).values() for regex in group)
