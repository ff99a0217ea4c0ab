"""Stored mails and whole threads once more, under another pack or other models: what would become of each.

Plays them in order, by their own clock, through worker and store as they are, in a database of its own that is thrown
away; agents' moves and releases are played where they fit. Promises: the real database is only read; nothing is sent.
What was sent to customers then leads back, whether it would be sent now or not, to the ticket that the mails of its
ticket go to now. Modes, lists, accounts and saved texts are those of today; a stop of all letters is not played.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from models.db.migrate import upgrade
from models.db.store import Store
from models.decision import ReplyState
from models.errors import IllegalMove, LettersStopped, NotFound
from models.states import TicketState
from runtime.reminders import pass_time, send_due_reminders
from runtime.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from models.db.replaying import HandMove, StoredLetter, StoredMail
    from models.decision import History
    from models.mail import Mail, TrustFound
    from runtime.triage import Rules

_LEASE = timedelta(minutes=5)
_TICK = timedelta(seconds=3)
_MOST_TICKS = 60
_DAY = timedelta(days=1)
_BEFORE = 1970  # there was no mail yet
_UNTIL = "until "
_LONGEST_PAUSE = 60  # days between two mails in which time is passed day by day
_GOES = frozenset({ReplyState.QUEUED, ReplyState.SENT, ReplyState.FAILED, ReplyState.BOUNCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one mail."""

    mail_id: int
    ref: str
    disposition: str
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    letter: str  # its kind, or nothing
    fate: str  # goes, waits, shadow, silent, or nothing
    why: str  # why it waits or is silent
    asked: tuple[str, ...]
    subject: str
    text: str

    @property
    def told(self) -> str:
        """In a word: "request_information goes"."""
        return f"{self.letter} {self.fate}" if self.letter else "no letter"


def _parked(mail: StoredMail, error: str) -> Outcome:
    """A mail that failed at every try."""
    return Outcome(
        mail_id=mail.mail_id,
        ref="",
        disposition="parked",
        missing=(),
        reasons=(),
        letter="",
        fate="",
        why=f"failed: {error}".removesuffix(": "),
        asked=(),
        subject="",
        text="",
    )


def recorded(mail: StoredMail) -> Outcome:
    """What became of a mail when it came."""
    return _outcome(mail, mail.ref, mail.letter)


def _outcome(mail: StoredMail, ref: str, letter: StoredLetter | None) -> Outcome:
    return Outcome(
        mail_id=mail.mail_id,
        ref=ref,
        disposition=mail.decision.disposition.value,
        missing=mail.decision.missing,
        reasons=tuple(f"{reason.code}: {reason.detail}".rstrip(": ") for reason in mail.decision.reasons),
        letter=letter.kind if letter else "",
        fate=_fate(letter) if letter else "",
        why=letter.reason if letter else "",
        asked=letter.asked if letter else (),
        subject=letter.subject if letter else "",
        text=letter.text if letter else "",
    )


def _fate(letter: StoredLetter) -> str:
    """How the letter began, whatever an agent made of it later."""
    if letter.judgement in {"released", "discarded", "edited"} or letter.state in {
        ReplyState.HELD,
        ReplyState.DISCARDED,
    }:
        return "waits"
    if letter.state in _GOES:
        return "goes"
    return "shadow" if letter.state == ReplyState.SHADOW.value else "silent"


def replay(
    mails: Iterable[StoredMail],
    moves: Sequence[HandMove],
    letter_keys: Mapping[str, Sequence[str]],
    rules: Rules,
    own: frozenset[str],
    settings: Mapping[str, Sequence[dict[str, object]]] | None = None,
) -> Iterator[Outcome]:
    """The outcome of every mail under these rules, in order.

    Args:
        mails: In the order of arrival.
        moves: What agents did, in order.
        letter_keys: By ticket as it was then, the keys of the Message-IDs of ours that led to it.
        rules: Pack, models, identity, mode.
        own: The desk's addresses.
        settings: What agents have set at the desk, as `desk_settings` of the store gives it.
    """
    with TemporaryDirectory(prefix="uketsuke-replay-") as folder:
        url = f"sqlite:///{Path(folder) / 'replay.sqlite3'}"
        upgrade(url)
        store = _Stand(url)
        try:
            store.adopt_desk_settings(settings or {})
            yield from _Stage(store, rules, own, moves, letter_keys).play(mails)
        finally:
            store.close()


class _Stand(Store):
    """A store in which names of tickets of the record stand for the tickets that their mails go to now."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.now_of: dict[str, str] = {}

    def history(
        self,
        mail: Mail,
        now: datetime,
        mail_id: int,
        *,
        proven_refs: Sequence[str] = (),
        split: tuple[str, int] | None = None,
        **others: Any,  # noqa: ANN401 - as they are
    ) -> History:
        """As every history, by the names of now."""
        return super().history(
            replace(mail, thread_refs=self._now_of(mail.thread_refs)),
            now,
            mail_id,
            proven_refs=self._now_of(proven_refs),
            split=(self.now_of.get(split[0], split[0]), split[1]) if split else None,
            **others,
        )

    def _now_of(self, refs: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.now_of.get(ref, ref) for ref in refs)


class _Stage:
    """One replay under way."""

    def __init__(
        self,
        store: _Stand,
        rules: Rules,
        own: frozenset[str],
        moves: Sequence[HandMove],
        letter_keys: Mapping[str, Sequence[str]],
    ) -> None:
        self.store, self.rules, self.letter_keys = store, rules, letter_keys
        self.moves = list(reversed(moves))  # the next one last
        self.now = datetime(_BEFORE, 1, 1, tzinfo=UTC)
        self.trust: dict[str, TrustFound] = {}
        self.worker = Worker(store, rules, own, lambda: self.now, self._trust_of)

    def play(self, mails: Iterable[StoredMail]) -> Iterator[Outcome]:
        for mail in mails:
            self._pass_time_until(mail.received_at)
            yield self._outcome_of(mail)

    def _outcome_of(self, mail: StoredMail) -> Outcome:
        self.trust = {"now": mail.trust}
        self.store.adopt_mail(mail)
        for _ in range(_MOST_TICKS):
            if not self.worker.run_batch() and not self.store.books().waiting:
                break
            self.now += _TICK
        self._send()
        done = self.store.stored_mail(mail.mail_id)
        if done is None:
            return _parked(mail, self.store.mail_error(mail.mail_id))
        # The first mail of a ticket says where the others, and the answers to its letters, would go.
        now_in = self.store.now_of.setdefault(mail.ref, done.ref)
        for key in self.letter_keys.get(mail.ref, ()):
            self.store.adopt_message_id(key, now_in)
        return _outcome(done, done.ref, done.letter)

    def _trust_of(self, _raw: bytes, _mail: Mail) -> TrustFound:
        """As it was found then: DNS tells other things today."""
        return self.trust["now"]

    def _send(self) -> None:
        for claim in self.store.claim_replies(limit=100, lease=_LEASE, now=self.now):
            self.store.reply_sent(claim, now=self.now)

    def _pass_time_until(self, at: datetime) -> None:
        """Days pass, and agents do what they did."""
        zone = ZoneInfo(self.rules.pack.desk.timezone)
        noon = self.now.astimezone(zone).replace(hour=12, minute=0)  # an hour at which a desk is open
        noons = (noon + _DAY * n for n in range(_LONGEST_PAUSE if self.now.year > _BEFORE else 0))
        for day in (one for one in noons if self.now < one < at):
            self._hands_until(day)
            self.now = day
            pack = self.worker.rules.pack  # with the texts saved at the desk
            send_due_reminders(
                self.store, pack, self.rules.identity, self.rules.mode, day, as_delivered=self.rules.pack
            )
            pass_time(self.store, self.rules.pack, day)
            self._send()
        self._hands_until(at)
        self.now = at

    def _hands_until(self, at: datetime) -> None:
        while self.moves and self.moves[-1].at <= at:
            move = self.moves.pop()
            self.now = max(self.now, move.at)
            try:
                self._do(move)
            except (IllegalMove, NotFound, LettersStopped):
                continue  # under these rules there was nothing of the kind to do

    def _do(self, move: HandMove) -> None:
        if move.what == "moved":
            to, _, why = move.detail.partition(" -> ")[2].partition(": ")
            if to == TicketState.SNOOZED.value and why.startswith(_UNTIL):
                zone = ZoneInfo(self.rules.pack.desk.timezone)
                until = datetime.strptime(why.removeprefix(_UNTIL), "%Y-%m-%d %H:%M").replace(tzinfo=zone)
                self.store.snooze(move.ref, until, by=move.by, now=move.at)
            else:
                self.store.move(move.ref, TicketState(to), by=move.by, now=move.at)
            return
        held = [one for one in self.store.ticket(move.ref).replies if one.state == ReplyState.HELD.value]
        for letter in held:
            if letter.kind == move.detail.partition(" ")[0]:
                settle = self.store.release_reply if move.what == "reply_queued" else self.store.discard_reply
                settle(letter.reply_id, by=move.by, now=move.at)
                self._send()
