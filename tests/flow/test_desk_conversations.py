"""A conversation at the desk: what its mails gave, related tickets, snooze, solved, accounts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from desk.ticket_pages import MOST_MAILS
from models.assessment import Hint, Section
from models.conversation import How
from models.db.store import Store
from models.decision import Decision, Disposition
from models.states import TicketState
from models.ticket import Link, LinkKind
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app, signed_in, token_on
from tests.support.filings import LEASE, NOW, arrival, assessment, file_one, filing, mail

REF = "T000001"
ACCOUNT = "5123456789012345"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(sqlite_store: Store, pack: Pack, clock: Clock) -> FastAPI:
    return make_app(sqlite_store, pack, clock)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def add(store: Store, number: int, body: str = "昨日の10時からです。", **changes: object) -> str:
    store.accept([arrival(number, body=body)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return store.file(replace(filing(claim, mail(number, body=body), None), **changes))  # type: ignore[arg-type]


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_page_tells_which_mail_gave_what(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    second = assessment(mail(2), present=frozenset({Section.WHEN}))
    answered = Decision(disposition=Disposition.REQUEST_INFORMATION, missing=("goal",), answers={"where": How.INLINE})
    add(sqlite_store, 2, join=REF, seen=second, decision=answered)
    page = plain((await browser.get(f"/tickets/{REF}")).text)
    assert "Known so far All mails of this ticket taken together." in page
    for line in (
        "Symptom given mail 1 · from the text",
        "When and how often given mail 2 · from the text",
        "Where given mail 2 · answered within the quote",
        "Goal asked for",
    ):
        assert line in page, line
    async with signed_in(make_app_again(browser), language="ja") as japanese:
        page = plain((await japanese.get(f"/tickets/{REF}")).text)
        assert "発生日時・頻度 あり 2通目 · 本文から" in page


def make_app_again(browser: AsyncClient) -> FastAPI:
    return browser._transport.app  # type: ignore[attr-defined, no-any-return]


async def test_a_ticket_is_snoozed_until_a_time_to_come(
    browser: AsyncClient, sqlite_store: Store, clock: Clock
) -> None:
    file_one(sqlite_store)
    token = await token_on(browser, f"/tickets/{REF}")
    for until, said in (
        ("", "Say until when."),
        ("tomorrow", "Say until when."),
        ("2026-11-24T09:59", "must end in the future"),
    ):
        refused = await browser.post(f"/tickets/{REF}/snooze", data={"until": until, "token": token})
        assert (refused.status_code, said in refused.text) == (400, True)
    assert sqlite_store.ticket(REF).row.state == "waiting_customer"
    done = await browser.post(f"/tickets/{REF}/snooze", data={"until": "2026-11-25T09:00", "token": token})
    assert done.status_code == 303
    page = plain((await browser.get(f"/tickets/{REF}")).text)
    assert "snoozed until 2026/11/25 09:00" in page
    assert "Waiting for customer → Snoozed (until 2026-11-25 09:00)" in page
    clock.advance(timedelta(days=2))
    assert sqlite_store.wake(now=clock()) == 1


async def test_a_forms_token_guards_what_is_new(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    for path, data in (
        ("snooze", {"until": "2026-11-25T09:00"}),
        ("accounts", {"account": ACCOUNT, "does": "confirm"}),
    ):
        assert (await browser.post(f"/tickets/{REF}/{path}", data={**data, "token": "x"})).status_code == 404
    assert sqlite_store.ticket(REF).row.state == "waiting_customer"
    assert sqlite_store.known_accounts("taro@example.com") == ()


async def test_solved_is_proposed_and_one_click_closes(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    seen = replace(assessment(mail(2)), hints=(Hint(kind="wants_close"),))
    add(sqlite_store, 2, join=REF, seen=seen, decision=Decision(disposition=Disposition.NO_REPLY))
    assert "said to be solved" in (await browser.get("/queue")).text
    page = await browser.get(f"/tickets/{REF}")
    assert "The customer says that this is solved." in page.text
    token = await token_on(browser, f"/tickets/{REF}")
    data = {"to": "closed", "token": token, "why": "  as he  says "}
    assert (await browser.post(f"/tickets/{REF}/move", data=data)).status_code == 303
    last = sqlite_store.ticket(REF).events[-1]
    assert (last.by, last.detail) == (AGENT, "needs_review -> closed: as he says")
    assert "The customer says that this is solved." not in (await browser.get(f"/tickets/{REF}")).text


async def test_related_tickets_lead_to_each_other(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    sqlite_store.move(REF, TicketState.CLOSED, by="hanako", now=NOW)
    child = add(sqlite_store, 2, link=Link(other=REF, kind=LinkKind.FOLLOWS))
    page = plain((await browser.get(f"/tickets/{child}")).text)
    assert f"goes on from the closed {REF}" in page
    back = await browser.get(f"/tickets/{REF}")
    assert f'href="/tickets/{child}"' in back.text
    assert "went on after this was closed in" in back.text


async def test_an_account_is_confirmed_and_taken_back(browser: AsyncClient, sqlite_store: Store) -> None:
    one = mail(1)
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    sqlite_store.file(replace(filing(claim, one, None), seen=replace(assessment(one), accounts=(ACCOUNT,))))
    token = await token_on(browser, f"/tickets/{REF}")

    async def settle(does: str, account: str = ACCOUNT) -> int:
        data = {"account": account, "does": does, "token": token}
        return (await browser.post(f"/tickets/{REF}/accounts", data=data)).status_code

    assert "Confirm as this sender&#39;s" in (await browser.get(f"/tickets/{REF}")).text
    assert await settle("confirm") == 303
    assert sqlite_store.known_accounts("taro@example.com") == (ACCOUNT,)
    assert "Take back" in (await browser.get(f"/tickets/{REF}")).text
    assert await settle("forget") == 303
    assert sqlite_store.known_accounts("taro@example.com") == ()
    assert [await settle("confirm", wrong) for wrong in ("12", "x" * 16, " ", "５" * 16)] == [400] * 4


async def test_a_long_thread_is_shown_from_its_end(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    for number in range(2, MOST_MAILS + 6):
        add(sqlite_store, number, join=REF, body=f"その{number}")
    page = await browser.get(f"/tickets/{REF}")
    total = MOST_MAILS + 5
    assert f"the newest {MOST_MAILS} of {total} are shown" in plain(page.text)
    assert f"{total}/{total}" in plain(page.text)
    assert "その3<" not in page.text
    every = await browser.get(f"/tickets/{REF}?mails=all")
    assert every.text.count('class="mailtext"') == total
