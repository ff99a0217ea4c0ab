"""Templates of the pack become letter texts: Jinja2 in a sandbox, strict about unknown names.

Plain text, so nothing is escaped: what came by mail was made harmless before it got here (`own_words`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from responders.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack


def letter_language(language: str, pack: Pack) -> str:
    """The language to answer in: the mail's own if the pack speaks it, else English, else the pack's default."""
    if language in pack.languages:
        return language
    return "en" if "en" in pack.languages else pack.default_language


def render(kind: str, language: str, context: Mapping[str, object], pack: Pack) -> str:
    """The text of one letter; blank lines never pile up, lines carry no trailing blanks and keep to the usual width."""
    parts = ((name, body) for (name, tongue), body in pack.letters.items() if tongue == language)
    environment = _environment(tuple(sorted(parts)))
    return wrap(tidy(environment.get_template(kind).render(context)))


def tidy(text: str) -> str:
    """No trailing blanks (but for the signature's "-- "), at most one blank line in a row, one line end at the end."""
    lines = [line if line == "-- " else line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


@lru_cache(maxsize=16)
def _environment(parts: tuple[tuple[str, str], ...]) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=DictLoader(dict(parts)),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # else the last line of an included part runs into the next text
    )
