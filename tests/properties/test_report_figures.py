"""Figures are sums: of any tickets, in any parts; whoever asks what stands behind one gets exactly that."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assessment import Category
from models.facts import TicketFacts
from policy.load import load_pack
from reports.counting import cells_of
from reports.figures import Figures, figures_from_value, figures_to_value
from reports.periods import Period, PeriodKind, period_of
from reports.quality import behind, summarise
from tests.support.facts import MONDAY, added, book, event, letter, mail, ticket

PACK = load_pack("alibabacloud_jp")
WEEK = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
ITEMS = ("symptom", "when", "where", "goal", "who", "facet:steps", "link:goal")
KINDS = ("request_information", "follow_up", "split", "acknowledgement", "agent")
STATES = ("sent", "queued", "held", "shadow", "suppressed", "discarded", "failed", "bounced")
minutes = st.integers(0, 7 * 24 * 60 - 700)
items = st.lists(st.sampled_from(ITEMS), max_size=3, unique=True).map(tuple)


@st.composite
def tickets(draw: st.DrawFn) -> TicketFacts:
    number = draw(st.integers(1, 999_999))
    at = WEEK.start + timedelta(minutes=draw(minutes))

    def later() -> datetime:
        return at + timedelta(minutes=draw(st.integers(0, 20_000)))

    mails = [mail(number, at, missing=draw(items), is_held=draw(st.booleans()), confidence=draw(st.floats(0, 1)))]
    mails += [
        mail(
            number + place,
            later(),
            missing=draw(items),
            is_automatic=draw(st.booleans()),
            disposition=draw(st.sampled_from(["accept", "no_reply"])),
        )
        for place in range(1, draw(st.integers(1, 3)))
    ]
    letters = [
        letter(draw(st.sampled_from(KINDS)), later(), reply_id=place, state=draw(st.sampled_from(STATES)), asked=draw(items),
               judgement=draw(st.sampled_from(["", "released", "wrong"])), then_state=draw(st.sampled_from(["", "waiting_customer"])))
        for place in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    events = [
        event(draw(st.sampled_from(["moved", "customer_objected", "corrected", "joined"])), later(), draw(st.sampled_from(["ready -> closed", "section:when present (1)", "accept, ready"])))
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    return ticket(
        number, *draw(st.lists(st.sampled_from(Category), max_size=2)), at=at, mails=tuple(mails), letters=tuple(letters), events=tuple(events),
        disposition=draw(st.sampled_from(["accept", "request_information", "split", "out_of_scope", "no_reply"])),
        missing_first=draw(items), unsure_first=draw(items), products=tuple(draw(st.lists(st.sampled_from(["ecs", "vpc"]), max_size=2))),
        domain=draw(st.sampled_from(["acme.example", "rare.example", ""])), language=draw(st.sampled_from(["ja", "en"])),
        is_automatic=draw(st.booleans()), is_spam=draw(st.booleans()), ready_at=draw(st.none() | st.just(at)),
    )  # fmt: skip


some = st.lists(tickets(), max_size=6)
ages = st.integers(0, 30 * 24).map(lambda hours: WEEK.start + timedelta(hours=hours))


@given(some, ages, minutes)
def test_a_period_split_in_two_adds_up(found: list[TicketFacts], at: datetime, cut: int) -> None:
    middle = WEEK.start + timedelta(minutes=cut)
    ledger = book(PACK, at, "acme.example")
    halves = [
        Period(kind=PeriodKind.WEEK, name=WEEK.name, start=start, end=end)
        for start, end in ((WEEK.start, middle), (middle, WEEK.end))
    ]
    found.sort(key=lambda one: one.opened_at)
    whole = summarise(found, WEEK, ledger)
    parts = [summarise(found, half, ledger) for half in halves]
    assert added(parts, WEEK, at) == whole


@given(some, ages)
def test_shares_never_exceed_what_they_are_of(found: list[TicketFacts], at: datetime) -> None:
    figures = summarise(found, WEEK, book(PACK, at, "acme.example"))
    for part, whole in (("people", "tickets"), ("workable", "people"), ("asked", "people"), ("answered", "asked"), ("complete_after_one", "answered"), ("off_hours", "people"), ("held", "people"), ("split", "people")):  # fmt: skip
        for cell, count in figures.cells.items():
            if cell.measure == part and cell.dimension not in {"day", "hour", "disposition", "state"}:
                assert count <= figures.count(whole, cell.dimension, cell.value), cell
    sum_of = figures.count
    assert sum_of("people") + sum_of("automatic") + sum_of("spam") == sum_of("tickets")
    assert sum_of("complete") + sum_of("doubtful") + sum_of("incomplete") == sum_of("workable")
    for item, needed in figures.by("needed", "item").items():
        assert needed == sum(sum_of(how, "item", item) for how in ("given", "unsure", "lacking"))
    for item, asked in figures.by("item_asked", "item").items():
        assert sum_of("item_answered", "item", item) <= sum_of("item_due", "item", item) <= asked
    for dimension in ("day", "hour", "disposition", "state", "language"):
        assert sum(figures.by("people", dimension).values()) == sum_of("people")
    for kind, letters in figures.by("letters", "kind").items():
        states = (
            "went",
            "went_by_hand",
            "letters_held",
            "letters_shadow",
            "letters_suppressed",
            "letters_discarded",
            "letters_failed",
        )
        assert letters == sum(sum_of(name, "kind", kind) for name in states)
    assert figures.wait("answer").count == sum_of("asked")
    assert figures.wait("ready_asked").count + figures.wait("ready_unasked").count == sum_of("workable")


@settings(max_examples=30)
@given(some, ages)
def test_behind_each_figure_stand_as_many_tickets(found: list[TicketFacts], at: datetime) -> None:
    ledger = book(PACK, at, "acme.example")
    for cell, count in summarise(found, WEEK, ledger).cells.items():
        assert sum(often for _, often in behind(found, cell, WEEK, ledger)) == count


@given(some, ages)
def test_kept_figures_are_the_same(found: list[TicketFacts], at: datetime) -> None:
    figures = summarise(found, WEEK, book(PACK, at, "acme.example"))
    kept = json.loads(json.dumps(figures_to_value(figures)))
    assert figures_from_value(kept, "Asia/Tokyo") == figures


@given(st.lists(tickets(), min_size=2, max_size=6), ages, st.randoms())
def test_the_order_of_tickets_changes_no_sum(found: list[TicketFacts], at: datetime, dice: object) -> None:
    ledger = book(PACK, at)
    mixed = list(found)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    one, two = summarise(found, WEEK, ledger), summarise(mixed, WEEK, ledger)
    assert (one.cells, one.waits, one.spreads) == (two.cells, two.waits, two.spreads)


@given(tickets(), st.integers(0, 20))
def test_a_later_count_loses_no_arrival(one: TicketFacts, days: int) -> None:
    early = WEEK.end + timedelta(days=days)
    first, second = (cells_of(one, book(PACK, at)) for at in (early, early + timedelta(days=1)))
    for name in ("tickets", "people", "workable", "complete"):
        assert {c: n for c, n in first.items() if c.measure == name} == {
            c: n for c, n in second.items() if c.measure == name
        }


def test_the_builders_make_what_they_say() -> None:
    figures: Figures = summarise([ticket(1)], WEEK, book(PACK))
    assert figures.count("people") == 1
    assert pytest.approx(0.9) == mail(1, MONDAY).confidence
