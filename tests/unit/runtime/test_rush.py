"""Who goes first while mails pour in: the door's lock, and the workers that try it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.rush import FILE, MANY, MOST_S, QUIET_WINDOWS, GivingWay, Rush

HOLDS_IT = """
import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY | os.O_CREAT), fcntl.LOCK_EX)
print(flush=True)
time.sleep(600)
"""


class Later:
    """The event loop's timer, turned by hand."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def __call__(self, _seconds: float, what: Callable[[], None]) -> None:
        self.due.append(what)

    def window_ends(self) -> None:
        due, self.due = self.due, []
        for what in due:
            what()

    def rush_ends(self) -> None:
        for _ in range(QUIET_WINDOWS):
            self.window_ends()


class Looks(threading.Event):
    """A stop that counts how often it was waited for, and lets something happen meanwhile."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        super().__init__()
        self.count, self.happens = 0, list(happens)

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.count += 1
        if self.happens:
            self.happens.pop(0)()
        return self.is_set()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def rush(tmp_path: Path, later: Later) -> Rush:
    return Rush(tmp_path, later)


def begun(rush: Rush, later: Later) -> Rush:
    rush.kept(MANY)
    later.window_ends()
    assert rush.is_on
    return rush


def test_a_mail_now_and_then_is_no_rush_and_costs_no_timer(rush: Rush, later: Later) -> None:
    for _ in range(3):
        rush.kept(MANY - 1)
        assert len(later.due) == 1
        later.window_ends()
    assert not rush.is_on
    assert later.due == []


def test_it_ends_after_some_quiet_windows_in_a_row(rush: Rush, later: Later) -> None:
    begun(rush, later)
    for _ in range(QUIET_WINDOWS - 1):
        later.window_ends()
    rush.kept(MANY)  # only a slow commit
    for _ in range(QUIET_WINDOWS):
        later.window_ends()
        assert rush.is_on
    later.window_ends()
    assert not rush.is_on
    assert later.due == [], "nothing is counted while no mail comes"
    begun(rush, later)


def test_a_worker_waits_while_it_lasts_and_no_longer(tmp_path: Path, rush: Rush, later: Later) -> None:
    worker = GivingWay(tmp_path, workers=2, processors=2)
    calm = Looks()
    worker.wait(calm)
    assert calm.count == 0
    begun(rush, later)
    looks = Looks(lambda: None, lambda: None, later.rush_ends)
    worker.wait(looks)
    assert looks.count == 3


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Waits(Looks):
    """A stop that is waited for by this clock."""

    def __init__(self, clock: Clock, *happens: Callable[[], object], each_s: float = 0.02) -> None:
        super().__init__(*happens)
        self.clock, self.each_s = clock, each_s

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += self.each_s
        return super().wait(timeout)


def test_after_ten_seconds_it_works_for_as_long(tmp_path: Path, rush: Rush, later: Later) -> None:
    clock = Clock()
    worker = GivingWay(tmp_path, workers=2, processors=2, clock=clock)
    begun(rush, later)
    worker.wait(Waits(clock))
    assert clock.now == pytest.approx(100 + MOST_S, abs=0.05)
    for _ in range(3):
        clock.now += MOST_S / 4
        waits = Waits(clock)
        worker.wait(waits)
        assert waits.count == 0, "its turn"
    clock.now += MOST_S / 4
    before = clock.now
    worker.wait(Waits(clock))
    assert clock.now - before == pytest.approx(MOST_S, abs=0.05)


def test_ten_seconds_little_by_little_are_ten_seconds(tmp_path: Path, rush: Rush, later: Later) -> None:
    """A rush that flickers, as where each commit takes longer than what is held for quiet."""
    clock = Clock()
    worker = GivingWay(tmp_path, workers=2, processors=2, clock=clock)
    waited = []
    for _ in range(30):
        begun(rush, later)
        before = clock.now
        worker.wait(Waits(clock, *[lambda: None] * 49, later.rush_ends))  # a second, then one free look
        waited.append(clock.now - before)
        if rush.is_on:
            later.rush_ends()
        clock.now += 0.1  # a mail
    assert sum(waited[:10]) == pytest.approx(MOST_S, abs=0.1)
    assert waited[11:20] == [0.0] * 9, "then it works"


def test_a_calm_gives_it_its_ten_seconds_again(tmp_path: Path, rush: Rush, later: Later) -> None:
    clock = Clock()
    worker = GivingWay(tmp_path, workers=2, processors=2, clock=clock)
    begun(rush, later)
    worker.wait(Waits(clock, *[lambda: None] * 399, later.rush_ends))
    clock.now += 1.5
    begun(rush, later)
    before = clock.now
    worker.wait(Waits(clock))
    assert clock.now - before == pytest.approx(MOST_S, abs=0.05)


def test_the_time_that_a_machine_sleeps_is_nobodys_turn(tmp_path: Path, rush: Rush, later: Later) -> None:
    clock = Clock()
    worker = GivingWay(tmp_path, workers=2, processors=2, clock=clock)
    begun(rush, later)
    waits = Waits(clock, each_s=3600.0)
    worker.wait(waits)
    assert waits.count in {50, 51}


def test_a_file_system_without_locks_keeps_nobody_from_work(
    tmp_path: Path, rush: Rush, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(*_: object) -> None:
        raise OSError(37, "No locks available")

    worker, looks = GivingWay(tmp_path, workers=2, processors=2), Looks()
    begun(rush, later)
    monkeypatch.setattr("runtime.rush.flock", none_here)
    worker.wait(looks)
    assert looks.count == 0
    later.rush_ends()
    assert not rush.is_on
    rush.kept(MANY)
    later.window_ends()
    assert not rush.is_on


def test_a_worker_that_is_to_stop_waits_no_longer(tmp_path: Path, rush: Rush, later: Later) -> None:
    begun(rush, later)
    looks = Looks()
    looks.set()
    GivingWay(tmp_path, workers=1, processors=2).wait(looks)
    assert looks.count == 1


@pytest.mark.parametrize(
    ("workers", "processors", "waits"), [(1, 2, True), (1, 3, False), (2, 3, True), (60, 64, False)]
)
def test_where_there_are_processors_for_all_nobody_waits(
    tmp_path: Path, rush: Rush, later: Later, workers: int, processors: int, waits: bool
) -> None:
    begun(rush, later)
    looks = Looks()
    looks.set()
    GivingWay(tmp_path, workers=workers, processors=processors).wait(looks)
    assert (looks.count > 0) == waits


def test_without_a_folder_to_write_in_nobody_gives_way(tmp_path: Path, later: Later) -> None:
    rush = Rush(tmp_path / "nowhere", later)
    rush.kept(1000)
    assert (later.due, rush.is_on) == ([], False)
    looks = Looks()
    GivingWay(tmp_path / "nowhere", workers=2, processors=1).wait(looks)
    assert looks.count == 0


def test_two_doors_take_turns(tmp_path: Path, rush: Rush, later: Later) -> None:
    begun(rush, later)
    others = Later()
    other = Rush(tmp_path, others)
    other.kept(MANY)
    others.window_ends()
    assert not other.is_on
    later.rush_ends()
    other.kept(MANY)
    others.window_ends()
    assert other.is_on


def test_a_door_that_is_killed_leaves_nobody_waiting(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLDS_IT,
            str(tmp_path / FILE),
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    worker, looks = GivingWay(tmp_path, workers=2, processors=1), Looks(lambda: None, holder.kill, holder.wait)
    worker.wait(looks)
    assert looks.count == 3
    holder.stdout.close()


def test_the_file_is_its_owners_alone(tmp_path: Path, rush: Rush) -> None:
    assert rush.is_on is False
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
