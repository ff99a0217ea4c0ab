"""A mail is found by every id that somebody has of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.db.store import Store
from models.errors import NotFound
from models.mail import Envelope
from tests.support.filings import LEASE, NOW, arrival, file_one

TRACE = b"Received: from relay.example by mx.example; Tue, 24 Nov 2026 10:00:00 +0900\r\n"


def test_by_number_reference_message_ids_and_hashes(store: Store) -> None:
    ref = file_one(store, 1)
    file_one(store, 2, sender="jiro@example.org")
    one = store.ticket(ref).mails[0]
    (letter,) = store.ticket(ref).replies
    assert one.message_id is not None
    bare = one.message_id.strip("<>")
    for what in (
        str(one.mail_id),
        ref,
        ref.lower(),
        f"<{bare}>",
        bare,
        letter.message_id,
        letter.message_id.strip("<>"),
        one.sha256,
        one.sha256[:8],
        one.sha256[:12].upper(),
        f"  {ref} ",
    ):
        assert store.mails_of(what) == (one.mail_id,), what


@pytest.mark.parametrize(
    "what", ["", " ", "T999999", "999999", "99999999999999999999", "a@b", "<>", "abc", "deadbeef" * 8]
)
def test_an_id_of_nothing_finds_nothing(store: Store, what: str) -> None:
    file_one(store)
    assert store.mails_of(what) == ()


def test_the_hash_of_the_bytes_as_they_came_finds_a_mail_with_trace_headers(store: Store) -> None:
    came = arrival(1)
    behind = replace(came, raw=TRACE + came.raw)
    assert behind.sha256 != behind.content_sha256
    (mail_id,) = store.accept([behind])
    assert store.mails_of(behind.sha256[:10]) == (mail_id,)
    assert store.mails_of(behind.content_sha256[:10]) == (mail_id,)


def test_an_id_of_several_mails_names_them_all(store: Store) -> None:
    one = arrival(1)
    other = replace(one, desk_address="info@uketsuke.example")
    ids = store.accept([one, other])
    assert store.mails_of(one.sha256) == tuple(sorted(ids))


def test_a_mail_that_was_just_received_is_told_with_its_lease(store: Store) -> None:
    envelope = Envelope(
        mail_from="taro@example.com",
        rcpt_tos=("support@uketsuke.example",),
        received_at=NOW,
        peer="192.0.2.7",
        helo="mx.example",
    )
    (mail_id,) = store.accept([replace(arrival(1), envelope=envelope)])
    traced = store.traced(mail_id)
    assert (traced.envelope, traced.attempts, traced.is_claimed, traced.ref) == (envelope, 0, False, "")
    store.claim_mails(limit=1, lease=LEASE, now=NOW)
    traced = store.traced(mail_id)
    assert (traced.attempts, traced.is_claimed, traced.claimed_until) == (1, True, NOW + LEASE)


def test_a_filed_mail_is_told_with_its_letters(store: Store) -> None:
    ref = file_one(store, 1)
    traced = store.traced(store.ticket(ref).mails[0].mail_id)
    assert (traced.ref, traced.is_claimed) == (ref, False)
    assert traced.letters == {one.reply_id for one in store.ticket(ref).replies}
    assert traced.mail.decision is not None


def test_a_ticket_merged_into_another_is_found_by_the_mail_that_it_began_with(store: Store) -> None:
    first, second = file_one(store, 1), file_one(store, 2, sender="jiro@example.org")
    mail_id = store.ticket(second).mails[0].mail_id
    assert store.merge(second, first, lacks=lambda _: ((), ()), by="hanako", now=NOW, is_confirmed=True) is None
    assert store.mails_of(second) == (mail_id,)


def test_a_mail_that_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(NotFound):
        store.traced(4711)
