"""The search page by HTTP, and its commands: what it shows, masks, and says of what it could not use."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from desk.search_pages import PAGE
from desk.search_texts import SEARCH
from desk.snippets import LONGEST, snippet
from models.assessment import Secret, Span
from models.db.store import Store
from models.found import FoundText
from models.query import read_query
from policy.pack import Pack
from runtime.cli.app import run
from runtime.reindex import fill_in, steps
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import LEASE, NOW, arrival, assessment, filing, mail, reply

KEY = "LTAI5tFakeFakeFakeFake01"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def browser(sqlite_store: Store, pack: Pack) -> AsyncIterator[AsyncClient]:
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW))) as client:
        yield client


def take_in(store: Store, number: int, body: str, *, subject: str = "", secret: str = "", letter: str = "") -> str:
    store.accept([arrival(number)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, body=body, **({"subject": subject} if subject else {}))
    made = filing(claim, one, replace(reply(claim.mail_id), text=letter) if letter else None)
    if secret:
        seen = assessment(one)
        at = seen.text.index(secret)
        made = replace(made, seen=replace(seen, secrets=(Secret(kind="password", span=Span(at, at + len(secret))),)))
    return store.file(made)


def marks(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r"<mark>(.*?)</mark>", page)]


async def test_the_page_before_anything_is_asked_has_the_form(browser: AsyncClient) -> None:
    page = (await browser.get("/search")).text
    assert SEARCH["en"]["search_start"] in html.unescape(page)
    assert re.search(r'<form[^>]*role="search"[^>]*action="/search"', page)
    assert 'name="q"' in page


async def test_finds_and_marks_in_the_words_of_the_mail(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = take_in(sqlite_store, 1, "昨日から障害が発生しています。", subject="ECS の障害")
    other = take_in(sqlite_store, 2, "請求について", letter="障害の発生時刻をお知らせください。")
    page = (await browser.get("/search", params={"q": "障害"})).text
    assert page.index(f"/tickets/{other}") < page.index(f"/tickets/{ref}"), "the newest first"
    assert marks(page) == ["障害"] * 3
    assert page.count(SEARCH["en"]["search_letter"]) == 1


async def test_nothing_of_a_mail_is_html_and_no_secret_is_shown(browser: AsyncClient, sqlite_store: Store) -> None:
    take_in(
        sqlite_store, 1, f"障害 {EVIL} 鍵 {KEY} 合言葉はひらけごま99です", subject=f"障害 {EVIL}", secret="ひらけごま99"
    )
    page = (await browser.get("/search", params={"q": "障害 script"})).text
    assert EVIL not in page
    assert html.escape("<") in page
    assert KEY not in page
    assert "ひらけごま" not in page
    assert "•" * len(KEY) in page
    assert set(marks(page)) == {"障害", "script"}
    for query in (KEY, "ひらけごま99"):
        page = (await browser.get("/search", params={"q": query})).text
        assert SEARCH["en"]["search_none"] in page


async def test_pages_lead_on_and_keep_the_query(browser: AsyncClient, sqlite_store: Store) -> None:
    refs = [take_in(sqlite_store, number, "障害 & more") for number in range(1, PAGE + 3)]
    first = (await browser.get("/search", params={"q": '障害 "& more"', "state": "waiting_customer"})).text
    link = re.search(r'<a href="([^"]*)" rel="next">', first)
    assert link
    second = (await browser.get(html.unescape(link[1]))).text
    found = [re.findall(r'href="/tickets/(T\d+)"', page) for page in (first, second)]
    assert found[0] + found[1] == refs[::-1]
    assert 'value="障害 &#34;&amp; more&#34;"' in second
    assert re.search(r'<option value="waiting_customer" selected>', second)


async def test_a_reference_leads_to_its_ticket(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = take_in(sqlite_store, 1, "障害")
    page = (await browser.get("/search", params={"q": ref.lower()})).text
    assert f'<a class="button" href="/tickets/{ref}">' in page
    page = (await browser.get("/search", params={"q": "T000099"})).text
    assert "/tickets/T000099" not in page
    assert SEARCH["en"]["search_none"] in page


@pytest.mark.parametrize(
    "query",
    [
        EVIL,
        '" onmouseover="x',
        "'; DROP TABLE ticket; --",
        "障害\0",
        '"""',
        "* NEAR(a b) AND",
        "あ" * 3_000,
        "!?()[]{}",
        "-only -without",
        "before:99999999-99-99",
        "%ff\ud7ff\ufffe",
        "is:<b>",
    ],
)
async def test_hostile_queries_get_a_page(browser: AsyncClient, sqlite_store: Store, query: str) -> None:
    take_in(sqlite_store, 1, "障害")
    for params in ({"q": query}, {"q": query, "state": "<b>", "after": "5"}):
        answer = await browser.get("/search", params=params)
        assert answer.status_code == 200
        assert EVIL not in answer.text


@pytest.mark.parametrize("after", ["-1", "x", "9" * 40])
async def test_a_place_that_is_none_is_no_page_of_ours(browser: AsyncClient, after: str) -> None:
    assert (await browser.get("/search", params={"q": "x", "after": after})).status_code == 400


async def test_what_was_not_used_is_said_in_both_languages(browser: AsyncClient) -> None:
    for language, said in (("ja", "「!!!」は文字や数字を含まない"), ("en", "“!!!” holds no letters or digits")):
        page = (
            await browser.get("/search", params={"q": "!!! 障害 is:x before:y " + "z " * 600, "lang": language})
        ).text
        assert said in html.unescape(page)
        assert page.count('class="warned"') == 5


async def test_the_page_says_that_the_index_is_being_made(browser: AsyncClient, sqlite_store: Store) -> None:
    take_in(sqlite_store, 1, "障害")
    sqlite_store.begin_reindex()
    assert "0%" in (await browser.get("/search")).text
    while sqlite_store.catch_up():
        pass
    assert "being built" not in (await browser.get("/search")).text


def test_both_languages_have_the_same_words() -> None:
    assert set(SEARCH["ja"]) == set(SEARCH["en"])


# snippets


def text_of(body: str, **changes: object) -> FoundText:
    values: dict[str, object] = {"source": "mail", "source_id": 1, "at": NOW, "by": "", "subject": "", "text": body}
    return FoundText(**{**values, **changes})  # type: ignore[arg-type]


def said(found: FoundText, query: str) -> str:
    pieces = snippet(found, read_query(query, NOW.tzinfo).phrases)  # type: ignore[arg-type]
    return "".join(f"[{piece.text}]" if piece.is_hit else piece.text for piece in pieces)


def test_a_snippet_is_the_place_around_the_hit() -> None:
    assert (
        said(text_of("あ" * 500 + "障害" + "い" * 500), "障害")
        == "…" + "あ" * 40 + "[障害]" + "い" * (LONGEST - 42) + "…"
    )
    assert said(text_of("一行目\n\n障害です"), "障害") == "…[障害]です"
    assert said(text_of("ＥＣＳの\n障害、障害"), "ecs 障害") == "[ＥＣＳ]の [障害]、[障害]"


def test_a_hit_outside_the_text_is_shown_where_it_is() -> None:
    assert said(text_of("本文", subject="件名の障害"), "障害") == "件名の[障害]"
    assert said(text_of("本文", names=("山田", "構成図.png")), "構成図.png") == "[構成図.png]"
    assert said(text_of("本文です"), "from:taro") == "本文です"


def test_a_secret_is_masked_before_the_place_is_cut_out() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIE" * 500 + "\n-----END RSA PRIVATE KEY-----"
    assert "MIIE" not in said(text_of(key + " 障害"), "障害")
    assert "MIIE" not in said(text_of(key + " 障害"), "MIIE")


# commands, and the index made in the background


def test_the_commands(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    ref = take_in(sqlite_store, 1, f"障害です {KEY}")
    take_in(sqlite_store, 2, "請求です")
    monkeypatch.setenv("UKETSUKE_DATABASE_URL", f"sqlite:///{tmp_path / 'one.sqlite3'}")
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path))
    assert run(["reindex"]) == 0
    assert run(["search", "--json", "障害", "is:nothing"]) == 0
    out = capsysbinary.readouterr()
    (line,) = out.out.decode().splitlines()[1:]
    found = json.loads(line)
    assert (found["ref"], found["state"], found["from"]) == (ref, "waiting_customer", "taro@example.com")
    assert found["texts"][0]["snippet"] == f"障害です {'•' * len(KEY)}"
    assert b"there is no state nothing" in out.err
    assert run(["search", "請求", "--limit", "1"]) == 0
    assert "T000002" in capsysbinary.readouterr().out.decode()
    assert run(["search", KEY]) == 0
    assert capsysbinary.readouterr().out == b""


def test_the_scheduler_fills_the_index_and_ends_when_told(sqlite_store: Store) -> None:
    take_in(sqlite_store, 1, "障害です")
    with sqlite_store.write() as connection:
        connection.execute(text("DELETE FROM search"))
    sqlite_store.begin_reindex()

    class Ended(threading.Event):
        """Set by the first wait that follows an idle look."""

        def wait(self, timeout: float | None = None) -> bool:
            if timeout and timeout > 1:
                self.set()
            return self.is_set()

    fill_in(sqlite_store, Ended())
    assert sqlite_store.search_progress() is None
    assert [one.ref for one in sqlite_store.search(read_query("障害", NOW.tzinfo)).tickets] == ["T000001"]  # type: ignore[arg-type]


def test_an_interrupted_index_goes_on_where_it_stopped(sqlite_store: Store) -> None:
    for number in range(1, 45):
        take_in(sqlite_store, number, "障害です")
    stop = threading.Event()
    seen = []
    for percent in steps(sqlite_store, stop, anew=True):
        seen.append(percent)
        stop.set()
    assert seen
    assert seen[-1] < 100
    assert sqlite_store.search_progress()
    rest = list(steps(sqlite_store, threading.Event(), anew=False))
    assert rest[-1] == 100
    assert sqlite_store.search_progress() is None
