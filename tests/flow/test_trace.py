"""One mail's life told whole: in by the real port, a letter that is asked to come again and goes, the customer's answer."""

from __future__ import annotations

import json
import os
import re
import smtplib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.db.store import Store
from policy.pack import Pack
from runtime.outbox import Outbox
from runtime.trace_account import trace_account, trace_object
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.listeners import DESK, listening
from tests.support.smarthost import OK, Catcher, catching

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "trace.txt"
CUSTOMER = "h.sato@kaihatsu.example"
BEGUN = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
ASKING = """お世話になっております。開発の佐藤です。

RDS for MySQL (rm-0iwa1b2c3d4e5f6g) に東京リージョンのアプリケーションサーバーから接続して
INSERTを実行すると、次のエラーが返ってきます。

ERROR 1290 (HY000): The MySQL server is running with the --read-only option

手順: DMSでログイン → 対象データベースを選択 → INSERT文を実行
AccessKey ID は LTAI5tQ7xYzKmW3nPqRsTuVb です。
"""
ANSWER = """佐藤です。2026年11月20日(金) 10:15 (JST) から毎回発生しています。
アプリケーションサーバーからのINSERT文がエラーにならず完了すれば解決です。
"""


def mail(number: int, text: str, head: str = "") -> bytes:
    lines = [
        f"From: Sato <{CUSTOMER}>",
        f"To: {DESK}",
        "Subject: RDS error 1290",
        f"Message-ID: <{number}@kaihatsu.example>",
    ]
    lines += [*head.splitlines(), "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    return "\r\n".join([*lines, "Content-Transfer-Encoding: 8bit", "", text.replace("\n", "\r\n")]).encode()


@pytest.fixture
def lived(sqlite_store: Store, rules: Rules) -> Store:
    """A desk whose first mail has a whole life behind it."""
    clock, catcher = Clock(BEGUN), Catcher()

    def step(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    with listening(sqlite_store, clock=clock) as listener, catching(catcher) as smarthost:

        def take_in(raw: bytes) -> None:
            with smtplib.SMTP("127.0.0.1", listener.port, local_hostname="mail.kaihatsu.example", timeout=20) as client:
                client.sendmail(CUSTOMER, [DESK], raw)

        worker = Worker(sqlite_store, rules, frozenset({DESK}), clock)
        outbox = Outbox(sqlite_store, smarthost, rules.identity.secret, clock)
        take_in(mail(1, ASKING))
        take_in(mail(1, ASKING))  # its 250 was lost
        step(1.5)
        worker.run_batch()
        catcher.answers = "450 4.2.1 greylisted, come again"
        step(0.25)
        outbox.run_batch()
        catcher.answers = OK
        step(600)
        outbox.run_batch()
        (letter,) = catcher.letters
        step(3600)
        take_in(mail(2, ANSWER, f"In-Reply-To: {letter['Message-ID']}"))
        step(1)
        worker.run_batch()
        step(1)
        outbox.run_batch()
    return sqlite_store


def steady(account: str) -> str:
    """With the golden account's signature: each run of the tests has a secret of its own."""
    return re.sub(r"\.[a-z2-7]{16}@", ".zhloo4h3klqbpf54@", account)


def life_of(store: Store, what: str, pack: Pack) -> dict[str, Any]:
    (mail_id,) = store.mails_of(what)
    traced = store.traced(mail_id)
    return trace_object(traced, store.ticket(traced.ref) if traced.ref else None, pack)


def test_the_account_of_a_mail_is_as_the_golden_one(lived: Store, pack: Pack) -> None:
    account = steady(trace_account(life_of(lived, "1", pack)) + "\n")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(account, encoding="utf-8")
    assert account == GOLDEN.read_text(encoding="utf-8")


def test_every_step_that_was_stored_is_told_in_its_order(lived: Store, pack: Pack) -> None:
    life = life_of(lived, "1@kaihatsu.example", pack)
    assert [(step["step"], step["after_s"]) for step in life["steps"]] == [
        ("received", 0.0),
        ("filed as T000001", 1.5),
        ("letter request_information written", 1.5),
        ("reply_deferred", 1.75),
        ("reply_sent", 601.75),
    ]
    assert (life["mail"]["inlet"], life["mail"]["peer"], life["mail"]["helo"]) == (
        "smtp",
        "127.0.0.1",
        "mail.kaihatsu.example",
    )
    assert (life["mail"]["deliveries"], life["mail"]["attempts"]) == (2, 1)
    (letter,) = life["letters"]
    assert letter["tries"][0]["answer"] == "450 4.2.1 greylisted, come again"
    assert (letter["state"], letter["attempts"]) == ("sent", 2)
    assert [one["id"] for one in life["other_mails"]] == [2]


def test_the_answer_is_told_as_one_that_joined(lived: Store, pack: Pack) -> None:
    life = life_of(lived, "<2@kaihatsu.example>", pack)
    assert [step["step"] for step in life["steps"]][:2] == ["received", "joined to T000001"]
    assert {letter["kind"] for letter in life["letters"]} == {"completed"}
    assert [one["id"] for one in life["other_mails"]] == [1]


def test_a_letter_of_ours_leads_to_the_mail_that_it_answers(lived: Store, pack: Pack) -> None:
    first = life_of(lived, "1", pack)
    assert life_of(lived, first["letters"][0]["message_id"], pack) == first


def test_what_the_customer_should_not_have_sent_is_masked(lived: Store, pack: Pack) -> None:
    life = life_of(lived, "1", pack)
    assert "LTAI5tQ7xYzKmW3nPqRsTuVb" not in json.dumps(life) + trace_account(life)
    assert b"LTAI5tQ7xYzKmW3nPqRsTuVb" in lived.raw_mail(1)


def test_the_answer_at_the_door_leads_to_the_mail(sqlite_store: Store) -> None:
    with listening(sqlite_store) as listener, smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
        client.ehlo()
        said = []
        for number in (1, 2):
            client.mail(CUSTOMER)
            client.rcpt(DESK)
            code, words = client.data(mail(number, ASKING))
            assert code == 250
            said.append(words.decode().rpartition(" ")[2])
    assert [sqlite_store.mails_of(one) for one in said] == [(1,), (2,)]


def test_the_command_says_it_all_and_unknown_or_ambiguous_ids_are_one_line(
    lived: Store, tmp_path: Path, pack: Pack
) -> None:
    url = str(lived._engine.url)
    environment = {"PATH": os.environ["PATH"], "UKETSUKE_DATABASE_URL": url, "UKETSUKE_DATA_DIR": str(tmp_path / "var")}

    def trace(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "runtime.cli", "trace", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    done = trace("T000001", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == life_of(lived, "1", pack)
    assert steady(trace("1").stdout) == GOLDEN.read_text(encoding="utf-8")
    unknown = trace("nobody@nowhere.example")
    assert (unknown.returncode, unknown.stdout, unknown.stderr.count("\n")) == (1, "", 1)
    assert unknown.stderr.startswith("uketsuke: nobody@nowhere.example: no mail of this id; ")
    with lived.write() as connection:
        connection.exec_driver_sql("UPDATE inbound SET message_hash = (SELECT message_hash FROM inbound WHERE id = 1)")
    several = trace("1@kaihatsu.example")
    assert (several.returncode, several.stderr) == (
        2,
        "uketsuke: 1@kaihatsu.example: of mails 1, 2; name one by its number\n",
    )
