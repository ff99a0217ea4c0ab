"""`python -m tests.simulation.quarter --seed 1 --weeks 14 --mails 1500 --database FILE.sqlite3`: a quarter of a support desk.

Fills a database through the real pipeline (store, worker with the shipped models, outbox, reminders) under a clock that jumps
from event to event. What it plants, so that reports have something to find: a company that never says since when, one that sends
several questions at once, one that hardly writes back, one with a field that the models never read of, a product whose mails are
nearly always split, a question that hardly anybody answers, an outage, and from one week on a web form that asks since when,
where and what is wished.
The same seed gives the same tickets.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from classify.labelled import load_corpus
from ingest.parse import newly_written
from models.db.migrate import upgrade
from models.decision import LetterKind, LetterMode
from policy.load import load_pack
from runtime.settings import load_settings
from runtime.wiring import build_rules
from tests.simulation.quarter_mails import COMPANIES, Letterbox, as_sent, garbled, raw_mail
from tests.simulation.quarter_people import Agents, Customers
from tests.simulation.world import Desk, World, opened
from tests.support.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.hours import Hours
    from runtime.triage import Rules
    from tests.simulation.quarter_mails import Company

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST_DAY = date(2026, 8, 3)  # a Monday; fourteen weeks hold three whole months' ends and five public holidays
CORPUS = Path(__file__).parents[2] / "classify" / "corpus"
OUTAGE_WEEK = 0.6  # of the quarter: on Tuesday of that week many write of the same thing
FORM_WEEK = 0.86  # from that week on there is a web form
_OBON = (date(2026, 8, 13), date(2026, 8, 14))
_BY_HOUR = (1, 1, 1, 1, 1, 2, 3, 8, 30, 90, 100, 90, 55, 85, 95, 90, 80, 60, 30, 18, 10, 6, 4, 2)
_BY_WEEKDAY = (1.25, 1.05, 1.0, 1.0, 0.9, 0.12, 0.08)
_MACHINES, _GARBLED = 0.06, 0.012


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that somebody begins."""

    at: datetime
    company: Company | None  # None: a machine
    has_form: bool = False
    is_outage: bool = False
    is_garbled: bool = False


def main(arguments: list[str] | None = None) -> None:
    """Simulate, and say what the database holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weeks", type=int, default=14)
    parser.add_argument("--mails", type=int, default=1500, help="that begin something; answers come on top")
    parser.add_argument("--database", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(simulate(chosen.database, seed=chosen.seed, weeks=chosen.weeks, mails=chosen.mails))  # noqa: T201 - a program


def simulate(database: Path, *, seed: int, weeks: int, mails: int, rules: Rules | None = None) -> str:
    """Fill the file, which must not be there yet; returns a line about what came of it."""
    if database.exists():
        raise FileExistsError(database)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if rules is None:
            settings = load_settings({"UKETSUKE_DATA_DIR": name}, folder / "none.toml")
            rules = build_rules(settings, load_pack("alibabacloud_jp"))
        upgrade(f"sqlite:///{folder / 'empty.sqlite3'}")
        begun = datetime.combine(FIRST_DAY, time(0, 0), TOKYO).astimezone(UTC)
        world = World(
            folder=folder,
            empty=folder / "empty.sqlite3",
            rules=rules,
            horizon=timedelta(weeks=weeks),
            clock=Clock(begun),
            begun_at=begun,
        )
        with opened(world):
            desk = world.add_desk()
            _prepare(world, desk, chance, weeks=weeks, mails=mails)
            world.run()
            desk.store.fold_tallies()
            said = f"{desk.accepted} mails in, {len(world.letters)} letters out; {desk.store.counts()}; {desk.store.books()}"
        shutil.move(folder / f"{desk.address}.sqlite3", database)
    return said


def _prepare(world: World, desk: Desk, chance: random.Random, *, weeks: int, mails: int) -> None:
    """Puts everything that somebody begins of himself into the clock."""
    store, working = desk.store, desk.rules.pack.desk.working
    store.set_letter_mode(LetterKind.SPLIT, LetterMode.APPROVE, by="sato", now=world.clock())
    store.set_letter_mode(LetterKind.POLICY_NOTICE, LetterMode.SHADOW, by="sato", now=world.clock())
    corpus = load_corpus(sorted(CORPUS.glob("w*.mails")), newly_written)
    customers, letterbox = Customers(desk, chance), Letterbox(chance, corpus)
    for domain in {company.domain: None for company in COMPANIES}:
        world.mailboxes[f"@{domain}"] = customers
    for one in arrivals(chance, working, weeks=weeks, mails=mails):
        world.at(one.at - world.clock(), partial(_arrive, world, desk, customers, letterbox, one))
    for number in range(7 * weeks - 1):
        day = FIRST_DAY + timedelta(days=number)
        at = datetime.combine(day + timedelta(days=1), time(0, 10), TOKYO)
        world.at(at - world.clock(), partial(_close_books, desk, day))
    agents = Agents(desk, chance)
    for hour in range(24 * 7 * weeks):
        at = world.clock() + timedelta(hours=hour, minutes=30)
        if working.is_open(at):
            world.at(at - world.clock(), agents.look)


def _close_books(desk: Desk, day: date) -> None:
    """What the scheduler does at night."""
    desk.store.keep_books(day, now=desk.world.clock())


def arrivals(chance: random.Random, working: Hours, *, weeks: int, mails: int) -> Iterator[Arrival]:
    """When who begins to write: more from week to week, in office hours, little on days off, and all at once in an outage."""
    outage, form = int(weeks * OUTAGE_WEEK), int(weeks * FORM_WEEK)
    in_outage = mails // 30
    weights = [1.0 + 0.5 * week / max(1, weeks - 1) for week in range(weeks)]
    for week, weight in enumerate(weights):
        days = [FIRST_DAY + timedelta(days=7 * week + number) for number in range(7)]
        companies = [one for one in COMPANIES if one.first_week <= week]
        for _ in range(round((mails - in_outage) * weight / sum(weights))):
            company = chance.choices(companies, [one.weight for one in companies])[0]
            yield Arrival(
                at=_some_time(chance, days, working),
                company=None if chance.random() < _MACHINES else company,
                has_form=week >= form,
                is_garbled=chance.random() < _GARBLED,
            )
        if week == outage:
            begun = datetime.combine(days[1], time(10, 5), TOKYO)
            firms = [one for one in companies if one.language != "zh" and not one.habit]
            for _ in range(in_outage):
                at = begun + timedelta(minutes=min(chance.expovariate(1 / 70), 600.0))
                yield Arrival(at=at.astimezone(UTC), company=chance.choice(firms), is_outage=True)


def _some_time(chance: random.Random, days: list[date], working: Hours) -> datetime:
    day = chance.choices(days, [_weight_of(day, working) for day in days])[0]
    hour = chance.choices(range(24), _BY_HOUR)[0]
    at = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), TOKYO)
    return at.astimezone(UTC)


def _weight_of(day: date, working: Hours) -> float:
    if day.weekday() < 5 and not working.is_business_day(day):  # a public holiday
        return 0.1
    return _BY_WEEKDAY[day.weekday()] * (0.4 if day in _OBON else 1.0)


def _arrive(world: World, desk: Desk, customers: Customers, letterbox: Letterbox, one: Arrival) -> None:
    if one.company is None:
        _of_a_machine(world, desk, customers.chance)
        return
    first = letterbox.write(
        one.company, world.clock().astimezone(TOKYO), has_form=one.has_form, is_outage=one.is_outage
    )
    customers.writers[first.address.casefold()] = first
    raw = as_sent(first, to=desk.address, message_id=world.next_id(one.company.domain), at=world.clock())
    world.post(garbled(raw) if one.is_garbled else raw, first.address, desk.address)


def _of_a_machine(world: World, desk: Desk, chance: random.Random) -> None:
    """A newsletter, or the note of some monitoring."""
    number = chance.randrange(10_000)
    sender, subject, text, head = chance.choice(_MACHINE_MAILS)
    fields = {"From": sender, "To": desk.address, "Subject": subject.format(n=number), **head}
    fields["Message-ID"] = world.next_id(sender.rpartition("@")[2])
    world.post(raw_mail(fields, text.format(n=number), world.clock()), sender, desk.address)


_MACHINE_MAILS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "news@trade-journal.example",
        "週刊クラウド通信 第{n}号",
        "今週の話題をお届けします。第{n}号です。配信停止はこちらから。",
        {"List-Id": "<news.trade-journal.example>", "Precedence": "bulk", "List-Unsubscribe": "<https://x.example/u>"},
    ),
    (
        "monitor@watchtower.example",
        "[ALERT-{n}] CPU usage high",
        "Host web-{n}: CPU usage 97 % for 5 minutes.",
        {"Auto-Submitted": "auto-generated"},
    ),
    (
        "no-reply@calendar.example",
        "予定のお知らせ {n}",
        "明日の予定が1件あります（{n}）。このメールには返信できません。",
        {"Auto-Submitted": "auto-generated", "Precedence": "bulk"},
    ),
)


if __name__ == "__main__":
    main()
