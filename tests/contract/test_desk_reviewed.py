"""What a review of the desk found, on both engines: letters and tickets whose shape or mails change meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from desk.lacking import lacks_by
from models.by_hand import edit_key
from models.correcting import WrongLetter
from models.db import outbox
from models.db.filing import locked_ticket
from models.db.store import Store
from models.db.threads import TICKET
from models.decision import HandLetter, ReplyState
from models.errors import IllegalMove
from models.hands import Act
from models.memos import is_handed_over, notices_of
from models.shaping import Lacks, SplitIssue
from models.states import TicketState
from policy.pack import Pack
from tests.support.filings import LEASE, NOW, file_one
from tests.support.shaping import file_more, file_three

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, RowMapping

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def lacks(pack: Pack) -> Lacks:
    return lacks_by(pack)


def stands(store: Store, ref: str, state: TicketState, **values: object) -> None:
    """As if it had come there; how is of no matter."""
    with store.write() as connection:
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(state=state.value, **values))


def state(store: Store, ref: str) -> str:
    return store.ticket(ref).row.state


def is_automatic(store: Store, ref: str) -> bool:
    with store.read() as connection:
        return bool(connection.execute(select(TICKET.c.is_automatic).where(TICKET.c.ref == ref)).scalar_one())


def letters(store: Store, ref: str) -> list[tuple[str, str]]:
    return [(one.kind, one.state) for one in store.ticket(ref).replies]


def by_hand(ref: str, then: str) -> HandLetter:
    return HandLetter(
        by="hanako",
        language="ja",
        to="taro@example.com",
        subject="件名",
        text="ご確認ください\n",
        message_id=f"<{ref}.hand.sign@uketsuke.example>",
        mail_from="",
        raw=b"Subject: x\r\n\r\nby hand\r\n",
        then_state=then,
    )


def write(store: Store, ref: str, then: str) -> None:
    version = store.ticket(ref).row.version
    store.reply_by_hand(ref, by_hand(ref, then), mail_id=1, version=version, files="", now=NOW)


def held_by_hand(store: Store, ref: str, then: str) -> int:
    """An agent's letter that a stop holds; letters go again by now."""
    store.stop_letters(by="jiro", now=NOW)
    write(store, ref, then)
    store.resume_letters(by="jiro", now=NOW)
    return store.ticket(ref).replies[-1].reply_id


# Letters of agents that were held


@pytest.mark.parametrize("has_written", [False, True])
def test_a_released_letter_closes_no_ticket_over_a_newer_mail(store: Store, *, has_written: bool) -> None:
    ref = file_one(store, reply_state=None)
    reply_id = held_by_hand(store, ref, "closed")
    if has_written:
        file_more(store, 2, ref)
    store.release_reply(reply_id, by="hanako", now=NOW)
    assert state(store, ref) == ("ready" if has_written else "closed")
    assert letters(store, ref)[-1] == ("agent", "queued")


def test_nor_does_an_edited_one(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    reply_id = held_by_hand(store, ref, "answered")
    file_more(store, 2, ref)
    one = store.reply(reply_id)
    store.send_edited(
        reply_id,
        subject="別の件名",
        text="別の文\n",
        raw=b"Subject: y\r\n\r\ny\r\n",
        based_on=edit_key(one.subject, one.text),
        by="hanako",
        now=NOW,
    )
    assert state(store, ref) == "ready"


# Merging


@pytest.mark.parametrize("into_state", [TicketState.ANSWERED, TicketState.WAITING_CUSTOMER])
@pytest.mark.parametrize(
    ("slept_from", "then"), [("ready", "needs_review"), ("needs_review", "needs_review"), ("answered", None)]
)
def test_work_that_sleeps_is_not_lost_by_a_merge(
    store: Store, lacks: Lacks, into_state: TicketState, slept_from: str, then: str | None
) -> None:
    ref, into = (file_one(store, number, reply_state=None) for number in (1, 2))
    stands(store, ref, TicketState.SNOOZED, slept_from=slept_from, wake_at=TOMORROW)
    stands(store, into, into_state)
    assert store.merge(ref, into, lacks=lacks, by="hanako", now=NOW) is None
    assert state(store, into) == (then or into_state.value)


def test_a_merged_tickets_question_is_asked_no_more(store: Store, lacks: Lacks) -> None:
    ref, into = file_one(store, 1), file_one(store, 2)
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    assert letters(store, into) == [("request_information", "suppressed"), ("request_information", "queued")]
    assert state(store, into) == "waiting_customer"  # its own letter asks the same
    assert [claim.ref for claim in store.claim_replies(limit=5, lease=LEASE, now=NOW)] == [into]


def test_a_question_that_nobody_asks_any_more_is_an_agents(store: Store, lacks: Lacks) -> None:
    ref, into = file_one(store, 1), file_one(store, 2, reply_state=None)
    stands(store, into, TicketState.ANSWERED)
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    assert state(store, into) == "needs_review"


def test_a_question_in_someones_hands_may_still_go(store: Store, lacks: Lacks) -> None:
    ref, into = file_one(store, 1), file_one(store, 2, reply_state=None)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    store.reply_sent(claim, now=NOW)
    assert letters(store, into) == [("request_information", "sent")]
    assert "reply_sent" in [event.what for event in store.ticket(into).events]
    assert "reply_sent" not in [event.what for event in store.ticket(ref).events]


def test_a_merged_ticket_stays_closed(store: Store, lacks: Lacks) -> None:
    ref, into = (file_one(store, number, reply_state=None) for number in (1, 2))
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    with pytest.raises(IllegalMove):
        store.move(ref, TicketState.READY, by="hanako", now=NOW)
    write(store, ref, "ready")
    assert state(store, ref) == "closed"


def test_a_persons_mails_make_a_machines_ticket_a_persons(store: Store, lacks: Lacks) -> None:
    ref, into = (file_one(store, number, reply_state=None) for number in (1, 2))
    stands(store, into, TicketState.NEEDS_REVIEW, is_automatic=True)
    store.correct(2, "automatic", True, lacks=lacks, by="hanako", now=NOW)
    assert is_automatic(store, into)
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    assert not is_automatic(store, into)
    store.correct(1, "automatic", True, lacks=lacks, by="hanako", now=NOW)
    assert is_automatic(store, into)
    store.correct(2, "automatic", False, lacks=lacks, by="hanako", now=NOW)
    assert not is_automatic(store, into)


# Letters in someone's hands whose ticket changes


def test_a_letter_that_fails_shows_on_the_ticket_that_has_it_by_then(store: Store, lacks: Lacks) -> None:
    ref, into = (file_one(store, number, reply_state=None) for number in (1, 2))
    write(store, ref, "answered")
    stands(store, into, TicketState.ANSWERED)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.merge(ref, into, lacks=lacks, by="hanako", now=NOW)
    assert state(store, into) == "answered"
    store.reply_failed(claim, now=NOW, error="550 no")
    assert (state(store, ref), state(store, into)) == ("closed", "needs_review")
    assert "reply_failed" in [event.what for event in store.ticket(into).events]


def test_a_merge_while_a_step_on_a_letter_waits_for_the_lock(
    store: Store, lacks: Lacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step begins on the ticket that had the letter, and ends on the one that has it by then."""
    if store.is_sqlite:
        pytest.skip("one transaction writes at a time")
    chain = [file_one(store, number, reply_state=None) for number in (1, 2, 3, 4, 5)]
    reply_id = held_by_hand(store, chain[0], "answered")
    asked: list[str] = []

    def late(connection: Connection, of: str) -> RowMapping:
        if not asked:
            store.merge(of, chain[chain.index(of) + 1], lacks=lacks, by="jiro", now=NOW)
        asked.append(of)
        return locked_ticket(connection, of)

    def edited() -> None:
        one = store.reply(reply_id)
        key = edit_key(one.subject, one.text)
        # Edited, it is released in the same step: its ticket is read again, and is the same.
        store.send_edited(reply_id, subject="y", text="y\n", raw=b"\r\n\r\ny", based_on=key, by="hanako", now=NOW)

    monkeypatch.setattr(outbox, "locked_ticket", late)
    store.call_wrong(reply_id, WrongLetter.OTHER, by="hanako", now=NOW)
    assert asked == chain[0:2]
    assert "letter_wrong" in [event.what for event in store.ticket(chain[1]).events]
    asked.clear()
    edited()
    assert asked == [*chain[1:3], chain[2]]
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    asked.clear()
    store.reply_deferred(claim, now=NOW, next_at=NOW, error="450 later")
    assert asked == chain[2:4]
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    stands(store, chain[4], TicketState.ANSWERED)
    stands(store, chain[3], TicketState.ANSWERED)
    asked.clear()
    store.reply_failed(claim, now=NOW, error="550 no")
    assert asked == chain[3:5]
    assert [state(store, ref) for ref in chain] == [*["closed"] * 4, "needs_review"]
    assert letters(store, chain[4]) == [("agent", "failed")]


# Moving a mail


def test_a_ticket_whose_letter_has_left_waits_for_nothing(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    mail_id = file_more(store, 2, ref, missing=("when",))
    stands(store, ref, TicketState.WAITING_CUSTOMER)
    other = store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW)
    assert isinstance(other, str)
    assert letters(store, ref) == []
    assert [one.mail_id for one in store.ticket(ref).mails] == [mail_id]
    assert state(store, ref) == "needs_review"


def test_a_ticket_that_sleeps_on_it_does_not_wake_to_wait(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    file_more(store, 2, ref, missing=("when",))
    stands(store, ref, TicketState.SNOOZED, slept_from="waiting_customer", wake_at=TOMORROW)
    store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW)
    assert state(store, ref) == "snoozed"
    store.wake(now=TOMORROW)
    assert state(store, ref) == "needs_review"


def test_a_ticket_that_never_stood_on_a_letter_stays_where_it_is(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, reply_state=None)
    file_more(store, 2, ref, missing=("when",))
    stands(store, ref, TicketState.ANSWERED)  # by telephone
    store.move_mail(2, None, lacks=lacks, by="hanako", now=NOW)
    assert state(store, ref) == "answered"


# Queued letters


def test_a_queued_letter_that_would_ask_to_split_does_not_go(store: Store, lacks: Lacks) -> None:
    ref = file_three(store, letter=ReplyState.QUEUED)
    store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert letters(store, ref) == [("split", "suppressed")]
    assert state(store, ref) == "needs_review"
    assert store.claim_replies(limit=5, lease=LEASE, now=NOW) == ()


def test_spam_is_written_to_by_nobody_but_agents(store: Store) -> None:
    ref = file_one(store)
    write(store, ref, "")
    store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
    assert letters(store, ref) == [("request_information", "suppressed"), ("agent", "queued")]
    assert ("reply_suppressed", "request_information spam") in [
        (event.what, event.detail) for event in store.ticket(ref).events
    ]


def test_what_is_answered_by_a_correction_is_asked_no_more(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    for item in store.ticket(ref).row.missing:
        store.correct(1, f"section:{item}", "present", lacks=lacks, by="hanako", now=NOW)
    for item in store.ticket(ref).row.missing:
        store.correct(1, f"section:{item}", "present", lacks=lacks, by="hanako", now=NOW)
    assert store.ticket(ref).row.missing == ()
    assert letters(store, ref) == [("request_information", "suppressed")]


# Spam that was none


def test_a_reopened_ticket_is_news_once_it_is_no_spam(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
    store.act([ref], Act(to=TicketState.READY), by="hanako", now=NOW + LEASE)
    before = store.news_for_memos(now=NOW)
    assert not any(is_handed_over(event, "ready") for event in before.events)
    store.keep_news(before, [], now=NOW)
    store.mark_spam(ref, is_spam=False, by="hanako", now=TOMORROW)
    news = store.news_for_memos(now=TOMORROW).events
    assert [event.what for event in news if is_handed_over(event, "ready")] == ["unmarked_spam"]
    assert [key for event in news for _, key, _ in notices_of(event)] == [f"new:{ref}"]


def test_what_never_was_ready_waits_for_that(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
    store.mark_spam(ref, is_spam=False, by="hanako", now=NOW)
    news = store.news_for_memos(now=NOW).events
    assert not any(is_handed_over(event, "ready") for event in news)
    assert any(is_handed_over(event, "all") for event in news)
