"""What agents do to the shape of tickets, on both engines: split, merge, move a mail, link, spam."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from desk.lacking import lacks_by
from models.db.shaping import SPLIT
from models.db.store import Store
from models.decision import ReplyState
from models.errors import NotFound, Outdated
from models.mail import Mail
from models.shaping import Lacks, Refusal, SplitIssue
from models.states import TicketState
from models.ticket import CHILD_REFS, place_of
from models.views import QueueRow
from policy.pack import Pack
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail
from tests.support.shaping import BILL, file_more, file_three

FIRST_CHILD = f"T{CHILD_REFS + 1}"


@pytest.fixture
def lacks(pack: Pack) -> Lacks:
    return lacks_by(pack)


def rows(store: Store) -> dict[str | None, QueueRow]:
    return {row.ref: row for row in store.queue(include_closed=True)}


def events(store: Store, ref: str) -> list[tuple[str, str]]:
    return [(event.what, event.detail) for event in store.ticket(ref).events]


def is_balanced(store: Store) -> bool:
    books = store.books()
    parts = (books.ticketed, books.joined, books.parked, books.waiting, books.duplicates, books.deleted)
    return books.accepted == sum(parts)


def every_mail_once(store: Store) -> bool:
    ids = [one.mail_id for row in store.queue(include_closed=True) for one in row.mails]
    return len(ids) == len(set(ids)) > 0


def history_ref(store: Store, one: Mail, mail_id: int, *proven: str) -> str:
    return store.history(one, NOW, mail_id, proven_refs=proven).ref


# Split


def test_issues_become_tickets_and_the_rest_stays(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    chosen = [SplitIssue(number=1, title="請求書の宛名"), SplitIssue(number=2, title="")]
    bill, oss = store.split(ref, 1, chosen, lacks=lacks, by="hanako", now=NOW)
    assert (bill, oss) == (FIRST_CHILD, f"T{CHILD_REFS + 2}")
    parent, child, other = (store.ticket(one) for one in (ref, bill, oss))
    assert parent.row.categories == ("product.troubleshooting",)
    assert parent.row.products == ("ecs",)
    assert child.row.categories == ("service.payment_billing",)
    assert (child.row.subject, other.row.subject) == ("請求書の宛名", "OSS")
    assert other.row.products == ("oss",)
    assert other.row.split_from == child.row.split_from == ref
    assert [(link.ref, link.kind) for link in child.links] == [(ref, "split")]
    assert child.row.sender == parent.row.sender
    assert child.row.language == "ja"
    assert child.participants == parent.participants
    assert child.row.opened_at == parent.row.opened_at
    assert child.mails == ()
    assert [row.key for row in map(rows(store).__getitem__, (ref, bill, oss))] == [place_of(1, n) for n in range(3)]


def test_a_part_has_what_stands_in_it_and_what_stands_above_all(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    given = {item for item, known in store.ticket(bill).items.items() if known.is_given}
    assert given == {"symptom", "who"}  # the account is everybody's; when and where are the trouble's
    assert store.ticket(bill).row.state == "ready"  # symptom and who are all that a bill needs
    kept = {item for item, known in store.ticket(ref).items.items() if known.is_given}
    assert {"symptom", "when", "where", "who"} <= kept


def test_what_is_not_in_a_part_is_not_surely_missing(store: Store, lacks: Lacks) -> None:
    """The proof that a reading keeps is not all that there may be: an agent looks."""
    ref = file_three(store)
    (ecs,) = store.split(ref, 1, [SplitIssue(number=0, title="")], lacks=lacks, by="hanako", now=NOW)
    view = store.ticket(ref)  # the bill and the question are left, both of which need no time
    assert not view.items["when"].is_given
    assert view.items["when"].absence == 0.5
    child = store.ticket(ecs)
    assert child.items["when"].is_given
    assert child.row.state == "needs_review"
    assert set(child.row.missing) == {"evidence", "goal"}


def test_the_letter_that_would_have_asked_to_split_is_discarded(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    store.split(
        ref, 1, [SplitIssue(number=1, title=""), SplitIssue(number=2, title="")], lacks=lacks, by="hanako", now=NOW
    )
    (letter,) = store.ticket(ref).replies
    assert (letter.state, letter.reason) == (ReplyState.DISCARDED.value, SPLIT)
    assert ("reply_discarded", f"split {SPLIT}") in events(store, ref)


def test_a_letter_that_went_stays_and_the_ticket_waits_no_more(store: Store, lacks: Lacks) -> None:
    ref = file_three(store, letter=ReplyState.QUEUED)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    store.reply_sent(claim, now=NOW)
    store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    view = store.ticket(ref)
    assert [letter.state for letter in view.replies] == ["sent"]
    assert view.row.state == "needs_review"


def test_the_customers_own_split_mail_joins_the_child(store: Store, lacks: Lacks) -> None:
    ref = file_three(store, letter=ReplyState.QUEUED)
    children = store.split(
        ref, 1, [SplitIssue(number=1, title=""), SplitIssue(number=2, title="")], lacks=lacks, by="hanako", now=NOW
    )
    assert isinstance(children, tuple)
    for number, child in enumerate(children, 2):
        assert store.history(mail(7), NOW, 7, split=(ref, number)).ref == child


def test_children_do_not_break_the_books(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    file_one(store, 2)
    store.split(
        ref, 1, [SplitIssue(number=1, title=""), SplitIssue(number=2, title="")], lacks=lacks, by="hanako", now=NOW
    )
    assert is_balanced(store)
    assert (store.books().ticketed, store.books().joined) == (2, 0)
    assert every_mail_once(store)
    assert sum(store.counts().values()) == 4
    facts = store.facts(NOW.replace(year=2000), NOW.replace(year=2100))
    assert [one.ref for one in facts] == [ref, "T000002"]  # a report counts what mails opened


def test_a_mail_to_the_childs_address_joins_it(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (child,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    later = mail(9, in_reply_to="<m1@example.com>", references=("<m1@example.com>",))
    assert (
        history_ref(store, later, 9, child) == child
    )  # its signed address comes before the Message-ID of the parent's mail
    tagged = mail(9, subject=f"Re: x [受付 {child}]", thread_refs=(child,))
    assert history_ref(store, tagged, 9) == child
    joined = file_more(store, 2, child)
    assert [one.mail_id for one in store.ticket(child).mails] == [joined]
    assert is_balanced(store)
    assert every_mail_once(store)
    assert store.books().joined == 0  # the child has a mail now: it is a ticket of a mail as any other


def test_a_part_is_shown_with_its_mail(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (child,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    (part,) = store.ticket_parts(child)
    assert part.mail.mail_id == 1
    assert part.holder == ref
    assert part.mail.seen is not None
    assert [part.mail.seen.text[start:end] for start, end in part.spans] == [BILL]
    assert store.ticket_parts(ref) == ()
    assert store.parts_taken(ref) == {1: {child: part.spans}}


def test_what_is_left_can_be_split_again_and_a_child_too(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert [issue.gist for issue in store.readings(ref)[0].seen.issues] == ["SSH", "OSS"]
    (oss,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert store.ticket(oss).row.products == ("oss",)
    assert (
        store.split(bill, 1, [SplitIssue(number=0, title="")], lacks=lacks, by="hanako", now=NOW)
        is Refusal.NOTHING_LEFT
    )


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ((), Refusal.NOTHING_CHOSEN),
        ((0, 1, 2), Refusal.NOTHING_LEFT),
        ((3,), Refusal.CHANGED),
        ((-1,), Refusal.CHANGED),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(
    store: Store, lacks: Lacks, numbers: tuple[int, ...], why: Refusal
) -> None:
    ref = file_three(store)
    chosen = [SplitIssue(number=number, title="") for number in numbers]
    assert store.split(ref, 1, chosen, lacks=lacks, by="hanako", now=NOW) is why
    assert len(rows(store)) == 1


def test_a_split_of_what_has_changed_is_refused(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    version = store.ticket(ref).row.version
    file_more(store, 2, ref)
    chosen = [SplitIssue(number=1, title="")]
    assert store.split(ref, 1, chosen, lacks=lacks, by="hanako", now=NOW, version=version) is Refusal.CHANGED
    with pytest.raises(NotFound):
        store.split(ref, 77, chosen, lacks=lacks, by="hanako", now=NOW)


def test_two_splits_at_once_get_references_of_their_own(store: Store, lacks: Lacks) -> None:
    refs = [file_three(store, number) for number in (1, 2)]
    start, found = Barrier(2), []

    def one(number: int) -> None:
        start.wait()
        found.append(
            store.split(refs[number], number + 1, [SplitIssue(number=1, title="")], lacks=lacks, by="a", now=NOW)
        )

    threads = [Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ref for (ref,) in found) == [f"T{CHILD_REFS + n}" for n in (1, 2)]


# Merge


def test_everything_of_a_merged_ticket_becomes_the_others(store: Store, lacks: Lacks) -> None:
    one, other = file_one(store, 1), file_one(store, 2)
    store.add_note(one, "ここを見る", by="hanako", now=NOW)
    assert store.merge(one, other, lacks=lacks, by="hanako", now=NOW) is None
    view, ended = store.ticket(other), store.ticket(one)
    assert [mail.mail_id for mail in view.mails] == [1, 2]
    assert [letter.reply_id for letter in view.replies] == [1, 2]
    assert ("note", "ここを見る") in events(store, other)
    assert ("merged_from", f"{one}: mails 1; letters 1; notes 1") in events(store, other)
    assert ended.row.state == "closed"
    assert (ended.mails, ended.replies) == ((), ())
    assert [(link.ref, link.kind, link.is_from_here) for link in ended.links] == [(other, "merged", True)]
    assert is_balanced(store)
    assert every_mail_once(store)
    assert [facts.ref for facts in store.facts(NOW.replace(year=2000), NOW.replace(year=2100))] == [other]


def test_later_mails_for_a_merged_ticket_go_to_the_other(store: Store, lacks: Lacks) -> None:
    one, other = file_one(store, 1), file_one(store, 2)
    store.merge(one, other, lacks=lacks, by="hanako", now=NOW)
    assert history_ref(store, mail(9), 9, one) == other  # by its signed address
    assert history_ref(store, mail(9, in_reply_to="<m1@example.com>"), 9) == other
    assert history_ref(store, mail(9, thread_refs=(one,)), 9) == other
    assert store.merged_into(one) == other
    third = file_one(store, 3)
    store.merge(other, third, lacks=lacks, by="hanako", now=NOW)
    assert history_ref(store, mail(9), 9, one) == third


def test_a_merge_brings_what_the_other_lacked(store: Store, lacks: Lacks) -> None:
    """The one says when, where, who and what; the other is asked for nothing that is there now."""
    other, one = file_one(store, 1), file_three(store, 2)
    before = set(store.ticket(other).row.missing)
    store.merge(one, other, lacks=lacks, by="hanako", now=NOW)
    view = store.ticket(other)
    assert "when" in before
    assert "when" not in view.row.missing
    assert view.items["when"].mail_id == 2
    assert view.row.state == "needs_review"  # someone should look at what came
    assert [letter.state for letter in view.replies] == ["queued", "discarded"]  # the held question is asked no more


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_another_customers_ticket_is_merged_only_if_confirmed(store: Store, lacks: Lacks, is_confirmed: bool) -> None:
    one, other = file_one(store, 1), file_one(store, 2, sender="jiro@other.example")
    refusal = store.merge(one, other, lacks=lacks, by="hanako", now=NOW, is_confirmed=is_confirmed)
    assert refusal is (None if is_confirmed else Refusal.OTHER_CUSTOMER)
    assert len(store.ticket(one).mails) == (0 if is_confirmed else 1)


def test_merges_that_make_no_sense_are_refused(store: Store, lacks: Lacks) -> None:
    one, other, third = (file_one(store, number) for number in (1, 2, 3))
    assert store.merge(one, one, lacks=lacks, by="hanako", now=NOW) is Refusal.SAME
    store.move(third, TicketState.CLOSED, by="hanako", now=NOW)
    assert store.merge(one, third, lacks=lacks, by="hanako", now=NOW) is Refusal.CLOSED
    store.merge(one, other, lacks=lacks, by="hanako", now=NOW)
    assert store.merge(other, one, lacks=lacks, by="hanako", now=NOW) is Refusal.MERGED
    assert store.merge(one, other, lacks=lacks, by="hanako", now=NOW) is Refusal.MERGED
    with pytest.raises(NotFound):
        store.merge(other, "T000099", lacks=lacks, by="hanako", now=NOW)


def test_a_child_that_is_merged_back_gives_its_part_back(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    before = store.ticket(ref)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    file_more(store, 2, bill)
    assert store.merge(bill, ref, lacks=lacks, by="hanako", now=NOW) is None
    view = store.ticket(ref)
    assert view.row.categories == before.row.categories
    assert [mail.mail_id for mail in view.mails] == [1, 2]
    assert store.parts_taken(ref) == {}
    assert [(link.ref, link.kind) for link in view.links] == [(bill, "merged")]


# Move


def test_a_mail_moves_out_into_its_natural_ticket(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, 1)
    file_more(store, 2, ref, sender="jiro@example.com")
    assert store.move_mail(2, None, lacks=lacks, by="hanako", now=NOW, expected=ref) == "T000002"
    old, new = store.ticket(ref), store.ticket("T000002")
    assert [mail.mail_id for mail in old.mails] == [1]
    assert [mail.mail_id for mail in new.mails] == [2]
    assert (new.row.subject, new.row.sender, new.row.split_from) == ("mail 2", "jiro@example.com", ref)
    assert new.row.key == place_of(2)
    assert old.participants == ("taro@example.com",)
    assert new.participants == ("jiro@example.com",)
    assert history_ref(store, mail(9, in_reply_to="<m2@example.com>"), 9) == "T000002"
    assert history_ref(store, mail(9, in_reply_to="<m1@example.com>"), 9) == ref
    assert ("mail_moved_out", "2 T000002: mails 2") in events(store, ref)
    assert is_balanced(store)
    assert every_mail_once(store)
    assert store.books().ticketed == 2


def test_the_first_mail_may_leave_if_another_stays(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, 1)
    assert store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW) is Refusal.NOTHING_LEFT
    file_more(store, 2, ref)
    moved = store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW)
    assert moved == FIRST_CHILD  # T000001 is the ticket that it left
    old, new = store.ticket(ref), store.ticket(FIRST_CHILD)
    assert old.row.subject == "mail 2"
    assert [mail.mail_id for mail in new.mails] == [1]
    assert [letter.reply_id for letter in new.replies] == [1]  # the letter that it got goes along
    assert {facts.ref for facts in store.facts(NOW.replace(year=2000), NOW.replace(year=2100))} == {ref, FIRST_CHILD}


def test_a_reply_to_a_letter_that_moved_follows_it(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, 1)
    file_more(store, 2, ref)
    moved = store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW)
    letter = store.ticket(str(moved)).replies[0].message_id
    assert letter.startswith(f"<{ref}.")  # its address is the old ticket's still
    assert history_ref(store, mail(9, in_reply_to=letter), 9, ref) == moved
    assert history_ref(store, mail(9), 9, ref) == ref


def test_what_a_mail_brought_goes_with_it(store: Store, lacks: Lacks) -> None:
    other = file_one(store, 1)
    ref = file_three(store, 2)
    file_more(store, 3, ref)
    store.move_mail(2, other, lacks=lacks, by="hanako", now=NOW)
    assert store.ticket(other).items["when"].mail_id == 2
    assert not store.ticket(ref).items["when"].is_given
    assert store.ticket(other).row.products == ("ecs", "oss")
    assert store.ticket(ref).row.categories == ("product.troubleshooting",)
    back = store.move_mail(2, ref, lacks=lacks, by="hanako", now=NOW)
    assert back == ref
    assert store.ticket(ref).items["when"].mail_id == 2
    assert not store.ticket(other).items["when"].is_given


def test_moves_that_make_no_sense_are_refused(store: Store, lacks: Lacks) -> None:
    ref, closed, strange = file_one(store, 1), file_one(store, 2), file_one(store, 3, sender="jiro@other.example")
    file_more(store, 4, ref)
    store.move(closed, TicketState.CLOSED, by="hanako", now=NOW)
    assert store.move_mail(4, ref, lacks=lacks, by="hanako", now=NOW) is Refusal.SAME
    assert store.move_mail(4, closed, lacks=lacks, by="hanako", now=NOW) is Refusal.CLOSED
    assert store.move_mail(4, strange, lacks=lacks, by="hanako", now=NOW) is Refusal.OTHER_CUSTOMER
    assert store.move_mail(4, strange, lacks=lacks, by="hanako", now=NOW, expected=closed) is Refusal.CHANGED
    assert store.move_mail(4, strange, lacks=lacks, by="hanako", now=NOW, is_confirmed=True) == strange
    with pytest.raises(NotFound):
        store.move_mail(99, ref, lacks=lacks, by="hanako", now=NOW)


def test_a_version_is_raised_wherever_a_ticket_changes(store: Store, lacks: Lacks) -> None:
    """A worker that decided on the old one decides anew."""
    ref = file_one(store, 1)
    file_more(store, 2, ref)
    version = store.ticket(ref).row.version
    store.move_mail(2, None, lacks=lacks, by="hanako", now=NOW)
    assert store.ticket(ref).row.version > version


def test_tags_follow(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert {"category:service.payment_billing", "lane:service", "complete:yes"} <= tags(store, bill)
    assert "category:service.payment_billing" not in tags(store, ref)


def tags(store: Store, ref: str) -> set[str]:
    with store.read() as connection:
        return set(connection.execute(text("SELECT tag FROM ticket_tag WHERE ref = :ref"), {"ref": ref}).scalars())


# Links and spam


def test_links_by_hand_come_and_go(store: Store) -> None:
    one, other = file_one(store, 1), file_one(store, 2)
    assert store.relate(one, other, by="hanako", now=NOW) is None
    assert store.relate(other, one, by="hanako", now=NOW) is None
    assert [(link.ref, link.kind) for link in store.ticket(one).links] == [(other, "related")]
    assert ("link_added", other) in events(store, one)
    assert ("link_added", one) in events(store, other)
    assert store.unrelate(one, other, by="hanako", now=NOW) is None
    assert store.ticket(other).links == ()
    assert store.relate(one, one, by="hanako", now=NOW) is Refusal.SAME
    with pytest.raises(NotFound):
        store.relate(one, "T000099", by="hanako", now=NOW)


def test_only_links_by_hand_are_taken_back(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert store.unrelate(ref, bill, by="hanako", now=NOW) is Refusal.NOT_BY_HAND
    assert store.ticket(bill).links


def test_spam_is_closed_silent_and_can_be_taken_back(store: Store) -> None:
    ref = file_one(store, 1, reply_state=ReplyState.HELD)
    store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
    store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
    view = store.ticket(ref)
    assert (view.row.is_spam, view.row.state) == (True, "closed")
    assert [letter.state for letter in view.replies] == ["discarded"]
    assert "spam" in tags(store, ref)
    assert [what for what, _ in events(store, ref)].count("marked_spam") == 1
    store.mark_spam(ref, is_spam=False, by="hanako", now=NOW)
    view = store.ticket(ref)
    assert (view.row.is_spam, view.row.state) == (False, "needs_review")
    assert "spam" not in tags(store, ref)


def test_a_child_that_is_merged_elsewhere_takes_its_part_along(store: Store, lacks: Lacks) -> None:
    ref, other = file_three(store), file_one(store, 2)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert store.merge(bill, other, lacks=lacks, by="hanako", now=NOW) is None
    assert [part.holder for part in store.ticket_parts(other)] == [ref]
    assert "service.payment_billing" in store.ticket(other).row.categories
    assert store.parts_taken(ref) == {1: {other: store.ticket_parts(other)[0].spans}}
    assert is_balanced(store)


def test_a_mail_that_moves_leaves_its_parts_to_the_children(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    file_more(store, 2, ref)
    (bill,) = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    moved = store.move_mail(1, None, lacks=lacks, by="hanako", now=NOW)
    assert moved == f"T{CHILD_REFS + 2}"
    assert store.ticket_parts(bill)[0].holder == moved
    assert "service.payment_billing" not in store.ticket(str(moved)).row.categories
    assert store.move_mail(1, bill, lacks=lacks, by="hanako", now=NOW) is Refusal.NOTHING_LEFT
    assert store.merge(str(moved), bill, lacks=lacks, by="hanako", now=NOW) is None
    assert store.ticket_parts(bill) == ()  # it keeps the whole mail now
    assert len(store.ticket(bill).row.categories) == 3
    assert every_mail_once(store)
    assert is_balanced(store)


@pytest.mark.parametrize("does", ["split", "merge", "move", "spam", "correct"])
def test_what_was_decided_on_the_old_shape_is_decided_anew(store: Store, lacks: Lacks, does: str) -> None:
    """A worker that has read the answer to a ticket meanwhile files nothing into what it was."""
    ref, other = file_three(store), file_one(store, 2)
    file_more(store, 3, ref)
    version = store.ticket(ref).row.version
    store.accept([arrival(4)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    answer = replace(filing(claim, mail(4), None, join=ref), version=version)
    match does:
        case "split":
            store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
        case "merge":
            store.merge(ref, other, lacks=lacks, by="hanako", now=NOW)
        case "move":
            store.move_mail(3, other, lacks=lacks, by="hanako", now=NOW)
        case "spam":
            store.mark_spam(ref, is_spam=True, by="hanako", now=NOW)
        case _:
            store.correct(1, "section:when", "missing", lacks=lacks, by="hanako", now=NOW)
    with pytest.raises(Outdated):
        store.file(answer)
    assert is_balanced(store)
