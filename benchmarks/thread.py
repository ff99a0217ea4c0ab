"""Does a long thread stay cheap? One ticket of many mails: what the last ones cost against the first, and what its page costs.

Measures: triage and filing of one mail each, in this process, SQLite with synchronous=FULL; every mail names all earlier ones in
References. The ticket's page and the queue by HTTP without a network. Does not measure: several workers, PostgreSQL.

    python -m benchmarks.thread [--mails 500]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from httpx import ASGITransport, AsyncClient

from benchmarks.report import machine_line
from desk.app import DeskSettings, create_app
from models.arrival import Arrival
from models.mail import Envelope
from runtime.settings import load_settings
from runtime.wiring import build_rules, open_store
from runtime.worker import Worker

if TYPE_CHECKING:
    from models.db.store import Store

DESK = "support@uketsuke.example"
_FEW = 20
_AGENT, _PASSWORD = "bench", "correct horse battery"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=500)
    count = parser.parse_args().mails
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"UKETSUKE_DATA_DIR": folder}, Path(folder) / "none.toml")
        store, rules = open_store(settings), build_rules(settings)
        now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
        worker = Worker(store, rules, frozenset({DESK}), lambda: now)
        costs = []
        for number in range(1, count + 1):
            now += timedelta(minutes=7)
            envelope = Envelope(mail_from="taro@example.com", rcpt_tos=(DESK,), received_at=now)
            store.accept([Arrival(raw=_mail(number), envelope=envelope, desk_address=DESK)])
            begun = time.perf_counter()
            worker.run_batch()
            costs.append(1000 * (time.perf_counter() - begun))
        tickets = store.queue(include_closed=True)
        first, last = median(costs[1 : 1 + _FEW]), median(costs[-_FEW:])
        print(f"{count} mails, {len(tickets)} ticket, letters: {', '.join(reply.kind for reply in tickets[0].replies)}")
        print(f"one mail: {first:.0f} ms at first, {last:.0f} ms at last, ratio {last / first:.2f}")
        pages = asyncio.run(_pages(store, rules.pack, now))
        print("; ".join(f"{path}: {ms:.0f} ms" for path, ms in pages.items()))
        store.close()
    print(machine_line())


def _mail(number: int) -> bytes:
    references = " ".join(f"<r{earlier}@example.com>" for earlier in range(1, number))
    reply = f"In-Reply-To: <r{number - 1}@example.com>\nReferences: {references}\n" if number > 1 else ""
    subject = "Re: cannot connect" if number > 1 else "cannot connect"
    return (
        f"From: Taro <taro@example.com>\nTo: {DESK}\nSubject: {subject}\nMessage-ID: <r{number}@example.com>\n{reply}"
        "Content-Type: text/plain; charset=utf-8\n\n"
        f"SSH to our ECS instance i-6we0a1b2c3d4e5f6g7h8 in Tokyo still fails, try {number}.\n"
        "ssh: connect to host 198.51.100.20 port 22: Connection timed out\n"
    ).encode()


async def _pages(store: Store, pack: object, now: datetime) -> dict[str, float]:
    store.add_agent(_AGENT, _PASSWORD, now)
    app = create_app(store, pack, DeskSettings(secret=b"b" * 32, title="bench"), lambda: now)  # type: ignore[arg-type]
    transport = ASGITransport(app=app, client=("198.51.100.7", 1))
    found = {}
    async with AsyncClient(transport=transport, base_url="http://desk.example") as browser:
        await browser.post("/sign-in", data={"name": _AGENT, "password": _PASSWORD})
        for path in ("/queue", "/tickets/T000001", "/tickets/T000001?mails=all"):
            await browser.get(path)
            begun = time.perf_counter()
            (await browser.get(path)).raise_for_status()
            found[path] = 1000 * (time.perf_counter() - begun)
    return found


if __name__ == "__main__":
    main()
