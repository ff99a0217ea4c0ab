"""The report as a file and as a mail in a real Chromium: axe, light and dark, a phone's width, nothing loaded, no script."""

from __future__ import annotations

import base64
import email
from email.policy import default
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

from policy.pack import Pack
from reports.document import Document, Links, document
from reports.figures import Figures, Report
from reports.mail import report_mail
from reports.plots import pictures
from reports.render_html import render_file
from tests.support.made_reports import period, report_of

pytestmark = pytest.mark.browser

DESK = "https://desk.example.com"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BROKEN = "[...document.images].filter(one => !one.complete || !one.naturalWidth).map(one => one.alt)"
CONTRAST = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request: pytest.FixtureRequest, pack: Pack) -> Document:
    report = report_of(pack, count=160, complete=0.9, faults=("lost: 3 deliveries of the door's tally without a mail",))
    return document(report, pack, request.param, Links(desk=DESK))


@pytest.fixture(scope="module")
def file(made: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / f"{made.language}.html"
    path.write_text(render_file(made, pictures(made, "svg")), encoding="utf-8")
    return path


def opened(chromium: Browser, path: Path, *, width: int, scheme: str) -> tuple[Page, list[str], list[str]]:
    """The page of a file, what it asked for, and what it complained of."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    said: list[str] = []

    def ask(request: Request) -> None:
        asked.append(request.url)

    page.on("request", ask)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    for image in page.query_selector_all("img"):
        image.scroll_into_view_if_needed()
    page.wait_for_function(f"{BROKEN}.length === 0")
    return page, asked, said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_a_file_is_clean_in_every_light_and_width(chromium: Browser, file: Path, width: int, scheme: str) -> None:
    page, asked, said = opened(chromium, file, width=width, scheme=scheme)
    try:
        assert [one for one in asked if not one.startswith(("data:", "file:"))] == []
        assert said == []
        assert page.evaluate(OVERFLOW) <= 0
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        is_dark = sum(int(part) for part in page.evaluate(CONTRAST).strip("rgb()").split(",")[:3]) < 200
        assert is_dark == (scheme == "dark")
    finally:
        page.close()


def test_a_reader_gets_to_each_chapter_and_each_figure_by_the_keyboard(chromium: Browser, file: Path) -> None:
    page, _, _ = opened(chromium, file, width=1100, scheme="light")
    try:
        for name in ("headline", "books", "reading"):
            page.click(f".r-contents a[href='#r-{name}']")
            assert page.locator(f"#r-{name}").bounding_box()
            assert page.evaluate(f"document.querySelector('#r-{name}').getBoundingClientRect().top < innerHeight")
        page.focus("details.r-folded summary")
        page.keyboard.press("Enter")
        assert page.is_visible("#r-t-by-hour + thead")
        focused = page.evaluate(
            "[...document.querySelectorAll('.r-scroll')].filter(one => one.scrollWidth > one.clientWidth)"
            ".every(one => one.tabIndex === 0 || one.querySelector('a'))"
        )
        assert focused
    finally:
        page.close()


def test_a_printed_file_is_light_and_whole(chromium: Browser, file: Path) -> None:
    page, _, _ = opened(chromium, file, width=1100, scheme="dark")
    try:
        page.emulate_media(media="print")
        assert sum(int(part) for part in page.evaluate(CONTRAST).strip("rgb()").split(",")[:3]) > 600
        assert page.pdf().startswith(b"%PDF")
    finally:
        page.close()


@pytest.mark.parametrize("width", [760, 390])
def test_a_mail_fits_and_shows_its_pictures(chromium: Browser, made: Document, tmp_path: Path, width: int) -> None:
    raw = report_mail(
        made,
        to="lead@example.com",
        from_address="desk@example.com",
        from_name="desk",
        instance="i",
        key="k",
        now=period("2026-W48").end,
    )
    message = email.message_from_bytes(raw, policy=default)
    body = message.get_body(("html",))
    assert body is not None
    html = body.get_content()
    for part in message.walk():
        if part.get_content_type() == "image/png":
            content = base64.b64encode(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
            html = html.replace(f"cid:{str(part['Content-ID']).strip('<>')}", f"data:image/png;base64,{content}")
    path = tmp_path / "mail.html"
    path.write_text(html, encoding="utf-8")
    page, asked, said = opened(chromium, path, width=width, scheme="light")
    try:
        assert [one for one in asked if not one.startswith(("data:", "file:"))] == []
        assert said == []
        assert page.evaluate(OVERFLOW) <= 0
        assert page.locator("img").count() == 3
    finally:
        page.close()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_empty_period_is_a_clean_page(chromium: Browser, pack: Pack, tmp_path: Path, language: str) -> None:
    of = period("2026-W48")
    nothing = document(
        Report(figures=Figures(period=of, as_of=of.end), made_at=of.end), pack, language, Links(desk=DESK)
    )
    path = tmp_path / "empty.html"
    path.write_text(render_file(nothing, {}), encoding="utf-8")
    page, _, said = opened(chromium, path, width=390, scheme="light")
    try:
        assert said == []
        assert page.evaluate(OVERFLOW) <= 0
        assert Axe().run(page).violations_count == 0
    finally:
        page.close()
