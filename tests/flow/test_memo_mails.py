"""Tickets handed over and agents told by mail, through a stand-in smarthost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import update

from desk.lacking import lacks_by
from desk.memos import MOST_BYTES, MemoFrame
from ingest.parse import parse_mail
from models.arrival import Arrival
from models.assessment import Category
from models.db.filing import add_event
from models.db.memos import AGENT
from models.db.store import Store
from models.db.threads import TICKET
from models.errors import ConfigError
from models.mail import AutomaticKind, Envelope
from models.shaping import SplitIssue
from models.states import TicketState
from models.wire import dump
from policy.pack import Pack
from responders.deliver import Smarthost
from runtime.memos import MemoBox, MemoMaker
from runtime.settings import load_settings
from tests.support.clocks import Clock
from tests.support.filings import DESK, LEASE, NOW, file_one, filing, mail
from tests.support.shaping import file_three
from tests.support.smarthost import Catcher, catching

HELP = "helpdesk@elsewhere.example"
LINK = "https://desk.example"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def catcher() -> Catcher:
    return Catcher()


@pytest.fixture
def smarthost(catcher: Catcher) -> Iterator[Smarthost]:
    with catching(catcher) as one:
        yield one


def box(
    store: Store, pack: Pack, clock: Clock, smarthost: Smarthost | None, hand_over: str = "ready", minutes: int = 10
) -> MemoBox:
    frame = MemoFrame(pack=pack, from_address=DESK, instance="cafe", desk_link=LINK)
    maker = MemoMaker(
        store, frame, clock, hand_over=hand_over, hand_over_to=HELP, bundled_for=timedelta(minutes=minutes)
    )
    return MemoBox(store, maker, smarthost, clock)


def run(one: MemoBox) -> None:
    one.maker.make()
    while one.run_batch():
        pass


def file_raw(
    store: Store, raw: bytes, *, number: int = 1, body: str = "接続できません", subject: str = "mail 1"
) -> str:
    envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=NOW)
    store.accept([Arrival(raw=raw, envelope=envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return store.file(
        filing(claim, mail(number, body=body, subject=subject), None, state=TicketState.READY, missing=())
    )


def agent(store: Store, name: str, *wants: str, language: str = "") -> None:
    store.add_agent(name, "correct horse battery", NOW)
    values = {"email": f"{name}@desk.example", "notices": dump(list(wants)), "language": language}
    with store.write() as connection:
        connection.execute(update(AGENT).where(AGENT.c.name == name).values(**values))


def body_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def test_a_ready_ticket_is_handed_over_once_with_all_that_is_known(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    ref = file_one(store, reply_state=None)
    one = box(store, pack, clock, smarthost)
    run(one)
    assert catcher.taken == [], "it is not ready"
    clock.advance(timedelta(hours=1))
    store.move(ref, TicketState.READY, by="hanako", now=clock.now)
    for _ in range(3):
        run(one)
    store.move(ref, TicketState.CLOSED, by="hanako", now=clock.now)
    store.move(ref, TicketState.READY, by="hanako", now=clock.now + timedelta(minutes=1))
    run(one)
    (envelope,) = catcher.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("<>", [HELP])
    (letter,) = catcher.letters
    assert letter.defects == []
    assert letter["From"] == f"{pack.desk.name['ja']} <{DESK}>"
    assert letter["To"] == HELP
    assert letter["Reply-To"] == "山田 太郎 <taro@example.com>"
    assert letter["Subject"] == f"[{ref}] mail 1"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert {name: letter[f"X-Uketsuke-{name}"] for name in ("Ref", "State", "Category", "Product", "Language")} == {
        "Ref": ref,
        "State": "ready",
        "Category": "product.troubleshooting",
        "Product": "ecs",
        "Language": "ja",
    }
    assert {name: letter[f"X-Uketsuke-{name}"] for name in ("Complete", "Missing", "Confidence", "Trust")} == {
        "Complete": "no",
        "Missing": "when, goal",
        "Confidence": "0.80",
        "Trust": "unchecked",
    }
    text = body_of(letter)
    assert f"{LINK}/tickets/{ref}" in text
    assert "不足している情報\n- " in text
    assert "確信度 80%" in text
    assert pack.categories[Category.TROUBLESHOOTING].name["ja"] in text
    (original,) = letter.iter_attachments()
    assert original.get_content_type() == "message/rfc822"
    inner = original.get_content()
    assert inner["Message-ID"] == "<m1@example.com>"
    assert inner.get_content() == "hello\r\n"
    assert letter.get_content_type() == "multipart/mixed"
    assert {memo.state for memo in store.memos()} == {"sent"}


def test_what_an_agent_splits_off_is_handed_over_with_the_mail_that_it_is_about(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    ref = file_three(store)
    chosen = [SplitIssue(number=1, title="請求書の宛名")]
    split = store.split(ref, 1, chosen, lacks=lacks_by(pack), by="hanako", now=clock.now)
    assert isinstance(split, tuple)
    run(box(store, pack, clock, smarthost, hand_over="all"))
    by_ref = {letter["X-Uketsuke-Ref"]: letter for letter in catcher.letters}
    assert set(by_ref) == {ref, split[0]}
    child = by_ref[split[0]]
    assert child["Subject"] == f"[{split[0]}] 請求書の宛名"
    assert child["X-Uketsuke-Category"] == "service.payment_billing"
    assert child["Reply-To"] == "山田 太郎 <taro@example.com>"
    assert [part.get_content_type() for part in child.iter_attachments()] == ["message/rfc822"]


def test_all_hands_over_what_comes_but_nothing_of_machines(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    ref = file_one(store, 1)
    other = file_one(store, 2)
    with store.write() as connection:
        connection.execute(update(TICKET).where(TICKET.c.ref == other).values(is_automatic=True))
    run(box(store, pack, clock, smarthost, hand_over="all"))
    assert [letter["X-Uketsuke-Ref"] for letter in catcher.letters] == [ref]
    assert catcher.letters[0]["X-Uketsuke-State"] == "waiting_customer"


def test_off_hands_over_nothing_then_and_later(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    ref = file_raw(store, b"Subject: x\r\n\r\nx\r\n")
    run(box(store, pack, clock, smarthost, hand_over="off"))
    run(box(store, pack, clock, smarthost, hand_over="ready"))
    assert catcher.taken == []
    assert store.ticket(ref).row.state == "ready"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"Subject: x\n\nbare\nlines\n", "message/rfc822"),
        ("Subject: x\r\n\r\n日本語のまま\r\n".encode(), "message/rfc822"),
        (b"Subject: x\r\n\r\nnul \0 byte\r\n", "application/octet-stream"),
        (b"Subject: x\r\n\r\n" + b"l" * 2000 + b"\r\n", "application/octet-stream"),
        (b"no headers at all", "message/rfc822"),
        (b"Subject: x\r\n\r\n--=_0\r\n\r\n.\r\n..\r\nFrom here\r\n", "message/rfc822"),
    ],
)
def test_whatever_came_goes_along_as_it_is(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost, raw: bytes, kind: str
) -> None:
    file_raw(store, raw)
    run(box(store, pack, clock, smarthost))
    (letter,) = catcher.letters
    (original,) = letter.iter_attachments()
    assert original.get_content_type() == kind
    whole = catcher.raw(0)
    if kind == "message/rfc822":
        assert raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") in whole
    else:
        assert original.get_content() == raw
    assert max(map(len, whole.split(b"\r\n"))) <= 998
    assert b"\0" not in whole
    assert b"\n" not in whole.replace(b"\r\n", b"")


def test_a_mail_that_is_too_large_stays_here_and_is_named(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_BYTES >= 10_000_000
    monkeypatch.setattr("desk.memos.MOST_BYTES", 1000)
    file_raw(store, b"Subject: x\r\n\r\n" + b"line\r\n" * 500)
    run(box(store, pack, clock, smarthost))
    (letter,) = catcher.letters
    assert list(letter.iter_attachments()) == []
    assert "大きいため添付していません。受付画面で確認してください: 1" in body_of(letter)


def test_credentials_are_masked_and_headers_hold_their_lines(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    key = "LTAI5tAbCdEfGhIjKlMnOpQr"
    odd = f"件名 {key}\r\nBcc: victim@example.com\u202e\u200b" + "長" * 300
    ref = file_raw(store, b"Subject: x\r\n\r\nx\r\n", body=f"AccessKey {key}", subject=odd)
    run(box(store, pack, clock, smarthost))
    (letter,) = catcher.letters
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith(f"[{ref}] 件名 •")
    assert key not in str(letter["Subject"])
    assert key not in body_of(letter)
    assert "\u202e" not in body_of(letter)


def test_our_own_desk_knows_its_memo_as_a_loop(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    file_raw(store, b"Subject: x\r\n\r\nx\r\n")
    run(box(store, pack, clock, smarthost))
    envelope = Envelope(mail_from="", rcpt_tos=(DESK,), received_at=NOW)
    back = parse_mail(catcher.raw(0), envelope, own_addresses=frozenset({DESK}), instance="cafe")
    assert back.automation.kind is AutomaticKind.LOOP
    assert not back.automation.may_reply


def test_without_a_smarthost_memos_wait_and_then_go(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    file_raw(store, b"Subject: x\r\n\r\nx\r\n")
    run(box(store, pack, clock, None))
    assert [memo.state for memo in store.memos()] == ["queued"]
    run(box(store, pack, clock, smarthost))
    assert len(catcher.taken) == 1


def test_a_smarthost_that_refuses_is_tried_again_or_given_up_where_admins_see_it(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    file_raw(store, b"Subject: x\r\n\r\nx\r\n")
    one = box(store, pack, clock, smarthost)
    catcher.answers = "451 later"
    run(one)
    (memo,) = store.memos()
    assert (memo.state, memo.attempts, memo.next_at) == ("queued", 1, NOW + timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    catcher.answers = "550 no such user"
    run(one)
    (memo,) = store.memos()
    assert (memo.state, memo.error) == ("failed", "550 no such user")
    assert store.desk_events(1)[0].what == "memo_failed"
    catcher.answers = "250 OK"
    store.memo_again(memo.memo_id, by="hanako", now=clock.now)
    run(one)
    assert [one.state for one in store.memos()] == ["sent"]


def test_the_stop_of_all_letters_does_not_stop_memos(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    store.stop_letters(by="hanako", now=NOW)
    file_raw(store, b"Subject: x\r\n\r\nx\r\n")
    run(box(store, pack, clock, smarthost))
    assert len(catcher.taken) == 1


def test_an_agent_is_told_in_his_language_and_what_comes_soon_after_is_bundled(
    store: Store, pack: Pack, clock: Clock, catcher: Catcher, smarthost: Smarthost
) -> None:
    agent(store, "hanako", "new", "assigned", "overdue", language="ja")
    agent(store, "john", "new", language="en")
    one = box(store, pack, clock, smarthost, hand_over="off")
    first = file_raw(store, b"Subject: 1\r\n\r\nx\r\n", subject="接続できません")
    run(one)
    ja, en = sorted(catcher.letters, key=lambda letter: str(letter["To"]))
    assert (ja["To"], ja["Subject"]) == ("hanako@desk.example", f"[{first}] 対応できる受付があります: 接続できません")
    assert (en["To"], en["Subject"]) == ("john@desk.example", f"[{first}] Ready to be worked on: 接続できません")
    assert f"{LINK}/tickets/{first}" in body_of(ja)
    assert ja["Auto-Submitted"] == "auto-generated"
    assert "taro@example.com" not in str(ja) + body_of(ja)
    assert catcher.taken[0].mail_from == "<>"

    second = file_raw(store, b"Subject: 2\r\n\r\nx\r\n", number=2, subject="二通目")
    with store.write() as connection:
        connection.execute(update(TICKET).where(TICKET.c.ref == first).values(assignee="hanako"))
        add_event(connection, first, clock.now, "jiro", "assigned", "hanako")
        add_event(connection, first, clock.now, "uketsuke", "overdue")
    clock.advance(timedelta(minutes=9))
    run(one)
    assert len(catcher.taken) == 2, "ten minutes have not passed"
    clock.advance(timedelta(minutes=1))
    run(one)
    bundled = next(letter for letter in catcher.letters[2:] if letter["To"] == "hanako@desk.example")
    text = body_of(bundled)
    assert bundled["Subject"] == f"受付のお知らせ2件 ({second}, {first})"
    assert (
        text.index("対応できるようになった受付") < text.index("担当になった受付") < text.index("回答目標を過ぎた受付")
    )
    assert "jiro さんが割り当て" in text
    assert len([one for one in catcher.letters[2:] if one["To"] == "john@desk.example"]) == 1
    run(one)
    assert len(catcher.taken) == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"HAND_OVER": "ready"}, "UKETSUKE_HAND_OVER needs it"),
        ({"HAND_OVER": "ready", "HAND_OVER_TO": "support@uketsuke.example"}, "the desk's own address"),
        ({"HAND_OVER": "all", "HAND_OVER_TO": "Support+x@UKETSUKE.example"}, "the desk's own address"),
        ({"HAND_OVER_TO": "a@x.example", "IMAP": "imaps://a@x.example@imap.example/INBOX"}, "the desk's own address"),
        ({"HAND_OVER_TO": "no address"}, "is one address"),
        ({"HAND_OVER_TO": "a@x.example, b@x.example"}, "is one address"),
        ({"HAND_OVER": "some"}, "UKETSUKE_HAND_OVER"),
        ({"DESK_URL": "desk.example"}, "is no web address"),
        ({"NOTICE_MINUTES": "-1"}, "UKETSUKE_NOTICE_MINUTES"),
    ],
)
def test_a_wrong_setting_is_named(values: dict[str, str], said: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("settings") / "none.toml"
    with pytest.raises(ConfigError, match=said):
        load_settings({f"UKETSUKE_{name}": value for name, value in values.items()}, file)


def test_links_begin_with_the_desks_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("settings") / "none.toml"
    assert load_settings({}, file).desk_link == "http://127.0.0.1:8080"
    assert load_settings({"UKETSUKE_DESK_HOST": "::1"}, file).desk_link == "http://[::1]:8080"
    assert load_settings({"UKETSUKE_DESK_URL": "https://desk.example/"}, file).desk_link == "https://desk.example"
