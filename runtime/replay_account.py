"""What a replay would change, tabulated letter by letter, with examples. Pure: outcomes in, text or JSON values out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runtime.replay import Outcome

_MOST_DIFF = 24  # lines of an example
_WIDTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One mail before and after."""

    before: Outcome
    after: Outcome

    @property
    def kinds(self) -> tuple[str, ...]:
        """What changed: ticket, disposition, letter, asked, text; nothing if all is the same."""
        before, after = self.before, self.after
        pairs = (
            ("ticket", before.ref, after.ref),
            ("disposition", before.disposition, after.disposition),
            ("letter", before.told, after.told),
            ("asked", set(before.asked), set(after.asked)),
        )
        found = [name for name, was, now in pairs if was != now]
        is_reworded = not found and before.letter and (before.text, before.subject) != (after.text, after.subject)
        return (*found, "text") if is_reworded else tuple(found)


def replay_object(change: Change) -> dict[str, object]:
    """One mail as a JSON object."""
    return {
        "mail_id": change.before.mail_id,
        "changed": list(change.kinds),
        "before": _side(change.before),
        "after": _side(change.after),
    }


def _side(one: Outcome) -> dict[str, object]:
    return {
        "ref": one.ref or None,
        "disposition": one.disposition,
        "missing": list(one.missing),
        "letter": one.letter or None,
        "fate": one.fate or None,
        "why": one.why,
        "asked": list(one.asked),
        "reasons": list(one.reasons),
    }


def account(changes: Sequence[Change], *, examples: int) -> Iterator[str]:
    """Lines for a person: the totals, each table of what changes, and examples of each kind of change."""
    changed = [one for one in changes if one.kinds]
    tickets = len({one.before.ref or f"mail {one.before.mail_id}" for one in changes})
    yield f"{len(changes)} mails of {tickets} tickets, {len(changed)} would be treated differently"
    if not changed:
        return
    yield from _letters(changes)
    yield from _moves("letter of a mail", changed, lambda one: (one.before.told, one.after.told))
    yield from _moves("disposition", changed, lambda one: (one.before.disposition, one.after.disposition))
    yield from _asked(changed)
    moved = [one for one in changed if "ticket" in one.kinds]
    if moved:
        yield ""
        yield "ticket"
        yield from (f"  mail {one.before.mail_id}: {_ticket(one.before)} -> {_ticket(one.after)}" for one in moved[:20])
    yield from _examples(changed, examples)


def _ticket(one: Outcome) -> str:
    return one.ref or "no ticket"


def _letters(changes: Sequence[Change]) -> Iterator[str]:
    before, after = (Counter(one.letter for one in side) for side in _sides(changes))
    goes_before, goes_after = (Counter(one.letter for one in side if one.fate == "goes") for side in _sides(changes))
    new, gone, reworded = Counter[str](), Counter[str](), Counter[str]()
    for one in changes:
        if one.before.letter != one.after.letter:
            gone[one.before.letter] += 1
            new[one.after.letter] += 1
        elif one.before.letter and one.before.text != one.after.text:
            reworded[one.before.letter] += 1
    yield ""
    yield f"{'letter':<{_WIDTH}}  before  after   gone    new  reworded  by itself before/after"
    for kind in sorted({*before, *after} - {""}):
        yield (
            f"{kind:<{_WIDTH}}  {before[kind]:>6}  {after[kind]:>5}  {gone[kind]:>5}  {new[kind]:>5}  {reworded[kind]:>8}"
            f"  {goes_before[kind]}/{goes_after[kind]}"
        )


def _sides(changes: Iterable[Change]) -> tuple[list[Outcome], list[Outcome]]:
    every = list(changes)
    return [one.before for one in every], [one.after for one in every]


def _moves(title: str, changed: Sequence[Change], pair: Callable[[Change], tuple[str, str]]) -> Iterator[str]:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in changed:
        was, now = pair(one)
        if was != now:
            found[was, now].append(one.before.mail_id)
    if found:
        yield ""
        yield title
    for (was, now), ids in sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        shown = ", ".join(map(str, ids[:8])) + (" ..." if len(ids) > 8 else "")
        yield f"  {len(ids):>5}  {was} -> {now}  (mails {shown})"


def _asked(changed: Sequence[Change]) -> Iterator[str]:
    less, more = Counter[str](), Counter[str]()
    for one in changed:
        less.update(set(one.before.asked) - set(one.after.asked))
        more.update(set(one.after.asked) - set(one.before.asked))
    if less or more:
        yield ""
        yield "asked for"
    for item in sorted({*less, *more}):
        yield f"  {item}: no more in {less[item]} letters, newly in {more[item]}"


def _examples(changed: Sequence[Change], most: int) -> Iterator[str]:
    by_kind: defaultdict[str, list[Change]] = defaultdict(list)
    for one in changed:
        by_kind[f"{one.before.told} -> {one.after.told}" if "letter" in one.kinds else one.kinds[0]].append(one)
    for kind, some in sorted(by_kind.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        for one in some[:most]:
            yield ""
            yield f"-- {kind}: mail {one.before.mail_id} in {_ticket(one.before)}"
            yield from _example(one)


def _example(one: Change) -> Iterator[str]:
    gone = [reason for reason in one.before.reasons if reason not in one.after.reasons]
    new = [reason for reason in one.after.reasons if reason not in one.before.reasons]
    yield from (f"   - {reason}" for reason in gone)
    yield from (f"   + {reason}" for reason in new)
    for side, which in ((one.before, "before"), (one.after, "after")):
        if side.why:
            yield f"   {which}: {side.why}"
    was, now = one.before.text.split("\n"), one.after.text.split("\n")
    if one.before.letter and one.after.letter:
        lines = [line for line in unified_diff(was, now, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]
    else:
        sign = "+" if one.after.letter else "-"
        lines = [f"{sign}{line}" for line in (now if one.after.letter else was) if line.strip()]
    yield from (f"     {line}" for line in lines[:_MOST_DIFF])
    if len(lines) > _MOST_DIFF:
        yield f"     ... {len(lines) - _MOST_DIFF} more lines"
