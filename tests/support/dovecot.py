"""A Dovecot of our own: IMAP on loopback ports, two users with one password, mails in a folder that is thrown away after."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imapclient import IMAPClient

from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARY = Path("/usr/sbin/dovecot")
WHY_NOT = "Dovecot is not installed (apt-get install dovecot-imapd)"
PASSWORD = "geheim 秘密"
USERS = ("support", "other@uketsuke.example")
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 100
imap_idle_notify_interval = 1 min
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={folder}/mail/%u
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """A running one."""

    folder: Path
    port: int
    tls_port: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    def url(self, user: str = "support", folder: str = "INBOX", *, is_tls: bool = False) -> str:
        return f"imap{'s' * is_tls}://{user}@127.0.0.1:{self.tls_port if is_tls else self.port}/{folder}"

    @contextmanager
    def client(self, user: str = "support", folder: str = "INBOX") -> Iterator[IMAPClient]:
        """A person at the same mailbox, the folder selected."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20) as client:
            client.plain_login(user, PASSWORD)
            if not client.folder_exists(folder):
                client.create_folder(folder)
            client.select_folder(folder)
            yield client

    def deliver(self, *mails: bytes, user: str = "support", folder: str = "INBOX") -> None:
        with self.client(user, folder) as client:
            for mail in mails:
                client.append(folder, mail)

    def subjects(self, user: str = "support", folder: str = "INBOX") -> dict[bytes, tuple[bytes, ...]]:
        """What lies in the folder: flags by subject."""
        with self.client(user, folder) as client:
            found = client.fetch(client.search(), ["FLAGS", "ENVELOPE"])
        return {
            one[b"ENVELOPE"].subject: tuple(flag for flag in one[b"FLAGS"] if flag != rb"\Recent")
            for one in found.values()
        }

    def put(self, name: str, content: bytes, user: str = "support") -> Path:
        """A mail as a file of its own, for what no client would append."""
        file = self.folder / "mail" / user / "new" / name
        file.write_bytes(content)
        if os.getuid() == 0:
            shutil.chown(file, "nobody")
        return file

    def change_uidvalidity(self, user: str = "support") -> None:
        """As after a repair or a move to another server: the same mails, other UIDs, another UIDVALIDITY."""
        folder = self.folder / "mail" / user
        uidlist = folder / "dovecot-uidlist"
        head = uidlist.read_text(encoding="utf-8").splitlines()[0].split()
        others = [f"V{int(word[1:]) + 1}" if word[0] == "V" else "N101" if word[0] == "N" else word for word in head]
        uidlist.write_text(" ".join(others) + "\n", encoding="utf-8")
        for file in folder.glob("dovecot.index*"):
            file.unlink()


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """A Dovecot without mails. As root it uses the users of Debian's package, else the user who runs the test."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-imap-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        dovecot = Dovecot(folder=folder, port=free_port(), tls_port=free_port())
        _furnish(dovecot)
        command = [str(BINARY), "-F", "-c", str(folder / "dovecot.conf")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
            try:
                _wait(dovecot, server)
                yield dovecot
            finally:
                server.send_signal(signal.SIGTERM)
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()


def _furnish(dovecot: Dovecot) -> None:
    folder = dovecot.folder
    folder.chmod(0o755)
    is_root = os.getuid() == 0
    me = pwd.getpwuid(os.getuid()).pw_name
    internal, login, mail = ("dovecot", "dovenull", "nobody") if is_root else (me, me, me)
    (folder / "mail").mkdir()
    if is_root:
        shutil.chown(folder / "mail", mail, pwd.getpwnam(mail).pw_gid)
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    config = _CONFIG.format(
        folder=folder,
        port=dovecot.port,
        tls_port=dovecot.tls_port,
        internal=internal,
        internal_group=_group_of(internal),
        login=login,
        mail=mail,
        mail_group=_group_of(mail),
    )
    (folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in USERS), encoding="utf-8")
    (folder / "dovecot.conf").write_text(config, encoding="utf-8")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=uketsuke test", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


def _group_of(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _wait(dovecot: Dovecot, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, ssl.SSLError), IMAPClient("127.0.0.1", dovecot.port, ssl=False, timeout=5):
            return
        time.sleep(0.05)
    log = dovecot.folder / "dovecot.log"
    said = server.stderr.read().decode() if server.poll() is not None and server.stderr else ""
    raise TimeoutError(said + (log.read_text(encoding="utf-8") if log.exists() else ""))
