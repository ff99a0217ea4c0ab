"""How good the letters are that the desk writes: what went by itself, and what people said of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.controls import Judgement
from models.decision import LetterKind
from reports.comparing import part_of
from reports.intervals import wilson

if TYPE_CHECKING:
    from reports.figures import Figures
    from reports.intervals import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """The letters of one kind.

    `coverage` is of the letters that could have gone: neither silenced by the brake or a mode (those must not go, however good
    they are) nor only shown. Held ones count, whatever became of them, and so do those that failed: what the desk should
    have done by itself and did not.

    `precision` is of those on which an agent's word stands: released as they were or called right; edited, discarded and
    called wrong are not right. These are mostly letters that the desk held because it was not sure: no measure of what goes
    by itself. That is `heard_wrong`, and it is the least that was wrong: who says nothing may not have looked.
    `heard_wrong_by_hand` is the same of those that an agent let go.
    """

    kind: str
    letters: int
    went: int  # by itself; a letter that came back went too
    went_by_hand: int  # released or edited by an agent
    held: int  # waits for an agent
    discarded: int  # by an agent, or overtaken by the customer's next mail
    edited: int  # judged so
    suppressed: int  # by the brake, or because the kind is off
    bounced: int
    failed: int
    coverage: Estimate  # share that went by itself
    precision: Estimate
    heard_wrong: Estimate  # of `went`: an agent called it wrong or asked once more, or the customer objected
    heard_wrong_by_hand: Estimate  # of `went_by_hand`
    objected: int  # the customer said that it was there
    repeated: int  # an agent asked by hand after it
    shadow_same: int  # only shown: the agent took the ticket where the letter would have
    shadow_other: int
    shadow_open: int  # only shown, and nobody has moved the ticket


def letter_lines(figures: Figures) -> tuple[KindLine, ...]:
    """A line for every kind that was written, in the order of `LetterKind`; kinds of a later version last."""
    written = figures.by("letters", "kind")
    kinds = [kind.value for kind in LetterKind]
    return tuple(_line(kind, figures) for kind in (*kinds, *sorted(set(written) - set(kinds))) if kind in written)


def _line(kind: str, figures: Figures) -> KindLine:
    def count(measure: str) -> int:
        return figures.count(measure, "kind", kind)

    judged = {judgement: count(f"judged_{judgement.value}") for judgement in Judgement}
    went, by_hand = count("went"), count("went_by_hand")
    could_go = went + by_hand + sum(count(f"letters_{state}") for state in ("held", "discarded", "failed"))
    return KindLine(
        kind=kind,
        letters=count("letters"),
        went=went,
        went_by_hand=by_hand,
        held=count("letters_held"),
        discarded=count("letters_discarded"),
        edited=judged[Judgement.EDITED],
        suppressed=count("letters_suppressed"),
        bounced=count("letters_bounced"),
        failed=count("letters_failed"),
        coverage=wilson(went, could_go),
        precision=wilson(judged[Judgement.RELEASED] + judged[Judgement.RIGHT], sum(judged.values())),
        heard_wrong=wilson(*part_of(count("heard_wrong"), went)),
        heard_wrong_by_hand=wilson(*part_of(count("heard_wrong_by_hand"), by_hand)),
        objected=count("objected"),
        repeated=count("repeated"),
        shadow_same=count("shadow_same"),
        shadow_other=count("shadow_other"),
        shadow_open=count("shadow_open"),
    )
