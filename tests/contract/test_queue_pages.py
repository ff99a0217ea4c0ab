"""Pages, counts, steps and presence of the queue, on both engines."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from models.assessment import Category, Hint, Span
from models.db.store import Store
from models.errors import IllegalMove, NotFound
from models.hands import Act, Refusal
from models.lists import Wanted, read_key
from models.states import MOVES, Cause, TicketState
from models.ticket import Rank
from policy.pack import Pack
from runtime.reminders import pass_time
from tests.support.filings import LEASE, NOW, arrival, assessment, file_one, filing, mail

TODO = Wanted(states=(TicketState.READY, TicketState.NEEDS_REVIEW), by_rank=True, has_strays=True)


def put(
    store: Store,
    number: int,
    *,
    category: Category = Category.TROUBLESHOOTING,
    hints: tuple[str, ...] = (),
    sender: str = "taro@example.com",
    state: TicketState = TicketState.READY,
    region: str = "",
) -> str:
    store.accept([arrival(number, sender=sender)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, sender=sender)
    found = tuple(Hint(kind=kind, value="", span=Span(0, 1)) for kind in hints)
    found += (Hint(kind="region", value=region, span=Span(0, 1)),) if region else ()
    seen = replace(assessment(one, category=category), hints=found)
    return store.file(replace(filing(claim, one, None, state=state), seen=seen))


def refs(store: Store, wanted: Wanted, limit: int = 2) -> list[str | None]:
    """All pages, two lines each."""
    found, after = [], ""
    while True:
        page = store.page(wanted, after=after, limit=limit)
        found += [row.ref for row in page.rows]
        if not page.after:
            return found
        after = page.after


def test_the_most_pressing_come_first_and_within_a_rank_the_longest_wait(store: Store) -> None:
    usual, urgent = put(store, 1), put(store, 2, hints=("urgent",))
    later, incident = put(store, 3), put(store, 4, category=Category.INCIDENT)
    store.accept([arrival(5)])
    assert refs(store, TODO) == [incident, urgent, usual, later, None]
    newest = replace(TODO, by_rank=False)
    assert refs(store, newest) == [None, incident, later, urgent, usual]


def test_pages_have_no_gap_and_no_repeat_while_tickets_move(store: Store) -> None:
    made = [put(store, number) for number in range(1, 8)]
    first = store.page(TODO, limit=3)
    store.act([made[0]], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    second = store.page(TODO, after=first.after, limit=3)
    assert [row.ref for row in (*first.rows, *second.rows)] == made[:6]


@pytest.mark.parametrize("key", ["x", "1", "1.", ".1", "1.x", "9" * 40 + ".1", "-1.2", "１.２"])
def test_a_key_that_is_none_begins_at_the_top(store: Store, key: str) -> None:
    ref = put(store, 1)
    assert read_key(key, by_rank=True) is None
    assert [row.ref for row in store.page(TODO, after=key).rows] == [ref]


def test_filters_are_joined_by_and(store: Store) -> None:
    bill = put(store, 1, category=Category.PAYMENT_BILLING, sender="a@x.example")
    slow = put(store, 2, sender="a@x.example", region="ap-northeast-1")
    put(store, 3, sender="b@y.example")

    def found(*tags: str) -> list[str | None]:
        return refs(store, replace(TODO, tags=tags))

    assert found("domain:x.example") == [bill, slow]
    assert found("domain:x.example", "lane:service") == [bill]
    assert found("region:ap-northeast-1", "sender:a@x.example", "product:ecs") == [slow]
    assert found("region:cn-hangzhou") == []
    assert found("lacks:goal") == [bill, slow, "T000003"]


def test_a_filter_by_age_bounds_both_sides(store: Store) -> None:
    put(store, 1)
    assert refs(store, replace(TODO, opened_before=NOW)) == []
    assert refs(store, replace(TODO, opened_before=NOW + timedelta(seconds=1))) == ["T000001"]
    assert refs(store, replace(TODO, opened_after=NOW + timedelta(seconds=1))) == []


def test_counts_stay_right_whoever_changes_a_ticket(store: Store) -> None:
    one, two = put(store, 1), put(store, 2, category=Category.PAYMENT_BILLING)
    store.accept([arrival(3)])
    store.act([one], Act(assignee="hanako"), by="hanako", now=NOW)
    store.act([two], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    wanted = Counter({("ready", "product", "hanako"): 1, ("closed", "service", ""): 1, ("needs_review", "mail", ""): 1})
    assert store.tallies() == wanted
    for _ in range(120):
        store.act([one], Act(to=TicketState.NEEDS_REVIEW), by="hanako", now=NOW)
        store.act([one], Act(to=TicketState.READY), by="hanako", now=NOW)
    with store.read() as connection:
        before = connection.execute(text("SELECT COUNT(*) FROM ticket_tally")).scalar_one()
    store.fold_tallies()
    with store.read() as connection:
        after = connection.execute(text("SELECT COUNT(*) FROM ticket_tally")).scalar_one()
    assert before > 400
    assert after == 2
    assert store.tallies() == wanted
    with store.write() as connection:
        connection.execute(text("DELETE FROM ticket"))
    assert store.tallies() == Counter({("needs_review", "mail", ""): 1})


def test_a_step_for_many_does_what_it_can_and_says_what_it_could_not(store: Store) -> None:
    ready, closed = put(store, 1), put(store, 2)
    store.act([closed], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    done = store.act([ready, closed, "T000099"], Act(to=TicketState.ANSWERED), by="hanako", now=NOW)
    assert done.refs == (ready,)
    assert done.refused == {closed: Refusal.ILLEGAL, "T000099": Refusal.GONE}
    assert store.ticket(ready).row.state == "answered"


def test_a_ticket_that_changed_under_ones_hands_is_left_alone(store: Store) -> None:
    ref = put(store, 1)
    seen = store.ticket(ref).row.version
    store.act([ref], Act(assignee="jiro"), by="jiro", now=NOW)
    done = store.act([ref], Act(to=TicketState.CLOSED), by="hanako", now=NOW, versions={ref: seen})
    assert (done.refs, done.refused, done.undo) == ((), {ref: Refusal.CHANGED}, "")


def test_a_step_is_taken_back_once_by_who_took_it_and_only_if_nothing_happened_since(store: Store) -> None:
    ref, other = put(store, 1, state=TicketState.WAITING_CUSTOMER), put(store, 2)
    done = store.act([ref, other], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    with pytest.raises(NotFound):
        store.undo(done.undo, by="jiro", now=NOW)
    store.act([other], Act(assignee="jiro"), by="jiro", now=NOW)
    back = store.undo(done.undo, by="hanako", now=NOW + timedelta(minutes=5))
    assert (back.refs, back.refused) == ((ref,), {other: Refusal.CHANGED})
    assert store.ticket(ref).row.state == "waiting_customer"
    with pytest.raises(NotFound):
        store.undo(done.undo, by="hanako", now=NOW)
    late = store.act([ref], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    with pytest.raises(NotFound):
        store.undo(late.undo, by="hanako", now=NOW + timedelta(minutes=11))


def test_a_snooze_that_is_taken_back_and_one_that_is_kept_wake_where_they_slept_from(store: Store) -> None:
    ref = put(store, 1, state=TicketState.ANSWERED)
    until = NOW + timedelta(days=1)
    store.act([ref], Act(to=TicketState.SNOOZED, wake_at=until), by="hanako", now=NOW)
    woken = store.act([ref], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    store.undo(woken.undo, by="hanako", now=NOW)
    assert store.ticket(ref).row.wake_at == until
    store.wake(now=until)
    assert store.ticket(ref).row.state == "answered"


def test_taking_a_step_back_opens_again_what_it_had_settled(store: Store, pack: Pack) -> None:
    ref = put(store, 1, state=TicketState.NEEDS_REVIEW)
    with store.write() as connection:
        connection.execute(text("""UPDATE ticket SET person_first = '["hold_complaint"]', proposal = 'close'"""))
    pass_time(store, pack, NOW)
    pass_time(store, pack, NOW + timedelta(hours=9))
    before = store.ticket(ref).row
    assert before.is_overdue
    done = store.act([ref], Act(to=TicketState.CLOSED), by="hanako", now=NOW)
    store.undo(done.undo, by="hanako", now=NOW)
    after = store.ticket(ref).row
    assert replace(after, version=0, updated_at=NOW) == replace(before, version=0, updated_at=NOW)
    with store.read() as connection:
        assert "hold_complaint" in connection.execute(text("SELECT person_first FROM ticket")).scalar_one()


def test_what_agents_may_do_may_be_taken_back_and_nothing_else() -> None:
    back = {(to, was) for (was, to), causes in MOVES.items() if Cause.AGENT in causes}
    assert {move for move, causes in MOVES.items() if Cause.UNDO in causes} == back


def test_who_else_looks_is_known_for_a_minute(store: Store) -> None:
    ref = put(store, 1)
    assert store.look(ref, by="hanako", now=NOW) == ()
    (viewer,) = store.look(ref, by="jiro", now=NOW, is_writing=True)
    assert (viewer.agent, viewer.is_writing) == ("hanako", False)
    assert [one.agent for one in store.viewers(ref, but="hanako", now=NOW + timedelta(seconds=60))] == ["jiro"]
    assert store.viewers(ref, but="hanako", now=NOW + timedelta(minutes=2)) == ()
    store.look_away(ref, by="jiro")
    store.look_away(ref, by="jiro")
    assert store.viewers(ref, but="hanako", now=NOW) == ()


def test_a_response_target_is_set_in_business_time_and_passing_it_presses(store: Store, pack: Pack) -> None:
    usual, urgent = put(store, 1), put(store, 2, hints=("urgent",))
    pass_time(store, pack, NOW)  # Tuesday 10:00 in Tokyo; the desk closes at 18:00
    assert store.ticket(usual).row.due_at == NOW + timedelta(hours=8)
    assert store.ticket(urgent).row.due_at == NOW + timedelta(hours=2)
    assert pass_time(store, pack, NOW + timedelta(hours=8))["overdue"] == 2
    row = store.ticket(usual).row
    assert (row.rank, row.is_overdue) == (Rank.PRESSING, True)
    assert [event.what for event in store.ticket(usual).events].count("overdue") == 1
    assert pass_time(store, pack, NOW + timedelta(hours=9))["overdue"] == 0
    store.act([usual], Act(to=TicketState.ANSWERED), by="hanako", now=NOW)
    row = store.ticket(usual).row
    assert (row.rank, row.is_overdue, row.due_at) == (Rank.USUAL, False, None)


def test_alike_incidents_of_the_last_minutes_are_one_group(store: Store) -> None:
    for number in range(1, 4):
        put(store, number, sender=f"u{number}@c{number}.example", region="ap-northeast-1")
    put(store, 4, category=Category.HOW_TO, region="ap-northeast-1")
    (group,) = store.alike(NOW + timedelta(minutes=5))
    assert (group.product, group.region, len(group.refs), group.senders) == ("ecs", "ap-northeast-1", 3, 3)
    assert store.alike(NOW + timedelta(hours=1)) == ()


def test_three_mails_of_one_customer_are_no_incident(store: Store) -> None:
    for number in range(1, 4):
        put(store, number)
    assert store.alike(NOW) == ()


def test_changes_tell_which_tickets_something_happened_to(store: Store) -> None:
    assert store.changes(None) == (0, frozenset())
    ref = put(store, 1)
    assert store.changes(0)[1] == {ref}
    here, _ = store.changes(None)
    assert store.changes(here) == (here, frozenset())
    store.add_note(ref, "x", by="hanako", now=NOW)
    latest, changed = store.changes(here)
    assert (latest > here, changed) == (True, frozenset({ref}))


def test_a_customers_tickets_are_found_without_this_one(store: Store) -> None:
    made = [put(store, number) for number in range(1, 4)]
    put(store, 4, sender="other@example.com")
    assert [row.ref for row in store.tickets_of("taro@example.com", but=made[0])] == [made[2], made[1]]


def test_an_illegal_move_is_still_an_error_where_one_ticket_is_moved(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    with pytest.raises(IllegalMove):
        store.move(ref, TicketState.ANSWERED, by="hanako", now=NOW)


def test_two_tabs_of_one_agent_that_open_a_ticket_at_once_are_one_viewer(store: Store) -> None:
    ref = file_one(store, 1)

    def look(_: int) -> None:
        store.look(ref, by="hanako", now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(80)))
    assert [one.agent for one in store.viewers(ref, but="", now=NOW)] == ["hanako"]


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_lists_are_planned_for_what_they_ask_and_nothing_else_is(store: Store) -> None:
    """Nearly all tickets are closed: a plan for a mean state would read the whole table for the few that are open."""

    def mode(connection: Connection) -> str:
        return str(connection.exec_driver_sql("SHOW plan_cache_mode").scalar_one())

    with store.read_skewed() as connection:
        assert mode(connection) == "force_custom_plan"
    with store.read() as connection:
        assert mode(connection) == "auto"
