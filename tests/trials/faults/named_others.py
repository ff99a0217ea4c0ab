"""kill -9 at named points of the roles that need a world of their own: scheduler, desk, mailbox, migration."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx

from models.arrival import Arrival
from models.db.engine import make_engine, transaction
from models.db.migrate import bring_to
from models.mail import Envelope
from tests.support.dovecot import BINARY, WHY_NOT, Dovecot, running_dovecot
from tests.support.killed_role import POINTS
from tests.trials.faults.databases import Ground
from tests.trials.faults.installation import AGENT, PASSWORD, Installation, NeverSettled, people, wait_until
from tests.trials.faults.mails import DESK, question
from tests.trials.faults.named import FAMILY, died
from tests.trials.faults.outcome import Outcome, Trial

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_OLD = "0008"  # a shape of before, that a migration begins at
_STEPS = (1, 3, 6, 9)


def scheduler(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """Three business days later: a report, the day's books and reminders are due, and the tallies are folded."""
    for name in [name for name, point in POINTS.items() if point.role == "scheduler" and only(name)]:
        with ground.installation() as made:
            made.launched = ("--hurry",)
            made.start_all("worker", "deliver", "smtp")
            trial = Trial(made, FAMILY, ground.database)
            outcome = trial.outcome(name)
            made.post(4)
            made.settle()
            made.clock.jump(timedelta(days=3, hours=1))
            victim = made.start("scheduler", "--point", name)
            if not died(made, victim, lambda: None):
                outcome.findings.append(f"the point was never reached: {name}")
            made.drop(victim)
            began = time.monotonic()
            made.start("scheduler")
            made.clock.jump(timedelta(minutes=31))
            wait_until(lambda: has_reported(made) and has_reminded(made), 60, is_strict=False)
            trial.check(outcome, began=time.monotonic() - began)
            if not has_reported(made) or not has_reminded(made):
                outcome.findings.append("the next scheduler did not make the report and the reminders")
            yield outcome


def has_reminded(made: Installation) -> bool:
    return any(letter.kind == "reminder" and letter.state == "sent" for letter in made.store.replies(limit=1000))


def has_reported(made: Installation, *, besides: int = 0) -> bool:
    """Are all reports that were begun made, and are there more than so many?"""
    with made.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT made_at FROM report").all()
    return len(rows) > besides and all(row[0] is not None for row in rows)


def reports_in(made: Installation) -> int:
    """How many were begun so far."""
    with made.store.read() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM report").scalar_one())


def desk(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """An agent sends a reply, the desk dies, he presses the button again."""
    points = [name for name, point in POINTS.items() if point.role == "desk" and only(name)]
    if not points:
        return
    with ground.installation() as made:
        made.start_all("worker", "deliver", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        for name in points:
            outcome = trial.outcome(name)
            made.made += -made.made % 3  # the next one is complete: the desk has nothing to warn of
            (mail,) = made.post(1)
            made.settle()
            victim = made.start("desk", "--point", name)
            with httpx.Client(base_url=f"http://127.0.0.1:{made.desk_port}", timeout=20, trust_env=False) as browser:
                made.wait_until(lambda: is_up(made), 60)
                browser.post("/sign-in", data={"name": AGENT, "password": PASSWORD})
                ref = ref_of(made, mail.message_id)
                form = fields_of(browser, ref) | {"to": mail.sender, "text": "お調べいたします。\n", "state": "answered",
                                                  "act": "send"}  # fmt: skip
                answered = pressed(browser, ref, form)
                if answered or not died(made, victim, lambda: None):
                    outcome.findings.append(f"the point was never reached: {name}")
                made.drop(victim)
                began = time.monotonic()
                healthy = made.start("desk")
                made.wait_until(lambda: is_up(made), 60)
                if not pressed(browser, ref, form):
                    outcome.findings.append("desk: the second press was not answered")
            trial.check(outcome, began=time.monotonic() - began)
            kinds = [letter.kind for letter in made.store.replies(limit=1000) if letter.ref == ref]
            if kinds.count("agent") != 1:
                outcome.findings.append(f"fool: {kinds.count('agent')} letters of the agent's for one press")
            made.end(healthy)
            yield outcome


def ref_of(made: Installation, message_id: str) -> str:
    """The ticket of a mail."""
    rows = made.store.queue(limit=200, include_closed=True)
    return next(row.ref or "" for row in rows if any(mail.message_id == message_id for mail in row.mails))


def is_up(made: Installation) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{made.desk_port}/sign-in", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def fields_of(browser: httpx.Client, ref: str) -> dict[str, str]:
    page = browser.get(f"/tickets/{ref}/reply")
    form = page.text[page.text.index('action="/tickets/') :]
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(form)} | {"subject": ""}


def pressed(browser: httpx.Client, ref: str, form: dict[str, str]) -> bool:
    """Was the press answered?"""
    try:
        return browser.post(f"/tickets/{ref}/reply", data=form).status_code == 303
    except httpx.HTTPError:
        return False


def mailbox(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """Mails lie in a mailbox; what is taken moves to another folder."""
    points = [name for name, point in POINTS.items() if point.role == "imap" and only(name)]
    if not points:
        return
    if not BINARY.exists():
        yield Outcome(family=FAMILY, fault="imap", database=ground.database, why_not=WHY_NOT)
        return
    with running_dovecot() as server, ground.installation() as made:
        made.more |= {
            "UKETSUKE_IMAP": server.url(),
            "UKETSUKE_IMAP_PASSWORD_FILE": str(server.password_file),
            "UKETSUKE_IMAP_AFTER": "move:Done",
            "UKETSUKE_IMAP_EVERY": "1",
        }
        made.start_all("worker", "deliver")
        trial = Trial(made, FAMILY, ground.database)
        for name in points:
            outcome = trial.outcome(name)
            put(made, server, 3)
            victim = made.start("imap", "--point", name)
            if not died(made, victim, lambda: put(made, server, 1)):
                outcome.findings.append(f"the point was never reached: {name}")
            made.drop(victim)
            began = time.monotonic()
            healthy = made.start("imap")
            wait_until(lambda: not server.subjects(), 60, is_strict=False)
            trial.check(outcome, began=time.monotonic() - began)
            outcome.acknowledged = made.made - outcome.acknowledged if outcome.trials > 1 else outcome.acknowledged
            made.end(healthy)
            yield outcome


def put(made: Installation, server: Dovecot, count: int) -> None:
    """Mails come into the mailbox: from now on they are to be in the database, too."""
    for _ in range(count):
        made.made += 1
        mail = question(made.made)
        server.deliver(mail.raw)
        made.mta.posted[mail.message_id] = mail
        made.mta.acknowledged[mail.message_id] = 1


def migration(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """`prepare` dies after a step; the next one does the whole. From nothing, and from an older shape with mails."""
    for name, shape, steps in (
        ("prepare: after a migration's step, from nothing", "", _STEPS),
        (f"prepare: after a migration's step, from the shape {_OLD} with mails", _OLD, (1,)),
    ):
        if not only(name):
            continue
        outcome = Outcome(family=FAMILY, fault=name, database=ground.database)
        for step in steps:
            with ground.installation(is_migrated=False) as made:
                if shape:
                    _fill(made, shape)
                try:
                    migrated(made, Trial(made, FAMILY, ground.database), outcome, step)
                except NeverSettled as trouble:
                    outcome.findings.append(f"never settled: {trouble}")
        yield outcome


def _fill(made: Installation, shape: str) -> None:
    """An older database, with mails that its door has acknowledged."""
    engine = make_engine(made.url)
    with transaction(engine, writes=True) as connection:
        bring_to(connection, shape)
    engine.dispose()
    for _ in range(5):
        made.made += 1
        mail = question(made.made)
        envelope = Envelope(mail_from=mail.sender, rcpt_tos=(DESK,), received_at=made.clock())
        made.store.accept([Arrival(raw=mail.raw, envelope=envelope, desk_address=DESK)])
        made.mta.posted[mail.message_id] = mail
        made.mta.acknowledged[mail.message_id] = 1


def migrated(made: Installation, trial: Trial, outcome: Outcome, step: int) -> None:
    victim = made.start("prepare", "--migration", str(step))
    if not made.wait_for_death(victim):
        outcome.findings.append(f"the step was never reached: {step}: {victim.said()[-200:].strip()}")
    made.drop(victim)
    began = time.monotonic()
    healthy = made.start("prepare")
    code = healthy.process.wait(60)
    made.drop(healthy)
    if code:
        outcome.trials += 1
        outcome.findings.append(f"prepare ended with {code}: {healthy.said()[-200:].strip()}")
        return
    people(made.store, made.hooks.url, made.clock())
    made.start_all("worker", "deliver", "smtp")
    made.post(3)
    trial.check(outcome, began=time.monotonic() - began)
