"""A page speaks one language: no English sentence of the machine on a Japanese page, no code on either."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from desk.details import detail_text
from desk.show import event_text, reason_text, rule_text, silence_text
from desk.texts import DETAILS, EN, JA, REASONS, TOKENS
from models.assessment import Category
from models.db.store import Store
from models.decision import Decision, Disposition, Reason, ReplyState
from models.mail import AutomaticKind, Automation
from models.states import TicketState
from models.views import EventView
from policy.pack import Pack
from reports.words import REASONS as SILENCES
from tests.support.clocks import Clock
from tests.support.desk import AGENT, browsing, make_app, signed_in, token_on
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply

ROOT = Path(__file__).parents[3]
FOLDERS = ("responders", "runtime", "models")
_CODE = re.compile(r'(?:Reason|Silence)\(\s*code="(\w+)"|^ +\("(rate_\w+)", ', re.MULTILINE)
_CONSTANT = re.compile(r"(?:Reason|Silence)\(\s*code=([A-Z_]+)")
_SILENCE = re.compile(r'Silence\(\s*code="(\w+)"|^ +\("(rate_\w+)", ', re.MULTILINE)
_RULE = re.compile(r'rule="(\w+)"|_envelope_sender\(mail, "(\w+)"\)|"(\w+)" if reply_to else "(\w+)"')
MAIN = '<main id="main" tabindex="-1">'
LETTERS = re.compile(r"[A-Za-z]{3,}")


def sources() -> str:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def codes(pattern: re.Pattern[str]) -> set[str]:
    return {code for found in pattern.findall(sources()) for code in found if code}


def constants(text: str) -> set[str]:
    """The values of named codes, as a module names them."""
    return {re.search(rf'^{name} = "(\w+)"', text, re.MULTILINE)[1] for name in set(_CONSTANT.findall(text))}  # type: ignore[index]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_code_in_the_sources_has_words(language: str) -> None:
    found = codes(_CODE) | constants(sources())
    assert {
        "missing",
        "own_address",
        "rate_sender_hour",
        "rate_total",
        "bounce_hold",
    } <= found
    assert sorted(found - set(REASONS[language])) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_silence_in_the_sources_has_words_in_the_report(language: str) -> None:
    found = codes(_SILENCE) | {"own_address"}
    assert {"rate_domain_hour", "automatic"} <= found
    assert sorted(found - set(SILENCES[language])) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_rule_that_chooses_a_recipient_and_every_automatic_kind_has_words(language: str) -> None:
    rules = {
        name
        for found in _RULE.findall((ROOT / "responders" / "recipient.py").read_text(encoding="utf-8"))
        for name in found
        if name
    }
    assert "from_matches_envelope" in rules
    assert sorted((rules | {kind.value for kind in AutomaticKind}) - set(TOKENS[language])) == []


def details() -> list[tuple[str, str]]:
    """(code, English detail) of every reason and silence in the sources, with figures and names filled in."""
    found = re.findall(r'(?:Reason|Silence)\(\s*code="?(\w+)"?,\s*detail=f?"([^"]+)"\s*\)', sources())
    fill = {"count": "5", "limit": "4", "name": "from", "ticket.ref": "T000001", "ref": "T000001"}
    return [
        (code, re.sub(r"\{([^{}:]+)(?::[^{}]*)?\}", lambda m: fill.get(m[1], "2"), text))
        for code, text in found
        if not re.fullmatch(r"\{[^{}]*\}: \{.*\}", text)
    ]


def test_no_detail_of_the_machine_is_english_on_a_japanese_page() -> None:
    found = details()
    assert len(found) > 15
    assert {"hold_low_confidence", "letters_spent", "rate_sender_hour"} & {code for code, _ in found}
    english = {
        text: said
        for code, text in found
        if LETTERS.search(re.sub(r"T\d+|From|ID", "", said := detail_text(text, "ja", code.lower())))
    }
    assert english == {}


def test_the_readers_warnings_are_japanese_on_a_japanese_page() -> None:
    text = "".join(
        (ROOT / "ingest" / f"{name}.py").read_text(encoding="utf-8") for name in ("parse", "structure", "sealed")
    )
    warnings = re.findall(r'warnings\.append\(f?"([^"]+)"\)|Seal\(f?"([^"]+)"|Defect": "([^"]+)"', text)
    warnings = ["".join(one) for one in warnings]
    assert len(warnings) > 18
    filled = [re.sub(r"\{[^{}]+\}", "0", one) for one in warnings]
    said = {one: detail_text(one, "ja") for one in filled}
    assert {
        one: word
        for one, word in said.items()
        if LETTERS.search(re.sub("From|S/MIME|PGP|Outlook|winmail.dat", "", word))
    } == {}


@pytest.mark.parametrize(
    ("detail", "code", "ja", "en"),
    [
        ("0.10 is under 0.50", "hold_low_confidence", "0.10(基準 0.50)", "0.10 is under 0.50"),
        ("5 letters, the limit is 5", "rate_sender_hour", "5通(上限5通)", "5 letters, the limit is 5"),
        ("from_matches_envelope", "recipient", TOKENS["ja"]["from_matches_envelope"], TOKENS["en"]["from_matches_envelope"]),
        ("no usable address", "recipient", "返信できる宛先なし", "no usable address"),
        ("bounce: null_sender: <>", "automatic", "不達通知: null_sender: <>", "bounce: null_sender: <>"),
        ("from: nobody reads at an address of this form", "role_address", "差出人", "sender: nobody reads at an address of this form"),
        ("no ticket T999999", "", "受付番号 T999999 の受付はありません。", "There is no ticket T999999."),
        ("T000001 cannot move from ready to closed", "", "T000001 は「対応可」から「完了」にできません。画面を読み込み直してください。",
         "T000001 cannot move from “Ready” to “Closed”."),
        ("550 no such {user}", "", "550 no such {user}", "550 no such {user}"),
    ],
)  # fmt: skip
def test_a_detail_in_both_languages(detail: str, code: str, ja: str, en: str) -> None:
    assert (detail_text(detail, "ja", code), detail_text(detail, "en", code)) == (ja, en)


@pytest.mark.parametrize(
    ("what", "detail", "ja"),
    [
        ("filed", "accept, needs_review", "受付 · 要確認"),
        ("joined", "no_reply, waiting_customer", "返信なし · お客様待ち"),
        ("moved", "waiting_customer -> closed", "お客様待ち → 完了"),
        ("reply_queued", "request_information", "情報のお願い"),
        ("reply_held", "request_information hold_low_confidence: 0.10 is under 0.50", "情報のお願い (判定の確からしさが基準未満: 0.10(基準 0.50))"),
        ("reply_shadow", "reminder shadow mode: only shown", "リマインド (表示のみで送信しない運用)"),
        ("reply_held", "accept mode: approve", "受付 (運用モード: 担当者の承認後に送信)"),
        ("reply_deferred", "451 try later", "451 try later"),
        ("note", "accept, needs_review", "accept, needs_review"),
    ],
)  # fmt: skip
def test_a_line_of_history_is_told_in_words(what: str, detail: str, ja: str) -> None:
    assert event_text(EventView(at=NOW, by="uketsuke", what=what, detail=detail), "ja") == ja


def test_reasons_and_silences_are_told_whole(pack: Pack) -> None:
    low = Reason(code="hold_low_confidence", detail="0.10 is under 0.50")
    assert reason_text(low, pack, "ja") == ("判定の確からしさが基準未満", "0.10(基準 0.50)")
    assert silence_text("mode: shadow", "ja") == ("運用モード", "表示のみで送信しない")
    assert silence_text("approve mode: an agent releases it", "ja") == ("担当者の承認後に送信する運用", "")
    assert silence_text("hold", "ja") == ("担当者の確認待ち", "")


def test_both_languages_know_the_same_words_and_every_sentence_takes_its_groups() -> None:
    assert set(JA) == set(EN)
    assert set(TOKENS["ja"]) == set(TOKENS["en"])
    for sentences in DETAILS.values():
        for pattern, said in sentences.items():
            said.format(*("x" for _ in range(re.compile(pattern).groups)))


def told(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


async def test_a_page_is_headed_in_its_own_language(sqlite_store: Store, pack: Pack) -> None:
    app = make_app(sqlite_store, pack, Clock(NOW))
    for language, other in (("en", "ja"), ("ja", "en")):
        async with signed_in(app, language=language) as client:
            page = told((await client.get("/queue")).text)
            assert pack.desk.name[language] in page
            assert pack.desk.name[other] not in page
    async with browsing(app, language="ja") as client:
        assert "ユーザー名" in (await client.get("/sign-in")).text
        assert "お名前" not in (await client.get("/sign-in")).text


async def test_errors_on_a_japanese_page_are_japanese(sqlite_store: Store, pack: Pack) -> None:
    ref = file_one(sqlite_store)
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW)), language="ja") as client:
        token = await token_on(client, f"/tickets/{ref}")
        move = f"/tickets/{ref}/move"
        pages = [
            await client.get("/tickets/T999999"),
            await client.get("/mails/99"),
            await client.get("/nowhere"),
            await client.get("/outbox?before=x"),
            await client.get("/sign-out"),
            await client.post(move, data={"to": "closed", "token": "x"}),
            await client.post(move, data={"to": "waiting_customer", "token": token}),
            await client.post(move, data={"to": "closed", "token": token}, headers={"Sec-Fetch-Site": "cross-site"}),
        ]
    assert [page.status_code for page in pages] == [404, 404, 404, 400, 405, 404, 409, 403]
    for page in pages:
        said = told(page.text.partition(MAIN)[2])
        assert not LETTERS.search(re.sub(r"T\d+", "", said)), said


async def test_a_japanese_ticket_holds_no_english_of_ours(sqlite_store: Store, pack: Pack) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    reasons = (
        Reason(code="hold_low_confidence", detail="0.10 is under 0.50"),
        Reason(code="recipient", detail="from_matches_envelope"),
    )
    one = replace(
        mail(1, subject="接続"),
        automation=Automation(kind=AutomaticKind.AUTO_REPLY, may_reply=False, evidence=("",)),
        warnings=("2 characters could not be decoded",),
        attachments=(),
    )
    letter = replace(
        reply(1), state=ReplyState.HELD, reason="hold_low_confidence: 0.10 is under 0.50", text="本文", subject="件名"
    )
    held = Decision(disposition=Disposition.ACCEPT, confidence=0.1, hold=True, reasons=reasons)
    ref = sqlite_store.file(replace(filing(claim, one, letter), decision=held, state=TicketState.NEEDS_REVIEW))
    sqlite_store.move(ref, TicketState.READY, by=AGENT, now=NOW)
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW)), language="ja") as client:
        for path in (f"/tickets/{ref}", "/queue", "/outbox"):
            page = (await client.get(path)).text.partition(MAIN)[2]
            said = told(re.sub(r'<details class="reply-signature">.*?</details>', "", page, flags=re.DOTALL))
            # Names of products and files are written in Latin letters; sentences and codes of ours are not.
            assert re.findall(r"\b[a-z]{2,} [a-z]{2,}\b|[a-z]+_[a-z]+", said) == [], path


@pytest.mark.parametrize("kind", [AutomaticKind.BOUNCE, None])
async def test_a_machines_mail_has_no_checklist_and_no_question(
    sqlite_store: Store, pack: Pack, kind: AutomaticKind | None
) -> None:
    sqlite_store.accept([arrival(1)])
    (claim,) = sqlite_store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = replace(mail(1), automation=Automation(kind=kind, may_reply=kind is None, evidence=("daemon: x",)))
    nothing = Decision(
        disposition=Disposition.NO_REPLY, reasons=(Reason(code="automatic", detail="bounce: daemon: x"),)
    )
    decision = nothing if kind else filing(claim, one, None).decision
    ref = sqlite_store.file(replace(filing(claim, one, None), decision=decision))
    category = pack.categories[Category.TROUBLESHOOTING].name["en"]
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW))) as client:
        page = told((await client.get(f"/tickets/{ref}")).text.partition('<section class="right">')[2])
        queue = (await client.get("/queue?state=all")).text.partition("<tbody>")[2]
    assert (f"{EN['checklist']} " in page, EN["issues"] in page) == (kind is None, kind is None)
    assert (category in queue, 'class="g-missing" title' in queue) == (kind is None, kind is None)
    assert ("automatic mail: bounce: daemon: x" in page) is (kind is not None)


@pytest.mark.parametrize(
    ("rule", "ja"), [("rule:trouble", "規則 trouble"), ("model:0.93", "学習モデル 0.93"), ("x", "x")]
)
def test_what_proved_a_finding_is_named(rule: str, ja: str) -> None:
    assert rule_text(rule, "ja") == ja


async def test_every_page_can_be_asked_about(sqlite_store: Store, pack: Pack) -> None:
    ref = file_one(sqlite_store)
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW))) as client:
        for path in (
            "/queue",
            "/outbox",
            "/reports",
            f"/tickets/{ref}",
            "/letters/1",
            "/mails/1/raw",
            "/healthz",
            "/sign-in",
        ):
            assert (await client.head(path)).status_code == 200, path
        assert (await client.head("/sign-out")).status_code == 405
    async with browsing(make_app(sqlite_store, pack, Clock(NOW))) as stranger:
        assert (await stranger.head("/queue")).status_code == 303


async def test_the_outbox_is_turned_page_by_page(sqlite_store: Store, pack: Pack) -> None:
    for number in range(1, 53):
        file_one(sqlite_store, number, sender=f"user{number}@example.com")
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW))) as client:
        first = (await client.get("/outbox")).text
        (older,) = re.findall(r'href="(/outbox\?before=\d+)"', first)
        second = (await client.get(older)).text
    letters = [set(re.findall(r'href="/letters/(\d+)"', page)) for page in (first, second)]
    assert [len(one) for one in letters] == [50, 2]
    assert len(letters[0] | letters[1]) == 52
    assert not re.search(r"/outbox\?before=", second)
