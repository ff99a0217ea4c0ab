"""Structured logs: one JSON line per event on stderr, keyed by mail id; never a body, addresses only as a keyed hash.

Promises: a line that cannot be written (the disk is full, nobody reads the pipe) is lost and nothing else is: whoever logs goes on.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from json import JSONEncoder
from typing import TYPE_CHECKING, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import TextIO, TypeAlias

    from structlog.typing import FilteringBoundLogger

    ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

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
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Lossy(sys.stderr))),
    )
    # Libraries speak through the standard logging; only what someone must act on passes.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet("%(name)s: %(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd logs every session with its addresses
    logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)  # it quotes header text


def log_many(role: str, event: str, records: Iterable[Mapping[str, object]]) -> None:
    """One event of level info for each record, all in one write: for the door, which has thousands a second."""
    if log_for(role).is_enabled_for(logging.INFO):
        rest = {"event": event, "level": "info", "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z")}
        lines = [_encode({"role": role, **record, **rest}) for record in records]
        Lossy(sys.stderr).write("\n".join([*lines, ""]))


class Discreet(logging.Formatter):
    """Tells where an error was raised and of what kind it is; its words stay out, for a database's quote the row."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        """The way to it, a line for each step, without its message."""
        frames = traceback.extract_tb(ei[2])
        steps = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        return "\n".join([*steps, ei[0].__name__ if ei[0] else "?"])


class Lossy:
    """A stream that is written to as far as that is possible: a session must have its answer, logged or not."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write and flush; how much there was to write."""
        with suppress(OSError, ValueError):  # the latter of a closed one
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing is left to flush."""


def log_for(role: str) -> FilteringBoundLogger:
    """The logger of one role."""
    logger: FilteringBoundLogger = structlog.get_logger(role=role)
    return logger


def address_key(address: str, secret: bytes) -> str:
    """A keyed hash of an address for the logs: equal addresses stay recognisable, none can be read back."""
    return hmac.new(secret, b"log:" + address.casefold().encode(), hashlib.sha256).hexdigest()[:12]
