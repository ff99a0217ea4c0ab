"""A customer's mail server: what was not acknowledged is sent again, the same bytes; now and then what was, too."""

from __future__ import annotations

import contextlib
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from tests.trials.faults.mails import TrialMail

AGAIN_SHARE = 0.05
_PAUSE_S = 0.1
_PER_SESSION = 10


class Mta:
    """Sends what is posted, by any of the ports, until each mail has its 250.

    `acknowledged` counts each mail's 250s by its Message-ID.
    """

    def __init__(self, ports: Sequence[int], *, seed: int, sessions: int = 2) -> None:
        self.ports = list(ports)
        self.posted: dict[str, TrialMail] = {}
        self.acknowledged: Counter[str] = Counter()
        self.refused: list[str] = []  # 5xx: must not happen
        self.on_acknowledged: Callable[[TrialMail], None] = lambda _mail: None
        self._queue: SimpleQueue[TrialMail] = SimpleQueue()
        self._random, self._lock, self._stop = random.Random(seed), threading.Lock(), threading.Event()
        self._open = 0
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(sessions)]

    def post(self, mails: Iterable[TrialMail]) -> None:
        for mail in mails:
            with self._lock:
                self.posted[mail.message_id] = mail
                self._open += 1
            self._queue.put(mail)

    @property
    def open(self) -> int:
        """How many mails have no 250 for their latest try yet."""
        return self._open

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                mail = self._queue.get(timeout=0.1)
            except Empty:
                continue
            with self._session() as client:
                for _ in range(_PER_SESSION):
                    self._send(client, mail)
                    try:
                        mail = self._queue.get_nowait()
                    except Empty:
                        break
                else:
                    self._queue.put(mail)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP | None]:
        client = None
        with contextlib.suppress(smtplib.SMTPException, OSError):
            client = smtplib.SMTP("127.0.0.1", self._random.choice(self.ports), timeout=30)
        if client is None:
            time.sleep(_PAUSE_S)
        try:
            yield client
        finally:
            if client is not None:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    client.quit()
                client.close()

    def _send(self, client: smtplib.SMTP | None, mail: TrialMail) -> None:
        if client is None or client.sock is None:
            self._queue.put(mail)
            time.sleep(0.01)
            return
        try:
            client.sendmail(mail.sender, [mail.to], mail.raw)
        except smtplib.SMTPResponseException as error:
            self._put_off(mail, error.smtp_code)
        except smtplib.SMTPRecipientsRefused as error:
            self._put_off(mail, next(iter(error.recipients.values()))[0])
        except (smtplib.SMTPException, OSError):
            client.close()
            self._put_off(mail, 0)
        else:
            with self._lock:
                self.acknowledged[mail.message_id] += 1
                is_again = self.acknowledged[mail.message_id] == 1 and self._random.random() < AGAIN_SHARE
                self._open -= not is_again
            if is_again:
                self._queue.put(mail)
            self.on_acknowledged(mail)

    def _put_off(self, mail: TrialMail, code: int) -> None:
        if 500 <= code < 600:
            with self._lock:
                self.refused.append(f"{mail.message_id}: {code}")
                self._open -= 1
            return
        time.sleep(_PAUSE_S)
        self._queue.put(mail)
