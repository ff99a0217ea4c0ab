"""What a ring costs those who write: NOTIFY within the transaction, or after it as we do (decision 23).

    python -m benchmarks.rings [--writers 10] [--rounds 5]

Each writer inserts 2 KB and commits, again and again, on a connection of its own; PostgreSQL with fsync.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from functools import partial
from statistics import median

import psycopg

from benchmarks.report import machine_line, print_table
from benchmarks.rounds import control_text, interleave, paired_ratio
from tests.support.postgres import find_binaries, running_postgres

SECONDS = 3.0
_BUNDLED_S = 0.02  # as models.db.bell


def commits_per_second(dsn: str, writers: int, *, is_within: bool, is_after: bool) -> float:
    """Of so many writers together."""
    end = time.monotonic() + SECONDS
    counts = [0] * writers

    def write(number: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while time.monotonic() < end:
                with connection.transaction():
                    connection.execute("INSERT INTO written (text) VALUES (%s)", ("y" * 2000,))
                    connection.execute("SELECT pg_notify('rung', '')" if is_within else "SELECT 1")
                counts[number] += 1

    def ring() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while time.monotonic() < end:
                connection.execute("SELECT pg_notify('rung', '')")
                time.sleep(_BUNDLED_S)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    threads += [threading.Thread(target=ring)] if is_after else []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    binaries = find_binaries()
    if binaries is None:
        sys.exit("benchmarks.rings: PostgreSQL is not installed")
    with running_postgres(binaries, is_durable=True) as url:
        dsn = url.replace("+psycopg", "")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE written (id serial PRIMARY KEY, text text)")
        rate = partial(commits_per_second, dsn, options.writers)
        works = {
            "no ring": partial(rate, is_within=False, is_after=False),
            "ring after": partial(rate, is_within=False, is_after=True),
            "ring within": partial(rate, is_within=True, is_after=False),
            "no ring again": partial(rate, is_within=False, is_after=False),
        }
        found = interleave(works, options.rounds)
    print(f"# rings, {options.writers} writers\n\n{machine_line()}\n")
    print_table(
        ("", "commits/s", "to no ring"),
        [
            (name, f"{median(rates):.0f}", f"{paired_ratio(rates, found['no ring']):.2f}")
            for name, rates in found.items()
        ],
    )
    print(control_text("no ring", paired_ratio(found["no ring again"], found["no ring"])))


if __name__ == "__main__":
    main()
