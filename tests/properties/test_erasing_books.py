"""Whatever comes, comes again, is closed, erased, forgotten, swept, kept and brought back: the books agree, and ids are given once."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.db.migrate import upgrade
from models.db.store import Store
from models.erasing import Order, Why
from models.states import TicketState
from runtime.keeping import Archive, restore, write_backup
from tests.support.clocks import Clock
from tests.support.filings import LEASE, NOW, arrival, filing, mail

PEOPLE = ("taro@example.com", "jiro@elsewhere.example", "hanako@shop.example")
numbers = st.integers(1, 12)


class DeskThatForgets(RuleBasedStateMachine):
    """A desk on SQLite; days pass with every step."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.now, self.deliveries, self.given, self.files = NOW, 0, set[str](), 0
        if not _EMPTY.exists():
            upgrade(f"sqlite:///{_EMPTY}")
        shutil.copy(_EMPTY, self.folder / "0.sqlite3")
        self.store = Store(f"sqlite:///{self.folder / '0.sqlite3'}")

    @rule(number=numbers, often=st.integers(1, 3))
    def come(self, number: int, often: int) -> None:
        self.now += timedelta(days=1)
        self.store.accept([arrival(number, sender=PEOPLE[number % 3])] * often)
        self.deliveries += often

    @rule(joins=st.booleans())
    def read(self, joins: bool) -> None:
        for claim in self.store.claim_mails(limit=1, lease=LEASE, now=self.now):
            there = [row.ref for row in self.store.queue() if row.ref is not None]
            join = there[0] if joins and there else None
            one = mail(claim.mail_id, sender=PEOPLE[claim.mail_id % 3])
            ref = self.store.file(filing(claim, one, None, join=join, now=self.now))
            assert join is not None or ref not in self.given, "a reference was given twice"
            self.given.add(ref)

    @rule()
    def park(self) -> None:
        for claim in self.store.claim_mails(limit=1, lease=LEASE, now=self.now):
            self.store.park_mail(claim, error="x", now=self.now)

    @rule()
    def close(self) -> None:
        for row in self.store.queue()[:2]:
            if row.ref is not None and row.state != TicketState.CLOSED.value:
                self.store.move(row.ref, TicketState.CLOSED, by="hanako", now=self.now)

    @rule(days=st.integers(0, 9))
    def erase(self, days: int) -> None:
        self.store.erase_closed(closed_before=self.now - timedelta(days=days), now=self.now)

    @rule(who=st.sampled_from(PEOPLE))
    def forget(self, who: str) -> None:
        for _ in self.store.forget_person(who, Order(why=Why.REQUEST, by="x", customer="k"), now=self.now):
            pass
        assert not self.store.traces(who).is_any

    @rule(days=st.sampled_from([1, 500]))
    def sweep(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.store.sweep(now=self.now)

    @rule()
    def lose_all_and_restore(self) -> None:
        self.files += 1
        file = self.folder / f"{self.files}.zip"
        for _ in write_backup(
            f"sqlite:///{self.folder / f'{self.files - 1}.sqlite3'}", file, secret=None, clock=Clock(self.now)
        ):
            pass
        self.store.close()
        shutil.copy(_EMPTY, self.folder / f"{self.files}.sqlite3")
        self.store = Store(f"sqlite:///{self.folder / f'{self.files}.sqlite3'}")
        with Archive(file) as archive:
            done = restore(archive, self.store, now=self.now, is_same_moment=True)
        assert done.are_books_equal

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "store"):
            return
        books = self.store.books()
        assert (books.faults, books.is_balanced, books.accepted) == ((), True, self.deliveries)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


_EMPTY = Path(tempfile.mkdtemp()) / "empty.sqlite3"
TestDeskThatForgets = DeskThatForgets.TestCase
TestDeskThatForgets.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
