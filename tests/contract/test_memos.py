from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.db.filing import add_event
from models.db.memos import AGENT, FRESH, KEPT
from models.db.store import Store
from models.db.threads import TICKET
from models.errors import ClaimLost, NotFound
from models.memos import MemoKind, NewMemo, Notices, hand_over_key, is_handed_over
from models.states import TicketState
from models.wire import dump
from tests.support.filings import NOW, file_one

LEASE = timedelta(minutes=20)
ALL = ("new", "assigned", "overdue")


def agent(store: Store, name: str, *wants: str, email: str = "", is_active: bool = True) -> None:
    store.add_agent(name, "correct horse battery", NOW)
    values = {"email": email or f"{name}@desk.example", "notices": dump(list(wants or ALL)), "is_active": is_active}
    with store.write() as connection:
        connection.execute(update(AGENT).where(AGENT.c.name == name).values(**values))


def assign(store: Store, ref: str, to: str, by: str) -> None:
    with store.write() as connection:
        connection.execute(update(TICKET).where(TICKET.c.ref == ref).values(assignee=to))
        add_event(connection, ref, NOW, by, "assigned", to)


def event(store: Store, ref: str, what: str) -> None:
    with store.write() as connection:
        add_event(connection, ref, NOW, "uketsuke", what)


def memo(key: str = hand_over_key("T000001"), *, kind: MemoKind = MemoKind.HAND_OVER) -> NewMemo:
    return NewMemo(
        key=key, kind=kind, ref="T000001", to="help@elsewhere.example", mail_from="", raw=b"Subject: x\r\n\r\n"
    )


def keep(store: Store, *memos: NewMemo) -> None:
    store.keep_news(store.news_for_memos(now=NOW), memos, now=NOW)


def due(store: Store) -> dict[str, list[tuple[str, str]]]:
    found = store.notices_due(told_before=NOW, now=NOW)
    return {one.agent: [(line.kind, line.ref) for line in one.lines] for one in found}


def ready(store: Store, number: int = 1, by: str = "uketsuke") -> str:
    ref = file_one(store, number)
    store.move(ref, TicketState.READY, by=by, now=NOW)
    return ref


def test_the_history_is_read_on_from_where_it_was_left(store: Store) -> None:
    file_one(store, 1)
    first = store.news_for_memos(now=NOW)
    assert [one.what for one in first.events] == ["filed", "reply_queued"]
    store.keep_news(first, [memo()], now=NOW)
    store.keep_news(first, [memo()], now=NOW)
    assert store.news_for_memos(now=NOW).events == ()
    assert len(store.memos()) == 1
    assert store.has_memo(hand_over_key("T000001"))


def test_a_ticket_is_handed_over_when_it_first_becomes_ready_or_comes_in(store: Store) -> None:
    ref = file_one(store, 1)
    news = store.news_for_memos(now=NOW).events
    assert [is_handed_over(one, mode) for mode in ("off", "ready", "all") for one in news] == [
        *[False] * 4,
        True,
        False,
    ]
    keep(store)
    later = NOW + timedelta(hours=1)
    store.move(ref, TicketState.READY, by="hanako", now=later)
    (one,) = store.news_for_memos(now=later).events
    assert is_handed_over(one, "ready")
    keep(store)
    store.move(ref, TicketState.CLOSED, by="hanako", now=later)
    store.move(ref, TicketState.READY, by="hanako", now=later + timedelta(hours=1))
    assert len(store.news_for_memos(now=later).events) == 2
    assert not any(is_handed_over(one, "ready") for one in store.news_for_memos(now=later).events)


def test_agents_hear_what_they_want_and_nothing_of_their_own_doing(store: Store) -> None:
    agent(store, "hanako", "new", "assigned")
    agent(store, "jiro", "overdue")
    agent(store, "gone", is_active=False)
    agent(store, "odd", email="no address")
    one, other = ready(store, 1), ready(store, 2, by="hanako")
    assign(store, one, "hanako", by="jiro")
    event(store, one, "overdue")
    event(store, other, "overdue")
    keep(store)
    assert due(store) == {"hanako": [("new", one), ("assigned", one)], "jiro": [("overdue", other)]}


def test_who_takes_a_ticket_himself_is_not_told(store: Store) -> None:
    agent(store, "hanako")
    ref = ready(store)
    keep(store)
    store.notices_due(told_before=NOW, now=NOW)
    assign(store, ref, "hanako", by="hanako")
    keep(store)
    assert due(store) == {"hanako": [("new", ref)]}


def test_what_is_no_news_any_more_is_let_go(store: Store) -> None:
    agent(store, "hanako")
    closed, taken, old = ready(store, 1), ready(store, 2), ready(store, 3)
    keep(store)
    store.move(closed, TicketState.CLOSED, by="jiro", now=NOW)
    assign(store, taken, "jiro", by="jiro")
    assert due(store) == {"hanako": [("new", old)]}
    assert store.notices_due(told_before=NOW, now=NOW + FRESH) == ()
    assert due(store) == {}, "it was too late, and stays so"


def test_what_waits_goes_in_one_memo_and_the_next_waits_its_time(store: Store) -> None:
    agent(store, "hanako")
    ready(store, 1)
    ready(store, 2)
    keep(store)
    (notices,) = store.notices_due(told_before=NOW, now=NOW)
    assert store.write_notices(notices, memo("notice:hanako:1", kind=MemoKind.NOTICE), now=NOW)
    assert not store.write_notices(notices, memo("notice:hanako:1", kind=MemoKind.NOTICE), now=NOW)
    ready(store, 3)
    keep(store)
    ten = timedelta(minutes=10)
    assert store.notices_due(told_before=NOW + timedelta(minutes=9) - ten, now=NOW + timedelta(minutes=9)) == ()
    (next_ones,) = store.notices_due(told_before=NOW + ten - ten, now=NOW + ten)
    assert [line.ref for line in next_ones.lines] == ["T000003"]


def test_of_two_machines_that_write_an_agents_memo_one_does(store: Store, database_url: str) -> None:
    agent(store, "hanako")
    ready(store, 1)
    keep(store)
    (few,) = store.notices_due(told_before=NOW, now=NOW)
    ready(store, 2)
    keep(store)
    (more,) = store.notices_due(told_before=NOW, now=NOW)
    others = [Store(database_url) for _ in range(4)]
    done: list[bool] = []

    def write(one: Store, notices: Notices, key: str) -> None:
        done.append(one.write_notices(notices, memo(key, kind=MemoKind.NOTICE), now=NOW))

    asked = zip(others, (few, more, few, more), ("a", "b", "c", "d"), strict=True)
    threads = [threading.Thread(target=write, args=each) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert done.count(True) == len(store.memos()) == 1


def test_a_memo_is_leased_sent_deferred_and_given_up(store: Store) -> None:
    file_one(store)
    keep(store, memo())
    (lost,) = store.claim_memos(limit=5, lease=LEASE, now=NOW)
    assert store.claim_memos(limit=5, lease=LEASE, now=NOW) == ()
    (mine,) = store.claim_memos(limit=5, lease=LEASE, now=NOW + LEASE)
    assert (mine.attempts, mine.to, mine.mail_from, mine.raw) == (2, "help@elsewhere.example", "", memo().raw)
    with pytest.raises(ClaimLost):
        store.memo_sent(lost)
    again = NOW + timedelta(hours=1)
    store.memo_deferred(mine, next_at=again, error="451 later")
    assert store.claim_memos(limit=5, lease=LEASE, now=NOW + LEASE) == ()
    (last,) = store.claim_memos(limit=5, lease=LEASE, now=again)
    store.memo_failed(last, error="550 no such user", now=again)
    assert [(one.state, one.error) for one in store.memos()] == [("failed", "550 no such user")]
    assert store.desk_events(1)[0].what == "memo_failed"
    store.memo_again(last.memo_id, by="hanako", now=again)
    store.memo_again(last.memo_id, by="hanako", now=again)
    (anew,) = store.claim_memos(limit=5, lease=LEASE, now=again)
    store.memo_sent(anew)
    assert [(one.state, one.attempts) for one in store.memos()] == [("sent", 1)]
    with pytest.raises(NotFound):
        store.memo_again(99, by="hanako", now=NOW)


def test_notices_that_never_went_are_given_up_and_old_ones_forgotten_but_not_what_was_handed_over(store: Store) -> None:
    file_one(store)
    keep(store, memo(), memo("notice:hanako:1", kind=MemoKind.NOTICE))
    store.tidy_memos(now=NOW + FRESH)
    assert {one.kind: one.state for one in store.memos()} == {"hand_over": "queued", "notice": "failed"}
    (one,) = store.claim_memos(limit=5, lease=LEASE, now=NOW)
    store.memo_sent(one)
    store.tidy_memos(now=NOW + KEPT)
    (left,) = store.memos()
    assert (left.kind, left.state, store.raw_memo(left.memo_id)) == ("hand_over", "sent", b"")
    keep(store, memo())
    assert len(store.memos()) == 1


def to(address: str, key: str, *, kind: MemoKind = MemoKind.REPORT) -> NewMemo:
    return NewMemo(key=key, kind=kind, ref="", to=address, mail_from="", raw=b"Subject: x\r\n\r\n")


def end(store: Store, *, is_sent: bool) -> None:
    (claim,) = store.claim_memos(limit=5, lease=LEASE, now=NOW)
    if is_sent:
        store.memo_sent(claim)
    else:
        store.memo_failed(claim, error="550 no such user", now=NOW)


def test_memos_are_looked_through_by_kind_and_state(store: Store) -> None:
    for number, kind in enumerate((MemoKind.HAND_OVER, MemoKind.REPORT, MemoKind.NOTICE, MemoKind.ALARM) * 3):
        store.queue_memo(to("x@desk.example", f"{kind}:{number}", kind=kind), now=NOW)
        end(store, is_sent=number % 2 == 0)
    news = (MemoKind.REPORT, MemoKind.ALARM)
    keys = ["alarm:11", "report:9", "alarm:7", "report:5", "alarm:3", "report:1"]
    assert [one.key for one in store.memos(kinds=news)] == keys
    first = store.memos(kinds=news, limit=2)
    assert [one.key for one in store.memos(kinds=news, limit=2, before=first[-1].memo_id)] == keys[2:4]
    assert {one.kind for one in store.memos(state="failed")} == {"report", "alarm"}
    assert store.memos(kinds=[MemoKind.NOTICE], state="failed") == ()
    assert len(store.memos()) == 12


def test_the_latest_memo_to_an_address_is_told_where_it_failed(store: Store) -> None:
    assert store.refused_memo("lead@desk.example") is None
    assert store.refused_memo("") is None
    store.queue_memo(to("lead@desk.example", "report:2026-W44:lead@desk.example"), now=NOW)
    assert store.refused_memo("lead@desk.example") is None, "it waits"
    end(store, is_sent=False)
    found = store.refused_memo("Lead@Desk.example")
    assert found is not None
    assert (found.key, found.error) == ("report:2026-W44:lead@desk.example", "550 no such user")
    assert store.refused_memo("ead@desk.example") is None
    store.queue_memo(to("other@desk.example", "report:2026-W45:other@desk.example"), now=NOW)
    end(store, is_sent=True)
    assert store.refused_memo("lead@desk.example") == found, "another's mail says nothing of this address"
    store.queue_memo(to("lead@desk.example", "report:2026-W45:lead@desk.example"), now=NOW)
    assert store.refused_memo("lead@desk.example") == found, "a mail that waits says nothing yet"
    end(store, is_sent=True)
    assert store.refused_memo("lead@desk.example") is None
