"""The letters of docs/letters: what twelve mails get from the desk as it is, as text and as a picture.

`python -m tests.support.letter_gallery` writes them anew (with `--pictures` the pictures too, which takes a Chromium).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.parse import envelope_of_file, parse_mail
from models.decision import History
from responders.html import html_of
from runtime.triage import Rules, Triage, triage
from tests.unit.responders.builders import identity

FOLDER = Path(__file__).parents[2] / "docs" / "letters"
NOW = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
_SILENT = "No letter goes out by itself"


def letters(rules: Rules) -> dict[str, str]:
    """Text by file name: the mail, a rule, the letter."""
    return {f"{file.stem}.txt": _text(file, rules) for file in sorted((FOLDER / "mails").glob("*.eml"))}


def triaged(file: Path, rules: Rules) -> Triage:
    """The mail through the desk, as ticket T000123."""
    raw = file.read_bytes()
    quoting = replace(rules, identity=identity())  # a secret that everybody knows: the same addresses at every run
    envelope = envelope_of_file(raw, NOW)
    return triage(parse_mail(raw, envelope), History(now=NOW, ref="T000123"), quoting)


def _text(file: Path, rules: Rules) -> str:
    done = triaged(file, rules)
    sender = done.mail.sender
    head = f"From: {sender.name if sender else ''}\nSubject: {done.mail.subject}\n\n{done.mail.text.rstrip()}"
    decided = f"{done.decision.disposition.value}, confidence {done.decision.confidence:.2f}"
    reply = done.reply
    told = f"{decided}; letter {reply.kind.value}, {reply.state.value}" if reply else f"{decided}; {_SILENT}"
    letter = f"Subject: {reply.subject}\n\n{reply.text}" if reply else ""
    return f"{head}\n\n{'=' * 76}\n{told}\n{'=' * 76}\n\n{letter}"


def write_pictures(rules: Rules) -> None:
    """A picture of each letter as a mail program shows its HTML form."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only here

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 680, "height": 400})
        for file in sorted((FOLDER / "mails").glob("*.eml")):
            reply = triaged(file, rules).reply
            if reply is not None:
                page.set_content(html_of(reply.text, rules.pack, reply.language))
                page.screenshot(path=FOLDER / f"{file.stem}.jpg", full_page=True, type="jpeg", quality=60)
        browser.close()


if __name__ == "__main__":
    from runtime.settings import load_settings
    from runtime.wiring import build_rules

    built = build_rules(load_settings())
    for name, text in letters(built).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    if "--pictures" in sys.argv:
        write_pictures(built)
