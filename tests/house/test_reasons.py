"""Every reason that a decision, a brake or a hold can give has words on the desk, and every silence in the report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk.texts import REASONS
from reports.words import REASONS as SILENCES

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r'\bcode="(\w+)"|^ +\("(rate_\w+)", ', re.MULTILINE)


def codes_of(*names: str) -> set[str]:
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    return {one or other for one, other in _CODE.findall(text)}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_reason_has_words_on_the_desk(language: str) -> None:
    codes = codes_of("responders/decide.py", "responders/brake.py", "models/decision.py")
    assert {"missing", "hold_complaint", "rate_total", "quick_reply"} <= codes
    assert sorted(codes - set(REASONS[language])) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_silence_has_words_in_the_report(language: str) -> None:
    codes = codes_of("responders/brake.py", "models/decision.py")
    assert {"automatic", "rate_sender_hour"} <= codes
    assert sorted(codes - set(SILENCES[language])) == []
