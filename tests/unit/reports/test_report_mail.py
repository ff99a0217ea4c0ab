"""Reports and alarms as mails: both parts right alone, small, and read back by the standard library and by mail-parser."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import mailparser
import pytest

from policy.pack import Pack
from reports.document import Document, Links, document
from reports.figures import Cell, Example, Figures, Report
from reports.mail import alarm_mail, report_mail
from reports.parts import Table, plain
from reports.render_text import render_brief, render_text
from responders.wrap import columns
from tests.support.made_reports import HOSTILE, books_of, period, report_of
from tests.unit.reports.test_render_html import Page
from tests.unit.reports.test_render_text import squeezed

DESK = "https://desk.example.com"
NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
LOST = "lost: 3 deliveries of the door's tally without a mail"
GMAIL_CUTS_AT = 102_000


def sent(made: Document, *, key: str = "report:2026-W48:lead@example.com", to: str = "lead@example.com") -> bytes:
    return report_mail(
        made,
        to=to,
        from_address="desk@support.example.com",
        from_name="サポートセンター",
        instance="desk-1",
        key=key,
        now=NOW,
    )


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request: pytest.FixtureRequest, pack: Pack) -> Document:
    return document(report_of(pack, count=150, before=3), pack, request.param, Links(desk=DESK))


@pytest.fixture(scope="module")
def raw(made: Document) -> bytes:
    return sent(made)


def test_its_shape_is_text_then_html_with_pictures(raw: bytes) -> None:
    message = read(raw)
    assert [one.get_content_type() for one in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
        "image/png",
    ]


def test_its_lines_and_headers_are_plain(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.count(b"MIME-Version: 1.0") == 1


def test_nothing_answers_by_itself(raw: bytes) -> None:
    message = read(raw)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Uketsuke-Instance"] == "desk-1"
    assert message["X-Uketsuke-Report"] == "2026-W48"
    assert message["To"] == "lead@example.com"
    assert message["From"].addresses[0].display_name == "サポートセンター"


def test_its_subject_says_what_is_in_it(made: Document, raw: bytes) -> None:
    assert read(raw)["Subject"] == made.subject
    assert re.search(r"\d+ ?(?:件|new)", made.subject)


def test_the_same_key_gives_the_same_mail_and_id(made: Document, raw: bytes) -> None:
    assert sent(made) == raw
    other = read(sent(made, key="report:2026-W48:other@example.com"))
    assert other["Message-ID"] != read(raw)["Message-ID"]
    assert re.fullmatch(r"<memo\.[0-9a-f]{32}@support\.example\.com>", read(raw)["Message-ID"])


def test_its_text_is_short_and_says_what_is_to_be_known(made: Document, raw: bytes) -> None:
    text = part(read(raw), "plain")
    assert text == render_brief(made)
    assert text.count("\n") <= 150 < render_text(made).count("\n")
    said = squeezed(text)
    for one in (*(each.text for each in made.summary), *(each.said for each in made.advice)):
        assert squeezed(plain(one)) in said
    assert [section.id for section in made.brief] == ["moved", "requests", "honesty"]
    assert all(f"■ {section.title}" in text for section in made.brief)
    assert text.count(made.link) >= 2
    assert squeezed(made.foot) in said
    assert squeezed(made.foot_settings) in said
    assert not any(squeezed(chart.alt) in said for chart in made.charts)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_its_text_says_that_the_books_are_wrong_without_their_days(pack: Pack, language: str) -> None:
    made = document(report_of(pack, count=60, before=1, faults=(LOST,)), pack, language, Links(desk=DESK))
    text = part(read(sent(made)), "plain")
    books = next(one for one in made.brief if one.id == "books")
    assert not any(isinstance(block, Table) for block in books.blocks)
    assert {"ja": "メールが見つかりません: 3件", "en": "there is no such mail: 3"}[language] in text
    assert text.count("\n") <= 150


def test_its_pictures_are_all_inside_and_all_used(made: Document, raw: bytes) -> None:
    message = read(raw)
    html = part(message, "html")
    ids = {str(one["Content-ID"]).strip("<>") for one in message.walk() if one.get_content_type() == "image/png"}
    page = Page(html)
    assert {(image["src"] or "").removeprefix("cid:") for image in page.all("img")} == ids
    assert {one.partition(".")[0] for one in ids} == {"trend", "items", "kinds"}
    assert all(one["alt"] and one["width"] == "640" for one in page.all("img"))
    for one in message.walk():
        if one.get_content_type() == "image/png":
            assert one.get_content_disposition() == "inline"


def test_its_html_is_what_mail_programs_keep(raw: bytes) -> None:
    html = part(read(raw), "html")
    page = Page(html)
    assert not {"script", "svg", "link", "form", "figure", "details"} & {tag for tag, _ in page.tags}
    assert not re.search(r"var\(|light-dark|display:\s*(?:flex|grid)|url\(", html)
    # One style sheet, for phones alone: whoever drops it loses nothing.
    assert len(page.all("style")) == 1
    (sheet,) = re.findall(r"<style>(.*?)</style>", html)
    assert re.fullmatch(r"@media only screen and \(max-width:480px\)\{(?:[^{}]+\{[^{}]+\})+\}", sheet)
    used = {attributes["class"] for _, attributes in page.tags if "class" in attributes}
    assert used == set(re.findall(r"\.([a-z])\b", sheet))
    assert all("display:none" in (one["style"] or "") for one in page.all("span") if one.get("class") == "l")
    assert all(one.get("role") in {"presentation", "table"} for one in page.all("table"))
    assert not re.search(r'(?:src|background)="https?:', html)


def test_its_links_lead_to_the_desk(raw: bytes) -> None:
    links = [one["href"] or "" for one in Page(part(read(raw), "html")).all("a")]
    assert all(link.startswith(f"{DESK}/") for link in links)
    assert sum("/tickets?" in link for link in links) > 40


def test_mail_parser_reads_it_too(made: Document, raw: bytes) -> None:
    found = mailparser.parse_from_bytes(raw)
    assert " ".join(found.subject.split()) == made.subject  # it keeps the folding
    assert found.text_plain[0].replace("\r\n", "\n").strip() == render_brief(made).strip()
    assert len(found.attachments) == 3
    assert not found.has_defects


def large(pack: Pack) -> Report:
    """A month of a very busy desk: hundreds of customers and products, long subjects."""
    base = report_of(pack, "2026-11", 400, before=2)
    cells = dict(base.figures.cells)
    for number in range(400):
        for dimension, value in (
            ("domain", f"{'very-long-name-' * 3}{number}.example.co.jp"),
            ("product", f"p{number}"),
        ):
            for measure in ("people", "workable", "complete", "asked", "answered", "complete_after_one"):
                cells[Cell(measure, dimension, value)] = 500 - number
                cells[Cell(measure)] = cells.get(Cell(measure), 0) + 500 - number
            for item in ("when", "where", "goal", "evidence"):
                for measure in ("needed", "lacking"):
                    cells[Cell(measure, f"{dimension}_item", f"{value}|{item}")] = 300 - number // 2
                    cells[Cell(measure, "item", item)] = cells.get(Cell(measure, "item", item), 0) + 300 - number // 2
    for number in range(40):
        cells[Cell("mails_defective", "warning", f"a strange defect of the {number}th kind")] = 5
        cells[Cell("suppressed", "reason", f"reason_{number}")] = 5
    examples = {
        cell: tuple(Example(ref=f"T{number:06d}", subject="長い件名" * 60) for number in range(3))
        for cell in base.figures.examples
    }
    return replace(base, figures=replace(base.figures, cells=cells, examples=examples))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_large_desk_gets_a_small_mail(pack: Pack, language: str) -> None:
    raw = sent(document(large(pack), pack, language, Links(desk=DESK)))
    assert len(raw) < 600_000
    html = part(read(raw), "html")
    assert len(html.encode()) < GMAIL_CUTS_AT


@pytest.mark.parametrize("language", ["ja", "en"])
def test_words_of_customers_change_nothing(pack: Pack, language: str) -> None:
    made = document(report_of(pack, count=100, before=1, is_hostile=True), pack, language, Links(desk=DESK))
    message = read(sent(made))
    page = Page(part(message, "html"))
    assert "<script>alert(1)" in "".join(page.words)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert "HYPERLINK" in render_text(made)
    assert HOSTILE[2] not in part(message, "plain")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", part(message, "plain"))


def test_a_desk_with_a_hostile_name_stays_in_its_header(made: Document) -> None:
    raw = report_mail(
        replace(made, subject="a\r\nBcc: victim@example.com"),
        to="lead@example.com",
        from_address="desk@support.example.com",
        from_name='x" <evil@example.com>\r\nBcc: b@example.com',
        instance="desk-1",
        key="k",
        now=NOW,
    )
    message = read(raw)
    assert message["Bcc"] is None
    assert [one.addr_spec for one in message["From"].addresses] == ["desk@support.example.com"]


@pytest.mark.parametrize(
    "to", ["", "a@b.example\r\nBcc: c@d.example", "a b@c.example", "一@例.jp", "a@b.example, c@d.example"]
)
def test_what_is_no_address_gets_nothing(made: Document, to: str) -> None:
    with pytest.raises(ValueError, match="address"):
        sent(made, to=to)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_period_without_mails_is_a_mail_without_pictures(pack: Pack, language: str) -> None:
    of = period("2026-W48")
    nothing = Report(figures=Figures(period=of, as_of=of.end), made_at=of.end)
    message = read(sent(document(nothing, pack, language, Links(desk=DESK))))
    assert [one.get_content_type() for one in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def alarmed(pack: Pack, language: str, *faults: str, short: bool = True) -> EmailMessage:
    days = books_of(period("2026-W48").days, 140, faults=faults)
    if not short:
        days = tuple(replace(one, ticketed=one.accepted - 1200) for one in days)
    raw = alarm_mail(
        days,
        pack,
        language,
        Links(desk=DESK),
        to="lead@example.com",
        from_address="desk@support.example.com",
        from_name="サポートセンター",
        instance="desk-1",
        key="books:2026-11-29:lead@example.com",
        now=NOW,
    )
    assert raw.isascii()
    assert len(raw) < 60_000
    return read(raw)


def test_an_alarm_says_what_by_how_much_since_when_and_what_to_do(pack: Pack) -> None:
    message = alarmed(pack, "ja", LOST)
    assert message["Subject"] == "【警告】受付数の照合が合いません(11/29(日)、差 +3)"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Importance"] == "high"
    for text in (part(message, "plain"), "".join(Page(part(message, "html")).words)):
        said = "".join(text.split())
        assert "受信5,140に対し" in said
        assert "合計は5,137で、差は+3です" in said
        assert "不一致は11/29(日)の締めからです" in said
        assert "受信の記録があるのに、メールが見つかりません:3件" in said
        assert "データの削除や復元は行わないでください" in said
    assert f"{DESK}/reports" in part(message, "plain")
    assert [line for line in part(message, "plain").split("\n") if columns(line) > 76 and DESK not in line] == []


def test_an_alarm_in_english(pack: Pack) -> None:
    message = alarmed(pack, "en", LOST)
    assert message["Subject"] == "[Alarm] The mail counts do not agree (Sun 29 Nov, off by +3)"
    assert "Accepted, but there is no such mail: 3" in part(message, "plain")
    assert "delete and restore nothing" in " ".join(part(message, "plain").split())


def test_an_alarm_of_books_that_sum_up_but_are_wrong_within(pack: Pack) -> None:
    message = alarmed(pack, "ja", "orphan: 2 mails triaged without a ticket (12, 13)", short=False)
    assert message["Subject"] == "【警告】受付数の照合が合いません(11/29(日))"
    assert "判定済みなのに、チケットがありません: 2件(メール番号12, 13)" in part(message, "plain")


def test_mails_that_wait_have_an_alarm_of_their_own(pack: Pack) -> None:
    message = alarmed(pack, "ja", "stuck: 4 mails waiting for more than an hour", short=False)
    assert message["Subject"] == "【警告】判定待ちのままのメールがあります(11/29(日))"
    assert "受付数の照合は一致しています" in "".join(part(message, "plain").split())


def test_an_unknown_fault_is_told_as_it_is(pack: Pack) -> None:
    assert "strange: the moon" in part(alarmed(pack, "ja", "strange: the moon"), "plain")


def test_books_that_agree_are_no_alarm(pack: Pack) -> None:
    with pytest.raises(ValueError, match="agree"):
        alarmed(pack, "ja", short=False)
