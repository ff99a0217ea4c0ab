"""Does a built pack make sense? Every reference leads somewhere, every expression compiles, every letter renders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from models.assessment import Facet, Section
from models.decision import LetterKind
from models.errors import PackError
from policy.sample import sample_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.pack import Pack

ITEMS = frozenset(
    {*(s.value for s in Section), *(f"facet:{f.value}" for f in Facet), "link:evidence", "link:goal", "zone"}
)
_REQUIRABLE = ITEMS | {"facets"}


def verify(pack: Pack) -> None:
    """Check the meaning of a pack.

    Raises:
        PackError: The first finding.
    """
    for finding in _findings(pack):
        raise finding


def _findings(pack: Pack) -> Iterator[PackError]:
    yield from _frame(pack)
    yield from _items(pack)
    yield from _references(pack)
    yield from _expressions(pack)
    yield from _letters(pack)


def _frame(pack: Pack) -> Iterator[PackError]:
    if pack.default_language not in pack.languages:
        yield PackError(file="pack.toml", key="default_language", mend=f"must be one of {', '.join(pack.languages)}")
    try:
        ZoneInfo(pack.desk.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield PackError(
            file="pack.toml", key="desk.timezone", mend=f"{pack.desk.timezone} is no IANA zone, like Asia/Tokyo"
        )
    for name in ("ask", "present", "hold"):
        if not 0 <= getattr(pack.thresholds, name) <= 1:
            yield PackError(file="pack.toml", key=f"thresholds.{name}", mend="must lie between 0 and 1")


def _items(pack: Pack) -> Iterator[PackError]:
    for item in sorted(ITEMS - set(pack.questions)):
        yield PackError(file="questions.toml", key=item, mend="is missing; every item needs heading, text and example")
    for item in (*pack.questions, *pack.question_order):
        if item not in ITEMS:
            yield PackError(file="questions.toml", key=item, mend=f"no such item; known are {', '.join(sorted(ITEMS))}")
    for kind, traits in pack.kinds.items():
        for item in sorted(set(traits.examples) - ITEMS):
            yield PackError(file="kinds.toml", key=f"{kind.value}.examples.{item}", mend="no such item")
    for policy in pack.categories.values():
        for item in (*policy.required, *policy.along):
            if item not in _REQUIRABLE:
                yield PackError(
                    file="categories.toml",
                    key=policy.id.value,
                    mend=f"{item} is no item; known are {', '.join(sorted(_REQUIRABLE))}",
                )
        if (policy.id.is_out or policy.id.is_undisclosed) and policy.scope_note is None:
            yield PackError(
                file="categories.toml", key=f"{policy.id.value}.scope_note", mend="is missing: the letter must say why"
            )


def _references(pack: Pack) -> Iterator[PackError]:
    for pattern in pack.resource_patterns:
        if pattern.product and pattern.product not in pack.products:
            yield PackError(
                file="resources.toml", key=pattern.kind, mend=f"product {pattern.product} is not in products.toml"
            )
    for group in pack.related:
        for product in (*group.anchor, *group.others):
            if product != "ANY" and product not in pack.products:
                yield PackError(file="related.toml", key=group.id, mend=f"product {product} is not in products.toml")


def _expressions(pack: Pack) -> Iterator[PackError]:
    for pattern in pack.resource_patterns:
        if _is_broken(pattern.regex):
            yield PackError(
                file="resources.toml", key=pattern.kind, mend=f"regex does not compile: {_is_broken(pattern.regex)}"
            )
        elif not re.search(pattern.regex, pattern.example):
            yield PackError(file="resources.toml", key=pattern.kind, mend="regex does not find its own example")
    for name, regex in pack.cues.patterns.items():
        if _is_broken(regex):
            yield PackError(file="cues.toml", key=f"patterns.{name}", mend=f"does not compile: {_is_broken(regex)}")
    for name, languages in pack.cues.phrases.items():
        for language, expressions in languages.items():
            for regex in expressions:
                if _is_broken(regex):
                    yield PackError(
                        file="cues.toml",
                        key=f"phrases.{name}.{language}",
                        mend=f"does not compile: {_is_broken(regex)}: {regex}",
                    )


def _is_broken(regex: str) -> str:
    try:
        re.compile(regex)
    except re.error as error:
        return str(error)
    return ""


def _letters(pack: Pack) -> Iterator[PackError]:
    for kind in LetterKind:
        for language in pack.languages:
            file = f"letters/{language}/{kind.value}.txt"
            if (kind.value, language) not in pack.letters:
                yield PackError(file=file, key="-", mend="is missing; every letter kind needs one in every language")
                continue
            yield from _letter(pack, kind.value, language, file)


def _letter(pack: Pack, kind: str, language: str, file: str) -> Iterator[PackError]:
    parts = {name: text for (name, tongue), text in pack.letters.items() if tongue == language}
    environment = SandboxedEnvironment(
        loader=DictLoader(parts),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for context in sample_contexts(pack, language):
        try:
            text = environment.get_template(kind).render(context)
        except Exception as error:  # noqa: BLE001 - a template is a program: whatever it raises, its author must hear where
            yield PackError(file=file, key=f"line {getattr(error, 'lineno', '?')}", mend=f"does not render: {error}")
            return
        for word in pack.banned_words.get(language, ()):
            if word.casefold() in text.casefold():
                yield PackError(file=file, key=word, mend="stands on the list of banned words; say it kindly")
                return
