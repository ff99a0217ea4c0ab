"""Names that strangers choose never stop a report: domains, products and items of any letters, counted, read and told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.assessment import Category
from policy.load import load_pack
from reports.advice import advice
from reports.book import SEPARATOR, halves
from reports.document import document, sentence_of
from reports.figures import Figures, Report
from reports.frame import Links
from reports.quality import summarise
from reports.render_html import render_fragment
from reports.render_text import render_text
from reports.tables import as_csv, as_json
from reports.trend import drivers
from tests.support.facts import END, book, letter, mail, ticket
from tests.support.quality_figures import WEEK

PACK = load_pack("alibabacloud_jp")
names = st.text(st.sampled_from("ab|{}<>%:.\u202e \x00\n日'=\\\ud7ff"), min_size=1, max_size=12)
items = st.one_of(names, st.sampled_from(["when", "facet:steps", "facet:of_tomorrow", "link:goal", "gone"]))


def week_of(domain: str, product: str, item: str, lacking: int, fine: int) -> Figures:
    """A customer who leaves out an item, beside others who give it."""
    ask = letter("request_information", asked=(item,))
    heads = [
        ticket(
            number, Category.TROUBLESHOOTING, domain=domain, products=(product,), missing_first=(item,), letters=(ask,)
        )
        for number in range(1, lacking + 1)
    ]
    heads += [
        ticket(
            number,
            Category.TROUBLESHOOTING,
            domain="quiet.example",
            unsure_first=(item,) if number % 9 == 0 else (),
            given_first=frozenset({item}),
            mails=(mail(number), mail(number + 1000, END, missing=(item,))),
        )
        for number in range(lacking + 1, lacking + fine + 1)
    ]
    of = [replace(one, disposition="request_information") if one.missing_first else one for one in heads]
    return summarise(of, WEEK, book(PACK, END, domain, "quiet.example"))


@settings(max_examples=60)
@given(names, names, items, st.sampled_from([0, 5, 12]), st.sampled_from([0, 30]))
@example("a|b.example", "ecs", "symptom", 5, 0)  # a stranger's five mails that stopped every report
@example("a|b.example", "e|cs", "when", 12, 30)
def test_any_name_is_counted_and_told(domain: str, product: str, item: str, lacking: int, fine: int) -> None:
    figures = week_of(domain, product, item, lacking, fine)
    before = week_of(domain, product, item, 5, fine)
    report = Report(figures=figures, before=(before,), made_at=END)
    for one in advice(report, 20):
        assert not lacking or one.names.get("domain", domain) == domain or SEPARATOR in item
        assert figures.cells[one.cell] > 0
    assert drivers(report) == () or figures.count("people") > before.count("people")
    for language in ("ja", "en"):
        told = document(report, PACK, language, Links(desk=""))
        assert "\x00" not in render_text(told)
        assert "<a|b" not in render_fragment(told)
        assert as_csv(report, PACK, language)
        assert all(sentence_of(cell, PACK, language) for cell in figures.cells)
    assert as_json(report, PACK)


@given(names, st.text(st.sampled_from("ab:_"), min_size=1, max_size=8))
def test_an_item_is_found_behind_any_name(group: str, item: str) -> None:
    assert halves(f"{group}{SEPARATOR}{item}") == (group, item)
