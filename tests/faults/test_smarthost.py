"""A real Postfix as smarthost: it is away, dies and comes back, and every letter reaches its customer.

Time is the test's: the pauses between two tries take none.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from models.db.store import Store
from responders.deliver import Smarthost
from responders.dkim_sign import parse_key
from runtime.outbox import Outbox
from tests.support.clocks import Clock
from tests.support.filings import LEASE, NOW, arrival, filing, mail, reply
from tests.support.postfix import why_not
from tests.support.relay import Relay, relaying, wired
from tests.support.smarthost import Catcher, as_message, catching
from tests.support.zones import key as rsa_key

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

SECRET = b"s" * 32
LETTERS = 36


class Sink(Catcher):
    """The customers' servers, all in one."""

    def message_ids(self) -> Counter[str]:
        return Counter(str(letter["Message-ID"]) for letter in self.letters)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def relay(sink: Sink) -> Iterator[Relay]:
    with catching(sink) as smarthost, relaying(smarthost.port) as made:
        yield made


def message_id(number: int) -> str:
    return f"<T{number:06d}.letter.sign@uketsuke.example>"


def letter(number: int) -> bytes:
    head = (
        f"From: support@uketsuke.example\r\nTo: user{number}@c{number}.example\r\nSubject: No {number}\r\n"
        f"Date: Tue, 24 Nov 2026 10:00:00 +0900\r\nMessage-ID: {message_id(number)}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    )
    return (head + ".a line with a dot first\r\n" * (1 + number % 7 * 100)).encode()


def queue(store: Store, numbers: range, *, mail_from: str | None = None) -> None:
    for number in numbers:
        sender = f"user{number}@c{number}.example"
        store.accept([arrival(number, sender=sender)])
        (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
        queued = replace(reply(claim.mail_id, to=sender), raw=letter(number), message_id=message_id(number))
        queued = queued if mail_from is None else replace(queued, mail_from=mail_from)
        store.file(filing(claim, mail(number, sender=sender), queued))


def outbox_of(store: Store, smarthost: Smarthost, clock: Clock) -> Outbox:
    return Outbox(store, smarthost, SECRET, clock)


def drain(outbox: Outbox, most: int = 10_000) -> int:
    """Hand over what is due by now; returns how many letters were tried."""
    tried = 0
    while tried < most and outbox.run_batch():
        tried += 1
    return tried


def deferred(store: Store) -> Counter[str]:
    """How often each ticket's letter had to wait."""
    refs = (letter.ref for letter in store.replies(limit=1000))
    return Counter({ref: [event.what for event in store.ticket(ref).events].count("reply_deferred") for ref in refs})


def test_a_smarthost_that_is_down_for_an_hour_loses_and_repeats_nothing(
    sqlite_store: Store, relay: Relay, sink: Sink
) -> None:
    queue(sqlite_store, range(1, LETTERS + 1))
    clock = Clock(NOW)
    outbox = outbox_of(sqlite_store, relay.smarthost, clock)
    assert drain(outbox, LETTERS // 3) == LETTERS // 3
    relay.postfix.wait_until_empty()  # what Postfix repeats when it is stopped in the middle is not ours
    relay.stop()
    tries = 0
    for _ in range(60):
        tries += drain(outbox)
        clock.advance(timedelta(minutes=1))
    letters = sqlite_store.replies(limit=1000)
    waiting = [one for one in letters if one.state == "queued"]
    assert len(waiting) == LETTERS - LETTERS // 3
    assert all("ConnectError" in one.reason for one in waiting), waiting[0].reason
    assert tries >= 4 * len(waiting)  # it looks again and again in the first hour
    relay.start()
    while any(one.state == "queued" for one in sqlite_store.replies(limit=1000)):
        clock.advance(timedelta(minutes=1))
        drain(outbox)
    relay.postfix.wait_until_empty()
    assert sink.message_ids() == {message_id(number): 1 for number in range(1, LETTERS + 1)}
    assert {one.state for one in sqlite_store.replies(limit=1000)} == {"sent"}
    waits = deferred(sqlite_store)
    assert {one.ref for one in waiting} == set(+waits)
    assert sum(waits.values()) == tries
    assert {one.state for one in sqlite_store.queue()} == {"waiting_customer"}


def test_stopped_and_started_again_and_again_no_letter_is_lost_or_repeated(
    sqlite_store: Store, relay: Relay, sink: Sink
) -> None:
    queue(sqlite_store, range(1, LETTERS + 1))
    clock = Clock(NOW)
    outbox = outbox_of(sqlite_store, relay.smarthost, clock)
    for _ in range(3):
        drain(outbox, LETTERS // 6)
        relay.postfix.wait_until_empty()
        relay.stop()
        drain(outbox, LETTERS // 6)
        relay.start()
        clock.advance(timedelta(minutes=1))
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        drain(outbox)
    relay.postfix.wait_until_empty()
    assert sink.message_ids() == {message_id(number): 1 for number in range(1, LETTERS + 1)}
    assert {one.state for one in sqlite_store.replies(limit=1000)} == {"sent"}
    assert sum(deferred(sqlite_store).values()) > 0


@pytest.mark.parametrize("is_after_250", [False, True], ids=["in the text", "its 250 is lost"])
def test_an_smtpd_killed_in_the_middle_repeats_a_letter_at_worst(
    sqlite_store: Store, relay: Relay, sink: Sink, *, is_after_250: bool
) -> None:
    queue(sqlite_store, range(1, 4))
    clock = Clock(NOW)
    with wired(relay.smarthost, relay.kill_sessions, is_after_250=is_after_250) as smarthost:
        drain(outbox_of(sqlite_store, smarthost, clock), 1)
    assert relay.smtpds_killed > 0
    struck = sqlite_store.reply(1)
    assert (struck.state, struck.attempts) == ("queued", 1)
    assert struck.reason
    relay.wait_until_greets()
    outbox = outbox_of(sqlite_store, relay.smarthost, clock)
    for _ in range(10):
        drain(outbox)
        clock.advance(timedelta(minutes=5))
    relay.postfix.wait_until_empty()
    assert {one.state for one in sqlite_store.replies()} == {"sent"}
    assert sink.message_ids() == {message_id(1): 1 + is_after_250, message_id(2): 1, message_id(3): 1}
    copies = [one.get_content() for one in sink.letters if one["Message-ID"] == message_id(1)]
    assert set(copies) == {copies[0]}  # whole each time


def test_a_signed_letter_is_still_signed_behind_postfix_and_the_kept_one_never_was(
    sqlite_store: Store, relay: Relay, sink: Sink
) -> None:
    import dkim  # noqa: PLC0415

    queue(sqlite_store, range(1, 8), mail_from="")
    signing = parse_key(rsa_key().pem, domain="uketsuke.example", selector="desk")
    drain(Outbox(sqlite_store, relay.smarthost, SECRET, Clock(NOW), signing))
    relay.postfix.wait_until_empty()
    assert sorted(sink.message_ids()) == [message_id(number) for number in range(1, 8)]
    record = signing.record.encode()
    for number, taken in enumerate(sink.taken):
        assert dkim.verify(sink.raw(number), dnsfunc=lambda *_, **__: record)
        assert taken.mail_from == "<>"  # the null sender as aiosmtpd tells it, also behind Postfix
    kept = as_message(sqlite_store.raw_reply(1))
    assert (kept["DKIM-Signature"], kept["Message-ID"]) == (None, message_id(1))


def test_a_letter_that_cannot_be_signed_waits_unsent(sqlite_store: Store, relay: Relay, sink: Sink) -> None:
    queue(sqlite_store, range(1, 2))
    whole = parse_key(rsa_key().pem, domain="uketsuke.example", selector="desk")
    drain(Outbox(sqlite_store, relay.smarthost, SECRET, Clock(NOW), replace(whole, pem=b"lost")))
    (waiting,) = sqlite_store.replies()
    assert (waiting.state, waiting.reason) == ("queued", "the letter could not be signed (KeyFormatError)")
    assert sink.taken == []


def test_an_address_that_the_smarthost_refuses_is_shown_to_agents(sqlite_store: Store, relay: Relay) -> None:
    main = relay.postfix.folder / "main.cf"
    main.write_text(
        main.read_text(encoding="utf-8")
        + "smtpd_recipient_restrictions = check_recipient_access inline:{ user1@c1.example=REJECT }, permit\n",
        encoding="utf-8",
    )
    relay.stop()
    relay.start()
    queue(sqlite_store, range(1, 3))
    drain(outbox_of(sqlite_store, relay.smarthost, Clock(NOW)))
    refused, taken = sqlite_store.reply(1), sqlite_store.reply(2)
    assert (refused.state, taken.state) == ("failed", "sent")
    assert refused.reason.startswith("554 5.7.1 <<recipient>>: Recipient address rejected")
    assert {row.ref: row.state for row in sqlite_store.queue()} == {
        refused.ref: "needs_review",
        taken.ref: "waiting_customer",
    }


def test_two_outboxes_side_by_side_send_each_letter_once(sqlite_store: Store, relay: Relay, sink: Sink) -> None:
    queue(sqlite_store, range(1, LETTERS + 1))
    outboxes = [outbox_of(sqlite_store, relay.smarthost, Clock(NOW)) for _ in range(2)]
    threads = [threading.Thread(target=drain, args=(outbox,)) for outbox in outboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    relay.postfix.wait_until_empty()
    assert sink.message_ids() == {message_id(number): 1 for number in range(1, LETTERS + 1)}
