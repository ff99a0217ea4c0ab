"""What holds in every world, told by the post's own log and the books: an empty answer if all of it does."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.mails import text_of, what_it_says

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from models.views import ReplyView
    from tests.simulation.world import Desk, Letter, World

DAY, HOUR, TEN_MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=10)
_ON_THE_WAY = {"sent", "bounced"}


def faults_of(world: World) -> tuple[str, ...]:
    """A sentence for every promise that the world has seen broken."""
    return (
        *_endless(world),
        *(fault for desk in world.desks for fault in (*_lost(desk), *_twice(desk), *_rates(desk))),
    )


def _endless(world: World) -> Iterator[str]:
    """Nobody in these worlds goes on writing by himself for half of the time: what is still going on then is a loop."""
    half = world.begun_at + world.horizon / 2
    if late := sum(letter.at > half for letter in world.letters):
        yield f"{late} of {len(world.letters)} letters in the second half of {world.horizon / HOUR:.0f} hours: no end"


def _lost(desk: Desk) -> Iterator[str]:
    books = desk.store.books()
    if (books.accepted, books.parked, books.waiting, books.duplicates) != (desk.accepted, 0, 0, 0):
        yield f"{desk.accepted} mails in, but the books say {books}"
    if books.ticketed + books.joined != desk.accepted or sum(desk.store.counts().values()) != books.ticketed:
        yield f"not every mail is in a ticket: {books}, {desk.store.counts()}"
    stored = Counter(one.message_id for one in desk.replies() if one.state in _ON_THE_WAY)
    if stored != Counter(str(letter.message["Message-ID"]) for letter in desk.letters()):
        yield "the store's letters are not those that the post took"
    if waiting := [one.reply_id for one in desk.replies() if one.state == "queued"]:
        yield f"letters {waiting} never left"


def _twice(desk: Desk) -> Iterator[str]:
    """No letter twice to one address, no kind twice in one ticket, thanks for answers only to who has answered: nobody."""
    kinds = {one.message_id: one.kind for one in desk.replies()}
    said: dict[tuple[str, str], datetime] = {}
    for letter in desk.letters():
        is_reminder = kinds[str(letter.message["Message-ID"])] == "reminder"  # one for each ticket, which it names
        key = (letter.to.casefold(), text_of(letter.message) if is_reminder else what_it_says(letter.message))
        if key in said and letter.at - said[key] < DAY:
            yield f"the same letter went twice to {letter.to}"
        said[key] = letter.at
    went = [one for one in desk.replies() if one.state in _ON_THE_WAY]
    if again := [key for key, count in Counter((one.ref, one.kind) for one in went).items() if count > 1]:
        yield f"twice in one ticket: {again}"
    if thanked := _of_kind(went, "completed"):
        yield f"{len(thanked)} times thanks for answers that nobody has given"


def _of_kind(letters: Iterable[ReplyView], kind: str) -> list[ReplyView]:
    return [one for one in letters if one.kind == kind]


def _rates(desk: Desk) -> Iterator[str]:
    limits, letters = desk.rules.pack.limits, desk.letters()
    by_address, by_domain = defaultdict(list), defaultdict(list)
    for letter in letters:
        by_address[letter.to.casefold()].append(letter)
        by_domain[letter.to.rpartition("@")[2].casefold()].append(letter)
    yield from _too_many("address in an hour", by_address.values(), HOUR, limits.per_sender_hour)
    yield from _too_many("address in a day", by_address.values(), DAY, limits.per_sender_day)
    yield from _too_many("domain in an hour", by_domain.values(), HOUR, limits.per_domain_hour)
    if not desk.world.is_hasty:  # an agent may send what the limit of all letters holds
        yield from _too_many("everyone in ten minutes", [letters], TEN_MINUTES, limits.total_10min)


def _too_many(whom: str, groups: Iterable[list[Letter]], within: timedelta, limit: int) -> Iterator[str]:
    """Sliding windows, two seconds short: a letter counts from when it is written, the post takes it then or later."""
    for letters in groups:
        first = 0
        for last, letter in enumerate(letters):
            while letters[first].at <= letter.at - within + timedelta(seconds=2):
                first += 1
            if last - first + 1 > limit:
                yield f"{last - first + 1} letters to one {whom}, the limit is {limit}"
                return
