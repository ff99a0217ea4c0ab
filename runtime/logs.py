"""Structured logs: one JSON line per event on stderr, keyed by mail id; never a body, addresses only as a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import logging
import sys
from datetime import UTC, datetime
from json import JSONEncoder
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from structlog.typing import FilteringBoundLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_encode = JSONEncoder(ensure_ascii=False).encode


def set_up_logs(level: str) -> None:
    """Send every event of at least `level` to stderr as one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak through the standard logging; only what someone must act on passes.
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(levelname)s: %(message)s", force=True
    )
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd logs every session with its addresses
    logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)  # it quotes header text


def log_many(role: str, event: str, records: Iterable[Mapping[str, object]]) -> None:
    """One event of level info for each record, all in one write: for the door, which has thousands a second."""
    if log_for(role).is_enabled_for(logging.INFO):
        rest = {"event": event, "level": "info", "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z")}
        print("\n".join(_encode({"role": role, **record, **rest}) for record in records), file=sys.stderr, flush=True)  # noqa: T201 - where the others go


def log_for(role: str) -> FilteringBoundLogger:
    """The logger of one role."""
    logger: FilteringBoundLogger = structlog.get_logger(role=role)
    return logger


def address_key(address: str, secret: bytes) -> str:
    """A keyed hash of an address for the logs: equal addresses stay recognisable, none can be read back."""
    return hmac.new(secret, b"log:" + address.casefold().encode(), hashlib.sha256).hexdigest()[:12]
