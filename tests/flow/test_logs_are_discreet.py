"""What the roles log of a mail: one JSON object a line, no word of it, no address, whatever it holds."""

from __future__ import annotations

import json
import smtplib
from datetime import UTC, datetime
from functools import partial

import pytest

from ingest.smtp import ListenerSettings, listen
from models.db.store import Store
from runtime.logs import log_many, set_up_logs
from runtime.outbox import Outbox
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.listeners import DESK
from tests.support.loops import loop_in_thread
from tests.support.smarthost import Catcher, catching

WORDS = ("hanako-tanaka", "customer-of-ours", "Kumquat", "AKIAIOSFODNN7EXAMPLE", "role_fell", "correct-horse")
MAIL = f"""From: "Kumquat\\n{{\\"event\\": \\"role_fell\\"}}" <hanako-tanaka@customer-of-ours.example>
To: {DESK}
Subject: =?utf-8?q?Kumquat=0A=7B=22event=22=3A_=22role=5Ffell=22=7D?=
Message-ID: <Kumquat.role_fell@customer-of-ours.example>

Hello, our ECS instance i-6we0a1b2c3d4e5f6g7h8 in Tokyo does not start since yesterday. Kumquat.
AccessKey: AKIAIOSFODNN7EXAMPLE password: correct-horse-battery
{{"event": "role_fell"}}
""".replace("\n", "\r\n")


def test_no_word_and_no_address_of_a_mail_reaches_a_log(
    sqlite_store: Store, rules: Rules, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("debug")
    clock, catcher = Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC)), Catcher()
    settings = ListenerSettings(host="127.0.0.1", port=0, addresses=(DESK,))
    with loop_in_thread() as run, catching(catcher) as smarthost:
        listener = run(lambda: listen(sqlite_store, settings, clock, partial(log_many, "smtp", "accepted")))
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
            client.sendmail("hanako-tanaka@customer-of-ours.example", [DESK], MAIL)
        run(listener.close)
        while Worker(sqlite_store, rules, frozenset({DESK}), clock).run_batch():
            pass
        catcher.answers = "550 5.1.1 <hanako-tanaka@customer-of-ours.example>: no such user\r\n"
        Outbox(sqlite_store, smarthost, rules.identity.secret, clock).run_batch()
    lines = capsys.readouterr().err.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert {"accepted", "mail_filed"} <= set(events)
    assert len(events) >= 3
    assert [line for line in lines for word in WORDS if word in line] == []
