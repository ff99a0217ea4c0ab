"""Every specimen reads as the note beside it demands: NAME.eml is the mail as it came, NAME.json what a careful reader finds.

The notes were written by hands that did not know the code. Add a pair of files and a line in docs/quirks.md (made by
`python -m tests.specimens.quirks`) = add a test.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.parse import attachment_bytes, envelope_of_file, parse_mail
from ingest.wire import mail_object
from tests.specimens.quirks import PAGE, page

FOLDER = Path(__file__).parent
NOTES = sorted(FOLDER.rglob("*.json"))
AT = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
OWN = frozenset({"support@desk.example"})
KEYS = {
    "why", "reply_text", "automatic", "may_reply", "text_contains", "text_lacks", "attachments",
    "from", "from_name", "to", "cc", "subject", "date", "message_id", "in_reply_to", "references",
}  # fmt: skip


def lines(text: str) -> list[str]:
    """Lines that say something, blanks at their ends and doubled blanks aside."""
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize("note", NOTES, ids=[str(note.relative_to(FOLDER).with_suffix("")) for note in NOTES])
def test_a_specimen_reads_as_its_note_demands(note: Path) -> None:
    wanted: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    raw = note.with_suffix(".eml").read_bytes()
    mail = parse_mail(raw, envelope_of_file(raw, AT), own_addresses=OWN)
    found = mail_object(note.name, mail, None)
    assert wanted.pop("why")
    assert wanted.keys() <= KEYS
    assert wanted
    if "reply_text" in wanted:
        assert lines(str(found["reply_text"])) == lines(wanted.pop("reply_text"))
    for text in wanted.pop("text_contains", ()):
        assert text in str(found["text"])
    for text in wanted.pop("text_lacks", ()):
        assert text not in str(found["text"])
    if (may_reply := wanted.pop("may_reply", None)) is not None:
        assert mail.automation.may_reply is may_reply, mail.automation.evidence
    if "attachments" in wanted:
        listed = [
            {name: getattr(one, name) for name in asked}
            for one, asked in zip(mail.attachments, wanted["attachments"], strict=False)
        ]
        assert (len(mail.attachments), listed) == (len(wanted["attachments"]), wanted.pop("attachments"))
        for one in mail.attachments:
            assert len(attachment_bytes(raw, one.part) or b"") == one.size
    for name, value in wanted.items():
        assert found[name] == value, (name, mail.automation.evidence)


def test_no_mail_stands_without_its_note() -> None:
    assert sorted(FOLDER.rglob("*.eml")) == [note.with_suffix(".eml") for note in NOTES]


def test_the_page_of_quirks_has_a_line_for_each() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.specimens.quirks"
