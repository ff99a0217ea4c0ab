"""What every store promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from models.assessment import Section
from models.db.engine import make_engine, transaction
from models.db.migrate import upgrade
from models.db.store import Store
from models.decision import UNLIMITED, LetterKind, LetterLimits, ReplyState
from models.errors import ClaimLost, IllegalMove, NotFound, StoreUnavailable
from models.mail import AutomaticKind, Automation, Trust
from models.states import TicketState
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=False) as connection:
        options = {"include_object": lambda _, name, *__: not str(name).startswith(("search_words", "ix_search_words"))}
        context = MigrationContext.configure(connection, opts=options)  # each engine has its own index of words
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(store: Store, database_url: str) -> None:
    ref = file_one(store)
    upgrade(database_url)
    assert store.ticket(ref).row.ref == ref


def test_an_accepted_mail_is_visible_at_once_byte_for_byte(store: Store) -> None:
    one = arrival(1, body="x\x00y \udcff".encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    (mail_id,) = store.accept([one])
    assert store.raw_mail(mail_id) == one.raw
    (row,) = store.queue()
    assert (row.ref, row.state, row.subject, row.mails[0].state) == (None, "needs_review", "mail 1", "received")


def test_the_same_bytes_for_the_same_desk_are_one_mail_delivered_twice(store: Store) -> None:
    first = store.accept([arrival(1), arrival(2), arrival(1)])
    again = store.accept([arrival(1)])
    assert first[0] == first[2] == again[0] != first[1]
    assert {row.mails[0].deliveries for row in store.queue()} == {3, 1}
    books = store.books()
    assert (books.accepted, books.waiting, books.duplicates) == (4, 2, 2)


def test_a_claimed_mail_belongs_to_one_worker_until_its_lease_ends(store: Store) -> None:
    store.accept([arrival(1), arrival(2)])
    assert len(store.claim_mails(limit=5, lease=LEASE, now=NOW)) == 2
    assert store.claim_mails(limit=5, lease=LEASE, now=NOW + LEASE / 2) == ()
    again = [store.claim_mails(limit=5, lease=LEASE, now=NOW + LEASE) for _ in range(2)]
    assert [[(claim.mail_id, claim.attempts) for claim in batch] for batch in again] == [[(1, 2)], [(2, 2)]]


def test_workers_side_by_side_never_claim_the_same_mail(store: Store) -> None:
    store.accept([arrival(number) for number in range(40)])
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: store.claim_mails(limit=5, lease=LEASE, now=NOW), range(12)))
    ids = [claim.mail_id for batch in batches for claim in batch]
    assert len(ids) == len(set(ids)) == 40


def test_filing_makes_ticket_letter_reading_and_history_together(store: Store) -> None:
    ref = file_one(store)
    view = store.ticket(ref)
    assert (ref, view.row.state, view.row.missing) == ("T000001", "waiting_customer", ("when", "goal"))
    assert view.mails[0].seen is not None
    assert view.mails[0].seen.sections[Section.SYMPTOM].present
    assert view.mails[0].decision is not None
    assert view.mails[0].attachments[0].filename == "図.png"
    assert [letter.kind for letter in view.replies] == ["request_information"]
    assert [event.what for event in view.events] == ["filed", "reply_queued"]


def test_filing_twice_writes_once(store: Store) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1), reply(1)))
    with pytest.raises(ClaimLost):
        store.file(filing(claim, mail(1), reply(1)))
    assert len(store.replies()) == 1


def test_a_worker_whose_lease_was_taken_over_writes_nothing(store: Store) -> None:
    store.accept([arrival(1)])
    (slow,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    (quick,) = store.claim_mails(limit=1, lease=LEASE, now=NOW + 2 * LEASE)
    with pytest.raises(ClaimLost):
        store.file(filing(slow, mail(1), reply(1)))
    assert store.replies() == ()
    assert store.file(filing(quick, mail(1), reply(1))) == "T000001"


def test_a_mail_that_cannot_be_read_is_parked_visibly_and_can_be_tried_again(store: Store) -> None:
    (mail_id,) = store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.park_mail(claim, error="ValueError in parse.py:1", now=NOW)
    assert store.queue() == ()
    (row,) = store.queue(include_closed=True)
    assert (row.ref, row.state, row.mails[0].state) == (None, "parked", "parked")
    assert store.counts()["parked"] == 1
    assert store.stray_mail(mail_id).error == "ValueError in parse.py:1"
    store.unpark_mail(mail_id)
    assert len(store.claim_mails(limit=1, lease=LEASE, now=NOW)) == 1


def test_a_failed_mail_waits_before_it_is_tried_again(store: Store) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.retry_mail(claim, now=NOW, delay=timedelta(seconds=10), error="x")
    assert store.claim_mails(limit=1, lease=LEASE, now=NOW + timedelta(seconds=9)) == ()
    assert len(store.claim_mails(limit=1, lease=LEASE, now=NOW + timedelta(seconds=10))) == 1


def test_a_reply_to_our_signed_letter_joins_its_ticket(store: Store) -> None:
    ref = file_one(store)
    answer = mail(2, in_reply_to=reply(1).message_id)
    history = store.history(answer, NOW, 2)
    assert history.ticket is not None
    assert (history.ref, history.ticket.ref) == (ref, ref)
    assert history.ticket.asked == {"when", "goal"}
    assert history.ticket.settled == {"symptom"}
    assert [letter.kind for letter in history.ticket.letters] == [LetterKind.REQUEST_INFORMATION]


@pytest.mark.parametrize(
    ("changes", "joins"),
    [
        ({"references": ("<m1@example.com>",)}, True),
        ({"references": ("<m1@example.com>",), "sender_addr": "hanako@example.com"}, True),
        ({"references": ("<m1@example.com>",), "sender_addr": "mallory@evil.example"}, False),
        ({"thread_refs": ("T000001",)}, True),
        ({"thread_refs": ("T000001",), "sender_addr": "mallory@evil.example"}, False),
        ({"references": ("<m1@example.com>",), "trust": Trust.FAILED}, False),
        ({"thread_refs": ("T000001",), "trust": Trust.FAILED}, False),
        ({"in_reply_to": reply(1).message_id, "trust": Trust.FAILED}, True),  # the id is signed: he has the letter
        ({"subject": "mail 1"}, False),
        ({"in_reply_to": "<T000001.forged.sign@uketsuke.example>"}, False),
    ],
)
def test_a_ticket_is_joined_by_proof_never_by_subject_or_forgery(
    store: Store, changes: dict[str, Any], joins: bool
) -> None:
    file_one(store)
    sender = str(changes.get("sender_addr", "taro@example.com"))
    fields = {name: value for name, value in changes.items() if name != "sender_addr"}
    history = store.history(mail(2, sender=sender, **fields), NOW, 2)
    assert (history.ticket is not None) is joins
    assert history.ref == ("T000001" if joins else "T000002")


def test_strangers_at_a_public_mailbox_provider_are_no_colleagues(store: Store) -> None:
    file_one(store, sender="taro@gmail.com")
    history = store.history(mail(2, sender="mallory@gmail.com", references=("<m1@example.com>",)), NOW, 2)
    assert history.ticket is None


def test_a_joined_mail_merges_what_it_settles(store: Store) -> None:
    ref = file_one(store)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(2), None, state=TicketState.READY, join=ref, missing=()))
    view = store.ticket(ref)
    assert (view.row.state, view.row.missing, len(view.mails)) == ("ready", (), 2)
    assert [event.what for event in view.events] == ["filed", "reply_queued", "joined", "moved"]
    books = store.books()
    assert (books.accepted, books.ticketed, books.joined) == (2, 1, 1)


def test_a_mail_by_a_machine_changes_nothing_but_the_history(store: Store) -> None:
    ref = file_one(store)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    bounce = mail(2, automation=Automation(kind=AutomaticKind.BOUNCE, may_reply=False), in_reply_to=reply(1).message_id)
    store.file(filing(claim, bounce, None, state=TicketState.READY, join=ref, missing=()))
    view = store.ticket(ref)
    assert (view.row.state, view.row.missing) == ("waiting_customer", ("when", "goal"))
    assert view.replies[0].state == "queued"  # nothing has proven that this letter came back
    assert not store.history(mail(3), NOW, 3).has_bounced


def test_letters_are_counted_by_sender_domain_and_all(store: Store) -> None:
    file_one(store, 1, sender="taro@example.com")
    file_one(store, 2, sender="hanako@example.com")
    file_one(store, 3, sender="other@elsewhere.example", reply_state=ReplyState.SUPPRESSED)
    soon = partial(store.history, mail(4, sender="taro@example.com"), NOW + timedelta(minutes=5), 4)
    history = soon()
    assert (history.letters_to_sender_hour, history.letters_to_domain_hour, history.letters_total_10min) == (1, 2, 2)
    tight = LetterLimits(
        per_recipient_hour=1, per_recipient_day=1, per_domain_hour=1, total_10min=1, bounce_hold=timedelta(days=1)
    )
    near = soon(limits=tight)  # nobody asks how far beyond a limit
    assert (near.letters_to_sender_hour, near.letters_to_domain_hour, near.letters_total_10min) == (1, 1, 1)
    assert soon(limits=replace(tight, total_10min=UNLIMITED)).letters_total_10min == 0  # nobody asks
    later = store.history(mail(4, sender="taro@example.com"), NOW + timedelta(hours=2), 4)
    assert (later.letters_to_sender_hour, later.letters_to_sender_day, later.letters_total_10min) == (0, 1, 0)


def test_the_same_words_within_the_hour_are_a_repeat(store: Store) -> None:
    file_one(store)
    assert store.history(mail(2), NOW, 2).is_repeat_body
    assert not store.history(mail(2, body="別の内容です"), NOW, 2).is_repeat_body


def test_a_letter_is_handed_over_by_one_process_and_marked(store: Store) -> None:
    file_one(store)
    (claim,) = store.claim_replies(limit=5, lease=LEASE, now=NOW)
    assert store.claim_replies(limit=5, lease=LEASE, now=NOW) == ()
    store.reply_sent(claim, now=NOW)
    assert store.replies()[0].state == "sent"
    with pytest.raises(ClaimLost):
        store.reply_sent(claim, now=NOW)


def test_a_deferred_letter_waits_and_a_failed_one_does_not_go(store: Store) -> None:
    file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_deferred(claim, now=NOW, next_at=NOW + timedelta(minutes=5), error="421 later")
    assert store.claim_replies(limit=1, lease=LEASE, now=NOW + timedelta(minutes=4)) == ()
    (again,) = store.claim_replies(limit=1, lease=LEASE, now=NOW + timedelta(minutes=5))
    assert again.attempts == 2
    store.reply_failed(again, now=NOW, error="550 no")
    assert (store.replies()[0].state, store.replies()[0].reason) == ("failed", "550 no")


def test_a_held_letter_goes_only_when_an_agent_releases_it(store: Store) -> None:
    file_one(store, reply_state=ReplyState.HELD)
    assert store.claim_replies(limit=1, lease=LEASE, now=NOW) == ()
    letter = store.replies()[0]
    store.release_reply(letter.reply_id, by="hanako", now=NOW)
    assert len(store.claim_replies(limit=1, lease=LEASE, now=NOW)) == 1
    with pytest.raises(IllegalMove):
        store.discard_reply(letter.reply_id, by="hanako", now=NOW)
    with pytest.raises(NotFound):
        store.release_reply(99, by="hanako", now=NOW)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (LetterKind.REQUEST_INFORMATION, "waiting_customer"),
        (LetterKind.SPLIT, "waiting_customer"),
        (LetterKind.ACCOUNT_NOTICE, "waiting_customer"),
        (LetterKind.RECURRENCE, "waiting_recurrence"),
        (LetterKind.OUT_OF_SCOPE, "answered"),
        (LetterKind.POLICY_NOTICE, "answered"),
        (LetterKind.ACKNOWLEDGEMENT, "ready"),
    ],
)
def test_a_released_letter_takes_its_ticket_to_where_it_would_stand(store: Store, kind: LetterKind, state: str) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    ref = store.file(filing(claim, mail(1), reply(1, state=ReplyState.HELD, kind=kind), state=TicketState.NEEDS_REVIEW))
    store.release_reply(store.replies()[0].reply_id, by="hanako", now=NOW)
    assert store.ticket(ref).row.state == state


def test_a_letter_that_went_out_at_last_no_longer_tells_why_it_waited(store: Store) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_deferred(claim, now=NOW, next_at=NOW, error="421 later")
    assert store.replies()[0].reason == "421 later"
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    assert (store.replies()[0].state, store.replies()[0].reason) == ("sent", "")
    assert ("reply_deferred", "421 later") in [(event.what, event.detail) for event in store.ticket(ref).events]


def test_a_mail_that_quotes_an_escaped_nul_is_a_ticket_like_any_other(store: Store) -> None:
    log = r'{"name": "\u0000", "path": "C:\u0000\n"}'
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    ref = store.file(filing(claim, mail(1, body=log), reply(1)))
    read = store.ticket(ref).mails[0]
    assert read.reply_text == log
    assert read.seen is not None
    assert read.seen.text.endswith(log)


def test_reminders_are_due_once_for_customers_who_were_asked_and_are_silent(store: Store) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    assert store.due_reminders(sent_before=NOW) == ()
    (due,) = store.due_reminders(sent_before=NOW + timedelta(days=3))
    assert (due.ref, due.to, due.asked) == (ref, "taro@example.com", ("when", "goal"))
    letter = reply(1, kind=LetterKind.REMINDER)
    assert store.file_reminder(due, letter, now=NOW)
    assert not store.file_reminder(due, letter, now=NOW)
    assert store.due_reminders(sent_before=NOW + timedelta(days=9)) == ()


def test_agents_move_tickets_along_legal_ways_only(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    assert store.queue() == ()
    assert store.queue(include_closed=True)[0].state == "closed"
    with pytest.raises(IllegalMove):
        store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    with pytest.raises(NotFound):
        store.move("T999999", TicketState.CLOSED, by="hanako", now=NOW)


def test_the_queue_pages_by_key_without_gap_or_repeat(store: Store) -> None:
    for number in range(1, 6):
        file_one(store, number)
    store.accept([arrival(6)])
    seen, after = [], None
    while page := store.queue(limit=2, after=after):
        seen += [row.mails[0].mail_id for row in page]
        after = page[-1].key
    assert seen == [6, 5, 4, 3, 2, 1]


def test_passwords_are_verified_and_never_kept(store: Store) -> None:
    store.add_agent("hanako", "correct horse battery", NOW)
    assert store.verify_agent("hanako", "correct horse battery")
    assert not store.verify_agent("hanako", "wrong")
    assert not store.verify_agent("nobody", "correct horse battery")
    assert store.agents() == ("hanako",)


def test_no_error_of_a_statement_quotes_what_it_was_given(store: Store) -> None:
    with pytest.raises((DBAPIError, StoreUnavailable)) as caught, store.write() as connection:
        connection.execute(text("UPDATE nowhere SET word = :word"), {"word": "zebrafinch"})
    told = f"{caught.value} {caught.value.__cause__}"
    assert "nowhere" in told
    assert "zebrafinch" not in told
