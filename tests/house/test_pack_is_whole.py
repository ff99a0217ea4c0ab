from __future__ import annotations

import pytest

from models.decision import LetterKind
from policy.load import load_pack


@pytest.mark.parametrize("kind", list(LetterKind))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_letter_kind_has_a_letter_in_every_language(kind: LetterKind, language: str) -> None:
    letters = load_pack("alibabacloud_jp").letters
    assert letters[(kind.value, language)].strip()
