"""What is deleted for good: by its age, or because the person asked; the books agree, and nothing is left behind."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from models.controls import Verdict
from models.correcting import LETTER
from models.db import erasing
from models.db.erasing import STONE_LASTS
from models.db.filing import EVENT
from models.db.intake import INBOUND
from models.db.store import Store
from models.db.threads import TICKET, TICKET_LINK
from models.decision import LetterKind, ReplyState
from models.erasing import Erased, Order, Traces, Why
from models.errors import Outdated, StoreUnavailable
from models.mail import Address
from models.states import TicketState
from models.ticket import LinkKind
from runtime.retention import customer_key, erase_old, forget_again, read_erasures
from runtime.triage import Rules
from tests.flow.test_mended_flow import Desk
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply
from tests.support.kept import memo

SECRET = b"s" * 64
YEAR = timedelta(days=365)
LATER = NOW + timedelta(days=400)
MARK = "zebrafinch"  # a word that stands in one person's mails alone
TARO, JIRO = "taro@example.com", "jiro@elsewhere.example"
ORDER = Order(why=Why.REQUEST, by="cli:admin", customer=customer_key(TARO, SECRET))


def close(store: Store, ref: str, *, now: datetime = NOW) -> None:
    store.move(ref, TicketState.CLOSED, by="hanako", now=now)


def old(store: Store, now: datetime = LATER) -> Erased:
    return erase_old(store, 365, now, threading.Event())


def counted(store: Store) -> dict[str, int]:
    """Rows by table, of those that hold any."""
    with store.read() as connection:
        found = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in SQLModel.metadata.sorted_tables
        }
    return {name: count for name, count in found.items() if count}


def scalars(store: Store, query: sa.Select[Any]) -> list[Any]:
    with store.read() as connection:
        return list(connection.execute(query).scalars())


def full_ticket(store: Store, number: int = 1, *, sender: str = TARO, body: str = MARK) -> str:
    """A ticket with a line in every table that may hold one of a ticket."""
    store.accept([arrival(number, sender=sender, body=body)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    ref = store.file(
        filing(
            claim, mail(number, sender=sender, body=body), replace(reply(claim.mail_id, to=sender), text=f"{body}\n")
        )
    )
    (letter,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(letter, now=NOW)
    store.add_note(ref, f"{body} 電話", by="hanako", now=NOW)
    store.queue_memo(replace(memo(f"hand:{ref}"), ref=ref, raw=body.encode()), now=NOW)
    store.look(ref, by="hanako", now=NOW)
    store.add_draft_file(ref, "hanako", f"{body}.png", body.encode(), most_bytes=10**6, now=NOW)
    return ref


# By age


def test_a_closed_ticket_goes_with_all_that_belongs_to_it(store: Store) -> None:
    before = counted(store)
    ref = full_ticket(store)
    assert old(store) == Erased()  # it is open
    close(store, ref)
    assert old(store, NOW + YEAR) == Erased()  # and not old yet
    books = store.books()
    assert old(store) == Erased(tickets=1, mails=1, letters=1)
    after = counted(store)
    # A stone of the mail, an empty last line of the history, tallies and the audit log.
    assert {name: count for name, count in after.items() if count > before.get(name, 0)} == {
        "inbound": 1,
        "event": 1,
        "desk_event": 1,
        **{name: after[name] for name in ("door_tally", "ticket_tally")},
    }
    now = store.books(now=LATER)
    assert (now.faults, now.is_balanced) == ((), True)
    assert (now.accepted, now.deleted, now.ticketed) == (books.accepted, 1, 0)
    assert sum(store.counts().values()) == 0
    assert old(store) == Erased()


def test_nothing_that_a_ticket_said_is_left_in_any_table(store: Store) -> None:
    ref = full_ticket(store)
    close(store, ref)
    old(store)
    with store.read() as connection:
        for table in SQLModel.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                for value in row:
                    text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    assert MARK not in text, table.name
                    assert TARO not in text, table.name
                    assert ref not in text, table.name


def test_no_table_of_tomorrow_is_forgotten(store: Store) -> None:
    planted = sa.Table("of_tomorrow", SQLModel.metadata, sa.Column("ref", sa.String(16), primary_key=True))
    try:
        ref = file_one(store)
        with store.write() as connection:
            planted.create(connection)
            connection.execute(sa.insert(planted).values(ref=ref))
        close(store, ref)
        with store.write() as connection:
            connection.execute(sa.text("UPDATE reply SET state = 'sent'"))
        assert old(store).tickets == 1
        assert scalars(store, sa.select(planted.c.ref)) == []
    finally:
        SQLModel.metadata.remove(planted)


def test_zero_days_keep_everything(store: Store) -> None:
    close(store, full_ticket(store))
    assert erase_old(store, 0, LATER, threading.Event()) == Erased()
    assert len(store.queue(include_closed=True)) == 1


def test_many_go_a_few_at_a_time_and_a_kill_leaves_what_is_done(store: Store) -> None:
    for number in range(1, 46):
        close(store, file_one(store, number, reply_state=None))
    stop = threading.Event()

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    assert erase_old(store, 365, LATER, Stopping()).tickets == 20
    books = store.books(now=LATER)
    assert (books.deleted, books.ticketed, books.faults) == (20, 25, ())
    assert erase_old(store, 365, LATER, stop).tickets == 25
    ((_, line),) = store.erasures()
    assert (line.why, line.by, line.erased) == ("retention", "uketsuke", Erased(tickets=45, mails=45))


def test_of_two_at_once_each_ticket_goes_once_and_the_books_agree(store: Store) -> None:
    for number in range(1, 61):
        close(store, file_one(store, number, reply_state=None))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: old(store), range(2)))
    assert sum(one.tickets for one in done) == 60
    books = store.books(now=LATER)
    assert (books.deleted, books.faults) == (60, ())


def test_deliveries_that_come_again_while_their_mails_are_erased_are_all_booked(store: Store) -> None:
    for number in range(1, 61):
        close(store, file_one(store, number, reply_state=None))
    again = [arrival(number) for number in range(1, 61)]
    come = 60

    def deliver(turn: int) -> int:
        count = 0
        for start in range(0, 60, 6):
            some = again[start : start + 6]
            try:
                count += len(store.accept(some if turn % 2 else some[::-1]))
            except StoreUnavailable:  # of two who wait for each other one is sent away: 451, the sender comes again
                continue
        return count

    with ThreadPoolExecutor(4) as pool:
        erasing = pool.submit(old, store)
        come += sum(pool.map(deliver, range(3)))
        erased = erasing.result()
    while more := old(store):
        erased += more
    assert erased.tickets == 60
    books = store.books(now=LATER)
    assert (books.accepted, books.faults, books.is_balanced) == (come, (), True)
    assert books.deleted + books.duplicates == come


def test_a_merged_ticket_goes_with_the_one_that_has_its_mails(store: Store) -> None:
    one, other = file_one(store, 1, reply_state=None), file_one(store, 2, reply_state=None)
    store.merge(one, other, lacks=lambda *_: ((), ()), by="hanako", now=NOW, is_confirmed=True)
    assert old(store) == Erased()  # closed and old, but the other is open
    close(store, other)
    assert old(store) == Erased(tickets=2, mails=2)


def test_what_waits_to_go_out_keeps_its_ticket(store: Store) -> None:
    close(store, file_one(store))
    assert old(store) == Erased()


def test_the_last_reference_is_never_given_again(store: Store) -> None:
    close(store, file_one(store, 1, reply_state=None))
    old(store)
    store.sweep(now=LATER + STONE_LASTS + timedelta(days=1))
    assert file_one(store, 2) == "T000002"
    last = max(scalars(store, sa.select(EVENT.c.id)))
    close(store, "T000002", now=NOW)
    store.add_note("T000002", "x", by="hanako", now=NOW)
    with store.write() as connection:
        connection.execute(sa.text("UPDATE reply SET state = 'sent'"))
    old(store)
    store.accept([arrival(3)])
    assert file_one_claimed(store, 3) == "T000003"
    assert min(scalars(store, sa.select(EVENT.c.id).where(EVENT.c.ref == "T000003"))) > last + 2


def file_one_claimed(store: Store, number: int) -> str:
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return store.file(filing(claim, mail(number), None))


def test_the_same_mail_again_opens_nothing_and_is_a_duplicate(store: Store) -> None:
    close(store, file_one(store, 1, reply_state=None))
    store.accept([arrival(1)])  # a second delivery, before
    old(store)
    assert store.accept([arrival(1)]) == (1,)
    assert store.claim_mails(limit=5, lease=LEASE, now=LATER) == ()
    books = store.books(now=LATER)
    assert (books.accepted, books.deleted, books.duplicates, books.faults) == (3, 2, 1, ())
    assert store.queue(include_closed=True) == ()
    # Much later the stone goes, unless it is the last; then the same bytes are a mail like any other.
    (newest,) = store.accept([arrival(2)])
    store.sweep(now=LATER + STONE_LASTS + timedelta(days=1))
    assert scalars(store, sa.select(INBOUND.c.id)) == [newest]
    books = store.books()
    assert (books.accepted, books.deleted, books.duplicates, books.waiting, books.faults) == (4, 3, 0, 1, ())


def test_a_late_reply_to_a_ticket_that_is_gone_opens_one_with_one_letter(store: Store, rules: Rules) -> None:
    desk = Desk(store, rules)
    letter = desk.ask()
    close(store, "T000001", now=desk.clock())
    desk.clock.advance(timedelta(days=500))
    assert old(store, desk.clock()).tickets == 1
    reply_to = next(
        line.partition(b": ")[2].decode() for line in letter.raw.split(b"\r\n") if line.startswith(b"Reply-To:")
    )
    said = f"In-Reply-To: {store_message_id(letter.raw)}"
    desk.accept("It fails again with 403 AccessDenied.", said, number=2, to=reply_to.strip("<>"))
    desk.work()
    (row,) = store.queue(include_closed=True)
    assert (row.ref, len(row.mails)) == ("T000002", 1)
    assert len(row.replies) <= 1
    # A failure report of the letter that is gone opens no dialogue with a machine either.
    desk.accept("undeliverable", "Auto-Submitted: auto-replied", number=3, mail_from="", to=reply_to.strip("<>"))
    desk.work()
    assert [one.replies for one in store.queue(include_closed=True) if one.ref == "T000003"] == [()]
    assert store.books(now=desk.clock()).faults == ()


def store_message_id(raw: bytes) -> str:
    return next(line.partition(b": ")[2].decode() for line in raw.split(b"\r\n") if line.startswith(b"Message-ID:"))


def test_a_mail_whose_ticket_went_while_it_was_decided_on_is_decided_anew(store: Store) -> None:
    ref = file_one(store, 1, reply_state=None)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    close(store, ref)
    old(store)
    with pytest.raises(Outdated):
        store.file(filing(claim, mail(2), None, join=ref))
    assert store.file(filing(claim, mail(2), None)) == "T000002"


def test_reports_keep_their_figures_and_forget_the_subjects_of_what_is_gone(store: Store) -> None:
    close(store, file_one(store, 1, reply_state=None))
    file_one(store, 2, reply_state=None)
    examples = [["complete", "all", "", [["T000001", MARK], ["T000002", "件名"]]]]
    value = {
        "figures": {"cells": [["complete", "all", "", 2]], "examples": examples},
        "before": [{"examples": examples}],
    }
    token = store.claim_report("2026-W48", lease=LEASE, now=NOW)
    assert token is not None
    store.keep_report("2026-W48", token, json.dumps(value), [], now=NOW)
    store.keep_books(NOW.date(), now=NOW)
    old(store)
    kept = json.loads(store.report("2026-W48").value)
    assert kept["figures"]["cells"] == [["complete", "all", "", 2]]
    assert (
        kept["figures"]["examples"][0][3]
        == kept["before"][0]["examples"][0][3]
        == [["T000001", ""], ["T000002", "件名"]]
    )
    assert store.day_books(NOW.date(), NOW.date())[0].ticketed == 2


# One person


def forget(store: Store, address: str = TARO) -> Erased:
    return sum(store.forget_person(address, ORDER, now=NOW), start=Erased())


def test_all_of_one_person_goes_whatever_the_state_and_nothing_of_others(store: Store) -> None:
    mine = [full_ticket(store, number) for number in (1, 2)]
    other = full_ticket(store, 3, sender=JIRO, body="動かない")
    close(store, mine[0])
    store.accept([arrival(4, body=MARK)])  # not read yet
    store.set_address_rule(TARO, Verdict.BLOCK, note=MARK, by="hanako", now=NOW)
    seen = store.traces(TARO)
    assert (seen.tickets, seen.open_tickets, seen.mails, seen.letters) == (tuple(mine), (mine[1],), 2, 2)
    assert (seen.unread, seen.lines) == ((4,), 2)
    view = store.ticket(other)
    assert forget(store) == Erased(tickets=2, mails=3, letters=2)
    assert store.ticket(other) == view
    assert store.traces(TARO) == Traces()
    assert [row.ref for row in store.queue(include_closed=True)] == [other]
    assert store.address_rules() == ()
    books = store.books(now=NOW)
    assert (books.deleted, books.faults, books.is_balanced) == (3, (), True)
    ((_, line),) = store.erasures()
    assert (line.why, line.by, line.customer, line.erased) == (
        *("request", "cli:admin", customer_key(TARO, SECRET)),
        Erased(tickets=2, mails=3, letters=2),
    )
    assert not any(TARO in one.detail or MARK in one.detail for one in store.desk_events(50))
    assert forget(store) == Erased()


def test_in_a_ticket_of_somebody_else_a_persons_mails_lose_their_content(store: Store) -> None:
    ref = file_one(store, 1, sender=JIRO, reply_state=None)
    store.accept([arrival(2, body=MARK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    theirs = mail(2, body=MARK, cc=(Address(addr=JIRO),))
    store.file(filing(claim, theirs, reply(claim.mail_id, to=TARO, kind=LetterKind.FOLLOW_UP), join=ref))
    assert store.traces(TARO).elsewhere == (2,)
    assert store.traces(TARO).named_in == (ref,)
    assert forget(store) == Erased(mails=1, letters=1)
    view = store.ticket(ref)
    assert [one.mail_id for one in view.mails] == [1, 2]
    assert view.mails[1].sender == view.mails[1].subject == view.mails[1].text == ""
    assert b"erased at its sender's request" in store.raw_mail(2)
    assert MARK.encode() not in store.raw_mail(2)
    assert view.replies == ()
    assert [one.what for one in view.events][-2:] == ["mail_erased", "letter_erased"]
    assert store.traces(TARO) == Traces()
    books = store.books(now=NOW)
    assert (books.deleted, books.joined, books.faults) == (0, 1, ())
    assert store.accept([arrival(2, body=MARK)]) == (2,)  # known still
    store.move(ref, TicketState.READY, by="hanako", now=NOW)  # the ticket goes on
    store.add_note(ref, "続き", by="hanako", now=NOW)


def test_a_mail_that_nobody_has_read_is_known_by_its_from(store: Store) -> None:
    heads = [
        "From: =?utf-8?b?5aSq6YOO?=\r\n <Taro@Example.com>",
        "From: xtaro@example.com",
        "From: taro@example.com.evil",
        "X: y",
    ]
    raws = [f"{head}\r\nMessage-ID: <{n}@x>\r\n\r\nto taro@example.com\r\n".encode() for n, head in enumerate(heads)]
    envelope = replace(arrival(1).envelope, mail_from="")
    ids = store.accept([replace(arrival(1), raw=raw, envelope=envelope) for raw in raws])
    assert store.traces(TARO).unread == ids[:1]
    assert forget(store) == Erased(mails=1)
    assert {one.mails[0].mail_id for one in store.queue()} == set(ids[1:])


def test_a_mail_that_became_a_ticket_while_it_was_looked_for_at_the_door_is_that_tickets(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_one(store, 1, sender=JIRO, reply_state=None)
    monkeypatch.setattr(erasing, "unread_of", lambda *_: [1])  # as it was a moment ago
    forget(store)
    assert store.raw_mail(1) == arrival(1, sender=JIRO).raw
    books = store.books()
    assert (books.ticketed, books.deleted, books.faults) == (1, 0, ())


def test_a_ticket_that_comes_at_the_last_moment_goes_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    file_one(store, 1, reply_state=None)
    found, looks = erasing.tickets_of, itertools.count()

    def late(connection: Connection, address: str, *, limit: int | None = None) -> Sequence[str]:
        return found(connection, address, limit=limit) if next(looks) else ()  # not there yet at the first look

    monkeypatch.setattr(erasing, "tickets_of", late)
    assert forget(store) == Erased(tickets=1, mails=1)
    assert scalars(store, sa.select(TICKET.c.ref)) == []
    assert store.books().faults == ()


def test_other_spellings_of_the_address_are_the_same_person(store: Store) -> None:
    ref = file_one(store, 1)
    assert store.traces(f"  {TARO.upper()} ").tickets == (ref,)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_letter_that_waits_keeps_what_its_ticket_was_merged_into(store: Store, steps: int) -> None:
    refs = [file_one(store, 1), *(file_one(store, number, reply_state=None) for number in range(2, steps + 2))]
    with store.write() as connection:
        for one, other in itertools.pairwise(refs):
            link = {"ref": one, "other": other, "kind": LinkKind.MERGED.value}
            connection.execute(sa.insert(TICKET_LINK).values(**link))
        connection.execute(sa.text("UPDATE ticket SET state = 'closed'"))
    assert old(store) == Erased()
    with store.write() as connection:
        connection.execute(sa.text("UPDATE reply SET state = 'sent'"))
    assert old(store) == Erased(tickets=steps + 1, mails=steps + 1, letters=1)


def test_a_copy_in_a_letter_to_somebody_else_loses_the_address(store: Store) -> None:
    file_one(store, 1, sender=JIRO)
    with store.write() as connection:
        values = {"cc": json.dumps([TARO, "x@y.example"]), "raw": f"Cc: {TARO}, x@y.example\r\n\r\nbody".encode()}
        connection.execute(sa.text("UPDATE reply SET cc = :cc, raw = :raw"), values)
    forget(store)
    (letter,) = store.replies()
    assert letter.cc == ("x@y.example",)
    assert store.raw_reply(letter.reply_id) == b"Cc: erased@invalid, x@y.example\r\n\r\nbody"


def test_whose_address_only_looks_alike_keeps_what_is_theirs(store: Store) -> None:
    file_one(store, 1, sender=f"x{TARO}")
    store.set_address_rule(f"x{TARO}", Verdict.BLOCK, note="x", by="lead", now=NOW)
    head, typed = f"To: x{TARO}\r\nCc: Taro@Example.com,\r\n {TARO}.evil\r\n\r\n", "Taro@Example.com"
    with store.write() as connection:
        values = {"cc": json.dumps([typed, f"{TARO}.evil"]), "raw": head.encode()}
        connection.execute(sa.text("UPDATE reply SET cc = :cc, raw = :raw"), values)
    assert store.traces(TARO).lines == 0
    forget(store)
    (letter,) = store.replies()
    assert letter.cc == (f"{TARO}.evil",)
    assert store.raw_reply(letter.reply_id) == head.replace(typed, "erased@invalid").encode()
    assert any(f"x{TARO}" in one.detail for one in store.desk_events())


def test_what_agents_split_off_goes_with_the_mail_it_stands_on(store: Store) -> None:
    ref = file_one(store, 1, reply_state=None)
    with store.write() as connection:
        row = dict(connection.execute(sa.select(TICKET).where(TICKET.c.ref == ref)).mappings().one())
        row |= {"ref": "T9000000001", "place": row["place"] + 1, "split_from": ref}
        connection.execute(sa.insert(TICKET).values(**row))
        connection.execute(
            sa.text("INSERT INTO ticket_part (ref, mail_id, start, \"end\") VALUES ('T9000000001', 1, 0, 4)")
        )
    close(store, ref)
    assert old(store) == Erased()  # what was split off is open still
    assert forget(store) == Erased(tickets=2, mails=1)


def test_on_sqlite_not_a_byte_of_it_is_left_in_the_files(sqlite_store: Store, tmp_path: Path) -> None:
    for number in range(1, 30):
        full_ticket(
            sqlite_store, number, sender=TARO if number % 3 == 0 else JIRO, body=MARK if number % 3 == 0 else "x"
        )

    def files() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(tmp_path.glob("one.sqlite3*")))

    assert MARK.encode() in files()
    assert TARO.encode() in files()
    assert forget(sqlite_store).tickets == 9
    assert MARK.encode() not in files()
    assert TARO.encode() not in files()
    assert JIRO.encode() in files()


def test_whom_a_backup_brought_back_is_erased_again(store: Store, tmp_path: Path) -> None:
    file_one(store, 1)
    other = file_one(store, 2, sender=JIRO)
    line = {"at": (NOW + timedelta(days=2)).isoformat(), "customer": customer_key(TARO, SECRET)}
    before = {"at": (NOW - timedelta(days=2)).isoformat(), "customer": customer_key(JIRO, SECRET)}
    file = tmp_path / "erasures.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (line, before, {"at": line["at"], "customer": ""})))
    done = list(forget_again(store, read_erasures(file), SECRET, taken_at=NOW, now=NOW, by="restore"))
    assert done == [Erased(tickets=1, mails=1, letters=1)]
    assert [row.ref for row in store.queue(include_closed=True)] == [other]
    assert [one.why for _, one in store.erasures()] == ["restored"]


def test_corrections_of_a_letter_that_went_go_too(store: Store) -> None:
    ref = file_one(store, 1, sender=JIRO, reply_state=None)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(2), reply(claim.mail_id, state=ReplyState.HELD), join=ref))
    (letter,) = store.replies()
    with store.write() as connection:
        values = {"ref": ref, "target": f"{LETTER}{letter.reply_id}", "at": NOW}
        connection.execute(
            sa.text(
                "INSERT INTO correction (mail_id, ref, target, value, by, at) VALUES (1, :ref, :target, '{}', 'x', :at)"
            ).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
            values,
        )
    forget(store)
    assert store.corrections(ref) == ()
