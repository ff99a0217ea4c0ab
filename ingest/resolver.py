"""DNS for the sender check: one resolver, and the questions of one check within their bounds.

Promises: whatever goes wrong on the way is `DnsTrouble`, which is temporary; "there is no such record" is an answer. A
check asks at most `MOST_QUESTIONS` and waits at most `CHECK_S` in all, `QUESTION_S` for each. Answers are kept as long as
their zone allows, but no longer than `KEPT_S`, the newest `_KEPT` of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeAlias

import dns.exception
import dns.name
import dns.resolver

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

QUESTION_S = 2.0
CHECK_S = 8.0
MOST_QUESTIONS = 60
KEPT_S = 900.0  # some zones say days, and a "no" without its SOA would stay for good
_KEPT = 2_000
Answer: TypeAlias = bytes | str | tuple[int, str]  # TXT joined; addresses and names; MX


class DnsTrouble(Exception):
    """DNS gave no answer: a time ran out, or every server failed. Temporary."""


class Resolver(Protocol):
    """Answers one question."""

    def ask(self, name: str, kind: str, lifetime_s: float) -> tuple[Answer, ...]:
        """The records of that name and kind (A, AAAA, MX, NS, PTR, TXT), aliases followed; empty: there are none.

        Raises:
            DnsTrouble: No answer within `lifetime_s`, or none at all.
        """


class SystemResolver:
    """Asks the name servers of this machine, or those that are named."""

    def __init__(self, nameservers: tuple[str, ...] = (), port: int = 53) -> None:
        self._nameservers, self._port = nameservers, port
        self._resolver: dns.resolver.Resolver | None = None

    def ask(self, name: str, kind: str, lifetime_s: float) -> tuple[Answer, ...]:
        """See `Resolver`."""
        try:
            found = self._asked().resolve(name, kind, lifetime=lifetime_s, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape, UnicodeError):
            return ()  # no name of DNS, so nothing is there
        except (dns.exception.DNSException, OSError) as error:
            raise DnsTrouble(type(error).__name__) from None
        return tuple(_answer(record, kind) for record in found.rrset or ())

    def _asked(self) -> dns.resolver.Resolver:
        """Made at the first question: a machine without DNS still starts."""
        if self._resolver is None:
            made = dns.resolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers, made.port = list(self._nameservers), self._port
            made.cache = _Answers(_KEPT)
            self._resolver = made
        return self._resolver


class Inquiry:
    """The questions of one check."""

    def __init__(self, resolver: Resolver, clock: Callable[[], float] = time.monotonic) -> None:
        self._resolver, self._clock = resolver, clock
        self._until = clock() + CHECK_S
        self._left = MOST_QUESTIONS

    def ask(self, name: str, kind: str) -> tuple[Answer, ...]:
        """The records.

        Raises:
            DnsTrouble: DNS gave no answer, or this check has asked too long or too much.
        """
        left_s = self._until - self._clock()
        if left_s <= 0 or not self._left:
            raise DnsTrouble("the check took too long" if self._left else "the check asked too much")
        self._left -= 1
        try:
            return self._resolver.ask(name, kind, min(QUESTION_S, left_s))
        except DnsTrouble:
            raise
        except Exception as error:  # a bug on our side of the question says nothing about the sender
            raise DnsTrouble(type(error).__name__) from error

    def texts(self, name: str) -> tuple[bytes, ...]:
        """The TXT records of a name.

        Raises:
            DnsTrouble: As above.
        """
        return tuple(one for one in self.ask(name, "TXT") if isinstance(one, bytes))


class _Answers(dns.resolver.LRUCache):
    """dnspython's memory, shortened."""

    def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
        """Keep an answer."""
        value.expiration = min(value.expiration, time.time() + KEPT_S)
        super().put(key, value)


def _answer(record: Any, kind: str) -> Answer:  # noqa: ANN401 - dnspython types each kind of its own
    if kind == "TXT":
        return b"".join(record.strings)
    if kind == "MX":
        return (int(record.preference), record.exchange.to_text(omit_final_dot=True))
    if kind in {"A", "AAAA"}:
        return str(record.address)
    return str(record.target.to_text(omit_final_dot=True))
