"""Mails to our own people at the desk: what went where, what did not arrive, and who is told so."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from models.agents import Role
from models.db.memos import KEPT
from models.db.store import Store
from models.memos import MemoKind, NewMemo
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, PASSWORD, browsing, make_app, sign_in, signed_in, token_on
from tests.support.filings import LEASE, NOW, file_one
from tests.support.ledger import CannedLedger

OWN = "/settings/own-mails"
LEAD = "lead@desk.example"
RAW = b"Subject: x\r\n\r\nbody\r\n"
RETURNED = "the recipient's server returned it"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(store: Store, pack: Pack, clock: Clock) -> FastAPI:
    return make_app(store, pack, clock, ledger=CannedLedger())


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as browser:
        yield browser


def memo(key: str, kind: MemoKind = MemoKind.REPORT, to: str = LEAD, ref: str = "") -> NewMemo:
    return NewMemo(key=key, kind=kind, ref=ref, to=to, mail_from="", raw=RAW)


def goes(store: Store, new: NewMemo, error: str = "") -> None:
    """Queue a memo and end it: sent, or failed with an error."""
    assert store.queue_memo(new, now=NOW)
    (claim,) = store.claim_memos(limit=9, lease=LEASE, now=NOW)
    if error:
        store.memo_failed(claim, error=error, now=NOW)
    else:
        store.memo_sent(claim)


def main_of(page: Response) -> str:
    return page.text[page.text.index("<main") : page.text.index("</main>")]


def said_on(page: Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main_of(page))).split())


def rows_of(page: Response) -> list[str]:
    found = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page.text, flags=re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", row)).split()) for row in found]


async def test_each_mail_says_what_it_is_where_it_went_and_how_it_ended(app: FastAPI, store: Store) -> None:
    ref = file_one(store)
    goes(store, memo(f"hand_over:{ref}", MemoKind.HAND_OVER, "help@elsewhere.example", ref))
    goes(store, memo(f"report:2026-W44:{LEAD}"))
    goes(store, memo(f"report:2026-10:{AGENT}:202611241000"), "550 no such user <b>")
    goes(store, memo(f"books:2026-11-23:{LEAD}", MemoKind.ALARM), RETURNED)
    store.queue_memo(memo("notice:hanako:7", MemoKind.NOTICE), now=NOW)
    async with signed_in(app, language="ja") as client:
        page = await client.get(OWN)
        assert rows_of(page) == [
            f"担当者へのお知らせ {LEAD} 2026/11/24 10:00 送信待ち 原本",
            f"受付数の不一致の警告 2026年11月23日(月) {LEAD} 2026/11/24 10:00 届いていません 宛先のメールサーバーから戻ってきました 原本 再送",
            f"品質レポート 2026年10月 {LEAD} 2026/11/24 10:00 届いていません 550 no such user <b> 原本 再送",
            f"品質レポート 2026年第44週(10月26日〜11月1日) {LEAD} 2026/11/24 10:00 送信済み 原本",
            f"引き渡し {ref} help@elsewhere.example 2026/11/24 10:00 送信済み 原本",
        ]
        assert "「送信済み」は送信サーバーがメールを受け取ったことを示し、" in said_on(page)
        assert {"/reports/2026-W44", "/reports/2026-10", "/reports#books", f"/tickets/{ref}"} <= set(
            re.findall(r'href="([^"]+)"', main_of(page))
        )
        assert "no such user <b>" not in page.text
    async with signed_in(app) as client:
        rows = rows_of(await client.get(f"{OWN}?show=reports"))
        assert rows[-1] == f"quality report Week 44 of 2026 (26 Oct – 1 Nov) {LEAD} 2026/11/24 10:00 sent as sent"


@pytest.mark.parametrize(
    ("show", "kinds"),
    [
        ("all", ["alarm", "notice", "report", "hand_over"]),
        ("failed", ["alarm", "report"]),
        ("reports", ["alarm", "report"]),
        ("notices", ["notice"]),
        ("hand_over", ["hand_over"]),
        ("%00nonsense", ["alarm", "notice", "report", "hand_over"]),
    ],
)
async def test_one_looks_at_some_of_them(client: AsyncClient, store: Store, show: str, kinds: list[str]) -> None:
    for number, kind in enumerate((MemoKind.HAND_OVER, MemoKind.REPORT, MemoKind.NOTICE, MemoKind.ALARM)):
        goes(store, memo(f"{kind}:x", kind), "550 no" if number % 2 else "")
    words = {"alarm": "alarm of the books", "notice": "notice", "report": "quality report", "hand_over": "hand-over"}
    rows = rows_of(await client.get(f"{OWN}?show={show}"))
    assert [row.startswith(words[kind]) for row, kind in zip(rows, kinds, strict=True)] == [True] * len(kinds)


async def test_long_lists_are_turned_and_stay_what_they_show(client: AsyncClient, store: Store) -> None:
    for number in range(100):
        store.queue_memo(memo(f"report:2026-W44:{number}", to=f"user{number}@desk.example"), now=NOW)
        store.queue_memo(memo(f"notice:x:{number}", MemoKind.NOTICE), now=NOW)
    path, found = f"{OWN}?show=reports", []
    for number in range(2):
        page = await client.get(path)
        found += re.findall(r"<bdi>user(\d+)@", page.text)
        older = re.findall(rf'href="({re.escape(OWN)}\?show=reports&amp;before=\d+)"', page.text)
        assert len(older) == 1 - number, "behind a full last page there is none"
        path = html.unescape(older[0]) if older else path
    assert found == [str(number) for number in range(99, -1, -1)]


async def test_what_was_given_up_is_tried_again(client: AsyncClient, store: Store) -> None:
    goes(store, memo(f"report:2026-W44:{LEAD}"), "550 no such user")
    page = await client.get(f"{OWN}?show=failed")
    csrf = await token_on(client, f"{OWN}?show=failed")
    assert re.findall(rf'action="({re.escape(OWN)}/\d+/again)"', page.text) == [f"{OWN}/1/again"]
    done = await client.post(f"{OWN}/1/again", data={"token": csrf, "show": "failed"})
    assert (done.status_code, done.headers["location"]) == (303, f"{OWN}?show=failed&tried=1")
    assert "The mail waits to be sent again." in said_on(await client.get(done.headers["location"]))
    assert [(one.state, one.attempts) for one in store.memos()] == [("queued", 0)]
    assert [one.by for one in store.desk_events() if one.what == "memo_again"] == [AGENT]
    odd = await client.post(f"{OWN}/1/again", data={"token": csrf, "show": "//evil.example"})
    assert odd.headers["location"] == f"{OWN}?show=all&tried=1"
    assert (await client.post(f"{OWN}/9/again", data={"token": csrf})).status_code == 404
    assert (await client.post(f"{OWN}/1/again", data={"token": "0" * 64})).status_code in {404, 409}


async def test_a_mail_is_a_file_as_long_as_it_is_kept(client: AsyncClient, store: Store) -> None:
    goes(store, memo(f"report:2026-W44:{LEAD}"))
    got = await client.get(f"{OWN}/1/raw")
    assert (got.content, got.headers["content-type"]) == (RAW, "application/octet-stream")
    store.tidy_memos(now=NOW + KEPT)
    gone = await client.get(f"{OWN}/1/raw")
    assert (gone.status_code, "more than 30 days ago" in said_on(gone)) == (404, True)
    assert (await client.get(f"{OWN}/9/raw")).status_code == 404


async def test_whose_latest_mail_did_not_arrive_reads_so_where_he_looks(app: FastAPI, store: Store) -> None:
    store.add_agent("sato", PASSWORD, NOW, role=Role.LEAD)
    store.set_details("sato", email="Sato@desk.example", language="", notices=("report_week",), now=NOW)
    goes(store, memo("report:2026-W43:sato@desk.example", to="sato@desk.example"))
    async with browsing(app, language="ja") as client:
        await sign_in(client, "sato")
        for path in ("/me", "/reports"):
            assert "届いていません" not in said_on(await client.get(path))
        goes(store, memo("report:2026-W44:sato@desk.example", to="sato@desk.example"), "550 5.1.1 <sato> unknown")
        for path in ("/me", "/reports"):
            page = await client.get(path)
            assert (
                "sato@desk.example 宛ての最新のメール(品質レポート 2026年第44週(10月26日〜11月1日)、2026/11/24 10:00 作成)は届いていません。"
                " 理由: 550 5.1.1 <sato> unknown"
            ) in said_on(page), path
            assert f'href="{OWN}?show=failed"' in main_of(page)
            assert ('href="/me"' in main_of(page)[: main_of(page).index("届いていません") + 400]) is (
                path == "/reports"
            )
        goes(store, memo("report:2026-W45:sato@desk.example", to="sato@desk.example"))
        for path in ("/me", "/reports"):
            assert "届いていません" not in said_on(await client.get(path)), "a later one was taken"


async def test_an_agent_is_told_of_his_own_mails_and_sees_no_others(app: FastAPI, store: Store) -> None:
    store.add_agent("jiro", PASSWORD, NOW, role=Role.AGENT)
    store.set_details("jiro", email="jiro@desk.example", language="", notices=("new",), now=NOW)
    goes(store, memo("notice:jiro:1", MemoKind.NOTICE, "jiro@desk.example"), RETURNED)
    goes(store, memo(f"report:2026-W44:{LEAD}"), "550 no such user")
    async with browsing(app) as client:
        await sign_in(client, "jiro")
        page = await client.get("/me")
        said = said_on(page)
        assert "The latest mail to jiro@desk.example (notice to an agent, written 2026/11/24 10:00) was not" in said
        assert "no such user" not in said
        assert OWN not in page.text
        for path in (OWN, f"{OWN}/1/raw"):
            assert (await client.get(path)).status_code == 403


async def test_a_lead_finds_the_page_in_the_menu(app: FastAPI, store: Store) -> None:
    store.add_agent("sato", PASSWORD, NOW, role=Role.LEAD)
    async with browsing(app, language="ja") as client:
        await sign_in(client, "sato")
        page = await client.get("/queue")
        assert f'<a href="{OWN}">社内宛てメール</a>' in page.text
        assert "/settings/hand-over" not in page.text
        assert (await client.get(OWN)).status_code == 200


@pytest.mark.parametrize("ledger", [None, "real"])
async def test_a_report_is_named_whoever_makes_reports(
    store: Store, pack: Pack, clock: Clock, ledger: str | None
) -> None:
    for key in ("report:2026-W99:x", "report:2026-W44:x", "report:2026-11-23:x", "report:x", "books:x:y"):
        store.queue_memo(memo(key), now=NOW)
    async with signed_in(make_app(store, pack, clock, ledger=ledger)) as client:  # type: ignore[arg-type]
        page = await client.get(OWN)
    assert page.status_code == 200
    links = re.findall(r'href="/reports/([^"]+)"', main_of(page))
    assert links == ["2026-11-23", "2026-W44", "2026-W99"]


async def test_a_mail_that_waits_says_when_it_goes(client: AsyncClient, store: Store) -> None:
    store.queue_memo(memo(f"report:2026-W44:{LEAD}"), now=NOW)
    for number in (1, 2):
        (claim,) = store.claim_memos(limit=9, lease=LEASE, now=NOW + timedelta(hours=number))
        store.memo_deferred(claim, next_at=NOW + timedelta(hours=number + 1), error="451 busy")
    assert rows_of(await client.get(OWN)) == [
        f"quality report Week 44 of 2026 (26 Oct – 1 Nov) {LEAD} 2026/11/24 10:00 waiting tried 2 times next 2026/11/24 13:00 451 busy as sent"
    ]
    assert "There is no smarthost" in said_on(await client.get(OWN))
