"""A Postfix as smarthost: takes letters to anybody and hands them to a sink; it can be stopped, started and struck.

And a wire in front of it that is cut where a test wants it to be.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from responders.deliver import Smarthost
from tests.support.postfix import BINARY, Postfix, furnish, wait_until_greets
from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# After _MAIN of tests.support.postfix; a killed smtpd is started again at once.
_MAIN = """
relay_domains =
transport_maps =
default_transport = smtp:[127.0.0.1]:{sink}
service_throttle_time = 1s
"""


@dataclass(slots=True)
class Relay:
    """A Postfix with its queue; stopping it keeps the queue."""

    postfix: Postfix
    master: subprocess.Popen[bytes] | None = None
    smtpds_killed: int = field(default=0)

    @property
    def smarthost(self) -> Smarthost:
        return Smarthost(host="127.0.0.1", port=self.postfix.port)

    def start(self) -> None:
        command = [str(BINARY), "-c", str(self.postfix.folder), "start-fg"]
        self.master = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        wait_until_greets(self.postfix, self.master)

    def stop(self) -> None:
        if self.master is None:
            return
        subprocess.run([str(BINARY), "-c", str(self.postfix.folder), "stop"], check=False, capture_output=True)
        try:
            self.master.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.master.pid, signal.SIGKILL)
            self.master.wait(20)
        assert self.master.stderr is not None
        self.master.stderr.close()
        self.master = None

    def kill_sessions(self) -> None:
        """kill -9 to every smtpd of this Postfix."""
        pid_file = self.postfix.folder / "queue" / "pid" / "master.pid"
        master = pid_file.read_text(encoding="ascii").strip()
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ProcessLookupError):
                name, _, rest = status.read_text(encoding="ascii", errors="replace").partition(" (")[2].rpartition(") ")
                if name == "smtpd" and rest.split()[1] == master:
                    os.kill(int(status.parent.name), signal.SIGKILL)
                    self.smtpds_killed += 1

    def wait_until_greets(self) -> None:
        assert self.master is not None
        wait_until_greets(self.postfix, self.master)


@contextmanager
def relaying(sink_port: int) -> Iterator[Relay]:
    """A running relay; everything that it takes goes to that port of this machine."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-relay-", ignore_cleanup_errors=True) as name:
        relay = Relay(Postfix(folder=Path(name), port=free_port()))
        furnish(relay.postfix, "error:unused", "", more=_MAIN.format(sink=sink_port))
        relay.start()
        try:
            yield relay
        finally:
            relay.stop()


@contextmanager
def wired(to: Smarthost, on_text: Callable[[], None], *, is_after_250: bool) -> Iterator[Smarthost]:
    """A wire for one session to the smarthost, cut once the text of a letter is on it.

    Args:
        to: The smarthost.
        on_text: Called where the wire is cut.
        is_after_250: Cut when the smarthost has taken the text, before its 250 is passed on; else when it has half of it.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_carry, args=(server, to, on_text), kwargs={"is_after_250": is_after_250})
        thread.start()
        try:
            yield Smarthost(host="127.0.0.1", port=server.getsockname()[1])
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def _carry(server: socket.socket, to: Smarthost, on_text: Callable[[], None], *, is_after_250: bool) -> None:
    """SMTP is a conversation: after each answer the client speaks, so one thread carries both sides."""
    with suppress(OSError):
        client, _ = server.accept()
        with client, socket.create_connection((to.host, to.port)) as host:
            heard = host.recv(65536)
            while heard:
                client.sendall(heard)
                said = client.recv(65536)
                if heard.startswith(b"354"):
                    _strike(client, host, said, on_text, is_after_250=is_after_250)
                    return
                host.sendall(said)
                heard = host.recv(65536)


def _strike(
    client: socket.socket, host: socket.socket, said: bytes, on_text: Callable[[], None], *, is_after_250: bool
) -> None:
    if is_after_250:
        while not said.endswith(b"\r\n.\r\n"):
            said += client.recv(65536)
        host.sendall(said)
        assert host.recv(65536).startswith(b"250")
    else:
        host.sendall(said[: len(said) // 2])
    on_text()
