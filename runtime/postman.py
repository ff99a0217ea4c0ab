"""The way of letters and memos to the smarthost: signed, handed over, and what became of each noted.

Promises: a mail is handed over at least once and, unless its 250 or this process is lost at that moment, only once: each is
leased by itself, for longer than its session can last; where there is a key, none leaves unsigned.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from models.errors import ClaimLost, DeliveryDeferred, DeliveryRefused
from responders.deliver import deliver, next_attempt
from responders.dkim_sign import signed
from runtime.metrics import CLAIMS_LOST, DEFERRED, GIVEN_UP, HANDED_OVER, REFUSED, SMARTHOST
from runtime.owed import Owed

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import Counter
    from structlog.typing import FilteringBoundLogger

    from models.memos import MemoClaim
    from models.views import OutboxClaim
    from responders.deliver import Smarthost
    from responders.dkim_sign import DkimKey

SESSION_S = 600.0  # a session that takes longer is broken off, whatever each of its commands takes
LEASE = timedelta(minutes=20)  # longer than the longest session and what asyncio may need to end it


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of a try: the mail has gone, or goes at `next_at`, or never."""

    outcome: str
    at: datetime
    error: str = ""
    next_at: datetime | None = None
    refused: tuple[str, ...] = ()  # those in Cc that the smarthost did not take, each with its words

    @property
    def has_gone(self) -> bool:
        """The smarthost has taken it."""
        return self.outcome == HANDED_OVER


class Postman:
    """Hands over one mail after the other.

    Args:
        what: `letter` or `memo`, as logs and metrics call it.
        tries: Counts them by outcome.
        smarthost: Where they go.
        clock: The time.
        key: What they are signed with, if with anything.
    """

    def __init__(
        self, what: str, tries: Counter, smarthost: Smarthost, clock: Callable[[], datetime], key: DkimKey | None
    ) -> None:
        self._what, self._tries, self._smarthost, self._clock, self._key = what, tries, smarthost, clock, key
        self._sent, self._deferred, self._refused = (f"{what}_{how}" for how in ("sent", "deferred", "refused"))
        self.owed = Owed()

    def hand_over(
        self, mail: OutboxClaim | MemoClaim, note: Callable[[Became], None], log: FilteringBoundLogger, *cc: str
    ) -> None:
        """Hand it over and note what became of it.

        Raises:
            StoreUnavailable: That could not be noted: it is owed.
        """
        became = self._try(mail, cc)
        try:
            self.owed.write(partial(note, became))
        except ClaimLost:
            CLAIMS_LOST.labels(self._what).inc()
            log.warning("claim_lost")
            return
        self._tries.labels(became.outcome).inc()
        if became.has_gone:
            log.info(self._sent, cc_refused=len(became.refused))
        elif became.next_at is not None:
            log.info(self._deferred, attempts=mail.attempts, error=became.error)
        else:
            log.warning(self._refused, attempts=mail.attempts, error=became.error)

    def _try(self, mail: OutboxClaim | MemoClaim, cc: tuple[str, ...]) -> Became:
        try:
            with SMARTHOST.labels(self._what).time():
                refused = asyncio.run(self._deliver(mail, cc))
        except DeliveryRefused as error:
            return Became(outcome=REFUSED, at=self._clock(), error=str(error))
        except DeliveryDeferred as error:
            now = self._clock()
            again = next_attempt(mail.attempts, now)
            if again is None:
                return Became(outcome=GIVEN_UP, at=now, error=f"given up: {error}")
            return Became(outcome=DEFERRED, at=now, error=str(error), next_at=again)
        return Became(outcome=HANDED_OVER, at=self._clock(), refused=refused)

    async def _deliver(self, mail: OutboxClaim | MemoClaim, cc: tuple[str, ...]) -> tuple[str, ...]:
        # The store keeps mails unsigned: a signature ages, and with another key the mail that waits gets another.
        raw = signed(mail.raw, self._key) if self._key else mail.raw
        try:
            return await asyncio.wait_for(deliver(raw, mail.mail_from, mail.to, self._smarthost, cc=cc), SESSION_S)
        except TimeoutError:
            raise DeliveryDeferred(f"the session took longer than {SESSION_S:.0f} s") from None
