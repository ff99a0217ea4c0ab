"""Reports in a real Chromium: from the list to a ticket by the keyboard alone, pictures under the pages' policy, phone and axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from models.db.store import Store
from models.memos import MemoKind, NewMemo
from models.views import Books
from policy.pack import Pack
from tests.browser.test_desk import LONG_WORD, NARROW, OVERFLOW, follow, press, serving, sign_in, watched
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app
from tests.support.facts import ticket
from tests.support.filings import NOW, file_one
from tests.support.ledger import CannedLedger, reporter_for, saved

pytestmark = pytest.mark.browser

WEEK = "/reports/2026-W47"
FIGURE = f"{WEEK}/tickets?measure=complete&dimension=all&value="
OWN_PAGES = ("/me", "/settings/own-mails", "/settings/own-mails?show=failed&tried=1")
WIDTHS = [("ja", "light", 1280), ("en", "dark", 1280), ("ja", "dark", NARROW), ("en", "light", NARROW)]


@pytest.fixture
def ledger() -> CannedLedger:
    reports = [saved(name, NOW) for name in ("2026-W47", "2026-W46", "2026-11-23", "2026-10")]
    rows = [
        (
            ticket(
                number, subject=f"接続できません {LONG_WORD}", missing_first=("when", "goal"), unsure_first=("where",)
            ),
            2,
        )
        for number in range(60, 0, -1)
    ]
    return CannedLedger(reports=reports, tickets=rows, said=7)


@pytest.fixture
def desk(sqlite_store: Store, pack: Pack, ledger: CannedLedger) -> Iterator[str]:
    for days in range(15):
        faults = ("lost: 2 deliveries of the door's tally without a mail",) if not days else ()
        sums = Books(
            accepted=11_000,
            ticketed=9_000,
            joined=1_900 if faults else 1_902,
            parked=31,
            waiting=30,
            duplicates=30,
            deleted=7,
            faults=faults,
        )
        sqlite_store.keep_books(date(2026, 11, 23) - timedelta(days=days), now=NOW, books=sums)
    with serving(make_app(sqlite_store, pack, Clock(NOW), ledger=ledger)) as address:
        yield address


def write_own_mails(store: Store) -> None:
    """One of each kind, in each state; the agent's own latest report was refused."""
    to = f"hanako.{'long' * 12}@desk.example"
    store.set_details(AGENT, email=to, language="", notices=(), now=NOW)
    for number, kind in enumerate(MemoKind):
        keys = {"report": f"report:2026-W44:{to}", "alarm": f"books:2026-11-23:{to}"}
        raw = b"Subject: x\r\n\r\nx\r\n"
        memo = NewMemo(key=keys.get(kind, f"{kind}:1"), kind=kind, ref="", to=to, mail_from="", raw=raw)
        store.queue_memo(memo, now=NOW)
        (claim,) = store.claim_memos(limit=1, lease=timedelta(minutes=9), now=NOW)
        if kind is MemoKind.ALARM:
            store.memo_deferred(claim, next_at=NOW + timedelta(hours=1), error="451 4.7.1 " + LONG_WORD)
        elif number:
            store.memo_failed(claim, error=f"550 5.1.1 <{to}>: user unknown {LONG_WORD}", now=NOW)
        else:
            store.memo_sent(claim)


def test_a_lead_goes_from_the_list_to_a_ticket_by_the_keyboard(
    chromium: Browser, desk: str, sqlite_store: Store
) -> None:
    for number in range(1, 61):
        file_one(sqlite_store, number)
    with watched(chromium, "en") as page:
        sign_in(page, desk)
        page.goto(f"{desk}/reports")
        page.focus("text=Read it")
        press(page, "Enter")
        page.wait_for_url(f"{desk}{WEEK}")
        press(page, "n")
        page.wait_for_url(f"{desk}/reports/2026-W48")
        page.go_back()
        page.wait_for_url(f"{desk}{WEEK}")
        page.focus("a:text-is('12')")
        press(page, "Enter")
        page.wait_for_url(f"{desk}{FIGURE}")
        press(page, "l")
        page.wait_for_url(f"{desk}{FIGURE}&skip=50")
        page.keyboard.press("j")
        press(page, "Enter")
        page.wait_for_url(f"{desk}/tickets/T000010")
        page.go_back()
        press(page, "Backspace")
        page.wait_for_url(f"{desk}{WEEK}")
        press(page, "Backspace")
        page.wait_for_url(f"{desk}/reports?kind=week")


def test_a_date_a_file_and_a_mail(chromium: Browser, desk: str, sqlite_store: Store, ledger: CannedLedger) -> None:
    sqlite_store.set_details(AGENT, email="hanako@example.com", language="", notices=(), now=NOW)
    context = chromium.new_context(locale="ja", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, desk)
    page.goto(f"{desk}/reports")
    page.fill("input[name=day]", "2026-11-03")
    page.select_option("select[name=kind]", "month")
    follow(page, "form[action='/reports/open'] button")
    page.wait_for_url(f"{desk}/reports/2026-11")
    page.click(".downloads summary")
    with page.expect_download() as download:
        page.click("a:text-is('CSV(表計算用)')")
    assert download.value.suggested_filename == "uketsuke-2026-11.csv"
    assert download.value.path().read_text(encoding="utf-8") == "csv 2026-11 ja"
    follow(page, "form[action$='/mail'] button")
    page.wait_for_url(f"{desk}/reports/2026-11?mailed=1")
    assert "hanako@example.com" in page.inner_text("[role=status]")
    context.close()
    assert [(name, to) for name, _, to, _ in ledger.sent] == [("2026-11", "hanako@example.com")]


def test_a_picture_is_drawn_under_the_policies_within_the_page_and_alone(chromium: Browser, desk: str) -> None:
    colour = """(one) => { const canvas = document.createElement("canvas"); canvas.width = canvas.height = 4;
      const pen = canvas.getContext("2d"); pen.drawImage(one, 0, 0, 4, 4); return [...pen.getImageData(1, 1, 1, 1).data]; }"""
    with watched(chromium, "en") as page:
        sign_in(page, desk)
        page.goto(f"{desk}{WEEK}")
        assert page.eval_on_selector(".report img", "(one) => one.naturalWidth") > 0
        assert page.eval_on_selector(".report img", colour) == [0, 114, 178, 255], "as the picture's own style says"
        page.goto(f"{desk}{WEEK}/pictures/complete.svg")
        assert page.eval_on_selector("rect", "(one) => getComputedStyle(one).fill") == "rgb(0, 114, 178)"


@pytest.mark.parametrize(("language", "theme", "width"), WIDTHS)
def test_axe_finds_nothing_and_no_page_is_too_wide(
    chromium: Browser, desk: str, sqlite_store: Store, language: str, theme: str, width: int
) -> None:
    write_own_mails(sqlite_store)
    found: dict[str, list[object]] = {}
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    with watched(chromium, language, width=width) as page:
        sign_in(page, desk)
        for path in (
            "/reports",
            "/reports?kind=day",
            WEEK,
            "/reports/2026-W48",
            f"{WEEK}?mailed=1",
            FIGURE,
            *OWN_PAGES,
        ):
            page.goto(f"{desk}{path}{'&' if '?' in path else '?'}theme={theme}&lang={language}")
            if path == WEEK:
                page.click(".downloads summary")
            for violation in Axe().run(page, options=options).response["violations"]:
                where = [node["target"] for node in violation["nodes"][:3]]
                found.setdefault(f"{violation['id']}: {violation['help']}", []).append((path, where))
            assert page.evaluate(OVERFLOW) == [], path
    assert found == {}


@pytest.mark.parametrize(("language", "theme", "width"), WIDTHS)
def test_a_real_report_in_the_desks_frame(
    chromium: Browser, sqlite_store: Store, pack: Pack, language: str, theme: str, width: int
) -> None:
    """Its own style and pictures under the pages' policy: nothing blocked, nothing too wide, nothing that axe finds."""
    for number in range(1, 31):
        file_one(sqlite_store, number, sender=f"user{number}@customer{number % 3}.example.com")
    clock = Clock(NOW + timedelta(days=7))
    reporter_for(sqlite_store, pack).make_due(clock())
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    with serving(make_app(sqlite_store, pack, clock)) as desk, watched(chromium, language, width=width) as page:
        sign_in(page, desk)
        page.goto(f"{desk}/reports/2026-W48?theme={theme}&lang={language}")
        pictures = page.locator(".report img")
        assert pictures.count() > 0
        for number in range(pictures.count()):
            pictures.nth(number).scroll_into_view_if_needed()
            page.wait_for_function(
                "(one) => one.complete && one.naturalWidth > 0", arg=pictures.nth(number).element_handle()
            )
        assert [one["id"] for one in Axe().run(page, options=options).response["violations"]] == []
        assert page.evaluate(OVERFLOW) == []
        follow(page, ".report a[href*='/tickets?'] >> nth=0")
        page.wait_for_selector("table.behind")
        assert [one["id"] for one in Axe().run(page, options=options).response["violations"]] == []
        assert page.evaluate(OVERFLOW) == []
