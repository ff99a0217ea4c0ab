"""Killed at the worst moments: what was acknowledged is there, once, with one letter."""

from __future__ import annotations

import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.db.store import Store

DESK = "support@uketsuke.example"
BODY = "RDS(rm-0iwa1b2c3d4e5f6g)でエラー 1290 が出ます。番号 {n}"


def mail(number: int) -> bytes:
    text = f"From: user{number}@c{number}.example\r\nTo: {DESK}\r\nSubject: No {number}\r\nMessage-ID: <k{number}@c.example>\r\n"
    return (
        text
        + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + BODY.format(n=number)
        + "\r\n"
    ).encode()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "PATH": os.environ["PATH"],
        "UKETSUKE_DATA_DIR": str(tmp_path / "var"),
        "UKETSUKE_SMTP_PORT": str(port),
        "UKETSUKE_REPLY_LIMITS": "off",
    }


def start(role: str, environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / f"{role}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "runtime.cli", role], cwd=Path(__file__).parents[2], env=environment, stderr=log
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(20)


def connect(environment: dict[str, str], listener: subprocess.Popen[bytes]) -> smtplib.SMTP:
    while listener.poll() is None:
        with contextlib.suppress(OSError):
            return smtplib.SMTP("127.0.0.1", int(environment["UKETSUKE_SMTP_PORT"]), timeout=10)
        time.sleep(0.1)
    raise RuntimeError(f"the listener ended with {listener.returncode}")


def store_of(environment: dict[str, str]) -> Store:
    return Store(f"sqlite:///{environment['UKETSUKE_DATA_DIR']}/uketsuke.sqlite3")


def test_every_250_survives_a_kill_of_the_listener(environment: dict[str, str], tmp_path: Path) -> None:
    acknowledged = []
    number = 0
    for _ in range(4):
        listener = start("smtp", environment, tmp_path)
        client = connect(environment, listener)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            for _ in range(7):
                number += 1
                client.sendmail(f"user{number}@c{number}.example", [DESK], mail(number))
                acknowledged.append(f"<k{number}@c.example>")
        kill(listener)
        client.close()
    store = store_of(environment)
    kept = {one.message_id for row in store.queue(limit=200, include_closed=True) for one in row.mails}
    store.close()
    assert len(acknowledged) == 28
    assert set(acknowledged) <= kept


def test_a_kill_right_after_250_and_kills_of_the_worker_leave_one_ticket_and_one_letter_each(
    environment: dict[str, str], tmp_path: Path
) -> None:
    listener = start("smtp", environment, tmp_path)
    client = connect(environment, listener)
    for number in range(1, 13):
        client.sendmail(f"user{number}@c{number}.example", [DESK], mail(number))
    kill(listener)
    client.close()
    store = store_of(environment)
    try:
        for done in (1, 3, 6):  # each killed with work in its hands
            worker = start("worker", environment, tmp_path)
            _wait_until_triaged(store, done)
            kill(worker)
            _expire_leases(store)
        listener = start("smtp", environment, tmp_path)
        client = connect(environment, listener)
        client.sendmail("user13@c13.example", [DESK], mail(13))
        client.close()
        worker = start("worker", environment, tmp_path)
        _wait_until_triaged(store, 13)
        for role in (worker, listener):
            role.terminate()
            assert role.wait(30) == 0
        rows = store.queue(limit=200, include_closed=True)
        assert len(rows) == 13
        assert all(row.ref and len(row.mails) == 1 and len(row.replies) == 1 for row in rows)
        books = store.books()
        assert (books.accepted, books.ticketed, books.waiting, books.parked) == (13, 13, 0, 0)
    finally:
        store.close()


def _expire_leases(store: Store) -> None:
    """The killed workers' leases would run five minutes; the test does not wait for them."""
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE inbound SET claimed_until = NULL, attempts = 0 WHERE state = 'received'")


def _wait_until_triaged(store: Store, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if store.books().ticketed >= count:
            return
        time.sleep(0.01)
    raise TimeoutError(store.books())
