"""Reports of made-up tickets, counted by the real counting: a busy desk with habits to find, an empty one, a hostile one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from models.assessment import Category, SymptomKind
from models.facts import DayBooks, LetterFacts, TicketFacts
from policy.pack import Pack
from reports.book import book_of
from reports.figures import Example, Figures, Report
from reports.periods import Period, period_before, period_named
from reports.quality import summarise
from tests.support.facts import event, letter, mail, ticket

ZONE = "Asia/Tokyo"
DOMAINS = ("example.co.jp", "shop.example", "factory.example.jp", "media.example", "school.example.ac.jp")
PRODUCTS = ("ecs", "rds_mysql", "oss", "slb", "vpc", "ack", "cdn")
SUBJECTS = (
    "ECSに接続できません",
    "【至急】RDSの接続エラーについて",
    "請求書の宛名を変更したい",
    "OSSのアップロードが途中で失敗する",
    "SLB health check keeps failing",
    "How can I attach a disk?",
)
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '=HYPERLINK("http://evil.example","click")',
    "abc\u202egpj.exe\u2066\nBcc: victim@example.com\r\nX-Evil: 1",
    "<!--\u0000 & \"quotes\" 'and' $\\alpha$ {{ 7*7 }} 𠮷野家 😀",
)
HOSTILE_DOMAINS = ("=cmd.example", "<b>.example", "$x^2$.example", "\u202eevil.example")


def period(name: str) -> Period:
    return period_named(name, ZONE)


def tickets_of(
    pack: Pack, of: Period, count: int, seed: int, *, complete: float = 0.55, is_hostile: bool = False
) -> Iterator[TicketFacts]:
    """Tickets of a period with the habits of a real desk, oldest first."""
    draw = random.Random(f"{seed} {of.name}")
    span = (of.end - of.start).total_seconds()
    starts = sorted(of.start + timedelta(seconds=draw.random() * span) for _ in range(3 * count))
    usual = [at for at in starts if pack.desk.working.is_open(at) or draw.random() < 0.12]
    for number, at in enumerate(sorted(draw.sample(usual, min(count, len(usual)))), 1):
        yield _with_care(_one(pack, draw, number, at, complete, is_hostile=is_hostile), number)


def _with_care(one: TicketFacts, number: int) -> TicketFacts:
    """Some tickets miss their target, some are complaints, some matters of security."""
    if one.is_automatic:
        return one
    if not number % 17:
        one = replace(one, events=(*one.events, event("overdue", one.opened_at + timedelta(hours=5), by="uketsuke")))
    holds = ("hold_complaint",) if not number % 23 else ("hold_security",) if not number % 41 else ()
    return replace(one, mails=(replace(one.mails[0], holds=holds), *one.mails[1:])) if holds else one


def _one(
    pack: Pack, draw: random.Random, number: int, at: datetime, complete: float, *, is_hostile: bool
) -> TicketFacts:
    category = draw.choices(
        (
            Category.TROUBLESHOOTING,
            Category.HOW_TO,
            Category.PAYMENT_BILLING,
            Category.INCIDENT,
            Category.OUT_APPLICATION,
        ),
        (50, 20, 15, 8, 7),
    )[0]
    domain = draw.choices((*DOMAINS, ""), (20, 15, 10, 10, 10, 35))[0]
    product = draw.choices(PRODUCTS, (30, 20, 15, 12, 10, 8, 5))[0]
    subject = draw.choice(HOSTILE if is_hostile else SUBJECTS)
    if is_hostile:
        domain = draw.choice(HOSTILE_DOMAINS)
    if draw.random() < 0.08:
        return ticket(number, at=at, subject=subject, is_automatic=True, disposition="no_reply", domain="")
    ref = number * 10
    base = ticket(
        number,
        category,
        at=at,
        subject=subject,
        domain=domain,
        products=(product,),
        language="en" if domain == "media.example" else "ja",
        symptom_kind=draw.choice(list(SymptomKind)) if category is Category.TROUBLESHOOTING else None,
    )
    first = mail(
        ref, at, confidence=min(1.0, max(0.3, draw.gauss(0.86, 0.1))), unknown_words=abs(draw.gauss(0.05, 0.03))
    )
    warnings = ("12 characters could not be decoded",) if draw.random() < 0.03 else ()
    first = replace(first, warnings=warnings, is_held=first.confidence < 0.7)
    if category is Category.OUT_APPLICATION:
        out = letter("out_of_scope", at + timedelta(minutes=1), reply_id=ref)
        return replace(base, mails=(first,), letters=(out,), disposition="out_of_scope", state="answered")
    if product == "slb" and draw.random() < 0.5:
        split = letter("split", at + timedelta(minutes=1), reply_id=ref)
        return replace(base, mails=(first,), letters=(split,), disposition="split", state="answered")
    lacks = category is Category.TROUBLESHOOTING and (draw.random() > complete or domain == "factory.example.jp")
    if not lacks:
        unsure = ("goal",) if draw.random() < 0.12 else ()
        done = at + timedelta(minutes=draw.expovariate(1 / 240))
        receipt = letter("acknowledgement", at + timedelta(minutes=1), reply_id=ref)
        answer = letter("agent", done, reply_id=ref + 1, by="hanako", then_state="answered")
        return replace(
            base, mails=(first,), letters=(receipt, answer), unsure_first=unsure, ready_at=at, state="answered"
        )
    items = [one for one in ("when", "where", "goal", "evidence", "facet:steps") if draw.random() < 0.35] or ["when"]
    if domain == "factory.example.jp" and "when" not in items:
        items.append("when")
    return _asked(draw, base, first, tuple(items), ref)


def _asked(draw: random.Random, base: TicketFacts, first: object, items: tuple[str, ...], ref: int) -> TicketFacts:
    at = base.opened_at
    ask: LetterFacts = letter("request_information", at + timedelta(minutes=2), reply_id=ref, asked=items)
    chance = draw.random()
    if chance < 0.12:
        judgement = draw.choice(("released", "released", "edited", "discarded"))
        state = "discarded" if judgement == "discarded" else "sent"
        ask = replace(
            ask, judgement=judgement, state=state, sent_at=None if state == "discarded" else ask.sent_at, by="taro"
        )
    elif chance < 0.17:
        ask = replace(
            ask, state="suppressed", reason=draw.choice(("rate_sender_hour: 6", "closed", "bounce_hold")), sent_at=None
        )
    elif chance < 0.19:
        ask = replace(ask, state="bounced")
    elif chance < 0.22:
        ask = replace(ask, state="held", sent_at=None)
    base = replace(
        base, disposition="request_information", missing_first=items, state="waiting_customer", letters=(ask,)
    )
    if ask.state != "sent" or draw.random() < 0.25:
        return replace(base, mails=(first,))  # type: ignore[arg-type]
    back = at + timedelta(hours=draw.lognormvariate(2.0, 1.1))
    left = tuple(item for item in items if item == "evidence" and draw.random() < 0.8)
    events = (event("customer_objected", back),) if draw.random() < 0.06 else ()
    words = (event("corrected", back, f"section:when missing -> present ({ref})"),) if draw.random() < 0.1 else ()
    answer = mail(ref + 1, back, missing=left)
    ready = back if not left else None
    return replace(
        base,
        mails=(first, answer),  # type: ignore[arg-type]
        events=(*events, *words),
        ready_at=ready,
        state="ready" if ready else "waiting_customer",
    )


def figures_of(
    pack: Pack, name: str, count: int, seed: int = 1, *, complete: float = 0.55, is_hostile: bool = False
) -> Figures:
    """The figures of a made-up period, some hours after it ended."""
    of = period(name)
    domains = frozenset(HOSTILE_DOMAINS if is_hostile else DOMAINS)
    book = book_of(pack, of.end + timedelta(hours=8), domains)
    return summarise(tickets_of(pack, of, count, seed, complete=complete, is_hostile=is_hostile), of, book)


def report_of(
    pack: Pack,
    name: str = "2026-W48",
    count: int = 140,
    *,
    seed: int = 1,
    complete: float = 0.55,
    before: int = 4,
    is_hostile: bool = False,
    faults: tuple[str, ...] = (),
) -> Report:
    """A whole report with the periods before it; `complete` is the chance of the newest alone."""
    earlier: list[Figures] = []
    at = period(name)
    for _ in range(before):
        at = period_before(at, ZONE, pack.desk.working)
        earlier.insert(0, figures_of(pack, at.name, count, seed))
    now = figures_of(pack, name, count, seed, complete=complete, is_hostile=is_hostile)
    if is_hostile:  # every one of them is shown
        some = tuple(Example(ref=f"T{number:06d}", subject=subject) for number, subject in enumerate(HOSTILE, 1))
        now = replace(now, examples=dict.fromkeys(now.examples, some))
    made_at = now.period.end + timedelta(hours=8)
    return Report(
        figures=now, before=tuple(earlier), books=books_of(now.period.days, count, faults=faults), made_at=made_at
    )


def books_of(days: tuple[date, ...], count: int, *, faults: tuple[str, ...] = ()) -> tuple[DayBooks, ...]:
    """Books that agree; with faults, the last day's do not."""
    made = []
    for number, day in enumerate(days, 1):
        accepted = 5000 + number * count // len(days)
        made.append(
            DayBooks(
                day=day,
                counted_at=datetime.combine(day, datetime.min.time(), period("2026-W48").start.tzinfo)
                + timedelta(days=1),
                accepted=accepted,
                ticketed=accepted - 1200,
                joined=1100,
                parked=4,
                waiting=1,
                duplicates=80,
                deleted=15,
            )
        )
    if faults:
        made[-1] = replace(made[-1], ticketed=made[-1].ticketed - 3, faults=faults)
    return tuple(made)
