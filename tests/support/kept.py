"""Desks to keep and to bring back: fresh databases on each engine, and one in which everything has happened."""

from __future__ import annotations

import itertools
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from models.agents import Role
from models.by_hand import Draft
from models.controls import Verdict
from models.db.snapshot import snapshot
from models.decision import ReplyState
from models.memos import MemoKind, NewMemo
from runtime.postman import LEASE
from tests.flow.test_mended_flow import ASKING, Desk
from tests.support.filings import NOW, arrival, file_one

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from models.db.store import Store
    from runtime.triage import Rules

_numbers = itertools.count(1)


def data_folder(empty: Path, parent: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installation that nothing has come to yet, named in the environment."""
    folder = parent / "var"
    folder.mkdir()
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(folder))
    shutil.copy(empty, folder / "uketsuke.sqlite3")
    (folder / "secret.key").write_text("5" * 64)
    return folder


def fresh_url(engine: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """A database that holds nothing, not even tables."""
    number = next(_numbers)
    if engine == "sqlite":
        return f"sqlite:///{folder / f'fresh{number}.sqlite3'}"
    server = str(request.getfixturevalue("postgres_url"))
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE kept{number}"))
    admin.dispose()
    return server.rpartition("/")[0] + f"/kept{number}"


def lived_in(store: Store, rules: Rules) -> Desk:
    """A desk with all that a desk has: tickets read and made, letters in every state, people, texts, drafts, reports, machines."""
    desk = Desk(store, rules)
    desk.ask()  # T000001: a request for information that went out
    desk.accept(ASKING.replace("Emma", "Ken"), number=2, sender="ken@shop.example")
    desk.work()  # its letter is queued
    ref = file_one(store, 3, sender="花子@例え.example", reply_state=ReplyState.HELD)
    store.accept([arrival(3), arrival(4, body="x" * 100_000), arrival(4, body="x" * 100_000), arrival(5), arrival(6)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=desk.clock())
    store.park_mail(claim, error="ValueError", now=desk.clock())
    store.claim_mails(limit=1, lease=LEASE, now=desk.clock())  # its worker will not come back
    store.add_agent("hanako", "correct horse battery", NOW)
    store.invite("jiro", Role.LEAD, email="jiro@example.com", by="hanako", now=NOW)
    store.save_draft(
        ref,
        "hanako",
        Draft(to="taro@example.com", cc=(), subject="件名", text="書きかけ\n", then_state="", seen_mail=1),
        now=NOW,
    )
    store.add_draft_file(ref, "hanako", "図.png", bytes(range(256)) * 40, most_bytes=10**6, now=NOW)
    store.save_canned_text(None, name="挨拶", language="ja", text="お世話になっております。\n", by="hanako", now=NOW)
    store.add_note(ref, "お電話あり 🙂", by="hanako", now=NOW)
    store.set_address_rule("@spam.example", Verdict.BLOCK, note="広告", by="hanako", now=NOW)
    store.add_webhook("https://hooks.example/x", ["ticket.filed"], has_subject=True, by="hanako", now=NOW)
    store.queue_memo(memo("hand:T000001"), now=NOW)
    token = store.claim_report("2026-W48", lease=LEASE, now=NOW)
    assert token is not None
    store.keep_report("2026-W48", token, '{"figures": {}, "言葉": "値"}', [], now=NOW)
    store.keep_books(NOW.date(), now=NOW)
    desk.clock.advance(timedelta(minutes=1))
    return desk


def memo(key: str) -> NewMemo:
    """A mail to our own people."""
    return NewMemo(
        key=key, kind=MemoKind.HAND_OVER, ref="T000001", to="helpdesk@example.com", mail_from="d@example.com", raw=b"x"
    )


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a backup holds."""
    with snapshot(url) as taken:
        return {
            shape.name: [
                dict(zip([name for name, _ in shape.columns], map(plain, row), strict=True))
                for row in taken.rows(shape)
            ]
            for shape in taken.shapes
        }


def plain(value: Any) -> Any:  # noqa: ANN401 - a column's value
    """The same on both engines."""
    return bytes(value) if isinstance(value, memoryview) else value
