"""Answers written between quoted lines, each with the question it stands under.

Turns the text of a mail into pairs for the eye of an agent; `quotes` decides what the sender's own words are. Promises:
every line of a pair stood in the text; a reply above or below one whole quote is no inline answer and gives no pair.
"""

from __future__ import annotations

import re

from ingest.introductions import is_quoted
from ingest.lines import restored, shortened
from ingest.quotes import own_lines
from models.mail import InlineAnswer

_MARKS = re.compile(r"^[\s>＞|｜]+")
_LONGEST_QUESTION = 14  # lines: of a longer quote the last paragraph is what was answered


def inline_answers(text: str) -> tuple[InlineAnswer, ...]:
    """The pairs in order; none unless something was answered between two quotes."""
    lines, whole = shortened(text)
    own = frozenset(own_lines(lines))
    runs = _runs(lines, own)
    first = next((at for at, (is_quote, _) in enumerate(runs) if is_quote), len(runs))
    between = [at for at in range(first + 1, len(runs)) if not runs[at][0]]
    if not any(at + 1 < len(runs) for at in between):
        return ()
    said = ((at, "\n".join(line for line in runs[at][1] if not is_quoted(line)).strip()) for at in between)
    return tuple(
        InlineAnswer(restored(_question(runs[at - 1][1]), whole), restored(answer, whole))
        for at, answer in said
        if answer  # marked lines that are kept are fields of a form, and answer nothing above them
    )


def _runs(lines: list[str], own: frozenset[int]) -> list[tuple[bool, list[str]]]:
    """Quoted lines and own ones that stand together; what is neither (introductions, signatures) parts nothing."""
    runs: list[tuple[bool, list[str]]] = []
    for at, line in enumerate(lines):
        is_quote = is_quoted(line) and at not in own
        if not is_quote and at not in own:
            continue
        if not line.strip():
            if runs:
                runs[-1][1].append("")
            continue
        if not runs or runs[-1][0] != is_quote:
            runs.append((is_quote, []))
        runs[-1][1].append(line)
    return runs


def _question(quoted: list[str]) -> str:
    """The last paragraph of a quote, its marks taken off."""
    plain = [_MARKS.sub("", line).rstrip() for line in quoted]
    while plain and not plain[-1]:
        plain.pop()
    paragraph: list[str] = []
    for line in reversed(plain):
        if not line or len(paragraph) == _LONGEST_QUESTION:
            break
        paragraph.insert(0, line)
    return "\n".join(paragraph)
