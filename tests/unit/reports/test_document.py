"""Reports in words: every number is that of its link, nothing is left unsaid, nothing is said of too little."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from models.assessment import Category
from policy.pack import Pack
from reports.book import book_of
from reports.document import Document, Links, document, sentence_of
from reports.figures import Cell, Figures, Report
from reports.parts import Chart, Lines, Paragraph, Run, Section, Table, Text, plain
from reports.quality import summarise
from reports.trend import trend
from reports.wording import Wording, one_line
from reports.words import WORDS, counted
from reports.words_measures import DIMENSIONS, MEASURES
from tests.support.facts import ticket
from tests.support.made_reports import books_of, figures_of, period, report_of

ROOT = Path(__file__).parents[3]
DESK = "https://desk.example.com"
LANGUAGES = ("ja", "en")


@pytest.fixture(scope="module")
def busy(pack: Pack) -> Report:
    return report_of(pack, complete=0.9, count=220)


def told(report: Report, pack: Pack, language: str = "ja") -> Document:
    return document(report, pack, language, Links(desk=DESK))


def texts(made: Document) -> Iterator[Text]:
    yield from (one.text for one in made.summary)
    for advice in made.advice:
        yield from (advice.title, advice.text)
    for section in made.sections:
        for block in section.blocks:
            yield from texts_of(block)


def texts_of(block: object) -> Iterator[Text]:
    match block:
        case Table():
            yield from (one.text for row in block.rows for one in row)
        case Lines():
            yield from block.lines
        case Paragraph():
            yield block.text


def everything(made: Document) -> str:
    """All words of a report."""
    said = [made.title, made.subtitle, made.subject, made.foot, *(plain(text) for text in texts(made))]
    said += [advice.gain for advice in made.advice]
    for section in made.sections:
        said.append(section.title)
        for block in section.blocks:
            match block:
                case Table():
                    said += [block.caption, block.note, *(column.head for column in block.columns)]
                case Chart():
                    said += [block.title, block.alt]
    return "\n".join(said)


def summary(made: Document) -> str:
    return "\n".join(plain(one.text) for one in made.summary)


def tables(made: Document) -> dict[str, Table]:
    return {block.id: block for one in made.sections for block in one.blocks if isinstance(block, Table)}


def heads(made: Document) -> list[str]:
    return [column.head for table in tables(made).values() for column in table.columns]


def section(made: Document, name: str) -> Section:
    return next(one for one in made.sections if one.id == name)


def cell_of(href: str) -> Cell | None:
    if "/tickets?" not in href:
        return None
    query = parse_qs(urlsplit(href).query, keep_blank_values=True)
    return Cell(query["measure"][0], query["dimension"][0], query["value"][0])


def runs(made: Document) -> Iterator[Run]:
    return (run for text in texts(made) for run in text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_with_a_link_is_the_count_of_its_cell(busy: Report, pack: Pack, language: str) -> None:
    seen = 0
    for run in runs(told(busy, pack, language)):
        cell = cell_of(run.href)
        count = re.fullmatch(r" ?([\d,]+)(?: ?[件通]| new tickets?| tickets?| letters?| mails?)?", run.text)
        if cell is None or count is None:
            continue
        assert int(count[1].replace(",", "")) == busy.figures.cells[cell], (run, cell)
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_to_the_desk_and_only_to_what_is_counted(busy: Report, pack: Pack, language: str) -> None:
    hrefs = [run.href for run in runs(told(busy, pack, language)) if run.href]
    assert all(href.startswith(f"{DESK}/") for href in hrefs)
    cells = [cell for href in hrefs if (cell := cell_of(href))]
    assert all(busy.figures.cells.get(cell) for cell in cells)
    inside = document(busy, pack, language, Links())
    assert all(run.href.startswith(("/reports/2026-W48/tickets?", "/tickets/T")) for run in runs(inside) if run.href)


def test_every_number_of_tickets_in_a_table_has_a_link(busy: Report, pack: Pack) -> None:
    items = next(one for one in section(told(busy, pack), "completeness").blocks if isinstance(one, Table))
    for row in items.rows:
        for at in (1, 3, 4, 5):
            (run,) = row[at].text
            assert bool(run.href) == (run.text not in {"0", "–"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_unsaid(busy: Report, pack: Pack, language: str) -> None:
    said = everything(told(busy, pack, language))
    assert not re.search(r"[{}]", said)
    assert not re.search(r"\b(?:nan|None|inf)\b", said)
    assert not re.search(r"\b(?:request_information|out_of_scope|facet:|product\.|service\.|bounce_hold)", said)


def test_japanese_holds_no_english_sentence(busy: Report, pack: Pack) -> None:
    said = everything(told(replace(busy, books=()), pack, "ja"))
    assert not re.search(r"\b(?:the|of|and|tickets?|letters?|weeks?)\b", re.sub(r"(?m)^.*SLB health.*$", "", said))


def test_the_first_sentences_say_what_came_how_complete_what_changed_and_what_to_do(busy: Report, pack: Pack) -> None:
    said, figures = summary(told(busy, pack)), busy.figures
    assert f"の新規チケット(お客様からのお問い合わせ)は{figures.count('people')}件です" in said
    assert f"{figures.count('complete')}件(" in said
    assert "95%信頼区間" in said
    assert "お願いした" in said
    assert "まず取り組むとよいこと: " in said
    english = summary(told(busy, pack, "en"))
    assert f"customers sent {figures.count('people')} new tickets" in english
    assert "Where to begin: " in english


def test_what_moved_beyond_noise_is_told_and_nothing_else(pack: Pack) -> None:
    quiet = told(report_of(pack, count=200, complete=0.55), pack)
    assert "誤差の範囲を超える変化はありません" in summary(quiet)
    report = report_of(pack, count=300, complete=1.0)
    line = next(one for one in trend(report) if one.name == "complete")
    assert line.news == "better"
    assert "前4週と比べて、誤差の範囲を超える変化が" in summary(told(report, pack))
    assert "初回から情報が揃っていた割合が" in summary(told(report, pack))
    assert "に上がりました(改善)" in summary(told(report, pack))
    assert re.search(r"Complete on arrival: up from \d+% to \d+% \(better\)", summary(told(report, pack, "en")))


def test_news_has_a_word_and_a_sign_besides_its_colour(busy: Report, pack: Pack) -> None:
    table = section(told(busy, pack), "headline").blocks[0]
    assert isinstance(table, Table)
    assert {row[2].sign for row in table.rows} <= {"=", "✓", "!", "▲", "▼", "?", "~"}
    assert all(plain(row[2].text) and row[2].sign for row in table.rows)


def test_a_period_without_mails(pack: Pack) -> None:
    of = period("2026-W48")
    nothing = Report(figures=Figures(period=of, as_of=of.end), made_at=of.end, books=books_of(of.days, 0))
    for language in LANGUAGES:
        made = told(nothing, pack, language)
        assert not made.charts
        assert not made.advice
        assert [one.id for one in made.sections] == ["books"]
        assert made.advice_title == ""
    assert "の新規チケット(お客様からのお問い合わせ)はありませんでした" in summary(told(nothing, pack))
    assert "no customer wrote" in summary(told(nothing, pack, "en"))
    assert told(nothing, pack).subject == "【品質レポート】2026年第48週(11月23日〜11月29日): 新規チケットなし"
    assert "0%" not in re.sub(r"\(0%ではありません\)", "", everything(told(nothing, pack)))


def test_a_period_with_one_mail_says_of_itself_that_it_is_too_little(pack: Pack) -> None:
    of = period("2026-W47")
    figures = summarise([ticket(1, Category.TROUBLESHOOTING)], of, book_of(pack, of.end))
    one = Report(figures=figures, before=report_of(pack, "2026-W47", 9, before=2).before, made_at=of.end)
    for language in LANGUAGES:
        assert told(one, pack, language).sections
    assert "件数が少ないため" in summary(told(one, pack))
    assert "1 new ticket." in summary(told(one, pack, "en"))


def test_the_first_period_compares_with_nothing(pack: Pack) -> None:
    made = told(report_of(pack, count=30, before=0), pack)
    assert "比較できる過去の期間がまだない" in summary(made)
    assert not {"通常", "前4週との比較"} & set(heads(made))
    assert "比較対象なし" not in everything(made)
    headline = tables(made)["headline"]
    assert all(plain(row[1].text) != "–" for row in headline.rows)  # what has no value is left out
    assert [one for one in section(made, "drift").blocks if isinstance(one, Table)] == []


def test_days_and_months_are_called_so(pack: Pack) -> None:
    day, month = report_of(pack, "2026-11-25", 30, before=2), report_of(pack, "2026-11", 200, before=1)
    assert told(day, pack).title == "日次品質レポート 2026年11月25日(水)"
    assert told(day, pack, "en").title == "Daily quality report: Wed 25 November 2026"
    assert "直前の営業日2日" in everything(told(day, pack))
    assert {chart.id for chart in told(day, pack).charts} & {"days", "hours"} == {"hours"}
    assert told(month, pack).title == "月次品質レポート 2026年11月"
    assert "前月" in everything(told(month, pack))
    assert "the month before" in everything(told(month, pack, "en"))


def test_a_period_that_goes_on_says_so(pack: Pack, busy: Report) -> None:
    early = replace(busy.figures, as_of=busy.figures.period.start + timedelta(days=2))
    made = told(replace(busy, figures=early), pack)
    assert made.subtitle.startswith("途中経過 · ")
    assert "は、これまでに" in summary(made)
    assert told(replace(busy, figures=early), pack, "en").subtitle.startswith("so far · ")


def test_books_that_do_not_agree_come_first(pack: Pack) -> None:
    fault = "lost: 3 deliveries of the door's tally without a mail"
    made = told(report_of(pack, count=40, before=1, faults=(fault,)), pack)
    assert made.summary[0].tone == "alarm"
    assert "照合が合わない日が1日あります(11/29(日))" in plain(made.summary[0].text)
    assert made.subject.startswith("【要確認・品質レポート】")
    said = everything(made)
    assert "不一致(+3)" in said
    assert "受信の記録があるのに、メールが見つかりません: 3件" in said


def test_a_mail_that_waits_is_told_but_makes_no_alarm_of_the_books(pack: Pack, busy: Report) -> None:
    late = tuple(replace(one, faults=("stuck: 1 mail waiting for more than an hour",)) for one in busy.books)
    made = told(replace(busy, books=late), pack)
    assert all(one.tone != "alarm" for one in made.summary)
    assert "1時間以上、判定待ちのままのメールがあります: 1件" in everything(made)


def test_days_without_books_are_named(pack: Pack, busy: Report) -> None:
    made = told(replace(busy, books=busy.books[:5]), pack)
    assert "照合の記録がない日: 11/28(土)、11/29(日)" in everything(made)


def test_both_languages_have_the_same_words() -> None:
    only_english = {key for key in WORDS["en"] if key.endswith("_one")} | {"months", "new_tickets"}
    assert set(WORDS["ja"]) - set(WORDS["en"]) == set()
    assert set(WORDS["en"]) - set(WORDS["ja"]) <= only_english
    assert set(MEASURES["ja"]) == set(MEASURES["en"])
    assert set(DIMENSIONS["ja"]) == set(DIMENSIONS["en"])
    assert counted(WORDS["en"], "n_tickets", 1) == "1 ticket"
    assert counted(WORDS["en"], "n_tickets", 1200) == "1,200 tickets"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_can_be_said_in_a_sentence(busy: Report, pack: Pack, language: str) -> None:
    for cell in busy.figures.cells:
        said = sentence_of(cell, pack, language)
        assert said
        assert not re.search(r"[{}|]", said)
    assert sentence_of(Cell("lacking", "domain_item", "a.example|when"), pack, "ja") == (
        "項目が初回に不足していたチケット(お客様と項目: a.example / 発生日時・頻度)"
    )


@pytest.mark.parametrize(
    "cell",
    [
        Cell("nonsense"),
        Cell("people", "nonsense", "x"),
        Cell("people", "all", "x"),
        Cell("", "", ""),
        Cell("__class__", "all", ""),
    ],
)
def test_what_no_report_counts_is_refused(pack: Pack, cell: Cell) -> None:
    with pytest.raises(ValueError, match="no "):
        sentence_of(cell, pack, "ja")


@pytest.mark.parametrize("value", ["\u202e\n<b>", "x" * 5000, "２", "999", "-", "2026-99-99", "|", ""])
@pytest.mark.parametrize("dimension", DIMENSIONS["en"])
def test_any_value_of_a_stranger_is_named_on_one_line(pack: Pack, dimension: str, value: str) -> None:
    if dimension == "all":
        return
    said = sentence_of(Cell("people", dimension, value), pack, "ja")
    assert said.isprintable()


@pytest.mark.parametrize(
    ("minutes", "ja", "en"),
    [
        (None, "–", "–"),
        (0, "1分未満", "under 1 min"),
        (59, "59分", "59 min"),
        (60, "1時間", "1 h"),
        (200, "3時間20分", "3 h 20 min"),
        (539, "8時間59分", "8 h 59 min"),
        (540, "1営業日", "1 business day"),
        (720, "1営業日と3時間", "1 business day 3 h"),
        (1070, "2営業日", "2 business days"),  # 17 h 50 min: nearly the whole of a second day
        (1620, "3営業日", "3 business days"),
        (6000, "11営業日", "11 business days"),
    ],
)
def test_business_minutes_as_people_say_them(pack: Pack, minutes: float | None, ja: str, en: str) -> None:
    assert Wording(pack=pack, language="ja").span(minutes) == ja
    assert Wording(pack=pack, language="en").span(minutes) == en


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_defect_is_told_with_the_sign_for_a_number(pack: Pack, language: str) -> None:
    wording = Wording(pack=pack, language=language)
    source = "\n".join((ROOT / "ingest" / name).read_text(encoding="utf-8") for name in ("parse.py", "structure.py"))
    numbered = re.findall(r'f"([^"]*\{(?:MAX_\w+|broken)\}[^"]*)"', source)
    assert len(numbered) >= 4
    for warning in numbered:
        said = wording.defect(re.sub(r"\{\w+\}", "#", warning))
        assert "#" not in said
        assert (language == "en") == said.isascii()


def test_shares_are_never_rounded_to_nothing_or_all(pack: Pack) -> None:
    wording = Wording(pack=pack, language="ja")
    assert wording.share(None) == "–"
    assert wording.share(0.0) == "0%"
    assert wording.share(1 / 200) == "1%未満"
    assert wording.share(0.0099) == "1%未満"
    assert wording.share(0.01) == "1%"
    assert wording.share(199 / 200) == "99%超"
    assert wording.share(0.9999) == "99%超"
    assert Wording(pack=pack, language="en").share(199 / 200) == "over 99%"
    assert wording.share(1.0) == "100%"


def test_a_hostile_subject_stands_on_one_line(pack: Pack) -> None:
    made = told(report_of(pack, count=80, before=1, is_hostile=True), pack)
    foreign = [run.text for run in runs(made) if run.is_foreign]
    assert any("HYPERLINK" in text for text in foreign)
    assert all(text.isprintable() for text in foreign)
    assert one_line("a\u202eb\r\nBcc: x\0") == "a b Bcc: x"


def test_figures_of_a_later_version_are_told_by_their_names(pack: Pack) -> None:
    figures = figures_of(pack, "2026-W48", 20)
    cells = {**figures.cells, Cell("letters", "kind", "hologram"): 2, Cell("people", "state", "beamed"): 1}
    report = Report(figures=replace(figures, cells=cells), made_at=figures.as_of)
    assert "hologram" in everything(told(report, pack))
    assert "beamed" in everything(told(report, pack))
