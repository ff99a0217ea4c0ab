"""SMTP replies as they leave: every one with an enhanced status code (RFC 2034, RFC 3463)."""

from __future__ import annotations

import re
from functools import lru_cache

SHUTTING_DOWN = "421 4.3.2 Service shutting down, try again later"
TIMEOUT = "421 4.4.2 Timeout, closing the connection"
TOO_MANY_SESSIONS = "421 4.7.0 Too many sessions, try again later"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors, closing the connection"
TOO_MANY_COMMANDS = "421 4.7.0 Too many commands without a mail, closing the connection"
TOO_MANY_MAILS = "451 4.7.1 Too many mails from your address, try again later"
TRY_LATER = "451 4.3.0 Requested action aborted: try again later"
ACCEPTED = "250 2.0.0 Accepted"  # as which mail is said behind it

# Why we say no, for whoever counts it; all others are `other`.
WHY = {
    SHUTTING_DOWN: "shutting_down",
    TIMEOUT: "timeout",
    TOO_MANY_SESSIONS: "too_many_sessions",
    TOO_MANY_ERRORS: "too_many_errors",
    TOO_MANY_COMMANDS: "too_many_commands",
    TOO_MANY_MAILS: "too_many_mails",
    TRY_LATER: "try_later",
    "550 5.1.1 No such recipient here": "no_such_recipient",
    "452 4.5.3 Too many recipients": "too_many_recipients",
    "552 Error: Too much mail data": "too_large",
    "530 5.7.0 Must issue a STARTTLS command first": "must_use_tls",
}

_IS_ENHANCED = re.compile(r"[245]\d\d [245]\.\d{1,3}\.\d")
# For what aiosmtpd says by itself, by the code alone.
_ENHANCED = {
    "221": "2.0.0",
    "250": "2.0.0",
    "252": "2.1.5",
    "451": "4.3.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "552": "5.3.4",
    "553": "5.1.3",
    "555": "5.5.4",
}


@lru_cache(maxsize=256)
def reply(status: str) -> bytes:
    """One line on the wire."""
    code = _ENHANCED.get(status[:3])
    if code and not _IS_ENHANCED.match(status):
        status = f"{status[:4]}{code} {status[4:]}"
    return f"{status}\r\n".encode()
