"""The deliver role's third loop: mails to our own people and systems.

History becomes memos: a ticket handed over to another help desk, and for each agent what he wants to hear, bundled.
Promises: a ticket is handed over once; an agent gets at most one notice in the minutes that the settings say; memos go
out as letters do (`runtime.postman`), but the switch of all letters is not theirs. Without a smarthost they wait.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from desk.memos import hand_over_memo, notice_memo
from models.errors import NotFound
from models.memos import hand_over_key, is_handed_over
from runtime.logs import log_for
from runtime.metrics import MEMOS as COUNTED
from runtime.postman import LEASE, Became, Postman
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
        self.store, self.maker, self.clock = store, maker, clock
        self.log = log_for("memos")
        self._postman = Postman("memo", COUNTED, smarthost, clock, dkim_key) if smarthost else None

    def run(self, stop: threading.Event) -> None:
        """Make and send until `stop` is set; a database that is away for a while is waited for."""

        def turn() -> int:
            self.maker.make()
            return self.run_batch()

        go_on(turn, stop, MEMOS, Trouble(self.log, "memos_failed"), lambda: stop.wait(IDLE_S))
        if self._postman is not None:
            self._postman.owed.settle_at_end()

    def run_batch(self) -> int:
        """Claim and hand over one memo; how many were claimed."""
        if self._postman is None:
            return 0
        self._postman.owed.settle()
        claims = self.store.claim_memos(limit=1, lease=LEASE, now=self.clock())
        for claim in claims:
            log = self.log.bind(memo_id=claim.memo_id, kind=claim.kind, ref=claim.ref)
            self._postman.hand_over(claim, partial(self._note, claim), log)
        return len(claims)

    def _note(self, claim: MemoClaim, became: Became) -> None:
        if became.has_gone:
            self.store.memo_sent(claim)
        elif became.next_at is not None:
            self.store.memo_deferred(claim, next_at=became.next_at, error=became.error)
        else:
            self.store.memo_failed(claim, error=became.error, now=became.at)
