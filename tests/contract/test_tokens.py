from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from models.db.store import Store
from models.errors import IllegalMove, NotFound, Outdated
from models.programs import ProgramCall, Scope, TicketFilter
from models.states import TicketState
from tests.support.filings import NOW, file_one

READ = (Scope.TICKETS_READ,)


def call(
    ref: str, *, key: str = "", asks: str = "a", version: int | None = None, late: timedelta = timedelta(0)
) -> ProgramCall:
    return ProgramCall(token_id=1, ref=ref, fingerprint=asks, now=NOW + late, key=key, version=version)


def notes(store: Store, ref: str) -> list[str]:
    return [event.detail for event in store.ticket(ref).events if event.what == "note"]


def test_a_token_opens_until_it_is_revoked_and_is_kept_as_a_hash_only(store: Store) -> None:
    secret = store.add_token("bi", READ, by="hanako", now=NOW)
    found = store.token(secret, now=NOW)
    assert found is not None
    assert (found.name, found.scopes, found.by) == ("bi", ("tickets:read",), "hanako")
    assert secret.startswith("uk_")
    assert secret not in repr(store.tokens())
    store.revoke_token(found.token_id, by="hanako", now=NOW)
    store.revoke_token(found.token_id, by="hanako", now=NOW)
    assert store.token(secret, now=NOW) is None
    assert [one.is_revoked for one in store.tokens()] == [True]
    assert [event.what for event in store.desk_events(9)] == ["token_revoked", "token_added"]
    with pytest.raises(NotFound):
        store.revoke_token(99, by="hanako", now=NOW)


def test_the_last_use_is_noted_once_a_minute(store: Store) -> None:
    secret = store.add_token("bi", READ, by="hanako", now=NOW)
    assert store.tokens()[0].used_at is None
    for seconds, seen in ((0, 0), (30, 0), (61, 61)):
        store.token(secret, now=NOW + timedelta(seconds=seconds))
        assert store.tokens()[0].used_at == NOW + timedelta(seconds=seen)


@pytest.mark.parametrize("wrong", ["", "uk_", "uk_" + "x" * 43, "\0", "\ud800", "é" * 5000])
def test_what_is_no_token_opens_nothing(store: Store, wrong: str) -> None:
    store.add_token("bi", READ, by="hanako", now=NOW)
    assert store.token(wrong, now=NOW) is None


def test_a_step_with_a_key_is_taken_once_and_answered_the_same(store: Store) -> None:
    ref = file_one(store)

    def step() -> str:
        store.add_note(ref, "seen", by="api:bi", now=NOW)
        return '{"n": 1}'

    first, again = store.once(call(ref, key="k"), step), store.once(call(ref, key="k"), step)
    assert first is not None
    assert again is not None
    assert (first.answer, first.is_replay, again.answer, again.is_replay) == ('{"n": 1}', False, '{"n": 1}', True)
    assert notes(store, ref) == ["seen"]
    assert store.once(call(ref, key="k", asks="something else"), step) is None
    assert notes(store, ref) == ["seen"]
    assert store.once(call(ref, key="k", late=timedelta(hours=24)), step) is not None
    assert notes(store, ref) == ["seen", "seen"]
    store.once(call(ref), step)
    assert len(notes(store, ref)) == 3


def test_a_step_that_fails_leaves_nothing_and_its_key_may_be_used_again(store: Store) -> None:
    ref = file_one(store)

    def step() -> str:
        store.add_note(ref, "half", by="api:bi", now=NOW)
        store.move(ref, TicketState.PARKED, by="api:bi", now=NOW)
        return "{}"

    with pytest.raises(IllegalMove):
        store.once(call(ref, key="k"), step)
    assert notes(store, ref) == []
    assert store.once(call(ref, key="k", asks="b"), lambda: "{}") is not None


def test_a_step_on_another_version_or_ticket_is_refused(store: Store) -> None:
    ref = file_one(store)
    version = store.ticket_line(ref).version
    with pytest.raises(Outdated):
        store.once(call(ref, version=version + 1), lambda: "{}")
    assert store.once(call(ref, version=version), lambda: "{}") is not None
    with pytest.raises(NotFound):
        store.once(call("T999999"), lambda: "{}")


def test_of_two_at_once_with_one_key_one_takes_the_step(store: Store) -> None:
    ref = file_one(store)
    replays: list[bool] = []

    def ask() -> None:
        def step() -> str:
            store.add_note(ref, "once", by="api:bi", now=NOW)
            return "{}"

        answer = store.once(call(ref, key="k"), step)
        assert answer is not None
        replays.append(answer.is_replay)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replays) == [False, True, True, True, True, True]
    assert notes(store, ref) == ["once"]


def test_old_keys_are_forgotten(store: Store) -> None:
    ref = file_one(store)
    store.once(call(ref, key="k"), lambda: "{}")
    store.forget_calls(now=NOW + timedelta(hours=23))
    assert store.once(call(ref, key="k", asks="b"), lambda: "{}") is None
    store.forget_calls(now=NOW + timedelta(hours=24))
    assert store.once(call(ref, key="k", asks="b"), lambda: "{}") is not None


def test_programs_page_through_tickets_without_gap_or_repeat(store: Store) -> None:
    refs = [file_one(store, number) for number in range(1, 12)]
    store.move(refs[3], TicketState.CLOSED, by="hanako", now=NOW + timedelta(minutes=1))

    def pages(**asked: object) -> list[str | None]:
        found: list[str | None] = []
        place = None
        while rows := store.tickets_for_programs(TicketFilter(place=place, **asked), limit=4):  # type: ignore[arg-type]
            found += [row.ref for row in rows]
            place = rows[-1].key
        return found

    newest_first = refs[::-1]
    assert pages() == newest_first
    assert pages(states=("closed",)) == [refs[3]]
    assert pages(states=("closed", "waiting_customer")) == newest_first
    assert pages(tags=("language:ja",)) == newest_first
    assert pages(tags=("language:ja", "product:ecs"), states=("waiting_customer",)) == [
        ref for ref in newest_first if ref != refs[3]
    ]
    assert pages(tags=("product:rds",)) == []


def test_programs_follow_changes_in_their_order(store: Store) -> None:
    refs = [file_one(store, number) for number in range(1, 6)]
    for minutes, ref in ((3, refs[0]), (1, refs[4]), (2, refs[2])):
        store.add_note(ref, "x", by="hanako", now=NOW + timedelta(minutes=minutes))
    first = store.tickets_for_programs(TicketFilter(updated_since=NOW + timedelta(seconds=1)), limit=2)
    assert [row.ref for row in first] == [refs[4], refs[2]]
    behind = TicketFilter(updated_since=NOW + timedelta(seconds=1), updated_at=first[-1].updated_at, ref=refs[2])
    assert [row.ref for row in store.tickets_for_programs(behind, limit=2)] == [refs[0]]
    same = TicketFilter(
        updated_since=NOW, updated_at=NOW, ref=refs[1], tags=("language:ja",), states=("waiting_customer",)
    )
    assert [row.ref for row in store.tickets_for_programs(same, limit=9)] == [refs[3], refs[4], refs[2], refs[0]]
