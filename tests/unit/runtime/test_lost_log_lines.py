"""A line of the log that cannot be written harms nobody: on a full disk the listener must still answer its senders."""

from __future__ import annotations

import io
import logging
import sys

import pytest
import structlog

from runtime.logs import log_for, log_many, set_up_logs


class FullDisk(io.StringIO):
    """Standard error in a file on a disk that is full until it is emptied."""

    is_full = True

    def flush(self) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")


def test_who_logs_on_a_full_disk_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk()
    monkeypatch.setattr(sys, "stderr", disk)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # pytest's own handlers stay
    set_up_logs("info")
    try:
        log_for("smtp").error("not_accepted")
        log_many("smtp", "accepted", [{"size": 1}])
        disk.is_full = False
        log_for("smtp").info("room_again")
    finally:
        structlog.reset_defaults()
    assert '"room_again"' in disk.getvalue()
