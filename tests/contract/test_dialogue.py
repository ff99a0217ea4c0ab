"""What the store remembers of a correspondent: questions that nobody answered, long texts that come again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from models.db.store import Store
from models.decision import History
from models.mail import Mail
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply

ROBOT = "crm@robot.example"


def looked_up(store: Store, of: Mail, number: int = 90) -> History:
    return store.history(of, NOW + timedelta(minutes=1), number)


def test_questions_that_nobody_answers_are_counted_by_address_and_domain(store: Store) -> None:
    for number in range(1, 4):
        file_one(store, number, sender=ROBOT)
    file_one(store, 4, sender="other@robot.example")
    found = looked_up(store, mail(90, sender=ROBOT))
    assert (found.unanswered_by_sender, found.unanswered_by_domain) == (3, 4)
    later = store.history(mail(90, sender=ROBOT), NOW + timedelta(days=31), 90)
    assert (later.unanswered_by_sender, later.unanswered_by_domain) == (0, 0)


def test_an_answer_takes_its_ticket_out_of_the_count(store: Store) -> None:
    ref = file_one(store, 1, sender=ROBOT)
    file_one(store, 2, sender=ROBOT)
    store.accept([arrival(3, sender=ROBOT)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(replace(filing(claim, mail(3, sender=ROBOT), None), join=ref))
    assert looked_up(store, mail(90, sender=ROBOT)).unanswered_by_sender == 1


def test_customers_of_one_mailbox_provider_are_no_company(store: Store) -> None:
    file_one(store, 1, sender="a@gmail.com")
    assert looked_up(store, mail(90, sender="b@gmail.com")).unanswered_by_domain == 0


def test_a_long_text_again_within_the_month_is_a_repeat_and_a_short_one_is_not(store: Store) -> None:
    long = "ただいま不在にしております。11月30日に戻りますので、それまでお待ちください。お急ぎの場合は代表番号までお願いいたします。"
    for number, text in ((1, long), (2, "承知しました。"), (3, "別の話です。")):
        store.accept([arrival(number, sender=ROBOT)])
        (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
        store.file(filing(claim, replace(mail(number, sender=ROBOT), reply_text=text), None))
    later = NOW + timedelta(days=9)
    again = replace(mail(90, sender=ROBOT), reply_text=long)
    assert store.history(again, later, 90).is_repeat_body
    assert not store.history(again, NOW + timedelta(days=40), 90).is_repeat_body
    assert not store.history(replace(again, reply_text="承知しました。"), later, 90).is_repeat_body


def test_reminders_come_page_by_page(store: Store) -> None:
    for number in range(1, 6):
        file_one(store, number, sender=f"c{number}@sample.example")
    while claims := store.claim_replies(limit=9, lease=LEASE, now=NOW):
        for claim in claims:
            store.reply_sent(claim, now=NOW)
    later = NOW + timedelta(days=4)
    first = store.due_reminders(sent_before=later, limit=2)
    second = store.due_reminders(sent_before=later, limit=9, after=first[-1].reply_id)
    assert [due.ref for due in (*first, *second)] == [f"T{number:06d}" for number in range(1, 6)]
    assert reply(1).kind.value == "request_information"
