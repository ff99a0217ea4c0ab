"""kill -9 at random under load: several of each role on one database, customers who write, answer and try again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from tests.trials.faults.databases import POSTGRESQL, Ground
from tests.trials.faults.installation import Installation, in_thread
from tests.trials.faults.mails import answer
from tests.trials.faults.outcome import Outcome, Trial
from tests.trials.faults.sink import Letter

FAMILY = "kill -9 at random, under load"
_ROLES = {POSTGRESQL: ("smtp", "smtp", "worker", "worker", "deliver", "deliver", "scheduler", "desk")}
_FEW = ("smtp", "smtp", "worker", "worker", "deliver", "scheduler", "desk")
_PER_ROUND = 25
_PAUSE_S = (0.3, 1.1)  # between two kills
_OPEN = 12  # mails under way at the senders, about
_ANSWERS_SHARE = 0.3
_LARGE = 20  # every so many mails one is large


def trials(ground: Ground, kills: int) -> Iterator[Outcome]:
    """So many kills, an audit after every 25."""
    chance = random.Random(ground.seed)
    with ground.installation(doors=2) as made:
        made.launched = ("--hurry",)
        made.sink.on_letter = Customers(made, chance)
        made.start_all(*_ROLES.get(ground.database, _FEW))
        trial = Trial(made, FAMILY, ground.database)
        outcome = trial.outcome("")
        killed: Counter[str] = Counter()
        while sum(killed.values()) < kills:
            _round(made, chance, min(_PER_ROUND, kills - sum(killed.values())), killed)
            made.clock.jump(timedelta(minutes=1))
            # A mail whose three workers were all killed is set aside, with that reason.
            trial.check(outcome, may_park=_PER_ROUND, patience_s=240)
        named = ", ".join(f"{role} {count}" for role, count in sorted(killed.items()))
        outcome.fault = f"{sum(killed.values())} kills of {named}"
        outcome.trials = sum(killed.values())
        yield outcome


def _round(made: Installation, chance: random.Random, kills: int, killed: Counter[str]) -> None:
    for _ in range(kills):
        if made.mta.open < _OPEN:
            made.post(chance.randint(1, 6))
        if made.made % _LARGE == 0:
            made.post(1, size=300_000)
        time.sleep(chance.uniform(*_PAUSE_S))
        made.keep_running()
        victim = chance.choice([one for one in made.roles if one.process.poll() is None])
        killed[victim.role] += 1
        victim.kill()
        made.keep_running()


class Customers:
    """Some of those whom we ask answer, each once."""

    def __init__(self, made: Installation, chance: random.Random) -> None:
        self._made, self._chance = made, chance
        self._done: set[str] = set()

    def __call__(self, letter: Letter) -> None:
        """Called in the smarthost's loop: the answer is posted elsewhere."""
        mine = [mail for mail in list(self._made.mta.posted.values()) if mail.sender in letter.to and not mail.answers]
        if not mine or letter.to[0] in self._done or self._chance.random() > _ANSWERS_SHARE:
            return
        self._done.add(letter.to[0])
        in_thread(lambda: self._made.mta.post([answer(mine[0], letter.message_id, letter.answer_to)]))
