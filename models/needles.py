"""What a text must hold for a regular expression to match in it: looked up before the expression is tried. Pure.

Most expressions match nowhere in most texts, and a search that finds nothing costs most of all. Each expression is taken
apart once into short pieces of which any match must hold some; a text's pieces are gathered once for all expressions.

Promises: where `may_match` says no, the expression matches nowhere in the text, whatever its flags (`re.VERBOSE` and
`re.LOCALE` are not looked for); where an expression tells nothing, the answer is yes.
"""

from __future__ import annotations

import re._parser as parser  # type: ignore[import-not-found] # the only reader of expressions that reads as `re` does
from functools import lru_cache
from operator import add
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST = 20_000  # characters of a text that `may_match` looks at
_PIECE = 4  # characters of the longest piece
_MOST_SPELLINGS = 16  # of one run of characters, where some are a choice of several
_MOST_CLAUSES = 3  # of one alternative: the most telling ones
_NO_WIDTH = frozenset({"AT", "ASSERT_NOT"})  # what stands on both sides of them is side by side

Clause: TypeAlias = "frozenset[str]"  # pieces of which a match holds at least one
Needs: TypeAlias = "tuple[tuple[Clause, ...], ...]"  # alternatives, of which a match meets all clauses of at least one


def may_match(regex: str, text: str) -> bool:
    """False only if the expression matches nowhere in the text, told at a fraction of a search's cost."""
    return len(text) > LONGEST or are_met(needs_of(regex), _pieces_of_last(text))


def are_met(needs: Needs, pieces: frozenset[str] | None) -> bool:
    """Does what is searched, a text or a part of one, hold what a match needs? None: its pieces are not known, so it may."""
    if pieces is None:
        return True
    is_without = pieces.isdisjoint
    for clauses in needs:
        for clause in clauses:
            if is_without(clause):
                break
        else:
            return True
    return False


@lru_cache(maxsize=4096)
def needs_of(regex: str) -> Needs:
    """What a match needs; one alternative without clauses if nothing is known."""
    found = [_most_telling(_clauses(one)) for one in _alternatives(parser.parse(regex))]
    if not all(found):
        return ((),)
    alone = frozenset[str]().union(*(clauses[0] for clauses in found if len(clauses) == 1))
    several = tuple(clauses for clauses in found if len(clauses) > 1)
    return (((alone,),) if alone else ()) + several


def plain(text: str) -> str:
    """The text with everything that matches an ASCII letter in spite of the case (İ, ı, ſ, K) as that small letter."""
    return text.replace("İ", "i").replace("ı", "i").replace("ſ", "s").lower()


def pieces_of(text: str) -> frozenset[str]:
    """Every run of up to four characters of the text, in `plain` form."""
    text = plain(text)
    longer = ([text[at : at + size] for at in range(len(text) - size + 1)] for size in range(3, _PIECE + 1))
    return frozenset(text).union(map(add, text, text[1:]), *longer)


_pieces_of_last = lru_cache(maxsize=4)(pieces_of)  # a mail's text and its issues'


def _alternatives(parsed: Iterable[Any]) -> Iterator[Sequence[Any]]:
    """The expression's alternatives, those of a group that is all there is taken apart too."""
    steps = [(str(op), said) for op, said in parsed]
    wide = [(op, said) for op, said in steps if op not in _NO_WIDTH]
    match wide:
        case [("SUBPATTERN", (_, _, _, inner))]:
            yield from _alternatives(inner)
        case [("BRANCH", (_, branches))]:
            for branch in branches:
                yield from _alternatives(branch)
        case _:
            yield wide


def _clauses(steps: Iterable[tuple[str, Any]]) -> list[Clause]:
    """One clause for each run of characters, group and repetition that says something."""
    found: list[Clause] = []
    spellings = [""]
    for op, said in steps:
        letters = _letters(op, said)
        if letters and len(letters) * len(spellings) <= _MOST_SPELLINGS:
            spellings = [one + letter for one in spellings for letter in letters]
            continue
        found += [_clause(spellings), *_inside(op, said)]
        spellings = letters or [""]
    return [clause for clause in (*found, _clause(spellings)) if clause]


def _letters(op: str, said: Any) -> list[str]:  # noqa: ANN401 - the parser's own shapes
    """The characters that one step may be; none if it is no character, or some of them has other forms."""
    match op:
        case "LITERAL":
            found = [chr(said)]
        case "IN" if all(str(kind) == "LITERAL" for kind, _ in said):
            found = [chr(code) for _, code in said]
        case _:
            return []
    return [plain(letter) for letter in found] if all(map(_has_one_form, found)) else []


def _has_one_form(letter: str) -> bool:
    """Does `plain` make one of all its forms? Of other cased letters (é, Ａ, ß) nobody promises that."""
    return letter.isascii() or letter.lower() == letter == letter.upper()


def _inside(op: str, said: Any) -> list[Clause]:  # noqa: ANN401 - the parser's own shapes
    """What a step that holds others needs."""
    match op, said:
        case "SUBPATTERN", (_, _, _, inner):
            return _of(inner)
        case (("MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT"), (least, _, inner)) if least:
            return _of(inner)
        case "ASSERT", (1, inner):  # what a lookbehind finds may stand before the part that is searched
            return _of(inner)
        case "ATOMIC_GROUP", inner:
            return _of(inner)
        case "BRANCH", (_, branches):
            best = [_most_telling(_of(branch))[:1] for branch in branches]
            return [frozenset[str]().union(*(one for (one,) in best))] if all(best) else []
    return []


def _of(parsed: Iterable[Any]) -> list[Clause]:
    return _clauses([(str(op), said) for op, said in parsed if str(op) not in _NO_WIDTH])


def _clause(spellings: Iterable[str]) -> Clause:
    return frozenset(one[:_PIECE] for one in spellings if one)


def _most_telling(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    """The clauses that fewest texts meet: no single characters, few pieces."""
    ranked = sorted(set(clauses), key=lambda one: (min(map(len, one)) < 2, len(one), sorted(one)))
    return tuple(ranked[:_MOST_CLAUSES])
