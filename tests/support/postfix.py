"""A Postfix of our own: a private instance on a loopback port, its queue in a folder that is thrown away after.

It hands every mail for the desk's domain on at once and tries again within seconds what it could not hand on.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARY = Path("/usr/sbin/postfix")
DAEMONS = Path("/usr/lib/postfix/sbin")
DOMAIN = "uketsuke.example"
_PATIENCE_S = 30.0
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mx.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
relay_domains = {domain}
transport_maps = inline:{{ {domain}={transport} }}
recipient_delimiter = +
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
alias_maps =
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtp_connect_timeout = 5s
lmtp_connect_timeout = 5s
uketsuke_destination_recipient_limit = 1
"""
_MASTER = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
{services}
"""


def why_not() -> str:
    """Why no Postfix can be started here; empty if one can."""
    if not BINARY.exists():
        return "Postfix is not installed (apt-get install postfix)"
    return "" if os.getuid() == 0 else "Postfix starts as root only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running one."""

    folder: Path
    port: int

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=60)

    def waiting(self) -> int:
        """How many mails are in its queue, in whatever part of it."""
        queue = self.folder / "queue"
        return sum(
            len(files)
            for part in ("maildrop", "incoming", "active", "deferred", "hold")
            for _, _, files in os.walk(queue / part)
        )

    def flush(self) -> None:
        """Try everything again now."""
        subprocess.run(["/usr/sbin/postqueue", "-c", str(self.folder), "-f"], check=True)

    def log(self) -> str:
        return (self.folder / "maillog").read_text(encoding="utf-8", errors="replace")

    def wait_until_empty(self, patience_s: float = 120.0) -> None:
        deadline = time.monotonic() + patience_s
        empty = 0
        while empty < 3:  # a mail may go from one part to another between two looks
            empty = 0 if self.waiting() else empty + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.waiting()} mails wait\n{self.log()[-3000:]}")
            time.sleep(0.1)


@contextmanager
def running_postfix(transport: str, services: str = "") -> Iterator[Postfix]:
    """A Postfix that accepts mail for the desk's domain and hands it to `transport`, as in transport(5).

    Args:
        transport: Such as `smtp:[127.0.0.1]:8025`.
        services: More lines of master.cf.
    """
    with tempfile.TemporaryDirectory(prefix="uketsuke-mta-", ignore_cleanup_errors=True) as name:
        postfix = Postfix(folder=Path(name), port=free_port())
        furnish(postfix, transport, services)
        command = [str(BINARY), "-c", name, "start-fg"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        ) as master:
            try:
                wait_until_greets(postfix, master)
                yield postfix
            finally:
                subprocess.run([str(BINARY), "-c", name, "stop"], check=False, capture_output=True)
                try:
                    master.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(master.pid, signal.SIGKILL)


def furnish(postfix: Postfix, transport: str, services: str, more: str = "") -> None:
    """Write its folder; `more` lines of main.cf take the place of the ones above."""
    folder = postfix.folder
    folder.chmod(0o755)
    main = _MAIN.format(folder=folder, daemons=DAEMONS, domain=DOMAIN, transport=transport)
    new = {line.partition("=")[0].strip() for line in more.splitlines()}
    kept = [line for line in main.splitlines() if line.partition("=")[0].strip() not in new]
    (folder / "main.cf").write_text("\n".join([*kept, more, ""]), encoding="utf-8")
    (folder / "master.cf").write_text(_MASTER.format(port=postfix.port, services=services), encoding="utf-8")
    for part in ("queue", "data"):
        (folder / part).mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    for file in ("dynamicmaps.cf", "postfix-files"):
        if Path("/etc/postfix", file).exists():
            shutil.copy(Path("/etc/postfix", file), folder)


def wait_until_greets(postfix: Postfix, master: subprocess.Popen[bytes]) -> None:
    """Returns once it takes sessions."""
    deadline = time.monotonic() + _PATIENCE_S
    while master.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, smtplib.SMTPException), postfix.client() as client:
            client.noop()
            return
        time.sleep(0.05)
    log = postfix.folder / "maillog"
    said = master.stderr.read().decode() if master.poll() is not None and master.stderr else ""
    raise TimeoutError(said + (log.read_text(encoding="utf-8") if log.exists() else "no log"))
