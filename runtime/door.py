"""The listener's own settings out of all settings: limits, certificates, the local inlet."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.session import SessionLimits
from ingest.smtp import ListenerSettings
from ingest.throttle import LOOPBACK, PeerLimits
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.settings import Settings

UNIX = "unix:"


def listener_settings(settings: Settings) -> ListenerSettings:
    """Where to listen, for whom, how much to take.

    Raises:
        ConfigError: The certificate or its key cannot be used, or UKETSUKE_LMTP is no address.
    """
    return ListenerSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        addresses=settings.desk_addresses,
        limits=SessionLimits(
            max_bytes=settings.smtp_max_bytes,
            idle_s=settings.smtp_idle_s,
            data_idle_s=settings.smtp_data_idle_s,
            data_total_s=settings.smtp_data_total_s,
        ),
        peers=PeerLimits(
            sessions=settings.smtp_sessions,
            sessions_per_peer=settings.smtp_peer_sessions,
            mails_per_minute=settings.smtp_peer_mails,
            unlimited=(*LOOPBACK, *settings.unlimited_peers),
        ),
        tls=tls_of(settings),
        must_use_tls=settings.smtp_require_tls,
        lmtp=lmtp_of(settings.lmtp),
    )


def tls_of(settings: Settings) -> Callable[[], ssl.SSLContext] | None:
    """What gives the certificate to a session; None without one. A renewed file is used from the next session on.

    Raises:
        ConfigError: Only one of certificate and key is set, or they cannot be used.
    """
    cert, key = settings.smtp_tls_cert, settings.smtp_tls_key
    if cert is None and key is None:
        if settings.smtp_require_tls:
            raise ConfigError("UKETSUKE_SMTP_REQUIRE_TLS: needs UKETSUKE_SMTP_TLS_CERT and UKETSUKE_SMTP_TLS_KEY")
        return None
    if cert is None or key is None:
        lacking = "UKETSUKE_SMTP_TLS_CERT" if cert is None else "UKETSUKE_SMTP_TLS_KEY"
        raise ConfigError(f"{lacking}: certificate and key are set together; set this one too, or neither")

    def current() -> ssl.SSLContext:
        return _context(cert, key, _changed_at(cert), _changed_at(key))

    try:
        current()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "not readable as PEM"
        raise ConfigError(f"UKETSUKE_SMTP_TLS_CERT: {cert} with {key}: {reason}; both are PEM files") from None
    return current


@lru_cache(maxsize=2)
def _context(cert: Path, key: Path, _cert_at: int, _key_at: int) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    return context


def certificate_end(context: ssl.SSLContext, cert: Path) -> datetime:
    """Until when a server with this context is believed by a client that trusts its certificate.

    Raises:
        ssl.SSLError: No such client believes it: it has expired, or the key is another's.
    """
    trusting = ssl.create_default_context(cafile=str(cert))
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself, whoever signed it
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = trusting.wrap_bio(back, there), context.wrap_bio(there, back, server_side=True)
    for side in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    found = client.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)


def _changed_at(file: Path) -> int:
    return file.stat().st_mtime_ns


def lmtp_of(value: str) -> tuple[str, int] | Path | None:
    """Host and port, or the path of a socket; None if there is no local inlet.

    Raises:
        ConfigError: It is neither.
    """
    if not value:
        return None
    if value.startswith(UNIX) and len(value) > len(UNIX):
        return Path(value.removeprefix(UNIX))
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"UKETSUKE_LMTP: {value}: write host:port or unix:/run/uketsuke/lmtp.sock")
    return host.strip("[]"), int(port)
