"""The trial that a mail desk has to pass: a real Postfix in front, our process killed again and again while mail flows.

Afterwards every mail that Postfix accepted stands in the database exactly once. `tests/faults` runs a short form,
`python -m benchmarks.postfix_kill` a long one.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from models.db.migrate import upgrade
from models.db.store import Store
from tests.support.postfix import Postfix, running_postfix
from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESK = "support@uketsuke.example"
ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120.0
_LONGEST_STEP_S = 0.02  # about what one mail takes from its first byte to its 250
_LONGEST_LULL_S = 3.0  # Postfix waits a second or two before it tries again


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the trial found; whole and well if `missing`, `doubled` and `bounced` are empty."""

    mails: int
    kills: int
    cut: int  # tries of Postfix that a kill ended in the middle of a session
    refused: int  # tries while nobody listened
    repeated: int  # deliveries beyond the first of a mail: its 250 was lost
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    bounced: int

    def __str__(self) -> str:
        return (
            f"{self.mails} mails through Postfix, {self.kills} kills (SIGKILL): {len(self.missing)} missing, {len(self.doubled)} doubled, "
            f"{self.bounced} bounced; {self.cut} tries cut in the middle of a session, {self.refused} while nobody listened, "
            f"{self.repeated} mails handed over again and counted as deliveries"
        )


def mail(number: int) -> bytes:
    head = (
        f"From: user{number}@c{number % 50}.example\r\nTo: {DESK}\r\nSubject: No {number}\r\nMessage-ID: {message_id(number)}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return (head + f"番号 {number} 接続できません。\r\n" * (1 + number % 40)).encode()


def message_id(number: int) -> str:
    return f"<p{number}@c.example>"


def kill_trial(
    folder: Path,
    *,
    mails: int,
    kills: int,
    seed: int,
    is_lmtp: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Send `mails` through Postfix in bursts, one for each life of our process, and kill it `kills` times."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "UKETSUKE_DATA_DIR": str(folder / "var"),
        "UKETSUKE_SMTP_PORT": str(free_port() if is_lmtp else port),
        **({"UKETSUKE_LMTP": f"127.0.0.1:{port}"} if is_lmtp else {}),
        "UKETSUKE_SENDER_CHECK": "none",
    }
    (folder / "var").mkdir()
    url = f"sqlite:///{folder / 'var' / 'uketsuke.sqlite3'}"
    upgrade(url)
    chance = random.Random(seed)
    bursts = _bursts(mails, kills + 1)
    transport = "lmtp:inet" if is_lmtp else "smtp"
    with running_postfix(f"{transport}:[127.0.0.1]:{port}") as postfix, contextlib.ExitStack() as at_the_end:
        for life, burst in enumerate(bursts):
            listener = _start(environment, folder)
            at_the_end.callback(listener.kill)  # no matter for one that has ended
            _wait_until_greets(port, listener)
            sender = threading.Thread(target=_send, args=(postfix, burst))
            sender.start()
            if life < kills:
                _wait_for_rows(url, more=chance.randrange(max(1, len(burst))))
                time.sleep(chance.uniform(0, _LONGEST_STEP_S))
                listener.kill()
                listener.wait(20)
            sender.join()
            if life % 20 == 0:
                say(f"{life} kills, {postfix.waiting()} mails wait")
        postfix.flush()
        postfix.wait_until_empty(_PATIENCE_S + mails / 50)
        listener.terminate()
        if listener.wait(30):
            raise RuntimeError(f"the listener ended with {listener.returncode}")
        log = postfix.log()
    return _outcome(url, log, mails=mails, kills=kills)


def _bursts(mails: int, lives: int) -> list[range]:
    edges = [mails * life // lives for life in range(lives + 1)]
    return [range(low + 1, high + 1) for low, high in pairwise(edges)]


def _start(environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "smtp.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "runtime.cli", "smtp"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )


def _wait_until_greets(port: int, listener: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while listener.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as session:
            if session.recv(100).startswith(b"220"):
                return
        time.sleep(0.02)
    raise RuntimeError(f"the listener does not answer (exit code {listener.returncode})")


def _wait_for_rows(url: str, more: int) -> None:
    """Until so many more mails are in, so that the kill falls into the flow; not for ever, because Postfix may pause."""
    store = Store(url)
    deadline = time.monotonic() + _LONGEST_LULL_S
    wanted = _count(store) + more
    while _count(store) < wanted and time.monotonic() < deadline:
        time.sleep(0.002)
    store.close()


def _count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM inbound").scalar() or 0)


def _send(postfix: Postfix, numbers: Sequence[int]) -> None:
    """Postfix takes them whatever our process does."""
    with postfix.client() as client:
        for number in numbers:
            client.sendmail(f"user{number}@c{number % 50}.example", [DESK], mail(number), ["BODY=8BITMIME"])


def _outcome(url: str, log: str, *, mails: int, kills: int) -> Outcome:
    rows, deliveries = rows_by_message_id(url)
    wanted = [message_id(number) for number in range(1, mails + 1)]
    return Outcome(
        mails=mails,
        kills=kills,
        cut=len(re.findall(r"status=deferred \((?:lost connection|conversation with|.*timed out while)", log)),
        refused=len(re.findall(r"status=deferred \(connect to .*refused\)", log)),
        repeated=sum(deliveries.values()) - len(deliveries),
        missing=tuple(one for one in wanted if not rows[one]),
        doubled=tuple(one for one, count in rows.items() if count > 1),
        bounced=len(re.findall(r"status=(?:bounced|expired)", log)),
    )


def rows_by_message_id(url: str) -> tuple[Counter[str], Counter[str]]:
    """How many rows and how many deliveries each Message-ID has in the database."""
    rows: Counter[str] = Counter()
    deliveries: Counter[str] = Counter()
    store = Store(url)
    with store.read() as connection:
        for name, count in connection.exec_driver_sql("SELECT message_id, deliveries FROM inbound"):
            rows[name] += 1
            deliveries[name] += count
    store.close()
    return rows, deliveries
