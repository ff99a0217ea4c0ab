"""`packaging/postfix` with a real Postfix: in front of the desk, and behind it as its smarthost."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.db.store import Store
from responders.deliver import Smarthost
from responders.signing import ref_of_plus_address
from runtime.outbox import Outbox
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.listeners import DESK, listening
from tests.support.postfix import Postfix, wait_until_greets, why_not
from tests.support.postgres import free_port
from tests.support.smarthost import Catcher, catching

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

START = Path(__file__).parents[2] / "packaging" / "postfix" / "start"
CUSTOMER = "taro@customer.example"
ASKING = f"""From: Taro Yamada <{CUSTOMER}>
To: {DESK}
Subject: ECS instance does not start
Message-ID: <front-1@customer.example>

Hello, our ECS instance i-6we0a1b2c3d4e5f6g7h8 in Tokyo does not start: pressing Start in the console shows an error.
Best regards, Taro Yamada
""".replace("\n", "\r\n")


@contextmanager
def mail_front(uketsuke_port: int, relayhost: str, **more: str) -> Iterator[tuple[Postfix, int]]:
    """A Postfix as `start` starts it, and the port of its `out` service."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-front-", ignore_cleanup_errors=True) as name:
        folder, out = Path(name), free_port()
        folder.chmod(0o755)
        postfix = Postfix(folder=folder, port=free_port())
        environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "UKETSUKE_ADDRESSES": f"{DESK},help@uketsuke.example",
            "MAIL_HOSTNAME": "mx.uketsuke.example",
            "UKETSUKE_HOST": "127.0.0.1",
            "UKETSUKE_PORT": str(uketsuke_port),
            "POSTFIX_CONFIG": name,
            "POSTFIX_QUEUE": str(folder / "queue"),
            "POSTFIX_STATE": str(folder / "data"),
            "MAIL_LOG": str(folder / "maillog"),
            "MAIL_PROTOCOLS": "ipv4",
            "MAIL_IN": f"127.0.0.1:{postfix.port}",
            "MAIL_OUT": f"127.0.0.1:{out}",
            "MAIL_BACKOFF": "1s",
            "MAIL_RELAYHOST": relayhost,
            **more,
        }
        (folder / "queue").mkdir()
        with subprocess.Popen([str(START)], env=environment, stderr=subprocess.PIPE, start_new_session=True) as master:
            try:
                wait_until_greets(postfix, master)
                yield postfix, out
            finally:
                subprocess.run(["/usr/sbin/postfix", "-c", name, "stop"], check=False, capture_output=True)
                try:
                    master.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(master.pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], postfix: Postfix) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(postfix.log()[-3000:])
        time.sleep(0.1)


def refusals(port: int, sender: str, recipients: list[str]) -> dict[str, int]:
    """The code that each recipient of one session gets."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        code, _ = client.mail(sender)
        if code != 250:
            return {"MAIL": code}
        return {one: client.rcpt(one)[0] for one in recipients}


@pytest.fixture(scope="module")
def alone() -> Iterator[tuple[Postfix, int]]:
    """A Postfix behind which nobody listens: what it accepts or refuses is its own word."""
    with mail_front(free_port(), f"[127.0.0.1]:{free_port()}") as made:
        yield made


def test_mail_goes_in_through_postfix_and_the_letter_out_through_the_same(sqlite_store: Store, rules: Rules) -> None:
    catcher, clock = Catcher(), Clock(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
    with (
        listening(sqlite_store, clock=clock) as listener,
        catching(catcher) as world,
        mail_front(listener.port, f"[127.0.0.1]:{world.port}") as (postfix, out),
    ):
        worker = Worker(sqlite_store, rules, frozenset({DESK}), clock)
        outbox = Outbox(sqlite_store, Smarthost(host="127.0.0.1", port=out), rules.identity.secret, clock)
        with postfix.client() as client:
            client.sendmail(CUSTOMER, [DESK], ASKING)
        wait_until(lambda: sqlite_store.books().accepted == 1, postfix)
        worker.run_batch()
        outbox.run_batch()
        wait_until(lambda: len(catcher.taken) == 1, postfix)
        (letter,) = catcher.letters
        assert catcher.taken[0].rcpt_tos == [CUSTOMER]
        assert str(catcher.taken[0].mail_from).startswith("support+bounce.")
        answer_address = letter["Reply-To"].addresses[0].addr_spec
        assert "+" in answer_address
        answer = ASKING.replace("front-1", "front-2").replace("Subject: ", f"Subject: Re: {letter['Subject']} ")
        with postfix.client() as client:  # the customer's answer, to the signed address
            client.sendmail(CUSTOMER, [answer_address], answer)
        wait_until(lambda: sqlite_store.books().accepted == 2, postfix)
        worker.run_batch()
        rows = sqlite_store.queue(limit=10, include_closed=True)
        assert len(rows) == 1
        assert ref_of_plus_address(answer_address, rules.identity.secret) == rows[0].ref
        assert "status=bounced" not in postfix.log()


def test_nobody_is_let_through_to_another_domain(alone: tuple[Postfix, int]) -> None:
    """From this machine itself, which Postfix trusts unless it is told otherwise."""
    postfix, _ = alone
    strangers = [
        "victim@elsewhere.example",
        "victim%elsewhere.example@uketsuke.example",
        '"victim@elsewhere.example"@uketsuke.example',
        "@uketsuke.example:victim@elsewhere.example",
        "root@localhost",
        "root",
    ]
    codes = refusals(postfix.port, "spammer@bulk.example", strangers)
    assert {one: code for one, code in codes.items() if code < 500} == {}
    codes = refusals(postfix.port, DESK, strangers)  # nor who says that he is the desk
    assert {one: code for one, code in codes.items() if code < 500} == {}


def test_whom_the_desk_does_not_know_is_refused_at_the_front(alone: tuple[Postfix, int]) -> None:
    postfix, _ = alone
    known = [DESK, "help@uketsuke.example", "support+T000123.abcdefgh@uketsuke.example", "SUPPORT@Uketsuke.Example"]
    codes = refusals(postfix.port, CUSTOMER, [*known, "sales@uketsuke.example", "sales+support@uketsuke.example"])
    assert codes == {**dict.fromkeys(known, 250), "sales@uketsuke.example": 550, "sales+support@uketsuke.example": 550}


def test_letters_go_out_in_the_desks_name_only(alone: tuple[Postfix, int]) -> None:
    _, out = alone
    for sender in (DESK, "support+bounce.T000123.abc@uketsuke.example", ""):
        assert refusals(out, sender, [CUSTOMER]) == {CUSTOMER: 250}
    assert refusals(out, "ceo@uketsuke.example", [CUSTOMER]) == {CUSTOMER: 554}
    assert refusals(out, "someone@bank.example", [CUSTOMER]) == {CUSTOMER: 554}


def test_from_outside_the_desks_network_no_letter_goes_out() -> None:
    with mail_front(free_port(), "", MAIL_NETWORKS="192.0.2.0/24") as (_, out):
        assert refusals(out, DESK, [CUSTOMER]) == {CUSTOMER: 554}


def test_what_the_listener_would_not_take_is_refused_before_it_is_ours(alone: tuple[Postfix, int]) -> None:
    postfix, _ = alone
    with postfix.client() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "33554432"
        assert client.mail(CUSTOMER, ["SIZE=33554433"])[0] == 552


def test_no_second_mail_is_smuggled_in_behind_a_bare_line_end() -> None:
    """What some servers pass on as text and others take for the end of a mail (CVE-2023-51764)."""
    with mail_front(free_port(), f"[127.0.0.1]:{free_port()}") as (postfix, _):
        for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"):
            address = ("127.0.0.1", postfix.port)
            with socket.create_connection(address, timeout=30) as client, client.makefile("rb") as answers:
                answers.readline()
                for line in (b"EHLO c.example", b"MAIL FROM:<a@c.example>", f"RCPT TO:<{DESK}>".encode(), b"DATA"):
                    client.sendall(line + b"\r\n")
                    while answers.readline()[3:4] == b"-":
                        pass
                smuggled = f"MAIL FROM:<forger@bank.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\nSubject: two\r\n"
                client.sendall(b"Subject: one\r\n\r\nx" + end + smuggled.encode() + b"\r\n.\r\nQUIT\r\n")
                client.shutdown(socket.SHUT_WR)
                answers.read()
        assert "forger@bank.example" not in postfix.log()


@pytest.mark.parametrize("addresses", ["support", "a@b@c", "a|b@c.example", "support@x.example/e"])
def test_a_wrong_address_is_one_line_and_no_start(addresses: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "UKETSUKE_ADDRESSES": addresses,
        "MAIL_HOSTNAME": "mx.example",
        "POSTFIX_CONFIG": str(tmp_path / "c"),
        "POSTFIX_QUEUE": str(tmp_path / "q"),
        "POSTFIX_STATE": str(tmp_path / "s"),
    }
    done = subprocess.run([str(START)], env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"UKETSUKE_ADDRESSES: {addresses} is no address\n"
