"""A real Postfix in front: whatever dies or is away behind it, every mail comes in, once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.db.store import Store
from tests.support.postfix import running_postfix, why_not
from tests.support.postfix_trial import DESK, ROOT, kill_trial, mail, message_id, rows_by_message_id

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

# What pipe(8) calls: the command itself, and ways to die that the test asks for by a file.
COMMAND = """
import os, sys
sys.path[:0] = {paths!r}
os.chdir({folder!r})
from models.db.store import Store
accept = Store.accept
def die_after_commit(store, arrivals):
    accept(store, arrivals)
    if os.path.exists("die"):
        os.unlink("die")
        os.kill(os.getpid(), 9)
Store.accept = die_after_commit
from runtime.cli import main
main()
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)


@pytest.mark.slow
def test_killed_again_and_again_behind_postfix_no_mail_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4))
    found = kill_trial(tmp_path, mails=200, kills=10, seed=seed)
    said = f"seed {seed}: {found}"
    assert (found.missing, found.doubled, found.bounced) == ((), (), 0), said
    assert found.cut > 0, said  # else the kills hit nothing


PATHS = [str(ROOT), sysconfig.get_path("purelib")]


@pytest.fixture
def python() -> str:
    """A Python that the user nobody may run: ours, or where that lies in a folder of root's, the system's."""
    program = f"import sys; sys.path[:0] = {PATHS!r}; import runtime.cli.importing, runtime.wiring, models.db.store"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            done = subprocess.run(
                [python, "-c", program],
                check=False,
                capture_output=True,
                user="nobody",
                group="nogroup",
                extra_groups=[],
            )
            if not done.returncode:
                return python
    pytest.skip("the user nobody can run no Python that has our packages")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the user whom pipe(8) runs the command as; Postfix runs none as root."""
    folder = tmp_path_factory.mktemp("pipe")
    own = (one for one in folder.parents if one.name.startswith(("pytest-", "popen-")))
    for part in (folder, *own):  # pytest's folders, and those of its workers, are ours alone
        part.chmod(0o711)
    shutil.chown(folder, "nobody", "nogroup")
    return folder


def test_through_the_pipe_each_mail_comes_in_once_whatever_fails_first(folder: Path, python: str) -> None:
    command, settings = folder / "command.py", folder / "uketsuke.toml"
    command.write_text(COMMAND.format(paths=PATHS, folder=str(folder)), encoding="utf-8")
    settings.write_text('UKETSUKE_MODE = "wrong"\n', encoding="utf-8")
    argv = f"{python} {command} import - --sender=${{sender}} --recipient=${{recipient}}"
    service = f"uketsuke unix - n n - 4 pipe\n  flags=Rq user=nobody argv={argv}"
    url = f"sqlite:///{folder / 'db' / 'one.sqlite3'}"
    with running_postfix("uketsuke:", service) as postfix:
        with postfix.client() as client:
            for number in range(1, 9):
                client.sendmail(f"user{number}@c.example", [DESK], mail(number), ["BODY=8BITMIME"])
            client.sendmail("", ["support+T000123.abc@uketsuke.example"], mail(9), ["BODY=8BITMIME"])
        wait_until(lambda: postfix.log().count("status=deferred (temporary failure") >= 9)
        assert "UKETSUKE_MODE (uketsuke.toml)" in postfix.log()
        settings.write_text(
            f'UKETSUKE_DATABASE_URL = "{url}"\n', encoding="utf-8"
        )  # right, but its folder is not there
        wait_until(lambda: "unable to open database file" in postfix.log())
        (folder / "die").touch()
        (folder / "db").mkdir()
        for made in ("die", "db"):
            shutil.chown(folder / made, "nobody", "nogroup")
        postfix.wait_until_empty()
        log = postfix.log()
    assert "Command died with signal 9" in log
    assert "status=bounced" not in log
    rows, deliveries = rows_by_message_id(url)
    assert rows == {message_id(number): 1 for number in range(1, 10)}
    assert sorted(deliveries.values()) == [1] * 8 + [2]
    store = Store(url)
    envelopes = [store.envelope(number) for number in range(1, 10)]
    store.close()
    assert {one.mail_from for one in envelopes} == {"", *(f"user{number}@c.example" for number in range(1, 9))}
    (bounce,) = [one for one in envelopes if not one.mail_from]
    assert bounce.rcpt_tos == ("support+T000123.abc@uketsuke.example",)
    assert bounce.is_sender_known
