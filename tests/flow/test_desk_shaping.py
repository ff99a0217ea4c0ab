"""An agent shapes tickets at the desk: split, merge, move a mail, link, spam; nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from desk.lacking import lacks_by
from models.db.store import Store
from models.decision import ReplyState
from models.shaping import SplitIssue
from models.states import TicketState
from models.ticket import CHILD_REFS
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app, signed_in, token_on
from tests.support.filings import NOW, file_one
from tests.support.shaping import BILL, ECS, OSS, file_more, file_three

REF = "T000001"
CHILD = f"T{CHILD_REFS + 1}"


@pytest.fixture
def app(sqlite_store: Store, pack: Pack) -> FastAPI:
    return make_app(sqlite_store, pack, Clock(NOW))


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def plain(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_a_split_is_previewed_and_done(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    fragment = (await browser.get(f"/tickets/{REF}")).text
    assert f'href="/tickets/{REF}/split?mail=1"' in fragment
    page = await browser.get(f"/tickets/{REF}/split")
    for words in (ECS, BILL, OSS):
        assert words in plain(page.text)
    assert page.text.count('name="pick"') == 3
    assert page.text.count(" checked") == 2  # the first stays, unless the agent says otherwise
    data = {
        "token": await token_on(browser, f"/tickets/{REF}/split"),
        "mail": "1",
        "version": "0",
        "pick": ["1"],
        "title": ["SSH", "宛名\0の変更", "OSS"],
    }
    done = await browser.post(f"/tickets/{REF}/split", data=data)
    assert (done.status_code, done.headers["location"]) == (303, f"/tickets/{REF}#related")
    view = sqlite_store.ticket(CHILD)
    assert view.row.subject == "宛名の変更"
    assert [event.by for event in view.events] == [AGENT]
    part = (await browser.get(f"/tickets/{CHILD}")).text
    assert f'<mark class="own-part">{BILL}</mark>' in part
    assert 'class="others-part"' in part
    assert f'href="/tickets/{REF}#mail-1"' in part
    assert f'href="/tickets/{CHILD}"' in (await browser.get(f"/tickets/{REF}")).text
    assert (await browser.get(f"/tickets/{CHILD}")).status_code == 200  # a ticket without a mail has a page
    assert CHILD in (await browser.get("/queue")).text


async def test_a_refused_split_keeps_what_was_typed(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    token = await token_on(browser, f"/tickets/{REF}/split")
    typed = {"token": token, "mail": "1", "title": ["a", "b <b>", "c"]}
    all_of_it = await browser.post(f"/tickets/{REF}/split", data={**typed, "version": "0", "pick": ["0", "1", "2"]})
    assert all_of_it.status_code == 409
    assert "Nothing would be left" in all_of_it.text
    assert all_of_it.text.count(" checked") == 3
    assert 'value="b &lt;b&gt;"' in all_of_it.text
    nothing = await browser.post(f"/tickets/{REF}/split", data={**typed, "version": "0"})
    assert (nothing.status_code, "Please tick" in nothing.text) == (409, True)
    old = await browser.post(f"/tickets/{REF}/split", data={**typed, "version": "7", "pick": ["1"]})
    assert (old.status_code, "Someone else has changed" in old.text) == (409, True)
    strange = await browser.post(f"/tickets/{REF}/split", data={**typed, "mail": "9", "version": "0", "pick": ["1"]})
    assert strange.status_code == 404
    assert (
        await browser.post(f"/tickets/{REF}/split", data={**typed, "version": "x", "pick": ["y"]})
    ).status_code == 400
    assert len(sqlite_store.queue()) == 1


async def test_forms_without_a_token_change_nothing(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    file_one(sqlite_store, 2)
    for path, data in (
        (f"/tickets/{REF}/split", {"mail": "1", "version": "0", "pick": "1"}),
        (f"/tickets/{REF}/merge", {"into": "T000002"}),
        (f"/tickets/{REF}/links", {"other": "T000002"}),
        (f"/tickets/{REF}/spam", {}),
        ("/mails/1/move", {"where": "new"}),
    ):
        assert (await browser.post(path, data={**data, "token": "x"})).status_code == 404, path
    assert [row.state for row in sqlite_store.queue(include_closed=True)] == ["waiting_customer", "needs_review"]
    assert sqlite_store.ticket(REF).links == ()


async def test_a_merge_shows_both_and_then_does_it(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    page = await browser.get(f"/tickets/{REF}/merge?into=%EF%BC%B4000002")  # in full width
    assert "mail 2" in plain(page.text)
    assert "another customer" not in plain(page.text)
    token = await token_on(browser, f"/tickets/{REF}/merge?into=2")
    done = await browser.post(f"/tickets/{REF}/merge", data={"into": "T000002", "token": token})
    assert (done.status_code, done.headers["location"]) == (303, "/tickets/T000002")
    fragment = plain((await browser.get(f"/tickets/{REF}")).text)
    assert "This ticket was merged into T000002" in fragment
    again = await browser.post(f"/tickets/{REF}/merge", data={"into": "T000002", "token": token})
    assert (again.status_code, "merged already" in again.text) == (409, True)


async def test_another_customers_ticket_needs_a_tick(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2, sender="jiro@other.example")
    token = await token_on(browser, f"/tickets/{REF}/merge?into=T000002")
    assert "This is another customer's ticket." in plain((await browser.get(f"/tickets/{REF}/merge?into=T000002")).text)
    refused = await browser.post(f"/tickets/{REF}/merge", data={"into": "T000002", "token": token})
    assert (refused.status_code, "tick the box" in refused.text) == (409, True)
    done = await browser.post(f"/tickets/{REF}/merge", data={"into": "T000002", "token": token, "sure": "yes"})
    assert done.status_code == 303


@pytest.mark.parametrize(
    ("into", "said"),
    [
        ("", "write a ticket"),
        ("x y", "write a ticket"),
        ("T999999", "no such ticket"),
        ("<script>", "write a ticket"),
        ("T" + "9" * 30, "write a ticket"),
        (REF, "same ticket"),
    ],
)
async def test_a_merge_into_nothing_says_so(browser: AsyncClient, sqlite_store: Store, into: str, said: str) -> None:
    file_one(sqlite_store, 1)
    token = await token_on(browser, f"/tickets/{REF}/merge")
    page = await browser.post(f"/tickets/{REF}/merge", data={"into": into, "token": token})
    assert page.status_code in {409, 422}
    assert said in page.text
    assert "<script>" not in page.text


async def test_a_mail_moves(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1)
    file_more(sqlite_store, 2, REF)
    file_one(sqlite_store, 3)
    assert "/mails/2/move" in (await browser.get(f"/tickets/{REF}")).text
    token = await token_on(browser, "/mails/2/move")
    form = {"token": token, "seen_in": REF}
    for to, said in (("", "write a ticket"), ("T000077", "no such ticket"), (REF, "same ticket")):
        page = await browser.post("/mails/2/move", data={**form, "where": "other", "to": to})
        assert page.status_code in {409, 422}
        assert said in page.text
        assert f'value="{to}"' in page.text
    done = await browser.post("/mails/2/move", data={**form, "where": "other", "to": "t3"})
    assert (done.status_code, done.headers["location"]) == (303, "/tickets/T000003#mail-2")
    late = await browser.post("/mails/2/move", data={**form, "where": "new"})
    assert (late.status_code, "Someone else" in late.text) == (409, True)
    done = await browser.post("/mails/2/move", data={"token": token, "seen_in": "T000003", "where": "new"})
    assert done.headers["location"] == "/tickets/T000002#mail-2"
    only = await browser.post("/mails/1/move", data={**form, "where": "new"})
    assert (only.status_code, "Nothing would be left" in only.text) == (409, True)
    assert (await browser.get("/mails/99/move")).status_code == 404


async def test_links_by_hand(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    token = await token_on(browser, f"/tickets/{REF}/links")
    wrong = await browser.post(f"/tickets/{REF}/links", data={"other": "nothing", "token": token})
    assert (wrong.status_code, 'value="nothing"' in wrong.text) == (422, True)
    done = await browser.post(f"/tickets/{REF}/links", data={"other": "[受付 T000002]", "token": token})
    assert done.status_code == 303
    assert "related" in plain((await browser.get("/tickets/T000002/links")).text)
    assert 'value="unlink"' in (await browser.get(f"/tickets/{REF}")).text
    gone = await browser.post(f"/tickets/{REF}/links", data={"other": "T000002", "does": "unlink", "token": token})
    assert gone.status_code == 303
    assert sqlite_store.ticket(REF).links == ()


async def test_spam_with_a_block_and_back(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1, reply_state=ReplyState.HELD)
    token = await token_on(browser, f"/tickets/{REF}")
    await browser.post(f"/tickets/{REF}/spam", data={"is_spam": "yes", "block": "yes", "token": token})
    view = sqlite_store.ticket(REF)
    assert (view.row.state, view.row.is_spam, view.replies[0].state) == ("closed", True, "discarded")
    assert [rule.pattern for rule in sqlite_store.address_rules()] == ["taro@example.com"]
    assert "Not spam" in (await browser.get(f"/tickets/{REF}")).text
    await browser.post(f"/tickets/{REF}/spam", data={"is_spam": "no", "token": token})
    assert sqlite_store.ticket(REF).row.state == TicketState.NEEDS_REVIEW


async def test_the_history_speaks_both_languages(app: FastAPI, sqlite_store: Store, pack: Pack) -> None:
    ref = file_three(sqlite_store)
    lacks = lacks_by(pack)
    (child,) = sqlite_store.split(ref, 1, [SplitIssue(number=1, title="")], lacks=lacks, by="hanako", now=NOW)
    file_one(sqlite_store, 2)
    sqlite_store.relate(ref, "T000002", by="hanako", now=NOW)
    sqlite_store.merge("T000002", ref, lacks=lacks, by="hanako", now=NOW)
    sqlite_store.mark_spam(child, is_spam=True, by="hanako", now=NOW)
    for language, words in (
        ("ja", ("受付を分割", "ほかの受付を統合", "関連を登録", "担当者が受付を分割")),
        ("en", ("a ticket was split off", "another ticket was merged here", "linked", "an agent split the ticket")),
    ):
        async with signed_in(app, language=language) as client:
            page = plain((await client.get(f"/tickets/{ref}")).text)
            for said in words:
                assert said in page, said
            for code in ("split_out", "merged_from", "link_added", "split_by_agent"):
                assert code not in page, code
            assert "merged_into" not in plain((await client.get("/tickets/T000002")).text)
            assert "marked_spam" not in plain((await client.get(f"/tickets/{child}")).text)


async def test_hostile_words_stay_words(browser: AsyncClient, sqlite_store: Store) -> None:
    """What comes by mail is escaped on every page of this part."""
    file_one(sqlite_store, 1, sender='"><script>alert(1)</script>@example.com')
    file_more(sqlite_store, 2, REF, sender='"><script>alert(1)</script>@example.com')
    for path in (f"/tickets/{REF}", f"/tickets/{REF}/merge?into=1", "/mails/1/move", f"/tickets/{REF}/split"):
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
