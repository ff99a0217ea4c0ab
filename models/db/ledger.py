"""The ledger: the figures of each period, made once, and who reads them.

Promises: of any number of schedulers one makes a report: it leases the period's name, and the report with its memos is
written in one transaction while the lease is its own. A report that was made is never changed.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from models.agents import Role
from models.db.base import Shelf
from models.db.filing import insert_if_new
from models.db.leases import is_free
from models.db.memos import AGENT, write_memo
from models.db.rows import names
from models.db.tables import ReportRow
from models.errors import ClaimLost, NotFound
from models.memos import Reader, is_mailable
from models.views import SavedReport, period_kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from models.memos import NewMemo, ReportNews

REPORT = ReportRow.__table__  # type: ignore[attr-defined]
_READERS = tuple(role.value for role in Role if role.includes(Role.LEAD))


class SavedReports(Shelf):
    """Reports that were made, and those that are being made."""

    def claim_report(self, name: str, *, lease: timedelta, now: datetime) -> str | None:
        """A token with which the report of that period may be kept until the lease ends.

        None: it was made, or another scheduler is at it.
        """
        token = secrets.token_hex(16)
        mine = {"claimed_until": now + lease, "token": token}
        with self.read() as connection:  # most calls end here, without the lock
            row = connection.execute(
                select(REPORT.c.made_at, REPORT.c.claimed_until).where(REPORT.c.name == name)
            ).first()
            if row is not None and (row.made_at is not None or (row.claimed_until and row.claimed_until > now)):
                return None
        with self.write() as connection:
            values = {"name": name, "kind": period_kind(name), "made_at": None, "value": "", "attempts": 1, **mine}
            if insert_if_new(connection, REPORT, values, ["name"]):
                return token
            taken = connection.execute(
                update(REPORT)
                .where(REPORT.c.name == name, REPORT.c.made_at.is_(None), is_free(REPORT, now))
                .values(attempts=REPORT.c.attempts + 1, **mine)
            )
            return token if taken.rowcount == 1 else None

    def keep_report(self, name: str, token: str, value: str, memos: Sequence[NewMemo], *, now: datetime) -> None:
        """Keep the figures of a period (JSON) and queue the memos that carry them.

        Raises:
            ClaimLost: The lease ran out and another scheduler has the period, or has made it. Nothing was written.
        """
        with self.write() as connection:
            kept = connection.execute(
                update(REPORT)
                .where(REPORT.c.name == name, REPORT.c.token == token, REPORT.c.made_at.is_(None))
                .values(value=value.replace("\x00", ""), made_at=now, token=None, claimed_until=None)
            )
            if kept.rowcount != 1:
                raise ClaimLost(f"report {name}")
            for memo in memos:
                write_memo(connection, memo, now)

    def release_report(self, name: str, token: str, *, now: datetime, delay: timedelta) -> None:
        """Give a period back that could not be summed up, not to be claimed before `delay` has passed.

        Raises:
            ClaimLost: Another scheduler has it.
        """
        with self.write() as connection:
            done = connection.execute(
                update(REPORT)
                .where(REPORT.c.name == name, REPORT.c.token == token, REPORT.c.made_at.is_(None))
                .values(token=None, claimed_until=now + delay)
            )
            if done.rowcount != 1:
                raise ClaimLost(f"report {name}")

    def reports(self) -> tuple[SavedReport, ...]:
        """The reports that were made, without their figures; the newest first."""
        query = (
            select(REPORT.c.name, REPORT.c.kind, REPORT.c.made_at)
            .where(REPORT.c.made_at.is_not(None))
            .order_by(REPORT.c.made_at.desc(), REPORT.c.name.desc())
        )
        with self.read() as connection:
            rows = connection.execute(query).all()
        return tuple(SavedReport(name=row.name, kind=row.kind, made_at=row.made_at) for row in rows)

    def report(self, name: str) -> SavedReport:
        """One report with its figures.

        Raises:
            NotFound: There is none, or it is still being made.
        """
        query = select(REPORT).where(REPORT.c.name == name, REPORT.c.made_at.is_not(None))
        with self.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"no report {name}")
        return SavedReport(name=row.name, kind=row.kind, made_at=row.made_at, value=row.value)

    def report_values(self, names: Sequence[str]) -> dict[str, str]:
        """The figures of those of these periods that were made, by name."""
        query = select(REPORT.c.name, REPORT.c.value).where(REPORT.c.name.in_(names), REPORT.c.made_at.is_not(None))
        with self.read() as connection:
            return {row.name: row.value for row in connection.execute(query)}

    def readers(self, kind: ReportNews) -> tuple[Reader, ...]:
        """The leads and admins who want this by mail and can get it, by name."""
        query = (
            select(AGENT.c.name, AGENT.c.email, AGENT.c.language, AGENT.c.notices)
            .where(AGENT.c.is_active.is_(True), AGENT.c.role.in_(_READERS), AGENT.c.notices != "[]")
            .order_by(AGENT.c.name)
        )
        with self.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Reader(name=row.name, email=row.email, language=row.language)
            for row in rows
            if kind.value in names(row.notices) and is_mailable(row.email)
        )
