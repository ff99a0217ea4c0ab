"""The primary of a PostgreSQL cluster dies or is stopped under load, its standby takes over, the old one comes back behind it.

All roles know both hosts from the beginning, and nobody restarts them or tells them: they must come over by themselves.
"""

from __future__ import annotations

import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from tests.support.postgres import find_binaries
from tests.support.postgres_pair import Pair, kill, running_pair
from tests.trials.faults.databases import POSTGRESQL, Ground
from tests.trials.faults.installation import Installation, installed, wait_until
from tests.trials.faults.outcome import Outcome, Trial

FAMILY = "failover to a standby"
KILLED = "the primary dies (kill -9 of all its processes), 2 s later its standby is promoted"
SWITCHED = "switchover: the primary stopped (fast), its standby promoted"
STANDBY_AWAY = "the standby away for 3 s, then the primary dies; the standby started and promoted"
TWO_PRIMARIES = "the dead primary comes back as one beside the promoted standby, for 3 s (split brain)"
ASYNCHRONOUS = "asynchronous standby, 1 s behind: the primary dies, the standby is promoted"
_ROLES = ("worker", "worker", "deliver", "scheduler", "desk", "smtp", "smtp")
_NOTICED_S = 2.0  # what who watches the primary takes to give it up
_BEHIND_S = 1.0
_EARS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'uketsuke' AND query LIKE 'LISTEN %'"
_CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'uketsuke'"
_END_OURS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'uketsuke'"
# What an asynchronous standby must lose: mails, and what the world has of them. Numbers may be given anew: no order is kept.
_LOST_WITH_IT = ("lost", "unknown", "order")


def trials(ground: Ground, only: Callable[[str], bool], times: int = 3) -> Iterator[Outcome]:
    """So many of each, on one cluster and one installation, the primary now here, now there; the asynchronous one on its own."""
    binaries = find_binaries()
    if ground.database != POSTGRESQL or binaries is None:
        return
    chance = random.Random(ground.seed)
    strikes = {KILLED: _killed, SWITCHED: _switched, STANDBY_AWAY: _standby_away, TWO_PRIMARIES: _two_primaries}
    if any(map(only, strikes)):
        with running_pair(binaries) as pair, _settled_in(pair, ground) as made:
            trial = Trial(made, FAMILY, ground.database)
            for name, strike in strikes.items():
                if not only(name):
                    continue
                outcome = trial.outcome(name)
                back_s = [_come_over(made, pair, trial, outcome, strike, chance) for _ in range(times)]
                outcome.fault += f"; mail was taken again within {ceil(max(back_s))} s of it"
                yield outcome
    if only(ASYNCHRONOUS):
        with running_pair(binaries) as pair, _settled_in(pair, ground) as made:
            yield _asynchronous(made, pair, Outcome(family=FAMILY, fault=ASYNCHRONOUS, database=ground.database))


@contextmanager
def _settled_in(pair: Pair, ground: Ground) -> Iterator[Installation]:
    with installed(pair.make("trial"), seed=ground.seed, doors=2) as made:
        made.start_all(*_ROLES)
        wait_until(lambda: pair.primary.ask(_EARS) == 3, 60)  # of workers and delivery
        yield made


def _come_over(
    made: Installation,
    pair: Pair,
    trial: Trial,
    outcome: Outcome,
    strike: Callable[[Pair], None],
    chance: random.Random,
) -> float:
    """One failover, audited; then the old primary comes back as standby, audited again. How long no mail was taken."""
    running = {one.process.pid for one in made.roles}
    with made.excused():
        with _under_load(made):
            time.sleep(chance.uniform(0.2, 1.5))
            strike(pair)
            back_s = _taken_again(made)
        wait_until(lambda: pair.primary.ask(_EARS) == 3, 60, is_strict=False)
    trial.check(outcome, began=back_s)
    pair.bring_back()
    pair.wait_for_standby(is_wanted=True)
    made.post(4)
    trial.check(outcome)
    outcome.trials -= 1  # two audits of one failover
    outcome.findings += _not_come_over(made, pair, running)
    return back_s


def _killed(pair: Pair) -> None:
    pair.kill_primary()
    time.sleep(_NOTICED_S)
    pair.promote()


def _switched(pair: Pair) -> None:
    pair.stop_primary()
    pair.promote()


def _standby_away(pair: Pair) -> None:
    """What nobody may be told of: what the primary alone has."""
    pair.standby.stop()
    time.sleep(3)
    pair.kill_primary()
    pair.standby.start()
    pair.promote()


def _two_primaries(pair: Pair) -> None:
    """Where the URL names it first, all go to the wrong one: it waits for a standby before it tells anybody of a commit."""
    _killed(pair)
    pair.standby.start()
    pair.primary.ask(_END_OURS)  # who keeps a connection would not look for another server
    if not pair.is_in_place:
        wait_until(lambda: pair.standby.ask(_CLIENTS) != 0, 60)
    time.sleep(3)
    kill(pair.standby)


def _asynchronous(made: Installation, pair: Pair, outcome: Outcome) -> Outcome:
    """Not held against us, but counted: mails that were acknowledged and are lost. What is there must be whole."""
    outcome.may_lose = True
    pair.wait_for_standby(is_wanted=False)
    with made.excused(), _under_load(made):
        time.sleep(1)
        pair.hold_back_standby()
        time.sleep(_BEHIND_S)
        pair.kill_primary()
        pair.promote()
        outcome.slowest_s = _taken_again(made)
    Trial(made, FAMILY, outcome.database).check(outcome, began=outcome.slowest_s)
    outcome.findings = [one for one in outcome.findings if not one.startswith(_LOST_WITH_IT)]
    return outcome


@contextmanager
def _under_load(made: Installation) -> Iterator[None]:
    """Somebody writes all the time."""
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.2):
            made.post(1)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join(10)


def _taken_again(made: Installation) -> float:
    """Seconds until the next mail is acknowledged."""
    began, before = time.monotonic(), made.mta.acknowledged.total()
    made.wait_until(lambda: made.mta.acknowledged.total() > before, 120)
    return time.monotonic() - began


def _not_come_over(made: Installation, pair: Pair, running: set[int]) -> Iterator[str]:
    """What did not come over by itself, or sits on the wrong server."""
    if {one.process.pid for one in made.roles} != running:
        yield "a role fell and had to be started again"
    if (ears := pair.primary.ask(_EARS)) != 3:
        yield f"{ears} of 3 listen on the new primary"
    # Who connects asks the first host what it is before it goes to the next one: that passes.
    wait_until(lambda: pair.standby.ask(_CLIENTS) == 0, 10, is_strict=False)
    if (clients := pair.standby.ask(_CLIENTS)) != 0:
        yield f"{clients} of our connections stay on the standby"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{made.desk_port}/healthz", timeout=10):
            pass
    except (urllib.error.URLError, OSError) as error:
        yield f"the desk is not well: {error}"
