"""The desk by HTTP: who may see it, what it shows, and that nothing of a mail is ever HTML."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from desk.access import OPEN
from desk.queue_view import TABS
from desk.session import IDLE, MAX_FAILURES, WINDOW
from desk.texts import EN, JA, REASONS
from models.arrival import Arrival
from models.assessment import Finding, Secret, Section, Span
from models.db.store import Store
from models.decision import Decision, Disposition, Reason, ReplyState
from models.mail import Address, Attachment, Envelope, Mail
from models.states import TicketState
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, browsing, make_app, sign_in, signed_in, token_on
from tests.support.filings import DESK, LEASE, NOW, arrival, assessment, file_one, filing, mail, reply

WIRE_VALUES = r"\b(?:request_information|needs_review|waiting_customer|hold_\w+|facet:\w+|link:\w+|product\.\w+)\b"
EVIL = "<script>alert(1)</script>"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(sqlite_store: Store, pack: Pack, clock: Clock) -> FastAPI:
    return make_app(sqlite_store, pack, clock)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def addresses_of(app: FastAPI, method: str) -> list[str]:
    """Every page or form of the desk, its path filled in."""
    filled = defaultdict(
        lambda: "1", ref="T000001", language="ja", name="split", period="2026-W47", form="csv", picture="complete"
    )
    return [
        route.path.format_map(filled)
        for route in app.routes
        if isinstance(route, APIRoute) and method in (route.methods or ()) and route.path not in OPEN
    ]


def filed(store: Store, one: Mail, *, raw: bytes = b"", letter: str = "", **changes: object) -> str:
    """Accept, claim and file one mail; `changes` are those of its filing."""
    came = arrival(1)
    store.accept([Arrival(raw=raw or came.raw, envelope=came.envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    answer = reply(claim.mail_id)
    answer = replace(answer, text=letter, subject=letter) if letter else answer
    return store.file(replace(filing(claim, one, answer), **changes))  # type: ignore[arg-type]


def parked(store: Store, raw: bytes) -> int:
    """A mail that could not be read; returns its id."""
    envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=NOW)
    (mail_id,) = store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.park_mail(claim, error="ValueError in parse.py:1", now=NOW)
    return mail_id


def text_of(page: Response) -> str:
    """The page without its tags, as a person reads it."""
    return html.unescape(re.sub(r"<[^>]*>", "", page.text))


# --- who may see it


async def test_no_page_is_shown_without_a_session(app: FastAPI, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    pages = addresses_of(app, "GET")
    assert {"/", "/queue", "/tickets/T000001", "/mails/1/raw", "/letters/1", "/outbox", "/api/queue"} <= set(pages)
    async with browsing(app) as stranger:
        for path in pages:
            answer = await stranger.get(path)
            assert "taro@example.com" not in answer.text
            if path.startswith("/api/"):
                assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"})
            else:
                assert (answer.status_code, answer.content) == (303, b"")
                assert unquote(answer.headers["location"]) == f"/sign-in?next={path}"


async def test_no_form_is_taken_without_a_session(app: FastAPI, sqlite_store: Store) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    async with browsing(app) as stranger:
        for path in addresses_of(app, "POST"):
            answer = await stranger.post(path, data={"token": "x", "to": "closed", "text": "x"})
            assert answer.headers["location"].startswith("/sign-in?next=")
    view = sqlite_store.ticket("T000001")
    assert (view.row.state, view.replies[0].state) == ("waiting_customer", "held")
    assert [event.what for event in view.events] == ["filed", "reply_held"]


@pytest.mark.parametrize(("name", "password"), [(AGENT, "wrong"), ("nobody", PASSWORD), ("", ""), ("\0", PASSWORD)])
async def test_a_wrong_name_or_password_opens_nothing(app: FastAPI, name: str, password: str) -> None:
    async with browsing(app) as client:
        answer = await sign_in(client, name, password)
        assert answer.status_code == 403 if name else 400
        assert "uketsuke_session" not in client.cookies
        assert (await client.get("/queue")).status_code == 303


async def test_the_right_password_opens_the_page_that_was_asked_for(app: FastAPI) -> None:
    async with browsing(app) as client:
        answer = await sign_in(client, to="/queue?state=ready")
        assert answer.headers["location"] == "/queue?state=ready"
        assert (await client.get("/queue")).status_code == 200


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
async def test_signing_in_never_leads_to_another_site(app: FastAPI, to: str) -> None:
    async with browsing(app) as client:
        assert (await sign_in(client, to=to)).headers["location"] == "/queue"


@pytest.mark.parametrize("is_secure", [False, True])
async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    sqlite_store: Store, pack: Pack, clock: Clock, is_secure: bool
) -> None:
    async with browsing(make_app(sqlite_store, pack, clock, is_secure=is_secure)) as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert ("Secure" in cookie) is is_secure


@pytest.mark.parametrize("forged", ["", "x", "MTp4.", "OTk5OTk5OTk5OTpoYW5ha28.0000", "日本"])
async def test_a_forged_session_is_none(app: FastAPI, forged: str) -> None:
    async with browsing(app) as client:
        answer = await client.get("/queue", headers=[(b"Cookie", f"uketsuke_session={forged}".encode())])
        assert answer.status_code == 303


async def test_a_session_ends_by_itself_and_by_signing_out(app: FastAPI, clock: Clock) -> None:
    async with signed_in(app) as client:
        unused = {"Sec-Fetch-Mode": "cors"}  # what a page asks for by itself does not renew a session
        clock.advance(IDLE - timedelta(seconds=1))
        assert (await client.get("/queue", headers=unused)).status_code == 200
        clock.advance(timedelta(seconds=1))
        assert (await client.get("/queue")).status_code == 303
    async with signed_in(app) as client:
        assert (await client.post("/sign-out", data={"token": "x"})).status_code == 404
        assert (await client.get("/queue")).status_code == 200
        await client.post("/sign-out", data={"token": await token_on(client, "/queue")})
        assert (await client.get("/queue")).status_code == 303


async def test_too_many_tries_make_that_address_wait_and_no_other(app: FastAPI, clock: Clock) -> None:
    async with browsing(app, address="203.0.113.66") as guesser, browsing(app, address="198.51.100.7") as agent:
        for number in range(MAX_FAILURES):
            assert (await sign_in(guesser, f"guess{number}", "guess")).status_code == 403
        closed = await sign_in(guesser)
        assert closed.status_code == 429
        assert EN["sign_in_wait"] in text_of(closed)
        assert (await sign_in(agent)).status_code == 303
        clock.advance(WINDOW + timedelta(seconds=1))
        assert (await sign_in(guesser)).status_code == 303


# --- the queue


async def test_each_tab_holds_the_tickets_of_its_states(browser: AsyncClient, sqlite_store: Store) -> None:
    by_state = {}
    for number, state in enumerate(sorted(set(TicketState) - {TicketState.PARKED}), 1):
        ref = file_one(sqlite_store, number)
        if state is not TicketState.WAITING_CUSTOMER:
            sqlite_store.move(ref, state, by=AGENT, now=NOW)
        by_state[state] = ref
    mail_id = parked(sqlite_store, b"Subject: broken\r\n\r\nx\r\n")
    pages = {tab: await browser.get("/queue", params={"state": tab}) for tab in TABS}
    for tab, states in TABS.items():
        shown = set(re.findall(r"/tickets/(T\d+)", pages[tab].text))
        wanted = {by_state[state] for state in states if state in by_state} if tab not in {"service", "mine"} else set()
        assert shown == wanted, tab
        has_stray = f'href="/mails/{mail_id}"' in pages[tab].text
        assert has_stray is (tab in {"needs_review", "all"}), tab
    assert f'href="/mails/{mail_id}"' in (await browser.get("/queue?state=parked")).text  # an address of before
    counts = re.findall(r'class="s-(\w+)"[^>]*>[^<]*<b>(\d+)</b>', pages["todo"].text)
    assert dict(counts) == {
        "todo": "2",
        "ready": "1",
        "service": "0",
        "needs_review": "2",
        "waiting": "2",
        "answered": "1",
        "snoozed": "1",
        "mine": "0",
    }
    books = text_of(await browser.get("/reports"))
    assert "accepted 8 = ticketed 7 + joined 0 + unreadable 1 + waiting 0 + duplicates 0 + deleted 0" in books


async def test_a_long_queue_is_turned_page_by_page(browser: AsyncClient, sqlite_store: Store) -> None:
    for number in range(1, 54):
        file_one(sqlite_store, number, sender=f"user{number}@example.com")
    first = await browser.get("/queue?state=waiting")
    (older,) = re.findall(r'href="(/queue\?state=[^"]*after=\d+)"', first.text)
    second = await browser.get(html.unescape(older))
    refs = [set(re.findall(r"/tickets/(T\d+)", page.text)) for page in (first, second)]
    assert [len(found) for found in refs] == [50, 3]
    assert len(refs[0] | refs[1]) == 53
    assert not re.search(r'href="/queue\?state=[^"]*after=', second.text)


async def test_a_mail_is_in_the_queue_before_any_worker_has_seen_it(browser: AsyncClient, sqlite_store: Store) -> None:
    (mail_id,) = sqlite_store.accept([arrival(1)])
    page = await browser.get("/queue")
    assert f'href="/mails/{mail_id}"' in page.text
    assert EN["received"] in text_of(page)
    assert EN["just_received"] in text_of(await browser.get(f"/mails/{mail_id}"))


# --- a ticket


async def test_a_ticket_shows_mail_proof_checklist_reasons_and_letter(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    one = mail(1, body="昨日から接続できません")
    seen = assessment(one)
    start = seen.text.index("接続できません")
    symptom = Finding(present=True, answered=True, confidence=0.93, spans=(Span(start, start + 7),), proof=("rule:x",))
    ref = filed(
        sqlite_store,
        one,
        letter="ご記入をお願いいたします。",
        seen=replace(seen, sections={**seen.sections, Section.SYMPTOM: symptom}),
    )
    page = await browser.get(f"/tickets/{ref}")
    assert page.status_code == 200
    assert 'class="p-symptom" title="symptom">接続できません</mark>' in page.text
    said = " ".join(text_of(page).split())
    assert "昨日から接続できません" in said
    assert "山田 太郎 <taro@example.com>" in said
    assert "ご記入をお願いいたします。" in said
    marks = {
        name: mark
        for mark, name in re.findall(r'<li class="c-(\w+)(?: facet)?"><span[^>]*></span><b>([^<]*)</b>', page.text)
    }
    names = {section: name["en"] for section, name in pack.sections.items()}
    assert (marks[names[Section.SYMPTOM]], marks[names[Section.WHEN]]) == ("present", "missing")
    assert (marks[names[Section.GOAL]], marks[names[Section.WHO]]) == ("missing", "absent")
    assert "required items missing: When and how often" in said


async def test_nothing_of_a_mail_is_html(browser: AsyncClient, sqlite_store: Store) -> None:
    one = mail(
        1,
        subject=f"{EVIL} subject",
        body=f'{EVIL}\n<img src=x onerror="alert(2)"> </mark></div> &lt;i&gt; {{{{ 7 * 7 }}}}',
        sender="taro@example.com",
    )
    one = replace(
        one,
        sender=Address(addr="taro@example.com", name='"><svg onload=alert(3)>'),
        attachments=(Attachment(filename=f'"{EVIL}.png', content_type=EVIL, size=3, part=1),),
        warnings=(EVIL,),
    )
    ref = filed(sqlite_store, one, letter=f"{EVIL} letter")
    stray = parked(sqlite_store, f"Subject: {EVIL}\r\nFrom: {EVIL}\r\n\r\n{EVIL}\r\n".encode())
    sqlite_store.add_note(ref, f"{EVIL} note", by=AGENT, now=NOW)
    pages = [f"/tickets/{ref}", "/queue?state=all", "/outbox", "/letters/1", f"/mails/{stray}"]
    for path in pages:
        page = await browser.get(path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert not re.search(r'<(?:script(?! src="/static/)|img|svg|i)\b', page.text), path
        assert "onerror=" not in "".join(re.findall(r"<[a-z][^>]*>", page.text)), path
        assert EVIL in html.unescape(page.text), path
    ticket = text_of(await browser.get(f"/tickets/{ref}"))
    assert "</mark></div> &lt;i&gt; {{ 7 * 7 }}" in ticket


async def test_a_secret_is_masked_on_every_page_and_whole_in_the_raw_mail(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    password = "p4ssw0rd-of-taro"
    one = mail(1, subject=f"login {password}", body=f"password: {password}\n> password: {password}")
    seen = assessment(one)
    spans = [match.span() for match in re.finditer(password, seen.text)]
    secrets = tuple(Secret(kind="password", span=Span(*span)) for span in spans)
    raw = f"Subject: login {password}\r\n\r\npassword: {password}\r\n".encode()
    ref = filed(sqlite_store, one, raw=raw, seen=replace(seen, secrets=secrets))
    page = await browser.get(f"/tickets/{ref}")
    assert password not in page.text
    assert "•" * len(password) in page.text
    assert EN["secrets"] in text_of(page)
    assert (await browser.get("/mails/1/raw")).content == raw


async def test_a_ticket_without_a_letter_says_so(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store, reply_state=None)
    assert EN["no_letter"] in text_of(await browser.get(f"/tickets/{ref}"))


@pytest.mark.parametrize(
    "path", ["/tickets/T000009", "/mails/9", "/mails/9/raw", "/letters/9", "/letters/9/raw", "/reports/9"]
)
async def test_what_does_not_exist_is_a_page_that_says_so(browser: AsyncClient, path: str) -> None:
    page = await browser.get(path)
    assert page.status_code == 404
    assert EN["not_found"] in text_of(page)


@pytest.mark.parametrize(
    "path",
    [
        "/tickets/x",
        "/tickets/T1'--",
        "/mails/0",
        "/mails/99999999999999",
        "/mails/x/raw",
        "/letters/-1",
        "/nowhere",
        "/api/tickets/x",
    ],
)
async def test_an_address_that_cannot_be_ours_is_not_found(browser: AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=-1",
        "after=99999999999999999999",
        "state=%00",
        "age=1y",
        "product=%F0",
        "agent=%00",
        "did=x&n=x&left=x:y",
    ],
)
async def test_a_query_that_makes_no_sense_shows_the_queue_from_its_top(
    browser: AsyncClient, sqlite_store: Store, query: str
) -> None:
    ref = file_one(sqlite_store)
    sqlite_store.move(ref, TicketState.READY, by=AGENT, now=NOW)
    page = await browser.get(f"/queue?{query}")
    assert page.status_code == 200
    assert (ref in page.text) is not query.startswith("product")


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=99999999999999999999", "after="])
async def test_a_key_of_the_api_that_makes_no_sense_is_a_plain_400(browser: AsyncClient, query: str) -> None:
    assert (await browser.get(f"/api/queue?{query}")).status_code == 400


# --- changing something


@pytest.mark.parametrize(("verb", "state"), [("release", "queued"), ("discard", "discarded")])
async def test_an_agents_word_on_a_held_letter_needs_the_forms_token(
    browser: AsyncClient, sqlite_store: Store, verb: str, state: str
) -> None:
    ref = file_one(sqlite_store, reply_state=ReplyState.HELD)
    sqlite_store.move(ref, TicketState.NEEDS_REVIEW, by=AGENT, now=NOW)
    form = f"/letters/1/{verb}"
    wrong: list[tuple[dict[str, str], int]] = [({}, 400), ({"token": "0" * 64}, 404), ({"token": "日本"}, 404)]
    for data, code in wrong:
        assert (await browser.post(form, data=data)).status_code == code
    assert sqlite_store.reply(1).state == "held"
    page = await browser.get(f"/tickets/{ref}")
    assert f'action="{form}"' in page.text
    token = await token_on(browser, f"/tickets/{ref}")
    done = await browser.post(form, data={"token": token})
    assert (done.status_code, done.headers["location"]) == (303, f"/tickets/{ref}")
    view = sqlite_store.ticket(ref)
    assert view.replies[0].state == state
    assert view.row.state == ("waiting_customer" if verb == "release" else "needs_review")
    assert (view.events[-1].what, view.events[-1].by) == (f"reply_{state}", AGENT)
    assert f'action="{form}"' not in (await browser.get(f"/tickets/{ref}")).text
    assert (await browser.post(form, data={"token": token})).status_code == 409


async def test_a_token_of_another_session_is_no_token(
    browser: AsyncClient, app: FastAPI, sqlite_store: Store, clock: Clock
) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    clock.advance(timedelta(minutes=1))
    async with signed_in(app) as other:
        token = await token_on(other, "/tickets/T000001")
    shown = await browser.post("/letters/1/release", data={"token": token})
    assert shown.status_code == 409, "it is shown, and done only when that is confirmed"
    assert EN["resend"] in text_of(shown)
    assert sqlite_store.reply(1).state == "held"


async def test_a_form_from_another_site_or_of_no_honest_size_is_not_read(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    form = {"token": await token_on(browser, "/tickets/T000001")}
    other_site = await browser.post("/letters/1/release", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert other_site.status_code == 403
    large = await browser.post("/letters/1/release", data={**form, "more": "x" * 70_000})
    assert large.status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        yield b"token=x"

    assert (await browser.post("/letters/1/release", content=pieces())).status_code == 411
    assert sqlite_store.reply(1).state == "held"


async def test_an_agent_moves_a_ticket_along_legal_ways(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    token = await token_on(browser, f"/tickets/{ref}")
    page = (await browser.get(f"/tickets/{ref}")).text
    offered = set(re.findall(r'<option value="(\w+)"', page.partition('<select id="to"')[2].partition("</select>")[0]))
    assert offered == {state.value for state in TicketState} - {"waiting_customer", "parked", "snoozed"}
    done = await browser.post(f"/tickets/{ref}/move", data={"to": "closed", "token": token})
    assert done.status_code == 303
    event = sqlite_store.ticket(ref).events[-1]
    assert (event.by, event.what, event.detail) == (AGENT, "moved", "waiting_customer -> closed")
    for to, code in (("closed", 409), ("parked", 409), ("nonsense", 404)):
        assert (await browser.post(f"/tickets/{ref}/move", data={"to": to, "token": token})).status_code == code
    assert (await browser.post(f"/tickets/{ref}/move", data={"to": "ready"})).status_code == 400
    assert (await browser.post(f"/tickets/{ref}/move", data={"to": "ready", "token": "x"})).status_code == 404
    assert (await browser.post("/tickets/T000009/move", data={"to": "ready", "token": token})).status_code == 404
    assert sqlite_store.ticket(ref).row.state == "closed"


async def test_a_note_stays_in_the_history_under_its_writers_name(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    token = await token_on(browser, f"/tickets/{ref}")
    for text in ("電話で確認済み\0", "   ", "x" * 20_000):
        assert (await browser.post(f"/tickets/{ref}/note", data={"text": text, "token": token})).status_code == 303
    notes = [event for event in sqlite_store.ticket(ref).events if event.what == "note"]
    assert [(note.by, note.detail) for note in notes] == [(AGENT, "電話で確認済み"), (AGENT, "x" * 10_000)]
    assert "電話で確認済み" in text_of(await browser.get(f"/tickets/{ref}"))
    refused = await browser.post(f"/tickets/{ref}/note", data={"text": "y", "token": "x"})
    assert refused.status_code == 404
    assert len(sqlite_store.ticket(ref).events) == 4


async def test_a_parked_mail_can_be_tried_again(browser: AsyncClient, sqlite_store: Store) -> None:
    mail_id = parked(sqlite_store, b"Subject: broken\r\n\r\nx\r\n")
    page = await browser.get(f"/mails/{mail_id}")
    assert "ValueError in parse.py:1" in page.text
    assert (await browser.post(f"/mails/{mail_id}/retry", data={"token": "x"})).status_code == 404
    assert sqlite_store.counts()["parked"] == 1
    done = await browser.post(f"/mails/{mail_id}/retry", data={"token": await token_on(browser, f"/mails/{mail_id}")})
    assert done.status_code == 303
    assert len(sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)) == 1


# --- bytes


async def test_raw_mails_letters_and_attachments_are_files_byte_for_byte(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    raw = (
        b"Subject: =?x?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\x1b$B@\\\x1b(B \xff\x00\r\n"
        b"--b\r\nContent-Type: text/html; name=x.html\r\nContent-Disposition: attachment; filename=x.html\r\n\r\n"
        b"<script>alert(1)</script>\r\n--b--\r\n"
    )
    filed(sqlite_store, mail(1), raw=raw)
    expected = {
        "/mails/1/raw": raw,
        "/letters/1/raw": reply(1).raw,
        "/mails/1/parts/2?name=x.html": b"<script>alert(1)</script>",
    }
    for path, content in expected.items():
        file = await browser.get(path)
        assert file.content.rstrip(b"\r\n") == content.rstrip(b"\r\n"), path
        assert file.headers["content-type"] == "application/octet-stream"
        assert file.headers["content-disposition"].startswith("attachment; ")
        assert file.headers["x-content-type-options"] == "nosniff"
    assert (await browser.get("/mails/1/raw")).content == raw
    assert (await browser.get("/mails/1/parts/77")).status_code == 404


async def test_a_files_name_cannot_break_out_of_its_header(browser: AsyncClient, sqlite_store: Store) -> None:
    filed(sqlite_store, mail(1), raw=b"Subject: x\r\n\r\nbody\r\n")
    file = await browser.get("/mails/1/parts/0", params={"name": '図"; filename=x.exe\r\nX-Evil: 1'})
    assert "x-evil" not in file.headers
    assert unquote(file.headers["content-disposition"].partition("UTF-8''")[2]) == '図"; filename=x.exe\r\nX-Evil: 1'
    assert '"' not in file.headers["content-disposition"]


# --- health, headers, languages, API


async def test_health_is_told_to_anybody_and_tells_nothing_else(app: FastAPI) -> None:
    async with browsing(app) as stranger:
        answer = await stranger.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/x.sqlite3", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
async def test_a_database_that_is_away_is_503_without_a_word_of_it(
    app: FastAPI, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    away = Store(url)
    async with signed_in(app) as client:
        monkeypatch.setattr(sqlite_store, "_engine", away._engine)
        health = await client.get("/healthz")
        assert (health.status_code, health.json()) == (503, {"status": "the database does not answer"})
        for path in ("/queue", "/tickets/T000001", "/mails/1/raw", "/outbox", "/api/queue"):
            page = await client.get(path)
            assert page.status_code == 503, path
            assert not re.search(r"sqlite|folder|127\.0\.0\.1|psycopg|refused", page.text), path
    away.close()


async def test_every_answer_carries_the_security_headers(
    app: FastAPI, browser: AsyncClient, sqlite_store: Store
) -> None:
    file_one(sqlite_store)
    own = [
        path
        for path in addresses_of(app, "GET")
        if not path.startswith("/letter-texts/") and not path.endswith((".svg", "style.css"))  # these have their own
    ]
    for path in [*own, "/sign-in", "/healthz", "/nowhere", "/queue?after=x"]:
        answer = await browser.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
    refused = await browser.post("/letters/1/release", data={"token": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert {name: refused.headers.get(name) for name in HEADERS} == HEADERS
    async with browsing(app) as stranger:
        for path in ("/queue", "/api/queue", "/static/desk.css"):
            answer = await stranger.get(path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


async def test_a_page_is_free_of_scripts_and_inline_styles_that_the_policy_would_stop(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    for path in ("/queue", "/tickets/T000001", "/outbox", "/letters/1", "/reports", "/sign-in"):
        page = await browser.get(path)
        assert not re.search(
            r'<script(?! src="/static/)|<style|\sstyle=|\son\w+=|(?:src|href|action)="https?://', page.text
        ), path


async def test_the_desk_speaks_the_browsers_language_and_remembers_the_one_chosen(app: FastAPI) -> None:
    async with browsing(app, language="ja,en;q=0.5") as client:
        assert JA["sign_in"] in text_of(await client.get("/sign-in"))
        assert EN["sign_in"] in text_of(await client.get("/sign-in?lang=en"))
        assert EN["sign_in"] in text_of(await client.get("/sign-in"))
    async with browsing(app, language="fr") as client:
        page = await client.get("/sign-in?lang=xx")
        assert JA["sign_in"] in text_of(page)
        assert '<html lang="ja">' in page.text


def test_both_languages_have_every_text() -> None:
    assert set(JA) == set(EN)
    assert set(REASONS["ja"]) == set(REASONS["en"])
    placeholders = re.compile(r"\{\w+\}")
    assert [key for key in JA if sorted(placeholders.findall(JA[key])) != sorted(placeholders.findall(EN[key]))] == []


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_no_wire_value_stands_on_a_ticket_in_place_of_a_word(
    app: FastAPI, sqlite_store: Store, language: str
) -> None:
    ref = filed(sqlite_store, mail(1), state=TicketState.NEEDS_REVIEW)
    async with signed_in(app, language=language) as client:
        for path in (f"/tickets/{ref}", "/queue", "/outbox"):
            page = await client.get(path)
            said = re.sub(r"<[^>]*>", "", re.sub(r'<ol class="events">.*?</ol>', "", page.text, flags=re.DOTALL))
            assert re.findall(WIRE_VALUES, said) == [], path


async def test_the_api_tells_the_queue_as_json(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    sqlite_store.accept([arrival(2)])
    fresh, ticket = (await browser.get("/api/queue")).json()
    assert (fresh["ref"], fresh["state"], fresh["mails"]) == (
        None,
        "needs_review",
        [{"message_id": "<m2@example.com>", "state": "received"}],
    )
    assert ticket == {
        "key": 1000,
        "ref": ref,
        "state": "waiting_customer",
        "subject": "mail 1",
        "from": "taro@example.com",
        "language": "ja",
        "disposition": "request_information",
        "missing": ["when", "goal"],
        "opened_at": NOW.isoformat(),
        "mails": [{"message_id": "<m1@example.com>", "state": "triaged"}],
        "replies": [
            {"message_id": reply(1).message_id, "kind": "request_information", "state": "queued", "reason": ""}
        ],
    }
    assert (await browser.get(f"/api/tickets/{ref}")).json() == ticket
    assert (await browser.get("/api/queue?after=2000")).json() == [ticket]
    missing = await browser.get("/api/tickets/T000009")
    assert (missing.status_code, missing.json()) == (404, {"error": "no ticket T000009"})


async def test_every_page_is_shown_on_either_database(store: Store, pack: Pack, clock: Clock) -> None:
    file_one(store, reply_state=ReplyState.HELD)
    stray = parked(store, b"Subject: broken\r\n\r\nx\r\n")
    app = make_app(store, pack, clock)
    async with signed_in(app) as client:
        for path in [*addresses_of(app, "GET"), f"/mails/{stray}"]:
            if (
                path in {"/mails/1", "/mails/1/parts/1", "/live", "/reports/open", "/reports/2026-W47/tickets"}
                or path.startswith(("/settings/webhooks/", "/settings/own-mails/"))
                or path.endswith(".svg")
            ):  # a ticket's mail is shown with its ticket, and this one has no parts; a stream has no end; there is no webhook; no figure is asked for; a report of nothing has no pictures
                continue
            assert (await client.get(path)).status_code == (303 if path == "/" else 200), path


def test_the_style_sheet_loads_nothing_from_elsewhere() -> None:
    css = (Path(__file__).parents[2] / "desk" / "static" / "desk.css").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|@import", css)


async def test_reasons_of_a_decision_are_told_in_words(browser: AsyncClient, sqlite_store: Store) -> None:
    reasons = (Reason(code="missing", detail="when, goal"), Reason(code="a_new_code", detail="said plainly"))
    decision = Decision(disposition=Disposition.REQUEST_INFORMATION, missing=("when", "goal"), reasons=reasons)
    ref = filed(sqlite_store, mail(1), decision=decision)
    said = " ".join(text_of(await browser.get(f"/tickets/{ref}")).split())
    assert "required items missing: When and how often, Goal" in said
    assert "a_new_code: said plainly" in said
