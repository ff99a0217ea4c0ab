"""Threads that support staff write: a conversation mail by mail, played against a store, a worker and a clock.

tests/cases/threads/README.md says what each key means. Letters count as sent at once.
"""

from __future__ import annotations

import email.policy
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.parser import BytesParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ingest.parse import parse_mail
from models.arrival import Arrival
from models.decision import ReplyState
from models.mail import Envelope
from models.states import TicketState
from runtime.reminders import pass_time, send_due_reminders
from runtime.worker import Worker
from tests.support.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from models.db.store import Store
    from models.views import ReplyView, TicketView
    from runtime.triage import Rules

ZONE = ZoneInfo("Asia/Tokyo")
STEP, FRONT = "==========", "\n--\n"
DESK = "support@uketsuke.example"
KEYS = frozenset(
    {
        "at",
        "ticket",
        "state",
        "letter",
        "may_hold",
        "asks",
        "asks_not",
        "missing",
        "given",
        "linked",
        "contains",
        "lacks",
        "proposes_close",
        "tickets",
        "do",
        "inline",
        "fill",
        "not_yet",
    }
)
_WENT = frozenset({ReplyState.QUEUED.value, ReplyState.SENT.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at one time, and what is expected of it."""

    at: datetime
    expected: Mapping[str, Any]
    mail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A whole conversation."""

    why: str
    steps: tuple[Step, ...]


def read_thread(file: Path) -> Thread:
    """The thread of a file.

    Raises:
        ValueError: A step has no time, an unknown key, expects nothing, or stands before its time.
    """
    head, *parts = re.split(rf"^{STEP}$\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    steps = tuple(_step(part) for part in parts)
    if not steps:
        raise ValueError("no step")
    if any(later.at < earlier.at for earlier, later in pairwise(steps)):
        raise ValueError("the steps stand in order of time")
    return Thread(why=tomllib.loads(head).get("why", ""), steps=steps)


def _step(part: str) -> Step:
    front, dashes, mail = part.partition(FRONT)
    expected = tomllib.loads(front)
    if unknown := set(expected) - KEYS:
        raise ValueError(f"no key is called {min(unknown)}; known are {', '.join(sorted(KEYS))}")
    if "at" not in expected or ("do" not in expected and not dashes):
        raise ValueError("a step says at what time, and is a mail or does something")
    if dashes and not {"ticket", "state"} <= set(expected):
        raise ValueError("a mail belongs to a ticket, which then stands somewhere")
    at = datetime.strptime(expected["at"], "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
    return Step(at=at, expected=expected, mail=mail if dashes else None)


@dataclass(slots=True)
class Player:
    """Plays one thread and notes what was not expected."""

    store: Store
    rules: Rules
    clock: Clock = field(default_factory=lambda: Clock(datetime(2026, 1, 1, tzinfo=ZONE)))
    refs: list[str] = field(default_factory=list)  # the thread's tickets, in order of opening
    letters: list[ReplyView] = field(default_factory=list)  # those that went, oldest first
    mails: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)

    def play(self, thread: Thread) -> list[str]:
        """Everything that was not as expected, a sentence each."""
        pack = self.rules.pack
        pack = replace(pack, desk=replace(pack.desk, addresses=frozenset({DESK})))
        self.rules = replace(self.rules, pack=pack, identity=replace(self.rules.identity, is_trusted=True))
        worker = Worker(self.store, self.rules, frozenset({DESK}), self.clock)
        for number, step in enumerate(thread.steps, 1):
            self.clock.now = step.at
            if step.mail is None:
                self._do(str(step.expected["do"]))
            else:
                self._take_in(step, worker)
            went = self._deliver()
            for said in self._judge(step, went):
                self.wrong.append(f"step {number} ({step.expected['at']}): {said}")
        return self.wrong

    def _do(self, what: str) -> None:
        verb, _, rest = what.partition(" ")
        now = self.clock()
        if verb == "time":
            send_due_reminders(self.store, self.rules.pack, self.rules.identity, "auto", now)
            pass_time(self.store, self.rules.pack, now)
            return
        number, _, until = rest.partition(" ")
        ref = self.refs[int(number) - 1]
        if verb == "release":
            for letter in self.store.ticket(ref).replies:
                if letter.state == ReplyState.HELD.value:
                    self.store.release_reply(letter.reply_id, by="sato", now=now)
                    self._known.discard(letter.reply_id)
            return
        if verb == "snooze":
            at = datetime.strptime(until, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
            self.store.snooze(ref, at, by="sato", now=now)
        else:
            self.store.move(ref, TicketState({"close": "closed"}.get(verb, verb)), by="sato", now=now)

    def _take_in(self, step: Step, worker: Worker) -> None:
        assert step.mail is not None
        raw = self.filled(step.mail, step.expected).encode()
        read = parse_mail(raw, Envelope(mail_from="", rcpt_tos=(), received_at=step.at))
        sender = read.sender.addr if read.sender else ""
        to = [one.addr for one in (*read.to, *read.cc) if one.addr.endswith("@uketsuke.example")] or [DESK]
        mail_from = "" if b"\nReturn-Path: <>" in raw else sender
        envelope = Envelope(mail_from=mail_from, rcpt_tos=(to[0],), received_at=step.at, peer="192.0.2.1")
        (mail_id,) = self.store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
        self.mails += [] if mail_id in self.mails else [mail_id]
        for _ in range(30):
            if not worker.run_batch() and not self.store.books().waiting:
                break
            self.clock.now += timedelta(seconds=3)
        for row in reversed(self.store.queue(include_closed=True, limit=1000)):
            if row.ref and row.ref not in self.refs:
                self.refs.append(row.ref)

    def _deliver(self) -> list[ReplyView]:
        """What goes out now; letters that an agent must release stay."""
        for claim in self.store.claim_replies(limit=50, lease=timedelta(minutes=5), now=self.clock()):
            self.store.reply_sent(claim, now=self.clock())
        new = [one for one in reversed(self.store.replies(limit=500)) if one.reply_id not in self._known]
        self._known |= {one.reply_id for one in new}
        went = [one for one in new if one.state in _WENT]
        self.letters += went
        return new

    # what a mail quotes

    def filled(self, mail: str, keys: Mapping[str, Any]) -> str:
        """The mail with its placeholders filled in from the letters that went before."""

        def put(match: re.Match[str]) -> str:
            what, number = match[1], match[2]
            if what == "ref":
                return self.refs[int(number) - 1] if number else self.refs[0]
            if what == "split_to":
                return self._split_address(int(number or 2))
            letter = self._letter(int(number) if number else None)
            if what == "reply_to":
                return self._header(letter, "Reply-To")
            if what == "letter_id":
                return letter.message_id
            return f"Re: {letter.subject}" if what == "re" else quoted(letter, keys)

        return re.sub(r"\{(reply_to|letter_id|re|ref|quoted|split_to)(?::(\d+))?\}", put, mail)

    def _letter(self, ticket: int | None) -> ReplyView:
        ref = self.refs[ticket - 1] if ticket else None
        return next(one for one in reversed(self.letters) if ref in {None, one.ref})

    def _header(self, letter: ReplyView, name: str) -> str:
        message = BytesParser(policy=email.policy.default).parsebytes(self.store.raw_reply(letter.reply_id))
        return str(message[name])

    def _split_address(self, number: int) -> str:
        split = next(one for one in reversed(self.letters) if one.kind == "split")
        found: list[str] = list(dict.fromkeys(re.findall(r"[\w.]+\+split\.\S+?@[\w.]+", split.text)))
        return found[number - 2]

    # what is expected

    def _judge(self, step: Step, new: list[ReplyView]) -> Iterator[str]:
        expected = step.expected
        went = [one for one in new if one.state in _WENT]
        held = [one for one in new if one.state == ReplyState.HELD.value]
        if "tickets" in expected and expected["tickets"] != len(self.refs):
            yield f"there are {len(self.refs)} tickets, not {expected['tickets']}"
        view = None
        if "ticket" in expected:
            if expected["ticket"] > len(self.refs):
                yield f"there is no ticket {expected['ticket']}"
                return
            view = self.store.ticket(self.refs[expected["ticket"] - 1])
        if view is not None and step.mail is not None and self.mails[-1] not in {one.mail_id for one in view.mails}:
            yield f"the mail is not in ticket {expected['ticket']}"
            return
        expected = {key: value for key, value in expected.items() if key not in expected.get("not_yet", [])}
        is_held = bool(expected.get("may_hold")) and bool(held) and not went
        if not is_held:
            yield from self._letters_as_expected(expected, went, held)
        if view is not None:
            yield from self._ticket_as_expected(expected, view, is_held=is_held)

    def _letters_as_expected(
        self, expected: Mapping[str, Any], went: list[ReplyView], held: list[ReplyView]
    ) -> Iterator[str]:
        kinds = [one.kind for one in went]
        if "letter" in expected:
            wanted = [] if expected["letter"] == "none" else [expected["letter"]]
            if kinds != wanted:
                why = f" ({'; '.join(f'{one.kind} held: {one.reason}' for one in held)})" if held else ""
                yield f"letters {kinds}, not {wanted}{why}"
                return
        text = "\n".join(f"{one.subject}\n{one.text}" for one in went)
        for words, should_be in ((expected.get("contains", []), True), (expected.get("lacks", []), False)):
            for word in words:
                if (_flat(word) in _flat(text)) is not should_be:
                    yield f"the letter {'lacks' if should_be else 'holds'} {word}"
        if went and ("asks" in expected or "asks_not" in expected):
            asked = set(self._asked_by(went[-1]))
            if lacking := set(expected.get("asks", [])) - asked:
                yield f"the letter does not ask for {sorted(lacking)}, but for {sorted(asked)}"
            if vain := asked & set(expected.get("asks_not", [])):
                yield f"the letter asks for {sorted(vain)}"

    def _asked_by(self, letter: ReplyView) -> tuple[str, ...]:
        view = self.store.ticket(letter.ref)
        history = self.store.history(_nobody(), self.clock(), 10**9, proven_refs=(letter.ref,))
        assert history.ticket is not None
        assert view.row.ref == letter.ref
        return next(one.asked for one in history.ticket.letters if one.message_id == letter.message_id)

    def _ticket_as_expected(self, expected: Mapping[str, Any], view: TicketView, *, is_held: bool) -> Iterator[str]:
        state = expected.get("state")
        states = [state] if isinstance(state, str) else list(state or [])
        if states and view.row.state not in states and not (is_held and view.row.state == "needs_review"):
            yield f"the ticket is {view.row.state}, not {' or '.join(states)}"
        if "missing" in expected and set(view.row.missing) != set(expected["missing"]):
            yield f"missing are {list(view.row.missing)}, not {expected['missing']}"
        for item, number in expected.get("given", {}).items():
            known = view.items.get(item)
            by = self.mails.index(known.mail_id) + 1 if known and known.mail_id in self.mails else None
            if by != number:
                yield f"{item} was given by mail {by}, not {number}"
        if "linked" in expected:
            other = self.refs[expected["linked"] - 1]
            if other not in {link.ref for link in view.links}:
                yield f"the ticket is not linked to ticket {expected['linked']}"
        if "proposes_close" in expected and (view.row.proposal == "close") is not expected["proposes_close"]:
            yield f"the ticket is {'not ' if expected['proposes_close'] else ''}proposed to be closed"


def _nobody() -> Any:  # noqa: ANN401 - a mail that says nothing
    return parse_mail(b"", Envelope(mail_from="", rcpt_tos=(), received_at=datetime(2026, 1, 1, tzinfo=ZONE)))


def _flat(text: str) -> str:
    return "".join(text.split()).casefold()


def quoted(letter: ReplyView, keys: Mapping[str, Any]) -> str:
    """The letter as mail programs quote it, its form completed and its questions answered in place."""
    lines = letter.text.rstrip("\n").split("\n")
    inline = dict(keys.get("inline", {}))
    for word, value in keys.get("fill", {}).items():
        lines = [_completed(line, word, value) for line in lines]
    out: list[str] = []
    waiting = ""
    for line in lines:
        if re.match(r"\s*\(\d+\)", line) and (word := next((one for one in inline if one in line), None)):
            waiting = inline.pop(word)
        if not line.strip() and waiting:
            out += ["", waiting, ""]
            waiting = ""
        out.append(f"> {line}".rstrip())
    if inline:
        raise ValueError(f"the letter has no question titled {', '.join(inline)}")
    intro = f"{letter.created_at:%Y/%m/%d %H:%M} Alibaba Cloud Japan サポートセンター <{DESK}>:"
    if letter.language == "en":
        intro = f"On {letter.created_at:%a, %d %b %Y at %H:%M}, Alibaba Cloud Japan <{DESK}> wrote:"
    return "\n".join([intro, *out])


def _completed(line: str, word: str, value: str) -> str:
    bare = line.rstrip()
    is_field = re.match(r"\s*[■*]", bare) and word in bare and bare.endswith(("：", ":"))
    return f"{bare} {value}" if is_field else line
