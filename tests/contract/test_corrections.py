"""Agents' word on how mails were read, on both engines: what it changes at once, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk.lacking import lacks_by
from models.correcting import WrongLetter, issues_to_value, newest, relabelled
from models.db.corrections import CORRECTED
from models.db.store import Store
from models.decision import ReplyState
from models.errors import NotFound
from models.shaping import Lacks, SplitIssue
from policy.pack import Pack
from tests.support.filings import NOW, file_one
from tests.support.shaping import file_more, file_three

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def lacks(pack: Pack) -> Lacks:
    return lacks_by(pack)


def correct(
    store: Store, lacks: Lacks, target: str, value: object, *, mail_id: int = 1, ref: str | None = None
) -> None:
    assert store.correct(mail_id, target, value, lacks=lacks, by="hanako", now=LATER, ref=ref)


def give_all(store: Store, lacks: Lacks) -> None:
    for section in ("evidence", "when", "where", "goal"):
        correct(store, lacks, f"section:{section}", "present")
    for facet in ("endpoints", "command_result"):
        correct(store, lacks, f"facet:{facet}", "present")


def test_what_an_agent_found_is_given(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    correct(store, lacks, "section:when", "present")
    view = store.ticket(ref)
    assert "when" not in view.row.missing
    assert view.items["when"].how == "agent"
    assert view.items["when"].mail_id == 1
    assert [(event.by, event.detail) for event in view.events if event.what == "corrected"] == [
        ("hanako", "section:when present (1)")
    ]


def test_what_an_agent_does_not_find_is_missing(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    assert "symptom" not in store.ticket(ref).row.missing
    correct(store, lacks, "section:symptom", "missing")
    view = store.ticket(ref)
    assert "symptom" in view.row.missing
    assert not view.items["symptom"].is_given


def test_unknown_is_never_asked(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    correct(store, lacks, "section:when", "unknown")
    view = store.ticket(ref)
    assert "when" not in view.row.missing
    assert view.items["when"].how == "unknown"


def test_a_ticket_that_lacks_nothing_any_more_is_ready_and_asks_nothing(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    give_all(store, lacks)
    view = store.ticket(ref)
    assert view.row.missing == ()
    assert view.row.state == "ready"
    assert [(letter.state, letter.reason) for letter in view.replies] == [("discarded", CORRECTED)]
    assert [event.detail for event in view.events if event.what == "moved"] == [
        f"waiting_customer -> ready: {CORRECTED}"
    ]


def test_a_held_letter_that_asks_for_what_is_there_says_so(store: Store, lacks: Lacks) -> None:
    ref = file_one(store, reply_state=ReplyState.HELD)
    correct(store, lacks, "section:when", "present")
    (letter,) = store.ticket(ref).replies
    assert (letter.state, letter.reason) == ("held", "corrected_asks")


def test_another_mail_may_still_give_what_this_one_does_not(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    file_more(store, 2, ref)
    correct(store, lacks, "section:when", "present", mail_id=2)
    correct(store, lacks, "section:when", "missing", mail_id=1)
    assert store.ticket(ref).items["when"].mail_id == 2


def test_a_word_is_taken_back(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    before = store.ticket(ref)
    correct(store, lacks, "section:when", "present")
    correct(store, lacks, "section:when", None)
    after = store.ticket(ref)
    assert after.items == before.items
    assert "when" in after.row.missing
    assert newest(store.corrections(ref)) == {}
    assert len(store.corrections(ref)) == 2  # every word stays


def test_other_labels_become_the_tickets(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    seen = store.ticket(ref).mails[0].seen
    assert seen is not None
    issues = relabelled(seen.issues, 0, "service.payment_billing", ["oss"])
    correct(store, lacks, "issues", issues_to_value(issues))
    row = store.ticket(ref).row
    assert (row.categories, row.products, row.lane) == (("service.payment_billing",), ("oss",), "service")
    assert row.missing == ("who",)  # what the new category requires
    assert store.queue()[0].categories == ("service.payment_billing",)


def test_kind_language_and_who_wrote(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    correct(store, lacks, "kind", "error")
    assert {"facet:error_message", "facet:steps"} <= {*store.ticket(ref).row.missing, *store.ticket(ref).row.unsure}
    correct(store, lacks, "language", "en")
    assert store.ticket(ref).row.language == "en"
    correct(store, lacks, "language", None)
    assert store.ticket(ref).row.language == "ja"
    correct(store, lacks, "automatic", True)
    (facts,) = store.facts(NOW.replace(year=2000), NOW.replace(year=2100))
    assert facts.is_automatic


def test_a_machines_mail_says_nothing_of_the_matter(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    file_more(store, 2, ref)
    correct(store, lacks, "automatic", True, mail_id=1)
    assert not store.ticket(ref).items["when"].is_given
    correct(store, lacks, "automatic", False, mail_id=1)
    assert store.ticket(ref).items["when"].is_given


def test_a_mark_on_a_part_is_the_parts_alone(store: Store, lacks: Lacks) -> None:
    ref = file_three(store)
    children = store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    assert isinstance(children, tuple)
    (child,) = children
    correct(store, lacks, "section:goal", "present", ref=child)
    assert store.ticket(child).items["goal"].is_given
    assert not store.ticket(ref).items["goal"].is_given
    correct(store, lacks, "section:evidence", "present")
    assert store.ticket(ref).items["evidence"].is_given
    assert not store.ticket(child).items["evidence"].is_given
    with pytest.raises(NotFound):
        store.correct(1, "section:goal", "present", lacks=lacks, by="hanako", now=LATER, ref="T000099")


def test_who_was_slower_writes_nothing(store: Store, lacks: Lacks) -> None:
    ref = file_one(store)
    correct(store, lacks, "section:when", "present")
    assert not store.correct(1, "section:when", "missing", lacks=lacks, by="taro", now=LATER, after=0)
    newest_id = store.corrections(ref)[-1].correction_id
    assert store.correct(1, "section:when", "missing", lacks=lacks, by="taro", now=LATER, after=newest_id)


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("section:nothing", "present"),
        ("section:when", "perhaps"),
        ("facet:x", "present"),
        ("kind", "x"),
        ("language", "xx"),
        ("issues", [{"gist": "x"}]),
        ("colour", "red"),
    ],
)
def test_what_is_no_label_is_refused(store: Store, lacks: Lacks, target: str, value: object) -> None:
    ref = file_one(store)
    with pytest.raises((ValueError, KeyError)):
        store.correct(1, target, value, lacks=lacks, by="hanako", now=LATER)
    assert store.corrections(ref) == ()


def test_a_letter_is_called_wrong_and_not(store: Store) -> None:
    ref = file_one(store)
    reason = WrongLetter.ASKED_WHAT_WAS_THERE
    assert store.call_wrong(1, reason, note="書いてあった\x00", by="hanako", now=LATER) == ref
    view = store.ticket(ref)
    assert view.replies[0].judgement == "wrong"
    assert newest(store.corrections(ref))["letter:1"] == {"reason": reason, "note": "書いてあった", "before": ""}
    assert ("letter_wrong", f"request_information {reason}") in [(one.what, one.detail) for one in view.events]
    (share,) = store.wrong_shares(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert (share.kind, share.sent, share.wrong) == ("request_information", 1, 1)
    store.call_wrong(1, None, by="hanako", now=LATER)
    assert store.ticket(ref).replies[0].judgement == ""
    store.call_wrong(1, None, by="hanako", now=LATER)  # nothing to take back
    assert len(store.corrections(ref)) == 2
    with pytest.raises(NotFound):
        store.call_wrong(99, reason, by="hanako", now=LATER)


def test_words_are_counted_by_what_they_are_on(store: Store, lacks: Lacks) -> None:
    file_one(store)
    correct(store, lacks, "section:when", "missing")
    correct(store, lacks, "section:when", "present")  # of one mail and target the newest counts
    correct(store, lacks, "section:goal", "present")
    correct(store, lacks, "section:goal", None)
    correct(store, lacks, "language", "en")
    store.call_wrong(1, WrongLetter.IMPOLITE, by="hanako", now=LATER)
    counts = {(one.target, one.item): one.count for one in store.correction_counts(NOW, LATER + timedelta(seconds=1))}
    assert counts == {("section", "when"): 1, ("language", ""): 1, ("letter", "impolite"): 1}
    assert store.correction_counts(NOW, LATER) == ()


def test_corrected_mails_are_found_since(store: Store, lacks: Lacks) -> None:
    file_one(store, 1)
    file_one(store, 2)
    correct(store, lacks, "section:when", "present", mail_id=2)
    store.call_wrong(1, WrongLetter.OTHER, by="hanako", now=LATER)
    assert [view.mail_id for view, _ in store.corrected_mails()] == [2]
    assert [view.mail_id for view, _ in store.corrected_mails(LATER)] == [2]
    assert list(store.corrected_mails(LATER + timedelta(seconds=1))) == []
