"""How letters of each kind did, and what agents did where one was only shown. Pure: counts become lines of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.controls import Judgement
from models.decision import LetterKind, ReplyState
from models.states import TicketState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.controls import KindCount, ShadowOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """One kind of letter: how many stand where, and how many of those that people judged were right."""

    kind: str
    sent: int
    held: int
    released: int
    discarded: int
    shadow: int
    suppressed: int
    failed: int  # and bounced
    right: int
    judged: int
    wrong: int = 0  # that an agent called wrong, whether they went or not


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowLine:
    """One kind of letter that was only shown, beside what agents first did with its tickets."""

    kind: str
    count: int
    same: int
    other: int
    open: int


def kind_lines(counts: Sequence[KindCount]) -> list[KindLine]:
    """A line for every kind, in the order of `LetterKind`. Released and discarded letters are judged letters too."""
    return [_kind_line(kind.value, [one for one in counts if one.kind == kind.value]) for kind in LetterKind]


def _kind_line(kind: str, counts: Sequence[KindCount]) -> KindLine:
    def stand(*states: ReplyState) -> int:
        return sum(one.count for one in counts if one.state in {state.value for state in states})

    def judged(*judgements: Judgement) -> int:
        return sum(one.count for one in counts if one.judgement in {judgement.value for judgement in judgements})

    return KindLine(
        kind=kind,
        sent=stand(ReplyState.SENT),
        held=stand(ReplyState.HELD),
        released=judged(Judgement.RELEASED),
        discarded=stand(ReplyState.DISCARDED),
        shadow=stand(ReplyState.SHADOW),
        suppressed=stand(ReplyState.SUPPRESSED),
        failed=stand(ReplyState.FAILED, ReplyState.BOUNCED),
        right=judged(Judgement.RIGHT, Judgement.RELEASED),
        judged=judged(*Judgement),
        wrong=judged(Judgement.WRONG),
    )


def does_as_letter(outcome: ShadowOutcome) -> bool:
    """Did the agent take the ticket where the letter would have? An answered ticket may be closed at once."""
    is_closed = outcome.would_be == TicketState.ANSWERED.value and outcome.moved_to == TicketState.CLOSED.value
    return outcome.moved_to == outcome.would_be or is_closed


def shadow_lines(outcomes: Iterable[ShadowOutcome]) -> list[ShadowLine]:
    """A line for every kind that was shown, in the order of `LetterKind`."""
    by_kind: dict[str, list[ShadowOutcome]] = {}
    for one in outcomes:
        by_kind.setdefault(one.kind, []).append(one)
    lines = []
    for kind in LetterKind:
        found = by_kind.get(kind.value, [])
        moved = [one for one in found if one.moved_to]
        same = sum(map(does_as_letter, moved))
        if found:
            lines.append(
                ShadowLine(
                    kind=kind.value,
                    count=len(found),
                    same=same,
                    other=len(moved) - same,
                    open=len(found) - len(moved),
                )
            )
    return lines
