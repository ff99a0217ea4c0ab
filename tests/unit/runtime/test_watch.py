"""What a role says of itself over HTTP."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from models.db.engine import transaction
from models.db.store import Store
from models.errors import ConfigError, StoreUnavailable
from models.gauges import Standing
from runtime import pulse, watch
from runtime.pulse import Pulse
from runtime.watch import Watch
from tests.support.filings import file_one
from tests.support.running_roles import wait_until


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watch]:
    made = Watch("desk", tmp_path, version="1.2.3")
    made.listen("127.0.0.1", 0)
    yield made
    made.close()


def ask(one: Watch, path: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
    client = http.client.HTTPConnection("127.0.0.1", one.port, timeout=20)
    try:
        client.request(method, path, headers=headers)
        answer = client.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read().decode()
    finally:
        client.close()


def told(one: Watch, path: str) -> tuple[int, dict[str, Any]]:
    status, kind, text = ask(one, path)
    assert kind == "application/json"
    return status, json.loads(text)


def test_a_role_that_has_not_begun_is_alive_and_not_ready(watched: Watch) -> None:
    assert told(watched, "/readyz") == (
        503,
        {"role": "desk", "status": "not ready", "probes": {"start": "not done yet"}},
    )
    assert told(watched, "/livez")[0] == 200


def test_a_role_with_its_database_is_ready(watched: Watch, sqlite_store: Store) -> None:
    watched.look_at(sqlite_store)
    assert told(watched, "/readyz") == (200, {"role": "desk", "status": "ready", "probes": {"database": "ok"}})


def test_one_need_that_fails_is_named_and_the_others_are_too(watched: Watch, sqlite_store: Store) -> None:
    watched.look_at(sqlite_store)
    watched.need("ports", lambda: "closed")
    watched.need_disk(floor=2**80)
    status, said = told(watched, "/readyz")
    assert (status, said["status"]) == (503, "not ready")
    assert said["probes"]["database"] == "ok"
    assert said["probes"]["ports"] == "closed"
    assert re.fullmatch(r"\d+ MB free, \d+ are needed", said["probes"]["disk"])


def test_a_database_that_is_away_is_told_without_its_address(watched: Watch, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/nowhere/secret-name.sqlite3")
    watched.look_at(store)
    assert told(watched, "/readyz")[1]["probes"] == {"database": "does not answer"}
    assert told(watched, "/livez")[0] == 200
    store.close()


def test_what_hangs_is_answered_within_seconds_and_asked_once(watched: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.health.PATIENCE_S", 0.05)
    asked, may_end = [], threading.Event()

    def hangs() -> str:
        asked.append(1)
        may_end.wait(60)
        return ""

    watched.need("start", hangs)
    assert told(watched, "/readyz")[1]["probes"] == {"start": "no answer within 0 s"}
    assert told(watched, "/readyz")[1]["probes"] == {"start": "no answer within 0 s"}
    may_end.set()
    assert len(asked) == 1


def test_a_loop_that_does_not_turn_is_stuck(watched: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = (Pulse("quick", 0.0), Pulse("slow", 600), Pulse("not_begun", 0.0))
    monkeypatch.setattr(watch, "PULSES", loops)
    loops[1].beat()
    assert told(watched, "/livez")[0] == 200
    loops[0].beat()
    status, said = told(watched, "/livez")
    assert (status, said["status"], sorted(said["loops"])) == (503, "stuck", ["quick", "slow"])
    assert 'uketsuke_loop_limit_seconds{loop="slow"} 600.0' in ask(watched, "/metrics")[2]


def test_the_pause_of_no_loop_is_as_long_as_its_limit() -> None:
    assert len({one.name for one in pulse.PULSES}) == len(pulse.PULSES)
    assert all(one.within_s >= 15 for one in pulse.PULSES)


def test_metrics_are_in_prometheus_own_format(watched: Watch) -> None:
    status, kind, text = ask(watched, "/metrics")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert 'uketsuke_role{role="desk",version="1.2.3"} 1.0\n' in text
    assert "_created" not in text
    _, kind, text = ask(watched, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_the_installation_is_told_only_where_it_is_asked_for(watched: Watch, sqlite_store: Store) -> None:
    watched.look_at(sqlite_store)
    assert "uketsuke_mails_waiting" not in ask(watched, "/metrics")[2]
    watched.look_at(sqlite_store, has_standing=True)
    assert "uketsuke_mails_waiting 0.0" in ask(watched, "/metrics")[2]


def test_the_database_is_read_once_whoever_asks(
    watched: Watch, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.look_at(sqlite_store, has_standing=True)
    file_one(sqlite_store)
    assert 'uketsuke_letters{state="queued"} 1.0' in ask(watched, "/metrics")[2]
    file_one(sqlite_store, 2, sender="jiro@example.org")
    assert 'uketsuke_letters{state="queued"} 1.0' in ask(watched, "/metrics")[2]
    monkeypatch.setattr("desk.health.monotonic", lambda: 10.0**9)
    assert 'uketsuke_letters{state="queued"} 2.0' in ask(watched, "/metrics")[2]


def test_a_database_that_is_away_leaves_only_that_to_tell(
    watched: Watch, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.look_at(sqlite_store, has_standing=True)

    def away(_now: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(sqlite_store, "standing", away)
    text = ask(watched, "/metrics")[2]
    assert "uketsuke_database_up 0.0" in text
    assert "uketsuke_mails_waiting" not in text


def test_a_database_that_hangs_keeps_no_metrics_waiting(
    watched: Watch, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.look_at(sqlite_store, has_standing=True)
    goes_on, asked = threading.Event(), []
    read = sqlite_store.standing

    def hangs(now: datetime) -> Standing:
        asked.append(now)
        goes_on.wait()
        return read(now)

    monkeypatch.setattr(sqlite_store, "standing", hangs)
    monkeypatch.setattr("desk.health.PATIENCE_S", 0.05)
    for _ in range(3):
        text = ask(watched, "/metrics")[2]
        assert "uketsuke_database_up 0.0" in text
        assert "uketsuke_mails_waiting" not in text
    assert len(asked) == 1  # whoever comes after does not hang, too
    goes_on.set()
    wait_until(lambda: "uketsuke_database_up 1.0" in ask(watched, "/metrics")[2])


def test_connections_and_their_failures_are_counted(watched: Watch, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/nowhere/x.sqlite3")
    watched.look_at(store)
    with pytest.raises(StoreUnavailable):
        store.has_known_shape()
    with pytest.raises(StoreUnavailable), transaction(store._engine, writes=False):
        raise AssertionError
    text = ask(watched, "/metrics")[2]
    assert "uketsuke_database_connections_in_use 0.0" in text
    assert float(re.findall(r"^uketsuke_database_failures_total (.+)$", text, re.MULTILINE)[0]) >= 1
    store.close()


def test_a_head_has_no_body_and_other_paths_are_not_there(watched: Watch) -> None:
    status, _, text = ask(watched, "/livez", "HEAD")
    assert (status, text) == (200, "")
    assert ask(watched, "/")[0] == 404
    assert ask(watched, "/metrics?name[]=x")[0] == 200


def test_a_port_that_is_taken_is_one_line_with_the_mend(watched: Watch, tmp_path: Path) -> None:
    other = Watch("worker", tmp_path)
    with pytest.raises(ConfigError) as caught:
        other.listen("127.0.0.1", watched.port)
    assert str(caught.value) == (
        f"UKETSUKE_WATCH_PORT: 127.0.0.1:{watched.port}: Address already in use; end the other program or set another port"
    )
