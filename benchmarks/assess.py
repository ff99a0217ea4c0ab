"""What reading one mail costs: `classify.assess.assess` of an 800-character Japanese mail, warm, in processor time.

Measures three kinds of traffic (every line new to the sentence encoder's memory; only the matter new, greetings and headings
known; the same mail again) beside the embedding of such mails' distinct lines alone and two fixed works of the same process:
`parse_mail` of that mail, and a matrix product. Then once each: a mail of 1 MB of log, and a fresh process up to its first
mail read.
Works take turns, the order moves, ratios pair figures of one round, both fixed works run twice as controls. Does not measure:
loading the models, the database, composing the letter, several workers on one machine, or how well it reads (docs/quality.md).

    python -m benchmarks.assess [--rounds N] [--mails N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.japanese import support_mail
from benchmarks.report import machine_line, print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from classify.assess import assess
from classify.features import SentenceEncoder
from classify.load import load_scorer
from ingest.parse import parse_mail
from models.mail import Envelope
from policy.load import load_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from classify.scorer import Scorer
    from models.mail import Mail
    from policy.pack import Pack

NEW, USUAL, SAME = "assess, every line new", "assess, greetings and headings known", "assess, the same mail again"
PARSE, MATMUL = "parse_mail of the mail", "matrix product, 512 x 512, float32, one thread"
EMBED = "embedding of the distinct lines alone, every line new"
FIXED = (PARSE, MATMUL, EMBED)
_SIDE = 512
_REPEATS = 5  # a fixed work is short: do it several times a mail, so that it is measured as long
_ENVELOPE = Envelope(
    mail_from="tanaka@shouji.example",
    rcpt_tos=("support@uketsuke.example",),
    received_at=datetime(2026, 11, 25, tzinfo=UTC),
    peer="127.0.0.1",
    helo="shouji.example",
)


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """Processor time of one call, all threads, the mean of `times`."""
    start = time.process_time()
    for _ in range(times):
        work()
    return 1000 * (time.process_time() - start) / times


def reading(mails: Iterable[Mail], pack: Pack, scorer: Scorer) -> Callable[[], object]:
    """Assess the next mail at each call."""
    supply = iter(mails)
    return lambda: assess(next(supply), pack, scorer)


def embedding(mails: Iterable[Mail]) -> Callable[[], object]:
    """Encode the next mail's distinct lines at each call, in one batch, by an encoder of its own."""
    supply, encoder = iter(mails), SentenceEncoder()

    def encode() -> object:
        mail = next(supply)
        lines = [line.strip() for line in (mail.subject, *mail.reply_text.splitlines()) if line.strip()]
        return encoder.encode(list(dict.fromkeys(lines)))

    return encode


def versions(numbers: Iterator[int], amount: int, *, is_all_new: bool) -> list[Mail]:
    """Mails that nobody has read yet, parsed before any clock runs."""
    return [parse_mail(support_mail(next(numbers), is_all_new=is_all_new), _ENVELOPE) for _ in range(amount)]


def works_of(rounds: int, mails: int, pack: Pack, scorer: Scorer) -> dict[str, Callable[[], float]]:
    """The entrants; each call is one round's measurement, in CPU ms of one mail."""
    numbers = count(1)
    raw = support_mail(0, is_all_new=False)
    mail = parse_mail(raw, _ENVELOPE)
    new = reading(versions(numbers, rounds * mails, is_all_new=True), pack, scorer)
    usual = reading(versions(numbers, rounds * mails, is_all_new=False), pack, scorer)
    embed = [embedding(versions(numbers, rounds * mails, is_all_new=True)) for _ in range(2)]
    left, right = np.random.default_rng(7).random((2, _SIDE, _SIDE), dtype=np.float32)

    def product() -> float:
        with threadpool_limits(1):
            return cpu_ms(lambda: left @ right, mails * _REPEATS)

    def parsing() -> float:
        return cpu_ms(lambda: parse_mail(raw, _ENVELOPE), mails * _REPEATS)

    return {
        NEW: lambda: cpu_ms(new, mails),
        EMBED: lambda: cpu_ms(embed[0], mails),
        PARSE: parsing,
        USUAL: lambda: cpu_ms(usual, mails),
        MATMUL: product,
        SAME: lambda: cpu_ms(lambda: assess(mail, pack, scorer), mails),
        PARSE + AGAIN: parsing,
        MATMUL + AGAIN: product,
        EMBED + AGAIN: lambda: cpu_ms(embed[1], mails),
    }


def warm_up(pack: Pack, scorer: Scorer) -> Mail:
    """Load what loads late, fill the common lines into the encoder's memory; returns the mail that is read again."""
    for number in range(5):
        mail = parse_mail(support_mail(800_000 + number, is_all_new=False), _ENVELOPE)
        assess(mail, pack, scorer)
    mail = parse_mail(support_mail(0, is_all_new=False), _ENVELOPE)
    assess(mail, pack, scorer)
    return mail


def long_log() -> Mail:
    """A mail of 1 MB: a complaint, then the log pasted under it."""
    raw = support_mail(0, is_all_new=False)
    line = b"2026-11-24 10:15:%02d app01 worker[%d]: ERROR 1040 (08004): Too many connections, retry %d\n"
    return parse_mail(raw + b"".join(line % (n % 60, n, n) for n in range(12_000)), _ENVELOPE)


def first_mail_ms() -> tuple[float, float]:
    """(wall ms from the start of a fresh process to its first mail read, its peak memory in MiB)."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _FIRST], check=True, capture_output=True, text=True)
    return 1000 * (time.perf_counter() - start), float(done.stdout) / 1024


_FIRST = """
import resource
from benchmarks.assess import _ENVELOPE
from benchmarks.japanese import support_mail
from classify.assess import assess
from classify.features import SentenceEncoder
from classify.load import load_scorer
from ingest.parse import parse_mail
from policy.load import load_pack
assess(parse_mail(support_mail(0, is_all_new=False), _ENVELOPE), load_pack("alibabacloud_jp"), load_scorer())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=14, choices=range(1, 51), metavar="1..50")
    parser.add_argument("--mails", type=int, default=10, choices=range(1, 51), metavar="1..50", help="a round")
    asked = parser.parse_args()
    print(f"# assess\n\n{machine_line()}", flush=True)
    pack, scorer = load_pack("alibabacloud_jp"), load_scorer()
    mail = warm_up(pack, scorer)
    lines = mail.reply_text.splitlines()
    print(f"scorer: {type(scorer).__name__}; the mail: {len(mail.reply_text)} characters, {len(lines)} lines")
    print(f"{asked.rounds} rounds of {asked.mails} mails\n", flush=True)
    done = interleave(works_of(asked.rounds, asked.mails, pack, scorer), asked.rounds)
    rows = [
        (
            name,
            f"{median(costs):.2f}",
            f"{min(costs):.2f} to {max(costs):.2f}",
            *(f"{paired_ratio(costs, done[fixed]):.2f}" for fixed in FIXED),
        )
        for name, costs in done.items()
    ]
    print_table(("work", "CPU ms", "range", "to parse_mail", "to the matrix product", "to the embedding"), rows)
    for fixed in FIXED:
        print(control_text(f"{fixed}, against itself", paired_ratio(done[fixed + AGAIN], done[fixed])))
    log = long_log()
    print(
        f"\na mail of {len(log.reply_text) / 1e6:.1f} MB of log: {cpu_ms(lambda: assess(log, pack, scorer), 1):.0f} CPU ms"
    )
    cold, memory = first_mail_ms()
    print(f"a fresh process, start to first mail read: {cold:.0f} ms, peak memory {memory:.0f} MiB")
    print(machine_line())


if __name__ == "__main__":
    main()
