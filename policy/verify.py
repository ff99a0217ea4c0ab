"""Does a built pack make sense? Every reference leads somewhere, every expression compiles, every letter renders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import TemplateSyntaxError

from models.assessment import Category, Facet, Section
from models.decision import LetterKind
from models.errors import PackError
from policy.sample import sample_contexts
from policy.sandbox import letters_of, unfit_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.pack import Circle, Pack

BY_HAND_PARTS = ("_opening", "_signature")  # of agents' own letters; a pack may leave them out
# Cues that warn an agent of what he is about to write (`responders.warnings`); a pack may leave out any.
AGENT_CUES = frozenset(
    {
        "agent.parameter_example",
        "agent.command",
        "agent.disclaimer",
        "agent.declines",
        "agent.internal_cause",
        "agent.performance_figure",
        "agent.maintenance_record",
        "agent.sla",
        "agent.identity_check",
        "agent.attachment",
    }
)
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
    for name in pack.bilingual:
        if name not in pack.languages:
            yield PackError(file="pack.toml", key="bilingual", mend=f"{name} is no language of the pack")
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
        if item not in ITEMS and item not in pack.asides:
            yield PackError(file="questions.toml", key=item, mend=f"no such item; known are {', '.join(sorted(ITEMS))}")
    yield from _advice(pack)
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


def _advice(pack: Pack) -> Iterator[PackError]:
    slots = {*(section.value for section in Section)}
    for aside in pack.asides.values():
        if aside.item in ITEMS:
            yield PackError(
                file="asides.toml", key=aside.item, mend="is an item of questions.toml; give it another name"
            )
        for name in sorted(set(aside.joins) - slots):
            yield PackError(file="asides.toml", key=f"{aside.item}.joins", mend=f"{name} is no section")
        for name in sorted(aside.unless_items - ITEMS):
            yield PackError(file="asides.toml", key=f"{aside.item}.unless_items", mend=f"{name} is no item")
        for regex in aside.unless_words:
            if _is_broken(regex):
                yield PackError(
                    file="asides.toml", key=f"{aside.item}.unless_words", mend=f"does not compile: {_is_broken(regex)}"
                )
        yield from _circle("asides.toml", aside.item, aside.circle, pack)
    for number, answer in enumerate(pack.answers, 1):
        if answer.item not in pack.questions:
            yield PackError(file="advice.toml", key=f"answer[{number}].item", mend=f"{answer.item} is no item")
        yield from _circle("advice.toml", f"answer[{number}]", answer.circle, pack)
    for number, tip in enumerate(pack.tips, 1):
        yield from _circle("advice.toml", f"tip[{number}]", tip.circle, pack)


def _circle(file: str, key: str, circle: Circle, pack: Pack) -> Iterator[PackError]:
    for name in sorted(circle.products - set(pack.products)):
        yield PackError(file=file, key=f"{key}.products", mend=f"{name} is not in products.toml")
    for name in sorted(circle.groups - {product.group for product in pack.products.values()}):
        yield PackError(file=file, key=f"{key}.groups", mend=f"{name} is the group of no product")


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
    yield from _agent_cues(pack)
    yield from _category_cues(pack)
    for name, languages in pack.cues.phrases.items():
        for language, expressions in languages.items():
            for regex in expressions:
                if _is_broken(regex):
                    yield PackError(
                        file="cues.toml",
                        key=f"phrases.{name}.{language}",
                        mend=f"does not compile: {_is_broken(regex)}: {regex}",
                    )


def _agent_cues(pack: Pack) -> Iterator[PackError]:
    for name, languages in pack.cues.phrases.items():
        if not name.startswith("agent."):
            continue
        if name not in AGENT_CUES:
            yield PackError(
                file="cues.toml", key=f"phrases.{name}", mend=f"no such cue; known are {', '.join(sorted(AGENT_CUES))}"
            )
        for language, expressions in languages.items():
            for regex in expressions:
                if not _is_broken(regex) and re.search(regex, ""):
                    yield PackError(
                        file="cues.toml", key=f"phrases.{name}.{language}", mend=f"finds itself in every text: {regex}"
                    )


def _category_cues(pack: Pack) -> Iterator[PackError]:
    known = {f"category.{category.value}" for category in Category}
    for name in pack.cues.phrases:
        if name.startswith("category.") and name not in known:
            mend = f"no such category; known are {', '.join(sorted(known))}"
            yield PackError(file="cues.toml", key=f"phrases.{name}", mend=mend)


def _is_broken(regex: str) -> str:
    try:
        re.compile(regex)
    except re.error as error:
        return str(error)
    return ""


def _letters(pack: Pack) -> Iterator[PackError]:
    for kind in LetterKind:
        for language in pack.languages:
            if (kind.value, language) not in pack.letters:
                file = f"letters/{language}/{kind.value}.txt"
                yield PackError(file=file, key="-", mend="is missing; every letter kind needs one in every language")
    for (name, language), text in pack.letters.items():
        yield from _parts(f"letters/{language}/{name}.txt", text, is_part=name.startswith("_"))
    for kind in LetterKind:
        for language in pack.languages:
            yield from letter_findings(pack, kind.value, language)
    for name in BY_HAND_PARTS:
        for language in pack.languages:
            yield from _by_hand_part(pack, name, language)


def _parts(file: str, text: str, *, is_part: bool = False) -> Iterator[PackError]:
    try:
        for line, what in unfit_parts(text, is_part=is_part):
            yield PackError(file=file, key=f"line {line}", mend=what)
    except TemplateSyntaxError as error:
        yield PackError(file=file, key=f"line {error.lineno}", mend=f"does not render: {error.message}")
    except RecursionError:
        yield PackError(file=file, key="-", mend="does not render: one thing within another, too deep")


def letter_findings(pack: Pack, name: str, language: str) -> Iterator[PackError]:
    """What is wrong with one letter of a pack, or with every letter that includes the part of that name."""
    kinds = [name] if not name.startswith("_") else [kind.value for kind in LetterKind]
    if name.startswith("_"):
        yield from _parts(f"letters/{language}/{name}.txt", pack.letters[name, language], is_part=True)
    if name in BY_HAND_PARTS:
        yield from _by_hand_part(pack, name, language)
    for kind in kinds:
        yield from _letter(pack, kind, language)


def _letter(pack: Pack, kind: str, language: str) -> Iterator[PackError]:
    file = f"letters/{language}/{kind}.txt"
    if (kind, language) not in pack.letters:
        return
    unfit = list(_parts(file, pack.letters[kind, language]))
    yield from unfit
    if unfit:
        return
    environment = letters_of(pack, language)
    parts = (part for (name, tongue), part in pack.letters.items() if name.startswith("_") and tongue == language)
    for context in sample_contexts(pack, language, "\n".join((pack.letters[kind, language], *parts))):
        try:
            text = environment.get_template(kind).render(context)
        except Exception as error:  # noqa: BLE001 - a template is a program: whatever it raises, its author must hear where
            yield PackError(file=file, key=f"line {_line_of(error)}", mend=f"does not render: {error}")
            return
        for word in pack.banned_words.get(language, ()):
            if word.casefold() in text.casefold():
                yield PackError(file=file, key=word, mend="stands on the list of banned words; say it kindly")
                return
        if str(context["ref"]) not in text:
            yield PackError(file=file, key="-", mend="must name the ticket: {{ ref }} or {{ t.accepted }} (S56)")
            return


def _by_hand_part(pack: Pack, name: str, language: str) -> Iterator[PackError]:
    """Does a part of agents' own letters render? With `agent` beside the variables that depend on the pack."""
    if (name, language) not in pack.letters:
        return
    rich, bare, *_ = sample_contexts(pack, language, "")
    for context in (rich, bare):
        try:
            letters_of(pack, language).get_template(name).render({**context, "agent": "hanako"})
        except Exception as error:  # noqa: BLE001 - as above
            file = f"letters/{language}/{name}.txt"
            yield PackError(file=file, key=f"line {_line_of(error)}", mend=f"does not render: {error}")
            return


def _line_of(error: Exception) -> int | str:
    """The template's line that raised the error, as far as the traceback tells."""
    line: int | str = getattr(error, "lineno", None) or "?"
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
