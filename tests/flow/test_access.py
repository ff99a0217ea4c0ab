"""Who may do what at the desk, by HTTP: roles on every route, links, people, one's own page, the history, kept forms."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from desk.access import OPEN, decided, is_open, needed
from desk.session import COOKIE, FREE_FAILURES, IDLE
from desk.texts import EN, JA
from models.agents import FIRST, Role
from models.db.store import Store
from models.decision import ReplyState
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, browsing, make_app, sign_in, signed_in, token_on
from tests.support.filings import NOW, file_one

OTHER = "staple of another kind"
EVIL = '"><script>alert(1)</script>'
ROLES = {"worker": Role.AGENT, "leader": Role.LEAD, AGENT: Role.ADMIN}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(sqlite_store: Store, pack: Pack, clock: Clock) -> FastAPI:
    app = make_app(sqlite_store, pack, clock)
    for name, role in ROLES.items():
        if name != AGENT:
            sqlite_store.add_agent(name, PASSWORD, NOW, role=role)
    return app


@pytest.fixture
async def admin(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of every route of ours."""
    return [
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def filled(path: str) -> str:
    names = {"ref": "T000001", "language": "ja", "name": "split", "period": "2026-W47"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: names.get(found[1], "1"), path)


def text_of(page: Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def history(store: Store) -> list[tuple[str, str, str]]:
    return [(one.by, one.what, one.detail) for one in reversed(store.desk_events(500))]


# --- roles


def test_somebody_has_decided_on_every_route(app: FastAPI) -> None:
    every = routes(app)
    assert len(every) > 40
    undecided = [(method, path) for method, path in every if not is_open(path) and decided(method, path) is None]
    assert undecided == [], "say in desk/access.py which role these need"
    assert {path for path in OPEN if path not in {path for _, path in every}} == set(), "open, and not there"


def test_what_nobody_has_decided_is_for_admins_alone() -> None:
    assert decided("GET", "/brand-new") is None
    assert needed("GET", "/brand-new") is Role.ADMIN
    assert needed("POST", "/outbox/stop") is Role.LEAD
    assert needed("GET", "/outbox") is Role.AGENT
    assert needed("GET", "/outboxes") is Role.ADMIN, "a path speaks for what is below it, not beside it"
    assert not is_open("/sign-in/oidc/other")
    assert not is_open("/sign-inx")


@pytest.mark.parametrize("name", list(ROLES))
async def test_each_role_reaches_what_it_may_and_nothing_else(app: FastAPI, sqlite_store: Store, name: str) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    role = ROLES[name]
    async with browsing(app) as client:
        await sign_in(client, name)
        for method, path in routes(app):
            if is_open(path) or method not in {"GET", "POST"} or path in {"/sign-out", "/me/sign-out"}:
                continue
            if "/live" in path or path.startswith("/api/"):  # streams have no end; programs have scopes
                continue
            may = role.includes(needed(method, path))
            answer = await client.request(method, filled(path), data={"token": "x"} if method == "POST" else None)
            refused = answer.status_code == 403 and EN["error_403"] in text_of(answer)
            assert refused is not may, (method, path, answer.status_code)
            if not may:
                assert "Your role may not do this" in text_of(answer)


@pytest.mark.parametrize("name", list(ROLES))
async def test_a_page_shows_no_link_or_form_that_its_reader_may_not_use(
    app: FastAPI, sqlite_store: Store, name: str
) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    sqlite_store.stop_letters(by=AGENT, now=NOW)
    role = ROLES[name]
    async with browsing(app) as client:
        await sign_in(client, name)
        pages = ["/queue", "/tickets/T000001", "/outbox", "/letters/1", "/me"]
        sqlite_store.resume_letters(by=AGENT, now=NOW)
        for stopped in (False, True):
            if stopped:
                sqlite_store.stop_letters(by=AGENT, now=NOW)
            for page in pages:
                text = (await client.get(page)).text
                links = [("GET", html.unescape(one)) for one in re.findall(r'href="(/[^"?#]*)', text)]
                forms = [("POST", html.unescape(one)) for one in re.findall(r'action="(/[^"?#]*)', text)]
                shown = [(method, path) for method, path in links + forms if not path.startswith("/static")]
                assert shown
                assert [one for one in shown if not is_open(one[1]) and not role.includes(needed(*one))] == [], page
        assert ("/people" in text) is (role is Role.ADMIN)
        assert ("/letter-settings" in text) is (role is not Role.AGENT)


@pytest.mark.parametrize(("name", "rules"), [("worker", 0), ("leader", 1)])
async def test_marking_spam_blocks_a_sender_only_for_who_may_block(
    app: FastAPI, sqlite_store: Store, name: str, rules: int
) -> None:
    ref = file_one(sqlite_store)
    async with browsing(app) as client:
        await sign_in(client, name)
        page = (await client.get(f"/tickets/{ref}")).text
        form = {"token": await token_on(client, "/queue"), "is_spam": "yes", "block": "yes"}
        assert (await client.post(f"/tickets/{ref}/spam", data=form)).status_code == 303
    assert sqlite_store.ticket(ref).row.is_spam
    assert len(sqlite_store.address_rules()) == rules
    assert ('name="block"' in page) == bool(rules)


# --- the first admin, invitations


async def test_the_first_admin_chooses_name_and_password_and_is_in(
    sqlite_store: Store, pack: Pack, clock: Clock
) -> None:
    make_app(sqlite_store, pack, clock)  # makes hanako, whom nobody knows here
    with sqlite_store.write() as connection:
        connection.exec_driver_sql("DELETE FROM agent")
        connection.exec_driver_sql("DELETE FROM desk_event")
    token = sqlite_store.first_link(NOW)
    assert token is not None
    app = _bare(sqlite_store, pack, clock)
    async with browsing(app) as client:
        path = f"/welcome/{token}"
        page = await client.get(path)
        assert page.status_code == 200
        assert EN["welcome_first"] in text_of(page)
        good = {"name": "花子", "password": OTHER, "again": OTHER}
        wrong = [
            ({**good, "name": " "}, "bad_name"),
            ({**good, "name": "a\u202eb"}, "bad_name"),
            ({**good, "again": "x"}, "password_differs"),
            ({**good, "password": "short", "again": "short"}, "password_short"),
            ({}, "bad_name"),
        ]
        for form, fault in wrong:
            refused = await client.post(path, data=form)
            assert refused.status_code == 422
            assert EN[fault].format(shortest=12) in text_of(refused)
            assert OTHER not in refused.text
            if form.get("name", " ").strip():
                assert form["name"] in refused.text, "what was typed is shown again"
        done = await client.post(path, data=good)
        assert (done.status_code, done.headers["location"]) == (303, "/queue")
        assert (await client.get("/people")).status_code == 200
        assert (await client.get(path)).status_code == 404
    async with browsing(app) as late:
        again = await late.post(path, data={**good, "name": "mallory"})
        assert again.status_code == 404
        assert EN["welcome_gone"] in text_of(again)
        assert (await sign_in(late, "花子", OTHER)).status_code == 303
    assert sqlite_store.agents() == ("花子",)
    assert [what for _, what, _ in history(sqlite_store)] == ["first_admin", "signed_in", "signed_in"]


def _bare(store: Store, pack: Pack, clock: Clock) -> FastAPI:
    from desk.app import DeskSettings, create_app  # noqa: PLC0415 - make_app would add an agent

    return create_app(store, pack, DeskSettings(secret=b"s" * 32), clock)


@pytest.mark.parametrize("token", ["x", "%00", "a" * 128, "日本", "..%2f..%2fqueue", "a" * 129])
async def test_a_link_that_was_never_made_leads_nowhere(app: FastAPI, sqlite_store: Store, token: str) -> None:
    async with browsing(app) as client:
        assert (await client.get(f"/welcome/{token}")).status_code in {303, 404}
        form = {"password": OTHER, "again": OTHER, "name": "mallory"}
        assert (await client.post(f"/welcome/{token}", data=form)).status_code in {303, 404}
    assert "mallory" not in sqlite_store.agents()


async def test_a_link_ends_with_its_time(admin: AsyncClient, app: FastAPI, sqlite_store: Store, clock: Clock) -> None:
    token = sqlite_store.new_link("worker", by=AGENT, now=NOW)
    clock.advance(FIRST)
    async with browsing(app) as client:
        assert (await client.get(f"/welcome/{token}")).status_code == 404
        form = {"password": OTHER, "again": OTHER}
        assert (await client.post(f"/welcome/{token}", data=form)).status_code == 404
    assert sqlite_store.verify_agent("worker", PASSWORD)


async def test_an_admin_invites_and_the_link_is_shown_once(
    admin: AsyncClient, app: FastAPI, sqlite_store: Store
) -> None:
    token = await token_on(admin, "/people")
    form = {"token": token, "name": " 次郎 ", "email": "jiro@example.com", "role": "lead"}
    made = await admin.post("/people", data=form)
    assert made.status_code == 201
    (link,) = re.findall(r'value="(http://desk\.example/welcome/[\w-]+)"', made.text)
    assert "/welcome/" not in (await admin.get("/people")).text
    assert "次郎" in (await admin.get("/people")).text
    async with browsing(app) as client:
        page = await client.get(link)
        assert EN["welcome_help"].format(name="次郎") in text_of(page)
        assert 'name="name"' not in page.text, "the name is the admin's choice"
        assert (await client.post(link, data={"password": OTHER, "again": OTHER})).status_code == 303
        assert (await client.get("/letter-settings")).status_code == 200
        assert (await client.get("/people")).status_code == 403
    token_in_link = link.rpartition("/")[2]
    assert not [line for line in history(sqlite_store) if token_in_link in str(line) or OTHER in str(line)]
    assert (AGENT, "invited", "lead 次郎") in history(sqlite_store)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, "bad_name"), ({"name": "x" * 65}, "bad_name"), ({"name": "a\0b"}, "bad_name"), ({"name": AGENT.upper()}, "name_taken"),
        ({"email": "no address"}, "bad_email"), ({"email": "a@b.c, d@e.f"}, "bad_email"), ({"email": "WORKER@example.com"}, "email_taken"),
        ({"role": "root"}, "bad_role"), ({"name": EVIL, "email": "x"}, "bad_email"),
    ],
)  # fmt: skip
async def test_a_wrong_invitation_is_shown_again_with_what_was_typed(
    admin: AsyncClient, sqlite_store: Store, changes: dict[str, str], fault: str
) -> None:
    sqlite_store.set_details("worker", email="worker@example.com", language="", notices=(), now=NOW)
    before = sqlite_store.people()
    form = {"token": await token_on(admin, "/people"), "name": "jiro", "email": "jiro@example.com", "role": "lead"}
    page = await admin.post("/people", data={**form, **changes})
    assert page.status_code == 422
    assert EN[fault] in text_of(page)
    typed = {**form, **changes}
    for name in ("name", "email"):
        assert (
            f'value="{html.escape(typed[name], quote=True).replace(chr(0), "")}"'.replace("&#x27;", "&#39;").replace(
                "&quot;", "&#34;"
            )
            in page.text
        )
    assert "<script>" not in page.text
    assert sqlite_store.people() == before


async def test_an_admin_changes_roles_and_lets_people_go_at_once(
    admin: AsyncClient, app: FastAPI, sqlite_store: Store
) -> None:
    token = await token_on(admin, "/people")
    async with browsing(app) as worker:
        await sign_in(worker, "worker")
        assert (await worker.get("/letter-settings")).status_code == 403
        await admin.post("/people/role", data={"token": token, "name": "worker", "role": "lead"})
        assert (await worker.get("/letter-settings")).status_code == 200, "from the next request on"
        await admin.post("/people/sign-out", data={"token": token, "name": "worker"})
        assert (await worker.get("/queue")).status_code == 303
        await sign_in(worker, "worker")
        assert (await worker.get("/queue")).status_code == 200
        await admin.post("/people/active", data={"token": token, "name": "worker", "active": "false"})
        assert (await worker.get("/queue")).status_code == 303
        assert (await sign_in(worker, "worker")).status_code == 403
        await admin.post("/people/active", data={"token": token, "name": "worker", "active": "true"})
        assert (await worker.get("/queue")).status_code == 303, "no session of before comes back"
        assert (await sign_in(worker, "worker")).status_code == 303


async def test_the_last_admin_stays(admin: AsyncClient, sqlite_store: Store) -> None:
    token = await token_on(admin, "/people")
    for path, more in (("role", {"role": "agent"}), ("active", {"active": "false"})):
        page = await admin.post(f"/people/{path}", data={"token": token, "name": AGENT, **more})
        assert page.status_code == 409
        assert EN["last_admin"] in text_of(page)
    assert (sqlite_store.agent(AGENT).role, sqlite_store.agent(AGENT).is_active) == (Role.ADMIN, True)
    for path, more in (("role", {"role": "agent"}), ("active", {}), ("link", {}), ("sign-out", {})):
        assert (
            await admin.post(f"/people/{path}", data={"token": token, "name": "nobody\0", **more})
        ).status_code == 404
        assert (await admin.post(f"/people/{path}", data={"token": "x", "name": "worker", **more})).status_code == 404
    assert (await admin.post("/people/role", data={"token": token, "name": "worker", "role": "x"})).status_code == 404


# --- one's own page


async def test_an_agent_changes_his_password_and_stays_in_this_browser_only(app: FastAPI, sqlite_store: Store) -> None:
    async with browsing(app) as here, browsing(app) as there:
        for client in (here, there):
            await sign_in(client, "worker")
        token = await token_on(here, "/me")
        form = {"token": token, "old_password": PASSWORD, "password": OTHER, "again": OTHER}
        for changes, fault in (
            ({"old_password": "wrong"}, "wrong_password"),
            ({"again": "x"}, "password_differs"),
            ({"password": "x", "again": "x"}, "password_short"),
        ):
            page = await here.post("/me/password", data={**form, **changes})
            assert page.status_code == 422
            assert EN[fault].format(shortest=12) in text_of(page)
            assert PASSWORD not in page.text
        done = await here.post("/me/password", data=form)
        assert (done.status_code, done.headers["location"]) == (303, "/me?saved=password")
        assert EN["password_saved"] in text_of(await here.get("/me?saved=password"))
        assert (await there.get("/queue")).status_code == 303
        assert (await sign_in(there, "worker", PASSWORD)).status_code == 403
        assert (await sign_in(there, "worker", OTHER)).status_code == 303
    lines = history(sqlite_store)
    assert ("worker", "password_changed", "") in lines
    assert ("worker", "password_refused", "198.51.100.7") in lines
    assert PASSWORD not in str(lines)
    assert OTHER not in str(lines)


async def test_guessing_the_present_password_from_an_open_browser_is_slowed(app: FastAPI) -> None:
    async with browsing(app) as client:
        await sign_in(client, "worker")
        token = await token_on(client, "/me")
        form = {"token": token, "old_password": "guess", "password": OTHER, "again": OTHER}
        codes = [(await client.post("/me/password", data=form)).status_code for _ in range(FREE_FAILURES + 1)]
    assert codes == [422] * FREE_FAILURES + [429]


async def test_an_agent_says_how_he_wants_to_be_told(app: FastAPI, sqlite_store: Store) -> None:
    async with browsing(app) as client:
        await sign_in(client, "worker")
        form = {
            "token": await token_on(client, "/me"),
            "email": "worker@example.com",
            "language": "ja",
            "notices": ["new", "overdue"],
        }
        assert (await client.post("/me", data=form)).headers["location"] == "/me?saved=1"
        found = sqlite_store.agent("worker")
        assert (found.email, found.language, found.notices) == ("worker@example.com", "ja", ("new", "overdue"))
        page = await client.get("/me")
        assert JA["my_page"] in text_of(page), "the pages speak it too"
        assert page.text.count(" checked") == 2
        for changes, fault in (({"email": EVIL}, "bad_email"), ({"email": ""}, "notices_need_email")):
            refused = await client.post("/me", data={**form, **changes})
            assert refused.status_code == 422
            assert JA[fault] in text_of(refused)
            assert refused.text.count(" checked") == 2
            assert "<script>" not in refused.text
        assert (await client.post("/me", data={**form, "language": "xx", "notices": "nonsense"})).status_code == 303
        assert (sqlite_store.agent("worker").language, sqlite_store.agent("worker").notices) == ("", ())


async def test_an_agent_signs_out_everywhere(app: FastAPI) -> None:
    async with browsing(app) as here, browsing(app) as there:
        for client in (here, there):
            await sign_in(client, "worker")
        gone = await here.post("/me/sign-out", data={"token": await token_on(here, "/me")})
        assert gone.headers["location"] == "/sign-in"
        for client in (here, there):
            assert (await client.get("/queue")).status_code == 303


# --- signing in


async def test_a_further_try_waits_and_says_how_long_and_shows_the_name_again(app: FastAPI, clock: Clock) -> None:
    async with browsing(app) as client, browsing(app, address="203.0.113.9") as elsewhere:
        for _ in range(FREE_FAILURES):
            assert (await sign_in(client, "worker", "guess")).status_code == 403
        page = await sign_in(client, "worker")
        assert (page.status_code, page.headers["retry-after"]) == (429, "1")
        assert EN["sign_in_pause"].format(seconds=1) in text_of(page)
        assert 'value="worker"' in page.text
        assert PASSWORD not in page.text
        assert (await sign_in(elsewhere, "worker")).status_code == 303, "nobody is locked out from elsewhere"
        clock.advance(timedelta(seconds=1))
        assert (await sign_in(client, "worker")).status_code == 303


async def test_what_happens_at_the_door_is_on_record_without_passwords(app: FastAPI, sqlite_store: Store) -> None:
    async with browsing(app) as client:
        await sign_in(client, "x" * 100, "a secret guess")
        await sign_in(client, EVIL, "another secret guess")
        await sign_in(client, "worker")
        await client.post("/sign-out", data={"token": await token_on(client, "/queue")})
    lines = [line for line in history(sqlite_store) if line[1].startswith("sign")]
    assert lines == [
        ("x" * 64, "sign_in_failed", "198.51.100.7"), (EVIL, "sign_in_failed", "198.51.100.7"),
        ("worker", "signed_in", "198.51.100.7"), ("worker", "signed_out", ""),
    ]  # fmt: skip
    assert "secret guess" not in str(history(sqlite_store))


async def test_a_session_in_use_is_renewed_by_what_a_person_does_only(app: FastAPI, clock: Clock) -> None:
    async with browsing(app) as client:
        await sign_in(client, "worker")
        clock.advance(timedelta(hours=1))
        assert "set-cookie" not in (await client.get("/queue", headers={"Sec-Fetch-Mode": "cors"})).headers
        renewed = await client.get("/queue", headers={"Sec-Fetch-Mode": "navigate"})
        assert f"{COOKIE}=" in renewed.headers["set-cookie"]
        assert "set-cookie" not in (await client.get("/queue")).headers, "not with each page"
        token = await token_on(client, "/queue")
        clock.advance(timedelta(hours=6))
        assert (await client.post("/sign-out", data={"token": token})).status_code == 303, "open forms stay good"
        assert (await client.get("/queue")).status_code == 303
    async with browsing(app) as client:
        await sign_in(client, "worker")
        for _ in range(13):
            clock.advance(IDLE - timedelta(minutes=1))
            assert (await client.get("/queue")).status_code == 200
        clock.advance(IDLE)
        assert (await client.get("/queue")).status_code == 303, "seven days at most, however busy"


# --- the history


async def test_the_history_is_filtered_paged_and_saved(app: FastAPI, admin: AsyncClient, sqlite_store: Store) -> None:
    for number in range(120):
        sqlite_store.note_access("signed_in", by=("worker", EVIL)[number % 2], detail=f"=1+{number}", now=NOW)
    sqlite_store.set_role("worker", Role.LEAD, by=AGENT, now=NOW)
    page = await admin.get("/audit")
    assert "changed a role lead worker" in text_of(page)
    assert "<script>" not in page.text
    seen, address = 0, "/audit?by=worker&kind=signed_in"
    while address:
        page = await admin.get(address)
        lines = re.findall(r"=1\+\d+", page.text)
        assert len(lines) == len(set(lines)) <= 50
        seen += len(lines)
        older = re.findall(r'href="(/audit\?[^"]*before=\d+)"', page.text)
        address = html.unescape(older[0]) if older else ""
    assert seen == 60
    file = await admin.get("/audit/csv?kind=signed_in")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert rows[0] == ["at", "by", "kind", "what", "detail"]
    assert len(rows) == 1 + 121
    assert rows[1] == ["2026-11-24T10:00:00+09:00", EVIL, "signed_in", "signed in", "'=1+119"], "no formula"
    assert len(list(csv.reader(io.StringIO((await admin.get("/audit/csv")).text)))) > 122
    async with browsing(app) as worker:
        await sign_in(worker, "worker")
        assert (await worker.get("/audit")).status_code == 200, "a lead now"
    for query in ("by=" + "x" * 65, "before=x", "before=-1"):
        assert (await admin.get(f"/audit?{query}")).status_code == 400
    assert EN["no_rows"] in text_of(await admin.get("/audit?by=%00nobody&kind=none"))


async def test_every_kind_of_line_has_a_name_in_both_languages(app: FastAPI, sqlite_store: Store) -> None:
    kinds = set(re.findall(r'add_desk_event\(connection, \w+(?:\.\w+)?, [^,]+, "(\w+)"', _sources("models/db/*.py")))
    kinds |= set(re.findall(r'note_access\("(\w+)"', _sources("desk/*.py"))) | {"password_set", "provider_bound"}
    assert {"signed_in", "role_changed", "deactivated", "invited"} <= kinds
    for words in (JA, EN):
        assert [kind for kind in sorted(kinds) if kind not in words and f"{kind}_event" not in words] == []


def _sources(pattern: str) -> str:
    from pathlib import Path  # noqa: PLC0415 - here alone

    return "\n".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[2].glob(pattern))


async def test_the_letter_settings_tell_of_letters_only(admin: AsyncClient, sqlite_store: Store) -> None:
    sqlite_store.stop_letters(by="leader", now=NOW)
    audit = (await admin.get("/letter-settings")).text.partition('id="audit"')[2]
    assert "leader" in audit
    assert EN["signed_in"] not in audit


# --- forms that come too late


async def kept_page(app: FastAPI, clock: Clock, form: dict[str, str], path: str = "/tickets/T000001/note") -> Response:
    """What an agent sees who sends a form after his session has expired."""
    async with browsing(app) as client:
        await sign_in(client, "worker")
        token = await token_on(client, "/tickets/T000001")
        clock.advance(IDLE)
        client.cookies.clear()  # the browser has dropped it
        return await client.post(path, data={**form, "token": token})


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of one form of a page."""
    form = re.search(rf'<form [^>]*action="{re.escape(action)}[^"]*">(.*?)</form>', page, re.DOTALL)
    assert form is not None, action
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[1])
    return {html.unescape(name): html.unescape(value) for name, value in found}


async def test_a_note_typed_over_an_expired_session_is_sent_after_a_look(
    app: FastAPI, sqlite_store: Store, clock: Clock
) -> None:
    ref = file_one(sqlite_store)
    text = f"電話で確認済み\r\n二行目 {EVIL}\0"
    page = await kept_page(app, clock, {"text": text})
    assert page.status_code == 403
    assert EN["session_expired"] in text_of(page)
    assert "<script>" not in page.text
    kept = fields(page.text, "/sign-in")
    async with browsing(app) as client:
        wrong = await client.post("/sign-in", data={"name": "worker", "password": "x", **kept})
        assert wrong.status_code == 403
        assert fields(wrong.text, "/sign-in") == kept, "a mistyped password loses nothing either"
        shown = await client.post("/sign-in", data={"name": "worker", "password": PASSWORD, **kept})
        assert shown.status_code == 200
        assert EN["resend"] in text_of(shown)
        assert "電話で確認済み" in shown.text
        assert "<script>" not in shown.text
        assert f'href="/tickets/{ref}"' in shown.text
        assert [event.what for event in sqlite_store.ticket(ref).events] == ["filed", "reply_queued"], "not sent yet"
        again = fields(shown.text, f"/tickets/{ref}/note")
        done = await client.post(f"/tickets/{ref}/note", data=again)
        assert (done.status_code, done.headers["location"]) == (303, f"/tickets/{ref}")
    note = sqlite_store.ticket(ref).events[-1]
    assert (note.by, note.what, note.detail) == ("worker", "note", text.replace("\0", ""))


async def test_who_has_signed_in_in_another_tab_may_go_on(app: FastAPI, sqlite_store: Store, clock: Clock) -> None:
    ref = file_one(sqlite_store)
    page = await kept_page(app, clock, {"text": "from the first tab"})
    old = fields(page.text, f"/tickets/{ref}/note")
    async with browsing(app) as client:
        await sign_in(client, "worker")
        shown = await client.post(f"/tickets/{ref}/note", data=old)
        assert shown.status_code == 409
        assert "from the first tab" in shown.text
        assert sqlite_store.ticket(ref).events[-1].what != "note"
        done = await client.post(f"/tickets/{ref}/note", data=fields(shown.text, f"/tickets/{ref}/note"))
        assert done.status_code == 303
    assert sqlite_store.ticket(ref).events[-1].detail == "from the first tab"


async def test_the_longest_text_of_a_letter_comes_along(app: FastAPI, clock: Clock) -> None:
    text = "{{ ref }} 長い文面です。" * 1500 + "\r\n"
    path = "/letter-texts/ja/split"
    async with browsing(app) as client:
        await sign_in(client, "leader")
        token = await token_on(client, path)
        clock.advance(IDLE)
        page = await client.post(path, data={"text": text, "act": "save", "token": token})
        kept = fields(page.text, "/sign-in")
        shown = await client.post("/sign-in", data={"name": "leader", "password": PASSWORD, **kept})
        assert shown.status_code == 200
        assert fields(shown.text, path)["text"] == text


async def test_every_value_of_a_list_comes_along(app: FastAPI, sqlite_store: Store, clock: Clock) -> None:
    file_one(sqlite_store)
    async with browsing(app) as client:
        await sign_in(client, "worker")
        form = {"token": await token_on(client, "/me"), "email": "w@example.com", "notices": ["new", "overdue"]}
        clock.advance(IDLE)
        page = await client.post("/me", data=form)
        shown = await client.post(
            "/sign-in", data={"name": "worker", "password": PASSWORD, **fields(page.text, "/sign-in")}
        )
    assert re.findall(r'name="notices" value="(\w+)"', shown.text) == ["new", "overdue"]


@pytest.mark.parametrize("path", ["/me/password", "/sign-out"])
async def test_a_password_is_never_kept(app: FastAPI, sqlite_store: Store, clock: Clock, path: str) -> None:
    file_one(sqlite_store)
    form = {"old_password": PASSWORD, "password": OTHER, "again": OTHER} if path == "/me/password" else {}
    page = await kept_page(app, clock, form, path)
    assert page.status_code == 303
    assert page.headers["location"] == ("/sign-in?next=/me" if path == "/me/password" else "/sign-in?next=/queue")
    assert OTHER not in page.text


async def test_a_form_that_was_never_ours_is_not_kept(app: FastAPI, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    async with browsing(app) as stranger:
        for token in ("", "x", "0" * 80):
            page = await stranger.post("/tickets/T000001/note", data={"text": "planted", "token": token})
            assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/tickets/T000001")
        no_form = await stranger.post(
            "/tickets/T000001/note", content=b"{}", headers={"Content-Type": "application/json"}
        )
        assert no_form.status_code == 303
        broken = await stranger.post(
            "/tickets/T000001/note", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert broken.status_code == 303


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "[]",
        "[1, 2, 3, 4]",
        '["//evil.example", [], "x", false]',
        "[" * 20_000,
        '{"a": 1}',
        "null",
        '["/queue", [["a"]], "", 0]',
    ],
)
async def test_a_broken_kept_form_is_none(app: FastAPI, kept: str) -> None:
    async with browsing(app) as client:
        answer = await client.post("/sign-in", data={"name": "worker", "password": PASSWORD, "kept": kept})
        assert (answer.status_code, answer.headers["location"]) == (303, "/queue")


async def test_attached_files_are_said_not_to_come_along(app: FastAPI, sqlite_store: Store, clock: Clock) -> None:
    file_one(sqlite_store)
    async with browsing(app) as client:
        await sign_in(client, "worker")
        token = await token_on(client, "/tickets/T000001")
        clock.advance(IDLE)
        page = await client.post(
            "/tickets/T000001/note", data={"text": "with a file", "token": token}, files={"file": ("図.png", b"png")}
        )
    assert page.status_code == 403
    assert EN["files_lost"] in text_of(page)
    assert "with a file" in fields(page.text, "/sign-in")["kept"]


# --- passwords off


async def test_where_passwords_are_off_none_opens_anything(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    app = make_app(sqlite_store, pack, clock, has_passwords=False)
    link = sqlite_store.new_link(AGENT, by=AGENT, now=NOW)
    async with browsing(app) as client:
        assert 'type="password"' not in (await client.get("/sign-in")).text
        refused = await sign_in(client)
        assert refused.status_code == 403
        assert EN["passwords_off"] in text_of(refused)
        assert 'type="password"' not in (await client.get(f"/welcome/{link}")).text
        await client.post(f"/welcome/{link}", data={"password": OTHER, "again": OTHER})
        assert (await client.get("/queue")).status_code == 303
    assert sqlite_store.verify_agent(AGENT, PASSWORD), "nothing was changed"
