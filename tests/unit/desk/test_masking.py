"""A credential is shown nowhere that people look, and stands whole in the raw mail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classify.assess import assess
from desk.masking import hidden, without_secrets, without_words
from models.arrival import Arrival
from models.db.store import Store
from policy.pack import Pack
from runtime.account import readable_account
from runtime.cli.app import run
from runtime.cli.reading import preview_history
from runtime.settings import load_settings
from runtime.triage import Rules, triage
from runtime.wiring import open_store
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import DESK, LEASE, NOW, arrival, filing, mail, reply

PASSWORD = "Hunter2-geheim"
SUBJECT = f"パスワード: {PASSWORD} でログインできない"
BODY = f"パスワードは {PASSWORD} です。ログインできません。"
RAW = f"Subject: {SUBJECT}\r\nFrom: taro@example.com\r\n\r\n{BODY}\r\n".encode()


def filed(store: Store, pack: Pack, rules: Rules) -> str:
    one = mail(1, subject=SUBJECT, body=BODY)
    came = arrival(1)
    store.accept([Arrival(raw=RAW, envelope=came.envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    letter = replace(reply(claim.mail_id), subject=f"Re: {SUBJECT}", text=f"> {BODY}")
    return store.file(replace(filing(claim, one, letter), seen=assess(one, pack, rules.scorer)))


def stray(store: Store) -> int:
    (mail_id,) = store.accept([Arrival(raw=RAW + b"again", envelope=arrival(2).envelope, desk_address=DESK)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.park_mail(claim, error="ValueError in parse.py:1", now=NOW)
    return mail_id


async def test_no_page_and_no_object_of_the_desk_shows_it(sqlite_store: Store, pack: Pack, rules: Rules) -> None:
    ref = filed(sqlite_store, pack, rules)
    mail_id = stray(sqlite_store)
    paths = ["/queue", "/queue?state=all", "/queue?state=parked", "/outbox", f"/tickets/{ref}", "/letters/1", f"/mails/{mail_id}",
             "/api/queue", f"/api/tickets/{ref}"]  # fmt: skip
    async with signed_in(make_app(sqlite_store, pack, Clock(NOW))) as client:
        for path in paths:
            page = await client.get(path)
            assert page.status_code == 200, path
            assert PASSWORD not in page.text, path
            assert "ログインできない" in page.text or path in {"/queue", "/queue?state=parked"}, path
        assert PASSWORD.encode() in (await client.get("/mails/1/raw")).content


def test_no_command_that_shows_tickets_shows_it(
    pack: Pack, rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(load_settings({}, tmp_path / "none.toml"))
    ref = filed(store, pack, rules)
    store.close()
    for command in (["queue"], ["queue", "--json", "--all"], ["show", ref]):
        assert run(command) == 0
        said = capfd.readouterr().out
        assert PASSWORD not in said, command
        assert "でログインできない" in said, command
    run(["queue", "--json"])
    assert json.loads(capfd.readouterr().out)["subject"] == f"パスワード: {'•' * len(PASSWORD)} でログインできない"


def test_the_readable_account_masks_it(pack: Pack, rules: Rules) -> None:
    one = mail(1, subject=SUBJECT, body=BODY)
    said = readable_account("one.eml", triage(one, preview_history(NOW), rules), pack)
    assert PASSWORD not in said
    assert "でログインできない" in said


@pytest.mark.parametrize(
    "text", ["パスワードを忘れました", "password reset", "Re: ECSに接続できません", "", "a" * 3000]
)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text


def test_the_longest_secret_is_masked_first_and_a_short_one_not_at_all() -> None:
    assert without_words("abcd-efgh abcd 12", {"abcd", "abcd-efgh", "12"}) == "••••••••• •••• 12"
    assert without_secrets("x", ()) == "x"
