"""A world of mail with one clock: desks of ours, correspondents, and a post between them.

Promises: time moves from event to event; every mail of ours is the outbox's own bytes, every mail to us passes the
door's question `admit` and the store's `accept`; what no mailbox takes comes back as a failure report, as from a real
server. Nobody at the desk touches anything, unless its agents are hasty: then every letter waits for one of them, and
he releases it at once, whatever it is held for.
"""

from __future__ import annotations

import heapq
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from unittest.mock import patch

from ingest.gate import Admit, Limits, admit
from models.arrival import Arrival
from models.db.store import Store
from models.decision import LetterMode
from models.errors import IllegalMove
from models.mail import Envelope
from models.states import TicketState
from models.views import ReplyView
from responders.deliver import Smarthost
from responders.identity import SenderIdentity
from runtime.outbox import Outbox
from runtime.reminders import pass_time, send_due_reminders
from runtime.wiring import instance_of
from runtime.worker import Worker
from tests.simulation.mails import read, report_on, stripped, write
from tests.support.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from models.mail import Mail, TrustFound
    from runtime.triage import Rules

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
TRANSIT = timedelta(seconds=2)
HORIZON = timedelta(days=60)
SCHEDULE = timedelta(hours=3)  # how often reminders are looked for; every hour in a real installation
TICK = timedelta(seconds=3)
MOST_LETTERS = 5_000  # by then a world has no end


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail as it reaches a mailbox."""

    at: datetime
    mail_from: str
    to: str
    raw: bytes
    message: EmailMessage


class Correspondent(Protocol):
    """Whoever has a mailbox that is not ours."""

    def receives(self, letter: Letter, world: World) -> None:
        """What he makes of a mail."""


class Endless(AssertionError):
    """More letters went out than any scenario may bring."""


@dataclass(slots=True)
class World:
    """The clock, the post and everybody who has a mailbox."""

    folder: Path
    empty: Path  # a migrated database with nothing in it
    rules: Rules
    is_hasty: bool = False
    is_closing: bool = False  # agents close every ticket within hours, so that whatever comes back opens another
    is_stripping: bool = False  # a gateway that knows no field but the usual ones stands between all mailboxes
    horizon: timedelta = HORIZON
    clock: Clock = field(default_factory=lambda: Clock(START))
    desks: list[Desk] = field(default_factory=list)
    mailboxes: dict[str, Correspondent] = field(default_factory=dict)  # by address, or by @domain for all others of it
    letters: list[Letter] = field(default_factory=list)  # ours
    _events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0
    begun_at: datetime = START

    def add_desk(
        self,
        address: str = "support@uketsuke.example",
        *,
        check_sender: Callable[[bytes, Mail], TrustFound] | None = None,
    ) -> Desk:
        """An installation of its own: database, secret, worker, outbox."""
        desk = Desk(self, address, check_sender)
        self.desks.append(desk)
        return desk

    def at(self, when: timedelta, what: Callable[[], None]) -> None:
        """Let something happen that long from now."""
        self._count += 1
        heapq.heappush(self._events, (self.clock() + when, self._count, what))

    def next_id(self, domain: str) -> str:
        """A Message-ID that nobody has used."""
        self._count += 1
        return f"<{self._count}.{self.clock():%Y%m%d%H%M%S}@{domain}>"

    def send(
        self,
        *,
        sender: str,
        to: str,
        subject: str,
        text: str,
        head: dict[str, str] | None = None,
        mail_from: str | None = None,
        after: timedelta = timedelta(0),
    ) -> None:
        """Somebody writes a mail after that time."""

        def post() -> None:
            address = sender.rpartition("<")[2].rstrip(">")
            raw = write(
                sender=sender,
                to=to,
                subject=subject,
                text=text,
                message_id=self.next_id(address.rpartition("@")[2]),
                at=self.clock(),
                head=head,
            )
            self.post(raw, address if mail_from is None else mail_from, to)

        self.at(after, post)

    def post(self, raw: bytes, mail_from: str, to: str) -> None:
        """A mail goes on its way."""
        if self.is_stripping:
            raw = stripped(raw)
        self.at(TRANSIT, lambda: self._arrive(raw, mail_from, to))

    def _arrive(self, raw: bytes, mail_from: str, to: str) -> None:
        if desk := next((one for one in self.desks if one.takes(to)), None):
            desk.take_in(raw, mail_from, to)
            return
        domain = to.rpartition("@")[2]
        person = self.mailboxes.get(to.casefold()) or self.mailboxes.get(f"@{domain}")
        if person is not None:
            person.receives(Letter(at=self.clock(), mail_from=mail_from, to=to, raw=raw, message=read(raw)), self)
        elif mail_from:
            host = f"mx.{domain}"
            report = report_on(
                raw, to=to, mail_from=mail_from, host=host, message_id=self.next_id(host), at=self.clock()
            )
            self.post(report, "", mail_from)

    def run(self) -> None:
        """Let time pass until nothing happens any more, and on to the horizon: reminders come late.

        Raises:
            Endless: It does not end.
        """
        end = self.clock() + self.horizon
        with patch("runtime.postman.deliver", self._deliver):
            while self.clock() < end:
                wake = min(self.clock() + SCHEDULE, end)
                while self._events and self._events[0][0] <= wake:
                    at, _, what = heapq.heappop(self._events)
                    self.clock.now = max(at, self.clock.now)
                    what()
                    self._step()
                self.clock.now = wake
                for desk in self.desks:
                    desk.remind()
                self._step()

    def _step(self) -> None:
        for desk in self.desks:
            desk.step()
        if len(self.letters) > MOST_LETTERS:
            raise Endless(f"{len(self.letters)} letters by {self.clock()}")

    async def _deliver(
        self, raw: bytes, mail_from: str, to: str, _: Smarthost, *, cc: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        self.letters.append(Letter(at=self.clock(), mail_from=mail_from, to=to, raw=raw, message=read(raw)))
        for one in (to, *cc):
            self.post(raw, mail_from, one)
        return ()

    def close(self) -> None:
        """Let go of the databases."""
        for desk in self.desks:
            desk.store.close()


class Desk:
    """One installation among others."""

    def __init__(
        self,
        world: World,
        address: str,
        check_sender: Callable[[bytes, Mail], TrustFound] | None,
    ) -> None:
        secret = f"{address} {world.folder}".encode()
        pack = world.rules.pack
        pack = replace(pack, desk=replace(pack.desk, addresses=frozenset({address})))
        domain = address.rpartition("@")[2]
        identity = SenderIdentity(address=address, domain=domain, secret=secret, instance=instance_of(secret))
        file = shutil.copy(world.empty, world.folder / f"{address}.sqlite3")
        self.world, self.address, self.accepted = world, address, 0
        self.mode = (LetterMode.APPROVE if world.is_hasty else LetterMode.AUTO).value
        self.rules = replace(world.rules, pack=pack, identity=identity, mode=self.mode)
        self.store = Store(f"sqlite:///{file}")
        self.worker = Worker(self.store, self.rules, frozenset({address}), world.clock, check_sender)
        self.outbox = Outbox(self.store, Smarthost(host=domain, port=25), secret, world.clock)
        self._is_waiting = False

    def takes(self, to: str) -> bool:
        """Would the door let a mail with this recipient in?"""
        return isinstance(admit(to, 0, Limits(addresses=(self.address,))), Admit)

    def take_in(self, raw: bytes, mail_from: str, to: str) -> None:
        """A mail at the door."""
        trace = f"Received: from relay.example by {self.address.rpartition('@')[2]}; {self.world.clock():%H:%M:%S}\r\n"
        envelope = Envelope(mail_from=mail_from, rcpt_tos=(to,), received_at=self.world.clock(), peer="192.0.2.1")
        self.store.accept([Arrival(raw=trace.encode() + raw, envelope=envelope, desk_address=self.address)])
        self.accepted += 1
        self._is_waiting = True

    def step(self) -> None:
        """Read what has come, send what may go."""
        if self._is_waiting:
            while self.worker.run_batch():
                pass
            self._is_waiting = self.store.books().waiting > 0
            if self._is_waiting:  # an answer that was put back until its mail is read
                self.world.at(TICK, lambda: None)
        if self.world.is_hasty:
            self.release_all()
        while self.outbox.run_batch():
            pass

    def release_all(self) -> int:
        """An agent lets everything go that is held; returns how many letters."""
        released = 0
        for letter in self.store.replies(limit=10_000, state="held"):
            try:
                self.store.release_reply(letter.reply_id, by="hasty", now=self.world.clock())
                released += 1
            except IllegalMove:
                continue
        return released

    def remind(self) -> None:
        """What the scheduler does."""
        now, rules = self.world.clock(), self.rules
        send_due_reminders(self.store, rules.pack, rules.identity, self.mode, now)
        pass_time(self.store, rules.pack, now)
        if self.world.is_closing:
            self.close_all()

    def close_all(self) -> None:
        """An agent closes whatever is open."""
        for row in self.store.queue(limit=10_000):
            if row.ref is not None:
                self.store.move(row.ref, TicketState.CLOSED, by="closing", now=self.world.clock())

    def replies(self) -> tuple[ReplyView, ...]:
        """Every letter that the store holds, oldest first."""
        return self.store.replies(limit=100_000)[::-1]

    def letters(self) -> list[Letter]:
        """What the post took from this desk."""
        return [one for one in self.world.letters if one.message["From"].addresses[0].addr_spec == self.address]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one world came to."""

    mails: int
    letters: int
    kinds: Counter[str]
    suppressed: Counter[str]  # by reason
    held: Counter[str]
    no_letter: int  # mails that called for none


def outcome_of(world: World) -> Outcome:
    """The figures of all desks together."""
    replies = [reply for desk in world.desks for reply in desk.replies()]
    by_state: dict[str, Counter[str]] = {"suppressed": Counter(), "held": Counter()}
    for reply in replies:
        if reply.state in by_state:
            by_state[reply.state][reply.reason.partition(":")[0]] += 1
    went = [reply for reply in replies if reply.state in {"sent", "bounced"}]
    mails = sum(desk.accepted for desk in world.desks)
    answered = sum(reply.kind != "reminder" for reply in replies)
    return Outcome(
        mails=mails,
        letters=len(world.letters),
        kinds=Counter(reply.kind for reply in went),
        suppressed=by_state["suppressed"],
        held=by_state["held"],
        no_letter=mails - answered,
    )


@contextmanager
def opened(world: World) -> Iterator[World]:
    """The world, its databases closed at the end."""
    try:
        yield world
    finally:
        world.close()
