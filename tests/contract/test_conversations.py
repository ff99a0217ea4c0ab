"""Conversations in the store, on both engines: merging, links, taking part, order, time, accounts."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from models.arrival import Arrival
from models.assessment import Section
from models.conversation import How
from models.db.engine import make_engine, transaction
from models.db.migrate import config_for, upgrade
from models.db.store import Store
from models.decision import Decision, Disposition
from models.errors import IllegalMove, NotFound, Outdated
from models.mail import Address, Envelope, Mail, Trust
from models.states import TicketState
from models.ticket import Filing, Link, LinkKind
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.databases import empty
from tests.support.filings import DESK, LEASE, NOW, arrival, assessment, file_one, filing, mail

COLLEAGUE, STRANGER = "hanako@example.com", "mallory@elsewhere.example"


def take_in(store: Store, one: Mail, number: int, **changes: object) -> str:
    """File one more mail as it is, without a letter."""
    store.accept([arrival(number, sender=one.sender.addr if one.sender else "")])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    made = filing(claim, one, None, state=TicketState.READY)
    return store.file(replace(made, **changes))  # type: ignore[arg-type]


def joining(ref: str, **changes: object) -> dict[str, object]:
    return {"join": ref, **changes}


def found_by(store: Store, one: Mail, number: int = 90) -> str | None:
    ticket = store.history(one, NOW, number).ticket
    return ticket.ref if ticket else None


# merging


def test_each_item_knows_the_mail_that_gave_it(store: Store) -> None:
    ref = file_one(store)
    second = mail(2, body="昨日の10時からです。ゴールは接続できることです。")
    seen = assessment(second, present=frozenset({Section.WHEN, Section.SYMPTOM}))
    answered = Decision(disposition=Disposition.ACCEPT, answers={"goal": How.FORM})
    take_in(store, second, 2, **joining(ref, seen=seen, decision=answered))
    view = store.ticket(ref)
    given = {item: (known.mail_id, known.how) for item, known in view.items.items() if known.is_given}
    assert given == {"symptom": (1, How.WORDS), "when": (2, How.WORDS), "goal": (2, How.FORM)}
    assert (view.row.missing, view.row.state) == ((), "ready")


def test_another_matter_in_a_ticket_leaves_what_it_lacks(store: Store) -> None:
    ref = file_one(store)
    other = Decision(disposition=Disposition.ACCEPT, is_other_matter=True)
    take_in(store, mail(2), 2, **joining(ref, decision=other, state=TicketState.NEEDS_REVIEW))
    row = store.ticket(ref).row
    assert (row.missing, row.state) == (("when", "goal"), "needs_review")


def test_a_split_in_a_thread_keeps_what_the_ticket_lacks(store: Store) -> None:
    ref = file_one(store)
    take_in(store, mail(2), 2, **joining(ref, decision=Decision(disposition=Disposition.SPLIT)))
    assert store.ticket(ref).row.missing == ("when", "goal")


# who takes part


def test_a_colleague_in_cc_joins_by_the_reference_alone_and_another_does_not(store: Store) -> None:
    first = mail(1, cc=(Address(addr="Hanako@Example.com"),))
    ref = take_in(store, first, 1)
    assert store.ticket(ref).participants == ("taro@example.com", "hanako@example.com"), "the desk is no customer"
    by_subject: dict[str, Any] = {"thread_refs": (ref,), "message_id": "<new@example.com>"}
    assert found_by(store, mail(2, sender=COLLEAGUE, **by_subject)) == ref
    assert found_by(store, mail(2, sender="jiro@example.com", **by_subject)) is None
    assert found_by(store, mail(2, sender="jiro@example.com", in_reply_to="<m1@example.com>")) == ref
    assert found_by(store, mail(2, sender=STRANGER, in_reply_to="<m1@example.com>")) is None


def test_someone_of_another_company_who_was_in_cc_joins_by_the_mail_he_answers(store: Store) -> None:
    first = mail(1, cc=(Address(addr="consultant@partner.example"),))
    ref = take_in(store, first, 1)
    assert found_by(store, mail(2, sender="consultant@partner.example", in_reply_to="<m1@example.com>")) == ref


def test_a_forger_brings_nobody_in_and_joins_nothing(store: Store) -> None:
    ref = file_one(store)
    forged = mail(2, trust=Trust.FAILED, cc=(Address(addr=STRANGER),), in_reply_to="<m1@example.com>")
    assert found_by(store, forged) is None
    take_in(store, forged, 2, **joining(ref))
    assert store.ticket(ref).participants == ("taro@example.com",)


# links


def test_a_ticket_that_follows_a_closed_one_takes_the_next_mail_to_that_one(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="sato", now=NOW)
    again = mail(2, in_reply_to="<m1@example.com>")
    assert found_by(store, again, 2) == ref, "the decision sees that it is closed"
    child = take_in(store, again, 2, link=Link(other=ref, kind=LinkKind.FOLLOWS))
    assert found_by(store, mail(3, in_reply_to="<m1@example.com>"), 3) == child
    links = [(link.ref, link.kind, link.is_from_here) for link in store.ticket(child).links]
    assert links == [(ref, "follows", True)]
    assert [(link.ref, link.is_from_here) for link in store.ticket(ref).links] == [(child, False)]
    assert store.ticket(child).row.split_from is None


def test_another_matter_of_a_thread_is_a_split_named_by_its_gist(store: Store) -> None:
    ref = file_one(store)
    other = mail(2, subject="Re: mail 1")
    seen = assessment(other)
    seen = replace(seen, issues=(replace(seen.issues[0], gist="OSSの料金"),))
    child = take_in(store, other, 2, seen=seen, link=Link(other=ref, kind=LinkKind.SPLIT))
    row = store.ticket(child).row
    assert (row.split_from, row.subject) == (ref, "OSSの料金")
    assert [event.detail for event in store.ticket(ref).events if event.what == "split_opened"] == [child]


def test_a_mail_that_names_a_ticket_is_linked_only_where_its_writer_takes_part(store: Store) -> None:
    ref = file_one(store)
    same = mail(2, body=f"{ref}と同じです")
    seen = replace(assessment(same), refers_elsewhere=True)
    child = take_in(store, same, 2, seen=seen, named=(ref, "T999999"))
    assert [(link.ref, link.kind) for link in store.ticket(child).links] == [(ref, "same_as")]
    colleague = take_in(store, mail(4, sender="jiro@example.com"), 4, named=(ref,))
    assert [link.kind for link in store.ticket(colleague).links] == ["names"], "a link shows nothing to its writer"
    nosy = take_in(store, mail(3, sender=STRANGER), 3, named=(ref,))
    assert store.ticket(nosy).links == ()
    assert store.ticket(ref).row.state == "waiting_customer", "a new ticket answers no other"


def test_two_tickets_in_one_answer_bring_the_other_to_an_agent(store: Store) -> None:
    first, second = file_one(store, 1), file_one(store, 2)
    take_in(store, mail(3), 3, **joining(first, named=(first, second)))
    assert store.ticket(second).row.state == "needs_review"
    assert store.ticket(second).events[-1].detail == f"waiting_customer -> needs_review: named in {first}"
    assert [(link.ref, link.kind) for link in store.ticket(first).links] == [(second, "names")]


# order


def test_a_reply_that_came_before_its_mail_is_joined_by_it(store: Store) -> None:
    late_id = "<first@example.com>"
    ref = take_in(store, mail(1, subject="Re: 接続", in_reply_to=late_id, references=(late_id,)), 1)
    sibling = mail(2, message_id="<m2@example.com>", in_reply_to=late_id)
    assert found_by(store, sibling, 2) == ref, "another reply to the same mail belongs to it too"
    first = mail(3, subject="接続できません", message_id=late_id)
    history = store.history(first, NOW, 3)
    assert history.ticket is not None
    assert (history.ticket.ref, history.is_awaited) == (ref, True)
    much_later = store.history(mail(9, message_id="<m9@example.com>", in_reply_to=late_id), NOW + timedelta(days=7), 9)
    assert much_later.ticket is None, "an old mail that we never had is answered to write about something new"
    stranger = store.history(mail(3, sender=STRANGER, message_id=late_id), NOW, 3)
    assert (stranger.ticket, stranger.is_awaited) == (None, False)
    store.accept([arrival(3)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(replace(filing(claim, first, None, join=ref), is_first=True))
    assert store.ticket(ref).row.subject == "接続できません"


def test_a_reply_to_a_letter_that_we_never_sent_joins_nothing(store: Store) -> None:
    file_one(store)
    forged = "<T000001.aaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@uketsuke.example>"
    assert found_by(store, mail(2, sender=STRANGER, in_reply_to=forged, references=(forged,))) is None


# two at one instant


ASK = """東京リージョンの ECS i-6we0a1b2c3d4e5f6g7h8 に、本社 (203.0.113.10) から SSH で接続できません。
$ ssh root@198.51.100.20
ssh: connect to host 198.51.100.20 port 22: Connection timed out
"""
WHEN = "2026/11/23 22:00 (JST) から発生しています。"
GOAL = "ゴール：本社から i-6we0a1b2c3d4e5f6g7h8 にSSHでログインできること"


def raw_mail(number: int, subject: str, body: str, *heads: str) -> bytes:
    head = "".join(f"{one}\n" for one in heads)
    return (
        f"From: Taro <taro@example.com>\nTo: {DESK}\nSubject: {subject}\nMessage-ID: <r{number}@example.com>\n{head}"
        f"Date: Tue, 24 Nov 2026 10:00:00 +0900\nContent-Type: text/plain; charset=utf-8\n\n{body}"
    ).encode()


def accept(store: Store, raw: bytes, at: datetime) -> None:
    envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=at)
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])


def test_two_answers_at_one_instant_complete_the_ticket_once(store: Store, rules: Rules) -> None:
    clock = Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    workers = [Worker(store, rules, frozenset({DESK}), clock) for _ in range(2)]
    accept(store, raw_mail(1, "ECSに接続できません", ASK), clock())
    workers[0].run_batch()
    (letter,) = store.replies()
    clock.advance(timedelta(minutes=5))
    for number, body in ((2, WHEN), (3, GOAL)):
        accept(
            store,
            raw_mail(number, f"Re: {letter.subject}", body, f"In-Reply-To: {letter.message_id}"),
            clock(),
        )
    claims = [store.claim_mails(limit=1, lease=LEASE, now=clock())[0] for _ in workers]
    barrier = threading.Barrier(2)
    decide = Worker._triaged

    def held(worker: Worker, *arguments: object) -> object:
        done = decide(worker, *arguments)  # type: ignore[arg-type]
        if not barrier.broken:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(10)
            barrier.abort()
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "_triaged", held)
        threads = [
            threading.Thread(target=worker.finish, args=(claim,)) for worker, claim in zip(workers, claims, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    while store.books().waiting:  # on a busy machine one of them may have been given back
        clock.advance(timedelta(minutes=1))
        workers[0].run_batch()
    view = store.ticket("T000001")
    assert (view.row.state, view.row.missing, len(view.mails)) == ("ready", (), 3)
    kinds = sorted(reply.kind for reply in view.replies if reply.state == "queued")
    assert kinds.count("completed") == 1
    assert len(kinds) == len(set(kinds)), "no kind of letter twice"
    assert {view.items["when"].mail_id, view.items["goal"].mail_id} == {2, 3}


def test_a_decision_on_an_older_ticket_is_made_anew(store: Store) -> None:
    ref = file_one(store)
    version = store.history(mail(2, in_reply_to="<m1@example.com>"), NOW, 2).ticket
    assert version is not None
    store.add_note(ref, "nothing that a decision depends on", by="sato", now=NOW)
    made = {"join": ref, "version": version.version}
    take_in(store, mail(2), 2, **made)
    store.accept([arrival(3)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    late: Filing = replace(filing(claim, mail(3), None, join=ref), version=version.version)
    with pytest.raises(Outdated):
        store.file(late)
    assert len(store.ticket(ref).mails) == 2


# time


LATER = NOW + timedelta(days=10)


def test_a_snoozed_ticket_wakes_where_it_was_and_once(store: Store) -> None:
    ref = file_one(store)
    store.snooze(ref, NOW + timedelta(hours=2), by="sato", now=NOW)
    row = store.ticket(ref).row
    assert (row.state, row.wake_at) == ("snoozed", NOW + timedelta(hours=2))
    assert store.wake(now=NOW + timedelta(hours=1)) == 0
    assert store.wake(now=NOW + timedelta(hours=2)) == 1
    assert store.wake(now=NOW + timedelta(hours=3)) == 0
    row = store.ticket(ref).row
    assert (row.state, row.wake_at) == ("waiting_customer", None)
    moved = [event.detail for event in store.ticket(ref).events if event.what == "moved"]
    assert moved == ["waiting_customer -> snoozed: until 2026-11-24 03:00", "snoozed -> waiting_customer: woken"]


def test_a_customers_mail_wakes_a_snoozed_ticket(store: Store) -> None:
    ref = file_one(store)
    store.snooze(ref, NOW + timedelta(days=2), by="sato", now=NOW)
    take_in(store, mail(2), 2, **joining(ref))
    assert store.ticket(ref).row.state == "ready"
    assert store.wake(now=LATER) == 0


def test_a_closed_ticket_does_not_sleep(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="sato", now=NOW)
    with pytest.raises(IllegalMove):
        store.snooze(ref, LATER, by="sato", now=NOW)
    with pytest.raises(NotFound):
        store.snooze("T999999", LATER, by="sato", now=NOW)


def test_a_customer_who_stays_silent_leaves_the_ticket_to_a_person(store: Store) -> None:
    waiting, ready = file_one(store, 1), file_one(store, 2)
    store.move(ready, TicketState.READY, by="sato", now=NOW)
    assert store.give_up_waiting(unmoved_since=NOW, now=LATER) == 0
    assert store.give_up_waiting(unmoved_since=NOW + timedelta(days=5), now=LATER) == 1
    assert store.ticket(waiting).row.state == "needs_review"
    assert store.ticket(ready).row.state == "ready"
    assert store.give_up_waiting(unmoved_since=LATER, now=LATER) == 0


def test_only_what_its_customer_called_solved_is_closed_by_time(store: Store) -> None:
    from models.assessment import Hint  # noqa: PLC0415 - only here

    solved, other = file_one(store, 1), file_one(store, 2)
    seen = replace(assessment(mail(3)), hints=(Hint(kind="wants_close"),))
    nothing = Decision(disposition=Disposition.NO_REPLY)
    take_in(store, mail(3), 3, **joining(solved, seen=seen, decision=nothing))
    take_in(store, mail(4, trust=Trust.FAILED), 4, **joining(other, seen=seen, decision=nothing))
    assert [store.ticket(ref).row.proposal for ref in (solved, other)] == ["close", ""], "a forger proposes nothing"
    assert store.close_proposed(unmoved_since=NOW, now=LATER) == 0
    assert store.close_proposed(unmoved_since=LATER, now=LATER) == 1
    assert store.ticket(solved).row.state == "closed"
    assert store.close_proposed(unmoved_since=LATER, now=LATER) == 0


def test_a_word_that_it_is_solved_stands_until_something_else_is_written_or_an_agent_decides(store: Store) -> None:
    from models.assessment import Hint  # noqa: PLC0415 - only here

    ref = file_one(store)
    seen = replace(assessment(mail(2)), hints=(Hint(kind="wants_close"),))
    take_in(store, mail(2), 2, **joining(ref, seen=seen, decision=Decision(disposition=Disposition.NO_REPLY)))
    assert store.ticket(ref).row.proposal == "close"
    take_in(store, mail(3), 3, **joining(ref))
    assert store.ticket(ref).row.proposal == ""
    take_in(store, mail(4), 4, **joining(ref, seen=seen, decision=Decision(disposition=Disposition.NO_REPLY)))
    store.move(ref, TicketState.WAITING_CUSTOMER, by="sato", now=NOW)
    assert store.ticket(ref).row.proposal == ""


# accounts


def test_accounts_are_known_once_an_agent_has_confirmed_them(store: Store) -> None:
    ref = file_one(store)
    other = file_one(store, 2, sender=COLLEAGUE)
    assert store.history(mail(9), NOW, 9).known_accounts == ()
    for _ in range(2):
        store.confirm_account(ref, "5123456789012345", by="sato", now=NOW)
    assert store.history(mail(9, sender="TARO@example.com"), NOW, 9).known_accounts == ("5123456789012345",)
    assert store.history(mail(9, sender=COLLEAGUE), NOW, 9).known_accounts == (), "nothing is known of her herself"
    store.confirm_account(other, "5999999999999999", by="sato", now=NOW)
    assert store.known_accounts(COLLEAGUE) == ("5999999999999999", "5123456789012345")
    assert store.history(mail(9, sender=COLLEAGUE, trust=Trust.FAILED), NOW, 9).known_accounts == ()
    store.forget_account(ref, "5123456789012345", by="sato", now=NOW)
    assert store.known_accounts("taro@example.com") == ()
    assert [event.what for event in store.ticket(ref).events][-2:] == ["account_confirmed", "account_forgotten"]
    with pytest.raises(NotFound):
        store.confirm_account("T999999", "5123456789012345", by="sato", now=NOW)


def test_customers_of_one_mailbox_provider_share_no_accounts(store: Store) -> None:
    one, two = file_one(store, 1, sender="a@gmail.com"), file_one(store, 2, sender="b@gmail.com")
    store.confirm_account(one, "5123456789012345", by="sato", now=NOW)
    store.confirm_account(two, "5999999999999999", by="sato", now=NOW)
    assert store.known_accounts("a@gmail.com") == ("5123456789012345",)


def test_a_mail_about_another_account_is_noticed(store: Store, rules: Rules) -> None:
    """From the agent's click to the held letter, through reading and decision."""
    clock = Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    worker = Worker(store, rules, frozenset({DESK}), clock)
    accept(
        store,
        raw_mail(1, "請求書の再発行", "10月分の請求書を再発行してください。アカウントIDは 5123456789012345 です。\n"),
        clock(),
    )
    worker.run_batch()
    assert store.ticket("T000001").row.state == "ready"
    store.confirm_account("T000001", "5123456789012345", by="sato", now=clock())
    other = "11月分の請求書も再発行してください。アカウントIDは 5999999999999999 です。\n"
    accept(store, raw_mail(2, "請求書の再発行(2)", other), clock())
    worker.run_batch()
    view = store.ticket("T000002")
    (letter,) = view.replies
    assert (view.row.disposition, view.row.state) == ("account_notice", "needs_review")
    assert (letter.kind, letter.state) == ("account_notice", "held")
    assert letter.reason.startswith("hold_other_account")


def test_tickets_of_before_keep_what_was_settled_missing_and_split(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0005")
        for number, split_from in ((1, None), (2, "T000001")):
            connection.execute(
                text(
                    "INSERT INTO ticket (ref, number, state, subject, sender, language, disposition, opened_at, updated_at, split_from,"
                    " symptom_kind, missing, unsure, categories, products, settled, asked, hints, has_permission_error, is_automatic)"
                    " VALUES (:ref, :number, 'waiting_customer', 'x', 'taro@example.com', 'ja', 'request_information', :at, :at, :split,"
                    """ '', '["goal"]', '[]', '[]', '[]', '["symptom","facet:steps"]', '["goal"]', '[]', :no, :no)"""
                ),
                {"ref": f"T{number:06d}", "number": number, "at": NOW, "split": split_from, "no": False},
            )
    engine.dispose()
    upgrade(database_url)
    store = Store(database_url)
    view = store.ticket("T000002")
    assert {item for item, known in view.items.items() if known.is_given} == {"symptom", "facet:steps"}
    assert (view.row.missing, view.row.present, view.participants) == (("goal",), ("symptom",), ("taro@example.com",))
    assert [(link.ref, link.kind) for link in view.links] == [("T000001", "split")]
    store.close()
