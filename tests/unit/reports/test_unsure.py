"""What nobody is sure of is no completeness."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models.views import TicketFacts
from policy.pack import Pack
from reports.quality import period_of, summarise
from reports.render import render_html

WEEK = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
AT = datetime(2026, 11, 18, 3, tzinfo=UTC)


def ticket(
    number: int,
    *,
    missing: tuple[str, ...] = (),
    unsure: tuple[str, ...] = (),
    disposition: str = "accept",
    automatic: bool = False,
) -> TicketFacts:
    return TicketFacts(
        ref=f"T{number:06d}", opened_at=AT, state="ready", language="ja", disposition=disposition, categories=(), products=(),
        present_first=frozenset(), missing_first=missing, unsure_first=unsure, missing_now=(), letters=(), mails=1, is_automatic=automatic,
    )  # fmt: skip


TICKETS = (
    ticket(1),
    ticket(2, unsure=("when",)),
    ticket(3, unsure=("when", "goal")),
    ticket(4, missing=("goal",), unsure=("when",), disposition="request_information"),
    ticket(5, unsure=("who",), disposition="no_reply", automatic=True),
)


def test_a_ticket_with_a_doubt_is_not_complete_but_doubtful() -> None:
    report = summarise(TICKETS, WEEK)
    assert (report.complete_at_first, report.unsure_at_first, report.workable) == (1, 2, 4)
    assert (report.share_complete, report.share_unsure) == (0.25, 0.5)
    assert report.unsure_items == {"when": 3, "goal": 1}


@pytest.mark.parametrize(("language", "said"), [("ja", "断定できない"), ("en", "Not sure whether")])
def test_the_page_shows_the_doubt_as_a_share_of_its_own(pack: Pack, language: str, said: str) -> None:
    page = render_html(summarise(TICKETS, WEEK), summarise((), WEEK.before()), pack, language, AT)
    assert "<b>25%</b>" in page
    assert "<b>50%</b>" in page
    assert said in page
    assert pack.questions["when"].heading[language] in page


def test_an_empty_week_has_no_share_of_doubt() -> None:
    assert summarise((), WEEK).share_unsure is None
