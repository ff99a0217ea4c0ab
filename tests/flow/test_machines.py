"""Tokens, webhooks and hand-over as an admin sets them at the desk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from models.agents import Role
from models.db.store import Store
from policy.pack import Pack
from runtime.webhooks import Hooks
from tests.support.clocks import Clock
from tests.support.desk import PASSWORD, browsing, make_app, sign_in, signed_in, token_on
from tests.support.filings import NOW, file_one
from tests.support.hook_receiver import receiving

TOKENS, HOOKS, OVER = "/settings/tokens", "/settings/webhooks", "/settings/hand-over"
_SHOWN = re.compile(r'value="((?:uk|whsec)_[\w-]{43})"')


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def app(store: Store, pack: Pack) -> FastAPI:
    return make_app(store, pack, Clock(NOW), hand_over="ready", hand_over_to="help@elsewhere.example")


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as one:
        yield one


async def test_a_token_is_shown_once_works_and_is_revoked(client: AsyncClient, app: FastAPI, store: Store) -> None:
    csrf = await token_on(client, TOKENS)
    page = await client.post(
        TOKENS, data={"token": csrf, "name": " <b>BI</b> ", "scopes": ["tickets:read", "reports:read"]}
    )
    assert page.status_code == 201
    (secret,) = _SHOWN.findall(page.text)
    assert "<b>BI" not in page.text
    assert secret not in (await client.get(TOKENS)).text
    async with browsing(app) as program:
        headers = {"Authorization": f"Bearer {secret}"}
        assert (await program.get("/api/v1/reports", headers=headers)).status_code == 200
        assert (await program.get("/api/v1/mails/1/raw", headers=headers)).status_code == 403
        assert (await client.post(f"{TOKENS}/1/revoke", data={"token": csrf})).status_code == 303
        assert (await program.get("/api/v1/reports", headers=headers)).status_code == 401
    assert "revoked" in (await client.get(TOKENS)).text
    assert [event.what for event in store.desk_events(2)] == ["token_revoked", "token_added"]


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "", "scopes": ["tickets:read"]},
        {"name": "\0 ", "scopes": ["tickets:read"]},
        {"name": "x" * 49, "scopes": ["tickets:read"]},
        {"name": "keep <this>", "scopes": []},
        {"name": "keep <this>", "scopes": ["everything"]},
    ],
)
async def test_a_token_that_cannot_be_is_asked_for_again(
    client: AsyncClient, store: Store, typed: dict[str, object]
) -> None:
    page = await client.post(TOKENS, data={"token": await token_on(client, TOKENS), **typed})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "<this>" not in page.text
    assert ("keep &lt;this&gt;" in page.text) == ("keep <this>" in typed.values())
    assert store.tokens() == ()


async def test_a_webhook_is_made_shown_turned_sent_again_and_dropped(client: AsyncClient, store: Store) -> None:
    csrf = await token_on(client, HOOKS)
    with receiving() as receiver:
        made = await client.post(
            HOOKS, data={"token": csrf, "url": f" {receiver.url} ", "events": ["ticket.filed", "nope"]}
        )
        assert made.status_code == 201
        assert len(_SHOWN.findall(made.text)) == 1
        (hook,) = store.webhooks()
        assert (hook.url, hook.events, hook.has_subject) == (receiver.url, ("ticket.filed",), False)
        ref = file_one(store)
        hooks = Hooks(store, "https://desk.example", Clock(NOW))
        await asyncio.to_thread(hooks.run_batch)
        page = await client.get(f"{HOOKS}/1")
        assert "HTTP 204" in page.text
        assert ref in page.text
        assert "&#34;ref&#34;: &#34;T000001&#34;" in (await client.get(f"{HOOKS}/calls/1")).text
        again = await client.post(f"{HOOKS}/calls/1/again", data={"token": csrf})
        assert again.headers["location"] == f"{HOOKS}/1"
        await asyncio.to_thread(hooks.run_batch)
        assert receiver.told == [(ref, "ticket.filed")] * 2
        await client.post(f"{HOOKS}/1/turn", data={"token": csrf, "to": "off"})
        file_one(store, 2)
        assert await asyncio.to_thread(hooks.run_batch) == 0
        assert "off" in (await client.get(HOOKS)).text
        await client.post(f"{HOOKS}/1/turn", data={"token": csrf, "to": "on"})
        assert store.webhooks()[0].is_on
        assert receiver.url in (await client.get(f"{HOOKS}/1/drop")).text
        assert (await client.post(f"{HOOKS}/1/drop", data={"token": csrf})).status_code == 303
    assert store.webhooks() == ()
    assert (await client.get(f"{HOOKS}/1")).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "ftp://hooks.example/x",
        "javascript:alert(1)",
        "https://user:pw@hooks.example/",
        "https://hooks.example:99999/",
        "https://[::1/",
        "https://hooks.example/ x",
        "https://hooks.example/\r\nHost: x",
        "https://フック.example/",
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://169.16689662/",
        "http://169.0376.0251.254/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[fe80::1%25eth0]/",
        "https://hooks.example/" + "x" * 2000,
    ],
)
async def test_a_url_that_events_cannot_go_to_is_asked_for_again(client: AsyncClient, store: Store, url: str) -> None:
    page = await client.post(
        HOOKS, data={"token": await token_on(client, HOOKS), "url": url, "events": ["ticket.moved"]}
    )
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert 'value="ticket.moved" checked' in page.text
    assert store.webhooks() == ()


async def test_without_events_nothing_is_made_and_all_is_one_choice(client: AsyncClient, store: Store) -> None:
    csrf = await token_on(client, HOOKS)
    bad = await client.post(HOOKS, data={"token": csrf, "url": "https://hooks.example/", "subject": "yes"})
    assert bad.status_code == 422
    assert 'value="https://hooks.example/"' in bad.text
    await client.post(
        HOOKS, data={"token": csrf, "url": "https://hooks.example/", "subject": "yes", "events": ["*", "note.added"]}
    )
    assert [(hook.events, hook.has_subject) for hook in store.webhooks()] == [(("*",), True)]


async def test_the_hand_over_page_tells_how_it_is_set_and_leads_to_what_went(client: AsyncClient) -> None:
    page = (await client.get(OVER)).text
    assert "help@elsewhere.example, each once" in page
    assert "There is no smarthost" in page
    assert 'href="/settings/own-mails?show=hand_over"' in page


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_pages_speak_both_languages(app: FastAPI, store: Store, language: str) -> None:
    store.add_webhook("https://hooks.example/", ("*",), has_subject=True, by="x", now=NOW)
    async with signed_in(app, language=language) as client:
        for path in (TOKENS, HOOKS, f"{HOOKS}/1", f"{HOOKS}/1/drop", OVER, "/api/v1/docs"):
            page = await client.get(path)
            assert page.status_code == 200
            assert f'<html lang="{language}">' in page.text
            assert "<script" not in page.text.replace('<script src="/static/', "")


async def test_only_admins_come_here_and_only_by_forms_of_theirs(
    app: FastAPI, store: Store, client: AsyncClient
) -> None:
    store.add_agent("jiro", PASSWORD, NOW, role=Role.LEAD)
    async with browsing(app, address="198.51.100.8") as other:
        await sign_in(other, "jiro")
        for path in (TOKENS, HOOKS, OVER):
            assert (await other.get(path)).status_code == 403
    for path in (TOKENS, f"{TOKENS}/1/revoke", HOOKS, f"{HOOKS}/1/drop", f"{HOOKS}/calls/1/again"):
        forged = await client.post(
            path, data={"token": "0" * 64, "name": "x", "url": "https://x.example", "events": "*"}
        )
        assert forged.status_code in {403, 404, 409}, path
    assert store.tokens() == ()
    assert store.webhooks() == ()
