"""What agents set for all letters holds against every race: the stop, the lists, the limits, saved texts; both databases."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text as sql

from models.controls import Judgement, Verdict, normal_pattern, patterns_for
from models.db.engine import make_engine, transaction
from models.db.limits import text_hash
from models.db.migrate import config_for, upgrade
from models.db.store import Store
from models.decision import UNLIMITED, LetterKind, LetterLimits, LetterMode, ReplyState
from models.errors import EditConflict, IllegalMove, LettersStopped, NotFound
from models.states import TicketState
from tests.support.databases import empty
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply

BY = "hanako"
LIMITS = LetterLimits(
    per_recipient_hour=5, per_recipient_day=20, per_domain_hour=60, total_10min=200, bounce_hold=timedelta(days=60)
)


def file_letter(
    store: Store,
    number: int,
    *,
    to: str = "taro@example.com",
    sender: str = "taro@example.com",
    text: str = "",
    limits: LetterLimits | None = LIMITS,
    state: ReplyState = ReplyState.QUEUED,
    kind: LetterKind = LetterKind.REQUEST_INFORMATION,
) -> tuple[str, str]:
    """File one mail with its letter; returns (state, reason) of the letter."""
    store.accept([arrival(number, sender=sender)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = replace(reply(claim.mail_id, to=to, state=state, kind=kind), text=text or f"No. {number}")
    ref = store.file(replace(filing(claim, mail(number, sender=sender), letter), limits=limits))
    made = store.ticket(ref).replies[-1]
    return made.state, made.reason


# --- the stop


def test_a_stop_holds_what_is_queued_and_hands_nothing_out(store: Store) -> None:
    ref = file_one(store)
    assert store.letters_stopped() is None
    assert store.stop_letters(by=BY, now=NOW) == 1
    stop = store.letters_stopped()
    assert stop is not None
    assert (stop.by, stop.at, store.alarms(NOW).stop) == (BY, NOW, stop)
    view = store.ticket(ref)
    assert (view.replies[0].state, view.replies[0].reason, view.row.state) == ("held", "stopped", "needs_review")
    assert [(event.what, event.by) for event in view.events][-2:] == [("reply_held", BY), ("moved", BY)]
    assert store.claim_replies(limit=5, lease=LEASE, now=NOW) == ()
    assert store.stop_letters(by="jiro", now=NOW) == 0
    assert store.letters_stopped() == stop
    assert store.history(mail(2), NOW, 2).is_stopped


def test_a_letter_in_someones_hands_goes_on_and_waits_if_it_must_be_tried_again(store: Store) -> None:
    file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    assert store.stop_letters(by=BY, now=NOW) == 0
    store.reply_deferred(claim, now=NOW, next_at=NOW, error="421 later")
    assert store.claim_replies(limit=1, lease=LEASE, now=NOW) == ()
    store.resume_letters(by=BY, now=NOW)
    assert len(store.claim_replies(limit=1, lease=LEASE, now=NOW)) == 1


def test_what_is_filed_while_letters_are_stopped_is_held_and_goes_when_it_is_released(store: Store) -> None:
    store.stop_letters(by=BY, now=NOW)
    assert file_letter(store, 1, limits=None) == ("held", "stopped")
    assert file_letter(store, 2, state=ReplyState.HELD) == ("held", "held for a test")
    assert store.ticket("T000001").row.state == "needs_review"
    with pytest.raises(LettersStopped):
        store.release_reply(1, by=BY, now=NOW)
    with pytest.raises(LettersStopped):
        store.release_stopped(by=BY, now=NOW)
    store.resume_letters(by=BY, now=NOW)
    store.resume_letters(by=BY, now=NOW)
    assert store.claim_replies(limit=5, lease=LEASE, now=NOW) == ()
    assert store.held_by_stop() == 1
    assert store.release_stopped(by=BY, now=NOW) == 1
    assert [store.reply(number).state for number in (1, 2)] == ["queued", "held"]
    assert store.ticket("T000001").row.state == "waiting_customer"
    assert [claim.ref for claim in store.claim_replies(limit=5, lease=LEASE, now=NOW)] == ["T000001"]
    whats = [(event.what, event.by, event.detail) for event in store.desk_events()]
    assert whats == [
        ("stopped_released", BY, "1"),
        ("letters_resumed", BY, ""),
        ("letters_stopped", BY, "0"),
    ]


def test_a_closed_tickets_letter_is_not_released_with_the_others(store: Store) -> None:
    for number in (1, 2):
        file_one(store, number)
    store.stop_letters(by=BY, now=NOW)
    store.move("T000001", TicketState.CLOSED, by=BY, now=NOW)
    store.resume_letters(by=BY, now=NOW)
    assert store.release_stopped(by=BY, now=NOW) == 1
    assert [store.reply(number).state for number in (1, 2)] == ["held", "queued"]


def test_what_would_not_go_today_stays_held_when_the_stops_letters_are_released(store: Store) -> None:
    senders = ("a@one.example", "b@two.example", "c@three.example", "d@four.example")
    kinds = (LetterKind.SPLIT, LetterKind.REQUEST_INFORMATION, LetterKind.ACCOUNT_NOTICE, LetterKind.OUT_OF_SCOPE)
    for number, (sender, kind) in enumerate(zip(senders, kinds, strict=True), 1):
        assert file_letter(store, number, to=sender, sender=sender, kind=kind)[0] == "queued"
    store.stop_letters(by=BY, now=NOW)
    store.set_letter_mode(LetterKind.SPLIT, LetterMode.APPROVE, by=BY, now=NOW)
    store.set_address_rule("@two.example", Verdict.BLOCK, by=BY, now=NOW)
    store.accept([arrival(5, sender=senders[2])])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(replace(filing(claim, mail(5, sender=senders[2]), None), join="T000003"))
    store.resume_letters(by=BY, now=NOW)
    assert store.release_stopped(by=BY, now=NOW) == 1
    assert [store.reply(number).state for number in range(1, 5)] == ["held", "held", "held", "queued"]
    reasons = [store.reply(number).reason for number in range(1, 4)]
    assert [one.partition(":")[0] for one in reasons] == ["mode", "blocked", "stopped"]
    assert reasons[2] == "stopped: the customer has written since"
    assert store.held_by_stop() == 0, "nobody is offered to release them together again"


@pytest.mark.parametrize(
    ("mode", "modes"), [("approve", {}), ("shadow", {}), ("auto", {"request_information": "approve"})]
)
def test_an_installation_or_pack_that_has_letters_approved_keeps_the_stops_too(
    store: Store, mode: str, modes: dict[str, str]
) -> None:
    file_letter(store, 1)
    store.stop_letters(by=BY, now=NOW)
    store.resume_letters(by=BY, now=NOW)
    assert store.release_stopped(by=BY, now=NOW, mode=mode, modes=modes) == 0
    assert store.reply(1).state == "held"
    assert store.reply(1).reason.startswith("mode: ")


def test_a_question_that_waits_is_overtaken_by_what_the_customer_writes(store: Store) -> None:
    file_letter(store, 1)
    store.stop_letters(by=BY, now=NOW)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = reply(claim.mail_id, kind=LetterKind.REQUEST_INFORMATION)
    store.file(replace(filing(claim, mail(2), letter), join="T000001"))
    assert [(one.state, one.reason.partition(":")[0]) for one in store.replies()] == [
        ("held", "stopped"),
        ("discarded", "overtaken"),
    ]
    store.resume_letters(by=BY, now=NOW)
    assert store.release_stopped(by=BY, now=NOW) == 1


def test_a_later_letter_does_not_go_before_one_that_stays(store: Store) -> None:
    file_letter(store, 1, kind=LetterKind.SPLIT)
    store.stop_letters(by=BY, now=NOW)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = reply(claim.mail_id, kind=LetterKind.COMPLETED)
    store.file(replace(filing(claim, mail(2), letter), join="T000001"))
    store.resume_letters(by=BY, now=NOW)
    assert store.release_stopped(by=BY, now=NOW) == 0
    assert [store.reply(number).reason for number in (1, 2)] == [
        "stopped: the customer has written since",
        "stopped: an earlier letter of the ticket is held still",
    ]


def test_a_letter_that_must_be_tried_again_is_silenced_if_its_address_was_blocked_meanwhile(store: Store) -> None:
    file_letter(store, 1)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.set_address_rule("@example.com", Verdict.BLOCK, by=BY, now=NOW)
    store.reply_deferred(claim, now=NOW, next_at=NOW, error="450 later")
    assert (store.reply(1).state, store.ticket("T000001").row.state) == ("suppressed", "needs_review")
    assert store.claim_replies(limit=1, lease=LEASE, now=NOW + LEASE * 2) == ()


def test_a_blocked_sender_gets_nothing_at_another_address_and_an_exception_that_ends_silences(store: Store) -> None:
    file_letter(store, 1, sender="bad@evil.example", to="other@example.com")
    store.set_address_rule("c@one.example", Verdict.ALLOW, by=BY, now=NOW)
    store.set_address_rule("@one.example", Verdict.BLOCK, by=BY, now=NOW)
    file_letter(store, 2, sender="c@one.example", to="c@one.example")
    store.set_address_rule("bad@evil.example", Verdict.BLOCK, by=BY, now=NOW)
    assert [store.reply(number).state for number in (1, 2)] == ["suppressed", "queued"]
    store.drop_address_rule("c@one.example", by=BY, now=NOW)
    assert store.reply(2).state == "suppressed"


def test_a_ticket_with_another_held_letter_stays_with_the_agents(store: Store) -> None:
    file_letter(store, 1)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = reply(claim.mail_id, state=ReplyState.HELD, kind=LetterKind.FOLLOW_UP)
    store.file(replace(filing(claim, mail(2), letter), join="T000001", state=TicketState.NEEDS_REVIEW))
    store.stop_letters(by=BY, now=NOW)
    store.resume_letters(by=BY, now=NOW)
    store.release_reply(1, by=BY, now=NOW)
    assert store.ticket("T000001").row.state == "needs_review"
    store.release_reply(2, by=BY, now=NOW)
    assert store.ticket("T000001").row.state == "waiting_customer"


def test_a_block_silences_what_is_queued_to_it_but_not_what_is_in_someones_hands(store: Store) -> None:
    for number, sender in enumerate(("a@one.example", "b@one.example", "c@one.example", "d@two.example"), 1):
        file_letter(store, number, to=sender, sender=sender)
    store.set_address_rule("b@one.example", Verdict.ALLOW, by=BY, now=NOW)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.set_address_rule("@one.example", Verdict.BLOCK, by=BY, now=NOW)
    assert [store.reply(number).state for number in range(1, 5)] == ["queued", "queued", "suppressed", "queued"]
    assert store.ticket("T000003").row.state == "needs_review"
    store.reply_sent(claim, now=NOW)
    assert [one.ref for one in store.claim_replies(limit=9, lease=LEASE, now=NOW)] == ["T000002", "T000004"]


@pytest.mark.parametrize(
    ("mode", "stands"),
    [
        (LetterMode.AUTO, ("queued", "")),
        (LetterMode.APPROVE, ("held", "mode: approve")),
        (LetterMode.SHADOW, ("held", "mode: shadow")),
        (LetterMode.OFF, ("suppressed", "mode_off: request_information")),
    ],
)
def test_a_mode_that_was_set_while_a_letter_was_made_counts(
    store: Store, mode: LetterMode, stands: tuple[str, str]
) -> None:
    store.set_letter_mode(LetterKind.REQUEST_INFORMATION, mode, by=BY, now=NOW)
    assert file_letter(store, 1) == stands


def test_no_reminder_is_written_while_letters_are_stopped(store: Store) -> None:
    file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    (due,) = store.due_reminders(sent_before=NOW + timedelta(days=3))
    letter = reply(1, kind=LetterKind.REMINDER)
    store.stop_letters(by=BY, now=NOW)
    assert not store.file_reminder(due, letter, now=NOW, limits=LIMITS)
    store.resume_letters(by=BY, now=NOW)
    assert store.file_reminder(due, letter, now=NOW, limits=LIMITS)


def test_four_workers_and_two_carriers_against_a_stop(store: Store) -> None:
    """No letter is queued after the stop's commit, and none handed out; none is lost or held twice."""
    store.accept([arrival(number, sender=f"u{number}@example.com") for number in range(1, 61)])
    is_stopped = threading.Event()
    late: list[str] = []

    def work() -> None:
        while claims := store.claim_mails(limit=1, lease=LEASE, now=NOW):
            is_stopped.wait(60 * (claims[0].mail_id > 50))  # some come after it, however quick the workers are
            was_stopped = is_stopped.is_set()
            letter = reply(claims[0].mail_id, to=f"u{claims[0].mail_id}@example.com")
            ref = store.file(filing(claims[0], mail(claims[0].mail_id), letter))
            if was_stopped and store.ticket(ref).replies[0].state != "held":
                late.append(ref)

    def carry() -> None:
        for _ in range(60):
            was_stopped = is_stopped.is_set()
            claims = store.claim_replies(limit=1, lease=LEASE, now=NOW)
            late.extend(claim.ref for claim in claims if was_stopped)
            for claim in claims:
                store.reply_sent(claim, now=NOW)

    def stop() -> None:
        while len(store.replies()) < 15:
            time.sleep(0.01)
        store.stop_letters(by=BY, now=NOW)
        is_stopped.set()

    with ThreadPoolExecutor(7) as pool:
        for done in [pool.submit(one) for one in (stop, carry, carry, work, work, work, work)]:
            done.result(60)
    states = [letter.state for letter in store.replies()]
    assert late == []
    assert set(states) <= {"sent", "held"}
    assert (len(states), "held" in states) == (60, True)
    events = [event.what for number in range(1, 61) for event in store.ticket(f"T{number:06d}").events]
    assert events.count("reply_held") == states.count("held")


# --- block and allow


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Taro+Shop@Example.COM ", "taro@example.com"),
        ("@Example.com", "@example.com"),
        ("@example.com.", "@example.com"),
        ("example.com", None),
        ("", None),
        ("a b@example.com", None),
        ("taro@", None),
        ("taro@a@b", None),
        ("<taro@example.com>", None),
        ("@" + "a" * 400, None),
    ],
)
def test_a_pattern_is_an_address_or_a_domain(text: str, kept: str | None) -> None:
    assert normal_pattern(text) == kept


def test_patterns_of_an_address_from_the_most_exact() -> None:
    assert patterns_for("Taro+x@mail.Example.co.jp") == (
        "taro@mail.example.co.jp",
        "@mail.example.co.jp",
        "@example.co.jp",
        "@co.jp",
        "@jp",
    )
    assert patterns_for("nobody") == ()


@pytest.mark.parametrize(
    ("to", "sender", "state"),
    [
        ("taro@sub.bad.example", "taro@good.example", "suppressed"),
        ("Taro+1@Bad.Example", "taro@good.example", "suppressed"),
        ("taro@notbad.example", "taro@good.example", "queued"),
        ("taro@good.example", "taro@bad.example", "suppressed"),
        ("friend@bad.example", "friend@bad.example", "queued"),
        ("x@fine.bad.example", "x@fine.bad.example", "queued"),
    ],
)
def test_the_most_exact_rule_counts_for_recipient_and_sender(store: Store, to: str, sender: str, state: str) -> None:
    for pattern, verdict in (
        ("@bad.example", Verdict.BLOCK),
        ("friend@bad.example", Verdict.ALLOW),
        ("@fine.bad.example", Verdict.ALLOW),
    ):
        store.set_address_rule(pattern, verdict, by=BY, now=NOW)
    history = store.history(mail(9, sender=sender), NOW, 9, recipient=to)
    assert history.is_blocked is (state == "suppressed")
    assert file_letter(store, 1, to=to, sender=sender) == (
        state,
        "blocked: the desk's block list names this address" if state == "suppressed" else "",
    )


def test_rules_are_listed_replaced_and_dropped_under_a_name(store: Store) -> None:
    assert (
        store.set_address_rule("Taro+a@Example.com", Verdict.BLOCK, note="spam\0 \n x", by=BY, now=NOW)
        == "taro@example.com"
    )
    store.set_address_rule("taro@example.com", Verdict.ALLOW, by="jiro", now=NOW)
    (rule,) = store.address_rules()
    assert (rule.pattern, rule.verdict, rule.note, rule.by) == ("taro@example.com", Verdict.ALLOW, "", "jiro")
    store.drop_address_rule("taro@example.com", by=BY, now=NOW)
    with pytest.raises(NotFound):
        store.drop_address_rule("taro@example.com", by=BY, now=NOW)
    with pytest.raises(ValueError, match="neither"):
        store.set_address_rule("example", Verdict.BLOCK, by=BY, now=NOW)
    assert [(event.what, event.detail) for event in store.desk_events()] == [
        ("rule_dropped", "taro@example.com"),
        ("rule_allow", "taro@example.com"),
        ("rule_block", "taro@example.com spam x"),
    ]


def test_an_allowed_address_is_past_its_own_limits_but_not_past_the_total_nor_a_spent_letter(store: Store) -> None:
    limits = replace(LIMITS, per_recipient_hour=1, per_domain_hour=1, total_10min=3)
    assert file_letter(store, 1, limits=limits)[0] == "queued"
    assert file_letter(store, 2, limits=limits)[1].startswith("rate_sender_hour")
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_failed(claim, now=NOW, error="550 no")
    assert file_letter(store, 3, limits=limits)[1].startswith("bounce_hold")
    store.set_address_rule("taro@example.com", Verdict.ALLOW, by=BY, now=NOW)
    assert store.history(mail(9), NOW, 9).is_allowed
    assert [file_letter(store, number, limits=limits)[0] for number in (4, 5, 6)] == ["queued"] * 3
    assert file_letter(store, 7, limits=limits) == ("held", "rate_total: 3 letters, the limit is 3")
    # An allowed sender brings no one else's address past its limits.
    assert not store.history(mail(9), NOW, 9, recipient="victim@elsewhere.example").is_allowed


# --- limits


def test_many_workers_never_overshoot_the_total_and_hold_the_rest(store: Store) -> None:
    store.accept([arrival(number, sender=f"u@d{number}.example") for number in range(1, 41)])
    limits = replace(LIMITS, total_10min=7)

    def work(_: int) -> None:
        while claims := store.claim_mails(limit=2, lease=LEASE, now=NOW):
            for claim in claims:
                letter = reply(claim.mail_id, to=f"u@d{claim.mail_id}.example")
                store.file(replace(filing(claim, mail(claim.mail_id), letter), limits=limits))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    letters = store.replies()
    assert [letter.state for letter in letters].count("queued") == 7
    held = [letter for letter in letters if letter.state == "held"]
    assert {letter.reason for letter in held} == {"rate_total: 7 letters, the limit is 7"}
    assert len(held) == 33
    assert {store.ticket(letter.ref).row.state for letter in held} == {"needs_review"}
    assert store.alarms(NOW).held_for_total == 33
    assert store.alarms(NOW + timedelta(minutes=10)).held_for_total == 0
    assert [(event.what, event.by) for event in store.desk_events()] == [("total_reached", "uketsuke")]


def test_the_total_lets_go_after_ten_minutes_though_letters_were_held(store: Store) -> None:
    limits = replace(LIMITS, total_10min=1)
    assert [file_letter(store, number, limits=limits)[0] for number in (1, 2)] == ["queued", "held"]
    assert store.history(mail(9), NOW, 9).letters_total_10min == 1


def test_the_same_letter_goes_to_an_address_once_a_day(store: Store) -> None:
    text = "受付番号 {ref}\n宛先 support+{ref}.abcdefghij234567@uketsuke.example\nお知らせください。"
    assert file_letter(store, 1, text=text.format(ref="T000001"))[0] == "queued"
    again = file_letter(store, 2, to="Taro@example.com", text=text.format(ref="T000002").replace("\n", "\n\n "))
    assert again == ("suppressed", "same_text: the same letter went to this address within a day")
    assert file_letter(store, 3, to="other@example.com", text=text.format(ref="T000003"))[0] == "queued"
    assert file_letter(store, 4, text="別の文面")[0] == "queued"
    off = replace(LIMITS, per_recipient_day=UNLIMITED)
    assert file_letter(store, 5, text=text.format(ref="T000005"), limits=off)[0] == "queued"
    reminder = file_letter(store, 6, text=text.format(ref="T000006"), kind=LetterKind.REMINDER)
    assert reminder[0] == "queued"


def test_letters_that_say_the_same_have_the_same_hash() -> None:
    one = text_hash("[T000001] 次へ support+T000001.abcdefghij234567@desk.example へ", "T000001")
    assert one == text_hash("[T000002] 次へ\nsupport+T000002.zyxwvutsrq765432@desk.example へ", "T000002")
    assert one != text_hash("[T000002] 次は support+T000002.zyxwvutsrq765432@desk.example へ", "T000002")


# --- modes


def test_modes_are_set_and_taken_back(store: Store) -> None:
    store.set_letter_mode(LetterKind.SPLIT, LetterMode.APPROVE, by=BY, now=NOW)
    store.set_letter_mode(LetterKind.SPLIT, LetterMode.OFF, by=BY, now=NOW)
    store.set_letter_mode(LetterKind.SPLIT, LetterMode.OFF, by="jiro", now=NOW)
    assert store.letter_modes() == {"split": "off"} == dict(store.history(mail(1), NOW, 1).modes)
    store.set_letter_mode(LetterKind.SPLIT, None, by=BY, now=NOW)
    assert store.letter_modes() == {}
    assert [event.detail for event in store.desk_events()] == ["split pack", "split off", "split approve"]


# --- texts


def test_a_saved_text_is_a_version_and_nobody_overwrites_what_he_has_not_seen(store: Store) -> None:
    assert (store.letter_texts(), store.letter_texts_stamp()) == ({}, 0)
    first = store.save_letter_text("split", "ja", "一\0", based_on=None, by=BY, now=NOW, note="first")
    assert (first.number, first.text, first.is_current) == (1, "一", True)
    with pytest.raises(EditConflict, match="hanako has saved split"):
        store.save_letter_text("split", "ja", "二", based_on=None, by="jiro", now=NOW)
    store.save_letter_text("split", "ja", "二", based_on=1, by="jiro", now=NOW)
    store.save_letter_text("_head", "en", "x", based_on=None, by=BY, now=NOW)
    assert store.letter_texts() == {("split", "ja"): "二", ("_head", "en"): "x"}
    stamp = store.letter_texts_stamp()
    with pytest.raises(EditConflict):
        store.restore_pack_text("split", "ja", based_on=1, by=BY, now=NOW)
    store.restore_pack_text("split", "ja", based_on=2, by=BY, now=NOW)
    assert store.letter_texts() == {("_head", "en"): "x"}
    assert store.letter_texts_stamp() > stamp
    versions = store.letter_text_versions("split", "ja")
    assert [(one.number, one.text, one.by, one.is_current, one.is_pack) for one in versions] == [
        (3, "", BY, True, True),
        (2, "二", "jiro", False, False),
        (1, "一", BY, False, False),
    ]
    assert [event.what for event in store.desk_events()] == ["text_restored", "text_saved", "text_saved", "text_saved"]


def test_of_many_who_save_at_once_one_wins(store: Store) -> None:
    together = threading.Barrier(6)

    def save(number: int) -> bool:
        together.wait(10)
        try:
            store.save_letter_text("split", "ja", f"{number}", based_on=None, by=f"a{number}", now=NOW)
        except EditConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(save, range(6)))
    assert won.count(True) == 1
    assert store.letter_texts() == {("split", "ja"): str(won.index(True))}
    assert len(store.letter_text_versions("split", "ja")) == 1


# --- how right letters were


def test_an_agents_word_on_a_shown_letter_and_counts_by_kind(store: Store) -> None:
    file_letter(store, 1, state=ReplyState.SHADOW)
    file_letter(store, 2, state=ReplyState.SHADOW, kind=LetterKind.ACKNOWLEDGEMENT)
    file_letter(store, 3, state=ReplyState.HELD)
    file_letter(store, 4, state=ReplyState.HELD)
    store.judge_letter(1, right=False, by=BY, now=NOW)
    store.judge_letter(1, right=True, by=BY, now=NOW)
    with pytest.raises(IllegalMove):
        store.judge_letter(3, right=True, by=BY, now=NOW)
    with pytest.raises(NotFound):
        store.judge_letter(99, right=True, by=BY, now=NOW)
    store.release_reply(3, by=BY, now=NOW)
    store.discard_reply(4, by=BY, now=NOW)
    assert [event.what for event in store.ticket("T000001").events][-2:] == ["judged_wrong", "judged_right"]
    counts = {(one.kind, one.state, one.judgement): one.count for one in store.kind_counts(NOW - LEASE)}
    assert counts == {
        ("request_information", "shadow", Judgement.RIGHT): 1,
        ("acknowledgement", "shadow", ""): 1,
        ("request_information", "queued", Judgement.RELEASED): 1,
        ("request_information", "discarded", Judgement.DISCARDED): 1,
    }
    assert store.kind_counts(NOW) == ()


def test_a_shown_letter_is_compared_with_what_the_agent_did(store: Store) -> None:
    for number in (1, 2):
        file_letter(store, number, state=ReplyState.SHADOW)
    store.move("T000001", TicketState.READY, by=BY, now=NOW)
    store.move("T000001", TicketState.WAITING_CUSTOMER, by=BY, now=NOW)
    second, first = store.shadow_outcomes(NOW - LEASE)
    assert (first.would_be, first.moved_to, first.by) == ("waiting_customer", "ready", BY)
    assert (second.ref, second.moved_to) == ("T000002", "")


def test_the_outbox_can_be_asked_for_one_state(store: Store) -> None:
    file_letter(store, 1, state=ReplyState.HELD)
    file_letter(store, 2)
    file_letter(store, 3, state=ReplyState.HELD)
    assert [letter.reply_id for letter in store.replies(state="held")] == [3, 1]
    assert [letter.reply_id for letter in store.replies(state="held", before=3)] == [1]
    assert store.replies(state="failed") == ()


def test_a_database_of_the_shape_before_is_brought_along(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0004")
        text = "[T000001] お知らせください support+T000001.abcdefghij234567@desk.example"
        for number, state in ((1, "sent"), (2, "discarded")):
            connection.execute(
                sql(
                    "INSERT INTO reply (id, mail_id, ref, kind, language, to_address, to_domain, to_folded, subject, text,"
                    " message_id, mail_from, raw, state, reason, asked, attempts, next_at, created_at) VALUES (:id, :id, 'T000001',"
                    " 'split', 'ja', 'a@b.example', 'b.example', 'a@b.example', '', :text, :name, '', :raw, :state, '', '[]', 0, :at, :at)"
                ),
                {"id": number, "name": f"<{number}@x>", "text": text, "raw": b"", "state": state, "at": NOW},
            )
    engine.dispose()
    upgrade(database_url)
    store = Store(database_url)
    assert [letter.judgement for letter in store.replies()] == ["discarded", ""]
    assert store.letters_stopped() is None
    with store.read() as connection:
        hashes = set(connection.execute(sql("SELECT text_hash FROM reply")).scalars())
    assert hashes == {""}
    store.close()
