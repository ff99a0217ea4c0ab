"""An advice in words: what to do, the numbers that say so, each with the tickets behind it, and what it would spare. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports.parts import Run, Suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.advice import Advice
    from reports.frame import Frame

_PLACE = re.compile(r"\{(\w+)\}")
_SHARES = frozenset({"held", "held_usual"})  # numbers that are shares without saying so
_A_HUNDRED = ("corrected", "corrected_usual")  # told of a hundred tickets
_BY_MEASURE = "_notice"  # codes whose title is told by measure


def suggestion(one: Advice, f: Frame) -> Suggestion:
    """An advice in the language of a report. A number leads to the tickets that it counts."""
    places = _places(one, f)
    title = f"{one.code}_{one.names['measure']}_title" if one.code.endswith(_BY_MEASURE) else f"{one.code}_title"
    return Suggestion(
        code=one.code,
        title=tuple(_filled(f.w[title], {name: run for name, run in places.items() if not run.href})),
        text=tuple(_sentences(one, f, places)),
        gain=_gain(one, f, places),
    )


def _places(one: Advice, f: Frame) -> dict[str, Run]:
    """What stands for each name in a text."""
    places = {name: _name(name, value, f) for name, value in one.names.items()}
    for name, value in one.numbers.items():
        places[name] = Run(text=_number(name, value, f), href=f.href(one.cells.get(name)))
        if name in _A_HUNDRED:
            places[f"{name}_per_100"] = Run(text=f.wording.number(value * 100, 1))
    places["per"] = Run(text=f.w[f"per_{f.figures.period.kind.value}"])
    return places


def _sentences(one: Advice, f: Frame, places: Mapping[str, Run]) -> Iterator[Run]:
    """The numbers, since when it is so, and the link to the tickets."""
    space = Run(text="" if f.wording.language == "ja" else " ")
    is_all = one.numbers.get("share") == 1.0 and f"{one.code}_all_text" in f.w
    yield from _filled(f.w[f"{one.code}_all_text" if is_all else f"{one.code}_text"], places)
    if one.periods > 1:
        yield space
        yield Run(text=_row(one, f))
    link = f.href(one.cell)
    if link:
        yield Run(text=" ")
        yield Run(text=f.wording.said("see_these", n=f"{f.figures.cells[one.cell]:,}"), href=link)


def _row(one: Advice, f: Frame) -> str:
    """Since when it holds, and whether its share moved."""
    key = f"row_{f.figures.period.kind.value}{'_longer' if one.is_longer else ''}"
    row = f.wording.said(key, n=str(one.periods))
    if not one.shares:
        return f.wording.said("row", row=row)
    return f.wording.said("row_shares", row=row, shares=" → ".join(map(f.wording.share, one.shares)))


def _gain(one: Advice, f: Frame, places: Mapping[str, Run]) -> str:
    """What it would spare; empty where it spares nothing that is counted."""
    if not one.unit:
        return ""
    whole = int(one.gain)  # at least so many
    key = f"spares_{one.unit}"
    text = f.w[f"{key}_one" if whole == 1 and f"{key}_one" in f.w else key]
    return "".join(run.text for run in _filled(text, {**places, "gain": Run(text=f"{whole:,}")}))


def _filled(text: str, places: Mapping[str, Run]) -> Iterator[Run]:
    """A text with its places filled once: what is filled in is not read again."""
    at = 0
    for place in _PLACE.finditer(text):
        if place[1] in places:
            if place.start() > at:
                yield Run(text=text[at : place.start()])
            yield places[place[1]]
            at = place.end()
    if at < len(text):
        yield Run(text=text[at:])


def _name(name: str, value: str, f: Frame) -> Run:
    match name:
        case "measure":
            return Run(text=f.w.get(f"notice_{value}", value))
        case "reasons":
            return Run(text=f.wording.listed([f.w.get(f"train_{one}", one) for one in value.split(",")]))
        case _:
            return Run(text=f.wording.value(name, value), is_foreign=name == "domain")


def _number(name: str, value: float, f: Frame) -> str:
    if name.endswith("share") or name in _SHARES:
        return f.wording.share(value)
    return f.wording.number(value, 0 if value == round(value) else 1)
