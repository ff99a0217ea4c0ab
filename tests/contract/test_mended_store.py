"""What a review proved broken in the store, and holds since: on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text

from models.assessment import Category, Hint
from models.db.engine import make_engine, transaction
from models.db.intake import WORKER_LOST
from models.db.migrate import config_for, upgrade
from models.db.store import Store
from models.decision import Decision, Disposition, LetterKind, LetterLimits, ReplyState
from models.errors import ClaimLost, IllegalMove, Outdated
from models.mail import AutomaticKind, Automation
from models.states import TicketState
from models.ticket import Claim, Filing
from runtime.queue_object import queue_object
from tests.support.databases import empty
from tests.support.filings import DESK, LEASE, NOW, arrival, assessment, file_one, filing, mail, reply

LIMITS = LetterLimits(
    per_recipient_hour=5, per_recipient_day=20, per_domain_hour=60, total_10min=200, bounce_hold=timedelta(days=60)
)
HOUR = timedelta(hours=1)


def claim_next(store: Store, number: int) -> Claim:
    store.accept([arrival(number)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return claim


def joined(store: Store, ref: str, number: int, **changes: object) -> Filing:
    """A filing of one more mail of that ticket, ready to be written."""
    return replace(
        filing(claim_next(store, number), mail(number), None, join=ref),
        **changes,  # type: ignore[arg-type]
    )


def thanks(store: Store, ref: str, number: int) -> Filing:
    one = mail(number, body="ありがとうございます。", attachments=())
    seen = assessment(one, category=Category.ACKNOWLEDGEMENT)
    nothing = Decision(disposition=Disposition.NO_REPLY, is_thanks=True)
    return joined(store, ref, number, mail=one, seen=seen, decision=nothing)


def send(store: Store) -> None:
    for claim in store.claim_replies(limit=50, lease=LEASE, now=NOW):
        store.reply_sent(claim, now=NOW)


# 1: mails that kill or hang their workers


def test_a_mail_that_kills_every_worker_is_parked_with_its_reason(store: Store) -> None:
    store.accept([arrival(1)])
    for tries in range(3):
        (claim,) = store.claim_mails(limit=8, lease=LEASE, now=NOW + tries * LEASE)
        assert claim.attempts == tries + 1
    assert store.claim_mails(limit=8, lease=LEASE, now=NOW + 3 * LEASE) == ()
    (row,) = store.queue(include_closed=True)
    assert (row.state, row.mails[0].state, row.mails[0].error) == ("parked", "parked", WORKER_LOST)
    with pytest.raises(ClaimLost):
        store.file(filing(claim, mail(1), reply(1)))
    store.unpark_mail(claim.mail_id)
    assert [one.attempts for one in store.claim_mails(limit=8, lease=LEASE, now=NOW)] == [1]


def test_a_suspect_comes_alone_and_charges_no_other(store: Store) -> None:
    store.accept([arrival(number) for number in range(1, 5)])
    assert len(store.claim_mails(limit=2, lease=LEASE, now=NOW)) == 2  # their worker dies
    later = NOW + LEASE
    batches = [store.claim_mails(limit=8, lease=LEASE, now=later) for _ in range(3)]
    assert [[claim.mail_id for claim in batch] for batch in batches] == [[1], [2], [3, 4]]


def test_parked_on_the_way_to_the_next_mail(store: Store) -> None:
    store.accept([arrival(1)])
    for tries in range(3):
        store.claim_mails(limit=1, lease=LEASE, now=NOW + tries * LEASE)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW + 3 * LEASE)
    assert claim.mail_id == 2


# 2: counted by mailbox


def test_letters_are_counted_for_the_mailbox_they_go_to(store: Store) -> None:
    store.accept([arrival(1, sender="someone@rnd.example")])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1, sender="someone@rnd.example"), reply(1, to="Victim@Victim.Example")))
    history = store.history(mail(2, sender="other@elsewhere.example"), NOW, 2, recipient="vicTim@victim.example")
    assert (history.letters_to_sender_hour, history.letters_to_sender_day, history.letters_to_domain_hour) == (1, 1, 1)
    assert store.history(mail(2, sender="someone@rnd.example"), NOW, 2).letters_to_sender_hour == 0
    assert store.claim_replies(limit=1, lease=LEASE, now=NOW)[0].to == "Victim@Victim.Example"


def test_a_bounce_hold_lasts_as_long_as_the_pack_says_and_knows_the_mailbox_in_any_spelling(store: Store) -> None:
    file_one(store, sender="Taro@Example.com")
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_failed(claim, now=NOW, error="550 no")
    one, later = mail(2, sender="taro@EXAMPLE.com"), NOW + timedelta(days=7)
    assert store.history(one, later, 2).has_bounced
    assert not store.history(one, later, 2, limits=replace(LIMITS, bounce_hold=timedelta(days=6))).has_bounced


# 3: counted again where the letter is queued


def test_four_workers_never_write_more_than_the_limit(store: Store) -> None:
    store.accept([arrival(number) for number in range(1, 41)])

    def work(_: int) -> None:
        while claims := store.claim_mails(limit=4, lease=LEASE, now=NOW):
            for claim in claims:
                letter = reply(claim.mail_id, to="Taro@Example.com" if claim.mail_id % 2 else "taro@example.com")
                letter = replace(letter, text=f"No. {claim.mail_id}")
                store.file(replace(filing(claim, mail(claim.mail_id), letter), limits=LIMITS))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    letters = store.replies()
    assert sum(letter.state == "queued" for letter in letters) == 5
    silent = [letter for letter in letters if letter.state == "suppressed"]
    assert {letter.reason for letter in silent} == {"rate_sender_hour: 5 letters, the limit is 5"}
    assert {store.ticket(letter.ref).row.state for letter in silent} == {"needs_review"}
    assert len(letters) == 40


@pytest.mark.parametrize(
    ("limits", "state", "code"),
    [
        (replace(LIMITS, per_recipient_day=0), "suppressed", "rate_sender_day"),
        (replace(LIMITS, per_domain_hour=0), "suppressed", "rate_domain_hour"),
        (replace(LIMITS, total_10min=0), "held", "rate_total"),
    ],
)
def test_every_limit_is_counted_again(store: Store, limits: LetterLimits, state: str, code: str) -> None:
    claim = claim_next(store, 1)
    store.file(replace(filing(claim, mail(1), reply(1)), limits=limits))
    (letter,) = store.replies()
    assert (letter.state, letter.reason.partition(":")[0]) == (state, code)


def test_two_answers_in_two_workers_get_one_follow_up(store: Store) -> None:
    ref = file_one(store)
    send(store)
    filings = [
        joined(store, ref, number, reply=replace(reply(number, kind=LetterKind.FOLLOW_UP), text="再度"), limits=LIMITS)
        for number in (2, 3)
    ]
    together = threading.Barrier(2)

    def file(one: Filing) -> None:
        together.wait(10)
        store.file(one)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(file, filings))
    letters = [(letter.kind, letter.state) for letter in store.ticket(ref).replies]
    assert sorted(letters) == [
        ("follow_up", "queued"),
        ("follow_up", "suppressed"),
        ("request_information", "sent"),
    ]
    assert store.ticket(ref).row.state == "needs_review"


# 5: letters that came back


@pytest.mark.parametrize("proof", [{"returned_ids": (reply(1).message_id,)}, {"is_returned": True}])
def test_a_proven_bounce_marks_its_letter_and_asks_for_an_agent(store: Store, proof: dict[str, object]) -> None:
    ref = file_one(store)
    send(store)
    bounce = mail(2, automation=Automation(kind=AutomaticKind.BOUNCE, may_reply=False))
    store.file(joined(store, ref, 2, mail=bounce, **proof))
    view = store.ticket(ref)
    assert (view.row.state, view.row.missing, view.replies[0].state) == ("needs_review", ("when", "goal"), "bounced")
    assert [event.what for event in view.events][-3:] == ["joined", "reply_bounced", "moved"]
    assert store.history(mail(3), NOW, 3).has_bounced


def test_an_absence_note_marks_no_letter(store: Store) -> None:
    ref = file_one(store)
    send(store)
    note = mail(2, automation=Automation(kind=AutomaticKind.AUTO_REPLY, may_reply=False))
    store.file(joined(store, ref, 2, mail=note, is_returned=True))
    assert (store.ticket(ref).row.state, store.ticket(ref).replies[0].state) == ("waiting_customer", "sent")


# 6: whoever has the signed address


def test_a_proven_reference_joins_from_any_address(store: Store) -> None:
    ref = file_one(store)
    stranger = mail(2, sender="taro@gmail.com")
    assert store.history(stranger, NOW, 2).ticket is None
    found = store.history(stranger, NOW, 2, proven_refs=(ref,)).ticket
    assert found is not None
    assert found.ref == ref


# 7: thanks, and reminders


def test_thanks_keep_what_is_missing_and_leave_the_ticket_waiting(store: Store) -> None:
    ref = file_one(store)
    send(store)
    store.file(thanks(store, ref, 2))
    view = store.ticket(ref)
    assert (view.row.state, view.row.missing) == ("waiting_customer", ("when", "goal"))


def test_a_wish_to_close_calls_an_agent(store: Store) -> None:
    ref = file_one(store)
    seen = replace(assessment(mail(2)), hints=(Hint(kind="wants_close"),))
    store.file(joined(store, ref, 2, seen=seen))
    assert store.ticket(ref).row.state == "needs_review"


@pytest.mark.parametrize(("kind", "is_due"), [(None, False), (AutomaticKind.AUTO_REPLY, True)])
def test_no_reminder_once_a_person_has_written(store: Store, kind: AutomaticKind | None, is_due: bool) -> None:
    ref = file_one(store)
    send(store)
    days = NOW + timedelta(days=3)
    (due,) = store.due_reminders(sent_before=days)
    later = mail(2, automation=Automation(kind=kind))
    store.file(joined(store, ref, 2, mail=later, state=TicketState.WAITING_CUSTOMER))
    assert store.ticket(ref).row.state == "waiting_customer"
    assert bool(store.due_reminders(sent_before=days)) is is_due
    assert store.file_reminder(due, reply(1, kind=LetterKind.REMINDER), now=NOW) is is_due


def test_no_reminder_without_a_question(store: Store) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1), reply(1), missing=()))
    send(store)
    assert store.due_reminders(sent_before=NOW + timedelta(days=3)) == ()


def test_a_reminder_keeps_the_limits(store: Store) -> None:
    file_one(store)
    send(store)
    (due,) = store.due_reminders(sent_before=NOW + timedelta(days=3))
    letter = reply(1, kind=LetterKind.REMINDER)
    assert not store.file_reminder(due, letter, now=NOW, limits=replace(LIMITS, per_recipient_hour=1))
    assert store.file_reminder(due, letter, now=NOW + 2 * HOUR, limits=replace(LIMITS, per_recipient_hour=1))


# 8: an agent's move stays


def test_late_thanks_do_not_move_what_an_agent_has_closed(store: Store) -> None:
    ref = file_one(store)
    late = thanks(store, ref, 2)
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    store.file(late)
    assert store.ticket(ref).row.state == "closed"


def test_what_was_decided_on_an_older_ticket_is_not_filed(store: Store) -> None:
    ref = file_one(store)
    seen_by = store.history(mail(2, in_reply_to="<m1@example.com>"), NOW, 2).ticket
    assert seen_by is not None
    late = joined(store, ref, 2, version=seen_by.version, state=TicketState.WAITING_CUSTOMER)
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    with pytest.raises(Outdated):
        store.file(late)
    assert store.ticket(ref).row.state == "closed"
    assert len(store.ticket(ref).mails) == 1
    again = store.history(mail(2, in_reply_to="<m1@example.com>"), NOW, 2).ticket
    assert again is not None
    store.file(replace(late, version=again.version))
    assert len(store.ticket(ref).mails) == 2


# 9: a failing database is no attempt


def test_a_try_that_is_not_counted_leaves_the_attempts_as_they_were(store: Store) -> None:
    store.accept([arrival(1)])
    for _ in range(5):
        (claim,) = store.claim_mails(limit=8, lease=LEASE, now=NOW)
        assert claim.attempts == 1
        store.retry_mail(claim, now=NOW, delay=timedelta(0), error="away", is_counted=False)


# 10: the answer waits for its question


def test_an_answer_knows_that_its_question_is_not_yet_read(store: Store) -> None:
    question, answer = store.accept([arrival(1), arrival(2)])
    assert store.answers_unread_mail(["<m1@example.com>"], mail_id=answer)
    assert not store.answers_unread_mail(["<m1@example.com>"], mail_id=question)  # itself
    assert not store.answers_unread_mail(["<other@example.com>"], mail_id=answer)
    assert not store.answers_unread_mail([], mail_id=answer)
    first, second = store.claim_mails(limit=2, lease=LEASE, now=NOW)
    store.put_back_mail(second, now=NOW, delay=timedelta(seconds=3))
    store.file(filing(first, mail(1), None))
    assert not store.answers_unread_mail(["<m1@example.com>"], mail_id=answer)
    (again,) = store.claim_mails(limit=8, lease=LEASE, now=NOW + timedelta(seconds=3))
    assert (again.mail_id, again.attempts, again.waited_since) == (answer, 1, NOW)


# 11: one mail, however it came


def traced(number: int, *trace: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in trace) + arrival(number).raw


def test_a_mail_that_comes_again_by_another_way_is_the_same_mail(store: Store) -> None:
    one = arrival(1)
    ways = [
        replace(one, raw=traced(1, b"Received: from mx1 by gw;\r\n Wed, 25 Nov 2026 12:00:01 +0900")),
        replace(one, raw=traced(1, b"Return-Path: <taro@example.com>", b"received: from mx2", b"Delivered-To: x@y")),
        one,
    ]
    ids = store.accept(ways)
    assert len(set(ids)) == 1
    assert store.raw_mail(ids[0]) == ways[0].raw
    (row,) = store.queue()
    assert (row.mails[0].deliveries, row.mails[0].sha256) == (3, ways[0].sha256)
    other = replace(one, raw=traced(1, b"DKIM-Signature: v=1; b=other"))
    assert store.accept([other]) != ids[:1]
    assert store.accept([replace(one, desk_address="sales@uketsuke.example")])[0] not in ids


# 12: what the queue shows of a mail that nobody has read yet


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (b"=?utf-8?B?5pel5pys6Kqe?=", "日本語"),
        (b"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\n =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?= ok", "日本語日本語 ok"),
        ("日本語".encode(), "日本語"),
        ("日本語".encode("cp932"), "日本語"),
        ("日本語".encode("iso-2022-jp"), "日本語"),
        (b"=?no-such?Q?a=00b?= =?utf-8?B?*?=", "ab"),
    ],
)
def test_a_fresh_mail_is_shown_readably(store: Store, subject: bytes, shown: str) -> None:
    one = replace(arrival(1), raw=b"Subject: " + subject + b"\r\nFrom: a@b.example\r\n\r\nbody\r\n")
    store.accept([one])
    (row,) = store.queue()
    assert row.subject == shown
    assert queue_object(row)["mails"][0]["message_id"] is None  # type: ignore[index]


# 13: a held letter let go


def test_no_letter_is_released_on_a_closed_ticket(store: Store) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    letter = store.replies()[0]
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    with pytest.raises(IllegalMove, match="closed"):
        store.release_reply(letter.reply_id, by="hanako", now=NOW)
    assert store.replies()[0].state == "held"
    store.move(ref, TicketState.NEEDS_REVIEW, by="hanako", now=NOW)
    store.release_reply(letter.reply_id, by="hanako", now=NOW)
    assert (store.replies()[0].state, store.replies()[0].reason) == ("queued", "")
    view = store.ticket(ref)
    assert (view.row.state, [event.what for event in view.events[-2:]]) == (
        "waiting_customer",
        ["moved", "reply_queued"],
    )


def test_an_outage_is_ready_once_its_held_letter_is_released(store: Store) -> None:
    claim = claim_next(store, 1)
    one = mail(1)
    held = filing(claim, one, reply(1, state=ReplyState.HELD), state=TicketState.NEEDS_REVIEW)
    ref = store.file(replace(held, seen=assessment(one, category=Category.INCIDENT)))
    store.release_reply(store.replies()[0].reply_id, by="hanako", now=NOW)
    assert store.ticket(ref).row.state == "ready"


# The way from the first shape


def test_a_database_of_the_first_shape_is_brought_along_with_its_mails(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0001")
        for number, raw in enumerate((traced(1, b"Received: a"), arrival(1).raw, arrival(2).raw), 1):
            connection.execute(
                text(
                    "INSERT INTO inbound (id, sha256, desk_address, raw, size, envelope, received_at, state, deliveries, attempts,"
                    " error, sender, subject, message_id, body_hash) VALUES (:id, :sha, :desk, :raw, 1, '{}', :at, 'received', 1, 0,"
                    " '', '', '', '', '')"
                ),
                {"id": number, "sha": f"{number:064d}", "desk": DESK, "raw": raw, "at": NOW},
            )
        connection.execute(
            text(
                "INSERT INTO reply (id, mail_id, ref, kind, language, to_address, to_domain, subject, text, message_id, mail_from, raw,"
                " state, reason, asked, attempts, next_at, created_at) VALUES (1, 1, 'T000001', 'split', 'ja', 'Taro@Example.com',"
                " 'example.com', '', '', '<x>', '', :raw, 'sent', '', '[]', 0, :at, :at)"
            ),
            {"raw": b"x", "at": NOW},
        )
    engine.dispose()
    upgrade(database_url)
    store = Store(database_url)
    assert store.history(mail(9), NOW, 9, recipient="taro@example.com").letters_to_sender_hour == 1
    assert store.answers_unread_mail(["<m2@example.com>"], mail_id=9)
    assert len(store.queue()) == 3
    store.close()


def test_a_quick_commit_stores_as_any_other_and_gives_way_to_a_writer(store: Store, database_url: str) -> None:
    rows = [store.prepare(arrival(number)) for number in (1, 2, 1)]
    if not store.is_sqlite:
        assert not store.accept_at_once(rows)  # a server may be far away: never in the loop
        return
    assert store.accept_at_once(rows)
    assert {row.mails[0].deliveries for row in store.queue()} == {2, 1}
    engine = make_engine(database_url)
    with transaction(engine, writes=True):
        assert not store.accept_at_once([store.prepare(arrival(3))])
    engine.dispose()
    assert len(store.queue()) == 2
    assert store.accept_at_once([store.prepare(arrival(3))])
    assert len(store.queue()) == 3


def test_a_quick_commit_that_fails_is_ours_and_the_next_one_opens_anew(store: Store) -> None:
    if not store.is_sqlite:
        return  # it makes none
    broken = {**store.prepare(arrival(1)), "raw": None}
    with pytest.raises(Exception, match="NOT NULL"):
        store.accept_at_once([broken])
    assert store.accept_at_once([store.prepare(arrival(2))])
    assert len(store.queue()) == 1
