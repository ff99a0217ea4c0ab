"""The worlds: who is in them and what begins it. Each takes a world, fills it and lets it run to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from models.mail import Trust, TrustFound
from tests.simulation.people import Away, Forwarder, HelpDesk, MailingList, Manners, RudeServer, Silent
from tests.simulation.world import Desk, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.mail import Mail

US = "support@uketsuke.example"
MATTER = "rm-0iwa1b2c3d4e5f6g"
ASKING = """お世話になっております。開発の佐藤です。

RDS for MySQL ({name}) に東京リージョンのアプリケーションサーバーから接続して
INSERTを実行すると、次のエラーが返ってきます。

ERROR 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement

手順: DMSでログイン → 対象データベースを選択 → INSERT文を実行

どうぞよろしくお願いいたします。
"""
ASKING_EN = """Hello,

PutObject to our OSS bucket {name} (Tokyo) fails with 403 AccessDenied.
Steps: ossutil cp report.csv oss://{name}/.

Best regards,
Emma
"""
AWAY_JA = """お世話になっております。山田です。

誠に勝手ながら、11月24日から12月4日まで不在にしております。
お急ぎの場合は、03-0000-0000 までお電話ください。
"""
AWAY_EN = """Hello,

I am out of the office until 4 December with limited access to e-mail.
For urgent matters please call my colleague Jim.

Regards,
Ken
"""
RECEIVED = """Hello,

thank you for contacting us. Your request has been received and a ticket was opened.
Our staff will look at it as soon as possible.

Kind regards,
Service Team
"""
CRM_POLITE = """お世話になっております。株式会社見本の営業担当、田中でございます。

ご連絡いただき、ありがとうございます。内容を確認のうえ、担当者より改めてご連絡いたします。
"""
# The worst that a machine can say: the matter that was once written to it, in a person's words, told to us anew.
CRM_MATTER = ASKING.replace("{name}", MATTER)

CRM_NEW = ASKING.replace("{name}", "rm-0iwa1b2c3d4e{number}g")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of it."""

    forged: int  # mails of the spammer, half of them proven forgeries
    company: int  # mails of one company within an hour
    storm: int  # honest senders within ten minutes
    per_domain_hour: int
    total_10min: int
    unanswered_per_sender: int
    unanswered_per_domain: int


SMALL = Size(
    forged=24,
    company=8,
    storm=12,
    per_domain_hour=3,
    total_10min=6,
    unanswered_per_sender=4,
    unanswered_per_domain=6,
)
FULL = Size(  # the shipped limits
    forged=500,
    company=200,
    storm=1000,
    per_domain_hour=60,
    total_10min=200,
    unanswered_per_sender=20,
    unanswered_per_domain=60,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One world: its name, how it is played, and why it ends."""

    name: str
    play: Callable[[World, Size], None]
    why: str


def ask(world: World, sender: str, *, name: str = MATTER, to: str = US, after: timedelta = timedelta(0)) -> None:
    """A customer writes for the first time."""
    text, subject = (ASKING, "RDSのエラーについて") if name.startswith("rm-") else (ASKING_EN, "Cannot upload to OSS")
    world.send(sender=sender, to=to, subject=subject, text=text.format(name=name), after=after)


def small_limits(desk: Desk, size: Size) -> None:
    """Limits in proportion to the numbers of the scenario."""
    pack = desk.rules.pack
    limits = replace(
        pack.limits,
        per_domain_hour=size.per_domain_hour,
        total_10min=size.total_10min,
        unanswered_per_sender=size.unanswered_per_sender,
        unanswered_per_domain=size.unanswered_per_domain,
    )
    desk.rules = desk.worker.rules = replace(desk.rules, pack=replace(pack, limits=limits))


# 1


def our_own_kind_forged(world: World, size: Size) -> None:
    """A customer mail to us whose From is another uketsuke's address."""
    other = "help@desk.example"
    world.add_desk(US)
    world.add_desk(other)
    ask(world, other)
    world.run()


def our_own_kind_both(world: World, size: Size) -> None:
    """Both are told to write to each other, twice, at the same moment, in both languages."""
    other = "help@desk.example"
    world.add_desk(US)
    world.add_desk(other)
    for name in (MATTER, "emma-assets"):
        ask(world, other, name=name)
        ask(world, US, to=other, name=name)
    world.run()


def our_own_kind_stripped(world: World, size: Size) -> None:
    """The same, and whatever says that a program wrote a mail is lost on the way."""
    world.is_stripping = True
    our_own_kind_both(world, size)


# 2


def foreign_desk(manners: Manners, text: str, **changes: object) -> Callable[[World, Size], None]:
    """A help desk asks us once and acknowledges whatever we send."""

    def play(world: World, size: Size) -> None:
        address = "service@foreign.example"
        world.add_desk(US)
        desk = HelpDesk(address, text, manners=manners, **changes)  # type: ignore[arg-type]
        small_limits(world.desks[0], size)
        world.mailboxes["@foreign.example"] = desk
        ask(world, address)
        world.run()

    return play


def slow_crm(text: str, *, is_rewriting: bool) -> Callable[[World, Size], None]:
    """The CRM takes its time for an answer, so that no hour ever sees many letters."""

    def play(world: World, size: Size) -> None:
        world.horizon = timedelta(days=28)
        delay = timedelta(minutes=75)  # one letter in an hour, and twenty in a day
        foreign_desk(Manners.NONE, text, subject="RDSのエラーについて", is_rewriting=is_rewriting, delay=delay)(
            world, size
        )

    return play


# 3


def absent(
    manners: Manners, text: str, subject: str = "Re: {}", *, is_quoting: bool = False
) -> Callable[[World, Size], None]:
    """A customer who asks, leaves for a month, and whose mailbox answers every mail."""
    name = MATTER if text == AWAY_JA else "emma-assets"

    def play(world: World, size: Size) -> None:
        world.horizon = timedelta(days=30)
        address = "yamada@kaihatsu.example"
        world.add_desk(US)
        world.mailboxes[address] = Away(address, text, subject=subject, manners=manners, is_quoting=is_quoting)
        ask(world, address, name=name)
        world.run()

    return play


# 4


def mailing_list(*, is_marked: bool) -> Callable[[World, Size], None]:
    """Three members write to a list that has us as a member."""

    def play(world: World, size: Size) -> None:
        address = "users@lists.example"
        world.add_desk(US)
        world.mailboxes[address] = MailingList(address, (US, "member@other.example"), is_marked=is_marked)
        world.mailboxes["member@other.example"] = Silent()
        for number in range(3):
            poster = f"poster{number}@other.example"
            world.mailboxes[poster] = Silent()
            name = f"rm-0iwa1b2c3d4e5f{number}g"
            ask(world, poster, to=address, name=name, after=timedelta(minutes=20 * number))
        world.run()

    return play


def forwarder(world: World, size: Size) -> None:
    """A customer whose mailbox forwards all his mail to us."""
    address = "sato@kaihatsu.example"
    world.add_desk(US)
    world.mailboxes[address] = Forwarder(address, US)
    ask(world, address)
    world.run()


# 5


def _half_fail(_: bytes, mail: Mail) -> TrustFound:
    number = int(mail.sender.addr.partition("@")[0].rpartition("n")[2]) if mail.sender else 0
    return TrustFound(trust=Trust.FAILED if number % 2 else Trust.UNCHECKED)


def spammer(world: World, size: Size) -> None:
    """As many forged senders of three domains as mails, within an hour; none of them exists, every letter comes back."""
    desk = world.add_desk(
        US, check_sender=lambda raw, mail: _half_fail(raw, mail) if _is_forged(mail) else TrustFound()
    )
    small_limits(desk, size)
    for number in range(size.forged):
        sender = f"n{number}@forged{number // 2 % 3}.example"
        ask(world, sender, name=f"rm-0iwa1b2c3d4e5{number:04d}", after=timedelta(seconds=3600 * number / size.forged))
    world.run()


def _is_forged(mail: Mail) -> bool:
    return mail.sender is not None and "@forged" in mail.sender.addr


# 6


def returned(world: World, size: Size) -> None:
    """A customer at an address that does not exist writes, and writes again three times."""
    world.add_desk(US)
    for number in range(4):
        ask(world, "gone@nowhere.example", name=f"rm-0iwa1b2c3d4e5f{number}g", after=timedelta(hours=7 * number))
    world.run()


def returned_rudely(world: World, size: Size) -> None:
    """The same, and what comes back is no report but a mail like any other."""
    world.mailboxes["@nowhere.example"] = RudeServer("nowhere.example")
    returned(world, size)


# 7


def impatient(world: World, size: Size) -> None:
    """The same text ten times within an hour."""
    world.add_desk(US)
    world.mailboxes["sato@kaihatsu.example"] = Silent()
    for number in range(10):
        ask(world, "sato@kaihatsu.example", after=timedelta(minutes=5 * number))
    world.run()


def busy(world: World, size: Size) -> None:
    """Thirty tickets of one customer in a day, each about another thing."""
    world.add_desk(US)
    world.mailboxes["sato@kaihatsu.example"] = Silent()
    for number in range(30):
        name = f"rm-0iwa1b2c3d4e{number:02d}fg"
        ask(world, "sato@kaihatsu.example", name=name, after=timedelta(minutes=45 * number))
    world.run()


def company(world: World, size: Size) -> None:
    """One domain, every mail from another colleague, within an hour."""
    small_limits(world.add_desk(US), size)
    world.mailboxes["@kaihatsu.example"] = Silent()
    for number in range(size.company):
        sender, name = f"e{number}@kaihatsu.example", f"rm-0iwa1b2c3d4e{number:04d}"
        ask(world, sender, name=name, after=timedelta(seconds=3600 * number / size.company))
    world.run()


# 8


def silence(world: World, size: Size) -> None:
    """A customer who never answers."""
    world.add_desk(US)
    world.mailboxes["sato@kaihatsu.example"] = Silent()
    ask(world, "sato@kaihatsu.example")
    world.run()


# 9


def storm(world: World, size: Size) -> None:
    """Honest senders, each of a domain of his own, within ten minutes."""
    small_limits(world.add_desk(US), size)
    for number in range(size.storm):
        sender = f"sato@firm{number}.example"
        world.mailboxes[sender] = Silent()
        ask(world, sender, name=f"rm-0iwa1b2c3d4e{number:04d}", after=timedelta(seconds=590 * number / size.storm))
    world.run()


ANEW = "RDSのエラーについて"
SCENARIOS = (
    Scenario(
        name="own kind, forged",
        play=our_own_kind_forged,
        why="The other one sees `Auto-Submitted` and writes nothing; our reminder is the last letter.",
    ),
    Scenario(
        name="own kind, both ways",
        play=our_own_kind_both,
        why="As above on both sides: two tickets of two matters, for each a request and a reminder.",
    ),
    Scenario(
        name="own kind, stripped",
        play=our_own_kind_stripped,
        why="No header tells, but the words are those of an automatic mail, or our own come back.",
    ),
    Scenario(
        name="desk, declared",
        play=foreign_desk(Manners.DECLARED, RECEIVED),
        why="`Auto-Submitted`: no letter called for.",
    ),
    Scenario(
        name="desk, by subject",
        play=foreign_desk(Manners.BY_SUBJECT, RECEIVED),
        why="Not known for a machine, as `Re:` stands before the receipt's words; but thanks and promises are no matter: no letter called for.",
    ),
    Scenario(
        name="desk, quoting",
        play=foreign_desk(Manners.BY_SUBJECT, RECEIVED, is_quoting=True),
        why="The same; our letter below it is not read as its own words.",
    ),
    Scenario(
        name="desk, plain words",
        play=foreign_desk(Manners.NONE, RECEIVED, subject="Service Team"),
        why="No sign of a machine, but thanks and promises are no matter: no letter called for.",
    ),
    Scenario(
        name="CRM, polite",
        play=foreign_desk(Manners.NONE, CRM_POLITE, subject="お問い合わせの件 ({number})", is_rewriting=True),
        why="Another address each time, a person's words, no matter in them: no letter called for.",
    ),
    Scenario(
        name="CRM, our matter anew",
        play=foreign_desk(Manners.NONE, CRM_MATTER, subject=ANEW, is_rewriting=True),
        why="Each mail looks like a colleague's first: the limit of the domain's hour ends it, for what is silenced is not answered.",
    ),
    Scenario(
        name="CRM, slow, same text",
        play=slow_crm(CRM_MATTER, is_rewriting=False),
        why="A long text of one sender word for word within a month is answered once.",
    ),
    Scenario(
        name="CRM, slow, new words",
        play=slow_crm(CRM_NEW, is_rewriting=False),
        why="Nothing tells it from a person, but twenty tickets of a month that asked and heard nothing are enough: an agent looks.",
    ),
    Scenario(
        name="CRM, slow, rewriting",
        play=slow_crm(CRM_MATTER, is_rewriting=True),
        why="Another address each time, but sixty tickets of a month at one company that asked and heard nothing are enough.",
    ),
    Scenario(
        name="away ja, declared",
        play=absent(Manners.DECLARED, AWAY_JA, "不在のお知らせ Re: {}"),
        why="Automatic: it answers nothing, so the one reminder goes; the note for that is the last mail.",
    ),
    Scenario(
        name="away ja, rude",
        play=absent(Manners.NONE, AWAY_JA),
        why="Joins by its subject and has no matter: no letter; as somebody has written, an agent looks and no reminder goes.",
    ),
    Scenario(
        name="away ja, quoting",
        play=absent(Manners.NONE, AWAY_JA, is_quoting=True),
        why="The same; our letter below it is not read as its own words.",
    ),
    Scenario(
        name="away ja, own subject",
        play=absent(Manners.NONE, AWAY_JA, "山田です"),
        why="The first note opens a ticket, with nothing told that could be asked about: an agent looks; the same text within a month is a repeat.",
    ),
    Scenario(
        name="away en, declared",
        play=absent(Manners.DECLARED, AWAY_EN, "Out of Office: {}"),
        why="As in Japanese.",
    ),
    Scenario(name="away en, rude", play=absent(Manners.NONE, AWAY_EN), why="As in Japanese."),
    Scenario(name="away en, quoting", play=absent(Manners.NONE, AWAY_EN, is_quoting=True), why="As in Japanese."),
    Scenario(
        name="away en, own subject",
        play=absent(Manners.NONE, AWAY_EN, "Hello"),
        why="Read as a mail without a matter: no letter called for.",
    ),
    Scenario(
        name="list, marked",
        play=mailing_list(is_marked=True),
        why="`List-Id`: no letter called for, not even the first.",
    ),
    Scenario(
        name="list, unmarked",
        play=mailing_list(is_marked=False),
        why="Whatever comes back joins its ticket by the reference in its subject, and a ticket has each kind of letter once.",
    ),
    Scenario(
        name="forwarding mailbox",
        play=forwarder,
        why="As with the list.",
    ),
    Scenario(
        name="forger, backscatter",
        play=spammer,
        why="Proven forgeries get nothing, the others what their domain's hour allows; reports of failure are never answered, and"
        " a returned letter ends its ticket's reminders.",
    ),
    Scenario(
        name="returned letter",
        play=returned,
        why="The report proves by its signed address which letter it returns; its recipient gets none for sixty days.",
    ),
    Scenario(
        name="returned rudely",
        play=returned_rudely,
        why="What proves nothing spares no address, but it is seen for a report and never answered.",
    ),
    Scenario(
        name="same text ten times", play=impatient, why="The same text of one sender within an hour is answered once."
    ),
    Scenario(
        name="thirty tickets a day",
        play=busy,
        why="Twenty letters to one address in a day; the other ten tickets wait for agents. Each of the twenty has one reminder.",
    ),
    Scenario(
        name="one company",
        play=company,
        why="So many letters to one domain in an hour; the other tickets wait for agents.",
    ),
    Scenario(name="silence", play=silence, why="One request, one reminder, then a person."),
    Scenario(
        name="storm",
        play=storm,
        why="So many letters to everyone in ten minutes; the rest is held, whole, and goes when an agent releases it.",
    ),
)
