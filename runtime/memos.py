"""The deliver role's third loop: mails to our own people and systems.

History becomes memos: a ticket handed over to another help desk, and for each agent what he wants to hear, bundled.
Promises: a ticket is handed over once; an agent gets at most one notice in the minutes that the settings say; memos go
out as letters do (lease, backoff, DKIM), but the switch of all letters is not theirs. Without a smarthost they wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from desk.memos import hand_over_memo, notice_memo
from models.errors import ClaimLost, DeliveryDeferred, DeliveryRefused, NotFound
from models.memos import hand_over_key, is_handed_over
from responders.deliver import deliver, next_attempt
from responders.dkim_sign import signed
from runtime.logs import log_for
from runtime.metrics import CLAIMS_LOST, DEFERRED, GIVEN_UP, HANDED_OVER, REFUSED, SMARTHOST
from runtime.metrics import MEMOS as COUNTED
from runtime.outbox import LEASE, SESSION_S
from runtime.owed import Owed
from runtime.pulse import MEMOS
from runtime.turns import Trouble, go_on

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from desk.memos import MemoFrame
    from models.db.store import Store
    from models.memos import MemoClaim, NewMemo
    from responders.deliver import Smarthost
    from responders.dkim_sign import DkimKey

IDLE_S = 1.0
_TIDY_EVERY = timedelta(hours=1)


class MemoMaker:
    """Makes memos out of the history."""

    def __init__(
        self,
        store: Store,
        frame: MemoFrame,
        clock: Callable[[], datetime],
        *,
        hand_over: str = "off",
        hand_over_to: str = "",
        bundled_for: timedelta = timedelta(0),
    ) -> None:
        self.store, self.frame, self.clock = store, frame, clock
        self.hand_over, self.hand_over_to, self.bundled_for = hand_over, hand_over_to, bundled_for
        self.log = log_for("memos")
        self._tidied_at: datetime | None = None

    def make(self) -> int:
        """Write the memos that are due; how many."""
        now = self.clock()
        if self._tidied_at is None or self._tidied_at <= now - _TIDY_EVERY:
            self._tidied_at = now
            self.store.tidy_memos(now=now)
        made = self._hand_over(now)
        for notices in self.store.notices_due(told_before=now - self.bundled_for, now=now):
            made += self.store.write_notices(notices, notice_memo(notices, self.frame, now=now), now=now)
        return made

    def _hand_over(self, now: datetime) -> int:
        news = self.store.news_for_memos(now=now)
        if not news.events:
            return 0
        due = dict.fromkeys(event.ref for event in news.events if is_handed_over(event, self.hand_over))
        memos = [memo for ref in due if (memo := self._memo(ref, now)) is not None]
        self.store.keep_news(news, memos, now=now)
        return len(memos)

    def _memo(self, ref: str, now: datetime) -> NewMemo | None:
        if self.store.has_memo(hand_over_key(ref)):
            return None
        view = self.store.ticket(ref)
        # What an agent split from another ticket is about mails that the other one keeps.
        parts = {part.mail.mail_id: part.mail for part in self.store.ticket_parts(ref)}
        whole = sorted({**{mail.mail_id: mail for mail in view.mails}, **parts}.values(), key=lambda mail: mail.mail_id)
        view = replace(view, mails=tuple(whole))
        raws = {}
        for mail in view.mails:
            try:
                raws[mail.mail_id] = self.store.raw_mail(mail.mail_id)
            except NotFound:  # forgotten meanwhile
                self.log.info("mail_gone", ref=ref, mail_id=mail.mail_id)
        self.log.info("handed_over", ref=ref)
        return hand_over_memo(view, raws, self.hand_over_to, self.frame, now=now)


class MemoBox:
    """Hands memos to the smarthost, one after the other."""

    def __init__(
        self,
        store: Store,
        maker: MemoMaker,
        smarthost: Smarthost | None,
        clock: Callable[[], datetime],
        dkim_key: DkimKey | None = None,
    ) -> None:
        self.store, self.maker, self.smarthost, self.clock, self.dkim_key = store, maker, smarthost, clock, dkim_key
        self.log = log_for("memos")
        self._owed = Owed()

    def run(self, stop: threading.Event) -> None:
        """Make and send until `stop` is set; a database that is away for a while is waited for."""

        def turn() -> int:
            self.maker.make()
            return self.run_batch()

        go_on(turn, stop, MEMOS, Trouble(self.log, "memos_failed"), lambda: stop.wait(IDLE_S))
        self._owed.settle_at_end()

    def run_batch(self) -> int:
        """Claim and hand over one memo; how many were claimed."""
        if self.smarthost is None:
            return 0
        self._owed.settle()
        claims = self.store.claim_memos(limit=1, lease=LEASE, now=self.clock())
        for claim in claims:
            try:
                self._send(claim, self.smarthost)
            except ClaimLost:
                CLAIMS_LOST.labels("memo").inc()
                self.log.warning("memo_claim_lost", memo_id=claim.memo_id)
        return len(claims)

    def _send(self, claim: MemoClaim, smarthost: Smarthost) -> None:
        log = self.log.bind(memo_id=claim.memo_id, kind=claim.kind, ref=claim.ref)
        try:
            with SMARTHOST.labels("memo").time():
                asyncio.run(self._deliver(claim, smarthost))
        except DeliveryRefused as error:
            self._owed.write(partial(self.store.memo_failed, claim, error=str(error), now=self.clock()))
            COUNTED.labels(REFUSED).inc()
            log.warning("memo_refused", error=str(error))
        except DeliveryDeferred as error:
            now = self.clock()
            again = next_attempt(claim.attempts, now)
            if again is None:
                self._owed.write(partial(self.store.memo_failed, claim, error=f"given up: {error}", now=now))
                COUNTED.labels(GIVEN_UP).inc()
            else:
                self._owed.write(partial(self.store.memo_deferred, claim, next_at=again, error=str(error)))
                COUNTED.labels(DEFERRED).inc()
            log.info("memo_deferred", attempts=claim.attempts, error=str(error))
        else:
            self._owed.write(partial(self.store.memo_sent, claim))
            COUNTED.labels(HANDED_OVER).inc()
            log.info("memo_sent")

    async def _deliver(self, claim: MemoClaim, smarthost: Smarthost) -> None:
        memo = signed(claim.raw, self.dkim_key) if self.dkim_key else claim.raw
        try:
            await asyncio.wait_for(deliver(memo, claim.mail_from, claim.to, smarthost), SESSION_S)
        except TimeoutError:
            raise DeliveryDeferred(f"the session took longer than {SESSION_S:.0f} s") from None
