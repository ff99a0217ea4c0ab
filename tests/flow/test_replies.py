"""An agent writes from the desk: the mail that arrives at the customer, what his answer does, what is kept and told."""

from __future__ import annotations

import re
import smtplib
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from httpx import AsyncClient, Response

from models.controls import Verdict
from models.db.store import Store
from models.decision import LetterKind, LetterMode
from models.states import TicketState
from policy.pack import Pack
from responders.deliver import Smarthost
from responders.signing import ref_of_message_id, ref_of_plus_address
from runtime.outbox import Outbox
from runtime.reminders import send_due_reminders
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.listeners import DESK, listening
from tests.support.smarthost import Catcher, catching

CUSTOMER = "h.sato@kaihatsu.example"
COLLEAGUE = "t.suzuki@kaihatsu.example"
GONE = "gone@elsewhere.example"
ASKING = """お世話になっております。開発の佐藤です。

RDS for MySQL (rm-0iwa1b2c3d4e5f6g) に東京リージョンのアプリケーションサーバーから接続して
INSERTを実行すると、次のエラーが返ってきます。

ERROR 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement

手順: DMSでログイン → 対象データベースを選択 → INSERT文を実行

どうぞよろしくお願いいたします。
"""
WRITTEN = "佐藤様\n\nお調べしたところ、対象のインスタンスは読み取り専用でした。コンソールの状態をお知らせいただけますでしょうか。\n"
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Centre:
    """Listener, worker and delivery of one installation, each stepped by hand."""

    def __init__(self, store: Store, rules: Rules, clock: Clock, port: int, smarthost: Smarthost) -> None:
        self.store, self.clock, self.port, self.rules = store, clock, port, rules
        self.worker = Worker(store, rules, frozenset({DESK}), clock)
        self.outbox = Outbox(store, smarthost, rules.identity.secret, clock)

    def take_in(
        self, text: str, *, number: int = 1, head: str = "", cc: str = "", sender: str = CUSTOMER, to: str = DESK
    ) -> None:
        lines = [f"From: =?utf-8?B?5L2Q6JekIOiKseWtkA==?= <{sender}>", f"To: {DESK}"]
        lines += [f"Cc: {cc}"] if cc else []
        lines += [
            "Subject: =?utf-8?B?UkRT44Gu44Ko44Op44O844Gr44Gk44GE44Gm?=",
            f"Message-ID: <{number}@kaihatsu.example>",
        ]
        lines += [
            *head.splitlines(),
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
        ]
        raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + text.replace("\n", "\r\n").encode()
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail(sender, [to], raw)
        while self.worker.run_batch():
            pass

    def deliver(self) -> None:
        """In a thread of its own: delivery has a loop of its own, and so has the test."""
        with ThreadPoolExecutor(1) as pool:
            while pool.submit(self.outbox.run_batch).result():
                pass

    def stand(self, ref: str) -> tuple[str, list[tuple[str, str]]]:
        row = self.store.ticket(ref).row
        return row.state, [(one.kind, one.state) for one in row.replies]


@pytest.fixture
def catcher() -> Catcher:
    return Catcher()


@pytest.fixture
def centre(sqlite_store: Store, rules: Rules, catcher: Catcher) -> Iterator[Centre]:
    with opened(sqlite_store, rules, catcher) as made:
        yield made


@contextmanager
def opened(store: Store, rules: Rules, catcher: Catcher) -> Iterator[Centre]:
    clock = Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
    with listening(store, clock=clock) as listener, catching(catcher) as smarthost:
        yield Centre(store, rules, clock, listener.port, smarthost)


@pytest.fixture
def ref(centre: Centre) -> str:
    return asked(centre)


def asked(centre: Centre) -> str:
    """A ticket whose customer has had his request, with a colleague in Cc."""
    centre.take_in(ASKING, cc=COLLEAGUE)
    centre.deliver()
    (row,) = centre.store.queue()
    assert row.state == "waiting_customer"
    return str(row.ref)


@asynccontextmanager
async def at_desk(centre: Centre, language: str = "ja") -> AsyncIterator[AsyncClient]:
    app = make_app(centre.store, centre.rules.pack, centre.clock, identity=centre.rules.identity)
    async with signed_in(app, language=language) as browser:
        yield browser


async def fields_of(browser: AsyncClient, ref: str) -> dict[str, str]:
    """The hidden fields of the form as it is shown now."""
    page = await browser.get(f"/tickets/{ref}/reply")
    assert page.status_code == 200
    form = page.text[page.text.index('action="/tickets/') :]
    return {**dict(_FIELD.findall(form)), "to": CUSTOMER, "text": WRITTEN, "state": "answered", "subject": ""}


async def press(browser: AsyncClient, ref: str, act: str, fields: dict[str, str], **more: object) -> Response:
    files = more.pop("files", None)
    data = {**fields, "act": act, **more}
    answer = await browser.post(f"/tickets/{ref}/reply", data=data, files=files)  # type: ignore[arg-type]
    assert answer.status_code == 303
    return answer


def notice_of(answer: Response) -> str:
    found = re.search(r"reply=(\w+)", answer.headers["location"])
    assert found is not None
    return found[1]


def later(centre: Centre, minutes: int = 30) -> None:
    centre.clock.advance(timedelta(minutes=minutes))


async def test_a_reply_arrives_as_a_persons_mail_and_is_found_again_by_its_answer(
    store: Store, catcher: Catcher, rules: Rules
) -> None:
    with opened(store, rules, catcher) as centre:
        await reply_and_answer(centre, catcher, asked(centre), rules)


async def reply_and_answer(centre: Centre, catcher: Catcher, ref: str, rules: Rules) -> None:
    later(centre)
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    async with at_desk(centre) as browser:
        fields = await fields_of(browser, ref)
        files = [
            ("files", ("../構成図 (東京).png", png, "text/html")),
            ("files", ("mysql.log", "エラー\n".encode(), "x/y")),
        ]
        answer = await press(browser, ref, "send", fields, cc=[COLLEAGUE], files=files)
        assert notice_of(answer) == "sent"
    centre.deliver()
    envelope, letter = catcher.taken[-1], catcher.letters[-1]
    assert envelope.rcpt_tos == [CUSTOMER, COLLEAGUE]
    assert envelope.mail_from is not None
    secret = rules.identity.secret
    assert ref_of_plus_address(envelope.mail_from, secret) == ref
    assert ref_of_plus_address(letter["Reply-To"].addresses[0].addr_spec, secret) == ref
    assert ref_of_message_id(letter["Message-ID"], secret) == ref
    assert [str(letter[name]) for name in ("To", "Cc", "In-Reply-To", "References")] == [
        CUSTOMER, COLLEAGUE, "<1@kaihatsu.example>", "<1@kaihatsu.example>",
    ]  # fmt: skip
    assert letter["From"].addresses[0].display_name == "Alibaba Cloud Japan サポートセンター"
    assert letter["From"].addresses[0].addr_spec == DESK
    assert letter["Subject"] == f"Re: RDSのエラーについて [受付 {ref}]"
    assert letter["X-Uketsuke-Instance"] == rules.identity.instance
    assert [name for name in ("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress") if letter[name]] == []
    assert not letter.defects
    body = letter.get_body(("plain",))
    assert body is not None
    said = body.get_content().replace("\r\n", "\n")
    assert "".join(WRITTEN.split()) in "".join(said.split())
    assert said.split("\n-- \n")[1].splitlines()[:2] == ["Alibaba Cloud Japan サポートセンター", "担当：hanako"]
    got = [
        (one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in letter.iter_attachments()
    ]
    assert got == [("構成図 (東京).png", "image/png", png), ("mysql.log", "text/plain", "エラー\n".encode())]

    view = centre.store.ticket(ref)
    assert view.row.state == "answered"
    assert [event.what for event in view.events][-3:] == ["agent_replied", "moved", "reply_sent"]
    assert view.replies[-1].cc == (COLLEAGUE,)
    assert (view.replies[-1].kind, view.replies[-1].by) == ("agent", "hanako")

    later(centre)
    centre.take_in(
        "コンソールでは「実行中」と表示されています。まだ INSERT に失敗します。",
        number=2,
        head=f"In-Reply-To: {letter['Message-ID']}",
    )
    centre.deliver()
    (row,) = centre.store.queue()
    assert (row.ref, len(row.mails)) == (ref, 2)
    assert row.state in {"ready", "needs_review"}
    assert [one.kind for one in row.replies] == ["request_information", "agent"]
    reasons = [one.code for one in centre.store.ticket(ref).mails[-1].decision.reasons]  # type: ignore[union-attr]
    assert "with_person" in reasons


async def test_where_a_person_has_written_nobody_is_reminded(
    centre: Centre, pack: Pack, ref: str, rules: Rules
) -> None:
    async with at_desk(centre) as browser:
        await press(browser, ref, "send", {**await fields_of(browser, ref), "state": "waiting_customer"})
    centre.deliver()
    centre.clock.advance(timedelta(days=8))
    assert centre.store.ticket(ref).row.state == "waiting_customer"
    assert send_due_reminders(centre.store, pack, rules.identity, "auto", centre.clock()) == 0


async def test_without_a_person_he_is_reminded(centre: Centre, pack: Pack, ref: str, rules: Rules) -> None:
    """The other side of the test above: it is the agent's letter that keeps the reminder back."""
    centre.clock.advance(timedelta(days=8))
    assert send_due_reminders(centre.store, pack, rules.identity, "auto", centre.clock()) == 1


async def test_the_same_form_twice_makes_one_letter(centre: Centre, catcher: Catcher, ref: str) -> None:
    async with at_desk(centre) as browser:
        fields = await fields_of(browser, ref)
        answers = [await press(browser, ref, "send", fields) for _ in range(2)]
        assert [notice_of(one) for one in answers] == ["sent", "sent"]
        assert centre.store.draft(ref, "hanako") is None
        another = await press(browser, ref, "send", await fields_of(browser, ref))
        assert notice_of(another) == "sent"
    centre.deliver()
    assert len(catcher.taken) == 3  # the request, and two by hand


async def test_a_mail_that_came_meanwhile_is_shown_and_what_was_typed_stays(
    centre: Centre, catcher: Catcher, ref: str
) -> None:
    async with at_desk(centre) as browser:
        fields = await fields_of(browser, ref)
        later(centre)
        centre.take_in(
            "追記です。昨日の 23:10 からです。password: hunter2hunter2",
            number=2,
            head="In-Reply-To: <1@kaihatsu.example>",
        )
        before = len(catcher.taken)
        answer = await press(browser, ref, "send", fields)
        assert notice_of(answer) == "changed"
        page = await browser.get(answer.headers["location"].replace(f"/tickets/{ref}?", f"/tickets/{ref}/reply?"))
        assert "書き始めたあとに、お客様から新しいメールが届いています" in page.text
        assert "追記です。昨日の 23:10 からです。" in page.text
        assert "hunter2hunter2" not in page.text
        assert "対象のインスタンスは読み取り専用でした" in page.text
        assert CUSTOMER in page.text
        assert notice_of(await press(browser, ref, "send", await fields_of(browser, ref))) == "sent"
    centre.deliver()
    assert catcher.letters[-1]["In-Reply-To"] == "<2@kaihatsu.example>"
    assert len(catcher.taken) > before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"to": "nobody"}, "正しいメールアドレスを1件だけ"),
        ({"to": f"{CUSTOMER}, {COLLEAGUE}"}, "正しいメールアドレスを1件だけ"),
        ({"to": DESK}, "この窓口自身のアドレス"),
        ({"cc_more": "support+T000001.aaaaaaaaaaaaaaaa@uketsuke.example"}, "この窓口自身のアドレス"),
        ({"cc_more": "ok@a.example, <script>@"}, "Cc に、メールアドレスとして読み取れないもの"),
        ({"text": " \n > quoted only\n"}, "本文を入力してください"),
        ({"text": "あ" * 50_001}, "本文が長すぎます"),
    ],
)
async def test_what_cannot_go_is_told_and_kept(
    centre: Centre, catcher: Catcher, ref: str, wrong: dict[str, str], said: str
) -> None:
    async with at_desk(centre) as browser:
        fields = {**await fields_of(browser, ref), **wrong, "page": "reply", "subject": "いつもの件 <b>"}
        answer = await press(browser, ref, "send", fields)
        assert notice_of(answer) == "wrong"
        page = await browser.get(answer.headers["location"])
        assert said in page.text
        assert "いつもの件 &lt;b&gt;" in page.text
        assert "<script>@" not in page.text
    centre.deliver()
    assert len(catcher.taken) == 1


async def test_a_warning_needs_a_tick_and_never_more(centre: Centre, catcher: Catcher, ref: str) -> None:
    risky = "佐藤様\n\nまず max_connections を 500 に変更してください。\n"
    async with at_desk(centre) as browser:
        fields = {**await fields_of(browser, ref), "text": risky, "page": "reply"}
        files = [("files", ("a.csv", b"1,2\n", "text/csv"))]
        answer = await press(browser, ref, "send", fields, files=files)
        assert notice_of(answer) == "warned"
        page = await browser.get(answer.headers["location"])
        assert "免責の一文がありません" in page.text
        assert "a.csv" in page.text  # the file need not be chosen again
        again = {**await fields_of(browser, ref), "text": risky}
        assert again["confirmed"].split() == ["no_disclaimer"]
        assert notice_of(await press(browser, ref, "send", again)) == "warned"  # seen, not ticked
        more = {**again, "text": risky + "費用は返金いたします。\n", "anyway": "1"}
        assert notice_of(await press(browser, ref, "send", more)) == "warned"  # a new one was not seen
        assert notice_of(await press(browser, ref, "send", {**again, "anyway": "1"})) == "sent"
    centre.deliver()
    assert [one.get_filename() for one in catcher.letters[-1].iter_attachments()] == ["a.csv"]


async def test_with_the_disclaimer_there_is_no_warning(centre: Centre, pack: Pack, ref: str) -> None:
    async with at_desk(centre) as browser:
        fields = {**await fields_of(browser, ref), "text": "max_connections を 500 に変更してください。"}
        assert notice_of(await press(browser, ref, "disclaimer", fields)) == "saved"
        saved = centre.store.draft(ref, "hanako")
        assert saved is not None
        assert pack.texts["disclaimer"]["ja"] in saved.draft.text
        assert (
            notice_of(await press(browser, ref, "send", {**await fields_of(browser, ref), "text": saved.draft.text}))
            == "sent"
        )


async def test_quote_and_canned_texts_work_by_buttons_alone(centre: Centre, ref: str) -> None:
    async with at_desk(centre) as browser:
        token = (await fields_of(browser, ref))["token"]
        text = "{{customer_name}}\n\n受付番号 {{ref}} ({{product}}) の件です。担当 {{ agent }} より。"
        made = await browser.post(
            "/canned-texts", data={"token": token, "name": "ごあいさつ", "language": "ja", "text": text}
        )
        assert made.status_code == 303
        (canned,) = centre.store.canned_texts()
        fields = {**await fields_of(browser, ref), "canned": str(canned.text_id)}
        await press(browser, ref, "insert", fields)
        saved = centre.store.draft(ref, "hanako")
        assert saved is not None
        filled = saved.draft.text.removeprefix(WRITTEN)
        assert filled.startswith("\n佐藤 花子様\n\n受付番号 " + ref)
        assert "ApsaraDB RDS" in filled
        assert filled.endswith("担当 hanako より。\n")
        await press(browser, ref, "quote", {**await fields_of(browser, ref), "text": saved.draft.text})
        saved = centre.store.draft(ref, "hanako")
        assert saved is not None
        assert "佐藤 花子 様:\n> お世話になっております。開発の佐藤です。\n>\n> RDS for MySQL" in saved.draft.text


async def test_a_draft_comes_back_and_others_are_told(centre: Centre, ref: str, pack: Pack) -> None:
    centre.store.add_agent("次郎", "another long password", centre.clock())
    async with at_desk(centre) as browser:
        await press(
            browser, ref, "save", {**await fields_of(browser, ref), "text": "書きかけ", "cc_more": "x@y.example"}
        )
        page = await browser.get(f"/tickets/{ref}/reply")
        assert "書きかけ" in page.text
        assert "x@y.example" in page.text
        assert "10:15 に保存" in page.text
        later(centre)
        live = await browser.post(
            f"/tickets/{ref}/draft", data={**await fields_of(browser, ref), "text": "もっと書いた"}
        )
        assert live.json()["saved"] == "10:45 に下書きを保存しました。"
        assert live.json()["news"] == ""
    saved = centre.store.draft(ref, "hanako")
    assert saved is not None
    assert saved.draft.text == "もっと書いた"
    app = make_app(centre.store, pack, centre.clock, identity=centre.rules.identity)
    async with signed_in(app, language="ja") as other:
        await other.post("/sign-in", data={"name": "次郎", "password": "another long password"})
        page = await other.get(f"/tickets/{ref}/reply")
        assert "hanako が 10:15 から返信を書いています。" in page.text
        assert "もっと書いた" not in page.text


async def test_a_form_that_was_only_looked_at_leaves_no_draft(centre: Centre, ref: str) -> None:
    async with at_desk(centre) as browser:
        page = (await browser.get(f"/tickets/{ref}/reply")).text
        shown = re.search(r'<textarea id="reply-text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
        subject = re.search(r'name="subject" value="([^"]*)"', page)
        assert shown is not None
        assert subject is not None
        fields = {**await fields_of(browser, ref), "text": shown[1], "subject": subject[1]}
        live = await browser.post(f"/tickets/{ref}/draft", data=fields)
        assert live.json()["saved"] == ""
    assert centre.store.draft(ref, "hanako") is None


async def test_while_all_letters_are_stopped_a_reply_is_kept_held_and_goes_with_the_others(
    centre: Centre, catcher: Catcher, ref: str
) -> None:
    centre.store.stop_letters(by="leader", now=centre.clock())
    async with at_desk(centre) as browser:
        assert "すべての返信を止めています。送信を押すと" in (await browser.get(f"/tickets/{ref}/reply")).text
        answer = await press(browser, ref, "send", {**await fields_of(browser, ref), "page": "reply"})
        assert notice_of(answer) == "held"
    centre.deliver()
    assert centre.stand(ref) == ("waiting_customer", [("request_information", "sent"), ("agent", "held")])
    assert centre.store.held_by_stop() == 1
    centre.store.resume_letters(by="leader", now=centre.clock())
    assert centre.store.release_stopped(by="leader", now=centre.clock(), mode="approve") == 1
    centre.deliver()
    assert centre.stand(ref) == ("answered", [("request_information", "sent"), ("agent", "sent")])
    assert len(catcher.taken) == 2


async def test_a_blocked_customer_is_written_to_only_with_a_tick(centre: Centre, catcher: Catcher, ref: str) -> None:
    centre.store.set_address_rule(CUSTOMER, Verdict.BLOCK, by="leader", now=centre.clock())
    async with at_desk(centre) as browser:
        assert notice_of(await press(browser, ref, "send", await fields_of(browser, ref))) == "warned"
        fields = await fields_of(browser, ref)
        assert fields["confirmed"].split() == ["blocked"]
        catcher.answers = "450 later"
        assert notice_of(await press(browser, ref, "send", {**fields, "anyway": "1"})) == "sent"
    centre.deliver()
    catcher.answers = "250 OK"
    later(centre)
    centre.deliver()
    assert centre.stand(ref)[1][-1] == ("agent", "sent")


async def test_a_reply_that_is_refused_brings_even_a_closed_ticket_back(
    centre: Centre, catcher: Catcher, ref: str
) -> None:
    async with at_desk(centre) as browser:
        await press(browser, ref, "send", {**await fields_of(browser, ref), "state": "closed"})
    assert centre.stand(ref)[0] == "closed"
    catcher.answers = "550 no such user"
    centre.deliver()
    assert centre.stand(ref) == ("needs_review", [("request_information", "sent"), ("agent", "failed")])


class Choosy(Catcher):
    """Takes everybody but one."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: object, session: object, envelope: object, address: str, options: list[str]
    ) -> str:
        if address == GONE:
            return "550 5.1.1 unknown"
        return await super().handle_RCPT(server, session, envelope, address, options)  # type: ignore[arg-type]


async def test_a_cc_that_is_refused_is_told_and_the_letter_is_sent(sqlite_store: Store, rules: Rules) -> None:
    catcher = Choosy()
    with opened(sqlite_store, rules, catcher) as centre:
        ref = asked(centre)
        async with at_desk(centre) as browser:
            fields = {**await fields_of(browser, ref), "cc_more": GONE, "anyway": "1", "confirmed": "stranger"}
            assert notice_of(await press(browser, ref, "send", fields)) == "sent"
        centre.deliver()
        (letter,) = [one for one in centre.store.ticket(ref).replies if one.kind == "agent"]
        assert (letter.state, letter.reason) == ("sent", f"Cc not taken: {GONE}: 550 5.1.1 unknown")
        assert catcher.taken[-1].rcpt_tos == [CUSTOMER]


async def test_where_the_customer_is_refused_nobody_in_cc_gets_it(sqlite_store: Store, rules: Rules) -> None:
    catcher = Choosy()
    with opened(sqlite_store, rules, catcher) as centre:
        ref = asked(centre)
        async with at_desk(centre) as browser:
            fields = {**await fields_of(browser, ref), "to": GONE, "anyway": "1", "confirmed": "stranger"}
            assert notice_of(await press(browser, ref, "send", fields, cc=[COLLEAGUE])) == "sent"
        centre.deliver()
        assert len(catcher.taken) == 1
        assert centre.stand(ref) == ("needs_review", [("request_information", "sent"), ("agent", "failed")])


async def test_files_beyond_the_limit_are_told_and_the_text_stays(centre: Centre, ref: str) -> None:
    async with at_desk(centre) as browser:
        big = [("files", (f"{number}.log", b"a" * 6_000_000, "text/plain")) for number in range(2)]
        answer = await press(browser, ref, "send", {**await fields_of(browser, ref), "page": "reply"}, files=big)
        assert notice_of(answer) == "large"
        page = await browser.get(answer.headers["location"])
        assert "合計が上限を超えた" in page.text
        assert "読み取り専用でした" in page.text
        saved = centre.store.draft(ref, "hanako")
        assert saved is not None
        assert [one.name for one in saved.files] == ["0.log"]
        await press(browser, ref, "save", await fields_of(browser, ref), drop=str(saved.files[0].file_id))
        assert centre.store.draft_files(ref, "hanako") == ()
    assert len(centre.store.ticket(ref).replies) == 1


async def test_a_held_letter_is_edited_and_sent(centre: Centre, catcher: Catcher, pack: Pack) -> None:
    centre.store.set_letter_mode(LetterKind.REQUEST_INFORMATION, LetterMode.APPROVE, by="leader", now=centre.clock())
    centre.take_in(ASKING)
    (row,) = centre.store.queue()
    ref = str(row.ref)
    (held,) = centre.store.ticket(ref).replies
    async with at_desk(centre) as browser:
        page = await browser.get(f"/letters/{held.reply_id}/edit")
        fields = dict(_FIELD.findall(page.text[page.text.index('action="/letters/') :]))
        typed = held.text.replace("誠にありがとうございます", "ありがとうございます。担当の花子が拝見しました")
        empty = await browser.post(f"/letters/{held.reply_id}/edit", data={**fields, "subject": "x", "text": ""})
        assert (empty.status_code, "本文を入力してください" in empty.text) == (422, True)
        sent = await browser.post(
            f"/letters/{held.reply_id}/edit", data={**fields, "subject": held.subject, "text": typed}
        )
        assert sent.status_code == 303
        late = await browser.post(
            f"/letters/{held.reply_id}/edit", data={**fields, "subject": "x", "text": "遅れて書いた文"}
        )
        assert late.status_code == 409
        assert "すでに送信または破棄されています" in late.text
        assert "遅れて書いた文" in late.text
    centre.deliver()
    (letter,) = catcher.letters
    assert "担当の花子が拝見しました" in "".join(letter.get_content().split())
    assert letter["Message-ID"] == held.message_id
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["Subject"] == held.subject
    (now,) = centre.store.ticket(ref).replies
    assert (now.state, now.judgement, now.by, now.kind) == ("sent", "edited", "hanako", "request_information")
    assert centre.stand(ref)[0] == TicketState.WAITING_CUSTOMER.value
    (count,) = [one for one in centre.store.kind_counts(centre.clock() - timedelta(days=1)) if one.judgement]
    assert count.judgement == "edited"


async def test_an_unedited_letter_is_rebuilt_byte_for_byte_but_for_its_date(centre: Centre, pack: Pack) -> None:
    from responders.by_hand import edited_message  # noqa: PLC0415

    centre.take_in(ASKING)
    (letter,) = centre.store.queue()[0].replies
    raw = centre.store.raw_reply(letter.reply_id)
    text = centre.store.reply(letter.reply_id).text
    assert edited_message(raw, letter.subject, text, pack, centre.clock()) == raw


async def test_two_agents_who_edit_one_letter_do_not_overwrite_each_other(centre: Centre) -> None:
    centre.store.set_letter_mode(LetterKind.REQUEST_INFORMATION, LetterMode.APPROVE, by="leader", now=centre.clock())
    centre.take_in(ASKING)
    (held,) = centre.store.ticket(str(centre.store.queue()[0].ref)).replies
    async with at_desk(centre) as browser:
        page = await browser.get(f"/letters/{held.reply_id}/edit")
        fields = dict(_FIELD.findall(page.text[page.text.index('action="/letters/') :]))
        stale = {**fields, "based_on": "0" * 64, "subject": "x", "text": "私の文です。"}
        answer = await browser.post(f"/letters/{held.reply_id}/edit", data=stale)
        assert answer.status_code == 409
        assert "私の文です。" in answer.text
        assert "お問い合わせいただき" in answer.text  # the current text beside it
        centre.store.stop_letters(by="leader", now=centre.clock())
        stopped = await browser.post(f"/letters/{held.reply_id}/edit", data={**stale, "based_on": fields["based_on"]})
        assert stopped.status_code == 409
        assert "すべての返信を止めています。送信していません" in stopped.text
    assert centre.store.reply(held.reply_id).state == "held"


async def test_canned_texts_are_kept_by_leads_and_what_is_wrong_is_told(centre: Centre, ref: str) -> None:
    async with at_desk(centre) as browser:
        token = (await fields_of(browser, ref))["token"]
        good = {"token": token, "name": "署名", "language": "ja", "text": "よろしくお願いいたします。"}
        assert (await browser.post("/canned-texts", data=good)).status_code == 303
        for wrong, status, said in (
            ({"text": "{{nobody}} 様"}, 422, "nobody"),
            ({"name": ""}, 422, "名前を"),
            ({"language": "xx"}, 422, "言語を選んで"),
            ({"text": "別の文"}, 409, "同じ名前と言語"),
            ({"text": "別の文", "text_id": "9999", "name": "他"}, 409, "ほかの人が削除しました"),
        ):
            answer = await browser.post("/canned-texts", data={**good, **wrong})
            assert answer.status_code == status
            assert said in answer.text
        (one,) = centre.store.canned_texts()
        assert (
            await browser.post("/canned-texts", data={**good, "text_id": str(one.text_id), "text": "新しい文"})
        ).status_code == 303
        assert centre.store.canned_texts()[0].text == "新しい文\n"
        await browser.post("/canned-texts", data={"token": token, "act": "remove", "text_id": str(one.text_id)})
    assert centre.store.canned_texts() == ()


async def test_pages_speak_english_too(centre: Centre, ref: str) -> None:
    async with at_desk(centre, language="en") as browser:
        await press(browser, ref, "save", {**await fields_of(browser, ref), "text": "We promise a refund to you."})
        page = await browser.get(f"/tickets/{ref}/reply")
        for said in (
            "This is your draft, saved at 10:15.",
            "another language than the customer",
            "promise of a deadline",
            "Save draft",
        ):
            assert said in page.text
        assert "Canned texts" in (await browser.get("/canned-texts")).text


async def test_a_form_of_nobodys_session_writes_nothing(centre: Centre, ref: str) -> None:
    async with at_desk(centre) as browser:
        fields = {**await fields_of(browser, ref), "token": "0" * 64}
        answer = await browser.post(f"/tickets/{ref}/reply", data={**fields, "act": "send"})
        assert answer.status_code in {404, 409}
    assert len(centre.store.ticket(ref).replies) == 1


def failure_report(letter: EmailMessage, returned_to: str, failed: str) -> bytes:
    """What a mail server sends back (RFC 3464)."""
    return (
        f"From: MAILER-DAEMON@mx.kaihatsu.example\r\nTo: {returned_to}\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <dsn-{failed}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.kaihatsu.example\r\n\r\n"
        f"Final-Recipient: rfc822; {failed}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {letter['Message-ID']}\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("failed", "state", "letter_state"),
    [(CUSTOMER, "needs_review", "bounced"), (COLLEAGUE, "answered", "sent")],
    ids=["the customer", "someone in Cc"],
)
async def test_a_letter_that_comes_back_is_told_by_whom(
    centre: Centre, catcher: Catcher, ref: str, failed: str, state: str, letter_state: str
) -> None:
    async with at_desk(centre) as browser:
        assert notice_of(await press(browser, ref, "send", await fields_of(browser, ref), cc=[COLLEAGUE])) == "sent"
    centre.deliver()
    bounces_to = str(catcher.taken[-1].mail_from)
    raw = failure_report(catcher.letters[-1], bounces_to, failed)
    with smtplib.SMTP("127.0.0.1", centre.port, timeout=20) as client:
        client.sendmail("", [bounces_to], raw)
    while centre.worker.run_batch():
        pass
    assert centre.stand(ref) == (state, [("request_information", "sent"), ("agent", letter_state)])
    assert "reply_bounced" in [event.what for event in centre.store.ticket(ref).events]
