"""The deliver role's second loop: events become calls, and calls go to the webhooks.

Promises: an event arrives at least once, and in the order of its ticket's history unless one was given up; a receiver
that is slow or away holds up no other; an answer other than 2xx, a redirect too, is a failure; what a receiver answers
is not read beyond its status. After a day a call is given up, after three days of failures its webhook.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from desk.outside import event_body, signature
from models.errors import ClaimLost
from runtime.logs import log_for
from runtime.metrics import CALL, CALLS, CLAIMS_LOST
from runtime.pulse import WEBHOOKS
from runtime.turns import Trouble, go_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from models.programs import CallClaim, NewEvent

TIMEOUT_S = 10.0  # for the whole of a call
LEASE = timedelta(minutes=2)  # longer than any call
IDLE_S = 1.0
AT_ONCE = 8  # calls to one receiver, of different tickets
TRIES_FOR = timedelta(days=1)
_PAUSES_MIN = (1, 2, 5, 10, 20, 30)  # then an hour each
_TIDY_EVERY = timedelta(hours=1)


class Hooks:
    """Makes calls out of events and sends them."""

    def __init__(
        self,
        store: Store,
        desk_link: str,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.store, self.desk_link, self.clock, self.transport = store, desk_link, clock, transport
        self.log = log_for("webhooks")
        self._tidied_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Go on until `stop` is set; each webhook that has something to send gets a thread for as long as that is so."""
        senders: dict[int, threading.Thread] = {}

        def turn() -> int:
            self.queue()
            for webhook_id in self.store.webhooks_due(now=self.clock()):
                if webhook_id not in senders or not senders[webhook_id].is_alive():
                    senders[webhook_id] = threading.Thread(
                        target=self._send_all, args=(webhook_id, stop), name=f"webhook-{webhook_id}"
                    )
                    senders[webhook_id].start()
            return 0  # the senders look for more by themselves

        go_on(turn, stop, WEBHOOKS, Trouble(self.log, "webhooks_failed"), lambda: stop.wait(IDLE_S))
        for sender in senders.values():
            sender.join()

    def run_batch(self) -> int:
        """Make the calls that are due and send them, in this thread; how many were sent or failed."""
        self.queue()
        return sum(self.send(webhook_id) for webhook_id in self.store.webhooks_due(now=self.clock()))

    def queue(self) -> int:
        """Make the calls that new events bring; now and then forget old ones."""
        now = self.clock()
        if self._tidied_at is None or self._tidied_at <= now - _TIDY_EVERY:
            self._tidied_at = now
            self.store.forget_webhook_calls(now=now)
            self.store.forget_calls(now=now)
        return self.store.queue_calls(self._body, now=now)

    def send(self, webhook_id: int, stop: threading.Event | None = None) -> int:
        """Send one webhook's calls that are due, until none is or `stop` is set; how many."""
        done = 0
        while stop is None or not stop.is_set():
            claims = self.store.claim_calls(webhook_id, limit=AT_ONCE, lease=LEASE, now=self.clock())
            if not claims:
                break
            asyncio.run(self._send(claims))
            done += len(claims)
        return done

    def _send_all(self, webhook_id: int, stop: threading.Event) -> None:
        try:
            self.send(webhook_id, stop)
        except Exception as error:  # noqa: BLE001 - the loop starts another thread
            self.log.error("webhook_failed", webhook_id=webhook_id, error=repr(error)[:300])  # noqa: TRY400 - a trace may quote a ticket

    def _body(self, event: NewEvent, has_subject: bool) -> str:  # noqa: FBT001 - the store's signature
        return event_body(event, has_subject=has_subject, desk_link=self.desk_link)

    async def _send(self, claims: tuple[CallClaim, ...]) -> None:
        # No proxy of the environment: settings alone say what leaves this machine.
        async with httpx.AsyncClient(
            transport=self.transport, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
        ) as client:
            with CALL.time():
                answers = await asyncio.gather(*(self._post(client, claim) for claim in claims))
        for claim, (status, error) in zip(claims, answers, strict=True):
            try:
                self._mark(claim, status, error)
            except ClaimLost:
                CLAIMS_LOST.labels("call").inc()
                self.log.warning("call_claim_lost", call_id=claim.call_id)

    async def _post(self, client: httpx.AsyncClient, claim: CallClaim) -> tuple[int, str]:
        """(status, error): 0 if no answer came, an empty error if it arrived. Never raises on what a receiver does."""
        at = int(self.clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "uketsuke",
            "X-Uketsuke-Event": claim.what,
            "X-Uketsuke-Delivery": str(claim.call_id),
            "X-Uketsuke-Signature": signature(claim.secret, claim.body, at),
        }
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                client.stream("POST", claim.url, content=claim.body.encode(), headers=headers) as response,
            ):
                status = response.status_code
        except TimeoutError:
            return 0, f"no answer within {TIMEOUT_S:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            return 0, f"{type(error).__name__}: {error}"[:300]
        return status, "" if 200 <= status < 300 else f"HTTP {status}"

    def _mark(self, claim: CallClaim, status: int, error: str) -> None:
        now = self.clock()
        log = self.log.bind(call_id=claim.call_id, webhook_id=claim.webhook_id, ref=claim.ref, event=claim.what)
        if not error:
            self.store.call_arrived(claim, answer=status, now=now)
            CALLS.labels("arrived").inc()
            log.info("call_arrived", status=status)
            return
        again = next_try(claim.attempts, claim.at, now)
        is_off = self.store.call_failed(claim, answer=status, error=error, next_at=again, now=now)
        CALLS.labels("failed" if again is not None else "given_up").inc()
        log.warning("webhook_given_up" if is_off else "call_failed", attempts=claim.attempts, error=error)


def next_try(attempts: int, begun_at: datetime, now: datetime) -> datetime | None:
    """When to try again after that many attempts; None once a day of them is over."""
    pause = _PAUSES_MIN[attempts - 1] if 1 <= attempts <= len(_PAUSES_MIN) else 60
    again = now + timedelta(minutes=pause)
    return again if again <= begun_at + TRIES_FOR else None
