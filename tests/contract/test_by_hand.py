"""Letters of agents in the store: one transaction, once, in view of the ticket; drafts, files and canned texts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from models.by_hand import Draft, edit_key
from models.controls import Verdict
from models.db.store import Store
from models.decision import HandLetter, History, LetterKind, ReplyState
from models.errors import EditConflict, IllegalMove, LettersStopped, NotFound, Outdated
from models.states import TicketState
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply

BODY = b"Subject: x\r\n\r\nby hand\r\n"
DRAFT = Draft(
    to="taro@example.com",
    cc=("jiro@example.com",),
    subject="件名",
    text="書きかけ\n",
    then_state="answered",
    seen_mail=1,
)


def letter(number: int = 1, **changes: object) -> HandLetter:
    values: dict[str, object] = {
        "by": "hanako",
        "language": "ja",
        "to": "taro@example.com",
        "subject": "Re: mail 1 [受付 T000001]",
        "text": f"ご確認ください {number}\n",
        "message_id": f"<T000001.hand{number}.sign@uketsuke.example>",
        "mail_from": "support+bounce.T000001.sign@uketsuke.example",
        "raw": BODY,
        "then_state": "answered",
    }
    return HandLetter(**{**values, **changes})  # type: ignore[arg-type]


def version(store: Store, ref: str) -> int:
    return store.ticket(ref).row.version


def write(store: Store, ref: str, one: HandLetter, *, at_version: int | None = None, files: str = "") -> bool:
    seen = version(store, ref) if at_version is None else at_version
    return store.reply_by_hand(ref, one, mail_id=1, version=seen, files=files, now=NOW)


def history_of(store: Store, ref: str) -> History:
    return store.history(mail(2, in_reply_to="<m1@example.com>"), NOW, 2, proven_refs=(ref,))


def test_letter_move_line_and_draft_are_one_step(store: Store) -> None:
    ref = file_one(store)
    store.save_draft(ref, "hanako", DRAFT, now=NOW)
    store.add_draft_file(ref, "hanako", "図.png", b"123", most_bytes=10, now=NOW)
    before = version(store, ref)
    assert write(store, ref, letter(cc=("jiro@example.com",)), files="図.png") is True
    view = store.ticket(ref)
    assert view.row.state == "answered"
    assert view.row.version > before
    assert [(one.what, one.by) for one in view.events][-2:] == [("agent_replied", "hanako"), ("moved", "hanako")]
    assert view.events[-2].detail == "taro@example.com, jiro@example.com · 図.png"
    assert (view.replies[-1].kind, view.replies[-1].state, view.replies[-1].cc) == (
        "agent",
        "queued",
        ("jiro@example.com",),
    )
    assert store.draft(ref, "hanako") is None
    assert store.draft_files(ref, "hanako") == ()
    claims = store.claim_replies(limit=5, lease=LEASE, now=NOW)
    assert claims[-1].cc == ("jiro@example.com",)
    assert claims[-1].raw == BODY


def test_an_agent_writes_as_often_as_he_likes_but_no_form_twice(store: Store) -> None:
    ref = file_one(store)
    assert write(store, ref, letter(1)) is True
    assert write(store, ref, letter(1)) is False
    assert write(store, ref, letter(1), at_version=0) is False  # even with a version of long ago: it has gone
    assert write(store, ref, letter(2, then_state="")) is True
    assert [one.kind for one in store.ticket(ref).replies] == ["request_information", "agent", "agent"]


def test_a_ticket_that_changed_is_told_and_nothing_is_written(store: Store) -> None:
    ref = file_one(store)
    seen = version(store, ref)
    store.save_draft(ref, "hanako", DRAFT, now=NOW)
    store.move(ref, TicketState.READY, by="jiro", now=NOW)
    with pytest.raises(Outdated):
        write(store, ref, letter(), at_version=seen)
    assert [one.kind for one in store.ticket(ref).replies] == ["request_information"]
    assert store.draft(ref, "hanako") is not None
    with pytest.raises(NotFound):
        store.reply_by_hand("T999999", letter(), mail_id=1, version=0, files="", now=NOW)


def test_of_two_agents_at_one_instant_one_is_told(store: Store) -> None:
    ref = file_one(store)
    seen = version(store, ref)

    def send(number: int) -> str:
        try:
            return str(write(store, ref, letter(number, by=f"agent{number}"), at_version=seen))
        except Outdated:
            return "outdated"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, (1, 2))) == ["True", "outdated"]


@pytest.mark.parametrize(
    ("then", "state"),
    [("closed", "closed"), ("", "waiting_customer"), ("waiting_customer", "waiting_customer"), ("ready", "ready")],
)
def test_where_a_ticket_stands_behind_it(store: Store, then: str, state: str) -> None:
    ref = file_one(store)
    write(store, ref, letter(then_state=then))
    assert store.ticket(ref).row.state == state


def test_held_letters_by_rule_are_overtaken(store: Store) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    write(store, ref, letter())
    first, second = store.ticket(ref).replies
    assert (first.state, first.reason, first.judgement) == ("discarded", "by_hand: an agent has written", "")
    assert second.state == "queued"


def test_a_stop_holds_it_and_its_release_moves_the_ticket(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    store.stop_letters(by="leader", now=NOW)
    assert write(store, ref, letter()) is True
    view = store.ticket(ref)
    assert (view.row.state, view.replies[0].state, view.replies[0].reason) == ("waiting_customer", "held", "stopped")
    with pytest.raises(LettersStopped):
        store.release_reply(view.replies[0].reply_id, by="leader", now=NOW)
    store.resume_letters(by="leader", now=NOW)
    store.release_reply(view.replies[0].reply_id, by="leader", now=NOW)
    assert store.ticket(ref).row.state == "answered"


def test_a_stop_that_comes_behind_holds_it_too(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    write(store, ref, letter(then_state="closed"))
    assert store.stop_letters(by="leader", now=NOW) == 1
    store.resume_letters(by="leader", now=NOW)
    assert store.release_stopped(by="leader", now=NOW, mode="shadow") == 1  # modes are of letters by rule
    assert store.ticket(ref).row.state == "closed"
    assert store.ticket(ref).replies[0].state == "queued"


def test_what_the_customer_wrote_since_keeps_a_stopped_one_held(store: Store) -> None:
    ref = file_one(store, reply_state=None)
    store.stop_letters(by="leader", now=NOW)
    write(store, ref, letter())
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(2), None, state=TicketState.NEEDS_REVIEW, join=ref))
    store.resume_letters(by="leader", now=NOW)
    assert store.release_stopped(by="leader", now=NOW) == 0
    assert store.ticket(ref).replies[0].reason == "stopped: the customer has written since"


def test_the_history_knows_that_a_person_writes_here(store: Store) -> None:
    ref = file_one(store)
    before = history_of(store, ref)
    assert before.ticket is not None
    assert not before.ticket.has_person
    write(store, ref, letter())
    after = history_of(store, ref)
    assert after.ticket is not None
    assert after.ticket.has_person
    assert [one.kind for one in after.ticket.letters] == [LetterKind.REQUEST_INFORMATION, None]
    assert after.letters_to_sender_day == before.letters_to_sender_day  # no letter by rule


def test_nobody_is_reminded_where_a_person_writes_even_at_the_last_moment(store: Store) -> None:
    ref = file_one(store)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    later = NOW + timedelta(days=4)
    (due,) = store.due_reminders(sent_before=later)
    write(store, ref, letter(then_state=""))
    assert store.due_reminders(sent_before=later) == ()
    assert store.file_reminder(due, reply(2, kind=LetterKind.REMINDER), now=later) is False


def test_his_answer_joins_by_the_letters_id(store: Store) -> None:
    ref = file_one(store)
    write(store, ref, letter())
    answer = mail(2, sender="someone@elsewhere.example", in_reply_to=letter().message_id)
    found = store.history(answer, NOW, 2).ticket
    assert found is not None
    assert found.ref == ref


@pytest.mark.parametrize("state", ["closed", "answered", "waiting_customer"])
def test_a_letter_that_fails_brings_its_ticket_back(store: Store, state: str) -> None:
    ref = file_one(store, reply_state=None)
    write(store, ref, letter(then_state=state))
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_failed(claim, now=NOW, error="550 no")
    assert store.ticket(ref).row.state == "needs_review"


def test_an_edited_letter_goes_as_it_was_edited(store: Store) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    (held,) = store.ticket(ref).replies
    key = edit_key(held.subject, held.text)
    store.send_edited(held.reply_id, subject="Re: 別", text="新しい文\n", raw=BODY, based_on=key, by="hanako", now=NOW)
    (now,) = store.ticket(ref).replies
    assert (now.state, now.subject, now.text, now.judgement, now.by) == (
        "queued",
        "Re: 別",
        "新しい文\n",
        "edited",
        "hanako",
    )
    assert store.raw_reply(held.reply_id) == BODY
    assert [one.what for one in store.ticket(ref).events][-2:] == ["reply_edited", "reply_queued"]
    with pytest.raises(IllegalMove):
        store.send_edited(held.reply_id, subject="x", text="y", raw=b"", based_on=key, by="jiro", now=NOW)
    assert store.reply(held.reply_id).text == "新しい文\n"


def test_what_was_not_seen_is_not_overwritten(store: Store) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    (held,) = store.ticket(ref).replies
    with pytest.raises(EditConflict):
        store.send_edited(
            held.reply_id, subject="x", text="y", raw=b"", based_on=edit_key("a", "b"), by="jiro", now=NOW
        )
    store.stop_letters(by="leader", now=NOW)
    key = edit_key(held.subject, held.text)
    with pytest.raises(LettersStopped):
        store.send_edited(held.reply_id, subject="x", text="y", raw=b"", based_on=key, by="jiro", now=NOW)
    with pytest.raises(NotFound):
        store.send_edited(9_999, subject="x", text="y", raw=b"", based_on=key, by="jiro", now=NOW)
    assert store.reply(held.reply_id).text == held.text
    assert store.reply(held.reply_id).state == "held"


def test_drafts_are_each_agents_own_and_remember_when_they_were_begun(store: Store) -> None:
    ref = file_one(store)
    store.save_draft(ref, "hanako", DRAFT, now=NOW)
    store.save_draft(ref, "hanako", replace(DRAFT, text="もっと"), now=NOW + timedelta(minutes=5))
    saved = store.draft(ref, "hanako")
    assert saved is not None
    assert saved.draft == replace(DRAFT, text="もっと")
    assert (saved.since, saved.at) == (NOW, NOW + timedelta(minutes=5))
    assert store.draft(ref, "jiro") is None
    assert [(one.agent, one.since) for one in store.others_writing(ref, "jiro")] == [("hanako", NOW)]
    assert store.others_writing(ref, "hanako") == ()
    for _ in range(2):
        store.drop_draft(ref, "hanako")
    assert store.draft(ref, "hanako") is None
    with pytest.raises(NotFound):
        store.save_draft("T999999", "hanako", DRAFT, now=NOW)


def test_two_tabs_save_one_draft(store: Store) -> None:
    ref = file_one(store)

    def save(number: int) -> None:
        store.save_draft(ref, "hanako", replace(DRAFT, text=str(number)), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(8)))
    assert store.draft(ref, "hanako") is not None


def test_files_of_a_draft_have_one_limit_together(store: Store) -> None:
    ref = file_one(store)
    store.save_draft(ref, "hanako", DRAFT, now=NOW)
    assert store.add_draft_file(ref, "hanako", "a", b"12345", most_bytes=8, now=NOW)
    assert not store.add_draft_file(ref, "hanako", "b", b"1234", most_bytes=8, now=NOW)
    assert store.add_draft_file(ref, "jiro", "b", b"1234", most_bytes=8, now=NOW)
    (one,) = store.draft_files(ref, "hanako")
    assert (one.name, one.size, one.content) == ("a", 5, b"12345")
    saved = store.draft(ref, "hanako")
    assert saved is not None
    assert [(one.name, one.size, one.content) for one in saved.files] == [("a", 5, b"")]
    store.drop_draft_file(ref, "jiro", one.file_id)  # not his
    assert len(store.draft_files(ref, "hanako")) == 1
    store.drop_draft_file(ref, "hanako", one.file_id)
    assert store.draft_files(ref, "hanako") == ()


def test_canned_texts_have_one_name_in_a_language(store: Store) -> None:
    made = store.save_canned_text(None, name="挨拶", language="ja", text="a\0b\n", by="leader", now=NOW)
    store.save_canned_text(None, name="挨拶", language="en", text="hello\n", by="leader", now=NOW)
    assert [(one.name, one.language, one.text) for one in store.canned_texts()] == [
        ("挨拶", "en", "hello\n"),
        ("挨拶", "ja", "ab\n"),
    ]
    assert [one.language for one in store.canned_texts("ja")] == ["ja"]
    with pytest.raises(EditConflict):
        store.save_canned_text(None, name="挨拶", language="ja", text="c", by="jiro", now=NOW)
    store.save_canned_text(made.text_id, name="挨拶", language="ja", text="d", by="jiro", now=NOW)
    assert store.canned_texts("ja")[0].by == "jiro"
    store.drop_canned_text(made.text_id)
    with pytest.raises(NotFound):
        store.save_canned_text(made.text_id, name="挨拶2", language="ja", text="d", by="jiro", now=NOW)


def test_what_is_known_of_addresses(store: Store) -> None:
    file_one(store, 1, sender="bounced@example.com")
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_failed(claim, now=NOW, error="550")
    store.set_address_rule("@blocked.example", Verdict.BLOCK, by="leader", now=NOW)
    asked = ("bounced@example.com", "a@blocked.example", "fine@example.com")
    found = store.standing_of(asked, now=NOW, bounce_hold=timedelta(days=60))
    assert found == {"bounced@example.com": "bounced", "a@blocked.example": "blocked"}


def test_the_head_of_a_mail_ends_with_its_empty_line(store: Store) -> None:
    file_one(store)
    head = store.mail_head(1)
    assert head.endswith(b"Message-ID: <m1@example.com>\r\n\r\n")
    with pytest.raises(NotFound):
        store.mail_head(99)
