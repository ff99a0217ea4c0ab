"""Reports joined: facts from the store, figures by `reports`, each period kept once and sent to who reads it.

Promises: a period that has ended is always counted as of the same hour after its end, whoever counts it and whenever, and
the four before it at the same age; however many schedulers run, each period is made once, and its mails are written once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.masking import hidden
from models.controls import normal_pattern
from models.errors import ClaimLost, NotFound, StoreError
from models.memos import MemoKind, NewMemo, ReportNews
from reports.book import book_of
from reports.document import Links, document
from reports.figures import Cell, Report, figures_from_value, figures_to_value
from reports.mail import alarm_mail, report_mail
from reports.periods import PeriodKind, last_ended, period_before
from reports.quality import summarise
from responders.signing import memo_address
from runtime.clock import utc_now
from runtime.logs import log_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from models.db.store import Store
    from models.facts import DayBooks
    from policy.pack import Pack
    from reports.book import Book
    from reports.figures import Figures
    from reports.periods import Period
    from responders.identity import SenderIdentity
    from runtime.settings import Settings

BEFORE = 4  # periods that a report compares with
LEASE = timedelta(minutes=30)  # a report of a very large desk takes minutes
RETRY = timedelta(minutes=20)  # after a report that could not be made: longer than the scheduler's turn
PATIENCE = timedelta(hours=4)  # with mails that are not read yet
_AT_LEAST, _MOST_DOMAINS = 3, 300  # tickets of a customer who is counted by himself; customers
_REMEMBERED = 8  # reports that are not kept
_REMEMBERED_FOR = timedelta(minutes=2)
_NEWS = {PeriodKind.DAY: ReportNews.DAY, PeriodKind.WEEK: ReportNews.WEEK, PeriodKind.MONTH: ReportNews.MONTH}


class Ending(Exception):
    """The process is to end: what is being made is left to the next."""


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
    clock: Callable[[], datetime] = utc_now  # for how long what was counted is remembered
    is_stopping: Callable[[], bool] = lambda: False  # asked between two steps of making a report
    _remembered: OrderedDict[str, tuple[Report, datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _counting: dict[str, Lock] = field(default_factory=dict)

    @property
    def timezone(self) -> str:
        """The desk's zone."""
        return self.pack.desk.timezone

    def report(self, period: Period, now: datetime) -> Report:
        """The report of a period: as it was kept, or made now; then it is remembered for a while, for its pictures."""
        kept = self.kept(period)
        if kept is not None:
            return kept
        with self._lock:
            turn = self._counting.setdefault(period.name, Lock())
        with turn:  # of several who ask for it at once, one counts
            known, until = self._remembered.get(period.name, (None, now))
            if known is not None and self.clock() < until:
                return known
            made = self._whole(self._count(period, self.counted_at(period, now)), now)
            with self._lock:
                self._remembered[period.name] = made, self.clock() + _REMEMBERED_FOR
                self._remembered.move_to_end(period.name)
                while len(self._remembered) > _REMEMBERED:
                    self._counting.pop(self._remembered.popitem(last=False)[0], None)
        return made

    def kept(self, period: Period) -> Report | None:
        """The report of a period as it was kept; None where none was, or only by a version that counted otherwise."""
        try:
            saved = self.store.report(period.name)
            value = json.loads(saved.value)
            figures = figures_from_value(value["figures"], self.timezone)
            before = tuple(self._earlier(one) for one in value["before"])
        except (NotFound, KeyError, ValueError, TypeError):
            return None
        assert saved.made_at is not None
        books = self.store.day_books(period.first_day, period.last_day)
        first = self.store.first_arrival()
        return Report(figures=figures, before=before, books=books, made_at=saved.made_at, began_at=first)

    def counted_at(self, period: Period, now: datetime) -> datetime:
        """As of when a period is counted: the hour of reports after its end, or now if that is still to come."""
        return min(now, self._due_at(period))

    def book(self, period: Period, as_of: datetime) -> Book:
        """What a period is counted by."""
        frequent = self.store.frequent_domains(period.start, period.end, at_least=_AT_LEAST, limit=_MOST_DOMAINS)
        return book_of(self.pack, as_of, frequent)

    def make_due(self, now: datetime) -> tuple[str, ...]:
        """Make the newest report of each kind that is due and was not made; their names. May be called at any time by anybody.

        One that fails keeps no other from being made; it is tried again after a while.
        """
        first = self.store.first_arrival()
        made = []
        for kind in PeriodKind:
            if self.is_stopping():
                break
            period = last_ended(kind, now, self.timezone)
            if self._due_at(period) > now:
                period = period_before(period, self.timezone)
            if first is None or first >= period.end or self._waits_for_mails(period, now):
                continue
            token = self.store.claim_report(period.name, lease=LEASE, now=now)
            if token is not None and self._make(period, token, now):
                made.append(period.name)
        return tuple(made)

    def keep_books(self, now: datetime) -> DayBooks | None:
        """Close the books of yesterday, once; if they do not agree, whoever wants to know is told. None: another has closed them."""
        day = day_at(now, self.timezone) - timedelta(days=1)
        if self.store.day_books(day, day):
            return None
        closed = self.store.keep_books(day, memos=self._alarms, now=now)
        return closed if closed.counted_at == now else None

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
            report = self._whole(self._count(period, self.counted_at(period, now)), now)
            self._go_on()
            memos = [
                self.mail(report, to, language, f"report:{period.name}:{to}", now)
                for to, language in self._readers(_NEWS[period.kind])
            ]
            self.store.keep_report(period.name, token, self._value(report), memos, now=now)
        except ClaimLost:  # it took so long that another scheduler has made it
            return False
        except Ending:  # another scheduler, or the next start of this one, makes it
            with suppress(ClaimLost):
                self.store.release_report(period.name, token, now=now, delay=timedelta(0))
            return False
        except Exception as error:  # noqa: BLE001 - the other reports must not wait for it
            log_for("scheduler").error("report_failed", period=period.name, error=type(error).__name__)
            with suppress(ClaimLost):
                self.store.release_report(period.name, token, now=now, delay=RETRY)
            return False
        return True

    def _waits_for_mails(self, period: Period, now: datetime) -> bool:
        """Are mails of the period still to be read, and may that be waited for? They would be missing for ever."""
        return now < self._due_at(period) + PATIENCE and self.store.unread_mails(period.start, period.end) > 0

    def _value(self, report: Report) -> str:
        """The report as it is kept. Earlier periods that are kept as they were counted here are named, others stand in it."""
        before = [
            one.period.name if self._kept(one.period, one.as_of) == one else figures_to_value(one)
            for one in report.before
        ]
        value = {"figures": figures_to_value(report.figures), "before": before}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def _earlier(self, value: Any) -> Figures:  # noqa: ANN401 - JSON
        """An earlier period of a kept report.

        Raises:
            NotFound: It was kept under its own name, and is not any more.
        """
        return self._figures_kept(value) if isinstance(value, str) else figures_from_value(value, self.timezone)

    def _figures_kept(self, name: str) -> Figures:
        """The figures of a period as they were kept.

        Raises:
            NotFound: There are none.
            KeyError, ValueError, TypeError: A version of ours kept them that counted otherwise.
        """
        return figures_from_value(json.loads(self.store.report(name).value)["figures"], self.timezone)

    def _whole(self, figures: Figures, now: datetime) -> Report:
        period = figures.period
        books = self.store.day_books(period.first_day, period.last_day)
        first, before = self.store.first_arrival(), self._before(period, figures.as_of)
        return Report(figures=figures, before=before, books=books, made_at=now, began_at=first)

    def _before(self, period: Period, as_of: datetime) -> tuple[Figures, ...]:
        """The periods before at the same age. None that the desk was not there for: it would look like a lull."""
        first = self.store.first_arrival()
        found: list[Figures] = []
        one = period
        for _ in range(BEFORE):
            one = period_before(one, self.timezone, self.pack.desk.working)
            if first is None or not self._was_there(one, first):
                break
            # Of a period that goes on, as much of the earlier ones as has passed of it.
            self._go_on()
            age_at = self._due_at(one) if as_of >= self._due_at(period) else one.start + (as_of - period.start)
            found.append(self._kept(one, age_at) or self._count(one, age_at))
        return tuple(reversed(found))

    def _go_on(self) -> None:
        """Between two steps.

        Raises:
            Ending: The process is to end.
        """
        if self.is_stopping():
            raise Ending

    def _was_there(self, period: Period, first: datetime) -> bool:
        """Had the first mail of all come before a tenth of the period's business time had passed?"""
        between = self.pack.desk.working.between
        return first < period.end and between(period.start, first) <= between(period.start, period.end) / 10

    def _kept(self, period: Period, as_of: datetime) -> Figures | None:
        """The figures of a period that were kept as of that instant."""
        try:
            figures = self._figures_kept(period.name)
        except (NotFound, KeyError, ValueError, TypeError):
            return None
        return figures if figures.as_of == as_of else None

    def _count(self, period: Period, as_of: datetime) -> Figures:
        facts = self.store.facts(period.start, min(period.end, as_of))
        figures = summarise(facts, period, self.book(period, as_of), masked=hidden)
        unread = self.store.unread_mails(period.start, min(period.end, as_of))
        return replace(figures, cells={**figures.cells, Cell("unread"): unread}) if unread else figures

    def _readers(self, news: ReportNews) -> Iterator[tuple[str, str]]:
        """(address, language) of each who wants to read it, once; never the desk itself, whose ticket it would become."""
        seen = {_mailbox(one) for one in (self.office.identity.address, *self.pack.desk.addresses)}
        for reader in self.store.readers(news):
            if _mailbox(reader.email) not in seen:
                seen.add(_mailbox(reader.email))
                yield reader.email, self.language_of(reader.language)
        period = next((kind.value for kind, of_kind in _NEWS.items() if of_kind is news), "")
        for address in self.office.readers if not period or period in self.office.read_periods else ():
            if _mailbox(address) not in seen:
                seen.add(_mailbox(address))
                yield address, self.pack.default_language

    def _alarms(self, books: DayBooks) -> list[NewMemo]:
        """The mails that tell that the books do not agree; none if they do."""
        readers = self._readers(ReportNews.BOOKS) if books.faults else ()
        return [self._alarm(books, to, language) for to, language in readers]

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

    def _due_at(self, period: Period) -> datetime:
        """The hour of reports at the desk, after a period's end."""
        return period.end + timedelta(hours=self.office.made_at_hour)


def _mailbox(address: str) -> str:
    """One spelling for all of a mailbox's."""
    return normal_pattern(address) or address.casefold()


def day_at(now: datetime, timezone: str) -> date:
    """The desk's day."""
    return now.astimezone(ZoneInfo(timezone)).date()


def make_reports(reporter: Reporter, now: datetime) -> None:
    """One round of the scheduler: the books of yesterday, then the reports that are due. Neither waits for the other."""
    log = log_for("scheduler")
    try:
        books = reporter.keep_books(now)
    except StoreError as error:
        books = None
        log.error("books_failed", error=str(error))  # noqa: TRY400 - the next turn makes up for it
    if books is not None:
        note = log.info if not books.faults else log.error
        note("books_closed", day=str(books.day), accepted=books.accepted, faults=list(books.faults))
    for name in reporter.make_due(now):
        log.info("report_made", period=name)
