"""Coming in, in a real Chromium: the first admin's link, a provider under the page's own policy, a note over an expired session."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from desk.app import DeskSettings, create_app
from desk.oidc_client import OidcSettings
from desk.session import COOKIE, IDLE
from models.agents import Role
from models.db.store import Store
from policy.pack import Pack
from tests.browser.test_desk import NARROW, OVERFLOW, follow, serving, sign_in, watched
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, SECRET, make_app
from tests.support.filings import NOW, file_one
from tests.support.oidc_provider import CLIENT, CLIENT_SECRET, running_provider

pytestmark = pytest.mark.browser


def test_the_first_admin_comes_by_the_link_and_invites_another(
    chromium: Browser, sqlite_store: Store, pack: Pack
) -> None:
    token = sqlite_store.first_link(NOW)
    app = create_app(sqlite_store, pack, DeskSettings(secret=SECRET), Clock(NOW))
    with serving(app) as desk, watched(chromium, "ja") as page, watched(chromium, "ja", width=NARROW) as other:
        page.goto(f"{desk}/welcome/{token}")
        page.fill("input[name=name]", "花子")
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=again]", PASSWORD)
        follow(page, "button.primary")
        page.wait_for_url(f"{desk}/queue")
        page.goto(f"{desk}/people")
        page.fill("#invite input[name=name]", "次郎")
        page.select_option("#invite select[name=role]", "lead")
        follow(page, "#invite button")
        link = page.input_value(".link-once input")
        other.goto(link)
        assert other.evaluate(OVERFLOW) == []
        other.fill("input[name=password]", PASSWORD)
        other.fill("input[name=again]", PASSWORD)
        follow(other, "button.primary")
        other.wait_for_url(f"{desk}/queue")
        for path in ("/me", "/audit"):
            other.goto(f"{desk}{path}")
            assert other.evaluate(OVERFLOW) == []
    assert [(one.name, one.role) for one in sqlite_store.people()] == [("次郎", Role.LEAD), ("花子", Role.ADMIN)]


def test_a_provider_is_reached_and_left_under_the_pages_own_policy(
    chromium: Browser, sqlite_store: Store, pack: Pack
) -> None:
    clock = Clock(NOW)
    with running_provider(clock) as provider:
        oidc = OidcSettings(issuer=provider.issuer, client_id=CLIENT, client_secret=CLIENT_SECRET, name="Example ID")
        app = make_app(sqlite_store, pack, clock, oidc=oidc)
        sqlite_store.invite("jiro", Role.AGENT, email="jiro@example.com", by=AGENT, now=NOW)
        provider.person = {"sub": "s1", "email": "jiro@example.com", "email_verified": True}
        with serving(app) as desk, watched(chromium, "ja") as page:
            page.goto(f"{desk}/outbox")
            follow(page, "text=Example ID でサインイン")
            page.wait_for_url(f"{desk}/outbox")
            assert page.inner_text("header.bar").count("jiro") == 1


def test_a_note_over_an_expired_session_is_not_lost(chromium: Browser, sqlite_store: Store, pack: Pack) -> None:
    clock = Clock(NOW)
    ref = file_one(sqlite_store)
    with serving(make_app(sqlite_store, pack, clock)) as desk:
        context = chromium.new_context(locale="en")
        page = context.new_page()
        page.set_default_timeout(60_000)
        sign_in(page, desk)
        page.goto(f"{desk}/tickets/{ref}")
        page.fill("form[action$='/note'] textarea", "第一行\n<b>second</b> line")
        clock.advance(IDLE)
        follow(page, "form[action$='/note'] button")
        page.wait_for_selector("form.sign-in")
        assert "has expired" in page.inner_text("main")
        page.fill("input[name=name]", AGENT)
        page.fill("input[name=password]", PASSWORD)
        follow(page, "form.sign-in button")
        page.wait_for_selector(".kept")
        assert "<b>second</b> line" in page.inner_text(".kept")
        assert not [event for event in sqlite_store.ticket(ref).events if event.what == "note"]
        follow(page, "button.primary")
        page.wait_for_url(f"{desk}/tickets/{ref}")
        assert [one["name"] for one in context.cookies()].count(COOKIE) == 1
        context.close()
    note = sqlite_store.ticket(ref).events[-1]
    assert (note.by, note.what) == (AGENT, "note")
    assert note.detail.replace("\r\n", "\n") == "第一行\n<b>second</b> line"
