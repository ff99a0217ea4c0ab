"""What the store tells the reports of tickets, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from models.assessment import Category, Facet, Finding, Section
from models.conversation import How
from models.correcting import WrongLetter
from models.db import facts as facts_module
from models.db.store import Store
from models.decision import LetterKind, Reason, ReplyState
from models.facts import TicketFacts
from models.states import TicketState
from models.ticket import Filing
from tests.support.filings import LEASE, NOW, arrival, assessment, file_one, filing, mail, reply

DAY = timedelta(days=1)
EVER = (NOW.replace(year=2000), NOW.replace(year=2100))


def take_in(store: Store, number: int, one: Filing | None = None, **changes: object) -> str:
    """Accept mail `number` and file it as told."""
    sender = str(changes.pop("sender", "taro@example.com"))
    at = changes.pop("at", NOW)
    store.accept([arrival(number, sender=sender, at=at)])  # type: ignore[arg-type]
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    read = mail(number, sender=sender)
    read = replace(read, envelope=replace(read.envelope, received_at=at))  # type: ignore[arg-type]
    made = filing(claim, read, None)
    if one is not None:
        made = replace(one, mail_id=claim.mail_id, token=claim.token)
    return store.file(replace(made, **changes))  # type: ignore[arg-type]


def only(store: Store) -> TicketFacts:
    (found,) = store.facts(*EVER)
    return found


def test_a_ticket_is_told_with_its_mail_and_letter(store: Store) -> None:
    ref = file_one(store)
    one = only(store)
    assert (one.ref, one.opened_at, one.subject, one.language) == (ref, NOW, "mail 1", "ja")
    assert (one.disposition, one.missing_first, one.missing_now) == (
        "request_information",
        ("when", "goal"),
        ("when", "goal"),
    )
    assert (one.categories, one.products, one.domain) == ((Category.TROUBLESHOOTING,), ("ecs",), "example.com")
    assert one.given_first == {"symptom"}
    (first,) = one.mails
    assert (first.mail_id, first.disposition, first.missing, first.is_held) == (
        1,
        "request_information",
        ("when", "goal"),
        False,
    )
    assert (first.confidence, first.unknown_words, first.warnings) == (0.8, None, ())
    (letter,) = one.letters
    assert (letter.kind, letter.state, letter.mail_id, letter.asked) == (
        "request_information",
        "queued",
        1,
        ("when", "goal"),
    )
    assert [(told.what, told.by) for told in one.events] == [("filed", "uketsuke"), ("reply_queued", "uketsuke")]


def test_the_period_is_half_open_and_the_oldest_stands_first(store: Store) -> None:
    for number, at in ((1, NOW + DAY), (2, NOW), (3, NOW - DAY), (4, NOW)):
        take_in(store, number, at=at, sender=f"{number}@example.com")
    assert [one.ref for one in store.facts(NOW - DAY, NOW + DAY)] == ["T000003", "T000002", "T000004"]
    assert list(store.facts(NOW + 2 * DAY, NOW + 3 * DAY)) == []


def test_what_a_first_mail_gave_and_what_it_said_is_unknown(store: Store) -> None:
    seen = assessment(mail(1), frozenset({Section.SYMPTOM, Section.WHEN}))
    unknown = Finding(present=False, answered=True, confidence=0.9)
    seen = replace(
        seen,
        sections={**seen.sections, Section.MATERIALS: unknown},
        facets={
            Facet.STEPS: Finding(present=True, confidence=0.9),
            Facet.EXPECTED: Finding(present=False, confidence=0.9),
        },
        goal_linked=True,
        evidence_linked=False,
        unknown_words=0.25,
    )
    take_in(store, 1, seen=seen)
    one = only(store)
    assert one.given_first == {"symptom", "when", "materials", "facet:steps", "link:goal"}
    assert one.mails[0].unknown_words == 0.25


def test_answers_by_their_place_are_given_too(store: Store) -> None:
    ref = file_one(store)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    later = filing(claim, mail(2), None, join=ref, missing=("goal",))
    answered = replace(later.decision, answers={"when": How.INLINE}, hold=True, confidence=0.4)
    store.file(replace(later, decision=answered))
    one = only(store)
    assert [(told.mail_id, told.missing, told.is_held, told.confidence) for told in one.mails] == [
        (1, ("when", "goal"), False, 0.8),
        (2, ("goal",), True, 0.4),
    ]
    assert one.missing_first == ("when", "goal")  # the first decision stays what it was
    assert "when" not in one.given_first
    assert [told.what for told in one.events] == ["filed", "reply_queued", "joined"]
    assert [told.given for told in one.mails] == [frozenset(), frozenset({"symptom", "when"})]


def test_warnings_of_a_reading_are_told(store: Store) -> None:
    tricky = mail(1, subject=',"warnings":[]}', text='"warnings":[]}', reply_text="x")
    take_in(store, 1, mail=replace(tricky, warnings=("charset: guessed shift_jis", "bytes: 3 replaced")))
    assert only(store).mails[0].warnings == ("charset: guessed shift_jis", "bytes: 3 replaced")


def test_a_providers_domain_is_nobodys(store: Store) -> None:
    take_in(store, 1, sender="Hanako@Gmail.com")
    take_in(store, 2, sender="taro@EXAMPLE.co.jp")
    assert [one.domain for one in store.facts(*EVER)] == ["", "example.co.jp"]


def test_a_letter_that_was_only_shown_says_where_the_ticket_would_stand(store: Store) -> None:
    ref = file_one(store, reply_state=ReplyState.SHADOW)
    take_in(store, 2, reply=reply(2, kind=LetterKind.ACKNOWLEDGEMENT, state=ReplyState.SHADOW), sender="b@example.com")
    file_one(store, 3, sender="c@example.com")
    assert [one.letters[0].would_be for one in store.facts(*EVER)] == ["waiting_customer", "ready", ""]
    with store.write() as connection:
        connection.execute(
            text("""UPDATE ticket SET categories = '["product.incident"]' WHERE ref = :ref"""), {"ref": ref}
        )
    assert next(store.facts(*EVER)).letters[0].would_be == "ready"  # an outage waits for nobody


def test_moves_and_words_of_people_are_told_in_their_order(store: Store) -> None:
    ref = file_one(store)
    store.move(ref, TicketState.NEEDS_REVIEW, by="hanako", now=NOW + DAY)
    store.add_note(ref, "a note is nobody's business", by="hanako", now=NOW + DAY)
    store.move(ref, TicketState.READY, by="hanako", now=NOW + 2 * DAY)
    one = only(store)
    assert [(told.what, told.by, told.detail) for told in one.events][2:] == [
        ("moved", "hanako", "waiting_customer -> needs_review"),
        ("moved", "hanako", "needs_review -> ready"),
    ]
    assert (one.state, one.ready_at) == ("ready", NOW + 2 * DAY)


def test_only_tickets_that_hold_their_first_mail(store: Store) -> None:
    one, other = file_one(store, 1), file_one(store, 2, sender="b@example.com")
    with store.write() as connection:  # as a merge does
        connection.execute(text("UPDATE inbound SET ref = :other WHERE ref = :one"), {"one": one, "other": other})
    (found,) = store.facts(*EVER)
    assert found.ref == other
    assert [told.mail_id for told in found.mails] == [2, 1]  # the one that it began with leads


@pytest.mark.parametrize("is_first", [True, False])
def test_a_mail_without_its_reading_does_not_end_the_report(store: Store, is_first: bool) -> None:
    ref = file_one(store)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(2), None, join=ref))
    file_one(store, 3, sender="b@example.com")
    with store.write() as connection:
        connection.execute(text("DELETE FROM reading WHERE mail_id = :id"), {"id": 1 if is_first else 2})
    found = list(store.facts(*EVER))
    assert [one.ref for one in found] == (["T000003"] if is_first else [ref, "T000003"])
    assert len(found[0].mails) == 1


def test_readings_of_another_version_are_read_as_far_as_they_go(store: Store) -> None:
    file_one(store)
    with store.write() as connection:
        row = connection.execute(text("SELECT assessment, decision, mail FROM reading")).one()
        seen, decision, read = (json.loads(value) for value in row)
        for key in ("facets", "evidence_linked", "goal_linked", "confidence"):
            seen.pop(key, None)
        for finding in seen["sections"].values():
            finding.pop("answered")
        kept = {"disposition": decision["disposition"]}
        read.pop("warnings")
        values = {"seen": json.dumps(seen), "decision": json.dumps(kept), "mail": json.dumps(read)}
        connection.execute(text("UPDATE reading SET assessment = :seen, decision = :decision, mail = :mail"), values)
        connection.execute(text("""UPDATE ticket SET categories = '["product.later"]', symptom_kind = 'later'"""))
    one = only(store)
    assert one.given_first == {"symptom"}
    assert (one.missing_first, one.categories, one.symptom_kind) == ((), (), None)
    assert (one.mails[0].is_held, one.mails[0].confidence, one.mails[0].warnings) == (False, 1.0, ())


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What the store asks of the database meanwhile."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    yield seen
    event.remove(store._engine, "before_cursor_execute", note)


def test_pages_have_no_seam_and_a_page_costs_five_statements(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "PAGE", 3)
    instants = [NOW, NOW, NOW, NOW, NOW - DAY, NOW + DAY, NOW]  # pages end within one instant
    for number, at in enumerate(instants, start=1):
        take_in(store, number, at=at, sender=f"{number}@example.com")
    with statements(store) as asked:
        refs = [one.ref for one in store.facts(*EVER)]
    assert refs == [f"T{number:06d}" for number in (5, 1, 2, 3, 4, 7, 6)]
    assert len([one for one in asked if one.startswith("SELECT")]) <= 5 * 3


def test_a_reader_who_takes_his_time_holds_no_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "PAGE", 1)
    for number in (1, 2):
        file_one(store, number, sender=f"{number}@example.com")
    reading = store.facts(*EVER)
    next(reading)
    file_one(store, 3, sender="3@example.com")  # would wait, or not be seen, within a transaction
    assert [one.ref for one in reading] == ["T000002", "T000003"]


def test_frequent_domains_are_those_of_people_and_no_providers(store: Store) -> None:
    senders = [
        "a@often.example",
        "b@often.example",
        "c@Often.example",
        "d@seldom.example",
        "e@gmail.com",
        "f@gmail.com",
    ]
    for number, sender in enumerate(senders, start=1):
        take_in(store, number, sender=sender)
    for number in (7, 8):
        take_in(store, number, sender="cron@machines.example")
        with store.write() as connection:
            connection.execute(
                text("UPDATE ticket SET is_automatic = :yes WHERE number = :n"), {"yes": True, "n": number}
            )
    assert store.frequent_domains(*EVER, at_least=2, limit=10) == {"often.example"}
    assert store.frequent_domains(*EVER, at_least=1, limit=10) == {"often.example", "seldom.example"}
    assert store.frequent_domains(*EVER, at_least=1, limit=1) == {"often.example"}
    assert store.frequent_domains(NOW + DAY, NOW + 2 * DAY, at_least=1, limit=10) == frozenset()


def test_the_first_arrival(store: Store) -> None:
    assert store.first_arrival() is None
    take_in(store, 1, at=NOW)
    take_in(store, 2, at=NOW - DAY)
    assert store.first_arrival() == NOW - DAY


def test_a_letter_that_was_called_wrong_tells_what_was_made_of_it_before(store: Store) -> None:
    file_one(store, reply_state=ReplyState.HELD)
    (held,) = store.replies(state="held")
    store.release_reply(held.reply_id, by="hanako", now=NOW)
    assert store.call_wrong(held.reply_id, WrongLetter.IMPOLITE, by="taro", now=NOW)
    (one,) = only(store).letters
    assert (one.judgement, one.judged_before) == ("wrong", "released")


@pytest.mark.parametrize("damage", ["{}", "[]", "null", '{"sections": {"when": {}}}', '{"sections": 3}'])
def test_a_damaged_reading_is_a_ticket_of_which_nothing_is_known(store: Store, damage: str) -> None:
    refs = [file_one(store, number) for number in (1, 2)]
    with store.write() as connection:
        connection.execute(text("UPDATE reading SET assessment = :a WHERE mail_id = 1"), {"a": damage})
    bad, good = store.facts(*EVER)
    assert [bad.ref, good.ref] == refs
    assert (bad.is_unreadable, bad.mails, good.is_unreadable, len(good.mails)) == (True, (), False, 1)


def test_why_a_person_looks_first_is_told(store: Store) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = filing(claim, mail(1), None, state=TicketState.NEEDS_REVIEW)
    reasons = (Reason(code="missing", detail="when"), Reason(code="hold_complaint", detail="x"))
    store.file(replace(one, decision=replace(one.decision, hold=True, reasons=reasons)))
    assert only(store).mails[0].holds == ("hold_complaint",)
