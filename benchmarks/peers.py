"""Ours beside what a user would install instead: django-helpdesk and Roundup from PyPI, the same mails, SQLite for all, one run.

Measures: mails a second to a ticket and processor time a mail; what became of every mail (subject, text, attachment, count);
odd mails one by one; and kill -9 in the middle. Each peer gets its mails the way its documentation says and runs nothing else;
the start of its process is taken off. Ours gets them by SMTP, reads and triages each and hands its letters to a sink. Peers take
turns with us, the order moves, the control is django-helpdesk twice. Their virtual environments are made here and thrown away
(`--environments FOLDER` keeps them); they are no dependency of ours. Does not measure: their web pages, PostgreSQL, IMAP or POP.

    python -m benchmarks.peers [--short] [--environments FOLDER] [--part rates|odd|kills]...
"""

from __future__ import annotations

import argparse
import json
import signal
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from smtplib import SMTP, SMTPException
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import peers_helpdesk, peers_roundup
from benchmarks.ending import unwind_on_sigterm
from benchmarks.listener import DESK
from benchmarks.load_flow import warm_up
from benchmarks.load_roles import running
from benchmarks.peers_helpdesk import Helpdesk, Took
from benchmarks.peers_mails import Found, digest, judge, judged, odd_mails, usual_mails
from benchmarks.peers_roundup import Roundup
from benchmarks.report import machine_line, machine_lines, print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from ingest.parse import attachment_bytes
from models.db.engine import transaction
from runtime.logs import set_up_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.load_roles import Roles
    from benchmarks.peers_mails import Handed

_BASE = "django-helpdesk"
_PIPED = 12  # one in so many mails goes down the pipe: a process a mail is slow
_DRAIN_S = 900.0
_READ = (
    "SELECT t.sender, t.subject, r.mail, i.raw FROM ticket t JOIN inbound i ON i.ref = t.ref"
    " JOIN reading r ON r.mail_id = i.id WHERE i.id > {last}"
)


@dataclass(slots=True, kw_only=True)
class Ours:
    """Our roles, as a peer."""

    roles: Roles
    first: int  # the number of the first usual mail that is ours alone

    def take(self, mails: int) -> tuple[Took, Counter[str]]:
        """From the first MAIL until each is a ticket and each letter is at the sink."""
        last, spent = self.roles.last_id(), self.roles.cpu_s()
        handed = usual_mails(self.first, mails)
        began = time.perf_counter()
        hand_all_by_smtp(self.roles.port, handed)
        self.roles.drain(_DRAIN_S)
        took = time.perf_counter() - began
        self.first += mails
        cpu = self.roles.cpu_s()
        used = sum(cpu[kind] - spent[kind] for kind in cpu if kind != "sink")
        return Took(seconds=took, cpu_s=used), judged(handed, self.found(last))

    def found(self, last: int) -> list[Found]:
        """The tickets of mails whose ids are greater, as the desk shows them."""
        with transaction(self.roles.engine, writes=False) as connection:
            rows = connection.exec_driver_sql(_READ.format(last=last)).all()
        return [_shown(sender, subject, json.loads(reading), raw) for sender, subject, reading, raw in rows]


def _shown(sender: str, subject: str, reading: dict[str, list[dict[str, int]]], raw: bytes) -> Found:
    parts = [attachment_bytes(raw, one["part"]) for one in reading["attachments"]]
    return Found(
        sender=sender,
        subject=subject,
        text=str(reading["text"]),
        files=tuple(digest(part) for part in parts if part is not None),
    )


def hand_by_smtp(port: int, one: Handed) -> str:
    """The answer to one mail: its code, or why there was none."""
    try:
        with SMTP("127.0.0.1", port, local_hostname="bench.example", timeout=60) as session:
            session.sendmail(one.sender, [DESK], one.raw)
    except SMTPException as error:
        return type(error).__name__
    return "250"


def hand_all_by_smtp(port: int, handed: Sequence[Handed]) -> None:
    """All in one session; raises where one is not taken."""
    with SMTP("127.0.0.1", port, local_hostname="bench.example", timeout=60) as session:
        for one in handed:
            session.sendmail(one.sender, [DESK], one.raw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer mails and rounds")
    parser.add_argument(
        "--environments", type=Path, help="where the peers' virtual environments are kept for another run"
    )
    parser.add_argument("--part", action="append", choices=list(PARTS), help="may be given several times")
    asked = parser.parse_args()
    unwind_on_sigterm()
    set_up_logs("error")
    with tempfile.TemporaryDirectory(prefix="uketsuke-peers-") as name:
        folder = Path(name)
        print(f"# peers{' (short form)' if asked.short else ''}\n\n{machine_lines(folder, None)}")
        kept = (asked.environments or folder / "environments").resolve()
        kept.mkdir(parents=True, exist_ok=True)
        helpdesk = peers_helpdesk.install(kept, "helpdesk", peers_helpdesk.PACKAGE)
        roundup = peers_roundup_programs(kept)
        print(f"{peers_helpdesk.PACKAGE}, {peers_roundup.PACKAGE}\n", flush=True)
        field = Field(
            folder=folder,
            helpdesk=helpdesk,
            roundup=roundup,
            desk_prepared=peers_helpdesk.prepare(helpdesk, folder / "helpdesk"),
            tracker_prepared=peers_roundup.prepare(roundup, folder / "roundup"),
        )
        for part in asked.part or PARTS:
            PARTS[part](field, is_short=asked.short)
    print(machine_line())


def peers_roundup_programs(kept: Path) -> Path:
    """Roundup's programs."""
    return peers_helpdesk.install(kept, "roundup", peers_roundup.PACKAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where the peers are and what each run begins from."""

    folder: Path
    helpdesk: Path
    roundup: Path
    desk_prepared: Path
    tracker_prepared: Path

    def desk(self, name: str, *, has_wal: bool = False, sink_port: int = 0) -> Helpdesk:
        return Helpdesk(
            python=self.helpdesk / "python",
            prepared=self.desk_prepared,
            folder=self.folder / name,
            has_wal=has_wal,
            sink_port=sink_port,
        )

    def tracker(self, name: str, *, has_pipe: bool = False) -> Roundup:
        return Roundup(
            programs=self.roundup, prepared=self.tracker_prepared, folder=self.folder / name, has_pipe=has_pipe
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run."""

    per_s: float
    cpu_ms: float
    became: Counter[str]


def rates_part(field: Field, *, is_short: bool) -> None:
    """Mails a second to a ticket."""
    mails, rounds = (100, 2) if is_short else (500, 3)
    handed = usual_mails(0, mails)
    with ExitStack() as stack:
        works: dict[str, Callable[[], Result]] = {}
        for workers in (1, 2):
            name = f"uketsuke, {workers} worker{'s' if workers > 1 else ''}"
            roles = stack.enter_context(running(name, field.folder / f"ours-{workers}", workers=workers))
            warm_up(roles)
            roles.signal(signal.SIGSTOP)
            works[name] = partial(_ours, Ours(roles=roles, first=1_000_000 * workers), mails)
            sink = roles
        port = sink_port_of(sink)
        desks = {
            _BASE: field.desk("desk"),
            f"{_BASE}, SQLite in WAL": field.desk("desk-wal", has_wal=True),
            f"{_BASE}, WAL, its letters to a sink": field.desk("desk-sink", has_wal=True, sink_port=port),
        }
        sink.processes["sink"].send_signal(signal.SIGCONT)
        for name, desk in desks.items():
            works[name] = partial(_theirs, desk, handed)
        works[_BASE + AGAIN] = works[_BASE]
        works["Roundup, a mailbox"] = partial(_theirs, field.tracker("tracker"), handed)
        works["Roundup, a process a mail"] = partial(
            _theirs, field.tracker("tracker-pipe", has_pipe=True), handed[::_PIPED]
        )
        done = interleave(works, rounds)
    print(
        f"## {mails} mails of new senders, Japanese and English, 2 KB, every tenth with a log of 15 KB, {rounds} rounds\n"
    )
    wal = f"{_BASE}, SQLite in WAL"
    rows = []
    for name, runs in done.items():
        if name.endswith(AGAIN):
            continue
        per_s = [run.per_s for run in runs]
        became = sum((run.became for run in runs), Counter())
        rows.append(
            (
                name,
                f"{median(per_s):.1f}",
                *(f"{paired_ratio(per_s, [run.per_s for run in done[base]]):.2f}" for base in (_BASE, wal)),
                f"{median(run.cpu_ms for run in runs):.1f}",
                ", ".join(f"{count} {what}" for what, count in became.most_common()),
            )
        )
    columns = ("mails/s to a ticket", f"to {_BASE}", "to it in WAL", "CPU ms a mail", "became, all rounds")
    print_table(("product", *columns), rows)
    again = paired_ratio([run.per_s for run in done[_BASE + AGAIN]], [run.per_s for run in done[_BASE]])
    print(control_text(f"{_BASE}, against itself", again) + "\n", flush=True)


def sink_port_of(roles: Roles) -> int:
    """Where its letters go."""
    environ = Path(f"/proc/{roles.processes['deliver'].pid}/environ").read_bytes().split(b"\0")
    line = next(line for line in environ if line.startswith(b"UKETSUKE_SMARTHOST="))
    return int(line.rpartition(b":")[2])


def _ours(ours: Ours, mails: int) -> Result:
    ours.roles.signal(signal.SIGCONT)
    took, became = ours.take(mails)
    ours.roles.signal(signal.SIGSTOP, but="sink")
    return Result(per_s=mails / took.seconds, cpu_ms=1000 * took.cpu_s / mails, became=became)


def _theirs(peer: Helpdesk | Roundup, handed: Sequence[Handed]) -> Result:
    took = peer.take(handed)
    became = judged(handed, peer.found())
    return Result(per_s=len(handed) / took.seconds, cpu_ms=1000 * took.cpu_s / len(handed), became=became)


def odd_part(field: Field, *, is_short: bool) -> None:
    """One odd mail at a time, each product as it is set up above."""
    del is_short
    print("## Odd mails, one at a time\n")
    desk, tracker = field.desk("odd-desk", has_wal=True), field.tracker("odd-tracker", has_pipe=True)
    handed = odd_mails()
    with running("ours", field.folder / "ours-odd") as roles:
        warm_up(roles)
        ours = Ours(roles=roles, first=0)
        last = roles.last_id()
        answers = {one.name: hand_by_smtp(roles.port, one) for one in handed}
        roles.drain(_DRAIN_S)
        found = ours.found(last)
        parked = roles.states().get("parked", (0, 0))[0]
    rows = []
    for one in handed:
        desk.reset()
        desk.hand_in([one])
        desk.get_email()
        theirs = judge(one, desk.found())
        theirs += ", stays in its mailbox" if theirs == "no ticket" and desk.left() else ""
        tracker.reset()
        code = tracker.pipe(one)
        piped = judge(one, tracker.found())
        piped += f", exit {code}" if piped == "no ticket" else ""
        mine = judge(one, found) + ("" if answers[one.name] == "250" else f", {answers[one.name]}")
        rows.append((one.name, mine, theirs, piped))
    print_table(("mail", "uketsuke", "django-helpdesk", "Roundup (pipe)"), rows)
    print(f"parked by uketsuke, visible and whole: {parked}\n")
    good, bad = usual_mails(7_000_000, 20), next(one for one in handed if one.name.startswith("shift_jis"))
    desk.reset()
    desk.hand_in([bad, *good])
    desk.get_email()
    desk.get_email()
    became = ", ".join(f"{count} {what}" for what, count in judged(good, desk.found()).most_common())
    print(f"django-helpdesk, 20 usual mails in one mailbox with the Shift_JIS one, read twice: {became}\n", flush=True)


def kills_part(field: Field, *, is_short: bool) -> None:
    """kill -9 in the middle of some mails, then again as cron or the supervisor would; what is missing, what is doubled?"""
    mails, trials = (60, 2) if is_short else (200, 6)
    print(f"## kill -9 after a third of {mails} mails, then started again: {trials} trials\n")
    became = {name: Counter[str]() for name in ("uketsuke", "django-helpdesk", "Roundup (mailbox)")}
    with running("ours", field.folder / "ours-kills") as roles:
        warm_up(roles)
        ours = Ours(roles=roles, first=5_000_000)
        for trial in range(trials):
            handed = usual_mails(9_000_000 + trial * mails, mails)
            after = mails // 3 + trial
            became["uketsuke"] += _killed_ours(ours, handed, after)
            desk, tracker = field.desk("kill-desk", has_wal=True), field.tracker("kill-tracker")
            desk.reset()
            desk.hand_in(handed)
            desk.get_email_killed(after)
            desk.get_email()
            became["django-helpdesk"] += judged(handed, desk.found())
            tracker.reset()
            tracker.hand_in(handed)
            tracker.read_box_killed(after)
            tracker.read_box()
            became["Roundup (mailbox)"] += judged(handed, tracker.found())
    rows = [
        (name, str(trials * mails), ", ".join(f"{count} {what}" for what, count in counted.most_common()))
        for name, counted in became.items()
    ]
    print_table(("product", "mails", "became"), rows)


def _killed_ours(ours: Ours, handed: Sequence[Handed], after: int) -> Counter[str]:
    """The worker killed while it works them off; another takes over, as under `serve`; the leases end at once instead of in minutes."""
    roles, last = ours.roles, ours.roles.last_id()
    hand_all_by_smtp(roles.port, handed)
    while len(handed) - roles.waiting()[0] < after:
        time.sleep(0.002)
    roles.replace("worker0")
    with transaction(roles.engine, writes=True) as connection:  # nobody waits here until the leases end
        connection.exec_driver_sql("UPDATE inbound SET claimed_until = NULL, token = NULL WHERE state = 'received'")
    roles.drain(_DRAIN_S)
    return judged(handed, ours.found(last))


PARTS: dict[str, Callable[..., None]] = {"rates": rates_part, "odd": odd_part, "kills": kills_part}

if __name__ == "__main__":
    main()
