"""Who has a mailbox in a simulated world, and what he makes of a letter of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.simulation.mails import text_of, write
from tests.simulation.world import Letter, World

if TYPE_CHECKING:
    from email.message import EmailMessage

AT_ONCE = timedelta(seconds=1)


class Manners(StrEnum):
    """How a machine says that it is one."""

    DECLARED = "declared"  # Auto-Submitted, In-Reply-To, the null sender
    BY_SUBJECT = "by subject"  # only its words
    NONE = "none"  # not even those


def address_of(letter: Letter) -> str:
    """The visible sender of a letter."""
    return str(letter.message["From"].addresses[0].addr_spec)


def answer_address(message: EmailMessage) -> str:
    """Where a mail program sends an answer to."""
    field_ = message["Reply-To"] or message["From"]
    return str(field_.addresses[0].addr_spec)


def quoted(letter: Letter) -> str:
    """A letter below an answer, as some programs quote it: no mark on its lines."""
    head = f"From: {letter.message['From']}\nSubject: {letter.message['Subject']}"
    return f"\n\n-----Original Message-----\n{head}\n\n{text_of(letter.message)}"


def threaded(letter: Letter) -> dict[str, str]:
    """The fields of an answer (RFC 5322 3.6.4)."""
    own = str(letter.message["Message-ID"])
    return {"In-Reply-To": own, "References": f"{letter.message['References'] or ''} {own}".strip()}


@dataclass(slots=True)
class Silent:
    """Reads and never answers."""

    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)


@dataclass(slots=True)
class Away:
    """An absence note for every mail, at once; a well-behaved one is declared as such."""

    address: str
    text: str
    subject: str = "Re: {}"
    manners: Manners = Manners.DECLARED
    delay: timedelta = AT_ONCE
    is_quoting: bool = False  # our letter stands whole below its own text
    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)
        is_declared = self.manners is Manners.DECLARED
        world.send(
            sender=self.address,
            to=answer_address(letter.message) if is_declared else address_of(letter),
            subject=self.subject.format(letter.message["Subject"]),
            text=self.text + (quoted(letter) if self.is_quoting else ""),
            head={"Auto-Submitted": "auto-replied", **threaded(letter)} if is_declared else {},
            mail_from="" if is_declared else None,
            after=self.delay,
        )


@dataclass(slots=True)
class HelpDesk:
    """Another desk, which acknowledges everything with a ticket of its own, to the visible sender."""

    address: str
    text: str
    subject: str = "Re: [#{number}] We received your request"
    manners: Manners = Manners.DECLARED
    delay: timedelta = AT_ONCE
    is_rewriting: bool = False  # another sender address each time (freescout#688)
    is_quoting: bool = False  # our letter stands whole below its own text
    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)
        number = 4700 + len(self.got)
        local, _, domain = self.address.partition("@")
        is_declared = self.manners is Manners.DECLARED
        world.send(
            sender=f"{local}-{number:x}@{domain}" if self.is_rewriting else self.address,
            to=address_of(letter),
            subject=self.subject.format(number=number),
            text=self.text.format(number=number) + (quoted(letter) if self.is_quoting else ""),
            head={"Auto-Submitted": "auto-replied", **threaded(letter)} if is_declared else {},
            after=self.delay,
        )


@dataclass(slots=True)
class Forwarder:
    """A customer's mailbox that sends everything on to us as a mail of his own, our letter whole in it."""

    address: str
    to: str
    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)
        subject, text = f"Fw: {letter.message['Subject']}", text_of(letter.message)
        world.send(sender=self.address, to=self.to, subject=subject, text=text, after=AT_ONCE)


@dataclass(slots=True)
class RudeServer:
    """Has no such mailbox and says so to the visible sender, in a mail like any other."""

    host: str
    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)
        text = f"Your message to {letter.to} could not be delivered.\nThe recipient is unknown here.\n\n{text_of(letter.message)}"
        sender, subject = f"mail@{self.host}", f"Delivery failure ({letter.message['Subject']})"
        world.send(sender=sender, to=address_of(letter), subject=subject, text=text, after=AT_ONCE)


@dataclass(slots=True)
class MailingList:
    """Sends whatever it gets to all members, us among them."""

    address: str
    members: tuple[str, ...]
    is_marked: bool  # with List-*, the post otherwise as it came; else remade: From, To, Message-ID and all fields
    got: list[Letter] = field(default_factory=list)

    def receives(self, letter: Letter, world: World) -> None:
        self.got.append(letter)
        for member in self.members:
            world.post(self._copy(letter, member, world), self._return_path(member), member)

    def _return_path(self, member: str) -> str:
        local, _, domain = self.address.partition("@")
        return f"{local}-bounces+{member.replace('@', '=')}@{domain}" if self.is_marked else self.address

    def _copy(self, letter: Letter, member: str, world: World) -> bytes:
        local, _, domain = self.address.partition("@")
        if self.is_marked:
            marks = f"List-Id: <{local}.{domain}>\r\nList-Post: <mailto:{self.address}>\r\nPrecedence: list\r\n"
            return marks.encode() + letter.raw
        return write(
            sender=self.address,
            to=member,
            subject=f"[{local}] {letter.message['Subject']}",
            text=text_of(letter.message),
            message_id=world.next_id(domain),
            at=world.clock(),
        )
