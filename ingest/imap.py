"""A mailbox that other people read too becomes arrivals in the store; each mail once.

Promises: nothing happens to a mail in the mailbox before the store has it; reading leaves no trace (PEEK); what people
have read, flagged or moved back is taken all the same, for a mark of our own by UID says what was taken; a mail that
cannot be fetched or kept never stops the others: it is left, counted and tried again. A batch is bounded in mails and
bytes. Does not connect, log in or wait: `runtime.imap_role` does, and hands over the connection.

Follows RFC 3501 (UIDs), RFC 6851 (MOVE), RFC 4315 (UIDPLUS).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from imaplib import IMAP4
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from ingest.imap_client import act, among, select, sizes_of, texts_of, uids_in
from models.errors import StoreError
from models.mailbox import UidMark, UidState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from ingest.imap_client import Client, Selected
    from ingest.mailbox import After
    from models.arrival import Arrival

MOST_IN_BATCH = 50
MOST_BYTES_IN_BATCH = 8 * 2**20
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(days=1)
_SIZES_AT_ONCE = 500
Answer = TypeVar("Answer")


class Remembers(Protocol):
    """Where mails and marks are kept; see `models.db.mailboxes`."""

    def marks(self, mailbox: str, uidvalidity: int) -> dict[int, UidMark]: ...  # noqa: D102
    def take(self, mailbox: str, uidvalidity: int, fetched: Sequence[tuple[int, Arrival]]) -> tuple[int, ...]: ...  # noqa: D102
    def finish(self, mailbox: str, uidvalidity: int, uids: Collection[int]) -> None: ...  # noqa: D102
    def leave(self, mailbox: str, uidvalidity: int, uid: int, *, error: str, next_at: datetime) -> None: ...  # noqa: D102
    def forget(self, mailbox: str, uidvalidity: int, gone: Collection[int]) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """What is read, how much of it, and what becomes of it."""

    mailbox: str  # its name in the store
    folder: str
    after: After
    max_bytes: int
    since: date | None = None  # mails that reached the mailbox earlier stay where they are


class Poller:
    """Reads one folder again and again; outlives its connections, so that it learns from those that broke."""

    def __init__(
        self,
        store: Remembers,
        settings: PollSettings,
        arrive: Callable[[bytes], Arrival],
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._settings, self._arrive, self._clock = store, settings, arrive, clock
        self._log = structlog.get_logger(role="imap")
        self._settled: Selected | None = None  # at this state all was done
        self._retry_at: datetime | None = None
        self._attempts: dict[int, int] = {}
        self._suspects: set[int] = set()  # one of these broke a connection: from now on each comes alone
        self._has_polled = False
        self._is_stopping: Callable[[], bool] = lambda: False

    def poll(self, client: Client, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Take what is new; returns how many mails were taken. Everything is tried again next time if this fails.

        Raises:
            StoreError: The store takes nothing at the moment; nothing happened in the mailbox.
            IMAP4.error: The server said no, or the connection broke.
            OSError: The connection broke.
        """
        self._is_stopping = is_stopping
        box = select(client, self._settings.folder, self._settings.after)
        if box == self._settled and not self._is_retry_due():
            return 0
        self._settled = None
        marks = self._store.marks(self._settings.mailbox, box.uidvalidity)
        there = sorted(uids_in(client, box, self._settings.since))
        gone = marks.keys() - set(there)
        if gone or not self._has_polled:
            self._store.forget(self._settings.mailbox, box.uidvalidity, gone)
        self._attempts = {uid: mark.attempts for uid, mark in marks.items() if mark.state is UidState.LEFT}
        is_clean = self._mark(client, box, [uid for uid in there if _is(marks.get(uid), UidState.TAKEN)])
        wanted = [uid for uid in there if self._is_wanted(marks.get(uid))]
        self._retry_at = min((mark.next_at for mark in marks.values() if mark.next_at), default=None)
        self._has_polled = True
        taken = 0
        for batch in self._batches(client, box, wanted):
            if is_stopping():
                return taken
            done = self._take(client, box, batch)
            taken += len(done)
            is_whole = len(done) == len(batch)  # else another poller may have taken the rest, and have died since
            is_clean = self._mark(client, box, done) and is_whole and is_clean
        if is_clean and box.uidnext is not None:
            self._settled = box
        return taken

    def _is_retry_due(self) -> bool:
        return self._retry_at is not None and self._retry_at <= self._clock()

    def _is_wanted(self, mark: UidMark | None) -> bool:
        """New, or left and due; after a start everything left is due: its limits may be others now."""
        if mark is None:
            return True
        is_due = mark.next_at is None or mark.next_at <= self._clock() or not self._has_polled
        return mark.state is UidState.LEFT and is_due

    def _batches(self, client: Client, box: Selected, wanted: Sequence[int]) -> Iterator[dict[int, int]]:
        """The mails to fetch together, as sizes by UID: asked for first, so that no batch outgrows the memory."""
        for group in _groups(wanted, self._suspects):
            batch: dict[int, int] = {}
            for uid, size in self._ask(client, box, group, sizes_of).items():
                if size is None:
                    continue
                if size > self._settings.max_bytes:
                    self._leave(box, uid, f"too large: {size} bytes, over the limit of {self._settings.max_bytes}")
                    continue
                if len(batch) >= MOST_IN_BATCH or sum(batch.values()) + size > MOST_BYTES_IN_BATCH:
                    yield batch
                    batch = {}
                batch[uid] = size
            if batch:
                yield batch

    def _take(self, client: Client, box: Selected, batch: Mapping[int, int]) -> tuple[int, ...]:
        """Fetch and store one batch; what cannot be is left. Returns the UIDs that the store has now."""
        found = self._ask(client, box, list(batch), texts_of)
        return self._keep(box, tuple(self._arrivals(client, box, batch, found)))

    def _ask(
        self,
        client: Client,
        box: Selected,
        uids: Sequence[int],
        question: Callable[[Client, Sequence[int]], Mapping[int, Answer]],
    ) -> dict[int, Answer | None]:
        """The server's answers by UID; None where it refuses one, which is left, and nothing where the mail is gone."""
        try:
            return dict(question(client, uids))
        except (IMAP4.abort, OSError) as error:
            if not self._is_stopping():
                self._suspect(box, uids, error)
            raise
        except Exception as error:  # noqa: BLE001 - a refusal, or an answer that imapclient cannot read
            if len(uids) > 1:
                return {uid: said for one in uids for uid, said in self._ask(client, box, [one], question).items()}
            self._leave(box, uids[0], f"the server does not give it: {type(error).__name__}")
            return {uids[0]: None}

    def _suspect(self, box: Selected, uids: Sequence[int], error: Exception) -> None:
        """The connection broke while these were asked for: from now on each comes alone; one that came alone waits."""
        self._suspects.update(uids)
        if len(uids) == 1:
            self._leave(box, uids[0], f"the connection broke while it was fetched: {type(error).__name__}")

    def _arrivals(
        self, client: Client, box: Selected, batch: Mapping[int, int], found: Mapping[int, bytes | None]
    ) -> Iterator[tuple[int, Arrival]]:
        missing = []
        for uid, size in batch.items():
            raw = found.get(uid, b"")
            if raw is None:  # left already
                continue
            if uid not in found or (size and not raw):
                missing.append(uid)
            elif len(raw) > self._settings.max_bytes:
                self._leave(box, uid, f"too large: {len(raw)} bytes, over the limit of {self._settings.max_bytes}")
            else:
                try:
                    yield uid, self._arrive(raw)
                except Exception as error:  # noqa: BLE001 - one mail never stops the others
                    self._leave(box, uid, f"not readable: {type(error).__name__}")
        # One that somebody moved or deleted a moment ago is no matter.
        for uid in among(client, missing):
            self._leave(box, uid, "the server gave no text")

    def _keep(self, box: Selected, fetched: Sequence[tuple[int, Arrival]]) -> tuple[int, ...]:
        if not fetched:
            return ()
        try:
            taken = self._store.take(self._settings.mailbox, box.uidvalidity, fetched)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one mail that the database cannot hold never stops the others
            if len(fetched) > 1:
                return tuple(uid for one in fetched for uid in self._keep(box, [one]))
            self._leave(box, fetched[0][0], f"the store cannot hold it: {type(error).__name__}")
            return ()
        for uid, arrival in fetched:
            if uid in taken:
                self._log.info("accepted", sha256=arrival.sha256, size=len(arrival.raw), uid=uid)
        self._suspects.difference_update(uid for uid, _ in fetched)
        return taken

    def _leave(self, box: Selected, uid: int, why: str) -> None:
        """Remember why a mail was not taken, and when it is tried again: after 1, 4, 16 ... minutes, daily in the end."""
        attempts = self._attempts.get(uid, 0)
        next_at = self._clock() + min(LAST_RETRY, FIRST_RETRY * 4 ** min(attempts, 8))
        self._attempts[uid] = attempts + 1
        self._retry_at = min(self._retry_at or next_at, next_at)
        self._store.leave(self._settings.mailbox, box.uidvalidity, uid, error=why, next_at=next_at)
        self._log.warning("left_in_mailbox", uid=uid, why=why, attempts=attempts + 1, next_at=next_at.isoformat())

    def _mark(self, client: Client, box: Selected, uids: Sequence[int]) -> bool:
        """Do in the mailbox what is to be done with mails that the store has; False if the server refused."""
        if not uids:
            return True
        try:
            act(client, uids, self._settings.after)
        except IMAP4.abort:
            raise
        except IMAP4.error as error:
            self._log.error(
                "not_marked", action=self._settings.after.action.value, uids=len(uids), error=str(error)[:200]
            )
            return False
        self._store.finish(self._settings.mailbox, box.uidvalidity, uids)
        return True


def _groups(wanted: Sequence[int], suspects: Collection[int]) -> Iterator[Sequence[int]]:
    """What is asked for in one command: the good ones first and together, the suspects alone."""
    good = [uid for uid in wanted if uid not in suspects]
    for start in range(0, len(good), _SIZES_AT_ONCE):
        yield good[start : start + _SIZES_AT_ONCE]
    yield from ([uid] for uid in wanted if uid in suspects)


def _is(mark: UidMark | None, state: UidState) -> bool:
    return mark is not None and mark.state is state
