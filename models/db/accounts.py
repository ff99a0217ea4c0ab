"""The accounts that agents have confirmed as a customer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from models.db.base import Shelf
from models.db.filing import add_event, insert_if_new
from models.db.threads import CUSTOMER_ACCOUNT, TICKET, accounts_of, domain_of, folded_address, is_public
from models.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST = 64


class Accounts(Shelf):
    """Who has which account."""

    def confirm_account(self, ref: str, account: str, *, by: str, now: datetime) -> None:
        """This account is the sender's, of that ticket. May be called twice.

        Raises:
            NotFound: No such ticket, or it has no sender.
        """
        with self.write() as connection:
            address = folded_address(
                connection.execute(select(TICKET.c.sender).where(TICKET.c.ref == ref)).scalar() or ""
            )
            if not address:
                raise NotFound(f"no ticket {ref}")
            domain = domain_of(address)
            values = {
                "address": address,
                "account": account[:_LONGEST],
                "domain": "" if is_public(domain) else domain,
                "ref": ref,
                "by": by,
                "at": now,
            }
            if insert_if_new(connection, CUSTOMER_ACCOUNT, values, ["address", "account"]):
                add_event(connection, ref, now, by, "account_confirmed", account[:_LONGEST])

    def forget_account(self, ref: str, account: str, *, by: str, now: datetime) -> None:
        """This account is not that sender's after all. May be called twice.

        Raises:
            NotFound: No such ticket.
        """
        with self.write() as connection:
            sender = connection.execute(select(TICKET.c.sender).where(TICKET.c.ref == ref)).scalar()
            if sender is None:
                raise NotFound(f"no ticket {ref}")
            gone = connection.execute(
                delete(CUSTOMER_ACCOUNT).where(
                    CUSTOMER_ACCOUNT.c.address == folded_address(sender), CUSTOMER_ACCOUNT.c.account == account
                )
            )
            if gone.rowcount:
                add_event(connection, ref, now, by, "account_forgotten", account[:_LONGEST])

    def known_accounts(self, sender: str) -> tuple[str, ...]:
        """What is known of an address, and of its company where anything is known of it."""
        with self.read() as connection:
            return accounts_of(connection, sender)
