"""The agent's day in a real Chromium: found, taken, noted, closed and taken back by the keyboard alone; news from others; axe.

What the eye sees in docs/desk.md, these tests hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from models.assessment import Category, Hint, Span
from models.db.store import Store
from models.decision import ReplyState
from models.states import TicketState
from policy.pack import Pack
from tests.browser.test_desk import (
    NARROW,
    OVERFLOW,
    file_held,
    follow,
    press,
    sign_in,
    watched,
)
from tests.support.desk import AGENT, PASSWORD
from tests.support.filings import LEASE, NOW, arrival, assessment, filing, mail, reply

pytestmark = pytest.mark.browser

OTHER = "jiro"


def put(
    store: Store, number: int, *, subject: str = "", body: str = "昨日から接続できません。", incident: bool = False
) -> str:
    store.accept([arrival(number)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, subject=subject or f"mail {number}", body=body)
    category = Category.INCIDENT if incident else Category.TROUBLESHOOTING
    seen = replace(
        assessment(one, category=category),
        accounts=("5123456789012345",),
        hints=(Hint(kind="region", value="ap-northeast-1", span=Span(0, 1)),),
    )
    made = filing(claim, one, replace(reply(number), state=ReplyState.SENT), state=TicketState.READY, missing=())
    return store.file(replace(made, seen=seen))


@contextmanager
def another(chromium: Browser, store: Store, address: str) -> Iterator[Page]:
    """A second agent in a browser of his own."""
    if OTHER not in store.agents():
        store.add_agent(OTHER, PASSWORD, NOW)
    with watched(chromium, "en") as page:
        sign_in(page, address, OTHER)
        yield page


def test_a_day_by_the_keyboard_alone(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    first = put(sqlite_store, 1, incident=True)
    second = put(sqlite_store, 2)
    with watched(chromium, "en") as page:
        page.goto(desk)
        page.keyboard.press("Tab")  # the link to the content
        page.focus("input[name=name]")
        page.keyboard.type(AGENT)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        press(page, "Enter")
        page.wait_for_url(f"{desk}/queue")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        assert page.inner_text("tr.here td.ref") == first
        press(page, "Enter")
        page.wait_for_url(f"{desk}/tickets/{first}")
        press(page, "a")
        page.wait_for_selector(".work .agent.me")
        page.keyboard.press("n")
        page.keyboard.type("j, a and e are letters here")
        assert page.input_value("#note") == "j, a and e are letters here"
        page.keyboard.press("Tab")
        press(page, "Enter")
        page.wait_for_selector("ol.events li:has-text('j, a and e are letters here')")
        page.keyboard.press("r")
        assert page.evaluate("document.activeElement.id") == "reply-text"
        page.keyboard.press("Escape")
        press(page, "e")
        page.wait_for_selector("header.head .s-closed")
        press(page, "u")
        page.wait_for_selector("header.head .s-ready")
        page.keyboard.press("g")
        press(page, "m")
        page.wait_for_url(f"{desk}/queue?state=mine")
        assert page.locator("tbody tr").count() == 1
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.name") == "q"
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert page.is_visible("dialog#keys")
        assert "Undo" not in page.inner_text("dialog#keys dl")
        assert page.inner_text("dialog#keys dl").count("search") == 1
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        press(page, "q")
        page.wait_for_url(f"{desk}/queue")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.select_option("select[name=does]", "closed")
        page.focus(".bulk button")
        press(page, "Enter")
        page.wait_for_selector(".did")
    assert sqlite_store.ticket(second).row.state == "closed"
    row = sqlite_store.ticket(first).row
    assert (row.state, row.assignee) == ("ready", AGENT)


def test_shortcuts_of_one_key_can_be_turned_off(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    ref = put(sqlite_store, 1)
    with watched(chromium, "en") as page:
        sign_in(page, desk)
        page.goto(f"{desk}/tickets/{ref}")
        page.keyboard.press("?")
        page.check("#keys-off")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        page.reload()
        page.keyboard.press("e")
        assert page.inner_text("header.head .state") == "Ready"


PAGES = (
    "/queue",
    "/queue?state=all&product=ecs",
    "/tickets/{ref}",
    "/customers/taro@example.com",
    "/search?q=接続",
    "/outbox",
    "/letters/1",
    "/letters/1/edit",
    "/letter-settings",
    "/letter-texts",
    "/canned-texts",
    "/people",
    "/me",
    "/audit",
    "/settings/tokens",
    "/settings/webhooks",
    "/settings/hand-over",
    "/settings/own-mails",
    "/reports",
    "/outbox/stop",
    "/tickets/{ref}/split",
)


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("ja", "light", 1280), ("en", "dark", 1280), ("ja", "dark", NARROW)]
)
def test_axe_finds_nothing(
    chromium: Browser,
    desk: str,
    sqlite_store: Store,
    language: str,
    theme: str,
    width: int,
) -> None:
    ref = file_held(sqlite_store)
    put(sqlite_store, 2, incident=True)
    found: dict[str, list[object]] = {}
    with watched(chromium, language, width=width) as page:
        sign_in(page, desk)
        for path in PAGES:
            target = path.format(ref=ref)
            page.goto(f"{desk}{target}{'&' if '?' in target else '?'}theme={theme}&lang={language}")
            answer = Axe().run(
                page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
            )
            for violation in answer.response["violations"]:
                where = [node["target"] for node in violation["nodes"][:3]]
                found.setdefault(f"{violation['id']}: {violation['help']}", []).append((path, where))
            if width == NARROW:
                assert page.evaluate(OVERFLOW) == [], path
    assert found == {}


def test_news_of_others_come_into_the_open_queue(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    with watched(chromium, "ja") as page:
        sign_in(page, desk)
        assert page.locator("tbody tr").count() == 0
        page.wait_for_timeout(2500)  # the stream has begun
        ref = put(sqlite_store, 1)
        page.wait_for_selector(f"td.ref a:text-is('{ref}')")
        assert page.inner_text("nav.tabs a.s-todo b") == "1"
        page.check("input[name=refs]")
        other = put(sqlite_store, 2)
        page.wait_for_selector("#news")
        assert page.is_checked("input[name=refs]"), "nothing moves under the hand that chooses"
        page.click("#news button")
        page.wait_for_selector(f"td.ref a:text-is('{other}')")


def test_two_agents_on_one_ticket(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    ref = put(sqlite_store, 1)
    with watched(chromium, "en") as hanako, another(chromium, sqlite_store, desk) as jiro:
        sign_in(hanako, desk)
        hanako.goto(f"{desk}/tickets/{ref}")
        jiro.goto(f"{desk}/tickets/{ref}")
        jiro.wait_for_selector(f"#viewers:has-text('{AGENT} is looking at it')")
        hanako.wait_for_timeout(2500)
        follow(jiro, "button[value=take]")
        jiro.wait_for_selector(".work .agent.me")
        hanako.wait_for_selector("#news")


def test_what_changed_under_ones_hands_is_told_and_what_was_typed_is_kept(
    chromium: Browser,
    desk: str,
    sqlite_store: Store,
) -> None:
    ref = put(sqlite_store, 1)
    context = chromium.new_context(locale="en", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, desk)
    page.goto(f"{desk}/tickets/{ref}")
    sqlite_store.move(ref, TicketState.ANSWERED, by=OTHER, now=NOW, why="sent by phone")
    page.click(".work summary:has-text('Other states')")
    page.fill("input[name=why]", "nothing to do here")
    follow(page, "form:has(#to) button")
    page.wait_for_selector("h1:has-text('has changed since you looked')")
    assert "nothing to do here" in page.inner_text("main")
    assert "sent by phone" in page.inner_text("main")
    assert sqlite_store.ticket(ref).row.state == "answered"
    context.close()


def test_many_tickets_and_undo_without_a_script(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    refs = [put(sqlite_store, number) for number in range(1, 4)]
    context = chromium.new_context(locale="ja", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, desk)
    for ref in refs[:2]:
        page.check(f"input[value^='{ref}:']")
    page.select_option("select[name=does]", "closed")
    follow(page, ".bulk button")
    page.wait_for_selector(".did:has-text('2件を完了にしました。')")
    assert page.locator("tbody tr").count() == 1
    follow(page, ".did button")
    page.wait_for_selector(".did:has-text('2件を元に戻しました。')")
    assert page.locator("tbody tr").count() == 3
    context.close()


def test_a_chip_copies_what_it_says(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    ref = put(sqlite_store, 1)
    with watched(chromium, "en") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=desk)
        sign_in(page, desk)
        page.goto(f"{desk}/tickets/{ref}")
        page.click(".fact:has-text('5123456789012345')")
        page.wait_for_selector(".fact.copied")
        assert page.evaluate("navigator.clipboard.readText()") == "5123456789012345"


HOSTILE = {
    "script": "<script>document.title='taken'</script><style>*{display:none}</style>",
    "rtl": "\u202e\u202etxt.exe \u2066nested\u2069 \u200f",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe" * 50,
    "combining": "Z" + "\u0301" * 400,
    "huge": "長い行" * 20_000,
    "wide word": "w" * 5000,
    "controls": "".join(chr(code) for code in range(1, 32)) + "\x7f\x85",
    "emoji": "👩‍👩‍👧‍👦" * 200,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_mails_are_shown_and_do_no_harm(
    chromium: Browser,
    desk: str,
    sqlite_store: Store,
    kind: str,
) -> None:
    ref = put(sqlite_store, 1, subject=HOSTILE[kind][:400], body=HOSTILE[kind])
    with watched(chromium, "ja", width=NARROW) as page:
        sign_in(page, desk)
        for path in ("/queue", f"/tickets/{ref}", "/customers/taro@example.com", "/outbox"):
            page.goto(desk + path)
            assert page.title() != "taken"
            assert page.is_visible("main")
            assert page.evaluate(OVERFLOW) == [], path
        page.goto(f"{desk}/tickets/{ref}")
        direction = page.evaluate("getComputedStyle(document.querySelector('.mailtext')).unicodeBidi")
        assert direction in {"isolate", "plaintext", "isolate-override"}


def test_colours_are_the_systems_until_someone_chooses(chromium: Browser, desk: str, sqlite_store: Store) -> None:
    put(sqlite_store, 1)
    paper = "getComputedStyle(document.body).backgroundColor"
    with watched(chromium, "ja") as page:
        page.emulate_media(color_scheme="dark")
        sign_in(page, desk)
        dark = page.evaluate(paper)
        page.click(".menu.right summary")
        follow(page, ".themes a:text-is('明るい')")
        light = page.evaluate(paper)
        assert light != dark
        page.goto(f"{desk}/outbox")
        assert page.evaluate(paper) == light
        page.click(".menu.right summary")
        follow(page, ".themes a:text-is('自動')")
        assert page.evaluate(paper) == dark


def test_an_older_target_is_shown_as_passed(chromium: Browser, desk: str, sqlite_store: Store, pack: Pack) -> None:
    from runtime.reminders import pass_time  # noqa: PLC0415

    put(sqlite_store, 1)
    sqlite_store.set_targets(lambda _, since: since - timedelta(hours=1))
    pass_time(sqlite_store, pack, NOW)
    with watched(chromium, "ja") as page:
        sign_in(page, desk)
        assert re.search("応答目標を超過", page.inner_text("tbody tr"))
