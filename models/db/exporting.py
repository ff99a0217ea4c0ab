"""What the database knows of one person, for that person. Reads; what belongs to others stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.desk_rules import ADDRESS_RULE
from models.db.erasing import letters_elsewhere_of, mails_elsewhere_of, tickets_of, unread_of
from models.db.threads import CUSTOMER_ACCOUNT, folded_address
from models.erasing import Belongings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Exports(Shelf):
    """One person's own."""

    def belongings(self, address: str) -> Belongings:
        """Where the database holds something of a person."""
        whose = folded_address(address)
        with self.read() as connection:
            refs = tickets_of(connection, whose)
            rule = connection.execute(select(ADDRESS_RULE).where(ADDRESS_RULE.c.pattern == whose)).first()
            return Belongings(
                tickets=tuple(refs),
                elsewhere=tuple((row.ref, row.id) for row in connection.execute(mails_elsewhere_of(whose, refs))),
                letters_elsewhere=tuple(
                    (row.ref, row.id) for row in connection.execute(letters_elsewhere_of(whose, refs))
                ),
                unread=tuple(unread_of(connection, whose)),
                accounts=_accounts(connection, whose),
                rule=(rule.verdict, rule.note) if rule is not None else None,
            )

    def unread_at(self, mail_id: int) -> str:
        """When a mail came that has no ticket, as ISO 8601."""
        with self.read() as connection:
            return str(
                connection.execute(select(INBOUND.c.received_at).where(INBOUND.c.id == mail_id))
                .scalar_one()
                .isoformat()
            )


def _accounts(connection: Connection, address: str) -> tuple[str, ...]:
    query = select(CUSTOMER_ACCOUNT.c.account).where(CUSTOMER_ACCOUNT.c.address == address)
    return tuple(connection.execute(query.order_by(CUSTOMER_ACCOUNT.c.account)).scalars())
