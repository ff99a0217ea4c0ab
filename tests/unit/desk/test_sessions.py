"""A session ends when its agent signs out, and with his old password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI

from desk.session import (
    FREE_FAILURES,
    IDLE,
    LIFETIME,
    LONGEST_WAIT_S,
    MAX_ADDRESSES,
    MAX_FAILURES,
    WINDOW,
    SignInBrake,
    cookie_name,
    cookie_of,
    csrf_token,
    is_csrf_token,
    is_own_token,
    new_session,
    read_session,
    renewed,
)
from models.db.store import Store
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, SECRET, browsing, make_app, sign_in, signed_in, token_on
from tests.support.filings import NOW

COOKIE = "uketsuke_session"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(store: Store, pack: Pack, clock: Clock) -> FastAPI:
    return make_app(store, pack, clock)


async def status_with(app: FastAPI, cookie: str) -> int:
    async with browsing(app) as client:
        return (await client.get("/queue", headers={"Cookie": f"{COOKIE}={cookie}"})).status_code


async def test_the_cookie_of_a_session_that_was_signed_out_opens_nothing_anywhere(
    app: FastAPI, store: Store, pack: Pack, clock: Clock
) -> None:
    async with signed_in(app) as one, signed_in(app) as other:
        old = one.cookies[COOKIE]
        token = await token_on(one, "/queue")
        assert await status_with(app, old) == 200
        assert (await one.post("/sign-out", data={"token": token})).status_code == 303
        assert await status_with(app, old) == 303
        assert await status_with(make_app(store, pack, clock), old) == 303, "another process of the desk"
        assert (await other.get("/queue")).status_code == 200, "the same agent's session elsewhere goes on"
        again = await one.post("/sign-out", data={"token": token}, headers={"Cookie": f"{COOKIE}={old}"})
        assert again.headers["location"].startswith("/sign-in?next=")
    async with browsing(app) as client:
        assert (await sign_in(client)).status_code == 303


async def test_a_new_password_ends_every_session_of_the_old_one(app: FastAPI, store: Store) -> None:
    store.add_agent("taro", "quite another one", NOW)
    async with signed_in(app) as client, browsing(app) as bystander:
        await sign_in(bystander, "taro", "quite another one")
        store.add_agent(AGENT, "a new password of hers", NOW)
        assert (await client.get("/queue")).status_code == 303
        assert (await bystander.get("/queue")).status_code == 200
        assert (await sign_in(client, AGENT, PASSWORD)).status_code == 403
        assert (await sign_in(client, AGENT, "a new password of hers")).status_code == 303


def test_ended_sessions_are_forgotten_when_they_would_have_expired(store: Store) -> None:
    store.add_agent(AGENT, PASSWORD, NOW)
    later = NOW + LIFETIME + timedelta(seconds=1)
    expires = int((NOW + LIFETIME).timestamp())
    for one in ("aa", "aa", "bb"):
        store.end_session(AGENT, one, expires=expires, now=NOW)
    store.end_session("nobody", "cc", expires=expires, now=NOW)
    assert [store.session_key(AGENT, one) is None for one in ("aa", "bb", "cc")] == [True, True, False]
    assert store.session_key("nobody", "aa") is None
    store.end_session(AGENT, "dd", expires=expires + 60, now=later)
    assert [store.session_key(AGENT, one) is None for one in ("aa", "bb", "dd")] == [False, False, True]
    assert store.verify_agent(AGENT, PASSWORD)


def test_a_cookie_is_of_one_agent_one_key_and_one_time() -> None:
    session = new_session("山田:太郎", NOW)
    cookie = cookie_of(session, SECRET, b"key")
    assert read_session(cookie, SECRET, lambda _name, _id: b"key", NOW) == session
    assert read_session(cookie, SECRET, lambda _name, _id: b"other", NOW) is None
    assert read_session(cookie, b"x" * 32, lambda _name, _id: b"key", NOW) is None
    assert read_session(cookie, SECRET, lambda _name, _id: None, NOW) is None
    assert read_session(cookie, SECRET, lambda _name, _id: b"key", NOW + IDLE) is None


def test_a_session_in_use_goes_on_until_its_end() -> None:
    session = new_session("hanako", NOW)
    assert renewed(session, NOW + timedelta(minutes=4)) is None, "a fresh cookie is not sent again with each page"
    at, renewals = NOW, 0
    while longer := renewed(session, at := at + IDLE / 2):
        assert longer.ends == session.ends
        assert longer.id == session.id
        session, renewals = longer, renewals + 1
    assert renewals == 2 * (LIFETIME // IDLE - 1)
    assert session.expires == session.ends == int((NOW + LIFETIME).timestamp())
    cookie = cookie_of(replace(session, expires=session.ends + 60), SECRET, b"key")
    assert read_session(cookie, SECRET, lambda _name, _id: b"key", NOW + LIFETIME) is None


def test_a_form_is_of_its_session_and_one_of_another_session_is_known_as_ours() -> None:
    one, other = new_session("hanako", NOW), new_session("hanako", NOW)
    token = csrf_token(one, SECRET)
    assert is_csrf_token(token, one, SECRET)
    longer = renewed(one, NOW + timedelta(hours=1))
    assert longer is not None
    assert is_csrf_token(token, longer, SECRET), "a renewed session keeps the forms that are open"
    for forged in ("", "x", "0" * 80, token[:-1], token[:16] + "0" * 64, token + "0", "日本"):
        assert not is_csrf_token(forged, one, SECRET)
        assert not is_own_token(forged, SECRET)
    assert not is_csrf_token(token, other, SECRET)
    assert is_own_token(token, SECRET)
    assert not is_own_token(token, b"x" * 32)
    assert csrf_token(None, SECRET) == ""


@pytest.mark.parametrize("is_secure", [False, True])
def test_under_https_the_cookie_is_of_this_host_alone(is_secure: bool) -> None:
    assert cookie_name(is_secure=is_secure) == ("__Host-" if is_secure else "") + COOKIE


# --- the brake


def tries(brake: SignInBrake, address: str, name: str, count: int, at: datetime) -> list[int]:
    return [brake.wait_s(address, name, at) for _ in range(count)]


def test_each_further_try_under_one_name_from_one_address_waits_longer() -> None:
    brake, at, waits = SignInBrake(), NOW, []
    assert tries(brake, "a", "hanako", FREE_FAILURES, at) == [0] * FREE_FAILURES
    for _ in range(MAX_FAILURES - FREE_FAILURES):
        wait = brake.wait_s("a", "HANAKO", at)
        waits.append(wait)
        assert brake.wait_s("a", "hanako", at + timedelta(seconds=wait - 1)) > 0
        at += timedelta(seconds=wait)
        assert brake.wait_s("a", "hanako", at) == 0
    assert waits == [1, 2, 4, 8, 16, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert brake.wait_s("a", "taro", at) > LONGEST_WAIT_S, "the address has tried too often, whatever the name"


def test_nobody_is_locked_out_by_guesses_from_elsewhere() -> None:
    brake = SignInBrake()
    for number in range(1000):
        tries(brake, f"198.51.100.{number}", "hanako", MAX_FAILURES, NOW)
    assert brake.wait_s("203.0.113.1", "hanako", NOW) == 0


def test_a_right_password_takes_its_try_back() -> None:
    brake = SignInBrake()
    for _ in range(3 * MAX_FAILURES):
        assert brake.wait_s("a", "hanako", NOW) == 0
        brake.succeeded("a", "hanako")
    assert tries(brake, "a", "hanako", 1, NOW) == [0]


def test_old_failures_are_forgotten_and_memory_is_bounded() -> None:
    brake = SignInBrake()
    tries(brake, "a", "hanako", MAX_FAILURES, NOW)
    assert brake.wait_s("a", "hanako", NOW + WINDOW + timedelta(seconds=1)) == 0
    for number in range(2 * MAX_ADDRESSES):
        brake.wait_s(f"address{number}", f"name{number}", NOW)
    assert len(brake.failures) == 2 * MAX_ADDRESSES


def test_many_tries_at_once_are_no_way_around_the_brake() -> None:
    brake = SignInBrake()
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda number: brake.wait_s("a", f"name{number}", NOW), range(100)))
    assert waits.count(0) == MAX_FAILURES
