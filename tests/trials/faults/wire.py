"""A wire to the database that goes silent where a trial wants it to: nothing passes any more, and neither side is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Wire:
    """Carries connections to a port of this machine; once armed, it is cut behind the words that it waits for."""

    port: int
    word: bytes
    is_cut: threading.Event = field(default_factory=threading.Event)
    _is_armed: bool = False
    _is_mended: threading.Event = field(default_factory=threading.Event)

    def arm(self) -> None:
        self._is_armed = True

    def mend(self) -> None:
        """What was cut ends; new connections pass."""
        self._is_armed = False
        self._is_mended.set()

    def carry(self, source: socket.socket, to: socket.socket) -> None:
        """One direction of one connection."""
        with suppress(OSError):
            while said := source.recv(65536):
                if self._is_armed and self.is_cut.is_set():
                    self._is_mended.wait()
                    break
                to.sendall(said)
                if self._is_armed and self.word in said:
                    self.is_cut.set()
        if self._is_armed and self.is_cut.is_set():
            self._is_mended.wait()  # nor does an end pass
        for one in (source, to):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def wired(to_port: int, word: bytes) -> Iterator[Wire]:
    """A wire as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(server.getsockname()[1], word)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    host = socket.create_connection(("127.0.0.1", to_port))
                    for pair in ((client, host), (host, client)):
                        threading.Thread(target=wire.carry, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield wire
        finally:
            wire.mend()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
