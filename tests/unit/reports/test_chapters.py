"""What a lead asks of a report: what is wrong first, what came and whose, what each number is of, and no list of other tickets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time

import pytest

from policy.pack import Pack
from reports.document import Links, document
from reports.figures import Cell, Example, Figures, Report
from reports.parts import Document, Lines, Table, plain
from reports.render_html import render_file, render_fragment
from reports.render_text import render_brief, render_text
from reports.trend import News, trend
from reports.wording import Wording
from tests.support.made_reports import books_of, figures_of, period, report_of
from tests.unit.reports.test_document import DESK, cell_of, everything, runs, section, summary, tables
from tests.unit.reports.test_render_html import Page

LANGUAGES = ("ja", "en")


@pytest.fixture(scope="module")
def busy(pack: Pack) -> Report:
    return report_of(pack, complete=0.9, count=220)


def told(report: Report, pack: Pack, language: str = "ja") -> Document:
    return document(report, pack, language, Links(desk=DESK))


def with_cells(report: Report, cells: dict[Cell, int]) -> Report:
    """The same report with other counts; 0 takes one out."""
    changed = {cell: count for cell, count in {**report.figures.cells, **cells}.items() if count}
    return replace(report, figures=replace(report.figures, cells=changed))


def links(made: Document) -> dict[Cell, str]:
    """Where each cell is told, by the words of its link."""
    return {cell: run.text for run in runs(made) if (cell := cell_of(run.href))}


def test_targets_complaints_and_security_are_told_and_lead_to_their_tickets(busy: Report, pack: Pack) -> None:
    counts = {measure: busy.figures.count(measure) for measure in ("overdue", "complaint", "security")}
    assert all(counts.values())
    made = told(busy, pack)
    said = f"注意を要するチケット: 応答目標の超過{counts['overdue']}件、苦情{counts['complaint']}件、セキュリティ・法務{counts['security']}件。"
    assert said in summary(made)
    rows = {plain(row[0].text): plain(row[1].text) for row in tables(made)["care"].rows}
    assert rows["苦情"] == str(counts["complaint"])
    assert {Cell("overdue"), Cell("complaint"), Cell("security")} <= set(links(made))
    assert "care" in {block.id for block in section(made, "headline").blocks if isinstance(block, Table)}
    assert f"To be watched: {counts['overdue']} tickets missed the response target; " in summary(told(busy, pack, "en"))


def test_without_such_tickets_nothing_is_said_of_them(busy: Report, pack: Pack) -> None:
    none = dict.fromkeys((Cell("overdue"), Cell("complaint"), Cell("security")), 0)
    assert "注意を要する" not in summary(told(with_cells(busy, none), pack))


def test_what_is_not_in_the_numbers_is_said_first(busy: Report, pack: Pack) -> None:
    made = told(with_cells(busy, {Cell("unread"): 3, Cell("unreadable"): 1}), pack)
    assert plain(made.summary[0].text).startswith("集計時点で未読のメールが3通ありました。")
    assert plain(made.summary[1].text).startswith("読み取り結果を開けないチケットが1件あり")
    english = told(with_cells(busy, {Cell("unread"): 1}), pack, "en")
    assert plain(english.summary[0].text).startswith("1 mail of this period had not been read")
    assert "未読" not in summary(told(busy, pack))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dead_week_is_an_alarm_in_the_summary_and_the_subject(pack: Pack, language: str) -> None:
    before = report_of(pack, count=120)
    of = before.figures.period
    dead = replace(before, figures=Figures(period=of, as_of=of.end))
    made = told(dead, pack, language)
    assert made.advice[0].code == "intake_low"
    assert made.summary[0].tone == "alarm"
    expected = {"ja": "受信が止まっていないかご確認ください", "en": "check that mail still comes in"}[language]
    assert expected in plain(made.summary[0].text)
    assert "該当するチケット" not in plain(made.summary[0].text)
    assert made.subject.startswith(
        {"ja": "【要確認・品質レポート】", "en": "[Action needed, quality report]"}[language]
    )
    assert expected in render_brief(made).replace("\n", " " if language == "en" else "")


def test_books_that_do_not_agree_beat_it_in_the_subject(pack: Pack) -> None:
    before = report_of(pack, count=120, faults=("lost: 3 deliveries of the door's tally without a mail",))
    of = before.figures.period
    dead = told(replace(before, figures=Figures(period=of, as_of=of.end)), pack)
    assert "受付数の照合が不一致" in dead.subject
    assert [one.tone for one in dead.summary[:2]] == ["alarm", "alarm"]


@pytest.mark.parametrize("dimension", ["category", "product", "domain"])
def test_groups_stand_beside_what_is_usual_of_them(busy: Report, pack: Pack, dimension: str) -> None:
    table = tables(told(busy, pack))[dimension]
    assert table.columns[2].head == "通常"
    wording = Wording(pack=pack, language="ja")
    usual = {plain(row[0].text): plain(row[2].text) for row in table.rows}
    for value in busy.figures.by("people", dimension):
        mean = sum(one.count("people", dimension, value) for one in busy.before) / 4
        assert abs(float(usual[wording.value(dimension, value)].replace(",", "")) - mean) <= 0.5
    first = tables(told(replace(busy, before=()), pack))[dimension]
    assert "通常" not in [column.head for column in first.columns]
    assert len(first.columns) == len(first.rows[0])


def test_a_customer_who_was_not_counted_before_has_no_usual(busy: Report, pack: Pack) -> None:
    new = with_cells(busy, {Cell("people", "domain", "new.example"): 9})
    row = next(one for one in tables(told(new, pack))["domain"].rows if plain(one[0].text) == "new.example")
    assert plain(row[2].text) == "–"


def test_who_brought_what_came_more_is_told(busy: Report, pack: Pack) -> None:
    name = next(value for value in busy.figures.by("people", "category") if "incident" in value)
    usual = sum(one.count("people", "category", name) for one in busy.before) / 4
    more = Cell("people", "category", name)
    made = told(with_cells(busy, {Cell("people"): 900, more: 700}), pack)
    assert f"増加の主な内訳: {Wording(pack=pack, language='ja').category(name)}700件(通常約{usual:.0f}件)" in summary(
        made
    )
    assert links(made)[more] in {"700", "700件"}
    assert "増加の主な内訳" not in summary(told(busy, pack))


def test_requests_that_did_not_arrive_are_told_with_their_letters(busy: Report, pack: Pack) -> None:
    bounced = Cell("letters_bounced", "kind", "request_information")
    held = Cell("letters_held", "kind", "follow_up")
    made = told(with_cells(busy, {bounced: 3, held: 2}), pack)
    assert "お客様に届いていないお願いがあります: 情報のお願い3通(不達)、再度のお願い2通(承認待ち)。" in summary(made)
    found = [run for one in made.summary for run in one.text if cell_of(run.href) == bounced]
    assert [run.text for run in found] == ["3通"]
    none = {Cell(measure, "kind", kind): 0 for measure, _, kind in busy.figures.cells if measure.startswith("letters_")}
    assert "届いていない" not in summary(told(with_cells(busy, none), pack))
    assert "did not reach the customer: request for information, 3 letters (bounced)" in summary(
        told(with_cells(busy, {bounced: 3}), pack, "en")
    )


def test_what_is_asked_along_stands_apart_from_what_is_required(busy: Report, pack: Pack) -> None:
    along = {
        Cell("item_asked", "item", "materials"): 29,
        Cell("item_due", "item", "materials"): 20,
        Cell("item_answered", "item", "materials"): 2,
    }
    needed = {
        Cell("needed", "item", "goal"): 5,
        Cell("given", "item", "goal"): 3,
        Cell("unsure", "item", "goal"): 0,
        Cell("lacking", "item", "goal"): 2,
        Cell("item_asked", "item", "goal"): 15,
    }
    found = tables(told(with_cells(busy, {**along, **needed}), pack))
    wording = Wording(pack=pack, language="ja")
    required = {plain(row[0].text): [plain(one.text) for one in row] for row in found["items"].rows}
    besides = {plain(row[0].text): [plain(one.text) for one in row] for row in found["asked-along"].rows}
    assert wording.item("materials") not in required
    assert besides[wording.item("materials")][1] == "29"
    assert besides[wording.item("materials")][2].startswith("10%(2/20、")
    assert required[wording.item("goal")][1] == "5"
    assert required[wording.item("goal")][5:] == ["–", "–"]
    assert besides[wording.item("goal")][1] == "15"
    assert found["asked-along"].caption == "あわせてお尋ねした項目"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_share_says_what_it_is_of_where_its_row_does_not(busy: Report, pack: Pack, language: str) -> None:
    found = tables(told(busy, pack, language))
    of = {"ja": r"\d+%(?:超|未満)?\(\d+/\d+、", "en": r"(?:over |under )?\d+% \(\d+/\d+, "}[language]
    for name, columns in {"category": (3, 4), "domain": (3, 4), "kinds": (8,), "kinds-right": (1, 2)}.items():
        shares = [plain(row[at].text) for row in found[name].rows for at in columns]
        assert any(share != "–" for share in shares)
        assert all(share == "–" or re.match(of, share) for share in shares), (name, shares)
    people = busy.figures.count("people")
    assert {"ja": f"{people}件のうち", "en": f"of {people} tickets"}[language] in plain(
        found["requests"].rows[0][3].text
    )


def test_the_bracket_of_a_count_is_called_what_it_is(busy: Report, pack: Pack) -> None:
    row = tables(told(busy, pack))["headline"].rows[0]
    assert "予測区間" in plain(row[-1].text)
    assert "prediction interval" in plain(tables(told(busy, pack, "en"))["headline"].rows[0][-1].text)


def test_a_number_leads_to_no_other_tickets(busy: Report, pack: Pack) -> None:
    lines = {line.name: line for line in trend(busy)}
    made = told(busy, pack)
    rows = {plain(row[0].text): row for row in tables(made)["headline"].rows}
    agent = lines["agent_minutes"]
    assert agent.cell is not None
    assert busy.figures.cells.get(agent.cell, 0) != agent.now.of
    assert not rows["対応可から担当者の回答までの時間"][1].text[0].href
    answer = rows["お願いからご回答までの時間"][1].text[0]
    assert cell_of(answer.href) == Cell("asked")
    assert busy.figures.count("asked") == lines["answer_minutes"].now.of


def test_before_the_desk_began(pack: Pack) -> None:
    of = period("2026-W48")
    nothing = Report(figures=Figures(period=of, as_of=of.end), made_at=of.end)
    made = told(nothing, pack)
    assert summary(made) == "この期間は、受付デスクの運用開始前です。"
    assert made.sections == ()
    assert len(render_text(made).split("\n")) < 20
    assert "not in use yet" in summary(told(nothing, pack, "en"))
    quiet = summary(told(replace(nothing, books=books_of(of.days, 0)), pack))  # mails were counted
    assert "運用開始前" not in quiet
    assert "運用開始前" not in summary(told(replace(nothing, began_at=of.start), pack)), "it got nothing, but was there"
    assert "運用開始前" in summary(told(replace(nothing, began_at=of.end), pack))
    going = replace(nothing, figures=replace(nothing.figures, as_of=of.start))
    assert "運用開始前" not in summary(told(going, pack))
    machines = with_cells(nothing, {Cell("tickets"): 1, Cell("automatic"): 1})
    assert "運用開始前" not in summary(told(machines, pack))
    assert "運用開始前" not in summary(told(replace(nothing, before=(figures_of(pack, "2026-W47", 3),)), pack))


def test_all_of_them_out_of_hours(busy: Report, pack: Pack) -> None:
    all_out = with_cells(busy, {Cell("off_hours"): busy.figures.count("people")})
    assert "すべて営業時間外の受信です。" in summary(told(all_out, pack))
    assert "All of them came outside business hours." in summary(told(all_out, pack, "en"))


def test_edited_letters_are_no_mistakes(busy: Report, pack: Pack) -> None:
    cells = {Cell("judged_edited", "kind", "split"): 1, Cell("judged_wrong", "kind", "split"): 1}
    examples = {cell: (Example(ref=f"T{at:06d}", subject="x"),) for at, cell in enumerate(cells, 1)}
    report = with_cells(busy, cells)
    report = replace(report, figures=replace(report.figures, examples=examples))
    blocks = {
        block.caption: block for block in section(told(report, pack), "honesty").blocks if isinstance(block, Lines)
    }
    assert [plain(line).partition(": ")[2][:7] for line in blocks["誤りの例"].lines] == ["T000002"]
    assert [plain(line).partition(": ")[2][:7] for line in blocks["編集の例"].lines] == ["T000001"]


def test_shifts_are_folded_and_the_change_stands_second(busy: Report, pack: Pack) -> None:
    found = tables(told(busy, pack))
    assert found["drift-shifts"].is_folded
    assert all("PSI" not in plain(row[0].text) for row in found["drift"].rows)
    assert found["drift"].columns[2].head == found["headline"].columns[2].head == "前4週との比較"


def test_a_business_day_is_explained_once_a_table(busy: Report, pack: Pack) -> None:
    found = tables(told(busy, pack))
    assert "1営業日=9時間です。" in found["headline"].note
    assert "One business day is 9 h." in tables(told(busy, pack, "en"))["headline"].note
    assert Wording(pack=always_open(pack), language="ja").day_is() == ""


def always_open(pack: Pack) -> Pack:
    working = replace(pack.desk.working, opens=time(0), closes=time.max)
    return replace(pack, desk=replace(pack.desk, working=working))


def many_customers(report: Report, count: int) -> Report:
    cells = {
        Cell(measure, "domain", f"c{number:03}.example"): 500 - number
        for number in range(count)
        for measure in ("people", "workable", "complete")
    }
    return with_cells(report, cells)


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_tables_unfold_in_the_page(busy: Report, pack: Pack, language: str) -> None:
    made = told(many_customers(busy, 40), pack, language)
    table = tables(made)["domain"]
    assert len(table.rows) == 45
    assert (len(table.shown), len(table.hidden)) == (12, 33)
    assert "CSV" not in table.note
    for text in (render_fragment(made), render_file(made, {chart.id: b"<svg/>" for chart in made.charts})):
        page = Page(text)
        assert "c039.example" in "".join(page.words)
        assert {"ja": "ほか33行を表示", "en": "Show 33 more rows"}[language] in "".join(page.words)
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
    assert not tables(told(many_customers(busy, 9), pack, language))["domain"].hidden  # two more are simply shown
    assert "CSV" in tables(told(many_customers(busy, 140), pack, language))["domain"].note


def test_what_may_be_chance_is_told_as_such(busy: Report, pack: Pack) -> None:
    """A change that a pure draw would not make, but that periods of this desk make."""
    cells = {Cell("complete"): 40, Cell("workable"): 60, Cell("incomplete"): 20, Cell("doubtful"): 0}
    shares = (0.95, 0.75, 0.95, 0.70)
    before = tuple(
        replace(one, cells={**one.cells, Cell("complete"): round(100 * share), Cell("workable"): 100})
        for one, share in zip(busy.before, shares, strict=True)
    )
    report = with_cells(replace(busy, before=before), cells)
    line = next(one for one in trend(report) if one.name == "complete")
    assert line.news is News.MAYBE
    made = told(report, pack)
    assert "ご注意いただきたい変化: " in summary(made)
    assert "初回から情報が揃っていた割合67%(通常84%)" in summary(made)
    row = next(one for one in tables(made)["headline"].rows if plain(one[0].text) == "初回から情報が揃っていた割合")
    assert (row[2].sign, plain(row[2].text)) == ("~", "要注意(偶然の可能性あり)")
    assert "初回から情報が揃っていた割合: 67%(通常84%、要注意(偶然の可能性あり))" in render_brief(made).replace(
        "\n  ", ""
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_blank_stands_between_a_number_and_what_it_counts(busy: Report, pack: Pack, language: str) -> None:
    said = everything(told(busy, pack, language))
    assert language == "en" or not re.search(r"\d (?:件|通|日|週|か月|時間|分|営業日|回|行)", said)
    assert not re.search("[\uff08\uff09\uff05\uff10-\uff19]", said)
