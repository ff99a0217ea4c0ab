"""Reports at the desk by HTTP: the list with the books, a report and its files, the tickets behind a figure, who gets it by mail."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from desk.api_models import WholeReport
from desk.texts import EN, JA
from models.agents import Role
from models.db.store import Store
from models.errors import StoreUnavailable
from models.views import Books
from policy.pack import Pack
from tests.flow.test_desk import HEADERS
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, browsing, make_app, sign_in, signed_in, token_on
from tests.support.facts import ticket
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail
from tests.support.ledger import SVG, CannedLedger, reporter_for, saved

WEEK = "/reports/2026-W47"
EVIL = "<script>alert(1)</script>"
FIGURE = f"{WEEK}/tickets?measure=complete&dimension=all&value="


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)  # Tuesday of 2026-W48


@pytest.fixture
def ledger() -> CannedLedger:
    return CannedLedger(reports=[saved(name, NOW) for name in ("2026-W47", "2026-W46", "2026-11-23", "2026-10")])


@pytest.fixture
def app(sqlite_store: Store, pack: Pack, clock: Clock, ledger: CannedLedger) -> FastAPI:
    return make_app(sqlite_store, pack, clock, ledger=ledger)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def text_of(page: Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def text_of_part(part: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", part)).split())


def links_of(page: Response) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="(/reports[^"]*)"', page.text)]


def file_long_ago(store: Store) -> None:
    """A ticket of the month before."""
    came = arrival(1, at=NOW - timedelta(days=30))
    store.accept([came])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1, envelope=came.envelope), None))


# --- the list


async def test_the_newest_week_leads_and_each_kind_has_its_list(browser: AsyncClient) -> None:
    page = await browser.get("/reports")
    assert page.status_code == 200
    assert "Week 47 of 2026 (16–22 Nov)" in text_of(page)
    assert [one for one in links_of(page) if one.startswith("/reports/2026")] == [
        "/reports/2026-W47",
        "/reports/2026-W48",  # so far
        "/reports/2026-11",
        "/reports/2026-11-24",
        "/reports/2026-W47",
        "/reports/2026-W46",
    ]
    assert "Monthly 1" in text_of(page)
    months = await browser.get("/reports?kind=month")
    assert "October 2026" in text_of(months)
    assert "Mon 23 Nov 2026" in text_of(await browser.get("/reports?kind=day"))


async def test_a_young_desk_says_when_its_first_report_comes(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    async with signed_in(make_app(sqlite_store, pack, clock, ledger=CannedLedger())) as client:
        page = text_of(await client.get("/reports"))
    assert EN["report_none_yet"] in page
    assert EN["report_none_of_kind"] in page


async def test_a_desk_without_a_ledger_says_that_reports_are_made_elsewhere(
    sqlite_store: Store, pack: Pack, clock: Clock
) -> None:
    async with signed_in(make_app(sqlite_store, pack, clock, ledger=None)) as client:
        page = await client.get("/reports")
        assert (page.status_code, EN["report_elsewhere"] in text_of(page)) == (200, True)
        assert EN["books_agree"] in text_of(page), "the books are the store's"
        for path in (WEEK, f"{WEEK}/file.csv", "/reports/style.css", FIGURE, "/reports/open?kind=day&day=2026-11-24"):
            gone = await client.get(path)
            assert (gone.status_code, "makes no reports" in text_of(gone)) == (404, True), path


async def test_many_reports_are_turned_page_by_page(browser: AsyncClient, ledger: CannedLedger) -> None:
    days = [date(2026, 11, 23) - timedelta(days=number) for number in range(80)]
    ledger.reports = [saved(day.isoformat(), NOW) for day in days]
    found: list[str] = []
    for number in (1, 2, 3):
        page = await browser.get(f"/reports?kind=day&page={number}")
        table = page.text[page.text.index('class="figures saved"') : page.text.index("</table>")]
        found += re.findall(r'href="/reports/([^"]+)"', table)
        assert (f"/reports?kind=day&page={number + 1}" in links_of(page)) is (number < 3)
    assert found == [day.isoformat() for day in days]
    assert EN["report_none_of_kind"] in text_of(await browser.get("/reports?kind=day&page=4"))


@pytest.mark.parametrize(
    ("kind", "day", "to"),
    [("week", "2026-11-29", "2026-W48"), ("month", "2026-11-01", "2026-11"), ("day", "2026-11-24", "2026-11-24")],
)
async def test_a_date_opens_its_period(browser: AsyncClient, kind: str, day: str, to: str) -> None:
    answer = await browser.get(f"/reports/open?kind={kind}&day={day}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reports/{to}")


@pytest.mark.parametrize(
    ("kind", "day", "word"),
    [
        ("week", "", "report_bad_day"),
        ("week", "2026-02-30", "report_bad_day"),
        ("year", "2026-11-24", "report_bad_day"),
        ("day", "0001-01-01", "report_bad_day"),
        ("day", "9999-12-31", "report_bad_day"),
        ("day", "%00%22%3E%3Cb%3E", "report_bad_day"),
        ("day", "2026-11-25", "report_in_future"),
        ("week", "2026-11-30", "report_in_future"),
    ],
)
async def test_what_is_no_date_is_said_and_shown_again(browser: AsyncClient, kind: str, day: str, word: str) -> None:
    answer = await browser.get(f"/reports/open?kind={kind}&day={day}")
    assert (answer.status_code, EN[word] in text_of(answer)) == (422, True)
    assert "<b>" not in answer.text[answer.text.index("<main") : answer.text.index('<nav class="tabs"')].replace(
        "<b>Week 47 of 2026 (16–22 Nov)</b>", ""
    )
    if day.startswith("2026"):
        assert f'value="{day}"' in answer.text
        assert f'<option value="{kind}" selected>' in answer.text or kind == "year"


async def test_the_newest_week_is_the_newest_by_its_days(browser: AsyncClient, ledger: CannedLedger) -> None:
    later = NOW + timedelta(hours=1)
    ledger.reports = [
        saved("2027-W36", later),  # by a clock that was wrong
        saved("2026-W48", later),  # the same: this week goes on
        saved("2026-W40", later),  # made up for
        saved("2026-W47", NOW),
        saved("2025-W52", later),
    ]
    page = await browser.get("/reports")
    newest = page.text[page.text.index('class="card newest"') :]
    assert re.findall(r'class="button primary" href="([^"]+)"', newest) == [WEEK]
    table = page.text[page.text.index('class="figures saved"') :]
    assert re.findall(r'scope="row"><a href="/reports/([\dW-]+)"', table[: table.index("</table>")]) == [
        "2026-W48",
        "2026-W47",
        "2026-W40",
        "2025-W52",
    ]
    assert "Weekly 4" in text_of(page)


# --- the books


async def test_days_before_the_first_mail_are_no_days_of_the_books(browser: AsyncClient, sqlite_store: Store) -> None:
    none = Books(accepted=0, ticketed=0, joined=0, parked=0, waiting=0, duplicates=0, deleted=0)
    one = Books(accepted=1, ticketed=1, joined=0, parked=0, waiting=0, duplicates=0, deleted=0)
    lost = Books(accepted=0, ticketed=0, joined=0, parked=0, waiting=0, duplicates=0, deleted=0, faults=("lost: x",))
    for day, books in ((19, none), (20, lost), (21, none), (22, one), (23, one)):
        sqlite_store.keep_books(date(2026, 11, day), now=NOW, books=books)
    days = re.findall(r'scope="row"><a href="/reports/(2026-11-\d\d)"', (await browser.get("/reports")).text)
    assert days == ["2026-11-23", "2026-11-22", "2026-11-20"], "what is wrong is never left out"


async def test_the_books_are_shown_with_a_sign(browser: AsyncClient, sqlite_store: Store, clock: Clock) -> None:
    file_one(sqlite_store)
    sqlite_store.accept([arrival(2)])
    page = text_of(await browser.get("/reports"))
    assert "accepted 2 = ticketed 1 + joined 0 + unreadable 0 + waiting 1 + duplicates 0 + deleted 0" in page
    assert f"✓ {EN['books_agree']}" in page
    clock.advance(timedelta(hours=2))
    page = text_of(await browser.get("/reports"))
    assert f"! {EN['books_look']}" in page
    assert "Stuck: 1 waiting for more than an hour" in page


@pytest.mark.parametrize(("language", "w"), [("en", EN), ("ja", JA)])
async def test_books_that_do_not_agree_are_an_alarm(
    app: FastAPI, sqlite_store: Store, language: str, w: dict[str, str]
) -> None:
    faults = ("lost: 1 delivery of the door's tally without a mail", "orphan: 2 mails triaged without a ticket (7, 12)")
    for days in range(16):
        day = date(2026, 11, 23) - timedelta(days=days)
        wrong = Books(
            accepted=1100 - 10 * days,
            ticketed=990,
            joined=100 - 10 * days,
            parked=1,
            waiting=2,
            duplicates=3,
            deleted=3,
            faults=faults if not days else (),
        )
        sqlite_store.keep_books(day, now=NOW, books=wrong)
    async with signed_in(app, language=language) as client:
        page = await client.get("/reports")
    table = page.text[page.text.index('class="figures days"') :]
    rows = re.findall(r"<tr[^>]*>.*?</tr>", table, flags=re.DOTALL)[1:]
    assert len(rows) == 14
    assert 'href="/reports/2026-11-23"' in rows[0]
    said = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", rows[0])).split())
    assert "1,100 (+10)" in said
    assert f"✗ {w['books_differ']} ({w['books_off_by'].format(count='+1')})" in said
    assert ("Orphans: 2 triaged without a ticket (7, 12)" in said) is (language == "en")
    assert ("行き先なし: 判定済みなのにチケットがないメール2通 (7, 12)" in said) is (language == "ja")
    assert "2026-11-10" in rows[13]


# --- a report


async def test_a_report_stands_in_the_desks_frame(browser: AsyncClient, sqlite_store: Store) -> None:
    file_long_ago(sqlite_store)
    page = await browser.get(WEEK)
    assert page.status_code == 200
    assert "complete on arrival" in text_of(page)
    assert {name: page.headers.get(name) for name in HEADERS} == HEADERS
    links = links_of(page)
    assert {"/reports/2026-W46", "/reports/2026-W48", "/reports?kind=week"} <= set(links)
    assert [one for one in links if "/file." in one] == [
        f"{WEEK}/file.{form}?lang=en" for form in ("html", "csv", "json", "txt")
    ]
    assert EN["report_so_far"] not in text_of(page)
    assert EN["report_not_saved"] not in text_of(page)
    assert not re.search(r'<script(?! src="/static/)|<style|\sstyle=|\son\w+=', page.text)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("ja", "2026年第47週(11月16日〜22日) · 品質レポート · uketsuke"),
        ("en", "Week 47 of 2026 (16–22 Nov) · Reports · uketsuke"),
    ],
)
async def test_the_title_of_the_page_names_the_week(app: FastAPI, language: str, title: str) -> None:
    async with signed_in(app, language=language) as client:
        assert f"<title>{title}</title>" in (await client.get(WEEK)).text


async def test_a_period_that_goes_on_says_so_and_has_none_behind_it(browser: AsyncClient) -> None:
    page = await browser.get("/reports/2026-W48")
    assert EN["report_so_far"] in text_of(page)
    assert "/reports/2026-W49" not in links_of(page)
    assert "/reports/2026-W47" not in links_of(page), "before the first mail there is nothing"
    assert EN["report_not_saved"] in text_of(await browser.get("/reports/2026-11-22"))


async def test_a_report_speaks_the_pages_language(app: FastAPI) -> None:
    async with signed_in(app, language="ja") as client:
        page = text_of(await client.get(WEEK))
        assert "レポート: 2026年第47週(11月16日〜22日)" in page
        assert "初回から揃っていた割合" in page
        assert (await client.get(f"{WEEK}/file.txt")).text == "txt 2026-W47 ja"
        assert "complete on arrival" in text_of(await client.get(f"{WEEK}?lang=en"))
        assert (await client.get(f"{WEEK}/file.txt")).text == "txt 2026-W47 en"


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("html", "application/octet-stream"),
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
        ("txt", "text/plain; charset=utf-8"),
    ],
)
async def test_a_report_is_a_file(browser: AsyncClient, form: str, kind: str) -> None:
    answer = await browser.get(f"{WEEK}/file.{form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="uketsuke-2026-W47.{form}"'
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


async def test_pictures_and_style_are_kept_by_the_browser_alone(browser: AsyncClient) -> None:
    picture = await browser.get(f"{WEEK}/pictures/complete.svg?lang=ja")
    assert (picture.content, picture.headers["content-type"]) == (SVG, "image/svg+xml")
    assert picture.headers["cache-control"].startswith("private")
    policy = picture.headers["content-security-policy"]
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "script" not in policy
    style = await browser.get("/reports/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert style.headers["cache-control"].startswith("private")
    assert style.headers["content-security-policy"] == HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/reports/2026-W99",
        "/reports/2026-13",
        "/reports/2026-02-30",
        "/reports/xxx",
        "/reports/1",
        "/reports/2027-W01",
        "/reports/2026-11-25",
        "/reports/%00",
        "/reports/2026-11%0A",
        "/reports/２０２６-11",
        "/reports/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/reports/" + "9" * 3000,
        "/reports/2026-W99/tickets?measure=complete",
        "/reports/2026-W99/file.csv",
        "/reports/2026-W99/pictures/complete.svg",
        f"{WEEK}/file.exe",
        f"{WEEK}/file.",
        f"{WEEK}/pictures/other.svg",
        f"{WEEK}/pictures/..%2F..%2Fetc.svg",
        f"{WEEK}/tickets",
        f"{WEEK}/tickets?measure=nothing",
        f"{WEEK}/tickets?measure=complete&dimension=nothing",
        f"{WEEK}/tickets?measure=complete&value=%00",
        f"{WEEK}/tickets?measure=" + "x" * 5000,
    ],
)
async def test_what_is_no_report_is_a_page_that_says_so(browser: AsyncClient, path: str) -> None:
    page = await browser.get(path)
    assert page.status_code == 404
    assert EN["not_found"] in text_of(page)
    assert "<script>alert" not in page.text
    assert "\0" not in page.text


@pytest.mark.parametrize("path", ["/reports/2026-W99", f"{WEEK}/tickets?measure=nothing", f"{WEEK}/file.exe"])
async def test_an_error_below_the_reports_leads_back_to_them(browser: AsyncClient, path: str) -> None:
    page = await browser.get(path)
    main = page.text[page.text.index("<main") :]
    assert re.findall(r'href="([^"]+)"', main[: main.index("</main>")]) == ["/reports", "/queue"]
    elsewhere = await browser.get("/tickets/T999999")
    assert elsewhere.status_code == 404
    assert "/reports" not in elsewhere.text[elsewhere.text.index("<main") :]


async def test_a_refused_form_of_a_report_leads_back_to_the_reports(browser: AsyncClient) -> None:
    token = await token_on(browser, WEEK)
    refused = await browser.post(f"{WEEK}/mail", data={"token": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert '<a href="/reports">← ' in refused.text


async def test_who_may_read_no_reports_is_not_led_to_them(app: FastAPI, sqlite_store: Store) -> None:
    sqlite_store.add_agent("jiro", PASSWORD, NOW, role=Role.AGENT)
    async with browsing(app) as client:
        await sign_in(client, "jiro")
        refused = await client.get(WEEK)
        assert refused.status_code == 403
        assert 'href="/reports"' not in refused.text
        assert 'href="/queue">← ' in refused.text


async def test_names_that_are_none_are_told_how_they_are_written(app: FastAPI) -> None:
    async with signed_in(app, language="ja") as client:
        assert "「2026-W99」という期間はありません。2026-11-29(日)、2026-W48(週)" in text_of(
            await client.get("/reports/2026-W99")
        )
        assert "「2027-W01」はまだ始まっていない期間です。" in text_of(await client.get("/reports/2027-W01"))


async def test_a_database_that_is_away_is_told(
    app: FastAPI, browser: AsyncClient, ledger: CannedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("sqlite: unable to open /folder")

    for name in ("saved", "page", "behind", "download", "picture"):
        monkeypatch.setattr(CannedLedger, name, away)
    for path in ("/reports", WEEK, FIGURE, f"{WEEK}/file.csv", f"{WEEK}/pictures/complete.svg"):
        page = await browser.get(path)
        assert page.status_code == 503, path
        assert "folder" not in page.text


async def test_a_report_that_takes_long_holds_nobody_up(
    browser: AsyncClient, ledger: CannedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def slow(*_: object) -> str:
        has_begun.set()
        assert may_end.wait(60)
        return "<p>at last</p>"

    monkeypatch.setattr(CannedLedger, "page", slow)
    report = asyncio.create_task(browser.get(WEEK))
    try:
        assert await asyncio.to_thread(has_begun.wait, 60)
        assert (await browser.get("/queue")).status_code == 200
        assert not report.done()
    finally:
        may_end.set()
    assert "at last" in (await report).text


# --- the tickets behind a figure


async def test_the_tickets_behind_a_figure_are_listed(browser: AsyncClient, ledger: CannedLedger) -> None:
    ledger.tickets = [
        (ticket(2, subject=f"password: hunter2secret {EVIL}", missing_first=("when",), unsure_first=("goal",)), 3),
        (ticket(1, domain="", subject=""), 1),
    ]
    page = await browser.get(FIGURE)
    said = text_of(page)
    assert "Tickets that were complete on arrival" in said
    assert "The figure is 4, of 2 tickets" in said
    assert ("hunter2secret" in page.text, EVIL in page.text) == (False, False)
    assert 'href="/tickets/T000002"' in page.text
    assert "3 times" in said
    assert "(unsure)" in said
    assert EN["report_no_domain"] in said
    assert EN["no_subject"] in said
    assert WEEK in links_of(page)


async def test_long_lists_are_turned_and_keep_what_is_asked_for(browser: AsyncClient, ledger: CannedLedger) -> None:
    ledger.tickets = [(ticket(number), 1) for number in range(120, 0, -1)]
    path = f"{WEEK}/tickets?measure=complete&dimension=domain&value=a%26b%20%22c%22"
    found: list[str] = []
    for number in range(3):
        page = await browser.get(path)
        assert 'a&b "c"' in text_of(page)
        found += re.findall(r'data-open>|href="/tickets/(T\d+)">T', page.text)
        onward = [one for one in links_of(page) if f"skip={50 * (number + 1)}" in one]
        assert bool(onward) is (number < 2)
        path = onward[0] if onward else ""
    assert [one for one in found if one] == [f"T{number:06d}" for number in range(120, 0, -1)]
    assert "1–50 of 120" in text_of(await browser.get(f"{FIGURE}&skip=13")), "a page begins where pages begin"
    for odd in ("-1", "x", "1e9", "9" * 40):
        assert (await browser.get(f"{FIGURE}&skip={odd}")).status_code == 400
    beyond = await browser.get(f"{FIGURE}&skip=5000")
    assert (beyond.status_code, EN["report_behind_none"] in text_of(beyond)) == (200, True)


async def test_a_figure_that_has_changed_since_says_so(browser: AsyncClient, ledger: CannedLedger) -> None:
    ledger.tickets, ledger.said = [(ticket(1), 1)], 1
    assert "has changed it" not in (before := text_of(await browser.get(FIGURE)))
    assert "Tickets: 1" in before
    ledger.said = 2
    assert EN["report_behind_changed"].format(said=2) in text_of(await browser.get(FIGURE))


async def test_states_of_the_list_are_told_to_be_of_now(app: FastAPI, ledger: CannedLedger) -> None:
    ledger.tickets = [
        (ticket(3, missing_first=("when",)), 1),
        (ticket(2), 1),
        (ticket(1, disposition="ask_to_split", missing_first=("goal",), unsure_first=("when",)), 1),
    ]
    async with signed_in(app, language="ja") as client:
        page = await client.get(FIGURE)
        said = text_of(page)
        assert "状態は現在のもの、数字は集計時点のものです。" in said
        ledger.counted_at = NOW
        assert "状態は現在のもの、数字は2026/11/24 10:00時点のものです。" in text_of(await client.get(FIGURE))
    rows = re.findall(r"<tr.*?</tr>", page.text, flags=re.DOTALL)
    assert re.findall(r'scope="col">([^<]*)<', rows[0])[4] == "現在の状態"
    lacked = [text_of_part(one[one.rindex('data-label="初回の不足">') + 19 :]) for one in rows[1:]]
    assert lacked[1:] == ["なし", "対象外"], "of a ticket that is not checked nothing is said to be missing"
    assert lacked[0] not in lacked[1:]


# --- by mail


async def send(client: AsyncClient, path: str = WEEK) -> Response:
    return await client.post(f"{path}/mail", data={"token": await token_on(client, path)})


async def test_a_report_comes_by_mail_to_who_asks(
    browser: AsyncClient, sqlite_store: Store, ledger: CannedLedger
) -> None:
    refused = await send(browser)
    assert refused.status_code == 422
    assert EN["report_no_address"] in text_of(refused)
    assert 'href="/me"' in refused.text
    sqlite_store.set_details(AGENT, email="花子@example.com", language="", notices=(), now=NOW)
    assert EN["report_address_odd"] in text_of(await send(browser))
    assert ledger.sent == []
    sqlite_store.set_details(AGENT, email="hanako@example.com", language="", notices=(), now=NOW)
    done = await send(browser)
    assert (done.status_code, done.headers["location"]) == (303, f"{WEEK}?mailed=1")
    assert ledger.sent == [("2026-W47", AGENT, "hanako@example.com", NOW)]
    said = text_of(await browser.get(done.headers["location"]))
    assert EN["report_mail_waits"].format(to="hanako@example.com") in said, "there is no smarthost"
    assert "some minutes" not in said


async def test_where_mails_go_out_the_report_is_promised_within_minutes(
    sqlite_store: Store, pack: Pack, clock: Clock
) -> None:
    sqlite_store.add_agent(AGENT, PASSWORD, NOW)
    sqlite_store.set_details(AGENT, email="sato@example.com", language="", notices=(), now=NOW)
    app = make_app(sqlite_store, pack, clock, ledger=CannedLedger(), is_sending=True)
    async with signed_in(app, language="ja") as client:
        said = text_of(await client.get((await send(client)).headers["location"]))
    assert "レポートを sato@example.com 宛てに送信します(数分以内に届きます)。" in said


async def test_a_forms_token_is_asked_for(app: FastAPI, browser: AsyncClient, ledger: CannedLedger) -> None:
    assert (await browser.post(f"{WEEK}/mail", data={"token": "x"})).status_code == 404
    stale = await token_on(browser, WEEK)
    await sign_in(browser)
    assert (await browser.post(f"{WEEK}/mail", data={"token": stale})).status_code == 409, "shown, and sent on a click"
    assert (await browser.post(f"{WEEK}/mail", data={})).status_code == 400
    token = await token_on(browser, WEEK)
    assert (await browser.post("/reports/2026-W99/mail", data={"token": token})).status_code == 404
    assert (
        await browser.post(f"{WEEK}/mail", data={"token": token}, headers={"Sec-Fetch-Site": "cross-site"})
    ).status_code == 403
    assert ledger.sent == []


# --- who may


async def test_agents_read_no_reports_and_are_offered_none(app: FastAPI, sqlite_store: Store) -> None:
    sqlite_store.add_agent("jiro", PASSWORD, NOW, role=Role.AGENT)
    async with browsing(app) as client:
        await sign_in(client, "jiro")
        for path in (
            "/reports",
            WEEK,
            FIGURE,
            f"{WEEK}/file.csv",
            f"{WEEK}/pictures/complete.svg",
            "/reports/style.css",
        ):
            assert (await client.get(path)).status_code == 403, path
        me = await client.get("/me")
        assert 'value="overdue"' in me.text
        assert "report_week" not in me.text
        assert 'href="/reports"' not in me.text
        token = await token_on(client, "/me")
        typed = {"token": token, "email": "jiro@example.com", "notices": ["new", "report_week", "books"]}
        assert (await client.post("/me", data=typed)).status_code == 303
    assert sqlite_store.agent("jiro").notices == ("new",)


async def test_the_alarm_that_nobody_asked_for_needs_no_address(browser: AsyncClient, sqlite_store: Store) -> None:
    sqlite_store.set_details(AGENT, email="", language="", notices=("books",), now=NOW)
    typed = {"token": await token_on(browser, "/me"), "display": "受付 花子", "notices": ["books"]}
    assert (await browser.post("/me", data=typed)).status_code == 303
    assert sqlite_store.agent(AGENT).notices == ("books",)
    assert (await browser.post("/me", data={**typed, "notices": ["books", "new"]})).status_code == 422


async def test_a_lead_chooses_what_comes_by_mail(app: FastAPI, sqlite_store: Store) -> None:
    sqlite_store.add_agent("jiro", PASSWORD, NOW, role=Role.LEAD)
    async with browsing(app) as client:
        await sign_in(client, "jiro")
        me = await client.get("/me")
        found = re.findall(r'name="notices" value="(\w+)"', me.text)
        assert found[3:] == ["report_day", "report_week", "report_month", "books"]
        token = await token_on(client, "/me")
        typed = {"token": token, "email": "", "notices": ["report_week", "books"]}
        refused = await client.post("/me", data=typed)
        assert (refused.status_code, EN["notices_need_email"] in text_of(refused)) == (422, True)
        assert re.findall(r'value="(\w+)" checked', refused.text) == ["report_week", "books"], "not lost"
        assert (await client.post("/me", data={**typed, "email": "jiro@example.com"})).status_code == 303
        assert re.findall(r'value="(\w+)" checked', (await client.get("/me")).text) == ["report_week", "books"]
    assert sqlite_store.agent("jiro").notices == ("report_week", "books")


# --- with the ledger of an installation


def file_week(store: Store) -> None:
    """Twelve tickets of this week: who writes for the first time, and two questions that were asked."""
    for number in range(1, 13):
        file_one(store, number, sender=f"user{number}@customer{number % 2}.example.com")


async def test_every_figure_of_a_real_report_leads_to_its_tickets(
    sqlite_store: Store, pack: Pack, clock: Clock
) -> None:
    file_week(sqlite_store)
    clock.advance(timedelta(days=7))
    assert "2026-W48" in reporter_for(sqlite_store, pack).make_due(clock())
    async with signed_in(make_app(sqlite_store, pack, clock)) as client:
        assert "/reports/2026-W48" in links_of(await client.get("/reports"))
        page = await client.get("/reports/2026-W48")
        assert EN["report_so_far"] not in text_of(page)
        assert EN["report_not_saved"] not in text_of(page)
        assert not re.search(
            r'<script(?! src="/static/)|<style|\sstyle=|\son\w+=|(?:src|href|action)="https?://', page.text
        )
        figures = dict(re.findall(r'href="(/reports/2026-W48/tickets[^"]*)"[^>]*>(?:<b>)?([^<]*)', page.text))
        assert len(figures) > 10
        numbers = 0
        for link, said in figures.items():
            behind = await client.get(html.unescape(link))
            assert behind.status_code == 200, link
            assert 'href="/tickets/T0000' in behind.text, link
            if found := re.fullmatch(r"([\d,]+)(?: tickets?| letters?| mails?)?", said):
                told = re.search(r"(?:Tickets: |The figure is )([\d,]+)", text_of(behind))
                assert told is not None
                assert told[1] == found[1], link
                numbers += 1
        assert numbers > 5
        pictures = set(re.findall(r'<img src="(/reports/2026-W48/pictures/[^"]+)"', page.text))
        assert pictures
        for picture in pictures:
            drawn = await client.get(html.unescape(picture))
            assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml"), picture
            assert b"<svg" in drawn.content
        for form in ("html", "csv", "json", "txt"):
            assert len((await client.get(f"/reports/2026-W48/file.{form}")).content) > 300, form
        assert (
            WholeReport.model_validate((await client.get("/reports/2026-W48/file.json")).json()).period.kind == "week"
        )
        assert ".report" in (await client.get("/reports/style.css")).text


async def test_a_kept_report_was_made_once_whenever_one_looks_at_it(
    sqlite_store: Store, pack: Pack, clock: Clock
) -> None:
    file_week(sqlite_store)
    clock.advance(timedelta(days=7))
    reporter_for(sqlite_store, pack).make_due(clock())
    (made,) = {one.made_at for one in sqlite_store.reports()}
    clock.advance(timedelta(days=2, hours=3))
    async with signed_in(make_app(sqlite_store, pack, clock)) as client:
        page = text_of(await client.get("/reports/2026-W48"))
        assert "made 2026/12/01 10:00" in page
        assert made.isoformat() == "2026-12-01T01:00:00+00:00"
        assert clock().strftime("%d %B") not in page, "3 December is no day of this report"
        assert "2026/12/03" not in page
        listed = text_of(await client.get("/reports/2026-W48/tickets?measure=people"))
        assert "the figure is of 2026/11/30 08:00." in listed, "as the report was counted"


async def test_a_real_ledger_refuses_what_is_no_figure(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    file_week(sqlite_store)
    async with signed_in(make_app(sqlite_store, pack, clock)) as client:
        assert EN["report_so_far"] in text_of(await client.get("/reports/2026-W48"))
        empty = await client.get("/reports/2026-W40")
        assert empty.status_code == 200, "before the desk was there: nothing, and no error"
        for query in (
            "measure=nonsense",
            "measure=people&dimension=nonsense&value=x",
            "measure=people&dimension=all&value=x",
            "measure=&dimension=&value=",
            "measure=people&dimension=domain",
        ):
            answer = await client.get(f"/reports/2026-W48/tickets?{query}")
            assert answer.status_code in {200, 404}, query
            assert answer.status_code == 404 or EN["report_behind_none"] in text_of(answer), query
        evil = await client.get(
            "/reports/2026-W48/tickets", params={"measure": "people", "dimension": "domain", "value": EVIL}
        )
        assert EVIL not in evil.text
        for path in ("/reports/2026-W99", "/reports/2026-W49", "/reports/2026-W48/pictures/nonsense.svg"):
            assert (await client.get(path)).status_code == 404, path


async def test_a_real_report_is_queued_as_a_mail(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    file_week(sqlite_store)
    app = make_app(sqlite_store, pack, clock)
    sqlite_store.set_details(AGENT, email="hanako@example.com", language="ja", notices=(), now=NOW)
    async with signed_in(app) as client:
        for _ in range(2):
            assert (await send(client, "/reports/2026-W48")).status_code == 303
        (memo,) = sqlite_store.memos(limit=9)
    assert (memo.kind, memo.to, memo.state) == ("report", "hanako@example.com", "queued"), "a double click sends one"
    raw = sqlite_store.raw_memo(memo.memo_id)
    assert b"Auto-Submitted: auto-generated" in raw


async def test_reports_of_either_database(store: Store, pack: Pack, clock: Clock) -> None:
    file_week(store)
    async with signed_in(make_app(store, pack, clock)) as client:
        for path in ("/reports", "/reports/2026-W48", "/reports/2026-11-24", "/reports/2026-11/tickets?measure=people"):
            assert (await client.get(path)).status_code == 200, path
