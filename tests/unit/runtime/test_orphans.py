"""However the supervisor dies, no role is left behind to hold a port."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runtime.ports import require_free
from runtime.stopping import SUPERVISED

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0


def wait_until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_running(pid: int) -> bool:
    """A process whose parent died may stay a zombie for a while where nobody reaps it: that one holds nothing."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def answers(port: int) -> bool:
    desk = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        desk.request("GET", "/healthz")
        return desk.getresponse().status == 200
    except OSError:
        return False
    finally:
        desk.close()


def greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as session:
            return session.recv(100).startswith(b"220 ")
    except OSError:
        return False


def test_kill_9_of_serve_ends_every_role_and_frees_the_ports(tmp_path: Path) -> None:
    smtp, desk = free_port(), free_port()
    environment = {
        **os.environ,
        "UKETSUKE_DATA_DIR": str(tmp_path / "var"),
        "UKETSUKE_SMTP_PORT": str(smtp),
        "UKETSUKE_DESK_PORT": str(desk),
    }
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "runtime.cli", "serve"]
        supervisor = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        assert wait_until(lambda: answers(desk) and greets(smtp)), log.read_text(encoding="utf-8")
        roles = [int(pid) for pid in re.findall(r'"?pid"?[:=]\s*(\d+)', log.read_text(encoding="utf-8"))]
        assert len(roles) == 5
        assert all(is_running(pid) for pid in roles)
    finally:
        supervisor.kill()
        supervisor.wait()
    assert wait_until(lambda: not any(is_running(pid) for pid in roles)), [pid for pid in roles if is_running(pid)]
    require_free("127.0.0.1", smtp, "UKETSUKE_SMTP_PORT")
    require_free("127.0.0.1", desk, "UKETSUKE_DESK_PORT")


def test_a_role_that_hears_no_signal_ends_all_the_same() -> None:
    program = (
        "import os, signal, threading; from runtime.stopping import end_with_supervisor\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); end_with_supervisor(grace_s=0.1); print('up', flush=True)\n"
        "threading.Event().wait(60)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as role:
        assert role.stdin is not None
        assert role.stdout is not None
        assert role.stdout.readline() == b"up\n"
        role.stdin.close()
        assert role.wait(PATIENCE_S) == 1


def test_a_waiting_role_wakes_and_ends_in_order() -> None:
    program = (
        "from runtime.stopping import end_with_supervisor, stop_on_signals\n"
        "stop = stop_on_signals(); end_with_supervisor(); print('up', flush=True); stop.wait(60); print('in order')"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as role:
        assert role.stdin is not None
        assert role.stdout is not None
        role.stdout.readline()
        role.stdin.close()
        assert role.stdout.read() == b"in order\n"
        assert role.wait(PATIENCE_S) == 0


def test_a_role_started_by_hand_outlives_the_shell_that_started_it(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "UKETSUKE_DATA_DIR": str(tmp_path / "var"), "UKETSUKE_SMTP_PORT": str(port)}
    shell = f"{sys.executable} -m runtime.cli smtp < /dev/null > /dev/null 2>&1 & echo $!"
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, env=environment, capture_output=True, check=True, timeout=30)
    pid = int(done.stdout)
    try:
        assert wait_until(lambda: greets(port))
    finally:
        os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not is_running(pid))
    assert SUPERVISED not in shell
