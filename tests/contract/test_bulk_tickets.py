"""The benchmarks' copies of tickets are what filing would have written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

from benchmarks.load_bulk import grow, mails_in
from benchmarks.tickets import Ids, copied, own_words, patterns_of, write_copies
from models.arrival import Arrival
from models.db.store import Store
from models.mail import Address, Envelope
from models.query import read_query
from models.states import TicketState
from tests.support.filings import DESK, LEASE, NOW, filing, mail, reply

_NOT_COMPARED = {"raw", "size", "envelope", "id"}  # the way it came in; ids of letters and events are counted


def take_in(store: Store, number: int, *, customer: int, at_day: int) -> str:
    """One mail that names its own number, with a letter and a note, closed."""
    mark, writer = own_words(number)[0], own_words(customer)[1]
    at = NOW + timedelta(days=at_day)
    address = f"{writer}@shouji.example"
    raw = f"From: {address}\r\n\r\n{mark}\r\n".encode()
    envelope = Envelope(mail_from=address, rcpt_tos=(DESK,), received_at=at)
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=at)
    assert claim.mail_id == number
    one = mail(number, body=f"接続できません。{mark}")
    one = replace(
        one,
        envelope=envelope,
        sender=Address(addr=address, name="山田 太郎"),
        subject=f"障害 {mark}",
        message_id=f"<{mark}@shouji.example>",
    )
    letter = replace(
        reply(number, to=address),
        subject=f"Re: 障害 {mark} [受付 T{number:06d}]",
        mail_from=f"support+bounce.T{number:06d}.sign@uketsuke.example",
    )
    ref = store.file(filing(claim, one, letter, now=at))
    store.add_note(ref, f"電話 {mark}", by="hanako", now=at)
    store.move(ref, TicketState.CLOSED, by="hanako", now=at)
    return ref


def test_a_copy_is_what_filing_writes(store: Store, migrated_sqlite: Path, tmp_path: Path) -> None:
    pattern_file, filed_file = (shutil.copy(migrated_sqlite, tmp_path / name) for name in ("pattern", "filed"))
    made, filed = Store(f"sqlite:///{pattern_file}"), Store(f"sqlite:///{filed_file}")
    take_in(made, 1, customer=1, at_day=0)
    take_in(filed, 1, customer=1, at_day=0)
    ref = take_in(filed, 2, customer=7, at_day=3)
    (pattern,) = patterns_of(made).values()
    ids = Ids()
    first = copied(pattern, ids, customer=1, opened_at=NOW)
    second = copied(pattern, ids, customer=7, opened_at=NOW + timedelta(days=3))
    expected = patterns_of(filed)[ref].rows
    assert set(second) == set(expected)
    for table, rows in expected.items():
        hidden = _NOT_COMPARED | {name for row in rows for name in row if name == "sha256" or name.endswith("_hash")}
        if table in {"inbound", "search"}:
            hidden -= {"id"}
        assert [without(row, hidden) for row in second[table]] == [without(row, hidden) for row in rows], table
    write_copies(store, [first, second])
    assert [one.ref for one in store.search(read_query("障害", UTC)).tickets] == ["T000002", "T000001"]
    assert store.ticket(ref).row.sender == "cust000007@shouji.example"
    assert store.counts()["closed"] == 2
    assert take_in(store, 3, customer=3, at_day=4) == "T000003"
    for one in (made, filed):
        one.close()


def test_a_database_grown_by_sql_is_whole(store: Store) -> None:
    for number in range(1, 4):
        take_in(store, number, customer=number, at_day=number)
    grow(store, 20)
    assert 18 <= mails_in(store) <= 24
    tickets = store.counts()["closed"]
    assert tickets == mails_in(store)
    assert sum(store.tallies().values()) == tickets
    books = store.books()
    assert books.accepted == books.ticketed == tickets
    assert store.queue(limit=1, include_closed=True)[0].ref == f"T{tickets:06d}"
    with store.read() as connection:
        texts = connection.exec_driver_sql("SELECT count(*) FROM search WHERE source = 'letter'").scalar_one()
    assert texts == tickets
    assert take_in(store, tickets + 1, customer=77, at_day=9) == f"T{tickets + 1:06d}"  # ids go on behind the copies


def without(row: dict[str, object], names: set[str]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}
