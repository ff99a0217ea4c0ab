from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from runtime.serve import LONGEST_PAUSE_S, Role, Supervisor, pause_after


def test_pauses_grow_and_are_bounded() -> None:
    pauses = [pause_after(falls) for falls in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.5
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_configuration_error_of_a_role_ends_the_whole_with_its_code() -> None:
    good = Role(name="good", command=(sys.executable, "-c", "import time; time.sleep(60)"))
    bad = Role(name="bad", command=(sys.executable, "-c", "import sys; sys.exit(2)"))
    assert Supervisor([good, bad]).run() == 2
    assert good.process is not None
    assert good.process.poll() is not None


def test_a_role_that_falls_is_started_again_and_a_signal_ends_all(tmp_path: Path) -> None:
    traces = tmp_path / "starts"
    program = f"open({str(traces)!r}, 'a').write('x')"

    def end_after_second_start() -> None:
        while not traces.exists() or len(traces.read_text()) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=end_after_second_start, daemon=True)
    watcher.start()
    assert Supervisor([Role(name="falls", command=(sys.executable, "-c", program))]).run() == 0
    watcher.join()
    assert len(traces.read_text()) >= 2
