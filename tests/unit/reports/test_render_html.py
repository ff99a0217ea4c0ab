"""Reports as HTML: whole, escaped, strict, and of headings and tables that a screen reader can walk."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from policy.pack import Pack
from reports.document import Document, Links, document
from reports.figures import Figures, Report
from reports.parts import Chart
from reports.render_html import render_file, render_fragment, style
from tests.support.made_reports import period, report_of

VOID = {"meta", "link", "img", "br", "hr", "input", "rect"}
DESK = "https://desk.example.com"


class Page(HTMLParser):
    """Checks that elements close in order, and keeps what was seen."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request: pytest.FixtureRequest, pack: Pack) -> Document:
    return document(report_of(pack, count=120, before=2), pack, request.param, Links())


@pytest.fixture(scope="module", params=["ja", "en"])
def hostile(request: pytest.FixtureRequest, pack: Pack) -> Document:
    return document(report_of(pack, count=120, before=1, is_hostile=True), pack, request.param, Links(desk=DESK))


def no_pictures(made: Document) -> dict[str, bytes]:
    return {chart.id: b"<svg/>" for chart in made.charts}


def test_a_piece_has_no_script_and_no_style_of_its_own(made: Document) -> None:
    page = Page(render_fragment(made))
    names = {name for _, attributes in page.tags for name in attributes}
    assert "style" not in names
    assert not {name for name in names if name.startswith("on")}
    assert not {"script", "style", "link", "iframe", "form", "object", "h1", "html", "body"} & {
        tag for tag, _ in page.tags
    }


def test_a_piece_links_its_pictures_by_language(made: Document) -> None:
    images = Page(render_fragment(made)).all("img")
    assert [image["src"] for image in images] == [
        f"/reports/2026-W48/pictures/{chart.id}.svg?lang={made.language}" for chart in made.charts
    ]
    assert [image["alt"] for image in images] == [chart.alt for chart in made.charts]
    assert {"trend", "items", "kinds", "waits", "days", "hours"} == {chart.id for chart in made.charts}


def test_headings_go_down_by_one_and_ids_are_unique(made: Document) -> None:
    page = Page(render_fragment(made))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 2
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(named) <= set(ids)
    anchors = [href[1:] for one in page.all("a") if (href := one["href"] or "").startswith("#")]
    assert anchors
    assert set(anchors) <= set(ids)


def test_every_table_has_a_caption_and_scopes(made: Document) -> None:
    page = Page(render_fragment(made))
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert {one.get("scope") for one in page.all("th")} == {"col", "row"}


def test_a_file_loads_nothing_and_holds_its_pictures(made: Document) -> None:
    text = render_file(made, no_pictures(made))
    page = Page(text)
    assert all((image["src"] or "").startswith("data:image/svg+xml;base64,") for image in page.all("img"))
    assert not page.all("script")
    assert [one["href"] for one in page.all("link")] == ["data:,"]
    assert "default-src 'none'" in next(one["content"] or "" for one in page.all("meta") if "http-equiv" in one)
    assert "url(" not in style()
    assert "@import" not in style()
    assert text.lstrip().startswith("<!doctype html>")


def test_a_file_needs_all_its_pictures(made: Document) -> None:
    with pytest.raises(KeyError):
        render_file(made, {})


def test_words_of_customers_are_words(hostile: Document) -> None:
    for text in (render_fragment(hostile), render_file(hostile, no_pictures(hostile))):
        page = Page(text)
        assert "<script>alert(1)" in "".join(page.words)
        assert "onerror" not in {name for _, attributes in page.tags for name in attributes}
        assert not page.all("b") or "<b>.example" in "".join(page.words)
        assert "{{ 7*7 }}" in "".join(page.words)
        assert "\u202e" not in text
        assert "\u2066" not in text
        assert "\0" not in text
    assert Page(render_fragment(hostile)).all("bdi")


def test_every_link_of_a_hostile_customer_stays_at_the_desk(hostile: Document) -> None:
    for one in Page(render_fragment(hostile)).all("a"):
        assert (one["href"] or "").startswith((f"{DESK}/reports/2026-W48/tickets?", f"{DESK}/tickets/T", "#r-")), one


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_empty_period_is_a_whole_page(pack: Pack, language: str) -> None:
    of = period("2026-W48")
    nothing = document(Report(figures=Figures(period=of, as_of=of.end), made_at=of.end), pack, language, Links())
    page = Page(render_fragment(nothing))
    assert not page.all("img")
    Page(render_file(nothing, {}))


def test_bars_stay_within_their_track(made: Document) -> None:
    for rect in Page(render_fragment(made)).all("rect"):
        start, width = float(rect.get("x") or 0), float(rect["width"] or 0)
        assert start >= 0
        assert start + width <= 100.1


def test_a_chart_is_a_figure_with_its_title(made: Document) -> None:
    page = Page(render_fragment(made))
    charts = [block for section in made.sections for block in section.blocks if isinstance(block, Chart)]
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(charts)
    assert replace(made, sections=()).charts == ()
