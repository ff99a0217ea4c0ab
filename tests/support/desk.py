"""The desk by HTTP, without a network: a browser with cookies, from an address of its own."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from httpx import ASGITransport, AsyncClient, Response

from desk.app import DeskSettings, create_app
from tests.support.filings import NOW
from tests.support.ledger import ledger_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from desk.report_pages import Ledger
    from models.db.store import Store
    from policy.pack import Pack
    from tests.support.clocks import Clock

AGENT = "hanako"
PASSWORD = "correct horse battery"
SECRET = b"s" * 32
_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')


def make_app(
    store: Store,
    pack: Pack,
    clock: Clock,
    *,
    is_secure: bool = False,
    ledger: Ledger | Literal["real"] | None = "real",
    **settings: Any,  # noqa: ANN401 - DeskSettings' own
) -> FastAPI:
    """The desk with one agent who may sign in and do all there is; `settings` are further DeskSettings."""
    if AGENT not in store.agents():
        store.add_agent(AGENT, PASSWORD, NOW)
    wanted = DeskSettings(secret=SECRET, title="サポートセンター", is_secure=is_secure, **settings)
    made = ledger_for(store, pack, clock) if ledger == "real" else ledger
    return create_app(store, pack, wanted, clock, made)


@asynccontextmanager
async def browsing(app: FastAPI, *, address: str = "198.51.100.7", language: str = "en") -> AsyncIterator[AsyncClient]:
    """A browser that follows no redirect by itself."""
    transport = ASGITransport(app=app, client=(address, 50000))
    headers = {"Accept-Language": language}
    async with AsyncClient(transport=transport, base_url="http://desk.example", headers=headers) as client:
        yield client


@asynccontextmanager
async def signed_in(app: FastAPI, *, address: str = "198.51.100.7", language: str = "en") -> AsyncIterator[AsyncClient]:
    """The same, with the agent signed in."""
    async with browsing(app, address=address, language=language) as client:
        assert (await sign_in(client)).status_code == 303
        yield client


async def sign_in(client: AsyncClient, name: str = AGENT, password: str = PASSWORD, *, to: str = "") -> Response:
    address = f"/sign-in?next={to}" if to else "/sign-in"
    return await client.post(address, data={"name": name, "password": password})


async def token_on(client: AsyncClient, path: str) -> str:
    """The token that the forms of a page carry."""
    found = _TOKEN.search((await client.get(path)).text)
    assert found is not None
    return found[1]
