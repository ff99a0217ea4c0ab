"""What agents write with: what they have begun, the files that go with it, texts that they keep. Pure records."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

MOST_FILE_BYTES = (
    10 * 1024 * 1024
)  # of all files of one letter; a mail carries a third more, and many servers take 20 MB
LONGEST_TEXT = 50_000  # characters of a letter
LONGEST_SUBJECT = 500
LONGEST_CANNED = 20_000
LONGEST_CANNED_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an agent has begun to write on a ticket. `to` and `cc` are as they were typed."""

    to: str = ""
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    then_state: str = ""  # where the ticket is to stand; empty: not chosen yet
    seen_mail: int = 0  # the ticket's latest mail when the form was shown
    seen_events: int = 0  # lines of its history then


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFile:
    """A file that will go with it."""

    file_id: int
    name: str
    size: int
    content: bytes = field(default=b"", repr=False)  # empty where only the list was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft:
    """A draft as it is kept."""

    agent: str
    draft: Draft
    since: datetime  # when it was begun
    at: datetime  # when it was last saved
    files: tuple[DraftFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Somebody else has begun to write on the ticket."""

    agent: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedText:
    """A text that agents put into their replies; `{{ref}}` and the like stand for the ticket's own."""

    text_id: int
    name: str
    language: str
    text: str
    by: str
    at: datetime


def draft_to_json(draft: Draft, since: datetime) -> str:
    """As the table keeps it."""
    value = {
        "to": draft.to,
        "cc": list(draft.cc),
        "subject": draft.subject,
        "text": draft.text,
        "state": draft.then_state,
        "seen_mail": draft.seen_mail,
        "seen_events": draft.seen_events,
        "since": since.isoformat(),
    }
    return json.dumps(value, ensure_ascii=False)


def draft_from_value(value: dict[str, Any]) -> Draft:
    """The draft of that JSON object."""
    return Draft(
        to=value["to"],
        cc=tuple(value["cc"]),
        subject=value["subject"],
        text=value["text"],
        then_state=value["state"],
        seen_mail=value["seen_mail"],
        seen_events=value["seen_events"],
    )


def edit_key(subject: str, text: str) -> str:
    """What tells one version of a letter's words from another."""
    return hashlib.sha256(f"{subject}\n{text}".encode("utf-8", "replace")).hexdigest()
