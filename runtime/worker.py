"""The worker role: claims received mails, computes without holding a transaction, files the result.

Promises: a mail is filed once, whatever dies when; a mail that fails `MAX_ATTEMPTS` times is parked, raw and whole,
where agents see it; no mail's failure stops the others.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.parse import parse_mail
from models.errors import ClaimLost
from models.ticket import Filing
from models.wire import envelope_from_json
from runtime.logs import address_key, log_for
from runtime.triage import triage

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from models.ticket import Claim
    from runtime.triage import Rules, Triage

BATCH = 8
LEASE = timedelta(minutes=5)
IDLE_S = 0.2
MAX_ATTEMPTS = 3


class Worker:
    """Turns received mails into tickets, one batch after the other."""

    def __init__(self, store: Store, rules: Rules, own: frozenset[str], clock: Callable[[], datetime]) -> None:
        self.store, self.rules, self.own, self.clock = store, rules, own, clock
        self.log = log_for("worker")

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a database that is away for a while is waited for."""
        while not stop.is_set():
            try:
                done = self.run_batch()
            except Exception as error:  # noqa: BLE001 - unknown errors are temporary: log, wait, go on
                self.log.error("batch_failed", error=repr(error))  # noqa: TRY400 - a trace may quote the mail
                done = 0
                stop.wait(1.0)
            if not done:
                stop.wait(IDLE_S)

    def run_batch(self) -> int:
        """Claim and finish up to `BATCH` mails; returns how many were claimed."""
        claims = self.store.claim_mails(limit=BATCH, lease=LEASE, now=self.clock())
        for claim in claims:
            self.finish(claim)
        return len(claims)

    def finish(self, claim: Claim) -> None:
        """File one claimed mail, or note its failure: retried, then parked."""
        try:
            self._file(claim)
        except ClaimLost:
            self.log.warning("claim_lost", mail_id=claim.mail_id)
        except Exception as error:  # noqa: BLE001 - a bug in reading one mail must not lose it or stop the rest
            self._fail(claim, error)

    def _file(self, claim: Claim) -> None:
        now = self.clock()
        mail = parse_mail(
            claim.raw,
            envelope_from_json(claim.envelope_json),
            own_addresses=self.own,
            instance=self.rules.identity.instance,
        )
        history = self.store.history(mail, now, claim.mail_id)
        done = triage(mail, history, self.rules)
        ref = self.store.file(
            filing_of(claim, done, now, join=history.ticket.ref if history.ticket else None, ref=history.ref)
        )
        self.log.info(
            "mail_filed",
            mail_id=claim.mail_id,
            ref=ref,
            sender=address_key(mail.sender.addr if mail.sender else "", self.rules.identity.secret),
            disposition=done.decision.disposition.value,
            missing=list(done.decision.missing),
            state=done.state.value,
            reply=done.reply.state.value if done.reply else None,
            reason=done.reply.reason if done.reply else None,
        )

    def _fail(self, claim: Claim, error: Exception) -> None:
        # Never the message of an unknown error in full: it may quote the mail.
        what = f"{type(error).__name__} in {_place(error)}"
        if claim.attempts >= MAX_ATTEMPTS:
            self.store.park_mail(claim, error=what, now=self.clock())
            self.log.error("mail_parked", mail_id=claim.mail_id, attempts=claim.attempts, error=what)
        else:
            delay = timedelta(seconds=2**claim.attempts)
            self.store.retry_mail(claim, now=self.clock(), delay=delay, error=what)
            self.log.warning("mail_failed", mail_id=claim.mail_id, attempts=claim.attempts, error=what)


def filing_of(claim: Claim, done: Triage, now: datetime, *, join: str | None, ref: str) -> Filing:
    """The one transaction's content."""
    return Filing(
        mail_id=claim.mail_id,
        token=claim.token,
        mail=done.mail,
        seen=done.seen,
        decision=done.decision,
        reply=done.reply,
        state=done.state,
        now=now,
        join=join,
        ref=ref,
    )


def _place(error: Exception) -> str:
    """File and line where the error was raised, without any content."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
