from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from models.db.store import Store
from models.decision import ReplyState
from models.programs import Scope
from models.states import TicketState
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import browsing, make_app, signed_in
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail
from tests.support.ledger import CannedLedger, saved

V1 = "/api/v1"
# The store's own tests go over both engines; here PostgreSQL reads only what strangers write into its statements.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROBLEM = "application/problem+json"


OPERATIONS = (
    ("GET", "/tickets", "/tickets", Scope.TICKETS_READ),
    ("GET", "/events", "/events", Scope.TICKETS_READ),
    ("GET", "/tickets/{ref}", "/tickets/T000001", Scope.TICKETS_READ),
    ("GET", "/tickets/{ref}/mails", "/tickets/T000001/mails", Scope.TICKETS_READ),
    ("GET", "/tickets/{ref}/letters", "/tickets/T000001/letters", Scope.TICKETS_READ),
    ("GET", "/mails/{mail_id}/raw", "/mails/1/raw", Scope.MAILS_READ),
    ("GET", "/mails/{mail_id}/attachments/{part}", "/mails/1/attachments/1", Scope.MAILS_READ),
    ("GET", "/reports", "/reports", Scope.REPORTS_READ),
    ("GET", "/reports/{period}", "/reports/2026-W47", Scope.REPORTS_READ),
    ("POST", "/tickets/{ref}/notes", "/tickets/T000001/notes", Scope.TICKETS_WRITE),
    ("POST", "/tickets/{ref}/move", "/tickets/T000001/move", Scope.TICKETS_WRITE),
    ("POST", "/tickets/{ref}/snooze", "/tickets/T000001/snooze", Scope.TICKETS_WRITE),
    ("POST", "/tickets/{ref}/assign", "/tickets/T000001/assign", Scope.TICKETS_WRITE),
    ("POST", "/letters/{letter_id}/release", "/letters/1/release", Scope.TICKETS_WRITE),
    ("POST", "/letters/{letter_id}/discard", "/letters/1/discard", Scope.TICKETS_WRITE),
)
ODD_QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/tickets", {"limit": "0"}),
    ("/tickets", {"limit": "101"}),
    ("/tickets", {"limit": "9" * 5000}),
    ("/tickets", {"limit": "1e3"}),
    ("/tickets", {"state": "parked\x00"}),
    ("/tickets", {"category": "nope"}),
    ("/tickets", {"product": "a\x00b"}),
    ("/tickets", {"assignee": "\x00"}),
    ("/tickets", {"language": "日本"}),
    ("/tickets", {"cursor": "p99999999999999999999"}),
    ("/tickets", {"cursor": "'; DROP TABLE ticket; --"}),
    ("/tickets", {"updated_since": "yesterday"}),
    ("/tickets", {"updated_since": "1732406400"}),
    ("/tickets", {"updated_since": "2026-11-24T10:00:00"}),
    ("/tickets", {"updated_since": "2026-02-30T10:00:00Z"}),
    ("/events", {"after": "-1"}),
    ("/events", {"after": str(2**31)}),
    ("/tickets/T000001x", {}),
    ("/tickets/T0000000000001", {}),
    ("/mails/99999999999999999999/raw", {}),
    ("/mails/0/raw", {}),
    ("/mails/1/attachments/-1", {}),
)
ODD_STEPS: tuple[tuple[str, bytes], ...] = (
    ("notes", b""),
    ("notes", b"{"),
    ("notes", b"null"),
    ("notes", b"[]"),
    ("notes", b'{"text": ""}'),
    ("notes", b'{"text": " \\u0000\\n"}'),
    ("notes", b'{"text": "x", "by": "hanako"}'),
    ("notes", b'{"text": 7}'),
    ("notes", b'{"text": "\\ud800"}'),
    ("notes", b'{"text": "\xff"}'),
    ("notes", b'{"text": "' + b"x" * 10_001 + b'"}'),
    ("notes", b"[" * 30_000),
    ("move", b'{"to": "parked"}'),
    ("move", b'{"to": "snoozed"}'),
    ("move", b'{"to": "ready", "why": "' + b"x" * 201 + b'"}'),
    ("snooze", b'{"until": 1e999}'),
    ("snooze", b'{"until": 99999999999999999999999}'),
    ("snooze", b'{"until": "2026-13-01T00:00:00Z"}'),
    ("snooze", b'{"until": null}'),
    ("assign", b"{}"),
    ("assign", b'{"agent": ""}'),
)


async def in_pieces() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(store: Store, pack: Pack, clock: Clock) -> FastAPI:
    return make_app(store, pack, clock, desk_link="https://desk.example")


def token(store: Store, *scopes: Scope, name: str = "bi") -> dict[str, str]:
    return {"Authorization": f"Bearer {store.add_token(name, scopes or tuple(Scope), by='hanako', now=NOW)}"}


@pytest.fixture
async def client(app: FastAPI, store: Store) -> AsyncIterator[AsyncClient]:
    async with browsing(app) as one:
        one.headers.update(token(store))
        yield one


def problem(response: Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    said: dict[str, Any] = response.json()
    assert (said["status"], said["code"], said["type"]) == (status, code, f"urn:uketsuke:problem:{code}")
    return said


@ON_SQLITE
async def test_the_document_and_its_page_are_open_and_hold_no_script(app: FastAPI, store: Store) -> None:
    file_one(store)
    async with browsing(app) as client:
        document = (await client.get(f"{V1}/openapi.json")).json()
        page = await client.get(f"{V1}/docs")
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert all(one["summary"] and one["operationId"] and one["security"] for one in operations)
    problems = {status for one in operations for status in one["responses"] if status.startswith("4")}
    assert {"401", "403", "404", "409", "412", "422", "429"} <= problems
    assert all(
        list(answer["content"]) == [PROBLEM]
        for one in operations
        for status, answer in one["responses"].items()
        if status[0] in "45"
    )
    assert page.status_code == 200
    assert "<script" not in page.text
    assert all(one["operationId"] in page.text for one in operations)
    assert "T000001" not in page.text


@ON_SQLITE
async def test_without_a_good_token_nobody_reads(app: FastAPI, store: Store) -> None:
    file_one(store)
    revoked = token(store, name="old")
    store.revoke_token(1, by="hanako", now=NOW)
    async with browsing(app) as client:
        for headers in ({}, {"Authorization": "Bearer uk_nope"}, {"Authorization": "Basic dTpw"}, revoked):
            answer = await client.get(f"{V1}/tickets", headers=headers)
            problem(answer, 401, "token_unknown" if headers else "token_required")
            assert answer.headers["www-authenticate"].startswith('Bearer realm="uketsuke"')


@ON_SQLITE
async def test_each_operation_needs_its_scope_and_no_other_will_do(app: FastAPI, store: Store) -> None:
    file_one(store)
    async with browsing(app) as client:
        document = (await client.get(f"{V1}/openapi.json")).json()
        others = {scope: token(store, *(one for one in Scope if one is not scope), name="others") for scope in Scope}
        right = {scope: token(store, scope, name="right") for scope in Scope}
        asked = set()
        for method, template, path, scope in OPERATIONS:
            answer = await client.request(method, V1 + path, headers=others[scope])
            problem(answer, 403, "scope_missing")
            assert f'scope="{scope.value}"' in answer.headers["www-authenticate"]
            assert (await client.request(method, V1 + path, headers=right[scope])).status_code not in {401, 403}
            assert document["paths"][template][method.lower()]["security"][0]["token"] == [scope.value]
            asked.add((template, method.lower()))
    assert asked == {(template, verb) for template, methods in document["paths"].items() for verb in methods}


@ON_SQLITE
async def test_an_agent_who_is_signed_in_reads_and_takes_no_step(app: FastAPI, store: Store) -> None:
    ref = file_one(store)
    async with signed_in(app) as client:
        assert (await client.get(f"{V1}/tickets/{ref}")).json()["ref"] == ref
        assert (await client.get(f"{V1}/mails/1/raw")).status_code == 200
        assert (await client.get(f"{V1}/reports")).json() == {"reports": [], "next_cursor": None}
        problem(await client.post(f"{V1}/tickets/{ref}/notes", json={"text": "x"}), 401, "token_required")
    assert [event.what for event in store.ticket(ref).events if event.what == "note"] == []


async def test_a_list_is_paged_and_filtered(client: AsyncClient, store: Store) -> None:
    refs = [file_one(store, number) for number in range(1, 8)]
    store.move(refs[2], TicketState.CLOSED, by="hanako", now=NOW)

    async def pages(**asked: object) -> list[str]:
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            answer = await client.get(f"{V1}/tickets", params={"limit": 3, **asked, **more})  # type: ignore[dict-item]
            assert answer.status_code == 200, answer.text
            found += [one["ref"] for one in answer.json()["tickets"]]
            cursor = answer.json()["next_cursor"]
        return found

    assert await pages() == refs[::-1]
    assert await pages(state="closed") == [refs[2]]
    assert await pages(state=["closed", "waiting_customer"], language="ja", product="ecs") == refs[::-1]
    assert await pages(category="product.incident") == []
    assert await pages(assignee="") == refs[::-1]
    assert await pages(assignee="hanako") == []
    store.add_note(refs[0], "x", by="hanako", now=NOW + timedelta(minutes=5))
    assert await pages(updated_since="2026-11-24T10:04:00+09:00") == [refs[0]]
    assert await pages(updated_since=NOW.isoformat()) == [*refs[1:], refs[0]]
    assert len(await pages(limit=100)) == 7


@ON_SQLITE
async def test_a_ticket_is_told_whole_with_credentials_masked(client: AsyncClient, store: Store) -> None:
    key = "LTAI5tAbCdEfGhIjKlMnOpQr"
    store.accept([arrival(1, body=f"AccessKey: {key}")])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    ref = store.file(filing(claim, mail(1, body=f"AccessKey: {key}", subject=f"help {key}"), None))
    store.add_note(ref, f"he sent {key}", by="hanako", now=NOW)
    answer = await client.get(f"{V1}/tickets/{ref}")
    whole = answer.json()
    assert answer.headers["etag"] == f'"{whole["version"]}"'
    assert (whole["ref"], whole["state"], whole["from"], whole["missing"]) == (
        ref, "waiting_customer", "taro@example.com", ["when", "goal"],
    )  # fmt: skip
    assert whole["url"] == f"https://desk.example/tickets/{ref}"
    assert whole["issues"][0]["category"] == "product.troubleshooting"
    given = {one["item"]: one for one in whole["items"] if one["is_given"]}
    assert given["symptom"]["mail_id"] == whole["mails"][0]["mail_id"] == 1
    assert [event["what"] for event in whole["events"]] == ["filed", "note"]
    mails = (await client.get(f"{V1}/tickets/{ref}/mails")).json()["mails"]
    assert mails[0]["attachments"] == [{"part": 1, "filename": "図.png", "content_type": "image/png", "size": 3}]
    assert mails[0]["decision"]["reasons"] == [{"code": "missing", "detail": "when"}]
    for said in (answer.text, str(mails), (await client.get(f"{V1}/tickets")).text):
        assert key not in said
        assert "LTAI5" not in said
    raw = await client.get(f"{V1}/mails/1/raw")
    assert key in raw.text
    assert raw.headers["content-type"] == "message/rfc822"
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.content == store.raw_mail(1)


@ON_SQLITE
async def test_letters_are_told_released_and_discarded(client: AsyncClient, store: Store) -> None:
    ref = file_one(store, 1, reply_state=ReplyState.HELD)
    other = file_one(store, 2, reply_state=ReplyState.HELD)
    (letter,) = (await client.get(f"{V1}/tickets/{ref}/letters")).json()["letters"]
    assert (letter["state"], letter["to"], letter["kind"]) == ("held", "taro@example.com", "request_information")
    done = await client.post(f"{V1}/letters/{letter['letter_id']}/release")
    assert done.json()["replies"][0]["state"] == "queued"
    problem(await client.post(f"{V1}/letters/{letter['letter_id']}/release"), 409, "illegal_move")
    (second,) = (await client.get(f"{V1}/tickets/{other}/letters")).json()["letters"]
    store.stop_letters(by="hanako", now=NOW)
    problem(await client.post(f"{V1}/letters/{second['letter_id']}/release"), 409, "letters_stopped")
    assert (await client.post(f"{V1}/letters/{second['letter_id']}/discard")).json()["replies"][0][
        "state"
    ] == "discarded"
    problem(await client.post(f"{V1}/letters/99/discard"), 404, "not_found")
    assert ("api:bi", "reply_queued") in [(event.by, event.what) for event in store.ticket(ref).events]


async def test_steps_are_taken_by_the_tokens_name(client: AsyncClient, store: Store) -> None:
    ref = file_one(store)
    at = f"{V1}/tickets/{ref}"
    assert (await client.post(f"{at}/notes", json={"text": "電話\x00済み"})).status_code == 200
    moved = (await client.post(f"{at}/move", json={"to": "ready", "why": "two\r\nlines"})).json()
    assert (moved["state"], moved["version"]) == ("ready", 1)
    problem(await client.post(f"{at}/move", json={"to": "ready"}), 409, "illegal_move")
    assert (await client.post(f"{at}/assign", json={"agent": "hanako"})).json()["assignee"] == "hanako"
    assert (await client.post(f"{at}/assign", json={"agent": None})).json()["assignee"] is None
    problem(await client.post(f"{at}/assign", json={"agent": "nobody"}), 404, "not_found")
    slept = (await client.post(f"{at}/snooze", json={"until": "2026-11-30T09:00:00+09:00"})).json()
    assert (slept["state"], slept["wake_at"]) == ("snoozed", "2026-11-30T00:00:00Z")
    problem(await client.post(f"{at}/snooze", json={"until": "2026-11-01T09:00:00Z"}), 409, "not_ahead")
    told = [(event.by, event.what, event.detail) for event in store.ticket(ref).events if event.by == "api:bi"]
    assert told[:3] == [
        ("api:bi", "note", "電話済み"),
        ("api:bi", "moved", "waiting_customer -> ready: two lines"),
        ("api:bi", "assigned", "hanako"),
    ]
    for path in ("notes", "move", "snooze", "assign"):
        body = {
            "notes": {"text": "x"},
            "move": {"to": "ready"},
            "snooze": {"until": "2027-01-01T00:00:00Z"},
            "assign": {"agent": None},
        }[path]
        problem(await client.post(f"{V1}/tickets/T999999/{path}", json=body), 404, "not_found")


@ON_SQLITE
async def test_a_key_makes_a_step_happen_once(client: AsyncClient, store: Store, clock: Clock) -> None:
    ref = file_one(store)
    at, key = f"{V1}/tickets/{ref}/notes", {"Idempotency-Key": "import-17"}
    first = await client.post(at, json={"text": "once"}, headers=key)
    again = await client.post(at, json={"text": "once"}, headers=key)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content
    problem(await client.post(at, json={"text": "other"}, headers=key), 409, "key_used")
    clock.advance(timedelta(hours=24))
    await client.post(at, json={"text": "once"}, headers=key)
    assert [event.detail for event in store.ticket(ref).events if event.what == "note"] == ["once", "once"]


@ON_SQLITE
async def test_a_ticket_that_has_changed_is_left_alone(client: AsyncClient, store: Store) -> None:
    ref = file_one(store)
    at = f"{V1}/tickets/{ref}/move"
    seen = (await client.get(f"{V1}/tickets/{ref}")).headers["etag"]
    store.move(ref, TicketState.NEEDS_REVIEW, by="jiro", now=NOW)
    problem(await client.post(at, json={"to": "closed"}, headers={"If-Match": seen}), 412, "version_changed")
    assert store.ticket(ref).row.state == "needs_review"
    now = (await client.get(f"{V1}/tickets/{ref}")).headers["etag"]
    assert (await client.post(at, json={"to": "closed"}, headers={"If-Match": now})).json()["state"] == "closed"
    assert (await client.post(at, json={"to": "ready"}, headers={"If-Match": "*"})).status_code == 200


@ON_SQLITE
async def test_who_asks_too_often_waits(store: Store, pack: Pack, clock: Clock) -> None:
    app = make_app(store, pack, clock, api_per_minute=3)
    async with browsing(app) as client:
        headers, other = token(store), token(store, name="other")
        for _ in range(3):
            assert (await client.get(f"{V1}/tickets", headers=headers)).status_code == 200
        late = await client.get(f"{V1}/tickets", headers=headers)
        problem(late, 429, "too_many_requests")
        assert late.headers["retry-after"] == "20"
        assert (await client.get(f"{V1}/tickets", headers=other)).status_code == 200
        clock.advance(timedelta(seconds=20))
        assert (await client.get(f"{V1}/tickets", headers=headers)).status_code == 200
        problem(await client.get(f"{V1}/tickets", headers=headers), 429, "too_many_requests")


async def test_events_are_followed_without_words(client: AsyncClient, store: Store) -> None:
    ref = file_one(store)
    store.add_note(ref, "a secret word", by="hanako", now=NOW)
    store.move(ref, TicketState.READY, by="hanako", now=NOW, why="a secret word")
    first = (await client.get(f"{V1}/events", params={"limit": 2})).json()
    rest = (await client.get(f"{V1}/events", params={"after": first["next_after"]})).json()
    told = [*first["events"], *rest["events"]]
    assert [one["type"] for one in told] == ["ticket.filed", "letter.queued", "note.added", "ticket.moved"]
    assert told[-1]["move"] == {"from": "waiting_customer", "to": "ready"}
    assert told[1]["letter"] == {"kind": "request_information"}
    assert "secret" not in str(told)
    assert (await client.get(f"{V1}/events", params={"after": rest["next_after"]})).json()["events"] == []


@ON_SQLITE
async def test_reports_are_listed_and_read(store: Store, pack: Pack, clock: Clock) -> None:
    ledger = CannedLedger(reports=[saved("2026-W47", NOW), saved("2026-10", NOW)])
    app = make_app(store, pack, clock, desk_link="https://desk.example", ledger=ledger)
    async with browsing(app) as client:
        client.headers.update(token(store, Scope.REPORTS_READ))
        first, second = (await client.get(f"{V1}/reports")).json()["reports"]
        assert first == {
            "name": "2026-W47",
            "kind": "week",
            "made_at": NOW.isoformat().replace("+00:00", "Z"),
            "url": "https://desk.example/reports/2026-W47",
        }
        assert second["kind"] == "month"
        one = await client.get(f"{V1}/reports/2026-W47")
        assert (one.headers["content-type"], one.json()) == ("application/json", {"period": "2026-W47"})
        assert (await client.get(f"{V1}/reports/2026-11-24")).json() == {"period": "2026-11-24"}, "of today, so far"
        for name in ("2026-W99", "2026-13", "2026-02-30", "0000-01", "9999-12", "2026-W49", "2026-11-25"):
            problem(await client.get(f"{V1}/reports/{name}"), 404, "not_found")
        for name in ("1", "2026", "2026-W1", "２０２６-11", "2026-11%0A", "2026-11%00", "x" * 5000):
            problem(await client.get(f"{V1}/reports/{name}"), 422, "not_understood")


@ON_SQLITE
async def test_reports_come_in_pages_by_their_periods(store: Store, pack: Pack, clock: Clock) -> None:
    days = [f"2026-{month:02d}-{day:02d}" for month in (9, 10) for day in range(1, 29)]
    names = ["2026-W40", "2026-W47", "2026-10", *days, "2027-W01"]
    made = [saved(name, NOW + timedelta(hours=number)) for number, name in enumerate(names)]
    app = make_app(store, pack, clock, ledger=CannedLedger(reports=made))
    async with browsing(app) as client:
        client.headers.update(token(store, Scope.REPORTS_READ))

        async def pages(limit: int, **asked: str) -> list[list[str]]:
            found: list[list[str]] = []
            more: dict[str, str] = {}
            while True:
                answer = (await client.get(f"{V1}/reports", params={"limit": str(limit), **asked, **more})).json()
                found.append([one["name"] for one in answer["reports"]])
                if answer["next_cursor"] is None:
                    return found
                more = {"cursor": answer["next_cursor"]}

        turned = await pages(13)
        assert [len(page) for page in turned] == [13, 13, 13, 13, 7]
        listed = [name for page in turned for name in page]
        assert listed == (await pages(100))[0]
        assert listed[:3] == ["2026-W47", "2026-10", "2026-10-28"]
        assert "2027-W01" not in listed, "it has not begun"
        assert len(listed) == len(set(listed)) == len(names) - 1
        assert len((await pages(50))[0]) == 50
        assert (await client.get(f"{V1}/reports")).json()["next_cursor"] is not None
        assert await pages(1, kind="week") == [["2026-W47"], ["2026-W40"]]
        problem(await client.get(f"{V1}/reports", params={"cursor": "r2026-W99"}), 404, "cursor_unknown")
        problem(await client.get(f"{V1}/reports", params={"cursor": "r9999-12"}), 404, "cursor_unknown")
        for asked in ({"cursor": "p12"}, {"cursor": "r1"}, {"limit": "0"}, {"limit": "101"}, {"kind": "year"}):
            problem(await client.get(f"{V1}/reports", params=asked), 422, "not_understood")


@ON_SQLITE
async def test_a_desk_without_a_ledger_has_no_reports(store: Store, pack: Pack, clock: Clock) -> None:
    async with browsing(make_app(store, pack, clock, ledger=None)) as client:
        client.headers.update(token(store, Scope.REPORTS_READ))
        assert (await client.get(f"{V1}/reports")).json() == {"reports": [], "next_cursor": None}
        problem(await client.get(f"{V1}/reports/2026-W47"), 404, "not_found")


@ON_SQLITE
async def test_a_question_that_cannot_be_understood_is_a_problem(client: AsyncClient) -> None:
    for path, asked in ODD_QUESTIONS:
        said = problem(await client.get(V1 + path, params=asked), 422, "not_understood")
        assert said["errors"][0]["where"] in {"query", "path"}


async def test_far_instants_and_unfitting_cursors_are_no_errors_of_ours(client: AsyncClient, store: Store) -> None:
    file_one(store)
    for since in (
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-12-31T23:59:60Z",
        "2026-11-24t00:00:00.123456789z",
    ):
        assert (await client.get(f"{V1}/tickets", params={"updated_since": since})).status_code == 200
    answer = await client.get(f"{V1}/tickets", params={"cursor": "p1", "updated_since": "2026-11-24T00:00:00Z"})
    problem(answer, 404, "cursor_unknown")
    cursor = "u9999999999999999.T999999999999"
    problem(await client.get(f"{V1}/tickets", params={"cursor": cursor}), 404, "cursor_unknown")
    good = {"cursor": cursor, "updated_since": "2026-11-24T00:00:00Z"}
    assert (await client.get(f"{V1}/tickets", params=good)).json()["tickets"] == []


@ON_SQLITE
async def test_a_step_that_cannot_be_understood_changes_nothing(client: AsyncClient, store: Store) -> None:
    ref = file_one(store)
    before = store.ticket(ref)
    headers = {"Content-Type": "application/json"}
    for path, body in ODD_STEPS:
        answer = await client.post(f"{V1}/tickets/{ref}/{path}", content=body, headers=headers)
        problem(answer, 422, "not_understood")
    assert store.ticket(ref) == before


@ON_SQLITE
async def test_odd_headers_methods_and_sizes(client: AsyncClient, store: Store) -> None:
    ref = file_one(store)
    at = f"{V1}/tickets/{ref}/notes"
    for odd in (
        {"Idempotency-Key": "x" * 129},
        {"Idempotency-Key": "a b"},
        {"If-Match": "W/1"},
        {"If-Match": '"' + "9" * 30 + '"'},
    ):
        problem(await client.post(at, json={"text": "x"}, headers=odd), 422, "not_understood")
    problem(await client.post(at, content=b"x" * 65_537), 413, "too_large")
    problem(await client.post(at, content=in_pieces()), 411, "length_required")
    problem(
        await client.post(at, content=b'{"text": "x"}', headers={"Content-Type": "text/plain"}), 422, "not_understood"
    )
    answer = await client.delete(f"{V1}/tickets/{ref}")
    problem(answer, 405, "method_unknown")
    assert "GET" in answer.headers["allow"]
    problem(await client.get(f"{V1}/nothing"), 404, "not_found")
    problem(await client.get(f"{V1}/noth%0Aing/%00"), 404, "not_found")
    problem(await client.get(f"{V1}/tickets/T1%0A"), 422, "not_understood")
    problem(await client.get(V1 + "/"), 404, "not_found")


@ON_SQLITE
async def test_other_sites_and_forms_cannot_take_steps(app: FastAPI, store: Store) -> None:
    """A page elsewhere sends what a browser would: the cookie, and a form."""
    ref = file_one(store)
    async with signed_in(app) as client:
        answer = await client.post(
            f"{V1}/tickets/{ref}/move", data={"to": "closed"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        problem(answer, 401, "token_required")
    assert store.ticket(ref).row.state == "waiting_customer"
