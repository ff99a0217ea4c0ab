"""What a fresh reader of the conversations broke: mails that nobody would see, and letters that should not have gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from models.db.store import Store
from models.errors import Outdated
from models.mail import AutomaticKind, Automation, Trust
from models.states import TicketState
from models.ticket import Link, LinkKind
from models.views import ReplyView, TicketView
from responders.thanks import says_only_thanks
from runtime.reminders import pass_time
from runtime.triage import Rules
from runtime.worker import Worker
from tests.contract.test_conversations import ASK, GOAL, WHEN, accept, raw_mail, take_in
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE, NOW, file_one, mail

SUBJECT = "ECSに接続できません"
OWN = ("In-Reply-To: <r1@example.com>", "References: <r1@example.com>")


@dataclass
class Talk:
    """A customer, a worker and an agent; letters go out only when told to."""

    store: Store
    rules: Rules
    clock: Clock = field(default_factory=lambda: Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC)))
    number: int = 0

    def __post_init__(self) -> None:
        self.worker = Worker(self.store, self.rules, frozenset({DESK}), self.clock)

    def writes(self, body: str, *heads: str, subject: str = SUBJECT) -> int:
        """One mail at the door, unread."""
        self.number += 1
        accept(self.store, raw_mail(self.number, subject, f"{body}\n", *heads), self.clock())
        return self.number

    def read(self) -> None:
        while self.worker.run_batch():
            pass

    def says(self, body: str, *heads: str, subject: str = SUBJECT) -> TicketView:
        self.writes(body, *heads, subject=subject)
        self.read()
        return self.ticket()

    def answers(self, body: str) -> TicketView:
        """An answer to our first letter."""
        first = self.letters()[0].message_id
        return self.says(body, f"In-Reply-To: {first}", f"References: {first}", subject=f"Re: {SUBJECT}")

    def letters_go(self) -> list[str]:
        claims = self.store.claim_replies(limit=50, lease=LEASE, now=self.clock())
        for claim in claims:
            self.store.reply_sent(claim, now=self.clock())
        return [self.store.reply(claim.reply_id).kind for claim in claims]

    def letters(self) -> list[ReplyView]:
        return sorted(self.store.replies(), key=lambda one: one.reply_id)

    def ticket(self, ref: str = "T000001") -> TicketView:
        return self.store.ticket(ref)

    def moves(self, to: TicketState, ref: str = "T000001") -> None:
        self.store.move(ref, to, by="hanako", now=self.clock())

    def begins(self) -> None:
        self.says(ASK)
        assert self.letters_go() == ["request_information"]
        self.clock.advance(timedelta(hours=2))


@pytest.fixture
def talk(sqlite_store: Store, rules: Rules) -> Talk:
    return Talk(sqlite_store, rules)


# what is written on a closed ticket


@pytest.mark.parametrize(
    "body",
    [
        "対応が遅すぎます。責任者を出してください。",
        "チケットを再開してください。",
        "Please reopen this ticket.",
        "電話をください。",
        "いいえ。",
        "I want to speak to your manager.",
        "まだ接続できません。",
    ],
)
def test_whatever_is_no_thanks_on_a_closed_ticket_is_seen(talk: Talk, body: str) -> None:
    talk.begins()
    talk.moves(TicketState.CLOSED)
    talk.answers(body)
    later = talk.ticket("T000002")
    assert [(link.ref, link.kind) for link in later.links] == [("T000001", "follows")]
    assert later.row.state == "needs_review"
    assert talk.ticket().row.state == "closed"


def test_thanks_on_a_closed_ticket_open_nothing(talk: Talk) -> None:
    talk.begins()
    talk.moves(TicketState.CLOSED)
    view = talk.answers(
        "サポートご担当者様\n\n田中です。\n迅速にご対応いただき、ありがとうございました。\n\n田中商事 田中"
    )
    assert (view.row.state, len(view.mails)) == ("closed", 2)
    assert len(talk.store.queue(include_closed=True)) == 1


def test_an_answer_between_the_quoted_lines_of_a_closed_ticket_is_seen_and_gets_no_letter_there(talk: Talk) -> None:
    talk.begins()
    talk.moves(TicketState.CLOSED)
    quoted = "\n".join(f"> {line}" for line in talk.letters()[0].text.splitlines())
    filled = quoted.replace("■ 発生日時：", "■ 発生日時：2026/11/23 22:00 (JST)")
    assert filled != quoted
    talk.answers(filled)
    assert talk.ticket("T000002").links[0].kind == "follows"
    assert [letter.kind for letter in talk.ticket().replies] == ["request_information"]


def test_the_mail_that_a_closed_ticket_had_waited_for_opens_the_next(talk: Talk) -> None:
    talk.says("承知しました。よろしくお願いします。", "In-Reply-To: <r2@example.com>", subject=f"Re: {SUBJECT}")
    talk.moves(TicketState.CLOSED)
    talk.clock.advance(timedelta(minutes=20))
    talk.says(ASK)
    assert talk.ticket().row.state == "closed"
    assert talk.ticket("T000002").row.state != "closed"


def test_a_mail_that_goes_on_with_a_closed_ticket_is_not_asked_for_what_that_one_holds(talk: Talk) -> None:
    talk.begins()
    talk.answers(f"{WHEN}\n{GOAL}")
    talk.moves(TicketState.CLOSED)
    talk.answers("まだ接続できません。エラーは同じです。")
    later = talk.ticket("T000003")
    assert [(letter.kind, letter.state) for letter in later.replies] in (
        [],
        [("request_information", "held")],
    )


def test_two_mails_at_once_on_a_closed_ticket_open_one(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="sato", now=NOW)
    link = Link(other=ref, kind=LinkKind.FOLLOWS)
    take_in(store, mail(2, in_reply_to="<m1@example.com>"), 2, link=link)
    with pytest.raises(Outdated):
        take_in(store, mail(3, in_reply_to="<m1@example.com>"), 3, link=link)


def test_a_ticket_that_was_opened_again_meanwhile_has_no_follower(store: Store) -> None:
    ref = file_one(store)
    with pytest.raises(Outdated):
        take_in(store, mail(2), 2, link=Link(other=ref, kind=LinkKind.FOLLOWS))


# what a person looks at first


@pytest.mark.parametrize(
    "body", ["対応が遅すぎます。責任者を出してください。", "至急ご対応ください。", "明日までに電話をください。"]
)
def test_a_sleeping_ticket_wakes_at_its_customers_mail(talk: Talk, body: str) -> None:
    talk.begins()
    talk.store.snooze("T000001", talk.clock() + timedelta(days=20), by="hanako", now=talk.clock())
    assert talk.answers(body).row.state == "needs_review"


def test_after_a_complaint_no_letter_goes_before_an_agent_has_acted(talk: Talk) -> None:
    talk.begins()
    assert talk.answers("対応が遅すぎます。責任者を出してください。").row.state == "needs_review"
    view = talk.answers(f"{WHEN}\n{GOAL}")
    assert (view.row.state, view.row.missing) == ("needs_review", ())
    assert [letter.state for letter in view.replies if letter.kind == "completed"] == ["held"]
    assert any(reason.code == "hold_person_first" for reason in view.mails[-1].decision.reasons)  # type: ignore[union-attr]


def test_an_agents_move_lets_letters_go_again(talk: Talk) -> None:
    talk.begins()
    talk.answers("対応が遅すぎます。責任者を出してください。")
    talk.moves(TicketState.WAITING_CUSTOMER)
    view = talk.answers(f"{WHEN}\n{GOAL}")
    assert view.row.state == "ready"
    assert view.replies[-1].state == "queued"


@pytest.mark.parametrize(
    "body", ["すみません、閉じないでください。", "Please do not close it yet.", "待ってください。"]
)
def test_an_objection_takes_the_proposal_back(talk: Talk, body: str) -> None:
    talk.begins()
    assert talk.answers("解決しました。クローズしてください。").row.proposal == "close"
    view = talk.answers(body)
    assert (view.row.proposal, view.row.state) == ("", "needs_review")


def test_another_matter_that_comes_first_keeps_its_own_time(talk: Talk) -> None:
    talk.begins()
    talk.answers("別件ですが、RDS の MySQL へ接続できません。リージョンは東京、本日11時からです。")
    known = talk.ticket().items["when"]
    assert not known.is_given
    assert talk.ticket("T000002").row.split_from == "T000001"


# letters that wait


def test_a_question_that_waits_to_go_is_overtaken_by_what_the_customer_adds(talk: Talk) -> None:
    talk.says(ASK)
    view = talk.says(f"追記です。{WHEN}\n{GOAL}", *OWN, subject=f"Re: {SUBJECT}")
    assert [(letter.kind, letter.state) for letter in view.replies] == [
        ("request_information", "suppressed"),
        ("acknowledgement", "queued"),
    ]
    assert (view.row.state, talk.letters_go()) == ("ready", ["acknowledgement"])


def test_a_question_that_is_on_its_way_is_not_overtaken(talk: Talk) -> None:
    talk.says(ASK)
    assert len(talk.store.claim_replies(limit=1, lease=LEASE, now=talk.clock())) == 1
    view = talk.says(f"追記です。{WHEN}\n{GOAL}", *OWN, subject=f"Re: {SUBJECT}")
    assert [letter.state for letter in view.replies] == ["queued", "queued"]


def test_a_question_that_the_customer_quotes_has_reached_him(talk: Talk) -> None:
    talk.says(ASK)  # without a delivery of ours, as where another program fetches the letters
    view = talk.answers(f"{WHEN}\n{GOAL}")
    assert [(letter.kind, letter.state) for letter in view.replies] == [
        ("request_information", "queued"),
        ("completed", "queued"),
    ]


def test_what_lies_at_the_door_already_is_not_asked_for(talk: Talk) -> None:
    talk.begins()
    first = talk.letters()[0].message_id
    talk.writes(WHEN, f"In-Reply-To: {first}", subject=f"Re: {SUBJECT}")
    talk.clock.advance(timedelta(seconds=20))
    talk.writes(f"ゴールが抜けておりました。\n{GOAL}", f"In-Reply-To: {first}", subject=f"Re: {SUBJECT}")
    talk.read()
    assert [kind for kind in talk.letters_go() if kind == "follow_up"] == []
    talk.clock.advance(timedelta(minutes=2))
    assert talk.letters_go() == []
    assert talk.ticket().row.state == "ready"


def test_no_reminder_goes_while_an_answer_lies_unread(talk: Talk) -> None:
    talk.begins()
    talk.clock.advance(timedelta(days=7))
    assert len(talk.store.due_reminders(sent_before=talk.clock())) == 1
    first = talk.letters()[0].message_id
    talk.writes(WHEN, f"In-Reply-To: {first}", subject=f"Re: {SUBJECT}")
    assert talk.store.due_reminders(sent_before=talk.clock()) == ()


# machines and forgers


def returned(ref: str) -> dict[str, object]:
    return {"join": ref, "is_returned": True}


def bounce(number: int) -> object:
    return mail(number, automation=Automation(kind=AutomaticKind.BOUNCE, may_reply=False, evidence=("x",)))


@pytest.mark.parametrize("state", ["answered", "waiting_customer", "snoozed"])
def test_a_returned_letter_leaves_no_ticket_waiting_for_its_answer(store: Store, state: str) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    if state == "answered":
        store.move(ref, TicketState.ANSWERED, by="sato", now=NOW)
    if state == "snoozed":
        store.snooze(ref, NOW + timedelta(days=1), by="sato", now=NOW)
    take_in(store, bounce(2), 2, **returned(ref))  # type: ignore[arg-type]
    store.wake(now=NOW + timedelta(days=2))
    assert store.ticket(ref).row.state == "needs_review"


def test_a_failure_report_stays_with_the_closed_ticket_whose_letter_it_returns(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="sato", now=NOW)
    take_in(store, mail(2, in_reply_to="<m1@example.com>"), 2, link=Link(other=ref, kind=LinkKind.FOLLOWS))
    found = store.history(bounce(3), NOW, 3, proven_refs=(ref,)).ticket  # type: ignore[arg-type]
    assert found is not None
    assert found.ref == ref


def test_what_a_forger_writes_is_shown_and_not_believed(store: Store) -> None:
    ref = file_one(store)
    take_in(store, mail(2, trust=Trust.FAILED), 2, join=ref)
    row = store.ticket(ref).row
    assert (row.state, row.missing) == ("needs_review", ("when", "goal"))


def test_a_move_with_a_reason_counts_as_what_it_is(store: Store) -> None:
    from models.decision import ReplyState  # noqa: PLC0415

    ref = file_one(store, reply_state=ReplyState.SHADOW)
    store.move(ref, TicketState.READY, by="sato", now=NOW, why="電話で確認中")
    (outcome,) = store.shadow_outcomes(NOW - timedelta(days=1))
    assert outcome.moved_to == "ready"


def test_time_wakes_nobody_twice(talk: Talk) -> None:
    talk.begins()
    assert pass_time(talk.store, talk.rules.pack, talk.clock()).get("woken", 0) == 0


@pytest.mark.parametrize(
    ("text", "is_thanks"),
    [
        ("ありがとうございました。", True),
        ("佐藤です。\n無事接続できました。クローズいただいて構いません。", True),
        ("Thank you for your quick help.\nBest regards,\nJohn Smith", True),
        ("It works now. Thanks a lot!", True),
        ("ありがとうございます。ただ、まだ繋がりません。", False),
        ("Thanks, but it is not working.", False),
        ("No.", False),
        ("添付のとおりです。", False),
        ("本番環境のサーバーです。", False),
        ("", False),
    ],
)
def test_thanks_are_known_sentence_by_sentence(text: str, is_thanks: bool) -> None:
    assert says_only_thanks(text) is is_thanks
