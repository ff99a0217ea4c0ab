"""The desk in a real Chromium: an agent's morning, without a console error, on a narrow screen too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from models.assessment import Finding, Section, Span
from models.controls import Verdict
from models.db.store import Store
from models.decision import ReplyState
from models.states import TicketState
from tests.support.desk import AGENT, PASSWORD
from tests.support.filings import LEASE, NOW, arrival, assessment, file_one, filing, mail, reply

pytestmark = pytest.mark.browser

NARROW = 390
LONG_WORD = "https://console.example/" + "a1b2c3d4" * 40
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > wide + 1);
  return document.documentElement.scrollWidth > wide ? found.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)) : [];
}"""


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The desk on a free loopback port, in a thread; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def watched(chromium: Browser, language: str, *, width: int = 1280) -> Iterator[Page]:
    """A page of its own session; whatever the browser complains of fails the test at the end."""
    complaints: list[str] = []
    context = chromium.new_context(locale=language, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on(
        "console",
        lambda said: complaints.append(f"{said.type}: {said.text}") if said.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    # What the browser itself breaks off, because the page goes on, is no fault of the desk's.
    page.on(
        "requestfailed",
        lambda request: (
            complaints.append(f"failed: {request.url}: {request.failure}")
            if request.failure != "net::ERR_ABORTED"
            else None
        ),
    )
    page.on(
        "response", lambda answer: complaints.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
    )
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def follow(page: Page, selector: str) -> None:
    """Clicks what leads to another page and waits until that is loaded: a click alone returns when it has begun."""
    with page.expect_navigation():
        page.click(selector)


def press(page: Page, key: str) -> None:
    """Presses the key that leads to another page and waits until that is loaded."""
    with page.expect_navigation():
        page.keyboard.press(key)


def sign_in(page: Page, desk: str, name: str = AGENT) -> None:
    page.goto(desk)
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    follow(page, "form.sign-in button")
    page.wait_for_url(f"{desk}/queue")


def file_held(store: Store) -> str:
    """A ticket whose letter waits for an agent, full of what makes pages too wide."""
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(1, subject=f"接続できません {LONG_WORD}", body=f"昨日から接続できません。\n{LONG_WORD}\n" + "x" * 300)
    seen = assessment(one)
    start = seen.text.index("昨日から")
    when = Finding(present=True, answered=True, confidence=0.95, spans=(Span(start, start + 4),), proof=("rule:day",))
    letter = replace(reply(1, state=ReplyState.HELD), text=f"次の点をお知らせください。\n{LONG_WORD}\n")
    made = filing(claim, one, letter, state=TicketState.NEEDS_REVIEW, missing=("goal",))
    return store.file(replace(made, seen=replace(seen, sections={**seen.sections, Section.WHEN: when})))


def test_an_agent_signs_in_reads_a_ticket_and_releases_its_letter(
    chromium: Browser, desk: str, sqlite_store: Store
) -> None:
    ref = file_held(sqlite_store)
    file_one(sqlite_store, 2, sender="hanako@sample.example")
    with watched(chromium, "ja") as page:
        sign_in(page, desk)
        assert page.locator("table.queue tbody tr").count() == 1, "only what an agent must do"
        follow(page, "nav.tabs a.s-needs_review")
        assert page.locator("table.queue tbody tr").count() == 1
        follow(page, f"td.ref a:text-is('{ref}')")
        page.wait_for_url(f"{desk}/tickets/{ref}")
        assert page.inner_text("mark.p-when >> nth=0") == "昨日から"
        assert "次の点をお知らせください。" in page.inner_text("#letter-1 pre.letter-text")
        assert page.inner_text("#letter-1 .state") == "承認待ち"
        follow(page, "#letter-1 button.primary")
        page.wait_for_selector("#letter-1 .r-queued")
        assert page.inner_text("header.head .state") == "お客様待ち"
        assert page.locator("#letter-1 button").count() == 0
    assert sqlite_store.reply(1).state == "queued"
    assert sqlite_store.ticket(ref).events[-1].by == AGENT


def test_an_agent_moves_a_ticket_notes_why_and_signs_out(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    with watched(chromium, "en") as page:
        sign_in(page, desk)
        page.goto(f"{desk}/tickets/{ref}")
        page.click(".work summary:has-text('Other states')")
        page.select_option("#to", "ready")
        page.fill("input[name=why]", "called by <i>phone</i>")
        follow(page, "form:has(#to) button")
        page.wait_for_selector("header.head .s-ready")
        page.wait_for_selector("ol.events li:has-text('called by <i>phone</i>')")
        page.click(".work summary:has-text('Snooze')")
        page.fill("input[name=until]", "2036-11-25T09:00")
        follow(page, "button[value=snooze]")
        page.wait_for_selector("header.head .s-snoozed")
        page.fill("#note", "called back <b>twice</b>")
        follow(page, "form[action$='/note'] button")
        page.wait_for_selector("ol.events li:has-text('called back <b>twice</b>')")
        page.click(".menu.right summary")
        follow(page, "form[action='/sign-out'] button")
        page.wait_for_url(f"{desk}/sign-in")
        page.goto(f"{desk}/tickets/{ref}")
        assert page.url.startswith(f"{desk}/sign-in?next=")
    assert sqlite_store.ticket(ref).row.state == "snoozed"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_page_is_wider_than_a_telephone(chromium: Browser, desk: str, sqlite_store: Store, language: str) -> None:
    ref = file_held(sqlite_store)
    sqlite_store.accept([arrival(2, body="y" * 400)])
    sqlite_store.save_letter_text("split", "ja", f"{{{{ ref }}}} {LONG_WORD}\n", based_on=None, by=AGENT, now=NOW)
    sqlite_store.set_address_rule(f"{'x' * 60}@{'y' * 60}.example", Verdict.BLOCK, note=LONG_WORD, by=AGENT, now=NOW)
    sqlite_store.stop_letters(by=AGENT, now=NOW)
    with watched(chromium, language, width=NARROW) as page:
        page.goto(f"{desk}/sign-in")
        assert page.evaluate(OVERFLOW) == []
        sign_in(page, desk)
        for path in (
            "/queue",
            "/queue?state=all",
            f"/tickets/{ref}",
            "/outbox",
            "/letters/1",
            "/mails/2",
            "/reports",
            "/reports/2026-W48",
            "/outbox/stop",
            "/letter-settings",
            "/letter-texts",
            "/letter-texts/ja/split?version=0",
        ):
            page.goto(desk + path)
            assert page.evaluate("innerWidth") == NARROW
            assert page.evaluate(OVERFLOW) == [], path


def test_the_editor_shows_the_letter_while_it_is_typed_and_saves_it(
    chromium: Browser, desk: str, sqlite_store: Store
) -> None:
    ref = file_one(sqlite_store)
    with watched(chromium, "ja") as page:
        sign_in(page, desk)
        page.click("nav .menu summary")
        follow(page, "nav a[href='/letter-settings']")
        follow(page, "nav.tabs a[href='/letter-texts']")
        follow(page, "a[href='/letter-texts/ja/acknowledgement']")
        assert ref in page.inner_text("#preview-text")
        page.fill("textarea[name=text]", "{{ ref }} を承りました。<b>新</b>\n")
        page.wait_for_selector("#preview-text:has-text('<b>新</b>')")
        assert page.locator("#preview b").count() == 0
        assert page.inner_text("#preview-subject").endswith(f"[受付 {ref}]")
        page.fill("textarea[name=text]", "{{ ref }}\n{{ nobody }}\n")
        page.wait_for_selector("#preview-error:not([hidden])")
        assert page.inner_text("#preview-error") == "2 行目: 「nobody」という項目はありません。"
        assert not page.is_visible("#preview-text")
        page.fill("textarea[name=text]", "{{ ref }} を承りました。\n")
        follow(page, "button[value=save]")
        page.wait_for_selector("p.good")
        assert page.input_value("textarea[name=text]") == "{{ ref }} を承りました。\n"
    assert sqlite_store.letter_texts() == {("acknowledgement", "ja"): "{{ ref }} を承りました。\n"}


def test_the_editor_works_without_its_script(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    context = chromium.new_context(locale="en", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(60_000)
    sign_in(page, desk)
    page.goto(f"{desk}/letter-texts/ja/acknowledgement")
    assert not page.is_visible("#preview-live")
    page.fill("textarea[name=text]", "{{ ref }} plain\n")
    follow(page, "button[value=preview]")
    page.wait_for_selector("#preview-text:has-text('T000001 plain')")
    context.close()


def test_an_agent_stops_all_letters_and_lets_them_go(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    with watched(chromium, "ja") as page:
        sign_in(page, desk)
        page.goto(f"{desk}/outbox")
        follow(page, "a[href='/outbox/stop']")
        follow(page, "form[action='/outbox/stop'] button")
        page.wait_for_url(f"{desk}/outbox")
        assert page.inner_text(".stopped b") == "すべての返信を止めています。"
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.stopped')).backgroundColor") == "rgb(179, 38, 30)"
        )
        assert sqlite_store.reply(1).state == "held"
        page.goto(f"{desk}/queue")
        follow(page, ".stopped button")
        page.wait_for_url(f"{desk}/outbox")
        assert page.locator(".stopped").count() == 0
        follow(page, "form[action='/outbox/release-stopped'] button")
        page.wait_for_selector(".r-queued")
    assert sqlite_store.reply(1).state == "queued"
    did = [
        (event.by, event.what)
        for event in sqlite_store.desk_events()
        if "letters" in event.what or "stopped" in event.what
    ]
    assert did == [(AGENT, what) for what in ("stopped_released", "letters_resumed", "letters_stopped")]


def test_a_mails_script_does_not_run(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    evil = "<script>document.title='taken'</script><img src=/healthz onerror=\"document.title='taken'\">"
    ref = sqlite_store.file(filing(claim, mail(1, subject=evil, body=evil), replace(reply(1), text=evil, subject=evil)))
    with watched(chromium, "en") as page:
        sign_in(page, desk)
        for path in ("/queue?state=all", f"/tickets/{ref}", "/outbox", "/letters/1"):
            page.goto(desk + path)
            assert page.title() != "taken"
            assert page.locator("script:not([src^='/static/']), img").count() == 0
            assert "<script>" in page.inner_text("body")
