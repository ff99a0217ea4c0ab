"""The desk's hand on letters by HTTP: the stop, settings by kind, address rules, the editor with its preview, judgements."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from desk.figures import kind_lines, shadow_lines
from desk.texts import EN, JA
from models.arrival import Arrival
from models.controls import KindCount, ShadowOutcome, Verdict
from models.db.store import Store
from models.decision import LetterKind, LetterLimits, LetterMode, ReplyState
from models.mail import Envelope
from models.states import TicketState
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, browsing, make_app, signed_in, token_on
from tests.support.filings import DESK, LEASE, NOW, arrival, file_one, filing, mail, reply

EVIL = "<script>alert(1)</script>"
TEXT = "/letter-texts/ja/acknowledgement"
GOOD = "{{ ref }} を承りました。\n新しい文面です。\n"
TOTAL = LetterLimits(per_recipient_hour=9, per_recipient_day=9, per_domain_hour=9, total_10min=0, bounce_hold=LEASE)


@pytest.fixture
def app(sqlite_store: Store, pack: Pack) -> FastAPI:
    return make_app(sqlite_store, pack, Clock(NOW))


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with signed_in(app) as client:
        yield client


def told(page: Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


async def post(client: AsyncClient, path: str, on: str = "/letter-settings", **data: str) -> Response:
    """Send a form with the token of a page."""
    return await client.post(path, data={**data, "token": await token_on(client, on)})


def file_read(store: Store, *, subject: str = "ECS に接続できません", body: str = "昨日から接続できません。") -> str:
    """A ticket whose raw mail, reading and decision tell of the same mail."""
    raw = (
        f"From: =?utf-8?b?5bGx55Sw?= <taro@example.com>\r\nTo: {DESK}\r\nSubject: {subject}\r\n"
        f"Message-ID: <m1@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()
    envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=NOW)
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return store.file(filing(claim, mail(1, subject=subject, body=body), reply(claim.mail_id)))


# --- the stop


async def test_letters_are_stopped_after_a_second_look_and_let_go_from_any_page(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    file_one(sqlite_store)
    assert 'href="/outbox/stop"' in (await browser.get("/outbox")).text
    assert EN["stop_sure"] in told(await browser.get("/outbox/stop"))
    assert sqlite_store.letters_stopped() is None
    for data, code in (({}, 400), ({"token": "x"}, 404)):
        assert (await browser.post("/outbox/stop", data=data)).status_code == code
    done = await post(browser, "/outbox/stop", "/outbox/stop")
    assert (done.status_code, done.headers["location"]) == (303, "/outbox")
    for path in ("/queue", "/outbox", "/letter-settings", "/tickets/T000001", "/nowhere"):
        page = await browser.get(path)
        assert EN["stopped_now"] in told(page), path
        assert f"by {AGENT} at 2026/11/24 10:00" in told(page)
        assert 'action="/outbox/resume"' in page.text
    assert 'href="/outbox/stop"' not in (await browser.get("/outbox")).text
    refused = await post(browser, "/letters/1/release", "/tickets/T000001")
    assert refused.status_code == 409
    assert "let them go again first" in told(refused)
    assert (await browser.post("/outbox/resume", data={"token": "x"})).status_code == 404
    await post(browser, "/outbox/resume", "/queue")
    assert EN["stopped_now"] not in told(await browser.get("/queue"))
    assert EN["release_stopped"].format(count=1) in told(await browser.get("/outbox"))
    await post(browser, "/outbox/release-stopped", "/outbox")
    assert sqlite_store.reply(1).state == "queued"
    audit = told(await browser.get("/letter-settings"))
    assert f"{EN['letters_stopped']} 1 letters {AGENT}" in audit


async def test_a_stranger_hears_nothing_of_a_stop(app: FastAPI, sqlite_store: Store) -> None:
    sqlite_store.stop_letters(by=AGENT, now=NOW)
    async with browsing(app) as stranger:
        assert "banner" not in (await stranger.get("/sign-in")).text


async def test_the_frame_warns_while_the_limit_of_all_letters_holds(browser: AsyncClient, sqlite_store: Store) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    sqlite_store.file(replace(filing(claim, mail(1), reply(1)), limits=TOTAL))
    page = await browser.get("/queue")
    assert EN["total_held"].format(count=1) in told(page)
    assert 'href="/outbox?state=held"' in page.text


# --- outbox and ticket


async def test_the_outbox_is_filtered_by_state(browser: AsyncClient, sqlite_store: Store) -> None:
    file_one(sqlite_store, 1, reply_state=ReplyState.HELD)
    file_one(sqlite_store, 2)
    held = (await browser.get("/outbox?state=held")).text
    assert set(re.findall(r'href="/letters/(\d+)"', held)) == {"1"}
    assert '<a href="/outbox?state=held" aria-current="page">' in held
    assert set(re.findall(r'href="/letters/(\d+)"', (await browser.get("/outbox?state=x")).text)) == {"1", "2"}
    assert EN["no_rows"] in told(await browser.get("/outbox?state=bounced"))


async def test_a_letter_that_did_not_arrive_heads_its_ticket(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store)
    (claim,) = sqlite_store.claim_replies(limit=1, lease=LEASE, now=NOW)
    sqlite_store.reply_failed(claim, now=NOW, error=f"550 no {EVIL}")
    page = await browser.get(f"/tickets/{ref}")
    assert f"{EN['undelivered']}: request for information → taro@example.com (failed: 550 no {EVIL})" in told(page)
    assert EVIL not in page.text


async def test_an_agents_word_on_a_shown_letter(browser: AsyncClient, sqlite_store: Store) -> None:
    ref = file_one(sqlite_store, reply_state=ReplyState.SHADOW)
    assert EN["judge_right"] in told(await browser.get(f"/tickets/{ref}"))
    assert (await browser.post("/letters/1/judge", data={"right": "true", "token": "x"})).status_code == 404
    assert (await post(browser, "/letters/1/judge", f"/tickets/{ref}", right="maybe")).status_code == 400
    done = await post(browser, "/letters/1/judge", f"/tickets/{ref}", right="false")
    assert done.headers["location"] == f"/tickets/{ref}"
    assert f"{EN['judged']}: {EN['judgement_wrong']}" in told(await browser.get(f"/tickets/{ref}"))
    assert sqlite_store.ticket(ref).events[-1].what == "judged_wrong"
    assert "0% 0 of 1" in told(await browser.get("/letter-settings"))
    file_one(sqlite_store, 2)
    assert (await post(browser, "/letters/2/judge", f"/tickets/{ref}", right="true")).status_code == 409


# --- settings


async def test_a_mode_is_set_and_taken_back(browser: AsyncClient, sqlite_store: Store) -> None:
    form = "/letter-settings/modes"
    assert (await browser.post(form, data={"kind": "split", "mode": "off", "token": "x"})).status_code == 404
    for wrong in ({"kind": "x", "mode": "off"}, {"kind": "split", "mode": "x"}):
        assert (await post(browser, form, **wrong)).status_code == 404
    assert sqlite_store.letter_modes() == {}
    await post(browser, form, kind="split", mode="approve")
    assert sqlite_store.letter_modes() == {"split": "approve"}
    page = await browser.get("/letter-settings")
    assert len(re.findall(r'<option value="approve" selected>', page.text)) == 1
    await post(browser, form, kind="split", mode="pack")
    assert sqlite_store.letter_modes() == {}
    assert "split notice → as the pack says" in told(await browser.get("/letter-settings"))


async def test_an_address_is_blocked_and_let_off(browser: AsyncClient, sqlite_store: Store) -> None:
    form = "/letter-settings/rules"
    refused = await post(browser, form, pattern=f"{EVIL}", verdict="block", note=f'"{EVIL}')
    assert refused.status_code == 422
    assert EN["bad_pattern"] in told(refused)
    assert EVIL not in refused.text
    assert "&lt;script&gt;" in refused.text  # what was typed is kept
    assert (
        await browser.post(form, data={"pattern": "@x.example", "verdict": "block", "token": "x"})
    ).status_code == 404
    await post(browser, form, pattern="Taro+x@Example.com\0", verdict="block", note=f"{EVIL}\0")
    (rule,) = sqlite_store.address_rules()
    assert (rule.pattern, rule.verdict, rule.by) == ("taro@example.com", Verdict.BLOCK, AGENT)
    page = await browser.get("/letter-settings")
    assert EVIL in told(page)
    assert EVIL not in page.text
    assert (await post(browser, form, pattern="@x.example", verdict="maybe")).status_code == 422
    await post(browser, f"{form}/drop", pattern="taro@example.com")
    assert sqlite_store.address_rules() == ()
    assert (await post(browser, f"{form}/drop", pattern="taro@example.com")).status_code == 404


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_no_code_stands_on_the_settings_in_place_of_a_word(
    app: FastAPI, sqlite_store: Store, language: str
) -> None:
    for number, kind in enumerate(LetterKind, 1):
        sqlite_store.accept([arrival(number)])
        (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
        letter = reply(number, kind=kind, state=ReplyState.SHADOW)
        ref = sqlite_store.file(filing(claim, mail(number), letter))
        sqlite_store.set_letter_mode(kind, LetterMode.SHADOW, by=AGENT, now=NOW)
        sqlite_store.move(ref, TicketState.READY, by=AGENT, now=NOW)
        sqlite_store.judge_letter(number, right=True, by=AGENT, now=NOW)
    sqlite_store.stop_letters(by=AGENT, now=NOW)
    sqlite_store.save_letter_text("split", "ja", GOOD, based_on=None, by=AGENT, now=NOW)
    sqlite_store.restore_pack_text("split", "ja", based_on=1, by=AGENT, now=NOW)
    async with signed_in(app, language=language) as client:
        for path in ("/letter-settings", "/letter-texts", "/outbox", "/outbox/stop", "/letter-texts/ja/split"):
            main = re.sub(r"<(code|textarea|pre)\b.*?</\1>", "", (await client.get(path)).text, flags=re.DOTALL)
            said = re.sub(r"<[^>]*>", " ", main.partition("<main")[2])
            assert re.findall(r"\b[a-z]+_[a-z_]+\b", said) == [], path
            if language == "ja":
                assert re.findall(r"\b[a-z]{2,} [a-z]{2,}\b", said) == [], path


def test_figures_by_kind() -> None:
    counts = (
        KindCount(kind="split", state="sent", judgement="released", count=3),
        KindCount(kind="split", state="sent", judgement="", count=5),
        KindCount(kind="split", state="discarded", judgement="discarded", count=1),
        KindCount(kind="split", state="shadow", judgement="wrong", count=2),
        KindCount(kind="split", state="bounced", judgement="released", count=1),
        KindCount(kind="reminder", state="sent", judgement="", count=9),
    )
    line = next(one for one in kind_lines(counts) if one.kind == "split")
    assert (line.sent, line.released, line.discarded, line.shadow, line.failed) == (8, 4, 1, 2, 1)
    assert (line.right, line.judged) == (4, 7)
    assert [one.kind for one in kind_lines(())] == [kind.value for kind in LetterKind]


def test_shown_letters_beside_what_agents_did() -> None:
    def outcome(would_be: str, moved_to: str) -> ShadowOutcome:
        return ShadowOutcome(
            reply_id=1, ref="T1", kind="split", at=NOW, judgement="", would_be=would_be, moved_to=moved_to
        )

    (line,) = shadow_lines(
        [
            outcome("waiting_customer", "waiting_customer"),
            outcome("waiting_customer", "ready"),
            outcome("answered", "closed"),
            outcome("waiting_customer", ""),
        ]
    )
    assert (line.count, line.same, line.other, line.open) == (4, 2, 1, 1)


# --- the editor


async def test_every_text_of_the_pack_can_be_opened(browser: AsyncClient, sqlite_store: Store, pack: Pack) -> None:
    file_read(sqlite_store)
    listed = await browser.get("/letter-texts")
    links = set(re.findall(r'href="(/letter-texts/[a-z]+/\w+)"', listed.text))
    assert links == {f"/letter-texts/{language}/{name}" for name, language in pack.letters}
    for path in sorted(links):
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert "script-src 'self'" in page.headers["content-security-policy"]
        found = re.search(r'id="preview-error"[^>]*>([^<]*)<', page.text)
        assert found is not None
        assert found[1] == "", path
        assert "T000001" in page.text.partition('id="preview-text"')[2], path
    for path in ("/letter-texts/ja/nothing", "/letter-texts/xx/split", "/letter-texts/ja/..%2Fsplit"):
        assert (await browser.get(path)).status_code == 404


async def test_the_editor_runs_the_desks_scripts_and_no_other(browser: AsyncClient) -> None:
    page = await browser.get(TEXT)
    own = [f'<script src="/static/{name}.js" defer>' for name in ("desk", "editor")]
    assert re.findall(r"<script[^>]*>", page.text) == own
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", page.text)
    script = (await browser.get("/static/editor.js")).text
    assert not re.search(r"innerHTML|eval\(|document\.write|https?://", script)


async def test_a_preview_shows_the_typed_text_on_the_ticket_and_saves_nothing(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    ref = file_read(sqlite_store)
    data = {"text": GOOD.replace("\n", "\r\n"), "ref": f" {ref.lower()} ", "act": "preview"}
    page = await post(browser, TEXT, TEXT, **data)
    assert page.status_code == 200
    assert f"{ref} を承りました。 新しい文面です。" in told(page)
    assert f"[受付 {ref}]" in told(page)
    assert (await browser.post(TEXT, data={**data, "token": "x"})).status_code == 404
    live = await post(browser, f"{TEXT}/preview", TEXT, **data)
    assert live.json() == {
        "subject": f"Re: ECS に接続できません [受付 {ref}]",
        "text": f"{ref} を承りました。\n新しい文面です。\n",
        "error": "",
    }
    assert (await browser.post(f"{TEXT}/preview", data={**data, "token": "x"})).status_code == 404
    unknown = await post(browser, f"{TEXT}/preview", TEXT, **{**data, "ref": "T999999"})
    assert unknown.json()["error"] == "There is no ticket T999999."
    assert sqlite_store.letter_text_versions("acknowledgement", "ja") == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{{ ref }}\n{{ nobody }}\n", "2 行目", "「nobody」という項目はありません。"),
        ("{{ ref }}\n{% if %}\n", "2 行目", "文面として読み取れません"),
        ("{{ ref }}\n{% include '_nothing' %}", "", "_nothing"),
        ("こんにちは\n", "", "受付番号がどこにもありません"),
        ("{{ ref }}\n{{ range(9) }}", "2 行目", "「Call」は文面では使えません"),
        ("{{ ref }}\n{% for i in range(9) %}{% endfor %}", "2 行目", "for に書けるのは"),
        (f"{{{{ ref }}}} {EVIL}{{{{ x }}}}\n", "1 行目", "「x」"),
    ],
)
async def test_a_text_that_does_not_fit_is_not_saved_and_stays_in_the_form(
    app: FastAPI, sqlite_store: Store, text: str, line: str, words: str
) -> None:
    file_read(sqlite_store)
    async with signed_in(app, language="ja") as client:
        page = await post(client, TEXT, TEXT, text=text, act="save", note="why")
        live = await post(client, f"{TEXT}/preview", TEXT, text=text)
    assert page.status_code == 422
    said = told(page)
    assert JA["not_saved"] in said
    assert line in said
    assert words in said
    assert words in live.json()["error"]
    (area,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert html.unescape(area).rstrip("\n") == text.rstrip("\n")
    assert EVIL not in page.text
    assert 'value="why"' in page.text
    assert sqlite_store.letter_texts() == {}


async def test_a_banned_word_is_named(browser: AsyncClient, sqlite_store: Store, pack: Pack) -> None:
    word = pack.banned_words["ja"][0]
    page = await post(browser, TEXT, TEXT, text=f"{{{{ ref }}}} {word}", act="save")
    assert page.status_code == 422
    assert word in told(page)
    assert sqlite_store.letter_texts() == {}


async def test_a_saved_text_is_a_version_that_can_be_compared_and_restored(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    file_read(sqlite_store)
    done = await post(browser, TEXT, TEXT, text=GOOD, act="save", based_on="0", note=f"clearer {EVIL}")
    assert (done.status_code, done.headers["location"]) == (303, f"{TEXT}?saved=1")
    assert sqlite_store.letter_texts() == {("acknowledgement", "ja"): GOOD}
    page = await browser.get(f"{TEXT}?saved=1")
    assert EN["saved"] in told(page)
    assert f"clearer {EVIL}" in told(page)
    assert EVIL not in page.text
    assert EN["edited"] in told(await browser.get("/letter-texts"))
    await post(browser, TEXT, TEXT, text=GOOD + "追伸\n", act="save", based_on="1")
    compared = await browser.get(f"{TEXT}?version=1")
    assert '<span class="add">追伸\n</span>' in compared.text
    assert (await browser.get(f"{TEXT}?version=9")).status_code == 404
    assert (await browser.post(f"{TEXT}/restore", data={"number": "1", "token": "x"})).status_code == 404
    await post(browser, f"{TEXT}/restore", TEXT, number="1", based_on="2")
    assert sqlite_store.letter_texts() == {("acknowledgement", "ja"): GOOD}
    stale = await post(browser, f"{TEXT}/restore", TEXT, number="0", based_on="1")
    assert stale.status_code == 409
    await post(browser, f"{TEXT}/restore", TEXT, number="0", based_on="3")
    assert sqlite_store.letter_texts() == {}
    assert html.escape(pack.letters["acknowledgement", "ja"].splitlines()[0], quote=True) in (
        await browser.get(TEXT)
    ).text.replace("&#34;", "&quot;")
    audit = told(await browser.get("/letter-settings"))
    assert "went back to the pack's text acknowledgement (Japanese) · version 4" in audit


async def test_who_saves_second_is_told_and_loses_nothing(browser: AsyncClient, sqlite_store: Store) -> None:
    file_read(sqlite_store)
    sqlite_store.save_letter_text("acknowledgement", "ja", "{{ ref }} theirs\n", based_on=None, by="jiro", now=NOW)
    mine = "{{ ref }} mine\n"
    page = await post(browser, TEXT, TEXT, text=mine, act="save", based_on="0", note="n")
    assert page.status_code == 409
    assert EN["conflict"].format(by="jiro") in told(page)
    assert "{{ ref }} mine\n</textarea>" in page.text
    assert '<span class="drop">{{ ref }} theirs\n</span>' in page.text
    assert '<span class="add">{{ ref }} mine\n</span>' in page.text
    assert sqlite_store.letter_texts() == {("acknowledgement", "ja"): "{{ ref }} theirs\n"}
    form = page.text.partition("data-preview")[2].partition("</form>")[0]
    (based_on,) = re.findall(r'name="based_on" value="(\d+)"', form)
    again = await post(browser, TEXT, TEXT, text=mine, act="save", based_on=based_on)
    assert again.status_code == 303
    assert sqlite_store.letter_texts() == {("acknowledgement", "ja"): mine}


async def test_a_part_is_shown_in_a_letter_that_includes_it(
    browser: AsyncClient, sqlite_store: Store, pack: Pack
) -> None:
    ref = file_read(sqlite_store)
    path = "/letter-texts/ja/_head"
    text = "拝啓 {{ t.accepted }}\n"
    live = await post(browser, f"{path}/preview", path, text=text)
    assert "拝啓 " in live.json()["text"]
    assert ref in live.json()["text"]
    broken = await post(browser, f"{path}/preview", path, text="{{ nobody }}")
    assert "nobody" in broken.json()["error"]


async def test_a_secret_of_the_ticket_is_masked_in_the_preview(browser: AsyncClient, sqlite_store: Store) -> None:
    file_read(sqlite_store, subject="password: hunter2hunter2")
    page = await browser.get(TEXT)
    assert "hunter2hunter2" not in page.text


async def test_a_long_japanese_text_is_taken_and_a_longer_one_refused(
    browser: AsyncClient, sqlite_store: Store
) -> None:
    long = "{{ ref }}\n" + "長い文面です。\n" * 1500
    assert (await post(browser, TEXT, TEXT, text=long, act="save")).status_code == 303
    assert (await post(browser, TEXT, TEXT, text="長" * 40_000, act="save")).status_code == 413


@pytest.mark.parametrize(("mode", "is_said"), [("auto", True), ("approve", True), ("shadow", False)])
async def test_the_outbox_says_that_letters_wait_for_a_smarthost_but_in_shadow_mode(
    sqlite_store: Store, pack: Pack, mode: str, is_said: bool
) -> None:
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW), mode=mode)) as client:
        assert (EN["no_smarthost"] in told(await client.get("/outbox"))) is is_said
