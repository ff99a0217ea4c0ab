"""The deliver role: drains the outbox to the smarthost, backs off, marks what was refused.

Promises: a letter is handed over at least once and, unless its 250 or this process is lost at that moment, only once: each is
leased by itself, for longer than its session can last; a repeated one has the same Message-ID; without a smarthost nothing
leaves the machine and the letters stay visible in the outbox; where there is a key, no letter leaves unsigned.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from models.db.bell import Topic
from models.errors import ClaimLost, DeliveryDeferred, DeliveryRefused
from responders.deliver import deliver, next_attempt
from responders.dkim_sign import signed
from runtime.logs import address_key, log_for
from runtime.metrics import CLAIMS_LOST, DEFERRED, GIVEN_UP, HANDED_OVER, LETTERS, REFUSED, SMARTHOST
from runtime.owed import Owed
from runtime.pulse import LETTERS as PULSE
from runtime.turns import Trouble, go_on

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from models.views import OutboxClaim
    from responders.deliver import Smarthost
    from responders.dkim_sign import DkimKey

SESSION_S = 600.0  # a session that takes longer is broken off, whatever each of its commands takes
LEASE = timedelta(minutes=20)  # longer than the longest session and what asyncio may need to end it
IDLE_S = 0.5


class Outbox:
    """Hands queued letters to the smarthost, one after the other."""

    def __init__(
        self,
        store: Store,
        smarthost: Smarthost,
        secret: bytes,
        clock: Callable[[], datetime],
        dkim_key: DkimKey | None = None,
    ) -> None:
        self.store, self.smarthost, self.secret, self.clock = store, smarthost, secret, clock
        self.dkim_key = dkim_key
        self.log = log_for("deliver")
        self._owed = Owed()

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set; a database that is away for a while is waited for."""
        ear = self.store.ear(Topic.LETTER)
        go_on(self.run_batch, stop, PULSE, Trouble(self.log, "batch_failed"), lambda: ear.wait(stop, IDLE_S))
        self._owed.settle_at_end()
        ear.close()

    def run_batch(self) -> int:
        """Claim and hand over one letter, so that none waits under a lease; returns how many were claimed."""
        self._owed.settle()
        claims = self.store.claim_replies(limit=1, lease=LEASE, now=self.clock())
        for claim in claims:
            try:
                self._hand_over(claim)
            except ClaimLost:
                CLAIMS_LOST.labels("letter").inc()
                self.log.warning("claim_lost", reply_id=claim.reply_id)
        return len(claims)

    def _hand_over(self, claim: OutboxClaim) -> None:
        log = self.log.bind(reply_id=claim.reply_id, ref=claim.ref, to=address_key(claim.to, self.secret))
        try:
            with SMARTHOST.labels("letter").time():
                refused = asyncio.run(self._deliver(claim))
        except DeliveryRefused as error:
            self._owed.write(partial(self.store.reply_failed, claim, now=self.clock(), error=str(error)))
            LETTERS.labels(REFUSED).inc()
            log.warning("letter_refused", error=str(error))
        except DeliveryDeferred as error:
            self._defer(claim, str(error))
            log.info("letter_deferred", attempts=claim.attempts, error=str(error))
        else:
            note = f"Cc not taken: {'; '.join(refused)}" if refused else ""
            self._owed.write(partial(self.store.reply_sent, claim, now=self.clock(), note=note))
            LETTERS.labels(HANDED_OVER).inc()
            log.info("letter_sent", cc_refused=len(refused))

    async def _deliver(self, claim: OutboxClaim) -> tuple[str, ...]:
        # The store keeps the letter unsigned: a signature ages, and with another key the letter that waits gets another.
        letter = signed(claim.raw, self.dkim_key) if self.dkim_key else claim.raw
        try:
            handing = deliver(letter, claim.mail_from, claim.to, self.smarthost, cc=claim.cc)
            return await asyncio.wait_for(handing, SESSION_S)
        except TimeoutError:
            raise DeliveryDeferred(f"the session took longer than {SESSION_S:.0f} s") from None

    def _defer(self, claim: OutboxClaim, error: str) -> None:
        now = self.clock()
        again = next_attempt(claim.attempts, now)
        if again is None:
            self._owed.write(partial(self.store.reply_failed, claim, now=now, error=f"given up: {error}"))
            LETTERS.labels(GIVEN_UP).inc()
        else:
            self._owed.write(partial(self.store.reply_deferred, claim, now=now, next_at=again, error=error))
            LETTERS.labels(DEFERRED).inc()
