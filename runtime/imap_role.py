"""The IMAP role: connects to the mailbox, logs in, looks, waits; ended by signals.

Promises: the password goes to a server that this machine trusts, or to this machine itself, and never into a log; while
the server or the store is away the role tries again, ever more slowly, with one line each time; SIGTERM ends it within
seconds whatever the server does. What happens to the mails is `ingest.imap`.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from imaplib import IMAP4
from typing import TYPE_CHECKING

from ingest.imap import Poller, PollSettings
from ingest.mailbox import Action
from models.errors import UketsukeError
from runtime.arrivals import arrival_of
from runtime.imap_connection import LoginRefused, connected, line_of, mailbox_of, reason_of
from runtime.logs import log_for
from runtime.metrics import MAILBOX_FAILURES, MAILBOX_LOOKS, MAILBOX_MAILS
from runtime.pulse import MAILBOX

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from imapclient import IMAPClient

    from models.db.store import Store
    from runtime.settings import Settings

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
LOGIN_PAUSE_S = 60.0  # servers lock accounts that fail to log in too often
_PATIENCE_S = 3.0  # for an answer that is on its way when the role is to end


class ImapRole:
    """One mailbox, read until `stop` is set."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime], stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._mailbox = mailbox_of(settings)
        self._log = log_for("imap")
        self._client: IMAPClient | None = None
        self._failures = 0
        self._poller = Poller(store, poll_settings(settings), lambda raw: arrival_of(raw, settings, clock()), clock)

    def run(self) -> None:
        """Blocks until `stop` is set."""
        threading.Thread(target=self._cut_when_stopped, name="imap-stop", daemon=True).start()
        while not self._stop.is_set():
            MAILBOX.beat()
            try:
                self._read()
            except (UketsukeError, IMAP4.error, OSError) as error:
                if self._stop.is_set():
                    break
                self._failures += 1
                MAILBOX_FAILURES.labels("login" if isinstance(error, LoginRefused) else "other").inc()
                pause = pause_after(self._failures, error)
                self._log.error("mailbox_unavailable", error=line_of(error), retry_in_s=pause)
                self._stop.wait(pause)
        self._log.info("ended")

    def _read(self) -> None:
        """One connection, from its login to its end."""
        # The password as its file has it now: it may be changed while the role runs.
        with connected(mailbox_of(self._settings), self._settings, self._remember) as client:
            make_folder(client, self._settings)
            self._log.info("connected", host=self._mailbox.host, port=self._mailbox.port)
            while not self._stop.is_set():
                # Twice: what came while mails were fetched was told then, and IDLE would not tell it again.
                if self._poll(client):
                    self._poll(client)
                self._failures = 0
                wait_for_mail(client, self._settings.imap_every, self._stop)

    def _poll(self, client: IMAPClient) -> int:
        taken = self._poller.poll(client, self._is_stopping)
        MAILBOX_LOOKS.inc()
        MAILBOX_MAILS.inc(taken)
        if taken:
            self._log.info("polled", taken=taken)
        return taken

    def _is_stopping(self) -> bool:
        """Asked between two mails."""
        MAILBOX.beat()
        return self._stop.is_set()

    def _remember(self, client: IMAPClient) -> None:
        self._client = client

    def _cut_when_stopped(self) -> None:
        """End the connection under a call that waits for a server which says nothing."""
        self._stop.wait()
        time.sleep(_PATIENCE_S)
        client = self._client
        if client is not None:
            with suppress(OSError, AttributeError, ValueError):  # it may have ended by itself
                client.socket().shutdown(socket.SHUT_RDWR)


def poll_settings(settings: Settings) -> PollSettings:
    """What is read and what becomes of it, out of the settings."""
    mailbox = mailbox_of(settings)
    return PollSettings(
        mailbox=mailbox.shown[:512],
        folder=mailbox.folder,
        after=settings.mailbox_after,
        max_bytes=settings.smtp_max_bytes,
        since=settings.mailbox_since,
    )


def make_folder(client: IMAPClient, settings: Settings) -> None:
    """The folder that taken mails go to, made when absent. Mails are taken even if it cannot be made."""
    after = settings.mailbox_after
    if after.action is not Action.MOVE or client.folder_exists(after.folder):
        return
    try:
        client.create_folder(after.folder)
        client.subscribe_folder(after.folder)
    except IMAP4.abort:
        raise
    except IMAP4.error as error:
        log_for("imap").error("folder_not_made", setting="UKETSUKE_IMAP_AFTER", error=reason_of(error))


def wait_for_mail(client: IMAPClient, seconds: float, stop: threading.Event) -> None:
    """Until the server tells of mail (IDLE, RFC 2177), the time is over or `stop` is set."""
    if not client.has_capability("IDLE"):
        stop.wait(seconds)
        return
    until = time.monotonic() + seconds
    client.idle()
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        MAILBOX.beat()
        if any(_is_arrival(said) for said in client.idle_check(timeout=min(1.0, left))):
            break
    client.idle_done()


def _is_arrival(said: object) -> bool:
    return isinstance(said, tuple) and said[1:2] == (b"EXISTS",)


def pause_after(failures: int, error: Exception) -> float:
    """Seconds until the next try: 2, 4, 8 ... 300; at least a minute after a refused login."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))
    return max(pause, LOGIN_PAUSE_S) if isinstance(error, LoginRefused) else pause
