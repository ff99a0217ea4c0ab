"""Pictures of reports: every glyph there, text as paths, the same bytes each time, nothing obeyed as markup."""

from __future__ import annotations

import itertools
import re
import struct
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from policy.pack import Pack
from reports.document import Document, Links, document
from reports.figures import Figures, Report
from reports.intervals import Estimate
from reports.parts import Chart, Curve, Curves, Intervals, Series, Stacks, Trends, Volumes
from reports.plots import _apart, drawn, picture, pictures
from tests.support.made_reports import period, report_of

IDS = ("trend", "items", "waits", "days", "hours", "kinds")


@pytest.fixture(autouse=True)
def _every_warning_is_an_error() -> None:
    """Matplotlib only warns of a glyph that its font has not."""
    warnings.simplefilter("error")


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request: pytest.FixtureRequest, pack: Pack) -> Document:
    return document(report_of(pack, count=200, before=4), pack, request.param, Links())


@pytest.mark.parametrize("picture_id", IDS)
def test_a_picture_as_svg_has_paths_and_nothing_from_elsewhere(made: Document, picture_id: str) -> None:
    svg = picture(made, picture_id, "svg")
    root = ET.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not {"text", "script", "image", "foreignObject", "a"} & tags
    links = [value for element in root.iter() for name, value in element.attrib.items() if name.endswith("href")]
    assert all(link.startswith("#") for link in links)
    assert len(svg) < 150_000
    assert svg == picture(made, picture_id, "svg")


@pytest.mark.parametrize("picture_id", IDS)
def test_a_picture_as_png_has_twice_the_pixels_of_a_mail(made: Document, picture_id: str) -> None:
    png = picture(made, picture_id, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width == 1280
    assert 300 < height < 1400
    assert len(png) < 120_000
    assert png == picture(made, picture_id, "png")


def test_there_is_a_sentence_with_numbers_for_each(made: Document) -> None:
    assert {chart.id for chart in made.charts} == set(IDS)
    for chart in made.charts:
        assert re.search(r"\d", chart.alt)
        assert chart.alt.endswith(("。", "."))
    assert set(pictures(made, "svg")) == set(IDS)


def test_there_is_no_other_picture(made: Document) -> None:
    for name in ("nonsense", "", "../trend", "trend.svg"):
        with pytest.raises(KeyError):
            picture(made, name, "svg")


def test_hostile_names_are_drawn_as_they_are(pack: Pack) -> None:
    made = document(report_of(pack, count=100, before=1, is_hostile=True), pack, "ja", Links())
    pictures(made, "svg")
    labels = ("$\\frac{1}{0}$", "<b>&amp;", "\u202e😀云服务器\n", "_^{}%", "𠮷")
    drawing = Stacks(labels=labels, parts=((1, 2, 3),) * 5, names=("$a", "b$", "{c}"), unit="x")
    svg = drawn(Chart(id="x", title="", alt="", drawing=drawing), "svg")
    assert ET.fromstring(svg) is not None


def test_little_is_drawn_too() -> None:
    nothing, one = Estimate(), Estimate(value=1.0, low=0.2, high=1.0, of=1)
    drawings = (
        Trends(labels=("a",), series=(Series(label="x", points=(one,)),)),
        Trends(labels=("a", "b"), series=(Series(label="x", points=(nothing, nothing)),)),
        Volumes(labels=("a",), inside=(1,), outside=(0,), names=("i", "o"), unit=""),
        Stacks(labels=("a",), parts=((0, 0, 1),), names=("x", "y", "z"), unit=""),
        Intervals(labels=("a",), panels=(Series(label="x", points=(nothing,)), Series(label="y", points=(one,)))),
        Curves(curves=(Curve(label="c", steps=((0.0, 1.0),)),), ticks=((0.0, "0"),), longest=15, unit="x"),
    )
    for drawing in drawings:
        for form in ("svg", "png"):
            assert drawn(Chart(id="x", title="", alt="", drawing=drawing), form)


def test_a_period_without_mails_has_no_pictures(pack: Pack) -> None:
    of = period("2026-W48")
    nothing = Report(figures=Figures(period=of, as_of=of.end), made_at=of.end)
    assert document(nothing, pack, "ja", Links()).charts == ()


def test_a_picture_of_a_day_is_by_hours(pack: Pack) -> None:
    made = document(report_of(pack, "2026-11-25", 25, before=1), pack, "ja", Links())
    assert "hours" in pictures(made, "svg")


def test_threads_draw_the_same(made: Document) -> None:
    alone = {name: picture(made, name, "svg") for name in IDS[:3]}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: (name, picture(made, name, "svg")), IDS[:3] * 2))
    assert all(svg == alone[name] for name, svg in together)


def test_the_settings_of_others_stay_as_they_were(made: Document) -> None:
    before = dict(mpl.rcParams)
    picture(made, "trend", "svg")
    assert dict(mpl.rcParams) == before
    assert "matplotlib_fontja" not in sys.modules


@pytest.mark.parametrize(
    ("heights", "room"),
    [([100.0, 100.0, 100.0], 9), ([50.0, 51.0], 9), ([0.0, 100.0], 9), ([], 9), ([99.0, 97.0, 20.0, 95.0], 9)],
)
def test_names_at_the_ends_of_lines_do_not_touch(heights: list[float], room: float) -> None:
    placed = _apart(heights, room)
    ordered = sorted(placed)
    assert all(high - low >= room - 1e-9 for low, high in itertools.pairwise(ordered))
    assert all(at <= 100 for at in placed)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    assert [placed[at] for at in order] == ordered


def test_a_document_without_its_sections_has_no_picture(made: Document) -> None:
    with pytest.raises(KeyError):
        picture(replace(made, sections=()), "trend", "svg")
