"""The auditor: is everything there, once, and whole? Reads the database by SQL of its own, beside what the store says.

Each finding begins with a stable code. `audit_rows` looks at the database alone, `audit_against` holds it against what the
world knows: the senders' 250s, the smarthost's letters, the receiver's calls.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, inspect, select, text
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from models.db.accept import message_hash
from models.db.store import Store
from models.db.tags import tags_of
from models.query import read_query
from tests.trials.faults.mails import TrialMail
from tests.trials.faults.sink import Letter

_NAMES = (
    "day_books", "door_tally", "event", "event_reader", "inbound", "memo", "notice", "reading", "reply", "report", "search",
    "search_backlog", "thread", "ticket", "ticket_link", "ticket_tag", "ticket_tally", "webhook", "webhook_call",
)  # fmt: skip
T = {name: SQLModel.metadata.tables[name] for name in _NAMES}
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_ASKS_ONCE = ("request_information", "follow_up", "reminder", "recurrence", "acknowledgement", "completed")
_WENT = ("queued", "sent")
_SLACK_S = 5.0  # between the smarthost's 250 and the moment at which we see that a process is dead


@dataclass(slots=True, kw_only=True)
class Known:
    """What the world outside the database knows."""

    mails: Mapping[str, TrialMail] = field(default_factory=dict)  # posted, by Message-ID
    acknowledged: Mapping[str, int] = field(default_factory=dict)  # how often each got its 250
    refused: Sequence[str] = ()
    letters: Sequence[Letter] = ()
    calls: Sequence[tuple[dict[str, str], bytes]] = ()  # that webhooks' receiver got
    hands_over: bool = False
    readers: tuple[str, ...] = ()  # who gets reports
    excuses: Sequence[tuple[float, float]] = ()  # when our commit after a smarthost's 250 may have been lost


@dataclass(slots=True, kw_only=True)
class Result:
    """What an audit found, and what it counted."""

    findings: list[str]
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    parked: int = 0
    letters: int = 0
    repeated: int = 0  # letters at the smarthost beyond the first of a Message-ID


def audit(store: Store, known: Known, now: datetime) -> Result:
    """All of it. Call it when nothing is under way any more."""
    findings = [*audit_rows(store, now), *audit_against(store, known)]
    counts = Counter(letter.message_id for letter in known.letters)
    return Result(
        findings=findings,
        acknowledged=sum(known.acknowledged.values()),
        lost=sum(one.startswith("lost") for one in findings),
        twice=sum(one.startswith("twice") for one in findings),
        parked=len(_all(store, "SELECT id FROM inbound WHERE state = 'parked'")),
        letters=len(counts),
        repeated=sum(counts.values()) - len(counts),
    )


# The database alone.


def audit_rows(store: Store, now: datetime) -> Iterator[str]:
    """Nothing half-written, nothing in limbo, the books agree."""
    yield from (f"books {fault}" for fault in store.books(now=now).faults)
    with store.read() as connection:
        rows = {name: [dict(row) for row in connection.execute(select(table)).mappings()] for name, table in _light()}
        yield from _mails(rows)
        yield from _tickets(rows)
        yield from _letters(rows)
        yield from _memos(rows)
        yield from _webhooks(rows)
        yield from _reports(rows)
        yield from _search(rows)
        yield from _sequences(connection)
        yield from _engine_says(connection)


def _light() -> Iterator[tuple[str, Any]]:
    for name, table in T.items():
        yield name, select(*(one for one in table.c if (name, one.name) != ("inbound", "raw"))).subquery()


Row = dict[str, Any]
Rows = dict[str, list[Row]]


def _mails(rows: Rows) -> Iterator[str]:
    readings = {row["mail_id"] for row in rows["reading"]}
    tickets = {row["ref"] for row in rows["ticket"]}
    threads = {(row["message_hash"], row["ref"]) for row in rows["thread"]}
    for mail in rows["inbound"]:
        name = f"mail {mail['id']}"
        if mail["state"] == "received":
            yield f"limbo: {name} waits ({mail['attempts']} attempts, {mail['error'] or 'no error'})"
        elif mail["state"] == "parked":
            if not mail["error"]:
                yield f"limbo: {name} is parked without a reason"
            if mail["id"] in readings or mail["ref"]:
                yield f"half: {name} is parked, and has a reading or a ticket"
        else:
            yield from (f"half: {name} is triaged{what}" for what in _lacks(mail, readings, tickets, threads))
    for mail_id in readings - {mail["id"] for mail in rows["inbound"]}:
        yield f"half: a reading of mail {mail_id}, which is not there"
    deliveries = sum(mail["deliveries"] for mail in rows["inbound"])
    door = sum(row["accepted"] - row["deleted"] for row in rows["door_tally"])
    if deliveries != door:
        yield f"tally: the door counted {door} deliveries, there are {deliveries}"


def _lacks(mail: Row, readings: set[int], tickets: set[str], threads: set[tuple[str, str]]) -> Iterator[str]:
    """What a triaged mail should have and has not."""
    if mail["id"] not in readings:
        yield " without a reading"
    if mail["ref"] not in tickets:
        yield " without a ticket"
    if mail["token"] is not None:
        yield ", and somebody's still"
    if mail["message_hash"] and mail["sender"] and (mail["message_hash"], mail["ref"]) not in threads:
        yield ", and not in the thread index"


def _tickets(rows: Rows) -> Iterator[str]:
    mails, tickets = {mail["id"] for mail in rows["inbound"]}, {row["ref"]: row for row in rows["ticket"]}
    filed = Counter(event["ref"] for event in rows["event"] if event["what"] == "filed")
    tags = defaultdict(set)
    for tag in rows["ticket_tag"]:
        tags[tag["ref"]].add((tag["tag"], tag["state"], tag["rank"], tag["place"]))
    for ref, row in tickets.items():
        if row["number"] not in mails:
            yield f"half: ticket {ref} without the mail that opened it"
        if filed[ref] != 1:
            yield f"half: ticket {ref} was filed {filed[ref]} times by its history"
        if tags[ref] != {(tag, row["state"], row["rank"], row["place"]) for tag in tags_of(row)}:
            yield f"tags: those of ticket {ref} are not what its row says"
    for ref in tags.keys() - tickets.keys():
        yield f"tags: of ticket {ref}, which is not there"
    for table, column in (("event", "ref"), ("thread", "ref"), ("ticket_link", "ref"), ("ticket_link", "other")):
        for ref in {row[column] for row in rows[table]} - tickets.keys():
            yield f"half: {table} of ticket {ref}, which is not there"
    yield from _tally(rows)


def _tally(rows: Rows) -> Iterator[str]:
    stand = Counter((row["state"], row["lane"], row["assignee"]) for row in rows["ticket"])
    tally: Counter[tuple[str, str, str]] = Counter()
    for line in rows["ticket_tally"]:
        tally[line["state"], line["lane"], line["assignee"]] += line["count"]
    if stand != Counter({key: count for key, count in tally.items() if count}):
        yield f"tally: tickets stand as {dict(stand)}, counted are {dict(+tally)}"


def _letters(rows: Rows) -> Iterator[str]:
    mails, tickets = {mail["id"]: mail for mail in rows["inbound"]}, {row["ref"] for row in rows["ticket"]}
    threads = {(row["message_hash"], row["ref"]) for row in rows["thread"]}
    for letter in rows["reply"]:
        name = f"letter {letter['id']}"
        if letter["ref"] not in tickets or letter["mail_id"] not in mails:
            yield f"half: {name} without its ticket or mail"
        if (message_hash(letter["message_id"]), letter["ref"]) not in threads:
            yield f"half: {name} is not in the thread index"
        yield from _stands(letter, name)
    kinds = Counter((letter["ref"], letter["kind"]) for letter in rows["reply"] if letter["state"] in _WENT)
    for (ref, kind), count in kinds.items():
        if count > 1 and kind in _ASKS_ONCE:
            yield f"fool: {count} letters {kind} of ticket {ref}"


def _stands(letter: Row, name: str) -> Iterator[str]:
    """What of a letter's row does not fit its state."""
    if letter["state"] == "queued":
        yield f"limbo: {name} waits ({letter['attempts']} attempts, {letter['reason'] or 'no reason'})"
    elif letter["token"] is not None:
        yield f"half: {name} is {letter['state']}, and somebody's still"
    if letter["state"] == "failed" and not letter["reason"]:
        yield f"limbo: {name} failed without a reason"
    if (letter["state"] == "sent") != (letter["sent_at"] is not None) and letter["state"] != "bounced":
        yield f"half: {name} is {letter['state']}, sent at {letter['sent_at']}"


def _memos(rows: Rows) -> Iterator[str]:
    ids = {memo["id"] for memo in rows["memo"]}
    for memo in rows["memo"]:
        if memo["state"] == "queued":
            yield f"limbo: memo {memo['id']} ({memo['kind']}) waits ({memo['error'] or 'no error'})"
        elif memo["token"] is not None:
            yield f"half: memo {memo['id']} is {memo['state']}, and somebody's still"
        if not memo["raw"]:
            yield f"half: memo {memo['id']} is empty"
    for notice in rows["notice"]:
        if notice["memo_id"] > 0 and notice["memo_id"] not in ids:
            yield f"half: notice {notice['id']} in memo {notice['memo_id']}, which is not there"


def _webhooks(rows: Rows) -> Iterator[str]:
    events, hooks = {event["id"] for event in rows["event"]}, {hook["id"]: hook for hook in rows["webhook"]}
    for call in rows["webhook_call"]:
        name = f"call {call['id']}"
        if call["webhook_id"] not in hooks or call["event_id"] not in events:
            yield f"half: {name} without its webhook or event"
        if call["state"] == "queued":
            yield f"limbo: {name} waits ({call['error'] or 'no error'})"
        elif call["token"] is not None:
            yield f"half: {name} is {call['state']}, and somebody's still"
    latest = max(events, default=0)
    for reader in rows["event_reader"]:
        if reader["last_event"] > latest:
            yield f"sequence: reader {reader['name']} is ahead of the history"


def _reports(rows: Rows) -> Iterator[str]:
    for report in rows["report"]:
        name = f"report {report['name']}"
        if report["made_at"] is None:
            yield f"limbo: {name} was begun and never made"
            continue
        try:
            json.loads(report["value"])["figures"]
        except (ValueError, KeyError):
            yield f"half: {name} is no whole one"
    for day in rows["day_books"]:
        for fault in json.loads(day["faults"]):
            if not fault.startswith("stuck"):  # a clock that was set forward makes every wait look long
                yield f"books of {day['day']}: {fault}"


def _search(rows: Rows) -> Iterator[str]:
    if rows["search_backlog"]:
        yield "search: words are still to be written"
    wanted = {("mail", mail["id"]): mail["ref"] for mail in rows["inbound"] if mail["ref"]}
    wanted |= {("letter", letter["id"]): letter["ref"] for letter in rows["reply"]}
    wanted |= {("note", event["id"]): event["ref"] for event in rows["event"] if event["what"] == "note"}
    there = {(row["source"], row["source_id"]): row["ref"] for row in rows["search"]}
    for source, number in wanted.keys() - there.keys():
        yield f"search: {source} {number} is not found"
    for source, number in there.keys() - wanted.keys():
        yield f"search: {source} {number} is found and not there"
    for (source, number), ref in there.items():
        if wanted.get((source, number), ref) != ref:
            yield f"search: {source} {number} is found with ticket {ref}"
    for row in rows["search"]:
        if not row["words"]:
            yield f"search: {row['source']} {row['source_id']} has no words"


def _sequences(connection: Connection) -> Iterator[str]:
    """What gives out ids on PostgreSQL stands before none that is there."""
    if connection.dialect.name != "postgresql":
        return
    for table in inspect(connection).get_table_names():
        if all(one["name"] != "id" for one in inspect(connection).get_columns(table)):
            continue
        name = connection.execute(text("SELECT pg_get_serial_sequence(:t, 'id')"), {"t": table}).scalar()
        if name is None:
            continue
        last, is_called = connection.execute(text(f"SELECT last_value, is_called FROM {name}")).one()
        largest = connection.execute(text(f'SELECT COALESCE(MAX(id), 0) FROM "{table}"')).scalar_one()
        if largest > (last if is_called else last - 1):
            yield f"sequence: {table} gives {last + is_called} next, and has {largest}"


def _engine_says(connection: Connection) -> Iterator[str]:
    """The engine's own look at its file."""
    if connection.dialect.name == "postgresql":
        return
    said = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check")).all()]
    if said != ["ok"]:
        yield f"file: {said[:3]}"


# Against the world.


def audit_against(store: Store, known: Known) -> Iterator[str]:
    """What was acknowledged is there, what left is known, what was to leave has left."""
    yield from (f"refused: {one}" for one in known.refused)
    yield from _kept(store, known)
    yield from _one_ticket_each(store, known)
    yield from _sent(store, known)
    yield from _repeated(known)
    yield from _called(store, known)
    if known.hands_over:
        yield from _handed_over(store)
    yield from _report_memos(store, known)


def _kept(store: Store, known: Known) -> Iterator[str]:
    by_id = defaultdict(list)
    for row in _all(store, "SELECT id, message_id, sha256, deliveries FROM inbound"):
        by_id[row["message_id"]].append(row)
    for message_id, count in known.acknowledged.items():
        mail, found = known.mails[message_id], by_id[message_id]
        if not found:
            yield f"lost: {message_id} was acknowledged {count} times and is not there"
            continue
        if len(found) > 1:
            yield f"twice: {message_id} is there {len(found)} times"
        for row in found:
            raw = store.raw_mail(row["id"])
            if hashlib.sha256(raw).hexdigest() != mail.sha256 or row["sha256"] != mail.sha256:
                yield f"bytes: mail {row['id']} is not what was sent"
        if sum(row["deliveries"] for row in found) < count:
            yield f"lost: {message_id} was acknowledged {count} times, {found[0]['deliveries']} are counted"
    for message_id in by_id.keys() - known.mails.keys():
        yield f"bytes: a mail {message_id} that nobody sent"


def _one_ticket_each(store: Store, known: Known) -> Iterator[str]:
    """A question has a ticket of its own, an answer its question's."""
    rows = _all(store, "SELECT message_id, ref, state FROM inbound WHERE ref IS NOT NULL")
    refs = {row["message_id"]: row["ref"] for row in rows}
    questions = Counter(ref for one, ref in refs.items() if one in known.mails and not known.mails[one].answers)
    for ref, count in questions.items():
        if count > 1:
            yield f"ticket: {ref} holds {count} customers' questions"
    for message_id, ref in refs.items():
        mail = known.mails.get(message_id)
        if mail and mail.answers and refs.get(mail.answers) not in {None, ref}:
            yield f"ticket: the answer {message_id} is in {ref}, its question in {refs.get(mail.answers)}"
        if mail is not None:
            found = {ticket.ref for ticket in store.search(read_query(mail.word, UTC)).tickets}
            if ref not in found:
                yield f"search: {mail.word} does not find {ref}"


def _sent(store: Store, known: Known) -> Iterator[str]:
    """Letters and memos at the smarthost are those that we know as sent; each whole."""
    there: dict[str, tuple[str, str, str]] = {}
    for name, query in (
        ("letter", "SELECT id, message_id, state, raw FROM reply"),
        ("memo", "SELECT id, key, state, raw FROM memo"),
    ):
        for row in _all(store, query):
            raw = bytes(row["raw"])
            found = _MESSAGE_ID.search(raw)
            message_id = row.get("message_id") or (found[1].decode() if found else "")
            there[message_id] = (f"{name} {row['id']}", row["state"], hashlib.sha256(raw).hexdigest())
    at_sink = defaultdict(list)
    for letter in known.letters:
        at_sink[letter.message_id].append(letter)
    for message_id, letters in at_sink.items():
        if message_id not in there:
            yield f"unknown: the smarthost has a letter {message_id} that we do not know"
            continue
        name, state, sha256 = there[message_id]
        if state not in {"sent", "bounced"}:
            yield f"unknown: {name} is {state}, and the smarthost has it"
        if any(letter.sha256 != sha256 for letter in letters):
            yield f"bytes: {name} came to the smarthost as another text"
    for message_id, (name, state, _) in there.items():
        if state == "sent" and message_id not in at_sink:
            yield f"missing: {name} is marked sent, and the smarthost has it not"


def _repeated(known: Known) -> Iterator[str]:
    """A letter goes a second time only where its 250 or our commit behind it was lost; the smarthost folds it by its Message-ID."""
    before: dict[str, Letter] = {}
    for letter in known.letters:
        first = before.get(letter.message_id)
        before[letter.message_id] = letter
        if first is None or not first.was_answered:
            continue
        if not any(begin - _SLACK_S <= first.at <= end and begin <= letter.at for begin, end in known.excuses):
            yield f"repeated: {letter.message_id} went twice, {letter.at - first.at:.1f} s apart, without an excuse"


def _called(store: Store, known: Known) -> Iterator[str]:
    """Each event that was to go has arrived, and of one ticket in its order."""
    rows = _all(store, "SELECT id, event_id, ref, state FROM webhook_call ORDER BY event_id")
    first: dict[str, int] = {}
    for number, (headers, _) in enumerate(known.calls):
        first.setdefault(headers.get("x-uketsuke-delivery", ""), number)
    order: dict[str, int] = {}
    for row in rows:
        at = first.get(str(row["id"]))
        if at is None:
            if row["state"] == "sent":
                yield f"missing: call {row['id']} is marked sent, and nobody got it"
            continue
        if at < order.get(row["ref"], -1):
            yield f"order: call {row['id']} of {row['ref']} came before an earlier one"
        order[row["ref"]] = at
    hooks = _all(store, "SELECT id, last_event FROM webhook WHERE is_on")
    if hooks:
        made = {row["event_id"] for row in rows}
        since = min((event for event in made), default=0)
        wanted = _all(store, "SELECT id FROM event WHERE what = 'filed'")
        for row in wanted:
            if since <= row["id"] and row["id"] not in made:
                yield f"missing: event {row['id']} has no call"


def _handed_over(store: Store) -> Iterator[str]:
    rows = _all(store, "SELECT ref, COUNT(*) AS memos FROM memo WHERE kind = 'hand_over' GROUP BY ref")
    memos = {row["ref"]: int(row["memos"]) for row in rows}
    for row in _all(store, "SELECT ref FROM ticket WHERE is_automatic IS FALSE"):
        if memos.get(row["ref"], 0) != 1:
            yield f"fool: ticket {row['ref']} was handed over {memos.get(row['ref'], 0)} times"


def _report_memos(store: Store, known: Known) -> Iterator[str]:
    keys = Counter(row["key"] for row in _all(store, "SELECT key FROM memo WHERE kind = 'report'"))
    for row in _all(store, "SELECT name, kind FROM report WHERE made_at IS NOT NULL"):
        if row["kind"] in {"day", "week"}:
            for reader in known.readers:
                if keys[f"report:{row['name']}:{reader}"] != 1:
                    yield f"missing: report {row['name']} did not go to its reader"


def _all(store: Store, query: str) -> list[dict[str, Any]]:
    with store.read() as connection:
        return [dict(row) for row in connection.execute(text(query)).mappings()]


def settled_by_sql(store: Store) -> dict[str, int]:
    """What is still under way, by what it is; empty when all is quiet.

    In the order in which one becomes the other: what has moved on while we looked is seen where it is by then.
    """
    counts = {}
    event, hook, reader = T["event"], T["webhook"], T["event_reader"]
    latest = select(func.coalesce(func.max(event.c.id), 0)).scalar_subquery()
    read = select(func.coalesce(func.max(reader.c.last_event), 0)).where(reader.c.name == "memos").scalar_subquery()
    with store.read() as connection:
        for name, query in (
            ("mails", _open("inbound", "received")),
            ("letters", _open("reply", "queued")),
            ("news", select(latest - read)),
            ("memos", _open("memo", "queued")),
            ("hooks", _count(hook, hook.c.is_on.is_(True), hook.c.last_event < latest)),
            ("calls", _open("webhook_call", "queued")),
        ):
            counts[name] = int(connection.execute(query).scalar_one())
    return {name: count for name, count in counts.items() if count > 0}


def _open(table: str, state: str) -> Select[Any]:
    return _count(T[table], T[table].c.state == state)


def _count(table: Table, *which: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(table).where(*which)
