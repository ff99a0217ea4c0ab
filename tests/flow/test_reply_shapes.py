"""Replies on tickets that agents shape: secrets of a mail that is split stay secret, and no merge loses what was typed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from desk.lacking import lacks_by
from desk.texts import EN
from models.assessment import Secret
from models.by_hand import Draft
from models.db.store import Store
from models.decision import Decision, Disposition
from models.shaping import SplitIssue
from models.states import TicketState
from models.ticket import CHILD_REFS, Filing
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, make_app, signed_in
from tests.support.filings import LEASE, NOW, arrival, file_one, mail
from tests.support.shaping import BODY, spans_of, three_issues

REF, INTO = "T000001", "T000002"
CHILD = f"T{CHILD_REFS + 1}"
SECRET = "Zebra-7788-Giraffe"  # no shape tells it: only the mail's reading does
TYPED = "お問い合わせの件、確認いたしました。"
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def app(sqlite_store: Store, pack: Pack) -> FastAPI:
    return make_app(sqlite_store, pack, Clock(NOW))


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


@pytest.fixture
def child(sqlite_store: Store, pack: Pack) -> str:
    """A ticket split off by an agent from a mail that holds a secret."""
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(1, body=f"{BODY}\n合言葉 {SECRET}")
    seen = three_issues(one)
    secrets = tuple(Secret(kind="password", span=span) for span in spans_of(seen.text, SECRET))
    sqlite_store.file(
        Filing(
            mail_id=claim.mail_id,
            token=claim.token,
            mail=one,
            seen=replace(seen, secrets=secrets),
            decision=Decision(disposition=Disposition.SPLIT, confidence=0.8),
            reply=None,
            state=TicketState.READY,
            now=NOW,
        )
    )
    chosen = [SplitIssue(number=1, title="宛名")]
    sqlite_store.split(REF, claim.mail_id, chosen, lacks=lacks_by(pack), by=AGENT, now=NOW)
    assert sqlite_store.ticket(CHILD).mails == ()
    return CHILD


async def fields_of(browser: AsyncClient, ref: str) -> dict[str, str]:
    page = await browser.get(f"/tickets/{ref}/reply")
    form = page.text[page.text.index('action="/tickets/') :]
    return {**dict(_FIELD.findall(form)), "to": "taro@example.com", "text": TYPED, "state": "answered"}


async def press(browser: AsyncClient, ref: str, act: str, fields: dict[str, str]) -> Response:
    return await browser.post(f"/tickets/{ref}/reply", data={**fields, "act": act})


async def test_the_customers_secret_is_warned_of_on_a_ticket_that_was_split_off(
    browser: AsyncClient, sqlite_store: Store, child: str
) -> None:
    fields = {**await fields_of(browser, child), "text": f"{TYPED}\n{SECRET}"}
    told = await browser.post(f"/tickets/{child}/draft", data=fields)
    assert [code for code, _ in told.json()["warnings"] if code == "secret"] == ["secret"]
    sent = await press(browser, child, "send", fields)
    assert "reply=warned" in sent.headers["location"]
    await press(browser, child, "quote", {**fields, "text": TYPED})
    saved = sqlite_store.draft(child, AGENT)
    assert saved is not None
    assert "合言葉" in saved.draft.text
    assert SECRET not in saved.draft.text


async def test_the_customers_secret_is_masked_in_the_letters_of_a_ticket_that_was_split_off(
    browser: AsyncClient, sqlite_store: Store, child: str
) -> None:
    fields = {**await fields_of(browser, child), "text": f"{TYPED}\n{SECRET}"}
    await press(browser, child, "send", fields)
    codes = unescape((await browser.get(f"/tickets/{child}/reply")).text)
    confirmed = re.search(r'name="confirmed" value="([^"]*)"', codes)
    assert confirmed is not None
    again = {**await fields_of(browser, child), "text": fields["text"], "confirmed": confirmed[1], "anyway": "1"}
    assert "reply=sent" in (await press(browser, child, "send", again)).headers["location"]
    (letter,) = sqlite_store.ticket(child).replies
    for path in (f"/tickets/{child}", f"/letters/{letter.reply_id}", f"/letters/{letter.reply_id}/edit"):
        page = unescape((await browser.get(path)).text)
        assert TYPED in page, path
        assert SECRET not in page, path


def merge(store: Store, pack: Pack) -> None:
    assert store.merge(REF, INTO, lacks=lacks_by(pack), by="jiro", now=NOW, is_confirmed=True) is None


def text_of(store: Store, ref: str) -> str:
    saved = store.draft(ref, AGENT)
    return saved.draft.text if saved else ""


@pytest.mark.parametrize("act", ["send", "save", "quote"])
async def test_what_was_typed_on_a_ticket_that_was_merged_goes_on_where_it_went(
    browser: AsyncClient, sqlite_store: Store, pack: Pack, act: str
) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    fields = await fields_of(browser, REF)
    await press(browser, REF, "save", {**fields, "text": "お問い合わせの件"})
    merge(sqlite_store, pack)
    files = {"files": ("a.txt", b"abc", "text/plain")}
    answer = await browser.post(f"/tickets/{REF}/reply", data={**fields, "act": act}, files=files)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/{INTO}/reply?reply=changed#reply")
    assert text_of(sqlite_store, INTO).strip() == TYPED, "the draft that went along is its earlier version"
    assert [one.name for one in sqlite_store.draft_files(INTO, AGENT)] == ["a.txt"]
    page = unescape((await browser.get(answer.headers["location"])).text)
    assert TYPED in page
    assert EN["replied_changed"] in page
    assert sqlite_store.draft(REF, AGENT) is None
    assert not [one for one in sqlite_store.ticket(INTO).replies if one.kind == "agent"]


async def test_another_draft_where_the_ticket_went_stays_above(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    fields = await fields_of(browser, REF)
    sqlite_store.save_draft(INTO, AGENT, Draft(text="別の下書き\n"), now=NOW)
    merge(sqlite_store, pack)
    for _ in range(2):
        kept = await browser.post(f"/tickets/{REF}/draft", data=fields)
        assert kept.json()["news"] == EN["reply_changed_live"]
        assert kept.json()["saved"]
    assert text_of(sqlite_store, INTO) == "別の下書き\n"
    assert TYPED in (await browser.get(f"/tickets/{REF}/reply")).text, "to be copied"
    await press(browser, REF, "send", fields)
    assert text_of(sqlite_store, INTO) == f"別の下書き\n\n{TYPED}\n"
    assert sqlite_store.draft(REF, AGENT) is None


async def test_what_is_typed_on_is_kept_where_the_ticket_went(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    fields = await fields_of(browser, REF)
    merge(sqlite_store, pack)
    for more in ("", "よろ", "よろしく"):
        answer = await browser.post(f"/tickets/{REF}/draft", data={**fields, "text": TYPED + more})
        assert answer.status_code == 200
    assert text_of(sqlite_store, INTO) == f"{TYPED}よろしく"


async def test_a_letter_that_went_before_the_merge_goes_once(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    file_one(sqlite_store, 1)
    file_one(sqlite_store, 2)
    fields = await fields_of(browser, REF)
    assert "reply=sent" in (await press(browser, REF, "send", fields)).headers["location"]
    merge(sqlite_store, pack)
    again = await press(browser, REF, "send", fields)
    assert again.headers["location"] == f"/tickets/{INTO}?reply=sent#reply"
    assert sqlite_store.draft(INTO, AGENT) is None


async def test_customers_read_the_name_that_an_agent_has_for_letters(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1)
    fields = await fields_of(browser, REF)
    wrong = await browser.post("/me", data={"token": fields["token"], "display": "山田<花子>", "email": "a@b.example"})
    assert wrong.status_code == 422
    assert EN["bad_display"] in unescape(wrong.text)
    assert 'value="山田<花子>"' in unescape(wrong.text), "what was typed is shown again"
    saved = await browser.post("/me", data={"token": fields["token"], "display": " 山田　花子 "})
    assert saved.status_code == 303
    assert 'value="山田 花子"' in (await browser.get("/me")).text
    page = unescape((await browser.get(f"/tickets/{REF}/reply")).text)
    assert "の山田 花子でございます" in page
    assert "担当：山田 花子" in page
    assert "reply=sent" in (await press(browser, REF, "send", fields)).headers["location"]
    (letter,) = [one for one in sqlite_store.ticket(REF).replies if one.kind == "agent"]
    assert letter.by == AGENT
    assert "担当：山田 花子" in letter.text
    assert AGENT not in letter.text


async def test_an_admin_invites_with_a_name_for_letters(browser: AsyncClient, sqlite_store: Store) -> None:
    token = (await fields_of(browser, file_one(sqlite_store, 1)))["token"]
    form = {"token": token, "name": "taro", "display": "鈴木 太郎", "role": "agent"}
    assert (await browser.post("/people", data=form)).status_code == 201
    assert sqlite_store.display_of("taro") == "鈴木 太郎"
