"""What agents have set about letters, read within a transaction: the switch, the block and allow list, the modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

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


def are_letters_on(connection: Connection) -> bool:
    """Has nobody stopped all letters?"""
    is_on = connection.execute(select(SWITCH.c.is_on).where(SWITCH.c.name == LETTERS)).scalar()
    return is_on is None or bool(is_on)


def verdicts_for(connection: Connection, recipient: str, sender: str) -> tuple[Verdict | None, Verdict | None]:
    """What the desk's list says of the recipient and of the sender."""
    patterns = {*patterns_for(recipient), *patterns_for(sender)}
    if not patterns:
        return None, None
    query = select(ADDRESS_RULE.c.pattern, ADDRESS_RULE.c.verdict).where(ADDRESS_RULE.c.pattern.in_(patterns))
    rules = {row.pattern: Verdict(row.verdict) for row in connection.execute(query)}
    return verdict_for(recipient, rules), verdict_for(sender, rules)


def modes_now(connection: Connection) -> dict[str, str]:
    """The modes set at the desk, by letter kind."""
    return {row.kind: row.mode for row in connection.execute(select(LETTER_MODE.c.kind, LETTER_MODE.c.mode))}


def add_desk_event(connection: Connection, at: datetime, by: str, what: str, detail: str = "") -> None:
    """One line of the desk's own history."""
    plain = detail.replace("\x00", "")[:2000]
    connection.execute(insert(DESK_EVENT).values(at=at, by=by[:64], what=what, detail=plain))
