"""Agents' word on how a mail was read, laid over the reading: what the ticket goes by, and what models learn from. Pure.

Promises: a correction changes what it names and nothing else; the newest word on a target counts, and `None` takes it
back. Values come from a form or from the database: what is not well formed raises, and nothing is half applied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from models.assessment import FACETS_OF_KIND, Category, Facet, Finding, Issue, Section, Span, SymptomKind
from models.conversation import How, given, items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from models.assessment import Assessment
    from models.conversation import Known

# By target: `section:when`, `facet:steps`, `kind`, `language`, `automatic`, `issues`, `letter:12`.
Words: TypeAlias = "Mapping[str, Any]"

PRESENT, MISSING, UNKNOWN = "present", "missing", "unknown"
MARKS = (PRESENT, MISSING, UNKNOWN)
LANGUAGES = ("ja", "en", "zh", "other")
LETTER = "letter:"
BY_AGENT = "agent"  # the proof of what an agent said
_NOBODY_LOOKED = Finding(present=False, confidence=0.5)
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
_LONGEST_GIST, _LONGEST_NOTE = 300, 500
_NAMED: Mapping[str, Callable[[str], object]] = {"section": Section, "facet": Facet}


class WrongLetter(StrEnum):
    """Why a letter was wrong; wire values."""

    ASKED_WHAT_WAS_THERE = "asked_what_was_there"
    WRONG_LANGUAGE = "wrong_language"
    SHOULD_NOT_GO = "should_not_go"
    WRONG_KIND = "wrong_kind"
    IMPOLITE = "impolite"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One word of an agent."""

    correction_id: int
    mail_id: int
    ref: str
    target: str
    value: Any  # None: taken back
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCount:
    """How many words of agents there are on one thing that is read."""

    target: str  # section, facet, kind, language, automatic, issues, letter
    item: str  # the section, facet, or reason of a wrong letter; empty for the others
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongShare:
    """Letters of one kind that went to customers, and how many of them an agent called wrong."""

    kind: str
    sent: int
    wrong: int


def newest(corrections: Iterable[Correction]) -> dict[str, Any]:
    """The words that count, by target; what was taken back is left out."""
    found: dict[str, Any] = {}
    for one in sorted(corrections, key=lambda one: one.correction_id):
        found[one.target] = one.value
    return {target: value for target, value in found.items() if value is not None}


def of_whole_mail(corrections: Sequence[Correction]) -> dict[str, Any]:
    """The words that count of the mail as a whole: what an agent found in one part of it is in the mail."""
    words = newest(corrections)
    for ref in {one.ref for one in corrections}:
        in_part = newest(one for one in corrections if one.ref == ref and is_mark(one.target))
        words |= {target: mark for target, mark in in_part.items() if mark == PRESENT}
    return words


def is_mark(target: str) -> bool:
    """Does it say whether a section or a facet is there?"""
    return target.startswith(("section:", "facet:"))


def checked_value(target: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value as it is kept.

    Raises:
        ValueError: There is no such target, or it takes no such value.
    """
    if value is None:
        return None
    head, _, name = target.partition(":")
    if head in _NAMED:
        _NAMED[head](name)
        return _one_of(MARKS, value)
    if head == "letter" and name.isdecimal():
        return _wrong_letter(value)
    if target not in _PLAIN:
        raise ValueError(f"no target {target!r}")
    return _PLAIN[target](value)


def _one_of(known: Sequence[str], value: Any) -> str:  # noqa: ANN401 - JSON
    if value not in known:
        raise ValueError(f"not one of {', '.join(known)}")
    return str(value)


def _wrong_letter(value: Mapping[str, Any]) -> dict[str, str]:
    return {
        "reason": WrongLetter(value["reason"]).value,
        "note": str(value.get("note", ""))[:_LONGEST_NOTE],
        "before": str(value.get("before", "")),  # the letter's judgement that this one takes the place of
    }


def issues_to_value(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues as JSON."""
    return [
        {
            "gist": one.gist[:_LONGEST_GIST],
            "category": one.category.value,
            "products": list(one.products),
            "context_products": list(one.context_products),
            "account": one.account,
            "spans": [[start, end] for start, end in one.spans],
            "confidence": one.confidence,
        }
        for one in issues
    ]


def issues_from_value(value: Iterable[Mapping[str, Any]]) -> tuple[Issue, ...]:
    """The issues of `issues_to_value`."""
    return tuple(
        Issue(
            gist=str(one["gist"]),
            category=Category(one["category"]),
            products=tuple(one.get("products", ())),
            context_products=tuple(one.get("context_products", ())),
            account=one.get("account"),
            spans=tuple(Span(int(start), int(end)) for start, end in one.get("spans", ())),
            confidence=float(one.get("confidence", 1.0)),
        )
        for one in value
    )


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "kind": lambda value: SymptomKind(value).value if value else "",
    "language": lambda value: _one_of(LANGUAGES, value),
    "automatic": bool,
    "issues": lambda value: issues_to_value(issues_from_value(value)),
}


def corrected(seen: Assessment, words: Words) -> Assessment:
    """The reading as the agents' words make it; without words the reading itself."""
    if not any(not target.startswith(LETTER) for target in words):
        return seen
    issues = issues_from_value(words["issues"]) if "issues" in words else seen.issues
    kind = seen.symptom_kind
    if "issues" in words and not any(one.category in _TROUBLE for one in issues):
        kind = None  # only trouble has a kind
    if "kind" in words:
        kind = SymptomKind(words["kind"]) if words["kind"] else None
    sections = {one: _marked(found, words.get(f"section:{one.value}")) for one, found in seen.sections.items()}
    facets = {
        facet: _marked(seen.facets.get(facet, _NOBODY_LOOKED), words.get(f"facet:{facet.value}"))
        for facet in (FACETS_OF_KIND[kind] if kind else ())
    }
    return replace(
        seen,
        language=words.get("language", seen.language),
        issues=issues,
        sections=sections,
        symptom_kind=kind,
        facets=facets,
        evidence_linked=still_linked(Section.EVIDENCE, sections, linked=seen.evidence_linked),
        goal_linked=still_linked(Section.GOAL, sections, linked=seen.goal_linked),
    )


def _marked(found: Finding, mark: str | None) -> Finding:
    if mark is None:
        return found
    if mark == PRESENT:
        spans = found.spans if found.present else ()
        return Finding(present=True, answered=True, confidence=1.0, spans=spans, proof=(BY_AGENT,))
    return Finding(present=False, answered=mark == UNKNOWN, confidence=1.0, proof=(BY_AGENT,))


def still_linked(section: Section, sections: Mapping[Section, Finding], *, linked: bool | None) -> bool | None:
    """Only what is there can hang together with the symptom."""
    is_there = section in sections and sections[section].present and sections[Section.SYMPTOM].present
    return linked if is_there else None


def items_of_corrected(mail_id: int, seen: Assessment, answers: Mapping[str, How], words: Words) -> dict[str, Known]:
    """What a corrected reading says of every item; what an agent found is told to be his.

    An answer that was told by its place is dropped where the agent says that it is missing.
    """
    marks = {target.removeprefix("section:"): mark for target, mark in words.items() if target.startswith("section:")}
    marks |= {target: mark for target, mark in words.items() if target.startswith("facet:")}
    kept = {item: how for item, how in answers.items() if marks.get(item) != MISSING}
    items = items_of(mail_id, seen, kept)
    return items | {
        item: given(mail_id, How.AGENT) for item, mark in marks.items() if mark == PRESENT and item in items
    }


def joined_issues(issues: Sequence[Issue], number: int) -> tuple[Issue, ...]:
    """Issue `number` (from 0) and the one behind it are one.

    Raises:
        ValueError: There is none behind it.
    """
    if not 0 <= number < len(issues) - 1:
        raise ValueError(f"no issue behind {number}")
    one, other = issues[number], issues[number + 1]
    whole = replace(
        one,
        products=tuple(dict.fromkeys((*one.products, *other.products))),
        context_products=tuple(dict.fromkeys((*one.context_products, *other.context_products))),
        account=one.account or other.account,
        spans=tuple(sorted((*one.spans, *other.spans))),
        confidence=1.0,
    )
    return (*issues[:number], whole, *issues[number + 2 :])


def cut_issue(issues: Sequence[Issue], number: int, at: int, text: str) -> tuple[Issue, ...]:
    """Issue `number` ends before code point `at` of the text; what comes behind is another one of the same labels.

    Raises:
        ValueError: The place does not lie within it.
    """
    if not 0 <= number < len(issues):
        raise ValueError(f"no issue {number}")
    one = issues[number]
    head = tuple(Span(start, min(end, at)) for start, end in one.spans if start < at)
    tail = tuple(Span(max(start, at), end) for start, end in one.spans if end > at)
    if not _words_in(text, head) or not _words_in(text, tail):
        raise ValueError(f"{at} does not cut issue {number}")
    return (
        *issues[:number],
        replace(one, spans=head, confidence=1.0),
        replace(one, gist=_words_in(text, tail)[:80], spans=tail, confidence=1.0),
        *issues[number + 1 :],
    )


def without_issue(issues: Sequence[Issue], number: int) -> tuple[Issue, ...]:
    """Issue `number` is none.

    Raises:
        ValueError: There is no such issue.
    """
    if not 0 <= number < len(issues):
        raise ValueError(f"no issue {number}")
    return (*issues[:number], *issues[number + 1 :])


def relabelled(issues: Sequence[Issue], number: int, category: str, products: Sequence[str]) -> tuple[Issue, ...]:
    """Issue `number` with other labels.

    Raises:
        ValueError: There is no such issue or category.
    """
    if not 0 <= number < len(issues):
        raise ValueError(f"no issue {number}")
    found = tuple(dict.fromkeys(products))
    context = tuple(one for one in issues[number].context_products if one not in found)
    new = replace(issues[number], category=Category(category), products=found, context_products=context, confidence=1.0)
    return (*issues[:number], new, *issues[number + 1 :])


def _words_in(text: str, spans: Iterable[Span]) -> str:
    return " ".join(" ".join(text[start:end].split()) for start, end in spans).strip()
