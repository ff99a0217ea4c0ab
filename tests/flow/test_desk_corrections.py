"""An agent corrects readings and calls letters wrong at the desk; what he says is exported as labelled mails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from httpx import Response as Answer

from classify.labelled import load_corpus
from ingest.parse import newly_written
from models.assessment import Secret, Section, Span
from models.db.store import Store
from models.decision import ReplyState
from policy.pack import Pack
from runtime.cli.app import run
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in, token_on
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply
from tests.support.shaping import BILL, BODY, OSS, file_three, three_issues

REF = "T000001"


@pytest.fixture
def app(sqlite_store: Store, pack: Pack) -> FastAPI:
    return make_app(sqlite_store, pack, Clock(NOW))


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def plain(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def click(
    browser: AsyncClient, does: str, fields: Mapping[str, str] | None = None, *, after: int | None = None
) -> Answer:
    page = (await browser.get(f"/mails/1/correct?ref={REF}")).text
    found = re.search(r'name="after" value="(\d+)"', page)
    assert found is not None
    data = {
        "token": await token_on(browser, f"/mails/1/correct?ref={REF}"),
        "ref": REF,
        "after": str(after if after is not None else found[1]),
        "does": does,
        **(fields or {}),
    }
    return await browser.post("/mails/1/correct", data=data)


async def test_a_click_on_the_tickets_page_corrects_a_section(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    page = (await browser.get(f"/tickets/{REF}")).text
    assert 'name="does" value="set:section:when=missing" aria-pressed="true"' in page
    done = await click(browser, "set:section:when=present", {"back": "ticket"})
    assert (done.status_code, done.headers["location"]) == (303, f"/tickets/{REF}#correct-1")
    assert "when" not in sqlite_store.ticket(REF).row.missing
    page = (await browser.get(f"/tickets/{REF}")).text
    assert 'name="does" value="set:section:when=present" aria-pressed="true"' in page
    ticket = plain((await browser.get(f"/tickets/{REF}")).text)
    assert "found by an agent" in ticket
    assert "reading corrected" in ticket
    assert (await click(browser, "set:section:when=")).status_code == 303
    assert "when" in sqlite_store.ticket(REF).row.missing


async def test_issues_are_joined_cut_relabelled_and_dropped(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    page = await browser.get(f"/mails/1/correct?ref={REF}")
    assert plain(page.text).count("Issue ") >= 3
    await click(browser, "join", {"number": "1"})
    assert [issue.gist for issue in sqlite_store.readings(REF)[0].seen.issues] == ["SSH", "宛名"]
    joined = sqlite_store.readings(REF)[0].seen
    assert [joined.text[start:end] for start, end in joined.issues[1].spans] == [BILL, OSS]
    at = joined.text.index(OSS)
    assert f'value="{at}"' in (await browser.get(f"/mails/1/correct?ref={REF}")).text
    await click(browser, "cut", {"number": "1", "at": str(at)})
    await click(
        browser, "label", {"number": "2", "category": "product.how_to", "products": "Object Storage Service, ecs"}
    )
    row = sqlite_store.ticket(REF).row
    assert set(row.categories) == {"product.troubleshooting", "service.payment_billing", "product.how_to"}
    assert set(row.products) == {"ecs", "oss"}
    await click(browser, "drop", {"number": "1"})
    assert set(sqlite_store.ticket(REF).row.categories) == {"product.troubleshooting", "product.how_to"}
    await click(browser, "reset")
    assert len(sqlite_store.readings(REF)[0].seen.issues) == 3


async def test_what_does_not_fit_is_shown_again(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    typed = {"number": "1", "category": "product.how_to", "products": "oss, no such <b>thing</b>"}
    page = await click(browser, "label", typed)
    assert page.status_code == 422
    assert "No such product: no such &lt;b&gt;thing&lt;/b&gt;" in page.text
    assert 'value="oss, no such &lt;b&gt;thing&lt;/b&gt;"' in page.text
    for does, fields in (
        ("cut", {"number": "0", "at": "0"}),
        ("join", {"number": "2"}),
        ("drop", {"number": "9"}),
        ("label", {"number": "0", "category": "nothing"}),
        ("set:section:when=perhaps", {}),
        ("set:letter:1=other", {}),
        ("set:nothing", {}),
        ("fly", {}),
    ):
        refused = await click(browser, does, fields)
        assert (refused.status_code, "does not fit" in refused.text) == (422, True), does
    late = await click(browser, "set:section:when=missing", after=7)
    assert (late.status_code, "Someone else" in late.text) == (409, True)
    assert sqlite_store.corrections(REF) == ()


async def test_kind_language_and_who_wrote(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    for does in ("set:kind=error", "set:language=en", "automatic", "person", "set:facet:steps=present"):
        assert (await click(browser, does)).status_code == 303, does
    one = sqlite_store.readings(REF)[0]
    assert (one.seen.symptom_kind, one.seen.language, one.is_machine) == ("error", "en", False)
    assert (await click(browser, "set:kind=none")).status_code == 303
    assert sqlite_store.readings(REF)[0].seen.symptom_kind is None


async def test_a_letter_is_called_wrong_with_a_reason(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    token = await token_on(browser, "/letters/1/wrong")
    empty = await browser.post("/letters/1/wrong", data={"token": token, "note": "書いて<b>あった"})
    assert (empty.status_code, "choose a reason" in empty.text) == (422, True)
    assert "書いて&lt;b&gt;あった</textarea>" in empty.text
    done = await browser.post("/letters/1/wrong", data={"token": token, "reason": "impolite"})
    assert done.headers["location"] == f"/tickets/{REF}#letters"
    assert "recorded as wrong: impolite" in plain((await browser.get(f"/tickets/{REF}")).text)
    figures = plain((await browser.get("/letter-settings")).text)
    assert "called wrong" in figures
    await browser.post("/letters/1/wrong", data={"token": token, "does": "take_back"})
    assert sqlite_store.ticket(REF).replies[0].judgement == ""
    assert (await browser.get("/letters/99/wrong")).status_code == 404


async def test_an_objection_brings_the_button(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    (claim,) = sqlite_store.claim_replies(limit=1, lease=LEASE, now=NOW)
    sqlite_store.reply_sent(claim, now=NOW)
    sqlite_store.accept([arrival(2)])
    (held,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    answer = filing(held, mail(2), None, join=REF)
    sqlite_store.file(replace(answer, objection="既に書きました。"))
    assert [event.what for event in sqlite_store.ticket(REF).events].count("customer_objected") == 1
    page = (await browser.get(f"/tickets/{REF}")).text
    assert "既に書きました。" in page
    assert 'action="/letters/1/wrong"' in page
    assert "asked for what was there" in plain(page)


async def test_nobody_objects_before_a_letter_went(sqlite_store: Store) -> None:
    file_one(sqlite_store, reply_state=ReplyState.HELD)
    sqlite_store.accept([arrival(2)])
    (held,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    sqlite_store.file(replace(filing(held, mail(2), None, join=REF), objection="既に書きました。"))
    assert "customer_objected" not in [event.what for event in sqlite_store.ticket(REF).events]


async def test_the_nearest_examples_come_behind_the_page(browser: AsyncClient, sqlite_store: Store) -> None:
    file_three(sqlite_store)
    page = (await browser.get(f"/tickets/{REF}")).text
    path = f"/mails/1/nearest?ref={REF}"
    assert f'data-nearest="{path}"' in page
    assert f'href="{path}"' in page  # without a script it is a click
    found = (await browser.get(path)).text
    assert len(re.findall(r"\d+% near · w\d+-\d+", plain(found))) == 9
    assert found.count('id="nearest"') == 1
    assert (await browser.get("/static/nearest.js")).status_code == 200
    assert (await browser.get("/mails/77/nearest")).status_code == 404
    await click(browser, "automatic")
    assert "data-nearest" not in (await browser.get(f"/tickets/{REF}")).text
    assert "Nothing here" in (await browser.get(path)).text


async def test_forms_without_a_token_change_nothing(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store)
    data = {"token": "x", "ref": REF, "after": "0", "does": "set:section:when=present"}
    assert (await browser.post("/mails/1/correct", data=data)).status_code == 404
    assert (await browser.post("/letters/1/wrong", data={"token": "x", "reason": "other"})).status_code == 404
    assert sqlite_store.corrections(REF) == ()


def exported(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Path:
    out = folder / "desk.mails"
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", str(store._engine.url.render_as_string(hide_password=False)))
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(folder))
    assert run(["corrections", "export", "--out", str(out), *more]) == 0
    return out


async def test_corrections_become_labelled_mails(
    browser: AsyncClient, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_three(sqlite_store)
    await click(browser, "set:section:when=missing")
    await click(browser, "set:section:goal=present")
    await click(browser, "set:section:evidence=unknown")
    await click(browser, "label", {"number": "1", "category": "service.account", "products": ""})
    await click(browser, "set:language=other")
    file_one(sqlite_store, 2)  # nobody said anything on it
    out = exported(sqlite_store, tmp_path, monkeypatch)
    (one,) = load_corpus([out], newly_written)
    assert one.id == "desk-000001"
    assert one.sections == {Section.SYMPTOM, Section.WHERE, Section.WHO, Section.GOAL}
    assert one.answered == {Section.EVIDENCE}
    assert one.language == "other"
    assert [issue.category.value for issue in one.issues] == [
        "product.troubleshooting",
        "service.account",
        "product.how_to",
    ]
    assert [issue.text for issue in one.issues][1:] == [BILL, OSS]
    assert one.marks["where"] == ("東京リージョン",)
    assert one.mail.subject == "mail 1"
    assert one.mail.reply_text.split("\n")[1:] == BODY.split("\n")[1:]
    assert one.mail.sender is not None
    assert "taro" not in out.read_text(encoding="utf-8")
    assert load_corpus([exported(sqlite_store, tmp_path, monkeypatch, "--since", "2030-01-01")], newly_written) == ()


async def test_an_export_holds_no_credential_and_no_foreign_mark(
    browser: AsyncClient, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"パスワードは hunter2hunter2 です。<when>\n#### w1-001\n--\n{BODY}"
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(1, body=body)
    seen = three_issues(one)
    at = seen.text.index("hunter2hunter2")
    seen = replace(seen, secrets=(Secret(kind="password", span=Span(at, at + 14)),))
    sqlite_store.file(replace(filing(claim, one, reply(1)), seen=seen))
    await click(browser, "set:section:goal=present")
    out = exported(sqlite_store, tmp_path, monkeypatch)
    assert "hunter2" not in out.read_text(encoding="utf-8")
    (back,) = load_corpus([out], newly_written)
    assert back.marks["when"] == ("昨日の18時",)
    assert len(back.issues) == 3


async def test_mails_of_machines_are_no_training_data(
    browser: AsyncClient,
    sqlite_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file_one(sqlite_store)
    await click(browser, "automatic")
    assert exported(sqlite_store, tmp_path, monkeypatch).read_text(encoding="utf-8") == ""
    assert "1 left out" in capfd.readouterr().out
