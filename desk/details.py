"""The machine's English details in the language of the page: "0.10 is under 0.50" becomes 「0.10(基準 0.50)」.

Decisions, silences, errors and warnings carry one short English sentence each; a sentence that is not known here stays as
it is, for it may be a server's or a header's own words.
"""

from __future__ import annotations

import re

from desk.texts import DETAILS, TOKENS, words

# Codes whose detail is one word of ours, and codes whose detail starts with one, its proof behind a colon.
_ONE_WORD = frozenset({"recipient", "mode", "no_letters_in_language"})
_WORD_AND_PROOF = frozenset({"automatic", "role_address", "own_address"})
_PATTERNS = {
    language: tuple((re.compile(pattern), said) for pattern, said in sentences.items())
    for language, sentences in DETAILS.items()
}


def detail_text(detail: str, language: str, code: str = "") -> str:
    """The detail of a reason, a silence, an event, a warning or an error for a person."""
    if code == "mode_off":
        return words(language).get(detail, detail)
    if code in _ONE_WORD:
        return TOKENS[language].get(detail) or _sentence(detail, language)
    if code in _WORD_AND_PROOF:
        head, _, proof = detail.partition(": ")
        return ": ".join(part for part in (TOKENS[language].get(head, head), _sentence(proof, language)) if part)
    return _sentence(detail, language)


def _sentence(detail: str, language: str) -> str:
    names = words(language)
    for pattern, said in _PATTERNS[language]:
        if found := pattern.fullmatch(detail):
            return said.format(*(names.get(group or "", group or "") for group in found.groups()))
    return detail
