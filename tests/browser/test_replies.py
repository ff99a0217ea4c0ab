"""Writing a reply in a real Chromium: the draft that keeps itself, texts at the cursor, warnings while typing, sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from models.db.store import Store
from policy.pack import Pack
from tests.browser.test_desk import serving, sign_in, watched
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app
from tests.support.filings import NOW, file_one

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    page: Page
    store: Store
    ref: str


@pytest.fixture
def writing(chromium: Browser, sqlite_store: Store, pack: Pack) -> Iterator[Writing]:
    ref = file_one(sqlite_store)
    sqlite_store.save_canned_text(
        None, name="挨拶", language="ja", text="受付番号 {{ref}} の件です。", by="leader", now=NOW
    )
    with serving(make_app(sqlite_store, pack, Clock(NOW))) as address, watched(chromium, "ja") as page:
        sign_in(page, address)
        page.goto(f"{address}/tickets/{ref}/reply")
        yield Writing(page=page, store=sqlite_store, ref=ref)


def test_a_draft_keeps_itself_and_warnings_come_while_typing(writing: Writing) -> None:
    page = writing.page
    expect(page.locator("#reply-warnings")).to_be_hidden()
    at, length = page.evaluate(
        "(() => { const t = document.querySelector('#reply-text'); return [t.selectionStart, t.value.length] })()"
    )
    assert at == length > 0, "what is put in stands behind the greeting"
    page.fill("#reply-text", "max_connections を 500 に変更してください。")
    expect(page.locator("#reply-saved")).to_contain_text("下書きを保存しました")
    expect(page.locator("#reply-warnings li")).to_have_attribute("data-code", "no_disclaimer")
    saved = writing.store.draft(writing.ref, AGENT)
    assert saved is not None
    assert saved.draft.text == "max_connections を 500 に変更してください。"
    page.check("input[name=anyway]")
    page.press("#reply-text", "End")
    page.type("#reply-text", " SLA を保証します。")
    expect(page.locator("#reply-warnings li")).to_have_count(2)
    expect(page.locator("input[name=anyway]")).not_to_be_checked()  # what is new was not seen
    page.click("button[value=disclaimer]")
    expect(page.locator("#reply-warnings li")).to_have_count(1)
    page.check("input[name=anyway]")
    page.click("button[value=send]")
    page.wait_for_url("**/tickets/*?reply=sent*")
    expect(page.locator("#reply")).to_contain_text("返信を送信一覧に入れました")
    (letter,) = [one for one in writing.store.ticket(writing.ref).replies if one.kind == "agent"]
    assert letter.by == AGENT
    assert writing.store.draft(writing.ref, AGENT) is None


def test_a_canned_text_goes_in_at_the_cursor(writing: Writing) -> None:
    page = writing.page
    page.fill("#reply-text", "一行目\n三行目\n")
    page.evaluate("document.querySelector('#reply-text').setSelectionRange(4, 4)")
    page.click("button[data-insert]")
    expect(page.locator("#reply-text")).to_have_value(f"一行目\n受付番号 {writing.ref} の件です。\n三行目\n")


def test_enter_in_a_field_keeps_the_draft_and_sends_nothing(writing: Writing) -> None:
    page = writing.page
    page.fill("#reply-text", "書きかけ")
    page.press("input[name=subject]", "Enter")
    page.wait_for_url("**?reply=saved*")
    expect(page.locator("#reply-text")).to_have_value("書きかけ")
    assert [one.kind for one in writing.store.ticket(writing.ref).replies] == ["request_information"]


def test_the_form_on_the_tickets_page_opens_by_its_link(writing: Writing) -> None:
    page = writing.page
    page.goto(page.url.replace("/reply", ""))
    expect(page.locator("#reply-text")).to_be_hidden()
    page.locator('a[href="#reply"]').first.click()
    expect(page.locator("#reply-text")).to_be_visible()
    page.fill("#reply-text", "チケットの画面から返信します。")
    page.click("#reply button[value=send]")
    page.wait_for_url("**?reply=sent*")
    assert writing.store.ticket(writing.ref).row.state == "answered"
