"""A session ends when its agent signs out, and with his old password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI

from desk.session import LIFETIME, cookie_of, new_session, read_session
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
    assert read_session(cookie, SECRET, lambda _name, _id: b"key", NOW + LIFETIME) is None
