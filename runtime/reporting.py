"""Reports joined: facts from the store, figures by `reports`, each period kept once and sent to who reads it.

Promises: a period that has ended is always counted as of the same hour after its end, whoever counts it and whenever, and
the four before it at the same age; however many schedulers run, each period is made once, and its mails are written once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from desk.masking import hidden
from models.errors import ClaimLost
from models.facts import DayBooks
from models.memos import MemoKind, NewMemo, ReportNews
from reports.counting import book_of
from reports.document import Links, document
from reports.figures import Report, figures_from_value, figures_to_value
from reports.mail import alarm_mail, report_mail
from reports.periods import PeriodKind, last_ended, period_before
from reports.quality import summarise
from responders.signing import memo_address
from runtime.logs import log_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from models.db.store import Store
    from models.views import Books
    from policy.pack import Pack
    from reports.counting import Book
    from reports.figures import Figures
    from reports.periods import Period
    from responders.identity import SenderIdentity
    from runtime.settings import Settings

BEFORE = 4  # periods that a report compares with
LEASE = timedelta(minutes=30)  # a report of a very large desk takes minutes
RETRY = timedelta(minutes=10)  # after a report that could not be made
_AT_LEAST, _MOST_DOMAINS = 3, 300  # tickets of a customer who is counted by himself; customers
_REMEMBERED = 8  # reports that are not kept, for the pictures of their pages
_FRESH = timedelta(minutes=1)
_NEWS = {PeriodKind.DAY: ReportNews.DAY, PeriodKind.WEEK: ReportNews.WEEK, PeriodKind.MONTH: ReportNews.MONTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What report mails stand on, and who gets them besides the desk's own people."""

    identity: SenderIdentity
    desk_link: str
    made_at_hour: int = 8
    readers: tuple[str, ...] = ()
    read_periods: frozenset[str] = frozenset({"week", "month"})


def office_of(settings: Settings, identity: SenderIdentity) -> Office:
    """The office as the settings say."""
    return Office(
        identity=identity,
        desk_link=settings.desk_link,
        made_at_hour=settings.report_hour,
        readers=settings.report_readers,
        read_periods=settings.reported_periods,
    )


@dataclass(slots=True)
class Reporter:
    """Makes reports. Threads may share one."""

    store: Store
    pack: Pack
    office: Office
    _remembered: OrderedDict[str, Report] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def timezone(self) -> str:
        """The desk's zone."""
        return self.pack.desk.timezone

    def report(self, period: Period, now: datetime) -> Report:
        """The report of a period: as it was kept, or made now."""
        kept = self.store.report_values([period.name]).get(period.name)
        if kept is not None:
            figures = self._read(kept)
            if figures is not None:
                return self._whole(figures, now)
        with self._lock:
            known = self._remembered.get(period.name)
            if known is not None and now - known.made_at < _FRESH:
                return known
        made = self._whole(self._count(period, self.counted_at(period, now)), now)
        with self._lock:
            self._remembered[period.name] = made
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return made

    def counted_at(self, period: Period, now: datetime) -> datetime:
        """As of when a period is counted: the hour of reports after its end, or now if that is still to come."""
        return min(now, self._due_at(period))

    def book(self, period: Period, as_of: datetime) -> Book:
        """What a period is counted by."""
        frequent = self.store.frequent_domains(period.start, period.end, at_least=_AT_LEAST, limit=_MOST_DOMAINS)
        return book_of(self.pack, as_of, frequent)

    def make_due(self, now: datetime) -> tuple[str, ...]:
        """Make the newest report of each kind that is due and was not made; their names. May be called at any time by anybody."""
        first = self.store.first_arrival()
        made = []
        for kind in PeriodKind:
            period = last_ended(kind, now - self._lag(), self.timezone)
            if first is None or first >= period.end:  # there was no desk yet
                continue
            token = self.store.claim_report(period.name, lease=LEASE, now=now)
            if token is not None and self._make(period, token, now):
                made.append(period.name)
        return tuple(made)

    def keep_books(self, now: datetime) -> DayBooks | None:
        """Close the books of yesterday, once; if they do not agree, whoever wants to know is told. None: they are closed."""
        day = now.astimezone(ZoneInfo(self.timezone)).date() - timedelta(days=1)
        if self.store.day_books(day, day):
            return None
        return self.store.keep_books(day, memos=lambda books: self._alarms(day, books, now), now=now)

    def mail(self, report: Report, to: str, language: str, key: str, now: datetime) -> NewMemo:
        """A report as a mail to somebody of ours."""
        told = document(report, self.pack, language, Links(desk=self.office.desk_link))
        raw = report_mail(
            told,
            to=to,
            from_address=self.office.identity.address,
            from_name=self.pack.desk.name[language],
            instance=self.office.identity.instance,
            key=key,
            now=now.astimezone(ZoneInfo(self.timezone)),
        )
        return NewMemo(key=key, kind=MemoKind.REPORT, ref="", to=to, mail_from=self._bounces_to(key), raw=raw)

    def _make(self, period: Period, token: str, now: datetime) -> bool:
        try:
            figures = self._count(period, self.counted_at(period, now))
            report = self._whole(figures, now)
            memos = [
                self.mail(report, to, language, f"report:{period.name}:{to}", now)
                for to, language in self._readers(_NEWS[period.kind])
            ]
        except Exception:
            self.store.release_report(period.name, token, now=now, delay=RETRY)
            raise
        value = json.dumps(figures_to_value(figures), ensure_ascii=False, separators=(",", ":"))
        try:
            self.store.keep_report(period.name, token, value, memos, now=now)
        except ClaimLost:  # it took so long that another scheduler has made it
            return False
        return True

    def _whole(self, figures: Figures, now: datetime) -> Report:
        period = figures.period
        books = self.store.day_books(period.first_day, period.last_day)
        return Report(figures=figures, before=self._before(period, figures.as_of), books=books, made_at=now)

    def _before(self, period: Period, as_of: datetime) -> tuple[Figures, ...]:
        """The periods before at the same age; those that ended before the first mail came are none."""
        first = self.store.first_arrival()
        found: list[Figures] = []
        one = period
        for _ in range(BEFORE):
            one = period_before(one, self.timezone, self.pack.desk.working)
            if first is None or first >= one.end:
                break
            # Of a period that goes on, as much of the earlier ones as has passed of it.
            age_at = self._due_at(one) if as_of >= self._due_at(period) else one.start + (as_of - period.start)
            found.append(self._kept(one, age_at) or self._count(one, age_at))
        return tuple(reversed(found))

    def _kept(self, period: Period, as_of: datetime) -> Figures | None:
        value = self.store.report_values([period.name]).get(period.name)
        figures = self._read(value) if value is not None else None
        return figures if figures is not None and figures.as_of == as_of else None

    def _read(self, value: str) -> Figures | None:
        """Kept figures; None if a version of ours kept them that counted otherwise."""
        try:
            return figures_from_value(json.loads(value), self.timezone)
        except (KeyError, ValueError, TypeError):
            return None

    def _count(self, period: Period, as_of: datetime) -> Figures:
        facts = self.store.facts(period.start, min(period.end, as_of))
        return summarise(facts, period, self.book(period, as_of), masked=hidden)

    def _readers(self, news: ReportNews) -> Iterator[tuple[str, str]]:
        """(address, language) of each who wants to read it, once."""
        seen = set()
        for reader in self.store.readers(news):
            if reader.email.casefold() not in seen:
                seen.add(reader.email.casefold())
                yield reader.email, self.language_of(reader.language)
        period = next((kind.value for kind, of_kind in _NEWS.items() if of_kind is news), "")
        for address in self.office.readers if not period or period in self.office.read_periods else ():
            if address.casefold() not in seen:
                seen.add(address.casefold())
                yield address, self.pack.default_language

    def _alarms(self, day: date, books: Books, now: datetime) -> list[NewMemo]:
        """The mails that tell that the books do not agree; none if they do."""
        if not books.faults:
            return []
        closed = DayBooks(
            day=day,
            counted_at=now,
            accepted=books.accepted,
            ticketed=books.ticketed,
            joined=books.joined,
            parked=books.parked,
            waiting=books.waiting,
            duplicates=books.duplicates,
            deleted=books.deleted,
            faults=books.faults,
        )
        return [self._alarm(closed, to, language) for to, language in self._readers(ReportNews.BOOKS)]

    def _alarm(self, books: DayBooks, to: str, language: str) -> NewMemo:
        key = f"books:{books.day}:{to}"
        raw = alarm_mail(
            [books],
            self.pack,
            language,
            Links(desk=self.office.desk_link),
            to=to,
            from_address=self.office.identity.address,
            from_name=self.pack.desk.name[language],
            instance=self.office.identity.instance,
            key=key,
            now=books.counted_at.astimezone(ZoneInfo(self.timezone)),
        )
        return NewMemo(key=key, kind=MemoKind.ALARM, ref="", to=to, mail_from=self._bounces_to(key), raw=raw)

    def _bounces_to(self, key: str) -> str:
        """Where it comes back to, so that a reader who gets nothing is noticed; nowhere if letters go out as from `<>`."""
        own = self.office.identity
        return "" if own.has_null_sender else memo_address(own.address, key, own.secret)

    def language_of(self, wanted: str) -> str:
        """A reader's language where the pack has it, else the pack's own."""
        return wanted if wanted in self.pack.languages else self.pack.default_language

    def _lag(self) -> timedelta:
        return timedelta(hours=self.office.made_at_hour)

    def _due_at(self, period: Period) -> datetime:
        return period.end + self._lag()


def day_at(now: datetime, timezone: str) -> date:
    """The desk's day."""
    return now.astimezone(ZoneInfo(timezone)).date()


def make_reports(reporter: Reporter, now: datetime) -> None:
    """One round of the scheduler: the books of yesterday, then the reports that are due."""
    log = log_for("scheduler")
    books = reporter.keep_books(now)
    if books is not None:
        if books.faults:
            log.error("books_do_not_agree", day=str(books.day), faults=list(books.faults))
        else:
            log.info("books_closed", day=str(books.day), accepted=books.accepted)
    for name in reporter.make_due(now):
        log.info("report_made", period=name)
