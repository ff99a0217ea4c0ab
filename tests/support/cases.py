"""Cases that support staff write: what a mail should become (TOML), a line `--`, the mail as it came.

tests/cases/README.md says what each expectation means.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runtime.triage import Triage

Judge = "Callable[[Triage, Any], str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: expectations by name, the mail's bytes."""

    expected: Mapping[str, Any]
    raw: bytes


def read_case(file: Path) -> Case:
    """The case of a file.

    Raises:
        ValueError: No line `--`, nothing expected, an unknown expectation or one of the wrong type.
    """
    front, dashes, mail = file.read_text(encoding="utf-8").partition("\n--\n")
    if not dashes:
        raise ValueError("no line -- between the expectations and the mail")
    expected = tomllib.loads(front)
    for name, value in expected.items():
        if name not in KNOWN:
            raise ValueError(f"no expectation is called {name}; known are {', '.join(sorted(KNOWN))}")
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (is_list if name in LISTS else isinstance(value, str)):
            raise ValueError(f"{name} must be {'a list of texts' if name in LISTS else 'a text'}")
    if not set(expected) - {"why"}:
        raise ValueError("nothing is expected")
    return Case(expected=expected, raw=mail.encode("utf-8"))


def disappointments(case: Case, done: Triage) -> list[str]:
    """What became of the mail and was not expected, a sentence each."""
    return [said for name, value in case.expected.items() for said in _judge(name, value, done)]


def _judge(name: str, value: Any, done: Triage) -> Iterator[str]:  # noqa: ANN401 - text or list, as TOML gave it
    if name in _EQUAL:
        found = _EQUAL[name](done)
        if found != value:
            yield f"{name} is {found}, not {value}"
    elif name in _SAME_SET:
        found_all = _SAME_SET[name](done)
        if found_all != set(value):
            yield f"{name} are {sorted(found_all)}, not {sorted(value)}"
    elif name in _HOLDS:
        there = _HOLDS[name](done)
        yield from (f"{name}: {one} is not there" for one in value if one not in there)
    elif name in _LACKS:
        there = _LACKS[name](done)
        yield from (f"{name}: {one} is there" for one in value if one in there)


def _letter(done: Triage) -> str:
    return f"{done.reply.subject}\n{done.reply.text}" if done.reply else ""


def _letter_kind(done: Triage) -> str:
    return done.reply.kind.value if done.reply else "none"


def _categories(done: Triage) -> set[str]:
    return {issue.category.value for issue in done.seen.issues}


def _products(done: Triage) -> set[str]:
    return {product for issue in done.seen.issues for product in issue.products}


def _present(done: Triage) -> set[str]:
    return {section.value for section, finding in done.seen.sections.items() if finding.present}


_EQUAL: Mapping[str, Callable[[Triage], str]] = {
    "disposition": lambda done: done.decision.disposition.value,
    "language": lambda done: done.seen.language,
    "automatic": lambda done: done.mail.automation.kind.value if done.mail.automation.kind else "no",
    "state": lambda done: done.state.value,
    "letter": _letter_kind,
    "kind": lambda done: done.seen.symptom_kind.value if done.seen.symptom_kind else "none",
}
_SAME_SET: Mapping[str, Callable[[Triage], set[str]]] = {"categories": _categories, "products": _products}
_HOLDS: Mapping[str, Callable[[Triage], set[str] | str]] = {
    "missing": lambda done: set(done.decision.missing),
    "present": _present,
    "letter_contains": _letter,
    "notices": lambda done: {notice.value for notice in done.decision.notices},
}
_LACKS: Mapping[str, Callable[[Triage], set[str] | str]] = {
    "missing_not": lambda done: {*done.decision.missing, *done.decision.asked_along},
    "disposition_not": lambda done: {done.decision.disposition.value},
    "letter_lacks": _letter,
}
LISTS = frozenset({*_SAME_SET, *_HOLDS, *_LACKS})
KNOWN = LISTS | {*_EQUAL, "why"}
