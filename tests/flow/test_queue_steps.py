"""Steps from the queue and a ticket's bar by HTTP: what was done is told, what could not be done too, hostile forms do nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from desk.queue_pages import told
from desk.queue_view import TABS, view_of
from models.db.store import Store
from models.hands import Done, Refusal
from models.states import TicketState
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app, signed_in, token_on
from tests.support.filings import NOW, file_one


@pytest.fixture
def app(sqlite_store: Store, pack: Pack) -> FastAPI:
    return make_app(sqlite_store, pack, Clock(NOW))


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


async def step(browser: AsyncClient, **fields: object) -> tuple[int, str]:
    token = await token_on(browser, "/me")
    answer = await browser.post("/queue/act", data={"token": token, **fields})
    return answer.status_code, answer.headers.get("location", "")


async def test_a_step_for_many_is_told_with_what_takes_it_back(browser: AsyncClient, sqlite_store: Store) -> None:
    one, two = file_one(sqlite_store, 1), file_one(sqlite_store, 2)
    sqlite_store.move(two, TicketState.CLOSED, by="x", now=NOW)
    code, there = await step(browser, does="answered", refs=[one, two, "T000099"], back="/queue?state=all&did=old&n=9")
    said = parse_qs(urlsplit(there).query)
    assert (code, urlsplit(there).path, said["state"], said["n"]) == (303, "/queue", ["all"], ["1"])
    assert said["left"] == [f"{two}:illegal,T000099:gone"]
    page = (await browser.get(there)).text
    assert "1 moved to answered." in page
    assert "cannot be moved there from where it is" in page
    token = await token_on(browser, "/me")
    back = await browser.post("/queue/undo", data={"token": token, "key": said["undo"][0], "back": "/queue"})
    assert parse_qs(urlsplit(back.headers["location"]).query)["did"] == ["undone"]
    assert sqlite_store.ticket(one).row.state == "waiting_customer"
    again = await browser.post("/queue/undo", data={"token": token, "key": said["undo"][0], "back": "/queue"})
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("does", "until", "code"),
    [
        ("take", "", 303),
        ("leave", "", 303),
        (f"assign:{AGENT}", "", 303),
        ("assign:nobody at all", "", 400),
        ("snooze", "2036-01-01T09:00", 303),
        ("snooze:1h", "", 303),
        ("snooze:tomorrow", "", 303),
        ("snooze:never", "", 400),
        ("snooze", "yesterday", 400),
        ("snooze", "2001-01-01T09:00", 400),
        ("parked", "", 400),
        ("snoozed", "", 400),
        ("", "", 400),
        ("closed\0", "", 400),
        ("x" * 90, "", 400),
    ],
)
async def test_only_what_makes_sense_is_done(
    browser: AsyncClient, sqlite_store: Store, does: str, until: str, code: int
) -> None:
    ref = file_one(sqlite_store)
    assert (await step(browser, does=does, until=until, refs=[ref]))[0] == code
    assert (await step(browser, does=does, until=until, refs=["'; DROP TABLE ticket", "T1\0", "x" * 400]))[0] == 400
    assert (await step(browser, does=does, until=until))[0] == 400
    token = await token_on(browser, "/me")
    form = {"does": does or "x", "until": until, "version": "999", "token": token, "why": "kept <b>words</b>\0"}
    changed = await browser.post(f"/tickets/{ref}/act", data=form)
    assert changed.status_code == (409 if code == 303 else 400)
    assert ("kept &lt;b&gt;words&lt;/b&gt;" in changed.text) is (code == 303)
    assert (await browser.post("/tickets/T000099/act", data=form)).status_code == (404 if code == 303 else 400)


@pytest.mark.parametrize(
    ("preset", "local"),
    [
        ("1h", "2026-11-24 11:00"),
        ("tomorrow", "2026-11-25 09:00"),
        ("business", "2026-11-25 09:00"),
        ("monday", "2026-11-30 09:00"),
    ],
)
async def test_a_snooze_by_a_word_ends_at_the_desks_own_time(
    browser: AsyncClient, sqlite_store: Store, preset: str, local: str
) -> None:
    ref = file_one(sqlite_store)
    assert (await step(browser, does=f"snooze:{preset}", refs=[ref]))[0] == 303
    wake_at = sqlite_store.ticket(ref).row.wake_at
    assert wake_at is not None
    assert f"{wake_at.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M}" == local


async def test_many_tickets_are_changed_as_they_were_seen(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    (seen,) = re.findall(rf'value="({ref}:\d+)"', (await browser.get("/queue?state=waiting")).text)
    sqlite_store.move(ref, TicketState.READY, by="jiro", now=NOW)
    _, there = await step(browser, does="closed", refs=[seen])
    assert parse_qs(urlsplit(there).query)["left"] == [f"{ref}:changed"]
    assert sqlite_store.ticket(ref).row.state == "ready"


async def test_no_step_is_taken_for_a_stranger(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    forged = await browser.post("/queue/act", data={"token": "x", "does": "closed", "refs": ref})
    assert forged.status_code in {404, 409}
    assert sqlite_store.ticket(ref).row.state == "waiting_customer"


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "queue", "/queue\nX: y"],
)
def test_a_step_leads_nowhere_else(back: str) -> None:
    there = told(back, Done(undo="k", refs=("T000001",), refused={"T000002": Refusal.CHANGED}), "closed")
    assert there.startswith("/queue?did=closed&n=1&undo=k&left=T000002%3Achanged")


@pytest.mark.parametrize("tab", TABS)
def test_a_view_keeps_its_filters_and_its_tab(tab: str) -> None:
    view = view_of({"state": tab, "product": "ecs", "customer": " @Example.COM ", "age": "3d", "lang": "ja"}, AGENT)
    query = parse_qs(urlsplit(view.query()).query)
    assert query == {
        **({} if tab == "todo" else {"state": [tab]}),
        "product": ["ecs"],
        "customer": ["@example.com"],
        "age": ["3d"],
    }
    assert "domain:example.com" in view.wanted(NOW).tags
    assert parse_qs(urlsplit(view.query(product="")).query).get("product") is None


async def test_a_customers_page_lists_his_tickets_and_escapes_the_address(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    ref = file_one(sqlite_store)
    assert ref in (await browser.get("/customers/Taro@Example.com")).text
    page = await browser.get("/customers/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert page.status_code in {200, 404}
    assert "<script>alert" not in page.text
    assert (await browser.get("/customers/nobody%00@example.com")).status_code == 200


async def test_who_asks_for_no_stream_gets_none_and_presence_needs_the_pages_token(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    ref = file_one(sqlite_store)
    assert (await browser.get("/live")).status_code == 406
    assert (await browser.get("/live?ref=x")).status_code == 400
    assert (await browser.post(f"/live/{ref}", data={"token": "x"})).status_code in {404, 409}
    sqlite_store.look(ref, by="jiro", now=NOW)
    token = await token_on(browser, "/me")
    answer = await browser.post(f"/live/{ref}", data={"token": token, "writing": "true"})
    assert answer.json() == {"viewers": [{"agent": "jiro", "writing": False}]}
    (me,) = sqlite_store.viewers(ref, but="jiro", now=NOW)
    assert (me.agent, me.is_writing) == (AGENT, True)


async def test_the_theme_is_remembered_and_nonsense_is_not(browser: AsyncClient) -> None:
    assert re.search(r'<html lang="en" data-theme="dark">', (await browser.get("/queue?theme=dark")).text)
    assert 'data-theme="dark"' in (await browser.get("/outbox")).text
    assert "data-theme" not in (await browser.get("/queue?theme=auto")).text
    assert "data-theme" not in (await browser.get('/queue?theme="><script>')).text
