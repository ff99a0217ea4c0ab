"""The worker role: claims received mails, computes without holding a transaction, files the result.

Promises: a mail is filed once, whatever dies when; a mail that fails, kills or hangs its workers `MAX_ATTEMPTS` times is
parked, raw and whole, where agents see it; no mail's failure stops the others; a failure of the database is none of the
mail's attempts.
"""

from __future__ import annotations

import faulthandler
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from classify.objections import objection_in
from ingest.parse import parse_mail
from ingest.returned import failed_recipients, is_failure, own_ids_in
from ingest.thread_refs import refs_in
from models.db.bell import Topic
from models.db.intake import MAX_ATTEMPTS
from models.db.threads import split_key
from models.errors import ClaimLost, Outdated, StoreUnavailable
from models.mail import AutomaticKind, Automation
from models.ticket import Filing
from models.wire import envelope_from_json
from responders.recipient import choose_recipient
from responders.signing import memo_of_address, ref_of_message_id, ref_of_plus_address, split_of_address
from runtime.letter_texts import SavedTexts
from runtime.logs import address_key, log_for
from runtime.metrics import (
    CLAIMS_LOST,
    DECIDED_ANEW,
    MAILS_FAILED,
    MAILS_GIVEN_BACK,
    MAILS_PARKED,
    Laps,
    mail_filed,
)
from runtime.owed import Owed
from runtime.pulse import WORKER
from runtime.triage import triage
from runtime.turns import Trouble, go_on

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from models.db.store import Store
    from models.decision import History, LetterLimits
    from models.mail import Mail, TrustFound
    from models.ticket import Claim
    from runtime.triage import Rules, Triage

BATCH = 8
LEASE = timedelta(minutes=5)
IDLE_S = 0.2
BATCH_TIME = timedelta(minutes=1)  # what is not begun by then is given back, long before the lease ends
HANG_S = 200.0  # a mail that takes longer ends the process; with BATCH_TIME still within the lease
STORE_PAUSE = timedelta(seconds=5)
MOST_TRIES = 5  # to decide on a ticket that others change meanwhile
MOST_NAMED = 5  # tickets that one mail is linked with
ORDER_PAUSE = timedelta(seconds=3)  # how long an answer is put back for the mail that it answers, each time
ORDER_PATIENCE = timedelta(minutes=1)  # and in all


class Worker:
    """Turns received mails into tickets, one batch after the other."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        own: frozenset[str],
        clock: Callable[[], datetime],
        check_sender: Callable[[bytes, Mail], TrustFound] | None = None,
    ) -> None:
        self.store, self.rules, self.own, self.clock, self.check_sender = store, rules, own, clock, check_sender
        self.log = log_for("worker")
        self._texts: SavedTexts | None = None  # none as long as nothing was ever saved
        self._owed = Owed()
        self._hang_s: float | None = None
        self._stop: threading.Event | None = None
        self._gives_way: Callable[[], None] = lambda: None

    def run(self, stop: threading.Event, gives_way: Callable[[threading.Event], None] = lambda _stop: None) -> None:
        """Work until `stop` is set; a database that is away for a while is waited for.

        The process is this role's own: a mail that hangs it ends it, for the supervisor to start another.

        Args:
            stop: Ends it, after the mail at hand.
            gives_way: Called before each mail; waits while something is more urgent.
        """
        self._hang_s, self._stop, self._gives_way = HANG_S, stop, partial(gives_way, stop)
        ear = self.store.ear(Topic.MAIL)
        trouble = Trouble(self.log, "batch_failed")
        go_on(self.run_batch, stop, WORKER, trouble, lambda: ear.wait(stop, IDLE_S))
        self._owed.settle_at_end()
        ear.close()

    def run_batch(self) -> int:
        """Claim and finish up to `BATCH` mails; returns how many were claimed."""
        self._owed.settle()
        with _ended_after(self._hang_s):
            self._take_saved_texts()
        self._gives_way()
        begun = self.clock()
        claims = self.store.claim_mails(limit=BATCH, lease=LEASE, now=begun, max_attempts=MAX_ATTEMPTS)
        for claim in claims:
            if not self._why_not_now(begun):
                self._gives_way()
            why = self._why_not_now(begun)
            if why:
                MAILS_GIVEN_BACK.labels(why).inc()
                self._give_back(claim, timedelta(0), "")
            else:
                WORKER.beat()
                self.finish(claim)
        return len(claims)

    def _why_not_now(self, begun: datetime) -> str:
        """Why the rest of a batch goes back for others, at once and uncounted; empty if its next mail is worked on."""
        if self._stop is not None and self._stop.is_set():
            return "stopping"
        return "late" if self.clock() - begun > BATCH_TIME else ""

    def _take_saved_texts(self) -> None:
        """Letters are written with what agents have saved at the desk by now."""
        if self._texts is None:
            if not self.store.letter_texts_stamp():
                return
            self._texts = SavedTexts(self.store, self.rules.pack)
        pack = self._texts.current()
        if pack is not self.rules.pack:
            self.rules = replace(self.rules, pack=pack)

    def finish(self, claim: Claim) -> None:
        """File one claimed mail, or note its failure: retried, then parked."""
        try:
            with _ended_after(self._hang_s):
                self._file(claim)
        except ClaimLost:
            CLAIMS_LOST.labels("mail").inc()
            self.log.warning("claim_lost", mail_id=claim.mail_id)
        except Outdated:
            MAILS_GIVEN_BACK.labels("outdated").inc()
            self.log.warning("outdated", mail_id=claim.mail_id)
            self._give_back(claim, STORE_PAUSE, "its ticket kept changing; this try is not counted")
        except StoreUnavailable as error:
            MAILS_GIVEN_BACK.labels("database").inc()
            self.log.warning("store_unavailable", mail_id=claim.mail_id, error=str(error))
            self._give_back(claim, STORE_PAUSE, "the database was away; this try is not counted")
        except Exception as error:  # noqa: BLE001 - a bug in reading one mail must not lose it or stop the rest
            self._fail(claim, error)

    def _give_back(self, claim: Claim, delay: timedelta, error: str) -> None:
        """End a claim without counting it: the mail is not to blame."""
        give = partial(self.store.retry_mail, claim, now=self.clock(), delay=delay, error=error, is_counted=False)
        try:
            with suppress(StoreUnavailable):  # owed
                self._owed.write(give)
        except ClaimLost:
            self.log.warning("claim_lost", mail_id=claim.mail_id)

    def _file(self, claim: Claim) -> None:
        now, laps = self.clock(), Laps()
        envelope = envelope_from_json(claim.envelope_json)
        mail = parse_mail(
            claim.raw,
            envelope,
            own_addresses=self.own,
            instance=self.rules.identity.instance,
            authserv_id=self.rules.identity.authserv_id,
        )
        laps("parse")
        if self._lets_another_go_first(claim, mail, now):
            return
        if is_own_letter(mail, self.rules.identity.secret):
            self.log.error("own_letter_came_back", mail_id=claim.mail_id, peer=mail.envelope.peer)
            found = "own_message_id: a letter of our own came back"
            mail = replace(mail, automation=Automation(kind=AutomaticKind.LOOP, may_reply=False, evidence=(found,)))
        if self.check_sender is not None:
            # The mail is safe by now and no transaction is open: DNS may take its seconds.
            trust = self.check_sender(claim.raw, mail)
            mail = replace(mail, trust=trust.trust, trust_evidence=trust.evidence)
            laps("sender_check")
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                self._decide_and_file(claim, mail, now, laps)
            except Outdated:
                if not tries_left:
                    raise
                DECIDED_ANEW.inc()
                self.log.info("decided_anew", mail_id=claim.mail_id)
            else:
                return

    def _decide_and_file(self, claim: Claim, mail: Mail, now: datetime, laps: Laps) -> None:
        """Decide in view of what is there now.

        Raises:
            Outdated: Another mail of the same ticket, or an agent, was quicker.
        """
        secret = self.rules.identity.secret
        limits = self.rules.pack.limits.of_letters
        returned = returned_ids(mail, claim.raw, secret)
        named = plus_refs(mail, secret)
        recipient = choose_recipient(mail)
        split = split_of(mail, secret)
        history = self.store.history(
            mail,
            now,
            claim.mail_id,
            recipient=recipient.address if recipient else "",
            proven_refs=(*filter(None, (ref_of_message_id(one, secret) for one in returned)), *named),
            split=split,
            limits=limits,
        )
        laps("history")
        done = self._triaged(mail, history, claim, laps)
        is_here = any(history.ref == one or history.ref == self.store.merged_into(one) for one in named)
        is_returned = is_here and is_failure(claim.raw)
        ref = self.store.file(
            filing_of(
                claim,
                done,
                now,
                limits=limits,
                is_returned=is_returned,
                returned=returned,
                returned_memos=self._returned_memos(mail, claim),
                split=split,
                objection=objection_in(done.mail.reply_text, self.rules.pack.cues),
            )
        )
        laps("file")
        waited = self.clock() - mail.envelope.received_at
        mail_filed(done.decision.disposition.value, done.reply, waited_s=waited.total_seconds())
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
            trust=mail.trust.value,
        )

    def _returned_memos(self, mail: Mail, claim: Claim) -> tuple[str, ...]:
        """The memos of ours that a failure report came for: only a memo's own address proves it."""
        if mail.automation.kind is not AutomaticKind.BOUNCE or not is_failure(claim.raw):
            return ()
        own = self.rules.identity
        addresses = (memo_of_address(one, own.address, own.secret) for one in mail.envelope.rcpt_tos)
        return tuple(filter(None, addresses))

    def _triaged(self, mail: Mail, history: History, claim: Claim, laps: Laps) -> Triage:
        """A text saved at the desk that fails on this mail must not keep it from its ticket: then the pack's own is used."""
        try:
            return triage(mail, history, self.rules, laps)
        except Exception as error:
            if self._texts is None or self.rules.pack is self._texts.pack:
                raise
            done = triage(mail, history, replace(self.rules, pack=self._texts.pack))
            # Without a trace, which may quote the mail.
            self.log.error("letter_text_failed", mail_id=claim.mail_id, error=type(error).__name__)  # noqa: TRY400
            return done

    def _lets_another_go_first(self, claim: Claim, mail: Mail, now: datetime) -> bool:
        """Put an answer back while the mail that it answers is still in some worker's hands; about a minute at most."""
        if claim.waited_since is not None and now - claim.waited_since >= ORDER_PATIENCE:
            return False
        answered = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one][:50]
        if not self.store.answers_unread_mail(answered, mail_id=claim.mail_id):
            return False
        self.store.put_back_mail(claim, now=now, delay=ORDER_PAUSE)
        self.log.info("mail_put_back", mail_id=claim.mail_id)
        return True

    def _fail(self, claim: Claim, error: Exception) -> None:
        try:
            self._note_failure(claim, error)
        except (ClaimLost, StoreUnavailable) as trouble:
            self.log.warning("failure_not_noted", mail_id=claim.mail_id, error=trouble.code)

    def _note_failure(self, claim: Claim, error: Exception) -> None:
        # Never the message of an unknown error in full: it may quote the mail.
        what = f"{type(error).__name__} in {_place(error)}"
        if claim.attempts >= MAX_ATTEMPTS:
            self.store.park_mail(claim, error=what, now=self.clock())
            MAILS_PARKED.inc()
            self.log.error("mail_parked", mail_id=claim.mail_id, attempts=claim.attempts, error=what)
        else:
            delay = timedelta(seconds=2**claim.attempts)
            self.store.retry_mail(claim, now=self.clock(), delay=delay, error=what)
            MAILS_FAILED.inc()
            self.log.warning("mail_failed", mail_id=claim.mail_id, attempts=claim.attempts, error=what)


def filing_of(
    claim: Claim,
    done: Triage,
    now: datetime,
    *,
    limits: LetterLimits,
    is_returned: bool,
    returned: tuple[str, ...],
    returned_memos: tuple[str, ...] = (),
    split: tuple[str, int] | None = None,
    objection: str = "",
) -> Filing:
    """The one transaction's content."""
    history, joined = done.history, done.history.ticket
    return Filing(
        mail_id=claim.mail_id,
        token=claim.token,
        mail=done.mail,
        seen=done.seen,
        decision=done.decision,
        reply=done.reply,
        state=done.state,
        now=now,
        join=joined.ref if joined else None,
        ref=history.ref,
        is_first=history.is_awaited and joined is not None,
        version=joined.version if joined else None,
        limits=limits,
        is_returned=is_returned,
        returned_ids=returned,
        returned_memos=returned_memos,
        returned_to=failed_recipients(claim.raw) if returned or is_returned else (),
        link=history.link,
        named=tuple(dict.fromkeys((*done.mail.thread_refs, *refs_in(done.mail.reply_text))))[:MOST_NAMED],
        split_key=split_key(*split) if split else "",
        objection=objection,
        overtaken=tuple(one.message_id for one in joined.letters if one.is_overtaken) if joined else (),
    )


def is_own_letter(mail: Mail, secret: bytes) -> bool:
    """Is it one of our letters, whatever became of its other headers on the way (autoreply rule 7)?"""
    return mail.message_id is not None and ref_of_message_id(mail.message_id, secret) is not None


def split_of(mail: Mail, secret: bytes) -> tuple[str, int] | None:
    """Ticket and issue whose signed split address the mail was sent to."""
    return next(filter(None, (split_of_address(address, secret) for address in mail.envelope.rcpt_tos)), None)


def plus_refs(mail: Mail, secret: bytes) -> tuple[str, ...]:
    """The tickets whose signed reply or bounce address the mail was sent to."""
    refs = (ref_of_plus_address(address, secret) for address in mail.envelope.rcpt_tos)
    return tuple(dict.fromkeys(filter(None, refs)))


def returned_ids(mail: Mail, raw: bytes, secret: bytes) -> tuple[str, ...]:
    """Our letters that a failure report returns, by their signed Message-IDs; empty for every other mail.

    Those of the returned message or headers, else those that the report itself refers to (some servers send it as a
    reply). An id whose signature does not verify proves nothing and is left out: forged reports disable nobody.
    """
    if mail.automation.kind is not AutomaticKind.BOUNCE or not is_failure(raw):
        return ()
    replied = [one for one in (mail.in_reply_to, *mail.references[-1:]) if one]
    return _signed(mail.returned_ids, secret) or _signed(own_ids_in(raw), secret) or _signed(replied, secret)


def _signed(ids: Iterable[str], secret: bytes) -> tuple[str, ...]:
    return tuple(one for one in dict.fromkeys(ids) if ref_of_message_id(one, secret))


@contextmanager
def _ended_after(hang_s: float | None) -> Iterator[None]:
    """End the process if the block takes longer: even an endless regular expression, which no thread of ours could stop.

    Where it hung is told on stderr by files and lines, without any content.
    """
    if hang_s is None:
        yield
        return
    faulthandler.dump_traceback_later(hang_s, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _place(error: Exception) -> str:
    """File and line where the error was raised, without any content."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
