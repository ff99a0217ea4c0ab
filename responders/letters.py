"""Templates of the pack become letter texts (`policy.sandbox` says what templates may do).

Plain text, so nothing is escaped: what came by mail was made harmless before it got here (`own_words`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.sandbox import letters_of
from responders.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack


def letter_languages(language: str, pack: Pack) -> tuple[str, ...]:
    """The languages to answer in: the mail's own if the pack speaks it, else the pack's pair for all the others."""
    if language in pack.languages:
        return (language,)
    return pack.bilingual or (pack.default_language,)


def render(kind: str, language: str, context: Mapping[str, object], pack: Pack) -> str:
    """The text of one letter; blank lines never pile up, lines carry no trailing blanks and keep to the usual width."""
    return wrap(tidy(letters_of(pack, language).get_template(kind).render(context)))


def joined(texts: Mapping[str, str], pack: Pack) -> str:
    """One text of the same letter in several languages, by language: the first leads, a line says what follows.

    Only the last keeps its signature mark: mail programs hide what stands below one.
    """
    *first, last = texts
    if not first:
        return texts[last]
    lead = pack.texts["bilingual"][last]
    bodies = [texts[one].replace("\n-- \n", "\n\n") for one in first]
    return tidy("\n".join((lead, "", *(f"{body}\n{'=' * 40}\n" for body in bodies), texts[last])))


def tidy(text: str) -> str:
    """No trailing blanks (but for the signature's "-- "), at most one blank line in a row, one line end at the end."""
    lines = [line if line == "-- " else line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
