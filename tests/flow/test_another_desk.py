"""A wholly different desk, by its pack alone: mail in by SMTP, letters in its words, tickets in its categories, and nothing of the cloud's."""

from __future__ import annotations

import html
import re
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from httpx import AsyncClient

from classify.scorer import NoModels
from models.db.store import Store
from models.decision import LetterKind
from models.states import TicketState
from policy.load import load_pack
from policy.pack import Pack
from runtime.outbox import Outbox
from runtime.settings import load_settings
from runtime.triage import Rules
from runtime.wiring import NEVER, build_rules, with_thresholds
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.ledger import reporter_for
from tests.support.listeners import DESK, listening
from tests.support.smarthost import Catcher, catching

SKI = Path(__file__).parents[1] / "packs" / "yukiyama_ski"
NOW = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
# What only the built-in pack's trade says; case counts where a word is an abbreviation.
OTHER_TRADE = re.compile(
    r"(?i:alibaba|aliyun|アリババ|クラウド|インスタンス|\binstances?\b|リージョン|セキュリティグループ|security group|スナップショット)"
    r"|\b(?:ECS|RDS|OSS|RAM|UID|VPC|SLB)\b"
)
MAILS = {
    "ja-trouble": (
        "借りたスキー板のビンディングが外れます",
        "お借りしたスキー板のビンディングが、滑っているうちに外れます。\n危ないので見ていただけますか。\n山田太郎",
    ),
    "en-price": (
        "Price of a ski set",
        "Hello, how much is a ski set for two days, and is there a discount for children?\nAnn Smith",
    ),
    "en-own-skis": ("My own skis", "Hello, could you please wax and sharpen my own skis before Saturday?\nBob"),
    "en-complete": (
        "boots from YK-20417",
        "Hello, the ski boots I rented at the north counter on 24 November at 9:00 are cracked and the left one does not close. I would like another pair. My rental is YK-20417.\nEve",
    ),
    "ja-strange": ("ご相談", "例の件ですが、やはりよろしくお願いいたします。"),
}


def raw(name: str) -> bytes:
    subject, text = MAILS[name]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"{name}@customer.example", DESK, subject
    message["Message-ID"], message["Date"] = f"<{name}@customer.example>", "Tue, 24 Nov 2026 10:14:00 +0900"
    message.set_content(text)
    return message.as_bytes()


@pytest.fixture(scope="module")
def ski_rules(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """As `uketsuke worker` builds them where UKETSUKE_PACK names the folder."""
    folder = tmp_path_factory.mktemp("ski")
    settings = {"UKETSUKE_DATA_DIR": str(folder), "UKETSUKE_PACK": str(SKI)}
    return build_rules(load_settings(settings, folder / "none.toml"))


@pytest.fixture
def desk(sqlite_store: Store, ski_rules: Rules) -> Iterator[tuple[Store, Catcher]]:
    """The five mails taken in by SMTP, read, and their letters sent."""
    clock, catcher = Clock(NOW), Catcher()
    with listening(sqlite_store, clock=clock) as listener, catching(catcher) as smarthost:
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
            for name in MAILS:
                client.sendmail(f"{name}@customer.example", [DESK], raw(name))
        worker = Worker(sqlite_store, ski_rules, frozenset({DESK}), clock)
        while worker.run_batch():
            pass
        outbox = Outbox(sqlite_store, smarthost, ski_rules.identity.secret, clock)
        while outbox.run_batch():
            pass
        yield sqlite_store, catcher


def letters_of(catcher: Catcher) -> dict[str, EmailMessage]:
    return {letter["To"].addresses[0].username: letter for letter in catcher.letters}


def test_each_letter_is_in_the_desks_own_words(desk: tuple[Store, Catcher]) -> None:
    _, catcher = desk
    letters = letters_of(catcher)
    assert set(letters) == {"ja-trouble", "en-price", "en-own-skis", "en-complete"}
    texts = {name: letter.get_content() for name, letter in letters.items()}
    asking = texts["ja-trouble"]
    assert "雪山スキーレンタル レンタル窓口でございます。" in asking
    assert "滑りに戻っていただくために" in asking
    assert "■ 滑走日・時刻：" in asking
    assert "■ 受取カウンター：" in asking
    assert letters["ja-trouble"]["Subject"].endswith("[雪山 T000001]")
    assert "Someone from the counter will be with you shortly." in texts["en-price"]
    assert "We do not tune skis or boots that are your own." in texts["en-own-skis"]
    assert "lend you a pair of ours" in texts["en-own-skis"]
    assert "Someone from the counter" in texts["en-complete"]
    for name, letter in letters.items():
        assert OTHER_TRADE.findall(f"{letter['Subject']}\n{letter['From']}\n{texts[name]}") == []


def test_each_ticket_stands_in_the_desks_categories_and_what_is_unsure_waits(desk: tuple[Store, Catcher]) -> None:
    store, _ = desk
    rows = {row.subject: row for row in store.queue(limit=10, include_closed=True)}
    states = {name: TicketState(rows[subject].state) for name, (subject, _) in MAILS.items()}
    assert states == {
        "ja-trouble": TicketState.WAITING_CUSTOMER,
        "en-price": TicketState.READY,
        "en-complete": TicketState.READY,
        "en-own-skis": TicketState.ANSWERED,
        "ja-strange": TicketState.NEEDS_REVIEW,  # no word of the trade in it: a person reads it
    }


def test_the_rules_read_alone_for_the_models_know_another_trade(ski_rules: Rules, pack: Pack, tmp_path: Path) -> None:
    assert isinstance(ski_rules.scorer, NoModels)
    own = build_rules(load_settings({"UKETSUKE_DATA_DIR": str(tmp_path)}, tmp_path / "none.toml"), pack)
    assert not isinstance(own.scorer, NoModels)


def test_a_precision_that_nobody_measured_is_promised_to_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "ski"
    folder.mkdir()
    for file in SKI.rglob("*"):
        if file.is_file():
            to = folder / file.relative_to(SKI)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(file.read_bytes())
    text = (folder / "pack.toml").read_text(encoding="utf-8")
    (folder / "pack.toml").write_text(
        text.replace(
            '[letters.out_of_scope]\nmode = "auto"', '[letters.out_of_scope]\nmode = "auto"\nprecision = 0.95'
        ),
        encoding="utf-8",
    )
    holds = {kind: policy.hold for kind, policy in with_thresholds(load_pack(folder)).letter_policies.items()}
    assert holds[LetterKind.OUT_OF_SCOPE] == NEVER
    assert holds[LetterKind.REQUEST_INFORMATION] == 0.0


async def pages_of(client: AsyncClient) -> dict[str, str]:
    """Every page that links lead to from the queue, as it is read."""
    seen: dict[str, str] = {}
    waiting = ["/queue", "/outbox", "/reports", "/letter-settings", "/letter-texts", "/search?q=YK-20417", "/people"]
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 150:
            continue
        page = await client.get(path)
        is_text = page.headers.get("content-type", "").startswith(("text/html", "text/csv", "application/json"))
        seen[path] = page.text if is_text else ""
        links = (html.unescape(one) for one in re.findall(r'(?:href|action)="(/[^"#]*)"', seen[path]))
        waiting += [one for one in links if not one.startswith(("/static", "/sign-out", "/reports/open", "/language"))]
    return seen


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_no_page_of_the_desk_speaks_of_another_trade(
    desk: tuple[Store, Catcher], ski_rules: Rules, language: str
) -> None:
    store, _ = desk
    pack = ski_rules.pack
    reporter_for(store, pack).make_due(NOW + timedelta(days=8))
    clock = Clock(NOW + timedelta(days=8))
    app = make_app(store, pack, clock)
    async with signed_in(app, language=language) as client:
        pages = await pages_of(client)
    assert len(pages) > 30
    together = "".join(pages.values())
    for own in ("YK-20417", "レンタル用品の不具合" if language == "ja" else "Trouble with rented gear"):
        assert own in together
    foreign = {
        text[max(0, found.start() - 40) : found.end() + 20]: path
        for path, text in pages.items()
        for found in OTHER_TRADE.finditer(text.replace("X-Uketsuke-Instance", ""))
    }
    assert foreign == {}
