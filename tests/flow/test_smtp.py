from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.session import SessionLimits
from models.arrival import Arrival
from models.errors import StoreUnavailable
from tests.support.listeners import DESK, listening

MAIL = b"From: a@example.com\r\nTo: support@uketsuke.example\r\nSubject: hi\r\n\r\nbody\r\n"


class Memory:
    """A store that keeps arrivals in a list and counts its commits."""

    def send_off(self, _arrivals: Sequence[Arrival]) -> None:
        return None

    def accept_at_once(self, _arrivals: Sequence[Arrival]) -> bool:
        return False

    def __init__(self, pause_s: float = 0.0, error: Exception | None = None) -> None:
        self.kept: list[Arrival] = []
        self.commits = 0
        self.pause_s, self.error = pause_s, error
        self.lock = threading.Lock()

    def prepare(self, arrival: Arrival) -> Arrival:
        return arrival

    def accept_prepared(self, arrivals: Sequence[Arrival]) -> None:
        time.sleep(self.pause_s)
        if self.error is not None:
            raise self.error
        with self.lock:
            self.kept.extend(arrivals)
            self.commits += 1


def client(port: int) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", port, timeout=20)


def test_bytes_and_envelope_are_kept_as_they_came() -> None:
    store = Memory()
    with listening(store) as listener, client(listener.port) as smtp:
        smtp.sendmail("taro@example.com", ["Support+T000123.abc@Uketsuke.example"], MAIL)
    (kept,) = store.kept
    assert kept.raw == MAIL
    assert kept.desk_address == DESK
    assert kept.envelope.mail_from == "taro@example.com"
    assert kept.envelope.rcpt_tos == ("Support+T000123.abc@Uketsuke.example",)
    assert kept.envelope.peer == "127.0.0.1"


def test_the_null_sender_is_kept_as_such() -> None:
    store = Memory()
    with listening(store) as listener, client(listener.port) as smtp:
        smtp.sendmail("", [DESK], MAIL)
    assert store.kept[0].envelope.mail_from == ""
    assert store.kept[0].envelope.is_sender_known


def test_a_long_line_of_8bit_japanese_is_accepted_byte_for_byte() -> None:
    line = "接続できません。".encode("cp932") * 5000
    mail = MAIL.replace(b"body", line)
    store = Memory()
    with listening(store) as listener, client(listener.port) as smtp:
        smtp.sendmail("taro@example.com", [DESK], mail, mail_options=["BODY=8BITMIME"])
    assert store.kept[0].raw == mail


def test_an_internationalised_sender_is_accepted() -> None:
    store = Memory()
    with listening(store) as listener, client(listener.port) as smtp:
        smtp.sendmail("太郎@例え.jp", [DESK], MAIL, mail_options=["SMTPUTF8"])
    assert store.kept[0].envelope.mail_from == "太郎@例え.jp"


@pytest.mark.parametrize("recipient", ["nobody@uketsuke.example", "support@elsewhere.example", "nonsense"])
def test_a_recipient_who_is_not_ours_is_550(recipient: str) -> None:
    store = Memory()
    with listening(store) as listener, client(listener.port) as smtp:
        smtp.ehlo()
        smtp.mail("a@example.com")
        code, said = smtp.rcpt(recipient)
    assert (code, said[:5]) == (550, b"5.1.1")
    assert store.kept == []


def test_a_mail_over_the_limit_is_552_and_not_kept() -> None:
    store = Memory()
    with listening(store, limits=SessionLimits(max_bytes=100_000)) as listener, client(listener.port) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            smtp.sendmail("a@example.com", [DESK], MAIL + b"x" * 70 + b"\r\n" * 100_000)
        assert caught.value.smtp_code == 552
    assert store.kept == []


@pytest.mark.parametrize(
    "error", [StoreUnavailable("disk is full: /var/secret/path"), OSError(28, "No space left", "/var/secret/path")]
)
def test_a_failing_store_is_451_and_says_nothing_about_the_inside(error: Exception) -> None:
    with listening(Memory(error=error)) as listener, client(listener.port) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            smtp.sendmail("a@example.com", [DESK], MAIL)
        assert caught.value.smtp_code == 451
        assert b"secret" not in caught.value.smtp_error
        assert smtp.noop()[0] == 250  # the session goes on


def test_mails_that_wait_together_share_a_commit() -> None:
    store = Memory(pause_s=0.05)

    def send(number: int) -> None:
        with client(port) as smtp:
            smtp.sendmail("a@example.com", [DESK], MAIL + str(number).encode())

    with listening(store) as listener:
        port = listener.port
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(send, range(40)))
    assert len(store.kept) == 40
    assert store.commits < 40


def test_the_greeting_names_no_software() -> None:
    with listening(Memory()) as listener, smtplib.SMTP() as smtp:
        said = smtp.connect("127.0.0.1", listener.port)[1].decode()
        smtp.quit()
    assert "ython" not in said
    assert "1.4" not in said


def test_extensions_that_japanese_mail_needs_are_offered() -> None:
    with listening(Memory()) as listener, client(listener.port) as smtp:
        smtp.ehlo()
        assert {"size", "8bitmime", "smtputf8"} <= set(smtp.esmtp_features)
