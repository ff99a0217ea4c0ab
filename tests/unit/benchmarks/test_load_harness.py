"""The load benchmarks' own parts hold together: mails are what they say, losses are seen, real roles take a few mails through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from benchmarks.entrants import Load, Lost, send
from benchmarks.listener import DESK
from benchmarks.load_flow import STAGES, run_through, warm_up
from benchmarks.load_mails import message_id, said, support_mail
from benchmarks.load_roles import running
from benchmarks.peers_mails import Found, judge, judged, odd_mails, usual_mails
from ingest.parse import parse_mail
from models.mail import Envelope

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.peers_mails import Handed
    from models.mail import Mail

_ENVELOPE = Envelope(mail_from="a@b.example", rcpt_tos=(DESK,), received_at=datetime(2026, 11, 29, tzinfo=UTC))


def parsed(raw: bytes) -> Mail:
    return parse_mail(raw, _ENVELOPE, own_addresses=frozenset({DESK}))


@pytest.mark.parametrize("size", [2_000, 20_000, 200_000])
def test_a_load_mail_is_of_its_size_and_says_what_it_is_to_say(size: int) -> None:
    mails = [support_mail(number, size, DESK) for number in range(12)]
    assert len(set(mails)) == len(mails)
    for number, raw in enumerate(mails):
        assert 0.9 * size <= len(raw) <= 1.3 * size + 500
        assert b"\r\n." not in raw
        mail = parsed(raw)
        assert mail.message_id == message_id(number)
        assert mail.subject == said(number)[0]
        assert bool(mail.attachments) == (size > 2_000)


def as_ticket(one: Handed) -> Found:
    return Found(sender=one.sender, subject=one.subject, text=one.text, files=one.files)


def test_what_became_of_a_mail_is_seen() -> None:
    first, second, third = usual_mails(0, 3)
    whole = as_ticket(first)
    assert first.files  # every tenth has a log
    assert judge(first, [whole]) == "whole"
    assert judge(first, []) == "no ticket"
    assert judge(first, [whole, whole]) == "2 tickets"
    assert judge(first, [replace(whole, subject="?", text="?", files=())]) == "garbled: subject, body, file"
    assert judged([first, second, third], [whole, as_ticket(second)]) == {"whole": 2, "no ticket": 1}


def test_the_odd_mails_are_read_whole_by_us() -> None:
    for one in odd_mails():
        mail = parsed(one.raw)
        assert mail.sender is not None
        seen = Found(sender=mail.sender.addr, subject=mail.subject, text=mail.text, files=one.files)
        assert judge(one, [seen]) == "whole", one.name


def test_real_roles_take_a_few_mails_to_the_sink(tmp_path: Path) -> None:
    with running("SQLite", tmp_path / "roles") as roles:
        warm_up(roles)
        done = run_through(roles, Load(sessions=2, mails=6, size=2_000))
        assert set(done.rates) == set(STAGES)
        assert len(done.waits_ms["250"]) == len(done.waits_ms["ticket"]) == 6
        assert 1 <= len(done.waits_ms["letter"]) <= 6
        assert roles.waiting() == (0, 0)


def test_a_patient_sender_gets_everything_in_where_too_many_knock(tmp_path: Path) -> None:
    with running(
        "SQLite", tmp_path / "roles", workers=0, is_sending=False, more={"UKETSUKE_SMTP_SESSIONS": "2"}
    ) as roles:
        load = Load(sessions=6, mails=30, size=2_000)
        answer = send(roles.port, load, 0, kind="support", patience_s=30)
        assert answer.taken == 30
        assert answer.refused.get("421", 0) >= 4
        assert roles.states()["received"][0] == 30


def test_a_mail_that_is_not_taken_ends_a_run(tmp_path: Path) -> None:
    with (
        running(
            "SQLite", tmp_path / "roles", workers=0, is_sending=False, more={"UKETSUKE_SMTP_MAX_BYTES": "65536"}
        ) as roles,
        pytest.raises(Lost, match="2 of 2 mails were not accepted"),
    ):
        run_through(roles, Load(sessions=1, mails=2, size=200_000))
