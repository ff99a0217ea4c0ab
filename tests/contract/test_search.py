"""The search on both engines: what it finds, in which order, and what it must not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from sqlalchemy import text

from models.arrival import Arrival
from models.assessment import Secret, Span
from models.db.engine import make_engine, transaction
from models.db.filing import add_event
from models.db.migrate import config_for
from models.db.search import BUSY, id_for, index_letter, move_words
from models.db.store import Store
from models.found import Progress, SearchPage
from models.mail import Address, Attachment
from models.query import read_query
from models.states import TicketState
from tests.support.databases import empty
from tests.support.filings import DESK, LEASE, NOW, arrival, assessment, filing, mail, reply

TOKYO = ZoneInfo("Asia/Tokyo")
KEY = "LTAI5tFakeFakeFakeFake01"


def take_in(
    store: Store,
    number: int,
    body: str,
    *,
    letter: str = "",
    join: str | None = None,
    state: TicketState = TicketState.READY,
    at: datetime = NOW,
    hidden: str = "",
    writer: Address | None = None,
    **changes: object,
) -> str:
    """File one mail with this body, and with a letter if one is given."""
    came = arrival(number)
    envelope = replace(came.envelope, received_at=at)
    store.accept([Arrival(raw=came.raw, envelope=envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, body=body, envelope=envelope)
    one = replace(one, **{"sender": writer or one.sender, **changes})  # type: ignore[arg-type]
    answer = replace(reply(claim.mail_id), text=letter) if letter else None
    made = filing(claim, one, answer, state=state, join=join)
    if hidden:
        seen = assessment(one)
        start = seen.text.index(hidden)
        secret = Secret(kind="password", span=Span(start, start + len(hidden)))
        made = replace(made, seen=replace(seen, secrets=(secret,)))
    return store.file(made)


def find(store: Store, query: str, *, limit: int = 20, after: int | None = None) -> SearchPage:
    return store.search(read_query(query, TOKYO), limit=limit, after=after)


def refs(store: Store, query: str) -> list[str]:
    return [one.ref for one in find(store, query).tickets]


def index_of(store: Store) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return [
            tuple(row)
            for row in connection.execute(text("SELECT id, source, source_id, ref, words FROM search ORDER BY id"))
        ]


def is_whole(store: Store) -> bool:
    """SQLite's index agrees with the table that it is of."""
    if store.is_sqlite:
        with store.write() as connection:
            connection.execute(text("INSERT INTO search_words (search_words, rank) VALUES ('integrity-check', 1)"))
    return True


@pytest.mark.parametrize(
    "query",
    [
        "障害",
        "障",
        "課金",
        "金",
        "請求",
        "i-bp1abc2def3",
        "bp1abc2def3",
        "i-bp1*",
        "9b9e8d2a-6f1c-5a3b-8c4d-0123456789ab",
        "5123456789012345",
        "taro@example.com",
        "example.com",
        "from:taro@example.com",
        "from:山田",
        "from:太",
        "InvalidAccessKeyId.NotFound",
        "ｉｎｖａｌｉｄaccesskeyid",
        "HTTP 503",
        "エラー一覧.xlsx",
        "xlsx",
        "サーバー",
        "サーバ",
        "T000042",
        '"課金の請求"',
        '"請求 サーバ"',
        "後半",
        "hanako@example.com",
    ],
)
def test_finds(store: Store, query: str) -> None:
    other = take_in(store, 1, "別の話です", writer=Address(addr="jiro@elsewhere.example", name="鈴木 次郎"))
    ref = take_in(
        store,
        2,
        "昨日から障害です。課金の請求、ｻｰﾊﾞのi-bp1abc2def3でInvalidAccessKeyId.NotFound (HTTP 503) が出ます。\n"
        "RequestId 9B9E8D2A-6F1C-5A3B-8C4D-0123456789AB、アカウント5123456789012345。T000042の件。長い行の後\n半です。",
        cc=(Address(addr="hanako@example.com"),),
        attachments=(Attachment(filename="エラー一覧.xlsx", content_type="application/x", size=3, part=1),),
    )
    found = refs(store, query)
    assert ref in found
    assert other not in found


def test_letters_and_notes_are_found_too_and_say_what_they_are(store: Store) -> None:
    ref = take_in(store, 1, "接続できません", letter="発生時刻をお知らせください。")
    store.add_note(ref, "電話で確認済み", by="hanako", now=NOW)
    (letter,) = find(store, "発生時刻").tickets[0].texts
    (note,) = find(store, "電話").tickets[0].texts
    assert (letter.source, letter.text) == ("letter", "発生時刻をお知らせください。")
    assert (note.source, note.by, note.text) == ("note", "hanako", "電話で確認済み")


def test_a_phrase_keeps_its_order(store: Store) -> None:
    one, other = take_in(store, 1, "ECS の接続 timeout"), take_in(store, 2, "timeout 接続の ECS")
    assert refs(store, "timeout ECS 接続") == [other, one]
    assert refs(store, '"ECS の接続"') == [one]
    assert refs(store, "接続のECS") == [other]
    assert refs(store, '"接続 ECS"') == []


def test_excluded_words_take_the_whole_ticket_away(store: Store) -> None:
    one, other = take_in(store, 1, "障害です"), take_in(store, 2, "障害です")
    store.add_note(other, "解決済み", by="hanako", now=NOW)
    assert refs(store, "障害") == [other, one]
    assert refs(store, "障害 -解決") == [one]
    assert refs(store, "障害 -from:taro@example.com") == []
    assert refs(store, "-解決 is:ready") == [one]


def test_states_and_days_narrow(store: Store) -> None:
    old = take_in(store, 1, "障害です", at=NOW - timedelta(days=3))
    new = take_in(store, 2, "障害です", state=TicketState.NEEDS_REVIEW)
    store.move(old, TicketState.CLOSED, by="hanako", now=NOW)
    assert refs(store, "障害 is:closed") == [old]
    assert refs(store, "障害 is:open") == [new]
    assert refs(store, "is:closed") == [old]
    assert refs(store, "障害 after:2026-11-24") == [new]
    assert refs(store, "障害 before:2026-11-24") == [old]
    assert refs(store, "after:2026-11-21 before:2026-11-22") == [old]
    assert refs(store, "障害 is:snoozed") == []


def test_the_newest_ticket_stands_first_whatever_was_written_last(store: Store) -> None:
    one, other = take_in(store, 1, "障害です"), take_in(store, 2, "障害です")
    take_in(store, 3, "障害の続きです", join=one)
    assert refs(store, "障害") == [other, one]
    first, second = find(store, "障害").tickets
    assert [len(first.texts), len(second.texts)] == [1, 2]


def test_pages_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    all_refs = [take_in(store, number, f"障害 {number}") for number in range(1, 12)]
    take_in(store, 12, "障害の続き", join=all_refs[3])
    seen: list[str] = []
    after = None
    while True:
        page = find(store, "障害", limit=3, after=after)
        seen += [one.ref for one in page.tickets]
        after = page.next_after
        if after is None:
            break
    assert seen == all_refs[::-1]
    assert not page.is_short


def test_few_open_tickets_among_many_are_found_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the search walks: by texts, or by open tickets when texts would be too many."""
    all_refs = [take_in(store, number, "障害です" if number % 5 else "請求です") for number in range(1, 21)]
    for ref in all_refs[::2]:
        store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    store.add_note(all_refs[3], "障害の続き", by="hanako", now=NOW)
    wanted = [ref for place, ref in enumerate(all_refs, 1) if place % 2 == 0 and place % 5][::-1]
    by_texts = find(store, "障害 is:open")
    assert [one.ref for one in by_texts.tickets] == wanted
    monkeypatch.setattr("models.db.search._STEPS", (2, 2, 2))
    monkeypatch.setattr("models.db.search._MANY", 3)
    monkeypatch.setattr("models.db.search._NEWEST", 3)
    monkeypatch.setattr("models.db.search._AT_ONCE", 2)
    seen: list[str] = []
    after = None
    while True:
        page = find(store, "障害 is:open -請求", limit=3, after=after)
        seen += [one.ref for one in page.tickets]
        after = page.next_after
        if after is None:
            break
    assert seen == wanted
    assert find(store, "障害 is:open").tickets == by_texts.tickets
    seen, after = [], None
    while after is not None or not seen:
        page = find(store, "障害 -請求", limit=3, after=after)
        seen += [one.ref for one in page.tickets]
        after = page.next_after
        if after is None:
            break
    assert seen == [ref for place, ref in enumerate(all_refs, 1) if place % 5][::-1]
    short = find(store, "障害 is:closed")
    assert short.is_short
    assert short.next_after


def test_secrets_are_not_in_the_index(store: Store) -> None:
    body = f"鍵は{KEY}です。合言葉 ひらけごま99 で入れます"
    ref = take_in(store, 1, body, hidden="ひらけごま99", letter=f"いただいた {KEY} を")
    store.add_note(ref, f"鍵 {KEY} パスワード: himitsu2024", by="hanako", now=NOW)
    for query in (KEY, "ひらけごま", "ごま99", "LTAI5*", "himitsu2024"):
        assert refs(store, query) == [], query
    assert "ltai5" not in str(index_of(store)).casefold()
    assert refs(store, "合言葉") == refs(store, "鍵は") == [ref]
    (text_found,) = find(store, "合言葉").tickets[0].texts
    assert text_found.secrets == ("ひらけごま99",)


def test_a_changed_letter_is_found_by_its_new_words_alone(store: Store) -> None:
    ref = take_in(store, 1, "接続できません", letter="発生時刻をお知らせください。")
    with store.write() as connection:
        connection.execute(text("UPDATE reply SET text = '構成図をお送りください。'"))
        index_letter(connection, connection.execute(text("SELECT id FROM reply")).scalar_one())
    assert refs(store, "発生時刻") == []
    assert refs(store, "構成図") == [ref]
    assert is_whole(store)


def test_a_moved_mail_is_found_at_its_new_ticket(store: Store) -> None:
    one, other = take_in(store, 1, "障害です"), take_in(store, 2, "請求です")
    with store.write() as connection:
        connection.execute(text("UPDATE inbound SET ref = :ref WHERE id = 1"), {"ref": other})
        move_words(connection, "mail", 1, other)
        move_words(connection, "note", 99, other)
    assert refs(store, "障害") == [other] != [one]
    assert is_whole(store)


def test_texts_of_one_ticket_never_share_an_id(store: Store) -> None:
    ref = take_in(store, 1, "障害です")
    with store.write() as connection:
        place = connection.execute(text("SELECT place FROM ticket")).scalar_one()
        taken = id_for(place, "note", 1)
        connection.execute(text("UPDATE search SET id = :id"), {"id": taken})
        connection.execute(text("DELETE FROM event"))
        connection.execute(
            text("INSERT INTO event (id, ref, at, by, what, detail) VALUES (1, :ref, :at, 'x', 'note', '電話')"),
            {"ref": ref, "at": NOW},
        )
        connection.execute(text("DELETE FROM search_backlog"))
    store.begin_reindex()
    while store.catch_up():
        pass
    assert refs(store, "障害") == refs(store, "電話") == [ref]


def test_a_new_index_equals_the_one_that_grew(store: Store) -> None:
    ref = take_in(store, 1, f"障害です {KEY}", letter="発生時刻をお知らせください。")
    take_in(store, 2, "続きです", join=ref)
    take_in(store, 3, "請求です")
    store.add_note(ref, "電話で確認済み", by="hanako", now=NOW)
    grown = index_of(store)
    assert len(grown) == 5
    with store.write() as connection:
        connection.execute(text("DELETE FROM search WHERE source_id <> 2"))
    store.begin_reindex()
    assert store.search_progress() == Progress(done=0, total=_began(store))
    steps = 0
    while store.catch_up(limit=2):
        steps += 1
    assert index_of(store) == grown
    assert steps >= 4
    assert store.search_progress() is None
    assert is_whole(store)


def _began(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(text("SELECT SUM(began) FROM search_backlog")).scalar_one())


def test_an_older_database_is_indexed_after_it_was_migrated(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0006")
        connection.execute(
            text(
                "INSERT INTO event (ref, at, by, what, detail) VALUES ('T000001', :at, 'hanako', 'note', '電話'),"
                " ('T000001', :at, 'hanako', 'moved', '')"
            ),
            {"at": NOW},
        )
        command.upgrade(config_for(connection), "head")
        rows = connection.execute(text("SELECT source, began, remains FROM search_backlog")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("note", 1, 1)]


def test_writing_anew_waits_for_those_who_write(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("SQLite lets one transaction write at a time")
    ref = take_in(store, 1, "障害です")
    store.begin_reindex()
    with store.write() as connection:
        add_event(connection, ref, NOW, "hanako", "note", "電話")
        assert store.catch_up() == BUSY
    assert store.catch_up() == 1
    assert refs(store, "電話") == refs(store, "障害") == [ref]


@pytest.mark.parametrize(
    "query",
    [
        "'; DROP TABLE ticket; --",
        '" OR "1"="1',
        "障害\0",
        '"""',
        "* NEAR(a b) AND OR NOT",
        "a:b:c {x y}: ^z",
        "\\' \\\\ & | ! <-> :*",
        "-" * 500,
        "!?()[]{}<>",
        "障" * 10_000,
        "a* " * 200,
        "words:障害 -words:x",
        "\ue000taro \ue001",
        "\ud800",
        "from: is: before: after:",
        "",
    ],
)
def test_no_query_fails(store: Store, query: str) -> None:
    take_in(store, 1, "障害です")
    find(store, query)
    find(store, f"障害 -{query}")
    assert refs(store, "障害") == ["T000001"]


def test_a_text_without_end_is_filed_and_found_by_its_beginning(store: Store) -> None:
    ref = take_in(store, 1, "障害のはじまり " + " ".join(f"x{number}" * 20 for number in range(30_000)))
    assert refs(store, "はじまり") == [ref]
    repeated = take_in(store, 2, "課金 " * 20_000)
    assert refs(store, '"課金 課金 課金"') == [repeated]


def test_a_ticket_is_known_by_its_reference(store: Store) -> None:
    ref = take_in(store, 1, "障害です")
    assert store.ticket_exists(ref)
    assert not store.ticket_exists("T000099")
