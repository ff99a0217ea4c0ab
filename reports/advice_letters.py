"""Advice on the letters that the desk writes: which may go more freely, which less, which do not arrive. Pure.

Promises: at most one advice on how a kind of letter goes, and never that it goes more freely while what went of it was heard
to be wrong too often, whoever let it go. That a kind should be approved is said only for what went by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.controls import Judgement
from reports.comparing import Advice, deviations_for, low, part_of
from reports.figures import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.figures import Figures
    from reports.trend import Part

_REWORKED = 0.2  # share of letters that agents surely rework, from which their text wants a look
_TRUSTED = 0.85  # the pack's least wanted precision (docs/decisions/0012): surely that many were right
_WRONG = 0.05  # share of letters that surely were wrong and went by themselves
_LOST = 0.02  # share of letters that surely did not arrive


def of_kinds(figures: Figures) -> Iterator[Advice]:
    """How a kind of letter should go: the first that can be said of what was wrong, what was reworked, what may go freely."""
    kinds = figures.by("letters", "kind")
    deviations = deviations_for(len(kinds))
    for kind in kinds:
        found = (
            _of_wrong(figures, kind, deviations)
            or _of_reworked(figures, kind, deviations)
            or _of_held(figures, kind, deviations)
            or _of_shown(figures, kind, deviations)
        )
        if found is not None:
            yield found


def of_lost_letters(figures: Figures) -> Iterator[Advice]:
    """Letters that came back, or could not be sent."""
    bounced, failed = figures.by("letters_bounced", "kind"), figures.by("letters_failed", "kind")
    went = sum(sum(figures.by(measure, "kind").values()) for measure in ("went", "went_by_hand"))
    tried = went + sum(failed.values())
    for measure, counts, base, of in (
        ("letters_bounced", bounced, "went", went),
        ("letters_failed", failed, "tried", tried),
    ):
        lost, name = part_of(sum(counts.values()), of), measure.removeprefix("letters_")
        if low(lost) > _LOST:
            kind = next(iter(counts))
            numbers = {base: of, name: lost.hits, "of_kind": counts[kind]}
            yield _of_kind(measure, kind, lost, measure, unit=name, numbers=numbers, cells={"of_kind": measure})


def _of_wrong(figures: Figures, kind: str, deviations: float) -> Advice | None:
    """Letters that went by themselves and were wrong; what it costs to look at each before it goes is their number."""
    went = figures.count("went", "kind", kind)
    wrong = part_of(figures.count("heard_wrong", "kind", kind), went)
    if low(wrong, deviations) <= _WRONG:
        return None
    numbers: dict[str, float] = {"went": went, "heard_wrong": wrong.hits, "stopped": int(low(wrong) * went)}
    numbers |= {measure: figures.count(measure, "kind", kind) for measure in ("objected", "repeated")}
    cells = {name: name for name in ("went", "heard_wrong", "objected", "repeated")}
    return _of_kind("kind_wrong", kind, wrong, "heard_wrong", unit="wrong", numbers=numbers, cells=cells)


def _of_reworked(figures: Figures, kind: str, deviations: float) -> Advice | None:
    """Letters that agents had to edit or to throw away."""
    judged = _judged(figures, kind)
    edited, discarded = judged[Judgement.EDITED], judged[Judgement.DISCARDED]
    reworked = part_of(edited + discarded, edited + discarded + judged[Judgement.RELEASED])
    if low(reworked, deviations) <= _REWORKED:
        return None
    measure = "judged_edited" if edited >= discarded else "judged_discarded"
    numbers: dict[str, float] = {"judged": reworked.of, "edited": edited, "discarded": discarded}
    cells = {"edited": "judged_edited", "discarded": "judged_discarded"}
    return _of_kind("kind_reworked", kind, reworked, measure, unit="reworked", numbers=numbers, cells=cells)


def _of_held(figures: Figures, kind: str, deviations: float) -> Advice | None:
    """Letters that agents released as they were, and of which nobody said later that they were wrong."""
    judged = _judged(figures, kind)
    released, went = judged[Judgement.RELEASED], figures.count("went", "kind", kind)
    fine = part_of(
        released, released + judged[Judgement.EDITED] + judged[Judgement.DISCARDED] + judged[Judgement.WRONG]
    )
    if low(fine, deviations) < _TRUSTED or _is_doubtful(figures, kind):
        return None
    numbers = {"judged": fine.of, "released": released, "went": went}
    code = "kind_hold_less" if went else "kind_let_go"
    cells = {"released": "judged_released", "went": "went"}
    return _of_kind(code, kind, fine, "judged_released", unit="releases", numbers=numbers, cells=cells)


def _of_shown(figures: Figures, kind: str, deviations: float) -> Advice | None:
    """Letters that were only shown, and that agents call right."""
    hits = figures.count("judged_right", "kind", kind)
    right = part_of(hits, hits + figures.count("judged_wrong", "kind", kind))
    shadow = figures.count("letters_shadow", "kind", kind)
    if not shadow or low(right, deviations) < _TRUSTED or _is_doubtful(figures, kind):
        return None
    numbers = {"judged": right.of, "right": right.hits, "shadow": shadow}
    cells = {"right": "judged_right", "shadow": "letters_shadow"}
    return _of_kind(
        "kind_shadow_right", kind, right, "letters_shadow", unit="written", numbers=numbers, cells=cells, of=shadow
    )


def _is_doubtful(figures: Figures, kind: str) -> bool:
    """Was too much of what went wrong, by itself or let go? An agent who lets a letter go may not have looked well."""
    return any(
        figures.count(wrong, "kind", kind) > _WRONG * figures.count(went, "kind", kind)
        for wrong, went in (("heard_wrong", "went"), ("heard_wrong_by_hand", "went_by_hand"))
    )


def _judged(figures: Figures, kind: str) -> dict[Judgement, int]:
    return {judgement: figures.count(f"judged_{judgement.value}", "kind", kind) for judgement in Judgement}


def _of_kind(
    code: str,
    kind: str,
    found: Part,
    measure: str,
    *,
    unit: str,
    numbers: Mapping[str, float],
    cells: Mapping[str, str],
    of: int | None = None,
) -> Advice:
    """An advice on letters of a kind: the lower bound of the share that was found, of so many."""
    return Advice(
        code=code,
        names={"kind": kind},
        numbers={**numbers, "share": found.hits / found.of},
        gain=low(found) * (found.of if of is None else of),
        unit=unit,
        cell=Cell(measure, "kind", kind),
        cells={name: Cell(counted, "kind", kind) for name, counted in cells.items()},
    )
