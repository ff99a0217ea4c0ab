"""A text saved at the desk is in the next letter without a restart; one that does not fit never stops mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from models.arrival import Arrival
from models.db.store import Store
from models.decision import LetterKind, LetterMode
from models.errors import PackError
from models.mail import Envelope
from policy.pack import Pack
from runtime.letter_texts import SavedTexts, overlaid
from runtime.reminders import send_due_reminders
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE, NOW

BY = "hanako"
ASKING = "お世話になっております。\nECS (i-6we0a1b2c3d4e5f6g7h8) に SSH で接続できません。\nよろしくお願いいたします。"
_FAILS_ON_THE_FIRST = "{{ ref }}{% if ref == 'T000001' %}{{ gone }}{% endif %}\n"
SAVED = "{{ ref }} を承りました。\n保存した文面です。\n"


def accept(store: Store, number: int, body: str = ASKING) -> None:
    raw = (
        f"From: taro{number}@example.co.jp\r\nTo: {DESK}\r\nSubject: ECS に接続できない\r\nMessage-ID: <m{number}@example.co.jp>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()
    envelope = Envelope(mail_from=f"taro{number}@example.co.jp", rcpt_tos=(DESK,), received_at=NOW)
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])


@pytest.fixture
def worker(sqlite_store: Store, rules: Rules) -> Worker:
    return Worker(sqlite_store, rules, frozenset({DESK}), Clock(NOW))


def letter(store: Store, worker: Worker, number: int) -> str:
    accept(store, number)
    worker.run_batch()
    (made,) = store.ticket(f"T{number:06d}").replies
    assert made.kind == "request_information"
    return made.text


def test_the_worker_takes_a_saved_text_and_the_packs_own_again(sqlite_store: Store, worker: Worker) -> None:
    assert "保存した文面" not in letter(sqlite_store, worker, 1)
    sqlite_store.save_letter_text("request_information", "ja", SAVED, based_on=None, by=BY, now=NOW)
    assert letter(sqlite_store, worker, 2) == "T000002 を承りました。\n保存した文面です。\n"
    sqlite_store.restore_pack_text("request_information", "ja", based_on=1, by=BY, now=NOW)
    assert "保存した文面" not in letter(sqlite_store, worker, 3)


def test_a_saved_text_that_does_not_fit_the_pack_is_left_out_and_the_others_are_used(
    sqlite_store: Store, worker: Worker
) -> None:
    sqlite_store.save_letter_text("_foot", "ja", "{{ gone_since_the_upgrade }}\n", based_on=None, by=BY, now=NOW)
    sqlite_store.save_letter_text("request_information", "ja", SAVED, based_on=None, by=BY, now=NOW)
    sqlite_store.save_letter_text("a_letter_of_old", "ja", "x", based_on=None, by=BY, now=NOW)
    with capture_logs() as logs:
        assert "保存した文面です。" in letter(sqlite_store, worker, 1)
        letter(sqlite_store, worker, 2)
    refused = [line for line in logs if line["event"] == "letter_text_refused"]
    assert len(refused) == 1
    assert "gone_since_the_upgrade" in refused[0]["error"]


def test_a_saved_text_that_fails_on_a_mail_gives_way_to_the_packs_own(sqlite_store: Store, worker: Worker) -> None:
    """No sample shows what it does with this very subject."""
    text = "{{ ref }}{% if subject == 'ECS に接続できない' %}{{ gone }}{% endif %}\n"
    sqlite_store.save_letter_text("request_information", "ja", text, based_on=None, by=BY, now=NOW)
    with capture_logs() as logs:
        made = letter(sqlite_store, worker, 1)
    assert "letter_text_failed" in [one["event"] for one in logs]
    assert "letter_text_refused" not in [one["event"] for one in logs]
    assert "T000001" in made
    assert "お問い合わせ" in made


def test_a_reminder_that_fails_keeps_no_other_from_going(sqlite_store: Store, rules: Rules, worker: Worker) -> None:
    for number in (1, 2):
        letter(sqlite_store, worker, number)
    for claim in sqlite_store.claim_replies(limit=5, lease=LEASE, now=NOW):
        sqlite_store.reply_sent(claim, now=NOW)
    later = NOW + timedelta(days=30)
    ended = send_due_reminders(sqlite_store, rules.pack, rules.identity, "auto", later, is_stopping=lambda: True)
    assert ended == 0  # they are due again at the next call
    broken = replace(rules.pack, letters={**rules.pack.letters, ("reminder", "ja"): _FAILS_ON_THE_FIRST})
    with capture_logs() as logs:
        assert send_due_reminders(sqlite_store, broken, rules.identity, "auto", later) == 1
    assert [(one["event"], one["ref"]) for one in logs] == [("reminder_failed", "T000001")]
    with capture_logs() as logs:
        written = send_due_reminders(sqlite_store, broken, rules.identity, "auto", later, as_delivered=rules.pack)
    assert (written, [one["event"] for one in logs]) == (1, ["letter_text_failed"])


def test_saved_texts_stand_in_the_packs_place_and_it_is_left_as_it_is(pack: Pack) -> None:
    refused: list[PackError] = []
    saved = {("_head", "ja"): "{{ t.accepted }}\n", ("split", "ja"): '{% include "_head" %}\n終わり\n'}
    taken = overlaid(pack, saved, refused)
    assert refused == []
    assert taken.letters == {**pack.letters, **saved}
    assert pack.letters["split", "ja"] != saved["split", "ja"]


def test_reminders_use_saved_texts_and_keep_to_the_desks_mode(
    sqlite_store: Store, worker: Worker, rules: Rules
) -> None:
    for number in (1, 2):
        letter(sqlite_store, worker, number)
    for claim in sqlite_store.claim_replies(limit=5, lease=LEASE, now=NOW):
        sqlite_store.reply_sent(claim, now=NOW)
    sqlite_store.save_letter_text("reminder", "ja", "{{ ref }} のご確認です。\n", based_on=None, by=BY, now=NOW)
    pack = SavedTexts(sqlite_store, rules.pack).current()
    later = NOW + timedelta(days=6)  # a Monday

    def remind() -> int:
        return send_due_reminders(sqlite_store, pack, rules.identity, "auto", later)

    sqlite_store.set_letter_mode(LetterKind.REMINDER, LetterMode.OFF, by=BY, now=NOW)
    assert remind() == 0
    sqlite_store.set_letter_mode(LetterKind.REMINDER, LetterMode.APPROVE, by=BY, now=NOW)
    assert remind() == 2
    assert [(one.text, one.state) for one in sqlite_store.replies(limit=2)] == [
        ("T000002 のご確認です。\n", "held"),
        ("T000001 のご確認です。\n", "held"),
    ]
