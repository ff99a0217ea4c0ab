"""What a ticket of some matter lacks, by the pack's table: the answer that the store asks for when agents change a matter. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders.items import in_guide_order, required_items

if TYPE_CHECKING:
    from models.shaping import Lacks, Whole
    from policy.pack import Pack

_CERTAIN = 1.0  # an agent's word, or a rule's that knows no doubt


def lacks_by(pack: Pack) -> Lacks:
    """The function for `Store.split` and its like."""

    def lacks(whole: Whole, /) -> tuple[tuple[str, ...], tuple[str, ...]]:
        policies = [pack.categories[one] for one in whole.categories if one in pack.categories and one.is_answerable]
        wanted = required_items(policies, whole.kind, pack, has_permission_error=whole.has_permission_error)
        marks = {item: _mark(item, whole, pack.thresholds.ask) for item in wanted}
        missing = in_guide_order(item for item, mark in marks.items() if mark == "missing")
        return missing, in_guide_order(item for item, mark in marks.items() if mark == "unsure")

    return lacks


def _mark(item: str, whole: Whole, ask: float) -> str:
    """There, missing or unsure. What was unsure stays so, unless somebody is certain; of what nobody looked for nobody knows."""
    known = whole.items.get(item)
    if known is not None and known.is_given:
        return "there"
    if item.startswith("link:"):
        return _link_mark(item, whole)
    if known is None:
        return "unsure"
    is_absent = known.absence >= _CERTAIN or (known.absence >= ask and item not in whole.unsure)
    return "missing" if is_absent else "unsure"


def _link_mark(item: str, whole: Whole) -> str:
    """The guide's ★ checks: only what is there can fail to hang together with the symptom, and a decision has said so."""
    section = whole.items.get(item.removeprefix("link:"))
    if section is None or not section.is_given:
        return "there"
    return "missing" if item in whole.missing else "unsure" if item in whole.unsure else "there"
