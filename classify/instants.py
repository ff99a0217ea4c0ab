"""Times as understood: the words of time in a mail as ISO 8601 instants, counted from the mail's own date, with their zone.

A day alone stays a day; a time without a zone stays without one. CST is China's (UTC+8), as the guide means it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from classify.when import DATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classify.hits import Hit
    from classify.segment import Document

_OFFSETS = {
    "jst": 9,
    "日本時間": 9,
    "cst": 8,
    "中国時間": 8,
    "北京時間": 8,
    "北京时间": 8,
    "hkt": 8,
    "sgt": 8,
    "utc": 0,
    "gmt": 0,
    "kst": 9,
}
# Zones whose offset turns with the season or the country: known to the reader, not to us.
_OTHER_ZONE = re.compile(
    r"(?<![A-Za-z])(?:P[SD]T|E[SD]T|M[SD]T|CES?T|BST|IST|WIB|ICT|AES?T|NZS?T)(?![A-Za-z])|太平洋時間|東部時間|現地時間|当地时间|local time",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"(?<![A-Za-z])(?:JST|CST|UTC|GMT|HKT|SGT|KST)(?![A-Za-z])|日本時間|中国時間|北京時間|北京时间", re.IGNORECASE
)
# Right behind a clock time: Z, +09:00, UTC+9. A minus alone is a range (10:00-12:30).
_EXPLICIT = re.compile(
    r"(?:\.\d{1,9})?\s?(?:(?P<z>Z)(?![A-Za-z])|\(?(?P<base>UTC|GMT)?\s?(?P<sign>[+-])(?P<h>\d{1,2})(?::?(?P<m>00|30|45))?(?![\d:]))",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?P<ampm>午前|午後|上午|下午|凌晨|晚上)?\s*(?P<h>2[0-9]|1\d|0?\d)\s*(?::(?P<m>[0-5]\d)(?::[0-5]\d)?|[時点](?!間)\s*(?:(?P<half>半)|(?P<m2>[0-5]?\d)分)?|(?=\s*[ap]\.?m\b))\s*(?P<ap>[ap]\.?m\b)?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"[\s,、のT]*(?:\([^)]{1,4}\)|at|around|about|頃|ごろ|朝|夜|夕方|深夜|未明|昼)?[\s,、の(]*", re.IGNORECASE
)
_CLOCK_REACH, _ZONE_REACH = 24, 12  # characters behind a day, behind a clock time
_NIGHT = re.compile(r"昨夜|昨晩|昨晚|ゆうべ|今夜|今晩|夜|夕方|晚上|night|evening", re.IGNORECASE)
_DAYS_BACK = {
    "一昨日": 2,
    "おととい": 2,
    "前天": 2,
    "昨日": 1,
    "きのう": 1,
    "昨夜": 1,
    "昨晩": 1,
    "昨晚": 1,
    "昨天": 1,
    "ゆうべ": 1,
    "先ほど": 0,
    "先程": 0,
    "さきほど": 0,
    "さっき": 0,
    "本日": 0,
    "今日": 0,
    "今朝": 0,
    "きょう": 0,
    "けさ": 0,
    "今夜": 0,
    "今晩": 0,
    "今天": 0,
    "yesterday": 1,
    "last night": 1,
    "today": 0,
    "this morning": 0,
    "this afternoon": 0,
    "tonight": 0,
}
_FIRST_EVENING_HOUR = (
    4  # 夕方4時 and later hours of an evening or a night are after noon; 1時 to 3時 of a night are not
)
_SOON = 14  # days ahead that a month and a day without a year may lie; else they are the year before's
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a couple of": 2}
_AGO = re.compile(
    r"(?P<n>\d{1,3}|[一二三四五六両两])\s*个?(?P<unit>分钟|小时|分|時間|日|天|週間)(?:ほど|くらい|ぐらい)?前|\b(?P<en>\d{1,3}|an?|one|two|three|four|five|six|a couple of)\s+(?P<enunit>minute|min|hour|hr|day|week)s?\s+ago",
    re.IGNORECASE,
)
_MINUTES = {"分": 1, "分钟": 1, "小时": 60, "minute": 1, "min": 1, "時間": 60, "hour": 60, "hr": 60}
_DAYS = {"日": 1, "天": 1, "day": 1, "週間": 7, "week": 7}
_WEEKDAY = re.compile(
    r"(?P<last>先週)?の?(?P<ja>[月火水木金土日])曜|\b(?P<en>mon|tues|wednes|thurs|fri|satur|sun)day\b|(?P<lastzh>上)?周(?P<zh>[一二三四五六日])",
    re.IGNORECASE,
)
_WEEK = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")


@dataclass(frozen=True, slots=True)
class Instant:
    """[start, end) of the folded text; `value` is ISO 8601: an instant with its zone's offset if one is known, or a day alone."""

    start: int
    end: int
    value: str
    has_zone: bool

    @property
    def has_clock(self) -> bool:
        """It names a time of day."""
        return "T" in self.value


def instants(doc: Document, hits: Sequence[Hit], sent_at: datetime | None) -> list[Instant]:
    """The times among the hits, in the order of the text, each day and time once."""
    zone = _ZONE.search(doc.text)
    found: dict[str, Instant] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        try:
            for one in _instants(doc, hit, sent_at, _OFFSETS[zone[0].lower()] if zone else None):
                found.setdefault(one.value, one)
        except (ValueError, OverflowError):  # no such day, or beyond the calendar
            continue
    clocked = {one.value[:10] for one in found.values() if one.has_clock}
    return [one for one in found.values() if one.has_clock or one.value not in clocked]


def _instants(doc: Document, hit: Hit, sent_at: datetime | None, zone: int | None) -> Iterator[Instant]:
    words = doc.text[hit.start : hit.end]
    ago = _AGO.search(words)
    if ago and sent_at:
        value = _before(sent_at, ago)
        if "T" in value:
            yield Instant(hit.start, hit.end, value, has_zone=True)
            return
        day: date | None = date.fromisoformat(value)
    else:
        day = _day_of(words, sent_at)
    if day is None:
        return
    dated = DATE.search(words)
    end = hit.start + dated.end() if dated else hit.end
    between = _BETWEEN.match(doc.text, end, min(len(doc.text), end + _CLOCK_REACH))
    clock = _TIME.match(doc.text, between.end() if between else end, end + _CLOCK_REACH)
    at = _at(day, clock, is_late=_NIGHT.search(doc.text, hit.start, clock.end()) is not None) if clock else None
    if clock is None or at is None:
        yield Instant(hit.start, hit.end, day.isoformat(), has_zone=zone is not None)
        return
    offset = _offset(doc.text, clock.end(), zone)
    if offset is not None:
        at = at.replace(tzinfo=timezone(timedelta(minutes=offset)))
    is_known = offset is not None or _names_other_zone(doc)
    yield Instant(hit.start, clock.end(), at.isoformat(timespec="minutes"), has_zone=is_known)


def _names_other_zone(doc: Document) -> bool:
    """Asked of the whole mail, so once: a pasted log has a thousand times."""
    key = ("other_zone", 0)
    if key not in doc.found:
        doc.found[key] = _OTHER_ZONE.search(doc.text) is not None
    return bool(doc.found[key])


def _offset(text: str, at: int, zone: int | None) -> int | None:
    """Minutes from UTC: as told right behind the clock time, by the zone's name there, or by the mail's first zone."""
    told = _EXPLICIT.match(text, at)
    if told and (told["z"] or told["base"] or told["sign"] == "+"):
        minutes = _minutes_of(told)
        if minutes is not None:
            return minutes
    near = _ZONE.search(text, at, at + _ZONE_REACH)
    hours = _OFFSETS[near[0].lower()] if near else zone
    return None if hours is None else 60 * hours


def _minutes_of(told: re.Match[str]) -> int | None:
    """An offset such as +09:00 or Z in minutes; None for one that no clock has."""
    if told["z"]:
        return 0
    minutes = 60 * int(told["h"]) + int(told["m"] or 0)
    return (-minutes if told["sign"] == "-" else minutes) if minutes <= 14 * 60 else None


def _before(sent_at: datetime, ago: re.Match[str]) -> str:
    """An instant for minutes and hours, a day for days and weeks."""
    said, unit = (ago["n"] or ago["en"]).lower(), (ago["unit"] or ago["enunit"]).lower()
    amount = (
        int(said)
        if said.isdigit()
        else _NUMBERS.get(said) or {"両": 2, "两": 2}.get(said) or "一二三四五六".find(said) + 1
    )
    if unit in _MINUTES:
        return (sent_at - timedelta(minutes=amount * _MINUTES[unit])).isoformat(timespec="minutes")
    return (sent_at.date() - timedelta(days=amount * _DAYS[unit])).isoformat()


def _at(day: date, clock: re.Match[str], *, is_late: bool) -> datetime | None:
    hour, half = int(clock["h"]), (clock["ap"] or "").lower()[:1]
    is_morning = clock["ampm"] in {"午前", "上午", "凌晨"} or half == "a"
    is_afternoon = clock["ampm"] in {"午後", "下午", "晚上"} or half == "p"
    if is_morning and hour == 12:
        hour = 0
    elif hour < 12 and (is_afternoon or (is_late and not is_morning and hour >= _FIRST_EVENING_HOUR)):
        hour += 12
    minute = 30 if clock["half"] else int(clock["m"] or clock["m2"] or 0)
    try:
        return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001 - 25時 is 1 a.m.; the zone follows
    except OverflowError:
        return None


def _day_of(words: str, sent_at: datetime | None) -> date | None:
    match = DATE.search(words)
    if match is not None:
        return _calendar_day(match, sent_at)
    if sent_at is None:
        return None
    back = next((days for word, days in _DAYS_BACK.items() if word in words.lower()), None)
    if back is not None:
        return sent_at.date() - timedelta(days=back)
    named = _WEEKDAY.search(words)
    return _last_weekday(named, sent_at.date()) if named else None


def _last_weekday(named: re.Match[str], sent: date) -> date:
    """The last such day before the mail or on its day; 先週の of the calendar week before."""
    place = (
        "月火水木金土日".index(named["ja"])
        if named["ja"]
        else "一二三四五六日".index(named["zh"])
        if named["zh"]
        else _WEEK.index(named["en"].lower())
    )
    if named["last"] or named["lastzh"]:
        return sent - timedelta(days=sent.weekday() + 7 - place)
    return sent - timedelta(days=(sent.weekday() - place) % 7)


def _calendar_day(match: re.Match[str], sent_at: datetime | None) -> date | None:
    year = int(match["y"] or match["y2"] or 0)
    month = int(match["mo"] or match["emo"] or match["mo2"] or 0)
    name = (match["mon"] or match["mon2"] or "").lower()
    month = month or (_MONTHS.index(name[:3]) + 1 if name else 0)
    day = int(match["d"] or match["ed"] or match["d2"] or match["d3"] or match["d4"] or 0)
    if match["ey"]:
        year = 2018 + (1 if match["ey"] == "元" else int(match["ey"]))
    try:
        if not year and sent_at:
            year = sent_at.year - (1 if date(sent_at.year, month, day) > sent_at.date() + timedelta(days=_SOON) else 0)
        return date(year, month, day) if year else None
    except ValueError:
        return None
