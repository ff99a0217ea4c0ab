"""The deliver role: drains the outbox to the smarthost, backs off, marks what was refused.

Promises: those of `runtime.postman`; a repeated letter has the same Message-ID; without a smarthost nothing leaves the machine
and the letters stay visible in the outbox.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.db.bell import Topic
from runtime.logs import address_key, log_for
from runtime.metrics import LETTERS
from runtime.postman import LEASE, Became, Postman
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
        self.store, self.secret, self.clock = store, secret, clock
        self.log = log_for("deliver")
        self._postman = Postman("letter", LETTERS, smarthost, clock, dkim_key)

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set; a database that is away for a while is waited for."""
        ear = self.store.ear(Topic.LETTER)
        go_on(self.run_batch, stop, PULSE, Trouble(self.log, "batch_failed"), lambda: ear.wait(stop, IDLE_S))
        self._postman.owed.settle_at_end()
        ear.close()

    def run_batch(self) -> int:
        """Claim and hand over one letter, so that none waits under a lease; returns how many were claimed."""
        self._postman.owed.settle()
        claims = self.store.claim_replies(limit=1, lease=LEASE, now=self.clock())
        for claim in claims:
            self._hand_over(claim)
        return len(claims)

    def _hand_over(self, claim: OutboxClaim) -> None:
        log = self.log.bind(reply_id=claim.reply_id, ref=claim.ref, to=address_key(claim.to, self.secret))
        self._postman.hand_over(claim, partial(self._note, claim), log, *claim.cc)

    def _note(self, claim: OutboxClaim, became: Became) -> None:
        if became.has_gone:
            note = f"Cc not taken: {'; '.join(became.refused)}" if became.refused else ""
            self.store.reply_sent(claim, now=became.at, note=note)
        elif became.next_at is not None:
            self.store.reply_deferred(claim, now=became.at, next_at=became.next_at, error=became.error)
        else:
            self.store.reply_failed(claim, now=became.at, error=became.error)
