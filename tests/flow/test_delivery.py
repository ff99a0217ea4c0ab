"""The deliver role as it runs: letters, memos and webhooks in one process, until it is told to stop."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from models.db.store import Store
from models.states import TicketState
from runtime.clock import utc_now
from runtime.deliver_role import run_delivery
from runtime.settings import Settings, load_settings
from tests.support.filings import file_one
from tests.support.hook_receiver import receiving
from tests.support.smarthost import Catcher, catching

PATIENCE_S = 60


class Announcing(Catcher):
    """Says when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.has_come = threading.Semaphore(0)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        answer = await super().handle_DATA(server, session, envelope)
        self.has_come.release()
        return answer


@pytest.fixture
def database_copy(sqlite_store: Store, tmp_path: Path) -> Path:
    """The file of `sqlite_store`, for a second store on it."""
    return tmp_path / "one.sqlite3"


def settings(folder: Path, **values: str) -> Settings:
    environ = {f"UKETSUKE_{name.upper()}": value for name, value in values.items()}
    return load_settings({"UKETSUKE_DATA_DIR": str(folder), **environ}, folder / "none.toml")


def test_letters_hand_overs_and_events_go_and_the_role_ends_when_told(
    sqlite_store: Store, database_copy: Path, tmp_path: Path
) -> None:
    catcher = Announcing()
    stop = threading.Event()
    with catching(catcher) as smarthost, receiving() as receiver:
        wanted = settings(
            tmp_path,
            smarthost=f"{smarthost.host}:{smarthost.port}",
            hand_over="ready",
            hand_over_to="help@elsewhere.example",
            desk_url="https://desk.example",
        )
        sqlite_store.add_webhook(receiver.url, ("ticket.moved",), has_subject=False, by="x", now=datetime.now(UTC))
        ref = file_one(sqlite_store)
        sqlite_store.move(ref, TicketState.READY, by="hanako", now=datetime.now(UTC))
        role = threading.Thread(target=run_delivery, args=(wanted, Store(f"sqlite:///{database_copy}"), stop, utc_now))
        role.start()
        try:
            assert receiver.has_come.acquire(timeout=PATIENCE_S)
            assert catcher.has_come.acquire(timeout=PATIENCE_S)
            assert catcher.has_come.acquire(timeout=PATIENCE_S)
        finally:
            stop.set()
            role.join(timeout=PATIENCE_S)
    assert not role.is_alive()
    assert receiver.told == [(ref, "ticket.moved")]
    assert sorted(envelope.rcpt_tos[0] for envelope in catcher.taken) == ["help@elsewhere.example", "taro@example.com"]


def test_without_a_smarthost_events_go_and_mails_wait(sqlite_store: Store, database_copy: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with receiving() as receiver:
        wanted = settings(tmp_path, hand_over="all", hand_over_to="help@elsewhere.example")
        sqlite_store.add_webhook(receiver.url, ("ticket.filed",), has_subject=False, by="x", now=datetime.now(UTC))
        ref = file_one(sqlite_store)
        role = threading.Thread(target=run_delivery, args=(wanted, Store(f"sqlite:///{database_copy}"), stop, utc_now))
        role.start()
        try:
            assert receiver.has_come.acquire(timeout=PATIENCE_S)
        finally:
            stop.set()
            role.join(timeout=PATIENCE_S)
    assert receiver.told == [(ref, "ticket.filed")]
    assert sqlite_store.ticket(ref).replies[0].state == "queued"
    assert {memo.state for memo in sqlite_store.memos()} <= {"queued"}
