"""What was understood of a ticket's mails, as chips that an agent copies: ids, regions, times, error codes. Pure.

Promises: nothing that lies in what was found to be a credential; each value once, those of the latest mail first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from desk.masking import masked
from models.credentials import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.assessment import Assessment
    from models.views import TicketView
    from policy.pack import Pack

MOST = 30
_MOST_MAILS = 10
_MOST_OF_PATTERN = 6
_LONGEST_TEXT = 40_000
_BEIJING = ZoneInfo("Asia/Shanghai")
_REQUEST_ID = re.compile(r"(?<![0-9A-Fa-f-])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f-])")
_PATTERNS = {"error": "error_code", "ip": "ip_address"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One chip: `kind` is account, region, resource, when, error, request or ip; `value` is what is copied."""

    kind: str
    value: str
    more: str = ""  # what helps to read it


def facts(view: TicketView, pack: Pack, language: str) -> list[Fact]:
    """The chips of a ticket."""
    found: dict[tuple[str, str], Fact] = {}
    for mail in reversed(view.mails[-_MOST_MAILS:]):
        if mail.seen is not None and not (mail.automation and mail.automation.kind):
            for fact in _of(mail.seen, pack, language):
                found.setdefault((fact.kind, fact.value), fact)
    order = ("account", "region", "resource", "when", "error", "request", "ip")
    return sorted(found.values(), key=lambda fact: order.index(fact.kind))[:MOST]


def _of(seen: Assessment, pack: Pack, language: str) -> Iterator[Fact]:
    yield from (Fact(kind="account", value=one) for one in seen.accounts)
    for hint in seen.hints:
        if hint.value in pack.regions:
            yield Fact(kind="region", value=hint.value, more=pack.regions[hint.value].name[language])
        elif (
            hint.kind == "resource"
            and hint.value
            and not _REQUEST_ID.fullmatch(hint.value)
            and not _touches_secret(seen, hint.value)
        ):
            yield Fact(kind="resource", value=hint.value)
        elif hint.kind == "when" and hint.value:
            yield from _time(hint.value, pack)
    text = masked(seen.text[:_LONGEST_TEXT], [(one.span.start, one.span.end) for one in seen.secrets])
    for kind, name in _PATTERNS.items():
        if name in pack.cues.patterns:
            yield from _matches(kind, re.compile(pack.cues.patterns[name]), text)
    yield from _matches("request", _REQUEST_ID, text)


def _touches_secret(seen: Assessment, value: str) -> bool:
    return any(seen.text[one.span.start : one.span.end].strip() in value for one in seen.secrets)


def _matches(kind: str, pattern: re.Pattern[str], text: str) -> Iterator[Fact]:
    values = dict.fromkeys(found[0].strip() for found in pattern.finditer(text))
    for value in list(values)[:_MOST_OF_PATTERN]:
        if value and MASK not in value:
            yield Fact(kind=kind, value=value)


def _time(value: str, pack: Pack) -> Iterator[Fact]:
    """A time in the desk's zone, with Beijing's beside it: consoles and logs show either."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return
    if "T" not in value:
        yield Fact(kind="when", value=value)
        return
    zone = ZoneInfo(pack.desk.timezone)
    here = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    there = here.astimezone(_BEIJING)
    copied = f"{here:%Y-%m-%d %H:%M} {here:%Z}"
    day = "" if here.date() == there.date() else f"{there:%m-%d} "
    yield Fact(
        kind="when", value=copied, more="" if here.utcoffset() == there.utcoffset() else f"{day}{there:%H:%M} CST"
    )
