"""What parsing one mail costs: `parse_mail` of a mixed sample, beside the standard library's parser with `policy=default`.

Measures processor time over all specimens of tests/specimens (every charset, structure and kind of mail that we know to be
hard), or over mails of your own. `parse_mail` does all it promises: charsets, own words, automatic mail, attachments. The
entrant beside it parses, reads eight headers, takes the best body as text, and the names and bytes of attachments; where it
raises, as it does on some of these mails, what it had done is counted. Works take turns, the order moves, ratios pair figures
of one round, the standard library runs twice as the control. Does not measure: reading files, DNS, the worker around it.

    python -m benchmarks.parse [--rounds N] [FOLDER]
"""

from __future__ import annotations

import argparse
import time
import warnings
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.report import machine_line, print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from ingest.parse import parse_mail
from models.mail import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import EmailMessage

SPECIMENS = Path(__file__).parents[1] / "tests" / "specimens"
OURS, STANDARD = "parse_mail", "email, policy=default"
HEADERS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")
LARGEST = 200_000  # bytes: of larger mails both would only measure base64
_ENVELOPE = Envelope(
    mail_from="tanaka@shouji.example",
    rcpt_tos=("support@uketsuke.example",),
    received_at=datetime(2026, 11, 25, tzinfo=UTC),
)


def parse_standard(raw: bytes) -> bool:
    """Parse with the standard library; False where it raised."""
    try:
        message: EmailMessage = message_from_bytes(raw, policy=policy.default)
        for name in HEADERS:
            str(message[name])
        body = message.get_body(("plain", "html"))
        if body is not None:
            body.get_content()
        for part in message.iter_attachments():
            part.get_filename()
            part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - which mails it cannot read is a figure of its own
        return False
    return True


def sample(folder: Path) -> list[bytes]:
    """Every mail below the folder, but the largest."""
    files = (file for file in sorted(folder.rglob("*")) if file.suffix in {".eml", ".raw", ".msg"})
    return [raw for raw in (file.read_bytes() for file in files) if len(raw) <= LARGEST]


def cpu_ms(work: Callable[[bytes], object], mails: Sequence[bytes]) -> float:
    """Processor time of one mail, the mean over the sample."""
    start = time.process_time()
    for raw in mails:
        work(raw)
    return 1000 * (time.process_time() - start) / len(mails)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="processor time of parse_mail against the standard library's parser")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("folder", type=Path, nargs="?", default=SPECIMENS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # the standard library warns of what it guesses
    mails = sample(asked.folder)
    if not mails:
        parser.error(f"{asked.folder}: no mails there (.eml, .raw, .msg)")
    raised = sum(not parse_standard(raw) for raw in mails)

    def ours(raw: bytes) -> object:
        return parse_mail(raw, _ENVELOPE)

    for raw in mails:
        ours(raw)
    works = {
        OURS: lambda: cpu_ms(ours, mails),
        STANDARD: lambda: cpu_ms(parse_standard, mails),
        STANDARD + AGAIN: lambda: cpu_ms(parse_standard, mails),
    }
    done = interleave(works, asked.rounds)
    print(f"## parse: {len(mails)} mails, {sum(map(len, mails)) / len(mails):,.0f} bytes each\n\n{machine_line()}\n")
    rows = [
        (name, f"{median(costs):.2f}", f"{paired_ratio(done[STANDARD], costs):.2f}")
        for name, costs in done.items()
        if name != STANDARD + AGAIN
    ]
    print_table(("parser", "CPU ms a mail", f"times as fast as {STANDARD}"), rows)
    print(control_text(f"{STANDARD}, against itself", paired_ratio(done[STANDARD + AGAIN], done[STANDARD])))
    print(f"{STANDARD} raised on {raised} of the mails, parse_mail on none.")


if __name__ == "__main__":
    main()
