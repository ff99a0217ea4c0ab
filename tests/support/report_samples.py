"""The reports of docs/reports: a week of the demo mails, and a week and a month of the simulated quarter, in both languages.

`python -m tests.support.report_samples [--database FILE]` writes them anew: each as one HTML file, as plain text, as the mail that
goes out (.eml), and as a picture by a Chromium. FILE is a quarter that `python -m tests.simulation.quarter` has made; without it one
is simulated, which takes minutes.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from models.arrival import Arrival
from models.db.migrate import upgrade
from models.db.store import Store
from models.mail import Envelope
from reports.periods import period_named
from runtime.cli.demo import MAILS
from runtime.ledger import printed
from runtime.reporting import Office, Reporter
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.unit.responders.builders import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.pack import Pack
    from reports.figures import Report
    from runtime.triage import Rules

FOLDER = Path(__file__).parents[2] / "docs" / "reports"
DESK = "support@uketsuke.example"
LINK = "https://desk.uketsuke.example"
LANGUAGES = ("ja", "en")
FORMS = ("html", "txt", "eml")
PLAIN = frozenset({"quarter-month"})  # no mail of it: it is the week's over again, and large
READER = "lead@uketsuke.example"
DEMO, DEMO_AT = "2026-W48", datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
WEEK, MONTH = "2026-W44", "2026-10"  # of the quarter: the first week with the form; the last whole month
_HOUR = 8
_WIDE = 920
_COLOURS = (128, 64, 32, 24, 16)
_MOST_BYTES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One report of docs/reports."""

    name: str
    store: Store
    period: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, help="a simulated quarter")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules = _rules(folder)
        quarter = shutil.copy(chosen.database, folder) if chosen.database else _simulated(folder, rules)
        upgrade(f"sqlite:///{quarter}")
        store = Store(f"sqlite:///{quarter}")
        samples = [
            Sample(name="demo-week", store=demo_store(folder / "demo.sqlite3", rules), period=DEMO),
            Sample(name="quarter-week", store=store, period=WEEK),
            Sample(name="quarter-month", store=store, period=MONTH),
        ]
        write(samples, rules.pack, FOLDER)
    write_pictures(FOLDER)


def _rules(folder: Path) -> Rules:
    from policy.load import load_pack  # noqa: PLC0415 - only here
    from runtime.settings import load_settings  # noqa: PLC0415
    from runtime.wiring import build_rules  # noqa: PLC0415

    return build_rules(
        load_settings({"UKETSUKE_DATA_DIR": str(folder)}, folder / "none.toml"), load_pack("alibabacloud_jp")
    )


def _simulated(folder: Path, rules: Rules) -> Path:
    from tests.simulation.quarter import simulate  # noqa: PLC0415 - only here

    file = folder / "quarter.sqlite3"
    simulate(file, seed=1, weeks=14, mails=1500, rules=rules)
    return file


def demo_store(file: Path, rules: Rules) -> Store:
    """A desk that got the demo mails within an hour, and sent what was to be sent."""
    upgrade(f"sqlite:///{file}")
    store, clock = Store(f"sqlite:///{file}"), Clock(DEMO_AT)
    worker = Worker(store, rules, frozenset({DESK}), clock)
    for path in sorted(MAILS.glob("*.eml")):
        store.accept([_arrival(path, clock())])
        worker.run_batch()
        clock.advance(timedelta(seconds=20))
        while claims := store.claim_replies(limit=10, lease=timedelta(minutes=5), now=clock()):
            for claim in claims:
                store.reply_sent(claim, now=clock())
        clock.advance(timedelta(minutes=5))
    store.keep_books(clock().date(), now=clock() + timedelta(days=1))
    return store


def _arrival(path: Path, at: datetime) -> Arrival:
    message = message_from_bytes(path.read_bytes(), policy=SMTP.clone(cte_type="8bit"))
    message.replace_header("To", DESK)
    message["Message-ID"] = f"<{path.stem}@demo.uketsuke.example>"
    message["Date"] = format_datetime(at)
    sender = parseaddr(str(message["From"]))[1]
    return Arrival(
        raw=message.as_bytes(),
        envelope=Envelope(mail_from=sender, rcpt_tos=(DESK,), received_at=at),
        desk_address=DESK,
    )


def write(samples: list[Sample], pack: Pack, folder: Path) -> None:
    """Every report in every form but pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in samples:
        reporter = Reporter(sample.store, pack, Office(identity=identity(), desk_link=LINK))
        period = period_named(sample.period, pack.desk.timezone)
        made_at = period.end + timedelta(hours=_HOUR)
        report = reporter.report(period, made_at)
        for name, content in _files(sample.name, report, reporter, made_at):
            (folder / name).write_bytes(content)


def _files(name: str, report: Report, reporter: Reporter, made_at: datetime) -> Iterator[tuple[str, bytes]]:
    for language in LANGUAGES:
        for form in FORMS if name not in PLAIN else FORMS[:-1]:
            yield f"{name}.{language}.{form}", printed(report, reporter, form, language, to=READER, now=made_at)


def write_pictures(folder: Path) -> None:
    """A picture of each HTML file as a browser shows it, in few colours, so that it stays small."""
    from PIL import Image  # noqa: PLC0415 - only here
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tests.browser.conftest import ARGUMENTS, PROGRAMS  # noqa: PLC0415

    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": _WIDE, "height": 800})
        for file in sorted(folder.glob("*.html")):
            page.goto(file.as_uri())
            target = file.with_suffix(".png")
            page.screenshot(path=target, full_page=True)
            with Image.open(target) as picture:
                whole = picture.convert("RGB")
            for colours in _COLOURS:
                whole.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
                if target.stat().st_size < _MOST_BYTES:
                    break
        browser.close()


if __name__ == "__main__":
    main()
