"""The auditor of the fault trials finds damage of each sort; without any it finds none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from models.db.store import Store
from tests.support.filings import DESK, LEASE, NOW, arrival, filing, mail, reply
from tests.trials.faults.audit import Known, audit
from tests.trials.faults.mails import TrialMail
from tests.trials.faults.sink import Letter

AT = 1000.0


def letter_of(number: int, raw: bytes, *, at: float = AT) -> Letter:
    return Letter(
        message_id=f"<T{number:06d}.letter@uketsuke.example>",
        to=(f"user{number}@c{number}.example",),
        sha256=hashlib.sha256(raw).hexdigest(),
        answer_to=DESK,
        at=at,
        was_answered=True,
    )


def letter_text(number: int) -> bytes:
    return f"Message-ID: <T{number:06d}.letter@uketsuke.example>\r\nSubject: x\r\n\r\nbody\r\n".encode()


@pytest.fixture
def known(sqlite_store: Store) -> Known:
    return filled(sqlite_store)


def filled(store: Store) -> Known:
    """Three mails, each with its ticket and its letter at the smarthost; what the world knows of them."""
    mails, letters = {}, []
    for number in (1, 2, 3):
        sender, word = f"user{number}@c{number}.example", f"zq{number}xk"
        arrived = arrival(number, sender=sender, body=word)
        store.accept([arrived])
        (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
        raw = letter_text(claim.mail_id)
        letter = replace(
            reply(claim.mail_id, to=sender), raw=raw, message_id=f"<T{claim.mail_id:06d}.letter@uketsuke.example>"
        )
        store.file(filing(claim, mail(number, sender=sender, body=f"接続できません {word}"), letter))
        (handed,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
        store.reply_sent(handed, now=NOW)
        message_id = f"<m{number}@example.com>"
        mails[message_id] = TrialMail(number=number, sender=sender, message_id=message_id, word=word, raw=arrived.raw)
        letters.append(letter_of(claim.mail_id, raw))
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE event_reader SET last_event = 0")
    return Known(mails=mails, acknowledged=dict.fromkeys(mails, 1), letters=letters)


def codes(store: Store, known: Known) -> set[str]:
    return {finding.partition(":")[0].split()[0] for finding in audit(store, known, NOW).findings}


def test_without_damage_nothing_is_found(store: Store) -> None:
    known = filled(store)
    result = audit(store, known, NOW)
    assert result.findings == []
    assert (result.acknowledged, result.lost, result.letters, result.repeated) == (3, 0, 3, 0)


# What each statement does to the database, and what must be found.
DAMAGE = {
    "a mail is gone": ("DELETE FROM inbound WHERE id = 2", {"books", "lost", "half"}),
    "a mail is there twice": (
        ("INSERT INTO inbound (sha256, desk_address, size, envelope, received_at, state, deliveries, attempts, error, ref,"
        " sender, subject, message_id, body_hash, content_hash, message_hash, is_automatic, raw) SELECT sha256,"
        " desk_address, size, envelope, received_at, state, deliveries, attempts, error, ref, sender, subject,"
        " message_id, body_hash, 'another', message_hash, is_automatic, raw FROM inbound WHERE id = 1"),
        {"twice", "half", "search"},
    ),
    "a mail's bytes are others": ("UPDATE inbound SET raw = CAST('x' AS BLOB) WHERE id = 1", {"bytes"}),
    "a mail waits": ("UPDATE inbound SET state = 'received', ref = NULL WHERE id = 1", {"limbo"}),
    "a mail is parked without a reason": ("UPDATE inbound SET state = 'parked', ref = NULL, error = '' WHERE id = 1", {"limbo", "half"}),
    "a mail is in no known state": ("UPDATE inbound SET state = 'lost' WHERE id = 1", {"books"}),
    "a triaged mail is somebody's": ("UPDATE inbound SET token = 'x' WHERE id = 1", {"half"}),
    "a delivery is not counted": ("UPDATE door_tally SET accepted = accepted - 1 WHERE id = (SELECT MIN(id) FROM door_tally)", {"books", "tally"}),
    "a reading is missing": ("DELETE FROM reading WHERE mail_id = 1", {"half"}),
    "a ticket is missing": ("DELETE FROM ticket WHERE ref = 'T000001'", {"books", "half", "tags"}),
    "a ticket stands elsewhere than counted": ("UPDATE ticket_tally SET count = count + 1 WHERE id = (SELECT MIN(id) FROM ticket_tally)", {"tally"}),
    "two questions share a ticket": ("UPDATE inbound SET ref = 'T000001' WHERE id = 2", {"ticket"}),
    "a tag is missing": ("DELETE FROM ticket_tag WHERE ref = 'T000001' AND tag = 'lane:product'", {"tags"}),
    "a tag stands elsewhere": ("UPDATE ticket_tag SET state = 'closed' WHERE ref = 'T000001'", {"tags"}),
    "a ticket was filed twice": ("INSERT INTO event (ref, at, \"by\", what, detail) SELECT ref, at, \"by\", what, detail FROM event WHERE what = 'filed' AND ref = 'T000001'", {"half"}),
    "an event has no ticket": ("UPDATE event SET ref = 'T999999' WHERE id = (SELECT MAX(id) FROM event)", {"half"}),
    "a thread is missing": ("DELETE FROM thread WHERE ref = 'T000001'", {"half"}),
    "a letter waits": ("UPDATE reply SET state = 'queued', sent_at = NULL WHERE id = 1", {"limbo", "unknown"}),
    "a letter is somebody's": ("UPDATE reply SET token = 'x' WHERE id = 1", {"half"}),
    "a letter has no ticket": ("UPDATE reply SET ref = 'T999999' WHERE id = 1", {"half"}),
    "a letter was sent without a time": ("UPDATE reply SET sent_at = NULL WHERE id = 1", {"half"}),
    "a letter failed without a reason": ("UPDATE reply SET state = 'failed', reason = '', sent_at = NULL WHERE id = 1", {"limbo", "unknown"}),
    "a letter of a kind goes twice": ("UPDATE reply SET ref = 'T000001' WHERE id = 2", {"fool"}),
    "a letter is not in the search": ("DELETE FROM search WHERE source = 'letter' AND source_id = 1", {"search"}),
    "a mail is found with another ticket": ("UPDATE search SET ref = 'T000002' WHERE source = 'mail' AND source_id = 1", {"search"}),
    "words are still to be written": ("INSERT INTO search_backlog (source, began, remains) VALUES ('mail', 3, 2)", {"search"}),
    "a memo waits": (
        ('INSERT INTO memo ("key", kind, ref, to_address, mail_from, raw, state, attempts, next_at, error, created_at)'
        " SELECT 'k', 'notice', ref, to_address, '', raw, 'queued', 0, created_at, '', created_at FROM reply WHERE id = 1"),
        {"limbo"},
    ),
    "a call has no event": (
        ("INSERT INTO webhook_call (webhook_id, event_id, ref, what, body, state, attempts, next_at, error, at, answer)"
        " SELECT 1, 99999, ref, 'x', '{}', 'sent', 1, created_at, '', created_at, 204 FROM reply WHERE id = 1"),
        {"half", "missing"},
    ),
    "the books of a closed day do not agree": (
        ("INSERT INTO day_books (day, counted_at, accepted, ticketed, joined, parked, waiting, duplicates, deleted, faults)"
        " SELECT '2026-11-23', received_at, 3, 2, 0, 0, 0, 0, 0, '[\"lost: 1 delivery\"]' FROM inbound WHERE id = 1"),
        {"books"},
    ),
    "a report was begun": ("INSERT INTO report (name, kind, attempts, value) VALUES ('2026-W48', 'week', 1, '')", {"limbo"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_in_the_database_is_found(sqlite_store: Store, known: Known, name: str) -> None:
    statement, expected = DAMAGE[name]
    with sqlite_store.write() as connection:
        connection.exec_driver_sql(statement)
    assert expected <= codes(sqlite_store, known)


def again(known: Known, letter: Letter) -> Known:
    known.letters = [*known.letters, letter]
    return known


def with_excuse(known: Known, begin: float, end: float) -> Known:
    known.excuses = [(begin, end)]
    return known


def first(known: Known, **changes: object) -> Letter:
    return replace(known.letters[0], **changes)  # type: ignore[arg-type]


def without_first_letter(known: Known) -> Known:
    known.letters = known.letters[1:]
    return known


def with_250_too_many(known: Known) -> Known:
    known.acknowledged = {**known.acknowledged, "<m1@example.com>": 2}
    return known


def with_refused(known: Known) -> Known:
    known.refused = ["<m9@example.com>: 550"]
    return known


def without_mail(known: Known) -> Known:
    known.mails = {name: one for name, one in known.mails.items() if name != "<m1@example.com>"}
    known.acknowledged = {name: one for name, one in known.acknowledged.items() if name != "<m1@example.com>"}
    return known


WORLD: dict[str, tuple[Callable[[Known], Known], set[str]]] = {
    "a letter marked sent never came": (without_first_letter, {"missing"}),
    "a letter came that nobody knows": (lambda one: again(one, first(one, message_id="<x@y>")), {"unknown"}),
    "a letter came as half of it": (lambda one: again(with_excuse(one, AT, AT), first(one, sha256="0", at=AT + 9)), {"bytes"}),
    "a letter came twice without an excuse": (lambda one: again(one, first(one, at=AT + 60)), {"repeated"}),
    "a letter came twice, its excuse was long before": (
        lambda one: again(with_excuse(one, AT - 60, AT - 50), first(one, at=AT + 60)), {"repeated"},
    ),
    "a 250 is counted by nobody": (with_250_too_many, {"lost"}),
    "a mail was refused for good": (with_refused, {"refused"}),
    "a mail that nobody sent": (without_mail, {"bytes"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLD)
def test_what_the_world_knows_otherwise_is_found(sqlite_store: Store, known: Known, name: str) -> None:
    change, expected = WORLD[name]
    assert codes(sqlite_store, change(known)) == expected


def test_a_letter_that_came_twice_with_an_excuse_is_counted_and_no_finding(sqlite_store: Store, known: Known) -> None:
    result = audit(sqlite_store, again(with_excuse(known, AT + 1, AT + 1), first(known, at=AT + 60)), NOW)
    assert (result.findings, result.repeated, result.letters) == ([], 1, 3)


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has no sequences
def test_a_sequence_behind_the_ids_that_are_there_is_found(store: Store) -> None:
    known = filled(store)
    with store.write() as connection:
        connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('event', 'id'), 1)")
    assert codes(store, known) == {"sequence"}
