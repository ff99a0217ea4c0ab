"""Roles as an installation runs them, watched over HTTP while a mail goes through."""

from __future__ import annotations

import re
import smtplib
import socket
from datetime import UTC, datetime
from pathlib import Path

from ingest.throttle import PeerLimits
from models.db.store import Store
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import browsing, make_app
from tests.support.listeners import DESK, listening
from tests.support.running_roles import end, installation, wait_until

ROLES = ("smtp", "desk", "worker", "worker", "deliver", "scheduler")
MAIL = f"From: Taro <taro@example.com>\r\nTo: {DESK}\r\nSubject: RDS error\r\nMessage-ID: <1@example.com>\r\n\r\nERROR 1290\r\n"


def value(text: str, name: str) -> float:
    found = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert len(found) == 1, name
    return float(found[0])


def test_every_role_of_serve_tells_what_it_did_with_a_mail(tmp_path: Path) -> None:
    place = installation(tmp_path, UKETSUKE_WORKERS="2")
    with place.running("serve") as supervisor:
        for number in range(len(ROLES)):
            wait_until(lambda number=number: place.ask("/readyz", number)[0] == 200)  # type: ignore[misc]
        assert all(place.ask("/livez", number)[0] == 200 for number in range(len(ROLES)))
        with smtplib.SMTP("127.0.0.1", place.port("SMTP"), timeout=20) as client:
            client.sendmail("taro@example.com", [DESK], MAIL)
            assert client.docmd("RCPT TO:<nobody@elsewhere.example>")[0] >= 500
        with place.store() as store:
            wait_until(lambda: store.books().ticketed == 1)
        told = dict(enumerate(place.ask("/metrics", number)[1] for number in range(len(ROLES))))
        for number, role in enumerate(ROLES):
            assert re.search(rf'^uketsuke_role{{role="{role}",version="[^"]+"}} 1\.0$', told[number], re.MULTILINE)
        assert value(told[0], "uketsuke_door_mails_total") == 1
        assert value(told[0], "uketsuke_door_bytes_total") == len(MAIL)
        assert value(told[0], "uketsuke_door_answer_seconds_count") == 1
        filed = re.compile(r'^uketsuke_mails_filed_total{disposition="\w+"} 1\.0$', re.MULTILINE)
        assert len(filed.findall(told[2] + told[3])) == 1
        assert value(told[5], "uketsuke_database_up") == 1
        # Of the desk and the scheduler alone, and they say the same.
        wait_until(lambda: 'uketsuke_processes{role="worker"} 2.0' in place.ask("/metrics", 1)[1])
        assert not any("uketsuke_mails_waiting" in told[number] for number in (0, 2, 3, 4))
        secret = "taro@example.com", "RDS error", "T000001", "1@example.com"
        assert not any(word in text for text in told.values() for word in secret)
        assert end(supervisor) == 0
    assert [place.ask("/livez", number)[0] for number in range(len(ROLES))] == [0] * len(ROLES)


def test_a_watch_port_that_is_taken_is_one_line_and_exit_2(tmp_path: Path) -> None:
    place = installation(tmp_path)
    with socket.create_server(("127.0.0.1", place.port("WATCH"))):
        for role in ("serve", "worker", "scheduler"):
            done = place.command(role)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == (
                f"uketsuke: UKETSUKE_WATCH_PORT: 127.0.0.1:{place.port('WATCH')}: Address already in use;"
                " end the other program or set another port\n"
            )


def test_a_port_of_its_own_that_is_taken_is_one_line_and_exit_2(tmp_path: Path) -> None:
    place = installation(tmp_path)
    for role, setting in (("smtp", "SMTP"), ("desk", "DESK")):
        with socket.create_server(("127.0.0.1", place.port(setting))):
            done = place.command(role)
        told = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        assert (done.returncode, done.stdout, len(told)) == (2, "", 1)
        assert told[0].startswith(f"uketsuke: UKETSUKE_{setting}_PORT: 127.0.0.1:{place.port(setting)}: ")
        assert told[0].endswith("; end the other program or set another port")


def test_two_listeners_of_ours_on_one_port_are_one_line_and_exit_2(tmp_path: Path) -> None:
    place = installation(tmp_path)
    place.environment["UKETSUKE_WATCH_PORT"] = str(place.port("DESK") - 1)  # the second role's is the desk's own
    done = place.command("serve")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"uketsuke: UKETSUKE_WATCH_PORT: 127.0.0.1:{place.port('DESK')}: is that of UKETSUKE_DESK_PORT as well; set another port\n"
    )


def test_a_role_waits_ready_for_nothing_before_its_ports_are_bound(tmp_path: Path) -> None:
    place = installation(tmp_path)
    with place.running("smtp") as role:
        told = place.ask("/readyz")[1]
        assert '"ports": "ok", "disk": "ok", "database": "ok"' in told
        with smtplib.SMTP("127.0.0.1", place.port("SMTP"), timeout=20) as client:
            assert value(place.ask("/metrics")[1], "uketsuke_door_sessions") == 1
            client.noop()
        assert end(role) == 0


def test_replies_that_say_no_are_counted_by_code_and_why(sqlite_store: Store) -> None:
    limits = PeerLimits(sessions=1, sessions_per_peer=0, mails_per_minute=0)
    with listening(sqlite_store, peers=limits) as listener:
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
            client.ehlo()
            assert listener.counts().sessions == 1
            client.mail("taro@example.com")
            assert client.rcpt("taro@elsewhere.example")[0] == 550
            assert client.docmd("DATA")[0] == 503
            with socket.create_connection(("127.0.0.1", listener.port), timeout=20) as other:
                assert other.recv(100).startswith(b"421")
            client.rcpt(DESK)
            assert client.data(b"Subject: x\r\n\r\nhello\r\n")[0] == 250
        assert listener.counts().refusals == {
            ("550", "no_such_recipient"): 1,
            ("503", "other"): 1,
            ("421", "too_many_sessions"): 1,
        }
        assert listener.is_open
    assert not listener.is_open


async def test_the_desks_own_port_says_whether_it_lives_and_is_ready(sqlite_store: Store, pack: Pack) -> None:
    app = make_app(sqlite_store, pack, Clock(datetime(2026, 11, 24, tzinfo=UTC)))
    async with browsing(app) as stranger:
        alive, ready = await stranger.get("/livez"), await stranger.get("/readyz")
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "probes": {"database": "ok"}})
        with sqlite_store.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            connection.exec_driver_sql("UPDATE shape SET runs_from = '9999'")
        ready = await stranger.get("/readyz")
        assert (ready.status_code, ready.json()["probes"]) == (
            503,
            {"database": "of a shape that this version does not know"},
        )
        assert (await stranger.get("/livez")).status_code == 200
