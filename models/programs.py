"""Programs that work with the desk: their tokens, what they may ask, and the events that they are told of. Pure.

An event's name on the outside is `object.what` (ticket.filed, letter.sent); wire values. The history's own words are
translated by one table, and what it does not know is an event of the ticket by its own name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

TOKEN_PREFIX = "uk_"  # noqa: S105 - by which people and scanners of leaks know a token
MOST_NAME = 48
MOST_URL = 2000
REMEMBERED = timedelta(hours=24)  # an Idempotency-Key
ALL_EVENTS = "*"
_RIDDLE = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)  # a host whose last part is a number


class Scope(StrEnum):
    """What a token may do; wire values."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    MAILS_READ = "mails:read"  # raw bytes and attachments, secrets and all
    REPORTS_READ = "reports:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token, without itself."""

    token_id: int
    name: str
    scopes: tuple[str, ...]
    by: str
    created_at: datetime
    used_at: datetime | None = None
    is_revoked: bool = False


def hash_of(token: str) -> str:
    """What is kept of a token. It is random enough that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCall:
    """A program's step: which ticket, as the program saw it, and the key by which it is done once."""

    token_id: int
    ref: str
    fingerprint: str  # of all that is asked
    now: datetime
    key: str = ""  # empty: the program has no need of it
    version: int | None = None  # of the ticket; None asks nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a step was answered: now, or when it was asked first."""

    answer: str  # JSON
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets a program asks for; what is empty asks nothing."""

    states: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # all of them: `category:…`, `product:…`, `language:…`, `agent:…`
    updated_since: datetime | None = None
    place: int | None = None  # of the last one of the page before
    updated_at: datetime | None = None  # the same, where they go by their changes
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where events go."""

    webhook_id: int
    url: str
    events: tuple[str, ...]
    is_on: bool
    by: str
    at: datetime
    has_subject: bool = False
    failing_since: datetime | None = None
    waiting: int = 0  # calls on their way


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """One event on its way to one place."""

    call_id: int
    webhook_id: int
    event_id: int
    ref: str
    what: str
    state: str  # queued, sent, failed
    attempts: int
    answer: int  # HTTP status of the last try; 0: none came
    error: str
    at: datetime
    tried_at: datetime | None
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClaim:
    """A lease on one call."""

    call_id: int
    webhook_id: int
    token: str
    attempts: int
    ref: str
    what: str
    body: str
    at: datetime
    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One line of a ticket's history, with the ticket as it stands now."""

    event_id: int
    ref: str
    at: datetime
    by: str
    what: str
    detail: str
    ticket: Mapping[str, object]  # the columns of its row


# The history's words and their names outside.
EVENT_NAMES: Mapping[str, str] = {
    "filed": "ticket.filed",
    "joined": "ticket.joined",
    "moved": "ticket.moved",
    "assigned": "ticket.assigned",
    "unassigned": "ticket.unassigned",
    "overdue": "ticket.overdue",
    "split_opened": "ticket.split",
    "split_from": "ticket.split_from",
    "split_out": "ticket.split_out",
    "merged_from": "ticket.merged_from",
    "merged_into": "ticket.merged_into",
    "marked_spam": "ticket.marked_spam",
    "named_by": "ticket.named",
    "close_proposed": "ticket.close_proposed",
    "note": "note.added",
    "reply_queued": "letter.queued",
    "reply_sent": "letter.sent",
    "reply_held": "letter.held",
    "reply_shadow": "letter.shadowed",
    "reply_suppressed": "letter.suppressed",
    "reply_deferred": "letter.deferred",
    "reply_discarded": "letter.discarded",
    "reply_failed": "letter.failed",
    "reply_bounced": "letter.bounced",
}
_WORD = re.compile(r"[^a-z0-9_]+")


def event_name(what: str) -> str:
    """The name of a step outside."""
    if what.startswith("reply_") and what not in EVENT_NAMES:
        return f"letter.{_plain(what.removeprefix('reply_'))}"
    return EVENT_NAMES.get(what, f"ticket.{_plain(what)}")


def _plain(what: str) -> str:
    return _WORD.sub("_", what.casefold())[:32] or "changed"


def is_wanted(name: str, events: Collection[str]) -> bool:
    """Does someone who asked for these events want this one? `*` is all, `ticket.*` all of tickets."""
    return bool({name, ALL_EVENTS, f"{name.partition('.')[0]}.*"} & set(events))


def url_fault(url: str) -> str:
    """Why events cannot go there: `url_bad`, `url_credentials`, `url_local`; empty if they can."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or ""), parts.port
    except ValueError:
        return "url_bad"
    if len(url) > MOST_URL or parts.scheme not in {"http", "https"} or not host or parts.fragment:
        return "url_bad"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "url_bad"
    if parts.username is not None or parts.password is not None:
        return "url_credentials"
    return _address_fault(host)


def _address_fault(host: str) -> str:
    """What is wrong with a host that is an address: a cloud machine's own data, which no receiver of ours has, or a riddle.

    2852039166, 0xa9fea9fe and 169.16689662 are the same address to a resolver: addresses are written as everybody does.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "url_bad" if _RIDDLE.fullmatch(host) else ""
    mapped = getattr(address, "ipv4_mapped", None) or address
    return "url_local" if mapped.is_link_local else ""
