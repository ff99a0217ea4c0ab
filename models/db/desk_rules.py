"""What agents have set about letters, read within a transaction: the switch, the block and allow list, the modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, literal_column, select, union_all

from models.controls import Verdict, patterns_for, verdict_for
from models.db.tables import AddressRuleRow, DeskEventRow, LetterModeRow, SwitchRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

SWITCH = SwitchRow.__table__  # type: ignore[attr-defined]
ADDRESS_RULE = AddressRuleRow.__table__  # type: ignore[attr-defined]
LETTER_MODE = LetterModeRow.__table__  # type: ignore[attr-defined]
DESK_EVENT = DeskEventRow.__table__  # type: ignore[attr-defined]

LETTERS = "letters"  # the switch of all letters
_IS_ON = select(SWITCH.c.is_on).where(SWITCH.c.name == LETTERS)
_MODES = select(LETTER_MODE.c.kind, LETTER_MODE.c.mode)
_OF_ADDRESSES = select(ADDRESS_RULE.c.pattern, ADDRESS_RULE.c.verdict).where(
    ADDRESS_RULE.c.pattern.in_(bindparam("patterns", expanding=True))
)
_ALL = union_all(
    select(
        literal_column("'stopped'").label("what"), SWITCH.c.name.label("of"), literal_column("''").label("says")
    ).where(SWITCH.c.name == LETTERS, SWITCH.c.is_on.is_(False)),
    select(literal_column("'mode'"), *_MODES.selected_columns),
    _OF_ADDRESSES.with_only_columns(literal_column("'address'"), *_OF_ADDRESSES.selected_columns),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRules:
    """All that agents have set about a letter, at one moment."""

    is_stopped: bool
    modes: dict[str, str]  # by letter kind
    of_recipient: Verdict | None
    of_sender: Verdict | None

    @property
    def is_blocked(self) -> bool:
        """Does the desk's list block the recipient or the sender?"""
        return Verdict.BLOCK in {self.of_recipient, self.of_sender}


def rules_for(connection: Connection, recipient: str, sender: str) -> DeskRules:
    """What is set for a letter to this recipient that answers this sender."""
    found: dict[str, dict[str, str]] = {"stopped": {}, "mode": {}, "address": {}}
    patterns = sorted({*patterns_for(recipient), *patterns_for(sender)})
    for what, of, says in connection.execute(_ALL, {"patterns": patterns}):
        found[what][of] = says
    verdicts = {pattern: Verdict(verdict) for pattern, verdict in found["address"].items()}
    return DeskRules(
        is_stopped=bool(found["stopped"]),
        modes=found["mode"],
        of_recipient=verdict_for(recipient, verdicts),
        of_sender=verdict_for(sender, verdicts),
    )


def are_letters_on(connection: Connection) -> bool:
    """Has nobody stopped all letters?"""
    is_on = connection.execute(_IS_ON).scalar()
    return is_on is None or bool(is_on)


def verdicts_for(connection: Connection, recipient: str, sender: str) -> tuple[Verdict | None, Verdict | None]:
    """What the desk's list says of the recipient and of the sender."""
    patterns = sorted({*patterns_for(recipient), *patterns_for(sender)})
    rules = {row.pattern: Verdict(row.verdict) for row in connection.execute(_OF_ADDRESSES, {"patterns": patterns})}
    return verdict_for(recipient, rules), verdict_for(sender, rules)


def modes_now(connection: Connection) -> dict[str, str]:
    """The modes set at the desk, by letter kind."""
    return {row.kind: row.mode for row in connection.execute(_MODES)}


def add_desk_event(connection: Connection, at: datetime, by: str, what: str, detail: str = "") -> None:
    """One line of the desk's own history."""
    plain = detail.replace("\x00", "")[:2000]
    connection.execute(insert(DESK_EVENT).values(at=at, by=by[:64], what=what, detail=plain))
