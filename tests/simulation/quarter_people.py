"""The two sides of a simulated quarter: customers who get our letters, and agents who work the queue in business hours."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.lacking import lacks_by
from models.assessment import Category, Section
from models.by_hand import edit_key
from models.correcting import PRESENT, UNKNOWN, WrongLetter
from models.decision import AGENT, LetterKind, ReplyState
from models.errors import IllegalMove
from models.states import TicketState
from responders.by_hand import Answered, Typed, compose_by_hand, edited_message, subject_by_hand
from tests.simulation.mails import report_on
from tests.simulation.people import answer_address, threaded
from tests.simulation.quarter_answers import AWAY, THANKS, answer_to, objection
from tests.simulation.quarter_mails import Habit, raw_mail

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from datetime import datetime

    from models.views import QueueRow, ReplyView, TicketView
    from tests.simulation.quarter_mails import FirstMail
    from tests.simulation.world import Desk, Letter, World

_REF = re.compile(r"T\d{6,12}")
_ASKING = {LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value, LetterKind.REMINDER.value}
_GONE, _AWAY = 0.015, 0.04  # addresses that do not exist; absence notes
_AGENTS = ("sato", "suzuki", "takahashi")


@dataclass(slots=True)
class Customers:
    """Every mailbox but ours: who wrote decides what he makes of a letter."""

    desk: Desk
    chance: random.Random
    writers: dict[str, FirstMail] = field(default_factory=dict)  # by address
    _answers: dict[str, int] = field(default_factory=dict)  # by ticket

    def receives(self, letter: Letter, world: World) -> None:
        """What he makes of a mail."""
        one, found = self.writers.get(letter.to.casefold()), _REF.findall(str(letter.message["Subject"]))
        if one is None or not found:
            return
        luck = self.chance.random()
        if luck < _GONE:
            host = f"mx.{one.company.domain}"
            at = world.clock()
            report = report_on(
                letter.raw,
                to=letter.to,
                mail_from=letter.mail_from,
                host=host,
                message_id=world.next_id(host),
                at=at,
            )
            world.post(report, "", letter.mail_from)
            return
        language = one.company.language
        if luck < _GONE + _AWAY:
            subject, text = AWAY["ja" if language == "ja" else "en"]
            self._write(one, letter, world, timedelta(seconds=4), text, subject, {"Auto-Submitted": "auto-replied"})
            return
        view = self.desk.store.ticket(found[-1])  # ours stands last: a subject may quote another desk's
        message_id = str(letter.message["Message-ID"])
        said = next((reply for reply in view.replies if reply.message_id == message_id), None)
        if said is not None:
            self._answer(one, letter, world, view, said)

    def _answer(self, one: FirstMail, letter: Letter, world: World, view: TicketView, said: ReplyView) -> None:
        language, ref = one.company.language, view.row.ref or ""
        times = self._answers.get(ref, 0)
        if said.kind in _ASKING or (said.kind == AGENT and view.row.state == TicketState.WAITING_CUSTOMER):
            luck = self.chance.random()
            silent = 0.85 if one.company.habit is Habit.SILENT else 0.28
            if times >= 2 or luck < silent:
                return
            asked = view.row.missing or view.asked or ("evidence",)
            after = self._delay(world)
            at = world.clock() + after
            if luck > 0.96:
                text = objection(language)
            else:
                share = 1.0 if luck < silent + 0.5 else 0.6
                text = answer_to(asked, language, self.desk.rules.pack, at, self.chance, share=share)
            self._answers[ref] = times + 1
            self._write(one, letter, world, after, text)
        elif said.kind == LetterKind.SPLIT.value and one.parts and self.chance.random() < 0.15:
            for number, part in enumerate(one.parts):
                self._write_anew(one, world, self._delay(world) + number * timedelta(minutes=6), part)
        elif said.kind == AGENT and times < 3 and self.chance.random() < 0.3:
            self._answers[ref] = times + 1
            self._write(one, letter, world, self._delay(world), THANKS.get(language, THANKS["en"]))

    def _delay(self, world: World) -> timedelta:
        """Log-normal, half of them within six hours; most people write in the day."""
        hours = min(self.chance.lognormvariate(1.8, 1.2), 400.0)
        at = world.clock() + timedelta(hours=hours)
        working = self.desk.rules.pack.desk.working
        if not working.is_open(at) and self.chance.random() < 0.9:
            at = working.after(at, timedelta(minutes=self.chance.randrange(1, 240)))
        return at - world.clock()

    def _write(
        self,
        one: FirstMail,
        letter: Letter,
        world: World,
        after: timedelta,
        text: str,
        subject: str = "",
        head: dict[str, str] | None = None,
    ) -> None:
        to = answer_address(letter.message)
        fields = {
            "From": f"{one.name} <{one.address}>",
            "To": to,
            "Subject": subject or f"Re: {letter.message['Subject']}",
            **threaded(letter),
            **(head or {}),
        }
        self._post(one, world, after, fields, text, to)

    def _write_anew(self, one: FirstMail, world: World, after: timedelta, text: str) -> None:
        subject = " ".join(text.split())[:24]
        fields = {"From": f"{one.name} <{one.address}>", "To": self.desk.address, "Subject": subject}
        self._post(one, world, after, fields, text, self.desk.address)

    @staticmethod
    def _post(one: FirstMail, world: World, after: timedelta, fields: dict[str, str], text: str, to: str) -> None:
        def post() -> None:
            message_id = world.next_id(one.company.domain)
            world.post(raw_mail({**fields, "Message-ID": message_id}, text, world.clock()), one.address, to)

        world.at(after, post)


@dataclass(slots=True)
class Agents:
    """Three people who look at the queue every business hour; each ticket has its turn after a log-normal while."""

    desk: Desk
    chance: random.Random
    _due: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def look(self) -> None:
        """One round."""
        store = self.desk.store
        for letter in store.replies(limit=500, state=ReplyState.HELD.value)[::-1]:
            if self._is_due(f"letter {letter.reply_id}", 0, 1.0):
                self._settle(letter)
        steps: dict[str, tuple[float, Callable[[QueueRow], None]]] = {
            TicketState.READY.value: (3.0, self._answer),
            TicketState.NEEDS_REVIEW.value: (2.0, self._review),
            TicketState.ANSWERED.value: (20.0, self._close),
        }
        for row in store.queue(limit=10_000):
            if row.ref is None or row.state not in steps:
                continue
            hours, step = steps[row.state]
            if self._is_due(f"{row.ref} {row.state}", len(row.mails), 1.0 if row.proposal else hours):
                with suppress(IllegalMove):
                    step(row)

    def _is_due(self, key: str, times: int, median_hours: float) -> bool:
        now = self.desk.world.clock()
        if (key, times) not in self._due:
            hours = median_hours * self.chance.lognormvariate(0.0, 0.9)
            working = self.desk.rules.pack.desk.working
            self._due[key, times] = working.after(now, timedelta(hours=min(hours, 60.0)))
        return now >= self._due[key, times]

    def _who(self) -> str:
        return self.chance.choice(_AGENTS)

    def _settle(self, letter: ReplyView) -> None:
        """Held letters: most are right as they are; of split letters fewer."""
        store, now, luck = self.desk.store, self.desk.world.clock(), self.chance.random()
        by = self._who()
        right, edited = (0.62, 0.14) if letter.kind == LetterKind.SPLIT.value else (0.74, 0.1)
        try:
            if luck < right:
                store.release_reply(letter.reply_id, by=by, now=now)
            elif luck < right + edited:
                self._edit(letter, by)
            else:
                store.discard_reply(letter.reply_id, by=by, now=now)
        except IllegalMove:
            store.discard_reply(letter.reply_id, by=by, now=now)

    def _edit(self, letter: ReplyView, by: str) -> None:
        store, now, pack = self.desk.store, self.desk.world.clock(), self.desk.rules.pack
        more = "ご不便をおかけし、申し訳ございません。" if letter.language == "ja" else "We are sorry for the trouble."
        text = f"{more}\n\n{letter.text}"
        subject = subject_by_hand(letter.subject, letter.ref, pack, letter.language)
        store.send_edited(
            letter.reply_id,
            subject=subject,
            text=text,
            raw=edited_message(store.raw_reply(letter.reply_id), subject, text, pack, now),
            based_on=edit_key(letter.subject, letter.text),
            by=by,
            now=now,
        )

    def _answer(self, row: QueueRow) -> None:
        """A ready ticket: nearly always an answer, now and then one more question by hand, or nothing but closing."""
        luck = self.chance.random()
        if luck < 0.05:
            self.desk.store.move(row.ref or "", TicketState.CLOSED, by=self._who(), now=self.desk.world.clock())
        else:
            self._write(row, TicketState.WAITING_CUSTOMER if luck < 0.13 else TicketState.ANSWERED)

    def _review(self, row: QueueRow) -> None:
        """What no letter was sure of: a machine's mail is closed, spam marked, a reading mended, the customer answered."""
        store, now, by, ref = self.desk.store, self.desk.world.clock(), self._who(), row.ref or ""
        if any(reply.state == ReplyState.HELD.value for reply in row.replies):
            return
        view = store.ticket(ref)
        self._look_at_letters(view, by)
        first = view.mails[0]
        if first.automation is not None and first.automation.kind is not None:
            store.move(ref, TicketState.CLOSED, by=by, now=now)
            return
        if Category.OUT_UNRELATED.value in row.categories:
            store.mark_spam(ref, is_spam=True, by=by, now=now)
            return
        wrong = next((item for item in row.missing if item in {one.value for one in Section}), None)
        if wrong and self.chance.random() < 0.35:
            value = PRESENT if self.chance.random() < 0.7 else UNKNOWN
            lacks = lacks_by(self.desk.rules.pack)
            store.correct(first.mail_id, f"section:{wrong}", value, lacks=lacks, by=by, now=now, ref=ref)
        asks = bool(row.missing) and self.chance.random() < 0.5
        self._write(store.ticket(ref).row, TicketState.WAITING_CUSTOMER if asks else TicketState.ANSWERED)

    def _look_at_letters(self, view: TicketView, by: str) -> None:
        """Says of letters that were only shown whether they were right, and calls those wrong that the customer objected to."""
        store, now = self.desk.store, self.desk.world.clock()
        objected = any(event.what == "customer_objected" for event in view.events)
        for letter in view.replies:
            if letter.state == ReplyState.SHADOW.value and not letter.judgement and self.chance.random() < 0.6:
                store.judge_letter(letter.reply_id, right=self.chance.random() < 0.85, by=by, now=now)
            if objected and letter.kind in _ASKING and not letter.judgement and self.chance.random() < 0.6:
                store.call_wrong(letter.reply_id, WrongLetter.ASKED_WHAT_WAS_THERE, by=by, now=now)
                return

    def _close(self, row: QueueRow) -> None:
        self.desk.store.move(row.ref or "", TicketState.CLOSED, by=self._who(), now=self.desk.world.clock())

    def _write(self, row: QueueRow, to: TicketState) -> None:
        desk, now, by, ref = self.desk, self.desk.world.clock(), self._who(), row.ref or ""
        view, pack = desk.store.ticket(ref), desk.rules.pack
        mail = next(
            (one for one in reversed(view.mails) if not (one.automation and one.automation.kind)), view.mails[-1]
        )
        asks = to is TicketState.WAITING_CUSTOMER
        answered = Answered(
            ref=ref,
            language=row.language,
            subject=row.subject,
            message_id=mail.message_id,
            references=tuple(filter(None, [mail.message_id])),
        )
        typed = Typed(
            by=by,
            key=f"{ref}-{len(view.replies)}",
            to=mail.sender,
            cc=(),
            subject=row.subject,
            text=_TEXTS["ja" if row.language == "ja" else "en", asks],
            then_state=to.value,
        )
        letter = compose_by_hand(typed, answered, pack, desk.rules.identity, now)
        version = view.row.version
        desk.store.reply_by_hand(ref, letter, mail_id=mail.mail_id, version=version, files="", now=now)


_TEXTS = {
    (
        "ja",
        False,
    ): "お問い合わせの件、確認いたしました。設定を見直し、再度お試しください。\nご不明な点がございましたら、ご返信ください。",
    (
        "ja",
        True,
    ): "お問い合わせの件、確認を進めております。恐れ入りますが、エラーの全文と発生時刻をお知らせいただけますでしょうか。",
    (
        "en",
        False,
    ): "We have looked into it. Please review the setting and try once more; reply to this mail if it persists.",
    ("en", True): "We are looking into it. Could you send us the full error message and the time at which it occurred?",
}
