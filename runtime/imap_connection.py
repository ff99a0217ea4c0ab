"""A connection to the mailbox: found in the settings, encrypted, logged in.

Promises: the password goes to a server that this machine trusts, or to this machine itself; no error and no log holds it.
"""

from __future__ import annotations

import re
import ssl
from contextlib import contextmanager, suppress
from dataclasses import replace
from imaplib import IMAP4
from typing import TYPE_CHECKING

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError

from models.errors import ConfigError, MailboxError, UketsukeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.mailbox import Mailbox
    from runtime.settings import Settings

CONNECT_S = 10.0
ANSWER_S = 60.0
_CODE = re.compile(r"\[([A-Z][A-Z-]{1,40})\]")


class LoginRefused(MailboxError):
    """User or password is wrong, or the server says so at the moment."""


def mailbox_of(settings: Settings) -> Mailbox:
    """The mailbox with its password.

    Raises:
        ConfigError: None is set, or its password is nowhere or cannot be read.
    """
    mailbox = settings.mailbox
    if mailbox is None:
        raise ConfigError("UKETSUKE_IMAP is empty: set it to a mailbox like imaps://user@imap.example.com/INBOX")
    file = settings.imap_password_file
    if file is None:
        if not mailbox.password:
            raise ConfigError("UKETSUKE_IMAP_PASSWORD_FILE: name the file that holds the mailbox's password")
        return mailbox
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(
            f"UKETSUKE_IMAP_PASSWORD_FILE: {file}: {reason}; name a file that this user can read"
        ) from None
    if not password:
        raise ConfigError(f"UKETSUKE_IMAP_PASSWORD_FILE: {file}: is empty; write the mailbox's password into it")
    return replace(mailbox, password=password)


@contextmanager
def connected(
    mailbox: Mailbox, settings: Settings, on_open: Callable[[IMAPClient], None] = lambda _: None
) -> Iterator[IMAPClient]:
    """A connection that is logged in, ended with the block.

    Args:
        mailbox: With its password.
        settings: Where the CA file is named.
        on_open: Gets the connection before it is logged in, to cut it from outside.

    Raises:
        ConfigError: The CA file is none.
        MailboxError: The server is away, not trusted, offers no encryption, or refuses the login.
    """
    context = _tls(settings)
    where = f"{mailbox.host}:{mailbox.port}"
    try:
        client = IMAPClient(
            mailbox.host,
            mailbox.port,
            ssl=mailbox.is_tls,
            ssl_context=context if mailbox.is_tls else None,
            timeout=SocketTimeout(CONNECT_S, ANSWER_S),
        )
    except (OSError, IMAP4.error) as error:
        raise MailboxError(f"{where}: {reason_of(error)}") from None
    on_open(client)
    try:
        try:
            _log_in(client, mailbox, context)
        except LoginError as error:
            code = _CODE.search(str(error))
            said = f" ({code[1]})" if code else ""
            raise LoginRefused(
                f"{where}: the server refused the login{said}; check the user in UKETSUKE_IMAP and the password"
            ) from None
        except UnicodeEncodeError:
            raise LoginRefused(f"{where}: the server takes ASCII only, user or password hold more") from None
        except (OSError, IMAP4.error) as error:
            raise MailboxError(f"{where}: {reason_of(error)}") from None
        yield client
    finally:
        _end(client)


def _log_in(client: IMAPClient, mailbox: Mailbox, context: ssl.SSLContext) -> None:
    if not mailbox.is_tls and not mailbox.is_loopback:
        if not client.has_capability("STARTTLS"):
            raise MailboxError(
                f"{mailbox.host}:{mailbox.port}: offers no STARTTLS, and the password would go in the clear; use imaps://"
            )
        client.starttls(context)
    if client.has_capability("AUTH=PLAIN"):  # unlike LOGIN it takes passwords beyond ASCII
        client.plain_login(mailbox.user, mailbox.password)
    else:
        client.login(mailbox.user, mailbox.password)


def _tls(settings: Settings) -> ssl.SSLContext:
    file = settings.imap_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except OSError as error:  # ssl.SSLError is one
        reason = "holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"UKETSUKE_IMAP_CA_FILE: {file}: {reason}; name a readable file of certificates") from None


def _end(client: IMAPClient) -> None:
    with suppress(Exception):  # it may be broken already
        client.logout()
    with suppress(Exception):
        client.shutdown()


def line_of(error: Exception) -> str:
    """What happened, as one line without anything of a mail."""
    return str(error) if isinstance(error, UketsukeError) else reason_of(error)


def reason_of(error: Exception) -> str:
    """What the network or the server said, in one line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; see UKETSUKE_IMAP_CA_FILE"
    if isinstance(error, ssl.SSLError):
        return f"no TLS there ({error.reason}); for STARTTLS write imap:// and its port"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return " ".join(str(error).split())[:200]
