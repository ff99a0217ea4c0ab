"""Reports as plain text: 76 columns, aligned, whole without colour, sign or picture."""

from __future__ import annotations

import pytest

from policy.pack import Pack
from reports.document import Document, Links, document
from reports.figures import Figures, Report
from reports.parts import Column, Entry, Run, Section, Table, plain
from reports.render_text import render_text
from responders.wrap import columns
from tests.support.made_reports import period, report_of

DESK = "https://desk.example.com"


def entry(text: str, sign: str = "") -> Entry:
    return Entry(text=(Run(text=text),), sign=sign)


def squeezed(text: str) -> str:
    """Without blanks, and with the plain marks of a text."""
    for mark, plain_mark in (("–", "-"), ("→", "->"), ("“", '"'), ("”", '"'), ("’", "'")):
        text = text.replace(mark, plain_mark)
    return "".join(text.split())


def with_table(made: Document, table: Table) -> str:
    only = Section(id="one", title="One", blocks=(table,))
    return render_text(Document(**{**{name: getattr(made, name) for name in made.__slots__}, "sections": (only,)}))


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request: pytest.FixtureRequest, pack: Pack) -> Document:
    return document(report_of(pack, count=120, before=2), pack, request.param, Links(desk=DESK))


def test_no_line_but_a_link_is_wider_than_76_columns(made: Document, pack: Pack) -> None:
    hostile = document(report_of(pack, count=80, before=1, is_hostile=True), pack, made.language, Links(desk=DESK))
    for text in (render_text(made), render_text(hostile)):
        assert [line for line in text.split("\n") if columns(line) > 76 and DESK not in line] == []
        assert all(char == "\n" or char.isprintable() for char in text)
        assert not any(line.endswith(" ") for line in text.split("\n"))


def test_everything_is_there(made: Document) -> None:
    text = render_text(made)
    joined = squeezed(text)
    assert made.title in text
    assert made.link in text
    for section in made.sections:
        assert f"■ {section.title}" in text
    for advice in made.advice:
        assert squeezed(plain(advice.title)) in joined
    for chart in made.charts:
        assert squeezed(chart.alt) in joined


def test_columns_stand_under_each_other_in_any_script(made: Document) -> None:
    table = Table(
        id="t",
        caption="表",
        columns=(Column(head="名前"), Column(head="n", is_number=True), Column(head="変化")),
        rows=(
            (entry("ECS"), entry("1,234"), entry("改善", "✓")),
            (entry("エラーメッセージ"), entry("5"), entry("none", "=")),
        ),
        note="注",
    )
    lines = with_table(made, table).split("\n")
    at = lines.index("[表]")
    assert lines[at + 1 : at + 6] == [
        "名前                  n  変化",
        "-" * 31,
        "ECS               1,234  [改善]",
        "エラーメッセージ      5  [none]",
        "* 注",
    ]


def test_a_table_too_wide_is_told_row_by_row(made: Document) -> None:
    table = Table(
        id="t",
        caption="wide",
        columns=tuple(Column(head=f"head {number}") for number in range(6)),
        rows=(tuple(entry("word " * 4 + str(number)) for number in range(6)),),
    )
    lines = with_table(made, table).split("\n")
    at = lines.index("[wide]")
    assert lines[at + 1] == "- word word word word 0"
    assert lines[at + 2] == "  head 1: word word word word 1 / head 2: word word word word 2"
    assert all(columns(line) <= 76 for line in lines if DESK not in line)


def test_inside_the_desk_no_path_is_shown_as_a_link(pack: Pack) -> None:
    text = render_text(document(report_of(pack, count=60, before=1), pack, "ja", Links()))
    assert "/reports/" not in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_empty_period_is_a_short_text(pack: Pack, language: str) -> None:
    of = period("2026-W48")
    text = render_text(
        document(Report(figures=Figures(period=of, as_of=of.end), made_at=of.end), pack, language, Links())
    )
    assert 5 < len(text.split("\n")) < 20
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
