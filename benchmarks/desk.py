"""Does the desk stay quick? Its pages with few and with many tickets, through the real application, signed in, on both engines.

Measures: wall time of one request without a network (httpx's ASGI transport), small and large taking turns, ratios within a round; the
small one runs twice a round as a control. The tickets are copies of mails that the worker filed (benchmarks.tickets): most closed,
some hundreds open, in every state, with letters, notes and second mails. Then each statement of each page is explained on the large
database: a walk over a whole table of many rows is named. Does not measure: the browser, the network, many agents at once.

    python -m benchmarks.desk [--small 100] [--large 100000] [--rounds 15] [--engine sqlite|postgresql] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from httpx import ASGITransport, AsyncClient
from sqlalchemy import event, select, text

from benchmarks.ending import unwind_on_sigterm
from benchmarks.report import machine_line, print_table
from benchmarks.rounds import AGAIN, interleave, paired_ratio
from benchmarks.tickets import Ids, copied, own_words, patterns_of, write_copies
from classify.labelled import load_corpus
from desk.app import DeskSettings, create_app
from desk.queue_view import view_of
from models.arrival import Arrival
from models.db.migrate import upgrade
from models.db.store import Store
from models.db.threads import TICKET
from models.decision import ReplyState
from models.mail import Envelope
from models.query import read_query
from models.states import TicketState
from runtime.logs import set_up_logs
from runtime.settings import load_settings
from runtime.wiring import build_rules, open_store
from runtime.worker import Worker
from tests.support.postgres import find_binaries, running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.tickets import Pattern
    from policy.pack import Pack

DESK = "support@uketsuke.example"
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
_AGENT, _PASSWORD = "bench", "correct horse battery"
_PATTERNS = 60
_SPACING = timedelta(minutes=5)  # between two tickets: a hundred thousand come in a year
_OPEN = 600
_CUSTOMERS = 3  # tickets of each
_MANY = 5000  # rows of a table that no page may walk over


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--keep", type=Path, help="a folder for the SQLite files, used again if they are there")
    chosen = parser.parse_args()
    unwind_on_sigterm()
    set_up_logs("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings({"UKETSUKE_DATA_DIR": name}, folder / "none.toml")
        rules = build_rules(settings)
        patterns = _patterns(open_store(settings), rules)
        for engine in chosen.engine or ["sqlite", "postgresql"]:
            with _databases(engine, chosen, folder) as urls:
                sizes = {"small": chosen.small, "large": chosen.large}
                desks = {size: _filled(urls[size], count, patterns, rules.pack) for size, count in sizes.items()}
                _report(engine, desks, chosen.rounds)
                for desk in desks.values():
                    desk.store.close()
    print(machine_line())


@contextmanager
def _databases(engine: str, chosen: argparse.Namespace, folder: Path) -> Iterator[dict[str, str]]:
    if engine == "sqlite":
        kept = chosen.keep or folder
        yield {size: f"sqlite:///{kept / f'bench-{getattr(chosen, size)}.sqlite3'}" for size in ("small", "large")}
        return
    binaries = find_binaries()
    if binaries is None:
        sys.exit("PostgreSQL is not installed")
    with running_postgres(binaries, is_durable=True) as url, running_postgres(binaries, is_durable=True) as other:
        yield {"small": url, "large": other}


# The tickets


def _patterns(store: Store, rules: Any) -> dict[str, list[Pattern]]:  # noqa: ANN401 - runtime.triage.Rules
    """Filed tickets by what a copy may stand for: `open` in the state that filing gave them, `snoozed`, `closed`."""
    now = NOW
    worker = Worker(store, rules, frozenset({DESK}), lambda: now)
    corpus = load_corpus(sorted(Path("classify/corpus").glob("w*.mails")), lambda body, _subject, _name: body)
    mails = [one.mail for one in random.Random(1).sample(corpus, 2 * _PATTERNS)]
    number = 0
    for mail in mails:
        number += 1
        second = number % 4 == 0 and number > 1
        raw = _raw(number, mail.subject, mail.text)
        store.accept([Arrival(raw=raw, envelope=_envelope(number), desk_address=DESK)])
        worker.run_batch()
        if second:
            now += timedelta(minutes=3)
            raw = _raw(number, f"Re: {mail.subject}", "追加の情報です。", answers=True)
            number += 1
            store.accept([Arrival(raw=raw, envelope=_envelope(number - 1), desk_address=DESK)])
            worker.run_batch()
        now += timedelta(minutes=1)
    _deliver(store, now)
    refs = [row.ref for row in store.queue(limit=10_000, include_closed=True) if row.ref]
    kinds: dict[str, list[str]] = {"open": [], "snoozed": [], "closed": []}
    for place, ref in enumerate(refs):
        is_closed = place % 2 == 0 or store.ticket(ref).row.state == TicketState.CLOSED.value
        kind = "closed" if is_closed else "snoozed" if place % 21 == 1 else "open"
        if place % 3 == 0:
            store.add_note(ref, "電話で確認しました。折り返しのご連絡待ちです。", by=_AGENT, now=now)
        if kind == "closed":
            for reply in store.ticket(ref).replies:
                if reply.state == ReplyState.HELD.value:
                    store.discard_reply(reply.reply_id, by=_AGENT, now=now)
        if kind == "closed" and store.ticket(ref).row.state != TicketState.CLOSED.value:
            store.move(ref, TicketState.CLOSED, by=_AGENT, now=now)
        if kind == "snoozed":
            store.snooze(ref, now + timedelta(days=3), by=_AGENT, now=now)
        kinds[kind].append(ref)
    found = patterns_of(store)
    states = sorted({found[ref].rows["ticket"][0]["state"] for ref in refs})
    print(f"{len(found)} patterns, {sum(len(one.mails) for one in found.values())} mails, states: {', '.join(states)}")
    store.close()
    return {kind: [found[ref] for ref in some] for kind, some in kinds.items()}


def _deliver(store: Store, now: datetime) -> None:
    """Every letter that may go has gone."""
    while claims := store.claim_replies(limit=50, lease=timedelta(minutes=5), now=now):
        for claim in claims:
            store.reply_sent(claim, now=now)


def _envelope(number: int) -> Envelope:
    return Envelope(mail_from=_address(number), rcpt_tos=(DESK,), received_at=NOW)


def _address(number: int) -> str:
    return f"{own_words(number)[1]}@shouji.example"


def _raw(number: int, subject: str, body: str, *, answers: bool = False) -> bytes:
    mark = own_words(number)[0]
    head = f"<{mark}.2@shouji.example>\nIn-Reply-To: <{mark}@shouji.example>" if answers else f"<{mark}@shouji.example>"
    return (
        f"From: {own_words(number)[1]} <{_address(number)}>\nTo: {DESK}\nSubject: {subject}\nMessage-ID: {head}\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n\n管理番号 {mark}\n"
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One database with so many tickets, and the desk on it. `ref` is a ticket of the same pattern on every size."""

    store: Store
    app: Any
    count: int
    ref: str
    names: dict[str, object]  # of the ticket, for paths and queries


def _filled(url: str, count: int, patterns: dict[str, list[Pattern]], pack: Pack) -> Filled:
    upgrade(url)
    store = Store(url)
    if not store.counts()["closed"]:
        begun = time.perf_counter()
        write_copies(store, _copies(count, patterns))
        for number in range(2):  # fresh mails, which are no tickets yet
            raw = f"From: {_address(999_000 + number)}\nSubject: fresh\n\n{number}\n".encode()
            store.accept([Arrival(raw=raw, envelope=_envelope(999_000 + number), desk_address=DESK)])
        print(f"{store.counts()} in {time.perf_counter() - begun:.0f} s", flush=True)
    if _AGENT not in store.agents():
        store.add_agent(_AGENT, _PASSWORD, NOW)
    app = create_app(store, pack, DeskSettings(secret=b"b" * 32, title="bench"), lambda: NOW)
    # The newest copy of one and the same pattern: equal work on both sizes.
    subject = patterns["closed"][0].rows["ticket"][0]["subject"]
    newest = select(TICKET.c.ref, TICKET.c.sender).where(TICKET.c.subject == subject).order_by(TICKET.c.place.desc())
    middle = select(TICKET.c.place).order_by(TICKET.c.place).limit(1).offset(count // 2)
    with store.read() as connection:
        ref, sender = connection.execute(newest.limit(1)).one()
        place = connection.execute(middle).scalar_one()
    names = {"ref": ref, "customer": sender, "mark": own_words(int(ref[1:]))[0], "middle": place}
    return Filled(store=store, app=app, count=count, ref=ref, names=names)


def _copies(count: int, patterns: dict[str, list[Pattern]]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The oldest first; open ones among the newest, but for a few that have waited long."""
    chance = random.Random(2)
    opened = min(_OPEN, count * 6 // 10)
    recent = range(max(0, count - 2 * opened), count)
    is_open = set(chance.sample(recent, opened * 9 // 10)) | set(chance.sample(range(count), opened // 10))
    ids = Ids()
    for place in range(count):
        kind = "closed" if place not in is_open else "snoozed" if place % 25 == 0 else "open"
        pattern = patterns[kind][place % len(patterns[kind])]
        customer = 1 + chance.randrange(max(1, count // _CUSTOMERS))
        yield copied(pattern, ids, customer=customer, opened_at=NOW - (count - place) * _SPACING)


# What is measured


def _requests(desk: Filled, pages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, path.format(**desk.names)) for name, path in pages]


PAGES = (
    ("queue (what is to be done)", "/queue"),
    ("queue, waiting", "/queue?state=waiting"),
    ("queue, all, from the middle on", "/queue?state=all&after={middle}"),
    ("queue, closed, one category", "/queue?state=closed&category=product.troubleshooting"),
    ("queue, closed, category and language", "/queue?state=closed&category=product.troubleshooting&language=en"),
    ("queue, closed, language and customer", "/queue?state=closed&language=ja&customer={customer}"),
    ("queue, closed, two that never meet", "/queue?state=closed&language=ja&region=nowhere"),
    ("ticket", "/tickets/{ref}"),
    ("customer", "/customers/{customer}"),
    ("search, common word (接続)", "/search?q=接続"),
    ("search, phrase (よろしくお願い)", "/search?q=よろしくお願い"),
    ("search, one character (障)", "/search?q=障"),
    ("search, id", "/search?q={mark}"),
    ("search, common word, ready", "/search?q=接続&state=ready"),
    ("search, common word without another", "/search?q=接続 -請求"),
    ("search, words that shut each other out", "/search?q=お願い -いたします"),
    ("search, nothing found", "/search?q=存在しない言葉"),
    ("healthz", "/healthz"),
)


def _report(engine: str, desks: dict[str, Filled], rounds: int) -> None:
    asyncio.run(_pages(engine, desks, rounds))
    _calls(engine, desks, rounds)


async def _pages(engine: str, desks: dict[str, Filled], rounds: int) -> None:
    browsers = {size: await _signed_in(desk) for size, desk in desks.items()}
    names = ("small", "small" + AGAIN, "large")
    table = []
    for number, (name, _) in enumerate(PAGES):
        if (await browsers["small"].get(_requests(desks["small"], PAGES)[number][1])).status_code == 404:
            print(f"{name}: no such page")
            continue
        times: dict[str, list[float]] = {one: [] for one in names}
        for turn in range(rounds + 2):
            for one in names[turn % 3 :] + names[: turn % 3]:
                size = one.removesuffix(AGAIN)
                path = _requests(desks[size], PAGES)[number][1]
                begun = time.perf_counter()
                answer = await browsers[size].get(path)
                took = 1000 * (time.perf_counter() - begun)
                if answer.status_code != 200:
                    sys.exit(f"{path}: {answer.status_code}")
                if turn >= 2:  # the first ones fill the caches
                    times[one].append(took)
        ratio = paired_ratio(times["large"], times["small"])
        control = paired_ratio(times["small" + AGAIN], times["small"])
        table.append(
            (name, *(f"{median(times[one]):.1f}" for one in ("small", "large")), f"{ratio:.2f}", f"{control:.2f}")
        )
    small, large = (f"{desks[size].count:,} (ms)" for size in ("small", "large"))
    print(f"{engine}: one request, median of {rounds}")
    print_table(("page", small, large, "ratio", "control"), table)
    await _explain(desks["large"], browsers["large"])
    for browser in browsers.values():
        await browser.aclose()


async def _signed_in(desk: Filled) -> AsyncClient:
    transport = ASGITransport(app=desk.app, client=("198.51.100.7", 1))
    browser = AsyncClient(transport=transport, base_url="http://desk.example", headers={"Accept-Language": "ja"})
    answer = await browser.post("/sign-in", data={"name": _AGENT, "password": _PASSWORD})
    if answer.status_code != 303:
        sys.exit(f"sign-in: {answer.status_code}")
    return browser


def _calls(engine: str, desks: dict[str, Filled], rounds: int) -> None:
    """Each of the store's methods that these pages call."""
    methods: dict[str, Callable[[Filled], object]] = {
        "alarms": lambda desk: desk.store.alarms(NOW),
        "counts": lambda desk: desk.store.counts(),
        "tallies": lambda desk: desk.store.tallies(),
        "books": lambda desk: desk.store.books(),
        "signed_in": lambda desk: desk.store.signed_in(_AGENT, "none"),
        "page, to be done": lambda desk: desk.store.page(view_of({}, _AGENT).wanted(NOW)),
        "page, closed": lambda desk: desk.store.page(view_of({"state": "closed"}, _AGENT).wanted(NOW)),
        "tickets_of": lambda desk: desk.store.tickets_of(str(desk.names["customer"])),
        "alike": lambda desk: desk.store.alike(NOW),
        "changes": lambda desk: desk.store.changes(desk.store.changes(0)[0] - 20),
        "ticket": lambda desk: desk.store.ticket(desk.ref),
        "search 接続": lambda desk: desk.store.search(read_query("接続", UTC)),
        "search_progress": lambda desk: desk.store.search_progress(),
    }
    table = []
    for name, call in methods.items():
        works = {size: (lambda call=call, desk=desk: _ms(lambda: call(desk))) for size, desk in desks.items()}
        times = interleave(works, rounds)
        small, large = median(times["small"]), median(times["large"])
        table.append((name, f"{small:.2f}", f"{large:.2f}", f"{paired_ratio(times['large'], times['small']):.2f}"))
    print(f"{engine}: the store's methods")
    print_table(("method", "small (ms)", "large (ms)", "ratio"), table)


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


# Plans


async def _explain(desk: Filled, browser: AsyncClient) -> None:
    """Name every statement of a page that walks over a whole table of many rows."""
    engine = desk.store._engine  # noqa: SLF001 - to hear of every statement
    many = _many(desk.store)
    walks: dict[str, set[str]] = {}
    for name, path in _requests(desk, PAGES):
        said: list[tuple[str, Any]] = []

        def hear(*heard: Any, said: list[tuple[str, Any]] = said) -> None:  # noqa: ANN401 - SQLAlchemy's six
            statement, parameters = heard[2], heard[3]
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                said.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", hear)
        await browser.get(path)
        event.remove(engine, "before_cursor_execute", hear)
        for statement, parameters in said:
            for line in _walked(desk.store, statement, parameters, many):
                walks.setdefault(f"{line}: {' '.join(statement.split())[:150]}", set()).add(name)
    print(f"walks over whole tables or indexes of more than {_MANY:,} rows: {len(walks)}")
    for line, names in walks.items():
        print(f"  {line}\n    ({', '.join(sorted(names))})")
    print(flush=True)


def _many(store: Store) -> set[str]:
    with store.read() as connection:
        names = ("inbound", "reading", "ticket", "ticket_tag", "ticket_tally", "reply", "event", "thread", "search")
        return {name for name in names if connection.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one() > _MANY}


def _walked(store: Store, statement: str, parameters: Any, many: set[str]) -> list[str]:  # noqa: ANN401
    with store.read() as connection:
        if store.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            lines = [str(row[3]) for row in rows if str(row[3]).startswith("SCAN")]
            return [line for line in lines if line.split()[1] in many and not _is_bounded(statement, line)]
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        found: list[str] = []
        _walk_plan((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"], many, found, is_limited=False)
        return found


def _is_bounded(statement: str, line: str) -> bool:
    """A walk along an index in its order that a LIMIT ends."""
    return "USING" in line and "LIMIT" in statement.upper() and "ORDER BY" in statement.upper()


def _walk_plan(node: dict[str, Any], many: set[str], found: list[str], *, is_limited: bool) -> None:
    kind = node["Node Type"]
    is_limited = is_limited or kind == "Limit"
    if kind in {"Sort", "Aggregate", "Hash"}:
        is_limited = False  # it reads all of what is below first
    is_walk = kind == "Seq Scan" or (kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node)
    if is_walk and not is_limited and node.get("Relation Name") in many:
        found.append(f"{kind} on {node['Relation Name']}, {node['Plan Rows']} rows")
    for below in node.get("Plans", ()):
        _walk_plan(below, many, found, is_limited=is_limited)


if __name__ == "__main__":
    main()
